package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"pktsh/engine/capfile"
)

// Stream writes the file that a live capture is captured into to w, from its beginning
// on and then as it grows, and returns when the capture has ended and all of it is
// written. What is written last may be half a record, while it runs. It may go on
// beside questions and Refresh.
func (l *Live) Stream(ctx context.Context, w io.Writer) error {
	path, file := l.capture.file.DissectorFile()
	if file == nil {
		var err error
		if file, err = os.Open(path); err != nil {
			return err
		}
		defer file.Close()
	}
	r, parts := l.attach()
	defer l.detach(r)
	for _, p := range parts[:len(parts)-1] {
		if _, err := io.Copy(w, io.NewSectionReader(file, p.From, p.To-p.From)); err != nil {
			return err
		}
	}
	pause := waitShort
	look := time.NewTimer(pause)
	defer look.Stop()
	buffer := make([]byte, 256<<10)
	for at := parts[len(parts)-1].From; ; {
		r.at.Store(at)
		over := !l.running() // before the file is read: what is read then is all of it
		n, err := file.ReadAt(buffer, at)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			at, pause = at+int64(n), waitShort
			if err == nil {
				continue
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if over && n == 0 {
			return nil
		}
		look.Reset(pause)
		select {
		case <-look.C:
		case <-l.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, waitLong)
	}
}

// tailReader is somebody who reads the spool: a ring keeps what he has not read.
type tailReader struct{ at atomic.Int64 }

// attach registers a reader. He begins with the parts of the spool that are kept; the
// last one goes on.
func (l *Live) attach() (*tailReader, []capfile.Extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, parts := &tailReader{}, l.kept
	if len(parts) == 0 {
		parts = []capfile.Extent{{}}
	}
	r.at.Store(parts[len(parts)-1].From)
	if l.readers == nil {
		l.readers = map[*tailReader]bool{}
	}
	l.readers[r] = true
	return r, parts
}

func (l *Live) detach(r *tailReader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers, r)
}

// unread is how many of the first n packets may go: those that every reader has read.
func (l *Live) unread(f *capfile.File, n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.readers {
		n = min(n, max(f.Before(r.at.Load())-1, 0)) // of the last one half may be read
	}
	return n
}

// shed notes that a ring let packets go.
func (l *Live) shed(n int, kept []capfile.Extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drops.Ring += uint64(n)
	l.kept = kept
}
