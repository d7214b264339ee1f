package prompt

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestKillYankUndo(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"yank what Ctrl-W killed", "one two\x17three \x19", "one three two"},
		{"kills in a row are one", "one two three\x17\x17\x19\x19", "one two threetwo three"},
		{"forward kills are added behind", "one two\x01\x1bd\x1bd\x05\x19", "one two"},
		{"a key between begins anew", "one two\x17\x1b[D\x1b[C\x17\x19", "one"},
		{"Ctrl-U, then Ctrl-Y", "日本é\x15x\x19", "x日本é"},
		{"Ctrl-K, then Ctrl-Y", "abc\x1b[D\x1b[D\x0b\x01\x19", "bca"},
		{"Alt-Backspace ends at a dot", "ip.src\x1b\x7fdst", "ip.dst"},
		{"undo typing", "ab\x1f", "a"},
		{"undo a kill", "one two\x15\x1f!", "one two!"},
		{"undo keeps the cursor", "one two\x1b[D\x1b[D\x1b[D\x15\x1f!", "one !two"},
		{"undo twice", "one two\x17\x17\x1f\x1f!", "one two!"},
		{"Ctrl-X Ctrl-U", "one two\x15\x18\x15!", "one two!"},
		{"undo has an end", "a\x1f\x1f\x1f\x1fb", "b"},
		{"Ctrl-T at the end", "dsn\x1b[D\x14", "dns"},
		{"Ctrl-T on one letter", "a\x14b", "ab"},
		{"Alt-Enter is a new line", "a\x1b\rb", "a\\nb"},
		{"Alt-Enter indents", "for p in cap:\x1b\rb\r", "for p in cap:\\n    b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := start(t, childConfig{}, 80, 24)
			x.seeLast("pkt>")
			x.send(slowly(c.keys) + "\r")
			x.see(fmt.Sprintf(`ran "%s"`, c.want))
		})
	}
}

// slowly puts a key that does nothing between letters, which else come as one text.
func slowly(keys string) string {
	var b strings.Builder
	for i := range len(keys) {
		b.WriteByte(keys[i])
		if i+1 < len(keys) && isLetter(keys[i]) && isLetter(keys[i+1]) && (i == 0 || keys[i-1] != 0x1b) {
			b.WriteString("\x00")
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func TestLastWordOfEarlierLines(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	for _, line := range []string{"open first.pcap", "open 'a b.pcap'", "open 'a b.pcap'"} {
		x.send(line + "\r")
		x.see(fmt.Sprintf("ran %q", line))
		x.seeLast("pkt>")
	}
	x.send("save \x1b.")
	x.seeLast("pkt> save 'a b.pcap'")
	x.send("\x1b.") // equal ones are passed over
	x.seeLast("pkt> save first.pcap")
	x.send("\x1b.") // there is none before
	x.send(" x \x1b.\r")
	x.see(`ran "save first.pcap x 'a b.pcap'"`)
}

// Up goes through what begins with the line.
func TestUpByPrefix(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	for _, line := range []string{"show 1", "other", "show 2", "other"} {
		x.send(line + "\r")
		x.see(fmt.Sprintf("ran %q", line))
		x.seeLast("pkt>")
	}
	x.send("sh\x1b[A")
	x.seeLast("pkt> show 2")
	x.send("\x1b[A")
	x.seeLast("pkt> show 1")
	x.send("\x1b[B\x1b[B")
	x.seeLast("pkt> sh")
	x.send("\x15\x1b[A")
	x.seeLast("pkt> other")
	x.send("\x1b[A")
	x.seeLast("pkt> show 2")
}

func TestEditKey(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("one\x18\x05")
	x.see("the editor's screen, cooked: true")
	x.seeLast("pkt> one⏎one")
	x.send("!\r")
	x.see(`ran "one\none!"`)
	x.seeLast("pkt>")
	x.send("for a in b:\r")
	x.seeLast("...") // and its indentation
	x.send("two\x18\x05")
	x.seeLast("pkt> for a in b:⏎for a in b:⏎    two⏎    two")
	x.send("\x03")
	x.seeLast("pkt>")
	x.send("broken\x18\x05")
	x.see("the editor failed")
	x.seeLast("pkt> broken")
	x.send("\x18\x18x\r") // Ctrl-X and another key are that key
	x.see(`ran "brokenx"`)
	x.send("\x04")
	x.exit(0)
}

// Two sessions share a history: at once for the search, and Up stays one's own.
func TestHistoryOfTwoSessions(t *testing.T) {
	file := tempHistory(t)
	a := start(t, childConfig{HistoryFile: file}, 80, 24)
	b := start(t, childConfig{HistoryFile: file}, 80, 24)
	a.seeLast("pkt>")
	b.seeLast("pkt>")
	a.send("mine\r")
	a.see(`ran "mine"`)
	b.send("theirs\r")
	b.see(`ran "theirs"`)
	a.seeLast("pkt>")
	a.send("\x1b[A")
	a.seeLast("pkt> mine")
	a.send("\x15\x12thei")
	a.until("the other's line", func(s string) bool {
		at := strings.LastIndex(s, "(history) thei")
		return at >= 0 && strings.Contains(s[at:], "theirs")
	})
	a.send("\r")
	a.seeLast("pkt> theirs")
	c := start(t, childConfig{HistoryFile: file}, 80, 24)
	c.seeLast("pkt>")
	c.send("\x1b[A")
	c.seeLast("pkt> theirs")
	c.send("\x1b[A")
	c.seeLast("pkt> mine")
}

func TestHistoryShared(t *testing.T) {
	path := tempHistory(t)
	add := func(h *History, line string) {
		t.Helper()
		if err := h.Add(line); err != nil {
			t.Fatal(err)
		}
	}
	a, b := OpenHistory(path), OpenHistory(path)
	add(a, "a1")
	add(b, "b1")
	add(a, "a2")
	a.refresh()
	b.refresh()
	for _, c := range []struct {
		h    *History
		own  []string
		text string
		all  []string
	}{
		{a, []string{"a1", "a2"}, "", []string{"a2", "b1", "a1"}},
		{b, []string{"b1"}, "", []string{"a2", "b1", "a1"}},
		{OpenHistory(path), []string{"a1", "b1", "a2"}, "A", nil}, // capitals mean capitals
	} {
		if got := c.h.Entries(); !slices.Equal(got, c.own) {
			t.Errorf("got own entries %q, want %q", got, c.own)
		}
		if got := c.h.search(c.text, 9); !slices.Equal(got, c.all) {
			t.Errorf("search: got %q, want %q", got, c.all)
		}
	}
	// A file that was put in its place is not read again, what comes then is.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other := OpenHistory(path)
	add(other, "b1")
	a.refresh()
	add(other, "new")
	a.refresh()
	if got := a.search("", 9); !slices.Equal(got, []string{"new", "a2", "b1", "a1"}) {
		t.Errorf("got %q after the file was replaced", got)
	}
	// Half a line is another session's that is being written.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("ha"); err != nil {
		t.Fatal(err)
	}
	if a.refresh(); len(a.search("ha", 9)) != 0 {
		t.Errorf("got %q of half a line", a.search("ha", 9))
	}
	if _, err := f.WriteString("lf\n"); err != nil {
		t.Fatal(err)
	}
	if a.refresh(); !slices.Equal(a.search("half", 9), []string{"half"}) {
		t.Errorf("got %q, want the line in one piece", a.search("", 9))
	}
}
