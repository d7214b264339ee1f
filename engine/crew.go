package engine

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"pktsh/engine/column"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file shares the columns that a loop needs among several of Wireshark's
// processes: each answers one question at a time, and there is more than one core.
// A process reads the capture before it answers, so a second one is only worth its
// while where the first has not read it either.

// crewLeast is how many packets a loop has at least for which a second process is
// started.
const crewLeast = 20_000

// crew are the processes that load pages of columns.
type crew struct {
	members []*member
	// loop is how many packets the longest loop goes through.
	loop   int
	second *wireshark.Dissector // nil where there is none
}

// member is one of them.
type member struct {
	deep *wireshark.Dissector
	busy int // pages that it is asked for
}

// inFlight is how many pages a process is asked for at once: while one answer is read,
// it works on the next.
const inFlight = 2

// expectLoop says that a loop over n packets begins.
func (a *ahead) expectLoop(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.crew.loop = max(a.crew.loop, n)
}

// recruit starts a second process where a long loop begins before the first one has
// read the capture. What that one may take of the machine's memory, they share.
func (a *ahead) recruit(c *Capture) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.live != nil || a.crew.second != nil || a.crew.loop < crewLeast || runtime.GOMAXPROCS(0) < 2 || c.ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	first := c.deep
	c.mu.Unlock()
	// A process that is at work already would be through with the columns before
	// another has read the capture.
	if first != nil && first.State().Fraction > 0.1 {
		return
	}
	if c.startDeep() != nil {
		a.crew.second = c.newDeep(wireshark.Options{MemoryLimit: c.session.dissectorMemory() / 2, ColumnsOnly: true})
	}
}

// reader waits for a process that has read the capture, the first of two; nil where
// the first one cannot.
func (a *ahead) reader(ctx context.Context, c *Capture) *wireshark.Dissector {
	a.mu.Lock()
	second := a.crew.second
	a.mu.Unlock()
	if second == nil || c.Deep().State == plan.Ready {
		t, choice, err := c.tier(ctx, plan.Question{})
		deep, ok := t.(*wireshark.Dissector)
		if err != nil || !ok || choice.Preview {
			return nil
		}
		return deep
	}
	first := c.startDeep()
	if first == nil || c.check() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.session.wait("Wireshark's dissectors are loading "+c.Name(), func() float64 { return first.State().Fraction })()
	type end struct {
		of  *wireshark.Dissector
		err error
	}
	ends := make(chan end, 2)
	for _, d := range []*wireshark.Dissector{first, second} {
		go func() { ends <- end{d, d.Wait(ctx)} }()
	}
	for e := range ends {
		switch {
		case e.err == nil && c.judgeKeys(ctx, e.of) == nil:
			return e.of
		case e.err == nil, e.of == first:
			return nil
		}
	}
	return nil
}

// join makes a process one of the crew.
func (w *crew) join(deep *wireshark.Dissector) {
	for _, m := range w.members {
		if m.deep == deep {
			return
		}
	}
	w.members = append(w.members, &member{deep: deep})
}

// dismiss lets the second process go: nothing is left to load, or it failed.
func (w *crew) dismiss() *wireshark.Dissector {
	second := w.second
	w.second = nil
	w.members = slices.DeleteFunc(w.members, func(m *member) bool { return m.deep == second })
	return second
}

// disband ends the second process. Nothing may be loading.
func (a *ahead) disband() {
	a.mu.Lock()
	second := a.crew.dismiss()
	a.mu.Unlock()
	if second != nil {
		_ = second.Close() // how it ended is of no interest
	}
}

// muster has every process that is free load pages of the run.
func (a *ahead) muster(c *Capture) {
	if s := a.crew.second; s != nil {
		c.mu.Lock()
		first := c.deep
		c.mu.Unlock()
		for _, d := range []*wireshark.Dissector{first, s} {
			if d != nil && d.State().Phase == wireshark.Ready {
				a.crew.join(d)
			}
		}
	}
	for _, m := range a.crew.members {
		pages := 0
		if a.run != nil {
			pages = a.run.end - a.run.at
		}
		for ; m.busy < inFlight && pages > 0; pages-- {
			m.busy++
			c.inBackground(func(ctx context.Context) error { a.work(ctx, c, m); return nil })
		}
	}
}

// work loads one page after the other until none is left.
func (a *ahead) work(ctx context.Context, c *Capture, m *member) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		page, names := a.claim()
		if names == nil {
			m.busy--
			a.finish(c)
			return
		}
		a.mu.Unlock()
		values, err := a.load(ctx, c, m.deep, page, names)
		a.mu.Lock()
		a.loaded(ctx, c, m, page, names, values, err)
	}
}

// claim takes the next page of the run that lacks names.
func (a *ahead) claim() (page int, names []*wanted) {
	for run := a.run; run != nil && run.at < run.end; {
		page = run.at
		run.at++
		if names = a.lacking(page); len(names) > 0 {
			run.taken[page] = true
			return page, names
		}
	}
	return 0, nil
}

// loaded stores what a process answered.
func (a *ahead) loaded(ctx context.Context, c *Capture, m *member, page int, names []*wanted, values [][]column.Value, err error) {
	delete(a.run.taken, page)
	switch {
	case ctx.Err() != nil || errors.Is(err, wireshark.ErrClosed):
		a.halt()
	case err != nil && m.deep == a.crew.second: // the first one shall say what there is to say
		a.halt()
		a.release(c)
	default:
		for i, w := range names {
			a.keep(c, w, page, values[i])
		}
		a.muster(c)
	}
	a.wake()
}

// finish ends the run when nothing of it is left.
func (a *ahead) finish(c *Capture) {
	if a.run == nil || a.run.at < a.run.end || len(a.run.taken) > 0 {
		return
	}
	if a.run.end*column.PageSize >= c.size {
		a.release(c)
	}
	a.run = nil // who asks from here on starts another
	a.wake()
}

// release ends the second process in the background.
func (a *ahead) release(c *Capture) {
	if second := a.crew.dismiss(); second != nil {
		c.inBackground(func(context.Context) error { return second.Close() })
	}
}
