package engine

// Counted returns the values of a field that are known of the capture already, nil
// for none: it starts no counting and waits for nothing. [Capture.Seen] does start one.
func (c *Capture) Counted(field string) *Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	if s, asked := c.seen[field]; asked && s.generation == c.Generation() && s.answer != nil {
		return s.answer
	}
	if col := c.wholeColumn(field); col != nil {
		return &Seen{Values: col.CountBy(upTo(c.size))}
	}
	return nil
}
