package dissect

import "fmt"

// This file is the link layers besides Ethernet: BSD loopback (LINKTYPE_NULL,
// LINKTYPE_LOOP), raw IP, and Linux cooked captures, both versions.

var (
	nullFamily = uint32Field("null.family", "Family", baseDec).named(nullFamilyNames)
	nullType   = uint16Field("null.type", "Type", baseHex).named(etherTypeNames)

	sllPacketType = uint16Field("sll.pkttype", "Packet type", baseDec).named(sllPacketTypeNames)
	sllHWType     = uint16Field("sll.hatype", "Link-layer address type", baseDec).named(arpHardwareNames)
	sllHWLen      = uint16Field("sll.halen", "Link-layer address length", baseDec)
	sllSrcEther   = field("sll.src.eth", "Source", "ETHER")
	sllSrcIPv4    = field("sll.src.ipv4", "Source", "IPv4")
	sllSrcOther   = field("sll.src.other", "Source", "BYTES")
	sllUnused     = field("sll.unused", "Unused", "BYTES")
	sllEtherType  = uint16Field("sll.etype", "Protocol", baseHex).named(etherTypeNames)
	sllLinuxType  = uint16Field("sll.ltype", "Protocol", baseHex).named(sllProtocolNames)
	sllIndex      = uint32Field("sll.ifindex", "Interface index", baseDec)
	sllTrailer    = field("sll.trailer", "Trailer", "BYTES").doubted()
)

var nullProtocol = Protocol{
	ID: idNull, Name: "null", Long: "Null/Loopback", Short: "Null",
	Fields:  []*FieldDef{nullFamily, nullType},
	carries: (*Table).network,
	decode:  decodeNull,
	walk:    walkNull,
}

var rawProtocol = Protocol{
	ID: idRaw, Name: "raw", Long: "Raw packet data", Short: "Raw",
	carries: (*Table).network, decode: decodeRaw, walk: walkRaw,
}

var sllProtocol = Protocol{
	ID: idSLL, Name: "sll", Long: "Linux cooked-mode capture", Short: "SLL",
	Fields: []*FieldDef{
		sllPacketType, sllHWType, sllHWLen, sllSrcEther, sllSrcIPv4, sllSrcOther, sllUnused, sllEtherType, sllLinuxType,
		sllIndex, sllTrailer,
	},
	carries: (*Table).network,
	decode:  decodeSLL,
	walk:    walkSLL,
}

const nullHeaderLen = 4

// decodeNull reads the address family, which is in the byte order of the host
// that captured it: a value above 0xffff is the other order's.
func decodeNull(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setAddresses("N/A", "N/A")
	d, ok := b.bytes(p, 0, nullHeaderLen)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, nullHeaderLen)
		return
	}
	family := be32(d)
	if family&0xffff0000 != 0 {
		family = uint32(d[3])<<24 | uint32(d[2])<<16 | uint32(d[1])<<8 | uint32(d[0])
	}
	n := b.protocol(self, p, nullHeaderLen, self.Long)
	addUint(n, nullFamily, p.off, uint64(family))
	next := p.skip(nullHeaderLen)
	switch family {
	case 2:
		b.run(b.table.etherTypes[0x0800], next)
	case 24, 28, 30:
		b.run(b.table.etherTypes[0x86dd], next)
	default:
		b.unknown(next)
	}
}

// decodeRaw tells IPv4 from IPv6 by the version.
func decodeRaw(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setAddresses("N/A", "N/A")
	b.protocol(self, p, 0, self.Long)
	d, ok := b.bytes(p, 0, 1)
	switch {
	case ok && d[0]>>4 == 4:
		b.run(b.table.etherTypes[0x0800], p)
	case ok && d[0]>>4 == 6:
		b.run(b.table.etherTypes[0x86dd], p)
	default:
		b.unknown(p)
	}
}

// sllHeader is a parsed Linux cooked header of either version.
type sllHeader struct {
	version                      int
	packetType, hwType           uint16
	hwLen, protocol              uint16
	index                        uint32
	addr                         [8]byte
	size, addrAt, typeAt, protAt int
}

const (
	sllHeaderLen  = 16
	sll2HeaderLen = 20
)

func parseSLL(d []byte, version int) (h sllHeader, ok bool) {
	if version == 2 {
		if len(d) < sll2HeaderLen {
			return sllHeader{size: sll2HeaderLen}, false
		}
		return sllHeader{
			version: 2, protocol: be16(d), index: be32(d[4:]), hwType: be16(d[8:]), packetType: uint16(d[10]), hwLen: uint16(d[11]),
			addr: [8]byte(d[12:20]), size: sll2HeaderLen, addrAt: 12, typeAt: 10, protAt: 0,
		}, true
	}
	if len(d) < sllHeaderLen {
		return sllHeader{size: sllHeaderLen}, false
	}
	return sllHeader{
		version: 1, packetType: be16(d), hwType: be16(d[2:]), hwLen: be16(d[4:]), addr: [8]byte(d[6:14]), protocol: be16(d[14:]),
		size: sllHeaderLen, addrAt: 6, typeAt: 0, protAt: 14,
	}, true
}

func decodeSLL(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	version := 1
	if b.in.LinkType == linkSLL2 {
		version = 2
	}
	h, ok := parseSLL(b.rest(p), version)
	title := fmt.Sprintf("Linux cooked capture v%d", version)
	if !ok {
		b.protocol(self, p, p.captured(), title)
		b.exception(self, p, h.size)
		return
	}
	if h.hwLen == 6 {
		b.setAddresses(etherText(h.addr[:6]), "")
	}
	b.setInfo("%s", sllPacketTypeNames.name(uint64(h.packetType), "Unknown"))
	n := b.protocol(self, p, h.size, title)
	if version == 2 {
		addUint(n, h.protocolField(), p.off, uint64(h.protocol))
		addUint(n, sllIndex, p.off+4, uint64(h.index))
		addUint(n, sllHWType, p.off+8, uint64(h.hwType))
		addUint(n, sllPacketType, p.off+10, uint64(h.packetType)).resize(1)
		addUint(n, sllHWLen, p.off+11, uint64(h.hwLen)).resize(1)
		h.addrNodes(n, p.off)
	} else {
		addUint(n, sllPacketType, p.off, uint64(h.packetType))
		addUint(n, sllHWType, p.off+2, uint64(h.hwType))
		addUint(n, sllHWLen, p.off+4, uint64(h.hwLen))
		h.addrNodes(n, p.off)
		addUint(n, h.protocolField(), p.off+14, uint64(h.protocol))
	}
	next := p.skip(h.size)
	if h.protocol < 0x0600 {
		b.unknown(next)
		return
	}
	used := b.etherType(h.protocol, next)
	if t := next.skip(used); n != nil && t.captured() > 0 {
		addBytes(n, sllTrailer, t.off, b.rest(t))
	}
}

func (h *sllHeader) protocolField() *FieldDef {
	if h.protocol < 0x0600 {
		return sllLinuxType
	}
	return sllEtherType
}

// addrNodes adds the sender's address and the rest of its eight bytes.
func (h *sllHeader) addrNodes(n *node, at int) {
	if n == nil {
		return
	}
	at += h.addrAt
	size := min(int(h.hwLen), 8)
	a := h.addr[:size]
	switch size {
	case 0:
	case 4:
		addAddr(n, sllSrcIPv4, at, addr4(a))
	case 6:
		addString(n, sllSrcEther, at, 6, etherText(a))
	default:
		addBytes(n, sllSrcOther, at, a)
	}
	if size < 8 {
		addBytes(n, sllUnused, at+size, h.addr[size:])
	}
}

// walkNull takes the address families of IP.
func walkNull(w *Headers, p payload) {
	if w.short(p, nullHeaderLen) {
		return
	}
	d := w.Data[p.off:p.end]
	family := be32(d)
	if family&0xffff0000 != 0 {
		family = uint32(d[3])<<24 | uint32(d[2])<<16 | uint32(d[1])<<8 | uint32(d[0])
	}
	switch family {
	case 2:
		w.add(idNull, p)
		w.etherType(0x0800, p.skip(nullHeaderLen))
	case 24, 28, 30:
		w.add(idNull, p)
		w.etherType(0x86dd, p.skip(nullHeaderLen))
	default:
		w.doubt(ClassLinkType, hidesAll)
	}
}

func walkRaw(w *Headers, p payload) {
	if w.short(p, 1) {
		return
	}
	switch w.Data[p.off] >> 4 {
	case 4:
		w.add(idRaw, p)
		w.etherType(0x0800, p)
	case 6:
		w.add(idRaw, p)
		w.etherType(0x86dd, p)
	default:
		w.doubt(ClassLinkType, hidesAll)
	}
}

// walkSLL and walkSLL2 take what has an EtherType.
func walkSLL(w *Headers, p payload)  { w.sll(p, 1) }
func walkSLL2(w *Headers, p payload) { w.sll(p, 2) }

func (w *Headers) sll(p payload, version int) {
	h, ok := parseSLL(w.Data[p.off:p.end], version)
	if !ok {
		w.doubt(ClassCut, hidesAll)
		return
	}
	const netlink, gre = 824, 778 // ARPHRD_ of which what follows is no EtherType's
	if h.protocol <= minEtherType || h.hwType == netlink || h.hwType == gre {
		w.doubt(ClassLinkType, hidesAll)
		return
	}
	w.add(idSLL, p)
	w.etherType(h.protocol, p.skip(h.size))
}
