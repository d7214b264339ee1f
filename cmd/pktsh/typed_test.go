package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// This file types at pktsh as a person does, on a terminal of its own, and reads
// the screen. It waits for text and never for time.

// patience is how long a screen may take to show what is waited for.
const patience = 30 * time.Second

// typist is a person at a pktsh.
type typist struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	term vt10x.Terminal
	done chan struct{}
	work string

	mu  sync.Mutex
	raw strings.Builder // everything that was sent to the terminal
}

// sit starts pktsh on a terminal of that size.
func sit(t *testing.T, cols, rows int, args ...string) *typist {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	program := filepath.Join(work, "pktsh") // testscript.Main runs what the name says
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(work, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "TZ=UTC", "HOME="+work, "TMPDIR="+tmp,
		"XDG_CACHE_HOME="+filepath.Join(work, "cache"), "XDG_STATE_HOME="+filepath.Join(work, "state"))
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(rows), Cols: uint16(cols)})
	if err != nil {
		t.Fatal(err)
	}
	p := &typist{t: t, cmd: cmd, pty: f, work: work, done: make(chan struct{}), term: vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(f))}
	go func() {
		defer close(p.done)
		buf := make([]byte, 4096)
		for {
			n, err := f.Read(buf)
			p.mu.Lock()
			p.raw.Write(buf[:n])
			p.mu.Unlock()
			_, _ = p.term.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = f.Close()
		<-p.done
	})
	return p
}

func (p *typist) screen() string { return p.term.String() }

func (p *typist) typed(keys string) {
	p.t.Helper()
	if _, err := p.pty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// see waits until the screen shows every one of the patterns.
func (p *typist) see(patterns ...string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for _, pattern := range patterns {
		re := regexp.MustCompile("(?m)" + pattern)
		for !re.MatchString(p.screen()) {
			if time.Now().After(deadline) {
				p.t.Fatalf("the screen never showed %q; it shows:\n%s", pattern, p.screen())
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// say types a line and waits for what it answers, with the prompt behind it.
func (p *typist) say(line string, patterns ...string) {
	p.t.Helper()
	p.typed("\x0c") // a clean screen, so that only the answer matches
	p.see(`\A\s*pkt.*> $|\A\s*pkt.*>\s*\z`)
	p.typed(line + "\r")
	p.see(append(patterns, `pkt.*>\s*\z`)...)
}

// leave waits for the process to end and returns its exit code.
func (p *typist) leave() int {
	p.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case <-ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("pktsh did not end; the screen shows:\n%s", p.screen())
		return -1
	}
}

func (p *typist) nothingLeft() {
	p.t.Helper()
	left, err := os.ReadDir(filepath.Join(p.work, "tmp"))
	if err != nil {
		p.t.Fatal(err)
	}
	if len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
}

func needWireshark(t *testing.T) {
	if !haveWireshark() {
		t.Skip("tshark and sharkd are not on PATH")
	}
}

const browse = "../../testdata/browse.pcapng"

// TestTypedBlog is what PyShark's introductions show, typed.
func TestTypedBlog(t *testing.T) {
	needWireshark(t)
	p := sit(t, 100, 40, browse)
	p.see(`browse.pcapng  1,204 packets  8.3 s  pcapng  Ethernet   dissected by Wireshark`, `pkt> `)

	p.say("for pkt in cap[2:4]: print(pkt)",
		`^3 0.002000000 0.001600000 192.168.1.20 192.168.1.1 DNS 71 Standard query 0x1a2b A example.org`,
		`^4 0.040000000 0.038000000`)
	p.say("goto 8", `HTTP +134  GET / HTTP/1.1`)

	p.typed("\x0cpkt.\t")
	p.see(`^ +http +Hypertext Transfer Protocol`, `^ +ip +Internet Protocol`, `captured_length`)
	p.typed("\x03")
	p.see(`pkt>\s*\z`)
	p.typed("\x0cpkt.ip.s\t")
	p.see(`^ +src +192.168.1.20`)
	p.typed("\x03\x0cpkt[pkt.highest_layer].\t")
	p.see(`^ +(accept|chat)\b`)
	p.typed("\x03\x0cpkt[pkt.highest_layer].req\t")
	p.see(`request_method +GET`)
	p.typed("\x03")
	p.say("pkt[pkt.highest_layer].request_method", `^'GET'`)

	// A function, with the indentation that the prompt gives.
	p.typed("\x0cdef show_hosts(p):\r")
	p.see(`^\.\.\. *\s*\z`)
	p.typed("if 'http' in p and p.number < 20:\r")
	p.see(`^\.\.\. +if.*\s*^\.\.\. *\s*\z`)
	p.typed("print('host', p.http.get('host'))\r")
	p.see(`^\.\.\. +print.*\s*^\.\.\. *\s*\z`)
	p.typed("\r")
	p.see(`pkt>\s*\z`)
	p.say("cap.apply_on_packets(show_hosts)", `^host example.org`, `^host None`)

	p.say(fmt.Sprintf("c = FileCapture('%s', only_summaries=True)", browse))
	p.say("print(c[2])", `^3 0.002000000 .* Standard query 0x1a2b A example.org`)
	p.say(fmt.Sprintf("d = FileCapture('%s', display_filter='dns', keep_packets=False)", browse))
	p.say("d", `^<FileCapture .*browse.pcapng \(82 packets\)>`)
	p.say("for x in d: print(x.highest_layer)", `^DNS\s+DNS\s+DNS`)

	p.typed("\x04")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	p.nothingLeft()
}

// TestTypedMistakes is a newcomer's: a bad filter, a wrong name, Ctrl-C in an
// endless loop, and the shell lives.
func TestTypedMistakes(t *testing.T) {
	needWireshark(t)
	p := sit(t, 80, 30, browse)
	p.see(`pkt> `)
	p.say("filter dns && ip.scr == 1.1.1.1", `^ +dns && ip.scr == 1.1.1.1`, `^ +\^~~~~~`, `did you mean ip.src`)
	p.say("pkt.arpp", `did you mean`)
	p.say("shwo 5", `did you mean show`)
	p.typed("while True: pass\r")
	time.Sleep(200 * time.Millisecond) // let it run: nothing on the screen says that it does
	p.typed("\x03")
	p.see(`interrupted`, `pkt>\s*\z`)
	p.say("filter dns && ip.src == 192.168.1.1", `^41 of 1,204 packets`)
	p.see(`pkt\(dns && ip.src == 192.168.1.1\)>`)
	p.say("filter", `1,204 packets, no filter`)
	p.say("ls = 3")
	p.say("ls 10-20", `:ls 10-20 runs the command`)
	p.say(":ls 10-11", `HTTP +HTTP/1.1 200 OK`)
	p.say("quit 7")
	if code := p.leave(); code != 7 {
		t.Errorf("got exit code %d, want 7", code)
	}
	p.nothingLeft()
}

// TestTypedEnds is every way out with Wireshark's process running: nothing may
// stay behind.
func TestTypedEnds(t *testing.T) {
	needWireshark(t)
	for name, want := range map[string]struct {
		signal syscall.Signal
		code   int
	}{"SIGTERM": {syscall.SIGTERM, 128 + 15}, "SIGHUP": {syscall.SIGHUP, 128 + 1}} {
		t.Run(name, func(t *testing.T) {
			p := sit(t, 80, 24, browse)
			p.see(`pkt> `)
			p.say("layers 8", `^ETH IP TCP HTTP`)
			children := childrenOf(t, p.cmd.Process.Pid)
			if len(children) == 0 {
				t.Fatal("no sharkd runs below pktsh")
			}
			if err := p.cmd.Process.Signal(want.signal); err != nil {
				t.Fatal(err)
			}
			if code := p.leave(); code != want.code {
				t.Errorf("got exit code %d, want %d", code, want.code)
			}
			p.nothingLeft()
			for _, pid := range children {
				waitGone(t, pid)
			}
		})
	}
	t.Run("SIGKILL", func(t *testing.T) {
		p := sit(t, 80, 24, browse)
		p.see(`pkt> `)
		p.say("layers 8", `^ETH IP TCP HTTP`)
		children := childrenOf(t, p.cmd.Process.Pid)
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.leave()
		p.nothingLeft()
		for _, pid := range children {
			waitGone(t, pid)
		}
	})
}

// childrenOf returns the processes that a process started.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	var pids []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(tasks) == 0 {
		t.Skip("no /proc here to see processes in")
	}
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(b)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// waitGone waits until no process has that number.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(state), ") Z ") {
			return // its new parent, not ours, has to collect it
		}
		if time.Now().After(deadline) {
			t.Errorf("process %d still runs", pid)
			return
		}
	}
}

// TestTypedNarrow is a screen of 40 columns: nothing runs over its edge.
func TestTypedNarrow(t *testing.T) {
	p := sit(t, 40, 15, "--engine", "native", browse)
	p.see(`pkt> `)
	p.say("ls 3-8", `^ +No\. .*Info`, `Standard`)
	p.typed("\x0cpkt.\t")
	p.see(`arp`)
	p.typed("\x03")
	p.say("hex 3", `^0000  02 00`)
}

// TestTypedPlain has neither colours nor cursor movements where the terminal or
// the user wants none.
func TestTypedPlain(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	p := sit(t, 80, 24, "--engine", "native", browse)
	p.see(`pkt> `)
	p.say("show 3 dns", `Domain Name System`) // all of it goes through the pager
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := regexp.MustCompile(`\x1b\[[0-9;]*[1-9][0-9;]*m`).FindString(p.raw.String()); m != "" {
		t.Errorf("NO_COLOR is set, but the terminal was sent %q", m)
	}
}

// TestTypedStalled is a sharkd that hangs: Ctrl-C gives the prompt back at once,
// and when it goes on, so do the answers.
func TestTypedStalled(t *testing.T) {
	needWireshark(t)
	p := sit(t, 80, 24, browse)
	p.see(`pkt> `)
	p.say("layers 8", `^ETH IP TCP HTTP`)
	children := childrenOf(t, p.cmd.Process.Pid)
	signal := func(n syscall.Signal) {
		for _, pid := range children {
			if err := syscall.Kill(pid, n); err != nil && err != syscall.ESRCH {
				t.Fatal(err)
			}
		}
	}
	signal(syscall.SIGSTOP)
	for range 2 { // the second question waits behind the first one
		p.typed("\x0c")
		p.see(`\A\s*pkt>\s*\z`)
		p.typed("layers 9\r")
		time.Sleep(200 * time.Millisecond) // let it wait: nothing on the screen says that it does
		then := time.Now()
		p.typed("\x03")
		p.see(`interrupted`, `pkt>\s*\z`)
		if took := time.Since(then); took > 5*time.Second {
			t.Errorf("the prompt came back %v after Ctrl-C", took)
		}
	}
	p.say("status", `engine +auto`)
	signal(syscall.SIGCONT)
	p.say("layers 9", `^ETH IP TCP +$`)
	signal(syscall.SIGKILL)
	p.say("layers 10", `^ETH IP TCP HTTP`)
	p.typed("\x04")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	p.nothingLeft()
}

// TestTypedFIFO is Ctrl-C while a capture is opened that nobody writes.
func TestTypedFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo.pcap")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	p := sit(t, 80, 24, "--engine", "native", fifo)
	p.see(`opening .*fifo`)
	p.typed("\x03")
	if code := p.leave(); code != 128+2 {
		t.Errorf("got exit code %d, want 130", code)
	}
	p.see(`^pktsh: interrupted`)
	p.nothingLeft()
}

// TestTypedEarlyEnd is SIGTERM while pktsh still starts, at many moments: nothing
// stays behind, whoever would have caught it later.
func TestTypedEarlyEnd(t *testing.T) {
	needWireshark(t)
	for delay := 5 * time.Millisecond; delay < 400*time.Millisecond; delay = delay * 3 / 2 {
		p := sit(t, 80, 24, browse)
		time.Sleep(delay)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		code := p.leave()
		// Before main runs nobody can catch anything, and nothing was made yet.
		if code != 128+15 && code != -1 {
			t.Errorf("after %v: got exit code %d, want %d", delay, code, 128+15)
		}
		p.nothingLeft()
	}
}
