package dissect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// This file is the builder that decoders write to: it passes payloads on, fills
// the columns and adds protocols' nodes. Fields' nodes are in node.go.

// payload is a stretch of the frame that a decoder is given. Only the bytes
// in [off, end) may be read; reported is how long it was on the wire, which is
// more than end-off where the capture was cut by the snap length.
type payload struct {
	off, end int
	reported int
}

// captured is the number of bytes there are.
func (p payload) captured() int { return p.end - p.off }

// skip returns the payload after n bytes, empty if there are fewer.
func (p payload) skip(n int) payload {
	q := payload{off: min(p.off+n, p.end), end: p.end, reported: max(p.reported-n, 0)}
	return q
}

// limit cuts the payload to n reported bytes.
func (p payload) limit(n int) payload {
	if n < 0 {
		n = 0
	}
	p.end = min(p.end, p.off+n)
	p.reported = min(p.reported, n)
	return p
}

// columns are the packet list's texts as decoders leave them.
type columns struct {
	source, destination, protocol, info string
	// fence is what TCP's analysis says at the start of Info, which stays there.
	fence string
}

// builder is the state of one packet's dissection.
type builder struct {
	table *Table
	in    *Input
	data  []byte
	// What is wanted of the packet: nodes, the columns, or neither, where the
	// packet is only to be recorded in in.Flows.
	tree, rows bool
	rec        *recording // of the selected nodes; nil where all are wanted

	root    node  // its children are the top-level nodes
	under   *node // where protocols add their node: the root, or an ICMP error
	path    []string
	col     columns
	partial bool
	depth   int // nesting of encapsulations
	quoted  int // inside a packet that an ICMP error quotes: columns are not ours

	src, dst         netip.Addr // of the innermost network layer
	ipProto          uint8      // of the innermost network layer
	srcPort, dstPort uint16
	ttl              uint8
	vlan             uint16      // of the innermost tag
	options          []tcpOption // of the segment at hand
	gre              greHeader   // the innermost
	ip6              *node       // of the innermost IPv6 header
	radio            wlanRadio   // of the 802.11 frame
	lastUsed         int         // end of the bytes that the network layer accounts for, 0 if unknown

	// Messages over several segments: which source data is, the sources besides the
	// frame, and memory. framings is set while recording.
	source   int
	sources  []Source
	scratch  []byte
	parts    []segmentPart
	framings *framings
}

// maxDepth bounds the nesting of headers, against packets that are made of
// nothing but tags and tunnels.
const maxDepth = 32

// run hands a payload to a protocol's decoder, or to data where none is known.
func (b *builder) run(proto *Protocol, p payload) {
	if proto == nil {
		b.unknown(p)
		return
	}
	if b.depth >= maxDepth {
		b.unknown(p)
		return
	}
	if b.rec != nil && !b.rec.selection.decodes(proto) {
		return
	}
	b.depth++
	b.path = append(b.path, proto.Name)
	proto.decode(b, proto, p)
	b.depth--
}

// unknown shows a payload that no native decoder takes as "Data".
func (b *builder) unknown(p payload) {
	if p.reported == 0 && p.captured() == 0 {
		return
	}
	b.partial = true
	if !b.tree || b.rec != nil && !b.rec.selection.decodes(b.table.data) {
		return
	}
	b.path = append(b.path, b.table.data.Name)
	b.table.data.decode(b, b.table.data, p)
}

// bytes returns n bytes at off of a payload, and whether they are all there.
func (b *builder) bytes(p payload, at, n int) ([]byte, bool) {
	if at < 0 || n < 0 || at > p.captured() || n > p.captured()-at {
		return nil, false
	}
	return b.data[p.off+at : p.off+at+n], true
}

// rest returns what was captured of a payload.
func (b *builder) rest(p payload) []byte { return b.data[p.off:p.end] }

// protocol adds a protocol's top-level node, nil when it is not wanted.
func (b *builder) protocol(self *Protocol, p payload, size int, label string) *node {
	if !b.tree || b.rec != nil && !b.rec.selection.keeps(self) {
		return nil
	}
	f := b.top()
	f.Name, f.Label, f.Pos, f.Size, f.Protocol = self.Name, label, p.off, min(size, p.captured()), true
	return f
}

// top adds an empty node where protocols' nodes go.
func (b *builder) top() *node {
	var f *node
	if b.rec != nil {
		f = b.rec.node()
	} else {
		f = new(node)
	}
	f.Source = b.source
	b.under.Children = append(b.under.Children, &f.Field)
	return f
}

// exception ends a dissection that ran out of bytes, with Wireshark's own
// distinction: the capture cut the packet (it would have been long enough on
// the wire), or the packet itself is too short for what it says.
func (b *builder) exception(self *Protocol, p payload, need int) {
	if p.reported >= need && p.captured() < need {
		b.note("_ws.short", "[Packet size limited during capture: "+self.Short+" truncated]", p, SeverityNone)
		b.appendInfo("[Packet size limited during capture]")
		return
	}
	b.malformed(self, p)
}

// malformed reports a header that contradicts itself.
func (b *builder) malformed(self *Protocol, p payload) {
	f := b.note("_ws.malformed", "[Malformed Packet: "+self.Short+"]", p, SeverityError)
	if f != nil {
		text := "Malformed Packet (Exception occurred)"
		e := &Field{Name: "_ws.expert", Label: "Expert Info (Error/Malformed): " + text, Pos: p.off, Severity: SeverityError, Generated: true}
		e.Children = []*Field{
			{Name: "_ws.malformed.expert", Label: text, Pos: p.off, Generated: true},
			{Name: "_ws.expert.message", Label: "Message: " + text, Show: text, Hidden: true},
			{Name: "_ws.expert.severity", Label: "Severity level: Error", Show: "8388608", Generated: true},
			{Name: "_ws.expert.group", Label: "Group: Malformed", Show: "117440512", Generated: true},
		}
		f.Children = append(f.Children, e)
	}
	b.appendInfo("[Malformed Packet]")
}

func (b *builder) note(name, label string, p payload, s Severity) *node {
	b.partial = true
	if !b.tree || b.rec != nil {
		return nil
	}
	f := b.top()
	f.Name, f.Label, f.Pos, f.Protocol, f.Severity = name, label, p.off, true, s
	return f
}

// The columns.

// writes says that what a decoder says of the columns counts: rows are wanted, and
// this is not a packet that an ICMP error quotes. Decoders ask it before they
// format.
func (b *builder) writes() bool { return b.rows && b.quoted == 0 }

func (b *builder) setProtocol(s string) {
	if b.writes() {
		b.col.protocol = s
	}
}

func (b *builder) setAddresses(src, dst string) {
	if b.writes() {
		b.col.source, b.col.destination = src, dst
	}
}

// setInfo sets the Info column; text is only formatted when it is writable.
func (b *builder) setInfo(format string, args ...any) {
	if b.writes() {
		b.col.info = fmt.Sprintf(format, args...)
	}
}

func (b *builder) appendInfo(s string) {
	if b.writes() {
		b.col.info += s
	}
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// be24 reads three bytes.
func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// protocols is the value of frame.protocols.
func (b *builder) protocols() string { return strings.Join(b.path, ":") }
