package dissect

// This file tells payloads that one of Wireshark's heuristic dissectors may take
// for a protocol that carries packets. It errs on the side of doubt.

// carriesPacketsOverTCP tells OpenFlow (a packet-in message quotes a frame) and
// the remote capture protocol.
func carriesPacketsOverTCP(d []byte) bool {
	if len(d) < 8 {
		return false
	}
	// OpenFlow: version 1 to 6, a message type, the message's own length.
	if d[0] >= 1 && d[0] <= 6 && d[1] <= 35 && int(be16(d[2:])) >= 8 && int(be16(d[2:])) <= len(d) {
		return true
	}
	// rpcap: version 0, a message type, a value, the payload's length.
	kind := d[1] & 0x7f
	return d[0] == 0 && kind >= 1 && kind <= 11 && int(be32(d[4:])) == len(d)-8
}

// carriesPacketsOverUDP tells Teredo (RFC 4380 section 5.1): IPv6, after an
// authentication or origin header, from or to its prefix 2001::/32.
func carriesPacketsOverUDP(d []byte) bool {
	const prefix = 0x20010000
	if len(d) >= 4 && d[0] == 0 && d[1] == 1 { // authentication: lengths of the client's identifier and of the value
		d = d[min(len(d), 4+int(d[2])+int(d[3])+9):]
	}
	if len(d) >= 8 && d[0] == 0 && d[1] == 0 { // origin: port and address
		d = d[8:]
	}
	return len(d) >= ip6HeaderLen && d[0]>>4 == 6 && (be32(d[8:]) == prefix || be32(d[24:]) == prefix)
}
