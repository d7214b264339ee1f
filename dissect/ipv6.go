package dissect

import (
	"fmt"
	"net/netip"
)

// This file is IPv6 (RFC 8200). Its extension headers are in ipv6ext.go.

var (
	ip6Version  = uint8Field("ipv6.version", "Version", baseDec).valued(func(*Headers, *Layer) (uint64, bool) { return 6, true }).ofFlow()
	ip6Class    = uint32Field("ipv6.tclass", "Traffic Class", baseHex).mask(0x0ff00000).at(0, 4)
	ip6DSCP     = uint32Field("ipv6.tclass.dscp", "Differentiated Services Codepoint", baseDec).mask(0x0fc00000).named(dscpNames).at(0, 4)
	ip6ECN      = uint32Field("ipv6.tclass.ecn", "Explicit Congestion Notification", baseDec).mask(0x00300000).named(ecnNames).at(0, 4)
	ip6Flow     = uint24Field("ipv6.flow", "Flow Label", baseHex).mask(0x0fffff).width(24).at(1, 3)
	ip6Len      = uint16Field("ipv6.plen", "Payload Length", baseDec).at(4, 2)
	ip6Next     = uint8Field("ipv6.nxt", "Next Header", baseDec).named(ipProtoNames).at(6, 1).ofFlow()
	ip6Hops     = uint8Field("ipv6.hlim", "Hop Limit", baseDec).at(7, 1)
	ip6Src      = field("ipv6.src", "Source Address", "IPv6").at(8, 16).ofFlow()
	ip6SrcHost  = field("ipv6.src_host", "Source Host", "STRING").doubted()
	ip6SrcSLAAC = field("ipv6.src_slaac_mac", "Source SLAAC MAC", "ETHER")
	ip6Dst      = field("ipv6.dst", "Destination Address", "IPv6").at(24, 16).ofFlow()
	ip6DstHost  = field("ipv6.dst_host", "Destination Host", "STRING").doubted()
	ip6DstSLAAC = field("ipv6.dst_slaac_mac", "Destination SLAAC MAC", "ETHER")
	ip6Addr     = field("ipv6.addr", "Source or Destination Address", "IPv6").at(8, 16).at(24, 16).ofFlow()
	ip6Host     = field("ipv6.host", "Source or Destination Host", "STRING").doubted()
	ip6SLAAC    = field("ipv6.slaac_mac", "SLAAC MAC", "ETHER")
)

var ipv6Protocol = Protocol{
	ID: idIPv6, Name: "ipv6", Long: "Internet Protocol Version 6", Short: "IPv6",
	Fields: append([]*FieldDef{
		ip6Version, ipVersion, ip6Class, ip6DSCP, ip6ECN, ip6Flow, ip6Len, ip6Next, ip6Hops, ip6Src, ip6SrcHost, ip6SrcSLAAC, ip6Dst,
		ip6DstHost, ip6DstSLAAC, ip6Addr, ip6Host, ip6SLAAC,
	}, ip6ExtensionFields...),
	carries: (*Table).transport,
	decode:  decodeIPv6,
	walk:    walkIPv6,
}

const ip6HeaderLen = 40

// ip6Header is a parsed IPv6 header.
type ip6Header struct {
	word       uint32 // version, traffic class, flow label
	length     uint16
	next, hops uint8
	src, dst   netip.Addr
}

func (h *ip6Header) version() int { return int(h.word >> 28) }
func (h *ip6Header) class() uint8 { return uint8(h.word >> 20) }

func parseIPv6(d []byte) (h ip6Header, ok bool) {
	if len(d) < ip6HeaderLen {
		return h, false
	}
	return ip6Header{
		word: be32(d), length: be16(d[4:]), next: d[6], hops: d[7], src: addr6(d[8:24]), dst: addr6(d[24:40]),
	}, true
}

func decodeIPv6(b *builder, self *Protocol, p payload) {
	b.setProtocol("IPv6")
	h, ok := parseIPv6(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, ip6HeaderLen)
		return
	}
	if h.version() != 6 {
		b.setInfo("Bogus IPv6 version (%d, must be 6)", h.version())
		n := b.protocol(self, p, 1, self.Long)
		addUintText(n, ip6Version, p.off, uint64(h.version()), fmt.Sprint(h.version()))
		b.partial = true
		return
	}
	if b.writes() {
		b.setAddresses(addrText(h.src), addrText(h.dst))
		b.setInfo("%s", ipProtoNames.name(uint64(h.next), "Unknown"))
	}
	b.src, b.dst, b.ttl = h.src, h.dst, h.hops
	n := b.protocol(self, p, ip6HeaderLen, "")
	ip6Nodes(n, p.off, &h)
	b.ip6 = n
	next := p.skip(ip6HeaderLen)
	size := int(h.length)
	if size == 0 && h.next == ip6NextHopByHop {
		size = next.reported // a jumbogram, or segmentation offload
	}
	body := next.limit(size)
	if b.quoted > 0 && size > next.reported {
		body.reported = size
	}
	if b.quoted == 0 {
		defer func() { b.lastUsed = next.off + size }()
	}
	b.ip6Extensions(n, h.next, body)
}

func ip6Nodes(n *node, at int, h *ip6Header) {
	if n == nil {
		return
	}
	add(n, ip6Version, at, 1, "6", "0110 .... = Version: 6")
	hide(add(n, ipVersion, at, 1, "6", "0110 .... = Version: 6"))
	class := h.class()
	word := uint64(h.word)
	f := addUint(n, ip6Class, at, word)
	addUint(f, ip6DSCP, at, word)
	addUint(f, ip6ECN, at, word)
	flow := addUint(n, ip6Flow, at+1, word&0xffffff)
	if n.labelled() {
		n.Label = fmt.Sprintf("Internet Protocol Version 6, Src: %s, Dst: %s", addrText(h.src), addrText(h.dst))
		f.Label = fmt.Sprintf("%s = Traffic Class: 0x%02x (DSCP: %s, ECN: %s)", BitPicture(word, ip6Class.Mask, ip6Class.Width), class,
			dscpShort.name(uint64(class>>2), ""), ecnShort.name(uint64(class&3), ""))
		flow.Label = fmt.Sprintf(".... %s = Flow Label: 0x%05x", BitPicture(word&0xfffff, 0xfffff, 20), word&0xfffff)
	}
	plen := addUint(n, ip6Len, at+4, uint64(h.length))
	if h.length == 0 && h.next == ip6NextHopByHop {
		plen.Label += " (Jumbogram)"
	}
	addUint(n, ip6Next, at+6, uint64(h.next))
	addUint(n, ip6Hops, at+7, uint64(h.hops))
	addAddr(n, ip6Src, at+8, h.src, ip6Addr, ip6SrcHost, ip6Host)
	addAddr(n, ip6Dst, at+24, h.dst, ip6Addr, ip6DstHost, ip6Host)
	slaac(n, at+8, h.src, ip6SrcSLAAC)
	slaac(n, at+24, h.dst, ip6DstSLAAC)
}

// slaac adds the hardware address that a modified EUI-64 identifier was made
// from (RFC 4291 appendix A).
func slaac(n *node, at int, a netip.Addr, d *FieldDef) {
	b := a.As16()
	if b[11] != 0xff || b[12] != 0xfe || b[8]&0x02 == 0 {
		return
	}
	if !n.wantsAny(d, ip6SLAAC) {
		return
	}
	mac := []byte{b[8] ^ 0x02, b[9], b[10], b[13], b[14], b[15]}
	computed(addString(n, d, at+8, 6, etherText(mac)))
	f := hide(addString(n, ip6SLAAC, at+8, 6, etherText(mac)))
	f.Generated = true
}

// walkIPv6 takes whole packets whose extension headers change no address.
func walkIPv6(w *Headers, p payload) {
	if w.short(p, ip6HeaderLen) {
		return
	}
	d := w.Data[p.off:p.end]
	size := int(be16(d[4:]))
	if d[0]>>4 != 6 || size == 0 {
		w.doubt(ClassHeader, hidesAll)
		return
	}
	inner := p.limit(ip6HeaderLen + size)
	w.add(idIPv6, inner)
	w.ip6Extensions(d[6], inner.skip(ip6HeaderLen))
}
