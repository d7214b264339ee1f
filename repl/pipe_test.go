package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pktsh/repl/render"
)

// TestPipeCapture reads a FIFO and a file descriptor to their ends; a descriptor stays
// open for whoever owns it.
func TestPipeCapture(t *testing.T) {
	data, err := os.ReadFile(browse)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, render.Style{})
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Skipf("no FIFO can be made here: %v", err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(fifo, data, 0o600) }() // waits for the reader
	if got := b.do(fmt.Sprintf("PipeCapture(pipe='%s', display_filter='dns')", fifo)); got != fmt.Sprintf("<PipeCapture %s (82 packets)>\n", fifo) {
		t.Errorf("got %q", got)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		_, err := w.Write(data)
		written <- err
		_ = w.Close() // the reader sees the end
	}()
	number := r.Fd()
	if got := b.do(fmt.Sprintf("c = PipeCapture(%d)\nlen(c), c[-1].number", number)); got != "(1204, 1204)\n" {
		t.Errorf("got %q", got)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if _, err := unix.FcntlInt(number, unix.F_GETFD, 0); err != nil {
		t.Errorf("the descriptor was closed: %v", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if got := b.do(fmt.Sprintf("PipeCapture(%d)", null.Fd())); !strings.Contains(got, "is no pipe, socket or file") {
		t.Errorf("got %q", got)
	}
}
