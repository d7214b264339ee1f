package dissect

import (
	"fmt"
	"strings"

	"pktsh/dissect/stream"
)

// This file is TCP (RFC 9293): the header, its Info text and what the
// conversation adds to it. Options are in tcpopt.go.

var (
	tcpSrcPort     = uint16Field("tcp.srcport", "Source Port", baseTCP).at(0, 2).ofFlow()
	tcpDstPort     = uint16Field("tcp.dstport", "Destination Port", baseTCP).at(2, 2).ofFlow()
	tcpPort        = uint16Field("tcp.port", "Source or Destination Port", baseTCP).at(0, 2).at(2, 2).ofFlow()
	tcpStream      = uint32Field("tcp.stream", "Stream index", baseDec).stateful()
	tcpComplete    = uint8Field("tcp.completeness", "Conversation completeness", baseDec).stateful()
	tcpLen         = uint32Field("tcp.len", "TCP Segment Len", baseDec).valued(tcpDataBytes).onlyIf(tcpOwn)
	tcpSeq         = uint32Field("tcp.seq", "Sequence Number", baseDec).stateful()
	tcpSeqRaw      = uint32Field("tcp.seq_raw", "Sequence Number (raw)", baseDec).at(4, 4).onlyIf(tcpShowsRaw)
	tcpNextSeq     = uint32Field("tcp.nxtseq", "Next Sequence Number", baseDec).stateful()
	tcpAck         = uint32Field("tcp.ack", "Acknowledgment Number", baseDec).stateful()
	tcpAckRaw      = uint32Field("tcp.ack_raw", "Acknowledgment number (raw)", baseDec).at(8, 4).onlyIf(tcpWhole)
	tcpHdrLen      = uint8Field("tcp.hdr_len", "Header Length", baseDec).valued(tcpHeaderBytes).onlyIf(tcpWhole)
	tcpFlags       = uint16Field("tcp.flags", "Flags", baseHex).mask(0xfff).at(12, 2)
	tcpFlagStr     = field("tcp.flags.str", "TCP Flags", "STRING").doubted()
	tcpWindowRaw   = uint16Field("tcp.window_size_value", "Window", baseDec).at(14, 2)
	tcpWindow      = uint32Field("tcp.window_size", "Calculated window size", baseDec).stateful()
	tcpScale       = int32Field("tcp.window_size_scalefactor", "Window size scaling factor").stateful()
	tcpChecksum    = uint16Field("tcp.checksum", "Checksum", baseHex).at(16, 2)
	tcpStatus      = uint8Field("tcp.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames).valued(func(*Headers, *Layer) (uint64, bool) { return checksumUnverified, true }).onlyIf(tcpWhole)
	tcpUrgent      = uint16Field("tcp.urgent_pointer", "Urgent Pointer", baseDec).at(18, 2)
	tcpRelative    = field("tcp.time_relative", "Time since first frame in this TCP stream", "RELATIVE_TIME").stateful()
	tcpDelta       = field("tcp.time_delta", "Time since previous frame in this TCP stream", "RELATIVE_TIME").stateful()
	tcpSegmentData = field("tcp.segment_data", "TCP segment data", "BYTES").stateful()
	tcpPayload     = field("tcp.payload", "TCP payload", "BYTES").doubted() // not shown of bytes seen before
	tcpSyn         = field("tcp.connection.syn", "Connection establish request (SYN)", "NONE")
	tcpSynAck      = field("tcp.connection.synack", "Connection establish acknowledge (SYN+ACK)", "NONE")
	tcpFin         = field("tcp.connection.fin", "Connection finish (FIN)", "NONE")
	tcpFinActive   = field("tcp.connection.fin_active", "This frame initiates the connection closing", "NONE").stateful()
	tcpFinPassive  = field("tcp.connection.fin_passive", "This frame undergoes the connection closing", "NONE").stateful()
	tcpRst         = field("tcp.connection.rst", "Connection reset (RST)", "NONE")

	// tcpFlagBits are the flags in the order of the tree, most significant first. In a
	// conversation with Accurate ECN three of them are a counter instead, tcp.flags.ace.
	tcpFlagBits = []*FieldDef{
		flagField("tcp.flags.res", "Reserved", 12, 0xe00).at(12, 2),
		flagField("tcp.flags.ae", "Accurate ECN", 12, 0x100).at(12, 2).doubted(),
		flagField("tcp.flags.cwr", "Congestion Window Reduced", 12, 0x080).at(12, 2).doubted(),
		flagField("tcp.flags.ece", "ECN-Echo", 12, 0x040).at(12, 2).doubted(),
		flagField("tcp.flags.urg", "Urgent", 12, 0x020).at(12, 2),
		flagField("tcp.flags.ack", "Acknowledgment", 12, 0x010).at(12, 2),
		flagField("tcp.flags.push", "Push", 12, 0x008).at(12, 2),
		flagField("tcp.flags.reset", "Reset", 12, 0x004).at(12, 2),
		flagField("tcp.flags.syn", "Syn", 12, 0x002).at(12, 2),
		flagField("tcp.flags.fin", "Fin", 12, 0x001).at(12, 2),
	}
)

var tcpProtocol = Protocol{
	ID: idTCP, Name: "tcp", Long: "Transmission Control Protocol", Short: "TCP",
	Fields: append(append([]*FieldDef{
		tcpSrcPort, tcpDstPort, tcpPort, tcpStream, tcpComplete, tcpLen, tcpSeq, tcpSeqRaw, tcpNextSeq, tcpAck, tcpAckRaw,
		tcpHdrLen, tcpFlags, tcpFlagStr, tcpWindowRaw, tcpWindow, tcpScale, tcpChecksum, tcpStatus, tcpUrgent, tcpRelative,
		tcpDelta, tcpPayload, tcpSegmentData, tcpSyn, tcpSynAck, tcpFin, tcpFinActive, tcpFinPassive, tcpRst,
	}, tcpFlagBits...), append(tcpReassemblyFields, tcpOptionFields...)...),
	carries: (*Table).overTCP,
	decode:  decodeTCP,
	walk:    walkTCP,
}

const (
	tcpMinHeader = 20

	flagFIN = 0x001
	flagSYN = 0x002
	flagRST = 0x004
	flagACK = 0x010
	flagURG = 0x020
)

// tcpHeader is a parsed TCP header.
type tcpHeader struct {
	src, dst         uint16
	seq, ack         uint32
	headerLen        int // bytes
	flags            uint16
	window, checksum uint16
	urgent           uint16
}

// parseTCP reads the fixed part of the header; ok says that it was all there.
func parseTCP(d []byte) (h tcpHeader, ok bool) {
	if len(d) < tcpMinHeader {
		return h, false
	}
	return tcpHeader{
		src: be16(d), dst: be16(d[2:]), seq: be32(d[4:]), ack: be32(d[8:]), headerLen: int(d[12]>>4) * 4,
		flags: be16(d[12:]) & 0xfff, window: be16(d[14:]), checksum: be16(d[16:]), urgent: be16(d[18:]),
	}, true
}

// tcpSegment is a header with what the conversation knows about it.
type tcpSegment struct {
	tcpHeader
	length  int // of the payload on the wire
	flow    stream.TCP
	options []tcpOption
}

func decodeTCP(b *builder, self *Protocol, p payload) {
	b.setProtocol("TCP")
	h, ok := parseTCP(b.rest(p))
	if !ok {
		b.shortTCP(self, p)
		return
	}
	b.srcPort, b.dstPort, b.ipProto = h.src, h.dst, 6
	if h.headerLen < tcpMinHeader {
		b.setInfo("%s, bogus TCP header length (%d, must be at least %d)", tcpTitle(h), h.headerLen, tcpMinHeader)
		n := b.protocol(self, p, tcpMinHeader, fmt.Sprintf("Transmission Control Protocol, Src Port: %d, Dst Port: %d", h.src, h.dst))
		addUint(n, tcpSrcPort, p.off, uint64(h.src))
		addUint(n, tcpDstPort, p.off+2, uint64(h.dst))
		b.partial = true
		return
	}
	s := tcpSegment{tcpHeader: h, length: max(p.reported-h.headerLen, 0)}
	raw, whole := b.bytes(p, tcpMinHeader, h.headerLen-tcpMinHeader)
	b.options = parseTCPOptions(b.options[:0], raw)
	s.options = b.options
	s.flow = b.tcpFlow(&s)
	b.tcpInfo(&s)
	next := p.skip(h.headerLen)
	var data tcpData
	if whole {
		data = b.segmentData(&s, next)
	}
	b.tcpNodes(self, p, &s, next, data)
	switch {
	case !whole:
		b.exception(self, p, h.headerLen)
	case s.flow.Analysis.Flags&stream.AnyRetransmission != 0 && next.captured() > 0:
		b.partial = true
	case h.flags&flagRST == 0 || b.quoted == 0:
		b.dissectData(data, next)
	}
}

// shortTCP shows a header that was cut; an ICMP error may quote only the ports.
func (b *builder) shortTCP(self *Protocol, p payload) {
	b.setInfo("")
	n := b.protocol(self, p, p.captured(), self.Long)
	if d, ok := b.bytes(p, 0, 4); ok {
		src, dst := be16(d), be16(d[2:])
		b.setInfo("%d → %d", src, dst)
		relabel(n, "Transmission Control Protocol, Src Port: %d, Dst Port: %d", src, dst)
		addUint(n, tcpSrcPort, p.off, uint64(src))
		addUint(n, tcpDstPort, p.off+2, uint64(dst))
		hide(addUint(n, tcpPort, p.off, uint64(src)))
		hide(addUint(n, tcpPort, p.off+2, uint64(dst)))
	}
	b.exception(self, p, tcpMinHeader)
}

// tcpFlow asks what the conversation knows.
func (b *builder) tcpFlow(s *tcpSegment) stream.TCP {
	if b.in.Flows == nil {
		return stream.TCP{Scale: stream.ScaleUnknown}
	}
	seg := stream.Segment{
		Src: stream.Endpoint{Addr: b.src, Port: s.src}, Dst: stream.Endpoint{Addr: b.dst, Port: s.dst},
		Seq: s.seq, Ack: s.ack, Flags: s.flags, Window: s.window, Len: uint32(s.length), Scale: -1,
		Quoted: b.quoted > 0, Time: b.in.Time,
	}
	for _, o := range s.options {
		if o.kind == tcpOptScale && len(o.data) == 1 {
			seg.Scale = int(o.data[0])
		}
	}
	return b.in.Flows.TCP(b.in.Number, seg)
}

// scaledWindow is the window in bytes.
func (s *tcpSegment) scaledWindow() uint64 {
	if s.flags&flagSYN == 0 && s.flow.Scale > 0 {
		return uint64(s.window) << s.flow.Scale
	}
	return uint64(s.window)
}

// relativeAck is 0 where the flag is not set and so the field means nothing.
func (s *tcpSegment) relativeAck() uint32 {
	if s.flags&flagACK == 0 {
		return s.ack
	}
	return s.ack - s.flow.AckBase
}

var tcpFlagShort = []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE", "Reserved"}

// tcpFlagNames is the flag list of the Info column: "SYN, ACK".
func tcpFlagNames(flags uint16) string {
	var names []string
	for i, name := range tcpFlagShort {
		if i == 9 && flags>>9 != 0 || i < 9 && flags>>i&1 == 1 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "<None>"
	}
	return strings.Join(names, ", ")
}

// tcpFlagText is the twelve-character picture of the flags.
func tcpFlagText(flags uint16) string {
	var sb strings.Builder
	for i, c := range "RRRACEUAPRSF" {
		if flags>>(11-i)&1 == 1 {
			sb.WriteRune(c)
		} else {
			sb.WriteString("·")
		}
	}
	return sb.String()
}

// tcpTitle is how Info begins: "443 → 50000 [ACK]".
func tcpTitle(h tcpHeader) string {
	return fmt.Sprintf("%d → %d [%s]", h.src, h.dst, tcpFlagNames(h.flags))
}

func (b *builder) tcpInfo(s *tcpSegment) {
	if !b.writes() {
		return
	}
	var sb strings.Builder
	b.col.fence = s.flow.Analysis.Text()
	sb.WriteString(b.col.fence)
	sb.WriteString(tcpTitle(s.tcpHeader))
	fmt.Fprintf(&sb, " Seq=%d", s.seq-s.flow.SeqBase)
	if s.flags&flagACK != 0 {
		fmt.Fprintf(&sb, " Ack=%d", s.relativeAck())
	}
	fmt.Fprintf(&sb, " Win=%d", s.scaledWindow())
	if s.flags&flagURG != 0 {
		fmt.Fprintf(&sb, " Urg=%d", s.urgent)
	}
	fmt.Fprintf(&sb, " Len=%d", s.length)
	for _, o := range s.options {
		sb.WriteString(o.info(s))
	}
	b.col.info = sb.String()
}

func (b *builder) tcpNodes(self *Protocol, p payload, s *tcpSegment, next payload, data tcpData) {
	n := b.protocol(self, p, s.headerLen, "")
	if n == nil {
		return
	}
	at := p.off
	relabel(n, "Transmission Control Protocol, Src Port: %d, Dst Port: %d, Seq: %d", s.src, s.dst, s.seq-s.flow.SeqBase)
	if s.flags&flagACK != 0 {
		extend(n, ", Ack: %d", s.relativeAck())
	}
	extend(n, ", Len: %d", s.length)
	addUint(n, tcpSrcPort, at, uint64(s.src))
	addUint(n, tcpDstPort, at+2, uint64(s.dst))
	hide(addUint(n, tcpPort, at, uint64(s.src)))
	hide(addUint(n, tcpPort, at+2, uint64(s.dst)))
	if s.flow.Known {
		virtual(addUint(n, tcpStream, at, uint64(s.flow.Stream)))
		complete := virtual(addUint(n, tcpComplete, at, uint64(s.flow.Completeness)))
		if n.labelled() {
			complete.Label = "Conversation completeness: " + completenessText(s.flow.Completeness)
		}
	}
	if b.quoted == 0 {
		virtual(addUint(n, tcpLen, at, uint64(s.length)))
	}
	tcpNumberNodes(n, at, s, b.quoted > 0 && b.dst.Is4())
	f := addUint(n, tcpHdrLen, at+12, uint64(s.headerLen))
	if f.labelled() {
		f.Label = fmt.Sprintf("%s = Header Length: %d bytes (%d)", BitPicture(uint64(s.headerLen/4)<<4, 0xf0, 8), s.headerLen, s.headerLen/4)
	}
	b.tcpFlagNodes(n, at+12, s)
	addUint(n, tcpWindowRaw, at+14, uint64(s.window))
	computed(addUint(n, tcpWindow, at+14, s.scaledWindow())).Size = 2
	if s.flags&flagSYN == 0 {
		tcpScaleNode(n, at+14, s.flow.Scale)
	}
	addUintf(n, tcpChecksum, at+16, uint64(s.checksum), "0x%04x [unverified]", uint64(s.checksum))
	virtual(addUint(n, tcpStatus, at+16, checksumUnverified))
	addUint(n, tcpUrgent, at+18, uint64(s.urgent))
	b.tcpOptionNodes(n, p, s)
	if s.flow.Known {
		b.streamTimes(n, at, s.flow.First, s.flow.Previous, tcpRelative, tcpDelta)
	}
	if size := next.captured(); size > 0 && n.wantsAny(tcpPayload, tcpSegmentData) {
		f := addBlock(n, tcpPayload, next.off, b.rest(next), "")
		relabel(f, "TCP payload (%d byte%s)", size, plural(size))
		if s.flow.Analysis.Flags&stream.AnyRetransmission != 0 {
			f := addBlock(n, tcpSegmentData, next.off, b.rest(next), "")
			relabel(f, "Retransmitted TCP segment data (%d byte%s)", size, plural(size))
		}
	}
	b.reassemblyNodes(n, at, data)
}

// tcpNumberNodes adds the sequence and acknowledgment numbers.
func tcpNumberNodes(n *node, at int, s *tcpSegment, inICMP bool) {
	seq := s.seq - s.flow.SeqBase
	next := seq + uint32(s.length)
	if s.flags&(flagSYN|flagFIN) != 0 {
		next++
	}
	relative := s.flow.Known
	number(n, tcpSeq, at+4, seq, relative, "relative sequence number")
	if !inICMP { // there it stands in the other's place
		addUint(n, tcpSeqRaw, at+4, uint64(s.seq))
	}
	virtual(number(n, tcpNextSeq, at, next, relative, "relative sequence number"))
	if s.flags&flagACK != 0 {
		number(n, tcpAck, at+8, s.relativeAck(), relative, "relative ack number")
	} else {
		addUint(n, tcpAck, at+8, uint64(s.ack))
	}
	addUint(n, tcpAckRaw, at+8, uint64(s.ack))
}

func number(n *node, d *FieldDef, at int, v uint32, relative bool, note string) *node {
	if !n.labelled() {
		return addUint(n, d, at, uint64(v))
	}
	text := fmt.Sprint(v)
	if relative {
		text += "    (" + note + ")"
	}
	return addUintText(n, d, at, uint64(v), text)
}

func (b *builder) tcpFlagNodes(n *node, at int, s *tcpSegment) {
	word := uint64(s.flags)
	f := addUint(n, tcpFlags, at, word)
	if f.labelled() {
		f.Label = fmt.Sprintf("Flags: 0x%03x (%s)", word, tcpFlagNames(s.flags))
	}
	chat := func(bit *node, d *FieldDef, message string) {
		addExpert(bit, d, SeverityChat, "Sequence", message, groupSequence)
		f.Severity, n.Severity = max(f.Severity, SeverityChat), max(n.Severity, SeverityChat)
	}
	for _, d := range tcpFlagBits {
		pos := at + 1
		if d.Mask > 0xff {
			pos = at
		}
		bit := addUint(f, d, pos, word)
		bit.Size = 1
		switch {
		case word&d.Mask == 0 || b.quoted > 0:
		case d.Mask == flagSYN && word&flagACK != 0:
			chat(bit, tcpSynAck, serverPort(tcpSynAck, s.src))
		case d.Mask == flagSYN:
			chat(bit, tcpSyn, serverPort(tcpSyn, s.dst))
		case d.Mask == flagFIN:
			chat(bit, tcpFin, tcpFin.Label)
		case d.Mask == flagRST:
			addExpert(bit, tcpRst, SeverityWarn, "Sequence", tcpRst.Label, groupSequence)
			f.Severity, n.Severity = SeverityWarn, SeverityWarn
		}
	}
	var letters string
	if f.wants(tcpFlagStr) {
		letters = tcpFlagText(s.flags)
	}
	text := computed(addString(f, tcpFlagStr, at, 2, letters))
	switch a := s.flow.Analysis.Flags; {
	case b.quoted > 0:
	case a&stream.FinActive != 0:
		addExpert(text, tcpFinActive, SeverityNote, "Sequence", tcpFinActive.Label, groupSequence)
	case a&stream.FinPassive != 0:
		addExpert(text, tcpFinPassive, SeverityNote, "Sequence", tcpFinPassive.Label, groupSequence)
	}
}

func serverPort(d *FieldDef, port uint16) string {
	return fmt.Sprintf("%s: server port %d", d.Label, port)
}

func tcpScaleNode(n *node, at, scale int) {
	switch scale {
	case stream.ScaleUnknown:
		computed(addUintText(n, tcpScale, at, 0xffffffff, "-1 (unknown)")).Size = 2
	case stream.ScaleUnused:
		computed(addUintText(n, tcpScale, at, 0xfffffffe, "-2 (no window scaling used)")).Size = 2
	default:
		computed(addUint(n, tcpScale, at, 1<<scale)).Size = 2
	}
}

// completenessText follows Wireshark's conversation_completeness_fill.
func completenessText(v uint8) string {
	const established = stream.CompleteSYN | stream.CompleteSYNACK | stream.CompleteACK
	end := v & (stream.CompleteFIN | stream.CompleteRST)
	state := "Incomplete"
	switch {
	case v == stream.CompleteSYN:
		state = "Incomplete, SYN_SENT"
	case v == stream.CompleteSYN|stream.CompleteSYNACK:
		state = "Incomplete, CLIENT_ESTABLISHED"
	case v == established:
		state = "Incomplete, ESTABLISHED"
	case v == established|stream.CompleteData:
		state = "Incomplete, DATA"
	case v&established == established && end != 0 && v&stream.CompleteData != 0:
		state = "Complete, WITH_DATA"
	case v&established == established && end != 0:
		state = "Complete, NO_DATA"
	}
	return fmt.Sprintf("%s (%d)", state, v)
}

// walkTCP takes headers that are all there; options that do not fit end only their list. What an HTTP message or another
// application's is depends on segments before, and even a segment without data
// can complete it.
func walkTCP(w *Headers, p payload) {
	if w.quoted && p.captured() >= tcpQuoted && p.captured() < tcpAckEnd && !w.full() {
		w.add(idTCP, p) // the ports are all that Wireshark gets at
		w.hide(hidesApplications)
		return
	}
	if w.short(p, tcpMinHeader) {
		return
	}
	d := w.Data[p.off:p.end]
	size := int(d[12]>>4) * 4
	switch {
	case size < tcpMinHeader || size > p.reported && !w.quoted:
		w.doubt(ClassHeader, hidesAll)
		return
	case size > len(d):
		w.doubt(ClassCut, hidesAll)
		return
	}
	if be16(d[2:]) == portSTT {
		w.doubt(ClassHeuristic, hidesAll)
		return
	}
	w.add(idTCP, p)
	if size > tcpMinHeader && strangeTCPOptions(d[tcpMinHeader:size]) {
		w.doubt(ClassHeader, setOf(idTCP))
	}
	next := p.skip(size)
	if next.reported == 0 && d[13]&flagFIN == 0 && !w.quoted {
		return // nobody is given anything; a FIN may complete a message
	}
	w.hide(hidesApplications)
	if carriesPacketsOverTCP(w.Data[next.off:next.end]) {
		w.doubt(ClassHeuristic, hidesAll)
		return
	}
	if w.rules.detours(w.Data[next.off:next.end]) {
		w.Detour = true
		w.doubt(ClassHeuristic, hidesAll)
		return
	}
	w.followPorts(w.rules.tcp, be16(d), be16(d[2:]), next)
}

// tcpQuoted is as much of a header as an ICMP error quotes at least, tcpAckEnd where
// its acknowledgment number ends.
const (
	tcpQuoted = 8
	tcpAckEnd = 12
)

// tcpWhole says that a header is all there.
func tcpWhole(_ *Headers, l *Layer) bool { return l.End-l.Off >= tcpMinHeader }

// tcpOwn says that a segment is not one that an ICMP error quotes, of which Wireshark
// does not say how long it was.
func tcpOwn(w *Headers, l *Layer) bool { return !l.Quoted && tcpWhole(w, l) }

// tcpShowsRaw says that the sequence number as it is stands beside the relative one.
// In a packet that an ICMP error quotes it stands in that one's place.
func tcpShowsRaw(w *Headers, l *Layer) bool {
	return tcpWhole(w, l) && (w.before(l, 1) != idIP || w.before(l, 2) != idICMP)
}

// tcpHeaderBytes is the header length, which the header has in words.
func tcpHeaderBytes(w *Headers, l *Layer) (uint64, bool) {
	return uint64(w.Data[l.Off+12]>>4) * 4, true
}

// tcpDataBytes is the length of the segment's data on the wire.
func tcpDataBytes(w *Headers, l *Layer) (uint64, bool) {
	size, ok := tcpHeaderBytes(w, l)
	return uint64(l.Size) - size, ok
}
