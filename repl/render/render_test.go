package render

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"pktsh/dissect"
	"pktsh/repl/result"
)

// printed is what res looks like in a style.
func printed(t *testing.T, s Style, res result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := New(&b, s).Result(context.Background(), res); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// compare compares texts that start with a newline for the reader's sake.
func compare(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func sampleTree() *result.Tree {
	nodes := []*dissect.Field{
		{Name: "frame", Label: "Frame 1: 71 bytes on wire", Protocol: true},
		{Name: "tcp", Label: "Transmission Control Protocol", Protocol: true, Severity: dissect.SeverityWarn, Children: []*dissect.Field{
			{Name: "tcp.srcport", Label: "Source Port: 33779"},
			{Name: "tcp.port", Label: "Source or Destination Port: 33779", Hidden: true, Children: []*dissect.Field{{Label: "below"}}},
			{Name: "tcp.stream", Label: "Stream index: 0", Generated: true},
			{Name: "tcp.len", Label: "[TCP Segment Len: 0]", Generated: true},
			{Name: "tcp.flags", Label: "Flags: 0x002 (SYN)", Children: []*dissect.Field{
				{Label: "Expert Info (Warn): [a]", Generated: true, Severity: dissect.SeverityWarn},
				{Label: "[Request URI: /a]b]", Generated: true},
				{Label: "\x1b[2Jtext\n"},
			}},
		}},
	}
	return &result.Tree{Tree: &dissect.Tree{Nodes: nodes}, Nodes: nodes}
}

func TestTree(t *testing.T) {
	compare(t, printed(t, Style{Width: 20}, sampleTree()), `
Frame 1: 71 bytes on wire
Transmission Control Protocol
    Source Port: 33779
    [Stream index: 0]
    [TCP Segment Len: 0]
    Flags: 0x002 (SYN)
        [Expert Info (Warn): [a]]
        [Request URI: /a]b]
        \x1b[2Jtext\n
`)
}

func TestTreeIndentIsBounded(t *testing.T) {
	node := &dissect.Field{Label: "leaf"}
	for range 100 {
		node = &dissect.Field{Label: "node", Children: []*dissect.Field{node}}
	}
	got := printed(t, Style{}, &result.Tree{Nodes: []*dissect.Field{node}})
	if want := "\n" + strings.Repeat(" ", 160) + "leaf\n"; !strings.HasSuffix(got, want) {
		t.Errorf("the deepest line is %q, want it indented by 160", got[strings.LastIndex(got[:len(got)-1], "\n"):])
	}
}

func TestColourByRole(t *testing.T) {
	// The library would switch colours off by itself here: tests have no terminal.
	t.Setenv("NO_COLOR", "1")
	got := printed(t, Style{Color: true}, sampleTree())
	for _, want := range []string{
		"\x1b[1mFrame 1: 71 bytes on wire\x1b[",       // protocol
		"\x1b[35;1mTransmission Control Protocol\x1b", // a warning below
		"    \x1b[2m[Stream index: 0]\x1b",            // generated
		"    Source Port: 33779\n",                    // plain
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}

func TestHex(t *testing.T) {
	data := []byte("\x00\x11\x22\x33GET / HTTP/1.1\r\n\x7f\x80\xff")
	tests := []struct {
		name  string
		style Style
		hex   result.Hex
		want  string
	}{
		{"as tshark -x", Style{}, result.Hex{Bytes: data}, `
0000  00 11 22 33 47 45 54 20 2f 20 48 54 54 50 2f 31   .."3GET / HTTP/1
0010  2e 31 0d 0a 7f 80 ff                              .1.....
`},
		{"lit", Style{Width: 80}, result.Hex{Title: "Frame (23 bytes)", Bytes: data, LitStart: 14, LitEnd: 18}, `
Frame (23 bytes):
0000  00 11 22 33 47 45 54 20 2f 20 48 54 54 50 2f 31   .."3GET / HTTP/1
                                                ^^ ^^                 ^^
0010  2e 31 0d 0a 7f 80 ff                              .1.....
      ^^ ^^                                             ^^
`},
		{"40 columns", Style{Width: 40}, result.Hex{Bytes: data[:9], LitStart: 8, LitEnd: 99}, `
0000  00 11 22 33 47 45 54 20   .."3GET 
0008  2f                        /
      ^^                        ^
`},
		{"20 columns", Style{Width: 20}, result.Hex{Bytes: data[:3], LitStart: -1, LitEnd: 1}, `
0000  00 11   ..
      ^^      ^
0002  22      "
`},
		{"lit in colour", Style{Color: true}, result.Hex{Bytes: data[:3], LitStart: 1, LitEnd: 3},
			"\x1b[2m0000\x1b[22m  00 \x1b[7m11 22\x1b[27m" + strings.Repeat(" ", 3*13+3) + ".\x1b[7m.\"\x1b[27m\n"},
		{"nothing", Style{}, result.Hex{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { compare(t, printed(t, tt.style, &tt.hex), tt.want) })
	}
}

func TestHexOffsetsGrow(t *testing.T) {
	got := printed(t, Style{}, &result.Hex{Bytes: make([]byte, 0x10001)})
	if !strings.HasPrefix(got, "00000  ") || !strings.Contains(got, "\n10000  00   ") {
		t.Errorf("offsets of 65,537 bytes start with %.20q, want five digits", got)
	}
}

func TestManyAndLines(t *testing.T) {
	table := &result.Table{Columns: []result.Column{{Title: "A"}}}
	hex := &result.Hex{Bytes: []byte("x")}
	got := printed(t, Style{Width: 24}, result.Many{
		&result.Status{Line: "one\ntwo"}, table, hex, nil,
		&result.Text{Lines: []string{"a\tb", "c\nd", "\x1b"}}, result.Many{hex, hex},
	})
	compare(t, got, `
one\ntwo
  A

0000  78            x
a	b
c\nd
\x1b
0000  78            x

0000  78            x
`)
}

func TestMessages(t *testing.T) {
	var b bytes.Buffer
	r := New(&b, Style{})
	r.Notice("note")
	r.Warning("warn\x07")
	r.Error("bad filter\n" + Caret("ip.src = 1", 7, 1))
	compare(t, b.String(), `
note
warn\x07
bad filter
    ip.src = 1
           ^
`)
	b.Reset()
	New(&b, Style{Color: true}).Error("a\nb\n")
	compare(t, b.String(), "\x1b[31;1ma\x1b[0;22m\n\x1b[31;1mb\x1b[0;22m\n")
	b.Reset()
	New(&b, Style{}).Error("undefined: " + strings.Repeat("é", 1_000_000))
	compare(t, b.String(), "undefined: "+strings.Repeat("é", 994)+"…\n")
}

func TestCaret(t *testing.T) {
	tests := []struct {
		expr           string
		offset, length int
		want           string
	}{
		{"dns && foo", 7, 3, "    dns && foo\n           ^~~"},
		{"dns &&", 6, 0, "    dns &&\n          ^"},
		{"dns", 99, 99, "    dns\n       ^"},
		{"dns", -1, -1, "    dns\n    ^"},
		{"日本 == x", 10, 1, "    日本 == x\n            ^"},
		{"日本", 1, 1, "    日本\n    ^~"},
		{"a\tb c", 4, 1, "    a\\tb c\n         ^"},
		{"\xff\xff b", 3, 1, "    \\xff\\xff b\n             ^"},
		{strings.Repeat("(", 1000), 300, 1, "    …" + strings.Repeat("(", 360) + "…\n     " + strings.Repeat(" ", 120) + "^"},
		{strings.Repeat("é", 1000), 1, 999, "    " + strings.Repeat("é", 121) + "…\n    ^" + strings.Repeat("~", 120)},
		{"dns" + strings.Repeat("x", 1000), 1003, 0, "    …" + strings.Repeat("x", 120) + "\n     " + strings.Repeat(" ", 120) + "^"},
	}
	for _, tt := range tests {
		if got := Caret(tt.expr, tt.offset, tt.length); got != tt.want {
			t.Errorf("Caret(%q, %d, %d) is\n%s\nwant\n%s", tt.expr, tt.offset, tt.length, got, tt.want)
		}
	}
}

// brokenPipe fails after some writes.
type brokenPipe struct{ left int }

var errBroken = errors.New("broken pipe")

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWriterErrors(t *testing.T) {
	big := make([]byte, 1<<20)
	for name, res := range map[string]result.Result{
		"hex":    &result.Hex{Bytes: big},
		"text":   &result.Text{Lines: []string{"a"}},
		"status": &result.Status{Line: "a"},
		"tree":   sampleTree(),
		"many":   result.Many{&result.Status{Line: "a"}},
	} {
		if err := New(&brokenPipe{}, Style{}).Result(context.Background(), res); !errors.Is(err, errBroken) {
			t.Errorf("%s: got the error %v, want %v", name, err, errBroken)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, res := range []result.Result{
		&result.Hex{Bytes: []byte("x")}, sampleTree(), &result.Text{Lines: []string{"a"}},
		result.Many{&result.Status{}}, &result.Table{Columns: packetColumns()},
	} {
		if err := New(&bytes.Buffer{}, Style{}).Result(ctx, res); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: got the error %v, want %v", res, err, context.Canceled)
		}
	}
}

// FuzzPlain feeds whatever bytes into every place that text comes from: none
// may reach the terminal raw.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"a\x1b[31mb", "\x9b\u009b\u202e", "日本\ufeff\U000e0041", "\r\n\t\x00\xff"} {
		f.Add([]byte(seed), 40, 1, 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, width, start, end int) {
		s := string(data)
		table := &result.Table{
			Columns: []result.Column{
				{Title: s, Role: result.RoleAddress, Shrinks: true}, {Title: "No.", Align: result.Right},
				{Title: "Info", Flexible: true, Role: result.RoleName},
			},
			Rows:   rowsOf(cells(s, s, s), cells(s), cells(s, s, s, s), cells()),
			Footer: func() []string { return []string{s} },
		}
		tree := &result.Tree{Nodes: []*dissect.Field{{Label: s, Generated: len(s)%2 == 0}}}
		var b bytes.Buffer
		r := New(&b, Style{Width: width % 200, Interactive: true})
		all := result.Many{
			table, tree, &result.Hex{Title: s, Bytes: data, LitStart: start, LitEnd: end}, &result.Status{Line: s},
		}
		if err := r.Result(context.Background(), all); err != nil {
			t.Fatal(err)
		}
		r.Notice(s)
		r.Warning(s)
		r.Error(s)
		b.WriteString(Caret(s, start, end))
		if bad, found := unsafeText(b.String(), "\n"); found {
			t.Errorf("%q reached the terminal in %q", bad, b.String())
		}
		b.Reset()
		r.Result(context.Background(), &result.Text{Lines: []string{s}})
		if bad, found := unsafeText(b.String(), "\n\t"); found {
			t.Errorf("%q reached the terminal in %q", bad, b.String())
		}
	})
}

// TestSentences breaks what is said between words, and leaves what is quoted.
func TestSentences(t *testing.T) {
	var b strings.Builder
	r := New(&b, Style{Width: 20, Interactive: true})
	if err := errors.Join(
		r.Error("no such field here at all\n    ip.scr == 1.2.3.4 && tcp\n    ^~~~~~"),
		r.Result(t.Context(), &result.Status{Line: "twenty packets of a hundred"})); err != nil {
		t.Fatal(err)
	}
	const want = "no such field here\nat all\n    ip.scr == 1.2.3.4 && tcp\n    ^~~~~~\ntwenty packets of a\nhundred\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
