package dissect

import "strings"

// This file is TLS (RFC 8446, RFC 5246): records, and which messages they hold.
// Hellos are in tlshello.go, where records end in a stream in tlsframing.go. Records
// are dissected where they are whole, a hello also as far as its segment has it if
// the rest never comes; nothing is decrypted.

var (
	tlsRecord       = field("tls.record", "Record Layer", "NONE")
	tlsContent      = uint8Field("tls.record.content_type", "Content Type", baseDec).named(tlsContentNames)
	tlsOpaque       = uint8Field("tls.record.opaque_type", "Opaque Type", baseDec).named(tlsContentNames)
	tlsVersion      = uint16Field("tls.record.version", "Version", baseHex).named(tlsVersionNames)
	tlsLength       = uint16Field("tls.record.length", "Length", baseDec)
	tlsCipherChange = field("tls.change_cipher_spec", "Change Cipher Spec Message", "NONE")
	tlsAlert        = field("tls.alert_message", "Alert Message", "NONE")
	tlsAlertLevel   = uint8Field("tls.alert_message.level", "Level", baseDec).named(tlsAlertLevels)
	tlsAlertDesc    = uint8Field("tls.alert_message.desc", "Description", baseDec).named(tlsAlertNames)
	tlsHandshake    = field("tls.handshake", "Handshake Protocol", "NONE")
	tlsHSType       = uint8Field("tls.handshake.type", "Handshake Type", baseDec).named(tlsHandshakeNames)
	tlsHSLength     = uint24Field("tls.handshake.length", "Length", baseDec)
	tlsAppData      = field("tls.app_data", "Encrypted Application Data", "BYTES")
)

var tlsProtocol = Protocol{
	ID: idTLS, Name: "tls", Long: "Transport Layer Security", Short: "TLS",
	Fields: append([]*FieldDef{
		tlsRecord, tlsContent, tlsOpaque, tlsVersion, tlsLength, tlsCipherChange, tlsAlert, tlsAlertLevel, tlsAlertDesc,
		tlsHandshake, tlsHSType, tlsHSLength, tlsAppData,
	}, tlsHelloFields...),
	carries: (*Table).undissected,
	decode:  decodeTLS,
}

const (
	tlsRecordHeader = 5
	tlsMaxRecord    = 1<<14 + 2048 // RFC 5246 section 6.2.3

	tlsChangeCipherSpec = 20
	tlsAlertRecord      = 21
	tlsHandshakeRecord  = 22
	tlsApplication      = 23

	tlsClientHello = 1
	tlsServerHello = 2

	tls13 = 0x0304
)

// tlsRecordHead is a record's header.
type tlsRecordHead struct {
	content uint8
	version uint16
	length  int
}

// parseTLSRecord reads a record's header; ok says that it can be one.
func parseTLSRecord(d []byte) (h tlsRecordHead, ok bool) {
	if len(d) < tlsRecordHeader {
		return h, false
	}
	h = tlsRecordHead{content: d[0], version: be16(d[1:]), length: int(be16(d[3:]))}
	return h, h.content >= tlsChangeCipherSpec && h.content <= tlsApplication && h.version >= 0x0300 && h.version <= tls13 &&
		h.length > 0 && h.length <= tlsMaxRecord
}

// isHello says that a record's body begins with a hello.
func (h *tlsRecordHead) isHello(body []byte) bool {
	return h.content == tlsHandshakeRecord && len(body) >= 6 && (body[0] == tlsClientHello || body[0] == tlsServerHello) && body[4] == 3
}

// tlsShort names a version in the Protocol column and in records' lines.
func tlsShort(version uint16) string {
	switch {
	case version == 0x0300:
		return "SSLv3"
	case version == 0x0301:
		return "TLSv1"
	case version == 0x0302:
		return "TLSv1.1"
	case version == 0x0303:
		return "TLSv1.2"
	case version == tls13, version>>8 == 0x7f, version>>8 == 0xfb:
		return "TLSv1.3"
	}
	return "TLS"
}

// tlsSegment is the records of one segment.
type tlsSegment struct {
	version   uint16 // of the session, or of the first record where that is not known
	encrypted bool   // after a change of ciphers
	records   int
	rows      bool // Info is wanted
	info      []string
}

// say adds to Info.
func (s *tlsSegment) say(text string) {
	if s.rows {
		s.info = append(s.info, text)
	}
}

func decodeTLS(b *builder, self *Protocol, p payload) {
	d := b.rest(p)
	h, ok := parseTLSRecord(d)
	if !ok || len(d) < tlsRecordHeader+h.length && !h.isHello(d[tlsRecordHeader:]) {
		b.path = b.path[:len(b.path)-1] // the middle of a record, or its start
		b.unknown(p)
		return
	}
	s := tlsSegment{version: b.tlsSession(d, h), rows: b.writes()}
	if !b.tree && !b.rows {
		return
	}
	n := b.protocol(self, p, 0, self.Long)
	for p.captured() > 0 {
		d := b.rest(p)
		h, ok := parseTLSRecord(d)
		if !ok || len(d) < tlsRecordHeader+h.length && s.records > 0 {
			b.partial = true
			break
		}
		size := min(len(d), tlsRecordHeader+h.length)
		s.records++
		b.tlsRecordNodes(n, &s, p.off, d[:size], h)
		n.grow(size)
		b.partial = b.partial || size < tlsRecordHeader+h.length
		p = p.skip(size)
	}
	if b.writes() {
		if b.col.fence != "" {
			s.info = append([]string{b.col.fence}, s.info...)
		}
		b.col.protocol, b.col.info = tlsShort(s.version), strings.Join(s.info, ", ")
	}
}

// grow lengthens a node.
func (n *node) grow(size int) {
	if n != nil {
		n.Size += size
	}
}

// tlsSession is the version that the server chose: as the conversation knows it, or
// out of these records.
func (b *builder) tlsSession(d []byte, h tlsRecordHead) uint16 {
	version, chosen := tlsVersionOf(d)
	if b.in.Flows != nil && b.quoted == 0 {
		if known := b.in.Flows.Version(b.in.Number, version, chosen); known != 0 {
			return known
		}
	}
	if version != 0 {
		return version
	}
	return h.version
}

// tlsVersionOf is the version that the records say was chosen: chosen in the server's
// hello or else, as Wireshark takes it, by application data; 0 if they do not say.
func tlsVersionOf(d []byte) (version uint16, chosen bool) {
	for {
		h, ok := parseTLSRecord(d)
		if !ok {
			return version, false
		}
		body := d[tlsRecordHeader:]
		switch {
		case h.isHello(body) && body[0] == tlsServerHello:
			return tlsChosenVersion(body), true
		case h.content == tlsApplication && version == 0:
			version = h.version
		}
		if h.length >= len(body) {
			return version, false
		}
		d = body[h.length:]
	}
}

// tlsRecordNodes adds one record, of which d may be only the start.
func (b *builder) tlsRecordNodes(n *node, s *tlsSegment, at int, d []byte, h tlsRecordHead) {
	r := add(n, tlsRecord, at, len(d), "", "")
	content := tlsContent
	if h.content == tlsApplication && s.version == tls13 {
		content = tlsOpaque
	}
	addUint(r, content, at, uint64(h.content))
	addUint(r, tlsVersion, at+1, uint64(h.version))
	addUint(r, tlsLength, at+3, uint64(h.length))
	body, at := d[tlsRecordHeader:], at+tlsRecordHeader
	var title string
	switch h.content {
	case tlsChangeCipherSpec:
		s.encrypted = s.version != tls13 // there it means nothing (RFC 8446 appendix D.4)
		add(r, tlsCipherChange, at, len(body), "", tlsCipherChange.Label)
		s.say("Change Cipher Spec")
		title = "Change Cipher Spec Protocol: Change Cipher Spec"
	case tlsAlertRecord:
		title = tlsAlertNodes(r, s, at, body)
	case tlsHandshakeRecord:
		title = b.tlsHandshakes(r, s, at, body)
	case tlsApplication:
		s.say("Application Data")
		addBytes(r, tlsAppData, at, body)
		title = "Application Data Protocol: Application Data"
		if b.srcPort == 443 || b.dstPort == 443 {
			title = "Application Data Protocol: Hypertext Transfer Protocol"
			computed(addText(r, at, 0, title))
		}
		b.partial = true // the protocol inside may be known by the hello
	}
	if r.labelled() {
		r.Label = tlsShort(s.version) + " Record Layer: " + title
	}
}

// tlsAlertNodes adds an alert (RFC 8446 section 6), which two bytes are only
// where they are not encrypted.
func tlsAlertNodes(r *node, s *tlsSegment, at int, body []byte) (title string) {
	f := add(r, tlsAlert, at, len(body), "", "")
	if len(body) != 2 || s.encrypted {
		s.say("Encrypted Alert")
		relabel(f, "Alert Message: Encrypted Alert")
		return "Encrypted Alert"
	}
	relabel(f, "Alert Message")
	addUint(f, tlsAlertLevel, at, uint64(body[0]))
	addUint(f, tlsAlertDesc, at+1, uint64(body[1]))
	if !s.rows && !r.labelled() {
		return ""
	}
	text := "Alert (Level: " + tlsAlertLevels.name(uint64(body[0]), "Unknown") + ", Description: " + tlsAlertNames.name(uint64(body[1]), "Unknown") + ")"
	s.say(text)
	return text
}

// tlsHandshakes adds the messages of a handshake record.
func (b *builder) tlsHandshakes(r *node, s *tlsSegment, at int, body []byte) (title string) {
	for first := true; len(body) > 0; first = false {
		name, known := "", false
		size := 0
		if len(body) >= 4 {
			name, known = tlsHandshakeNames[uint64(body[0])]
			size = 4 + int(be24(body[1:]))
		}
		hello := known && (body[0] == tlsClientHello || body[0] == tlsServerHello)
		if s.encrypted || !known || size > len(body) && !hello {
			s.say("Encrypted Handshake Message")
			add(r, tlsHandshake, at, len(body), "", "Handshake Protocol: Encrypted Handshake Message")
			b.partial = b.partial || known && !s.encrypted
			return "Handshake Protocol: Encrypted Handshake Message"
		}
		size = min(size, len(body))
		label := ""
		if r.labelled() {
			label = "Handshake Protocol: " + name
		}
		title = label
		if !first {
			title = "Handshake Protocol: Multiple Handshake Messages"
		}
		s.say(name)
		f := add(r, tlsHandshake, at, size, "", label)
		addUint(f, tlsHSType, at, uint64(body[0]))
		addUint(f, tlsHSLength, at+1, uint64(be24(body[1:])))
		switch {
		case hello:
			b.tlsHelloNodes(f, s, cursor{d: body[4:size], pos: at + 4}, body[0] == tlsClientHello)
		case size > 4:
			b.partial = true
		}
		body, at = body[size:], at+size
	}
	return title
}
