package wireshark

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

// This file tests what reads sharkd's and tshark's output.

func TestParseTree(t *testing.T) {
	line, err := os.ReadFile("testdata/frame.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseReply(line)
	if err != nil || r.id == 0 || r.code != 0 {
		t.Fatalf("got %+v, %v", r, err)
	}
	tree, err := parseTree(r.result, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	var layers []string
	for _, f := range tree.Layers() {
		layers = append(layers, f.Name)
	}
	if want := []string{"eth", "ip", "tcp", "http"}; !slices.Equal(layers, want) {
		t.Errorf("layers: got %q, want %q", layers, want)
	}
	found := map[string]*dissect.Field{}
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool { found[f.Name] = f; return true })
	for name, want := range map[string]dissect.Field{
		"ip.src":                {Label: "Source Address: 192.0.2.1", Show: "192.0.2.1", Pos: 26, Size: 4},
		"http.request.uri":      {Label: `Request URI: /a"b\c`, Show: `/a"b\c`, Pos: 58, Size: 6},
		"http.request.full_uri": {Label: "[Full request URI: http://caf\uFFFD\\001.example/a\"b\\c]", Show: "http://caf\xe9\x01.example/a\"b\\c", Generated: true},
		"http.host":             {Label: "Host: caf\uFFFD\\001.example\\r\\n", Show: "caf\uFFFD\x01.example", Pos: 75, Size: 21},
		"_ws.expert":            {},
	} {
		f := found[name]
		if name == "_ws.expert" {
			if f == nil || f.Severity != dissect.SeverityChat {
				t.Errorf("%s: got %+v, want the severity chat", name, f)
			}
			continue
		}
		if f == nil || f.Label != want.Label || f.Show != want.Show || f.Pos != want.Pos || f.Size != want.Size || f.Generated != want.Generated {
			t.Errorf("%s: got %+v, want %+v", name, f, want)
		}
	}
	if got := string(found["http.host"].Bytes(tree)); got != "Host: caf\xe9\x01.example\r\n" {
		t.Errorf("http.host: got the bytes %q", got)
	}
	if got := tree.Sources[0]; len(got.Bytes) != 98 || got.Name != "Frame (98 bytes)" {
		t.Errorf("source: got %q with %d bytes", got.Name, len(got.Bytes))
	}
}

func TestDamagedRepliesAreErrors(t *testing.T) {
	line, err := os.ReadFile("testdata/frame.json")
	if err != nil {
		t.Fatal(err)
	}
	line = []byte(strings.TrimSpace(string(line)))
	for n := 0; n < len(line); n += 7 {
		if _, err := parseReply(line[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a reply", n, len(line))
		}
	}
	deep := `{"id":1,"result":` + strings.Repeat("[", 100_000)
	if _, err := parseReply([]byte(deep)); err == nil {
		t.Error("endless nesting was taken for a reply")
	}
}

func TestScannerText(t *testing.T) {
	for in, want := range map[string]string{
		`"plain"`:                  "plain",
		`"a\"b\\c\/\n\r\t\b\f"`:    "a\"b\\c/\n\r\t\b\f",
		"\"raw \x01\x1f control\"": "raw \x01\x1f control",
		"\"caf\xe9\"":              "caf\xe9",
		`"\u00e9\u0001"`:           "é\x01",
		`"\ud83d\ude00"`:           "😀",
		`"\ud83d"`:                 "\uFFFD",
		`"\q\u12"`:                 `\q\u12`,
		` 17`:                      "17",
		`true`:                     "true",
	} {
		s := scanner{buf: []byte(in)}
		if got := s.text(); got != want || s.err != nil {
			t.Errorf("%q: got %q, %v, want %q", in, got, s.err, want)
		}
	}
}

func FuzzParseTree(f *testing.F) {
	line, err := os.ReadFile("testdata/frame.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"id":1,"result":{"tree":[{"l":"x","h":[1],"ds":-3,"n":[]}],"ds":[{"name":"a","bytes":"AA=="}]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseReply(line)
		if err != nil {
			return
		}
		if tree, err := parseTree(r.result, nil, false); err == nil {
			dissect.Walk(tree.Nodes, func(n *dissect.Field, _ int) bool { n.Bytes(tree); return true })
		}
		_, _ = parseTree(r.result, nil, true)
		_, _ = parseRows(r.result, 5)
		_, _ = parseColumnNumbers(r.result)
	})
}

func TestSplitFilter(t *testing.T) {
	for in, want := range map[string][2]string{
		`ip.proto == 17`:              {"ip.proto", "17"},
		`dns.qry.name == "a\"b\\c"`:   {"dns.qry.name", `a"b\c`},
		`http.host == "x == y"`:       {"http.host", "x == y"},
		`tcp.analysis.flags`:          {"tcp.analysis.flags", ""},
		`frame[60:6] == 00:01:02`:     {"", ""},
		`text`:                        {"", ""},
		``:                            {"", ""},
		`udp.payload == e6:a1`:        {"udp.payload", "e6:a1"},
		`ip.checksum.status == "Bad"`: {"ip.checksum.status", "Bad"},
	} {
		if name, show := splitFilter(in); name != want[0] || show != want[1] {
			t.Errorf("%s: got %q %q, want %q", in, name, show, want)
		}
	}
}

func TestValuesAsPDMLHasThem(t *testing.T) {
	v := &vocabulary{
		catalogue: dissect.NewCatalogue([]dissect.FieldInfo{
			{Name: "ip.flags", Type: "UINT8", Base: "BASE_HEX"},
			{Name: "tcp.flags", Type: "UINT16", Base: "BASE_HEX"},
			{Name: "ipv6.flow", Type: "UINT24", Base: "BASE_HEX"},
			{Name: "llc.oui", Type: "UINT24", Base: "BASE_OUI"},
			{Name: "x.id", Type: "UINT64", Base: "BASE_HEX"},
			{Name: "ip.checksum.status", Type: "UINT8", Base: "BASE_NONE"},
			{Name: "icmp.resptime", Type: "DOUBLE"},
			{Name: "frame.time", Type: "ABSOLUTE_TIME"},
			{Name: "http.host", Type: "STRING"},
		}),
		codes: map[string]map[string]string{"ip.checksum.status": {"Good": "1", "Unverified": "2"}},
	}
	for _, c := range []struct{ name, value, label, want string }{
		{"ip.flags", "0x2", "", "0x02"},
		{"tcp.flags", "0x018", "", "0x0018"},
		{"ipv6.flow", "0x00000", "", "0x000000"},
		{"x.id", "0x00000000000000ff", "", "0x00000000000000ff"},
		{"ip.checksum.status", "Unverified", "", "2"},
		{"ip.checksum.status", "Odd", "", "Odd"},
		{"icmp.resptime", "0.0040000000000000001", "", "0.004"},
		{"icmp.resptime", "1e+300", "", "1e+300"},
		{"icmp.resptime", "100", "", "100"},
		{"frame.time", "2106-01-01 00:00:00+0000", "Arrival Time: Jan  1, 2106 00:00:00.000000000 UTC", "Jan  1, 2106 00:00:00.000000000 UTC"},
		{"frame.time", "1970-01-01 00:00:00Z", "Create: No time specified (0)", "Jan  1, 1970 00:00:00.000000000 UTC"},
		{"llc.oui", "0x00000c", "", "12"},
		{"frame.time", "x", "[Arrival Time: 1:2:3]", "1:2:3"},
		{"http.host", "0x1", "", "0x1"},
		{"unknown", "0x1", "", "0x1"},
	} {
		if got := v.show(c.name, c.value, c.label); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.value, got, c.want)
		}
	}
	for _, c := range []struct{ name, cell, want string }{
		{"ip.flags", "0x2,0x0", "0x02,0x00"},
		{"ip.checksum.status", `"Good","Odd, very","Unverified"`, "1,Odd, very,2"},
		{"http.host", "a,b", "a,b"},
		{"ip.flags", "", ""},
	} {
		info, _ := v.catalogue.Lookup(c.name)
		if got := v.column(info, c.cell); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.cell, got, c.want)
		}
	}
}

func TestControlCharactersInColumns(t *testing.T) {
	const cell = `a\003b\n\177\400\0`
	for show, want := range map[string]string{
		"a\x03b\n\x7f":  "a\x03b\\n\x7f\\400\\0",
		`a\003b` + "\n": cell, // the packet has these characters itself
	} {
		tree := &dissect.Tree{Nodes: []*dissect.Field{{Name: "x", Show: show}}}
		if got := completeText(tree, "x", cell); got != want {
			t.Errorf("%q: got %q, want %q", show, got, want)
		}
	}
}

func TestParseCodes(t *testing.T) {
	in := "V\ta.b\t0\tBad\nV\ta.b\t1\tGood\nV\ta.b\t2\tReserved\nV\ta.b\t3\tReserved\nR\ta.b\t1\t2\tx\nV\tskip\t1\tx\n"
	codes, err := parseCodes(strings.NewReader(in), func(name, _ string) bool { return name == "a.b" })
	if err != nil || len(codes) != 1 {
		t.Fatalf("got %v, %v", codes, err)
	}
	for text, want := range map[string]string{"Bad": "0", "Good": "1", "Reserved": "Reserved"} {
		if got := codes["a.b"][text]; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestRuns(t *testing.T) {
	for _, c := range []struct {
		frames []uint32
		want   []run
	}{
		{nil, nil},
		{[]uint32{1, 2, 3}, []run{{1, 3}}},
		{[]uint32{1, 10, 20, 21}, []run{{1, 10}, {20, 21}}},
		{[]uint32{5}, []run{{5, 5}}},
		{[]uint32{1<<32 - 1}, []run{{1<<32 - 1, 1<<32 - 1}}},
	} {
		if got := runs(c.frames); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.frames, got, c.want)
		}
	}
	var all []uint32
	for n := uint32(1); n <= 3*rowChunk; n++ {
		all = append(all, n)
	}
	if got := runs(all); len(got) != 3 || got[2] != (run{2*rowChunk + 1, 3 * rowChunk}) {
		t.Errorf("a long stretch: got %v, want it in chunks of %d", got, rowChunk)
	}
}

func TestColumnGroups(t *testing.T) {
	long := strings.Repeat("x", 500)
	groups, err := columnGroups([]string{long, long, long, long, long})
	if err != nil || len(groups) != 2 || len(groups[0]) != 3 {
		t.Errorf("long names: got %d groups, %v", len(groups), err)
	}
	if groups, err = columnGroups(slices.Repeat([]string{"a"}, 29)); err != nil || len(groups) != 2 || len(groups[0]) != rawColumns {
		t.Errorf("29 names: got %d groups, %v", len(groups), err)
	}
	if _, err := columnGroups([]string{strings.Repeat("x", 3000)}); err == nil {
		t.Error("a name longer than a request: got no error")
	}
}

func TestRequestLine(t *testing.T) {
	line, err := newRequest("frames").str("filter", "a == \"\\é\n\" && b").num("limit", 3).flag("x").line(7)
	want := `{"jsonrpc":"2.0","id":7,"method":"frames","params":{"filter":"a == \"\\é\u000a\" && b","limit":3,"x":true}}` + "\n"
	if err != nil || string(line) != want {
		t.Errorf("got %s, %v, want %s", line, err, want)
	}
	if newRequest("check").str("filter", strings.Repeat("x", maxRequest)).fits() {
		t.Error("a request longer than sharkd takes was let through")
	}
}

func TestParsePDML(t *testing.T) {
	trees, err := parsePDML(`<?xml version="1.0"?><pdml><packet>
  <proto name="geninfo" pos="0"><field name="num" show="1"/></proto>
  <proto name="ip" showname="Internet &lt;Protocol&gt;" size="20" pos="14">
    <field name="ip.addr" showname="a > b" hide="yes" size="4" pos="26" show="1.2.3.4" value="01020304"/>
    <field name="" show="a line"><field name="x.y" showname="X: &quot;1&quot;" show="1"/></field>
  </proto></packet></pdml>`)
	if err != nil || len(trees) != 1 || len(trees[0].Nodes) != 1 {
		t.Fatalf("got %+v, %v", trees, err)
	}
	ip := trees[0].Nodes[0]
	addr, line := ip.Children[0], ip.Children[1]
	if ip.Label != "Internet <Protocol>" || !ip.Protocol || ip.Pos != 14 || ip.Size != 20 ||
		!addr.Hidden || addr.Label != "a > b" || addr.Show != "1.2.3.4" ||
		line.Name != "" || line.Label != "a line" || line.Show != "" || line.Children[0].Label != `X: "1"` {
		t.Errorf("got %+v %+v %+v", ip, addr, line)
	}
	for _, bad := range []string{"</field>", "<field name=", "<packet></proto>", "<field/>"} {
		if _, err := parsePDML(bad); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]string{
		"TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3).\nmore": "4.0.17",
		"TShark (Wireshark) 4.4.0.\n": "4.4.0",
		"something else":              "",
		"":                            "",
	} {
		if got := parseVersion(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"tshark": 0o755, "sharkd": 0o644} {
		if err := os.WriteFile(dir+"/"+name, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	tools := Find(".::" + dir + "/absent:" + dir)
	if tools != (Tools{Tshark: dir + "/tshark"}) {
		t.Errorf("got %+v, want only tshark: sharkd cannot be executed", tools)
	}
	before := tools.Identity()
	if err := os.WriteFile(dir+"/tshark", []byte("#!/bin/sh\nexit\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if before == "" || before == tools.Identity() {
		t.Error("another tshark has the same identity")
	}
	if (Tools{}).Identity() != "" {
		t.Error("no tools have an identity")
	}
}
