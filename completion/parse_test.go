package completion

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSplitCommand(t *testing.T) {
	known := func(name string) bool { return name == "ls" || name == "filter" || name == "show" }
	for _, tt := range []struct{ line, name, args string }{
		{"ls", "ls", ""},
		{"  ls  10-20", "ls", "  10-20"},
		{"show -1", "show", " -1"},
		{"filter (a||b) && !c", "filter", " (a||b) && !c"},
		{"filter == 3", "filter", " == 3"},
		{":ls=3", "ls", "=3"},
		{":nosuch x", "nosuch", " x"},
		{"show(5)", "", ""}, {"ls = 3", "", ""}, {"ls += 3", "", ""}, {"ls //= 3", "", ""}, {"ls >>= 3", "", ""},
		{"filter.x", "", ""}, {"ls[0]", "", ""}, {"for ls in x", "", ""}, {"lsx", "", ""}, {"", "", ""}, {":", "", ""}, {"17", "", ""},
		{"ls >= 3", "ls", " >= 3"},
		{"ls\t\t= 3", "", ""},
	} {
		name, args, ok := SplitCommand(tt.line, known)
		if name != tt.name || ok != (tt.name != "") || ok && tt.line[args:] != tt.args {
			t.Errorf("%q: got %q %d %v, want %q %q", tt.line, name, args, ok, tt.name, tt.args)
		}
	}
}

func TestContext(t *testing.T) {
	g := Grammar{Commands: testCommands(), Functions: PySharkSignatures()}
	parse := func(marked string) Context {
		text, cursor := cut(t, marked)
		return g.Parse(text, cursor)
	}
	if at := parse(`follow --hex 'a b' "c\"d" e\ f |`); !slices.Equal(at.Args, []string{"a b", `c"d`, "e f"}) || at.Command.Name != "follow" {
		t.Errorf("got words %q of %q", at.Args, at.Command.Name)
	}
	if at := parse("top ip.src where dns && ip.d|"); at.Filter.Text != "dns && ip.d" || at.Filter.Offset != 17 || at.Start != 24 {
		t.Errorf("got filter %+v starting at %d", at.Filter, at.Start)
	}
	if at := parse(`x = cap.filter("dns && ip.d|`); at.Filter.Text != "dns && ip.d" || at.Quote != '"' || at.Start != 23 {
		t.Errorf("got filter %+v in %q starting at %d", at.Filter, at.Quote, at.Start)
	}
	for marked, want := range map[string]string{
		"x + cap.filter('a)', y=[1, 2])[ 0 ] . dns.|": "cap.filter('a)',y=[1,2])[0].dns",
		"if not pkt[ 'ip' ].|":                        "pkt['ip']",
		"f(g(pkt.ip, h)[3].|":                         "g(pkt.ip,h)[3]",
		"[1, 2].|":                                    "[1,2]",
		"return [p.|":                                 "p",
		"x = cap[i if i else 0].|":                    "cap[i if i else 0]",
		"'a'.|":                                       "'a'",
		"pkt.dns.|":                                   "pkt.dns",
		"x = {'a': pkt.|":                             "pkt",
		"print(x)\npkt.|":                             "pkt",
		"lambda p: p.|":                               "p",
		strings.Repeat("(", 50) + "pkt.|":             "pkt",
		"pkt.a" + strings.Repeat(".b", 50) + ".|":     "pkt.a" + strings.Repeat(".b", 50),
		"x = (pkt).|":                                 "(pkt)",
		"cap[-1].|":                                   "cap[-1]",
		"for p in cap.filter('dns'):\n  x = 3; p.|":   "p",
		"cap[0] \\\n  .|":                             "cap[0]",
		"pkt['it\\'s'].|":                             "pkt['it\\'s']",
		"pkt[\"\"\"a\nb\"\"\"].|":                     "pkt[\"\"\"a\nb\"\"\"]",
	} {
		if at := parse(marked); at.Kind != KindAttribute || at.Receiver != want {
			t.Errorf("%q: got %v of %q, want receiver %q", marked, at.Kind, at.Receiver, want)
		}
	}
	for marked, want := range map[string]Call{
		"f(a, b, |":                 {Callee: "f", Arg: 2},
		"f(a, g(b, c), k=[1, 2], |": {Callee: "f", Arg: 3},
		"f(a, key=x|":               {Callee: "f", Arg: 1, Keyword: "key"},
		"f(a == x|":                 {Callee: "f"},
		"pkt[x|":                    {Callee: "pkt", Index: true},
		"[x|":                       {List: true},
		"return (x|":                {},
		"cap.filter('x')[0].get(x|": {Callee: "cap.filter('x')[0].get"},
	} {
		if at := parse(marked); at.Call == nil || *at.Call != want {
			t.Errorf("%q: got %+v, want %+v", marked, at.Call, want)
		}
	}
	if at := g.Parse("x", 99); at.Cursor != 1 {
		t.Errorf("got cursor %d, want it moved to the end, 1", at.Cursor)
	}
	if at := g.Parse("xä", 2); at.Cursor != 1 {
		t.Errorf("got cursor %d, want it moved to the start of its rune, 1", at.Cursor)
	}
}

// TestParseLinear holds Parse to time linear in the text: a large
// paste must not freeze the prompt. Quadratic time would be tens of seconds.
func TestParseLinear(t *testing.T) {
	g := Grammar{Commands: testCommands(), Functions: PySharkSignatures()}
	for name, text := range map[string]string{
		"brackets":  strings.Repeat("f(", 50_000),
		"chain":     "x" + strings.Repeat(".x", 50_000) + ".",
		"indexes":   "x" + strings.Repeat("[0]", 30_000) + ".",
		"quotes":    strings.Repeat("'", 100_001),
		"filter":    "filter " + strings.Repeat("(a == 1) && ", 8_000),
		"words":     "ls " + strings.Repeat("a ", 50_000),
		"lines":     strings.Repeat("ls 1\n", 20_000),
		"closing":   strings.Repeat(")", 100_000) + ".",
		"names":     strings.Repeat("a", 100_000),
		"slices":    "filter a" + strings.Repeat("[", 100_000),
		"escapes":   "x = '" + strings.Repeat("\\", 100_000),
		"keywords":  strings.Repeat("in ", 30_000),
		"paste":     "x = 1\n" + strings.Repeat("x = (1,\n", 10_000),
		"arguments": "f(" + strings.Repeat("g(x), ", 15_000),
	} {
		start := time.Now()
		g.Parse(text, len(text))
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: a text of %d bytes took %v", name, len(text), took)
		}
	}
}

// FuzzParse holds Parse to what the prompt relies on: any text and cursor has
// a place, and the word lies before the cursor.
func FuzzParse(f *testing.F) {
	for _, tt := range completions {
		before, after, _ := strings.Cut(tt.text, "|")
		f.Add(before+after, len(before))
	}
	c := testCompleter(f.TempDir())
	c.Providers = slices.DeleteFunc(c.Providers, func(p Provider) bool {
		_, files := p.(FileProvider) // any text would reach any place of this machine
		return files
	})
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		at := c.Grammar.Parse(text, cursor)
		if at.Start < 0 || at.Start > at.Cursor || at.Cursor > len(text) || at.Word != text[at.Start:at.Cursor] {
			t.Fatalf("%q at %d: got word %q from %d to %d", text, cursor, at.Word, at.Start, at.Cursor)
		}
		if at.Kind == KindFilter && (at.Filter.Offset > at.Start || at.Filter.Offset+len(at.Filter.Text) != at.Cursor) {
			t.Fatalf("%q at %d: got filter %+v, word at %d", text, cursor, at.Filter, at.Start)
		}
		if utf8.ValidString(text) && !utf8.ValidString(at.Word) {
			t.Fatalf("%q at %d: got the word %q, which is cut within a rune", text, cursor, at.Word)
		}
		suggestions, start := c.Complete(context.Background(), text, cursor)
		if start != at.Start || len(suggestions) > MaxSuggestions {
			t.Fatalf("%q at %d: got %d suggestions from %d", text, cursor, len(suggestions), start)
		}
	})
}
