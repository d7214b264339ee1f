package prompt

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pktsh/completion"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		before, word string
		separator    string
		shared       int
		ok           bool
	}{
		{"fil", "fil", neverTyped, 0, true},
		{"", "", neverTyped, 0, true},
		{"pkt.ip", "ip", ".", 0, true},
		{"pkt.ip", "pkt.ip", neverTyped, 0, true},
		{"filter dns.q", "dns.q", " ", 0, true},
		{"open a b", "a b", " ", 2, true},     // the word holds its separator
		{"f('it''s", "it''s", "'", 4, true},   // twice
		{"f():⏎pk", "pk", "", 0, false},       // nothing to separate at
		{"f():⏎pkt.i", "pkt.i", ".", 4, true}, // within the word
		{"f():⏎    pk", "pk", " ", 0, true},   // the indentation
		{"'é", "", "", 0, false},              //
		{"x ", "", " ", 0, true},              // an empty word
		{"cap[0].", "", ".", 0, true},         //
		{"日本 dns", "dns", " ", 0, true},       // wide before
		{"say \"日本", "日本", "\"", 0, true},     // wide within
		{"a\x00b", "a\x00b", "\x00", 0, true}, // cannot be typed
	} {
		separator, shared, ok := cut(c.before, c.word)
		if separator != c.separator || shared != c.shared || ok != c.ok {
			t.Errorf("cut(%q, %q): got %q %d %v, want %q %d %v", c.before, c.word, separator, shared, ok, c.separator, c.shared, c.ok)
		}
	}
}

func TestCommonPrefix(t *testing.T) {
	for _, c := range []struct {
		texts []string
		want  string
	}{
		{nil, ""},
		{[]string{"ip"}, "ip"},
		{[]string{"dns.qry.name", "dns.qry.type"}, "dns.qry."},
		{[]string{"ip", "udp"}, ""},
		{[]string{"é", "è"}, ""}, // they share a byte
	} {
		var suggestions []completion.Suggestion
		for _, text := range c.texts {
			suggestions = append(suggestions, completion.Suggestion{Text: text})
		}
		if got := commonPrefix(suggestions); got != c.want {
			t.Errorf("%q: got %q, want %q", c.texts, got, c.want)
		}
	}
}

func TestBlock(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string // inputs as they become complete
		left  string
	}{
		{"a line", []string{"ls"}, []string{"ls"}, ""},
		{"blank lines are no input", []string{"", "   ", "ls "}, []string{"ls"}, ""},
		{"a blank line ends a block", []string{"def f():", "    x()", "    ", "ls"}, []string{"def f():\n    x()", "ls"}, ""},
		{"not inside brackets", []string{"f(1,", "", "2)"}, []string{"f(1,\n\n2)"}, ""},
		{"a paste brings its own end", []string{"def f():\n    x()"}, []string{"def f():\n    x()"}, ""},
		{"a paste with an open bracket does not", []string{"f(1,\n2"}, nil, "f(1,\n2\n"},
	} {
		b := &block{needMore: childNeedMore}
		var got []string
		for _, line := range c.lines {
			if text, complete := b.add(line); complete {
				got = append(got, text)
			}
		}
		if !slices.Equal(got, c.want) || b.text() != c.left {
			t.Errorf("%s: got %q and %q left, want %q and %q", c.name, got, b.text(), c.want, c.left)
		}
	}
}

func TestIndent(t *testing.T) {
	for line, want := range map[string]string{
		"x":             "",
		"for p in cap:": "    ",
		"    if x: ":    "        ",
		"    y = 1":     "    ",
		"":              "",
	} {
		b := &block{needMore: func(string) bool { return true }, lines: []string{"def f():", line}}
		if got := b.indent(); got != want {
			t.Errorf("after %q: got %q, want %q", line, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		text        string
		back, ahead int
	}{
		{"", 0, 0},
		{"abc", 3, 3},
		{"pkt.ip", 2, 3},
		{"pkt.", 4, 3},
		{"  日本", 2, 4},
		{"a⏎é", 1, 1},
		{"...", 3, 3},
	} {
		if back, ahead := wordBack(c.text), wordAhead(c.text); back != c.back || ahead != c.ahead {
			t.Errorf("%q: got %d back, %d ahead, want %d and %d", c.text, back, ahead, c.back, c.ahead)
		}
	}
}

func TestFitPrefix(t *testing.T) {
	for _, c := range []struct {
		prefix  string
		columns int
		want    string
	}{
		{"pkt> ", 80, "pkt> "},
		{"pkt(dns)> ", 20, "pkt(dns)> "},
		{"pkt(dns && ip.src == 192.168.1.1)> ", 40, "pkt(dns && ip.sr…)> "},
		{"pkt(dns && ip.src == 192.168.1.1)> ", 8, "p…)> "},
		{"pkt\x1b[31m> ", 80, "pkt[31m> "},
	} {
		if got := fitPrefix(c.prefix, c.columns); got != c.want {
			t.Errorf("%q in %d columns: got %q, want %q", c.prefix, c.columns, got, c.want)
		}
	}
}

func TestFolds(t *testing.T) {
	var f folds
	short, block := "def f(): pass", strings.Repeat("a long line⏎", 20)+"the end"
	if got := f.fold(short, 40); got != short {
		t.Errorf("got %q, want what fits as it is", got)
	}
	one, two := f.fold(block, 40), f.fold(strings.Repeat("日", 30), 40)
	if want := "⟦1: a long line 21 lines⟧"; one != want || f.fold(block, 40) != want {
		t.Errorf("got %q, want %q every time", one, want)
	}
	for line, want := range map[string]string{
		short:                  short,
		one + "⏎" + two:        block + "⏎" + strings.Repeat("日", 30),
		"⟦" + one + "⟧ x":      "⟦" + block + "⟧ x",
		"⟦1: a long lin":       "⟦1: a long lin",
		"x" + one[:len(one)-1]: "x" + one[:len(one)-1],
	} {
		if got := f.unfold(line); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func TestHistoryFile(t *testing.T) {
	path := tempHistory(t)
	h := OpenHistory(path)
	if h.err != nil {
		t.Fatal(h.err)
	}
	for _, entry := range []string{"ls", "ls", "def f():\n    x()", "\x1b[31m", "ls"} {
		if err := h.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	want := "ls\ndef f():⏎    x()\n[31m\nls\n"
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("got %q, %v, want %q", b, err, want)
	}
	// A file open to others is closed, one that outgrew the bound is cut.
	var lines strings.Builder
	for i := range maxHistory + 5 {
		fmt.Fprintf(&lines, "line %d\n", i)
	}
	if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if h = OpenHistory(path); h.err != nil {
		t.Fatal(h.err)
	}
	if err := h.Add("last"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != maxHistory+1 || !strings.HasPrefix(string(b), "line 5\n") {
		t.Errorf("got %d lines from %.10q, want %d from line 5", n, b, maxHistory+1)
	}
	if len(h.entries) != maxHistory || h.entries[maxHistory-1].line != "last" {
		t.Errorf("got %d entries, want %d with the last", len(h.entries), maxHistory)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 600", info.Mode(), err)
	}
	if got := h.search("line 1000", 3); !slices.Equal(got, []string{"line 10004", "line 10003", "line 10002"}) {
		t.Errorf("got %q", got)
	}
}

func TestHistoryThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	h := OpenHistory(dir)
	if h.err == nil {
		t.Fatal("got no error, want one about the directory")
	}
	if err := h.Add("ls"); err == nil || len(h.entries) != 1 {
		t.Errorf("got %v with %d entries, want an error and the entry", err, len(h.entries))
	}
}
