package engine

import (
	"context"
	"errors"

	"pktsh/engine/live"
)

// This file finds what sessions captured that died.

// Recoverable lists what sessions left behind that died while they captured, the
// newest first.
func (s *Session) Recoverable() ([]Spool, error) { return live.Recoverable(s.spoolDir()) }

// Recover opens what a session left behind. It stays there until it was saved, or is
// discarded.
func (s *Session) Recover(ctx context.Context, spool Spool) (*Capture, error) {
	if err := spool.Claim(); err != nil {
		return nil, err
	}
	l := &Live{
		options: LiveOptions{Interfaces: spool.Interfaces}, spool: &spool, keep: true, began: spool.Began, state: LiveStopped,
	}
	c, err := s.followSpool(ctx, l, s.Dissection())
	if err != nil {
		return nil, errors.Join(err, spool.Close())
	}
	if _, err := c.Refresh(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Discard removes what a session left behind.
func (s *Session) Discard(spool Spool) error {
	if err := spool.Claim(); err != nil {
		return err
	}
	return errors.Join(spool.Remove(), spool.Close())
}
