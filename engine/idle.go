package engine

import (
	"context"
	"time"
)

// This file keeps rings within their bounds while nobody asks anything: a capture
// grows on disk although the user is at lunch.

// idleInterval is how often captures are taken in then.
const idleInterval = 500 * time.Millisecond

// Ask says that questions are about to be asked, until done is called. Who uses it
// for all of them has the captures that a ring bounds taken in between: then
// packets' numbers may have changed from one Ask to the next. Asks may be nested.
func (s *Session) Ask() (done func()) {
	s.asked.Store(true)
	s.asking.RLock()
	return s.asking.RUnlock
}

// keepRing takes a capture in now and then, when nobody asks, until it is closed.
func (c *Capture) keepRing() {
	ticker := time.NewTicker(idleInterval)
	defer ticker.Stop()
	s := c.session
	for !c.Closed() {
		select {
		case <-ticker.C:
		case <-c.live.closing:
			return
		}
		// Never a waiting writer: nested Asks would wait for it.
		if !s.asked.Load() || !s.asking.TryLock() {
			continue
		}
		if !c.Closed() {
			_, _ = c.Refresh(context.Background()) // what is wrong the next question says
		}
		s.asking.Unlock()
	}
}
