package dissect

import (
	"fmt"
	"net/netip"
)

// This file is IPv4 (RFC 791, RFC 2474, RFC 3168).

var (
	ipVersion  = uint8Field("ip.version", "Version", baseDec).valued(ipVersionOf).ofFlow()
	ipHdrLen   = uint8Field("ip.hdr_len", "Header Length", baseDec).valued(ipHeaderBytes)
	ipDSField  = uint8Field("ip.dsfield", "Differentiated Services Field", baseHex).at(1, 1)
	ipDSCP     = uint8Field("ip.dsfield.dscp", "Differentiated Services Codepoint", baseDec).mask(0xfc).named(dscpNames).at(1, 1)
	ipECN      = uint8Field("ip.dsfield.ecn", "Explicit Congestion Notification", baseDec).mask(0x03).named(ecnNames).at(1, 1)
	ipLen      = uint16Field("ip.len", "Total Length", baseDec).valued(ipTotalBytes)
	ipID       = uint16Field("ip.id", "Identification", baseHexDec).at(4, 2)
	ipFlags    = uint8Field("ip.flags", "Flags", baseHex).mask(0xe0).at(6, 1)
	ipFlagRB   = flagField("ip.flags.rb", "Reserved bit", 8, 0x80).at(6, 1)
	ipFlagDF   = flagField("ip.flags.df", "Don't fragment", 8, 0x40).at(6, 1)
	ipFlagMF   = flagField("ip.flags.mf", "More fragments", 8, 0x20).at(6, 1)
	ipOffset   = uint16Field("ip.frag_offset", "Fragment Offset", baseDec).mask(0x1fff).at(6, 2)
	ipTTL      = uint8Field("ip.ttl", "Time to Live", baseDec).at(8, 1)
	ipProto    = uint8Field("ip.proto", "Protocol", baseDec).named(ipProtoNames).at(9, 1).ofFlow()
	ipChecksum = uint16Field("ip.checksum", "Header Checksum", baseHex).at(10, 2)
	ipStatus   = uint8Field("ip.checksum.status", "Header checksum status", baseNone).named(checksumStatusNames).valued(func(*Headers, *Layer) (uint64, bool) { return checksumUnverified, true })
	ipSrc      = field("ip.src", "Source Address", "IPv4").at(12, 4).ofFlow()
	ipDst      = field("ip.dst", "Destination Address", "IPv4").at(16, 4).ofFlow()
	ipAddr     = field("ip.addr", "Source or Destination Address", "IPv4").at(12, 4).at(16, 4).ofFlow()
	ipSrcHost  = field("ip.src_host", "Source Host", "STRING").doubted()
	ipDstHost  = field("ip.dst_host", "Destination Host", "STRING").doubted()
	ipHost     = field("ip.host", "Source or Destination Host", "STRING").doubted()
	ipTTLLocal = field("ip.ttl.lncb", "Time To Live", "NONE")
	ipBogusLen = field("ip.bogus_ip_length", "Bogus IP length", "NONE")
	ipTTLSmall = field("ip.ttl.too_small", "Time To Live", "NONE")
)

var ipProtocol = Protocol{
	ID: idIP, Name: "ip", Long: "Internet Protocol Version 4", Short: "IPv4",
	Fields: append([]*FieldDef{
		ipVersion, ipHdrLen, ipDSField, ipDSCP, ipECN, ipLen, ipID, ipFlags, ipFlagRB, ipFlagDF, ipFlagMF, ipOffset, ipTTL,
		ipProto, ipChecksum, ipStatus, ipSrc, ipDst, ipAddr, ipSrcHost, ipDstHost, ipHost, ipTTLLocal, ipTTLSmall, ipBogusLen,
	}, ipOptionFields...),
	carries: (*Table).transport,
	decode:  decodeIP,
	walk:    walkIP,
}

// dscpShort are the class names that the Differentiated Services line shows.
var dscpShort = Values{
	0: "CS0", 1: "LE", 8: "CS1", 10: "AF11", 12: "AF12", 14: "AF13", 16: "CS2", 18: "AF21", 20: "AF22", 22: "AF23",
	24: "CS3", 26: "AF31", 28: "AF32", 30: "AF33", 32: "CS4", 34: "AF41", 36: "AF42", 38: "AF43", 40: "CS5",
	44: "VOICE-ADMIT", 46: "EF PHB", 48: "CS6", 56: "CS7",
}

var ecnShort = Values{0: "Not-ECT", 1: "ECT(1)", 2: "ECT(0)", 3: "CE"}

const ipMinHeader = 20

// ipHeader is a parsed IPv4 header.
type ipHeader struct {
	version, headerLen int // headerLen in bytes
	tos                uint8
	totalLen, id       uint16
	flags              uint8  // the byte that holds them
	fragment           uint16 // the word that holds the offset, in units of 8 bytes
	ttl, proto         uint8
	checksum           uint16
	src, dst           netip.Addr
	size               int // the total length that counts, in bytes
}

func (h *ipHeader) offset() int         { return int(h.fragment&0x1fff) * 8 }
func (h *ipHeader) moreFragments() bool { return h.flags&0x20 != 0 }
func (h *ipHeader) isFragment() bool    { return h.moreFragments() || h.offset() != 0 }

// parseIP reads the fixed part of the header; ok says that it was all there.
func parseIP(d []byte) (h ipHeader, ok bool) {
	if len(d) < ipMinHeader {
		return h, false
	}
	return ipHeader{
		version: int(d[0] >> 4), headerLen: int(d[0]&0x0f) * 4, tos: d[1], totalLen: be16(d[2:]), id: be16(d[4:]),
		flags: d[6], fragment: be16(d[6:]), ttl: d[8], proto: d[9], checksum: be16(d[10:]),
		src: addr4(d[12:16]), dst: addr4(d[16:20]),
	}, true
}

func decodeIP(b *builder, self *Protocol, p payload) {
	b.setProtocol("IPv4")
	h, ok := parseIP(b.rest(p))
	if ok && h.version == 6 { // Wireshark believes the version, not the EtherType
		var n *node
		if b.depth > 1 { // a raw link type says nothing that the version could contradict
			n = b.protocol(self, p, h.headerLen, self.Long)
		}
		f := add(n, ipVersion, p.off, 1, "6", "")
		if f.labelled() {
			f.Label = BitPicture(0x60, 0xf0, 8) + " = Version: 6"
		}
		b.run(b.table.ipProtos[41], p)
		return
	}
	switch {
	case !ok:
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, ipMinHeader)
		return
	case h.version != 4:
		b.setInfo("Bogus IPv4 version (%d, must be 4)", h.version)
		b.bogusIP(self, p, h)
		return
	case h.headerLen < ipMinHeader:
		b.setInfo("Bogus IP header length (%d, must be at least %d)", h.headerLen, ipMinHeader)
		b.bogusIP(self, p, h)
		return
	}
	total := int(h.totalLen)
	if total == 0 {
		total = p.reported // segmentation offload leaves the length empty
	}
	if total < h.headerLen {
		b.setInfo("Bogus IP length (%d, less than header length %d)", total, h.headerLen)
		b.bogusIP(self, p, h)
		return
	}
	h.size = total
	inner := p.limit(total)
	if b.quoted > 0 && total > p.reported {
		inner.reported = total // an ICMP error quotes only the start of a packet
	}
	if b.writes() {
		b.setAddresses(addrText(h.src), addrText(h.dst))
		b.setInfo("%s (%d)", ipProtoNames.name(uint64(h.proto), ""), h.proto)
	}
	b.src, b.dst, b.ipProto, b.ttl = h.src, h.dst, h.proto, h.ttl
	n := b.protocol(self, p, h.headerLen, "")
	available := p.reported
	if b.quoted > 0 {
		available = total
	}
	ipNodes(n, p.off, h, available)
	if h.headerLen > ipMinHeader {
		options := inner.skip(ipMinHeader).limit(h.headerLen - ipMinHeader)
		b.ipOptions(n, options)
	}
	if b.quoted == 0 {
		defer func() { b.lastUsed = p.off + total }()
	}
	next := inner.skip(h.headerLen)
	if h.isFragment() {
		if b.writes() {
			b.setInfo("Fragmented IP protocol (proto=%s %d, off=%d, ID=%04x)", ipProtoNames.name(uint64(h.proto), ""), h.proto, h.offset(), h.id)
		}
		if h.offset() != 0 || b.quoted == 0 {
			b.unknown(next)
			return
		}
	}
	if proto := b.table.ipProtos[h.proto]; proto != nil {
		b.run(proto, next)
		return
	}
	b.unknown(next)
}

// bogusIP shows a header that contradicts itself as far as it makes sense.
func (b *builder) bogusIP(self *Protocol, p payload, h ipHeader) {
	n := b.protocol(self, p, min(p.captured(), max(h.headerLen, 1)), self.Long)
	addUintText(n, ipVersion, p.off, uint64(h.version)<<4, fmt.Sprint(h.version))
	b.partial = true
}

// ipNodes adds the fixed header's fields.
func ipNodes(n *node, at int, h ipHeader, available int) {
	if n == nil {
		return
	}
	first := uint64(h.version)<<4 | uint64(h.headerLen/4)
	version := addUint(n, ipVersion, at, uint64(h.version))
	size := addUint(n, ipHdrLen, at, uint64(h.headerLen))
	f := addUint(n, ipDSField, at+1, uint64(h.tos))
	if n.labelled() {
		n.Label = fmt.Sprintf("Internet Protocol Version 4, Src: %s, Dst: %s", h.src, h.dst)
		version.Label = BitPicture(first, 0xf0, 8) + " = Version: 4"
		size.Label = fmt.Sprintf("%s = Header Length: %d bytes (%d)", BitPicture(first, 0x0f, 8), h.headerLen, h.headerLen/4)
		f.Label = fmt.Sprintf("Differentiated Services Field: 0x%02x (DSCP: %s, ECN: %s)", h.tos,
			dscpShort.name(uint64(h.tos>>2), ""), ecnShort.name(uint64(h.tos&3), ""))
	}
	addUint(f, ipDSCP, at+1, uint64(h.tos))
	addUint(f, ipECN, at+1, uint64(h.tos))
	lengthNode(n, at+2, h, available)
	addUint(n, ipID, at+4, uint64(h.id))
	ipFlagNodes(n, at+6, h)
	ttl := addUint(n, ipTTL, at+8, uint64(h.ttl))
	ttlExpert(ttl, h)
	n.Severity = max(n.Severity, ttl.Severity)
	addUint(n, ipProto, at+9, uint64(h.proto))
	addUintf(n, ipChecksum, at+10, uint64(h.checksum), "0x%04x [validation disabled]", uint64(h.checksum))
	virtual(addUint(n, ipStatus, at+10, checksumUnverified))
	addAddr(n, ipSrc, at+12, h.src, ipAddr, ipSrcHost, ipHost)
	addAddr(n, ipDst, at+16, h.dst, ipAddr, ipDstHost, ipHost)
}

// lengthNode adds the total length, which segmentation offload leaves empty.
func lengthNode(n *node, at int, h ipHeader, available int) {
	if h.totalLen != 0 {
		f := addUint(n, ipLen, at, uint64(h.totalLen))
		if int(h.totalLen) > available {
			addExpert(f, ipBogusLen, SeverityError, "Protocol", fmt.Sprintf("IPv4 total length exceeds packet length (%d bytes)", available), groupProtocol)
			n.Severity = SeverityError
		}
		return
	}
	f := computed(addUint(n, ipLen, at, uint64(h.size)))
	relabel(f, "Total Length: %d bytes (reported as 0, presumed to be because of \"TCP segmentation offload\" (TSO))", h.size)
}

func ipFlagNodes(n *node, at int, h ipHeader) {
	word := uint64(h.flags)
	f := addUint(n, ipFlags, at, word)
	if f.labelled() {
		f.Label = BitPicture(word, ipFlags.Mask, 8) + " = Flags: " + ipFlagText(h.flags)
	}
	addUint(f, ipFlagRB, at, word)
	addUint(f, ipFlagDF, at, word)
	addUint(f, ipFlagMF, at, word)
	if n.wants(ipOffset) {
		addUintText(n, ipOffset, at, uint64(h.fragment), fmt.Sprint(h.offset())) // the value is in words, the label in bytes
	}
}

func ipFlagText(flags uint8) string {
	text := fmt.Sprintf("0x%x", flags>>5)
	for _, d := range []*FieldDef{ipFlagRB, ipFlagDF, ipFlagMF} {
		if uint64(flags)&d.Mask != 0 {
			text += ", " + d.Label
		}
	}
	return text
}

// ttlExpert notes a hop count that is odd for the destination: local network
// control multicast (RFC 5771 section 4) and packets about to die.
func ttlExpert(ttl *node, h ipHeader) {
	d := h.dst.As4()
	switch {
	case d[0] == 224 && d[1] == 0 && d[2] == 0:
		want := uint8(1)
		switch {
		case h.proto == 2 || d[3] == 22 || h.proto == 103 || h.proto == 88:
			return
		case d[3] == 18 || d[3] == 251:
			want = 255
		}
		if h.ttl != want {
			addExpert(ttl, ipTTLLocal, SeverityNote, "Sequence", fmt.Sprintf("\"Time To Live\" != %d for a packet sent to the Local Network Control Block (see RFC 3171)", want), groupSequence)
		}
	case d[0]&0xf0 == 0xe0:
	case h.ttl < 5 && h.proto != 103:
		addExpert(ttl, ipTTLSmall, SeverityNote, "Sequence", fmt.Sprintf("\"Time To Live\" only %d", h.ttl), groupSequence)
	}
}

// walkIP takes whole packets with a header that adds up.
func walkIP(w *Headers, p payload) {
	if w.short(p, ipMinHeader) {
		return
	}
	d := w.Data[p.off:p.end]
	size, total := int(d[0]&0x0f)*4, int(be16(d[2:]))
	switch {
	case d[0]>>4 != 4 || size < ipMinHeader || total < size && total != 0:
		w.doubt(ClassHeader, hidesAll)
		return
	case size > len(d):
		w.doubt(ClassCut, hidesAll)
		return
	case size > ipMinHeader && !plainIPOptions(d[ipMinHeader:size]):
		w.doubt(ClassIPOption, hidesAll)
		return
	}
	inner := p
	if total != 0 { // segmentation offload leaves it empty
		inner = p.limit(total)
	}
	w.add(idIP, inner)
	if fragment := be16(d[6:]) & 0x3fff; fragment != 0 {
		w.fragment(fragment&0x1fff != 0, inner.skip(size))
		return
	}
	w.follow(w.rules.ipProtos[d[9]], ClassIPProtocol, inner.skip(size))
}

// fragment ends the walk at a part of a packet. Wireshark puts packets together, and
// shows a whole one in the fragment that completes it; a fragment of which bytes
// were not captured takes no part in that.
func (w *Headers) fragment(later bool, p payload) {
	if later && p.captured() < p.reported {
		w.hide(hidesApplications)
		return
	}
	w.doubt(ClassFragment, hidesAll)
}

// ipVersionOf is the version, which IPv6's header shows under this name, too.
func ipVersionOf(w *Headers, l *Layer) (uint64, bool) { return uint64(w.Data[l.Off] >> 4), true }

// ipTotalBytes is the total length; where segmentation offload left it empty, that of
// what is there.
func ipTotalBytes(w *Headers, l *Layer) (uint64, bool) {
	if n := be16(w.Data[l.Off+2:]); n != 0 {
		return uint64(n), true
	}
	return uint64(l.Size), true
}

// ipHeaderBytes is the header length, which the header has in words.
func ipHeaderBytes(w *Headers, l *Layer) (uint64, bool) { return uint64(w.Data[l.Off]&0x0f) * 4, true }
