package native

import (
	"slices"

	"pktsh/dissect"
	"pktsh/engine/capfile"
)

// Cursor looks at one packet after the other, by its headers. It is for one
// goroutine; what it gives is valid until it looks at the next packet. Who uses it
// guards the file's bytes ([capfile.File.Guard]).
type Cursor struct {
	// Headers is the walk of the packet that was loaded last.
	Headers dissect.Headers

	source
	packets Packets
	walker  *dissect.Walker
	links   []dissect.Link // by interface
	timed   bool

	light  *dissect.Reader
	detail bool
	at     int
	record capfile.Record
	odd    bool          // the first packet's time is odd
	tree   *dissect.Tree // of the packet at hand, nil until asked for
}

// CursorConfig says what a cursor has to know of packets.
type CursorConfig struct {
	Walker *dissect.Walker
	// Timed says that times count which other packets' times are in: Headers.Previous
	// is wanted, and OddTime is also of that packet and the first.
	Timed bool
	// Table and Trees are for [Cursor.Tree]: the fields and protocols that it
	// shall find. Names that the table does not have are an error of the caller's.
	Table *dissect.Table
	Trees []string
}

// NewCursor returns a cursor over a file, which may still be growing.
func NewCursor(f File, c CursorConfig) *Cursor {
	cur := &Cursor{source: newSource(f), packets: f, walker: c.Walker, timed: c.Timed, at: -1}
	cur.odd = f.Len() > 0 && f.Record(0).OddTime
	if len(c.Trees) > 0 {
		names := slices.Clone(c.Trees)
		slices.Sort(names)
		if selection, ok := c.Table.Select(slices.Compact(names)...); ok {
			cur.light, cur.detail = c.Table.NewReader(selection), selection.NeedsFrame()
		}
	}
	return cur
}

// Packets is where a cursor finds packets: the file, or what was just read of it
// ([capfile.Window]).
type Packets interface {
	// Packet is the i-th record, from 0, and what was captured of it.
	Packet(i int, r *capfile.Record) []byte
}

// Read makes the cursor find packets there from now on.
func (c *Cursor) Read(from Packets) { c.packets = from }

// Load walks through the i-th packet, from 0.
func (c *Cursor) Load(i int) {
	c.Headers.Data = c.packets.Packet(i, &c.record)
	c.fill(i)
	c.walker.Walk(&c.Headers, c.link(c.record.Interface))
}

// LoadFrame is Load without the packet itself: only its number, time and lengths.
func (c *Cursor) LoadFrame(i int) {
	c.record = c.file.Record(i)
	c.fill(i)
	c.Headers.Frame(int(c.record.Captured))
}

// fill notes what the record of the i-th packet says.
func (c *Cursor) fill(i int) {
	h, r := &c.Headers, &c.record
	odd := r.OddTime
	if c.timed {
		h.Previous, odd = r.Time, odd || c.odd
		if i > 0 {
			before := c.before(i)
			h.Previous, odd = before.Time, odd || before.OddTime
		}
	}
	h.Number, h.Original, h.Time, h.HasTime, h.OddTime, h.First = uint32(i)+1, r.Original, r.Time, r.HasTime, odd, c.first
	c.at, c.tree = i, nil
}

// link returns how packets of an interface begin.
func (c *Cursor) link(iface int) dissect.Link {
	if iface < 0 {
		return nil
	}
	if iface >= len(c.links) {
		c.interfaces = c.file.Interfaces()
		for _, known := range c.interfaces[len(c.links):] {
			c.links = append(c.links, c.walker.Link(known.LinkType))
		}
		if iface >= len(c.links) {
			return nil
		}
	}
	return c.links[iface]
}

// Tree returns the packet's tree with what the cursor was made to find, flat and
// without labels ([dissect.Reader.Tree]).
func (c *Cursor) Tree() *dissect.Tree {
	if c.tree != nil {
		return c.tree
	}
	if c.light == nil {
		c.tree = &dissect.Tree{}
		return c.tree
	}
	var in dissect.Input
	c.describe(&in, c.at, nil)
	if c.detail {
		c.frameDetails(&in, c.at)
	}
	c.tree = c.light.Tree(&in)
	return c.tree
}
