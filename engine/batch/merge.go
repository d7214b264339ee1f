package batch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/side"
	"pktsh/engine/wireshark"
)

// merger writes rows in order. It passes on what comes before the first hole and
// keeps the rest until Wireshark has filled the holes.
type merger struct {
	out   io.Writer
	spool spool
	holes []hole // their places are in the spool
	odd   bool   // one of them has a time of its own
}

// take takes the rows of the next block. kept says that it still has them.
func (m *merger) take(r *result) (kept bool, err error) {
	for _, h := range r.holes {
		h.at += m.spool.size
		m.odd = m.odd || h.odd
		m.holes = append(m.holes, h)
	}
	switch {
	case len(r.rows) == 0:
	case len(m.holes) > 0:
		return m.spool.keep(r.rows)
	default:
		_, err = m.out.Write(r.rows)
	}
	return false, err
}

// fill writes what was kept, with the rows of the holes that ask answers for: it
// calls its function with the row of each frame that passes, in order.
func (m *merger) fill(ask func(func(frame uint32, row []byte) error) error) error {
	in, err := m.spool.reader()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(m.out, 64<<10)
	at := int64(0) // of in
	upTo := func(end int64) error {
		n := end - at
		at = end
		return in.copy(out, n)
	}
	holes := m.holes
	err = ask(func(frame uint32, row []byte) error {
		for len(holes) > 0 && holes[0].frame < frame {
			holes = holes[1:]
		}
		if len(holes) == 0 || holes[0].frame != frame {
			return fmt.Errorf("got a row of frame %d, which was not asked for", frame)
		}
		if err := upTo(holes[0].at); err != nil {
			return err
		}
		_, err := out.Write(row)
		return err
	})
	if err == nil {
		err = upTo(m.spool.size)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// frames are the frames of the holes.
func (m *merger) frames() *roaring.Bitmap {
	out := roaring.New()
	for _, h := range m.holes {
		out.Add(h.frame)
	}
	return out
}

// asking is how Wireshark is asked about packets.
type asking struct {
	q      *question
	file   *capfile.File
	walker *dissect.Walker
	tools  wireshark.Tools
	config wireshark.Config
	temp   string
	limit  int
	marks  side.Marks
}

// cells asks for fields of frames, out of a side capture or, where that would not
// be exact, by a pass over the whole.
func (a *asking) cells(ctx context.Context, frames *roaring.Bitmap, fields []string, whole bool, each func(frame uint32, cells []string) error) error {
	q := wireshark.FieldsQuery{Filter: a.q.filter, Fields: fields}
	if a.q.layout.quote != 0 { // tells a field without a value from one whose value is empty
		q.Flags = append(q.Flags, "-E", "quote=d")
	}
	if !whole {
		if len(fields) == 0 {
			q.Fields = []string{"frame.len"}
		}
		s := side.Source{
			File: a.file, Limit: a.limit, Table: a.q.table, Walker: a.walker, Marks: a.marks, Tools: a.tools, Config: a.config, TempDir: a.temp,
		}
		return side.Ask(ctx, s, frames, q, each)
	}
	q.Fields = append([]string{"frame.number"}, fields...)
	if a.limit > 0 {
		q.Flags = append(q.Flags, "-c", strconv.Itoa(a.limit))
	}
	path, inherit := a.file.DissectorFile()
	err := wireshark.RunFields(ctx, a.tools, a.config, wireshark.Input{Path: path, Inherit: inherit}, q, func(cells []string) error {
		n, err := strconv.ParseUint(strings.Trim(cells[0], `"`), 10, 32)
		if err != nil || !frames.Contains(uint32(n)) {
			return err
		}
		return each(uint32(n), cells[1:])
	})
	return stoppedWith(a.file, err)
}

// rows asks for the rows of frames. odd says that Wireshark may read some of their records
// in another way: what it makes of a side capture, whose records are the file's, is right.
func (a *asking) rows(ctx context.Context, frames *roaring.Bitmap, odd bool, each func(frame uint32, row []byte) error) error {
	asks := func(c column) bool { return !c.access.OfFrame || odd && c.name != "frame.number" }
	whole := !a.q.aside || a.file.Guessed() || odd && a.q.clocked && !side.Allowed(a.q.table, a.q.fields(func(c column) bool { return asks(c) }))
	fromIndex := func(c column) bool { return c.access != nil && !asks(c) && !whole }
	fields := a.q.fields(func(c column) bool { return !fromIndex(c) })
	own := newWorker(ctx, a.q, a.file, a.walker, nil)
	var row []byte
	return a.cells(ctx, frames, fields, whole, func(frame uint32, cells []string) error {
		row = row[:0]
		for k := range a.q.columns {
			c := &a.q.columns[k]
			if k > 0 {
				row = append(row, a.q.layout.separator)
			}
			switch {
			case c.access == nil:
			case fromIndex(*c):
				err := a.file.Guard(func() error {
					own.cursor.LoadFrame(int(frame) - 1)
					row = own.cell(row, c)
					return nil
				})
				if err != nil {
					return err
				}
			default:
				row = a.q.layout.cell(row, a.valuesOf(cells[slices.Index(fields, c.name)]))
			}
		}
		return each(frame, append(row, '\n'))
	})
}

// valuesOf splits a cell of RunFields.
func (a *asking) valuesOf(cell string) []string {
	if a.q.layout.quote != 0 {
		if len(cell) < 2 {
			return nil
		}
		cell = cell[1 : len(cell)-1]
	} else if cell == "" {
		return nil
	}
	return strings.Split(cell, wireshark.OccurrenceSeparator)
}
