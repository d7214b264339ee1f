package engine

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"pktsh/dissect"
	"pktsh/engine/capfile"
)

// errStop ends a row callback early; it never leaves this package.
var errStop = errors.New("stop")

type summary = dissect.Summary

// Row is a packet's row in the packet list with its times as text.
type Row struct {
	dissect.Summary
	// Time is written in the session's time format.
	Time string
	// Delta is the seconds since the packet captured before.
	Delta string
}

// row completes a summary with what the index knows.
func (c *Capture) row(s summary, displayed uint32) Row {
	r := Row{Summary: s}
	if s.Length == math.MaxInt32 {
		r.Length = c.file.Record(int(s.Number) - 1).Original // where the field frame.len ends; the column goes on
	}
	r.Delta = c.timeText(TimeDelta, s.Number, 0)
	r.Time = c.timeText(c.session.Times(), s.Number, displayed)
	return r
}

// timeText is the Time column of a packet; displayed is the packet that is listed
// before it, 0 for none.
func (c *Capture) timeText(format TimeFormat, frame, displayed uint32) string {
	i := int(frame) - 1
	rec := c.file.Record(i)
	if !rec.HasTime {
		return ""
	}
	digits := 6
	if rec.Interface < len(c.digits) {
		digits = c.digits[rec.Interface]
	}
	reference := rec.Time
	switch format {
	case TimeDelta:
		if i > 0 {
			if p := c.file.Record(i - 1); p.HasTime {
				reference = p.Time
			}
		}
	case TimeDeltaDisplayed:
		if displayed > 0 {
			reference = c.file.Record(int(displayed) - 1).Time
		}
	default:
		reference = c.firstTime()
	}
	return formatTime(format, rec.Time, reference, digits)
}

// firstTime is what relative times count from: the first packet's time.
func (c *Capture) firstTime() int64 {
	if c.size == 0 {
		return 0
	}
	return c.file.Record(0).Time
}

// Packet is a handle on one packet; there may be several on the same one. It is
// dissected on first use; the tree is kept as long as the handle is, and by the
// capture while it is among those asked for last. It is safe for concurrent use.
type Packet struct {
	capture *Capture
	frame   uint32 // when the handle was made
	born    uint64 // how many packets the ring had let go then
	record  capfile.Record

	mu         sync.Mutex
	tree       *dissect.Tree
	layers     []string // top-level protocols, nil until asked for
	generation uint64   // the capture's that tree is of
}

// Capture returns the packet's capture.
func (p *Packet) Capture() *Capture { return p.capture }

// Number returns the frame number, from 1. In a capture that a ring bounds, numbers
// count from the oldest packet that is kept; it is 0 for one that is not.
func (p *Packet) Number() uint32 { return p.at() }

// Length returns the packet's length on the wire in bytes.
func (p *Packet) Length() int { return int(p.record.Original) }

// CapturedLength returns how many bytes of it were captured.
func (p *Packet) CapturedLength() int { return int(p.record.Captured) }

// Time returns when it was captured, to the nanosecond, in the local zone; ok
// is false when the file does not say.
func (p *Packet) Time() (t time.Time, ok bool) {
	return time.Unix(0, p.record.Time), p.record.HasTime
}

// Interface returns the name of the interface it was captured on; ok is false
// when the file does not say.
func (p *Packet) Interface() (name string, ok bool) {
	ifs := p.capture.file.Interfaces()
	if p.record.Interface >= len(ifs) || ifs[p.record.Interface].Name == "" {
		return "", false
	}
	return ifs[p.record.Interface].Name, true
}

// File returns the path of the file it came from, which differs between the
// packets of a merged capture.
func (p *Packet) File() string {
	paths := p.capture.file.Paths()
	if frame := p.at(); frame > 0 {
		if i := p.capture.file.Source(int(frame) - 1); i < len(paths) {
			return paths[i]
		}
	}
	return ""
}

// Bytes returns a copy of the captured bytes.
func (p *Packet) Bytes() ([]byte, error) {
	if err := p.capture.check(); err != nil {
		return nil, err
	}
	frame := p.at()
	if frame == 0 {
		return nil, p.capture.letGo()
	}
	var out []byte
	err := p.capture.file.Guard(func() error {
		out = append(out, p.capture.file.Data(int(frame)-1)...)
		return nil
	})
	return out, err
}

// Tree dissects the packet.
func (p *Packet) Tree(ctx context.Context) (*dissect.Tree, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renew()
	if p.tree != nil {
		return p.tree, nil
	}
	if t, ok := p.capture.trees.Get(p.at()); ok {
		p.tree = t
		return t, nil
	}
	t, sure, err := p.capture.tree(ctx, p.at())
	if err != nil {
		return nil, err
	}
	if sure {
		p.tree = t
		p.capture.trees.Add(p.at(), t)
	}
	return t, nil
}

// Layers returns the filter names of the packet's top-level protocols, frame apart,
// for less than half of what the tree costs when that is not at hand.
func (p *Packet) Layers(ctx context.Context) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renew()
	if p.layers != nil {
		return p.layers, nil
	}
	t, sure := p.tree, true
	if t == nil {
		var ok bool
		if t, ok = p.capture.trees.Get(p.at()); !ok {
			var err error
			if t, sure, err = p.capture.outline(ctx, p.at()); err != nil {
				return nil, err
			}
		}
	}
	names := []string{}
	for _, l := range t.Layers() {
		names = append(names, l.Name)
	}
	if sure {
		p.layers = names
	}
	return names, nil
}

// Dissected returns the packet's tree if it is at hand; it never waits.
func (p *Packet) Dissected() *dissect.Tree {
	if !p.mu.TryLock() {
		return nil
	}
	defer p.mu.Unlock()
	p.renew()
	if p.tree == nil {
		p.tree, _ = p.capture.trees.Get(p.at())
	}
	return p.tree
}

// renew forgets a tree of an earlier generation.
func (p *Packet) renew() {
	if now := p.capture.Generation(); p.generation != now {
		p.tree, p.layers, p.generation = nil, nil, now
	}
}

// Row returns the packet's row in the packet list.
func (p *Packet) Row(ctx context.Context) (Row, error) {
	s, err := p.capture.summary(ctx, p.at())
	if err != nil {
		return Row{}, err
	}
	return p.capture.row(s, 0), nil
}
