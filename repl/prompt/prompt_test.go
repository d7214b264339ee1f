package prompt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRunsALine(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("ls 1-5\r")
	x.see(`ran "ls 1-5"`)
	x.seeLast("pkt>")
	x.send("\r  \r")
	x.until("three prompts", func(s string) bool { return strings.HasSuffix(s, "pkt>\npkt>\npkt>") })
	x.send("quit\r")
	x.exit(7)
}

// go-prompt's Run deadlocks on a resize followed by Enter.
func TestResizeThenEnter(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	for i := range 25 {
		x.resize(60+i, 20+i%5)
		line := fmt.Sprintf("n%d", i)
		x.send(line + "\r")
		x.see(fmt.Sprintf("ran %q", line))
		x.seeLast("pkt>")
	}
	x.send("\x04")
	x.exit(0)
}

func TestResizeKeepsTheLine(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("before")
	x.seeLast("pkt> before")
	for _, columns := range []int{60, 40, 70, 80} {
		x.resize(columns, 24)
	}
	x.send(" after")
	x.seeLast("pkt> before after")
	if n := strings.Count(x.screen(), "pkt>"); n != 1 {
		t.Errorf("got %d prompts after resizing, want 1", n)
	}
	x.send("\r")
	x.see(`ran "before after"`)
}

// However it ends, the terminal is as it was.
func TestEveryWayOutRestores(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(x *terminalTest)
		code int
	}{
		{"Ctrl-D", func(x *terminalTest) { x.send("\x04") }, 0},
		{"quit", func(x *terminalTest) { x.send("quit\r") }, 7},
		{"SIGTERM", func(x *terminalTest) { x.signal(syscall.SIGTERM) }, 128 + 15},
		{"SIGHUP", func(x *terminalTest) { x.signal(syscall.SIGHUP) }, 128 + 1},
		{"SIGTERM while running", func(x *terminalTest) {
			x.send("wait\r")
			x.see("waiting")
			x.signal(syscall.SIGTERM)
			x.see("cancelled")
		}, 128 + 15},
		{"SIGTERM in a block", func(x *terminalTest) {
			x.send("def f():\r")
			x.see("...")
			x.signal(syscall.SIGTERM)
		}, 128 + 15},
		{"panic", func(x *terminalTest) {
			x.send("panic\r")
			x.see("panic: as asked")
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := start(t, childConfig{}, 100, 60)
			x.seeLast("pkt>")
			c.end(x)
			x.exit(c.code)
		})
	}
}

// The window is closed: the terminal is gone for good.
func TestTerminalGoesAway(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	_ = x.tty.Close()
	_ = x.master.Close()
	select {
	case <-x.exited:
	case <-time.After(patience):
		t.Fatal("still running without a terminal")
	}
	if got := x.cmd.ProcessState.ExitCode(); got != 128+1 {
		t.Errorf("got exit code %d, want 129", got)
	}
}

func TestTypingIntoTheControllingTerminal(t *testing.T) {
	x := start(t, childConfig{OpenTTY: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("wait\r")
	x.see("waiting")
	x.send("\x03")
	x.see("cancelled")
	x.seeLast("pkt>")
	x.send("quit\r")
	x.exit(7)
}

// go-prompt's constructor panics without a controlling terminal.
func TestNoControllingTerminal(t *testing.T) {
	x := start(t, childConfig{Detached: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("ls\n")
	x.see(`ran "ls"`)
	x.send("quit\n")
	x.exit(7)
}

func TestCookedWhileRunning(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("bell\r")
	x.see("cooked: true")
}

func TestInterruptClearsTheLine(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("wrong\x03")
	x.until("^C and a new prompt", func(s string) bool { return strings.HasSuffix(s, "pkt> wrong^C\npkt>") })
	x.send("日本\x01\x03") // go-prompt counts bytes as characters here
	x.seeTimes("^C", 2)
	x.seeLast("pkt>")
	x.send("right\r")
	x.see(`ran "right"`)
	x.seeLast("pkt>")
	x.send("def f():\r")
	x.seeLast("...")
	x.send("\x03")
	x.seeLast("pkt>")
	x.send("one\r")
	x.see(`ran "one"`)
	x.seeLast("pkt>")
	x.send("left")
	x.seeLast("pkt> left")
	x.signal(syscall.SIGINT)
	x.seeLast("pkt>")
	x.send("two\r")
	x.see(`ran "two"`)
}

func TestInterruptCancelsExec(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("wait\r")
	x.see("waiting")
	x.send("\x03")
	x.see("cancelled")
	x.seeLast("pkt>")
	enough := filepath.Join(t.TempDir(), "enough")
	x.send("stubborn " + enough + "\r")
	x.seeTimes("waiting", 2)
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(x.screen(), "still stopping") && time.Now().Before(deadline); {
		x.send("\x03")
		time.Sleep(100 * time.Millisecond)
	}
	x.see("still stopping")
	if err := os.WriteFile(enough, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x.see("gave in")
	x.seeLast("pkt>")
	x.send("on\r")
	x.see(`ran "on"`)
	x.seeLast("pkt>")
	// Typed at once, before the terminal is cooked: it is meant for the command.
	x.send("wait\rlost\x03kept")
	x.seeTimes("cancelled", 2)
	x.seeLast("pkt> kept")
}

func TestEndOfInputDeletesInALine(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("abc\x01\x04")
	x.seeLast("pkt> bc")
	x.send("\r")
	x.see(`ran "bc"`)
}

func TestEditingKeys(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"arrows", "ac\x1b[Db\x1b[C!", "abc!"},
		{"application arrows", "ac\x1bODb", "abc"},
		{"Home and End", "b\x1b[Ha\x1b[Fc", "abc"},
		{"Home ~ and End ~", "b\x1b[1~a\x1b[4~c", "abc"},
		{"Ctrl-A and Ctrl-E", "b\x01a\x05c", "abc"},
		{"Backspace", "abx\x7fc", "abc"},
		{"Delete", "xabc\x01\x1b[3~", "abc"},
		{"Ctrl-K", "abcxyz\x1b[D\x1b[D\x1b[D\x0b", "abc"},
		{"Ctrl-U", "xyzabc\x02\x02\x02\x15", "abc"},
		{"Ctrl-W", "abc xyz\x17", "abc"},
		{"Alt-b", "a.c\x1bbb.", "a.b.c"},
		{"Alt-f", "ab.c\x01\x1bf!", "ab!.c"},
		{"Alt-d", "xé.c\x01\x1bd", ".c"},
		{"Ctrl-Left", "a c\x1b[1;5Db ", "a b c"},
		{"unknown keys", "a\x1b[99~\x1b[1;9Qb\x1bq\x1b]0;title\x07c\x1b[[A", "abc"},
		{"wide and accented", "日é本\x1b[D\x7f", "日本"},
		{"Ctrl-L", "ab\x0cc", "abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := start(t, childConfig{}, 80, 24)
			x.seeLast("pkt>")
			x.send(c.keys + "\r")
			x.see(fmt.Sprintf("ran %q", c.want))
		})
	}
}

func TestEscapeSequenceSplitAcrossWrites(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("ac")
	x.seeLast("pkt> ac")
	for _, part := range []string{"\x1b", "[", "D"} {
		x.send(part)
		time.Sleep(5 * time.Millisecond) // a slow line, not a wait for a result
	}
	x.send("b\xc3")
	time.Sleep(5 * time.Millisecond)
	x.send("\xa9\r")
	x.see(`ran "abéc"`)
}

func TestPasteIsOneUnit(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("\x1b[200~def f(p):\r\n    return\t1\r\n\r\nx = f(2)\r\n\x1b[2")
	x.send("01~")
	x.seeLast("pkt> def f(p):⏎    return    1⏎⏎x = f(2)")
	x.send("\r")
	x.see(`ran "def f(p):\n    return    1\n\nx = f(2)"`)
	x.seeLast("pkt>")
	// An unfinished one can be finished by hand.
	x.send("\x1b[200~print(1,\n2\x1b[201~\r")
	x.seeLast("...")
	x.send("3)\r")
	x.see(`ran "print(1,\n2\n3)"`)
}

func TestPasteWithoutAnEnd(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("\x1b[200~lost")
	x.seeLast("pkt> lost")
	x.send(" and found\r")
	x.see(`ran "lost and found"`)
}

func TestPasteLongerThanTheScreen(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("above\r")
	x.see(`ran "above"`)
	x.seeLast("pkt>")
	x.send("\x1b[200~def f(p):" + strings.Repeat("\n    print(p, 'a rather long line of a script')", 60) + "\x1b[201~")
	x.seeLast("pkt> ⟦1: def f(p): 61 lines⟧")
	x.see(`ran "above"`)
	x.send(" # end\r")
	x.see(`script') # end"`)
	x.seeLast("pkt>")
	x.send("\x1b[A")
	x.seeLast("pkt> ⟦2: def f(p): 61 lines⟧")
}

func TestBlockWithIndentation(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	for i, line := range []string{"def f(p):", "for q in p:", "print(q)"} {
		x.send(line + "\r")
		x.seeTimes("...", i+1)
		x.seeLast("...")
	}
	x.send("\x7freturn 1\r") // Backspace takes a whole level
	x.seeTimes("...", 4)
	x.send("\r")
	x.see(`ran "def f(p):\n    for q in p:\n        print(q)\n    return 1"`)
	x.seeLast("pkt>")
}

func TestTypedAheadBlockKeepsItsOwnIndentation(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("def f(p):\r    return 1\r\rls\r")
	x.see(`ran "def f(p):\n    return 1"`)
	x.see(`ran "ls"`)
}

func TestTypeAheadIsNotLost(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("sleep\r")
	x.see("sleeping")
	x.send("one\rtwo\rthr")
	x.see("slept")
	x.see(`ran "one"`)
	x.see(`ran "two"`)
	x.seeLast("pkt> thr")
	x.send("ee\r")
	x.see(`ran "three"`)
	x.seeLast("pkt>")
	// The same, but all before the first line ended.
	x.send("sleep 2\rfour\rfive\r")
	x.see(`ran "four"`)
	x.see(`ran "five"`)
}

func TestPromptStartsInTheFirstColumn(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("noeol\r")
	x.until("the prompt below the output", func(s string) bool {
		return strings.HasSuffix(s, "\nno end of line\npkt>")
	})
}

func TestHistoryOfTwoRuns(t *testing.T) {
	file := tempHistory(t)
	x := start(t, childConfig{HistoryFile: file}, 80, 24)
	x.seeLast("pkt>")
	x.send("first\r")
	x.see(`ran "first"`)
	x.seeLast("pkt>")
	x.send("def f():\r    pass\r\r")
	x.see(`ran "def f():\n    pass"`)
	x.seeLast("pkt>")
	x.send("\x04")
	x.exit(0)

	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got history mode %o, want 600", got)
	}

	x = start(t, childConfig{HistoryFile: file}, 80, 24)
	x.seeLast("pkt>")
	x.send("\x1b[A")
	x.seeLast("pkt> def f():⏎    pass")
	x.send("\r")
	x.see(`ran "def f():\n    pass"`)
	x.seeLast("pkt>")
	x.send("\x1b[A\x1b[A")
	x.seeLast("pkt> first")
	x.send("\x1b[B")
	x.seeLast("pkt> def f():⏎    pass")
}

// The caller sees what Up recalls, with a file and without.
func TestHistoryIsTheCallersToo(t *testing.T) {
	for _, file := range []string{"", tempHistory(t)} {
		x := start(t, childConfig{HistoryFile: file}, 80, 24)
		x.seeLast("pkt>")
		x.send("def f():\r    pass\r\r")
		x.see(`ran "def f():\n    pass"`)
		x.seeLast("pkt>")
		x.send("history\r")
		x.see(`entered ["def f():\n    pass" "history"]`)
	}
}

func TestHistorySearch(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	for _, line := range []string{"alpha one", "beta", "alpha two"} {
		x.send(line + "\r")
		x.see(fmt.Sprintf("ran %q", line))
		x.seeLast("pkt>")
	}
	x.send("\x12")
	x.see("(history)")
	x.send("one")
	x.until("one hit", func(s string) bool {
		at := strings.LastIndex(s, "(history) one")
		return at >= 0 && strings.Contains(s[at:], "\n") && strings.Contains(s[at:], "alpha one")
	})
	x.send("\r")
	x.seeLast("pkt> alpha one") // taken, not run
	x.send("!\r")
	x.see(`ran "alpha one!"`)
	x.seeLast("pkt>")
	x.send("\x12\x12\r") // the newest
	x.until("the newest", func(s string) bool { return strings.HasSuffix(s, "pkt> alpha one!") })
	x.send("\x03\x12zzz\x07")
	x.seeLast("pkt> zzz")
}

func TestSuspend(t *testing.T) {
	x := start(t, childConfig{Shell: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("half")
	x.seeLast("pkt> half")
	x.send("\x1a")
	x.see("[stopped]")
	x.restored()
	x.send("fg\r")
	x.see("[continued]")
	x.seeLast("pkt> half")
	x.send(" done\r")
	x.see(`ran "half done"`)
	x.seeLast("pkt>")
	// While something runs the kernel stops it.
	x.send("wait\r")
	x.see("waiting")
	x.send("\x1a")
	x.until("a second stop", func(s string) bool { return strings.Count(s, "[stopped]") == 2 })
	x.send("fg\r")
	x.until("continued again", func(s string) bool { return strings.Count(s, "[continued]") == 2 })
	x.send("\x03")
	x.see("cancelled")
	x.seeLast("pkt>")
	x.send("quit\r")
	x.exit(7)
}

func TestDumbTerminal(t *testing.T) {
	file := tempHistory(t)
	x := start(t, childConfig{Term: "dumb", HistoryFile: file, Color: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("ls\n")
	x.see(`ran "ls"`)
	x.send("def f():\n  pass\n\n")
	x.see(`ran "def f():\n  pass"`)
	x.send("half\x03")
	x.see("^C")
	x.seeLast("pkt>") // the interrupt drops what was typed before it was seen
	x.send("wait\n")
	x.see("waiting")
	x.send("\x03")
	x.see("cancelled")
	x.send("\x04")
	x.exit(0)
	if strings.Contains(x.output(), "\x1b") {
		t.Errorf("got escape codes: %q", x.output())
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "ls\ndef f():⏎  pass\nwait\n" {
		t.Errorf("got history %q, %v", b, err)
	}
}

func TestNoColor(t *testing.T) {
	for _, color := range []bool{false, true} {
		x := start(t, childConfig{Color: color}, 80, 24)
		x.seeLast("pkt>")
		x.send("fi")
		x.see("about filter")
		x.send("\t\t")
		x.send("\x03")
		x.seeLast("pkt>")
		if got := strings.Contains(sgrOnly(x.output()), "m"); got != color {
			t.Errorf("Color %v: got colours: %v", color, got)
		}
	}
}

// sgrOnly keeps the final bytes of control sequences.
func sgrOnly(s string) string {
	var finals strings.Builder
	for _, part := range strings.Split(s, "\x1b[")[1:] {
		if i := strings.IndexFunc(part, func(r rune) bool { return r >= 0x40 }); i >= 0 {
			finals.WriteByte(part[i])
		}
	}
	return finals.String()
}
