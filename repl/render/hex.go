package render

import (
	"context"

	"pktsh/repl/result"
)

// hexLine is the shape of a hex dump's lines: tshark -x's, or a narrower one
// of the same kind.
type hexLine struct {
	digits int // of the offset
	bytes  int // a line
}

// newHexLine returns the shape for size bytes on a screen of width columns.
func newHexLine(size, width int) hexLine {
	l := hexLine{digits: 4, bytes: 16}
	for last := (size - 1) >> 16; last > 0 && l.digits < 16; last >>= 4 {
		l.digits++ // as Wireshark: only as many as the last offset needs
	}
	for width > 0 && l.bytes > 1 && l.columns() > width {
		l.bytes /= 2
	}
	return l
}

// columns is the width of a full line.
func (l hexLine) columns() int { return l.text() + l.bytes }

// text is the column where the ASCII part starts.
func (l hexLine) text() int { return l.digits + 2 + 3*l.bytes + 2 }

func (r *Renderer) hex(ctx context.Context, h *result.Hex) error {
	if h.Title != "" {
		look := r.pal.of(result.RoleHeading)
		r.out.line(look.on, Escape(h.Title), ":", look.off)
	}
	shape := newHexLine(len(h.Bytes), r.style.Width)
	start, end := max(h.LitStart, 0), min(h.LitEnd, len(h.Bytes))
	for at := 0; at < len(h.Bytes); at += shape.bytes {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := h.Bytes[at:min(at+shape.bytes, len(h.Bytes))]
		from := min(max(start-at, 0), len(row))
		to := min(max(end-at, from), len(row))

		r.out.mu.Lock()
		r.out.buf = r.appendHex(r.out.buf, shape, at, row, from, to)
		if from < to && !r.style.Color {
			r.out.buf = appendMarks(r.out.buf, shape, from, to)
		}
		err := r.out.spill()
		r.out.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// appendHex appends one line of the dump; bytes from up to to are lit.
func (r *Renderer) appendHex(buf []byte, shape hexLine, at int, row []byte, from, to int) []byte {
	const digits = "0123456789abcdef"
	lit, dim := r.pal.of(result.RoleSelected), r.pal.of(result.RoleDim)

	buf = append(buf, dim.on...)
	for shift := 4 * (shape.digits - 1); shift >= 0; shift -= 4 {
		buf = append(buf, digits[at>>shift&0xf])
	}
	buf = append(buf, dim.off...)
	buf = append(buf, "  "...)
	for i, b := range row {
		if i == from && from < to {
			buf = append(buf, lit.on...)
		}
		buf = append(buf, digits[b>>4], digits[b&0xf])
		if i == to-1 && from < to {
			buf = append(buf, lit.off...)
		}
		buf = append(buf, ' ')
	}
	buf = appendSpaces(buf, 3*(shape.bytes-len(row))+2)
	for i, b := range row {
		if i == from && from < to {
			buf = append(buf, lit.on...)
		}
		if b < 0x20 || b >= 0x7f {
			b = '.'
		}
		buf = append(buf, b)
		if i == to-1 && from < to {
			buf = append(buf, lit.off...)
		}
	}
	return append(buf, '\n')
}

// appendMarks appends the line that points at the lit bytes of the line above
// where there is no colour.
func appendMarks(buf []byte, shape hexLine, from, to int) []byte {
	buf = appendSpaces(buf, shape.digits+2+3*from)
	for i := from; i < to; i++ {
		if i > from {
			buf = append(buf, ' ')
		}
		buf = append(buf, '^', '^')
	}
	buf = appendSpaces(buf, shape.text()+from-(shape.digits+2+3*to-1))
	for i := from; i < to; i++ {
		buf = append(buf, '^')
	}
	return append(buf, '\n')
}
