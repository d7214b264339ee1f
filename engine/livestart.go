package engine

import (
	"context"
	"errors"
	"os"
	"time"

	"pktsh/engine/capfile"
	"pktsh/engine/live"
	"pktsh/engine/wireshark"
)

// OpenLive opens a capture of an interface that does not run yet: SniffMore begins it.
// What Sniff would refuse is refused now: to find out, it captures for a moment and
// keeps nothing of that.
func (s *Session) OpenLive(ctx context.Context, o LiveOptions) (*Capture, error) {
	cfg, err := s.dissectionFor(ctx, OpenOptions{Dissection: o.Dissection})
	if err != nil {
		return nil, err
	}
	if o, err = s.resolve(ctx, o); err != nil {
		return nil, err
	}
	if err := s.tryOut(ctx, o); err != nil {
		return nil, err
	}
	l := &Live{options: o, keep: o.direct(), began: time.Now(), state: LiveStopped}
	if l.spool, err = s.newSpool(o, l.began); err != nil {
		return nil, err
	}
	c, err := s.followEmpty(ctx, l, cfg)
	if err != nil {
		return nil, errors.Join(err, l.discard())
	}
	return c, nil
}

// followEmpty makes a capture of a spool without packets. It gets the head of a file, so
// that Wireshark can be asked if a filter is one.
func (s *Session) followEmpty(ctx context.Context, l *Live, cfg wireshark.Config) (*Capture, error) {
	w, err := l.spool.Writer()
	if err != nil {
		return nil, err
	}
	if err = errors.Join(capfile.NewBlockWriter(w).Section("pktsh"), w.Close()); err != nil {
		return nil, err
	}
	return s.followSpool(ctx, l, cfg)
}

// newSpool makes what a capture is captured into.
func (s *Session) newSpool(o LiveOptions, now time.Time) (*live.Spool, error) {
	if o.direct() {
		return live.OutputSpool(o.Output, now)
	}
	return live.NewSpool(s.spoolDir(), now)
}

// tryOut captures for a moment, into nothing.
func (s *Session) tryOut(ctx context.Context, o LiveOptions) error {
	nothing, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	o.Count, o.Timeout, o.Bytes = 0, 0, 0
	source, err := s.source(ctx, nothing, o)
	if err != nil {
		return s.adviseOn(ctx, err)
	}
	return source.Stop()
}
