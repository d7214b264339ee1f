package dissect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect/stream"
)

// cut is a segment of a stream: where it begins, and its length.
type cut struct{ at, size int }

// segments makes packets of the cuts of a stream that a port sends, behind a SYN whose
// sequence number is near the end of its range: it wraps.
func segments(port uint16, data []byte, cuts []cut) (packets [][]byte) {
	const first = 0xfffffff0
	for i, c := range append([]cut{{}}, cuts...) {
		p := onPort(6, port, data[c.at:c.at+c.size])
		tcp := p[20:]
		binary.BigEndian.PutUint32(tcp[4:], first+1+uint32(c.at))
		if i == 0 {
			binary.BigEndian.PutUint32(tcp[4:], first)
			tcp[13] = stream.FlagSYN
		}
		packets = append(packets, p)
	}
	return packets
}

// follow records packets that come so fast that a late one is out of order, not sent
// again, and returns how to dissect each.
func follow(table *Table, packets [][]byte) []Input {
	flows := stream.NewTable(len(packets))
	r := stream.NewRecorder(flows)
	reader := table.NewReader(nil)
	ins := make([]Input, len(packets))
	for i, d := range packets {
		ins[i] = Input{
			Number: uint32(i) + 1, Data: d, Original: uint32(len(d)), LinkType: linkRaw, FCS: -1, Time: int64(i) * 1e5, HasTime: true,
			Flows: r, DataOf: func(frame uint32) []byte { return packets[frame-1] },
		}
		reader.Follow(&ins[i])
		ins[i].Flows = flows
	}
	r.Finish()
	return ins
}

// TestSegments cuts a message in three and expects it in the frame that completes it,
// whichever comes last; and no message where a segment is missing.
func TestSegments(t *testing.T) {
	table := NewTable()
	body := strings.Repeat("0123456789", 500)
	data := []byte("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body)
	n := len(data)
	for _, c := range []struct {
		name     string
		cuts     []cut
		complete uint32 // frame
		list     string
	}{
		{"in order", []cut{{0, 100}, {100, 2000}, {2100, n - 2100}}, 4, "3 Reassembled TCP Segments (5041 bytes): #2(100), #3(2000), #4(2941)"},
		{"a gap that is filled", []cut{{0, 100}, {2100, n - 2100}, {100, 2000}}, 4, "3 Reassembled TCP Segments (5041 bytes): #2(100), #4(2000), #3(2941)"},
		{"two gaps", []cut{{0, 100}, {4100, n - 4100}, {2100, 2000}, {100, 2000}}, 5, "4 Reassembled TCP Segments (5041 bytes): #2(100), #5(2000), #4(2000), #3(941)"},
		{"a gap that stays", []cut{{0, 100}, {2100, n - 2100}}, 0, ""},
	} {
		ins := follow(table, segments(80, data, c.cuts))
		for _, in := range ins[1:] {
			tree := table.Dissect(in)
			if got := tree.Values("tcp.reassembled_in"); in.Number != c.complete && c.complete != 0 && (len(got) != 1 || got[0].Show != fmt.Sprint(c.complete)) {
				t.Errorf("%s, frame %d: got tcp.reassembled_in %v, want %d", c.name, in.Number, got, c.complete)
			}
			list := tree.Values("tcp.segments")
			if (len(list) == 1) != (in.Number == c.complete) {
				t.Errorf("%s, frame %d: got %d lists of segments, want them in frame %d", c.name, in.Number, len(list), c.complete)
				continue
			}
			if len(list) == 1 && (list[0].Label != c.list || !bytes.Equal(list[0].Bytes(tree), data)) {
				t.Errorf("%s: got %q, want %q and the message's bytes", c.name, list[0].Label, c.list)
			}
		}
	}
}

// FuzzSegments sends a stream in segments of any order, with gaps and overlaps, and
// looks for panics, fields outside their source, and messages of bytes that are not
// where they should be.
func FuzzSegments(f *testing.F) {
	table := NewTable()
	request := []byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	response := []byte("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n" + strings.Repeat("abcd", 10))
	f.Add(false, append(slices.Clone(request), response...), []byte{0, 20, 20, 30, 50, 255})
	f.Add(false, response, []byte{0, 10, 0, 200, 10, 40, 60, 10, 5, 255})
	f.Add(true, bytes.Repeat(tlsRecordBytes, 9), []byte{0, 4, 40, 9, 4, 90, 4, 3})
	f.Fuzz(func(t *testing.T, tls bool, data, schedule []byte) {
		if len(data) > 1<<14 || len(schedule) > 128 {
			return
		}
		var cuts []cut
		for ; len(schedule) >= 2; schedule = schedule[2:] {
			at := int(schedule[0]) * len(data) / 256
			cuts = append(cuts, cut{at, min(int(schedule[1])*16, len(data)-at)})
		}
		port := uint16(80)
		if tls {
			port = 443
		}
		for _, in := range follow(table, segments(port, data, cuts)) {
			table.Summarize(in)
			tree := table.Dissect(in)
			for _, whole := range tree.Sources[1:] {
				if !bytes.Contains(data, whole.Bytes) {
					t.Fatalf("frame %d: a message that the stream does not hold: %q", in.Number, whole.Bytes)
				}
			}
			Walk(tree.Nodes, func(f *Field, _ int) bool {
				size := len(tree.Sources[f.Source].Bytes)
				if f.Pos < 0 || f.Size < 0 || f.Pos > size || f.Size > size-f.Pos {
					t.Fatalf("%s (%s): bytes %d+%d are outside the %d of source %d", f.Name, f.Label, f.Pos, f.Size, size, f.Source)
				}
				return true
			})
		}
	})
}
