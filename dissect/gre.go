package dissect

import "fmt"

// This file is Generic Routing Encapsulation (RFC 2784, RFC 2890) and the enhanced
// header of PPTP (RFC 2637 section 4.1).

var (
	greFlags     = uint16Field("gre.flags_and_version", "Flags and Version", baseHex).at(0, 2).ofFlow()
	greHasSum    = boolField("gre.flags.checksum", "Checksum Bit", 16, greChecksumBit, "Yes", "No").at(0, 2)
	greHasRoute  = boolField("gre.flags.routing", "Routing Bit", 16, greRoutingBit, "Yes", "No").at(0, 2)
	greHasKey    = boolField("gre.flags.key", "Key Bit", 16, greKeyBit, "Yes", "No").at(0, 2)
	greHasSeq    = boolField("gre.flags.sequence_number", "Sequence Number Bit", 16, greSequenceBit, "Yes", "No").at(0, 2)
	greStrict    = boolField("gre.flags.strict_source_route", "Strict Source Route Bit", 16, 0x0800, "Yes", "No").at(0, 2)
	greRecursion = uint16Field("gre.flags.recursion_control", "Recursion control", baseDec).mask(0x0700).at(0, 2)
	greHasAck    = boolField("gre.flags.ack", "Acknowledgment", 16, greAckBit, "Yes", "No").at(0, 2).onlyIf(greIsEnhanced)
	// The reserved bits are fewer in the enhanced header.
	greReserved    = uint16Field("gre.flags.reserved", "Flags (Reserved)", baseDec).mask(0x00f8).at(0, 2).onlyIf(greIsPlain)
	greReservedPPP = uint16Field("gre.flags.reserved", "Flags (Reserved)", baseDec).mask(0x0078).at(0, 2).onlyIf(greIsEnhanced)
	greVersion     = uint16Field("gre.flags.version", "Version", baseDec).mask(0x0007).named(Values{0: "GRE", 1: "Enhanced GRE"}).at(0, 2)
	greType        = uint16Field("gre.proto", "Protocol Type", baseHex).named(greTypeNames).at(2, 2).ofFlow()
	greChecksum    = uint16Field("gre.checksum", "Checksum", baseHex).valued(greValue(greChecksumOf))
	greStatus      = uint8Field("gre.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames).doubted()
	greOffset      = uint16Field("gre.offset", "Offset", baseDec).valued(greValue(greOffsetOf))
	greKey         = uint32Field("gre.key", "Key", baseHex).valued(greValue(greKeyOf))
	greLength      = uint16Field("gre.key.payload_length", "Payload Length", baseDec).valued(greValue(greLengthOf))
	greCallID      = uint16Field("gre.key.call_id", "Call ID", baseDec).valued(greValue(greCallIDOf))
	greSequence    = uint32Field("gre.sequence_number", "Sequence Number", baseDec).valued(greValue(greSequenceOf))
	greAck         = uint32Field("gre.ack_number", "Acknowledgment Number", baseDec).valued(greValue(greAckOf))
)

var greProtocol = Protocol{
	ID: idGRE, Name: "gre", Long: "Generic Routing Encapsulation", Short: "GRE",
	Fields: []*FieldDef{
		greFlags, greHasSum, greHasRoute, greHasKey, greHasSeq, greStrict, greRecursion, greHasAck, greReserved, greReservedPPP,
		greVersion, greType, greChecksum, greStatus, greOffset, greKey, greLength, greCallID, greSequence, greAck,
	},
	carries: (*Table).overGRE,
	decode:  decodeGRE,
	walk:    walkGRE,
}

// The bits of GRE's first word.
const (
	greChecksumBit = 0x8000
	greRoutingBit  = 0x4000
	greKeyBit      = 0x2000
	greSequenceBit = 0x1000
	greAckBit      = 0x0080
	greVersionBits = 0x0007
)

// What GRE's protocol types change in its header.
const (
	greTypePPP  = 0x880b
	greTypeWCCP = 0x883e
	greTypeCDMA = 0x8881 // CDMA2000 A10 Unstructured byte stream
	greType3GPP = 0x88d2 // CDMA2000 A10 3GPP2 Packet
)

const greMinHeader = 4

// greHeader is a parsed GRE header; the fields whose bit is not set are 0.
type greHeader struct {
	flags, typ                 uint16
	size                       int
	checksum, offset           uint16
	key, sequence, ack         uint32
	keyAt, sequenceAt, ackAt   int
	wccp2, enhanced, splitsKey bool
}

func (h *greHeader) has(bit uint16) bool { return h.flags&bit != 0 }

// hasSum says that there are a checksum and an offset.
func (h *greHeader) hasSum() bool { return h.has(greChecksumBit | greRoutingBit) }

// parseGRE reads the header without its routing entries; ok says that it was all
// there.
func parseGRE(d []byte) (h greHeader, ok bool) {
	if len(d) < greMinHeader {
		return greHeader{size: greMinHeader}, false
	}
	h = greHeader{flags: be16(d), typ: be16(d[2:]), size: greMinHeader}
	switch h.typ {
	case greTypePPP:
		h.enhanced = h.has(greVersionBits)
	case greTypeCDMA, greType3GPP:
		h.enhanced = true
	}
	h.splitsKey = h.enhanced && h.typ != greTypeCDMA
	word := func() (v uint32, at int) {
		at, h.size = h.size, h.size+4
		if len(d) >= h.size {
			v = be32(d[at:])
		}
		return v, at
	}
	if h.hasSum() {
		v, _ := word()
		h.checksum, h.offset = uint16(v>>16), uint16(v)
	}
	if h.has(greKeyBit) {
		h.key, h.keyAt = word()
	}
	if h.has(greSequenceBit) {
		h.sequence, h.sequenceAt = word()
	}
	if h.enhanced && h.has(greAckBit) {
		h.ack, h.ackAt = word()
	}
	if h.typ == greTypeWCCP && len(d) > greMinHeader && d[greMinHeader]&0xf0 != 0x40 {
		h.wccp2 = true // the second version has four bytes more under the same type
		h.size += 4
	}
	return h, len(d) >= h.size
}

func decodeGRE(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	h, ok := parseGRE(b.rest(p))
	if !ok && p.captured() < greMinHeader {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	if b.writes() {
		b.setInfo("Encapsulated %s", greTypeNames.name(uint64(h.typ), fmt.Sprintf("0x%04X (unknown)", h.typ)))
	}
	b.gre = h
	n := b.protocol(self, p, h.size, "")
	relabel(n, "%s (%s)", self.Long, greTypeNames.name(uint64(h.typ), fmt.Sprintf("0x%04X - unknown", h.typ)))
	greFlagNodes(n, p.off, &h)
	if !ok {
		b.exception(self, p, h.size)
		return
	}
	b.greNodes(n, p, &h)
	next := p.skip(h.size)
	switch {
	case h.has(greRoutingBit), h.typ == greType3GPP:
		b.unknown(next)
	case next.reported > 0 || h.has(greSequenceBit):
		b.run(b.table.greTypes[h.typ], next)
	}
}

func greFlagNodes(n *node, at int, h *greHeader) {
	word := uint64(h.flags)
	f := addUint(n, greFlags, at, word)
	for _, d := range []*FieldDef{greHasSum, greHasRoute, greHasKey, greHasSeq, greStrict, greRecursion} {
		addUint(f, d, at, word)
	}
	if h.enhanced {
		addUint(f, greHasAck, at, word)
		addUint(f, greReservedPPP, at, word)
	} else {
		addUint(f, greReserved, at, word)
	}
	addUint(f, greVersion, at, word)
	addUint(n, greType, at+2, uint64(h.typ))
}

func (b *builder) greNodes(n *node, p payload, h *greHeader) {
	if n == nil {
		return
	}
	at := p.off
	if h.hasSum() {
		b.greChecksumNode(n, p, h)
		addUint(n, greOffset, at+6, uint64(h.offset))
	}
	switch {
	case !h.has(greKeyBit):
	case h.splitsKey:
		addUint(n, greLength, at+h.keyAt, uint64(h.key>>16))
		addUint(n, greCallID, at+h.keyAt+2, uint64(h.key&0xffff))
	default:
		addUint(n, greKey, at+h.keyAt, uint64(h.key))
	}
	if h.has(greSequenceBit) {
		addUint(n, greSequence, at+h.sequenceAt, uint64(h.sequence))
	}
	if h.enhanced && h.has(greAckBit) {
		addUint(n, greAck, at+h.ackAt, uint64(h.ack))
	}
}

// greChecksumNode adds the checksum, verified where the whole packet is there.
func (b *builder) greChecksumNode(n *node, p payload, h *greHeader) {
	status, note := uint64(checksumUnverified), "unverified"
	if h.has(greChecksumBit) && p.captured() >= p.reported {
		status, note = checksumGood, "correct"
		if onesSum(0, b.rest(p)) != 0xffff {
			status, note = checksumBad, "incorrect"
		}
	}
	addUintf(n, greChecksum, p.off+greMinHeader, uint64(h.checksum), "0x%04x ["+note+"]", uint64(h.checksum))
	virtual(addUint(n, greStatus, p.off+greMinHeader, status))
}

// walkGRE takes headers without source routes.
func walkGRE(w *Headers, p payload) {
	if w.short(p, greMinHeader) {
		return
	}
	h, ok := parseGRE(w.Data[p.off:p.end])
	switch {
	case !ok || p.reported < h.size:
		w.doubt(ClassCut, hidesAll)
		return
	case h.has(greRoutingBit) || h.typ == greType3GPP || h.wccp2 || h.typ == greTypeWCCP && p.captured() == greMinHeader:
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	w.add(idGRE, p)
	next := p.skip(h.size)
	if next.reported == 0 && !h.has(greSequenceBit) {
		return
	}
	w.follow(w.rules.greTypes[h.typ], ClassTunnel, next)
}

// greOf parses the header of a layer again.
func greOf(w *Headers, l *Layer) greHeader {
	h, _ := parseGRE(w.Data[l.Off:l.End])
	return h
}

func greIsEnhanced(w *Headers, l *Layer) bool { h := greOf(w, l); return h.enhanced }
func greIsPlain(w *Headers, l *Layer) bool    { return !greIsEnhanced(w, l) }

// greValue makes a reader of an optional field.
func greValue(of func(h *greHeader) (uint64, bool)) func(w *Headers, l *Layer) (uint64, bool) {
	return func(w *Headers, l *Layer) (uint64, bool) {
		h := greOf(w, l)
		return of(&h)
	}
}

func greChecksumOf(h *greHeader) (uint64, bool) { return uint64(h.checksum), h.hasSum() }
func greOffsetOf(h *greHeader) (uint64, bool)   { return uint64(h.offset), h.hasSum() }
func greKeyOf(h *greHeader) (uint64, bool) {
	return uint64(h.key), h.has(greKeyBit) && !h.splitsKey
}
func greLengthOf(h *greHeader) (uint64, bool) {
	return uint64(h.key >> 16), h.has(greKeyBit) && h.splitsKey
}
func greCallIDOf(h *greHeader) (uint64, bool) {
	return uint64(h.key & 0xffff), h.has(greKeyBit) && h.splitsKey
}
func greSequenceOf(h *greHeader) (uint64, bool) { return uint64(h.sequence), h.has(greSequenceBit) }
func greAckOf(h *greHeader) (uint64, bool) {
	return uint64(h.ack), h.enhanced && h.has(greAckBit)
}
