package dissect

// This file is ARP (RFC 826) with probes and announcements (RFC 5227).

var (
	arpHWType   = uint16Field("arp.hw.type", "Hardware type", baseDec).named(arpHardwareNames).at(0, 2)
	arpProtType = uint16Field("arp.proto.type", "Protocol type", baseHex).named(etherTypeNames).at(2, 2)
	arpHWSize   = uint8Field("arp.hw.size", "Hardware size", baseDec).at(4, 1)
	arpProtSize = uint8Field("arp.proto.size", "Protocol size", baseDec).at(5, 1)
	arpOpcode   = uint16Field("arp.opcode", "Opcode", baseDec).named(arpOpcodeNames).at(6, 2)
	arpGrat     = boolField("arp.isgratuitous", "Is gratuitous", 0, 0, "", "")
	arpProbe    = boolField("arp.isprobe", "Is probe", 0, 0, "", "")
	arpAnnounce = boolField("arp.isannouncement", "Is announcement", 0, 0, "", "")
	arpSrcHW    = field("arp.src.hw", "Sender hardware address", "BYTES")
	arpSrcMAC   = field("arp.src.hw_mac", "Sender MAC address", "ETHER").at(8, 6)
	arpSrcProto = field("arp.src.proto", "Sender protocol address", "BYTES")
	arpSrcIP    = field("arp.src.proto_ipv4", "Sender IP address", "IPv4").at(14, 4)
	arpDstHW    = field("arp.dst.hw", "Target hardware address", "BYTES")
	arpDstMAC   = field("arp.dst.hw_mac", "Target MAC address", "ETHER").at(18, 6)
	arpDstProto = field("arp.dst.proto", "Target protocol address", "BYTES")
	arpDstIP    = field("arp.dst.proto_ipv4", "Target IP address", "IPv4").at(24, 4)
)

var arpProtocol = Protocol{
	ID: idARP, Name: "arp", Long: "Address Resolution Protocol", Short: "ARP/RARP",
	Fields: []*FieldDef{
		arpHWType, arpProtType, arpHWSize, arpProtSize, arpOpcode, arpGrat, arpProbe, arpAnnounce, arpSrcHW, arpSrcMAC,
		arpSrcProto, arpSrcIP, arpDstHW, arpDstMAC, arpDstProto, arpDstIP,
	},
	decode: decodeARP,
	walk:   walkARP,
}

var arpOpcodeNames = Values{
	1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply", 5: "DRARP request", 6: "DRARP reply",
	7: "DRARP error", 8: "inverse request", 9: "inverse reply", 10: "arp nak",
}

const arpMinHeader = 8

// arpHeader is a parsed ARP packet; the addresses are as long as it says.
type arpHeader struct {
	hardware, protocol, op uint16
	hwSize, protSize       uint8
	sha, spa, tha, tpa     []byte
}

func (h *arpHeader) size() int { return arpMinHeader + 2*int(h.hwSize) + 2*int(h.protSize) }

// ethernet and ipv4 say whether the addresses are of the usual kinds.
func (h *arpHeader) ethernet() bool { return (h.hardware == 1 || h.hardware == 6) && h.hwSize == 6 }
func (h *arpHeader) ipv4() bool     { return h.protocol == 0x0800 && h.protSize == 4 }

// parseARP reads the packet; ok says that it was all there, and the fixed part
// is read where that is.
func parseARP(d []byte) (h arpHeader, fixed, ok bool) {
	if len(d) < arpMinHeader {
		return h, false, false
	}
	h = arpHeader{hardware: be16(d), protocol: be16(d[2:]), hwSize: d[4], protSize: d[5], op: be16(d[6:])}
	if len(d) < h.size() {
		return h, true, false
	}
	hw, prot := int(h.hwSize), int(h.protSize)
	a := d[arpMinHeader:]
	h.sha, a = a[:hw], a[hw:]
	h.spa, a = a[:prot], a[prot:]
	h.tha, a = a[:hw], a[hw:]
	h.tpa = a[:prot]
	return h, true, true
}

// kind is what a packet's addresses make of it.
type arpKind struct{ gratuitous, probe, announcement bool }

func (h *arpHeader) kind() (k arpKind) {
	if !h.ipv4() || h.op > 2 {
		return k
	}
	switch {
	case h.op == 1 && zero(h.spa):
		k.probe = true
	case string(h.spa) == string(h.tpa):
		k.gratuitous = true
		k.announcement = h.op == 1 && zero(h.tha)
	}
	return k
}

func decodeARP(b *builder, self *Protocol, p payload) {
	b.setProtocol("ARP")
	h, fixed, ok := parseARP(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		if fixed {
			b.exception(self, p, h.size())
		} else {
			b.exception(self, p, arpMinHeader)
		}
		return
	}
	b.lastUsed = p.off + h.size()
	k := h.kind()
	if b.writes() {
		b.arpInfo(&h, k)
	}
	b.arpNodes(self, p, &h, k)
}

func (h *arpHeader) protText(a []byte) string {
	if h.ipv4() {
		return addr4(a).String()
	}
	return bytesText(a)
}

func (h *arpHeader) hwText(a []byte) string {
	if h.ethernet() {
		return etherText(a)
	}
	return bytesText(a)
}

func (b *builder) arpInfo(h *arpHeader, k arpKind) {
	sender, target := h.protText(h.spa), h.protText(h.tpa)
	switch {
	case k.announcement:
		b.setInfo("ARP Announcement for %s", target)
	case k.gratuitous && h.op == 1:
		b.setInfo("Gratuitous ARP for %s (Request)", target)
	case k.gratuitous:
		b.setInfo("Gratuitous ARP for %s (Reply)", sender)
	case k.probe:
		b.setInfo("Who has %s? (ARP Probe)", target)
	case h.op == 1:
		b.setInfo("Who has %s? Tell %s", target, sender)
	case h.op == 2:
		b.setInfo("%s is at %s", sender, h.hwText(h.sha))
	case h.op == 3 || h.op == 5:
		b.setInfo("Who is %s? Tell %s", h.hwText(h.tha), h.hwText(h.sha))
	case h.op == 4 || h.op == 6:
		b.setInfo("%s is at %s", h.hwText(h.tha), target)
	case h.op == 8:
		b.setInfo("Who is %s? Tell %s", h.hwText(h.tha), h.hwText(h.sha))
	case h.op == 9:
		b.setInfo("%s is at %s", h.hwText(h.sha), sender)
	default:
		b.setInfo("Unknown ARP opcode 0x%04x", h.op)
	}
	if h.op >= 3 && h.op <= 6 {
		b.setProtocol("RARP")
	}
}

func (b *builder) arpNodes(self *Protocol, p payload, h *arpHeader, k arpKind) {
	if !b.tree {
		return
	}
	at := p.off
	title := arpOpcodeNames.name(uint64(h.op), "Unknown")
	switch {
	case k.announcement:
		title = "ARP Announcement"
	case k.gratuitous:
		title += "/gratuitous ARP"
	case k.probe:
		title = "ARP Probe"
	}
	n := b.protocol(self, p, h.size(), "Address Resolution Protocol ("+title+")")
	if n == nil {
		return
	}
	addUint(n, arpHWType, at, uint64(h.hardware))
	addUint(n, arpProtType, at+2, uint64(h.protocol))
	addUint(n, arpHWSize, at+4, uint64(h.hwSize))
	addUint(n, arpProtSize, at+5, uint64(h.protSize))
	addUint(n, arpOpcode, at+6, uint64(h.op))
	if k.gratuitous {
		virtual(addUint(n, arpGrat, at, 1))
	}
	if k.probe {
		virtual(addUint(n, arpProbe, at, 1))
	}
	if k.announcement {
		virtual(addUint(n, arpAnnounce, at, 1))
	}
	at = h.addresses(n, at+arpMinHeader, h.sha, h.spa, arpSrcMAC, arpSrcHW, arpSrcIP, arpSrcProto)
	h.addresses(n, at, h.tha, h.tpa, arpDstMAC, arpDstHW, arpDstIP, arpDstProto)
}

// addresses adds one side's two addresses and returns where the next side begins.
func (h *arpHeader) addresses(n *node, at int, hw, prot []byte, mac, anyHW, ip, anyProt *FieldDef) int {
	if len(hw) > 0 && h.ethernet() {
		addString(n, mac, at, len(hw), etherText(hw))
	} else if len(hw) > 0 {
		addBytes(n, anyHW, at, hw)
	}
	at += len(hw)
	if len(prot) > 0 && h.ipv4() {
		addAddr(n, ip, at, addr4(prot))
	} else if len(prot) > 0 {
		addBytes(n, anyProt, at, prot)
	}
	return at + len(prot)
}

// walkARP takes Ethernet and IPv4 addresses; of others nothing is said.
func walkARP(w *Headers, p payload) {
	const size = 28
	if p.captured() >= 8 && (be16(w.Data[p.off:]) != 1 || be16(w.Data[p.off+2:]) != 0x0800 || be16(w.Data[p.off+4:]) != 0x0604) {
		w.doubt(ClassHeader, setOf(idARP))
		return
	}
	if p.captured() < size || p.reported < size {
		w.doubt(ClassCut, setOf(idARP))
		return
	}
	if !w.full() {
		w.add(idARP, p)
	}
}
