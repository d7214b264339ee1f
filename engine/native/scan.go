package native

import (
	"context"
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// This file asks a filter of every packet's headers: by flows where those are
// known, packet by packet otherwise, on all cores.

// Answer is what a scan found: frame numbers.
type Answer struct {
	// Yes are the packets that surely pass, Unsure those that only Wireshark knows.
	Yes, Unsure *roaring.Bitmap
	// Classes counts the packets of Unsure by the reason, dissect.ClassSure being
	// those whose headers are sure but not the rest.
	Classes map[dissect.Class]int
}

// blockSize is how many packets a flow column's block has.
const blockSize = 1 << 16

// ScanOptions says how packets are scanned. The zero value is of use.
type ScanOptions struct {
	// Within are the frames that are asked about, nil for all.
	Within *roaring.Bitmap
	// Keep makes a scan of all frames keep the packets' flows, for later scans by the
	// same walker.
	Keep bool
	// Progress hears of the frames done and of all, on several goroutines. It may be nil.
	Progress func(done, total int64)
}

// Scan evaluates a filter in three values over packets.
func (d *Dissector) Scan(ctx context.Context, walker *dissect.Walker, scan *filter.Scan, o ScanOptions) (*Answer, error) {
	n := d.file.Len()
	columns := d.columnsOf(walker)
	blocks := make([]blockAnswer, (n+blockSize-1)/blockSize)
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range blocks {
		g.Go(func() error {
			lo, hi := i*blockSize, min((i+1)*blockSize, n)
			b := &blocks[i]
			q := question{ctx: ctx, d: d, walker: walker, scan: scan, within: o.Within, out: b}
			if err := q.block(columns, i, lo, hi, o.Keep && o.Within == nil); err != nil {
				return err
			}
			if o.Progress != nil {
				o.Progress(done.Add(int64(hi-lo)), int64(n))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := &Answer{Classes: map[dissect.Class]int{}}
	yes, unsure := make([]*roaring.Bitmap, len(blocks)), make([]*roaring.Bitmap, len(blocks))
	for i := range blocks {
		yes[i], unsure[i] = roaring.BitmapOf(blocks[i].yes...), roaring.BitmapOf(blocks[i].unsure...)
		for class, count := range blocks[i].classes {
			if count > 0 {
				out.Classes[dissect.Class(class)] += count
			}
		}
	}
	out.Yes, out.Unsure = roaring.FastOr(yes...), roaring.FastOr(unsure...)
	return out, nil
}

// blockAnswer is the answer for one block.
type blockAnswer struct {
	yes, unsure []uint32
	classes     [256]int
}

func (b *blockAnswer) add(v filter.Verdict, frame uint32, class dissect.Class) {
	switch v {
	case filter.True:
		b.yes = append(b.yes, frame)
	case filter.Unsure:
		b.unsure = append(b.unsure, frame)
		b.classes[class]++
	}
}

// question is a scan of one block, on one goroutine.
type question struct {
	ctx    context.Context
	d      *Dissector
	walker *dissect.Walker
	scan   *filter.Scan
	within *roaring.Bitmap // nil for all
	out    *blockAnswer
}

func (q *question) block(columns *columns, i, lo, hi int, keep bool) error {
	if q.within != nil && !q.within.IntersectsWithInterval(uint64(lo)+1, uint64(hi)+1) {
		return nil
	}
	defer q.d.file.Release(lo, hi)
	cursor := NewCursor(q.d.file, CursorConfig{Walker: q.walker, Timed: q.scan.Timed(), Table: q.d.table, Trees: q.scan.Trees()})
	packet := filter.Scanned{Headers: &cursor.Headers, Tree: cursor.Tree}
	if flows := columns.block(i); flows != nil {
		return q.byFlows(flows, cursor, &packet, lo, hi)
	}
	var grow *flowBuilder
	if keep {
		grow = newFlowBuilder(q.d.table, hi-lo)
	}
	err := q.each(q.asked(lo, hi), func(i int) {
		cursor.Load(i)
		if cursor.Headers.Detour {
			q.d.detours.Store(true)
		}
		q.out.add(q.scan.Verdict(&packet), uint32(i)+1, cursor.Headers.Class)
		if grow != nil {
			grow.add(&cursor.Headers)
		}
	})
	if err == nil && grow != nil {
		columns.set(i, grow.done())
	}
	return err
}

// asked are the packets that are asked about, of those from lo up to hi.
func (q *question) asked(lo, hi int) iter.Seq[int] {
	if q.within == nil {
		return span(lo, hi)
	}
	return func(yield func(int) bool) {
		it := q.within.Iterator()
		for it.AdvanceIfNeeded(uint32(lo) + 1); it.HasNext(); {
			if i := int(it.Next()) - 1; i >= hi || !yield(i) {
				return
			}
		}
	}
}

// span are the numbers from lo up to hi.
func span(lo, hi int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := lo; i < hi && yield(i); i++ {
		}
	}
}

// each calls fn for packets, with the file guarded and an eye on the context.
func (q *question) each(packets iter.Seq[int], fn func(i int)) error {
	n, stopped := 0, error(nil)
	err := q.d.read(func() {
		for i := range packets {
			if n++; n%step == 0 {
				if stopped = q.ctx.Err(); stopped != nil {
					return
				}
			}
			fn(i)
		}
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// Walks walks through the packets from lo up to hi, from 0, and calls fn with each.
func (d *Dissector) Walks(walker *dissect.Walker, lo, hi int, fn func(i int, h *dissect.Headers)) error {
	return d.read(func() {
		cursor := NewCursor(d.file, CursorConfig{Walker: walker})
		for i := lo; i < hi; i++ {
			cursor.Load(i)
			fn(i, &cursor.Headers)
		}
	})
}

// byFlows judges every flow once, and the packets of those flows that this does
// not settle.
func (q *question) byFlows(flows *flowBlock, cursor *Cursor, packet *filter.Scanned, lo, hi int) error {
	type judged struct {
		verdict filter.Verdict
		class   dissect.Class
		known   uint64
	}
	verdicts := make([]judged, len(flows.first))
	err := q.each(span(0, len(flows.first)), func(i int) {
		cursor.Load(lo + int(flows.first[i]))
		v := &verdicts[i]
		v.verdict, v.known = q.scan.Flow(packet)
		v.class = cursor.Headers.Class
	})
	if err != nil {
		return err
	}
	byFrame := q.scan.Level() == filter.OfFrame
	return q.each(q.asked(lo, hi), func(i int) {
		flow := &verdicts[flows.ids[i-lo]]
		v := flow.verdict
		if v == filter.Pending && byFrame {
			cursor.LoadFrame(i)
			v = q.scan.Frame(packet, flow.known)
		}
		if v == filter.Pending {
			cursor.Load(i)
			v = q.scan.Verdict(packet)
		}
		if v != filter.False {
			q.out.add(v, uint32(i)+1, flow.class)
		}
	})
}
