package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/filter"
	"pktsh/engine/native"
	"pktsh/engine/plan"
	"pktsh/engine/side"
	"pktsh/engine/wireshark"
)

// This file answers questions to every packet: by headers where those are sure,
// by Wireshark for the rest, in the way that costs the least.

// rules are what packets' headers are walked by.
type rules struct {
	walker *dissect.Walker
	// caution says what Wireshark is told or given that leaves headers sure of
	// nothing; "" for nothing.
	caution string
	// version is Wireshark's, "" where there is none; verified says that pktsh's
	// own answers have been compared with it.
	version  string
	verified bool
	// plugins says that Wireshark's dissectors are not only its own.
	plugins bool
}

// rules returns what the headers of the capture are walked by.
func (c *Capture) rules(ctx context.Context) (*rules, error) {
	caution := ""
	switch {
	case c.file.Secrets():
		caution = "the capture's own keys"
	case c.own.Detours():
		caution = "HTTP that may carry packets or DNS"
	}
	return c.session.rules(ctx, c.config, caution)
}

// rules returns what the headers of captures are walked by under a configuration.
// caution is what in the capture leaves nothing sure, "" for nothing.
func (s *Session) rules(ctx context.Context, cfg wireshark.Config, caution string) (*rules, error) {
	key := caution + " " + cfg.Key()
	s.mu.Lock()
	known := s.walks[key]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	r := &rules{}
	switch {
	case !s.deepAllowed():
		r.walker = s.table.NewWalker(dissect.Rules{})
	case s.cfg.Tools.Tshark == "":
		r.caution = "no tshark to tell which ports Wireshark knows"
		r.walker = s.table.NewWalker(dissect.Rules{Distrust: dissect.Everything})
	default:
		registered, err := wireshark.LoadRegistrations(ctx, s.cfg.Tools, s.cfg.CacheDir)
		if err != nil {
			return nil, err
		}
		r.version, r.verified = registered.Version, registered.Verified
		r.plugins = len(registered.Plugins) > 0
		safe := cfg.HeaderSafety()
		var distrust dissect.Set
		switch {
		case len(registered.Plugins) > 0:
			r.caution, distrust = "plugin "+strings.Join(registered.Plugins, ", "), dissect.Everything
		case caution != "":
			r.caution, distrust = caution, dissect.Everything
		case !safe.Headers, !safe.Sealed:
			r.caution, distrust = safe.Reason, dissect.Everything
		case !safe.DNS:
			r.caution, distrust = safe.Reason, dissect.NameServices
		}
		r.walker = s.table.NewWalker(dissect.Rules{Registrations: registered, Distrust: distrust})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walks[key] == nil {
		s.walks[key] = r
	}
	return s.walks[key], nil
}

// filtering is a filter on its way to an answer.
type filtering struct {
	c       *Capture
	expr    string
	within  *roaring.Bitmap // the packets that are asked about, nil for all
	program *filter.Program // nil where neither headers nor columns can be asked
	fields  filter.Fields   // by which it was compiled
	whyNot  string
	rules   *rules         // nil where headers were not asked
	answer  *native.Answer // nil where the whole capture is Wireshark's to judge
	plan    plan.FilterPlan
}

// ask asks headers, as far as they can be, and plans how the rest is answered.
// within are the packets in question, nil for all.
func (c *Capture) ask(ctx context.Context, expr string, within *roaring.Bitmap) (*filtering, error) {
	q := &filtering{c: c, expr: expr, within: within}
	if c.session.Mode() != plan.Wireshark {
		if err := q.scan(ctx); err != nil {
			return nil, err
		}
	}
	if q.answer == nil && within != nil {
		q.leave(within)
	}
	q.plan = plan.ChooseFilter(q.facts())
	return q, nil
}

// scan asks headers. What keeps it from asking is no error but whyNot.
func (q *filtering) scan(ctx context.Context) error {
	c := q.c
	program, err := filter.Compile(q.expr, c.session.fields)
	if err != nil {
		q.whyNot = "not a question to headers"
		if e := (*filter.Error)(nil); errors.As(err, &e) && e.Field != "" {
			q.whyNot = e.Field + " is no header field that pktsh knows"
		}
		return nil
	}
	if q.rules, err = c.rules(ctx); err != nil {
		q.whyNot = err.Error()
		return ctx.Err()
	}
	q.program, q.fields = program, c.session.fields
	var fraction atomicFraction
	defer c.session.wait("filtering "+c.Name(), fraction.get)()
	c.mu.Lock()
	keep := c.session.cfg.Eager || c.scans > 0
	c.scans++
	c.mu.Unlock()
	for {
		q.answer, err = c.own.Scan(ctx, q.rules.walker, program.Scan(c.session.table), native.ScanOptions{
			Within: q.within, Keep: keep, Progress: fraction.set,
		})
		if err != nil || !c.own.Detours() || q.rules.caution != "" {
			return err
		}
		if q.rules, err = c.rules(ctx); err != nil || q.rules.caution == "" {
			return err // without Wireshark nothing is said to be its answer
		}
	}
}

// leave leaves packets to Wireshark, as ones that headers say nothing of, where the
// filter's fields are such that it can be asked for those of single packets.
func (q *filtering) leave(packets *roaring.Bitmap) {
	catalogue := q.c.session.Catalogue()
	if catalogue == nil || !q.c.session.deepAllowed() {
		return // a pass over the whole capture is what can be done without
	}
	program, err := filter.Compile(q.expr, catalogue)
	if err != nil || !program.Columnar() {
		return
	}
	q.program, q.fields = program, catalogue
	q.answer = &native.Answer{Yes: roaring.New(), Unsure: packets.Clone()}
}

// facts is what the choice of any question's way depends on.
func (c *Capture) facts() plan.FilterFacts {
	deep := c.Deep()
	f := plan.FilterFacts{Mode: c.session.Mode(), Deep: deep.State, Loaded: max(deep.Fraction, 0), Packets: c.size}
	if deep.State == plan.Ready {
		f.Loaded = 1
	}
	return f
}

// facts is what the choice depends on.
func (q *filtering) facts() plan.FilterFacts {
	c := q.c
	f := c.facts()
	f.Native, f.WhyNot, f.Flows = q.answer != nil, q.whyNot, c.own.FlowsKnown()
	if q.answer == nil {
		return f
	}
	f.Unsure, f.Runs = int(q.answer.Unsure.GetCardinality()), runsOf(q.answer.Unsure)
	f.SideAllowed = q.rules != nil && c.sideAllowed(q.program.FieldNames())
	f.RowsAllowed = q.program.Columnar()
	return f
}

// runsOf counts the stretches of successive numbers.
func runsOf(set *roaring.Bitmap) (n int) {
	last := uint32(0)
	for it := set.Iterator(); it.HasNext(); {
		frame := it.Next()
		if frame != last+1 || last == 0 {
			n++
		}
		last = frame
	}
	return n
}

// run answers by the plan. sure is false where Wireshark was not there to ask.
func (q *filtering) run(ctx context.Context) (set *roaring.Bitmap, sure bool, err error) {
	if q.within == nil && q.answer != nil && q.answer.Unsure.IsEmpty() {
		q.c.noteSure(spelling(q.expr), q.answer.Yes, q.rules)
	}
	switch q.plan.Way {
	case plan.Headers:
		return q.answer.Yes, true, nil
	case plan.Side:
		if set, err = q.bySide(ctx); err == nil || ctx.Err() != nil {
			return set, true, err
		}
	case plan.Rows:
		if set, err = q.byRows(ctx); err == nil || ctx.Err() != nil {
			return set, true, err
		}
	}
	return q.whole(ctx)
}

// bySide asks tshark about the packets that headers are not sure of, as a capture
// of their own.
func (q *filtering) bySide(ctx context.Context) (*roaring.Bitmap, error) {
	set := q.answer.Yes.Clone()
	query := wireshark.FieldsQuery{Filter: q.expr, Fields: []string{"frame.number"}}
	err := q.c.askSide(ctx, q.rules, q.answer.Unsure, query, func(frame uint32, _ []string) error { set.Add(frame); return nil })
	return set, err
}

// askSide asks tshark about some frames as a capture of their own.
func (c *Capture) askSide(ctx context.Context, r *rules, frames *roaring.Bitmap, query wireshark.FieldsQuery, each func(frame uint32, cells []string) error) error {
	defer c.session.wait(fmt.Sprintf("asking tshark about %d packets", frames.GetCardinality()), unknown)()
	src := side.Source{
		File: c.file, Table: c.session.table, Walker: r.walker,
		Tools: c.session.cfg.Tools, Config: c.config, TempDir: c.session.cfg.TempDir,
	}
	return side.Ask(ctx, src, frames, query, each)
}

// sideAllowed says whether a question about some fields is the same in a side
// capture.
func (c *Capture) sideAllowed(fields []string) bool {
	return c.session.cfg.Tools.Tshark != "" && !c.file.Guessed() && side.Allowed(c.session.table, fields)
}

// byRows asks sharkd for the filter's fields of the packets that headers are not
// sure of, and evaluates it over those.
func (q *filtering) byRows(ctx context.Context) (*roaring.Bitmap, error) {
	c := q.c
	if _, err := c.reach(ctx, plan.Question{}, c.size); err != nil {
		return nil, err
	}
	deep := c.startDeep()
	if deep == nil {
		return nil, errLoading
	}
	if c.Deep().State != plan.Ready {
		if hurried(ctx) {
			return nil, errLoading
		}
		stop := c.session.wait("Wireshark's dissectors are loading "+c.Name(), func() float64 { return deep.State().Fraction })
		err := deep.Wait(ctx)
		stop()
		if err != nil {
			return nil, err
		}
	}
	defer c.session.wait("filtering "+c.Name(), unknown)()
	set := q.answer.Yes.Clone()
	names := q.program.FieldNames()
	err := deep.Columns(ctx, q.answer.Unsure.ToArray(), names, func(frame uint32, values []string) error {
		if q.program.Match(filter.FromColumns(names, values, q.fields)) {
			set.Add(frame)
		}
		return nil
	})
	return set, err
}

// whole asks a tier about every packet, or, where that is pktsh's own dissectors,
// about those that headers leave open.
func (q *filtering) whole(ctx context.Context) (*roaring.Bitmap, bool, error) {
	t, choice, err := q.c.tier(ctx, plan.Question{})
	if err != nil {
		return nil, false, err
	}
	own, isOwn := t.(nativeTier)
	if !isOwn || q.rules == nil {
		defer q.c.session.wait("filtering "+q.c.Name(), unknown)()
		set, err := t.Filter(ctx, q.expr)
		if err != nil {
			return nil, false, err
		}
		if !choice.Preview {
			q.c.keep(spelling(q.expr), set)
		}
		return common(set, q.within), !choice.Preview, nil
	}
	set, err := own.filterOf(ctx, q.program, q.answer.Unsure)
	if err != nil {
		return nil, false, err
	}
	set.Or(q.answer.Yes)
	return set, !choice.Preview, nil
}
