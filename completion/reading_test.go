package completion

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// shown writes a reading as the text with each span in brackets, by a letter.
func shown(text string, r Reading) string {
	const letters = " cokSn#vuw!" // by Paint
	var b strings.Builder
	at := 0
	for _, s := range r.Spans {
		fmt.Fprintf(&b, "%s%c(%s)", text[at:s.Start], letters[s.Paint], text[s.Start:s.End])
		at = s.End
	}
	return b.String() + text[at:]
}

func testJudge(macros filter.Macros) FilterJudge {
	cat := testCatalogue()
	return FilterJudge{Catalogue: func() *dissect.Catalogue { return cat }, Expand: macros.Expand}
}

func TestRead(t *testing.T) {
	c := testCompleter(t.TempDir())
	commands := testCommands()
	commands.rebound["mine"] = true // a variable of the user's
	c.Grammar.Commands = commands
	judge := testJudge(filter.Macros{"web": "tcp.port in {80, 443}", "bad": "no.such"})
	c.Judge = judge.Judge
	for _, x := range []struct{ text, want, problem string }{
		{"", "", ""},
		{"ls 1-5 --wide", "c(ls) 1-5 o(--wide)", ""},
		{"  :ls", "  c(:ls)", ""},
		{"open --x=1 a", "c(open) o(--x)=1 a", ""},
		{"filter dns", "c(filter) v(dns)", ""},
		{"filter dns ", "c(filter) v(dns) ", ""},
		{"f ip.src == 1.2.3.4", "c(f) v(ip.src == 1.2.3.4)", ""},
		{"filter --ast dns", "c(filter) o(--ast) v(dns)", ""},
		{"filter ip.src == ", "c(filter) u(ip.src ==) ", "…wanted"},
		{"filter ip.sr", "c(filter) u(ip.sr)", "…did you mean ip.src"},
		{"filter ip.sr ", "c(filter) !(ip.sr) ", "!did you mean ip.src"},
		{"filter ip.sr == 1", "c(filter) !(ip.sr)w( == 1)", "!neither a field"},
		{"filter dns && ip.src = 1.2.3.4", "c(filter) w(dns && ip.src )!(=)w( 1.2.3.4)", "!=="},
		{`filter http.host contains "a`, `c(filter) u(http.host contains "a)`, "…"},
		{"filter ${web} && dns", "c(filter) v(${web} && dns)", ""},
		{"filter ${wob} && dns", "c(filter) !(${wob})w( && dns)", "!no filter is saved"},
		{"filter ${bad} && dns", "c(filter) w(${bad} && dns)", "!neither a field"},
		// What cannot be decided here has no colour.
		{"filter ip.src == ${ip.src}", "c(filter) ip.src == ${ip.src}", ""},
		{"filter --save x ip.src == $1", "c(filter) o(--save) x ip.src == $1", ""},
		{`filter dns.qry.type == "A"`, `c(filter) dns.qry.type == "A"`, ""},
		{`filter http.host matches "a++b"`, `c(filter) http.host matches "a++b"`, ""},
		{"filter dns xor tcp", "c(filter) dns xor tcp", ""},
		{"top ip.src where dns &&& x", "c(top) ip.src where w(dns &&)!(&)w( x)", "!"},
		{"# filter x", "#(# filter x)", ""},
		{"!ls -l", "!ls -l", ""},
		{"?filter", "?filter", ""},
		{"filter dns\nls 'a' --wide", "c(filter) v(dns)\nc(ls) 'a' o(--wide)", ""},
		{"filter dnss x\nls", "c(filter) w(dnss )!(x)\nc(ls)", "!"},
		// Starlark.
		{"for p in cap: print(p.ip, 'x', 1.5) # all", "k(for) p k(in) cap: print(p.ip, S('x'), n(1.5)) #(# all)", ""},
		{"x = '''a\nb''' + r\"\\d\" + 'open", "x = S('''a\nb''') + S(r\"\\d\") + S('open)", ""},
		{"cap.filter('dns')", "cap.filter(S(')v(dns)S('))", ""},
		{"cap.filter('dns", "cap.filter(S(')v(dns)", ""},
		{"cap.filter('dns &&", "cap.filter(S(')u(dns &&)", "…"},
		{"cap.filter('dns &&')", "cap.filter(S(')w(dns &&)S('))", "!"},
		{"cap.filter('')", "cap.filter(S(''))", ""},
		{`cap.filter('http.host == "a"')`, `cap.filter(S(')v(http.host == "a")S('))`, ""},
		{`cap.filter("http.host == \"a\"")`, `cap.filter(S("http.host == \"a\""))`, ""},
		{"FileCapture('a.pcap', display_filter='dsn')", "FileCapture(S('a.pcap'), display_filter=S(')!(dsn)S('))", "!dns"},
		// Two words in a row are no Starlark.
		{"fliter dns", "w(fliter) dns", "!there is no command fliter; did you mean filter?"},
		{"frobnicate 5", "w(frobnicate) n(5)", "!there is no command frobnicate"},
		{"io 1s", "w(io) n(1s)", "!:io runs the command"},
		{"print 'x'", "w(print) S('x')", "!print(…)"},
		{"mine 5", "w(mine) n(5)", "!mine(…)"},
		{"fliter", "fliter", ""},
		{"x = fliter y", "x = fliter y", ""},
	} {
		got := c.Read(context.Background(), x.text)
		if s := shown(x.text, got); s != x.want {
			t.Errorf("%q:\n got %q\nwant %q", x.text, s, x.want)
		}
		certain, mention := strings.HasPrefix(x.problem, "!"), strings.TrimLeft(x.problem, "!…")
		if (got.Problem != "") != (x.problem != "") || got.Certain != certain || !strings.Contains(got.Problem, mention) {
			t.Errorf("%q: got problem %q, certain %v, want %q", x.text, got.Problem, got.Certain, x.problem)
		}
	}
}

// TestJudgeIsSilent has what only others know.
func TestJudgeIsSilent(t *testing.T) {
	j := testJudge(nil)
	j.Open = func() bool { return true }
	if v := j.Judge(context.Background(), "no.such == 1"); v.Known {
		t.Errorf("got %+v of a field that a preference may have made, want nothing", v)
	}
	if v := j.Judge(context.Background(), "dns &&"); !v.Known || v.Problem == "" {
		t.Errorf("got %+v of half a filter, want that it is wrong", v)
	}
	if v := (FilterJudge{Catalogue: func() *dissect.Catalogue { return nil }}).Judge(context.Background(), "dns"); v.Known {
		t.Errorf("got %+v without a catalogue, want nothing", v)
	}
}

// FuzzRead holds the spans to the text: in order, within it, at whole characters.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"filter dns && é", "for x in '''\n", "ls -1 --wide\nfilter \"", "cap.filter(\"ip.src == ", "日本 x", "r'\\", "'", `""""`, "filter 'a"} {
		f.Add(s)
	}
	c := testCompleter(f.TempDir())
	c.Judge = testJudge(filter.Macros{"web": "tcp"}).Judge
	f.Fuzz(func(t *testing.T, text string) {
		r, at := c.Read(context.Background(), text), 0
		for _, s := range r.Spans {
			if s.Start < at || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("%q: got the spans %v", text, r.Spans)
			}
			at = s.End
		}
	})
}

func BenchmarkRead(b *testing.B) {
	cat := largeCatalogue()
	c := fieldCompleter(cat)
	c.Judge = FilterJudge{Catalogue: func() *dissect.Catalogue { return cat }}.Judge
	for _, text := range []string{"filter aaa.group0.field0 == 5 && baa", "filter aaa.grup0.field0 == 5", "filter xyzzy.plugh", "for p in cap: print(p.ip)"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				c.Read(context.Background(), text)
			}
		})
	}
}
