package capfile

// This file decides which pages of the mapping are in this process: it faults
// them in before the pass comes to them, and lets go of those of a large file
// that were passed.

import (
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// residentLimit is how much of a file stays mapped behind the pass: a file of
	// up to so many bytes all of it, since to fault pages in once more costs a
	// scan about as much time as to look at them does.
	residentLimit = 512 << 20
	// aheadWorth is the size from which a goroutine that faults pages in ahead
	// of the pass saves more than it costs.
	aheadWorth = 4 << 20
	// aheadWindow is how far it goes.
	aheadWindow = 16 << 20
	// aheadStep is how much it does at once.
	aheadStep = 1 << 20
	// faultAround is how much Linux maps at a fault (fault_around_bytes).
	faultAround = 64 << 10
)

// Release tells that the packets from index from up to to will not be looked at
// for a while. Of a large capture (above 512 MiB) it takes their pages out of
// this process's memory; they stay in the kernel's page cache, and packets among
// them can still be read, at the price of faulting the pages in again. A scan of
// such a capture calls it for what it has passed.
func (f *File) Release(from, to int) {
	if f.size <= residentLimit || from >= to {
		return
	}
	c, j := f.index.locate(from)
	begin, _ := c.where(j)
	end := f.read().end
	if to < f.Len() {
		c, j = f.index.locate(to)
		end, _ = c.where(j)
	}
	f.release(begin, end)
}

// release lets go of the pages that lie wholly between two offsets.
func (f *File) release(begin, end int64) {
	page := int64(os.Getpagesize())
	begin, end = (begin+page-1)&^(page-1), end&^(page-1)
	if begin < end {
		// That memory is not saved is no error to anybody.
		_ = unix.Madvise(f.data[begin:end], unix.MADV_DONTNEED)
	}
}

// resident is the state of one pass's pages.
type resident struct {
	f        *File
	released int64
	at       atomic.Int64 // where the pass is
	wake     chan struct{}
	done     chan struct{}
}

// follow begins to keep the pages of a pass over f. stop ends it.
func (f *File) follow(at int64) *resident {
	r := &resident{f: f, released: at}
	r.at.Store(at)
	if f.size-at < aheadWorth {
		return r
	}
	r.wake, r.done = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(r.done)
		// A page that is gone is for the pass to find.
		_ = f.Guard(r.ahead)
	}()
	return r
}

// ahead faults pages in until stop closes wake.
func (r *resident) ahead() error {
	data := r.f.data
	var sum byte
	for next := int64(0); next < int64(len(data)); {
		at := r.at.Load()
		if next-at >= aheadWindow {
			if _, more := <-r.wake; !more {
				break
			}
			continue
		}
		if next < at {
			next = at + aheadStep // the pass is faster: what is before it is its own
		}
		for end := min(next+aheadStep, int64(len(data))); next < end; next += faultAround {
			sum += data[next]
		}
	}
	runtime.KeepAlive(sum) // or the compiler would leave the reading out
	return nil
}

// passed tells that the pass is at an offset.
func (r *resident) passed(at int64) {
	r.at.Store(at)
	if r.wake != nil {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	if begin := r.released; at-begin >= residentLimit+aheadWindow {
		r.released = (at - residentLimit) &^ (aheadStep - 1)
		r.f.release(begin, r.released)
	}
}

// stop ends what follow began.
func (r *resident) stop() {
	if r.wake != nil {
		r.at.Store(r.f.size) // it has nothing left to do
		close(r.wake)
		<-r.done
	}
}
