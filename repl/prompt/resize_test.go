package prompt

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestRowsAbove(t *testing.T) {
	const unknown = -1
	for _, c := range []struct {
		name                       string
		position, old, now, column int
		before                     wrapping
		rows                       int
		after                      wrapping
	}{
		{"narrower, wrapped anew", 65, 100, 40, 25, wrappingUnknown, 1, wrappingAnew},
		{"narrower, cut off", 65, 100, 40, 39, wrappingUnknown, 0, wrappingKept},
		{"wider, wrapped anew", 65, 40, 100, 65, wrappingUnknown, 0, wrappingAnew},
		{"wider, rows kept", 65, 40, 100, 25, wrappingUnknown, 1, wrappingKept},
		{"at the new edge", 80, 100, 40, 39, wrappingAnew, 1, wrappingAnew},
		{"behind the new edge", 80, 100, 40, 0, wrappingUnknown, 2, wrappingAnew},
		{"in both the same column", 85, 80, 40, 5, wrappingUnknown, 1, wrappingUnknown},
		{"but known", 85, 80, 40, 5, wrappingAnew, 2, wrappingAnew},
		{"silent, narrower", 65, 100, 40, unknown, wrappingUnknown, 0, wrappingUnknown},
		{"silent, wider", 65, 40, 100, unknown, wrappingUnknown, 0, wrappingUnknown},
		{"neither", 65, 40, 100, 7, wrappingUnknown, 0, wrappingUnknown},
		{"dragged on already", 70, 40, 57, 7, wrappingAnew, 1, wrappingAnew},   // to 63
		{"dragged back already", 70, 40, 57, 4, wrappingAnew, 1, wrappingAnew}, // to 66, not 33
		{"nothing fits", 70, 40, 57, 69, wrappingAnew, 0, wrappingAnew},
		{"all on one row", 70, 40, 57, 70, wrappingAnew, 0, wrappingAnew},
		{"a short line", 5, 100, 40, 5, wrappingUnknown, 0, wrappingUnknown},
	} {
		rows, after := rowsAbove(c.position, c.old, c.now, c.column, c.column != unknown, c.before)
		if rows != c.rows || after != c.after {
			t.Errorf("%s: got %d rows and wrapping %d, want %d and %d", c.name, rows, after, c.rows, c.after)
		}
	}
}

func TestTakeReport(t *testing.T) {
	for _, c := range []struct {
		read, left string
		column     int
		ok         bool
	}{
		{"\x1b[12;40R", "", 39, true},
		{"ab\x1b[D\x1b[1;1Rc", "ab\x1b[Dc", 0, true},
		{"\x1b[12;", "\x1b[12;", 0, false},
		{"\x1b[R", "\x1b[R", 0, false},
		{"\x1b[3;0R", "\x1b[3;0R", 0, false},
		{"\x1b[1;99999999999999999999R", "\x1b[1;99999999999999999999R", 0, false},
		{"abc", "abc", 0, false},
		{"", "", 0, false},
	} {
		var d decoder
		d.write([]byte(c.read))
		column, ok := d.takeReport()
		if column != c.column || ok != c.ok || string(d.buf) != c.left {
			t.Errorf("%q: got %d %v and %q left, want %d %v and %q", c.read, column, ok, d.buf, c.column, c.ok, c.left)
		}
	}
}

// Widths that a window is dragged through, with a line longer than some of them.
var draggedWidths = []int{40, 100, 40, 57, 33, 100, 30, 61, 100}

const draggedLine = "print([p.ip.src for p in cap if p.number > 10 and p.length > 60])"

// On a terminal that keeps its rows.
func TestResizeLeavesNoCopies(t *testing.T) {
	for _, c := range []struct {
		keys   string
		column int // of the cursor
	}{{"", 70}, {"\x1b[D\x1b[D\x1b[D", 67}, {"\x1bb\x1bb", 57}, {"\x01", 5}} {
		x := start(t, childConfig{}, 100, 24)
		x.seeLast("pkt>")
		x.send("above\r")
		x.see(`ran "above"`)
		x.seeLast("pkt>")
		x.send(draggedLine + c.keys)
		x.until("the cursor in its place", func(s string) bool {
			x.vt.Lock()
			defer x.vt.Unlock()
			return strings.HasSuffix(s, draggedLine) && x.vt.Cursor().X == c.column
		})
		for _, columns := range draggedWidths {
			x.resize(columns, 24)
			want := wrapped("pkt> "+draggedLine, columns)
			x.until(fmt.Sprintf("the line once at %d columns, below what was there", columns), func(s string) bool {
				return strings.HasSuffix(s, "\n"+want) && strings.Contains(s, `ran "above"`) && strings.Count(s, "pkt>") == 2
			})
		}
		x.send("\x05!\r")
		x.see(fmt.Sprintf("ran %q", draggedLine+"!"))
	}
}

// On one that wraps its lines anew, with one prompt after another.
func TestResizeInTmux(t *testing.T) {
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("tmux is not on PATH: it is the terminal that wraps lines anew")
	}
	socket := fmt.Sprintf("pktsh-prompt-test-%d", os.Getpid())
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(tmux, append([]string{"-L", socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	child, err := json.Marshal(childConfig{Term: "screen", ShowWidth: true})
	if err != nil {
		t.Fatal(err)
	}
	run("new-session", "-d", "-s", "t", "-x", "100", "-y", "24", "env", childVariable+"="+string(child), os.Args[0])
	t.Cleanup(func() { run("kill-server") })
	// With what was scrolled out: tmux does so when a line needs more rows.
	screen := func() string {
		lines := strings.Split(run("capture-pane", "-p", "-S", "-", "-t", "t"), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		return strings.TrimRight(strings.Join(lines, "\n"), "\n")
	}
	until := func(what string, fits func(string) bool) {
		t.Helper()
		deadline := time.Now().Add(patience)
		for !fits(screen()) {
			if time.Now().After(deadline) {
				t.Fatalf("got a screen without %s:\n%s", what, screen())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	until("a prompt", func(s string) bool { return strings.HasSuffix(s, "100>") })
	run("send-keys", "-t", "t", "above", "Enter")
	until("an answer", func(s string) bool { return strings.HasSuffix(s, "\"above\"\n100>") })
	run("send-keys", "-t", "t", "-l", draggedLine)
	until("the line", func(s string) bool { return strings.HasSuffix(s, draggedLine) })
	for _, c := range []struct {
		key    string
		times  int
		column string
	}{{"C-e", 1, "70"}, {"C-a", 1, "5"}, {"M-f", 9, "36"}, {"M-f", 5, "56"}} {
		run("send-keys", "-t", "t", "-N", fmt.Sprint(c.times), c.key)
		until("the cursor in column "+c.column, func(string) bool {
			return run("display-message", "-p", "-t", "t", "#{cursor_x}") == c.column+"\n"
		})
		for _, columns := range []int{40, 57, 33, 100} { // four a second: tmux tells no faster
			run("resize-window", "-t", "t", "-x", fmt.Sprint(columns), "-y", "24")
			want := wrapped(fmt.Sprintf("%3d> ", columns)+draggedLine, columns)
			until(fmt.Sprintf("the line once at %d columns, the cursor in %s", columns, c.column), func(s string) bool {
				return strings.HasSuffix(s, "\"above\"\n"+want) && strings.Count(s, "> print") == 1
			})
		}
	}
}

// wrapped breaks an ASCII line as a terminal does.
func wrapped(line string, columns int) string {
	var rows []string
	for len(line) > columns {
		rows = append(rows, strings.TrimRight(line[:columns], " "))
		line = line[columns:]
	}
	return strings.Join(append(rows, line), "\n")
}
