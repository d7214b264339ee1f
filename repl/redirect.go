package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"pktsh/repl/command"
	"pktsh/repl/render"
	"pktsh/repl/result"
)

// saysWhatIsSet says that a result is but the confirmation of a setting, which nobody
// wants to read again each time that a session begins.
func saysWhatIsSet(r result.Result) bool {
	status, ok := r.(*result.Status)
	return ok && status.Role != result.RoleWarning && status.Role != result.RoleError
}

// command runs one command line, its output where the line sends it.
func (s *Shell) command(ctx context.Context, c *command.Command, rest string) error {
	var to *command.Redirect
	if !c.Raw {
		var err error
		if rest, to, err = command.SplitRedirect(rest); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	if rest == "-h" || rest == "--help" {
		if help, ok := s.table.Lookup("help"); ok {
			c, rest = help, c.Name
		}
	}
	in, err := c.Parse(rest)
	if err != nil {
		return err
	}
	if to != nil && to.Op == "&" {
		if to, err = nil, c.InBackground(in); err != nil {
			return err
		}
	}
	if file := in.Options["to"]; c.Raw && file != "" {
		to = &command.Redirect{Op: ">", Target: file}
	}
	s.refresh()
	if to != nil {
		s.state.PageRows, s.state.Color = 0, s.state.Settings.Color == "always" // a file and a program get everything
	}
	r, err := s.runCommand(ctx, c, in)
	if err != nil {
		if meant := c.Misplaced(in.Raw); meant != "" && !errors.Is(err, context.Canceled) {
			err = fmt.Errorf("%w\n%s", err, meant)
		}
		return err
	}
	s.pushVariables()
	if to == nil && s.goOn && saysWhatIsSet(r) {
		return nil
	}
	if to == nil && c.Unpaged {
		return s.show(ctx, r)
	}
	if to == nil {
		return s.reply(ctx, r)
	}
	s.warnPartial(r)
	write := func(w io.Writer) error { return render.New(w, render.Style{Color: s.state.Color}).Result(ctx, r) }
	if to.Op == "|" {
		return s.pipe(ctx, to.Target, write)
	}
	return toFile(to, write)
}

// toFile writes to a file, or appends to it.
func toFile(to *command.Redirect, write func(io.Writer) error) (err error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if to.Op == ">>" {
		flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	f, err := os.OpenFile(command.ExpandHome(to.Target), flags, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}

// pipe runs a shell command with what write writes as its input.
func (s *Shell) pipe(ctx context.Context, line string, write func(io.Writer) error) error {
	cmd := s.systemCommand(ctx, line)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// What is told to end is the shell; its programs may stay, and not read.
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	werr := write(in)
	_ = in.Close()
	var exit *exec.ExitError
	switch err := cmd.Wait(); {
	case errors.As(err, &exit) && exit.ExitCode() > 0 && exit.ExitCode() < 126:
		// What grep and others say by their exit code is no error of ours; 126
		// and 127 are the shell's own: it could not run the program.
	case err != nil:
		return fmt.Errorf("%s: %w", line, err)
	}
	if isClosedPipe(werr) {
		return nil // head, less and others read as much as they like
	}
	return werr
}

// system runs a line in the user's shell, on the user's terminal.
func (s *Shell) system(ctx context.Context, line string) error {
	cmd := s.systemCommand(ctx, line)
	if s.cfg.System.In != nil {
		cmd.Stdin = s.cfg.System.In
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

func (s *Shell) systemCommand(ctx context.Context, line string) *exec.Cmd {
	shell := s.cfg.SystemShell
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := exec.CommandContext(ctx, shell, "-c", line)
	if s.cfg.System.Out != nil { // a nil *os.File is no nil io.Writer
		cmd.Stdout = s.cfg.System.Out
	}
	if s.capturing != nil {
		cmd.Stdout = s.capturing
	}
	if s.cfg.System.Err != nil {
		cmd.Stderr = s.cfg.System.Err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 2 * time.Second // then it is killed
	return cmd
}
