package batch

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"pktsh/engine/capfile"
)

// This file reads a capture and works on its packets at the same time: what is
// indexed is worked on by all cores, block by block, while the rest is indexed,
// and the results come out in order.

// blockSize is how many packets are worked on at once: as many as the index tells
// of first, so that the first result comes early.
const blockSize = 4096

// maxPending is how many blocks may wait for their turn.
const maxPending = 16

// feed is a capture that is being opened.
type feed struct {
	opened chan struct{} // closed when file is set or opening failed
	done   chan struct{} // closed when opening has ended

	mu     sync.Mutex
	grown  chan struct{} // closed, and made anew, at every change of n
	file   *capfile.File
	n      int
	ended  bool
	err    error
	closed sync.Once
	// windows are those that nobody has taken yet, in order. While idle nobody will.
	windows []*capfile.Window
	idle    bool
}

// start opens a capture on a goroutine of its own.
func start(open func(indexed func(*capfile.File, int, *capfile.Window)) (*capfile.File, error)) *feed {
	d := &feed{opened: make(chan struct{}), done: make(chan struct{}), grown: make(chan struct{})}
	go func() {
		defer close(d.done)
		f, err := open(func(f *capfile.File, n int, w *capfile.Window) { d.tell(f, n, w, false, nil) })
		n := 0
		if err == nil {
			n = f.Len()
		}
		d.tell(f, n, nil, true, err)
	}()
	return d
}

func (d *feed) tell(f *capfile.File, n int, w *capfile.Window, ended bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		d.file = f
	}
	d.n, d.ended, d.err = max(d.n, n), ended, err
	if w != nil {
		d.windows = append(d.windows, w)
		d.drop()
	}
	close(d.grown)
	d.grown = make(chan struct{})
	d.closed.Do(func() { close(d.opened) })
}

// leave tells that nobody works on the packets as they come: reading need not wait.
func (d *feed) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = true
	d.drop()
}

// drop is done with the windows that nobody takes.
func (d *feed) drop() {
	if d.idle {
		for _, w := range d.windows {
			w.Done()
		}
		d.windows = nil
	}
}

// first waits for the capture to be there, and maybe some of its packets; an error
// is why it cannot be opened.
func (d *feed) first(ctx context.Context) (*capfile.File, error) {
	select {
	case <-d.opened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n == 0 && d.err != nil {
		return nil, d.err
	}
	return d.file, nil
}

// next waits for packets from lo on: some of those up to want, with nil, or a window
// that begins there. At the end of the capture hi is lo.
func (d *feed) next(ctx context.Context, lo, want int) (hi int, w *capfile.Window, err error) {
	for {
		hi, w, grown, err := d.look(lo, want)
		if grown == nil {
			return hi, w, err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
}

// look is next as far as it can be said now; it returns what to wait for if it cannot.
func (d *feed) look(lo, want int) (hi int, w *capfile.Window, grown <-chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.windows) > 0 && d.windows[0].To <= lo { // they came for another question
		d.windows[0].Done()
		d.windows = d.windows[1:]
	}
	hi = min(d.n, want)
	if len(d.windows) > 0 {
		switch w = d.windows[0]; {
		case w.From <= lo:
			d.windows = d.windows[1:]
			return w.To, w, nil, nil
		default:
			return min(w.From, want), nil, nil, nil
		}
	}
	if hi > lo || d.ended {
		return max(hi, lo), nil, nil, d.err
	}
	return lo, nil, d.grown, nil
}

// all waits until all packets are known, which nobody works on before.
func (d *feed) all(ctx context.Context) error {
	d.leave()
	return d.wait(ctx)
}

// wait waits until all packets are known.
func (d *feed) wait(ctx context.Context) error {
	select {
	case <-d.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// close waits for opening to end and closes the capture.
func (d *feed) close() {
	<-d.done
	if d.file != nil {
		_ = d.file.Close() // it was only read
	}
}

// job is a block of packets to work on, from lo up to hi.
type job[T any] struct {
	block
	out chan T
}

// block is packets from lo up to hi, to be found in window unless that is nil.
type block struct {
	lo, hi int
	window *capfile.Window
}

// blocks are the first limit packets of a capture (all of them when limit is 0), as
// they come. Who is given a block with a window has to be done with that.
func (d *feed) blocks(ctx context.Context, limit int, yield func(block) error) error {
	defer d.leave()
	for lo := 0; limit == 0 || lo < limit; {
		want := lo + blockSize
		if limit > 0 {
			want = min(want, limit)
		}
		hi, w, err := d.next(ctx, lo, want)
		if hi <= lo || err != nil {
			return err
		}
		if limit > 0 {
			hi = min(hi, limit)
		}
		if err := yield(block{lo, hi, w}); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// inOrder has workers work on the first limit packets of a capture (all of them
// when limit is 0) and hands over what they make, in order. newWorker is called for
// each of the goroutines that work; what it returns is done with the blocks' windows.
func inOrder[T any](ctx context.Context, d *feed, limit int, newWorker func() func(block) (T, error), take func(T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan job[T])
	pending := make(chan chan T, maxPending)
	g.Go(func() error {
		defer close(jobs)
		defer close(pending)
		return d.blocks(ctx, limit, func(b block) error {
			j := job[T]{b, make(chan T, 1)}
			select {
			case pending <- j.out:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		})
	})
	for range workers {
		g.Go(func() error {
			var work func(block) (T, error)
			for j := range jobs {
				if work == nil { // there is a packet now
					work = newWorker()
				}
				result, err := work(j.block)
				if err != nil {
					return err
				}
				j.out <- result
			}
			return nil
		})
	}
	g.Go(func() error {
		for out := range pending {
			select {
			case result := <-out:
				if err := take(result); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
