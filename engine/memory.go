package engine

// This file says how much memory answers and processes may take.

// defaultColumnMemory is what the columns of a capture may take: 64 fields of a
// million packets, or 6 of ten million.
const defaultColumnMemory = 256 << 20

func (s *Session) columnMemory() int64 {
	if s.cfg.ColumnMemory > 0 {
		return s.cfg.ColumnMemory
	}
	return defaultColumnMemory
}

// dissectorMemory is the limit of one process of Wireshark's, 0 for none. By default
// it leaves a quarter of the machine's memory: the kernel would otherwise choose
// what to end, and that may be the session.
func (s *Session) dissectorMemory() int64 {
	switch limit := s.cfg.DissectorMemory; {
	case limit < 0:
		return 0
	case limit > 0:
		return limit
	}
	return machineMemory() / 4 * 3
}

// ColumnMemory is how many bytes the capture's columns take, and the most that they
// may.
func (c *Capture) ColumnMemory() (used, limit int64) {
	c.columns.Fit()
	return c.columns.Used(), c.columns.Limit()
}
