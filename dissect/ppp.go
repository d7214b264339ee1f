package dissect

import "fmt"

// This file is PPP (RFC 1661), with and without the address and control of its
// framing (RFC 1662), and Cisco HDLC, which shares its links.

var (
	pppAddressField = uint8Field("ppp.address", "Address", baseHex).at(0, 1).onlyIf(pppHasAddress)
	pppControl      = uint8Field("ppp.control", "Control", baseHex).at(1, 1).onlyIf(pppHasAddress)
	pppNumber       = uint16Field("ppp.protocol", "Protocol", baseHex).named(pppProtocolNames).valued(pppProtocolOf)

	chdlcAddress = uint8Field("chdlc.address", "Address", baseHex).named(Values{0x0f: "Unicast", 0x8f: "Multicast"}).at(0, 1)
	chdlcControl = uint8Field("chdlc.control", "Control", baseHex).at(1, 1)
	chdlcType    = uint16Field("chdlc.protocol", "Protocol", baseHex).named(chdlcProtocolNames).at(2, 2).ofFlow()
	chdlcPadding = uint8Field("chdlc.clns_padding", "CLNS Padding", baseHex)
)

var pppProtocol = Protocol{
	ID: idPPP, Name: "ppp", Long: "Point-to-Point Protocol", Short: "PPP",
	Fields:  []*FieldDef{pppAddressField, pppControl, pppNumber},
	carries: func(t *Table) []*Protocol { return append(t.overPPP(), &chdlcProtocol) },
	decode:  decodePPP,
	walk:    walkPPP,
}

var chdlcProtocol = Protocol{
	ID: idCHDLC, Name: "chdlc", Long: "Cisco HDLC", Short: "CHDLC",
	Fields:  []*FieldDef{chdlcAddress, chdlcControl, chdlcType, chdlcPadding},
	carries: (*Table).overCHDLC,
	decode:  decodeCHDLC,
	walk:    walkCHDLC,
}

const (
	pppAddress = 0xff // of PPP in HDLC-like framing
	pppLCP     = 0xc021
	pppIPCP    = 0x8021
	pppIPV6CP  = 0x8057
	// pppControlProtocols is where the control protocols begin.
	pppControlProtocols = 0x8000
	// pppProtocolReject is the code by which a control protocol quotes a packet
	// (RFC 1661 section 5.7).
	pppProtocolReject = 8

	chdlcHeaderLen = 4
	chdlcUnicast   = 0x0f
	chdlcMulticast = 0x8f
	chdlcOSI       = 0xfefe
)

// pppHeader is a parsed PPP header: where the protocol is, how long it is and the
// whole header's size.
type pppHeader struct {
	at, width, size int
	protocol        uint16
}

// parsePPP reads the header; framed allows for address and control.
func parsePPP(d []byte, framed bool) (h pppHeader, ok bool) {
	if framed && len(d) > 0 && d[0] == pppAddress {
		h.at = 2
	}
	if len(d) <= h.at {
		h.size = h.at + 1
		return h, false
	}
	h.width, h.protocol = 1, uint16(d[h.at])
	if d[h.at]&1 == 0 {
		h.width = 2
		if len(d) < h.at+2 {
			h.size = h.at + 2
			return h, false
		}
		h.protocol = be16(d[h.at:])
	}
	h.size = h.at + h.width
	return h, true
}

// decodePPP reads PPP of a link, which may be Cisco HDLC, or of a tunnel. A PPPoE
// session has no address and control, and neither Cisco's framing.
func decodePPP(b *builder, self *Protocol, p payload) {
	framed := len(b.path) < 2 || b.path[len(b.path)-2] != pppoesName
	d := b.rest(p)
	if framed && len(d) > 0 && (d[0] == chdlcUnicast || d[0] == chdlcMulticast) {
		b.run(&chdlcProtocol, p)
		return
	}
	if framed {
		b.setProtocol(self.Short)
		if b.depth <= 1 {
			b.setAddresses("N/A", "N/A")
		}
	}
	h, ok := parsePPP(d, framed)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	n := b.protocol(self, p, h.size, self.Long)
	if h.at > 0 {
		addUint(n, pppAddressField, p.off, uint64(d[0]))
		addUint(n, pppControl, p.off+1, uint64(d[1]))
	}
	addUint(n, pppNumber, p.off+h.at, uint64(h.protocol)).resize(h.width)
	next := p.skip(h.size)
	proto := b.table.pppProtos[h.protocol]
	if proto == nil && b.writes() {
		b.setProtocol(fmt.Sprintf("0x%04x", h.protocol))
		b.setInfo("PPP %s (0x%04x)", pppProtocolNames.name(uint64(h.protocol), "Unknown"), h.protocol)
	}
	b.run(proto, next)
}

const pppoesName = "pppoes"

func decodeCHDLC(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	if b.depth <= 1 {
		b.setAddresses("N/A", "N/A")
	}
	d, ok := b.bytes(p, 0, chdlcHeaderLen)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, chdlcHeaderLen)
		return
	}
	typ := be16(d[2:])
	n := b.protocol(self, p, chdlcHeaderLen, self.Long)
	addUint(n, chdlcAddress, p.off, uint64(d[0]))
	addUint(n, chdlcControl, p.off+1, uint64(d[1]))
	addUint(n, chdlcType, p.off+2, uint64(typ))
	next := p.skip(chdlcHeaderLen)
	first, ok := b.bytes(next, 0, 1)
	if !ok {
		b.exception(self, next, 1)
		return
	}
	if typ == chdlcOSI && !isOSI(first[0]) {
		addUint(n, chdlcPadding, next.off, uint64(first[0]))
		next = next.skip(1)
	}
	proto := b.table.chdlcTypes[typ]
	if proto == nil && b.writes() {
		b.setProtocol(fmt.Sprintf("0x%04x", typ))
	}
	b.run(proto, next)
}

// isOSI tells the first byte of CLNP, ES-IS and IS-IS (ISO/IEC TR 9577).
func isOSI(nlpid byte) bool { return nlpid >= 0x81 && nlpid <= 0x83 }

// walkPPP takes PPP of links and of tunnels other than PPPoE.
func walkPPP(w *Headers, p payload) {
	if w.short(p, 1) {
		return
	}
	if first := w.Data[p.off]; first == chdlcUnicast || first == chdlcMulticast {
		walkCHDLC(w, p)
		return
	}
	w.ppp(p)
}

// ppp lists a header and goes on.
func (w *Headers) ppp(p payload) {
	h, ok := parsePPP(w.Data[p.off:p.end], true)
	if !ok || p.reported < h.size || w.full() {
		w.doubt(ClassCut, hidesAll)
		return
	}
	w.add(idPPP, p)
	next := p.skip(h.size)
	to := w.rules.pppProtos[h.protocol]
	switch {
	case to <= carriesLeaf && next.captured() < 1:
		w.hide(hidesApplications)
	case to <= carriesLeaf && h.protocol >= pppControlProtocols && w.Data[next.off] == pppProtocolReject:
		w.doubt(ClassQuote, hidesAll)
	default:
		w.follow(to, ClassTunnel, next)
	}
}

func walkCHDLC(w *Headers, p payload) {
	if w.short(p, chdlcHeaderLen+1) {
		return
	}
	w.add(idCHDLC, p)
	d := w.Data[p.off:p.end]
	next := p.skip(chdlcHeaderLen)
	if be16(d[2:]) == chdlcOSI && !isOSI(d[chdlcHeaderLen]) {
		next = next.skip(1)
	}
	w.follow(w.rules.chdlcTypes[be16(d[2:])], ClassTunnel, next)
}

func pppHasAddress(w *Headers, l *Layer) bool { return w.Data[l.Off] == pppAddress }

// pppProtocolOf is the protocol, which may be in one byte or in two.
func pppProtocolOf(w *Headers, l *Layer) (uint64, bool) {
	h, ok := parsePPP(w.Data[l.Off:l.End], true)
	return uint64(h.protocol), ok
}
