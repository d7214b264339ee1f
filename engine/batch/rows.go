package batch

import (
	"context"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
	"pktsh/engine/side"
)

// grain is how many packets are worked on between looks at the context, and how
// many share the cost of guarding the file.
const grain = 1024

// hole is a packet whose row only Wireshark knows.
type hole struct {
	frame uint32
	// odd says that Wireshark may read the file's time in another way.
	odd bool
	// at is where the row would be among those of the same block.
	at int64
}

// result is what became of a block of packets.
type result struct {
	lo, hi int
	rows   []byte   // of the packets that surely pass
	frames []uint32 // of them, where those are wanted
	holes  []hole
	marks  []side.Mark // of all its packets, where a hole was known when it began
	// detour says that the walks of packets after one of these are not to be relied
	// on ([dissect.Headers.Detour]).
	detour bool
	// window has the packets of frames, nil where there are none.
	window *capfile.Window
}

// done gives the window back.
func (r *result) done() {
	if r.window != nil {
		r.window.Done()
		r.window = nil
	}
}

// detours leaves what comes after a detour to Wireshark.
// Keys that the capture brings are one, too: Wireshark decrypts with them.
type detours struct{ seen bool }

func (d *detours) apply(f *capfile.File, r *result) {
	d.seen = d.seen || r.detour || f.Secrets()
	if !d.seen {
		return
	}
	r.rows, r.frames, r.holes = r.rows[:0], nil, nil
	for i := r.lo; i < r.hi; i++ {
		r.holes = append(r.holes, hole{frame: uint32(i) + 1, odd: true})
	}
}

// worker asks the question of one packet after the other, on one goroutine.
type worker struct {
	q      *question
	ctx    context.Context
	file   *capfile.File
	cursor *native.Cursor
	packet filter.Scanned
	// frames says that the numbers of the packets are wanted, not their rows.
	frames bool

	occurrences []dissect.Occurrence
	values      []string
	buffers     chan []byte // to use again
	usual       int         // size of a block's rows
	marker      side.Marker
}

func newWorker(ctx context.Context, q *question, f *capfile.File, w *dissect.Walker, buffers chan []byte) *worker {
	cursor := native.NewCursor(f, native.CursorConfig{Walker: w, Timed: q.timed, Table: q.table, Trees: q.trees})
	return &worker{
		marker: side.NewMarker(q.table),
		q:      q, ctx: ctx, file: f, cursor: cursor, buffers: buffers,
		packet: filter.Scanned{Headers: &cursor.Headers, Tree: cursor.Tree},
	}
}

// block asks of the packets of a block.
func (w *worker) block(b block) (*result, error) {
	lo, hi := b.lo, b.hi
	r := &result{lo: lo, hi: hi}
	if w.cursor.Read(w.file); b.window != nil {
		w.cursor.Read(b.window)
	}
	select {
	case r.rows = <-w.buffers:
	default:
		r.rows = make([]byte, 0, w.usual)
	}
	if w.q.holed.Load() && !w.q.flat {
		r.marks = make([]side.Mark, 0, hi-lo)
	}
	for lo < hi {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		end := min(lo+grain, hi)
		err := w.file.Guard(func() error {
			for ; lo < end; lo++ {
				w.one(r, lo)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	w.usual = max(w.usual, len(r.rows)+len(r.rows)/8)
	if r.window = b.window; len(r.frames) == 0 {
		r.done()
	}
	return r, nil
}

// one asks of the i-th packet.
func (w *worker) one(r *result, i int) {
	if w.q.flat {
		w.cursor.LoadFrame(i)
	} else {
		w.cursor.Load(i)
		r.detour = r.detour || w.cursor.Headers.Detour
		if r.marks != nil {
			r.marks = append(r.marks, w.marker.Mark(&w.cursor.Headers))
		}
	}
	h := &w.cursor.Headers
	if w.q.scan != nil {
		switch w.q.scan.Verdict(&w.packet) {
		case filter.False:
			return
		case filter.True:
		default:
			w.hole(r, int64(len(r.rows)))
			return
		}
	}
	if w.frames {
		r.frames = append(r.frames, h.Number)
		return
	}
	before := len(r.rows)
	for k := range w.q.columns {
		c := &w.q.columns[k]
		if k > 0 {
			r.rows = append(r.rows, w.q.layout.separator)
		}
		if c.access == nil {
			continue
		}
		if !c.ofIndex && h.Unsure.Has(c.access.In) {
			r.rows = r.rows[:before]
			w.hole(r, int64(before))
			return
		}
		r.rows = w.cell(r.rows, c)
	}
	r.rows = append(r.rows, '\n')
}

// hole leaves the row of the packet at hand to Wireshark; at is where it would be.
func (w *worker) hole(r *result, at int64) {
	h := &w.cursor.Headers
	r.holes = append(r.holes, hole{h.Number, h.OddTime, at})
	w.q.holed.Store(true)
}

// cell appends the values of a field of the packet at hand.
func (w *worker) cell(out []byte, c *column) []byte {
	l := &w.q.layout
	if !c.access.Direct {
		return w.treeCell(out, c)
	}
	w.occurrences = c.access.Read(&w.cursor.Headers, w.occurrences[:0])
	found := w.occurrences
	if len(found) == 0 {
		return out
	}
	switch l.occurrence {
	case 'f':
		found = found[:1]
	case 'l':
		found = found[len(found)-1:]
	}
	out = l.begin(out)
	for i := range found {
		if i > 0 {
			out = append(out, l.aggregator)
		}
		out = c.access.AppendText(out, found[i])
	}
	return l.end(out)
}

// treeCell is cell for fields that are only in trees.
func (w *worker) treeCell(out []byte, c *column) []byte {
	if !w.cursor.Headers.Has(c.access.In) {
		return out
	}
	tree := w.cursor.Tree()
	w.values = w.values[:0]
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		if f.Name == c.name {
			w.values = append(w.values, escape(f.Text(tree, c.access.Type)))
		}
		return true
	})
	return w.q.layout.cell(out, w.values)
}

// escape writes control characters as tshark does.
func escape(text string) string {
	at := -1
	for i := range len(text) {
		if c := text[i]; c >= '\b' && c <= '\r' && c != '\v' {
			at = i
			break
		}
	}
	if at < 0 {
		return text
	}
	out := append([]byte(nil), text[:at]...)
	for _, c := range []byte(text[at:]) {
		switch c {
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
