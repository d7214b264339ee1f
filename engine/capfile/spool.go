package capfile

// This file keeps what has no file of its own (pipes, decompressed and converted
// captures) in temporary files that have no name: they are gone when the last
// process closes them, however it ends.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const copySize = 256 << 10

// newSpool makes an unlinked file in dir, os.TempDir() when empty.
func newSpool(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), filepath.Join(dir, "pktsh-spool")), nil
	}
	// Some file systems (overlay, NFS) have no O_TMPFILE.
	file, err := os.CreateTemp(dir, "pktsh-spool-*")
	if err != nil {
		return nil, fmt.Errorf("cannot make a temporary file: %w (the directory for them is %s; TMPDIR sets another)", err, dir)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot unlink a temporary file: %w", err), file.Close())
	}
	return file, nil
}

// spoolError makes a full disk plain.
func spoolError(file *os.File, written int64, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("disk full: no room in %s after %d bytes of a temporary copy (TMPDIR sets another directory): %w",
			filepath.Dir(file.Name()), written, err)
	}
	return fmt.Errorf("cannot write a temporary copy: %w", err)
}

// readError marks an error as the source's, not the spool's.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// fill copies src into spool until EOF. A failure to read is a readError, and
// what came before it is in the spool.
func fill(ctx context.Context, spool *os.File, src io.Reader, progress func()) (n int64, err error) {
	buffer := make([]byte, copySize)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		got, readErr := src.Read(buffer)
		if _, err := spool.Write(buffer[:got]); err != nil {
			return n, spoolError(spool, n, err)
		}
		n += int64(got)
		if progress != nil {
			progress()
		}
		switch {
		case readErr == io.EOF:
			return n, nil
		case ctx.Err() != nil:
			return n, ctx.Err()
		case readErr != nil:
			return n, readError{readErr}
		}
	}
}

// countingReader counts the bytes taken from r.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// contextReader gives up reading when its context ends, although a read of a
// terminal or a pipe cannot be interrupted: that read stays behind, and what it
// gets is dropped.
type contextReader struct {
	ctx    context.Context
	r      io.Reader
	buffer []byte
	rest   []byte
	err    error
}

type readResult struct {
	n   int
	err error
}

func (c *contextReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 && c.err == nil {
		if c.buffer == nil {
			c.buffer = make([]byte, copySize)
		}
		done := make(chan readResult, 1)
		go func() {
			n, err := c.r.Read(c.buffer)
			done <- readResult{n, err}
		}()
		select {
		case result := <-done:
			c.rest, c.err = c.buffer[:result.n], result.err
		case <-c.ctx.Done():
			c.err = c.ctx.Err()
		}
	}
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	return 0, c.err
}
