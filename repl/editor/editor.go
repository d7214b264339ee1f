// Package editor hands a text to the user's own editor and takes it back: for the
// key and the command that edit an input.
package editor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Editor is how the user's editor is run.
type Editor struct {
	// Command is the editor and its flags as a shell reads them, "code --wait"; ""
	// means the one of $VISUAL or $EDITOR, else vi (POSIX.1-2017, XBD 8.3).
	Command string
	// Shell is the shell that reads it; "" means /bin/sh.
	Shell string
	// In, Out and Err are its standard input, output and error: a terminal, in
	// cooked mode. nil is nothing.
	In, Out, Err *os.File
}

// command is what is run.
func (e Editor) command() string {
	for _, c := range []string{e.Command, os.Getenv("VISUAL"), os.Getenv("EDITOR")} {
		if strings.TrimSpace(c) != "" {
			return c
		}
	}
	return "vi"
}

// stopWait is how long an editor has to end when ctx is done, before it is killed.
const stopWait = 3 * time.Second

// Edit returns what the user made of text, without the line ends at its end. The
// text is in a file of mode 0600 meanwhile, which is removed, and whose name ends in
// .star for the editor to know what it is. When ctx is done the editor is told to
// end (SIGTERM). An editor that fails is an error, and the text is as it was.
func (e Editor) Edit(ctx context.Context, text string) (edited string, err error) {
	f, err := os.CreateTemp("", "pktsh-*.star") // 0600
	if err != nil {
		return text, fmt.Errorf("edit: %w", err)
	}
	defer os.Remove(f.Name())
	if text != "" {
		text += "\n"
	}
	_, err = f.WriteString(text)
	text = strings.TrimSuffix(text, "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return text, fmt.Errorf("edit: %w", err)
	}
	shell := e.Shell
	if shell == "" {
		shell = "/bin/sh"
	}
	// The shell splits the command into words, the file's name is one as it is.
	cmd := exec.CommandContext(ctx, shell, "-c", e.command()+` "$1"`, "pktsh", f.Name())
	if e.In != nil { // a nil *os.File is no nil io.Reader
		cmd.Stdin = e.In
	}
	if e.Out != nil {
		cmd.Stdout = e.Out
	}
	if e.Err != nil {
		cmd.Stderr = e.Err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWait
	if err := cmd.Run(); err != nil {
		return text, fmt.Errorf("edit: %s: %w; $VISUAL or $EDITOR names another editor", e.command(), err)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return text, fmt.Errorf("edit: %w", err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
