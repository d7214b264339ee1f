package engine

import (
	"context"
	"iter"
	"slices"

	"pktsh/engine/column"
	"pktsh/engine/plan"
)

// This file tells which values a field has in a capture, for completion: out of what
// is in memory, without a wait and without a dissection.

// seenKept is how many values of a field are kept, the most frequent ones.
const seenKept = 200

// Seen is the values of a field in a capture.
type Seen struct {
	// Values are the most frequent first.
	Values []column.Count
	// Partial says that not every packet was asked: there may be more.
	Partial bool
}

// Seen returns the values of a field in the capture, nil while they are not known.
// Of fields that packets' headers have, the first call begins to count them in the
// background; those of others are known once their column was loaded.
func (c *Capture) Seen(field string) *Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	generation := c.Generation()
	if s, asked := c.seen[field]; asked && s.generation == generation {
		return s.answer
	}
	count := c.counter(field)
	if count == nil {
		return nil
	}
	if c.seen == nil {
		c.seen = map[string]*seenField{}
	}
	s := &seenField{generation: generation, done: make(chan struct{})}
	c.seen[field] = s
	c.inBackground(func(ctx context.Context) error {
		defer close(s.done)
		found, err := count(ctx)
		if err != nil {
			return err
		}
		found.Values = slices.Clip(found.Values[:min(len(found.Values), seenKept)])
		c.mu.Lock()
		s.answer = found
		c.mu.Unlock()
		return nil
	})
	return nil
}

// seenField is what is known of a field, or being counted.
type seenField struct {
	generation uint64
	answer     *Seen         // nil while it is counted
	done       chan struct{} // closed when it was counted, or cannot be
}

// WaitSeen is Seen that waits for what is being counted, until ctx is done.
func (c *Capture) WaitSeen(ctx context.Context, field string) *Seen {
	if s := c.Seen(field); s != nil {
		return s
	}
	c.mu.Lock()
	s := c.seen[field]
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	select {
	case <-s.done:
		return c.SeenSoFar(field)
	case <-ctx.Done():
		return nil
	}
}

// counter is how a field's values are counted without a dissection; nil when they
// cannot be.
func (c *Capture) counter(field string) func(context.Context) (*Seen, error) {
	if col := c.wholeColumn(field); col != nil {
		return func(context.Context) (*Seen, error) {
			return &Seen{Values: col.CountBy(upTo(c.size))}, nil
		}
	}
	access, known := c.session.table.Access(field)
	if !known || access.Doubtful || c.session.Mode() == plan.Wireshark {
		return nil
	}
	return func(ctx context.Context) (*Seen, error) {
		r, err := c.rules(ctx)
		if err != nil {
			return nil, err
		}
		col, open, err := c.own.Column(ctx, r.walker, access, func(int64, int64) {})
		if err != nil {
			return nil, err
		}
		return &Seen{Values: col.CountBy(upTo(c.size)), Partial: !open.IsEmpty()}, nil
	}
}

// wholeColumn returns a field's column when it was loaded before.
func (c *Capture) wholeColumn(field string) *column.Column {
	if col, ok := c.columns.Get(field); ok {
		if whole, ok := col.(*column.Column); ok {
			return whole
		}
	}
	return nil
}

// upTo are the numbers from 0 up to n.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
}
