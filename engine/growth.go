package engine

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"
)

// This file takes packets into a capture that grows, and keeps of what was answered
// that which later packets do not change.

// Refresh takes in the packets that came since the last time and returns how many.
// For a capture of a file it does nothing. No question may run meanwhile. The cost is
// that of the new packets.
func (c *Capture) Refresh(ctx context.Context) (grown int, err error) {
	if c.live == nil {
		return 0, nil
	}
	if c.Closed() {
		return 0, c.check()
	}
	// The order matters: what is read after a run has ended is all of it.
	running := c.live.running()
	settled := !running && !c.live.settled
	if !settled && c.file.Waiting(1) == 0 {
		return 0, nil
	}
	// What looks at the packets in the background begins anew.
	c.end()
	c.background.Wait()
	defer func() { c.ctx, c.end = context.WithCancel(c.session.ctx) }()
	grown, err = c.file.Grow(ctx)
	if errors.Is(err, context.Canceled) && c.session.ctx.Err() == nil && grown > 0 {
		err = nil // the rest comes the next time
	}
	if grown > 0 || settled {
		c.outgrow()
	}
	c.live.settled = !running && err == nil
	return grown, errors.Join(err, c.enforce())
}

// outgrow makes the capture as large as its file.
func (c *Capture) outgrow() {
	c.rows.Remove(uint32(c.size)/rowBlock*rowBlock + 1) // it may have been cut short
	c.own.Grow()
	c.use(c.file, c.own)
	c.columns.Purge()
	c.ahead.disband()
	c.ahead = newAhead(c.columns)
	c.counts.Purge()
	c.peek.close()
	c.peek.reopen()
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := map[string]earlierSet{}
	for text, e := range c.earlier {
		if e.set != nil {
			kept[text] = e
		}
	}
	c.sets, c.earlier = map[string]*roaring.Bitmap{}, kept
	c.generation.Add(1)
	c.session.generation.Add(1)
}

// earlierSet is the answer to a filter that packets' own headers decide, for the first
// packets of a capture that has grown since.
type earlierSet struct {
	set   *roaring.Bitmap
	upTo  int
	rules *rules // that headers were walked by
}

// noteSure keeps an answer that no later packet changes, of a capture that grows.
func (c *Capture) noteSure(text string, set *roaring.Bitmap, r *rules) {
	if c.live == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.earlier == nil {
		c.earlier = map[string]earlierSet{}
	}
	c.earlier[text] = earlierSet{set, c.size, r}
}

// continued answers a filter by what it let through when the capture was smaller, and
// by the headers of the packets that came since; nil where these do not decide it.
func (c *Capture) continued(ctx context.Context, text string) (*roaring.Bitmap, error) {
	c.mu.Lock()
	e, known := c.earlier[text]
	c.mu.Unlock()
	if !known || e.upTo >= c.size {
		return nil, nil
	}
	news := roaring.New()
	news.AddRange(uint64(e.upTo)+1, uint64(c.size)+1)
	q := &filtering{c: c, expr: text, within: news}
	if err := q.scan(ctx); err != nil {
		return nil, err
	}
	if q.answer == nil || q.rules != e.rules || !q.answer.Unsure.IsEmpty() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.earlier, text)
		return nil, nil
	}
	set := roaring.Or(e.set, q.answer.Yes)
	c.noteSure(text, set, e.rules)
	c.keep(text, set)
	return set, nil
}

// RefreshLive is Refresh of every capture that packets come to.
func (s *Session) RefreshLive(ctx context.Context) error {
	var errs []error
	for _, c := range s.Captures() {
		if c.live != nil {
			_, err := c.Refresh(ctx)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
