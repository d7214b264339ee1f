package dissect

import "fmt"

// This file is the options of Neighbor Discovery (RFC 4861 section 4.6, RFC 8106).

var (
	icmp6Opt       = field("icmpv6.opt", "ICMPv6 Option", "NONE")
	icmp6OptType   = uint8Field("icmpv6.opt.type", "Type", baseDec).named(icmpv6OptionNames).doubted()
	icmp6OptLen    = uint8Field("icmpv6.opt.length", "Length", baseDec).doubted()
	icmp6OptLink   = field("icmpv6.opt.linkaddr", "Link-layer address", "ETHER")
	icmp6OptSource = field("icmpv6.opt.src_linkaddr", "Source Link-layer address", "ETHER")
	icmp6OptTarget = field("icmpv6.opt.target_linkaddr", "Target Link-layer address", "ETHER")
	icmp6OptPLen   = uint8Field("icmpv6.opt.prefix.length", "Prefix Length", baseDec).doubted()
	icmp6OptPFlag  = uint8Field("icmpv6.opt.prefix.flag", "Flag", baseHex).doubted()
	icmp6OptPLink  = flagField("icmpv6.opt.prefix.flag.l", "On-link flag(L)", 8, 0x80).doubted()
	icmp6OptPAuto  = flagField("icmpv6.opt.prefix.flag.a", "Autonomous address-configuration flag(A)", 8, 0x40).doubted()
	icmp6OptPRtr   = flagField("icmpv6.opt.prefix.flag.r", "Router address flag(R)", 8, 0x20).doubted()
	icmp6OptPRest  = uint8Field("icmpv6.opt.prefix.flag.reserved", "Reserved", baseDec).mask(0x1f).doubted()
	icmp6OptPValid = uint32Field("icmpv6.opt.prefix.valid_lifetime", "Valid Lifetime", baseDec).named(Values{0xffffffff: "Infinity"}).doubted()
	icmp6OptPPref  = uint32Field("icmpv6.opt.prefix.preferred_lifetime", "Preferred Lifetime", baseDec).named(Values{0xffffffff: "Infinity"}).doubted()
	icmp6OptRes    = field("icmpv6.opt.reserved", "Reserved", "NONE")
	icmp6OptPrefix = field("icmpv6.opt.prefix", "Prefix", "IPv6").doubted()
	icmp6OptMTU    = uint32Field("icmpv6.opt.mtu", "MTU", baseDec)
	icmp6OptDNSAge = uint32Field("icmpv6.opt.rdnss.lifetime", "Lifetime", baseDec).named(Values{0xffffffff: "Infinity"})
	icmp6OptDNS    = field("icmpv6.opt.rdnss", "Recursive DNS Servers", "IPv6")
	icmp6OptNonce  = field("icmpv6.opt.nonce", "Nonce", "BYTES")
	icmp6OptData   = field("icmpv6.data", "Data", "BYTES").doubted()

	icmp6OptionFields = []*FieldDef{
		icmp6Opt, icmp6OptType, icmp6OptLen, icmp6OptLink, icmp6OptSource, icmp6OptTarget, icmp6OptPLen, icmp6OptPFlag,
		icmp6OptPLink, icmp6OptPAuto, icmp6OptPRtr, icmp6OptPRest, icmp6OptPValid, icmp6OptPPref, icmp6OptRes,
		icmp6OptPrefix, icmp6OptMTU, icmp6OptDNSAge, icmp6OptDNS, icmp6OptNonce, icmp6OptData,
	}
)

// icmp6Options adds the options up to the end of the message. A link-layer
// address is worth a word in Info: "from" it, or the target "is at" it.
func (b *builder) icmp6Options(n *node, p payload, word string) {
	for p.captured() >= 8 {
		d, _ := b.bytes(p, 0, 2)
		kind, size := d[0], 8*int(d[1])
		if size == 0 || size > p.captured() {
			b.partial = true
			return
		}
		d, _ = b.bytes(p, 0, size)
		if size == 8 && (kind == 1 || kind == 2 && word == "is at") {
			b.appendInfo(" " + word + " " + etherText(d[2:8]))
		}
		icmp6OptionNode(n, p.off, d)
		p = p.skip(size)
	}
}

// icmp6OptionNode adds one option.
func icmp6OptionNode(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	name := icmpv6OptionNames.name(uint64(d[0]), "Unknown")
	f := add(n, icmp6Opt, at, len(d), "", "")
	addUint(f, icmp6OptType, at, uint64(d[0]))
	addUintText(f, icmp6OptLen, at+1, uint64(d[1]), fmt.Sprintf("%d (%d bytes)", d[1], len(d)))
	detail := ""
	switch {
	case d[0] <= 2 && len(d) == 8:
		detail = " : " + etherText(d[2:8])
		addString(f, icmp6OptLink, at+2, 6, etherText(d[2:8]))
		alias := icmp6OptSource
		if d[0] == 2 {
			alias = icmp6OptTarget
		}
		hide(addString(f, alias, at+2, 6, etherText(d[2:8])))
	case d[0] == 3 && len(d) == 32:
		detail = fmt.Sprintf(" : %s/%d", addrText(addr6(d[16:32])), d[2])
		prefixNodes(f, at, d)
	case d[0] == 5 && len(d) == 8:
		detail = fmt.Sprintf(" : %d", be32(d[4:]))
		add(f, icmp6OptRes, at+2, 2, "", "Reserved")
		addUint(f, icmp6OptMTU, at+4, uint64(be32(d[4:])))
	case d[0] == 25 && len(d) >= 24:
		add(f, icmp6OptRes, at+2, 2, "", "Reserved")
		lifetime(f, icmp6OptDNSAge, at+4, be32(d[4:]))
		for i := 8; i+16 <= len(d); i += 16 {
			detail += " " + addrText(addr6(d[i:i+16]))
			addAddr(f, icmp6OptDNS, at+i, addr6(d[i:i+16]))
		}
	case d[0] == 14:
		addBytes(f, icmp6OptNonce, at+2, d[2:])
	default:
		addBytes(f, icmp6OptData, at+2, d[2:])
	}
	f.Label = "ICMPv6 Option (" + name + detail + ")"
}

// prefixNodes adds a prefix option's fields (RFC 4861 section 4.6.2).
func prefixNodes(f *node, at int, d []byte) {
	addUint(f, icmp6OptPLen, at+2, uint64(d[2]))
	word := uint64(d[3])
	text := fmt.Sprintf("0x%02x", word)
	for _, bit := range []*FieldDef{icmp6OptPLink, icmp6OptPAuto, icmp6OptPRtr} {
		if word&bit.Mask != 0 {
			text += ", " + bit.Label
		}
	}
	flags := addUintText(f, icmp6OptPFlag, at+3, word, text)
	for _, bit := range []*FieldDef{icmp6OptPLink, icmp6OptPAuto, icmp6OptPRtr, icmp6OptPRest} {
		addUint(flags, bit, at+3, word)
	}
	lifetime(f, icmp6OptPValid, at+4, be32(d[4:]))
	lifetime(f, icmp6OptPPref, at+8, be32(d[8:]))
	add(f, icmp6OptRes, at+12, 4, "", "Reserved")
	addAddr(f, icmp6OptPrefix, at+16, addr6(d[16:32]))
}

// lifetime adds seconds, of which only infinity has a name.
func lifetime(f *node, d *FieldDef, at int, v uint32) {
	text := fmt.Sprint(v)
	if v == 0xffffffff {
		text = "Infinity (4294967295)"
	}
	addUintText(f, d, at, uint64(v), text)
}
