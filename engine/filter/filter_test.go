package filter_test

import (
	"errors"
	"strings"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

func smallCatalogue() *dissect.Catalogue {
	return dissect.NewCatalogue([]dissect.FieldInfo{
		{Name: "ip", Type: dissect.TypeProtocol},
		{Name: "ip.src", Type: "IPv4"},
		{Name: "ip.dst", Type: "IPv4"},
		{Name: "ip.addr", Type: "IPv4"},
		{Name: "ip.len", Type: "UINT16"},
		{Name: "tcp", Type: dissect.TypeProtocol},
		{Name: "tcp.port", Type: "UINT16"},
		{Name: "tcp.flags.syn", Type: "BOOLEAN"},
		{Name: "eth.src", Type: "ETHER"},
		{Name: "dns", Type: dissect.TypeProtocol},
		{Name: "dns.qry.name", Type: "STRING"},
		{Name: "dns.qry.type", Type: "UINT16"},
	})
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ expr, caret, message, suggestion string }{
		{"ip.src = 1.2.3.4", "ip.src = 1.2.3.4\n       ^", `"=" is no operator: wanted "==" to compare`, "write ip.src == 1.2.3.4"},
		{"dns.qry.nmae", "dns.qry.nmae\n^~~~~~~~~~~~", "dns.qry.nmae is neither a field nor a protocol", "did you mean dns.qry.name?"},
		{"ip.src == ip.dts", "ip.src == ip.dts\n          ^~~~~~", `"ip.dts" is not a valid IPv4 address`, "did you mean the field ip.dst?"},
		{"ip.src == \"abc\"", "ip.src == \"abc\"\n          ^~~~~", `got the string "abc", wanted an unquoted IPv4 address`, ""},
		{"tcp.port in {80 443}", "tcp.port in {80 443}\n                ^~~", `got "443", wanted "," or "}" between the members of a set`, "separate members with commas: {80, 443}"},
		{"tcp AND dns", "tcp AND dns\n    ^~~", `"AND" is not expected here`, `operators are written in lower case: "and"`},
		{"tcp.port ==", "tcp.port ==\n           ^", "the expression ends where a field or a value is wanted", ""},
		{"ip.src == 10.0.0.0/33", "ip.src == 10.0.0.0/33\n          ^~~~~~~~~~~", "a prefix of an IPv4 address has at most 32 bits, got 33", ""},
		{"TCP", "TCP\n^~~", "TCP is neither a field nor a protocol", "did you mean tcp?"},
		{"eth.src[0] == ff", "eth.src[0] == ff\n              ^~", "ff is a protocol in Wireshark, and only it can tell", "bytes begin with a colon: :ff"},
		{"(ip.len + 1) * 2 == 3", "(ip.len + 1) * 2 == 3\n             ^", `"*" is not expected here`, "parentheses group tests; arithmetic is grouped with braces: {ip.len + 1} * 2"},
		{"len(ip)", "len(ip)\n^~~~~~~", "the function len has a value, which alone is no test", "compare it: len(ip) > 0"},
	} {
		_, err := filter.Compile(c.expr, smallCatalogue())
		var e *filter.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want a *filter.Error", c.expr, err)
			continue
		}
		if e.Message != c.message || e.Suggestion != c.suggestion || e.Caret() != c.caret {
			t.Errorf("%s:\n got %q, %q\n%s\nwant %q, %q\n%s", c.expr, e.Message, e.Suggestion, e.Caret(), c.message, c.suggestion, c.caret)
		}
	}
}

// A slip of two neighbouring letters goes before every other.
func TestSuggestions(t *testing.T) {
	fields := []dissect.FieldInfo{{Name: "dns.qry.name", Type: "STRING"}, {Name: "udp.port", Type: "UINT16"}, {Name: "ip.src", Type: "IPv4"}}
	for _, name := range []string{"dcc", "dnp3", "dns", "dsi", "hip", "http", "ipv6", "ip", "pkt", "tcp", "udp", "zip"} {
		fields = append(fields, dissect.FieldInfo{Name: name, Type: dissect.TypeProtocol})
	}
	catalogue := dissect.NewCatalogue(fields)
	for name, want := range map[string]string{
		"dsn":         "dns",
		"htp":         "http", // hip is as near, and begins otherwise
		"nds":         "dns",  // the first letter too
		"pdu":         "",     // two letters of three say nothing
		"dup":         "udp",
		"dup.port":    "udp.port",
		"dns.qyr.nam": "",
		"ips.rc":      "ip.src",
		"dsj":         "dsi",
		"pi":          "ip",
		"dn":          "dns",
		"zp":          "", // zip does not begin so
		"z":           "",
		"DSN":         "dns",
	} {
		_, err := filter.Compile(name, catalogue)
		var e *filter.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want a *filter.Error", name, err)
			continue
		}
		if want != "" {
			want = "did you mean " + want + "?"
		}
		if e.Suggestion != want {
			t.Errorf("%s: got %q, want %q", name, e.Suggestion, want)
		}
	}
}

func TestFromTree(t *testing.T) {
	tree := &dissect.Tree{
		Sources: []dissect.Source{{Bytes: []byte{1, 2, 3, 4, 5, 6, 7, 8}}},
		Nodes: []*dissect.Field{
			{Name: "ip", Protocol: true, Size: 4, Children: []*dissect.Field{
				{Name: "ip.src", Show: "10.0.0.1"},
				{Name: "ip.addr", Show: "10.0.0.1", Hidden: true},
				{Name: "ip.addr", Show: "10.0.0.2", Hidden: true},
				{Name: "ip.len", Show: "0x0008"},
			}},
			{Name: "ip", Protocol: true, Pos: 4, Size: 4, Children: []*dissect.Field{
				{Name: "ip.addr", Show: "10.0.0.3", Hidden: true},
				{Name: "eth.src", Pos: 0, Size: 6},
			}},
			{Name: "dns", Protocol: true, Pos: 2, Size: 4},
		},
	}
	for expr, want := range map[string]bool{
		"":                                  true,
		"ip":                                true,
		"tcp":                               false,
		"ip.addr == 10.0.0.2":               true,
		"ip.addr != 10.0.0.2":               false,
		"ip.addr !== 10.0.0.2":              true,
		"ip.addr#2 == 10.0.0.2":             false,
		"ip.addr#[-1] == 10.0.0.3":          true,
		"ip.len == 8":                       true,
		"tcp.port != 80":                    false,
		"!(tcp.port == 80)":                 true,
		"eth.src[0:3] == 01:02:03":          true,
		"len(dns) == 4 && dns[2:] == 05:06": true,
		"dns[4:]":                           false,
		"dns contains 07:08":                true,
		"count(ip.addr) == 3":               true,
	} {
		p, err := filter.Compile(expr, smallCatalogue())
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := p.Match(filter.FromTree(tree, smallCatalogue())); got != want {
			t.Errorf("%s: got %v, want %v\n%s", expr, got, want, p.Dump())
		}
	}
}

func TestDump(t *testing.T) {
	p, err := filter.Compile(`!(ip.src != 10.0.0.0/8) and (tcp.port in {80, 443..445} or eth.src[0:3] == 00:11:22 or all len(dns.qry.name) + 1 > 3)`, smallCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	const want = `&&
  !
    all !=
      ip.src IPV4
      constant 10.0.0.0/8 IPV4
  ||
    ||
      any in
        tcp.port UINT16
        constant 80 UINT16
        range
          constant 443 UINT16
          constant 445 UINT16
      any ==
        slice [0:3]
          eth.src ETHER
        constant 001122 BYTES
    all >
      +
        len() UINT32
          dns.qry.name STRING
        constant 1 UINT32
      constant 3 UINT32
`
	if got := p.Dump(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	names := strings.Join(p.FieldNames(), " ")
	if names != "dns.qry.name eth.src ip.src tcp.port" {
		t.Errorf("FieldNames: got %s", names)
	}
}

func TestTokens(t *testing.T) {
	const expr = `!tcp.port in {80..90} && eth.src[0:3] eq 00:11:22 || ip.src = "a\"b" #é 'x`
	want := []struct {
		text string
		kind filter.TokenKind
	}{
		{"!", filter.TokenOperator}, {"tcp.port", filter.TokenWord}, {"in", filter.TokenOperator}, {"{", filter.TokenPunct},
		{"80", filter.TokenWord}, {"..", filter.TokenPunct}, {"90", filter.TokenWord}, {"}", filter.TokenPunct},
		{"&&", filter.TokenOperator}, {"eth.src", filter.TokenWord}, {"[0:3]", filter.TokenRange}, {"eq", filter.TokenOperator},
		{"00:11:22", filter.TokenWord}, {"||", filter.TokenOperator}, {"ip.src", filter.TokenWord}, {"=", filter.TokenError},
		{`"a\"b"`, filter.TokenString}, {"#", filter.TokenPunct}, {"é", filter.TokenError}, {"'x", filter.TokenError},
	}
	got := filter.Tokens(expr)
	for i, token := range got {
		if i >= len(want) || token.Text != want[i].text || token.Kind != want[i].kind {
			t.Fatalf("token %d: got %+v", i, token)
		}
		if expr[token.Offset:token.End()] != token.Text {
			t.Errorf("token %d: %q is not at %d", i, token.Text, token.Offset)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d tokens, want %d", len(got), len(want))
	}
}

// FuzzParse holds every stage to its promises: no panics, tokens in their
// places, errors that point into the expression, programs that can be run.
func FuzzParse(f *testing.F) {
	for _, expr := range readCases(f) {
		f.Add(expr)
	}
	fields := readCatalogue(readFile(f, "fields.txt"))
	tree := &dissect.Tree{
		Sources: []dissect.Source{{Bytes: []byte("\x00\x11\x22\x33\x44\x55\x0a\x0b")}},
		Nodes: []*dissect.Field{
			{Name: "frame", Protocol: true, Size: 8, Children: []*dissect.Field{{Name: "frame.len", Show: "8"}}},
			{Name: "ip", Protocol: true, Pos: 4, Size: 9, Children: []*dissect.Field{{Name: "ip.src", Show: "not an address"}, {Name: "ip.ttl", Show: "64"}}},
			{Name: "tcp", Protocol: true, Pos: 99, Source: 7, Children: []*dissect.Field{{Name: "tcp.port", Show: "0x50"}, {Name: "eth.src", Pos: 0, Size: 6}}},
		},
	}
	f.Fuzz(func(t *testing.T, expr string) {
		end := 0
		for _, token := range filter.Tokens(expr) {
			if token.Text == "" || token.Offset < end || token.End() > len(expr) || expr[token.Offset:token.End()] != token.Text {
				t.Fatalf("%q: token %+v is out of place", expr, token)
			}
			if strings.TrimSpace(expr[end:token.Offset]) != "" {
				t.Fatalf("%q: text before %+v is in no token", expr, token)
			}
			end = token.End()
		}
		p, err := filter.Compile(expr, fields)
		if err != nil {
			var e *filter.Error
			if !errors.As(err, &e) || e.Expr != expr || e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(expr) {
				t.Fatalf("%q: the error is out of place: %#v", expr, err)
			}
			if strings.Contains(e.Error(), "\n") && !strings.Contains(expr, "\n") || e.Caret() == "" {
				t.Fatalf("%q: %q is no line", expr, e.Error())
			}
			return
		}
		p.Match(filter.FromTree(tree, fields))
		if p.Dump() == "" || p.String() != expr {
			t.Fatalf("%q: got %q, %q", expr, p.String(), p.Dump())
		}
	})
}

// TestTooLong refuses at once what is longer than any filter.
func TestTooLong(t *testing.T) {
	_, err := filter.Parse(strings.Repeat("(", 10_000_000))
	var e *filter.Error
	if !errors.As(err, &e) || e.Offset != filter.MaxLength || !strings.Contains(e.Message, "10000000 bytes, want at most 131071") {
		t.Errorf("got %.200v", err)
	}
}
