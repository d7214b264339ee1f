package render

import (
	"bytes"
	"context"
	"testing"

	"pktsh/dissect"
	"pktsh/repl/result"
)

// TestTreeData is undissected data: its bytes stand below its line, before its
// fields, as tshark -V prints them.
func TestTreeData(t *testing.T) {
	payload := []byte("GET / HTTP/1.1\r\n\r\n")
	tree := &dissect.Tree{
		Nodes: []*dissect.Field{{Name: "data", Label: "Data (18 bytes)", Protocol: true, Pos: 0, Size: len(payload),
			Children: []*dissect.Field{{Name: "data.len", Label: "[Length: 18]", Generated: true}}}},
		Sources: []dissect.Source{{Bytes: payload}},
	}
	var out bytes.Buffer
	if err := New(&out, Style{}).Result(context.Background(), &result.Tree{Tree: tree, Nodes: tree.Nodes}); err != nil {
		t.Fatal(err)
	}
	const want = `Data (18 bytes)

0000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a   GET / HTTP/1.1..
0010  0d 0a                                             ..
    [Length: 18]
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
