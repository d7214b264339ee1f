package dissect

import "fmt"

// This file is Ethernet (IEEE 802.3 clause 3): Ethernet II and 802.3 framing,
// and the bytes after the payload.

var (
	ethDst         = field("eth.dst", "Destination", "ETHER").at(0, 6).ofFlow()
	ethDstResolved = field("eth.dst_resolved", "Destination (resolved)", "STRING").doubted()
	ethDstOUI      = uint24Field("eth.dst.oui", "Destination OUI", baseDec).at(0, 3)
	ethDstLG       = boolField("eth.dst.lg", "LG bit", 24, 0x020000, lgLocal, lgGlobal).at(0, 3)
	ethDstIG       = boolField("eth.dst.ig", "IG bit", 24, 0x010000, igGroup, igIndividual).at(0, 3)
	ethSrc         = field("eth.src", "Source", "ETHER").at(6, 6).ofFlow()
	ethSrcResolved = field("eth.src_resolved", "Source (resolved)", "STRING").doubted()
	ethSrcOUI      = uint24Field("eth.src.oui", "Source OUI", baseDec).at(6, 3)
	ethSrcLG       = boolField("eth.src.lg", "LG bit", 24, 0x020000, lgLocal, lgGlobal).at(6, 3)
	ethSrcIG       = boolField("eth.src.ig", "IG bit", 24, 0x010000, igGroup, igIndividual).at(6, 3)
	ethAddr        = field("eth.addr", "Address", "ETHER").at(0, 6).at(6, 6).ofFlow()
	ethAddrRes     = field("eth.addr_resolved", "Address (resolved)", "STRING").doubted()
	ethAddrOUI     = uint24Field("eth.addr.oui", "Address OUI", baseDec).at(0, 3).at(6, 3)
	ethLG          = boolField("eth.lg", "LG bit", 24, 0x020000, lgLocal, lgGlobal).at(0, 3).at(6, 3)
	ethIG          = boolField("eth.ig", "IG bit", 24, 0x010000, igGroup, igIndividual).at(0, 3).at(6, 3)
	ethType        = uint16Field("eth.type", "Type", baseHex).named(etherTypeNames).at(12, 2).onlyIf(ethHasType).ofFlow()
	ethLen         = uint16Field("eth.len", "Length", baseDec).at(12, 2).onlyIf(ethHasLength).ofFlow()
	ethPadding     = field("eth.padding", "Padding", "BYTES").doubted()
	ethTrailer     = field("eth.trailer", "Trailer", "BYTES").doubted()
	ethFCS         = uint32Field("eth.fcs", "Frame check sequence", baseHex).doubted()
	ethFCSStatus   = uint8Field("eth.fcs.status", "FCS Status", baseNone).named(checksumStatusNames).doubted()
	ethPadBad      = field("eth.padding_bad", "Padding identification may be inaccurate and impact trailer dissector", "NONE")
	ethSrcGroup    = field("eth.src_not_group", "Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)", "NONE")
)

const (
	lgLocal      = "Locally administered address (this is NOT the factory default)"
	lgGlobal     = "Globally unique address (factory default)"
	igGroup      = "Group address (multicast/broadcast)"
	igIndividual = "Individual address (unicast)"
)

// checksumStatusNames are Wireshark's states of a checksum (proto.h).
var checksumStatusNames = Values{0: "Bad", 1: "Good", 2: "Unverified", 3: "Not present", 4: "Illegal"}

// The states of a checksum.
const (
	checksumBad        = 0
	checksumGood       = 1
	checksumUnverified = 2
	checksumNotPresent = 3
)

var ethProtocol = Protocol{
	ID: idEth, Name: "eth", Long: "Ethernet", Short: "Ethernet",
	Fields: []*FieldDef{
		ethDst, ethDstResolved, ethDstOUI, ethDstLG, ethDstIG, ethSrc, ethSrcResolved, ethSrcOUI, ethSrcLG, ethSrcIG,
		ethAddr, ethAddrRes, ethAddrOUI, ethLG, ethIG, ethType, ethLen, ethPadding, ethTrailer, ethFCS, ethFCSStatus, ethPadBad, ethSrcGroup,
	},
	carries: (*Table).network,
	decode:  decodeEth,
	walk:    walkEth,
}

const ethHeaderLen = 14

// isLength tells a length from an EtherType. Wireshark takes 0 for the latter.
func isLength(typ uint16) bool { return typ != 0 && typ <= maxLength }

// maxLength is the largest value of the type field that is a length (IEEE 802.3 clause 3.2.6).
const maxLength = 1500

// ethHeader is a parsed Ethernet header.
type ethHeader struct {
	dst, src [6]byte
	typ      uint16
}

func parseEth(d []byte) (h ethHeader, ok bool) {
	if len(d) < ethHeaderLen {
		return h, false
	}
	return ethHeader{dst: [6]byte(d[0:6]), src: [6]byte(d[6:12]), typ: be16(d[12:])}, true
}

func decodeEth(b *builder, self *Protocol, p payload) {
	b.setProtocol("Ethernet")
	h, ok := parseEth(b.rest(p))
	if !ok {
		b.exception(self, p, ethHeaderLen)
		return
	}
	kind := "Ethernet II"
	if isLength(h.typ) {
		kind = "IEEE 802.3 Ethernet"
	}
	if b.writes() {
		b.setAddresses(etherText(h.src[:]), etherText(h.dst[:]))
		b.setInfo("%s", kind)
	}
	n := b.protocol(self, p, ethHeaderLen, kind)
	if n != nil {
		if n.labelled() && !isLength(h.typ) {
			n.Label = fmt.Sprintf("%s, Src: %s, Dst: %s", kind, etherText(h.src[:]), etherText(h.dst[:]))
		}
		addEthAddr(n, p.off, h.dst[:], ethDst, ethDstResolved, ethDstOUI, ethDstLG, ethDstIG)
		addEthAddr(n, p.off+6, h.src[:], ethSrc, ethSrcResolved, ethSrcOUI, ethSrcLG, ethSrcIG)
	}
	next := p.skip(ethHeaderLen)
	if isLength(h.typ) {
		addUint(n, ethLen, p.off+12, uint64(h.typ))
		b.run(b.table.llc, next.limit(int(h.typ)))
		b.trailer(n, next.skip(int(h.typ)), ethPadding, ethTrailer, b.in.FCS)
		return
	}
	if h.typ > maxLength && h.typ < minEtherType { // neither
		b.unknown(next)
		return
	}
	addUint(n, ethType, p.off+12, uint64(h.typ))
	used := b.etherType(h.typ, next)
	b.trailer(n, next.skip(used), ethPadding, ethTrailer, b.in.FCS)
}

// addEthAddr adds an address with the fields that Wireshark derives from it.
func addEthAddr(n *node, pos int, a []byte, d, resolved, oui, lg, ig *FieldDef) {
	if !n.wantsAny(d, resolved, oui, lg, ig, ethSrcGroup, ethAddr, ethAddrRes, ethAddrOUI, ethLG, ethIG) {
		return
	}
	text := etherText(a)
	f := addString(n, d, pos, 6, text)
	ouiText := colonHex(a[:3])
	top := uint64(be24(a))
	hide(addString(f, resolved, pos, 6, text))
	hide(add(f, oui, pos, 3, fmt.Sprint(top), oui.Label+": "+ouiText))
	if d == ethSrc && a[0]&1 == 1 {
		addExpert(f, ethSrcGroup, SeverityWarn, "Protocol", ethSrcGroup.Label, groupProtocol)
		n.Severity = SeverityWarn
	}
	addString(f, ethAddr, pos, 6, text)
	hide(addString(f, ethAddrRes, pos, 6, text))
	hide(add(f, ethAddrOUI, pos, 3, fmt.Sprint(top), ethAddrOUI.Label+": "+ouiText))
	addUint(f, lg, pos, top)
	hide(addUint(f, ethLG, pos, top))
	addUint(f, ig, pos, top)
	hide(addUint(f, ethIG, pos, top))
}

// etherType passes a payload on by its EtherType and returns how many bytes
// the next layer accounted for: what follows is padding or a trailer.
func (b *builder) etherType(typ uint16, p payload) (used int) {
	b.path = append(b.path, "ethertype")
	b.lastUsed = 0
	proto := b.table.etherTypes[typ]
	if proto == nil {
		b.setProtocol(fmt.Sprintf("0x%04x", typ))
		if name, ok := etherTypeNames[uint64(typ)]; ok {
			b.setInfo("%s", name)
		}
	}
	b.run(proto, p)
	if b.lastUsed == 0 {
		return p.reported
	}
	return b.lastUsed - p.off
}

// minFrame is the shortest Ethernet frame without its FCS.
const minFrame = 60

// trailer adds what follows the payload: zero padding up to the minimum frame
// length, then a trailer. fcs is how many bytes of frame check sequence there
// are, -1 where the file does not say: then a frame that is long enough to have one has.
func (b *builder) trailer(n *node, t payload, padding, trailer *FieldDef, fcs int) {
	if n == nil || t.captured() == 0 {
		return
	}
	rest, pos, size := b.rest(t), t.off, int(b.in.Original)
	padded := false
	if pad := minFrame - (size - t.reported); pad > 0 && size >= minFrame && pad <= len(rest) && zero(rest[:pad]) {
		addBytes(n, padding, pos, rest[:pad])
		rest, pos, padded = rest[pad:], pos+pad, true
	}
	hasFCS := len(rest) >= 4 && (fcs == 4 || fcs < 0 && size >= minFrame+4)
	if hasFCS {
		rest = rest[:len(rest)-4]
	}
	if len(rest) > 0 {
		f := addBytes(n, trailer, pos, rest)
		if short := minFrame - (size - t.reported); trailer == ethTrailer && !padded && short > 0 && size >= minFrame {
			addExpert(f, ethPadBad, SeverityNote, "Protocol", "Didn't find padding of zeros, and an undecoded trailer exists. There may be padding of non-zeros.", groupProtocol)
			n.Severity = max(n.Severity, SeverityNote)
		}
	}
	if hasFCS {
		pos = t.end - 4
		addUintText(n, ethFCS, pos, uint64(be32(b.data[pos:])), fmt.Sprintf("0x%08x [unverified]", be32(b.data[pos:])))
		virtual(addUint(n, ethFCSStatus, pos, checksumUnverified))
	}
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// walkEth takes both framings. A length below the smallest type, and what has
// neither, is left to Wireshark, as are Novell's raw frames and Cisco's ISL.
func walkEth(w *Headers, p payload) {
	if w.short(p, ethHeaderLen) {
		return
	}
	d := w.Data[p.off:p.end]
	typ := be16(d[12:])
	next := p.skip(ethHeaderLen)
	switch {
	case typ > maxLength && typ < minEtherType: // neither: the rest is data
		w.add(idEth, p)
		w.hide(hidesApplications)
		return
	case isFabricPath(d, typ):
		w.doubt(ClassEtherType, hidesAll)
		return
	case typ > maxLength, typ == 0 && !isISL(d): // 0 is taken for a type
		w.add(idEth, p)
		w.etherType(typ, next)
		return
	case isISL(d):
		w.doubt(ClassHeader, hidesAll)
		return
	}
	w.add(idEth, p)
	w.llc(next.limit(int(typ)))
}

// minEtherType is the smallest value of the type field that is one (IEEE 802.3 clause 3.2.6).
const minEtherType = 0x0600

// isISL tells the destination of Cisco's Inter-Switch Link, whose frames look
// like those of 802.3.
func isISL(d []byte) bool {
	return (d[0] == 0x01 || d[0] == 0x0c) && d[1] == 0 && d[2] == 0x0c && d[3] == 0 && d[4] == 0
}

// isFabricPath tells frames with Cisco's FabricPath tag, also behind a VLAN tag: what
// is where Ethernet has its addresses are other ones.
func isFabricPath(d []byte, typ uint16) bool {
	const fabricPath = 0x8903
	return typ == fabricPath || (typ == 0x8100 || typ == 0x88a8) && len(d) >= 18 && be16(d[16:]) == fabricPath
}

// etherType walks on into what an EtherType names.
func (w *Headers) etherType(typ uint16, p payload) {
	w.follow(w.rules.etherTypes[typ], ClassEtherType, p)
}

// ethHasType and ethHasLength tell the two framings.
func ethHasType(w *Headers, l *Layer) bool {
	typ := be16(w.Data[l.Off+12:])
	return typ == 0 || typ >= minEtherType
}
func ethHasLength(w *Headers, l *Layer) bool { return isLength(be16(w.Data[l.Off+12:])) }
