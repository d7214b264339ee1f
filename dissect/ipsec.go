package dissect

// This file is IPsec: the Encapsulating Security Payload (RFC 4303), what it is
// wrapped in behind a translator (RFC 3948), and the Authentication Header
// (RFC 4302). Nothing is decrypted: what ESP carries is data.

var (
	espSPI      = uint32Field("esp.spi", "ESP SPI", baseHexDec).at(0, 4).ofFlow()
	espSequence = uint32Field("esp.sequence", "ESP Sequence", baseDec).at(4, 4)

	ahNext     = uint8Field("ah.next_header", "Next header", baseDec).named(ipProtoNames).at(0, 1).ofFlow()
	ahLength   = uint8Field("ah.length", "Length", baseDec).at(1, 1)
	ahReserved = field("ah.reserved", "Reserved", "BYTES").at(2, 2)
	ahSPI      = uint32Field("ah.spi", "AH SPI", baseHex).at(4, 4).ofFlow()
	ahSequence = uint32Field("ah.sequence", "AH Sequence", baseDec).at(8, 4)
	ahICV      = field("ah.icv", "AH ICV", "BYTES")

	udpencapKeepalive = field("udpencap.nat_keepalive", "NAT-keepalive packet", "NONE")
	udpencapMarker    = field("udpencap.non_esp_marker", "Non-ESP Marker", "NONE")
)

var espProtocol = Protocol{
	ID: idESP, Name: "esp", Long: "Encapsulating Security Payload", Short: "ESP",
	Fields: []*FieldDef{espSPI, espSequence},
	decode: decodeESP,
	walk:   walkESP,
}

var ahProtocol = Protocol{
	ID: idAH, Name: "ah", Long: "Authentication Header", Short: "AH",
	Fields:  []*FieldDef{ahNext, ahLength, ahReserved, ahSPI, ahSequence, ahICV},
	carries: (*Table).transport,
	decode:  decodeAH,
	walk:    walkAH,
}

var udpencapProtocol = Protocol{
	ID: idUDPEncap, Name: "udpencap", Long: "UDP Encapsulation of IPsec Packets", Short: "UDPENCAP",
	Fields:  []*FieldDef{udpencapKeepalive, udpencapMarker},
	carries: func(*Table) []*Protocol { return []*Protocol{&espProtocol} },
	decode:  decodeUDPEncap,
	walk:    walkUDPEncap,
}

const (
	espHeaderLen = 8
	ahMinHeader  = 12
)

func decodeESP(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	d, ok := b.bytes(p, 0, espHeaderLen)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, espHeaderLen)
		return
	}
	b.setInfo("ESP (SPI=0x%08x)", be32(d))
	n := b.protocol(self, p, p.captured(), self.Long)
	addUint(n, espSPI, p.off, uint64(be32(d)))
	addUint(n, espSequence, p.off+4, uint64(be32(d[4:])))
	b.partial = true
}

func decodeAH(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	d, ok := b.bytes(p, 0, ahMinHeader)
	size := ahMinHeader
	if ok {
		size = ahSize(d[1])
	}
	if !ok || p.captured() < size {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, size)
		return
	}
	b.setInfo("AH (SPI=0x%08x)", be32(d[4:]))
	n := b.ahNode(self, p, size)
	addUint(n, ahNext, p.off, uint64(d[0]))
	addUintf(n, ahLength, p.off+1, uint64(d[1]), "%d (%d bytes)", uint64(d[1]), uint64(size))
	addBytes(n, ahReserved, p.off+2, d[2:4])
	addUint(n, ahSPI, p.off+4, uint64(be32(d[4:])))
	addUint(n, ahSequence, p.off+8, uint64(be32(d[8:])))
	if size > ahMinHeader {
		addBytes(n, ahICV, p.off+ahMinHeader, b.data[p.off+ahMinHeader:p.off+size])
	}
	next := p.skip(size)
	if b.dst.Is6() {
		b.ip6Extensions(b.ip6, d[0], next)
		return
	}
	b.ipProto = d[0]
	b.run(b.table.ipProtos[d[0]], next)
}

// ahNode adds the header's node, which is one of IPv6's extension headers there.
func (b *builder) ahNode(self *Protocol, p payload, size int) *node {
	if b.ip6 == nil || b.rec != nil || !b.dst.Is6() {
		return b.protocol(self, p, size, self.Long)
	}
	f := b.ip6.below()
	f.Name, f.Label, f.Pos, f.Size, f.Protocol = self.Name, self.Long, p.off, size, true
	return f
}

// ahSize is the header's size: its length is in words of four bytes, less two.
func ahSize(length byte) int { return max(4*(int(length)+2), ahMinHeader) }

// decodeUDPEncap tells ESP, a keepalive and IKE after a marker.
func decodeUDPEncap(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	d := b.rest(p)
	switch {
	case len(d) == 1 && d[0] == 0xff:
		b.setInfo("NAT-keepalive")
		n := b.protocol(self, p, 1, self.Long)
		add(n, udpencapKeepalive, p.off, 1, "", udpencapKeepalive.Label)
	case len(d) < 4:
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, 4)
	case be32(d) == 0:
		b.setInfo("ISAKMP")
		n := b.protocol(self, p, 4, self.Long)
		add(n, udpencapMarker, p.off, 4, "", udpencapMarker.Label)
		b.unknown(p.skip(4))
	default:
		b.setInfo("ESP")
		b.protocol(self, p, 0, self.Long)
		b.run(&espProtocol, p)
	}
}

// walkESP takes ESP as a leaf. Wireshark's tries at it are off by default.
func walkESP(w *Headers, p payload) {
	if w.short(p, espHeaderLen) {
		return
	}
	w.add(idESP, p)
	w.hide(hidesApplications)
}

// walkAH goes on by the next header, as IPv4's protocol or as IPv6's.
func walkAH(w *Headers, p payload) {
	if w.short(p, ahMinHeader) {
		return
	}
	d := w.Data[p.off:p.end]
	size := ahSize(d[1])
	switch {
	case d[1] == 0 || size > p.reported: // no length is so short
		w.doubt(ClassHeader, hidesAll)
		return
	case size > len(d):
		w.doubt(ClassCut, hidesAll)
		return
	}
	w.add(idAH, p)
	next := p.skip(size)
	if w.overIPv6() {
		w.ip6Extensions(d[0], next)
		return
	}
	w.follow(w.rules.ipProtos[d[0]], ClassIPProtocol, next)
}

// overIPv6 says that the innermost network layer is IPv6.
func (w *Headers) overIPv6() bool {
	for i := w.n - 1; i > 0; i-- {
		switch w.layers[i].ID {
		case idIP:
			return false
		case idIPv6:
			return true
		}
	}
	return false
}

// walkUDPEncap takes ESP and keepalives, and IKE as a leaf.
func walkUDPEncap(w *Headers, p payload) {
	if p.captured() == 1 && w.Data[p.off] == 0xff && !w.full() {
		w.add(idUDPEncap, p)
		return
	}
	if w.short(p, 4) {
		return
	}
	w.add(idUDPEncap, p)
	if be32(w.Data[p.off:]) == 0 {
		w.hide(hidesApplications)
		return
	}
	walkESP(w, p)
}
