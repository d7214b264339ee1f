package dissect

import (
	"fmt"
	"strings"

	"pktsh/dissect/stream"
)

// This file is SNMP version 1 (RFC 1157) and 2c (RFC 3416): messages and PDUs.
// Variable bindings are in snmpvar.go. Of version 3 (RFC 3412) Info says what the
// message is; its security parameters are left out.

var (
	snmpVersion     = int32Field("snmp.version", "version").named(snmpVersionNames)
	snmpMsgVersion  = int32Field("snmp.msgVersion", "msgVersion").named(snmpVersionNames)
	snmpCommunity   = field("snmp.community", "community", "STRING")
	snmpData        = uint32Field("snmp.data", "data", baseDec).named(snmpPDUNames)
	snmpRequestID   = int32Field("snmp.request_id", "request-id")
	snmpErrorStatus = int32Field("snmp.error_status", "error-status").named(snmpErrorNames)
	snmpErrorIndex  = int32Field("snmp.error_index", "error-index")
	snmpNonRepeat   = uint32Field("snmp.non_repeaters", "non-repeaters", baseDec)
	snmpMaxRepeat   = uint32Field("snmp.max_repetitions", "max-repetitions", baseDec)
	snmpBindings    = uint32Field("snmp.variable_bindings", "variable-bindings", baseDec)
	snmpEnterprise  = field("snmp.enterprise", "enterprise", "OID")
	snmpAgent       = field("snmp.agent_addr", "agent-addr", "IPv4")
	snmpGenericTrap = int32Field("snmp.generic_trap", "generic-trap").named(snmpTrapNames)
	snmpSpecific    = int32Field("snmp.specific_trap", "specific-trap")
	snmpTimeStamp   = uint32Field("snmp.time_stamp", "time-stamp", baseDec)
	snmpResponseIn  = field("snmp.response_in", "Response In", "FRAMENUM").stateful()
	snmpResponseTo  = field("snmp.response_to", "Response To", "FRAMENUM").stateful()
	snmpTime        = field("snmp.time", "Time", "RELATIVE_TIME").stateful()

	// snmpPDUs are the nodes of PDUs by their tag.
	snmpPDUs = []*FieldDef{
		field("snmp.get_request_element", "get-request", "NONE"),
		field("snmp.get_next_request_element", "get-next-request", "NONE"),
		field("snmp.get_response_element", "get-response", "NONE"),
		field("snmp.set_request_element", "set-request", "NONE"),
		field("snmp.trap_element", "trap", "NONE"),
		field("snmp.getBulkRequest_element", "getBulkRequest", "NONE"),
		field("snmp.informRequest_element", "informRequest", "NONE"),
		field("snmp.snmpV2_trap_element", "snmpV2-trap", "NONE"),
		field("snmp.report_element", "report", "NONE"),
	}
)

var snmpProtocol = Protocol{
	ID: idSNMP, Name: "snmp", Long: "Simple Network Management Protocol", Short: "SNMP",
	Fields: append(append([]*FieldDef{
		snmpVersion, snmpMsgVersion, snmpCommunity, snmpData, snmpRequestID, snmpErrorStatus, snmpErrorIndex, snmpNonRepeat,
		snmpMaxRepeat, snmpBindings, snmpEnterprise, snmpAgent, snmpGenericTrap, snmpSpecific, snmpTimeStamp, snmpResponseIn,
		snmpResponseTo, snmpTime,
	}, snmpPDUs...), snmpValueFields...),
	decode: decodeSNMP,
}

// The PDUs that are laid out in their own way or answer others (RFC 3416 section 3).
const (
	snmpResponse = 2
	snmpTrapV1   = 4
	snmpBulk     = 5
	snmpTrapV2   = 7

	snmpV3 = 3
)

var snmpVersionNames = Values{0: "version-1", 1: "v2c", 2: "v2u", 3: "snmpv3"}

var snmpPDUNames = Values{
	0: "get-request", 1: "get-next-request", 2: "get-response", 3: "set-request", 4: "trap", 5: "getBulkRequest",
	6: "informRequest", 7: "snmpV2-trap", 8: "report",
}

var snmpErrorNames = Values{
	0: "noError", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess", 7: "wrongType",
	8: "wrongLength", 9: "wrongEncoding", 10: "wrongValue", 11: "noCreation", 12: "inconsistentValue", 13: "resourceUnavailable",
	14: "commitFailed", 15: "undoFailed", 16: "authorizationError", 17: "notWritable", 18: "inconsistentName",
}

var snmpTrapNames = Values{
	0: "coldStart", 1: "warmStart", 2: "linkDown", 3: "linkUp", 4: "authenticationFailure", 5: "egpNeighborLoss", 6: "enterpriseSpecific",
}

// snmpMessage is a message's outer parts.
type snmpMessage struct {
	version   cursor
	community cursor
	pdu       cursor
	kind      int // of the PDU, -1 for none
	encrypted bool
	at, size  int // of the PDU with its tag, in the frame
}

// parseSNMP reads a message; ok says that it is one.
func parseSNMP(c cursor) (m snmpMessage, ok bool) {
	body := c.expect(berSequence)
	m.version = body.expect(berInteger)
	m.kind = -1
	if c.short || body.short {
		return m, false
	}
	if m.version.integer() == snmpV3 {
		body.element() // msgGlobalData
		body.element() // msgSecurityParameters
		tag, data := body.element()
		m.encrypted = tag == berOctets
		if !m.encrypted {
			data.element() // contextEngineID
			data.element() // contextName
			m.readPDU(&data)
		}
		return m, !body.short
	}
	m.community = body.expect(berOctets)
	m.readPDU(&body)
	return m, !body.short
}

func (m *snmpMessage) readPDU(c *cursor) {
	m.at = c.pos
	tag, pdu := c.element()
	m.pdu, m.size = pdu, c.pos-m.at
	if k := int(tag) - 0xa0; k >= 0 && k < len(snmpPDUs) && !c.short {
		m.kind = k
	}
}

func decodeSNMP(b *builder, self *Protocol, p payload) {
	m, ok := parseSNMP(b.cursor(p))
	if !ok || m.kind < 0 && !m.encrypted {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	b.setProtocol("SNMP")
	v3 := m.version.integer() == snmpV3
	peer := b.snmpPeer(&m)
	if b.writes() {
		b.col.info = m.info()
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	if !b.tree {
		return
	}
	if v3 {
		m.version.signed(n, snmpMsgVersion)
		b.partial = true
		return
	}
	m.version.signed(n, snmpVersion)
	addASCII(n, snmpCommunity, m.community.pos, m.community.d)
	data := addUint(n, snmpData, m.at, uint64(m.kind))
	data.resize(m.size)
	pdu := add(data, snmpPDUs[m.kind], m.pdu.pos, len(m.pdu.d), "", snmpPDUs[m.kind].Label)
	if !b.snmpPDUNodes(pdu, m.pdu, m.kind) {
		b.partial = true
		return
	}
	if peer.Frame == 0 {
		return
	}
	if m.kind != snmpResponse {
		frameLink(n, snmpResponseIn, p.off, peer.Frame)
		return
	}
	frameLink(n, snmpResponseTo, p.off, peer.Frame)
	if b.in.TimeOf != nil {
		virtual(addSeconds(n, snmpTime, p.off, b.in.Time-b.in.TimeOf(peer.Frame)))
	}
}

// signed adds an integer's contents.
func (c *cursor) signed(parent *node, d *FieldDef) {
	addUint(parent, d, c.pos, uint64(uint32(c.integer()))).resize(len(c.d))
}

// unsigned adds an integer's contents that cannot be negative.
func (c *cursor) unsigned(parent *node, d *FieldDef) {
	addUint(parent, d, c.pos, uint64(c.integer())).resize(len(c.d))
}

// info is the Info column: the PDU's kind and the variables' names.
func (m *snmpMessage) info() string {
	if m.encrypted {
		return "encryptedPDU: privKey Unknown"
	}
	var sb strings.Builder
	sb.WriteString(snmpPDUs[m.kind].Label)
	c := m.pdu
	switch m.kind {
	case snmpTrapV1:
		enterprise := c.expect(berOID)
		sb.WriteString(" " + oidName(oidText(enterprise.d)))
		c.element()
		c.element()
		c.element()
		c.element()
	default:
		c.element()
		c.element()
		c.element()
	}
	list := c.expect(berSequence)
	for !list.empty() && !list.short {
		v := list.expect(berSequence)
		name := v.expect(berOID)
		if !list.short && !v.short {
			sb.WriteString(" " + oidText(name.d))
		}
	}
	return sb.String()
}

// snmpPeer asks for the other half of an exchange.
func (b *builder) snmpPeer(m *snmpMessage) stream.Peer {
	if b.in.Flows == nil || b.quoted > 0 || m.kind < 0 || m.kind == snmpTrapV1 || m.kind >= snmpTrapV2 {
		return stream.Peer{}
	}
	c := m.pdu
	id := c.expect(berInteger)
	q := stream.Query{
		Kind: stream.QuerySNMP, Client: stream.Endpoint{Addr: b.src, Port: b.srcPort}, Server: stream.Endpoint{Addr: b.dst, Port: b.dstPort},
		ID: uint64(uint32(id.integer())), Response: m.kind == snmpResponse,
	}
	if q.Response {
		q.Client, q.Server = q.Server, q.Client
	}
	return b.in.Flows.Query(b.in.Number, q)
}

// snmpPDUNodes adds what a PDU holds and reports whether all of it was read as
// Wireshark does.
func (b *builder) snmpPDUNodes(n *node, c cursor, kind int) bool {
	number := func(d *FieldDef) {
		if v := c.expect(berInteger); !c.short {
			v.signed(n, d)
		}
	}
	switch kind {
	case snmpTrapV1:
		enterprise := c.expect(berOID)
		addOID(n, snmpEnterprise, enterprise)
		if tag, agent := c.element(); tag == snmpIPAddress && len(agent.d) == 4 {
			addAddr(n, snmpAgent, agent.pos, addr4(agent.d))
		} else {
			c.short = true
		}
		number(snmpGenericTrap)
		number(snmpSpecific)
		_, ticks := c.element()
		ticks.unsigned(n, snmpTimeStamp)
	case snmpBulk:
		number(snmpRequestID)
		number(snmpNonRepeat)
		number(snmpMaxRepeat)
	default:
		number(snmpRequestID)
		number(snmpErrorStatus)
		number(snmpErrorIndex)
	}
	list := c.expect(berSequence)
	return !c.short && b.snmpBindingNodes(n, list) && c.empty()
}

// addOID adds an object identifier.
func addOID(n *node, d *FieldDef, c cursor) *node {
	if n == nil || !n.wants(d) {
		return add(n, d, c.pos, len(c.d), "", "")
	}
	oid := oidText(c.d)
	f := add(n, d, c.pos, len(c.d), oid, "")
	if f.labelled() {
		f.Label = fmt.Sprintf("%s: %s (%s)", d.Label, oid, oidName(oid))
	}
	return f
}
