package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/creack/pty"
)

// patience is how long a session may take to show anything.
const patience = 2 * time.Minute

// session starts pktsh on a capture at a terminal of its own and times how long
// it takes to the prompt, and from ls to the page's last line.
func session(program, capture string, env []string) (toPrompt, toPage time.Duration, err error) {
	cmd := exec.Command(program, "--no-history", capture)
	cmd.Env = append(append(os.Environ(), "TERM=xterm", "NO_COLOR=1"), env...)
	began := time.Now()
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		_, _ = f.Write([]byte{4}) // Ctrl-D
		ended := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		ended.Stop()
		_ = f.Close()
	}()
	screen := newScreen(f)
	defer close(screen.quit)
	if err := screen.waitFor("pkt> "); err != nil {
		return 0, 0, err
	}
	toPrompt = time.Since(began)
	began = time.Now()
	if _, err := f.WriteString("ls\r"); err != nil {
		return 0, 0, err
	}
	if err := screen.waitFor("ls goes on"); err != nil {
		return 0, 0, err
	}
	return toPrompt, time.Since(began), nil
}

// screen collects what a terminal was sent.
type screen struct {
	chunks chan []byte
	quit   chan struct{} // closed when nobody reads chunks any more
	seen   []byte
}

func newScreen(f *os.File) *screen {
	s := &screen{chunks: make(chan []byte, 64), quit: make(chan struct{})}
	go func() {
		defer close(s.chunks)
		for {
			buf := make([]byte, 4096)
			n, err := f.Read(buf)
			if n > 0 {
				select {
				case s.chunks <- buf[:n]:
				case <-s.quit: // the terminal is still emptied, so that pktsh can end
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return s
}

// waitFor returns when text was sent; what came up to it is forgotten.
func (s *screen) waitFor(text string) error {
	deadline := time.After(patience)
	for {
		if i := bytes.Index(s.seen, []byte(text)); i >= 0 {
			s.seen = s.seen[i+len(text):]
			return nil
		}
		select {
		case chunk, ok := <-s.chunks:
			if !ok {
				return fmt.Errorf("the session ended before it showed %q; it showed %q", text, s.seen)
			}
			s.seen = append(s.seen, chunk...)
		case <-deadline:
			return fmt.Errorf("no %q within %v; the session showed %q", text, patience, s.seen)
		}
	}
}
