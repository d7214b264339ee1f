package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/adrg/xdg"
	"golang.org/x/term"

	"pktsh/engine"
	"pktsh/repl"
	"pktsh/repl/editor"
	"pktsh/repl/prompt"
	"pktsh/repl/render"
)

// terminal is the one a person types at; nil in a batch run.
type terminal struct {
	in    *os.File
	owned bool // opened here, because standard input carries the capture
	color bool
	bar   *render.Progress
	// history is what was typed, in this session too where no file keeps it.
	history *prompt.History
}

// openTerminal returns the terminal of an interactive run, or nil when this is
// a batch run: the shell is interactive when standard output is a terminal, and
// standard input is one too or carries the capture.
func openTerminal(o *options) (*terminal, error) {
	capture := len(o.files) > 0 && o.files[0] == "-"
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	if o.evalSet || o.script != "" || !isTerminal(os.Stdout) || !capture && !isTerminal(os.Stdin) {
		return nil, nil
	}
	t := &terminal{in: os.Stdin}
	if capture {
		in, err := prompt.OpenTTY()
		if err != nil {
			return nil, err
		}
		t.in, t.owned = in, true
	}
	t.color = o.colored(true)
	t.bar = render.NewProgress(os.Stderr, t.style())
	t.history = prompt.OpenHistory(o.historyFile())
	return t, nil
}

// depth is how many colours the terminal says that it has.
func depth() render.Depth { return render.DepthOf(os.Getenv("COLORTERM"), os.Getenv("TERM")) }

// colored says whether to colour, given whether a person sees it.
func (o *options) colored(terminal bool) bool {
	switch o.color {
	case "always":
		return true
	case "never":
		return false
	}
	return terminal && colorful()
}

// colorful says whether the environment wants colours on a terminal.
func colorful() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

func (t *terminal) close() {
	if t != nil && t.owned {
		_ = t.in.Close()
	}
}

func (t *terminal) style() render.Style {
	width, height, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	return render.Style{Width: width, Height: height, Color: t.color, Depth: depth(), Interactive: true}
}

func (t *terminal) progress() engine.Progress {
	if t == nil {
		return nil
	}
	return t.bar
}

// notify prints a line that nobody asked for.
func (t *terminal) notify(line string) {
	style := render.Style{}
	if t != nil {
		style = t.style()
	}
	_ = render.New(t.wrap(os.Stderr), style).Notice(line)
}

// wrap keeps what is written to a terminal out of the progress line's way.
func (t *terminal) wrap(f *os.File) io.Writer {
	if t == nil {
		return f
	}
	return t.bar.Wrap(f)
}

// shellConfig is the shell's part of the command line.
func (o *options) shellConfig(session *engine.Session, t *terminal) repl.Config {
	cfg := repl.Config{
		Session: session, Out: t.wrap(os.Stdout), Err: t.wrap(os.Stderr), Args: o.args, KeepGoing: o.keepGoing,
		Color: o.color, ColorFiles: colorFiles(), SettingsFile: filepath.Join(xdg.ConfigHome, "pktsh", "settings"),
		SystemShell: os.Getenv("SHELL"), FiltersFile: filepath.Join(xdg.ConfigHome, "pktsh", "dmacros"),
		Style: func() render.Style { return render.Style{Depth: depth()} },
	}
	cfg.System.Out, cfg.System.Err = os.Stdout, os.Stderr
	if t == nil {
		return cfg
	}
	cfg.System.In = t.in
	if os.Getenv("TERM") != "dumb" {
		cfg.Pager = &repl.Pager{Command: os.Getenv("PAGER"), Hold: t.bar.Hold}
	}
	cfg.Style = func() render.Style {
		style := t.style()
		style.Color = colorful() // --color and set color overrule it
		return style
	}
	cfg.History = t.history.Entries
	cfg.Edit = t.editor().Edit
	cfg.Remember = func(text string) {
		if err := t.history.Add(text); err != nil {
			t.notify(err.Error())
		}
	}
	cfg.Repaints = moves(os.Getenv("TERM"))
	return cfg
}

// colorFiles is where colouring rules are: $XDG_CONFIG_HOME/pktsh/colorfilters, and
// where Wireshark keeps its own.
func colorFiles() repl.ColorFiles {
	home, _ := os.UserHomeDir() // without one there is no old place to look at
	return repl.ColorFiles{
		Own: filepath.Join(xdg.ConfigHome, "pktsh", "colorfilters"),
		Wireshark: []string{
			filepath.Join(xdg.ConfigHome, "wireshark", "colorfilters"),
			filepath.Join(home, ".wireshark", "colorfilters"),
			"/usr/share/wireshark/colorfilters", "/usr/local/share/wireshark/colorfilters",
		},
	}
}

// editor is the user's, on the terminal.
func (t *terminal) editor() editor.Editor {
	return editor.Editor{In: t.in, Out: os.Stdout, Err: os.Stderr}
}

// moves says whether a terminal of that $TERM can move its cursor.
func moves(term string) bool { return term != "" && term != "dumb" }

// rcFile is run when an interactive session begins: $XDG_CONFIG_HOME/pktsh/rc.star.
func rcFile() string { return filepath.Join(xdg.ConfigHome, "pktsh", "rc.star") }

// historyFile is where typed lines are kept: $XDG_STATE_HOME/pktsh/history.
func (o *options) historyFile() string {
	if o.noHistory {
		return ""
	}
	return filepath.Join(xdg.StateHome, "pktsh", "history")
}

// interactive runs the prompt until the person leaves.
func interactive(o *options, session *engine.Session, shell *repl.Shell, t *terminal) int {
	starting, caught := untilSignal() // the prompt catches them later
	if !o.noRC {
		shell.RunSettings(starting)
		shell.RunRC(starting, rcFile())
		if code, quit := shell.Quit(); quit {
			return caught.code(code)
		}
	}
	if code, ok := open(starting, o, shell, true); !ok {
		return caught.code(code)
	}
	shell.Greet(starting, version)
	if o.historyFile() != "" && len(t.history.Entries()) == 0 {
		t.notify("New here? help examples has ten things to do, pkt? shows a packet, TAB completes.")
	}
	shell.OfferRecovery()
	if starting.Err() != nil {
		return caught.code(exitError)
	}
	session.LoadCatalogue()
	// A signal that came before the prompt catches them ends starting, too late for
	// the look above at times, and so the prompt.
	code, err := prompt.Run(starting, prompt.Config{
		Catching: caught.release,
		In:       t.in, Out: os.Stdout, Term: os.Getenv("TERM"), Color: t.color,
		History:  t.history,
		Prefix:   shell.Prefix,
		Complete: shell.Complete,
		Read:     shell.Read,
		NeedMore: shell.NeedMore,
		Edit:     t.editor().Edit,
		Exec: func(ctx context.Context, text string) (int, bool) {
			shell.Exec(ctx, text)
			return shell.Quit()
		},
	})
	if err != nil && starting.Err() == nil {
		fmt.Fprintf(os.Stderr, "pktsh: %v\n", err)
		return exitError
	}
	return caught.code(code)
}
