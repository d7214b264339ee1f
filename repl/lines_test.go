package repl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pktsh/repl/render"
)

// write makes a file in a directory of the test's own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAlias(t *testing.T) {
	b := newBench(t, render.Style{})
	for _, step := range []struct{ in, want string }{
		{"alias", "no alias; `alias NAME = LINE` makes one"},
		{"alias web = filter http.request", ""},
		{"web", "23 of 1,204 packets\n"},
		{"web && frame.number < 20", "2 of 1,204 packets\n"}, // what is behind it goes to its end
		{"filter", "1,204"},
		{"alias one ls --head 1", ""}, // without =
		{"one", "    1  "},
		{"alias gets = one | grep -c ARP", ""}, // an alias of an alias, with a shell command
		{"alias size = len(cap)", ""},          // Starlark
		{"size", "1204\n"},
		{"help web", "web is an alias of yours: filter http.request"},
		{"help web", "Takes any Wireshark display filter"},
		{"web?", "an alias of yours"},
		{"alias", "web    filter http.request"},
		{"alias one", "one = ls --head 1\n"},
		{"alias ls = ls --all", "ls is a command"},
		{"alias len = ls", "len is a variable or function already"},
		{"alias for = ls", "for is a word of Starlark"},
		{"alias 1x = ls", "letters, digits and _"},
		{"x = 1", ""},
		{"alias x = ls", "x is a variable or function already"},
		{"size = 5", ""}, // the user's variable goes before an alias
		{"size", "5\n"},
		{":size", "1204\n"},
		{"alias a = b", ""},
		{"alias b = a", "it stands for itself"},
		{"b", "undefined: b"},
		{"alias --forget one", "one is forgotten"},
		{"alias --forget one", "no alias \"one\""},
		{"alias wbe", "did you mean web?"},
		{"alias --forget *", "every alias is forgotten"},
	} {
		if got := b.do(step.in); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q in it", step.in, got, step.want)
		}
	}
}

// TestAliasCompletes is what TAB offers behind an alias: what the command takes.
func TestAliasCompletes(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("alias web = filter")
	for text, want := range map[string]string{"we": "web", "web dns.qry.na": "dns.qry.name", "help we": "web"} {
		for b.shell.catalogue() == nil {
		}
		found, _ := b.shell.Complete(context.Background(), text, len(text))
		ok := false
		for _, s := range found {
			ok = ok || s.Text == want
		}
		if !ok {
			t.Errorf("%q: %q is not offered", text, want)
		}
	}
}

func TestSource(t *testing.T) {
	b := newBench(t, render.Style{})
	file := write(t, "hosts.star", "def first(n):\n    return cap[n].number\nprint(argv)\nfilter dns\n")
	if got := b.do("source '" + file + "' a 'b c'"); got != "['a', 'b c']\n82 of 1,204 packets\n" {
		t.Errorf("got %q", got)
	}
	if got := b.do("argv"); got != "[]\n" {
		t.Errorf("argv afterwards: got %q", got)
	}
	if got := b.do("first(0)"); got != "3\n" { // what it defined stays
		t.Errorf("got %q", got)
	}
	bad := write(t, "bad.star", "x = 1\n\nls 5-3\nx = 2\n")
	if got, want := b.do("source "+bad), "pktsh: "+bad+":3: "; !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("an error in a file: got %q, want one line beginning %q", got, want)
	}
	if got := b.do("x"); got != "1\n" {
		t.Errorf("the file went on after its error: x is %q", got)
	}
	inside := write(t, "inside.star", "def f():\n    return 1/0\nf()\n")
	if got, want := b.do("source "+inside), inside+":2:13: "; !strings.Contains(got, want) {
		t.Errorf("an error in a function: got %q, want %q in it", got, want)
	}
	outer := write(t, "outer.star", "y = 1\nsource "+bad+"\ny = 2\n")
	got := b.do("source " + outer)
	if !strings.Contains(got, bad+":3: ") || !strings.Contains(got, outer+":2: source "+bad+": it stopped") {
		t.Errorf("an error in a file of a file: got %q", got)
	}
	if got := b.do("y"); got != "1\n" {
		t.Errorf("the outer file went on: y is %q", got)
	}
	loop := filepath.Join(t.TempDir(), "loop.star")
	if err := os.WriteFile(loop, []byte("source "+loop+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.do("source " + loop); !strings.Contains(got, "does one run itself?") {
		t.Errorf("a file that runs itself: got %q", got)
	}
	if got := b.do("source nowhere.star"); !strings.Contains(got, "no such file") {
		t.Errorf("got %q", got)
	}
	if got := b.do(fmt.Sprintf("source(%q)", bad)); !strings.Contains(got, bad+":3: ") {
		t.Errorf("as a function: got %q", got)
	}
}

// TestSourceInScript ends a script at an error in a file that it runs, and
// KeepGoing does not.
func TestSourceInScript(t *testing.T) {
	bad := write(t, "bad.star", "ls 5-3\nprint('went on')\n")
	for _, keep := range []bool{false, true} {
		b := newBench(t, render.Style{})
		b.shell.cfg.KeepGoing = keep
		ok := b.shell.Run(context.Background(), strings.NewReader("source "+bad+"\nprint('after')\n"), "outer")
		if ok {
			t.Errorf("keep going %v: the script is taken for good", keep)
		}
		if got := b.out.String(); strings.Contains(got, "after") != keep || strings.Contains(got, "went on") != keep {
			t.Errorf("keep going %v: got %q", keep, got)
		}
	}
}

func TestRC(t *testing.T) {
	b := newBench(t, render.Style{})
	rc := write(t, "rc.star", "alias d = filter dns\nls 5-3\ndef f(): return 7\nundefined_name\n")
	b.shell.RunRC(context.Background(), rc)
	if got := b.err.String(); !strings.Contains(got, rc+":2: ") || !strings.Contains(got, rc+":4:1: ") {
		t.Errorf("errors: got %q", got)
	}
	if b.shell.failed {
		t.Error("an error in rc.star is the session's")
	}
	if got := b.do("f()"); got != "7\n" {
		t.Errorf("a function of rc.star: got %q", got)
	}
	if got := b.do("d"); got != "82 of 1,204 packets\n" {
		t.Errorf("an alias of rc.star: got %q", got)
	}
	b.out.Reset()
	b.shell.RunRC(context.Background(), write(t, "quiet.star", "set time ad\ncolumns +ip.ttl\nalias x = ls\nprint('hello')\nls 1\n"))
	if got := b.out.String(); !strings.HasPrefix(got, "hello\n") || !strings.Contains(got, "ip.ttl") {
		t.Errorf("settings of rc.star: got %q, want what it prints and lists alone", got)
	}
	b.err.Reset()
	b.shell.RunRC(context.Background(), filepath.Join(t.TempDir(), "none"))
	if b.err.Len() > 0 {
		t.Errorf("without a file: got %q", b.err.String())
	}
}

func TestTime(t *testing.T) {
	b := newBench(t, render.Style{})
	for _, step := range []struct{ in, want string }{
		{"time filter dns", "82 of 1,204 packets\n"},
		{"time len(cap)", "82\n"},
		{"time x = 5", ""},
		{"x", "5\n"},
		{"time ls 5-3", "ends before it begins"},
		{"time", "a line was wanted"},
		{"time.now() != None", "True\n"}, // time is Starlark's as well
	} {
		got := b.do(step.in)
		if !strings.Contains(got, step.want) {
			t.Errorf("%s: got %q, want %q in it", step.in, got, step.want)
		}
		if strings.HasPrefix(step.in, "time ") {
			if took := b.err.String(); !strings.Contains(took, "s\n") || strings.Contains(b.out.String(), "µs") {
				t.Errorf("%s: the time is not told on standard error: %q", step.in, took)
			}
		}
	}
}

func TestWatch(t *testing.T) {
	b := newBench(t, render.Style{})
	got := b.do("watch --count 3 100ms ls 1")
	if n := strings.Count(got, "Who has 192.168.1.1?"); n != 3 {
		t.Errorf("got %d answers, want 3: %q", n, got)
	}
	if n := strings.Count(got, "  every 100ms: ls 1\n"); n != 3 {
		t.Errorf("got %d heads, want 3: %q", n, got)
	}
	got = b.do("watch --count 2 100ms ls 1 | wc -l")
	if n := strings.Count(got, "ls 1 | wc -l\n2\n"); n != 2 {
		t.Errorf("through a shell command: got %q", got)
	}
	for in, want := range map[string]string{
		"watch":                     "a line was wanted",
		"watch 1ms ls":              "100ms or more was wanted",
		"watch --count x ls":        "a number from 1 was wanted",
		"watch --count 2 .1 ls 5-3": "ends before it begins",
	} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	b.shell.Exec(ctx, "watch 100ms layers 1") // ends
	if got := b.do("layers 1"); got != "ETH ARP\n" {
		t.Errorf("afterwards: got %q", got)
	}
}

// TestWatchOnTerminal shows each answer in the place of the one before.
func TestWatchOnTerminal(t *testing.T) {
	b := newBench(t, render.Style{Width: 60, Height: 8, Interactive: true})
	b.shell.cfg.Repaints = true
	got := b.do("watch --count 2 100ms ls")
	if n := strings.Count(got, "\x1b[2J"); n != 1 {
		t.Errorf("the screen was cleaned %d times, want once", n)
	}
	frames := strings.Split(got, "\x1b[H")[1:]
	if len(frames) != 2 {
		t.Fatalf("got %d pictures, want 2: %q", len(frames), got)
	}
	for _, f := range frames {
		if n := strings.Count(f, "\n"); n > 7 || !strings.Contains(f, "\x1b[K\r\n") {
			t.Errorf("a picture of %d lines on 8 rows: %q", n, f)
		}
		if !strings.Contains(f, ">   1  ") { // the same page each time
			t.Errorf("got %q", f)
		}
	}
}

func TestEdit(t *testing.T) {
	var given []string
	var remembered []string
	history := []string{"ls 1", "edit"}
	b := newBench(t, render.Style{})
	b.shell.state.History = func() []string { return history }
	edit := func(change func(string) string) {
		b.shell.state.Edit = func(_ context.Context, text string) (string, error) {
			given = append(given, text)
			return change(text), nil
		}
	}
	b.shell.cfg.Remember = func(text string) { remembered = append(remembered, text) }

	edit(func(s string) string { return s + "-2" })
	if got := b.do("edit"); !strings.Contains(got, "    2  ") || given[0] != "ls 1" {
		t.Errorf("the last input: was given %q, got %q", given, got)
	}
	if len(remembered) != 1 || remembered[0] != "ls 1-2" {
		t.Errorf("remembered %q", remembered)
	}
	b.do("x = 1; y = 2\ndef f(p):\n    # it is the first\n    return 1\n\ndef g(): return 2\n")
	edit(func(s string) string { return strings.Replace(s, "return 1", "return 5", 1) })
	if got := b.do("edit f"); got != "" || given[1] != "def f(p):\n    # it is the first\n    return 1" {
		t.Errorf("a function: was given %q, got %q", given[1], got)
	}
	if got := b.do("f(0)"); got != "5\n" {
		t.Errorf("got %q", got)
	}
	edit(func(s string) string { return s })
	if got := b.do("edit f"); got != "nothing was changed: nothing was run\n" {
		t.Errorf("got %q", got)
	}
	edit(func(s string) string { return "" })
	if got := b.do("edit f"); got != "nothing is left: nothing was run\n" {
		t.Errorf("got %q", got)
	}
	edit(func(s string) string { return s + "return 9\n" })
	if b.do("edit brand_new"); given[len(given)-1] != "def brand_new(p):\n    " {
		t.Errorf("a new function: was given %q", given[len(given)-1])
	}
	if got := b.do("brand_new(0)"); got != "9\n" {
		t.Errorf("got %q", got)
	}
	for in, want := range map[string]string{"edit x": "it is no function that was typed here", "edit len": "it is no function", "edit 'a b'": "the name of a function was wanted"} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
	b.shell.state.Edit = nil
	if got := b.do("edit"); !strings.Contains(got, "there is no terminal for an editor") {
		t.Errorf("got %q", got)
	}
}

// TestResults are the values of expressions that are kept.
func TestResults(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("1 + 1")
	b.do("'text'")
	b.do("None")
	b.do("x = 3")
	for in, want := range map[string]string{"_1 + _2.count('t')": "4\n", "_?": "_2    'text'"} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
	b.do("_ = 5")
	if got := b.do("_"); got != "5\n" {
		t.Errorf("got %q", got)
	}
	b.do("_7 = 'mine'")
	for range 60 {
		b.do("0")
	}
	for in, want := range map[string]string{"_2": "undefined: _2", "_60": "0\n"} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
}

// TestHelp is what help says of names of all kinds.
func TestHelp(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("goto 8")
	b.do("def f(p, n=3):\n    'Print a host.'\n    return p\n")
	for _, step := range []struct {
		in   string
		want []string
	}{
		{"help", []string{"Captures\n", "Topics: help TOPIC", "examples"}},
		{"help show", []string{"show [FRAME] [LAYER…]", "Examples"}},
		{"show?", []string{"show [FRAME] [LAYER…]"}},
		{"?show", []string{"show [FRAME] [LAYER…]"}},
		{"?filter", []string{"filter [--and]"}},
		{"help pkt", []string{"pkt is the current packet"}},
		{"pkt?", []string{"pkt: packet 8", "http", "layer: Hypertext Transfer Protocol", "number", "8", "frame number, from 1"}},
		{"?pkt", []string{"pkt: packet 8"}},
		{"pkt.ip?", []string{"pkt.ip: layer ip, Internet Protocol Version 4", "src ", "192.168.1.20", "Source Address (IPv4)"}},
		{"help pkt.http.host", []string{"field http.host, Host, STRING, of Hypertext", "showname ", "In filters it is http.host"}},
		{"pkt.dns?", []string{"packet 8 has no layer dns", "`find dns` goes to the next"}},
		{"count_by?", []string{"cap.count_by(field…, where)"}},
		{"help conversations", []string{"these speak of it: cap"}},
		{"help statistics", []string{"these speak of it: cap"}},
		{"cap.count_by('protocol')", []string{"no field but an attribute of packets", "Counter([p.protocol for p in cap])"}},
		{"cap[2].dns?", []string{"layer dns", "qry_name"}},
		{"cap?", []string{"cap: a capture", "count_by()"}},
		{"help cap", []string{"cap is the capture in use"}},
		{"FileCapture?", []string{"FileCapture(input_file,", "Wireshark display filter"}},
		{"cap.filter?", []string{"filter(display_filter)"}},
		{"f?", []string{"f(p, n=3)", "Print a host."}},
		{"help http.host", []string{"http.host: field Host, STRING, of http", "here: example.org", `filter http.host == "example.org"`}},
		{"help dns", []string{"dns: protocol", "fields dns."}},
		{"help filters", []string{"contains"}},
		{"help starlark", []string{"Python's syntax"}},
		{"help examples", []string{"Who talks most?", "10. "}},
		{"help shwo", []string{"did you mean show?"}},
		{"help htttp.host", []string{"did you mean the field http.host?"}},
		{"filterz?", []string{"did you mean filter?"}},
		{"xyzzy_q?", []string{"`fields xyzzy_q` searches fields"}},
		{"'a text?'", []string{"'a text?'"}},
		{"1 # why?", []string{"1\n"}},
	} {
		got := b.do(step.in)
		for _, want := range step.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q in it", step.in, got, want)
			}
		}
	}
	b.do("close")
	if got := b.do("pkt?"); !strings.Contains(got, "pkt is the current packet") {
		t.Errorf("pkt? without a capture: got %q", got)
	}
}

// TestHelpFits is help of everything on narrow screens: no line is wider.
func TestHelpFits(t *testing.T) {
	for _, width := range []int{40, 80} {
		b := newBench(t, render.Style{Width: width, Height: 24})
		names := []string{"", "pkt?", "cap?", "FileCapture", "http.host"}
		for _, c := range b.shell.table.All() {
			names = append(names, c.Name)
		}
		for _, name := range names {
			for line := range strings.SplitSeq(b.do("help "+name), "\n") {
				if n := len([]rune(line)); n > width && strings.Contains(strings.TrimSpace(line), " ") {
					t.Errorf("help %s on %d columns: a line of %d: %s", name, width, n, line)
				}
			}
		}
	}
}

func TestFields(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("goto 3")
	b.do("show 3 udp") // dissects it
	for _, step := range []struct {
		in, first string
		want      []string
	}{
		{"fields dns name", "dns.qry.name ", []string{"STRING", "example.org"}},
		{"fields NAME dns", "dns.qry.name ", nil},
		{"fields udp.", "udp.checksum", []string{"udp.srcport"}},
		{"fields tls sni", "tls.handshake.extensions_server_name ", nil},
		{"fields --protocols dns", "dns ", []string{"in packet 3", "Domain Name System"}},
		{"fields --limit 2 dns", "", nil},
	} {
		got := b.do(step.in)
		lines := strings.Split(got, "\n")
		if len(lines) < 3 || !strings.HasPrefix(lines[1], "  "+step.first) {
			t.Errorf("%s: got %q, want %q first", step.in, got, step.first)
		}
		for _, want := range step.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q in it", step.in, got, want)
			}
		}
	}
	if got := strings.Count(b.do("fields --limit 2 dns"), "\n"); got != 3 {
		t.Errorf("--limit 2: got %d lines, want the title and two", got)
	}
	for in, want := range map[string]string{
		"fields":                   "words to search for were wanted",
		"fields dns zzqx":          `no field has "zzqx"`,
		"fields checksom":          "did you mean checksum?",
		"fields dnss.":             "did you mean dns.?",
		"fields arp extensions":    "fewer words find more",
		"fields --limit 0 dns":     "a number from 1 was wanted",
		"fields --all --limit 3 x": "one of them was wanted",
	} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
	b = newBench(t, render.Style{Width: 80, Height: 24, Interactive: true})
	if got := b.do("fields dns"); !strings.Contains(got, " of ") || !strings.Contains(got, "more words find fewer") || strings.Count(got, "\n") > 23 {
		t.Errorf("at a terminal: got %q", got)
	}
}
