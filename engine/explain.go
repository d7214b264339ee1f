package engine

import (
	"context"
	"time"

	"pktsh/dissect"
	"pktsh/engine/filter"
	"pktsh/engine/plan"
)

// Explanation says how a question is answered, and why.
type Explanation struct {
	// Filter is the question, Packets how many there are to ask.
	Filter  string
	Packets int
	// Known says that the answer is kept from an earlier question; nothing more is
	// said then.
	Known bool
	// Steps are the filter's parts in the order in which they are asked, each about
	// the packets that those before leave; then no more is said. Nil for a filter
	// that is one question.
	Steps []Step
	Plan  plan.FilterPlan
	// Asked says that packets' headers were asked: Sure is how many of them tell,
	// Unsure counts the others by the reason, Took how long it took.
	Asked  bool
	Sure   int
	Unsure map[dissect.Class]int
	Took   time.Duration
	// Version is Wireshark's, Verified says that pktsh's own answers have been
	// compared with it, Caution what Wireshark is told or given that leaves nothing sure.
	Version  string
	Verified bool
	Caution  string
}

// Explain says how a filter would be answered. It asks the packets' headers, but
// not Wireshark. The error of a bad filter is a *filter.Error.
func (c *Capture) Explain(ctx context.Context, expr string) (*Explanation, error) {
	expr, err := c.session.ExpandFilter(expr)
	if err != nil {
		return nil, err
	}
	if err := c.checkFilter(ctx, expr); err != nil {
		return nil, err
	}
	e := &Explanation{Filter: expr, Packets: c.size}
	if e.Known = c.known(spelling(expr)) != nil; e.Known {
		return e, nil
	}
	if l := filter.Split(expr); l != nil {
		if e.Steps = c.steps(l); len(e.Steps) > 1 {
			return e, nil
		}
		e.Steps = nil
	}
	began := time.Now()
	err = c.file.Guard(func() error {
		q, err := c.ask(ctx, expr, nil)
		if err != nil {
			return err
		}
		e.Plan = q.plan
		if q.rules != nil {
			e.Version, e.Verified, e.Caution = q.rules.version, q.rules.verified, q.rules.caution
		}
		if q.answer != nil {
			e.Asked, e.Took = true, time.Since(began)
			e.Unsure = q.answer.Classes
			e.Sure = c.size - int(q.answer.Unsure.GetCardinality())
		}
		return nil
	})
	if err != nil {
		return nil, c.because(err)
	}
	return e, nil
}

// Verified returns the version of Wireshark by whose registrations headers are
// walked and whether pktsh's own answers have been compared with it; "" where
// there is none.
func (c *Capture) Verified(ctx context.Context) (version string, verified bool) {
	r, err := c.rules(ctx)
	if err != nil {
		return "", false
	}
	return r.version, r.verified
}

// ReadFilter returns how a filter is read: its syntax tree, a node a line, with the
// type of every operand. The error of a bad filter is a *filter.Error.
func (c *Capture) ReadFilter(ctx context.Context, expr string) (string, error) {
	expr, err := c.session.ExpandFilter(expr)
	if err != nil {
		return "", err
	}
	if err := c.checkFilter(ctx, expr); err != nil {
		return "", err
	}
	e, err := filter.Parse(expr)
	if err != nil {
		return "", err
	}
	checked, err := filter.Check(e, c.session.fields)
	if err != nil && c.session.deepAllowed() { // it has fields that only Wireshark knows
		var all *dissect.Catalogue
		if all, err = c.session.WaitCatalogue(ctx); err != nil {
			return "", err
		}
		checked, err = filter.Check(e, all)
	}
	if err != nil {
		return "", err
	}
	return checked.Dump(), nil
}
