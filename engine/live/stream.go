package live

// This file takes a capture that somebody writes into a pipe.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// stream copies what it reads into a spool.
type stream struct {
	name string
	stop chan struct{}
	once sync.Once
	done chan struct{}
	size atomic.Int64

	mu  sync.Mutex
	err error
}

// chunk is how much of a stream is read at once.
const chunk = 256 << 10

// StartStream copies r into spool, which it closes, until r's end. name is for
// messages. When it is stopped while a read waits, that one read stays behind and what
// it gets is dropped.
func StartStream(r io.Reader, name string, spool *os.File) Source {
	s := &stream{name: name, stop: make(chan struct{}), done: make(chan struct{})}
	type part struct {
		data []byte
		err  error
	}
	parts, spare := make(chan part), make(chan []byte, 2)
	spare <- make([]byte, chunk)
	spare <- make([]byte, chunk)
	go func() {
		for {
			var buffer []byte
			select {
			case buffer = <-spare:
			case <-s.stop:
				return
			}
			n, err := r.Read(buffer[:cap(buffer)])
			select {
			case parts <- part{buffer[:n], err}:
			case <-s.stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(s.done)
		err := func() error {
			for {
				select {
				case <-s.stop:
					return nil
				case p := <-parts:
					if _, err := spool.Write(p.data); err != nil {
						return s.cannotWrite(spool, err)
					}
					s.size.Add(int64(len(p.data)))
					if p.err == io.EOF {
						return nil
					}
					if p.err != nil {
						return fmt.Errorf("%s: reading stopped after %d bytes: %w", name, s.size.Load(), p.err)
					}
					spare <- p.data
				}
			}
		}()
		s.once.Do(func() { close(s.stop) })
		err = errors.Join(err, spool.Close())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
	}()
	return s
}

func (s *stream) cannotWrite(spool *os.File, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return diskFull(spool)
	}
	return fmt.Errorf("cannot keep what comes from %s: %w", s.name, err)
}

func (s *stream) Stop() error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return nil
}

func (s *stream) Done() <-chan struct{} { return s.done }

func (s *stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Captured is 0: whoever writes the stream counts.
func (s *stream) Captured() int { return 0 }

// Drops are none: a pipe waits.
func (s *stream) Drops() Drops { return Drops{} }
