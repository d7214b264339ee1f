package dissect

import (
	"fmt"
	"net/netip"
	"strings"
)

// This file is IGMP: version 1 (RFC 1112), 2 (RFC 2236) and 3 (RFC 3376). Version
// 0 and what else shares the protocol number (PIM version 1, DVMRP, mtrace) is
// left as data.

var (
	igmpVersion   = uint8Field("igmp.version", "IGMP Version", baseDec)
	igmpType      = uint8Field("igmp.type", "Type", baseHex).named(igmpTypeNames)
	igmpReserved  = field("igmp.reserved", "Reserved", "BYTES")
	igmpMaxResp   = uint8Field("igmp.max_resp", "Max Resp Time", baseDec)
	igmpExponent  = uint8Field("igmp.max_resp.exp", "Exponent", baseHex).mask(0x70)
	igmpMantissa  = uint8Field("igmp.max_resp.mant", "Mantissa", baseHex).mask(0x0f)
	igmpChecksum  = uint16Field("igmp.checksum", "Checksum", baseHex)
	igmpStatus    = uint8Field("igmp.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames)
	igmpBad       = field("igmp.bad_checksum", "Bad checksum", "NONE")
	igmpGroup     = field("igmp.maddr", "Multicast Address", "IPv4")
	igmpSource    = field("igmp.saddr", "Source Address", "IPv4")
	igmpSuppress  = boolField("igmp.s", "S", 8, 0x08, "SUPPRESS router side processing", "Do not suppress router side processing")
	igmpQRV       = uint8Field("igmp.qrv", "QRV", baseDec).mask(0x07)
	igmpQQIC      = uint8Field("igmp.qqic", "QQIC", baseDec)
	igmpSources   = uint16Field("igmp.num_src", "Num Src", baseDec)
	igmpRecords   = uint16Field("igmp.num_grp_recs", "Num Group Records", baseDec)
	igmpRecType   = uint8Field("igmp.record_type", "Record Type", baseDec).named(igmpRecordNames)
	igmpAuxLen    = uint8Field("igmp.aux_data_len", "Aux Data Len", baseDec)
	igmpAux       = field("igmp.aux_data", "Aux Data", "BYTES")
	igmpOtherData = field("igmp.data", "Data", "BYTES")
)

var igmpProtocol = Protocol{
	Name: "igmp", Long: "Internet Group Management Protocol", Short: "IGMP",
	Fields: []*FieldDef{
		igmpVersion, igmpType, igmpReserved, igmpMaxResp, igmpExponent, igmpMantissa, igmpChecksum, igmpStatus, igmpBad, igmpGroup,
		igmpSource, igmpSuppress, igmpQRV, igmpQQIC, igmpSources, igmpRecords, igmpRecType, igmpAuxLen, igmpAux, igmpOtherData,
	},
	carries: (*Table).undissected,
	decode:  decodeIGMP,
}

const (
	igmpQuery    = 0x11
	igmpReportV1 = 0x12
	igmpReportV2 = 0x16
	igmpLeave    = 0x17
	igmpReportV3 = 0x22

	igmpHeaderLen = 8
	igmpQueryV3   = 12 // the length from which a query is version 3's (RFC 3376 section 7.1)
)

var igmpTypeNames = Values{
	0x01: "Create Group Request", 0x02: "Create Group Reply", 0x03: "Join Group Request", 0x04: "Join Group Reply",
	0x05: "Leave Group Request", 0x06: "Leave Group Reply", 0x07: "Confirm Group Request", 0x08: "Confirm Group Reply",
	0x11: "Membership Query", 0x12: "Membership Report", 0x13: "DVMRP Protocol", 0x14: "PIM Routing Message",
	0x16: "Membership Report", 0x17: "Leave Group", 0x1e: "Traceroute Response", 0x1f: "Traceroute Query or Request",
	0x22: "Membership Report",
}

var igmpRecordNames = Values{
	1: "Mode Is Include", 2: "Mode Is Exclude", 3: "Change To Include Mode", 4: "Change To Exclude Mode",
	5: "Allow New Sources", 6: "Block Old Sources",
}

// igmpVersionOf tells a message's version by its type, its maximum response
// time and its length (RFC 3376 section 7.1); 0 means that it is none of 1 to 3.
func igmpVersionOf(typ, maxResp uint8, length int) int {
	switch typ {
	case igmpQuery:
		switch {
		case length >= igmpQueryV3:
			return 3
		case maxResp == 0:
			return 1
		}
		return 2
	case igmpReportV1:
		return 1
	case igmpReportV2, igmpLeave:
		return 2
	case igmpReportV3:
		return 3
	}
	return 0
}

func decodeIGMP(b *builder, self *Protocol, p payload) {
	d, ok := b.bytes(p, 0, 2)
	if !ok {
		b.setProtocol("IGMP")
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, 2)
		return
	}
	version := igmpVersionOf(d[0], d[1], p.reported)
	if version == 0 {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	b.path = append(b.path, self.Name) // Wireshark hands it from one IGMP dissector to another
	if b.writes() {
		b.setProtocol(fmt.Sprintf("IGMPv%d", version))
		b.setInfo("%s", igmpTypeNames.name(uint64(d[0]), ""))
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	virtual(addUint(n, igmpVersion, p.off, uint64(version)))
	addUint(n, igmpType, p.off, uint64(d[0]))
	maxRespNode(n, p.off+1, d, version)
	switch {
	case p.captured() < igmpHeaderLen:
		b.exception(self, p, igmpHeaderLen)
	case d[0] == igmpReportV3:
		b.igmpReport(n, self, p)
	case version == 3:
		b.igmpQuery(n, self, p)
	default:
		b.igmpGroup(n, p, d[0], version)
	}
}

// maxRespNode adds the second byte, which reports do not use.
func maxRespNode(n *node, at int, d []byte, version int) {
	switch {
	case n == nil:
	case version == 1 || d[0] == igmpReportV3:
		addBytes(n, igmpReserved, at, d[1:2])
	case version == 3 && d[1] >= 0x80: // a floating-point value (RFC 3376 section 4.1.1)
		tenths := (uint64(d[1]&0x0f) | 0x10) << (d[1]>>4&0x07 + 3)
		f := addUintf(n, igmpMaxResp, at, uint64(d[1]), "%d.%d sec (0x%02x)", tenths/10, tenths%10, uint64(d[1]))
		addUint(f, igmpExponent, at, uint64(d[1]))
		addUint(f, igmpMantissa, at, uint64(d[1]))
	default:
		addUintf(n, igmpMaxResp, at, uint64(d[1]), "%d.%d sec (0x%02x)", uint64(d[1]/10), uint64(d[1]%10), uint64(d[1]))
	}
}

func (b *builder) igmpChecksumNodes(n *node, p payload) {
	b.internetChecksum(n, p, igmpChecksum, igmpStatus, igmpBad, 0, SeverityError)
}

// igmpGroup is the rest of versions 1 and 2: one group.
func (b *builder) igmpGroup(n *node, p payload, typ uint8, version int) {
	b.igmpChecksumNodes(n, p.limit(igmpHeaderLen))
	group := addr4(b.rest(p)[4:8])
	addAddr(n, igmpGroup, p.off+4, group)
	if version == 1 || !b.writes() {
		return
	}
	switch {
	case typ == igmpQuery && group.IsUnspecified():
		b.appendInfo(", general")
	case typ == igmpQuery:
		b.appendInfo(", specific for group " + group.String())
	case typ == igmpLeave:
		b.appendInfo(" " + group.String())
	default:
		b.appendInfo(" group " + group.String())
	}
}

// igmpQuery is a version 3 query (RFC 3376 section 4.1).
func (b *builder) igmpQuery(n *node, self *Protocol, p payload) {
	b.igmpChecksumNodes(n, p)
	d := b.rest(p)
	group := addr4(d[4:8])
	addAddr(n, igmpGroup, p.off+4, group)
	if len(d) < igmpQueryV3 {
		b.exception(self, p, igmpQueryV3)
		return
	}
	addUint(n, igmpSuppress, p.off+8, uint64(d[8]))
	addUint(n, igmpQRV, p.off+8, uint64(d[8]))
	addUint(n, igmpQQIC, p.off+9, uint64(d[9]))
	count := int(be16(d[10:]))
	addUint(n, igmpSources, p.off+10, uint64(count))
	sources := p.skip(igmpQueryV3)
	whole := b.sourceNodes(n, sources, count)
	if b.writes() {
		switch {
		case group.IsUnspecified():
			b.appendInfo(", general")
		default:
			b.appendInfo(", specific for group " + group.String())
		}
		if count > 0 {
			b.appendInfo(", source" + plural(count) + " {" + b.sourceList(sources, count) + "}")
		}
	}
	if !whole {
		b.exception(self, sources, 4*count)
	}
}

// sourceNodes adds count addresses and reports whether they were all there.
func (b *builder) sourceNodes(n *node, p payload, count int) bool {
	for i := range count {
		a, ok := b.bytes(p, 4*i, 4)
		if !ok {
			return false
		}
		addAddr(n, igmpSource, p.off+4*i, addr4(a))
	}
	return true
}

// sourceList is the addresses as Info has them.
func (b *builder) sourceList(p payload, count int) string {
	var list []string
	for i := range count {
		a, ok := b.bytes(p, 4*i, 4)
		if !ok {
			break
		}
		list = append(list, addr4(a).String())
	}
	return strings.Join(list, ", ")
}

// igmpReport is a version 3 report (RFC 3376 section 4.2).
func (b *builder) igmpReport(n *node, self *Protocol, p payload) {
	b.igmpChecksumNodes(n, p)
	d := b.rest(p)
	addBytes(n, igmpReserved, p.off+4, d[4:6])
	count := int(be16(d[6:]))
	addUint(n, igmpRecords, p.off+6, uint64(count))
	rest := p.skip(igmpHeaderLen)
	for range count {
		size, ok := b.igmpRecord(n, rest)
		if !ok {
			b.exception(self, rest, size)
			return
		}
		rest = rest.skip(size)
	}
}

// igmpRecord is one group record; size is how many bytes it has or should have.
func (b *builder) igmpRecord(n *node, p payload) (size int, ok bool) {
	const header = 8
	d, ok := b.bytes(p, 0, header)
	if !ok {
		return header, false
	}
	typ, aux, count, group := d[0], 4*int(d[1]), int(be16(d[2:])), addr4(d[4:8])
	size = header + 4*count + aux
	f := addText(n, p.off, min(size, p.captured()), "")
	if f.labelled() {
		f.Label = fmt.Sprintf("Group Record : %s  %s", group, igmpRecordNames[uint64(typ)])
	}
	addUint(f, igmpRecType, p.off, uint64(typ))
	addUint(f, igmpAuxLen, p.off+1, uint64(d[1]))
	addUint(f, igmpSources, p.off+2, uint64(count))
	addAddr(f, igmpGroup, p.off+4, group)
	if b.writes() {
		b.appendInfo(igmpRecordInfo(typ, group, count, b.sourceList(p.skip(header), count)))
	}
	if !b.sourceNodes(f, p.skip(header), count) {
		return size, false
	}
	if a, ok := b.bytes(p, header+4*count, aux); ok && aux > 0 {
		addBytes(f, igmpAux, p.off+header+4*count, a)
	}
	return size, size <= p.captured()
}

// igmpRecordInfo is what a group record adds to Info.
func igmpRecordInfo(typ uint8, group netip.Addr, count int, sources string) string {
	s := plural(count)
	switch {
	case (typ == 1 || typ == 3) && count == 0:
		return fmt.Sprintf(" / Leave group %s", group)
	case typ == 1 || typ == 3:
		return fmt.Sprintf(" / Join group %s for source%s {%s}", group, s, sources)
	case (typ == 2 || typ == 4) && count == 0:
		return fmt.Sprintf(" / Join group %s for any sources", group)
	case typ == 2 || typ == 4:
		return fmt.Sprintf(" / Join group %s, for source%s not%s {%s}", group, s, trueFalse(count > 1, " in", ""), sources)
	case typ == 5:
		return fmt.Sprintf(" / Group %s, new source%s {%s}", group, s, sources)
	case typ == 6:
		return fmt.Sprintf(" / Group %s, block source%s {%s}", group, s, sources)
	}
	return fmt.Sprintf(" / Group %s, unknown record type (?)", group)
}
