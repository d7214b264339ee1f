package repl

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/repl/render"
	"pktsh/repl/result"
)

// pagedBench is a Shell at a screen of 80 × 10 with a pager.
type pagedBench struct {
	*bench
	held, released int
	paged          string // the file that a pager's output goes to
}

func newPagedBench(t *testing.T, pager string) *pagedBench {
	t.Helper()
	p := &pagedBench{bench: &bench{t: t}, paged: filepath.Join(t.TempDir(), "paged")}
	screen, err := os.Create(p.paged)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	session := engine.NewSession(engine.Config{Mode: plan.Native, TempDir: t.TempDir()})
	t.Cleanup(func() { session.Close() })
	cfg := Config{Session: session, Out: &p.out, Err: &p.err, Style: func() render.Style {
		return render.Style{Width: 80, Height: 10, Interactive: true, Color: true}
	}}
	cfg.System.Out = screen
	cfg.Pager = &Pager{Command: pager, Hold: func() func() {
		p.held++
		return func() { p.released++ }
	}}
	p.shell = New(cfg)
	if err := p.shell.Open(context.Background(), OpenOptions{OpenOptions: engine.OpenOptions{Paths: []string{browse}}}); err != nil {
		t.Fatalf("%v: %s", err, p.err.String())
	}
	return p
}

// pager returns what the pager got since it was last asked.
func (p *pagedBench) pager() string {
	p.t.Helper()
	text, err := os.ReadFile(p.paged)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.Truncate(p.paged, 0); err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimLeft(string(text), "\x00") // a file that was cut has a hole
}

func TestPager(t *testing.T) {
	p := newPagedBench(t, "cat")
	if got := p.do("ls 1-5"); !strings.Contains(got, "192.168.1.1") || p.pager() != "" || p.held != 0 {
		t.Errorf("a short answer: got %q, want it on the screen", got)
	}
	got, paged := p.do("ls --all"), ""
	if paged = p.pager(); got != "" || strings.Count(paged, "\n") < 1204 || !strings.Contains(paged, "\x1b[") {
		t.Errorf("a long answer: got %q on the screen and %d lines with colours in the pager, want all of them there", got, strings.Count(paged, "\n"))
	}
	if p.held != 1 || p.released != 1 {
		t.Errorf("the screen was held %d times and released %d times, want once each", p.held, p.released)
	}
	if got := p.do("for p in cap[:3]: p.show()"); p.pager() != "" || !strings.Contains(got, "Frame 3") {
		t.Errorf("a loop's output went through the pager: %q", got)
	}
	for _, off := range []string{"set pager off", "set pager on"} {
		p.do(off)
		if got := p.do("show 8"); (p.pager() == "") != (off == "set pager off") {
			t.Errorf("%s: got %q on the screen", off, got)
		}
	}
	p.do("set pager head -n 2")
	if got := p.do("ls --all"); got != "" || strings.Count(p.pager(), "\n") != 2 {
		t.Errorf("a pager that is left early: got %q on the screen, want nothing and no error", got)
	}
}

// TestPagerThatFails shows the answer all the same.
func TestPagerThatFails(t *testing.T) {
	for _, pager := range []string{"/no/such/pager", "false", "exit 3"} {
		p := newPagedBench(t, pager)
		got := p.do("show 8")
		if !strings.Contains(got, "Hypertext Transfer Protocol") || !strings.Contains(got, "Frame 8") || !strings.Contains(got, "set pager off") {
			t.Errorf("%s: got %q, want the whole answer and what to do", pager, got)
		}
		if p.held != p.released {
			t.Errorf("%s: the screen was held %d times and released %d times", pager, p.held, p.released)
		}
	}
}

// TestPagerInterrupted gives the prompt back, although the pager reads nothing and
// would stay: early, and when no more goes into its pipe. The pager has ended, too.
func TestPagerInterrupted(t *testing.T) {
	for _, after := range []time.Duration{0, 50 * time.Millisecond, 2 * time.Second} {
		p := newPagedBench(t, "")
		at := filepath.Join(t.TempDir(), "pid")
		pager := filepath.Join(t.TempDir(), "pager")
		if err := os.WriteFile(pager, []byte("#!/bin/sh\necho $$ >'"+at+"'\nexec sleep 60\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{pager, "LESS=R " + pager, pager + "; true"} {
			p.shell.cfg.Pager.Command = command
			ctx, cancel := context.WithCancel(context.Background())
			p.shell.cfg.Pager.Hold = func() func() {
				time.AfterFunc(after, cancel)
				return func() {}
			}
			began := time.Now()
			p.shell.Exec(ctx, "ls --all")
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s, after %v: it took %v", command, after, took)
			}
			if got := p.do("layers 8"); got != "ETH IP TCP HTTP\n" {
				t.Errorf("%s, after %v: the next line: got %q", command, after, got)
			}
			// A pager that was told early has not said its number.
			text, err := os.ReadFile(at)
			pid, perr := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil || perr != nil {
				if after > time.Second {
					t.Errorf("%s, after %v: no pager ran: %v, %v", command, after, err, perr)
				}
				continue
			}
			if err := syscall.Kill(pid, 0); err == nil {
				if !strings.Contains(command, ";") { // there the shell is told, not its program
					t.Errorf("%s, after %v: the pager still runs", command, after)
				}
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			_ = os.Remove(at)
		}
	}
}

// TestPipeInterrupted gives the prompt back, although a program that the shell started
// does not read and stays.
func TestPipeInterrupted(t *testing.T) {
	p := newPagedBench(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Second, cancel)
	began := time.Now()
	p.shell.Exec(ctx, "ls --all --output json | sleep 30; true")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v after the interrupt", took)
	}
}

// TestPagerWaitsForNobody shows what comes slowly as it comes, not in a pager.
func TestPagerWaitsForNobody(t *testing.T) {
	p := newPagedBench(t, "cat")
	seen := make(chan struct{})
	w := &signalling{w: &p.out, seen: seen}
	p.shell.out.w, p.shell.screen = w, w
	slow := &result.Table{Columns: []result.Column{{Title: "N"}}, Rows: func(yield func(result.Row, error) bool) {
		for i := range 30 {
			if !yield(result.Row{Cells: []string{strings.Repeat("x", i)}}, nil) {
				return
			}
			if i == 2 {
				<-seen // what there is so far has to come without more
			}
		}
	}}
	if err := p.shell.reply(context.Background(), slow); err != nil {
		t.Fatal(err)
	}
	if got := p.pager(); got != "" || strings.Count(p.out.String(), "\n") < 30 {
		t.Errorf("got %q in the pager and %q on the screen, want all of it on the screen", got, p.out.String())
	}
}

// signalling closes seen at the first write.
type signalling struct {
	w    io.Writer
	seen chan struct{}
	once sync.Once
}

func (s *signalling) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.seen) })
	return s.w.Write(b)
}

// TestPrefix is the prompt: it says which file only where there are several; file and
// filter take no more than 30 columns.
func TestPrefix(t *testing.T) {
	b := newBench(t, render.Style{})
	name := filepath.Join(t.TempDir(), "日本の長い名前のキャプチャファイル.pcap")
	data, err := os.ReadFile("../testdata/hostile.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	const long = "tcp.port == 80 || udp.port == 53 || ip.addr == 192.168.1.20"
	for _, step := range []struct{ in, want string }{
		{"", "pkt> "},
		{"filter dns", "pkt(dns)> "},
		{"filter " + long, "pkt(tcp.port == 80 || udp.port ==…)> "},
		{"open ../testdata/hostile.pcapng", "pkt hostile.pcapng> "},
		{"filter dns", "pkt hostile.pcapng(dns)> "},
		{"filter " + long, "pkt hostile.pcapng(tcp.port == 80…)> "},
		{"use 1", "pkt browse.pcapng(tcp.port == 80 …)> "},
		{"filter", "pkt browse.pcapng> "},
		{"open '" + name + "'", "pkt 日本の長い名前のキャプチャフ…> "},
		{"close", "pkt hostile.pcapng(tcp.port == 80…)> "},
	} {
		if step.in != "" {
			b.do(step.in)
		}
		got := b.shell.Prefix()
		if got != step.want {
			t.Errorf("%s: got the prompt %q, want %q", step.in, got, step.want)
		}
		if w := render.Width(got); w > 30+len("pkt()> ") {
			t.Errorf("%s: the prompt %q takes %d columns, want at most 37", step.in, got, w)
		}
	}
}

// TestSettings is what set does to what is shown.
func TestSettings(t *testing.T) {
	style := render.Style{Width: 80, Height: 24, Interactive: true}
	b := newBench(t, style)
	b.do("set rows 3")
	if got := b.do("ls"); strings.Count(got, "\n") != 6 { // titles and two lines of footer
		t.Errorf("set rows 3: got %q", got)
	}
	if got := b.do("ls 3"); bytes.Contains([]byte(got), []byte("\x1b")) {
		t.Errorf("without colours: got %q", got)
	}
	b.do("set color always")
	plain := b.do("ls 3")
	if !strings.Contains(plain, "\x1b[38;5;235;48;5;195m") {
		t.Errorf("set color always: got %q, want the rule UDP's colours", plain)
	}
	b.do("set colors off")
	if got := b.do("ls 3"); strings.Contains(got, "48;5") || !strings.Contains(got, "\x1b[36m") {
		t.Errorf("set colors off: got %q, want the columns' own colours", got)
	}
	b.do("set theme light")
	if got := b.do("ls 3"); !strings.Contains(got, "\x1b[34m") {
		t.Errorf("set theme light: got %q, want blue addresses", got)
	}
	rules := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(rules, []byte("!@off@udp@[0,0,0][0,0,0]\n@mine@dns@[65535,0,0][0,0,65535]\n@bad@no.such.field@[0,0,0][0,0,0]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.do("set colors " + rules); !strings.Contains(got, "3 rules, 1 of them disabled") {
		t.Errorf("set colors FILE: got %q", got)
	}
	if got := b.do("ls 3"); !strings.Contains(got, "\x1b[38;5;21;48;5;196m") {
		t.Errorf("rules of a file: got %q", got)
	}
	if got := b.do("set colors /no/such/file"); !strings.Contains(got, "/no/such/file") {
		t.Errorf("rules that are not there: got %q", got)
	}
	b.shell.state.Settings.File = filepath.Join(t.TempDir(), "new", "settings")
	b.shell.cfg.SettingsFile = b.shell.state.Settings.File
	b.do("columns no info\nset time ad")
	if got := b.do("set --save"); !strings.Contains(got, "settings") {
		t.Errorf("set --save: got %q", got)
	}
	b.do("reset")
	b.out.Reset()
	b.shell.RunSettings(context.Background())
	if got := b.out.String() + b.err.String(); got != "" || !strings.HasSuffix(b.do("columns --output csv"), "\ninfo,Info,%i,what the packet says\n") {
		t.Errorf("saved settings: got %q", got)
	}
	if got := b.do("set --output csv"); !strings.Contains(got, "\ntime,ad,r,") {
		t.Errorf("a saved setting: got %q", got)
	}
	if got := b.do("columns no info\nset time ad\nreset\nls 3"); !strings.Contains(got, "Protocol") || strings.Contains(got, "\x1b") {
		t.Errorf("reset: got %q, want all columns and no colours", got)
	}
}
