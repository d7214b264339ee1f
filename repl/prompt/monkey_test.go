package prompt

import (
	"fmt"
	"math/rand"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A monkey at the keyboard: whatever is typed, and however the window changes
// meanwhile, the prompt still runs a line. go-prompt indexes its suggestions
// unchecked, so a menu that is mirrored wrongly ends here in a panic.
func TestMonkey(t *testing.T) {
	keys := []string{
		"pkt.", "many.", "slow.", "fi", "l", " ", "x", "日", "\t", "\t", "\t", "\x1b[Z", "\x1b[A", "\x1b[B", "\x1b[B",
		"\x1b[C", "\x1b[D", "\x1b[D", "\r", "\r", "\x12", "\x07", "\x1b", "\x7f", "\x7f", "\x01", "\x05", "\x0b", "\x15",
		"\x17", "\x1bb", "\x1bf", "\x1bd", "\x03", "\x0c", "\x1b[3~", "def f():\r", "\x1b[200~a\nb\x1b[201~",
		strings.Repeat("0123456789", 4), "\x1b[200~" + strings.Repeat("long long line\n", 99) + "\x1b[201~",
	}
	r := rand.New(rand.NewSource(1))
	x := start(t, childConfig{Slow: 60 * time.Millisecond, Color: true}, 60, 12)
	x.see("pkt>")
	var typed []string
	for range 120 {
		k := keys[r.Intn(len(keys))]
		typed = append(typed, k)
		switch r.Intn(12) {
		case 0:
			x.resize(1+r.Intn(100), 1+r.Intn(40))
		case 1:
			x.signal(syscall.SIGINT)
		}
		x.send(k)
		if r.Intn(3) == 0 {
			time.Sleep(time.Duration(r.Intn(25)) * time.Millisecond) // a pause for thought
		}
		select {
		case <-x.exited:
			t.Fatalf("died with %d after %q", x.cmd.ProcessState.ExitCode(), typed)
		default:
		}
	}
	x.resize(80, 24)
	deadline := time.Now().Add(3 * patience)
	for try := 0; ; try++ {
		x.send("\x03")
		time.Sleep(500 * time.Millisecond) // longer than an unfinished paste is waited for
		x.send(fmt.Sprintf("alive%d\r", try))
		time.Sleep(100 * time.Millisecond)
		if strings.Contains(x.output(), `ran "alive`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got no answer after %q", typed)
		}
	}
	if strings.Contains(x.output(), "too small") {
		t.Error("go-prompt found the screen too small and erased it")
	}
}
