package engine

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/capfile"
	"pktsh/engine/native"
	"pktsh/engine/wireshark"
)

// This file changes what a capture's answers depend on: how Wireshark is configured,
// and, in a capture of packets from memory, which packets there are. Views and
// packets that were handed out stay those of the capture and answer anew.

// Dissection is how Wireshark is configured.
type Dissection = wireshark.Config

// Dissection returns how Wireshark is configured for the capture.
func (c *Capture) Dissection() Dissection { return c.config.Clone() }

// Generation counts how often what the answers depend on has changed: an answer
// of an earlier generation is not one of the capture as it is.
func (c *Capture) Generation() uint64 { return c.generation.Load() }

// Reconfigure changes how Wireshark is configured for the capture. A configuration
// that Wireshark would not take is an error, and nothing has changed then. Every
// answer is forgotten and the next one comes from a fresh process. No question may
// run meanwhile.
func (c *Capture) Reconfigure(ctx context.Context, cfg Dissection) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := c.session.validate(ctx, cfg); err != nil {
		return err
	}
	if cfg.Key() == c.config.Key() {
		return nil
	}
	return c.renew(func() error {
		c.config = cfg.Clone()
		return nil
	})
}

// Append adds packets to a capture that OpenMemory opened. It adds all of them or,
// when one is refused, none; the error then names it. No question may run meanwhile.
func (c *Capture) Append(ctx context.Context, packets ...MemoryPacket) error {
	if c.growing == nil {
		return fmt.Errorf("%s is a file: packets can only be added to a capture in memory", c.Name())
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := c.growing.Add(packets...); err != nil {
		return err
	}
	f, err := c.growing.Open(ctx)
	if err != nil {
		return err
	}
	return c.renew(func() error {
		old, own := c.file, c.own
		c.use(f, native.New(f))
		own.Close()
		return old.Close()
	})
}

// use makes a file the capture's.
func (c *Capture) use(f *capfile.File, own *native.Dissector) {
	c.file, c.own, c.size = f, own, f.Len()
	c.digits = c.digits[:0]
	for _, i := range f.Interfaces() {
		c.digits = append(c.digits, timeDigits(i))
	}
}

// renew ends what runs, has change change what answers depend on, and forgets
// every answer.
func (c *Capture) renew(change func() error) error {
	c.end()
	c.background.Wait()
	c.mu.Lock()
	deep := c.deep
	c.deep = nil
	c.mu.Unlock()
	if deep != nil {
		// The process is gone in any case; how it ended is of no interest.
		_ = deep.Close()
	}
	c.ahead.disband()
	c.peek.close()
	err := change()
	c.forget()
	c.ctx, c.end = context.WithCancel(c.session.ctx)
	if c.session.cfg.Eager && c.live == nil {
		c.startDeep()
		c.inBackground(c.keepIndex)
	}
	return err
}

// forget drops every answer.
func (c *Capture) forget() {
	c.trees.Purge()
	c.rows.Purge()
	c.columns.Purge()
	c.ahead = newAhead(c.columns)
	c.counts.Purge()
	c.peek.reopen()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets, c.earlier, c.scans, c.judged = map[string]*roaring.Bitmap{}, nil, 0, false
	c.generation.Add(1)
	c.session.generation.Add(1)
}

// Generation counts the changes of what any of the session's captures answers.
func (s *Session) Generation() uint64 { return s.generation.Load() }

// MemoryPacket is a packet that does not come from a file.
type MemoryPacket = capfile.NewPacket

// OpenMemory opens a capture without packets, to which Append adds some. name
// stands for it in messages. Of the options only Dissection is looked at.
func (s *Session) OpenMemory(ctx context.Context, name string, o OpenOptions) (*Capture, error) {
	cfg, err := s.dissectionFor(ctx, o)
	if err != nil {
		return nil, err
	}
	growing, err := capfile.NewGrowing(name, capfile.Options{TempDir: s.cfg.TempDir})
	if err != nil {
		return nil, err
	}
	f, err := growing.Open(ctx)
	if err != nil {
		_ = growing.Close() // the reason is err
		return nil, err
	}
	return s.adopt(f, cfg, growing), nil
}

// SetDissection changes how Wireshark is configured for the captures that are
// opened from now on.
func (s *Session) SetDissection(ctx context.Context, cfg Dissection) error {
	if err := s.validate(ctx, cfg); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dissection = cfg.Clone()
	return nil
}

// Dissection returns how Wireshark is configured where a capture says nothing else.
func (s *Session) Dissection() Dissection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dissection.Clone()
}
