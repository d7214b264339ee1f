package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// runPlain is Run on a terminal that cannot move its cursor (TERM=dumb: an
// editor's shell window, a serial line), or one that is not this process's
// controlling terminal. The kernel edits the line; not one escape code is
// written.
func (s *session) runPlain(ctx context.Context) (int, error) {
	b := &block{needMore: s.cfg.NeedMore}
	var ahead []byte
	for {
		s.showNotices()
		prefix := morePrefix
		if b.empty() {
			prefix = printable(s.cfg.Prefix())
		}
		if _, err := io.WriteString(s.cfg.Out, prefix); err != nil {
			return 1, fmt.Errorf("prompt: cannot write to the terminal: %w", err)
		}
		entered, why, err := s.readPlain(&ahead)
		switch why {
		case reasonStop:
			return s.exit(ctx)
		case reasonHangup:
			s.stop(syscall.SIGHUP)
			return s.exit(ctx)
		case reasonFailed:
			return 1, fmt.Errorf("prompt: cannot read the terminal: %w", err)
		case reasonInterrupt:
			b.clear()
			fmt.Fprintln(s.cfg.Out)
		case reasonEndOfInput:
			fmt.Fprintln(s.cfg.Out)
			if b.empty() {
				return 0, nil
			}
			b.clear()
		case reasonEnter:
			if text, complete := b.add(printable(entered)); complete {
				if code, quit, err := s.run(ctx, text); quit {
					return code, err
				}
			}
		}
	}
}

// readPlain returns one line without its end. ahead holds what was read beyond it.
func (s *session) readPlain(ahead *[]byte) (string, reason, error) {
	for {
		if s.keys.stopping.Load() {
			return "", reasonStop, nil
		}
		if s.keys.interrupted.Swap(false) {
			*ahead = nil // the kernel dropped its part too
			return "", reasonInterrupt, nil
		}
		if line, rest, ok := bytes.Cut(*ahead, []byte("\n")); ok {
			*ahead = rest
			return strings.ReplaceAll(strings.ToValidUTF8(string(line), ""), "\t", indentation), reasonEnter, nil
		}
		readable, err := s.term.wait(-1)
		if err != nil {
			return "", reasonFailed, err
		}
		if !readable {
			continue
		}
		var buf [4096]byte
		n, err := s.term.read(buf[:])
		switch {
		case errors.Is(err, io.EOF):
			return "", reasonEndOfInput, nil
		case err != nil:
			return "", reasonHangup, nil
		}
		*ahead = append(*ahead, buf[:n]...)
	}
}
