package dissect

import "fmt"

// This file is VLAN tags: IEEE 802.1Q (0x8100) and the provider tag of 802.1ad (0x88a8).

var (
	vlanPriority = uint16Field("vlan.priority", "Priority", baseDec).mask(0xe000).named(vlanPriorityNames).at(0, 2).ofFlow()
	vlanDEI      = boolField("vlan.dei", "DEI", 16, 0x1000, "Eligible", "Ineligible").at(0, 2).ofFlow()
	vlanID       = uint16Field("vlan.id", "ID", baseDec).mask(0x0fff).at(0, 2).ofFlow()
	vlanType     = uint16Field("vlan.etype", "Type", baseHex).named(etherTypeNames).at(2, 2).onlyIf(tagHasType).ofFlow()
	vlanLen      = uint16Field("vlan.len", "Length", baseDec).at(2, 2).onlyIf(tagHasLength).ofFlow()
	vlanTrailer  = field("vlan.trailer", "Trailer", "BYTES").doubted()

	providerPriority = uint16Field("ieee8021ad.priority", "Priority", baseDec).mask(0xe000).at(0, 2).ofFlow()
	providerDEI      = uint16Field("ieee8021ad.dei", "DEI", baseDec).mask(0x1000).at(0, 2).ofFlow()
	providerID       = uint16Field("ieee8021ad.id", "ID", baseDec).mask(0x0fff).at(0, 2).ofFlow()
	providerType     = uint16Field("ieee8021ah.etype", "Type", baseHex).named(etherTypeNames).at(2, 2).ofFlow()
	providerTrailer  = field("ieee8021ah.trailer", "Trailer", "BYTES").doubted()
)

var vlanProtocol = Protocol{
	ID: idVLAN, Name: "vlan", Long: "802.1Q Virtual LAN", Short: "VLAN",
	Fields:  []*FieldDef{vlanPriority, vlanDEI, vlanID, vlanType, vlanLen, ethPadding, vlanTrailer},
	carries: (*Table).network,
	decode:  decodeVLAN,
	walk:    func(w *Headers, p payload) { walkTag(w, idVLAN, p) },
}

var providerVLANProtocol = Protocol{
	ID: idProviderVLAN, Name: "ieee8021ad", Long: "IEEE 802.1ad", Short: "IEEE 802.1ad",
	Fields:  []*FieldDef{providerPriority, providerDEI, providerID, providerType, ethPadding, providerTrailer},
	carries: (*Table).network,
	decode:  decodeProviderVLAN,
	walk:    func(w *Headers, p payload) { walkTag(w, idProviderVLAN, p) },
}

const vlanHeaderLen = 4

// vlanHeader is a parsed tag and the type that follows it.
type vlanHeader struct{ tci, typ uint16 }

func (h vlanHeader) id() uint16 { return h.tci & 0x0fff }

func parseVLAN(d []byte) (h vlanHeader, ok bool) {
	if len(d) < vlanHeaderLen {
		return h, false
	}
	return vlanHeader{be16(d), be16(d[2:])}, true
}

func decodeVLAN(b *builder, self *Protocol, p payload) {
	b.setProtocol("VLAN")
	h, ok := parseVLAN(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, vlanHeaderLen)
		return
	}
	tci := uint64(h.tci)
	b.vlan = h.id()
	if b.writes() {
		b.setInfo("PRI: %d  DEI: %d  ID: %d", tci>>13, tci>>12&1, h.id())
	}
	n := b.protocol(self, p, vlanHeaderLen, "")
	if n.labelled() {
		n.Label = fmt.Sprintf("802.1Q Virtual LAN, PRI: %d, DEI: %d, ID: %d", tci>>13, tci>>12&1, h.id())
	}
	addUint(n, vlanPriority, p.off, tci)
	addUint(n, vlanDEI, p.off, tci)
	addUint(n, vlanID, p.off, tci)
	b.afterTag(n, p, h)
}

func decodeProviderVLAN(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	h, ok := parseVLAN(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, vlanHeaderLen)
		return
	}
	tci := uint64(h.tci)
	b.vlan = h.id()
	b.setInfo("PRI: %d  DROP: %d  ID: %d", tci>>13, tci>>12&1, h.id())
	n := b.protocol(self, p, vlanHeaderLen, fmt.Sprintf("IEEE 802.1ad, ID: %d", h.id()))
	addUint(n, providerPriority, p.off, tci)
	addUint(n, providerDEI, p.off, tci)
	addUint(n, providerID, p.off, tci)
	addUint(n, providerType, p.off+2, uint64(h.typ))
	next := p.skip(vlanHeaderLen)
	used := b.etherType(h.typ, next) // never a length
	b.trailer(n, next.skip(used), ethPadding, providerTrailer, 0)
	b.lastUsed = p.off + p.reported
}

// afterTag passes on what follows a tag: an EtherType or an 802.3 length. What
// is left of the frame afterwards belongs to the tag's node, as Wireshark has it.
func (b *builder) afterTag(n *node, p payload, h vlanHeader) {
	next := p.skip(vlanHeaderLen)
	whole := next
	if h.typ <= maxLength {
		addUint(n, vlanLen, p.off+2, uint64(h.typ))
		next = next.limit(int(h.typ))
		b.run(b.table.llc, next)
		b.trailer(n, whole.skip(int(h.typ)), ethPadding, vlanTrailer, 0)
	} else {
		addUint(n, vlanType, p.off+2, uint64(h.typ))
		used := b.etherType(h.typ, next)
		b.trailer(n, whole.skip(used), ethPadding, vlanTrailer, 0)
	}
	b.lastUsed = p.off + p.reported
}

// walkTag takes a tag of either kind.
func walkTag(w *Headers, id ID, p payload) {
	if w.short(p, vlanHeaderLen) {
		return
	}
	typ := be16(w.Data[p.off+2:])
	if id == idProviderVLAN && (typ == 0x88a8 || typ == 0x88e7) {
		w.doubt(ClassEtherType, hidesAll) // two tags read as one, and IEEE 802.1ah
		return
	}
	w.add(id, p)
	next := p.skip(vlanHeaderLen)
	if typ <= maxLength && id == idVLAN {
		w.llc(next.limit(int(typ)))
		return
	}
	w.etherType(typ, next)
}

// tagHasType and tagHasLength tell what follows a tag.
func tagHasType(w *Headers, l *Layer) bool   { return be16(w.Data[l.Off+2:]) > maxLength }
func tagHasLength(w *Headers, l *Layer) bool { return !tagHasType(w, l) }
