// Package prompt is the terminal: it reads lines and blocks with history,
// completion and editing keys, and hands complete inputs to the caller's Exec.
//
// It is the only package that imports go-prompt, and it keeps three rules that
// were paid for: Prompt.Run is never called (it deadlocks on a resize followed
// by Enter), the library's input half is replaced by [keyboard] (termios,
// signals and key decoding are ours), and the terminal is in its own, cooked
// mode whenever the caller's code runs.
//
// How the parts work together:
//
//   - [terminal] owns the file, its termios and the wake pipe.
//   - [decoder] turns bytes into keys, whatever way they were split.
//   - [keyboard] is go-prompt's ConsoleParser. It and the [screen] (go-prompt's
//     ConsoleWriter) take turns: a key is read only after the previous one was
//     drawn, so the keyboard always knows the line, the cursor and whether a
//     suggestion is selected, and go-prompt's polling loop sleeps while idle.
//   - [suggester] answers go-prompt's completer: remembered per line and cursor,
//     in the background when slow.
//   - [edits] is what editing remembers: killed text, undo, last words.
//   - [History] is what was entered, and its file.
//   - [session] loops over Prompt.Input and runs what was entered.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pktsh/completion"
)

// Config says what to prompt with. In, Out, Prefix and Exec are required.
type Config struct {
	// In is the terminal's input. Where standard input carries the capture it
	// is what [OpenTTY] returns. Run neither closes it nor reads it before.
	In *os.File
	// Out is the terminal's output. While Exec runs, the caller writes to it
	// directly.
	Out *os.File
	// Term is the value of $TERM. "" and "dumb" give plain line input: no keys,
	// no menus and not one escape code.
	Term string
	// Color allows colours. Without it no SGR sequence is written; moving the
	// cursor still is.
	Color bool
	// History is what Up and Ctrl-R recall and what inputs are added to, see
	// [OpenHistory]: at once, each to its file as well, which is created with mode
	// 0600 and its directory with 0700. nil begins an empty one without a file.
	History *History
	// Prefix returns the primary prompt, "pkt(dns)> ", plain text without escape
	// codes. It is asked before each input.
	Prefix func() string
	// Complete returns the suggestions at the cursor and the byte offset in
	// text where the word that they replace starts (it ends at the cursor).
	// text is the whole input, earlier lines of a block included; cursor is a
	// byte offset in it. It runs on its own goroutine, one call at a time and
	// never while Exec runs; a call that is overtaken by typing or Enter has
	// its ctx cancelled and is waited for. An answer that comes after 30 ms is
	// shown when it comes. nil completes nothing.
	Complete func(ctx context.Context, text string, cursor int) (suggestions []completion.Suggestion, start int)
	// Read reads text, the whole input, for the eye: what is drawn in which colour,
	// and what is wrong with it, which is said below the line. It is called before
	// each Complete, as Complete is. nil colours nothing.
	Read func(ctx context.Context, text string) completion.Reading
	// NeedMore says whether text is unfinished and wants a further line. Lines
	// are joined by '\n'; a blank line that was entered last shows as a
	// trailing '\n' ("def f():\n  pass\n"), and NeedMore alone decides that it
	// ends a block (it does not inside brackets or a string). nil: never.
	NeedMore func(text string) bool
	// Exec runs one complete input: one line, a block, or a paste of several
	// statements, without trailing blank lines. The terminal is in cooked mode
	// meanwhile, so Ctrl-C arrives as SIGINT and cancels ctx; nothing else is
	// done to the work; a Ctrl-C typed right behind Enter may have cancelled it
	// before Exec begins. It runs on a goroutine of its own, one at a time.
	// quit ends Run, which returns code.
	Exec func(ctx context.Context, text string) (code int, quit bool)
	// Edit lets the user change text, the whole input, in a program of its own
	// (Ctrl-X Ctrl-E) and returns what became of it. It runs as Exec does. The error
	// is shown, the text taken all the same. nil: the key does nothing.
	Edit func(ctx context.Context, text string) (edited string, err error)
	// Catching is called when Run has begun to catch signals: who did before can
	// stop. It may be nil.
	Catching func()
}

func (c *Config) check() error {
	switch {
	case c.In == nil || c.Out == nil:
		return errors.New("prompt: got a Config without In or Out, want an open terminal in both (see OpenTTY)")
	case c.Prefix == nil:
		return errors.New("prompt: got a Config without Prefix, want a function that returns the prompt")
	case c.Exec == nil:
		return errors.New("prompt: got a Config without Exec, want a function that runs an input")
	}
	return nil
}

// ttyPath is the calling process's controlling terminal (POSIX.1-2017, XBD 10.1).
const ttyPath = "/dev/tty"

// OpenTTY opens the controlling terminal for reading and writing: for a Config
// whose standard input carries the capture. The caller closes it.
func OpenTTY() (*os.File, error) {
	f, err := os.OpenFile(ttyPath, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("prompt: got no terminal (%w), want one to type into; use --script or --eval without one", err)
	}
	return f, nil
}

// Run prompts until Ctrl-D on an empty line (exit 0), until Exec asks to quit
// (its code), until SIGTERM or SIGHUP (128+n, Exec's ctx is cancelled and waited
// for five seconds), or until ctx is done (its error). Whichever way it ends, a
// panic included, the terminal is left as it was found.
//
// A panic of Exec is raised again on Run's goroutine. While Run runs, SIGINT,
// SIGTERM, SIGHUP, SIGWINCH and SIGCONT are handled here. Only one Run may be
// active in a process.
func Run(ctx context.Context, cfg Config) (exit int, err error) {
	if err := cfg.check(); err != nil {
		return 1, err
	}
	term, err := openTerminal(cfg.In, cfg.Out)
	if err != nil {
		return 1, err
	}
	defer term.close()
	s := newSession(cfg, term)
	stop := s.watchSignals(ctx)
	defer stop()
	if cfg.Catching != nil {
		cfg.Catching()
	}
	defer s.suggester.stop()
	if cfg.Term == "" || cfg.Term == "dumb" || !hasControllingTerminal() {
		return s.runPlain(ctx)
	}
	return s.runLines(ctx)
}
