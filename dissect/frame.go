package dissect

import (
	"fmt"
	"math"
	"time"
)

// This file is the "frame" pseudo protocol: what is known about a packet
// without reading it.

var (
	frameSection     = uint32Field("frame.section_number", "Section number", baseDec)
	frameInterface   = uint32Field("frame.interface_id", "Interface id", baseDec)
	frameIfName      = field("frame.interface_name", "Interface name", "STRING").doubted() // empty names look like none
	frameIfDescr     = field("frame.interface_description", "Interface description", "STRING").doubted()
	frameEncap       = &FieldDef{Name: "frame.encap_type", Label: "Encapsulation type", Type: "INT16", Base: baseDec, Values: encapNames}
	frameTime        = field("frame.time", "Arrival Time", "ABSOLUTE_TIME").doubted()
	frameShift       = field("frame.offset_shift", "Time shift for this packet", "RELATIVE_TIME")
	frameEpoch       = field("frame.time_epoch", "Epoch Time", "RELATIVE_TIME").valued(func(w *Headers, _ *Layer) (uint64, bool) { return uint64(w.Time), w.HasTime })
	frameDelta       = field("frame.time_delta", "Time delta from previous captured frame", "RELATIVE_TIME").valued(func(w *Headers, _ *Layer) (uint64, bool) { return uint64(w.Time - w.Previous), w.HasTime })
	frameDeltaShown  = field("frame.time_delta_displayed", "Time delta from previous displayed frame", "RELATIVE_TIME").doubted()
	frameRelative    = field("frame.time_relative", "Time since reference or first frame", "RELATIVE_TIME").valued(func(w *Headers, _ *Layer) (uint64, bool) { return uint64(w.Time - w.First), w.HasTime })
	frameNumber      = uint32Field("frame.number", "Frame Number", baseDec).valued(func(w *Headers, _ *Layer) (uint64, bool) { return uint64(w.Number), true })
	frameLen         = uint32Field("frame.len", "Frame length on the wire", baseDec).valued(func(w *Headers, _ *Layer) (uint64, bool) { return uint64(onWire(w.Original)), true })
	frameCapLen      = uint32Field("frame.cap_len", "Frame length stored into the capture file", baseDec).valued(func(w *Headers, l *Layer) (uint64, bool) { return uint64(l.End), true })
	frameMarked      = boolField("frame.marked", "Frame is marked", 0, 0, "", "").valued(func(*Headers, *Layer) (uint64, bool) { return 0, true })
	frameIgnored     = boolField("frame.ignored", "Frame is ignored", 0, 0, "", "").valued(func(*Headers, *Layer) (uint64, bool) { return 0, true })
	frameProtocols   = field("frame.protocols", "Protocols in frame", "STRING").doubted()
	frameComment     = field("frame.comment", "Comment", "STRING")
	frameCommentItem = field("frame.comment.expert", "Formatted comment", "NONE")
)

var frameProtocol = Protocol{
	ID: idFrame, Name: "frame", Long: "Frame", Short: "Frame",
	Fields: []*FieldDef{
		frameSection, frameInterface, frameIfName, frameIfDescr, frameEncap, frameTime, frameShift, frameEpoch,
		frameDelta, frameDeltaShown, frameRelative, frameNumber, frameLen, frameCapLen, frameMarked, frameIgnored,
		frameProtocols, frameComment, frameCommentItem,
	},
}

// encapNames are Wireshark's own numbers and names of link types (wtap.h).
var encapNames = Values{
	0: "Unknown",
	1: "Ethernet", 7: "Raw IP", 15: "NULL/Loopback", 25: "Linux cooked-mode capture v1",
	129: "Raw IPv4", 130: "Raw IPv6", 210: "Linux cooked-mode capture v2",
}

func frameSourceName(n int) string { return fmt.Sprintf("Frame (%d byte%s)", n, plural(n)) }

// frame dissects the whole packet: the pseudo protocol's node first, then the
// link layer; frame.protocols is known last.
func (b *builder) frame() {
	in := b.in
	b.under = &b.root
	p := payload{end: len(in.Data), reported: max(onWire(in.Original), len(in.Data))}
	b.commentNodes()
	n := b.protocol(&frameProtocol, p, len(in.Data), "")
	b.frameFields(n)
	link := b.table.linkTypes[in.LinkType]
	b.run(link, p)
	if n != nil && n.wants(frameProtocols) {
		computed(addString(n, frameProtocols, 0, 0, b.protocols()))
	}
}

func (b *builder) commentNodes() {
	if !b.tree || len(b.in.Comments) == 0 || b.rec != nil && !b.rec.selection.keeps(&frameProtocol) {
		return
	}
	f := b.top()
	f.Name, f.Label, f.Protocol, f.Severity = "pkt_comment", "Packet comments", true, SeverityComment
	for _, c := range b.in.Comments {
		addExpert(addString(f, frameComment, 0, 0, c), frameCommentItem, SeverityComment, "Comment", c, 0x0b000000)
	}
}

func (b *builder) frameFields(n *node) {
	if n == nil {
		return
	}
	in := b.in
	wire, captured := onWire(in.Original), len(in.Data)
	relabel(n, "Frame %d: %d byte%s on wire (%d bits), %d byte%s captured (%d bits)",
		in.Number, wire, plural(wire), bitsOf(wire), captured, plural(captured), bitsOf(captured))
	b.interfaceFields(n)
	// Packets of links that Wireshark does not know are there in pcapng files only; their
	// number is 0.
	if encap, ok := encapNumbers[in.LinkType]; ok || in.Interface != nil && in.Interface.ID >= 0 {
		noBytes(addUint(n, frameEncap, 0, encap))
	}
	if in.HasTime {
		b.timeFields(n)
	}
	noBytes(addUint(n, frameNumber, 0, uint64(in.Number)))
	lengthField(n, frameLen, "Frame Length", wire)
	lengthField(n, frameCapLen, "Capture Length", captured)
	virtual(addUint(n, frameMarked, 0, 0))
	virtual(addUint(n, frameIgnored, 0, 0))
}

func (b *builder) interfaceFields(n *node) {
	i := b.in.Interface
	if i == nil {
		return
	}
	name := i.Name
	if name == "" {
		name = "unknown"
	}
	if i.ID >= 0 {
		extend(n, " on interface %s, id %d", name, i.ID)
	}
	if i.Section > 0 {
		noBytes(addUint(n, frameSection, 0, uint64(i.Section)))
	}
	if i.ID < 0 {
		return
	}
	f := noBytes(addUintText(n, frameInterface, 0, uint64(i.ID), fmt.Sprintf("%d (%s)", i.ID, name)))
	addString(f, frameIfName, 0, 0, name)
	if i.Description != "" {
		addString(f, frameIfDescr, 0, 0, i.Description)
	}
}

func (b *builder) timeFields(n *node) {
	in := b.in
	loc := in.Location
	if loc == nil {
		loc = time.UTC
	}
	if n.wants(frameTime) {
		addString(n, frameTime, 0, 0, absoluteTime(in.Time, loc))
	}
	computed(addSeconds(n, frameShift, 0, 0))
	addSeconds(n, frameEpoch, 0, in.Time)
	computed(addSeconds(n, frameDelta, 0, in.Time-in.Previous))
	computed(addSeconds(n, frameDeltaShown, 0, in.Time-in.Previous))
	computed(addSeconds(n, frameRelative, 0, in.Time-in.First))
}

func lengthField(n *node, d *FieldDef, label string, bytes int) {
	f := noBytes(addUint(n, d, 0, uint64(bytes)))
	relabel(f, "%s: %d byte%s (%d bits)", label, bytes, plural(bytes), bitsOf(bytes))
}

// noBytes clears the size of a field that stands for no bytes of the packet.
func noBytes(f *node) *node {
	if f != nil {
		f.Size = 0
	}
	return f
}

// onWire is how long Wireshark takes a packet to have been: its buffers end at 2^31-1 bytes.
func onWire(original uint32) int { return int(min(original, math.MaxInt32)) }

// bitsOf is a length in bits, which Wireshark counts in 32 of them.
func bitsOf(bytes int) uint32 { return 8 * uint32(bytes) }
