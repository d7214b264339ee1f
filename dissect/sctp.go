package dissect

import (
	"fmt"
	"strings"
)

// This file is SCTP (RFC 9260): the common header, the chunks' headers and the
// fixed part of the commonest. What chunks carry is left to Wireshark.

var (
	sctpSrcPort   = uint16Field("sctp.srcport", "Source port", baseSCTP).at(0, 2).ofFlow()
	sctpDstPort   = uint16Field("sctp.dstport", "Destination port", baseSCTP).at(2, 2).ofFlow()
	sctpPort      = uint16Field("sctp.port", "Port", baseSCTP).at(0, 2).at(2, 2).ofFlow()
	sctpTag       = uint32Field("sctp.verification_tag", "Verification tag", baseHex).at(4, 4)
	sctpAssoc     = uint16Field("sctp.assoc_index", "Association index", baseDec).doubted()
	sctpChecksum  = uint32Field("sctp.checksum", "Checksum", baseHex).at(8, 4)
	sctpStatus    = uint8Field("sctp.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames).doubted()
	sctpChunkType = uint8Field("sctp.chunk_type", "Chunk type", baseDec).named(sctpChunkNames).doubted()
	sctpChunkSkip = boolField("sctp.chunk_bit_1", "Bit", 8, 0x80, "Skip chunk and continue processing of the packet", "Stop processing of the packet").doubted()
	sctpChunkTell = boolField("sctp.chunk_bit_2", "Bit", 8, 0x40, "Do report", "Do not report").doubted()
	sctpFlags     = uint8Field("sctp.chunk_flags", "Chunk flags", baseHex).doubted()
	sctpLength    = uint16Field("sctp.chunk_length", "Chunk length", baseDec).doubted()
	sctpPadding   = field("sctp.chunk_padding", "Chunk padding", "BYTES").doubted()
	sctpTSN       = uint32Field("sctp.data_tsn_raw", "Transmission sequence number (absolute)", baseDec).doubted()
	sctpSID       = uint16Field("sctp.data_sid", "Stream identifier", baseHex).doubted()
	sctpSSN       = uint16Field("sctp.data_ssn", "Stream sequence number", baseDec).doubted()
	sctpPPID      = uint32Field("sctp.data_payload_proto_id", "Payload protocol identifier", baseDec).named(sctpPayloadNames).doubted()
	sctpSACK      = uint32Field("sctp.sack_cumulative_tsn_ack_raw", "Cumulative TSN ACK (absolute)", baseDec).doubted()
	sctpWindow    = uint32Field("sctp.sack_a_rwnd", "Advertised receiver window credit (a_rwnd)", baseDec).doubted()
	sctpShutdown  = uint32Field("sctp.shutdown_cumulative_tsn_ack", "Cumulative TSN Ack", baseDec).doubted()
	sctpReflected = boolField("sctp.shutdown_complete_t_bit", "T-Bit", 8, 0x01, "Tag reflected", "Tag not reflected").doubted()

	// sctpDataBits are the flags of a DATA chunk, most significant first.
	sctpDataBits = []*FieldDef{
		boolField("sctp.data_i_bit", "I-Bit", 8, 0x08, "Send SACK immediately", "Possibly delay SACK").doubted(),
		boolField("sctp.data_u_bit", "U-Bit", 8, 0x04, "Unordered delivery", "Ordered delivery").doubted(),
		boolField("sctp.data_b_bit", "B-Bit", 8, 0x02, "First segment", "Subsequent segment").doubted(),
		boolField("sctp.data_e_bit", "E-Bit", 8, 0x01, "Last segment", "Not the last segment").doubted(),
	}
)

var sctpProtocol = Protocol{
	ID: idSCTP, Name: "sctp", Long: "Stream Control Transmission Protocol", Short: "SCTP",
	Fields: append([]*FieldDef{
		sctpSrcPort, sctpDstPort, sctpPort, sctpTag, sctpAssoc, sctpChecksum, sctpStatus, sctpChunkType, sctpChunkSkip, sctpChunkTell,
		sctpFlags, sctpLength, sctpPadding, sctpTSN, sctpSID, sctpSSN, sctpPPID, sctpSACK, sctpWindow, sctpShutdown, sctpReflected,
	}, sctpDataBits...),
	decode: decodeSCTP,
	walk:   walkSCTP,
}

const (
	baseSCTP = "BASE_PT_SCTP"

	sctpHeaderLen = 12
	sctpChunkLen  = 4

	sctpData             = 0
	sctpSack             = 3
	sctpShutdownChunk    = 7
	sctpShutdownAck      = 8
	sctpCookieAck        = 11
	sctpShutdownComplete = 14
	sctpIData            = 64 // RFC 8260 section 2.1
)

func decodeSCTP(b *builder, self *Protocol, p payload) {
	b.setProtocol("SCTP")
	b.setInfo("")
	d := b.rest(p)
	if len(d) < sctpHeaderLen {
		b.protocol(self, p, len(d), self.Long)
		b.exception(self, p, sctpHeaderLen)
		return
	}
	b.srcPort, b.dstPort, b.ipProto = be16(d), be16(d[2:]), 132
	n := b.protocol(self, p, len(d), "")
	if n.labelled() {
		n.Label = fmt.Sprintf("%s, Src Port: %d (%d), Dst Port: %d (%d)", self.Long, b.srcPort, b.srcPort, b.dstPort, b.dstPort)
	}
	at := p.off
	addUint(n, sctpSrcPort, at, uint64(b.srcPort))
	addUint(n, sctpDstPort, at+2, uint64(b.dstPort))
	addUint(n, sctpTag, at+4, uint64(be32(d[4:])))
	virtual(addUintText(n, sctpAssoc, at, 0xffff, "disabled (enable in preferences)"))
	hide(addUint(n, sctpPort, at, uint64(b.srcPort)))
	hide(addUint(n, sctpPort, at+2, uint64(b.dstPort)))
	addUintf(n, sctpChecksum, at+8, uint64(be32(d[8:])), "0x%08x [unverified]", uint64(be32(d[8:])))
	virtual(addUint(n, sctpStatus, at+8, checksumUnverified))
	b.sctpChunks(n, self, p.skip(sctpHeaderLen))
}

// sctpChunks adds the chunks, each of which fills up to four bytes.
func (b *builder) sctpChunks(n *node, self *Protocol, p payload) {
	var info strings.Builder
	for p.captured() > 0 {
		d := b.rest(p)
		if len(d) < sctpChunkLen || int(be16(d[2:])) < sctpChunkLen || int(be16(d[2:])) > len(d) {
			b.exception(self, p, sctpChunkLen)
			break
		}
		size := int(be16(d[2:]))
		whole := min((size+3)&^3, len(d))
		if b.writes() {
			info.WriteString(sctpChunkNames.name(uint64(d[0]), "RESERVED") + " ")
		}
		f := addText(n, p.off, whole, "")
		if f.labelled() {
			f.Label = sctpChunkNames.name(uint64(d[0]), "RESERVED") + " chunk"
		}
		if !sctpChunkNodes(f, p.off, d[:size]) {
			b.partial = true
		}
		if whole > size {
			addBytes(f, sctpPadding, p.off+size, d[size:whole])
		}
		p = p.skip(whole)
	}
	if b.writes() {
		b.col.info = info.String() + b.col.info
	}
}

// sctpChunkNodes adds a chunk's header and, where it is known, its fixed part.
// It reports whether that was all of it.
func sctpChunkNodes(f *node, at int, d []byte) bool {
	typ, flags := uint64(d[0]), uint64(d[1])
	t := addUint(f, sctpChunkType, at, typ)
	addUint(t, sctpChunkSkip, at, typ)
	addUint(t, sctpChunkTell, at, typ)
	bits := addUint(f, sctpFlags, at+1, flags)
	switch d[0] {
	case sctpData:
		for _, bit := range sctpDataBits {
			addUint(bits, bit, at+1, flags)
		}
	case sctpShutdownComplete:
		addUint(bits, sctpReflected, at+1, flags)
	}
	addUint(f, sctpLength, at+2, uint64(len(d)))
	c := cursor{d: d[sctpChunkLen:], pos: at + sctpChunkLen}
	switch d[0] {
	case sctpData:
		c.add(f, sctpTSN, 4)
		c.add(f, sctpSID, 2)
		c.add(f, sctpSSN, 2)
		c.add(f, sctpPPID, 4)
		return false
	case sctpSack:
		c.add(f, sctpSACK, 4)
		c.add(f, sctpWindow, 4)
		return false
	case sctpShutdownChunk:
		ack := c.add(f, sctpShutdown, 4)
		if f.labelled() {
			f.Label = fmt.Sprintf("SHUTDOWN chunk (Cumulative TSN ack: %d)", ack)
		}
		return c.empty() && !c.short
	case sctpCookieAck, sctpShutdownAck, sctpShutdownComplete:
		return c.empty()
	}
	return false
}

// walkSCTP takes the common header. What DATA chunks carry may be packets: which
// dissector takes them hangs on ports and payload protocol identifiers.
func walkSCTP(w *Headers, p payload) {
	if w.short(p, sctpHeaderLen) {
		return
	}
	w.add(idSCTP, p)
	w.hide(hidesApplications)
	for d := w.Data[p.off+sctpHeaderLen : p.end]; len(d) >= 4; {
		if d[0] == sctpData || d[0] == sctpIData {
			w.doubt(ClassPort, hidesAll)
			return
		}
		size := (int(be16(d[2:])) + 3) &^ 3
		if size < 4 || size > len(d) {
			return
		}
		d = d[size:]
	}
}
