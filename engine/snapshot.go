package engine

import (
	"context"
	"errors"
	"os"
	"sync"

	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file gives Wireshark's dissectors a capture that grows: sharkd reads a file to
// its end and sees nothing that comes later, so it gets a copy of the whole records
// that are there, and another one when it is asked about packets that the copy lacks.

// snapshot is what Wireshark's dissectors read.
type snapshot struct {
	making sync.Mutex // one at a time

	mu     sync.Mutex
	taken  bool
	frames int
	size   int64
	file   *os.File // nil where it is the capture's own file
}

func (s *snapshot) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.file
	s.file, s.taken = nil, false
	if file == nil {
		return nil
	}
	return file.Close()
}

// input is what Wireshark's programs read for the capture.
func (c *Capture) input() wireshark.Input {
	path, inherit := c.file.DissectorFile()
	in := wireshark.Input{Path: path, Inherit: inherit, Frames: c.size, Size: c.file.Size()}
	if c.live == nil {
		return in
	}
	s := &c.deepFor
	s.mu.Lock()
	defer s.mu.Unlock()
	in.Path, in.Frames, in.Size = c.Name(), s.frames, s.size
	if s.file != nil {
		in.Inherit = s.file
	}
	return in
}

// covered says that Wireshark's dissectors have, or would read, a capture's packets up
// to a frame. When none will come any more, that is all of them: later packets
// change what is said of earlier ones.
func (c *Capture) covered(frame int) bool {
	if c.live == nil {
		return true
	}
	s := &c.deepFor
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken && frame <= s.frames && (s.frames == c.size || c.live.running())
}

// dissected is how many packets a question about one of them may as well be put of.
func (c *Capture) dissected(frame int) int {
	if c.live == nil || !c.covered(frame) {
		return c.size
	}
	s := &c.deepFor
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frames
}

// reach sees to it that Wireshark's dissectors read a capture's packets up to a
// frame. It says so, or that a question that takes a preview shall do with one: it is
// no reason to read a capture again that has not doubled.
func (c *Capture) reach(ctx context.Context, q plan.Question, frame int) (bool, error) {
	if c.covered(frame) || !c.session.deepAllowed() {
		return true, nil
	}
	s := &c.deepFor
	s.mu.Lock()
	worth := c.size >= 2*s.frames
	s.mu.Unlock()
	if q.PreviewAllowed && c.session.Mode() == plan.Auto && (hurried(ctx) || !worth) {
		return false, nil
	}
	return true, c.snap(ctx)
}

// snap has Wireshark's dissectors read all packets that are there.
func (c *Capture) snap(ctx context.Context) error {
	s := &c.deepFor
	s.making.Lock()
	defer s.making.Unlock()
	if c.covered(c.size) {
		return nil
	}
	if c.file.End() == 0 {
		return errNothingYet
	}
	var file *os.File
	if c.live.running() || c.file.Cut() != "" || c.file.Forgotten() > 0 {
		var err error
		if file, err = c.file.Snapshot(ctx, c.session.cfg.TempDir); err != nil {
			return err
		}
	}
	c.mu.Lock()
	deep := c.deep
	c.deep = nil
	c.mu.Unlock()
	s.mu.Lock()
	old := s.file
	s.taken, s.frames, s.size, s.file = true, c.size, c.file.End(), file
	s.mu.Unlock()
	var err error
	if deep != nil {
		_ = deep.Close() // the process is gone in any case
	}
	if old != nil {
		err = old.Close()
	}
	c.trees.Purge()
	c.rows.Purge()
	return err
}

// errNothingYet answers what only packets could.
var errNothingYet = errors.New("nothing has been captured yet")
