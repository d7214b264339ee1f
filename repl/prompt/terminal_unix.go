//go:build unix

package prompt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal without a size (0×0, as in a container) is taken for a VT100's.
const (
	defaultColumns = 80
	defaultRows    = 24
	// minColumns is the narrowest screen go-prompt draws on without erasing it.
	minColumns = 8
)

// terminal is the file that is typed into and drawn on. It alone changes the
// termios, and puts back the ones it found.
type terminal struct {
	in, out *os.File
	fd      int // of in
	saved   unix.Termios
	raw     bool
	// wakeR and wakeW are a pipe: a byte in it ends wait.
	wakeR, wakeW int
}

// openTerminal remembers the terminal's settings and changes nothing yet.
func openTerminal(in, out *os.File) (*terminal, error) {
	t := &terminal{in: in, out: out, fd: int(in.Fd())}
	saved, err := unix.IoctlGetTermios(t.fd, ioctlGetTermios)
	if err != nil {
		return nil, fmt.Errorf("prompt: got %s as input (%w), want a terminal; pipe commands without the prompt instead", in.Name(), err)
	}
	t.saved = *saved
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return nil, fmt.Errorf("prompt: no pipe to wake the keyboard: %w", err)
	}
	t.wakeR, t.wakeW = p[0], p[1]
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, errors.Join(fmt.Errorf("prompt: no pipe to wake the keyboard: %w", err), t.close())
		}
	}
	return t, nil
}

// close restores the terminal and releases what openTerminal took.
func (t *terminal) close() error {
	err := t.cooked()
	return errors.Join(err, unix.Close(t.wakeR), unix.Close(t.wakeW))
}

// bracketedPasteOn and Off switch xterm's mode 2004: pasted text arrives
// between CSI 200 ~ and CSI 201 ~.
const (
	bracketedPasteOn  = "\x1b[?2004h"
	bracketedPasteOff = "\x1b[?2004l"
)

// setRaw gives every key to the keyboard: no echo, no lines, no signals. Output
// processing stays on. What was typed ahead is kept (TCSANOW, POSIX
// tcsetattr): in cooked mode the line discipline holds it, and hands it over.
// It is called at the start of every line, also after another process may have
// changed the settings, so it always sets them.
func (t *terminal) setRaw() error {
	m := t.saved
	m.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	m.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	m.Cflag &^= unix.CSIZE | unix.PARENB
	m.Cflag |= unix.CS8
	m.Cc[unix.VMIN], m.Cc[unix.VTIME] = 1, 0
	if err := t.set(&m); err != nil {
		return err
	}
	if !t.raw {
		t.raw = true
		_, err := io.WriteString(t.out, bracketedPasteOn)
		return err
	}
	return nil
}

// cooked puts the settings back that openTerminal found.
func (t *terminal) cooked() error {
	if !t.raw {
		return nil
	}
	t.raw = false
	_, werr := io.WriteString(t.out, bracketedPasteOff)
	return errors.Join(werr, t.set(&t.saved))
}

// set leaves a terminal alone that belongs to another job now: changing it
// would stop this process (SIGTTOU), on its way out too.
func (t *terminal) set(m *unix.Termios) error {
	if group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP); err == nil && group != unix.Getpgrp() {
		return nil
	}
	for {
		err := unix.IoctlSetTermios(t.fd, ioctlSetTermios, m)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// size returns the screen's size, never 0; known is false for a terminal that
// does not tell.
func (t *terminal) size() (columns, rows int, known bool) {
	ws, err := unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ)
	if err != nil || ws.Col == 0 || ws.Row == 0 {
		return defaultColumns, defaultRows, false
	}
	return max(int(ws.Col), minColumns), int(ws.Row), true
}

// wake ends a wait, now or the next one. It never blocks: a full pipe wakes too.
func (t *terminal) wake() {
	for {
		if _, err := unix.Write(t.wakeW, []byte{0}); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// wait blocks until there is input (true), wake was called or the time is over
// (both false). A negative timeout is for ever.
func (t *terminal) wait(timeout time.Duration) (readable bool, err error) {
	ms := -1
	if timeout >= 0 {
		ms = int(timeout.Milliseconds())
	}
	fds := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}, {Fd: int32(t.wakeR), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, ms); err != nil {
		if errors.Is(err, unix.EINTR) {
			return false, nil
		}
		return false, err
	}
	if fds[1].Revents != 0 {
		var drop [64]byte
		if _, err := unix.Read(t.wakeR, drop[:]); err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return false, err
		}
	}
	return fds[0].Revents != 0, nil
}

// read returns what is there after wait said so: io.EOF when the terminal is
// gone or, in cooked mode, at Ctrl-D.
func (t *terminal) read(buf []byte) (int, error) {
	n, err := unix.Read(t.fd, buf)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// suspend stops the whole job, as the terminal's own Ctrl-Z would, and returns
// when it was continued. A job that nobody could continue (an orphaned process
// group) is not stopped by the kernel: the timer returns then.
func (t *terminal) suspend(continued <-chan struct{}) error {
	if err := unix.Kill(0, unix.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-continued:
	case <-time.After(500 * time.Millisecond):
	}
	return nil
}

// hasControllingTerminal says whether /dev/tty can be opened; go-prompt's
// constructor panics where it cannot.
func hasControllingTerminal() bool {
	fd, err := unix.Open(ttyPath, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	return unix.Close(fd) == nil
}

// withoutInheritedTTY runs construct, which is go-prompt's constructor: it
// opens /dev/tty, drops it and leaves it open in every child process that is
// started later. No fork happens meanwhile, and the descriptor is marked.
func withoutInheritedTTY(construct func()) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var tty, st unix.Stat_t
	known := unix.Stat(ttyPath, &tty) == nil
	construct()
	if !known {
		return
	}
	for fd := 3; fd < 1024; fd++ {
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == tty.Rdev {
			unix.CloseOnExec(fd)
		}
	}
}
