package dissect

import (
	"math"
	"strings"
	"testing"
)

// TestLengthBeyondBuffers is a packet that was longer on the wire than Wireshark's
// buffers can be: tshark 4.0.17 says 2147483647 of this one.
func TestLengthBeyondBuffers(t *testing.T) {
	table := NewTable()
	data := make([]byte, 60)
	w := Headers{Data: data, Number: 1, Original: 4093509168, HasTime: true}
	walker := table.NewWalker(Rules{})
	walker.Walk(&w, walker.Link(1))
	length, _ := table.Access("frame.len")
	if got := length.Read(&w, nil); len(got) != 1 || got[0].Number != math.MaxInt32 {
		t.Errorf("frame.len: got %+v, want %d", got, math.MaxInt32)
	}
	tree := table.Dissect(Input{Number: 1, Data: data, Original: 4093509168, LinkType: 1, HasTime: true})
	if got := tree.Nodes[0].Label; !strings.HasPrefix(got, "Frame 1: 2147483647 bytes on wire (4294967288 bits), 60 bytes captured (480 bits)") {
		t.Errorf("got %q", got)
	}
}
