// Command pktsh is a shell for packets: it opens captures and explores them by
// typing, with Wireshark's dissectors behind the attributes of a packet.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"pktsh/engine"
	"pktsh/repl"
	"pktsh/repl/command"
)

// version is set by the Makefile.
var version = "devel"

// The exit codes of the command line.
const (
	exitOK    = 0
	exitError = 1 // something went wrong while running
	exitUsage = 2 // the command line itself is wrong
)

func main() { os.Exit(run(os.Args[1:])) }

// run is main with an exit code, so that every deferred clean-up happens.
func run(args []string) int {
	if isCompletion(args) {
		return complete(args)
	}
	o, err := parseFlags(args, os.Stderr)
	switch {
	case errors.Is(err, errAnswered):
		return exitOK
	case err != nil:
		fmt.Fprintf(os.Stderr, "pktsh: %v\nTry pktsh --help.\n", err)
		return exitUsage
	case o.version:
		return printVersion(os.Stdout)
	}
	switch {
	case o.capturing.list:
		return listInterfaces(o)
	case o.output.asked() && o.capturing.asked():
		return runLiveOutput(o)
	case o.output.asked():
		return runOutput(o)
	}
	// A reader that leaves (| head) is an error of the write, not a signal. The
	// signal is caught and dropped: what were ignored here, the programs that a
	// line runs would ignore too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	terminal, err := openTerminal(o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		return exitError
	}
	defer terminal.close()
	session := engine.NewSession(o.engineConfig(terminal))
	defer session.Close()
	shell := repl.New(o.shellConfig(session, terminal))
	if terminal != nil {
		return interactive(o, session, shell, terminal)
	}
	return runLines(o, shell)
}

// runLines runs --eval, --script or standard input, without a terminal.
func runLines(o *options, shell *repl.Shell) int {
	ctx, caught := untilSignal()
	if code, ok := open(ctx, o, shell, false); !ok {
		return caught.code(code)
	}
	r, name, err := o.source()
	if err != nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		return exitError
	}
	defer r.Close()
	ok := shell.Run(ctx, r, name)
	if code, quit := shell.Quit(); quit && (ok || code != 0) {
		return caught.code(code)
	}
	if !ok {
		return caught.code(exitError)
	}
	return caught.code(exitOK)
}

// open opens what the command line names.
func open(ctx context.Context, o *options, shell *repl.Shell, interactive bool) (code int, ok bool) {
	if o.capturing.asked() {
		return sniff(ctx, o, shell, interactive)
	}
	if len(o.files) == 0 {
		return exitOK, true
	}
	what := repl.OpenOptions{
		OpenOptions: engine.OpenOptions{Paths: o.files},
		Beginning:   o.beginning(),
	}
	if o.files[0] == "-" {
		what.OpenOptions = engine.OpenOptions{Reader: os.Stdin}
	}
	if err := shell.Open(ctx, what); err != nil {
		if name := commandAmong(o.files); name != "" {
			fmt.Fprintf(os.Stderr, "%s is a command of the shell's: pktsh FILE --eval '%s'\n", name, name)
		}
		return exitError, false
	}
	return exitOK, true
}

// commandAmong is a word that stands where files do, is none, and is the name of a
// command; "" when there is no such word.
func commandAmong(files []string) string {
	table := command.NewTable()
	for _, f := range files {
		if _, known := table.Lookup(f); !known {
			continue
		}
		if _, err := os.Lstat(f); err != nil {
			return f
		}
	}
	return ""
}

// beginning is how the command line asks for a capture to be looked at.
func (o *options) beginning() repl.Beginning {
	return repl.Beginning{Filter: o.filter, DropPackets: !o.keepPackets, OnlySummaries: o.onlySummaries}
}

// sniff begins the capture that the command line asks for. A script that is not told
// how long to wait for its packets gets those of the whole capture, if it has an end.
func sniff(ctx context.Context, o *options, shell *repl.Shell, interactive bool) (code int, ok bool) {
	what, err := o.capturing.options(o.output.count)
	if err == nil {
		err = shell.Sniff(ctx, repl.SniffOptions{
			LiveOptions: what, Beginning: o.beginning(),
			ToTheEnd: !interactive && o.bounded(),
		})
	}
	if err != nil {
		return exitError, false
	}
	return exitOK, true
}

// source is the script that a batch run runs.
func (o *options) source() (r io.ReadCloser, name string, err error) {
	switch {
	case o.evalSet:
		return io.NopCloser(strings.NewReader(o.eval)), "--eval", nil
	case o.script != "" && o.script != "-":
		f, err := os.Open(o.script)
		if err != nil {
			var fault *fs.PathError
			if errors.As(err, &fault) {
				err = fault.Err
			}
			return nil, "", fmt.Errorf("--script %s: %w", o.script, err)
		}
		return f, o.script, nil
	case len(o.files) > 0 && o.files[0] == "-":
		return nil, "", errors.New("standard input carries the capture, so the commands must come from --eval or --script (there is no terminal to type at)")
	}
	return os.Stdin, "standard input", nil
}

// signalled remembers which signal ended a run.
type signalled struct {
	caught  chan syscall.Signal
	signals chan os.Signal
}

// untilSignal returns a context that the first SIGINT, SIGTERM or SIGHUP cancels,
// so that the run ends by its own way and leaves nothing behind.
func untilSignal() (context.Context, signalled) {
	ctx, cancel := context.WithCancel(context.Background())
	s := signalled{make(chan syscall.Signal, 1), make(chan os.Signal, 1)}
	signal.Notify(s.signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		if n, ok := (<-s.signals).(syscall.Signal); ok {
			s.caught <- n
		}
		cancel()
	}()
	return ctx, s
}

// release stops catching signals: somebody else does from now on.
func (s signalled) release() { signal.Stop(s.signals) }

// code returns 128+n after signal n, as shells do, or else code.
func (s signalled) code(code int) int {
	select {
	case n := <-s.caught:
		return 128 + int(n)
	default:
		return code
	}
}
