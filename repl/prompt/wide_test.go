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

// A wide character that does not fit at a row's end stands in the next row, and the
// cursor with it. vt10x takes every character for one cell, tmux knows better.
func TestWideCharactersAtTheRowsEnd(t *testing.T) {
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("tmux is not on PATH: it is the terminal that knows wide characters")
	}
	socket := fmt.Sprintf("pktsh-wide-test-%d", os.Getpid())
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(tmux, append([]string{"-u", "-L", socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	child, err := json.Marshal(childConfig{Term: "screen", Color: true})
	if err != nil {
		t.Fatal(err)
	}
	run("new-session", "-d", "-s", "t", "-x", "20", "-y", "10", "env", "LC_ALL=C.UTF-8", childVariable+"="+string(child), os.Args[0])
	t.Cleanup(func() { run("kill-server") })
	see := func(what, want string) {
		t.Helper()
		got := ""
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			lines := strings.Split(run("capture-pane", "-p", "-t", "t"), "\n")
			for i := range lines {
				lines[i] = strings.TrimRight(lines[i], " ")
			}
			got = strings.TrimSpace(strings.Join(lines, "\n"))
			if got == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: got\n%s\nwant\n%s", what, got, want)
			}
		}
	}
	keys := func(keys ...string) { run(append([]string{"send-keys", "-t", "t"}, keys...)...) }
	see("start", "pkt>")
	keys("日本語日本語日本") // 5 columns and seven characters: one is left of the row
	see("typed", "pkt> 日本語日本語日\n本")
	keys("語日本語日本語日本")
	see("a second row", "pkt> 日本語日本語日\n本語日本語日本語日本")
	keys("x", "語")
	see("an odd row", "pkt> 日本語日本語日\n本語日本語日本語日本\nx語")
	keys("Home", "a")
	see("from the start: all of it moves", "pkt> a日本語日本語日\n本語日本語日本語日本\nx語")
	keys("b")
	see("once more", "pkt> ab日本語日本語\n日本語日本語日本語日\n本x語")
	keys("BSpace", "BSpace", "End", "!")
	see("the end", "pkt> 日本語日本語日\n本語日本語日本語日本\nx語!")
	keys("Left", "Left", "Left", "Left", "Y")
	see("in the middle", "pkt> 日本語日本語日\n本語日本語日本語日Y\n本x語!")
	keys("C-u")
	see("killed", "pkt> 本x語!")
	keys("C-y", "Enter")
	see("run", "pkt> 日本語日本語日\n本語日本語日本語日Y\n本x語!\nran \"日本語日本語日\n本語日本語日本語日Y\n本x語!\"\npkt>")
}
