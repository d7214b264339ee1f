package engine

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/plan"
)

// View is a capture seen through display filters and slices. It holds which
// packets, never the packets. A filter runs when its answer is first needed.
// Views are immutable and safe for concurrent use.
type View struct {
	capture *Capture
	base    *View  // what the filter or slice narrows; nil for the whole capture
	filter  string // "" when the view only slices
	frames  frameSet
}

// frameSet is a view's packets, when they are known: by slices always, by
// filters through Capture.sets.
type frameSet interface {
	len() int
	at(i int) uint32
	index(frame uint32) (int, bool)
}

// whole is every packet of a capture of that size.
type whole int

func (w whole) len() int        { return int(w) }
func (w whole) at(i int) uint32 { return uint32(i) + 1 }
func (w whole) index(frame uint32) (int, bool) {
	return int(frame) - 1, frame > 0 && int64(frame) <= int64(w)
}

// bitmap is the packets a filter let through, ascending.
type bitmap struct{ *roaring.Bitmap }

func (b bitmap) len() int { return int(b.GetCardinality()) }
func (b bitmap) at(i int) uint32 {
	f, _ := b.Select(uint32(i)) // the caller checked i against len
	return f
}
func (b bitmap) index(frame uint32) (int, bool) {
	return int(b.Rank(frame)) - 1, b.Contains(frame)
}

// list is packets in any order, as a slice with a step leaves them.
type list []uint32

func (l list) len() int        { return len(l) }
func (l list) at(i int) uint32 { return l[i] }
func (l list) index(frame uint32) (int, bool) {
	i := slices.Index(l, frame)
	return i, i >= 0
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
	if v.frames != nil {
		return v.frames, nil
	}
	if v.base == nil {
		return whole(v.capture.Len()), nil
	}
	set, err := v.capture.set(ctx, v.filter)
	if err != nil {
		return nil, err
	}
	below, err := v.base.resolve(ctx)
	if err != nil {
		return nil, err
	}
	switch below := below.(type) {
	case whole:
		return bitmap{set}, nil
	case bitmap:
		return bitmap{roaring.And(below.Bitmap, set)}, nil
	default:
		var kept list
		for i := range below.len() {
			if f := below.at(i); set.Contains(f) {
				kept = append(kept, f)
			}
		}
		return kept, nil
	}
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
	if b, isBitmap := set.(bitmap); isBitmap && !ok {
		i = int(b.Rank(frame))
	}
	return i, ok, nil
}

// Narrow returns the packets of the view that a display filter lets through.
// The filter's syntax is checked at once; it runs when its answer is needed.
// The error of a bad filter is a *filter.Error.
func (v *View) Narrow(ctx context.Context, expr string) (*View, error) {
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
	n := set.len()
	if _, all := set.(whole); all && step == 1 {
		bits := roaring.New()
		if start = max(start, 0); start < min(end, n) {
			bits.AddRange(uint64(start)+1, uint64(min(end, n))+1)
		}
		return &View{capture: v.capture, base: v, frames: bitmap{bits}}, nil
	}
	var picked list
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		if i >= 0 && i < n {
			picked = append(picked, set.at(i))
		}
	}
	return &View{capture: v.capture, base: v, frames: picked}, nil
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
			return fmt.Errorf("packet %d: Wireshark's dissectors gave no row; it reads less of %s than pktsh does", frames[got], v.capture.Name())
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
		if err := fn(v.capture.row(byFrame[f], *displayed)); err != nil {
			return err
		}
		*displayed = f
	}
	return nil
}
