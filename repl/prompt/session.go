package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	goprompt "github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

const (
	// morePrefix is shown while a block is unfinished.
	morePrefix = "... "
	// searchPrefix is shown during a history search.
	searchPrefix = "(history) "
	// indentation is one level of a block.
	indentation = "    "
	// stopGrace is how long Exec may take to stop for SIGTERM and SIGHUP.
	stopGrace = 5 * time.Second
	// hintWindow is the time between two Ctrl-C that show impatience.
	hintWindow = time.Second
)

// session is one Run.
type session struct {
	cfg       Config
	term      *terminal
	history   *History
	suggester *suggester
	menu      *menu
	keys      *keyboard
	screen    *screen
	buffer    *goprompt.Buffer // go-prompt's, of the line that was left

	wrapping wrapping

	continued chan struct{} // SIGCONT, capacity 1
	stopped   chan struct{} // closed when signal or context end the session

	mu        sync.Mutex
	signal    syscall.Signal     // that ends the session
	cancel    context.CancelFunc // of the Exec that runs, nil between
	lastInt   time.Time
	notices   []string // to be shown before the next prompt
	lastFault string
}

func newSession(cfg Config, term *terminal) *session {
	s := &session{cfg: cfg, term: term, continued: make(chan struct{}, 1), stopped: make(chan struct{})}
	if s.history = cfg.History; s.history == nil {
		s.history = OpenHistory("")
	}
	if s.history.err != nil {
		s.notice(s.history.err)
	}
	s.suggester = &suggester{complete: cfg.Complete, read: cfg.Read, failed: s.notice}
	s.menu = &menu{suggester: s.suggester, history: s.history, edits: new(edits), selected: -1}
	s.keys = newKeyboard(term, s.menu)
	s.keys.canEdit = cfg.Edit != nil
	s.suggester.late = func() {
		s.keys.repaint.Store(true)
		term.wake()
	}
	s.screen = newScreen(cfg.Out, cfg.Color, s.menu, s.keys.yield)
	return s
}

// notice keeps an error that must not be lost nor end the session, and says the
// same thing only once in a row.
func (s *session) notice(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text := err.Error(); text != s.lastFault {
		s.lastFault = text
		s.notices = append(s.notices, text)
	}
}

func (s *session) showNotices() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.notices {
		fmt.Fprintln(s.cfg.Out, text)
	}
	s.notices = nil
}

// watchSignals handles what arrives until the function it returns is called.
func (s *session) watchSignals(ctx context.Context) (stop func()) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGWINCH, syscall.SIGCONT)
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		done := ctx.Done()
		for {
			select {
			case sig := <-signals:
				s.onSignal(sig.(syscall.Signal))
			case <-done:
				done = nil
				s.stop(0)
			case <-quit:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(quit)
		<-over
	}
}

func (s *session) onSignal(sig syscall.Signal) {
	switch sig {
	case syscall.SIGINT:
		s.interrupt()
	case syscall.SIGTERM, syscall.SIGHUP:
		s.stop(sig)
	case syscall.SIGCONT:
		select {
		case s.continued <- struct{}{}:
		default:
		}
		// Whoever stopped us may have left the terminal cooked.
		s.keys.resized.Store(true)
		s.term.wake()
	case syscall.SIGWINCH:
		s.keys.resized.Store(true)
		s.term.wake()
	}
}

// interrupt is Ctrl-C in cooked mode: it cancels what runs, or clears the line.
func (s *session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		s.keys.interrupted.Store(true)
		s.term.wake()
		return
	}
	s.cancel()
	now := time.Now()
	if now.Sub(s.lastInt) < hintWindow {
		fmt.Fprint(s.cfg.Out, "\nstill stopping at the next safe point; Ctrl-\\ kills pktsh and loses what is not saved\n")
	}
	s.lastInt = now
}

// stop ends the session: for a signal, or for the context (0).
func (s *session) stop(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys.stopping.Swap(true) {
		return
	}
	s.signal = sig
	if s.cancel != nil {
		s.cancel()
	}
	close(s.stopped)
	s.term.wake()
}

// exit is what Run returns once stop was called.
func (s *session) exit(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signal != 0 {
		return 128 + int(s.signal), nil
	}
	return 1, ctx.Err()
}

// runLines is Run on a terminal that can move its cursor.
func (s *session) runLines(ctx context.Context) (int, error) {
	line := s.newPrompt()
	b := &block{needMore: s.cfg.NeedMore}
	s.begin(b)
	for {
		entered := line.Input()
		if s.keys.panicked != nil {
			panic(s.keys.panicked)
		}
		switch why := s.keys.reason; {
		case why == reasonStop, why == reasonHangup, s.screen.err == nil:
		case errors.Is(s.screen.err, syscall.EIO): // it went away while it was drawn on
			s.keys.reason = reasonHangup
		default:
			return 1, fmt.Errorf("prompt: cannot write to the terminal: %w", s.screen.err)
		}
		switch s.keys.reason {
		case reasonRedraw:
			s.redraw()
			if b.empty() {
				s.menu.prefix = fitPrefix(s.cfg.Prefix(), s.menu.columns)
			}
			continue // the buffer is intact
		case reasonSuspend:
			if err := s.suspend(); err != nil {
				return 1, err
			}
			continue
		case reasonEdit:
			if err := s.edit(ctx, b); err != nil {
				return 1, err
			}
			continue
		case reasonInterrupt, reasonEndOfInput:
			if b.empty() && s.keys.reason == reasonEndOfInput {
				return 0, nil
			}
			b.clear()
			s.clearLine()
		case reasonStop:
			return s.exit(ctx)
		case reasonHangup:
			s.stop(syscall.SIGHUP)
			return s.exit(ctx)
		case reasonFailed:
			return 1, fmt.Errorf("prompt: cannot read the terminal: %w", s.keys.err)
		case reasonEnter:
			if text, complete := b.add(s.menu.meaning(entered)); complete {
				if code, quit, err := s.run(ctx, text); quit {
					return code, err
				}
				s.freshLine()
			}
		}
		s.begin(b)
	}
}

// begin prepares the next line.
func (s *session) begin(b *block) {
	s.showNotices()
	s.suggester.forget()
	s.menu.block = b.text()
	s.menu.prefix = morePrefix
	columns, rows, _ := s.term.size()
	s.menu.reset(columns, rows)
	if b.empty() {
		s.menu.prefix = fitPrefix(s.cfg.Prefix(), columns)
	} else if !s.keys.pending() {
		// What is typed ahead brings its own indentation.
		s.menu.set(goprompt.OptionInitialBufferText(b.indent()))
	}
}

// newPrompt makes the one go-prompt of the session.
func (s *session) newPrompt() (line *goprompt.Prompt) {
	leave := func(b *goprompt.Buffer) {
		s.buffer = b
		switch s.keys.reason {
		case reasonInterrupt:
			toEnd(b)
			b.InsertText("^C", false, true)
		case reasonRedraw:
			s.screen.muted = true
		}
	}
	options := []goprompt.Option{
		goprompt.OptionParser(s.keys),
		goprompt.OptionWriter(s.screen),
		goprompt.OptionLivePrefix(func() (string, bool) {
			return s.menu.shownPrefix(), true
		}),
		goprompt.OptionAddASCIICodeBind(bindings(s.screen)...),
		goprompt.OptionAddASCIICodeBind(editBindings(s.menu.edits)...),
		goprompt.OptionAddKeyBind(goprompt.KeyBind{Key: goprompt.F24, Fn: leave}),
		goprompt.OptionSetExitCheckerOnInput(func(string, bool) bool {
			return s.keys.reason != reasonNone && s.keys.reason != reasonEnter
		}),
		goprompt.OptionShowCompletionAtStart(), // so that the menu knows the line
		goprompt.OptionInputTextColor(inputColor),
		goprompt.OptionInputBGColor(inputBGColor),
		goprompt.OptionPrefixTextColor(goprompt.DarkGreen),
		goprompt.OptionSuggestionTextColor(goprompt.Black),
		goprompt.OptionSuggestionBGColor(goprompt.LightGray),
		goprompt.OptionDescriptionTextColor(goprompt.DarkGray),
		goprompt.OptionDescriptionBGColor(goprompt.LightGray),
		goprompt.OptionSelectedSuggestionTextColor(goprompt.White),
		goprompt.OptionSelectedSuggestionBGColor(goprompt.DarkBlue),
		goprompt.OptionSelectedDescriptionTextColor(goprompt.White),
		goprompt.OptionSelectedDescriptionBGColor(goprompt.DarkBlue),
	}
	withoutInheritedTTY(func() {
		line = goprompt.New(func(string) {}, s.menu.complete, options...)
	})
	s.menu.set = func(o goprompt.Option) {
		if err := o(line); err != nil { // none of the options used can fail
			s.notice(err)
		}
	}
	return line
}

// suspend is Ctrl-Z: the shell gets its terminal back until fg.
func (s *session) suspend() error {
	select {
	case <-s.continued: // an old one
	default:
	}
	if err := s.term.cooked(); err != nil {
		return err
	}
	return s.term.suspend(s.continued)
}

// freshLine makes sure that the prompt starts in the first column, whatever the
// output ended with: a screen's width of spaces wraps from any other column
// to the next line and from the first one nowhere.
func (s *session) freshLine() {
	if columns, _, known := s.term.size(); known {
		_, _ = io.WriteString(s.cfg.Out, strings.Repeat(" ", columns)+"\r\x1b[K")
	}
}

// run hands one input to Exec.
func (s *session) run(ctx context.Context, text string) (code int, quit bool, err error) {
	if err := s.history.Add(text); err != nil {
		s.notice(err)
	}
	over, err := s.away(ctx, func(ctx context.Context) { code, quit = s.cfg.Exec(ctx, text) })
	switch {
	case err != nil:
		return 1, true, err
	case over && quit:
		return code, true, nil
	}
	select {
	case <-s.stopped:
		code, err := s.exit(ctx)
		return code, true, err
	default:
		return 0, false, nil
	}
}

// edit has the whole input edited and makes it the line again: Enter runs it.
func (s *session) edit(ctx context.Context, b *block) error {
	text, edited := b.text()+s.menu.meaning(s.buffer.Text()), ""
	var failed error
	s.clearLine()
	over, err := s.away(ctx, func(ctx context.Context) { edited, failed = s.cfg.Edit(ctx, text) })
	if err != nil || !over { // the session is at its end
		return err
	}
	if failed != nil {
		s.notice(failed)
	}
	s.freshLine()
	b.clear()
	s.begin(b)
	s.menu.set(goprompt.OptionInitialBufferText(s.menu.fold(oneLine(pasted([]byte(edited))))))
	return nil
}

// clearLine empties go-prompt's buffer.
func (s *session) clearLine() {
	toEnd(s.buffer)
	s.buffer.DeleteBeforeCursor(len(s.buffer.Text()))
}

// away runs work with the terminal as it was found. Ctrl-C cancels work's ctx. When
// the session is to end it waits for work, but not for long; over says that work is.
func (s *session) away(ctx context.Context, work func(ctx context.Context)) (over bool, err error) {
	s.suggester.stop()
	early := s.keys.takeInterrupt()
	if err := s.term.cooked(); err != nil {
		return false, fmt.Errorf("prompt: cannot give the terminal back: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.setCancel(cancel)
	defer s.setCancel(nil)
	if early || s.keys.interrupted.Swap(false) {
		cancel()
	}
	done := make(chan any, 1) // what it panicked with
	go func() {
		var panicked any = "the work ended its goroutine"
		defer func() {
			if r := recover(); r != nil {
				panicked = describePanic(r, debug.Stack())
			}
			done <- panicked
		}()
		work(ctx)
		panicked = nil
	}()
	var panicked any
	select {
	case panicked = <-done:
	case <-s.stopped:
		select {
		case panicked = <-done:
		case <-time.After(stopGrace):
			return false, nil
		}
	}
	if panicked != nil {
		panic(panicked)
	}
	return true, nil
}

func (s *session) setCancel(cancel context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
	s.lastInt = time.Time{}
	if cancel != nil && s.keys.stopping.Load() {
		cancel()
	}
}

// describePanic keeps what raising a panic on another goroutine would lose.
func describePanic(r any, stack []byte) any {
	return fmt.Sprintf("%v\n\nas raised:\n%s", r, stack)
}

// fitPrefix leaves half of a narrow screen to the line: "pkt(dns && ip.s…)> ".
func fitPrefix(prefix string, columns int) string {
	prefix = printable(prefix)
	const tail = "…)> "
	if width := columns / 2; runewidth.StringWidth(prefix) > width {
		return runewidth.Truncate(prefix, max(width, len("> ")+3), tail)
	}
	return prefix
}
