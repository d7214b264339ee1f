package dissect

import (
	"fmt"
	"strings"
)

// This file is DNS questions and resource records: parsing, what each adds to
// Info and its nodes.

var (
	dnsQryName   = field("dns.qry.name", "Name", "STRING")
	dnsQryLen    = uint16Field("dns.qry.name.len", "Name Length", baseDec)
	dnsQryLabels = uint16Field("dns.count.labels", "Label Count", baseDec)
	dnsQryType   = uint16Field("dns.qry.type", "Type", baseDec).named(dnsTypeDescriptions)
	dnsQryClass  = uint16Field("dns.qry.class", "Class", baseHex).named(dnsClassNames)
	dnsQryQU     = boolField("dns.qry.qu", "\"QU\" question", 16, 0x8000, "True", "False")
	dnsRRName    = field("dns.resp.name", "Name", "STRING")
	dnsRRType    = uint16Field("dns.resp.type", "Type", baseDec).named(dnsTypeDescriptions)
	dnsRRClass   = uint16Field("dns.resp.class", "Class", baseHex).named(dnsClassNames)
	dnsRRFlush   = boolField("dns.resp.cache_flush", "Cache flush", 16, 0x8000, "True", "False")
	dnsRRTTL     = uint32Field("dns.resp.ttl", "Time to live", baseDec)
	dnsRRLen     = uint16Field("dns.resp.len", "Data length", baseDec)
	dnsA         = field("dns.a", "Address", "IPv4")
	dnsAAAA      = field("dns.aaaa", "AAAA Address", "IPv6")
	dnsCNAME     = field("dns.cname", "CNAME", "STRING")
	dnsNS        = field("dns.ns", "Name Server", "STRING")
	dnsPTR       = field("dns.ptr.domain_name", "Domain Name", "STRING")
	dnsMXPref    = uint16Field("dns.mx.preference", "Preference", baseDec)
	dnsMX        = field("dns.mx.mail_exchange", "Mail Exchange", "STRING")
	dnsTXTLen    = uint8Field("dns.txt.length", "TXT Length", baseDec)
	dnsTXT       = field("dns.txt", "TXT", "STRING")
	dnsSRVSvc    = field("dns.srv.service", "Service", "STRING")
	dnsSRVProto  = field("dns.srv.proto", "Protocol", "STRING")
	dnsSRVName   = field("dns.srv.name", "Name", "STRING")
	dnsSRVPrio   = uint16Field("dns.srv.priority", "Priority", baseDec)
	dnsSRVWeight = uint16Field("dns.srv.weight", "Weight", baseDec)
	dnsSRVPort   = uint16Field("dns.srv.port", "Port", baseDec)
	dnsSRVTarget = field("dns.srv.target", "Target", "STRING")
	dnsSOAMName  = field("dns.soa.mname", "Primary name server", "STRING")
	dnsSOARName  = field("dns.soa.rname", "Responsible authority's mailbox", "STRING")
	dnsSOASerial = uint32Field("dns.soa.serial_number", "Serial Number", baseDec)
	dnsOptSize   = uint16Field("dns.rr.udp_payload_size", "UDP payload size", baseDec)
	// dnsOptSizeHex is the field in mDNS.
	dnsOptSizeHex = uint16Field("dns.rr.udp_payload_size", "UDP payload size", baseHex)
	dnsOptRcode   = uint8Field("dns.resp.ext_rcode", "Higher bits in extended RCODE", baseHex)
	dnsOptVer     = uint8Field("dns.resp.edns0_version", "EDNS0 version", baseDec)
	dnsOptZ       = uint16Field("dns.resp.z", "Z", baseHex)
	dnsOptDO      = boolField("dns.resp.z.do", "DO bit", 16, 0x8000, "Accepts DNSSEC security RRs", "Cannot handle DNSSEC security RRs")
	dnsOptRest    = uint16Field("dns.resp.z.reserved", "Reserved", baseHex).mask(0x7fff)
	dnsOption     = field("dns.opt", "Option", "NONE")
	dnsOptCode    = uint16Field("dns.opt.code", "Option Code", baseDec).named(dnsOptionNames)
	dnsOptLen     = uint16Field("dns.opt.len", "Option Length", baseDec)
	dnsOptData    = field("dns.opt.data", "Option Data", "BYTES")
	dnsCookieCl   = field("dns.opt.cookie.client", "Client Cookie", "BYTES")
	dnsCookieSv   = field("dns.opt.cookie.server", "Server Cookie", "BYTES")
	dnsData       = field("dns.data", "Data", "BYTES")
	dnsNull       = field("dns.null", "Null (data)", "BYTES")

	// dnsSOATimes are the intervals of an SOA record in their order.
	dnsSOATimes = []*FieldDef{
		uint32Field("dns.soa.refresh_interval", "Refresh Interval", baseDec),
		uint32Field("dns.soa.retry_interval", "Retry Interval", baseDec),
		uint32Field("dns.soa.expire_limit", "Expire limit", baseDec),
		uint32Field("dns.soa.minimum_ttl", "Minimum TTL", baseDec),
	}

	dnsRecordFields = append([]*FieldDef{
		dnsQryName, dnsQryLen, dnsQryLabels, dnsQryType, dnsQryClass, dnsQryQU, dnsRRName, dnsRRType, dnsRRClass, dnsRRFlush,
		dnsRRTTL, dnsRRLen, dnsA, dnsAAAA, dnsCNAME, dnsNS, dnsPTR, dnsMXPref, dnsMX, dnsTXTLen, dnsTXT, dnsSRVSvc,
		dnsSRVProto, dnsSRVName, dnsSRVPrio, dnsSRVWeight, dnsSRVPort, dnsSRVTarget, dnsSOAMName, dnsSOARName,
		dnsSOASerial, dnsOptSize, dnsOptSizeHex, dnsOptRcode, dnsOptVer, dnsOptZ, dnsOptDO, dnsOptRest, dnsOption, dnsOptCode,
		dnsOptLen, dnsOptData, dnsCookieCl, dnsCookieSv, dnsData, dnsNull,
	}, dnsSOATimes...)
)

// The record types that are taken apart (IANA dns-parameters).
const (
	dnsTypeA     = 1
	dnsTypeNS    = 2
	dnsTypeCNAME = 5
	dnsTypeSOA   = 6
	dnsTypeNULL  = 10
	dnsTypePTR   = 12
	dnsTypeMX    = 15
	dnsTypeTXT   = 16
	dnsTypeAAAA  = 28
	dnsTypeSRV   = 33
	dnsTypeOPT   = 41
	dnsTypeNSEC  = 47
	dnsTypeDNAME = 39
	dnsTypeANY   = 255
)

// dnsRecord is a question or a resource record where it stands in a message.
type dnsRecord struct {
	section, at, size int
	name              dnsName
	typ, class        uint16
	ttl               uint32
	data              int // offset of the data in the message
	dataLen           int
	// target is the name in the data of the types that have one; number are
	// the words before it; addr is an address.
	target  string
	numbers [3]uint16
	addr    string
}

// question says that the record has no data (RFC 1035 section 4.1.2).
func (r *dnsRecord) question() bool { return r.section == 0 }

// parseRecord reads the record at an offset.
func parseRecord(msg []byte, at, section int) (r dnsRecord, ok bool) {
	r = dnsRecord{section: section, at: at}
	if r.name, ok = readName(msg, at); !ok {
		return r, false
	}
	pos := at + r.name.size
	if pos+4 > len(msg) {
		return r, false
	}
	r.typ, r.class = be16(msg[pos:]), be16(msg[pos+2:])
	r.size = r.name.size + 4
	if r.question() {
		return r, true
	}
	if pos+10 > len(msg) {
		return r, false
	}
	r.ttl, r.dataLen, r.data = be32(msg[pos+4:]), int(be16(msg[pos+8:])), pos+10
	r.size += 6 + r.dataLen
	if r.data+r.dataLen > len(msg) {
		return r, false
	}
	return r, r.readData(msg)
}

// readData reads the values that Info and the title line show.
func (r *dnsRecord) readData(msg []byte) bool {
	d := msg[r.data : r.data+r.dataLen]
	words := 0
	switch r.typ {
	case dnsTypeA:
		if len(d) != 4 {
			return len(d) == 0
		}
		r.addr = addrText(addr4(d))
		return true
	case dnsTypeAAAA:
		if len(d) != 16 {
			return len(d) == 0
		}
		r.addr = addrText(addr6(d))
		return true
	case dnsTypeNS, dnsTypeCNAME, dnsTypePTR, dnsTypeSOA, dnsTypeDNAME, dnsTypeNSEC:
	case dnsTypeMX:
		words = 1
	case dnsTypeSRV:
		words = 3
	default:
		return true
	}
	if len(d) == 0 {
		return true
	}
	if len(d) < 2*words+1 {
		return false
	}
	for i := range words {
		r.numbers[i] = be16(d[2*i:])
	}
	n, ok := readName(msg, r.data+2*words)
	r.target = n.text
	return ok
}

// typeName is a type's mnemonic: the description without its explanation.
func dnsTypeName(t uint16) string {
	if t == dnsTypeANY {
		return "ANY"
	}
	s, ok := dnsTypeDescriptions[uint64(t)]
	if !ok {
		return fmt.Sprintf("Unknown (%d)", t)
	}
	name, _, _ := strings.Cut(s, " ")
	return name
}

// value is the data as Info and the title line show it.
func (r *dnsRecord) value() string {
	switch r.typ {
	case dnsTypeMX:
		return fmt.Sprintf("%d %s", r.numbers[0], r.target)
	case dnsTypeSRV:
		return fmt.Sprintf("%d %d %d %s", r.numbers[0], r.numbers[1], r.numbers[2], r.target)
	case dnsTypeNULL:
		return r.name.text
	}
	return r.addr + r.target
}

// info adds the record to the Info column.
func (r *dnsRecord) info(sb *strings.Builder, mdns, response bool) {
	sb.WriteString(" " + dnsTypeName(r.typ))
	switch {
	case r.question():
		sb.WriteString(" " + r.name.text)
		if mdns {
			sb.WriteString(", " + trueFalse(r.class&0x8000 != 0, "\"QU\"", "\"QM\"") + " question")
		}
	case r.typ == dnsTypeOPT:
	default:
		if mdns && r.class&0x8000 != 0 {
			sb.WriteString(", cache flush")
		}
		if v := r.value(); v != "" {
			sb.WriteString(" " + v)
		}
	}
}

// className is the class without mDNS's top bit.
func (r *dnsRecord) className(mdns bool) string {
	c := r.class
	if mdns {
		c &= 0x7fff
	}
	return dnsClassNames.name(uint64(c), "Unknown")
}

// nodes adds the record below its section's line. base is where the message begins.
func (r *dnsRecord) nodes(list *node, base int, msg []byte, mdns bool) {
	at := base + r.at
	f := addText(list, at, r.size, "")
	f.Label = r.name.text + ": type " + dnsTypeName(r.typ)
	after := at + r.name.size
	if r.question() {
		f.Label += ", class " + r.className(mdns)
		addString(f, dnsQryName, at, r.name.size, r.name.text)
		length := r.name.length
		labels := r.name.labels
		switch {
		case r.name.text == "<Root>":
			length, labels = 6, 1
		case length == 1: // Wireshark counts from two on
			length, labels = 0, 0
		}
		computed(addUint(f, dnsQryLen, at, uint64(length))).resize(r.name.size)
		computed(addUint(f, dnsQryLabels, at, uint64(labels))).resize(r.name.size)
		addUint(f, dnsQryType, after, uint64(r.typ))
		r.classNodes(f, after+2, mdns, dnsQryClass, dnsQryQU, ", \"QM\" question", ", \"QU\" question")
		return
	}
	if r.typ == dnsTypeSRV { // the name is shown in its three parts only
		defs := []*FieldDef{dnsSRVSvc, dnsSRVProto, dnsSRVName}
		for i, part := range strings.SplitN(r.name.text, ".", len(defs)) {
			addString(f, defs[i], at, r.name.size, part)
		}
	} else {
		addString(f, dnsRRName, at, r.name.size, r.name.text)
	}
	addUint(f, dnsRRType, after, uint64(r.typ))
	if r.typ == dnsTypeOPT {
		r.optNodes(f, after+2, base, msg, mdns)
		return
	}
	f.Label += ", class " + r.className(mdns)
	r.classNodes(f, after+2, mdns, dnsRRClass, dnsRRFlush, "", ", cache flush")
	ttl := addUint(f, dnsRRTTL, after+4, uint64(r.ttl))
	relabel(ttl, "Time to live: %d (%s)", r.ttl, spokenTime(r.ttl))
	addUint(f, dnsRRLen, after+8, uint64(r.dataLen))
	r.dataNodes(f, base, msg)
}

// classNodes adds the class, and for mDNS its top bit.
func (r *dnsRecord) classNodes(f *node, at int, mdns bool, class, top *FieldDef, clear, set string) {
	if !mdns {
		addUint(f, class, at, uint64(r.class))
		return
	}
	v := uint64(r.class & 0x7fff)
	c := addUint(f, class, at, v)
	relabel(c, "%s = Class: %s (0x%04x)", BitPicture(uint64(r.class), 0x7fff, 16), class.Values.name(v, "Unknown"), v)
	addUint(f, top, at, uint64(r.class))
	f.Label += trueFalse(r.class&0x8000 != 0, set, clear)
}

// spokenTime writes seconds out: "8 minutes, 11 seconds".
func spokenTime(s uint32) string {
	if s == 0 {
		return "0 seconds"
	}
	var parts []string
	for _, u := range []struct {
		size uint32
		name string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		if n := s / u.size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s%s", n, u.name, plural(int(n))))
		}
		s %= u.size
	}
	return strings.Join(parts, ", ")
}

// dataNodes adds the data of the types that are taken apart.
func (r *dnsRecord) dataNodes(f *node, base int, msg []byte) {
	d := msg[r.data : r.data+r.dataLen]
	at := base + r.data
	if len(d) == 0 {
		return
	}
	name := func(word string, def *FieldDef) {
		f.lengthen(", " + word + " " + r.target)
		addString(f, def, at, len(d), r.target)
	}
	switch r.typ {
	case dnsTypeA:
		f.lengthen(", addr " + r.addr)
		addAddr(f, dnsA, at, addr4(d))
	case dnsTypeAAAA:
		f.lengthen(", addr " + r.addr)
		addAddr(f, dnsAAAA, at, addr6(d))
	case dnsTypeNS:
		name("ns", dnsNS)
	case dnsTypeCNAME:
		name("cname", dnsCNAME)
	case dnsTypePTR:
		f.lengthen(", " + r.target)
		addString(f, dnsPTR, at, len(d), r.target)
	case dnsTypeMX:
		extend(f, ", preference %d, mx %s", r.numbers[0], r.target)
		addUint(f, dnsMXPref, at, uint64(r.numbers[0]))
		addString(f, dnsMX, at+2, len(d)-2, r.target)
	case dnsTypeSRV:
		r.srvNodes(f, at, len(d))
	case dnsTypeSOA:
		r.soaNodes(f, base, msg)
	case dnsTypeTXT:
		txtNodes(f, at, d)
	case dnsTypeNULL:
		addBytes(f, dnsNull, at, d)
	default:
		addBytes(f, dnsData, at, d)
	}
}

func (r *dnsRecord) srvNodes(f *node, at, size int) {
	extend(f, ", priority %d, weight %d, port %d, target %s", r.numbers[0], r.numbers[1], r.numbers[2], r.target)
	addUint(f, dnsSRVPrio, at, uint64(r.numbers[0]))
	addUint(f, dnsSRVWeight, at+2, uint64(r.numbers[1]))
	addUint(f, dnsSRVPort, at+4, uint64(r.numbers[2]))
	addString(f, dnsSRVTarget, at+6, size-6, r.target)
}

func (r *dnsRecord) soaNodes(f *node, base int, msg []byte) {
	f.lengthen(", mname " + r.target)
	m, ok := readName(msg, r.data)
	if !ok {
		return
	}
	addString(f, dnsSOAMName, base+r.data, m.size, m.text)
	n, ok := readName(msg, r.data+m.size)
	if !ok {
		return
	}
	addString(f, dnsSOARName, base+r.data+m.size, n.size, n.text)
	at := r.data + m.size + n.size
	if at+20 > r.data+r.dataLen {
		return
	}
	addUint(f, dnsSOASerial, base+at, uint64(be32(msg[at:])))
	for i, d := range dnsSOATimes {
		v := be32(msg[at+4+4*i:])
		t := addUint(f, d, base+at+4+4*i, uint64(v))
		t.Label += " (" + spokenTime(v) + ")"
	}
}

func txtNodes(f *node, at int, d []byte) {
	for len(d) > 0 {
		n := int(d[0])
		if n >= len(d) {
			n = len(d) - 1
		}
		addUint(f, dnsTXTLen, at, uint64(d[0]))
		addString(f, dnsTXT, at+1, n, printable(d[1:1+n]))
		d, at = d[1+n:], at+1+n
	}
}

// optNodes adds an EDNS0 pseudo record (RFC 6891 section 6.1.2), whose class
// and time to live mean other things.
func (r *dnsRecord) optNodes(f *node, at, base int, msg []byte, mdns bool) {
	def := dnsOptSize
	if mdns {
		def = dnsOptSizeHex
	}
	size := addUint(f, def, at, uint64(r.class))
	relabel(size, "UDP payload size: %d", r.class)
	if mdns {
		relabel(size, "%s = UDP payload size: 0x%04x", BitPicture(uint64(r.class), 0x7fff, 16), r.class&0x7fff)
		addUint(f, dnsRRFlush, at, uint64(r.class))
	}
	addUint(f, dnsOptRcode, at+2, uint64(r.ttl>>24))
	addUint(f, dnsOptVer, at+3, uint64(r.ttl>>16&0xff))
	z := uint64(r.ttl & 0xffff)
	n := addUint(f, dnsOptZ, at+4, z)
	addUint(n, dnsOptDO, at+4, z)
	addUint(n, dnsOptRest, at+4, z)
	addUint(f, dnsRRLen, at+6, uint64(r.dataLen))
	d := msg[r.data : r.data+r.dataLen]
	at = base + r.data
	for len(d) >= 4 {
		code, n := be16(d), int(be16(d[2:]))
		if n > len(d)-4 {
			return
		}
		optionNode(f, at, code, d[4:4+n])
		d, at = d[4+n:], at+4+n
	}
}

func optionNode(f *node, at int, code uint16, v []byte) {
	name := dnsOptionNames.name(uint64(code), "Unknown")
	o := add(f, dnsOption, at, 4+len(v), "", "Option: "+name)
	addUint(o, dnsOptCode, at, uint64(code))
	addUint(o, dnsOptLen, at+2, uint64(len(v)))
	addBytes(o, dnsOptData, at+4, v)
	if code == 10 && len(v) >= 8 {
		addBytes(o, dnsCookieCl, at+4, v[:8])
		addBytes(o, dnsCookieSv, at+12, v[8:])
	}
}

// skipRecord returns where the record or question at an offset of a message ends,
// -1 where it is not well formed, or of a type that is not read here as Wireshark does.
func skipRecord(msg []byte, at int, question bool) int {
	at = skipName(msg, at)
	if at < 0 || at+4 > len(msg) {
		return -1
	}
	if question {
		return at + 4
	}
	if at+10 > len(msg) {
		return -1
	}
	typ, data := be16(msg[at:]), at+10
	end := data + int(be16(msg[at+8:]))
	if end > len(msg) || end > data && !plainData(msg[:end], typ, data) {
		return -1
	}
	return end
}

// plainData says that a record's data, to the end of msg, is what its type calls for.
func plainData(msg []byte, typ uint16, at int) bool {
	switch size := len(msg) - at; typ {
	case dnsTypeA:
		return size == 4
	case dnsTypeAAAA:
		return size == 16
	case dnsTypeNULL:
		return true
	case dnsTypeNS, dnsTypeCNAME, dnsTypePTR:
		return skipName(msg, at) == len(msg)
	case dnsTypeMX:
		return size > 2 && skipName(msg, at+2) == len(msg)
	case dnsTypeSRV:
		return size > 6 && skipName(msg, at+6) == len(msg)
	case dnsTypeSOA:
		if at = skipName(msg, at); at >= 0 {
			at = skipName(msg, at)
		}
		return at >= 0 && at+20 == len(msg)
	case dnsTypeTXT:
		for at < len(msg) {
			if !plainText(msg[at+1 : min(at+1+int(msg[at]), len(msg))]) {
				return false
			}
			at += 1 + int(msg[at])
		}
		return at == len(msg)
	case dnsTypeOPT:
		for at+4 <= len(msg) {
			at += 4 + int(be16(msg[at+2:]))
		}
		return at == len(msg)
	}
	return false
}

// plainText says that Wireshark shows bytes as they are.
func plainText(d []byte) bool {
	for _, c := range d {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}
