package native

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
	"pktsh/engine/column"
)

// This file fills columns out of packets' headers.

// Column returns what a field is in every packet, as `tshark -T fields` prints it,
// and the frames of which headers are not sure: those are absent in the column.
// progress is as for [Dissector.Scan].
func (d *Dissector) Column(ctx context.Context, walker *dissect.Walker, a *dissect.Access, progress func(done, total int64)) (*column.Column, *roaring.Bitmap, error) {
	n := d.file.Len()
	out := column.New(n, a.NumberText())
	known := d.columnsOf(walker)
	unsure := make([]*roaring.Bitmap, (n+blockSize-1)/blockSize)
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range unsure {
		g.Go(func() error {
			lo, hi := i*blockSize, min((i+1)*blockSize, n)
			f := filler{d: d, access: a, out: out, cursor: NewCursor(d.file, CursorConfig{Walker: walker, Timed: a.Timed, Table: d.table, Trees: treesOf(a)})}
			if err := f.block(ctx, known.block(i), lo, hi); err != nil {
				return err
			}
			unsure[i] = roaring.BitmapOf(f.unsure...)
			if progress != nil {
				progress(done.Add(int64(hi-lo)), int64(n))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	return out, roaring.FastOr(unsure...), nil
}

// treesOf is what a cursor has to find in trees for a field.
func treesOf(a *dissect.Access) []string {
	if a.Direct {
		return nil
	}
	return []string{a.Name}
}

// filler fills one block, on one goroutine.
type filler struct {
	d      *Dissector
	access *dissect.Access
	out    *column.Column
	cursor *Cursor
	unsure []uint32
	found  []dissect.Occurrence
	text   []byte
}

func (f *filler) block(ctx context.Context, flows *flowBlock, lo, hi int) error {
	q := question{ctx: ctx, d: f.d}
	defer f.d.file.Release(lo, hi)
	if flows == nil || !f.access.OfFlow || !f.access.Direct {
		return q.each(span(lo, hi), func(i int) {
			if !f.put(i) {
				f.unsure = append(f.unsure, uint32(i)+1)
			}
		})
	}
	sure := make([]bool, len(flows.first))
	err := q.each(span(0, len(flows.first)), func(i int) { sure[i] = f.put(lo + int(flows.first[i])) })
	if err != nil {
		return err
	}
	for i, id := range flows.ids {
		switch first := int(flows.first[id]); {
		case !sure[id]:
			f.unsure = append(f.unsure, uint32(lo+i)+1)
		case i != first:
			f.out.Copy(lo+i, lo+first)
		}
	}
	return nil
}

// put fills the cell of the i-th packet; false means that headers are not sure.
func (f *filler) put(i int) bool {
	a := f.access
	if a.OfFrame {
		f.cursor.LoadFrame(i)
	} else {
		f.cursor.Load(i)
	}
	h := &f.cursor.Headers
	if h.Detour {
		f.d.detours.Store(true)
	}
	switch {
	case h.Unsure.Has(a.In):
		return false
	case !h.Has(a.In):
		return true
	case a.Doubtful:
		return false
	case !a.Direct:
		f.out.Put(i, f.cursor.texts(a))
		return true
	}
	f.found = a.Read(h, f.found[:0])
	if len(f.found) == 1 && f.out.OfNumbers() && f.found[0].Number < column.Numbers {
		f.out.PutNumber(i, uint32(f.found[0].Number))
		return true
	}
	var values []string
	for _, o := range f.found {
		f.text = a.AppendText(f.text[:0], o)
		values = append(values, string(f.text))
	}
	f.out.Put(i, values)
	return true
}

// texts are a field's values in the tree of the packet at hand.
func (c *Cursor) texts(a *dissect.Access) (values []string) {
	tree := c.Tree()
	for _, field := range tree.Values(a.Name) {
		values = append(values, field.Text(tree, a.Type))
	}
	return values
}
