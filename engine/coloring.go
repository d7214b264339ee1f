package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/filter"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file colours rows by Wireshark's colouring rules.
//
// sharkd could colour them itself, by a file in its profile. But then it colours
// every frame that it is asked anything about, which makes the first pass over a
// column take half as long again, its trees have two more fields, and other rules
// need another process. So the rules' fields are asked for, of the rows listed, and
// the rules are judged here.

// colorPass is how many packets a capture may have for a rule that neither columns nor
// headers tell to be asked about all of them.
const colorPass = 50_000

// color finds the rule of each row.
func (c *Capture) color(ctx context.Context, o ListOptions, rows []ListRow) error {
	if o.Colors == nil || len(o.Colors.rules) == 0 {
		return nil
	}
	t, _, err := c.tier(ctx, plan.Question{PreviewAllowed: o.PreviewAllowed})
	if err != nil {
		return err
	}
	deep, ok := t.(*wireshark.Dissector)
	return c.because(c.file.Guard(func() error {
		if !ok {
			return c.colorOwn(ctx, o.Colors, rows)
		}
		return c.colorDeep(ctx, deep, o.Colors, rows)
	}))
}

// colorOwn judges by pktsh's own dissectors: protocols that they do not know are
// nowhere, and rules that compare fields that they do not know are left out.
func (c *Capture) colorOwn(ctx context.Context, rules *ColorRules, rows []ListRow) error {
	programs, _ := rules.programs(ownNames{c.session.fields})
	own := nativeTier{c}
	for i := range rows {
		t, err := own.Tree(ctx, rows[i].Number)
		if err != nil {
			return err
		}
		packet := filter.FromTree(t, c.session.fields)
		at := slices.IndexFunc(programs, func(p colorProgram) bool { return p.program.Match(packet) })
		if at >= 0 {
			rows[i].Color = programs[at].rule
		}
	}
	return nil
}

// colorDeep asks Wireshark for the rules' fields.
func (c *Capture) colorDeep(ctx context.Context, deep *wireshark.Dissector, rules *ColorRules, rows []ListRow) error {
	catalogue, err := c.session.loadedCatalogue(ctx)
	if err != nil {
		return err
	}
	programs, problems := rules.programs(catalogue)
	for _, p := range problems {
		c.session.notifyOnce(p, p)
	}
	var names []string
	for _, p := range programs {
		if p.columnar {
			names = append(names, p.program.FieldNames()...)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return inOrder(rows, func(frames []uint32, byFrame map[uint32]*ListRow) error {
		sets, err := c.colorSets(ctx, programs, frames)
		if err != nil {
			return err
		}
		judge := func(frame uint32, values []string) error {
			packet := filter.FromColumns(names, values, catalogue)
			at := slices.IndexFunc(programs, func(p colorProgram) bool {
				if !p.columnar {
					set := sets[p.rule]
					return set != nil && set.Contains(frame)
				}
				return p.program.Match(packet)
			})
			if at >= 0 {
				byFrame[frame].Color = programs[at].rule
			}
			return nil
		}
		if len(names) > 0 {
			return deep.Columns(ctx, frames, names, judge)
		}
		for _, frame := range frames {
			if err := judge(frame, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// colorSets are the frames that rules match which columns do not tell: headers do, or
// a pass over the whole capture that is worth it. Rules that are too dear are left
// out, and that is said.
func (c *Capture) colorSets(ctx context.Context, programs []colorProgram, frames []uint32) (map[*ColorRule]*roaring.Bitmap, error) {
	sets := map[*ColorRule]*roaring.Bitmap{}
	for _, p := range programs {
		if p.columnar {
			continue
		}
		if set := c.known(spelling(p.rule.Filter)); set != nil {
			sets[p.rule] = set
			continue
		}
		q, err := c.ask(ctx, p.rule.Filter, roaring.BitmapOf(frames...))
		if err != nil {
			return nil, err
		}
		if q.answer != nil && q.answer.Unsure.IsEmpty() {
			sets[p.rule] = q.answer.Yes
			continue
		}
		if c.size > colorPass {
			c.session.notifyOnce("rule "+p.rule.Filter, fmt.Sprintf("colouring rule %q is left out: it needs a pass over all packets of %s; `filter %s` makes one", p.rule.Name, c.Name(), p.rule.Filter))
			continue
		}
		set, _, err := c.question(ctx, p.rule.Filter, nil)
		if err != nil {
			return nil, err
		}
		c.keep(spelling(p.rule.Filter), set)
		sets[p.rule] = set
	}
	return sets, nil
}
