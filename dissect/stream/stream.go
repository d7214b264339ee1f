// Package stream keeps what a packet's dissection needs from other packets:
// conversations and their numbers, TCP's relative sequence numbers, window
// scales and completeness, which reply belongs to which request, and which
// segments make up an application's message.
//
// A [Recorder] fills a [Table] in one pass over a capture, frame by frame; the
// Table then answers for any recorded frame, from any goroutine once the
// recording is over. It keeps two 32-bit numbers a frame and one record a
// conversation, five more for each stretch of a segment that is part of a longer
// message, and no bytes; what is rare (a reply's request) is in maps.
package stream

import "net/netip"

// Endpoint is one side of a conversation.
type Endpoint struct {
	Addr netip.Addr
	Port uint16
}

// less orders endpoints so that both directions have one key.
func (e Endpoint) less(f Endpoint) bool {
	if c := e.Addr.Compare(f.Addr); c != 0 {
		return c < 0
	}
	return e.Port < f.Port
}

// The TCP flags of RFC 9293 section 3.1 that conversations depend on.
const (
	FlagFIN = 0x01
	FlagSYN = 0x02
	FlagRST = 0x04
	FlagPSH = 0x08
	FlagACK = 0x10
)

// Segment is a TCP header as conversations see it.
type Segment struct {
	Src, Dst Endpoint
	Seq, Ack uint32
	Flags    uint16
	Window   uint16
	// Len is the payload's length in bytes.
	Len uint32
	// Scale is the shift count of the window scale option (RFC 7323), -1 without one.
	Scale int
	// Time is the frame's arrival time in nanoseconds.
	Time int64
	// Quoted says that an ICMP error quotes the header: its numbers change nothing.
	Quoted bool
}

// TCP is what is known about a segment's conversation.
type TCP struct {
	// Known is false when the frame was not recorded.
	Known bool
	// Stream is the conversation's number, from 0.
	Stream uint32
	// SeqBase and AckBase are what relative numbers are counted from.
	SeqBase, AckBase uint32
	// Scale is the shift count for Window in this direction: ScaleUnknown when
	// the handshake was not seen, ScaleUnused when it agreed on none.
	Scale int
	// First and Previous are the frames that began the conversation and that
	// came before this one in it (itself for the first).
	First, Previous uint32
	// Completeness is Wireshark's sum of SYN 1, SYN-ACK 2, ACK 4, DATA 8, FIN 16, RST 32.
	Completeness uint8
	// Application is what was recognised in the conversation, as far as is recorded.
	Application Application
	// Analysis is what the sequence numbers show (see Analysis).
	Analysis Analysis
}

// The window scales that are not shift counts, numbered as Wireshark does.
const (
	ScaleUnknown = -1
	ScaleUnused  = -2
)

// The bits of TCP.Completeness.
const (
	CompleteSYN = 1 << iota
	CompleteSYNACK
	CompleteACK
	CompleteData
	CompleteFIN
	CompleteRST
)

// Datagram is a UDP header as conversations see it.
type Datagram struct{ Src, Dst Endpoint }

// UDP is what is known about a datagram's conversation.
type UDP struct {
	Known           bool
	Stream          uint32
	First, Previous uint32
}

// Echo identifies an ICMP echo: the addresses in the direction of the request.
type Echo struct {
	Requester, Responder netip.Addr
	ID, Seq              uint16
	VLAN                 uint16
	// Checksum is the request's: for a reply, what it was with the request's
	// type. Wireshark pairs on it, so that a reply must carry the same data.
	Checksum uint16
	Reply    bool
	IPv6     bool
}

// QueryKind is the protocol of an exchange.
type QueryKind uint8

// The protocols whose exchanges are paired up.
const (
	QueryDNS QueryKind = iota
	QueryNTP
	QuerySNMP
)

// Query identifies an exchange of a query and its response: the endpoints in
// the direction of the query, and the number that both messages carry.
type Query struct {
	Kind           QueryKind
	Client, Server Endpoint
	ID             uint64
	Response       bool
	TCP            bool
}

// Peer is the other half of an exchange.
type Peer struct {
	// Frame is the reply's frame for a request and the reverse; 0 means none.
	Frame uint32
	// Repeat is the frame of the same message seen before, 0 for none.
	Repeat uint32
}
