package dissect

import "fmt"

// This file is PPP over Ethernet (RFC 2516): discovery and session.

var (
	pppoeVersion = uint8Field("pppoe.version", "Version", baseDec).mask(0xf0).at(0, 1)
	pppoeType    = uint8Field("pppoe.type", "Type", baseDec).mask(0x0f).at(0, 1)
	pppoeCode    = uint8Field("pppoe.code", "Code", baseHex).named(pppoeCodeNames).at(1, 1).ofFlow()
	pppoeSession = uint16Field("pppoe.session_id", "Session ID", baseHex).at(2, 2).ofFlow()
	pppoeLength  = uint16Field("pppoe.payload_length", "Payload Length", baseDec).at(4, 2)
	pppoeBadLen  = field("pppoe.payload_length.bad", "Possible bad payload length", "NONE")

	pppoeFields = []*FieldDef{pppoeVersion, pppoeType, pppoeCode, pppoeSession, pppoeLength, pppoeBadLen}
)

var pppoedProtocol = Protocol{
	ID: idPPPoED, Name: "pppoed", Long: "PPP-over-Ethernet Discovery", Short: "PPPoED",
	Fields: pppoeFields,
	decode: decodePPPoED,
	walk:   walkPPPoED,
}

var pppoesProtocol = Protocol{
	ID: idPPPoE, Name: "pppoes", Long: "PPP-over-Ethernet Session", Short: "PPPoES",
	Fields:  pppoeFields,
	carries: func(*Table) []*Protocol { return []*Protocol{&pppProtocol} },
	decode:  decodePPPoES,
	walk:    walkPPPoES,
}

const (
	pppoeHeaderLen = 6
	// pppoeCredits is the tag that may stand before a session's payload (RFC 5578).
	pppoeCredits = 0x0106
	// pppoePadded is the longest payload of a frame that may be padded.
	pppoePadded = 46
)

// pppoeHeader is a parsed PPPoE header.
type pppoeHeader struct {
	verType, code   uint8
	session, length uint16
}

func parsePPPoE(d []byte) (h pppoeHeader, ok bool) {
	if len(d) < pppoeHeaderLen {
		return h, false
	}
	return pppoeHeader{verType: d[0], code: d[1], session: be16(d[2:]), length: be16(d[4:])}, true
}

// pppoe decodes the header that both have.
func (b *builder) pppoe(self *Protocol, p payload) (h pppoeHeader, n, length *node, ok bool) {
	b.setProtocol(self.Short)
	b.setInfo("")
	h, ok = parsePPPoE(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, pppoeHeaderLen)
		return h, nil, nil, false
	}
	b.setInfo("%s", pppoeCodeNames.name(uint64(h.code), "Unknown"))
	n = b.protocol(self, p, pppoeHeaderLen, self.Long)
	addUint(n, pppoeVersion, p.off, uint64(h.verType))
	addUint(n, pppoeType, p.off, uint64(h.verType))
	addUint(n, pppoeCode, p.off+1, uint64(h.code))
	addUint(n, pppoeSession, p.off+2, uint64(h.session))
	return h, n, addUint(n, pppoeLength, p.off+4, uint64(h.length)), true
}

// decodePPPoED shows the header; the tags are left out.
func decodePPPoED(b *builder, self *Protocol, p payload) {
	h, n, _, ok := b.pppoe(self, p)
	if !ok {
		return
	}
	if n != nil {
		n.Size = min(pppoeHeaderLen+int(h.length), p.captured())
	}
	b.partial = b.partial || h.length > 0
	b.lastUsed = p.off + pppoeHeaderLen + int(h.length)
}

func decodePPPoES(b *builder, self *Protocol, p payload) {
	h, n, length, ok := b.pppoe(self, p)
	if !ok {
		return
	}
	next := p.skip(pppoeHeaderLen)
	if d, ok := b.bytes(next, 0, 2); ok && p.reported > pppoePadded && n != nil {
		switch be16(d) {
		case pppLCP, pppIPCP, pppIPV6CP: // their padding does not count
		default:
			pppoeLengthExpert(n, length, int(h.length), next.reported)
		}
	}
	b.run(&pppProtocol, next.limit(int(h.length)))
	b.lastUsed = p.off + p.reported
}

// pppoeLengthExpert notes a length that differs from what follows, unless by a
// frame check sequence.
func pppoeLengthExpert(n, length *node, said, rest int) {
	if said == rest || said+4 == rest {
		return
	}
	extend(length, " [incorrect, should be %d]", rest)
	addExpert(length, pppoeBadLen, SeverityWarn, "Malformed", fmt.Sprintf("Possible bad payload length %d != %d", said, rest), groupMalformed)
	n.Severity = max(n.Severity, SeverityWarn)
}

// walkPPPoED takes discovery as a leaf.
func walkPPPoED(w *Headers, p payload) {
	if w.short(p, pppoeHeaderLen) {
		return
	}
	w.add(idPPPoED, p)
	w.hide(hidesApplications)
}

// walkPPPoES goes on into PPP. A credit tag is only sometimes skipped by
// Wireshark.
func walkPPPoES(w *Headers, p payload) {
	if w.short(p, pppoeHeaderLen+2) {
		return
	}
	h, _ := parsePPPoE(w.Data[p.off:p.end])
	w.add(idPPPoE, p)
	next := p.skip(pppoeHeaderLen)
	if be16(w.Data[next.off:]) == pppoeCredits {
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	next = next.limit(int(h.length))
	if next.captured() > 0 && w.Data[next.off] == pppAddress {
		w.doubt(ClassTunnel, hidesAll) // no address is expected here
		return
	}
	w.ppp(next)
}
