package engine

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/filter"
	"pktsh/engine/plan"
)

// This file answers filters that join others by what is known of those, and asks
// Wireshark only about packets that headers leave over.

// known returns the answer to a filter that was asked before, nil when it was not.
// text is as filter.Logic spells it.
func (c *Capture) known(text string) *roaring.Bitmap {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sets[text]
}

// keep keeps the answer to a filter, which is Wireshark's and for the whole capture.
func (c *Capture) keep(text string, set *roaring.Bitmap) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets[text] = set
}

// spelling is a filter's text, as [Capture.known] wants it.
func spelling(expr string) string {
	if l := filter.Split(expr); l != nil {
		return l.Text
	}
	return expr
}

// How is how a part of a filter is answered.
type How uint8

// The ways, from the cheapest on.
const (
	ByKnown   How = iota // it was asked before
	ByHeaders            // packets' headers have its fields
	ByDeep               // only Wireshark surely knows its fields
	ByParts              // its parts are answered in several ways
)

// String returns the way as explain names it.
func (h How) String() string {
	return [...]string{"known", "headers", "Wireshark, of what is left", "by its parts"}[h]
}

// how says how a part of a filter is best answered.
func (c *Capture) how(l *filter.Logic) How {
	if c.known(l.Text) != nil {
		return ByKnown
	}
	if l.Op != "" {
		ways := map[How]bool{}
		for _, part := range l.Parts {
			ways[c.how(part)] = true
		}
		// What headers alone tell, or Wireshark alone, is one question.
		if ways[ByKnown] || ways[ByParts] || len(ways) > 1 {
			return ByParts
		}
	}
	if c.session.Mode() == plan.Wireshark {
		return ByDeep
	}
	program, err := filter.Compile(l.Text, c.session.fields)
	if err != nil {
		return ByDeep
	}
	for _, name := range program.FieldNames() {
		if a, told := c.session.table.Access(name); (!told || !a.Direct || a.Doubtful) && c.session.deepAllowed() {
			return ByDeep
		}
	}
	return ByHeaders
}

// joined answers a filter by its parts, for the packets of within (nil: all). sure
// is false where Wireshark was not there to ask.
func (c *Capture) joined(ctx context.Context, l *filter.Logic, within *roaring.Bitmap) (set *roaring.Bitmap, sure bool, err error) {
	switch c.how(l) {
	case ByKnown:
		return common(c.known(l.Text), within), true, nil
	case ByHeaders, ByDeep:
		return c.question(ctx, l.Text, within)
	}
	if within == nil {
		within = roaring.New()
		within.AddRange(1, uint64(c.size)+1)
	}
	if l.Op == "!" {
		passed, sure, err := c.joined(ctx, l.Parts[0], within)
		if err != nil {
			return nil, false, err
		}
		return roaring.AndNot(within, passed), sure, nil
	}
	sure, left := true, within // the packets that nothing is decided of
	for _, part := range c.inTurn(l) {
		if left.IsEmpty() {
			break
		}
		passed, partSure, err := c.joined(ctx, part, left)
		if err != nil {
			return nil, false, err
		}
		sure = sure && partSure
		if l.Op == "&&" {
			left = passed
		} else {
			left = roaring.AndNot(left, passed)
		}
	}
	if l.Op == "&&" {
		return left, sure, nil
	}
	return roaring.AndNot(within, left), sure, nil
}

// inTurn are the parts of a filter, the cheapest first; those that are one question
// to headers, or to Wireshark, are one.
func (c *Capture) inTurn(l *filter.Logic) (parts []*filter.Logic) {
	byWay := map[How][]*filter.Logic{}
	for _, part := range l.Parts {
		how := c.how(part)
		byWay[how] = append(byWay[how], part)
	}
	parts = append(parts, byWay[ByKnown]...)
	if own := byWay[ByHeaders]; len(own) > 0 {
		parts = append(parts, l.Join(own))
	}
	parts = append(parts, byWay[ByParts]...)
	if deep := byWay[ByDeep]; len(deep) > 0 {
		parts = append(parts, l.Join(deep))
	}
	return parts
}

// question puts a filter that is not taken apart.
func (c *Capture) question(ctx context.Context, expr string, within *roaring.Bitmap) (set *roaring.Bitmap, sure bool, err error) {
	q, err := c.ask(ctx, expr, within)
	if err != nil {
		return nil, false, err
	}
	return q.run(ctx)
}

// common is what two sets have in common, the second nil for everything.
func common(set, within *roaring.Bitmap) *roaring.Bitmap {
	if within == nil {
		return set
	}
	return roaring.And(set, within)
}

// Step is a part of a filter and how it is answered.
type Step struct {
	Filter string
	How    How
}

// steps are the parts of a filter in the order in which they are asked; one, the
// filter itself, when it is not taken apart.
func (c *Capture) steps(l *filter.Logic) []Step {
	how := c.how(l)
	if how != ByParts {
		return []Step{{l.Text, how}}
	}
	var out []Step
	for _, part := range c.inTurn(l) {
		out = append(out, c.steps(part)...)
	}
	return slices.Compact(out)
}
