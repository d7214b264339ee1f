package engine

import (
	"context"
	"slices"

	"pktsh/dissect"
)

// This file tells completion what is in memory of a capture: nothing here reads,
// waits or dissects.

// TreesAtHand returns the trees of packets that were dissected lately, the newest
// first, at most n.
func (c *Capture) TreesAtHand(n int) []*dissect.Tree {
	trees := c.trees.Values() // the oldest first
	slices.Reverse(trees)
	return trees[:min(n, len(trees))]
}

// ProtocolsAtHand counts what stands in the protocol column ("DNS", "TLSv1.2") of
// the rows that were listed lately.
func (c *Capture) ProtocolsAtHand() map[string]int {
	out := map[string]int{}
	for _, block := range c.rows.Values() {
		for i := range block {
			out[block[i].Protocol]++
		}
	}
	return out
}

// SeenSoFar returns what Seen does, without beginning to count.
func (c *Capture) SeenSoFar(field string) *Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, asked := c.seen[field]; asked && s.generation == c.Generation() {
		return s.answer
	}
	return nil
}

// FieldsSeen returns the fields that SeenSoFar knows the values of, in order.
func (c *Capture) FieldsSeen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for field, s := range c.seen {
		if s.generation == c.Generation() && s.answer != nil {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// RowAtHand returns a packet's row in Wireshark's default columns, where it is in
// memory.
func (c *Capture) RowAtHand(frame uint32) (dissect.Summary, bool) {
	if frame == 0 {
		return dissect.Summary{}, false
	}
	rows, ok := c.rows.Peek((frame-1)/rowBlock*rowBlock + 1)
	i := int((frame - 1) % rowBlock)
	if !ok || i >= len(rows) {
		return dissect.Summary{}, false
	}
	return rows[i], true
}

// AwaitCatalogue is Catalogue that waits for it until ctx is done, without a sign of
// that: for who can do something else meanwhile.
func (s *Session) AwaitCatalogue(ctx context.Context) *dissect.Catalogue {
	c, _ := s.loadedCatalogue(ctx) // its only error is ctx's
	return c
}
