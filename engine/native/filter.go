package native

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
)

// This file filters: every packet is dissected as far as the filter looks.

// grain is how many frames are filtered between looks at the context, and how
// many share the cost of guarding the file.
const grain = 256

// Filter returns the numbers of those of frames (nil stands for all) whose tree
// match accepts. fields are
// the names of the protocols and fields that match may ask for; of the rest of
// the packet the tree that it gets knows nothing (see [dissect.Reader.Tree]). A
// name that is not in the native catalogue makes all trees whole.
//
// match must depend on nothing but the tree. It is called from several
// goroutines at once, and its tree is only valid until it returns. So is
// progress, which may be nil, with the work done and the whole, in frames.
func (d *Dissector) Filter(ctx context.Context, frames *roaring.Bitmap, fields []string, match func(*dissect.Tree) bool, progress func(done, total int64)) (*roaring.Bitmap, error) {
	if progress == nil {
		progress = func(done, total int64) {}
	}
	f := treeFilter{d: d, frames: frames, match: match}
	n := d.file.Len()
	total := int64(n)
	selection, ok := d.table.Select(fields...)
	if ok {
		f.selection = selection
		f.nothing = match(&dissect.Tree{})
	}
	if !ok || selection.NeedsFlows() {
		// A frame costs the pass about as much as the filter.
		passed, _ := d.Prepared()
		total += int64(n - passed)
		err := d.advance(ctx, n, func(now int) { progress(int64(now-passed), total) })
		if err != nil {
			return nil, err
		}
		f.flows = d.flows
	}
	var done atomic.Int64
	done.Store(total - int64(n))
	found := make([]*roaring.Bitmap, (n+step-1)/step)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range found {
		g.Go(func() (err error) {
			lo, hi := i*step, min((i+1)*step, n)
			found[i], err = f.block(ctx, lo, hi)
			progress(done.Add(int64(hi-lo)), total)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return roaring.FastOr(found...), nil
}

// treeFilter is one question. It does not change while it is answered.
type treeFilter struct {
	d         *Dissector
	frames    *roaring.Bitmap // nil: all
	match     func(*dissect.Tree) bool
	selection *dissect.Selection // nil: whole trees
	nothing   bool               // the answer for a packet that has nothing of the selection
	flows     dissect.Flows      // nil where other packets do not matter
}

// block filters the records from lo up to hi.
func (f *treeFilter) block(ctx context.Context, lo, hi int) (*roaring.Bitmap, error) {
	out := roaring.New()
	test := f.whole
	if f.selection != nil {
		test = f.light()
	}
	for lo < hi {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end := min(lo+grain, hi)
		err := f.d.read(func() {
			for ; lo < end; lo++ {
				if (f.frames == nil || f.frames.Contains(uint32(lo)+1)) && test(lo) {
					out.Add(uint32(lo) + 1)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whole tests the i-th record by its whole tree.
func (f *treeFilter) whole(i int) bool { return f.match(f.d.table.Dissect(f.d.full(i))) }

// light returns a test of the i-th record, for one goroutine, that looks only
// at what was selected.
func (f *treeFilter) light() func(i int) bool {
	reader := f.d.table.NewReader(f.selection)
	details := f.selection.NeedsFrame()
	var in dissect.Input
	return func(i int) bool {
		f.d.describe(&in, i, f.flows)
		if details {
			f.d.frameDetails(&in, i)
		}
		tree := reader.Tree(&in)
		if len(tree.Nodes) == 0 {
			return f.nothing
		}
		return f.match(tree)
	}
}
