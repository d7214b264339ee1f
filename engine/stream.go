package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"pktsh/engine/capfile"
	"pktsh/engine/live"
)

// This file explores a capture that is being written into a pipe.

// streamPatience is how long Follow waits for the end of a stream: what somebody pipes
// out of a file is then all there.
const streamPatience = 200 * time.Millisecond

// Follow is Open for a Reader that a capture is being written into: it returns when
// its header is there, and packets come with Refresh as they do to a live capture.
// Of a stream that is neither pcap nor pcapng, as one that is compressed, it waits
// for the end.
func (s *Session) Follow(ctx context.Context, o OpenOptions) (*Capture, error) {
	if o.Reader == nil {
		return nil, errors.New("nothing to follow: a reader is wanted")
	}
	cfg, err := s.dissectionFor(ctx, o)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(o.Name, "standard input")
	head, err := readHead(ctx, o.Reader)
	if err != nil && err != io.EOF {
		return nil, err
	}
	rest := o.Reader
	if err == io.EOF {
		rest = bytes.NewReader(nil)
	}
	o.Reader = io.MultiReader(bytes.NewReader(head), rest)
	if !capfile.IsCapture(head) {
		return s.Open(ctx, o)
	}
	spool, err := os.CreateTemp(s.cfg.TempDir, "pktsh-stream-*")
	if err != nil {
		return nil, err
	}
	reader, err := os.Open(spool.Name())
	if err = errors.Join(err, os.Remove(spool.Name())); err != nil {
		return nil, errors.Join(err, spool.Close())
	}
	l := &Live{stream: name, began: time.Now()}
	l.run = &liveRun{source: live.StartStream(o.Reader, name, spool), done: make(chan struct{})}
	go l.supervise(l.run)
	patience := time.NewTimer(streamPatience)
	defer patience.Stop()
	select {
	case <-l.run.done:
	case <-patience.C:
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), l.close(), reader.Close())
	}
	c, err := s.follow(ctx, reader, name, l, cfg)
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	_, err = c.Refresh(ctx)
	if err == nil && l.Err() != nil && c.Len() == 0 {
		err = l.Err()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// readHead reads enough of a stream to tell what it is, and waits for it no longer
// than ctx lasts: then one read stays behind.
func readHead(ctx context.Context, r io.Reader) ([]byte, error) {
	type answer struct {
		head []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		head := make([]byte, capfile.HeadSize)
		n, err := io.ReadFull(r, head)
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		done <- answer{head[:n], err}
	}()
	select {
	case a := <-done:
		return a.head, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
