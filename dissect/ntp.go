package dissect

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"pktsh/dissect/stream"
)

// This file is NTP: the packets of versions 1 to 4 (RFC 958, RFC 1305, RFC 5905)
// in modes 1 to 5 with their extensions (RFC 7822) and authentication. Of
// control (RFC 9327) and private messages it reads only the first byte and, for
// Info, the request code.

var (
	ntpFlags      = uint8Field("ntp.flags", "Flags", baseHex)
	ntpLeap       = uint8Field("ntp.flags.li", "Leap Indicator", baseDec).mask(0xc0).named(ntpLeapNames)
	ntpVersion    = uint8Field("ntp.flags.vn", "Version number", baseDec).mask(0x38).named(ntpVersionNames)
	ntpMode       = uint8Field("ntp.flags.mode", "Mode", baseDec).mask(0x07).named(ntpModeNames)
	ntpPrivReply  = uint8Field("ntp.priv.flags.r", "Response bit", baseDec).mask(0x80).named(Values{0: "Request", 1: "Response"})
	ntpPrivMore   = uint8Field("ntp.priv.flags.more", "More bit", baseDec).mask(0x40)
	ntpStratum    = uint8Field("ntp.stratum", "Peer Clock Stratum", baseDec)
	ntpPoll       = uint8Field("ntp.ppoll", "Peer Polling Interval", baseDec)
	ntpPrecision  = uint8Field("ntp.precision", "Peer Clock Precision", baseDec)
	ntpRootDelay  = uint32Field("ntp.rootdelay", "Root Delay", baseDec)
	ntpDispersion = uint32Field("ntp.rootdispersion", "Root Dispersion", baseDec)
	ntpRefID      = field("ntp.refid", "Reference ID", "BYTES")
	ntpKeyID      = field("ntp.keyid", "Key ID", "BYTES")
	ntpMAC        = field("ntp.mac", "Message Authentication Code", "BYTES")
	ntpResponse   = field("ntp.response_in", "Response In", "FRAMENUM").stateful()
	ntpRequest    = field("ntp.request_in", "Request In", "FRAMENUM").stateful()
	ntpDelta      = field("ntp.delta_time", "Delta Time", "RELATIVE_TIME").stateful()
	ntpExt        = field("ntp.ext", "Extension", "NONE")
	ntpExtType    = uint16Field("ntp.ext.type", "Field Type", baseHex).named(ntpExtensionNames)
	ntpExtLen     = uint16Field("ntp.ext.length", "Length", baseDec)
	ntpExtValue   = field("ntp.ext.value", "Value", "BYTES")

	// ntpTimes are the four timestamps in their order.
	ntpTimes = []*FieldDef{
		field("ntp.reftime", "Reference Timestamp", "ABSOLUTE_TIME"),
		field("ntp.org", "Origin Timestamp", "ABSOLUTE_TIME"),
		field("ntp.rec", "Receive Timestamp", "ABSOLUTE_TIME"),
		field("ntp.xmt", "Transmit Timestamp", "ABSOLUTE_TIME"),
	}
)

var ntpProtocol = Protocol{
	ID: idNTP, Name: "ntp", Long: "Network Time Protocol", Short: "NTP",
	Fields: append([]*FieldDef{
		ntpFlags, ntpLeap, ntpVersion, ntpMode, ntpPrivReply, ntpPrivMore, ntpStratum, ntpPoll, ntpPrecision, ntpRootDelay,
		ntpDispersion, ntpRefID, ntpKeyID, ntpMAC, ntpResponse, ntpRequest, ntpDelta, ntpExt, ntpExtType, ntpExtLen, ntpExtValue,
	}, ntpTimes...),
	decode: decodeNTP,
}

const (
	ntpHeaderLen = 48

	ntpModeClient  = 3
	ntpModeServer  = 4
	ntpModeControl = 6
	ntpModePrivate = 7
)

func decodeNTP(b *builder, self *Protocol, p payload) {
	b.setProtocol("NTP")
	d := b.rest(p)
	if len(d) == 0 {
		b.setInfo("")
		b.protocol(self, p, 0, self.Long)
		b.exception(self, p, 1)
		return
	}
	mode := d[0] & 7
	if b.writes() {
		b.col.info = ntpSummary(d)
	}
	peer := b.ntpPeer(d)
	if !b.tree {
		return
	}
	n := b.protocol(self, p, p.captured(), "")
	if n.labelled() {
		n.Label = fmt.Sprintf("%s (%s, %s)", self.Long, ntpVersionNames.name(ntpVersion.value(uint64(d[0])), ""), ntpModeShort[mode])
	}
	ntpFlagNodes(n, p.off, uint64(d[0]))
	switch {
	case peer.Frame != 0 && mode == ntpModeClient:
		frameLink(n, ntpResponse, p.off, peer.Frame)
	case peer.Frame != 0:
		frameLink(n, ntpRequest, p.off, peer.Frame)
		if b.in.TimeOf != nil {
			virtual(addSeconds(n, ntpDelta, p.off, b.in.Time-b.in.TimeOf(peer.Frame)))
		}
	}
	switch {
	case mode == ntpModeControl || mode == ntpModePrivate:
		b.partial = true
	case len(d) < ntpHeaderLen:
		b.exception(self, p, ntpHeaderLen)
	default:
		ntpClockNodes(n, p.off, d)
		b.ntpTail(n, p.skip(ntpHeaderLen), d[0]>>3&7)
	}
}

// ntpPeer asks for the other half of an exchange: a server returns the client's
// transmit timestamp as origin timestamp.
func (b *builder) ntpPeer(d []byte) stream.Peer {
	if b.in.Flows == nil || b.quoted > 0 || len(d) < ntpHeaderLen {
		return stream.Peer{}
	}
	q := stream.Query{
		Kind: stream.QueryNTP, Client: stream.Endpoint{Addr: b.src, Port: b.srcPort}, Server: stream.Endpoint{Addr: b.dst, Port: b.dstPort},
	}
	switch d[0] & 7 {
	case ntpModeClient:
		q.ID = binary.BigEndian.Uint64(d[40:])
	case ntpModeServer:
		q.Client, q.Server, q.Response = q.Server, q.Client, true
		q.ID = binary.BigEndian.Uint64(d[24:])
	default:
		return stream.Peer{}
	}
	return b.in.Flows.Query(b.in.Number, q)
}

// ntpSummary is the Info column of a message of at least one byte.
func ntpSummary(d []byte) string {
	mode := d[0] & 7
	text := ntpVersionNames.name(ntpVersion.value(uint64(d[0])), "") + ", " + ntpModeShort[mode]
	if mode == ntpModePrivate && len(d) >= 4 {
		text += ", " + trueFalse(d[0]&0x80 != 0, "Response", "Request") + ", " + ntpRequestNames.name(uint64(d[3]), "Unknown")
	}
	return text
}

// ntpFlagNodes adds the first byte, which private messages use in a way of their own.
func ntpFlagNodes(n *node, at int, word uint64) {
	parts := [3]*FieldDef{ntpLeap, ntpVersion, ntpMode}
	private := word&7 == ntpModePrivate
	if private {
		parts[0] = ntpPrivReply
	}
	f := addUint(n, ntpFlags, at, word)
	if f.labelled() {
		f.Label = fmt.Sprintf("Flags: 0x%02x", word)
		for _, d := range parts {
			f.Label += ", " + d.Label + ": " + d.Values.name(d.value(word), "")
		}
	}
	for i, d := range parts {
		addUint(f, d, at, word)
		if private && i == 0 {
			addUint(f, ntpPrivMore, at, word)
		}
	}
}

// ntpClockNodes adds the header after its first byte (RFC 5905 section 7.3).
func ntpClockNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	var stratum, poll, precision, delay, dispersion string
	if n.labelled() {
		stratum = fmt.Sprintf("%s (%d)", ntpStratumText(d[1]), d[1])
		poll = fmt.Sprintf("invalid (%d)", d[2])
		if d[2] >= 4 && d[2] <= 17 {
			poll = fmt.Sprintf("%d (%d seconds)", d[2], 1<<d[2])
		}
		precision = fmt.Sprintf("%8.6f seconds", math.Ldexp(1, int(int8(d[3]))))
		delay = ntpShort(be32(d[4:]))
		dispersion = ntpShort(be32(d[8:]))
	}
	addUintText(n, ntpStratum, at+1, uint64(d[1]), stratum)
	addUintText(n, ntpPoll, at+2, uint64(d[2]), poll)
	addUintText(n, ntpPrecision, at+3, uint64(d[3]), precision)
	addUintText(n, ntpRootDelay, at+4, uint64(be32(d[4:])), delay)
	addUintText(n, ntpDispersion, at+8, uint64(be32(d[8:])), dispersion)
	ref := addBytes(n, ntpRefID, at+12, d[12:16])
	if ref.labelled() {
		ref.Label = "Reference ID: " + ntpReference(d[1], d[12:16])
	}
	for i, f := range ntpTimes {
		if n.wants(f) {
			off := 16 + 8*i
			addString(n, f, at+off, 8, ntpTime(d[off:off+8]))
		}
	}
}

// ntpStratumText says what a stratum means (RFC 5905 section 7.3).
func ntpStratumText(v uint8) string {
	switch {
	case v == 0:
		return "unspecified or invalid"
	case v == 1:
		return "primary reference"
	case v < 16:
		return "secondary reference"
	case v == 16:
		return "unsynchronized"
	}
	return "reserved"
}

// ntpShort formats NTP's short format: 16 bits of seconds and 16 of fraction.
func ntpShort(v uint32) string {
	return fmt.Sprintf("%8.6f seconds", float64(v>>16)+float64(v&0xffff)/65536)
}

// ntpReference names the clock that a server follows: by a code of four
// characters where it is a clock of its own, else by its IPv4 address.
func ntpReference(stratum uint8, id []byte) string {
	switch {
	case be32(id) == 0:
		return "NULL"
	case stratum > 1:
		return addr4(id).String()
	}
	code := id
	for i, c := range id {
		if c == 0 {
			code = id[:i]
			break
		}
	}
	if name, ok := ntpReferenceNames[string(code)]; ok {
		return name
	}
	return "Unidentified reference source '" + escaped(asciiText(code)) + "'"
}

// ntpTime formats a timestamp: seconds and fractions since 1900, or since 2036
// where the highest bit is clear (RFC 5905 section 6).
func ntpTime(d []byte) string {
	sec, frac := int64(be32(d)), uint64(be32(d[4:]))
	if sec == 0 && frac == 0 {
		return "NULL"
	}
	const from1900 = 2208988800 // seconds to 1970
	if sec&0x80000000 == 0 {
		sec += 1 << 32
	}
	return absoluteTime((sec-from1900)*1e9+int64(frac*1e9>>32), time.UTC)
}

// ntpTail is what follows the header: extensions and authentication.
func (b *builder) ntpTail(n *node, p payload, version uint8) {
	for version == 4 {
		d := b.rest(p)
		size := ntpExtensionSize(d)
		if size == 0 {
			break
		}
		ext := add(n, ntpExt, p.off, size, "", "Extension")
		addUint(ext, ntpExtType, p.off, uint64(be16(d)))
		addUint(ext, ntpExtLen, p.off+2, uint64(size))
		addBytes(ext, ntpExtValue, p.off+4, d[4:size])
		p = p.skip(size)
	}
	d := b.rest(p)
	if len(d) < 4 {
		b.partial = b.partial || len(d) > 0
		return
	}
	addBytes(n, ntpKeyID, p.off, d[:4])
	if len(d) > 4 {
		addBytes(n, ntpMAC, p.off+4, d[4:])
	}
}

// ntpExtensionSize is the size of the extension at the start of d, 0 where it
// is authentication: a key identifier and a digest of 16 or 20 bytes, or a lone
// key identifier, must fit behind an extension (RFC 7822 section 3).
func ntpExtensionSize(d []byte) int {
	const least = 16
	if len(d) < least {
		return 0
	}
	size := int(be16(d[2:]))
	left := len(d) - size
	if size < least || size%4 != 0 || left < 0 || left > 4 && left < 20 {
		return 0
	}
	return size
}
