package dissect

import (
	"fmt"
	"strconv"
	"strings"
)

// This file is DHCP's options (RFC 2132): what each looks like is in
// values_dhcp.go.

var (
	dhcpOptType     = uint8Field("dhcp.option.type", "Option", baseDec)
	dhcpOptLength   = uint8Field("dhcp.option.length", "Length", baseDec)
	dhcpOptValue    = field("dhcp.option.value", "Value", "BYTES")
	dhcpOptPadding  = field("dhcp.option.padding", "Padding", "BYTES")
	dhcpOptEnd      = uint8Field("dhcp.option.end", "Option End", baseDec)
	dhcpOptMessage  = uint8Field("dhcp.option.dhcp", "DHCP", baseDec).named(dhcpMessageNames)
	dhcpOptRequest  = uint8Field("dhcp.option.request_list_item", "Parameter Request List Item", baseDec)
	dhcpOptVendor   = field("dhcp.option.vendor.value", "Value", "BYTES")
	dhcpOptRoute    = field("dhcp.option.classless_static_route", "Subnet/MaskWidth-Router", "BYTES")
	dhcpIDType      = uint8Field("dhcp.client_id.type", "Type", baseDec)
	dhcpIDText      = field("dhcp.client_id.undef", "Client Identifier", "STRING")
	dhcpIAID        = field("dhcp.client_id.iaid", "IAID", "STRING")
	dhcpDUIDType    = uint16Field("dhcp.client_id.duid_type", "DUID Type", baseDec).named(duidTypeNames)
	dhcpFQDNFlags   = uint8Field("dhcp.fqdn.flags", "Flags", baseHex)
	dhcpFQDNResult1 = uint8Field("dhcp.fqdn.rcode1", "A-RR result", baseDec)
	dhcpFQDNResult2 = uint8Field("dhcp.fqdn.rcode2", "PTR-RR result", baseDec)
	dhcpFQDNName    = field("dhcp.fqdn.name", "Client name", "STRING")
	dhcpAgentOpt    = uint8Field("dhcp.option.agent_information_option.suboption", "Option 82 Suboption", baseDec)
	dhcpAgentCirc   = field("dhcp.option.agent_information_option.agent_circuit_id", "Agent Circuit ID", "BYTES")
	dhcpAgentRemote = field("dhcp.option.agent_information_option.agent_remote_id", "Agent Remote ID", "BYTES")

	// dhcpFQDNBits are the flags of option 81, most significant first (RFC 4702).
	dhcpFQDNBits = []*FieldDef{
		uint8Field("dhcp.fqdn.mbz", "Reserved flags", baseHex).mask(0xf0).width(8),
		boolField("dhcp.fqdn.n", "Server DDNS", 8, 0x08, "No server updates", "Some server updates"),
		boolField("dhcp.fqdn.e", "Encoding", 8, 0x04, "Binary encoding", "ASCII encoding"),
		boolField("dhcp.fqdn.o", "Server overrides", 8, 0x02, "Override", "No override"),
		boolField("dhcp.fqdn.s", "Server", 8, 0x01, "Server", "Client"),
	}
)

// dhcpOptionFields are the fields of options.
func dhcpOptionFields() []*FieldDef {
	out := append([]*FieldDef{
		dhcpOptType, dhcpOptLength, dhcpOptValue, dhcpOptPadding, dhcpOptEnd, dhcpOptRequest, dhcpOptRoute, dhcpIDType, dhcpIDText,
		dhcpIAID, dhcpDUIDType, dhcpFQDNFlags, dhcpFQDNResult1, dhcpFQDNResult2, dhcpFQDNName, dhcpAgentOpt, dhcpAgentCirc, dhcpAgentRemote,
	}, dhcpFQDNBits...)
	for code := range 256 {
		if o := dhcpOptions[uint8(code)]; o.field != nil && o.field != dhcpOptRequest {
			out = append(out, o.field)
		}
	}
	return out
}

// dhcpKind is how an option's value is laid out.
type dhcpKind uint8

const (
	dhcpBytes    dhcpKind = iota
	dhcpOther             // taken apart by Wireshark only
	dhcpAddr              // one address, which the option's line repeats
	dhcpAddrs             // addresses
	dhcpText              // a string
	dhcpUint8             // a number or a Boolean of one byte
	dhcpUint8s            // several
	dhcpUint16            // a number of two bytes
	dhcpUint16s           // several
	dhcpSeconds           // a duration
	dhcpOffset            // a duration with a sign
	dhcpMessage           // the message type
	dhcpRequests          // codes of options that are asked for
	dhcpClientID
	dhcpFQDN
	dhcpAgent
	dhcpRoutes
	dhcpVendor
)

// dhcpOptionDef describes an option: its name, its layout, and its value's field.
type dhcpOptionDef struct {
	name  string
	kind  dhcpKind
	field *FieldDef
}

const (
	dhcpOptPad   = 0
	dhcpCodeType = 53
	dhcpCodeEnd  = 255
)

// dhcpMessageType finds the message type among the options.
func dhcpMessageType(d []byte) (typ uint8, ok bool) {
	for len(d) >= 2 && d[0] != dhcpCodeEnd {
		if d[0] == dhcpOptPad {
			d = d[1:]
			continue
		}
		size := 2 + int(d[1])
		if size > len(d) {
			break
		}
		if d[0] == dhcpCodeType && size > 2 {
			return d[2], true
		}
		d = d[size:]
	}
	return 0, false
}

// dhcpOptionNodes adds the options up to the end marker and the padding behind it.
func (b *builder) dhcpOptionNodes(n *node, self *Protocol, p payload) {
	for p.captured() > 0 {
		d := b.rest(p)
		switch {
		case d[0] == dhcpCodeEnd:
			f := addUint(n, dhcpOptType, p.off, 0)
			relabel(f, "Option: (255) End")
			addUint(f, dhcpOptEnd, p.off, dhcpCodeEnd)
			if p = p.skip(1); p.captured() > 0 {
				addBytes(n, dhcpOptPadding, p.off, b.rest(p))
			}
			return
		case d[0] == dhcpOptPad:
			size := 1
			for size < len(d) && d[size] == dhcpOptPad {
				size++
			}
			f := addUint(n, dhcpOptType, p.off, dhcpOptPad)
			f.resize(size)
			relabel(f, "Option: (0) Padding")
			addBytes(f, dhcpOptPadding, p.off, d[:size])
			p = p.skip(size)
			continue
		case len(d) < 2 || len(d) < 2+int(d[1]):
			b.exception(self, p, 2)
			return
		}
		size := 2 + int(d[1])
		b.dhcpOption(n, p.off, d[:size])
		p = p.skip(size)
	}
}

// dhcpOption adds one option, code and length included in d.
func (b *builder) dhcpOption(n *node, at int, d []byte) {
	o, ok := dhcpOptions[d[0]]
	if !ok {
		o.name = "Unassigned"
	}
	f := addUint(n, dhcpOptType, at, uint64(d[0]))
	f.resize(len(d))
	if f.labelled() {
		f.Label = fmt.Sprintf("Option: (%d) %s", d[0], o.name)
	}
	addUint(f, dhcpOptLength, at+1, uint64(d[1]))
	value := d[2:]
	at += 2
	raw := addBytes(f, dhcpOptValue, at, value)
	switch {
	case len(value) == 0:
		b.partial = b.partial || o.kind == dhcpText
		return
	case o.kind == dhcpBytes:
		return
	}
	hide(raw)
	if !b.dhcpValue(f, o, at, value) {
		b.partial = true
	}
}

// dhcpValue adds an option's value, which has at least one byte. It reports
// whether it is as Wireshark has it.
func (b *builder) dhcpValue(f *node, o dhcpOptionDef, at int, v []byte) bool {
	switch o.kind {
	case dhcpAddr:
		if len(v) != 4 {
			return false
		}
		if f.labelled() {
			f.Label += " (" + addr4(v).String() + ")"
		}
		addAddr(f, o.field, at, addr4(v))
	case dhcpAddrs:
		for i := 0; i+4 <= len(v); i += 4 {
			addAddr(f, o.field, at+i, addr4(v[i:i+4]))
		}
		return len(v)%4 == 0
	case dhcpText:
		addASCII(f, o.field, at, v)
	case dhcpUint8, dhcpUint8s:
		for i, c := range v {
			addUint(f, o.field, at+i, uint64(c)).resize(1)
		}
		return len(v) == 1 || o.kind == dhcpUint8s
	case dhcpUint16, dhcpUint16s:
		for i := 0; i+2 <= len(v); i += 2 {
			addUint(f, o.field, at+i, uint64(be16(v[i:])))
		}
		return len(v) == 2 || o.kind == dhcpUint16s && len(v)%2 == 0
	case dhcpSeconds, dhcpOffset:
		return dhcpDuration(f, o, at, v)
	case dhcpMessage:
		if f.labelled() {
			f.Label += " (" + dhcpMessageNames.name(uint64(v[0]), "Unknown") + ")"
		}
		addUint(f, o.field, at, uint64(v[0]))
		return len(v) == 1
	case dhcpRequests:
		for i, code := range v {
			item := addUint(f, o.field, at+i, uint64(code))
			if item.labelled() {
				item.Label = fmt.Sprintf("Parameter Request List Item: (%d) %s", code, dhcpOptionName(code))
			}
		}
	case dhcpVendor:
		addBytes(f, o.field, at, v)
		return false // what it means depends on the vendor class
	case dhcpClientID:
		return dhcpClientIDNodes(f, at, v)
	case dhcpFQDN:
		return dhcpFQDNNodes(f, at, v)
	case dhcpAgent:
		return dhcpAgentNodes(f, at, v)
	case dhcpRoutes:
		return dhcpRouteNodes(f, at, v)
	default:
		return false
	}
	return true
}

func dhcpOptionName(code uint8) string {
	if o, ok := dhcpOptions[code]; ok {
		return o.name
	}
	return "Unassigned"
}

func dhcpDuration(f *node, o dhcpOptionDef, at int, v []byte) bool {
	if len(v) != 4 {
		return false
	}
	text := ""
	switch s := be32(v); {
	case !f.labelled():
	case o.kind == dhcpOffset:
		text = fmt.Sprintf("(%ds) %s", int32(s), durationText(int64(int32(s))))
	case s == 0xffffffff:
		text = fmt.Sprintf("(%ds) infinity", s)
	default:
		text = fmt.Sprintf("(%ds) %s", s, durationText(int64(s)))
	}
	addUintText(f, o.field, at, uint64(be32(v)), text)
	return true
}

// durationText spells seconds out as Wireshark's signed_time_secs_to_str does:
// "1 day, 1 second".
func durationText(s int64) string {
	if s == 0 {
		return "0 seconds"
	}
	sign := ""
	if s < 0 {
		sign, s = "-", -s
	}
	var parts []string
	for _, unit := range []struct {
		name string
		size int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		if n := s / unit.size; n > 0 {
			parts = append(parts, strconv.FormatInt(n, 10)+" "+unit.name+plural(int(n)))
		}
		s %= unit.size
	}
	return sign + strings.Join(parts, ", ")
}

func dhcpMACNode(n *node, at int, mac []byte) {
	if n != nil && n.wants(dhcpMAC) {
		addString(n, dhcpMAC, at, len(mac), etherText(mac))
	}
}

// dhcpClientIDNodes is option 61: a hardware address, a text or, with type 255,
// a DUID (RFC 4361).
func dhcpClientIDNodes(f *node, at int, v []byte) bool {
	switch {
	case len(v) == 7 && (v[0] == 1 || v[0] == 6):
		addUint(f, dhcpHWType, at, uint64(v[0]))
		dhcpMACNode(f, at+1, v[1:7])
	case len(v) > 1 && v[0] == 0:
		addUint(f, dhcpIDType, at, 0)
		addASCII(f, dhcpIDText, at+1, v[1:])
	case len(v) >= 7 && v[0] == 255:
		if f.wants(dhcpIAID) {
			addString(f, dhcpIAID, at+1, 4, fmt.Sprintf("%08x", be32(v[1:])))
		}
		addUint(f, dhcpDUIDType, at+5, uint64(be16(v[5:])))
		return false
	default:
		return false
	}
	return true
}

// dhcpFQDNNodes is option 81 (RFC 4702); a name in DNS's form is left out.
func dhcpFQDNNodes(f *node, at int, v []byte) bool {
	if len(v) < 3 {
		return false
	}
	flags := addUint(f, dhcpFQDNFlags, at, uint64(v[0]))
	for _, d := range dhcpFQDNBits {
		if d.Type == "BOOLEAN" && uint64(v[0])&d.Mask != 0 && flags.labelled() {
			flags.Label += ", " + d.Label
		}
		addUint(flags, d, at, uint64(v[0]))
	}
	addUint(f, dhcpFQDNResult1, at+1, uint64(v[1]))
	addUint(f, dhcpFQDNResult2, at+2, uint64(v[2]))
	if len(v) == 3 {
		return true
	}
	if v[0]&0x04 != 0 {
		return false
	}
	addASCII(f, dhcpFQDNName, at+3, v[3:])
	return true
}

// dhcpAgentNodes is option 82 (RFC 3046): the identifiers of circuit and remote end.
func dhcpAgentNodes(f *node, at int, v []byte) bool {
	whole := true
	for len(v) >= 2 {
		size := 2 + int(v[1])
		if size > len(v) {
			return false
		}
		sub := addUint(f, dhcpAgentOpt, at, uint64(v[0]))
		sub.resize(size)
		if sub.labelled() {
			sub.Label = fmt.Sprintf("Option 82 Suboption: (%d) %s", v[0], dhcpAgentNames.name(uint64(v[0]), "Unknown"))
		}
		addUint(sub, dhcpOptLength, at+1, uint64(v[1]))
		switch v[0] {
		case 1:
			addBytes(sub, dhcpAgentCirc, at+2, v[2:size])
		case 2:
			addBytes(sub, dhcpAgentRemote, at+2, v[2:size])
		default:
			whole = false
		}
		v, at = v[size:], at+size
	}
	return whole && len(v) == 0
}

// dhcpRouteNodes is options 121 and 249: destinations without their zero bytes
// (RFC 3442).
func dhcpRouteNodes(f *node, at int, v []byte) bool {
	for len(v) > 0 {
		width := int(v[0])
		significant := (width + 7) / 8
		size := 1 + significant + 4
		if width > 32 || size > len(v) {
			return false
		}
		route := addBytes(f, dhcpOptRoute, at, v[:size])
		if route.labelled() {
			var dst [4]byte
			copy(dst[:], v[1:1+significant])
			route.Label = "default-"
			if width > 0 {
				route.Label = fmt.Sprintf("%s/%d-", addr4(dst[:]), width)
			}
			route.Label += addr4(v[1+significant : size]).String()
		}
		v, at = v[size:], at+size
	}
	return true
}
