package script

import (
	"runtime"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"pktsh/repl/result"
)

// TestColumns asks for fields of all packets at once: two of DNS, and others that
// lack what is asked for.
func TestColumns(t *testing.T) {
	tests := []struct{ code, want string }{
		{`cap.count_by("dns.qry.name")`, `{"example.org": 2}`},
		{`cap.count_by("udp.dstport")`, `{53: 2}`},
		{`cap.count_by("ip.src")`, `{"192.168.1.20": 2, "10.0.0.1": 1, "10.0.0.9": 1}`},
		{`cap.count_by("ip.src", where="dns")`, `{"192.168.1.20": 2}`},
		{`cap.count_by("ip.src", "udp.dstport")`, `{("192.168.1.20", 53): 2}`},
		{`cap.count_by("icmp.type", "ip.src")`, `{(3, "10.0.0.1"): 1, (3, "10.0.0.9"): 1}`}, // one type goes with both
		{`cap.count_by("vlan.id", "ip.src")`, `{}`},
		{`cap.count_by("vlan.id", "vlan.id")`, `{(5, 5): 1, (6, 6): 1}`}, // by their places
		{`cap.values("dns.qry.name")`, `["example.org", "example.org"]`},
		{`cap.values("vlan.id"), cap.values("vlan.id", occurrence="f"), cap.values("vlan.id", occurrence="l")`, `([5, 6], [5], [6])`},
		{`cap.table("dns.qry.name", "dns.flags.response")[:2]`, `[("example.org", False), (None, None)]`},
		{`cap.table("vlan.id", "eth.type")[1], cap.table("vlan.id", where="vlan", occurrence="l")`, `(((5, 6), 33024), [(6,)])`},
		{`len(cap.table("dns.qry.name"))`, "4"},
		{`[p.number for p in cap.sort_by("vlan.id", reverse=True)]`, "[2, 1, 3, 4]"},
		{`[p.number for p in cap.sort_by("frame.number", reverse=True)[1:3]], cap.sort_by("frame.number", reverse=True)[0].number`, "([1, 2], 4)"},
	}
	for _, tt := range tests {
		h := newHarness(t)
		got, err := h.exec(tt.code)
		if got = strings.ReplaceAll(strings.TrimSpace(got), "'", `"`); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.code, got, err, tt.want)
		}
	}
	for code, want := range map[string]string{
		`cap.count_by()`:                          "got no field",
		`cap.count_by("")`:                        "want its filter name",
		`cap.values("nothing")`:                   "nothing is neither",
		`cap.values("ip.src", "ip.dst")`:          "cap.table('ip.src', 'ip.dst') has several",
		`cap.table()`:                             "got no field",
		`cap.table(3)`:                            "got a int",
		`cap.table(field="ip.src")`:               "without a keyword",
		`cap.table("ip.src", occurrence="first")`: "want 'f' (the first)",
		`cap.table("ip.src", where="&&&")`:        "bad filter",
		`cap.group()`:                             "got no field",
		`cap.group("ip.src").sum()`:               "missing argument for field",
		`cap.group("ip.src").sum("ip.dst")`:       "sum: ip.dst: got the string '192.168.1.1', want a number",
		`cap.group("ip.src").total("ip.ttl")`:     "no attribute \"total\"",
		`cap.group("ip.src").table(by=3)`:         "names only",
		`cap.sort_by("")`:                         "want its filter name",
		`{cap.group("ip.src"): 1}`:                "unhashable",
	} {
		h := newHarness(t)
		if _, err := h.exec(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", code, err, want)
		}
	}
	h := newHarness(t)
	if !h.Owns("list") || h.Owns("ls") {
		t.Error("list is Starlark's, ls is not")
	}
}

// TestGroup measures groups of packets; packet 3 has two addresses and no TTL.
func TestGroup(t *testing.T) {
	tests := []struct{ code, want string }{
		{`cap.group("ip.src").count()`, `{"192.168.1.20": 2, "10.0.0.1": 1, "10.0.0.9": 1}`},
		{`cap.group("ip.src").sum("ip.ttl")`, `{"192.168.1.20": 128}`},
		{`cap.group("ip.src").sum("frame.number")`, `{"192.168.1.20": 5}`},
		{`cap.group("ip.src").min("frame.number"), cap.group("ip.src").max("frame.number")`, `({"192.168.1.20": 1}, {"192.168.1.20": 4})`},
		{`cap.group("ip.src").mean("frame.number")`, `{"192.168.1.20": 2.5}`},
		{`cap.group("ip.src", "udp.srcport").sum("frame.time_delta")`, `{("192.168.1.20", 54321): 0.0005}`},
		{`cap.group("vlan.id").sum("vlan.id")`, `{5: 11, 6: 11}`}, // both of the packet's values, in both of its groups
		{`cap.group("ip.src", where="icmp").count()`, `{"10.0.0.1": 1, "10.0.0.9": 1}`},
		{`cap.group("ip.src").table()`, `[("192.168.1.20", 2), ("10.0.0.1", 1), ("10.0.0.9", 1)]`},
		{`cap.group("ip.src").table("ip.ttl")[:2]`, `[("192.168.1.20", 2, 128, 64, 64.0, 64), ("10.0.0.1", 1, None, None, None, None)]`},
		{`"sum" in dir(cap.group("ip.src")), str(cap.group("ip.src"))[:7]`, `(True, "<Group ")`},
	}
	for _, tt := range tests {
		h := newHarness(t)
		got, err := h.exec(tt.code)
		if got = strings.ReplaceAll(strings.TrimSpace(got), "'", `"`); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.code, got, err, tt.want)
		}
	}
}

// TestCombinations pairs a packet's values.
func TestCombinations(t *testing.T) {
	for _, tt := range []struct {
		row  [][]string
		want string
	}{
		{[][]string{{"a"}, {"b"}}, "ab"},
		{[][]string{{"a"}, nil}, ""},
		{[][]string{{"a"}, {"x", "y"}}, "ax ay"},
		{[][]string{{"a", "b"}, {"x", "y"}, {"z"}}, "axz byz"},
		{[][]string{{"a", "b"}, {"x", "y", "z"}}, "ax ay az bx by bz"},
	} {
		var got []string
		columns := make([]*cells, len(tt.row))
		for i := range columns {
			columns[i] = &cells{seen: map[string]starlark.Value{}}
		}
		tally := newTally(columns)
		tally.each(tt.row, func(key int) { got = append(got, strings.ReplaceAll(tally.keys[key].texts, "\x00", "")) })
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got %q, want %q", tt.row, got, tt.want)
		}
	}
}

// TestAnswers looks at what is shown of an answer: a table, and for scripts a plain
// dictionary or list.
func TestAnswers(t *testing.T) {
	h := newHarness(t)
	var shown []*result.Table
	h.cfg.Show = func(r result.Result) { shown = append(shown, r.(*result.Table)) }
	h.cfg.Page = func() int { return 3 }
	out, err := h.exec("cap.table('ip.src', 'ip.ttl')\nx = _\ntype(x), type(x[0]), len(x)\nx\nd = cap.count_by('ip.src')\nd\ntype(d)\nd['more'] = 3\nd\nx.append(3)\nx[3:]")
	if want := "('list', 'tuple', 4)\n'dict'\n[('192.168.1.20', 64), 3]\n"; err != nil || out != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if len(shown) != 4 {
		t.Fatalf("got %d tables, want 4", len(shown))
	}
	first, counts := shown[0], shown[2]
	if c := first.Columns; len(c) != 2 || c[0].Title != "ip.src" || c[0].Align == result.Right || c[1].Title != "ip.ttl" || c[1].Align != result.Right {
		t.Errorf("columns %+v", c)
	}
	var cells []string
	for row, err := range first.Rows {
		if err != nil {
			t.Fatal(err)
		}
		cells = append(cells, strings.Join(row.Cells, "|"))
	}
	if got, want := strings.Join(cells, " / "), "192.168.1.20|64 / | / 10.0.0.1, 10.0.0.9|"; got != want {
		t.Errorf("got the rows %q, want %q", got, want)
	}
	if f := first.Footer(); len(f) != 1 || !strings.Contains(f[0], "3 of 4 rows") {
		t.Errorf("footer %q", f)
	}
	if c := counts.Columns; len(c) != 2 || c[1].Title != "count" || counts.Footer != nil {
		t.Errorf("columns %+v", c)
	}
	for x, want := range map[float64]string{0: "0", 82.96875: "82.96875", 1050.9812332439678: "1050.981233", 3: "3", 2.5e-9: "2.5e-09", -0.25: "-0.25", 1e20: "1e+20"} {
		if got := h.cellText(starlark.Float(x)); got != want {
			t.Errorf("%g: got %q, want %q", x, got, want)
		}
	}
	x := h.main.env["x"]
	if h.asTable(x) != nil {
		t.Error("a list that holds something else is no table")
	}
	runtime.KeepAlive(x)
	h.main.env = h.newScope().env
	runtime.GC()
	h.isAnswer(starlark.NewDict(0), nil)
	if n := len(h.answers.lists); n > 1 {
		t.Errorf("%d answers are remembered that nobody holds", n)
	}
}

// TestEmptyAnswer has a table without rows say what no packet has.
func TestEmptyAnswer(t *testing.T) {
	h := newHarness(t)
	var shown *result.Table
	h.cfg.Show = func(r result.Result) { shown = r.(*result.Table) }
	if _, err := h.exec("cap.table('arp.opcode', where='arp')"); err != nil {
		t.Fatal(err)
	}
	if shown == nil || shown.Empty != "no packet here has arp.opcode" {
		t.Errorf("got %+v, want a table that says that no packet has the field", shown)
	}
}
