package engine

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"pktsh/engine/column"
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
	busy bool // it loads a page
}

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
	a.crew.second = c.newDeep(c.session.dissectorMemory() / 2)
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
	if s := a.crew.second; s != nil && s.State().Phase == wireshark.Ready {
		a.crew.join(s)
	}
	for _, m := range a.crew.members {
		if a.run == nil || a.run.at >= a.run.end {
			return
		}
		if !m.busy {
			m.busy = true
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
			m.busy = false
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
