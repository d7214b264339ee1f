package repl

import (
	"context"
	"io"
	"sync"
)

// watched is where results go. It remembers the first error of a statement's
// output, because Starlark's print has nobody to return one to, and ends the
// statement: a loop over millions of packets must not go on printing to a reader
// that left or to a disk that is full.
type watched struct {
	w io.Writer

	mu     sync.Mutex
	err    error
	cancel context.CancelFunc
}

// Write writes to w.
func (o *watched) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
		if o.cancel != nil {
			o.cancel()
		}
	}
	return n, err
}

// during returns a context for one statement that also ends when its output
// fails. Statements may run within each other (source).
func (o *watched) during(ctx context.Context) (inner context.Context, done func()) {
	inner, cancel := context.WithCancel(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	outer := o.cancel
	o.cancel = cancel
	return inner, func() {
		cancel()
		o.mu.Lock()
		defer o.mu.Unlock()
		o.cancel = outer
	}
}

// take returns the error of the output since it was last asked.
func (o *watched) take() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.err
	o.err = nil
	return err
}
