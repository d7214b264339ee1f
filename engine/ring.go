package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/engine/capfile"
	"pktsh/engine/native"
)

// This file keeps of a live capture the last packets only. What is left is a capture
// like any other, numbered from 1, as in the file that Save writes and as Wireshark
// does with its ring buffer: in what it says of a packet it names others by number, and
// these have to be right. Handles on packets and slices follow their packets.

// ringSlack is the part of a bound by which it is exceeded before packets go: each time
// costs what was answered.
const ringSlack = 4

// at is the packet's number now, 0 when a ring has let it go.
func (p *Packet) at() uint32 {
	gone := p.capture.shed - p.born
	if uint64(p.frame) <= gone {
		return 0
	}
	return p.frame - uint32(gone)
}

// letGo is the error of a packet that is gone.
func (c *Capture) letGo() error {
	return fmt.Errorf("this packet is gone: the ring of %s let go %d packets and keeps the last %d", c.Name(), c.shed, c.size)
}

// surplus is how many packets the ring lets go now.
func (c *Capture) surplus() int {
	r := c.live.options.Ring
	n := 0
	if keep := r.Packets; keep > 0 && c.size > keep+keep/ringSlack {
		n = c.size - keep
	}
	if keep := r.Bytes; keep > 0 && c.file.Held() > keep+keep/ringSlack {
		n = max(n, c.file.Before(c.file.End()-keep))
	}
	if keep := r.Age; keep > 0 && c.size > 0 {
		if _, newest, timed := c.file.Times(); timed {
			n = max(n, c.olderThan(newest-int64(keep), newest-int64(keep+keep/ringSlack)))
		}
	}
	return c.live.unread(c.file, n)
}

// olderThan counts the packets before the first one of a time, if the first packet is
// from before another.
func (c *Capture) olderThan(kept, due int64) int {
	if c.file.Record(0).Time >= due {
		return 0
	}
	n := 0
	for n < c.size && c.file.Record(n).Time < kept {
		n++
	}
	return n
}

// enforce lets packets go that the ring does not keep.
func (c *Capture) enforce() error {
	if !c.live.options.Ring.Bounded() {
		return nil
	}
	n := c.surplus()
	if n == 0 {
		return nil
	}
	c.mu.Lock()
	deep := c.deep
	c.deep = nil
	c.mu.Unlock()
	if deep != nil {
		_ = deep.Close() // the process is gone in any case
	}
	c.ahead.disband()
	c.peek.close()
	c.own.Close()
	err := errors.Join(c.deepFor.close(), c.file.Forget(n, c.live.spool.File()))
	kept, keptErr := c.file.Remaining()
	c.shed += uint64(n)
	c.live.shed(n, kept)
	own := native.New(c.file)
	own.Growing()
	c.use(c.file, own)
	c.forget()
	return errors.Join(err, keptErr)
}

// checkRing refuses bounds that are none.
func checkRing(r Ring) error {
	switch {
	case r.Packets < 0:
		return fmt.Errorf("ring: got %d packets, want 0 (no bound) or more", r.Packets)
	case r.Bytes < 0:
		return fmt.Errorf("ring: got %d bytes, want 0 (no bound) or more", r.Bytes)
	case r.Age < 0:
		return fmt.Errorf("ring: got %v, want 0 (no bound) or more", r.Age)
	case r.Age > 0 && r.Age < time.Millisecond:
		return fmt.Errorf("ring: got an age of %v, want at least a millisecond", r.Age)
	}
	return nil
}

// fixed is the view of some packets of the view.
func (v *View) fixed(frames frameSet) *View {
	return &View{capture: v.capture, base: v, frames: frames, shed: v.capture.shed}
}

// renumber has a slice follow its packets when a ring let some go. The view is locked.
func (v *View) renumber() {
	gone := v.capture.shed - v.shed
	v.shed = v.capture.shed
	if gone == 0 || v.frames == nil || v.filter != "" {
		return
	}
	switch frames := v.frames.(type) {
	case bitmap:
		v.frames = bitmap{roaring.AddOffset64(frames.Bitmap, -int64(gone))}
	case list:
		v.frames = list(renumbered(frames, gone))
	case order:
		v.frames = newOrder(renumbered(frames.frames, gone))
	}
}

// renumbered are frames' numbers without those that are gone.
func renumbered(frames []uint32, gone uint64) []uint32 {
	out := slices.DeleteFunc(slices.Clone(frames), func(f uint32) bool { return uint64(f) <= gone })
	for i := range out {
		out[i] -= uint32(gone)
	}
	return out
}

// Came is how many packets have come to the capture until the last Refresh, those
// included that a ring let go.
func (c *Capture) Came() uint64 { return c.shed + uint64(c.size) }

// After is the frame number of the first packet of the capture that came when so many
// had come already; 1 when a ring let that go, too.
func (c *Capture) After(came uint64) uint32 {
	return uint32(max(int64(came)-int64(c.shed), 0)) + 1
}

// saveRing writes what a ring kept to the output, at the end.
func (c *Capture) saveRing() error {
	o := c.live.options
	if !o.Ring.Bounded() || o.Output == "" {
		return nil
	}
	c.end()
	c.background.Wait()
	if _, err := c.file.Grow(context.Background()); err != nil {
		return err
	}
	all := func(yield func(int) bool) {
		for i := range c.file.Len() {
			if !yield(i) {
				return
			}
		}
	}
	_, err := capfile.Save(context.Background(), o.Output, c.file, all, capfile.SaveOptions{Force: true})
	return err
}
