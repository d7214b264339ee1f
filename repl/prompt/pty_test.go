package prompt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pktsh/completion"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// This file runs the prompt as its users do: the test binary starts itself as a
// session leader on a pseudo terminal whose other end is a VT100 screen.

// childVariable makes the test binary the program under test; it holds a childConfig.
const childVariable = "PKTSH_PROMPT_TEST_CHILD"

type childConfig struct {
	Term        string
	Color       bool
	HistoryFile string
	ShowWidth   bool          // in the prompt, in as many columns as "pkt"
	Shell       bool          // stand in for a shell with job control
	Slow        time.Duration // of a completion of "slow."
	Detached    bool          // the terminal is not the controlling one
	OpenTTY     bool          // type into /dev/tty, standard input is empty
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		var c childConfig
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			panic(err)
		}
		if c.Shell {
			os.Exit(jobShell(c))
		}
		os.Exit(child(c))
	}
	os.Exit(m.Run())
}

// child is a small program around Run. What it runs says so on the screen.
func child(c childConfig) int {
	in := os.Stdin
	if c.OpenTTY {
		tty, err := OpenTTY()
		if err != nil {
			fmt.Println(err)
			return 98
		}
		defer tty.Close()
		in = tty
	}
	prefix := func() string {
		if !c.ShowWidth {
			return "pkt> "
		}
		size, _ := unix.IoctlGetWinsize(1, unix.TIOCGWINSZ)
		return fmt.Sprintf("%3d> ", size.Col)
	}
	history := OpenHistory(c.HistoryFile)
	code, err := Run(context.Background(), Config{
		In: in, Out: os.Stdout, Term: c.Term, Color: c.Color, History: history,
		Prefix:   prefix,
		NeedMore: childNeedMore,
		Complete: func(ctx context.Context, text string, cursor int) ([]completion.Suggestion, int) {
			return childComplete(ctx, c, text, cursor)
		},
		Edit: childEdit,
		Read: childRead,
		Exec: func(ctx context.Context, text string) (int, bool) {
			if text == "history" {
				fmt.Printf("entered %q\n", history.Entries())
				return 0, false
			}
			return childExec(ctx, text)
		},
	})
	if err != nil {
		fmt.Println("error:", err)
	}
	return code
}

// childNeedMore knows blocks that begin with def or for, and brackets.
func childNeedMore(text string) bool {
	if strings.Count(text, "(") > strings.Count(text, ")") {
		return true
	}
	return (strings.HasPrefix(text, "def ") || strings.HasPrefix(text, "for ")) && !strings.HasSuffix(text, "\n")
}

func childComplete(ctx context.Context, c childConfig, text string, cursor int) ([]completion.Suggestion, int) {
	head := text[:cursor]
	start := strings.LastIndexAny(head, " .()]\n") + 1
	names := []string{"filter", "find", "layers", "layout"}
	switch {
	case strings.HasSuffix(head[:start], "pkt."):
		names = []string{"ip", "ip_proto", "ipv6", "udp"}
	case strings.HasSuffix(head[:start], "many."):
		names = nil
		for i := range 300 {
			names = append(names, fmt.Sprintf("name%03d", i))
		}
	case strings.HasSuffix(head[:start], "slow."):
		select {
		case <-time.After(c.Slow):
			names = []string{"tortoise"}
		case <-ctx.Done():
		}
	case strings.HasSuffix(head[:start], "bug."):
		panic("a bug in completion")
	case strings.HasSuffix(head[:start], "odd."):
		return []completion.Suggestion{{Text: "name"}}, start
	case strings.HasPrefix(head, "filter "):
		start = len("filter ")
		names = []string{"dns.flags", "dns.qry.name", "dns.qry.type"}
	}
	var out []completion.Suggestion
	for _, n := range names {
		if strings.HasPrefix(n, head[start:]) {
			out = append(out, completion.Suggestion{Text: n, Description: "about " + n})
		}
	}
	return out, start
}

// childRead knows one filter that is right; "!!" is wrong wherever it stands.
func childRead(_ context.Context, text string) completion.Reading {
	start := strings.LastIndex(text, "filter ")
	if start < 0 {
		return completion.Reading{}
	}
	end := start + len("filter")
	r := completion.Reading{Spans: []completion.Span{{Start: start, End: end, Paint: completion.PaintCommand}}}
	rest := completion.Span{Start: end + 1, End: len(text), Paint: completion.PaintUnfinished}
	switch at := strings.Index(text, "!!"); {
	case text[end+1:] == "dns":
		rest.Paint = completion.PaintValid
	case at >= 0:
		r.Problem, r.Certain, rest.Paint = "the filter is wrong at\x1b[2J its !!", true, completion.PaintWrong
	case rest.Start < rest.End:
		r.Problem = "the filter wants more"
	}
	if rest.Start < rest.End {
		r.Spans = append(r.Spans, rest)
	}
	return r
}

// childEdit doubles each line, in cooked mode.
func childEdit(_ context.Context, text string) (string, error) {
	m, err := unix.IoctlGetTermios(0, ioctlGetTermios)
	fmt.Println("the editor's screen, cooked:", err == nil && m.Lflag&unix.ICANON != 0)
	if text == "broken" {
		return text, errors.New("the editor failed")
	}
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		out = append(out, line, line)
	}
	return strings.Join(out, "\n"), nil
}

func childExec(ctx context.Context, text string) (code int, quit bool) {
	switch {
	case text == "quit":
		return 7, true
	case text == "panic":
		panic("as asked")
	case text == "wait":
		fmt.Println("waiting")
		<-ctx.Done()
		fmt.Println("cancelled")
	case strings.HasPrefix(text, "stubborn "): // until there is a file
		fmt.Println("waiting")
		<-ctx.Done()
		for _, err := os.Stat(text[len("stubborn "):]); err != nil; _, err = os.Stat(text[len("stubborn "):]) {
			time.Sleep(20 * time.Millisecond)
		}
		fmt.Println("gave in")
	case strings.HasPrefix(text, "sleep"):
		fmt.Println("sleeping")
		time.Sleep(300 * time.Millisecond)
		fmt.Println("slept")
	case text == "children":
		out, err := exec.Command("ls", "-l", "/proc/self/fd").Output()
		fmt.Printf("a child inherits %d terminals, %v\n", strings.Count(string(out), "/dev/tty")+strings.Count(string(out), "/dev/pts"), err)
	case text == "noeol":
		fmt.Print("no end of line")
	case text == "bell":
		m, err := unix.IoctlGetTermios(0, ioctlGetTermios)
		fmt.Println("cooked:", err == nil && m.Lflag&unix.ICANON != 0 && m.Lflag&unix.ECHO != 0)
	default:
		fmt.Printf("ran %q\n", text)
	}
	return 0, false
}

// jobShell runs the child in a process group of its own in the foreground, says
// when it was stopped, and continues it at the next line.
func jobShell(c childConfig) int {
	signal.Ignore(syscall.SIGTTOU)
	c.Shell = false
	text, _ := json.Marshal(c)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return 99
	}
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
			fmt.Println(err)
			return 99
		}
		if !status.Stopped() {
			return status.ExitStatus()
		}
		_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, os.Getpid())
		fmt.Println("[stopped]")
		var line string
		_, _ = fmt.Scanln(&line)
		fmt.Println("[continued]")
		_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, cmd.Process.Pid)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT)
	}
}

// terminalTest is a child on its terminal.
type terminalTest struct {
	t           testing.TB
	master, tty *os.File
	cmd         *exec.Cmd
	before      unix.Termios
	vt          vt10x.Terminal
	exited      chan struct{}

	mu  sync.Mutex
	raw strings.Builder
}

func start(t testing.TB, c childConfig, columns, rows int) *terminalTest {
	t.Helper()
	if c.Term == "" {
		c.Term = "xterm"
	}
	master, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		t.Fatal(err)
	}
	master = pollable(t, master)
	before, err := unix.IoctlGetTermios(int(tty.Fd()), ioctlGetTermios)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text), "GORACE=exitcode=66")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: !c.Detached, Ctty: 1}
	if c.OpenTTY {
		cmd.Stdin = nil
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if columns == 0 {
		columns, rows = 80, 24
	}
	x := &terminalTest{t: t, master: master, tty: tty, cmd: cmd, before: *before,
		vt: vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(master)), exited: make(chan struct{})}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			x.mu.Lock()
			x.raw.Write(buf[:n])
			x.mu.Unlock()
			_, _ = x.vt.Write(buf[:n])
		}
	}()
	go func() {
		_ = cmd.Wait()
		close(x.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-x.exited
		_ = tty.Close()
		_ = master.Close()
		<-read
		if t.Failed() {
			t.Logf("the screen:\n%s", x.screen())
		}
	})
	return x
}

// pollable makes f a file whose Close ends a Read that waits: asking for its
// descriptor, as pty does, made it a blocking one.
func pollable(t testing.TB, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func (x *terminalTest) screen() string {
	lines := strings.Split(x.vt.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// output is every byte written so far.
func (x *terminalTest) output() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

func (x *terminalTest) send(keys string) {
	x.t.Helper()
	if _, err := x.master.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

const patience = 10 * time.Second

// until waits for a screen that fits.
func (x *terminalTest) until(what string, fits func(screen string) bool) {
	x.t.Helper()
	deadline := time.Now().Add(patience)
	for !fits(x.screen()) {
		if time.Now().After(deadline) {
			x.t.Fatalf("got a screen without %s:\n%s", what, x.screen())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (x *terminalTest) see(text string) {
	x.t.Helper()
	x.until(fmt.Sprintf("%q", text), func(s string) bool { return strings.Contains(s, text) })
}

// seeTimes waits for text n times.
func (x *terminalTest) seeTimes(text string, n int) {
	x.t.Helper()
	x.until(fmt.Sprintf("%q %d times", text, n), func(s string) bool { return strings.Count(s, text) == n })
}

// seeLast waits for the screen's last line that is not blank.
func (x *terminalTest) seeLast(line string) {
	x.t.Helper()
	x.until(fmt.Sprintf("the last line %q", line), func(s string) bool {
		return s == line || strings.HasSuffix(s, "\n"+line)
	})
}

// exit waits for the end and checks the exit code and that the terminal is as it was.
func (x *terminalTest) exit(code int) {
	x.t.Helper()
	select {
	case <-x.exited:
	case <-time.After(patience):
		x.t.Fatalf("still running:\n%s", x.screen())
	}
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("got exit code %d, want %d", got, code)
	}
	x.restored()
}

func (x *terminalTest) restored() {
	x.t.Helper()
	after, err := unix.IoctlGetTermios(int(x.tty.Fd()), ioctlGetTermios)
	if err != nil {
		x.t.Fatal(err)
	}
	if *after != x.before {
		x.t.Errorf("got termios %+v, want them as before %+v", *after, x.before)
	}
	x.until("bracketed paste switched off", func(string) bool {
		return strings.LastIndex(x.output(), bracketedPasteOn) <= strings.LastIndex(x.output(), bracketedPasteOff)
	})
}

func (x *terminalTest) resize(columns, rows int) {
	x.t.Helper()
	x.vt.Resize(columns, rows)
	conn, err := x.master.SyscallConn()
	if err != nil {
		x.t.Fatal(err)
	}
	size := unix.Winsize{Col: uint16(columns), Row: uint16(rows)}
	var ioctl error
	err = conn.Control(func(fd uintptr) { ioctl = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &size) })
	if err = errors.Join(err, ioctl); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminalTest) signal(sig syscall.Signal) {
	x.t.Helper()
	if err := x.cmd.Process.Signal(sig); err != nil {
		x.t.Fatal(err)
	}
}

func tempHistory(t testing.TB) string {
	return filepath.Join(t.TempDir(), "state", "history")
}
