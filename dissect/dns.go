package dissect

import (
	"fmt"
	"strings"

	"pktsh/dissect/stream"
)

// This file is DNS (RFC 1035, RFC 6891), mDNS (RFC 6762) and LLMNR (RFC 4795):
// messages, their header and Info. Resource records are in dnsrr.go.

var (
	dnsLength   = uint16Field("dns.length", "Length", baseDec)
	dnsID       = uint16Field("dns.id", "Transaction ID", baseHex)
	dnsFlags    = uint16Field("dns.flags", "Flags", baseHex)
	dnsQR       = boolField("dns.flags.response", "Response", 16, 0x8000, "Message is a response", "Message is a query")
	dnsOpcode   = uint16Field("dns.flags.opcode", "Opcode", baseDec).mask(0x7800).named(dnsOpcodeNames)
	dnsAA       = boolField("dns.flags.authoritative", "Authoritative", 16, 0x0400, "Server is an authority for domain", "Server is not an authority for domain")
	dnsConf     = boolField("dns.flags.conflict", "Conflict", 16, 0x0400, "The sender received multiple responses", "None")
	dnsTC       = boolField("dns.flags.truncated", "Truncated", 16, 0x0200, "Message is truncated", "Message is not truncated")
	dnsRD       = boolField("dns.flags.recdesired", "Recursion desired", 16, 0x0100, "Do query recursively", "Don't do query recursively")
	dnsTent     = boolField("dns.flags.tentative", "Tentative", 16, 0x0100, "Tentative", "Not tentative")
	dnsRA       = boolField("dns.flags.recavail", "Recursion available", 16, 0x0080, "Server can do recursive queries", "Server can't do recursive queries")
	dnsZ        = boolField("dns.flags.z", "Z", 16, 0x0040, "reserved - incorrect!", "reserved (0)")
	dnsAD       = boolField("dns.flags.authenticated", "Answer authenticated", 16, 0x0020, "Answer/authority portion was authenticated by the server", "Answer/authority portion was not authenticated by the server")
	dnsADQuery  = boolField("dns.flags.authenticated", "AD bit", 16, 0x0020, "Set", "Not set")
	dnsCD       = boolField("dns.flags.checkdisable", "Non-authenticated data", 16, 0x0010, "Acceptable", "Unacceptable")
	dnsRcode    = uint16Field("dns.flags.rcode", "Reply code", baseDec).mask(0x000f).named(dnsRcodeNames)
	dnsRepeat   = field("dns.retransmit_request", "DNS query retransmission", "NONE").stateful()
	dnsRepeatOf = field("dns.retransmit_request_in", "Retransmitted request. Original request in", "FRAMENUM").stateful()
	dnsRepeated = boolField("dns.retransmission", "Retransmission", 0, 0, "", "").stateful()
	dnsReplyTo  = field("dns.response_to", "Request In", "FRAMENUM").stateful()
	dnsReplyIn  = field("dns.response_in", "Response In", "FRAMENUM").stateful()
	dnsTime     = field("dns.time", "Time", "RELATIVE_TIME").stateful()

	dnsCounts = []*FieldDef{
		uint16Field("dns.count.queries", "Questions", baseDec),
		uint16Field("dns.count.answers", "Answer RRs", baseDec),
		uint16Field("dns.count.auth_rr", "Authority RRs", baseDec),
		uint16Field("dns.count.add_rr", "Additional RRs", baseDec),
	}
	// dnsUpdateCounts are the same words in a dynamic update (RFC 2136).
	dnsUpdateCounts = []*FieldDef{
		uint16Field("dns.count.zones", "Zones", baseDec),
		uint16Field("dns.count.prerequisites", "Prerequisites", baseDec),
		uint16Field("dns.count.updates", "Updates", baseDec),
		uint16Field("dns.count.add_rr", "Additional RRs", baseDec),
	}
)

var dnsProtocol = Protocol{
	ID: idDNS, Name: "dns", Long: "Domain Name System", Short: "DNS",
	Fields: append(append(append([]*FieldDef{
		dnsLength, dnsID, dnsFlags, dnsQR, dnsOpcode, dnsAA, dnsConf, dnsTC, dnsRD, dnsTent, dnsRA, dnsZ, dnsAD, dnsADQuery, dnsCD, dnsRcode,
		dnsRepeat, dnsRepeatOf, dnsRepeated, dnsReplyTo, dnsReplyIn, dnsTime,
	}, dnsCounts...), dnsUpdateCounts...), dnsRecordFields...),
	carries: (*Table).undissected,
	decode:  decodeDNS,
	walk:    func(w *Headers, p payload) { walkDNS(w, idDNS, p) },
}

var mdnsProtocol = Protocol{
	ID: idMDNS, Name: "mdns", Long: "Multicast Domain Name System", Short: "MDNS",
	Fields: dnsProtocol.Fields, carries: (*Table).undissected, decode: decodeDNS,
	walk: func(w *Headers, p payload) { walkDNS(w, idMDNS, p) },
}

var llmnrProtocol = Protocol{
	ID: idLLMNR, Name: "llmnr", Long: "Link-local Multicast Name Resolution", Short: "LLMNR",
	Fields: dnsProtocol.Fields, carries: (*Table).undissected, decode: decodeDNS,
	walk: func(w *Headers, p payload) { walkDNS(w, idLLMNR, p) },
}

const dnsHeaderLen = 12

// dnsMessage is a parsed message.
type dnsMessage struct {
	id, flags uint16
	counts    [4]uint16
	records   []dnsRecord
	whole     bool // every record was read
}

func (m *dnsMessage) response() bool { return m.flags&0x8000 != 0 }
func (m *dnsMessage) opcode() uint16 { return m.flags >> 11 & 0xf }

// parseDNS reads a message's header; ok says that it was there.
func parseDNS(d []byte) (m dnsMessage, ok bool) {
	if len(d) < dnsHeaderLen {
		return m, false
	}
	m.id, m.flags = be16(d), be16(d[2:])
	for i := range m.counts {
		m.counts[i] = be16(d[4+2*i:])
	}
	return m, true
}

// parseRecords reads the records of a message as far as they are well formed.
func (m *dnsMessage) parseRecords(d []byte) {
	at := dnsHeaderLen
	for section, count := range m.counts {
		for range count {
			r, ok := parseRecord(d, at, section)
			if !ok {
				return
			}
			m.records = append(m.records, r)
			at += r.size
		}
	}
	m.whole = true
}

func decodeDNS(b *builder, self *Protocol, p payload) {
	overTCP := b.ipProto == 6
	msg := p
	if overTCP {
		d, ok := b.bytes(p, 0, 2)
		if !ok || int(be16(d)) != p.reported-2 {
			b.path = b.path[:len(b.path)-1]
			b.unknown(p) // part of a longer message: only reassembly knows
			return
		}
		msg = p.skip(2)
	}
	b.setProtocol(self.Short)
	m, ok := parseDNS(b.rest(msg))
	if !ok {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, msg, dnsHeaderLen)
		return
	}
	mdns := self.Name == "mdns"
	peer := b.dnsPeer(&m, overTCP)
	if !b.tree && !b.rows {
		return
	}
	m.parseRecords(b.rest(msg))
	b.dnsInfo(&m, mdns)
	n := b.protocol(self, p, p.captured(), self.Long+" ("+trueFalse(m.response(), "response", "query")+")")
	if overTCP {
		addUint(n, dnsLength, p.off, uint64(msg.reported))
	}
	b.dnsNodes(n, msg, &m, self.Name, peer)
	if !m.whole {
		b.exception(self, msg, msg.captured()+1)
	}
}

// dnsPeer asks for the other half of an exchange.
func (b *builder) dnsPeer(m *dnsMessage, tcp bool) stream.Peer {
	if b.in.Flows == nil || b.quoted > 0 {
		return stream.Peer{}
	}
	q := stream.Query{
		Client: stream.Endpoint{Addr: b.src, Port: b.srcPort}, Server: stream.Endpoint{Addr: b.dst, Port: b.dstPort},
		ID: uint64(m.id), TCP: tcp, Response: m.response(),
	}
	if m.response() {
		q.Client, q.Server = q.Server, q.Client
	}
	return b.in.Flows.Query(b.in.Number, q)
}

func (b *builder) dnsInfo(m *dnsMessage, mdns bool) {
	if !b.writes() {
		return
	}
	var sb strings.Builder
	sb.WriteString(dnsOpcodeNames.name(uint64(m.opcode()), fmt.Sprintf("Unknown operation (%d)", m.opcode())))
	if m.response() {
		sb.WriteString(" response")
	}
	fmt.Fprintf(&sb, " 0x%04x", m.id)
	if rcode := m.flags & 0xf; m.response() && rcode != 0 {
		sb.WriteString(" " + dnsRcodeNames.name(uint64(rcode), "Unknown error"))
	}
	for i := range m.records {
		m.records[i].info(&sb, mdns, m.response())
	}
	b.col.info = sb.String()
}

func (b *builder) dnsNodes(n *node, p payload, m *dnsMessage, name string, peer stream.Peer) {
	if n == nil {
		return
	}
	at := p.off
	id := addUint(n, dnsID, at, uint64(m.id))
	if peer.Repeat != 0 {
		addExpert(id, dnsRepeat, SeverityWarn, "Protocol", fmt.Sprintf("DNS query retransmission. Original request in frame %d", peer.Repeat), groupProtocol)
		n.Severity = SeverityWarn
	}
	dnsFlagNodes(n, at+2, m, name == "llmnr")
	counts := dnsCounts
	if m.opcode() == 5 {
		counts = dnsUpdateCounts
	}
	for i, d := range counts {
		addUint(n, d, at+4+2*i, uint64(m.counts[i]))
	}
	sections := []string{"Queries", "Answers", "Authoritative nameservers", "Additional records"}
	if m.opcode() == 5 {
		sections = []string{"Zone", "Prerequisites", "Updates", "Additional records"}
	}
	b.recordNodes(n, p, m, sections, name == "mdns")
	switch {
	case m.response() && peer.Frame != 0:
		frameLink(n, dnsReplyTo, at, peer.Frame)
		if b.in.TimeOf != nil {
			virtual(addSeconds(n, dnsTime, at, b.in.Time-b.in.TimeOf(peer.Frame)))
		}
	case peer.Repeat != 0:
		frameLink(n, dnsRepeatOf, at, peer.Repeat)
		virtual(addUint(n, dnsRepeated, at, 1))
	case peer.Frame != 0:
		frameLink(n, dnsReplyIn, at, peer.Frame)
	}
}

// recordNodes adds the sections' records, each section below a line of its own.
func (b *builder) recordNodes(n *node, p payload, m *dnsMessage, sections []string, mdns bool) {
	msg := b.rest(p)
	var list *node
	section := -1
	for i := range m.records {
		r := &m.records[i]
		if r.section != section {
			section = r.section
			list = addText(n, p.off+r.at, 0, sections[section])
		}
		list.Size += r.size
		r.nodes(list, p.off, msg, mdns)
	}
}

func dnsFlagNodes(n *node, at int, m *dnsMessage, llmnr bool) {
	word := uint64(m.flags)
	text := fmt.Sprintf("0x%04x %s", word, dnsOpcodeNames.name(uint64(m.opcode()), "Unknown operation"))
	bits := []*FieldDef{dnsQR, dnsOpcode, dnsTC, dnsRD, dnsZ, dnsCD}
	if m.flags&0x20 != 0 { // Wireshark shows the bit in queries only where it is set
		bits = []*FieldDef{dnsQR, dnsOpcode, dnsTC, dnsRD, dnsZ, dnsADQuery, dnsCD}
	}
	if m.response() {
		text += " response, " + dnsRcodeNames.name(uint64(m.flags&0xf), "Unknown error")
		bits = []*FieldDef{dnsQR, dnsOpcode, dnsAA, dnsTC, dnsRD, dnsRA, dnsZ, dnsAD, dnsCD, dnsRcode}
	}
	if llmnr {
		bits = []*FieldDef{dnsQR, dnsOpcode, dnsConf, dnsTC, dnsTent}
		if m.response() {
			bits = append(bits, dnsRcode)
		}
	}
	f := addUintText(n, dnsFlags, at, word, text)
	for _, d := range bits {
		addUint(f, d, at, word)
	}
}

// walkDNS takes messages over UDP all of whose records are there. Over TCP a
// message is what segments before make of it.
func walkDNS(w *Headers, id ID, p payload) {
	switch overUDP := w.layers[w.n-1].ID == idUDP; {
	case w.full(), !overUDP, w.quoted:
		w.hide(setOf(id) | hidesApplications)
	case p.captured() < p.reported, !plainDNS(w.Data[p.off:p.end]):
		w.hide(setOf(id) | hiddenByDNS)
	default:
		w.add(id, p)
	}
}

// hiddenByDNS is what odd messages may have besides: signatures and keys have dissectors
// of their own, and so may have what later versions of Wireshark know.
const hiddenByDNS Set = 1<<idTLS | 1<<idData | 1<<idUnlisted

// plainDNS says that a message is its header and its records, and nothing else.
func plainDNS(d []byte) bool {
	if len(d) < dnsHeaderLen {
		return false
	}
	at := dnsHeaderLen
	for section := range 4 {
		for range be16(d[4+2*section:]) {
			if at = skipRecord(d, at, section == 0); at < 0 {
				return false
			}
		}
	}
	return at == len(d)
}
