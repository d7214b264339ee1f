package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
)

// This file is what a capture does while nobody asks: it prepares the next
// questions, and what the next session needs.

// inBackground runs fn until it returns or the capture is closed.
func (c *Capture) inBackground(fn func(ctx context.Context) error) {
	c.background.Go(func() {
		// What goes wrong here costs time later, and nothing else: the question that
		// needs it says what is wrong.
		_ = c.file.Guard(func() error { return fn(c.ctx) })
	})
}

// keepIndex keeps the index on disk, and, where somebody will go on asking, numbers
// the packets' flows and keeps them with it. The index is kept even when the capture
// is closed meanwhile: that takes some 20 ns a packet, a tenth of what it saves.
func (c *Capture) keepIndex(ctx context.Context) error {
	whatever := context.WithoutCancel(ctx)
	if !c.session.cfg.Eager {
		return c.file.SaveIndex(whatever, nil)
	}
	r, err := c.rules(ctx)
	if err != nil {
		return c.file.SaveIndex(whatever, nil)
	}
	name := c.flowsName(r)
	if data := c.file.CacheSection(name); data != nil && c.own.LoadFlows(data, r.walker) {
		return nil
	}
	if err := c.own.BuildFlows(ctx, r.walker); err != nil {
		return c.file.SaveIndex(whatever, nil)
	}
	return c.file.SaveIndex(whatever, map[string][]byte{name: c.own.Flows()})
}

// flowsName is the section that flows are kept in. Flows are the walk's, so
// another program, another Wireshark or other settings have others.
func (c *Capture) flowsName(r *rules) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %s ", r.version, r.caution, c.config.Key())
	if path, err := os.Executable(); err == nil {
		if stat, err := os.Stat(path); err == nil {
			fmt.Fprint(h, stat.Size(), stat.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("flows %016x", h.Sum64())
}
