package dissect

import "bytes"

// This file is the GPRS Tunnelling Protocol, versions 0 and 1: the user plane's
// packets (3GPP TS 29.281), and the headers of all other messages (TS 29.060).

var (
	gtpFlags        = uint8Field("gtp.flags", "Flags", baseHex).at(0, 1)
	gtpVersion      = uint8Field("gtp.flags.version", "Version", baseDec).mask(0xe0).named(gtpVersionNames).at(0, 1)
	gtpPayload      = uint8Field("gtp.flags.payload", "Protocol type", baseDec).mask(0x10).named(Values{0: "GTP'", 1: "GTP"}).at(0, 1)
	gtpHasExt       = boolField("gtp.flags.e", "Is Next Extension Header present?", 8, gtpExtBit, "Yes", "No").at(0, 1).onlyIf(gtpIsV1)
	gtpHasSeq       = boolField("gtp.flags.s", "Is Sequence Number present?", 8, gtpSeqBit, "Yes", "No").at(0, 1).onlyIf(gtpIsV1)
	gtpHasPDU       = boolField("gtp.flags.pn", "Is N-PDU number present?", 8, gtpPDUBit, "Yes", "No").at(0, 1).onlyIf(gtpIsV1)
	gtpHasSNDCP     = boolField("gtp.flags.snn", "Is SNDCP N-PDU included?", 8, 0x01, "Yes", "No").at(0, 1).onlyIf(gtpIsV0)
	gtpReserved     = uint8Field("gtp.flags.reserved", "Reserved", baseDec).mask(0x0e).at(0, 1).onlyIf(gtpIsV0)
	gtpReserved1    = uint8Field("gtp.flags.reserved", "Reserved", baseDec).mask(0x08).at(0, 1).onlyIf(gtpIsV1)
	gtpMessage      = uint8Field("gtp.message", "Message Type", baseHex).named(gtpMessageNames).at(1, 1)
	gtpLength       = uint16Field("gtp.length", "Length", baseDec).at(2, 2)
	gtpTEID         = uint32Field("gtp.teid", "TEID", baseHexDec).at(4, 4).onlyIf(gtpIsV1).ofFlow()
	gtpSequence     = uint16Field("gtp.seq_number", "Sequence number", baseHexDec).valued(gtpSequenceOf)
	gtpNPDU         = uint8Field("gtp.npdu_number", "N-PDU Number", baseHex).valued(gtpNPDUOf)
	gtpFlowLabel    = uint16Field("gtp.flow_label", "Flow label", baseHex).at(6, 2).onlyIf(gtpIsV0)
	gtpSNDCP        = uint8Field("gtp.sndcp_number", "SNDCP N-PDU LLC Number", baseHex).at(8, 1).onlyIf(gtpIsV0)
	gtpExtNext      = uint8Field("gtp.ext_hdr.next", "Next extension header type", baseHex).named(gtpExtensionNames)
	gtpExtension    = field("gtp.ext_hdr", "Extension header", "NONE")
	gtpExtLength    = uint8Field("gtp.ext_hdr.length", "Extension Header Length", baseDec)
	gtpVersionNames = Values{
		0: "GTP release 97/98 version", 1: "GTP release 99 version", 2: "GTPv2-C", 3: "None", 4: "None", 5: "None", 6: "None", 7: "None",
	}
)

var gtpProtocol = Protocol{
	ID: idGTP, Name: "gtp", Long: "GPRS Tunneling Protocol", Short: "GTP",
	Fields: []*FieldDef{
		gtpFlags, gtpVersion, gtpPayload, gtpHasExt, gtpHasSeq, gtpHasPDU, gtpHasSNDCP, gtpReserved, gtpReserved1, gtpMessage,
		gtpLength, gtpTEID, gtpSequence, gtpNPDU, gtpFlowLabel, gtpSNDCP, gtpExtNext, gtpExtension, gtpExtLength,
	},
	carries: (*Table).packets,
	decode:  decodeGTP,
	walk:    walkGTP,
}

// The bits of GTP's first byte.
const (
	gtpProtoBit = 0x10 // GTP, not GTP'
	gtpExtBit   = 0x04
	gtpSeqBit   = 0x02
	gtpPDUBit   = 0x01
)

const (
	gtpMinHeader = 8
	gtpV0Header  = 20
	// gtpTPDU is the message that carries a packet.
	gtpTPDU = 255
	// gtpContainer is the element with a container of the radio network, which may
	// have packets in it.
	gtpContainer = 144
)

// gtpHeader is a parsed GTP header.
type gtpHeader struct {
	flags, message uint8
	length         int // of what follows the first eight bytes (twenty of version 0)
	teid           uint32
	sequence       uint16
	npdu           uint8
	base, size     int // the mandatory header's size and the whole one's
	hasSequence    bool
	extensions     bool
}

func (h *gtpHeader) version() int { return int(h.flags >> 5) }

// optional says that the four bytes of optional fields are there.
func (h *gtpHeader) optional() bool {
	return h.version() == 1 && h.flags&(gtpExtBit|gtpSeqBit|gtpPDUBit) != 0
}

// parseGTP reads the header and steps over its extension headers; ok says that
// they were all there.
func parseGTP(d []byte) (h gtpHeader, ok bool) {
	if len(d) < gtpMinHeader {
		return gtpHeader{size: gtpMinHeader}, false
	}
	h = gtpHeader{flags: d[0], message: d[1], length: int(be16(d[2:])), base: gtpMinHeader, size: gtpMinHeader}
	if h.version() == 0 {
		h.base, h.size = gtpV0Header, gtpV0Header
		if len(d) < h.size {
			return h, false
		}
		h.sequence, h.hasSequence = be16(d[4:]), true
		return h, true
	}
	h.teid = be32(d[4:])
	if !h.optional() {
		return h, true
	}
	h.size += 4
	if len(d) < h.size {
		return h, false
	}
	h.hasSequence = h.flags&gtpSeqBit != 0
	h.sequence, h.npdu = be16(d[8:]), d[10]
	h.extensions = h.flags&gtpExtBit != 0
	if !h.extensions {
		return h, true
	}
	for next := d[h.size-1]; next != 0; next = d[h.size-1] {
		if len(d) <= h.size || d[h.size] == 0 {
			return h, false
		}
		h.size += 4 * int(d[h.size])
		if len(d) < h.size {
			return h, false
		}
	}
	return h, true
}

// isGTP tells what Wireshark takes: versions 0 to 2, of the latter the control
// plane's in another protocol, and messages that have a name.
func isGTP(d []byte) bool {
	return len(d) >= 2 && d[0]>>5 < 2 && d[0]&gtpProtoBit != 0 && d[1] != 0 && gtpMessageNames[uint64(d[1])] != ""
}

func decodeGTP(b *builder, self *Protocol, p payload) {
	d := b.rest(p)
	if !isGTP(d) {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	b.setProtocol(self.Short)
	h, ok := parseGTP(d)
	if !ok && len(d) < max(h.base, gtpMinHeader) {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	b.setInfo("%s", gtpMessageNames.name(uint64(h.message), "Unknown"))
	whole := p.limit(h.base + h.length)
	n := b.protocol(self, p, h.size, self.Long)
	gtpNodes(n, p.off, d, &h)
	if !ok {
		b.exception(self, whole, h.size)
		return
	}
	gtpExtensionNodes(n, p.off, d, &h)
	next := whole.skip(h.size)
	if h.message != gtpTPDU {
		b.partial = b.partial || next.reported > 0
		return
	}
	if proto := gtpCarries(b.rest(next), next.reported); proto != nil && next.reported > 0 {
		b.run(proto, next)
		if b.writes() {
			b.col.protocol = "GTP <" + b.col.protocol + ">"
		}
	}
}

// gtpCarries guesses the protocol of a packet as Wireshark does: by what can
// be the first byte of IP, or the EtherType of Ethernet.
func gtpCarries(d []byte, reported int) *Protocol {
	switch {
	case len(d) == 0:
		return nil
	case d[0] >= 0x45 && d[0] <= 0x4e:
		return &ipProtocol
	case d[0]>>4 == 6:
		return &ipv6Protocol
	case len(d) > 14 && reported > 14:
		switch be16(d[12:]) {
		case 0x0800, 0x0806, 0x86dd:
			return &ethProtocol
		}
	}
	return nil
}

func gtpNodes(n *node, at int, d []byte, h *gtpHeader) {
	if n == nil {
		return
	}
	flags := uint64(h.flags)
	f := addUint(n, gtpFlags, at, flags)
	addUint(f, gtpVersion, at, flags)
	addUint(f, gtpPayload, at, flags)
	if h.version() == 0 {
		addUint(f, gtpReserved, at, flags)
		addUint(f, gtpHasSNDCP, at, flags)
	} else {
		addUint(f, gtpReserved1, at, flags)
		addUint(f, gtpHasExt, at, flags)
		addUint(f, gtpHasSeq, at, flags)
		addUint(f, gtpHasPDU, at, flags)
	}
	addUint(n, gtpMessage, at+1, uint64(h.message))
	addUint(n, gtpLength, at+2, uint64(h.length))
	if h.version() == 0 {
		addUint(n, gtpSequence, at+4, uint64(h.sequence))
		addUint(n, gtpFlowLabel, at+6, uint64(be16(d[6:])))
		addUint(n, gtpSNDCP, at+8, uint64(d[8]))
		return
	}
	addUint(n, gtpTEID, at+4, uint64(h.teid))
	if h.hasSequence {
		addUint(n, gtpSequence, at+8, uint64(h.sequence))
	}
	if h.optional() && h.flags&gtpPDUBit != 0 {
		addUint(n, gtpNPDU, at+10, uint64(h.npdu))
	}
}

// gtpExtensionNodes shows where the extension headers are; their contents are
// left out.
func gtpExtensionNodes(n *node, at int, d []byte, h *gtpHeader) {
	if n == nil || !h.extensions {
		return
	}
	next := d[gtpMinHeader+3]
	addUint(n, gtpExtNext, at+gtpMinHeader+3, uint64(next))
	for off := gtpMinHeader + 4; next != 0 && off < h.size; {
		size := 4 * int(d[off])
		e := add(n, gtpExtension, at+off, size, "", "")
		relabel(e, "%s (%s)", gtpExtension.Label, gtpExtensionNames.name(uint64(next), "Unknown"))
		addUint(e, gtpExtLength, at+off, uint64(d[off]))
		next = d[off+size-1]
		addUint(e, gtpExtNext, at+off+size-1, uint64(next))
		off += size
	}
}

// walkGTP takes packets of the user plane, and other messages as leaves: their
// elements may have more of the header's fields.
func walkGTP(w *Headers, p payload) {
	if p.captured() < gtpMinHeader || !isGTP(w.Data[p.off:p.end]) {
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	h, ok := parseGTP(w.Data[p.off:p.end])
	if !ok || p.reported < h.base+h.length || h.base+h.length < h.size || w.full() {
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	p = p.limit(h.base + h.length)
	w.add(idGTP, p)
	next := p.skip(h.size)
	d := w.Data[next.off:next.end]
	switch {
	case h.message != gtpTPDU && bytes.IndexByte(d, gtpContainer) >= 0:
		w.doubt(ClassTunnel, hidesAll)
		return
	case h.message != gtpTPDU:
		w.hide(hidesApplications | setOf(idGTP))
		return
	case next.reported == 0:
		return
	}
	switch proto := gtpCarries(d, next.reported); {
	case len(d) <= 14 && next.reported > len(d):
		w.doubt(ClassCut, hidesAll)
	case proto != nil:
		proto.walk(w, next)
	}
}

// gtpIsV0 and gtpIsV1 tell the versions.
func gtpIsV0(w *Headers, l *Layer) bool { return w.Data[l.Off]>>5 == 0 }
func gtpIsV1(w *Headers, l *Layer) bool { return w.Data[l.Off]>>5 == 1 }

func gtpSequenceOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseGTP(w.Data[l.Off:l.End])
	return uint64(h.sequence), h.hasSequence
}

func gtpNPDUOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseGTP(w.Data[l.Off:l.End])
	return uint64(h.npdu), h.optional() && h.flags&gtpPDUBit != 0
}
