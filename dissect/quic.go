package dissect

import (
	"encoding/hex"
	"strings"
)

// This file is QUIC's long headers (RFC 9000 section 17.2, RFC 9369): what can be
// read without keys. Short headers are data: how long their connection
// identifiers are is known to the endpoints only.

var (
	quicPacketLength = uint32Field("quic.packet_length", "Packet Length", baseDec)
	quicForm         = uint8Field("quic.header_form", "Header Form", baseDec).mask(0x80).named(Values{0: "Short Header", 1: "Long Header"})
	quicFixed        = boolField("quic.fixed_bit", "Fixed Bit", 8, 0x40, "", "")
	quicType         = uint8Field("quic.long.packet_type", "Packet Type", baseDec).mask(0x30).named(Values{0: "Initial", 1: "0-RTT", 2: "Handshake", 3: "Retry"})
	quicTypeV2       = uint8Field("quic.long.packet_type_v2", "Packet Type", baseDec).mask(0x30).named(Values{0: "Retry", 1: "Initial", 2: "0-RTT", 3: "Handshake"})
	quicVersion      = uint32Field("quic.version", "Version", baseHex)
	quicDCIDLen      = uint8Field("quic.dcil", "Destination Connection ID Length", baseDec)
	quicDCID         = field("quic.dcid", "Destination Connection ID", "BYTES")
	quicSCIDLen      = uint8Field("quic.scil", "Source Connection ID Length", baseDec)
	quicSCID         = field("quic.scid", "Source Connection ID", "BYTES")
	quicTokenLen     = &FieldDef{Name: "quic.token_length", Label: "Token Length", Type: "UINT64", Base: baseDec}
	quicToken        = field("quic.token", "Token", "BYTES")
	quicLength       = &FieldDef{Name: "quic.length", Label: "Length", Type: "UINT64", Base: baseDec}
	quicSupported    = uint32Field("quic.supported_version", "Supported Version", baseHex)
	quicRetryToken   = field("quic.retry_token", "Retry Token", "BYTES")
	quicRetryTag     = field("quic.retry_integrity_tag", "Retry Integrity Tag", "BYTES")
)

var quicProtocol = Protocol{
	ID: idQUIC, Name: "quic", Long: "QUIC IETF", Short: "QUIC",
	Fields: []*FieldDef{
		quicPacketLength, quicForm, quicFixed, quicType, quicTypeV2, quicVersion, quicDCIDLen, quicDCID, quicSCIDLen, quicSCID,
		quicTokenLen, quicToken, quicLength, quicSupported, quicRetryToken, quicRetryTag,
	},
	carries: (*Table).undissected,
	decode:  decodeQUIC,
}

const (
	quicVersion1 = 0x00000001
	quicVersion2 = 0x6b3343cf

	quicInitial = "Initial"
	quicRetry   = "Retry"

	quicMaxID    = 20 // RFC 9000 section 17.2
	quicRetryLen = 16 // of the integrity tag
)

// quicKnown says that a version's long headers are those of RFC 9000: versions
// 1 and 2 and the drafts from 22 on, which moved the lengths of the identifiers.
func quicKnown(version uint32) bool {
	return version == 0 || version == quicVersion1 || version == quicVersion2 || version >= 0xff000016 && version <= 0xff000022
}

// quicHeader is a long header.
type quicHeader struct {
	first      uint8
	version    uint32
	dcid, scid []byte
}

// kind names the packet's type.
func (h *quicHeader) kind() string {
	switch h.version {
	case 0:
		return "Version Negotiation"
	case quicVersion2:
		return quicTypeV2.Values.name(quicTypeV2.value(uint64(h.first)), "")
	}
	return quicType.Values.name(quicType.value(uint64(h.first)), "")
}

// parseQUIC reads the part that all versions share (RFC 8999).
func parseQUIC(d []byte) (h quicHeader, ok bool) {
	c := cursor{d: d}
	h.first, h.version = uint8(c.number(1)), uint32(c.number(4))
	h.dcid = c.take(int(c.number(1)))
	h.scid = c.take(int(c.number(1)))
	return h, !c.short && h.first&0x80 != 0 && quicKnown(h.version) && len(h.dcid) <= quicMaxID && len(h.scid) <= quicMaxID
}

func decodeQUIC(b *builder, self *Protocol, p payload) {
	if _, ok := parseQUIC(b.rest(p)); !ok {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	b.partial = true
	var info []string
	n := b.protocol(self, p, p.captured(), self.Long)
	for p.captured() > 0 { // packets may be coalesced (RFC 9000 section 12.2)
		h, ok := parseQUIC(b.rest(p))
		if !ok {
			break
		}
		if b.writes() {
			info = append(info, quicInfo(&h))
		}
		p = p.skip(quicNodes(n, b.cursor(p), &h))
	}
	if b.writes() {
		b.col.protocol, b.col.info = self.Short, strings.Join(info, ", ")
	}
}

func quicInfo(h *quicHeader) string {
	text := h.kind()
	if len(h.dcid) > 0 {
		text += ", DCID=" + hex.EncodeToString(h.dcid)
	}
	if len(h.scid) > 0 {
		text += ", SCID=" + hex.EncodeToString(h.scid)
	}
	return text
}

// quicNodes adds one packet and returns its size.
func quicNodes(n *node, c cursor, h *quicHeader) int {
	start, total := c.pos, len(c.d)
	length := computed(addUint(n, quicPacketLength, start, uint64(total)))
	first := c.add(n, quicForm, 1)
	kind := h.kind()
	if h.version != 0 {
		addUint(n, quicFixed, start, first)
		if h.version == quicVersion2 {
			addUint(n, quicTypeV2, start, first)
		} else {
			addUint(n, quicType, start, first)
		}
	}
	quicVersionNode(n, quicVersion, &c)
	c.add(n, quicDCIDLen, 1)
	quicBytes(n, quicDCID, &c, len(h.dcid))
	c.add(n, quicSCIDLen, 1)
	quicBytes(n, quicSCID, &c, len(h.scid))
	size := total
	switch {
	case h.version == 0:
		for len(c.d) >= 4 {
			quicVersionNode(n, quicSupported, &c)
		}
	case kind == quicRetry:
		if len(c.d) >= quicRetryLen {
			quicBytes(n, quicRetryToken, &c, len(c.d)-quicRetryLen)
			quicBytes(n, quicRetryTag, &c, quicRetryLen)
		}
	default:
		if kind == quicInitial {
			quicBytes(n, quicToken, &c, int(min(c.addVarint(n, quicTokenLen), uint64(total))))
		}
		rest := c.addVarint(n, quicLength)
		size = int(min(uint64(c.pos-start)+rest, uint64(total)))
	}
	length.resize(0)
	if n.labelled() {
		length.Label, length.Show = quicPacketLength.Label+": "+quicPacketLength.number(uint64(size)), quicPacketLength.show(uint64(size))
	} else if length != nil {
		length.Show = quicPacketLength.show(uint64(size))
	}
	return size
}

// quicVersionNode adds a version, which is named in Wireshark's way.
func quicVersionNode(n *node, d *FieldDef, c *cursor) {
	f := n
	at := c.pos
	v := uint32(c.number(4))
	if f = addUint(n, d, at, uint64(v)); !f.labelled() {
		return
	}
	name := "Unknown"
	switch {
	case v == 0:
		name = "Version Negotiation"
	case v == quicVersion1:
		name = "1"
	case v == quicVersion2:
		name = "2"
	case v&0x0f0f0f0f == 0x0a0a0a0a:
		name = "Forcing Version Negotiation"
	case v>>8 == 0xff0000:
		name = "draft-" + quicPacketLength.number(uint64(v&0xff))
	}
	f.Label = d.Label + ": " + name + " (" + d.number(uint64(v)) + ")"
}

func quicBytes(n *node, d *FieldDef, c *cursor, size int) {
	if size > 0 {
		at := c.pos
		addBytes(n, d, at, c.take(size))
	}
}

// addVarint reads a variable-length integer (RFC 9000 section 16) into a field.
func (c *cursor) addVarint(parent *node, d *FieldDef) uint64 {
	if c.empty() {
		c.short = true
		return 0
	}
	at, size := c.pos, 1<<(c.d[0]>>6)
	v := c.number(size) &^ (3 << (8*size - 2))
	if !c.short {
		addUint(parent, d, at, v).resize(size)
	}
	return v
}
