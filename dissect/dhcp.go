package dissect

import "fmt"

// This file is DHCP for IPv4 and BOOTP (RFC 951, RFC 2131): the header and Info.
// Options are in dhcpopt.go.

var (
	dhcpType      = uint8Field("dhcp.type", "Message type", baseDec).named(Values{1: "Boot Request", 2: "Boot Reply"})
	dhcpHWType    = uint8Field("dhcp.hw.type", "Hardware type", baseHex).named(arpHardwareNames)
	dhcpHWLen     = uint8Field("dhcp.hw.len", "Hardware address length", baseDec)
	dhcpHops      = uint8Field("dhcp.hops", "Hops", baseDec)
	dhcpID        = uint32Field("dhcp.id", "Transaction ID", baseHex)
	dhcpSecs      = uint16Field("dhcp.secs", "Seconds elapsed", baseDec)
	dhcpFlags     = uint16Field("dhcp.flags", "Bootp flags", baseHex)
	dhcpBroadcast = boolField("dhcp.flags.bc", "Broadcast flag", 16, 0x8000, "Broadcast", "Unicast")
	dhcpReserved  = uint16Field("dhcp.flags.reserved", "Reserved flags", baseHex).mask(0x7fff).width(16)
	dhcpHWAddr    = field("dhcp.hw.addr", "Client hardware address", "BYTES")
	dhcpMAC       = field("dhcp.hw.mac_addr", "Client MAC address", "ETHER")
	dhcpHWPadding = field("dhcp.hw.addr_padding", "Client hardware address padding", "BYTES")
	dhcpServer    = field("dhcp.server", "Server host name", "STRING")
	dhcpFile      = field("dhcp.file", "Boot file name", "STRING")
	dhcpCookie    = field("dhcp.cookie", "Magic cookie", "IPv4")

	// dhcpAddresses are the header's four addresses in their order.
	dhcpAddresses = []*FieldDef{
		field("dhcp.ip.client", "Client IP address", "IPv4"),
		field("dhcp.ip.your", "Your (client) IP address", "IPv4"),
		field("dhcp.ip.server", "Next server IP address", "IPv4"),
		field("dhcp.ip.relay", "Relay agent IP address", "IPv4"),
	}
)

var dhcpProtocol = Protocol{
	ID: idDHCP, Name: "dhcp", Long: "Dynamic Host Configuration Protocol", Short: "DHCP/BOOTP",
	Fields: append(append([]*FieldDef{
		dhcpType, dhcpHWType, dhcpHWLen, dhcpHops, dhcpID, dhcpSecs, dhcpFlags, dhcpBroadcast, dhcpReserved, dhcpHWAddr, dhcpMAC,
		dhcpHWPadding, dhcpServer, dhcpFile, dhcpCookie,
	}, dhcpAddresses...), dhcpOptionFields()...),
	decode: decodeDHCP,
}

// The offsets of the header's parts (RFC 2131 figure 1).
const (
	dhcpAtAddresses = 12
	dhcpAtHWAddr    = 28
	dhcpAtServer    = 44
	dhcpAtFile      = 108
	dhcpAtCookie    = 236
	dhcpAtOptions   = 240

	dhcpCookieValue = 0x63825363
)

func decodeDHCP(b *builder, self *Protocol, p payload) {
	b.setProtocol("BOOTP")
	d := b.rest(p)
	if len(d) < dhcpAtOptions {
		b.setInfo("")
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, dhcpAtOptions)
		return
	}
	n := b.protocol(self, p, p.captured(), self.Long)
	if n == nil && !b.rows {
		return
	}
	options := be32(d[dhcpAtCookie:]) == dhcpCookieValue
	typ, known := uint8(0), false
	if options {
		typ, known = dhcpMessageType(d[dhcpAtOptions:])
	}
	if b.writes() {
		b.dhcpInfo(d, typ, known)
	}
	if n == nil {
		return
	}
	if known && n.labelled() {
		n.Label += " (" + dhcpMessageNames.name(uint64(typ), "Unknown") + ")"
	}
	dhcpHeaderNodes(n, p.off, d)
	if !options {
		b.partial = true // vendor information before RFC 1048, or none
		return
	}
	relabel(addAddr(n, dhcpCookie, p.off+dhcpAtCookie, addr4(d[dhcpAtCookie:dhcpAtOptions])), "Magic cookie: DHCP")
	b.dhcpOptionNodes(n, self, p.skip(dhcpAtOptions))
}

// dhcpInfo writes the columns.
func (b *builder) dhcpInfo(d []byte, typ uint8, known bool) {
	switch {
	case known:
		b.setProtocol("DHCP")
		b.setInfo("DHCP %-8s - Transaction ID 0x%x", dhcpMessageNames.name(uint64(typ), fmt.Sprintf("Unknown Message Type (0x%02x)", typ)), be32(d[4:]))
	case d[0] == 1 && d[1] == 1 && d[2] == 6:
		mac := etherText(d[dhcpAtHWAddr : dhcpAtHWAddr+6])
		b.setInfo("Boot Request from %s (%s)", mac, mac)
	case d[0] == 1:
		b.setInfo("Boot Request")
	case d[0] == 2:
		b.setInfo("Boot Reply")
	default:
		b.setInfo("Unknown BOOTP message type (%d)", d[0])
	}
}

// dhcpHeaderNodes adds the fixed part.
func dhcpHeaderNodes(n *node, at int, d []byte) {
	addUint(n, dhcpType, at, uint64(d[0]))
	addUint(n, dhcpHWType, at+1, uint64(d[1]))
	addUint(n, dhcpHWLen, at+2, uint64(d[2]))
	addUint(n, dhcpHops, at+3, uint64(d[3]))
	addUint(n, dhcpID, at+4, uint64(be32(d[4:])))
	secs := uint64(be16(d[8:]))
	if secs > 0xff && secs&0xff == 0 {
		addUintf(n, dhcpSecs, at+8, secs, "%d (little endian bug?)", secs)
	} else {
		addUint(n, dhcpSecs, at+8, secs)
	}
	word := uint64(be16(d[10:]))
	f := addUint(n, dhcpFlags, at+10, word)
	if f.labelled() {
		f.Label = fmt.Sprintf("Bootp flags: 0x%04x%s (%s)", word, trueFalse(word&0x8000 != 0, ", Broadcast flag", ""), dhcpBroadcast.text(word&0x8000))
	}
	addUint(f, dhcpBroadcast, at+10, word)
	addUint(f, dhcpReserved, at+10, word)
	for i, a := range dhcpAddresses {
		off := dhcpAtAddresses + 4*i
		addAddr(n, a, at+off, addr4(d[off:off+4]))
	}
	dhcpHardwareNodes(n, at+dhcpAtHWAddr, d[1], int(d[2]), d[dhcpAtHWAddr:dhcpAtServer])
	dhcpNameNode(n, dhcpServer, at+dhcpAtServer, d[dhcpAtServer:dhcpAtFile])
	dhcpNameNode(n, dhcpFile, at+dhcpAtFile, d[dhcpAtFile:dhcpAtCookie])
}

// dhcpHardwareNodes adds the client's hardware address and what it leaves of
// its sixteen bytes.
func dhcpHardwareNodes(n *node, at int, typ uint8, size int, d []byte) {
	switch {
	case size == 0:
		addText(n, at, len(d), "Client address not given")
		return
	case size == 6 && (typ == 1 || typ == 6):
		dhcpMACNode(n, at, d[:6])
	default:
		addBytes(n, dhcpHWAddr, at, d[:min(size, len(d))])
	}
	if size < len(d) {
		addBytes(n, dhcpHWPadding, at+size, d[size:])
	}
}

// dhcpNameNode adds one of the header's names, which are mostly empty.
func dhcpNameNode(n *node, def *FieldDef, at int, d []byte) {
	f := addASCII(n, def, at, d)
	if d[0] == 0 {
		relabel(f, "%s not given", def.Label)
	}
}
