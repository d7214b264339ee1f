package dissect

// cursor reads a message from front to back. Reading beyond its end gives zeros
// and sets short, which is asked once at the end of a structure.
type cursor struct {
	d     []byte
	pos   int // in the frame
	short bool
}

// cursor returns one over what was captured of a payload.
func (b *builder) cursor(p payload) cursor { return cursor{d: b.rest(p), pos: p.off} }

// take reads n bytes; fewer, if there are no more.
func (c *cursor) take(n int) []byte {
	if n > len(c.d) || n < 0 {
		c.short = true
		n = len(c.d)
	}
	v := c.d[:n]
	c.d, c.pos = c.d[n:], c.pos+n
	return v
}

// sub returns a cursor over the next n bytes and moves behind them.
func (c *cursor) sub(n int) cursor {
	pos := c.pos
	return cursor{d: c.take(n), pos: pos}
}

// number reads an unsigned number of n bytes, most significant first.
func (c *cursor) number(n int) (v uint64) {
	d := c.take(n)
	if len(d) < n {
		return 0
	}
	for _, b := range d {
		v = v<<8 | uint64(b)
	}
	return v
}

// add reads a number of n bytes into a field.
func (c *cursor) add(parent *node, d *FieldDef, n int) uint64 {
	at, whole := c.pos, len(c.d) >= n
	v := c.number(n)
	if whole {
		addUint(parent, d, at, v).resize(n)
	}
	return v
}

// empty says that everything was read.
func (c *cursor) empty() bool { return len(c.d) == 0 }
