package wireshark

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// This file is the one way in which Wireshark's programs are started.

// waitDelay is how long after a program's end, or after it was told to end, its
// output is still waited for: a grandchild may hold it open.
const waitDelay = 2 * time.Second

// command prepares a program in a process group of its own, so that the
// terminal's Ctrl-C does not reach it. The end of ctx kills the whole group.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = waitDelay
	return cmd
}

// StartChild starts a command and returns what waits for its end, to be called
// once. The kernel sends the parent-death signal when the *thread* that started
// the child ends (prctl(2), PR_SET_PDEATHSIG), so a goroutine keeps its thread to
// itself until the child is gone and reaped.
func StartChild(cmd *exec.Cmd) (wait func() error, err error) {
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() error { return <-ended }, nil
}

// runChild starts a command and waits for its end.
func runChild(cmd *exec.Cmd) error {
	wait, err := StartChild(cmd)
	if err != nil {
		return err
	}
	return wait()
}

// readChild runs a command and has fn read its output; an error of fn ends it.
func readChild(cmd *exec.Cmd, fn func(io.Reader) error) error {
	// Not StdoutPipe: Wait closes that before all has been read.
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdout.Close()
	cmd.Stdout = childOut
	wait, err := StartChild(cmd)
	_ = childOut.Close()
	if err != nil {
		return err
	}
	if err := fn(stdout); err != nil {
		_ = killGroup(cmd.Process)
		_ = wait()
		return err
	}
	return wait()
}

// outputOf runs a command and returns what it printed.
func outputOf(cmd *exec.Cmd) ([]byte, error) {
	var out []byte
	err := readChild(cmd, func(r io.Reader) (err error) {
		out, err = io.ReadAll(r)
		return err
	})
	return out, err
}
