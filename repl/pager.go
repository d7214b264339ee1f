package repl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"pktsh/repl/render"
	"pktsh/repl/result"
)

// This file shows what is longer than the screen in the user's pager.

// Pager is how a pager is run.
type Pager struct {
	// Command is what a shell runs, as $PAGER has it; "" is less.
	Command string
	// Hold keeps everything else off the screen until it is released.
	Hold func() (release func())
}

const (
	// defaultPager leaves the text on the screen, and ends at once when it fits.
	defaultPager = "less -RFX"
	// pagerOptions are less's when the user has not chosen any: colours are shown.
	pagerOptions = "LESS=FRX"
	// pagerPatience is how long output may be held back before it is shown as it comes.
	pagerPatience = 250 * time.Millisecond
	// pagerWait is how long a pager has to end when the answer is interrupted.
	pagerWait = time.Second
	// pagerBroken is how soon a pager that fails never was one.
	pagerBroken = time.Second
	// pagerKept is how much is kept to be shown without a pager that is broken.
	pagerKept = 1 << 20
)

// reply shows the answer to a line that was typed: in a pager where it is longer than
// the screen.
func (s *Shell) reply(ctx context.Context, r result.Result) error {
	style := s.style()
	command := s.pagerCommand()
	if command == "" || !style.Interactive || style.Height <= 1 || s.out.w != s.screen {
		return s.show(ctx, r)
	}
	s.warnPartial(r)
	p := &pager{ctx: ctx, s: s, command: command, style: style}
	return p.end(render.New(p, style).Result(ctx, r))
}

// pagerCommand is the pager to use, "" for none.
func (s *Shell) pagerCommand() string {
	switch set := s.state.Settings.Pager; {
	case s.cfg.Pager == nil || set == "off":
		return ""
	case set != "on":
		return set
	case strings.TrimSpace(s.cfg.Pager.Command) != "":
		return s.cfg.Pager.Command
	}
	return defaultPager
}

// pager takes an answer: it is held back until it is longer than the screen, which
// starts the pager, or for a moment; what comes slowly is read as it comes.
type pager struct {
	ctx     context.Context // of the line
	s       *Shell
	command string
	style   render.Style

	mu    sync.Mutex
	held  bytes.Buffer
	plain bool // it goes to the screen as it comes
	timer *time.Timer

	cmd     *exec.Cmd // nil until started
	in      io.WriteCloser
	began   time.Time
	kept    []byte // what the pager was given, until that is too much
	state   *term.State
	release func()
}

// Write implements io.Writer.
func (p *pager) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.plain:
		return p.s.out.Write(b)
	case p.cmd != nil:
		return p.feed(b)
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(pagerPatience, p.late)
	}
	p.held.Write(b)
	if render.Rows(p.held.String(), p.style.Width) < p.style.Height {
		return len(b), nil
	}
	p.timer.Stop()
	if err := p.start(); err != nil {
		p.s.Notice("the pager does not start: " + err.Error() + "; set pager off does without")
		return len(b), p.give()
	}
	if _, err := p.feed(p.held.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// late shows what was held back long enough.
func (p *pager) late() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil && !p.plain {
		_ = p.give() // the screen's error comes again with the next write
	}
}

// give shows what is held back, and what follows as it comes.
func (p *pager) give() error {
	p.plain = true
	_, err := p.s.out.Write(p.held.Bytes())
	return err
}

// feed hands text to the pager.
func (p *pager) feed(b []byte) (int, error) {
	if len(p.kept) < pagerKept {
		p.kept = append(p.kept, b...)
	}
	return p.in.Write(b)
}

// start runs the pager on the terminal.
func (p *pager) start() error {
	// It is not killed when the line is interrupted, but told to end: so it leaves the
	// terminal in order.
	cmd := p.s.systemCommand(context.Background(), replacing(p.command))
	cmd.Env = os.Environ()
	if os.Getenv("LESS") == "" {
		cmd.Env = append(cmd.Env, pagerOptions)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if terminal := p.s.cfg.System.In; terminal != nil {
		p.state, _ = term.GetState(int(terminal.Fd())) // nil where it is no terminal
	}
	p.release = func() {}
	if hold := p.s.cfg.Pager.Hold; hold != nil {
		p.release = hold()
	}
	if err := cmd.Start(); err != nil {
		p.release()
		return err
	}
	p.cmd, p.in, p.began = cmd, in, time.Now()
	context.AfterFunc(p.ctx, func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		_ = in.Close()                          // nobody waits for a pager that does not read
	})
	return nil
}

// replacing is the line with the shell replaced by the one program that it runs, so that
// what is told to end is that program: dash and others stay its parent else. A line of
// several programs, or of what looks like it, stays as it is.
func replacing(line string) string {
	program, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch {
	case strings.ContainsAny(line, "|&;<>()`\n"):
		return line
	case strings.Contains(program, "="): // LESS=R less
		return "exec env " + line
	}
	return "exec " + line
}

// end waits until the person has read the answer. err is how making it ended.
func (p *pager) end(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	switch {
	case p.cmd == nil && p.plain:
		return err
	case p.cmd == nil:
		return errors.Join(err, p.give())
	}
	_ = p.in.Close() // the pager may have left already
	failed := p.wait()
	if p.state != nil {
		_ = term.Restore(int(p.s.cfg.System.In.Fd()), p.state) // a pager that was killed did not
	}
	p.release()
	if failed != nil && p.ctx.Err() == nil && time.Since(p.began) < pagerBroken {
		p.s.Notice(p.command + ": " + failed.Error() + "; set pager off does without")
		_, werr := p.s.out.Write(p.kept)
		if isClosedPipe(err) {
			err = nil
		}
		return errors.Join(err, werr)
	}
	if isClosedPipe(err) || p.ctx.Err() != nil {
		return nil // the person left the pager: they read what they wanted
	}
	return err
}

// wait waits until the pager has ended. One that was told to and does not is killed.
func (p *pager) wait() error {
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-p.ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(pagerWait):
		_ = p.cmd.Process.Kill()
		return <-done
	}
}
