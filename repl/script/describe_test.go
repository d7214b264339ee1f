package script

import (
	"bytes"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"pktsh/completion"
	"pktsh/repl/render"
)

// TestNamesExplained fails when a function has nothing that help could say of it.
func TestNamesExplained(t *testing.T) {
	it := New(Config{})
	for name, v := range it.builtin {
		if strings.HasPrefix(name, "⟨") || strings.HasPrefix(name, "__") {
			continue
		}
		doc, ok := languageNames()[name]
		if _, callable := v.(starlark.Callable); callable && completion.PySharkSignatures()[name] == nil && doc.usage == "" {
			t.Errorf("%s: help does not know how it is called", name)
		}
		if !ok || doc.meaning == "" {
			t.Errorf("%s: help has nothing to say of it", name)
		}
	}
}

// TestDescribe is help on values.
func TestDescribe(t *testing.T) {
	it := newHarness(t)
	if err := it.Exec(t.Context(), "def f(p, n=3, *rest, **more):\n    '''Print the\n    host.'''\n    return p\nd = {'a': 1}\nx = 'text'\n", "s.star", 1); err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string][]string{
		"FileCapture":         {"FileCapture(input_file, keep_packets, display_filter,", "open a capture file", "display_filter ", "Wireshark display filter"},
		"pyshark.FileCapture": {"open a capture file"},
		"cap":                 {"cap: a capture", "count_by()", "how often each value"},
		"cap.filter":          {"filter(display_filter)", "the packets a display filter lets through", "Wireshark display filter"},
		"cap.count_by":        {"count_by(field…, where)"},
		"pkt":                 {"pkt: packet 1", "ip ", "number ", "frame number, from 1", "pkt.ip? explains a layer"},
		"pkt.number":          {"pkt.number: a int"},
		"f":                   {"f(p, n=3, *rest, **more)", "Print the", "host.", "defined in s.star, line 1"},
		"sorted":              {"sorted(x, key=None", "in order"},
		"d":                   {"d: a dict, 1 long", "{'a': 1}", "setdefault()"},
		"math":                {"math: mathematical functions", "sqrt()"},
		"count_by":            {"cap.count_by(field…, where)", "how often each value"},
		"highest_layer":       {"pkt.highest_layer", "name of the last layer"},
		"x":                   {"x: a string, 4 long", "'text'"},
		"cap.filter('x')[0]":  {"a packet; what it holds is not known", "highest_layer"},
	} {
		r, ok := it.Describe(t.Context(), expr)
		if !ok {
			t.Errorf("%s: nothing is known of it", expr)
			continue
		}
		var b bytes.Buffer
		if err := render.New(&b, render.Style{}).Result(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s: got\n%s\nwant %q in it", expr, b.String(), w)
			}
		}
	}
	for _, expr := range []string{"nothing_here", "pkt.number +", "", "1 +", "print('x')"} {
		if _, ok := it.Describe(t.Context(), expr); ok {
			t.Errorf("%q is explained", expr)
		}
	}
}
