package dissect

import (
	"fmt"
	"strings"
)

// This file is the NetBIOS name service (RFC 1002 section 4.2): messages, their
// names and the records of names. Status answers (NBSTAT) are left out.

var (
	nbnsID        = uint16Field("nbns.id", "Transaction ID", baseHex)
	nbnsFlags     = uint16Field("nbns.flags", "Flags", baseHex)
	nbnsResponse  = boolField("nbns.flags.response", "Response", 16, 0x8000, "Message is a response", "Message is a query")
	nbnsOpcode    = uint16Field("nbns.flags.opcode", "Opcode", baseDec).mask(0x7800).width(16).named(nbnsOpcodeNames)
	nbnsAA        = boolField("nbns.flags.authoritative", "Authoritative", 16, 0x0400, "Server is an authority for domain", "Server is not an authority for domain")
	nbnsTC        = boolField("nbns.flags.truncated", "Truncated", 16, 0x0200, "Message is truncated", "Message is not truncated")
	nbnsRD        = boolField("nbns.flags.recdesired", "Recursion desired", 16, 0x0100, "Do query recursively", "Don't do query recursively")
	nbnsRA        = boolField("nbns.flags.recavail", "Recursion available", 16, 0x0080, "Server can do recursive queries", "Server can't do recursive queries")
	nbnsBroadcast = boolField("nbns.flags.broadcast", "Broadcast", 16, 0x0010, "Broadcast packet", "Not a broadcast packet")
	nbnsRcode     = uint16Field("nbns.flags.rcode", "Reply code", baseDec).mask(0x000f).width(16).named(nbnsRcodeNames)
	nbnsName      = field("nbns.name", "Name", "STRING")
	nbnsType      = uint16Field("nbns.type", "Type", baseDec).named(Values{32: "NB", 33: "NBSTAT"})
	nbnsClass     = uint16Field("nbns.class", "Class", baseDec).named(dnsClassNames)
	nbnsTTL       = uint32Field("nbns.ttl", "Time to live", baseDec)
	nbnsDataLen   = uint16Field("nbns.data_length", "Data length", baseDec)
	nbnsNBFlags   = uint16Field("nbns.nb_flags", "Name flags", baseHex)
	nbnsGroup     = boolField("nbns.nb_flags.group", "Name type", 16, 0x8000, "Group name", "Unique name")
	nbnsNode      = uint16Field("nbns.nb_flags.ont", "ONT", baseDec).mask(0x6000).width(16).named(Values{0: "B-node"})
	nbnsAddr      = field("nbns.addr", "Addr", "IPv4")

	nbnsCounts = []*FieldDef{
		uint16Field("nbns.count.queries", "Questions", baseDec),
		uint16Field("nbns.count.answers", "Answer RRs", baseDec),
		uint16Field("nbns.count.auth_rr", "Authority RRs", baseDec),
		uint16Field("nbns.count.add_rr", "Additional RRs", baseDec),
	}
)

var nbnsProtocol = Protocol{
	ID: idNBNS, Name: "nbns", Long: "NetBIOS Name Service", Short: "NBNS",
	Fields: append([]*FieldDef{
		nbnsID, nbnsFlags, nbnsResponse, nbnsOpcode, nbnsAA, nbnsTC, nbnsRD, nbnsRA, nbnsBroadcast, nbnsRcode, nbnsName, nbnsType,
		nbnsClass, nbnsTTL, nbnsDataLen, nbnsNBFlags, nbnsGroup, nbnsNode, nbnsAddr,
	}, nbnsCounts...),
	decode: decodeNBNS,
}

var nbnsOpcodeNames = Values{
	0: "Name query", 5: "Registration", 6: "Release", 7: "Wait for acknowledgment", 8: "Refresh", 9: "Refresh (alternate opcode)",
	15: "Multi-homed registration",
}

var nbnsRcodeNames = Values{
	0: "No error", 1: "Request was invalidly formatted", 2: "Server failure", 3: "Requested name does not exist",
	4: "Request is not implemented", 5: "Request was refused", 6: "Name is owned by another node", 7: "Name is in conflict",
}

const (
	nbnsTypeNB = 32
	nbnsWait   = 7 // the operation whose answer repeats the query's flags
)

// netbiosName undoes the first-level encoding of a name (RFC 1001 section 14.1):
// what Wireshark prints of its sixteen bytes, and the last of them. ok is false
// for a name in a scope or of another length.
func netbiosName(encoded string) (text string, service uint8, ok bool) {
	const size = 32
	var raw []byte
	for i := 0; i < len(encoded) && i < size; i += 2 {
		for k, which := range []string{"1st", "2nd"} {
			if i+k >= len(encoded) || encoded[i+k] < 'A' || encoded[i+k] > 'Z' {
				return "Illegal NetBIOS name (" + which + " character not between A and Z in first-level encoding)", 0, false
			}
		}
		raw = append(raw, (encoded[i]-'A')<<4|(encoded[i+1]-'A'))
	}
	if len(encoded) != size {
		return escaped(encoded), 0, false
	}
	service = raw[15]
	var sb strings.Builder
	for _, c := range []byte(strings.TrimRight(string(raw[:15]), " ")) {
		if c >= 0x20 && c < 0x7f {
			sb.WriteByte(c)
		} else {
			fmt.Fprintf(&sb, "<%02x>", c)
		}
	}
	fmt.Fprintf(&sb, "<%02x>", service)
	return sb.String(), service, true
}

// nbnsRecord is a question or a record where it stands in a message.
type nbnsRecord struct {
	at, size, nameSize int
	name               string
	service            uint8
	plain              bool // the name is a whole NetBIOS name
	typ, class         uint16
	ttl                uint32
	data               []byte
}

// parseNBNSRecord reads the record at offset at.
func parseNBNSRecord(msg []byte, at int, question bool) (r nbnsRecord, ok bool) {
	name, ok := readName(msg, at)
	if !ok {
		return r, false
	}
	r = nbnsRecord{at: at, nameSize: name.size}
	r.name, r.service, r.plain = netbiosName(name.text)
	c := cursor{d: msg[at+name.size:]}
	r.typ, r.class = uint16(c.number(2)), uint16(c.number(2))
	if !question {
		r.ttl = uint32(c.number(4))
		r.data = c.take(int(c.number(2)))
	}
	r.size = len(msg) - at - len(c.d)
	return r, !c.short
}

func decodeNBNS(b *builder, self *Protocol, p payload) {
	b.setProtocol("NBNS")
	msg := b.rest(p)
	m, ok := parseDNS(msg)
	if !ok {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, dnsHeaderLen)
		return
	}
	if !b.tree && !b.rows {
		return
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	info := b.writes()
	if info {
		b.col.info = nbnsTitle(&m)
	}
	if n == nil && !info {
		return
	}
	nbnsHeaderNodes(n, p.off, &m)
	at := dnsHeaderLen
	for section, count := range m.counts {
		var list *node
		for i := range int(count) {
			r, ok := parseNBNSRecord(msg, at, section == 0)
			if !ok {
				b.exception(self, p, len(msg)+1)
				return
			}
			if i == 0 {
				list = addText(n, p.off+at, 0, []string{"Queries", "Answers", "Authoritative nameservers", "Additional records"}[section])
			}
			list.grow(r.size)
			if info && section < 2 {
				b.col.info += r.info(section == 0)
			}
			if !r.nodes(list, p.off, section == 0, m.opcode() == nbnsWait) {
				b.partial = true
			}
			at += r.size
		}
	}
}

// nbnsTitle is how Info begins.
func nbnsTitle(m *dnsMessage) string {
	text := nbnsOpcodeNames.name(uint64(m.opcode()), fmt.Sprintf("Unknown operation (%d)", m.opcode()))
	if m.response() {
		text += " response"
		if rcode := m.flags & 0xf; rcode != 0 {
			text += ", " + nbnsRcodeNames.name(uint64(rcode), "Unknown error")
		}
	}
	return text
}

// info is what a record adds to Info.
func (r *nbnsRecord) info(question bool) string {
	typ := nbnsType.Values.name(uint64(r.typ), "Unknown")
	switch {
	case question:
		return " " + typ + " " + r.name
	case r.typ == nbnsTypeNB && len(r.data) >= 6:
		return " " + typ + " " + addr4(r.data[2:6]).String()
	case r.typ == nbnsTypeNB:
		return ""
	}
	return " " + typ
}

// nbnsHeaderNodes adds identifier, flags and counts.
func nbnsHeaderNodes(n *node, at int, m *dnsMessage) {
	addUint(n, nbnsID, at, uint64(m.id))
	word := uint64(m.flags)
	bits := []*FieldDef{nbnsResponse, nbnsOpcode, nbnsTC, nbnsRD, nbnsBroadcast}
	if m.response() {
		bits = []*FieldDef{nbnsResponse, nbnsOpcode, nbnsAA, nbnsTC, nbnsRD, nbnsRA, nbnsBroadcast, nbnsRcode}
	}
	f := addUint(n, nbnsFlags, at+2, word)
	for _, d := range bits {
		if f.labelled() {
			switch {
			case d == nbnsOpcode || d == nbnsRcode:
				f.Label += ", " + d.Label + ": " + d.Values.name(d.value(word), "")
			case word&d.Mask != 0:
				f.Label += ", " + d.Label
			}
		}
		addUint(f, d, at+2, word)
	}
	for i, d := range nbnsCounts {
		addUint(n, d, at+4+2*i, uint64(m.counts[i]))
	}
}

// nodes adds a record and reports whether it is as Wireshark has it.
func (r *nbnsRecord) nodes(list *node, base int, question, wait bool) bool {
	if list == nil {
		return true
	}
	at := base + r.at
	f := addText(list, at, r.size, "")
	if f.labelled() {
		f.Label = fmt.Sprintf("%s: type %s, class %s", r.name, nbnsType.Values.name(uint64(r.typ), "Unknown"), dnsClassNames.name(uint64(r.class), "Unknown"))
	}
	name := addString(f, nbnsName, at, r.nameSize, r.name)
	if r.plain && (question || r.typ == nbnsTypeNB) && name.labelled() {
		service := " (" + nbnsServiceNames.name(uint64(r.service), "Unknown") + ")"
		name.Label += service
		if !question {
			name.Show += service
		}
	}
	at += r.nameSize
	addUint(f, nbnsType, at, uint64(r.typ))
	addUint(f, nbnsClass, at+2, uint64(r.class))
	if question {
		return r.plain
	}
	ttl := addUint(f, nbnsTTL, at+4, uint64(r.ttl))
	if ttl.labelled() {
		ttl.Label = "Time to live: " + durationText(int64(r.ttl))
	}
	addUint(f, nbnsDataLen, at+8, uint64(len(r.data)))
	if r.typ != nbnsTypeNB || wait {
		return false
	}
	for i := 0; i+6 <= len(r.data); i += 6 {
		nbnsAddressNodes(f, at+10+i, r.data[i:i+6])
	}
	return r.plain && len(r.data)%6 == 0
}

// nbnsAddressNodes adds one owner of a name. Wireshark knows only the first kind
// of node by name where it shows the bits.
func nbnsAddressNodes(n *node, at int, d []byte) {
	word := uint64(be16(d))
	f := addUint(n, nbnsNBFlags, at, word)
	if f.labelled() {
		f.Label = fmt.Sprintf("Name flags: 0x%04x%s, ONT: %s (%c-node, %s)", word, trueFalse(word&0x8000 != 0, ", Name type", ""),
			nbnsNode.Values.name(nbnsNode.value(word), ""), "BPMH"[word>>13&3], trueFalse(word&0x8000 != 0, "group", "unique"))
	}
	addUint(f, nbnsGroup, at, word)
	addUint(f, nbnsNode, at, word)
	addAddr(n, nbnsAddr, at+2, addr4(d[2:6]))
}
