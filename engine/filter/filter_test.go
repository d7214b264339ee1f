package filter_test

import (
	"errors"
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
		},
	}
	for expr, want := range map[string]bool{
		"":                           true,
		"ip":                         true,
		"tcp":                        false,
		"ip.addr == 10.0.0.2":        true,
		"ip.addr != 10.0.0.2":        false,
		"ip.addr !== 10.0.0.2":       true,
		"ip.addr#2 == 10.0.0.2":      false,
		"ip.addr#[-1] == 10.0.0.3":   true,
		"ip.len == 8":                true,
		"tcp.port != 80":             false,
		"!(tcp.port == 80)":          true,
		"eth.src[0:3] == 01:02:03":   true,
		"len(ip) == 4 && ip[4:] > 5": true,
		"count(ip.addr) == 3":        true,
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
