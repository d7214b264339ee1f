package dissect

import "fmt"

// This file is IPv6's extension headers (RFC 8200 section 4): hop-by-hop and
// destination options, routing, fragment.

const (
	ip6NextHopByHop    = 0
	ip6NextRouting     = 43
	ip6NextFragment    = 44
	ip6NextNone        = 59
	ip6NextDestination = 60
)

var (
	ip6HopByHop   = field("ipv6.hopopts", "IPv6 Hop-by-Hop Option", TypeProtocol)
	ip6HopNext    = uint8Field("ipv6.hopopts.nxt", "Next Header", baseDec).named(ipProtoNames)
	ip6HopLen     = uint8Field("ipv6.hopopts.len", "Length", baseDec)
	ip6HopOct     = uint16Field("ipv6.hopopts.len_oct", "Length", baseDec).unit(" bytes")
	ip6DstOpts    = field("ipv6.dstopts", "Destination Options for IPv6", TypeProtocol)
	ip6DstNext    = uint8Field("ipv6.dstopts.nxt", "Next Header", baseDec).named(ipProtoNames)
	ip6DstLen     = uint8Field("ipv6.dstopts.len", "Length", baseDec)
	ip6DstOct     = uint16Field("ipv6.dstopts.len_oct", "Length", baseDec).unit(" bytes")
	ip6Routing    = field("ipv6.routing", "Routing Header for IPv6", TypeProtocol)
	ip6RouteNext  = uint8Field("ipv6.routing.nxt", "Next Header", baseDec).named(ipProtoNames)
	ip6RouteLen   = uint8Field("ipv6.routing.len", "Length", baseDec)
	ip6RouteOct   = uint16Field("ipv6.routing.len_oct", "Length", baseDec).unit(" bytes")
	ip6RouteType  = uint8Field("ipv6.routing.type", "Type", baseDec).named(ip6RoutingNames)
	ip6RouteLeft  = uint8Field("ipv6.routing.segleft", "Segments Left", baseDec)
	ip6RouteData  = field("ipv6.routing.unknown.data", "Type-Specific Data", "BYTES")
	ip6Fragment   = field("ipv6.fraghdr", "Fragment Header for IPv6", TypeProtocol)
	ip6FragNext   = uint8Field("ipv6.fraghdr.nxt", "Next header", baseDec).named(ipProtoNames)
	ip6FragRes    = uint8Field("ipv6.fraghdr.reserved_octet", "Reserved octet", baseHex)
	ip6FragOffset = uint16Field("ipv6.fraghdr.offset", "Offset", baseDec).mask(0xfff8)
	ip6FragBits   = uint16Field("ipv6.fraghdr.reserved_bits", "Reserved bits", baseDec).mask(0x0006)
	ip6FragMore   = boolField("ipv6.fraghdr.more", "More Fragments", 16, 0x0001, "Yes", "No")
	ip6FragID     = uint32Field("ipv6.fraghdr.ident", "Identification", baseHex)
	ip6Opt        = field("ipv6.opt", "IPv6 Option", "NONE")
	ip6OptType    = uint8Field("ipv6.opt.type", "Type", baseHex).named(ipv6OptionNames)
	ip6OptAction  = uint8Field("ipv6.opt.type.action", "Action", baseDec).mask(0xc0).named(Values{0: "Skip and continue", 1: "Discard", 2: "Discard and send ICMP", 3: "Discard and send ICMP if not multicast"})
	ip6OptChange  = boolField("ipv6.opt.type.change", "May Change", 8, 0x20, "Yes", "No")
	ip6OptRest    = uint8Field("ipv6.opt.type.rest", "Low-Order Bits", baseHex).mask(0x1f)
	ip6OptLen     = uint8Field("ipv6.opt.length", "Length", baseDec)
	ip6OptPad1    = field("ipv6.opt.pad1", "Pad1", "NONE")
	ip6OptPadN    = field("ipv6.opt.padn", "PadN", "BYTES")
	ip6OptAlert   = uint16Field("ipv6.opt.router_alert", "Router Alert", baseDec).named(Values{0: "MLD", 1: "RSVP", 2: "Active Networks"})
	ip6OptJumbo   = uint32Field("ipv6.opt.jumbo", "Payload Length", baseDec)
	ip6OptUnknown = field("ipv6.opt.unknown", "Unknown Option Payload", "BYTES")

	ip6ExtensionFields = []*FieldDef{
		ip6HopByHop, ip6HopNext, ip6HopLen, ip6HopOct, ip6DstOpts, ip6DstNext, ip6DstLen, ip6DstOct, ip6Routing, ip6RouteNext,
		ip6RouteLen, ip6RouteOct, ip6RouteType, ip6RouteLeft, ip6RouteData, ip6Fragment, ip6FragNext, ip6FragRes,
		ip6FragOffset, ip6FragBits, ip6FragMore, ip6FragID, ip6Opt, ip6OptType, ip6OptAction, ip6OptChange, ip6OptRest,
		ip6OptLen, ip6OptPad1, ip6OptPadN, ip6OptAlert, ip6OptJumbo, ip6OptUnknown,
	}
)

var ip6RoutingNames = Values{
	0: "Source Route", 1: "Nimrod", 2: "Type 2 Routing", 3: "RPL Source Route", 4: "Segment Routing",
	5: "Compact Routing Header 16", 6: "Compact Routing Header 32", 253: "Experiment 1", 254: "Experiment 2",
}

// ip6Extension is the common shape of all extension headers but the fragment's.
type ip6Extension struct {
	next uint8
	size int
}

func parseIP6Extension(d []byte) (h ip6Extension, ok bool) {
	if len(d) < 2 {
		return ip6Extension{size: 8}, false
	}
	h = ip6Extension{next: d[0], size: 8 * (int(d[1]) + 1)}
	return h, len(d) >= h.size
}

// ip6Extensions walks the chain of extension headers and passes the rest on.
func (b *builder) ip6Extensions(n *node, next uint8, p payload) {
	for range maxDepth {
		var ext *FieldDef
		switch next {
		case ip6NextHopByHop:
			ext = ip6HopByHop
		case ip6NextDestination:
			ext = ip6DstOpts
		case ip6NextRouting:
			ext = ip6Routing
		case ip6NextFragment:
			var whole bool
			if next, p, whole = b.ip6FragmentHeader(n, p); !whole {
				return
			}
			continue
		}
		if ext == nil {
			break
		}
		b.path = append(b.path, ext.Name)
		h, ok := parseIP6Extension(b.rest(p))
		if !ok {
			b.exception(&Protocol{Short: ext.Label}, p, h.size)
			return
		}
		b.ip6ExtensionNodes(n, ext, p, h)
		next, p = h.next, p.skip(h.size)
	}
	b.ipProto = next
	if next == ip6NextNone {
		b.setInfo("IPv6 no next header")
		b.unknown(p)
		return
	}
	if b.writes() {
		b.setInfo("%s (%d)", ipProtoNames.name(uint64(next), "Unknown"), next)
	}
	if proto := b.table.ipProtos[next]; proto != nil && !(next == 1 && b.dst.Is6()) {
		b.run(proto, p)
		return
	}
	b.setInfo("Unknown IP Protocol: %s (%d)", ipProtoNames.name(uint64(next), "Unknown"), next)
	b.unknown(p)
}

func (b *builder) ip6ExtensionNodes(n *node, ext *FieldDef, p payload, h ip6Extension) {
	if n == nil {
		return
	}
	at := p.off
	f := add(n, ext, at, h.size, "", ext.Label)
	f.Protocol = true
	nextD, lenD, octD := ip6HopNext, ip6HopLen, ip6HopOct
	switch ext {
	case ip6DstOpts:
		nextD, lenD, octD = ip6DstNext, ip6DstLen, ip6DstOct
	case ip6Routing:
		nextD, lenD, octD = ip6RouteNext, ip6RouteLen, ip6RouteOct
	}
	d, _ := b.bytes(p, 0, h.size)
	addUint(f, nextD, at, uint64(d[0]))
	addUint(f, lenD, at+1, uint64(d[1]))
	computed(addUint(f, octD, at+1, uint64(h.size))).resize(1)
	if ext == ip6Routing {
		f.Label += " (" + ip6RoutingNames.name(uint64(d[2]), "Unknown") + ")"
		addUint(f, ip6RouteType, at+2, uint64(d[2]))
		addUint(f, ip6RouteLeft, at+3, uint64(d[3]))
		addBytes(f, ip6RouteData, at+4, d[4:])
		return
	}
	ip6OptionNodes(f, at+2, d[2:])
}

func ip6OptionNodes(f *node, at int, d []byte) {
	for len(d) > 0 {
		kind := d[0]
		size := 1
		if kind != 0 {
			if len(d) < 2 || len(d) < 2+int(d[1]) {
				return
			}
			size = 2 + int(d[1])
		}
		name := ipv6OptionNames.name(uint64(kind), fmt.Sprintf("Unknown IPv6 Option (%d)", kind))
		if kind == 0 {
			pad := add(f, ip6OptPad1, at, 1, "", "Pad1")
			addUint(pad, ip6OptType, at, 0)
		} else {
			ip6OptionNode(add(f, ip6Opt, at, size, "", name), at, d[:size])
		}
		d, at = d[size:], at+size
	}
}

func ip6OptionNode(o *node, at int, d []byte) {
	t := addUint(o, ip6OptType, at, uint64(d[0]))
	addUint(t, ip6OptAction, at, uint64(d[0]))
	addUint(t, ip6OptChange, at, uint64(d[0]))
	addUint(t, ip6OptRest, at, uint64(d[0]))
	addUint(o, ip6OptLen, at+1, uint64(d[1]))
	v := d[2:]
	switch {
	case d[0] == 1 && len(v) == 0:
		f := add(o, ip6OptPadN, at+2, 0, "<none>", "PadN: <none>")
		if f.labelled() {
			f.Show = ""
		}
	case d[0] == 1:
		addBytes(o, ip6OptPadN, at+2, v)
	case d[0] == 5 && len(v) == 2:
		addUint(o, ip6OptAlert, at+2, uint64(be16(v)))
	case d[0] == 0xc2 && len(v) == 4:
		addUint(o, ip6OptJumbo, at+2, uint64(be32(v)))
	default:
		addBytes(o, ip6OptUnknown, at+2, v)
	}
}

const ip6FragmentLen = 8

// ip6FragmentHeader reads the fragment header. whole is false where what
// follows is only a part: it has been shown as data.
func (b *builder) ip6FragmentHeader(n *node, p payload) (next uint8, rest payload, whole bool) {
	b.path = append(b.path, ip6Fragment.Name)
	d, ok := b.bytes(p, 0, ip6FragmentLen)
	if !ok {
		b.exception(&Protocol{Short: "IPv6 Fragment"}, p, ip6FragmentLen)
		return 0, p, false
	}
	word, id := be16(d[2:]), be32(d[4:])
	next, rest = d[0], p.skip(ip6FragmentLen)
	more := "n"
	if word&1 != 0 {
		more = "y"
	}
	b.setInfo("IPv6 fragment (off=%d more=%s ident=0x%08x nxt=%d)", word&0xfff8, more, id, next)
	f := add(n, ip6Fragment, p.off, ip6FragmentLen, "", ip6Fragment.Label)
	if f != nil {
		f.Protocol = true
		addUint(f, ip6FragNext, p.off, uint64(next))
		addUint(f, ip6FragRes, p.off+1, uint64(d[1]))
		addUintText(f, ip6FragOffset, p.off+2, uint64(word), fmt.Sprintf("%d (%d bytes)", word>>3, word&0xfff8))
		addUint(f, ip6FragBits, p.off+2, uint64(word))
		addUint(f, ip6FragMore, p.off+2, uint64(word))
		addUint(f, ip6FragID, p.off+4, uint64(id))
	}
	if word&0xfff9 != 0 && (word&0xfff8 != 0 || b.quoted == 0) {
		b.unknown(rest)
		return next, rest, false
	}
	return next, rest, true
}

// ip6Extensions walks over the extension headers, which belong to the IPv6
// header's layer, and on into what follows.
func (w *Headers) ip6Extensions(next uint8, p payload) {
	for range maxDepth {
		d := w.Data[p.off:p.end]
		switch next {
		case ip6NextHopByHop, ip6NextDestination:
			h, ok := parseIP6Extension(d)
			if !ok || p.reported < h.size || !plainIP6Options(d[2:h.size]) {
				w.doubt(ClassExtension, hidesAll)
				return
			}
			next, p = h.next, p.skip(h.size)
		case ip6NextFragment:
			if len(d) < ip6FragmentLen || be16(d[2:])&0xfff9 != 0 {
				w.doubt(ClassFragment, hidesAll)
				return
			}
			next, p = d[0], p.skip(ip6FragmentLen)
		case ip6NextRouting:
			w.doubt(ClassExtension, hidesAll)
			return
		case ip6NextNone:
			w.hide(hidesApplications)
			return
		case 1: // ICMP of the other version
			w.doubt(ClassIPProtocol, hidesAll)
			return
		default:
			w.follow(w.rules.ipProtos[next], ClassIPProtocol, p)
			return
		}
	}
	w.doubt(ClassDepth, hidesAll)
}

// plainIP6Options says that every option fits and is padding or a router alert.
func plainIP6Options(d []byte) bool {
	for i := 0; i < len(d); {
		if d[i] == 0 {
			i++
			continue
		}
		if i+1 >= len(d) || d[i] != 1 && (d[i] != 5 || d[i+1] != 2) || i+2+int(d[i+1]) > len(d) {
			return false
		}
		i += 2 + int(d[i+1])
	}
	return true
}
