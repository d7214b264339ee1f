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
}

// start opens a capture on a goroutine of its own.
func start(open func(indexed func(*capfile.File, int)) (*capfile.File, error)) *feed {
	d := &feed{opened: make(chan struct{}), done: make(chan struct{}), grown: make(chan struct{})}
	go func() {
		defer close(d.done)
		f, err := open(func(f *capfile.File, n int) { d.tell(f, n, false, nil) })
		n := 0
		if err == nil {
			n = f.Len()
		}
		d.tell(f, n, true, err)
	}()
	return d
}

func (d *feed) tell(f *capfile.File, n int, ended bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		d.file = f
	}
	d.n, d.ended, d.err = max(d.n, n), ended, err
	close(d.grown)
	d.grown = make(chan struct{})
	d.closed.Do(func() { close(d.opened) })
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

// reach waits until there are n packets, or all that there will be.
func (d *feed) reach(ctx context.Context, n int) (now int, err error) {
	for {
		d.mu.Lock()
		now, grown, ended, err := d.n, d.grown, d.ended, d.err
		d.mu.Unlock()
		if now >= n || ended {
			return min(now, n), err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
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
	lo, hi int
	out    chan T
}

// inOrder has workers work on the first limit packets of a capture (all of them
// when limit is 0) and hands over what they make, in order. newWorker is called for
// each of the goroutines that work.
func inOrder[T any](ctx context.Context, d *feed, limit int, newWorker func() func(lo, hi int) (T, error), take func(T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan job[T])
	pending := make(chan chan T, maxPending)
	g.Go(func() error {
		defer close(jobs)
		defer close(pending)
		for lo := 0; limit == 0 || lo < limit; {
			want := lo + blockSize
			if limit > 0 {
				want = min(want, limit)
			}
			hi, err := d.reach(ctx, want)
			if hi <= lo || err != nil {
				return err
			}
			j := job[T]{lo, hi, make(chan T, 1)}
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
			lo = hi
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			var work func(lo, hi int) (T, error)
			for j := range jobs {
				if work == nil { // there is a packet now
					work = newWorker()
				}
				result, err := work(j.lo, j.hi)
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
