package dissect

import (
	"bytes"
	"fmt"
	"strings"

	"pktsh/dissect/stream"
)

// This file hands TCP's data on: to the application whose conversation it is, and
// where a message spans segments, as the frame that completes it has it whole.
// Wireshark does so in desegment_tcp. Which segments belong together is what a
// stream.Recorder finds out.

var (
	tcpSegments         = field("tcp.segments", "Reassembled TCP Segments", "NONE").stateful()
	tcpSegmentPart      = field("tcp.segment", "TCP Segment", "FRAMENUM").stateful()
	tcpSegmentCount     = uint32Field("tcp.segment.count", "Segment count", baseDec).stateful()
	tcpReassembledIn    = field("tcp.reassembled_in", "Reassembled PDU in frame", "FRAMENUM").stateful()
	tcpReassembledLen   = uint32Field("tcp.reassembled.length", "Reassembled TCP length", baseDec).stateful()
	tcpReassembledBytes = field("tcp.reassembled.data", "Reassembled TCP Data", "BYTES").stateful()

	tcpReassemblyFields = []*FieldDef{tcpSegments, tcpSegmentPart, tcpSegmentCount, tcpReassembledIn, tcpReassembledLen, tcpReassembledBytes}
)

// How much of a message is looked at, in bytes, where no tree is wanted: for rows, more
// than the longest TLS record and any usual HTTP head; by the pass over a capture, its
// beginning.
const (
	rowGlance  = 64 << 10
	passGlance = 4 << 10
)

// framings are the framings of one goroutine that records.
type framings struct {
	http httpFraming
	tls  tlsFraming
}

// of returns the framing of an application.
func (f *framings) of(app stream.Application) stream.Framing {
	switch {
	case f == nil:
		return nil
	case app == stream.HTTP:
		return &f.http
	}
	return &f.tls
}

// tcpData is what a segment's data are.
type tcpData struct {
	proto *Protocol
	parts []segmentPart // nil where the segment stands alone
	late  bool          // the segment should have come before others
}

// segmentPart is a part, and the data of the messages that it completes.
type segmentPart struct {
	stream.Part
	data   []byte
	total  int // their length, of which data may be only the start
	source int // index into the tree's sources; 0 where the part completes nothing
}

// segmentData asks whose a segment's data are, and what the conversation knows of
// messages in them.
func (b *builder) segmentData(s *tcpSegment, p payload) (d tcpData) {
	ends := s.flags&flagFIN != 0
	if p.captured() == 0 && !ends || s.flow.Analysis.Flags&stream.AnyRetransmission != 0 {
		return d // Wireshark does not dissect bytes twice
	}
	d.late = s.flow.Analysis.Flags&stream.OutOfOrder != 0
	flows := b.in.Flows
	if b.quoted > 0 {
		flows = nil
	}
	app := stream.NoApplication
	d.proto, app = b.segmentProtocol(flows, s, p)
	if flows == nil || app == stream.NoApplication || p.captured() != s.length {
		return d
	}
	parts := flows.Data(b.in.Number, stream.Data{
		Src: stream.Endpoint{Addr: b.src, Port: s.src}, Seq: s.seq, Bytes: b.rest(p), Off: p.off, FIN: ends, Late: d.late,
		Framing: b.framings.of(app),
	})
	if len(parts) == 0 {
		return d
	}
	b.parts = b.parts[:0]
	for _, part := range parts {
		b.parts = append(b.parts, b.reassemble(part))
	}
	d.parts = b.parts
	return d
}

// segmentProtocol tells the application by the conversation, the ports, or the data.
func (b *builder) segmentProtocol(flows Flows, s *tcpSegment, p payload) (*Protocol, stream.Application) {
	switch app := s.flow.Application; {
	case b.quoted > 0:
	case app == stream.HTTP:
		return &httpProtocol, app
	case app == stream.TLS:
		return &tlsProtocol, app
	}
	proto := b.table.port(b.table.tcpPorts, s.src, s.dst)
	if proto != nil {
		return proto, applicationOf(proto)
	}
	proto = tcpGuess(b.rest(p))
	app := applicationOf(proto)
	if flows != nil && app != stream.NoApplication {
		flows.Carries(b.in.Number, app)
	}
	return proto, app
}

func applicationOf(proto *Protocol) stream.Application {
	switch proto {
	case &httpProtocol:
		return stream.HTTP
	case &tlsProtocol:
		return stream.TLS
	}
	return stream.NoApplication
}

// dissectData dissects a segment's data: what stands alone where it is, messages in
// the frame that completes them.
func (b *builder) dissectData(d tcpData, p payload) {
	if d.late { // Wireshark's tcp.no_subdissector_on_error, on by default
		if len(d.parts) > 0 && d.parts[0].source == 0 {
			b.appendInfo(segmentNote)
		}
		b.partial = true
		return
	}
	if len(d.parts) == 0 {
		if p.captured() > 0 {
			b.run(d.proto, p)
		}
		return
	}
	at, shown := p.off, 0
	alone := func(to int) {
		if to > at {
			b.another(d.proto, payload{off: at, end: to, reported: to - at}, &shown)
		}
	}
	for _, part := range d.parts {
		alone(part.Off)
		at = max(at, part.Off+part.Len)
		if part.source > 0 {
			b.within(part, func(q payload) { b.another(d.proto, q, &shown) })
		}
	}
	alone(p.end)
	last := d.parts[len(d.parts)-1]
	switch rest := b.data[last.Off : last.Off+last.Len]; {
	case shown == 0:
		b.appendInfo(segmentNote)
	case last.source == 0 && d.proto == &httpProtocol && bytes.IndexByte(rest, '\n') >= 0 && httpKindOf(rest) != httpNone:
		b.appendInfo(httpStartText(rest)) // Info has the line before the rest is missed
	}
}

// segmentNote is what Info says of a segment that is only part of a message.
const segmentNote = " [TCP segment of a reassembled PDU]"

// another dissects one of several stretches of a segment. The first sets the
// columns, the others add to Info.
func (b *builder) another(proto *Protocol, p payload, shown *int) {
	before := b.col
	if *shown++; *shown > 1 && b.writes() {
		b.col.info, b.col.fence = "", ""
	}
	b.run(proto, p)
	if *shown == 1 || !b.writes() {
		return
	}
	separator := ""
	if proto == &tlsProtocol && b.col.info != "" && before.info != "" {
		separator = ", "
	}
	b.col.protocol, b.col.info = before.protocol, before.info+separator+b.col.info
}

// reassemble copies together the message that a part completes, and makes it a source
// of the tree.
func (b *builder) reassemble(part stream.Part) segmentPart {
	out := segmentPart{Part: part}
	if part.Pieces == nil {
		return out
	}
	if b.in.DataOf == nil {
		b.partial = true
		return out
	}
	limit := passGlance
	switch {
	case b.tree:
		limit = stream.MaxMessage + rowGlance
	case b.rows:
		limit = rowGlance
	}
	start := len(b.scratch)
	for _, piece := range part.Pieces {
		out.total += piece.Len
		room := limit - (len(b.scratch) - start)
		if room <= 0 {
			continue
		}
		d := b.in.DataOf(piece.Frame)
		if piece.Off > len(d) || piece.Len > len(d)-piece.Off {
			b.partial = true // the file changed
			return out
		}
		d = d[piece.Off : piece.Off+piece.Len]
		b.scratch = append(b.scratch, d[:min(len(d), room)]...)
	}
	out.data = b.scratch[start:]
	name := ""
	if b.tree && b.rec == nil {
		name = fmt.Sprintf("Reassembled TCP (%d byte%s)", out.total, plural(out.total))
	}
	b.sources = append(b.sources, Source{Name: name, Bytes: out.data})
	out.source = len(b.sources)
	return out
}

// within runs fn on the whole messages that a part completes, with fields in a source
// of their own.
func (b *builder) within(part segmentPart, fn func(payload)) {
	data, source := b.data, b.source
	b.data, b.source = part.data, part.source
	fn(payload{end: len(part.data), reported: part.total})
	b.data, b.source = data, source
}

// reassemblyNodes adds to TCP's node what a segment's data are to messages, and
// behind it the list of a message's segments.
func (b *builder) reassemblyNodes(n *node, at int, d tcpData) {
	for _, part := range d.parts {
		if part.Pieces == nil && part.In != 0 && n.wants(tcpReassembledIn) {
			frameLink(n, tcpReassembledIn, at, part.In)
		}
		if part.Len > 0 && n.wants(tcpSegmentData) {
			f := addBlock(n, tcpSegmentData, part.Off, b.data[part.Off:part.Off+part.Len], "")
			relabel(f, "TCP segment data (%d byte%s)", part.Len, plural(part.Len))
		}
		if part.source > 0 {
			b.segmentList(n, part)
		}
	}
}

// segmentList adds the list of a message's segments.
func (b *builder) segmentList(tcp *node, part segmentPart) {
	if !tcp.wantsAny(tcpReassemblyFields...) {
		return
	}
	total, list := part.total, tcp
	if tcp.labelled() {
		list = b.top()
		list.Name, list.Label = tcpSegments.Name, segmentListText(part.Pieces, total)
		list.Source, list.Size = part.source, total
		computed(list)
	} else if tcp.wants(tcpSegments) {
		list = add(tcp, tcpSegments, 0, total, "", "")
		list.Source = part.source
	}
	off := 0
	for _, piece := range part.Pieces {
		f := computed(addString(list, tcpSegmentPart, off, piece.Len, fmt.Sprint(piece.Frame)))
		relabel(f, "Frame: %d, payload: %d-%d (%d byte%s)", piece.Frame, off, off+piece.Len-1, piece.Len, plural(piece.Len))
		off += piece.Len
	}
	virtual(addUint(list, tcpSegmentCount, 0, uint64(len(part.Pieces))))
	virtual(addUint(list, tcpReassembledLen, 0, uint64(total)))
	if list.wants(tcpReassembledBytes) {
		computed(addBytes(list, tcpReassembledBytes, 0, part.data)).Source = part.source
	}
}

// segmentListText is "2 Reassembled TCP Segments (1782 bytes): #4(1460), #5(322)".
func segmentListText(pieces []stream.Piece, total int) string {
	var sb strings.Builder
	fmt.Fprintf(&sb, "%d Reassembled TCP Segment%s (%d byte%s): ", len(pieces), plural(len(pieces)), total, plural(total))
	for i, piece := range pieces {
		if i > 0 {
			sb.WriteString(", ")
		}
		fmt.Fprintf(&sb, "#%d(%d)", piece.Frame, piece.Len)
	}
	return sb.String()
}
