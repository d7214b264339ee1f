package dissect

import (
	"fmt"

	"pktsh/dissect/stream"
)

// This file is UDP (RFC 768).

var (
	udpSrcPort  = uint16Field("udp.srcport", "Source Port", baseUDP).at(0, 2).ofFlow()
	udpDstPort  = uint16Field("udp.dstport", "Destination Port", baseUDP).at(2, 2).ofFlow()
	udpPort     = uint16Field("udp.port", "Source or Destination Port", baseUDP).at(0, 2).at(2, 2).ofFlow()
	udpLength   = uint16Field("udp.length", "Length", baseDec).at(4, 2)
	udpChecksum = uint16Field("udp.checksum", "Checksum", baseHex).at(6, 2).onlyIf(udpFits)
	udpStatus   = uint8Field("udp.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames)
	udpStream   = uint32Field("udp.stream", "Stream index", baseDec).stateful()
	udpRelative = field("udp.time_relative", "Time since first frame", "RELATIVE_TIME").stateful()
	udpDelta    = field("udp.time_delta", "Time since previous frame", "RELATIVE_TIME").stateful()
	udpPayload  = field("udp.payload", "Payload", "BYTES")
	udpTrace    = field("udp.possible_traceroute", "Possible traceroute", "NONE")
)

var udpProtocol = Protocol{
	ID: idUDP, Name: "udp", Long: "User Datagram Protocol", Short: "UDP",
	Fields: []*FieldDef{
		udpSrcPort, udpDstPort, udpPort, udpLength, udpChecksum, udpStatus, udpStream, udpRelative, udpDelta, udpPayload, udpTrace,
	},
	carries: (*Table).overUDP,
	decode:  decodeUDP,
	walk:    walkUDP,
}

const udpHeaderLen = 8

// udpHeader is a parsed UDP header.
type udpHeader struct{ src, dst, length, checksum uint16 }

func parseUDP(d []byte) (h udpHeader, ok bool) {
	if len(d) < udpHeaderLen {
		return h, false
	}
	return udpHeader{be16(d), be16(d[2:]), be16(d[4:]), be16(d[6:])}, true
}

func decodeUDP(b *builder, self *Protocol, p payload) {
	b.setProtocol("UDP")
	h, ok := parseUDP(b.rest(p))
	if !ok {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, udpHeaderLen)
		return
	}
	b.srcPort, b.dstPort, b.ipProto = h.src, h.dst, 17
	size := int(h.length)
	jumbo := size == 0 && b.dst.Is6()
	if jumbo {
		size = p.reported // the length is in IPv6 (RFC 2675 section 4)
	}
	switch {
	case !b.writes():
	case jumbo:
		b.setInfo("%d → %d Len=%d", h.src, h.dst, size-udpHeaderLen)
	case size < udpHeaderLen:
		b.setInfo("%d → %d [BAD UDP LENGTH %d < 8]", h.src, h.dst, size)
	case size > p.reported && b.quoted == 0:
		b.setInfo("%d → %d [BAD UDP LENGTH %d > IP PAYLOAD LENGTH] Len=%d", h.src, h.dst, size, size-udpHeaderLen)
	default:
		b.setInfo("%d → %d Len=%d", h.src, h.dst, size-udpHeaderLen)
	}
	d := stream.Datagram{Src: stream.Endpoint{Addr: b.src, Port: h.src}, Dst: stream.Endpoint{Addr: b.dst, Port: h.dst}}
	var flow stream.UDP
	if b.in.Flows != nil && size >= udpHeaderLen {
		flow = b.in.Flows.UDP(b.in.Number, d)
	}
	next := p.limit(max(size, udpHeaderLen)).skip(udpHeaderLen)
	b.udpNodes(self, p, h, flow, next)
	if size < udpHeaderLen || next.reported == 0 {
		return
	}
	proto := b.table.port(b.table.udpPorts, h.src, h.dst)
	if proto == nil {
		proto = udpGuess(b.rest(next))
	}
	b.run(proto, next)
}

// port picks the protocol of a pair of ports: the lower one's first, as Wireshark does.
func (t *Table) port(ports map[uint16]*Protocol, src, dst uint16) *Protocol {
	low, high := min(src, dst), max(src, dst)
	if p := ports[low]; p != nil {
		return p
	}
	return ports[high]
}

func (b *builder) udpNodes(self *Protocol, p payload, h udpHeader, flow stream.UDP, next payload) {
	n := b.protocol(self, p, udpHeaderLen, "")
	if n == nil {
		return
	}
	if n.labelled() {
		n.Label = fmt.Sprintf("User Datagram Protocol, Src Port: %d, Dst Port: %d", h.src, h.dst)
	}
	at := p.off
	addUint(n, udpSrcPort, at, uint64(h.src))
	addUint(n, udpDstPort, at+2, uint64(h.dst))
	hide(addUint(n, udpPort, at, uint64(h.src)))
	hide(addUint(n, udpPort, at+2, uint64(h.dst)))
	length := addUint(n, udpLength, at+4, uint64(h.length))
	switch size := int(h.length); {
	case size < udpHeaderLen && !(size == 0 && b.dst.Is6()):
		length.Label += fmt.Sprintf(" (bogus, must be >= %d)", udpHeaderLen)
	case size > p.reported && b.quoted == 0:
		length.Label += fmt.Sprintf(" (bogus, payload length %d)", p.reported)
	}
	if int(h.length) < udpHeaderLen && !(h.length == 0 && b.dst.Is6()) {
		return // Wireshark reads no further
	}
	note, status := " [unverified]", uint64(checksumUnverified)
	if h.checksum == 0 {
		note, status = " [zero-value ignored]", checksumNotPresent
		if b.src.Is6() && b.quoted == 0 {
			note = " [Illegal]"
			status = 4
		}
	}
	sum := addUintf(n, udpChecksum, at+6, uint64(h.checksum), "0x%04x"+note, uint64(h.checksum))
	under := n
	if h.checksum == 0 {
		under = sum // where Wireshark has it when there is no checksum
	}
	virtual(addUint(under, udpStatus, at+6, status))
	if flow.Known {
		virtual(addUint(n, udpStream, at+8, uint64(flow.Stream)))
		b.streamTimes(n, at, flow.First, flow.Previous, udpRelative, udpDelta)
	}
	if size := next.captured(); size > 0 && n.wants(udpPayload) {
		f := addBlock(n, udpPayload, next.off, b.rest(p.skip(udpHeaderLen)), "") // beyond the datagram's own length, too
		relabel(f, "UDP payload (%d byte%s)", size, plural(size))
	}
}

// streamTimes adds the times since a conversation's first and previous frames.
func (b *builder) streamTimes(n *node, at int, first, previous uint32, relative, delta *FieldDef) {
	if !b.in.HasTime || b.in.TimeOf == nil {
		return
	}
	f := computed(addText(n, at, 0, "Timestamps"))
	virtual(addSeconds(f, relative, at, b.in.Time-b.in.TimeOf(first)))
	virtual(addSeconds(f, delta, at, b.in.Time-b.in.TimeOf(previous)))
}

// udpFits says that the length of a datagram is one: Wireshark goes no further
// otherwise.
func udpFits(w *Headers, l *Layer) bool {
	size := be16(w.Data[l.Off+4:])
	return size >= udpHeaderLen || size == 0 && l.Size >= udpHeaderLen && w.before(l, 1) == idIPv6
}

// walkUDP takes datagrams that are all there, whatever their length says.
func walkUDP(w *Headers, p payload) {
	if w.short(p, udpHeaderLen) {
		return
	}
	d := w.Data[p.off:p.end]
	size := int(be16(d[4:]))
	if size == 0 && w.layers[w.n-1].ID == idIPv6 {
		size = p.reported // the length is in IPv6 (RFC 2675 section 4)
	}
	w.add(idUDP, p)
	if size <= udpHeaderLen { // nothing in it, or a length that cannot be
		return
	}
	next := p.limit(size).skip(udpHeaderLen)
	data := w.Data[next.off:next.end]
	if carriesPacketsOverUDP(data, next.reported) {
		w.doubt(ClassHeuristic, hidesAll)
		return
	}
	src, dst := be16(d), be16(d[2:])
	if mayBeDNSOverQUIC(data, src, dst) || mayBeDNS(data, next.reported) && !w.rules.namesOn(src, dst) {
		w.hide(hidesDNS)
	}
	w.followPorts(w.rules.udp, src, dst, next)
}
