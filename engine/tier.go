package engine

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// tier is what both ways to an answer can do. *wireshark.Dissector is one,
// nativeTier the other.
type tier interface {
	// Rows calls fn for each of the frames, which are ascending, in order.
	Rows(ctx context.Context, frames []uint32, fn func(dissect.Summary) error) error
	// Tree dissects one frame.
	Tree(ctx context.Context, frame uint32) (*dissect.Tree, error)
	// Outline is Tree for who wants the layers only.
	Outline(ctx context.Context, frame uint32) (*dissect.Tree, error)
	// Filter returns the numbers of the frames that expr lets through.
	Filter(ctx context.Context, expr string) (*roaring.Bitmap, error)
	// Check says whether expr is a well-formed filter.
	Check(ctx context.Context, expr string) error
}

// nativeTier answers out of the mapped file and the dissect package.
type nativeTier struct{ c *Capture }

func (n nativeTier) Rows(ctx context.Context, frames []uint32, fn func(dissect.Summary) error) error {
	if len(frames) == 0 {
		return nil
	}
	if err := n.reach(ctx, frames[0]); err != nil {
		return err
	}
	return n.c.own.Rows(ctx, frames, fn)
}

func (n nativeTier) Tree(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	if err := n.reach(ctx, frame); err != nil {
		return nil, err
	}
	return n.c.own.Tree(ctx, frame)
}

// Outline is Tree: pktsh's own dissectors are quick.
func (n nativeTier) Outline(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	return n.Tree(ctx, frame)
}

// reach reads the packets before a frame: its streams begin in them.
func (n nativeTier) reach(ctx context.Context, frame uint32) error {
	from, _ := n.c.own.Prepared()
	fraction := func() float64 {
		done, _ := n.c.own.Prepared()
		return float64(done-from) / float64(max(int(frame)-from, 1))
	}
	defer n.c.session.wait(fmt.Sprintf("reading the packets before %d", frame), fraction)()
	return n.c.own.PrepareFor(ctx, frame)
}

func (n nativeTier) Check(_ context.Context, expr string) error {
	_, err := n.compile(expr)
	return err
}

func (n nativeTier) compile(expr string) (*filter.Program, error) {
	return filter.Compile(expr, n.c.session.fields)
}

func (n nativeTier) Filter(ctx context.Context, expr string) (*roaring.Bitmap, error) {
	p, err := n.compile(expr)
	if err != nil {
		return nil, err
	}
	return n.filterOf(ctx, p, nil)
}

// filterOf filters some of the frames; nil stands for all.
func (n nativeTier) filterOf(ctx context.Context, p *filter.Program, frames *roaring.Bitmap) (*roaring.Bitmap, error) {
	var fraction atomicFraction
	defer n.c.session.wait("filtering "+n.c.Name(), fraction.get)()
	fields := n.c.session.fields
	match := func(t *dissect.Tree) bool { return p.Match(filter.FromTree(t, fields)) }
	return n.c.own.Filter(ctx, frames, p.FieldNames(), match, fraction.set)
}
