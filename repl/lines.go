package repl

// This file runs lines that a line names: those of a file (source, the rc file),
// one again and again (watch), one with a clock (time), one out of an editor.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"pktsh/repl/command"
	"pktsh/repl/render"
	"pktsh/repl/script"
)

// maxSourced bounds the files that run each other.
const maxSourced = 30

// stoppedError says that a file ended at an error, which was printed.
type stoppedError struct{ path string }

func (e *stoppedError) Error() string { return "source " + e.path + ": it stopped at this error" }

// source runs a file in this session. args are its argv.
func (s *Shell) source(ctx context.Context, path string, args []string) error {
	if s.sourced == maxSourced {
		return fmt.Errorf("source %s: files run each other %d deep; does one run itself?", path, maxSourced)
	}
	f, err := os.Open(command.ExpandHome(path))
	if err != nil {
		var fault *fs.PathError
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return fmt.Errorf("source %s: %w", path, err)
	}
	defer f.Close()
	s.sourced++
	defer func() { s.sourced-- }()
	defer s.interp.SetArgs(args)()
	failed := s.failed
	s.failed = false
	err = s.run(ctx, f, path)
	stopped := err != nil
	s.failed = s.failed || failed
	if stopped {
		return &stoppedError{path}
	}
	return nil
}

// RunRC runs the file of what somebody wants to be there in each session, which need
// not exist. An error in it is printed with its place, and the lines behind it are
// run all the same; it is none of the session's.
func (s *Shell) RunRC(ctx context.Context, path string) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		s.Notice(err.Error())
		return
	}
	defer f.Close()
	s.goOn = true
	_ = s.run(ctx, f, path)
	s.goOn, s.failed = false, false
}

// RunSettings does what set --save saved. What its lines would say is not shown.
func (s *Shell) RunSettings(ctx context.Context) {
	if s.cfg.SettingsFile == "" {
		return
	}
	before := s.out.w
	s.out.w = io.Discard
	defer func() { s.out.w = before }()
	s.RunRC(ctx, s.cfg.SettingsFile)
}

// line runs one line and returns its error, unreported.
func (s *Shell) line(ctx context.Context, text string) error {
	text, err := s.table.Expand(text, s.interp.Assigned)
	if err != nil {
		return err
	}
	c, rest, ok, err := s.table.Split(text, s.interp.Assigned)
	switch {
	case err != nil:
		return err
	case ok:
		return s.command(ctx, c, rest)
	}
	if members := s.whatIs(ctx, text); members != nil {
		return s.show(ctx, members)
	}
	return s.evaluate(ctx, script.Chunk{Text: text, Line: 1}, "")
}

// timed runs a line and tells how long it took, whether it failed or not.
func (s *Shell) timed(ctx context.Context, text string) error {
	began := time.Now()
	err := s.line(ctx, text)
	s.Notice(elapsed(time.Since(began)))
	return err
}

// elapsed writes a duration with three digits.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// watch runs a line every so often, count times, or for 0 until ctx is done or the
// line fails.
func (s *Shell) watch(ctx context.Context, every time.Duration, count int, text string) error {
	style := s.style()
	screen := render.NewRepainter(s.out, s.style)
	for i := 0; ; i++ {
		answer, err := s.captured(func() error { return s.line(ctx, text) })
		if err != nil {
			return errors.Join(err, s.printed(answer))
		}
		head := time.Now().Format("15:04:05") + "  every " + every.String() + ": " + text
		switch {
		case style.Interactive && s.cfg.Repaints:
			err = screen.Show(head+"   Ctrl-C ends", answer)
		default:
			err = s.printed(render.Escape(head) + "\n" + answer)
		}
		if err != nil {
			return err
		}
		if count > 0 && i+1 >= count {
			return nil
		}
		wait := time.NewTimer(every)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
}

// captured returns what fn prints, and the shell commands that it runs. The page that ls shows is the same each time.
func (s *Shell) captured(fn func() error) (string, error) {
	var buf bytes.Buffer
	before, listed := s.out.w, s.state.Listed
	outer := s.capturing
	s.out.w, s.capturing = &buf, &buf
	defer func() { s.out.w, s.capturing, s.state.Listed = before, outer, listed }()
	err := fn()
	return buf.String(), err
}

// printed writes text that was rendered.
func (s *Shell) printed(text string) error {
	_, err := s.out.Write([]byte(text))
	return err
}

// input runs a block that an editor made, as if it had been typed.
func (s *Shell) input(ctx context.Context, text string) error {
	if s.cfg.Remember != nil {
		s.cfg.Remember(text)
	}
	return s.run(ctx, strings.NewReader(text), "")
}
