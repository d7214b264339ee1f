package stream

import (
	"net/netip"
	"testing"
)

var (
	client = Endpoint{netip.MustParseAddr("10.0.0.1"), 40000}
	server = Endpoint{netip.MustParseAddr("10.0.0.2"), 80}
)

// segment builds a segment; up runs from the client.
func segment(up bool, seq, ack, length uint32, flags uint16, scale int, ms int64) Segment {
	s := Segment{Src: server, Dst: client, Seq: seq, Ack: ack, Len: length, Flags: flags, Window: 1000, Scale: scale, Time: ms * 1e6}
	if up {
		s.Src, s.Dst = client, server
	}
	return s
}

// TestTCP follows one connection from its handshake to a retransmission.
func TestTCP(t *testing.T) {
	table := NewTable(8)
	r := NewRecorder(table)
	segments := []Segment{
		segment(true, 100, 0, 0, FlagSYN, 7, 0),
		segment(false, 900, 101, 0, FlagSYN|FlagACK, 2, 1),
		segment(true, 101, 901, 0, FlagACK, -1, 2),
		segment(true, 101, 901, 10, FlagACK|FlagPSH, -1, 3),
		segment(true, 121, 901, 10, FlagACK|FlagPSH, -1, 4), // ten bytes are missing
		segment(false, 901, 111, 0, FlagACK, -1, 5),
		segment(false, 901, 111, 0, FlagACK, -1, 6), // a duplicate
		segment(true, 101, 901, 10, FlagACK|FlagPSH, -1, 500),
		segment(true, 7000, 0, 0, FlagSYN, 7, 600), // the ports again
	}
	for i, s := range segments {
		r.TCP(uint32(i)+1, s)
	}
	for _, c := range []struct {
		frame      uint32
		stream     uint32
		seq        uint32 // relative
		scale      int
		text       string
		previous   uint32
		completely uint8
	}{
		{1, 0, 0, 7, "", 1, 15},
		{2, 0, 0, 2, "", 1, 15},
		{4, 0, 1, 7, "", 3, 15},
		{5, 0, 21, 7, "[TCP Previous segment not captured] ", 4, 15},
		{7, 0, 1, 2, "[TCP Dup ACK 6#1] ", 6, 15},
		{8, 0, 1, 7, "[TCP Spurious Retransmission] ", 7, 15},
		{9, 1, 0, 7, "[TCP Port numbers reused] ", 9, CompleteSYN},
	} {
		s := segments[c.frame-1]
		got := table.TCP(c.frame, s)
		if !got.Known || got.Stream != c.stream || s.Seq-got.SeqBase != c.seq || got.Scale != c.scale ||
			got.Analysis.Text() != c.text || got.Previous != c.previous || got.Completeness != c.completely {
			t.Errorf("frame %d: got %+v (%q), want %+v", c.frame, got, got.Analysis.Text(), c)
		}
	}
	if got := table.TCP(99, segments[0]); got.Known {
		t.Errorf("a frame that was not recorded: got %+v", got)
	}
}

// TestPairs joins requests and replies.
func TestPairs(t *testing.T) {
	table := NewTable(4)
	r := NewRecorder(table)
	e := Echo{Requester: client.Addr, Responder: server.Addr, ID: 1, Seq: 1, Checksum: 5}
	r.Echo(1, e)
	e.Reply = true
	r.Echo(2, e)
	e.Checksum++ // other data: not the same ping
	r.Echo(3, e)
	for frame, want := range map[uint32]uint32{1: 2, 2: 1, 3: 0} {
		if got := table.Echo(frame, e).Frame; got != want {
			t.Errorf("echo in frame %d: got peer %d, want %d", frame, got, want)
		}
	}
	q := Query{Client: client, Server: server, ID: 7}
	r.Query(4, q)
	r.Query(5, q)
	q.Response = true
	r.Query(6, q)
	if a, b, c := table.Query(4, q), table.Query(5, q), table.Query(6, q); a.Frame != 6 || b.Repeat != 4 || c.Frame != 4 {
		t.Errorf("queries: got %+v %+v %+v, want peers 6, repeat of 4, 4", a, b, c)
	}
}
