package render

import (
	"io"
	"sync"
	"time"
)

// flushSize is how much text is gathered before it is written, and
// flushInterval how long text may wait for more of it: rows that come slowly
// must not stay unseen.
const (
	flushSize     = 64 << 10
	flushInterval = 50 * time.Millisecond
)

// output gathers lines and writes them in large pieces. The first error of the
// writer stays: nothing is written after it.
type output struct {
	mu  sync.Mutex
	w   io.Writer
	buf []byte
	err error
}

// line adds one line made of parts, and returns the writer's error so far.
func (o *output) line(parts ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range parts {
		o.buf = append(o.buf, p...)
	}
	o.buf = append(o.buf, '\n')
	return o.spill()
}

// spill writes what is gathered when it is enough. The lock is held.
func (o *output) spill() error {
	if len(o.buf) >= flushSize {
		o.write()
	}
	return o.err
}

// write writes what is gathered. The lock is held.
func (o *output) write() {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.w.Write(o.buf)
	}
	o.buf = o.buf[:0]
}

// flush writes what is gathered and returns the writer's error, once: the next
// result tries again.
func (o *output) flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write()
	err := o.err
	o.err = nil
	return err
}

// every calls fn with the lock held and then writes what is gathered, again
// and again until the returned stop is called. No call is under way after stop
// returned.
func (o *output) every(interval time.Duration, fn func()) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			o.mu.Lock()
			fn()
			o.write()
			o.mu.Unlock()
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// add adds text as it is, and returns the writer's error so far.
func (o *output) add(text []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf = append(o.buf, text...)
	return o.spill()
}
