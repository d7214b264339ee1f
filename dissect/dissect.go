package dissect

import (
	"encoding/hex"
	"time"

	"pktsh/dissect/stream"
)

// This file is the way in: what a packet's dissection needs, and the questions
// that can be asked of one packet. Those of many packets are in selection.go.

// Input is one packet and what is known about its surroundings.
type Input struct {
	// Number is the frame number, from 1.
	Number uint32
	// Data is what was captured; it is read, never kept or written.
	Data []byte
	// Original is the packet's length on the wire.
	Original uint32
	// LinkType is the LINKTYPE_ value (tcpdump.org/linktypes.html).
	LinkType int
	// FCS is the number of bytes of frame check sequence after the packet, -1 if
	// the file does not say.
	FCS int
	// Time is the arrival time in nanoseconds since the epoch, where HasTime is set.
	Time    int64
	HasTime bool
	// First and Previous are the times of the capture's first frame and of the frame before.
	First, Previous int64
	// Interface is set for captures that record interfaces (pcapng).
	Interface *Interface
	// Comments are the packet's comments.
	Comments []string
	// Location is the time zone of frame.time; nil means UTC.
	Location *time.Location
	// TimeOf returns the arrival time of any frame of the capture. Nil leaves out
	// what depends on it.
	TimeOf func(frame uint32) int64
	// DataOf returns what was captured of any frame of the capture. Nil leaves messages
	// in pieces.
	DataOf func(frame uint32) []byte
	// Flows answers for the packets before (and after) this one. Nil means that
	// nothing is known: each packet then stands alone.
	Flows Flows
}

// Interface is a capture interface as the file records it.
type Interface struct {
	// ID is its number in its section, -1 for what no interface captured.
	ID                int
	Name, Description string
	// Section is the number of the pcapng section, from 1; 0 leaves it out.
	Section int
}

// Flows is the state that needs other packets. A stream.Recorder builds it in
// one pass over the file; a stream.Table then answers for any frame.
type Flows interface {
	TCP(frame uint32, s stream.Segment) stream.TCP
	UDP(frame uint32, d stream.Datagram) stream.UDP
	Echo(frame uint32, e stream.Echo) stream.Peer
	Query(frame uint32, q stream.Query) stream.Peer
	Version(frame uint32, v uint16, chosen bool) uint16
	HTTP(frame uint32, m stream.Message) stream.Exchange
	Carries(frame uint32, app stream.Application)
	Data(frame uint32, d stream.Data) []stream.Part
}

// Dissect returns the packet's tree.
func (t *Table) Dissect(in Input) *Tree {
	b := builder{table: t, in: &in, data: in.Data, tree: true}
	b.frame()
	clipLabels(b.root.Children)
	return &Tree{
		Frame:   in.Number,
		Nodes:   b.root.Children,
		Sources: append([]Source{{Name: frameSourceName(len(in.Data)), Bytes: in.Data}}, b.sources...),
		Partial: b.partial,
	}
}

// Summarize returns the packet's row. It runs the same decoders without building nodes.
func (t *Table) Summarize(in Input) Summary {
	b := builder{table: t, in: &in, data: in.Data, rows: true}
	b.frame()
	return Summary{
		Number:      in.Number,
		Source:      b.col.source,
		Destination: b.col.destination,
		Protocol:    b.col.protocol,
		Length:      in.Original,
		Info:        b.col.info,
	}
}

// NativeCatalogue returns the fields and protocols that native dissection knows.
func NativeCatalogue() *Catalogue { return NewTable().Catalogue() }

// Values returns every occurrence of a field or protocol in tree order, hidden
// aliases included: t.Values("ip.addr") are the source and the destination.
// A typed value is in Show as FieldInfo.Type says; its bytes are Field.Bytes(t).
func (t *Tree) Values(name string) []*Field {
	var out []*Field
	Walk(t.Nodes, func(f *Field, _ int) bool {
		if f.Name == name {
			out = append(out, f)
		}
		return true
	})
	return out
}

// Has reports whether a protocol or field occurs in the tree.
func (t *Tree) Has(name string) bool {
	return !Walk(t.Nodes, func(f *Field, _ int) bool { return f.Name != name })
}

// Text is the field's value as `tshark -T fields` prints it, but for its control
// characters, of a field of that type: of a protocol its line, of bytes their digits
// without the colons of Show.
func (f *Field) Text(t *Tree, kind Type) string {
	switch {
	case f.Protocol && f.Label != "":
		return f.Label
	case f.Protocol:
		return f.Name
	case kind == "BYTES" && f.Size > 0: // empty ones show a word: "<MISSING>"
		return hex.EncodeToString(f.Bytes(t))
	}
	return f.Show
}
