// Package native answers questions about a capture with pktsh's own
// dissectors: it needs no Wireshark and starts no process.
//
// A [Dissector] joins a capture file and the dissect package. What a packet's
// dissection needs from other packets (stream numbers, relative sequence
// numbers, replies) comes from one pass over the file in order, which runs as
// far as a question needs it, or wholly by [Dissector.Prepare].
package native

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"pktsh/dissect"
	"pktsh/dissect/stream"
	"pktsh/engine/capfile"
)

// File is what a Dissector needs of a capture. *capfile.File is one.
type File interface {
	// Len is the number of records.
	Len() int
	// Record describes the i-th record, from 0.
	Record(i int) capfile.Record
	// Data is what was captured of it; it is valid until the file is closed.
	Data(i int) []byte
	Packets // Record and Data at once
	// Comments are its comments.
	Comments(i int) []string
	// Interfaces are what Record.Interface points into.
	Interfaces() []capfile.Interface
	// Format is the file format's name.
	Format() string
	// Release tells that the records from one index up to another will not be
	// looked at for a while.
	Release(from, to int)
	// Guard runs fn and turns the fault of a file that shrank into an error.
	Guard(fn func() error) error
}

// Dissector dissects the packets of one capture. It is safe for concurrent use.
type Dissector struct {
	source
	table *dissect.Table

	mu       sync.RWMutex // guards what follows
	flows    *stream.Table
	recorder *stream.Recorder
	follower *dissect.Reader
	passed   int  // frames the pass has seen
	growing  bool // more packets may come
	closed   bool

	prepared atomic.Int64 // passed, for who must not wait

	// detours says that a packet was walked that makes others' walks unreliable.
	detours atomic.Bool

	columnsMu sync.Mutex
	columns   *columns // nil until a scan keeps some
}

// New returns a dissector of a capture. It reads nothing yet.
func New(f File) *Dissector {
	flows := stream.NewTable(f.Len())
	d := &Dissector{source: newSource(f), table: dissect.NewTable(), flows: flows, recorder: stream.NewRecorder(flows)}
	d.follower = d.table.NewReader(nil)
	return d
}

// ErrClosed is returned for questions after Close.
var ErrClosed = errors.New("the capture is closed; open it again")

// Close waits for running questions to leave the file's bytes alone; later
// ones fail with [ErrClosed]. It does not close the file.
func (d *Dissector) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

const (
	// step is how many frames the pass takes at a time: it holds the lock, and
	// does not look at the context, for about a millisecond.
	step = 4096
	// ahead is how far beyond a frame the pass runs before the frame is
	// dissected, so that a reply or the answer to a SYN is usually known.
	ahead = 4096
)

// Prepare runs the pass over the whole file. Rows and trees are then what the
// two passes of tshark -2 would make of the same knowledge; before, the pass
// has seen only some frames beyond the one asked for.
func (d *Dissector) Prepare(ctx context.Context) error {
	return d.advance(ctx, d.file.Len(), nil)
}

// PrepareFor runs the pass as far as a frame's row or tree needs it, as Rows and
// Tree do by themselves. A frame number that the capture does not have is an error.
func (d *Dissector) PrepareFor(ctx context.Context, frame uint32) error {
	if frame == 0 || int(frame) > d.file.Len() {
		return fmt.Errorf("frame %d: got a number outside the capture, want 1 to %d", frame, d.file.Len())
	}
	return d.advance(ctx, int(frame)+ahead, nil)
}

// Prepared returns how many frames the pass has seen, and of how many. It never waits.
func (d *Dissector) Prepared() (done, total int) { return int(d.prepared.Load()), d.file.Len() }

// advance runs the pass until it has seen n frames. It calls progress, which may
// be nil, with the number of frames seen at each step.
func (d *Dissector) advance(ctx context.Context, n int, progress func(passed int)) error {
	n = min(n, d.file.Len())
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := d.pass(n)
		if done || err != nil {
			return err
		}
		if progress != nil {
			progress(int(d.prepared.Load()))
		}
	}
}

// pass takes one step of the pass.
func (d *Dissector) pass(n int) (done bool, err error) {
	d.mu.RLock()
	done = d.passed >= n
	d.mu.RUnlock()
	if done {
		return true, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return true, ErrClosed
	}
	err = d.file.Guard(func() error {
		var in dissect.Input
		for end := min(d.passed+step, n); d.passed < end; d.passed++ {
			d.describe(&in, d.passed, d.recorder)
			d.follower.Follow(&in)
		}
		return nil
	})
	d.prepared.Store(int64(d.passed))
	if err == nil {
		d.finish()
	}
	return d.passed >= n, err
}

// finish lets go of what only the pass needs, when that is through and nothing comes
// any more.
func (d *Dissector) finish() {
	if d.recorder != nil && !d.growing && d.passed == d.file.Len() {
		d.recorder.Finish()
		d.recorder, d.follower = nil, nil
	}
}

// Growing says that packets will be added to the file. It is called before anything
// is asked.
func (d *Dissector) Growing() { d.growing = true }

// Grow tells that the file has more packets than before. No question may run
// meanwhile.
func (d *Dissector) Grow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.source = newSource(d.file)
	d.columnsMu.Lock()
	defer d.columnsMu.Unlock()
	if d.columns != nil {
		d.columns.grow(d.file.Len())
	}
}

// input describes the i-th record.
func (d *Dissector) input(i int, flows dissect.Flows) (in dissect.Input) {
	d.describe(&in, i, flows)
	return in
}

// Rows calls fn with the summary of each of the frames, in the order given,
// until fn returns an error, which it returns. A frame number that the capture
// does not have is an error.
func (d *Dissector) Rows(ctx context.Context, frames []uint32, fn func(dissect.Summary) error) error {
	for _, frame := range frames {
		if err := d.PrepareFor(ctx, frame); err != nil {
			return err
		}
		var row dissect.Summary
		err := d.read(func() { row = d.table.Summarize(d.input(int(frame)-1, d.flows)) })
		if err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// Tree dissects one frame. The tree has its own copy of the packet's bytes.
func (d *Dissector) Tree(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	if err := d.PrepareFor(ctx, frame); err != nil {
		return nil, err
	}
	var t *dissect.Tree
	err := d.read(func() {
		in := d.full(int(frame) - 1)
		in.Data = append([]byte(nil), in.Data...)
		t = d.table.Dissect(in)
	})
	return t, err
}

// full is input with what only trees show.
func (d *Dissector) full(i int) dissect.Input {
	in := d.input(i, d.flows)
	d.frameDetails(&in, i)
	return in
}

// read runs fn while the pass stands still.
func (d *Dissector) read(fn func()) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return ErrClosed
	}
	return d.file.Guard(func() error { fn(); return nil })
}

// Detours says that some packet that was walked so far makes the walks of others
// unreliable ([dissect.Headers.Detour]). After a scan of all packets it is known.
func (d *Dissector) Detours() bool { return d.detours.Load() }
