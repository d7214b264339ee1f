package prompt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// switches counts how often the threads of a process have gone to sleep (proc(5)).
func switches(t *testing.T, pid int) (n int) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		t.Skipf("no /proc to look at: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		_, rest, _ := strings.Cut(string(b), "\nvoluntary_ctxt_switches:")
		var count int
		if _, err := fmt.Sscan(rest, &count); err == nil {
			n += count
		}
	}
	return n
}

// An idle prompt sleeps: go-prompt's two loops alone would wake up two hundred
// times a second.
func TestIdlePromptSleeps(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	const window, limit = 500 * time.Millisecond, 5
	for range 10 {
		before := switches(t, x.cmd.Process.Pid)
		time.Sleep(window)
		n := switches(t, x.cmd.Process.Pid) - before
		if n <= limit {
			return
		}
		t.Logf("%d wake-ups in %v", n, window)
	}
	t.Errorf("got no %v with at most %d wake-ups", window, limit)
}

// go-prompt's constructor opens /dev/tty and forgets it; a dissector process that
// inherited it would keep a closed window's terminal alive.
func TestChildrenInheritNoTerminal(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("children\r")
	x.see("a child inherits 0 terminals, <nil>")
}
