package engine

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/plan"
)

// View is a capture seen through display filters and slices. It holds which
// packets, never the packets. A filter runs when its answer is first needed, and
// the answer is kept. Views are immutable and safe for concurrent use.
type View struct {
	capture *Capture
	base    *View  // what the filter or slice narrows; nil for the whole capture
	filter  string // "" when the view only slices

	mu     sync.Mutex
	frames frameSet // nil until known
	// generation is the capture's when a filter's frames were kept. A slice keeps
	// the packets that it was made of.
	generation uint64
	// shed is how many packets a ring had let go when a slice's frames were numbered.
	shed uint64
}

// frameSet is a view's packets.
type frameSet interface {
	len() int
	at(i int) uint32
	index(frame uint32) (int, bool)
	// within returns the runs of places [lo, hi) whose frames are from lo to hi,
	// both included.
	within(lo, hi uint32) []Places
}

// Places is a run of places in a view, from 0, Hi excluded.
type Places struct{ Lo, Hi int }

// run is one run of places, or none when it is empty.
func run(lo, hi int) []Places {
	if lo >= hi {
		return nil
	}
	return []Places{{lo, hi}}
}

// whole is every packet of a capture of that size.
type whole int

func (w whole) len() int        { return int(w) }
func (w whole) at(i int) uint32 { return uint32(i) + 1 }
func (w whole) index(frame uint32) (int, bool) {
	return int(frame) - 1, frame > 0 && int64(frame) <= int64(w)
}

func (w whole) within(lo, hi uint32) []Places {
	return run(int(max(lo, 1))-1, int(min(int64(hi), int64(w))))
}

// bitmap is the packets a filter let through, ascending.
type bitmap struct{ *roaring.Bitmap }

func (b bitmap) len() int { return int(b.GetCardinality()) }
func (b bitmap) at(i int) uint32 {
	f, _ := b.Select(uint32(i)) // the caller checked i against len
	return f
}
func (b bitmap) index(frame uint32) (int, bool) {
	if b.Contains(frame) {
		return int(b.Rank(frame)) - 1, true
	}
	return int(b.Rank(frame)), false
}

func (b bitmap) within(lo, hi uint32) []Places {
	return run(int(b.Rank(max(lo, 1)-1)), int(b.Rank(hi)))
}

// list is packets in descending order, as a slice with a negative step leaves
// them.
type list []uint32

func (l list) len() int        { return len(l) }
func (l list) at(i int) uint32 { return l[i] }
func (l list) index(frame uint32) (int, bool) {
	return slices.BinarySearchFunc(l, frame, func(have, want uint32) int { return cmp.Compare(want, have) })
}
func (l list) within(lo, hi uint32) []Places {
	from, _ := l.index(hi)
	to, in := l.index(lo)
	if in {
		to++
	}
	return run(from, to)
}

// Capture returns the capture that is seen.
func (v *View) Capture() *Capture { return v.capture }

// Filter returns the display filter in force, or "".
func (v *View) Filter() string {
	switch {
	case v.base == nil:
		return v.filter
	case v.filter == "":
		return v.base.Filter()
	}
	if outer := v.base.Filter(); outer != "" {
		return "(" + outer + ") && (" + v.filter + ")"
	}
	return v.filter
}

// resolve returns the view's packets, running its filter when that did not
// happen yet.
func (v *View) resolve(ctx context.Context) (frameSet, error) {
	if v.base == nil {
		return whole(v.capture.Len()), nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	generation := v.capture.Generation()
	v.renumber()
	if v.frames != nil && (v.filter == "" || v.generation == generation) {
		return v.frames, nil
	}
	below, err := v.base.resolve(ctx)
	if err != nil {
		return nil, err
	}
	var within *roaring.Bitmap
	if b, ok := below.(bitmap); ok {
		within = b.Bitmap
	}
	set, sure, err := v.capture.set(ctx, v.filter, within)
	if err != nil {
		return nil, err
	}
	frames := intersect(below, set)
	if sure {
		v.frames, v.generation = frames, generation
	}
	return frames, nil
}

// intersect returns the packets of below that are in set, in below's order.
func intersect(below frameSet, set *roaring.Bitmap) frameSet {
	switch below := below.(type) {
	case whole:
		return bitmap{set}
	case bitmap:
		return bitmap{roaring.And(below.Bitmap, set)}
	}
	var kept list
	for i := range below.len() {
		if f := below.at(i); set.Contains(f) {
			kept = append(kept, f)
		}
	}
	if _, any := below.(order); any {
		return newOrder(kept)
	}
	return kept
}

// Len returns the number of packets. It runs the filter when that did not
// happen yet.
func (v *View) Len(ctx context.Context) (int, error) {
	set, err := v.resolve(ctx)
	if err != nil {
		return 0, err
	}
	return set.len(), nil
}

// Frame returns the number of the i-th packet, from 0.
func (v *View) Frame(ctx context.Context, i int) (uint32, error) {
	set, err := v.resolve(ctx)
	if err != nil {
		return 0, err
	}
	if i < 0 || i >= set.len() {
		return 0, fmt.Errorf("index %d out of range: %s has %d packets here", i, v.capture.Name(), set.len())
	}
	return set.at(i), nil
}

// Index returns the place of a frame in the view, or, when the view lacks it,
// how many of its packets come before it, and false.
func (v *View) Index(ctx context.Context, frame uint32) (int, bool, error) {
	set, err := v.resolve(ctx)
	if err != nil {
		return 0, false, err
	}
	i, ok := set.index(frame)
	return i, ok, nil
}

// Within returns the places of the frames lo to hi, both included, that the view
// holds.
func (v *View) Within(ctx context.Context, lo, hi uint32) ([]Places, error) {
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return set.within(lo, hi), nil
}

// Narrow returns the packets of the view that a display filter lets through.
// The filter's syntax is checked at once; it runs when its answer is needed.
// The error of a bad filter is a *filter.Error.
func (v *View) Narrow(ctx context.Context, expr string) (*View, error) {
	expr, err := v.capture.session.ExpandFilter(expr)
	if err != nil {
		return nil, err
	}
	if err := v.capture.checkFilter(ctx, expr); err != nil {
		return nil, err
	}
	return &View{capture: v.capture, base: v, filter: expr}, nil
}

// Slice returns the packets at start, start+step, … before (or, with a
// negative step, after) end, as Python's slices with their bounds resolved.
func (v *View) Slice(ctx context.Context, start, end, step int) (*View, error) {
	if step == 0 {
		return nil, fmt.Errorf("a slice's step must not be 0")
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if _, any := set.(order); any {
		return v.fixed(newOrder(pick(set, start, end, step))), nil
	}
	if _, descending := set.(list); descending == (step > 0) {
		return v.fixed(pick(set, start, end, step)), nil
	}
	bits := roaring.New()
	if _, all := set.(whole); all && step == 1 {
		if start, end = max(start, 0), min(end, set.len()); start < end {
			bits.AddRange(uint64(start)+1, uint64(end)+1)
		}
	} else {
		bits.AddMany(pick(set, start, end, step))
	}
	return v.fixed(bitmap{bits}), nil
}

// pick returns the packets at start, start+step, … up to end, which is excluded.
func pick(set frameSet, start, end, step int) list {
	n := set.len()
	picked := list{}
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		if i >= 0 && i < n {
			picked = append(picked, set.at(i))
		}
	}
	return picked
}

// Frames yields the numbers of the view's packets in order. An error is
// yielded once and ends it.
func (v *View) Frames(ctx context.Context) iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		set, err := v.resolve(ctx)
		if err != nil {
			yield(0, err)
			return
		}
		v.capture.ahead.expectLoop(set.len())
		frames := func(yield func(uint32) bool) {
			for i := range set.len() {
				if !yield(set.at(i)) {
					return
				}
			}
		}
		if b, ok := set.(bitmap); ok {
			frames = func(yield func(uint32) bool) { // Select is O(log n): iterate instead
				for it := b.Iterator(); it.HasNext(); {
					if !yield(it.Next()) {
						return
					}
				}
			}
		}
		for f := range frames {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// RowOptions says how rows may be answered.
type RowOptions struct {
	// PreviewAllowed: rows that are not surely Wireshark's may come, marked,
	// when the sure ones would have to be waited for.
	PreviewAllowed bool
}

// rowChunk is how many frame numbers are handed to a tier at once.
const rowChunk = 10000

// Rows yields the rows of packets lo to hi-1 of the view (places, from 0).
func (v *View) Rows(ctx context.Context, lo, hi int, o RowOptions) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := v.rows(ctx, lo, hi, o, func(r Row) error {
			if !yield(r, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Row{}, err)
		}
	}
}

func (v *View) rows(ctx context.Context, lo, hi int, o RowOptions, fn func(Row) error) error {
	set, err := v.resolve(ctx)
	if err != nil {
		return err
	}
	lo, hi = max(lo, 0), min(hi, set.len())
	displayed := uint32(0) // the packet shown before, for -t dd
	if lo > 0 {
		displayed = set.at(lo - 1)
	}
	frames := make([]uint32, 0, min(rowChunk, max(hi-lo, 0)))
	for lo < hi {
		frames = frames[:0]
		for ; lo < hi && len(frames) < rowChunk; lo++ {
			frames = append(frames, set.at(lo))
		}
		if err := v.chunk(ctx, frames, &displayed, o, fn); err != nil {
			return err
		}
	}
	return nil
}

// chunk answers frames, which may be in any order; tiers want them ascending.
func (v *View) chunk(ctx context.Context, frames []uint32, displayed *uint32, o RowOptions, fn func(Row) error) error {
	q := plan.Question{PreviewAllowed: o.PreviewAllowed}
	if slices.IsSorted(frames) {
		got := 0
		err := v.capture.summaries(ctx, frames, q, func(s summary) error {
			r := v.capture.row(s, *displayed)
			*displayed = s.Number
			got++
			return fn(r)
		})
		if err == nil && got < len(frames) {
			return v.capture.noRow(frames[got])
		}
		return err
	}
	byFrame := make(map[uint32]summary, len(frames))
	ascending := slices.Sorted(slices.Values(frames))
	err := v.capture.summaries(ctx, ascending, q, func(s summary) error {
		byFrame[s.Number] = s
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range frames {
		s, ok := byFrame[f]
		if !ok {
			return v.capture.noRow(f)
		}
		if err := fn(v.capture.row(s, *displayed)); err != nil {
			return err
		}
		*displayed = f
	}
	return nil
}
