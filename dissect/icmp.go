package dissect

import (
	"fmt"

	"pktsh/dissect/stream"
)

// This file is ICMP (RFC 792, RFC 950, RFC 1256).

var (
	icmpType     = uint8Field("icmp.type", "Type", baseDec).at(0, 1)
	icmpCode     = uint8Field("icmp.code", "Code", baseDec).at(1, 1)
	icmpChecksum = uint16Field("icmp.checksum", "Checksum", baseHex).at(2, 2)
	icmpStatus   = uint8Field("icmp.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames)
	icmpBad      = field("icmp.checksum_bad", "Bad checksum", "NONE")
	icmpUnused   = field("icmp.unused", "Unused", "BYTES")
	icmpIDBE     = uint16Field("icmp.ident", "Identifier (BE)", baseDecHex)
	icmpIDLE     = uint16Field("icmp.ident_le", "Identifier (LE)", baseDecHex)
	icmpSeqBE    = uint16Field("icmp.seq", "Sequence Number (BE)", baseDecHex)
	icmpSeqLE    = uint16Field("icmp.seq_le", "Sequence Number (LE)", baseDecHex)
	icmpMTU      = uint16Field("icmp.mtu", "MTU of next hop", baseDec)
	icmpLength   = uint8Field("icmp.length", "Length", baseDec)
	icmpGateway  = field("icmp.redir_gw", "Gateway Address", "IPv4")
	icmpPointer  = uint32Field("icmp.pointer", "Pointer", baseDec)
	icmpResponse = field("icmp.resp_in", "Response frame", "FRAMENUM").stateful()
	icmpRequest  = field("icmp.resp_to", "Request frame", "FRAMENUM").stateful()
	icmpTime     = field("icmp.resptime", "Response time", "DOUBLE").stateful()
	icmpNoReply  = field("icmp.no_resp", "No response seen", "NONE").stateful()
	icmpNotFound = field("icmp.resp_not_found", "Response not found", "NONE").stateful()
)

var icmpProtocol = Protocol{
	ID: idICMP, Name: "icmp", Long: "Internet Control Message Protocol", Short: "ICMP",
	Fields: []*FieldDef{
		icmpType, icmpCode, icmpChecksum, icmpStatus, icmpBad, icmpUnused, icmpIDBE, icmpIDLE, icmpSeqBE, icmpSeqLE, icmpMTU,
		icmpLength, icmpGateway, icmpPointer, icmpResponse, icmpRequest, icmpTime, icmpNoReply, icmpNotFound,
	},
	carries: (*Table).transport,
	decode:  decodeICMP,
	walk:    walkICMP,
}

const (
	icmpEchoReply    = 0
	icmpUnreachable  = 3
	icmpQuench       = 4
	icmpRedirect     = 5
	icmpEchoRequest  = 8
	icmpTimeExceeded = 11
	icmpParameter    = 12
)

var icmpTypeNames = Values{
	0: "Echo (ping) reply", 1: "Reserved", 2: "Reserved", 3: "Destination unreachable", 4: "Source quench (flow control)",
	5: "Redirect", 6: "Alternate host address", 8: "Echo (ping) request", 9: "Router advertisement", 10: "Router solicitation",
	11: "Time-to-live exceeded", 12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply",
	15: "Information request", 16: "Information reply", 17: "Address mask request", 18: "Address mask reply",
	30: "Traceroute", 37: "Domain Name Request", 38: "Domain Name Reply", 40: "Photuris",
	42: "Extended Echo request", 43: "Extended Echo reply",
}

// icmpCodeNames names the codes of the types that have some.
var icmpCodeNames = map[uint8]Values{
	icmpUnreachable: {
		0: "Network unreachable", 1: "Host unreachable", 2: "Protocol unreachable", 3: "Port unreachable",
		4: "Fragmentation needed", 5: "Source route failed", 6: "Destination network unknown", 7: "Destination host unknown",
		8: "Source host isolated", 9: "Network administratively prohibited", 10: "Host administratively prohibited",
		11: "Network unreachable for TOS", 12: "Host unreachable for TOS", 13: "Communication administratively filtered",
		14: "Host precedence violation", 15: "Precedence cutoff in effect",
	},
	icmpRedirect: {
		0: "Redirect for network", 1: "Redirect for host", 2: "Redirect for TOS and network", 3: "Redirect for TOS and host",
	},
	icmpTimeExceeded: {0: "Time to live exceeded in transit", 1: "Fragment reassembly time exceeded"},
	icmpParameter:    {0: "Pointer indicates the error", 1: "Required option missing", 2: "Bad length"},
}

const icmpHeaderLen = 8

// icmpHeader is a parsed ICMP header.
type icmpHeader struct {
	typ, code uint8
	checksum  uint16
	rest      [4]byte // what follows depends on the type
}

func (h *icmpHeader) id() uint16   { return be16(h.rest[:]) }
func (h *icmpHeader) seq() uint16  { return be16(h.rest[2:]) }
func (h *icmpHeader) isEcho() bool { return h.typ == icmpEchoRequest || h.typ == icmpEchoReply }
func (h *icmpHeader) isError() bool {
	return h.typ == icmpUnreachable || h.typ == icmpQuench || h.typ == icmpRedirect || h.typ == icmpTimeExceeded || h.typ == icmpParameter
}

func parseICMP(d []byte) (h icmpHeader, ok bool) {
	if len(d) < icmpHeaderLen {
		return h, false
	}
	return icmpHeader{typ: d[0], code: d[1], checksum: be16(d[2:]), rest: [4]byte(d[4:8])}, true
}

func decodeICMP(b *builder, self *Protocol, p payload) {
	b.setProtocol("ICMP")
	h, ok := parseICMP(b.rest(p))
	if !ok {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, icmpHeaderLen)
		return
	}
	name := icmpTypeNames.name(uint64(h.typ), fmt.Sprintf("Unknown ICMP type (obsolete or malformed?) (%d)", h.typ))
	code, named := icmpCodeNames[h.typ][uint64(h.code)]
	peer := b.icmpEcho(&h)
	switch {
	case h.isEcho():
		b.setInfo("%-20s id=0x%04x, seq=%d/%d, ttl=%d%s", name, h.id(), h.seq(), swap16(h.seq()), b.ttl, echoNote(peer.Frame, h.typ == icmpEchoRequest, b.in.Flows != nil))
	case named:
		b.setInfo("%-20s (%s)", name, code)
	default:
		b.setInfo("%-20s", name)
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	addUintText(n, icmpType, p.off, uint64(h.typ), fmt.Sprintf("%d (%s)", h.typ, name))
	codeText := fmt.Sprint(h.code)
	if named {
		codeText += " (" + code + ")"
	}
	addUintText(n, icmpCode, p.off+1, uint64(h.code), codeText)
	b.internetChecksum(n, p, icmpChecksum, icmpStatus, icmpBad, 0, SeverityWarn)
	next := p.skip(icmpHeaderLen)
	switch {
	case h.isEcho():
		b.echoNodes(n, p, &h, peer)
		b.nested(n, b.table.data, next)
	case h.isError():
		b.icmpErrorNodes(n, p.off+4, &h)
		if d, ok := b.bytes(next, 0, 4); ok {
			next = next.limit(icmpQuoted(&h, p.reported, d))
		}
		b.quote(n, b.table.ipProtos[4], next)
	default:
		switch h.typ {
		case 13, 14, 15, 16, 17, 18:
			icmpIdentNodes(n, p.off, &h)
		case 42, 43:
			addUint(n, icmpIDBE, p.off+4, uint64(h.id()))
			addUint(n, icmpIDLE, p.off+4, uint64(swap16(h.id())))
		}
		b.partial = true
		b.nested(n, b.table.data, next)
	}
}

// icmpEcho asks for the other half of a ping.
func (b *builder) icmpEcho(h *icmpHeader) stream.Peer {
	if !h.isEcho() || b.in.Flows == nil || b.quoted > 0 {
		return stream.Peer{}
	}
	e := stream.Echo{Requester: b.src, Responder: b.dst, ID: h.id(), Seq: h.seq(), VLAN: b.vlan, Checksum: h.checksum}
	if h.typ == icmpEchoReply {
		e.Requester, e.Responder, e.Reply = b.dst, b.src, true
		e.Checksum = retyped(h.checksum, icmpEchoRequest-icmpEchoReply)
	}
	return b.in.Flows.Echo(b.in.Number, e)
}

// echoNote is what Info says about the other half.
func echoNote(peer uint32, request, known bool) string {
	switch {
	case peer != 0 && request:
		return fmt.Sprintf(" (reply in %d)", peer)
	case peer != 0:
		return fmt.Sprintf(" (request in %d)", peer)
	case request && known:
		return " (no response found!)"
	}
	return ""
}

func (b *builder) echoNodes(n *node, p payload, h *icmpHeader, peer stream.Peer) {
	if n == nil {
		return
	}
	at := p.off
	icmpIdentNodes(n, at, h)
	switch {
	case b.in.Flows == nil || b.quoted > 0:
	case h.typ == icmpEchoRequest && peer.Frame == 0:
		f := computed(add(n, icmpNoReply, at, 0, "", icmpNoReply.Label))
		addExpert(f, icmpNotFound, SeverityWarn, "Sequence", "No response seen to ICMP request", groupSequence)
		n.Severity = max(n.Severity, SeverityWarn)
	case h.typ == icmpEchoRequest:
		frameLink(n, icmpResponse, at, peer.Frame)
	case peer.Frame != 0:
		frameLink(n, icmpRequest, at, peer.Frame)
		b.responseTime(n, icmpTime, at, peer.Frame)
	}
}

// frameLink adds a reference to another frame.
func frameLink(n *node, d *FieldDef, at int, frame uint32) {
	virtual(addString(n, d, at, 0, fmt.Sprint(frame)))
}

// responseTime adds the milliseconds since a request.
func (b *builder) responseTime(n *node, d *FieldDef, at int, request uint32) {
	if n == nil || b.in.TimeOf == nil {
		return
	}
	ms := float64(b.in.Time-b.in.TimeOf(request)) / 1e6
	f := virtual(addString(n, d, at, 0, fmt.Sprintf("%.3f", ms)))
	f.Label += " ms"
	f.Show = fmt.Sprint(ms)
}

func (b *builder) icmpErrorNodes(n *node, at int, h *icmpHeader) {
	tooBig := h.typ == icmpUnreachable && h.code == 4
	switch {
	case h.typ == icmpRedirect:
		addAddr(n, icmpGateway, at, addr4(h.rest[:]))
		return
	case h.typ == icmpQuench:
		return
	case h.typ == icmpParameter:
		addUint(n, icmpPointer, at, uint64(h.rest[0])).resize(1)
		if h.rest[1] == 0 {
			addBytes(n, icmpUnused, at+1, h.rest[1:])
			return
		}
	case h.rest[1] != 0: // RFC 4884
		addBytes(n, icmpUnused, at, h.rest[:1])
	case tooBig:
		addBytes(n, icmpUnused, at, h.rest[:2])
	default:
		addBytes(n, icmpUnused, at, h.rest[:])
		return
	}
	if h.rest[1] != 0 {
		addUint(n, icmpLength, at+1, uint64(h.rest[1]))
	}
	if tooBig {
		addUint(n, icmpMTU, at+2, uint64(be16(h.rest[2:])))
	} else {
		addBytes(n, icmpUnused, at+2, h.rest[2:])
	}
}

// icmpIdentNodes adds the identifier and the sequence number, in both byte orders.
func icmpIdentNodes(n *node, at int, h *icmpHeader) {
	addUint(n, icmpIDBE, at+4, uint64(h.id()))
	addUint(n, icmpIDLE, at+4, uint64(swap16(h.id())))
	addUint(n, icmpSeqBE, at+6, uint64(h.seq()))
	addUint(n, icmpSeqLE, at+6, uint64(swap16(h.seq())))
}

// nested dissects a payload below a protocol's own node.
func (b *builder) nested(n *node, proto *Protocol, p payload) {
	if p.captured() == 0 {
		return
	}
	saved := b.under
	if n != nil {
		b.under = n
	}
	b.run(proto, p)
	b.under = saved
}

// quote dissects the packet that an ICMP error quotes: below the error's node,
// and without a word in the columns.
func (b *builder) quote(n *node, proto *Protocol, p payload) {
	src, dst, ttl, ipProto := b.src, b.dst, b.ttl, b.ipProto
	b.quoted++
	b.nested(n, proto, p)
	b.quoted--
	b.src, b.dst, b.ttl, b.ipProto = src, dst, ttl, ipProto
}

// internetChecksum adds a checksum (RFC 1071) over the whole payload, verified
// where all of it was captured; pseudo is the sum of a pseudo header, level how
// bad a wrong one is.
func (b *builder) internetChecksum(n *node, p payload, d, status, bad *FieldDef, pseudo uint32, level Severity) {
	if n == nil {
		return
	}
	at := p.off + 2
	got := be16(b.data[at:])
	if p.captured() < p.reported || b.quoted > 0 {
		addUintText(n, d, at, uint64(got), fmt.Sprintf("0x%04x [unverified] [in ICMP error packet]", got)[:len("0x0000 [unverified]")+b.inErrorNote()])
		virtual(addUint(n, status, at, checksumUnverified))
		return
	}
	sum := onesSum(pseudo, b.rest(p))
	if sum == 0xffff {
		addUintText(n, d, at, uint64(got), fmt.Sprintf("0x%04x [correct]", got))
		virtual(addUint(n, status, at, checksumGood))
		return
	}
	want := onesSum(uint32(sum)+uint32(^got), nil) ^ 0xffff
	f := addUintText(n, d, at, uint64(got), fmt.Sprintf("0x%04x incorrect, should be 0x%04x", got, want))
	addExpert(f, bad, level, "Checksum", fmt.Sprintf("Bad checksum [should be 0x%04x]", want), groupChecksum)
	n.Severity = max(n.Severity, level)
	virtual(addUint(n, status, at, checksumBad))
}

func (b *builder) inErrorNote() int {
	if b.quoted > 0 {
		return len(" [in ICMP error packet]")
	}
	return 0
}

// onesSum adds big-endian 16-bit words in ones' complement.
func onesSum(sum uint32, d []byte) uint16 {
	for len(d) >= 2 {
		sum += uint32(be16(d))
		if sum > 0xfffff {
			sum = sum&0xffff + sum>>16
		}
		d = d[2:]
	}
	if len(d) == 1 {
		sum += uint32(d[0]) << 8
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

// retyped is the checksum of a message whose type is n more.
func retyped(sum uint16, n uint8) uint16 {
	want := uint32(sum) + 0xffff - uint32(n)<<8
	return uint16(want&0xffff + want>>16)
}

func swap16(v uint16) uint16 { return v>>8 | v<<8 }

// walkICMP takes every message, and the packet that an error quotes.
func walkICMP(w *Headers, p payload) {
	if w.short(p, icmpHeaderLen) {
		return
	}
	w.add(idICMP, p)
	h, _ := parseICMP(w.Data[p.off:p.end])
	if !h.isError() {
		w.hide(hidesApplications)
		return
	}
	quoted := p.skip(icmpHeaderLen)
	if d := w.Data[quoted.off:quoted.end]; len(d) >= 4 {
		quoted = quoted.limit(icmpQuoted(&h, p.reported, d))
	}
	w.quote(w.rules.quoted4, quoted)
}

// icmpQuoted is how many bytes of the packet d an error quotes, by Wireshark's rules: a
// redirect the header and eight bytes, others what the length field says in words
// (RFC 4884), where that is less than there is. reported is the message's length.
func icmpQuoted(h *icmpHeader, reported int, d []byte) int {
	header, length := int(d[0]&0x0f)*4, int(h.rest[1])*4
	switch {
	case h.typ == icmpRedirect:
		return header + 8
	case length != 0 && reported > icmpHeaderLen+length && int(be16(d[2:])) > length:
		return header + length
	}
	return reported
}

// quote walks into the packet that an ICMP error quotes.
func (w *Headers) quote(ip carried, p payload) {
	if w.quoted { // an error is never answered with an error
		w.doubt(ClassQuote, hidesAll)
		return
	}
	w.quoted = true
	w.follow(ip, ClassQuote, p)
	w.quoted = false
}
