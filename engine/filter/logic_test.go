package filter_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// shape writes a filter's logic with its parts in brackets.
func shape(l *filter.Logic) string {
	if l.Op == "" {
		return l.Text
	}
	parts := make([]string, len(l.Parts))
	for i, part := range l.Parts {
		parts[i] = shape(part)
	}
	return l.Op + "[" + strings.Join(parts, " | ") + "]"
}

func TestSplit(t *testing.T) {
	for _, c := range []struct{ expr, shape, text string }{
		{"dns", "dns", "dns"},
		{"(dns)", "dns", "dns"},
		{"dns&&ip.src==1.2.3.4", "&&[dns | ip.src == 1.2.3.4]", "dns && ip.src == 1.2.3.4"},
		{"dns and  (tcp or not udp)", "&&[dns | ||[tcp | ![udp]]]", "dns && (tcp || (!udp))"},
		{"a && b || c && d", "||[&&[a | b] | &&[c | d]]", "(a && b) || (c && d)"},
		{"a && (b && c)", "&&[a | b | c]", "a && b && c"},
		{"!(a||b)", "![||[a | b]]", "!(a || b)"},
		{"! !a", "![![a]]", "!(!a)"},
		{"tcp.port not in {80, 443}", "tcp.port not in {80, 443}", "tcp.port not in {80, 443}"},
		{"ip.addr#1 eq 1.1.1.1", "ip.addr#1 == 1.1.1.1", "ip.addr#1 == 1.1.1.1"},
		{"{ip.len + 1} * 2 > 80 && tcp", "&&[{ip.len + 1} * 2 > 80 | tcp]", "{ip.len + 1} * 2 > 80 && tcp"},
		{`http.host ~ "a && b"`, `http.host matches "a && b"`, `http.host matches "a && b"`},
		{"a ^^ b", "a ^^ b", "a ^^ b"},
		{"a && b ^^ c", "a && b ^^ c", "a && b ^^ c"},
		{"a or b ^^ c", "||[a | b ^^ c]", "a || b ^^ c"},
	} {
		l := filter.Split(c.expr)
		if l == nil {
			t.Errorf("%s: got nothing", c.expr)
			continue
		}
		if got := shape(l); got != c.shape || l.Text != c.text {
			t.Errorf("%s:\n got %s\n     %s\nwant %s\n     %s", c.expr, got, l.Text, c.shape, c.text)
		}
	}
	for _, expr := range []string{"", "  ", "a &&", "(a", "a b"} {
		if l := filter.Split(expr); l != nil {
			t.Errorf("%q: got %s, want nothing", expr, shape(l))
		}
	}
}

// TestSplitMeansTheSame takes the filters of the case table apart: their parts let
// the same packets through, and so does what is written of them.
func TestSplitMeansTheSame(t *testing.T) {
	fields := readCatalogue(readFile(t, "fields.txt"))
	trees := readPDML(t, []byte(readFile(t, "mixed.pdml")), filepath.Join("testdata", "mixed.pcap"), fields)
	for _, expr := range readCases(t) {
		want := answer(expr, fields, trees)
		if want == invalid || want == "needs Wireshark" {
			continue
		}
		l := filter.Split(expr)
		if l == nil {
			t.Errorf("%s: got nothing", expr)
			continue
		}
		if got := answer(l.Text, fields, trees); got != want {
			t.Errorf("%s: written as %s it lets through %s, want %s", expr, l.Text, got, want)
		}
		if again := filter.Split(l.Text); again == nil || again.Text != l.Text {
			t.Errorf("%s: %s has another spelling when it is split again", expr, l.Text)
		}
		var got []string
		for _, tree := range trees {
			if passes(t, l, tree, fields) {
				got = append(got, fmt.Sprint(tree.Frame))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: by its parts %s it lets through %s, want %s", expr, shape(l), got, want)
		}
	}
}

// passes says whether a packet passes a filter, by the parts of that.
func passes(t *testing.T, l *filter.Logic, tree *dissect.Tree, fields *dissect.Catalogue) bool {
	switch l.Op {
	case "!":
		return !passes(t, l.Parts[0], tree, fields)
	case "&&", "||":
		for _, part := range l.Parts {
			if passes(t, part, tree, fields) == (l.Op == "||") {
				return l.Op == "||"
			}
		}
		return l.Op == "&&"
	}
	p, err := filter.Compile(l.Text, fields)
	if err != nil {
		t.Errorf("%s: %v", l.Text, err)
		return false
	}
	return p.Match(filter.FromTree(tree, fields))
}
