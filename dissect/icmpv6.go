package dissect

import (
	"fmt"

	"pktsh/dissect/stream"
)

// This file is ICMPv6 (RFC 4443) and the messages of Neighbor Discovery
// (RFC 4861) and MLD (RFC 2710, RFC 3810). Options are in icmpv6opt.go.

var (
	icmp6Type     = uint8Field("icmpv6.type", "Type", baseDec).named(icmpv6TypeNames).at(0, 1)
	icmp6Code     = uint8Field("icmpv6.code", "Code", baseDec).at(1, 1)
	icmp6Checksum = uint16Field("icmpv6.checksum", "Checksum", baseHex).at(2, 2)
	icmp6Status   = uint8Field("icmpv6.checksum.status", "Checksum Status", baseNone).named(checksumStatusNames).doubted()
	icmp6Bad      = field("icmpv6.checksum_bad.expert", "Bad checksum", "NONE")
	icmp6Reserved = field("icmpv6.reserved", "Reserved", "BYTES").doubted()
	icmp6ID       = uint16Field("icmpv6.echo.identifier", "Identifier", baseHex).doubted()
	icmp6Seq      = uint16Field("icmpv6.echo.sequence_number", "Sequence", baseDec)
	icmp6Response = field("icmpv6.resp_in", "Response In", "FRAMENUM").stateful()
	icmp6Request  = field("icmpv6.resp_to", "Response To", "FRAMENUM").stateful()
	icmp6Time     = field("icmpv6.resptime", "Response Time", "DOUBLE").stateful()
	icmp6NoReply  = field("icmpv6.no_resp", "No response seen", "NONE").stateful()
	icmp6NotFound = field("icmpv6.resp_not_found", "Response not found", "NONE").stateful()
	icmp6MTU      = uint32Field("icmpv6.mtu", "MTU", baseDec)
	icmp6Pointer  = uint32Field("icmpv6.pointer", "Pointer", baseDec)
	icmp6Target   = field("icmpv6.nd.ns.target_address", "Target Address", "IPv6")
	icmp6NAFlags  = uint32Field("icmpv6.nd.na.flag", "Flags", baseHex)
	icmp6NARouter = flagField("icmpv6.nd.na.flag.r", "Router", 32, 0x80000000)
	icmp6NASolic  = flagField("icmpv6.nd.na.flag.s", "Solicited", 32, 0x40000000)
	icmp6NAOver   = flagField("icmpv6.nd.na.flag.o", "Override", 32, 0x20000000)
	icmp6NARest   = uint32Field("icmpv6.nd.na.flag.rsv", "Reserved", baseDec).mask(0x1fffffff)
	icmp6NATarget = field("icmpv6.nd.na.target_address", "Target Address", "IPv6")
	icmp6RAHops   = uint8Field("icmpv6.nd.ra.cur_hop_limit", "Cur hop limit", baseDec)
	icmp6RAFlags  = uint8Field("icmpv6.nd.ra.flag", "Flags", baseHex)
	icmp6RAManage = flagField("icmpv6.nd.ra.flag.m", "Managed address configuration", 8, 0x80)
	icmp6RAOther  = flagField("icmpv6.nd.ra.flag.o", "Other configuration", 8, 0x40)
	icmp6RAHome   = flagField("icmpv6.nd.ra.flag.h", "Home Agent", 8, 0x20)
	icmp6RAPref   = uint8Field("icmpv6.nd.ra.flag.prf", "Prf (Default Router Preference)", baseDec).mask(0x18).named(routerPreference)
	icmp6RAProxy  = flagField("icmpv6.nd.ra.flag.p", "Proxy", 8, 0x04)
	icmp6RARest   = uint8Field("icmpv6.nd.ra.flag.rsv", "Reserved", baseDec).mask(0x03)
	icmp6RALife   = uint16Field("icmpv6.nd.ra.router_lifetime", "Router lifetime (s)", baseDec)
	icmp6RAReach  = uint32Field("icmpv6.nd.ra.reachable_time", "Reachable time (ms)", baseDec)
	icmp6RARetr   = uint32Field("icmpv6.nd.ra.retrans_timer", "Retrans timer (ms)", baseDec)
	icmp6MLDDelay = uint16Field("icmpv6.mld.maximum_response_delay", "Maximum Response Delay [ms]", baseDec).doubted()
	icmp6MLDRes   = field("icmpv6.mld.reserved", "Reserved", "BYTES").doubted()
	icmp6MLDAddr  = field("icmpv6.mld.multicast_address", "Multicast Address", "IPv6")
	icmp6MLDCount = uint16Field("icmpv6.mldr.nb_mcast_records", "Number of Multicast Address Records", baseDec)
	icmp6MLDRec   = field("icmpv6.mldr.mar", "Multicast Address Record", "NONE")
	icmp6MLDKind  = uint8Field("icmpv6.mldr.mar.record_type", "Record Type", baseDec).named(mldRecordNames)
	icmp6MLDAux   = uint8Field("icmpv6.mldr.mar.aux_data_len", "Aux Data Len", baseDec)
	icmp6MLDNum   = uint16Field("icmpv6.mldr.mar.nb_sources", "Number of Sources", baseDec)
	icmp6MLDGroup = field("icmpv6.mldr.mar.multicast_address", "Multicast Address", "IPv6")
	icmp6MLDFrom  = field("icmpv6.mldr.mar.source_address", "Source Address", "IPv6")
	icmp6RDTarget = field("icmpv6.rd.na.target_address", "Target Address", "IPv6")
	icmp6RDDest   = field("icmpv6.rd.na.destination_address", "Destination Address", "IPv6")
)

var icmpv6Protocol = Protocol{
	ID: idICMPv6, Name: "icmpv6", Long: "Internet Control Message Protocol v6", Short: "ICMPv6",
	Fields: append([]*FieldDef{
		icmp6Type, icmp6Code, icmp6Checksum, icmp6Status, icmp6Bad, icmp6Reserved, icmp6ID, icmp6Seq, icmp6Response,
		icmp6Request, icmp6Time, icmp6NoReply, icmp6NotFound, icmp6MTU, icmp6Pointer, icmp6Target, icmp6NAFlags,
		icmp6NARouter, icmp6NASolic, icmp6NAOver, icmp6NARest, icmp6NATarget, icmp6RAHops, icmp6RAFlags, icmp6RAManage,
		icmp6RAOther, icmp6RAHome, icmp6RAPref, icmp6RAProxy, icmp6RARest, icmp6RALife, icmp6RAReach, icmp6RARetr,
		icmp6MLDDelay, icmp6MLDRes, icmp6MLDAddr, icmp6MLDCount, icmp6MLDRec, icmp6MLDKind, icmp6MLDAux, icmp6MLDNum,
		icmp6MLDGroup, icmp6MLDFrom, icmp6RDTarget, icmp6RDDest,
	}, icmp6OptionFields...),
	carries: (*Table).transport,
	decode:  decodeICMPv6,
	walk:    walkICMPv6,
}

var routerPreference = Values{0: "Medium", 1: "High", 2: "Reserved", 3: "Low"}

var mldRecordNames = Values{
	1: "Include", 2: "Exclude", 3: "Changed to include", 4: "Changed to exclude", 5: "Allow new sources", 6: "Block old sources",
}

// icmpv6CodeNames names the codes of the error messages (RFC 4443 section 3).
var icmpv6CodeNames = map[uint8]Values{
	1: {
		0: "no route to destination", 1: "Administratively prohibited", 2: "Beyond scope of source address",
		3: "Address unreachable", 4: "Port unreachable", 5: "Source address failed ingress/egress policy",
		6: "Reject route to destination", 7: "Error in Source Routing Header", 8: "Headers too long",
	},
	3: {0: "hop limit exceeded in transit", 1: "fragment reassembly time exceeded"},
	4: {
		0: "erroneous header field encountered", 1: "unrecognized Next Header type encountered",
		2: "unrecognized IPv6 option encountered", 3: "IPv6 First Fragment has incomplete IPv6 Header Chain",
	},
}

const (
	icmp6EchoRequest = 128
	icmp6EchoReply   = 129
	mldQuery         = 130
	mldReport        = 131
	mldDone          = 132
	ndRouterSolicit  = 133
	ndRouterAdvert   = 134
	ndNeighborSolic  = 135
	ndNeighborAdvert = 136
	ndRedirect       = 137
	mldReportV2      = 143

	icmp6MinHeader = 4
)

// icmp6Size is the fixed part of a message in bytes, by type.
func icmp6Size(typ uint8) int {
	switch typ {
	case mldQuery, mldReport, mldDone, ndNeighborSolic, ndNeighborAdvert:
		return 24
	case ndRouterAdvert:
		return 16
	case ndRedirect:
		return 40
	}
	return 8
}

// icmp6Header is a parsed ICMPv6 header; d is the message's fixed part.
type icmp6Header struct {
	typ, code uint8
	d         []byte
}

func parseICMPv6(d []byte) (h icmp6Header, ok bool) {
	if len(d) < icmp6MinHeader {
		return h, false
	}
	h = icmp6Header{typ: d[0], code: d[1]}
	size := icmp6Size(h.typ)
	if len(d) < size {
		return h, false
	}
	h.d = d[:size]
	return h, true
}

func decodeICMPv6(b *builder, self *Protocol, p payload) {
	b.setProtocol("ICMPv6")
	h, ok := parseICMPv6(b.rest(p))
	if !ok {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, max(icmp6MinHeader, icmp6Size(h.typ)))
		return
	}
	name := icmpv6TypeNames.name(uint64(h.typ), fmt.Sprintf("Unknown (%d)", h.typ))
	code, named := icmpv6CodeNames[h.typ][uint64(h.code)]
	b.setInfo("%s", name)
	if named {
		b.setInfo("%s (%s)", name, code)
	}
	peer := b.icmp6Echo(&h, p)
	n := b.protocol(self, p, p.captured(), self.Long)
	if n != nil {
		n.Size = p.captured()
	}
	addUint(n, icmp6Type, p.off, uint64(h.typ))
	codeText := fmt.Sprint(h.code)
	if named {
		codeText += " (" + code + ")"
	}
	addUintText(n, icmp6Code, p.off+1, uint64(h.code), codeText)
	b.internetChecksum(n, p, icmp6Checksum, icmp6Status, icmp6Bad, b.pseudoSum(p.reported), SeverityWarn)
	b.icmp6Body(n, p, &h, peer)
}

// pseudoSum is the sum of the pseudo header of RFC 8200 section 8.1.
func (b *builder) pseudoSum(length int) uint32 {
	s, d := b.src.As16(), b.dst.As16()
	sum := uint32(onesSum(0, s[:])) + uint32(onesSum(0, d[:]))
	return sum + uint32(length>>16) + uint32(length&0xffff) + 58
}

// retypedUp is the checksum of an echo reply as the request had it: the type is one less.
func retypedUp(sum uint16) uint16 {
	want := uint32(sum) + 0x0100
	return uint16(want&0xffff + want>>16)
}

func (b *builder) icmp6Echo(h *icmp6Header, p payload) stream.Peer {
	reply := h.typ == icmp6EchoReply
	if !reply && h.typ != icmp6EchoRequest || b.quoted > 0 {
		return stream.Peer{}
	}
	id, seq := be16(h.d[4:]), be16(h.d[6:])
	var peer stream.Peer
	if b.in.Flows != nil {
		e := stream.Echo{Requester: b.src, Responder: b.dst, ID: id, Seq: seq, VLAN: b.vlan, IPv6: true, Checksum: be16(b.data[p.off+2:])}
		if reply {
			e.Requester, e.Responder, e.Reply = b.dst, b.src, true
			e.Checksum = retypedUp(e.Checksum)
		}
		peer = b.in.Flows.Echo(b.in.Number, e)
	}
	b.appendInfo(fmt.Sprintf(" id=0x%04x, seq=%d, hop limit=%d%s", id, seq, b.ttl, echoNote(peer.Frame, !reply, b.in.Flows != nil)))
	return peer
}

// icmp6Body adds what the type calls for.
func (b *builder) icmp6Body(n *node, p payload, h *icmp6Header, peer stream.Peer) {
	at, d := p.off, h.d
	rest := p.skip(len(d))
	switch h.typ {
	case 1, 2, 3, 4:
		switch h.typ {
		case 2:
			addUint(n, icmp6MTU, at+4, uint64(be32(d[4:])))
		case 4:
			addUint(n, icmp6Pointer, at+4, uint64(be32(d[4:])))
		default:
			addBytes(n, icmp6Reserved, at+4, d[4:8])
		}
		b.quote(n, b.table.ipProtos[41], rest)
	case icmp6EchoRequest, icmp6EchoReply:
		b.icmp6EchoNodes(n, p, h, peer)
		b.nested(n, b.table.data, rest)
	case mldQuery, mldReport, mldDone:
		b.mldBody(n, p, h)
	case mldReportV2:
		addBytes(n, icmp6MLDRes, at+4, d[4:6])
		addUint(n, icmp6MLDCount, at+6, uint64(be16(d[6:])))
		b.mldRecords(n, rest, int(be16(d[6:])))
	case ndRouterSolicit:
		addBytes(n, icmp6Reserved, at+4, d[4:8])
		b.icmp6Options(n, rest, "from")
	case ndRouterAdvert:
		routerAdvertNodes(n, at, d)
		b.icmp6Options(n, rest, "from")
	case ndNeighborSolic:
		addBytes(n, icmp6Reserved, at+4, d[4:8])
		target := addr6(d[8:24])
		addAddr(n, icmp6Target, at+8, target)
		b.appendInfo(" for " + addrText(target))
		b.icmp6Options(n, rest, "from")
	case ndNeighborAdvert:
		b.neighborAdvert(n, at, d)
		b.icmp6Options(n, rest, "is at")
	case ndRedirect:
		addBytes(n, icmp6Reserved, at+4, d[4:8])
		addAddr(n, icmp6RDTarget, at+8, addr6(d[8:24]))
		addAddr(n, icmp6RDDest, at+24, addr6(d[24:40]))
		b.icmp6Options(n, rest, "is at")
	default:
		b.partial = true
		b.nested(n, b.table.data, p.skip(icmp6MinHeader))
	}
}

func (b *builder) icmp6EchoNodes(n *node, p payload, h *icmp6Header, peer stream.Peer) {
	if n == nil {
		return
	}
	at := p.off
	addUint(n, icmp6ID, at+4, uint64(be16(h.d[4:])))
	addUint(n, icmp6Seq, at+6, uint64(be16(h.d[6:])))
	switch {
	case b.in.Flows == nil || b.quoted > 0:
	case h.typ == icmp6EchoRequest && peer.Frame == 0:
		f := computed(add(n, icmp6NoReply, at, 0, "", icmp6NoReply.Label))
		addExpert(f, icmp6NotFound, SeverityWarn, "Sequence", fmt.Sprintf("No response seen to ICMPv6 request in frame %d", b.in.Number), groupSequence)
		n.Severity = max(n.Severity, SeverityWarn)
	case h.typ == icmp6EchoRequest:
		frameLink(n, icmp6Response, at, peer.Frame)
	case peer.Frame != 0:
		frameLink(n, icmp6Request, at, peer.Frame)
		b.responseTime(n, icmp6Time, at, peer.Frame)
	}
}

func (b *builder) mldBody(n *node, p payload, h *icmp6Header) {
	at, d := p.off, h.d
	addUint(n, icmp6MLDDelay, at+4, uint64(be16(d[4:])))
	addBytes(n, icmp6MLDRes, at+6, d[6:8])
	addAddr(n, icmp6MLDAddr, at+8, addr6(d[8:24]))
	if rest := p.skip(len(d)); rest.captured() > 0 {
		b.partial = true // MLDv2's query has more
		b.nested(n, b.table.data, rest)
	}
}

// mldRecords adds the group records of an MLDv2 report (RFC 3810 section 5.2).
func (b *builder) mldRecords(n *node, p payload, count int) {
	if n == nil {
		return
	}
	for range count {
		d, ok := b.bytes(p, 0, 20)
		if !ok {
			return
		}
		sources := int(be16(d[2:]))
		size := 20 + 16*sources + 4*int(d[1])
		whole, ok := b.bytes(p, 0, size)
		if !ok {
			return
		}
		group := addr6(d[4:20])
		f := add(n, icmp6MLDRec, p.off, size, "", fmt.Sprintf("Multicast Address Record %s: %s", mldRecordNames.name(uint64(d[0]), "Unknown"), addrText(group)))
		addUint(f, icmp6MLDKind, p.off, uint64(d[0]))
		addUint(f, icmp6MLDAux, p.off+1, uint64(d[1]))
		addUint(f, icmp6MLDNum, p.off+2, uint64(sources))
		addAddr(f, icmp6MLDGroup, p.off+4, group)
		for i := range sources {
			addAddr(f, icmp6MLDFrom, p.off+20+16*i, addr6(whole[20+16*i:36+16*i]))
		}
		p = p.skip(size)
	}
}

func routerAdvertNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	addUint(n, icmp6RAHops, at+4, uint64(d[4]))
	word := uint64(d[5])
	text := fmt.Sprintf("0x%02x", word)
	for _, f := range []*FieldDef{icmp6RAManage, icmp6RAOther, icmp6RAHome} {
		if word&f.Mask != 0 {
			text += ", " + f.Label
		}
	}
	text += ", Prf (Default Router Preference): " + routerPreference.name(icmp6RAPref.value(word), "")
	f := addUintText(n, icmp6RAFlags, at+5, word, text)
	for _, bit := range []*FieldDef{icmp6RAManage, icmp6RAOther, icmp6RAHome, icmp6RAPref, icmp6RAProxy, icmp6RARest} {
		addUint(f, bit, at+5, word)
	}
	addUint(n, icmp6RALife, at+6, uint64(be16(d[6:])))
	addUint(n, icmp6RAReach, at+8, uint64(be32(d[8:])))
	addUint(n, icmp6RARetr, at+12, uint64(be32(d[12:])))
}

func (b *builder) neighborAdvert(n *node, at int, d []byte) {
	word := uint64(be32(d[4:]))
	target := addr6(d[8:24])
	flags, long := "", ""
	for _, f := range []struct {
		bit         uint64
		short, name string
	}{{0x80000000, "rtr", "Router"}, {0x40000000, "sol", "Solicited"}, {0x20000000, "ovr", "Override"}} {
		if word&f.bit == 0 {
			continue
		}
		if flags != "" {
			flags += ", "
		}
		flags += f.short
		long += ", " + f.name
	}
	b.appendInfo(fmt.Sprintf(" %s (%s)", addrText(target), flags))
	f := addUintText(n, icmp6NAFlags, at+4, word, fmt.Sprintf("0x%08x%s", word, long))
	for _, bit := range []*FieldDef{icmp6NARouter, icmp6NASolic, icmp6NAOver, icmp6NARest} {
		addUint(f, bit, at+4, word)
	}
	addAddr(n, icmp6NATarget, at+8, target)
}

// walkICMPv6 takes every message but a redirect, which may quote a packet in an
// option, and the packet that an error quotes.
func walkICMPv6(w *Headers, p payload) {
	if w.short(p, icmp6MinHeader) {
		return
	}
	typ := w.Data[p.off]
	w.add(idICMPv6, p)
	if _, ok := parseICMPv6(w.Data[p.off:p.end]); !ok {
		w.doubt(ClassCut, setOf(idICMPv6)|hidesApplications)
		return
	}
	switch {
	case typ == ndRedirect:
		w.doubt(ClassQuote, hidesAll)
	case typ == 160, typ == 161: // extended echo, which is ICMP's (RFC 8335)
		w.hide(setOf(idICMP) | hidesApplications)
	case typ >= 1 && typ <= 4:
		if w.Data[p.off+4] != 0 { // what follows the packet is shown as ICMP's (RFC 4884)
			w.hide(setOf(idICMP))
		}
		w.quote(w.rules.quoted6, p.skip(icmpHeaderLen))
	default:
		w.hide(hidesApplications)
		if !icmp6Plain(typ, w.Data[p.off:p.end]) {
			w.doubt(ClassHeader, setOf(idICMPv6))
		}
	}
}

// icmp6Plain says that the options and records behind a message's own fields, in d with
// these, are whole and of kinds that are shown here as Wireshark does.
func icmp6Plain(typ uint8, d []byte) bool {
	rest := d[icmp6Size(typ):]
	switch typ {
	case mldReportV2:
		for range be16(d[6:]) {
			if len(rest) < 20 {
				return false
			}
			size := 20 + 16*int(be16(rest[2:])) + 4*int(rest[1])
			if size > len(rest) {
				return false
			}
			rest = rest[size:]
		}
	case ndRouterSolicit, ndRouterAdvert, ndNeighborSolic, ndNeighborAdvert:
		for ; len(rest) > 0; rest = rest[8*int(rest[1]):] {
			if len(rest) < 8 || 8*int(rest[1]) > len(rest) || !icmp6PlainOption(rest[0], 8*int(rest[1])) {
				return false
			}
		}
	}
	return true
}

// icmp6PlainOption says that an option of a kind, of size bytes, is shown field by field.
func icmp6PlainOption(kind uint8, size int) bool {
	switch kind {
	case 1, 2, 5: // link-layer addresses of Ethernet, MTU
		return size == 8
	case 3: // prefix
		return size == 32
	case 14: // nonce
		return size > 0
	case 25: // DNS servers
		return size >= 24 && size%16 == 8
	}
	return false
}
