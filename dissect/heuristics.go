package dissect

import (
	"bytes"
	"slices"
	"strconv"
)

// This file tells payloads that one of Wireshark's heuristic dissectors (those
// that are enabled by default in 4.0) may take for a protocol that carries
// packets. It errs on the side of doubt: whether such a dissector is asked depends
// on those before it, and on the conversation.

// heuristicPorts are the TCP ports by which heuristic dissectors for protocols that
// carry packets tell them, or on which these are as a rule: rpcap, FCIP, iFCP,
// OpenFlow (twice; its third port is registered).
var heuristicPorts = [...]uint16{2002, 3225, 3420, 6633, 6634}

// portSTT is the destination port of Stateless Transport Tunneling, whose header has
// TCP's shape: Wireshark does not show it as TCP.
const portSTT = 7471

// carriesPacketsOverTCP tells the remote capture protocol, iFCP and a PROXY header,
// after which the ports are other ones.
func carriesPacketsOverTCP(d []byte) bool {
	if len(d) < 8 {
		return false
	}
	switch d[0] {
	case 0:
		return isRemoteCapture(d)
	case 2: // iFCP (RFC 4172): protocol 2, version 1, each with its complement
		return d[1] == 1 && d[2] == 0xfd && d[3] == 0xfe
	case 'P', '\r':
		return isProxied(d)
	}
	return false
}

// isRemoteCapture tells rpcap's header: version 0, a message type, a value, the
// length of the rest.
func isRemoteCapture(d []byte) bool {
	const packet = 7
	kind := d[1] & 0x7f
	if d[1] == packet {
		return true // may go on in the next segment
	}
	return kind >= 1 && kind <= 12 && int(be32(d[4:])) == len(d)-8
}

// isProxied tells HAProxy's PROXY protocol, versions 1 and 2.
func isProxied(d []byte) bool {
	return bytes.HasPrefix(d, []byte("PROXY ")) || bytes.HasPrefix(d, []byte("\r\n\r\n\x00\r\nQUIT\n"))
}

// carriesPacketsOverUDP tells the formats of remote capture, lawful interception and
// MPEG transport streams, which may hold IP. reported is the payload's length on the wire.
func carriesPacketsOverUDP(d []byte, reported int) bool {
	if len(d) < 8 {
		return false
	}
	switch d[0] {
	case 0:
		return d[1] == 0xff && d[2] == 0xab && d[3] == 0xcd || // OmniPeek
			d[1] == 7 && be16(d[2:]) == 0 && len(d) >= 20 && be32(d[16:]) == be32(d[4:])-20 || // rpcap
			isRedback(d)
	case 1:
		const header = 28
		return len(d) >= header && int(be32(d[20:])) == reported-header || isRedback(d) // E100
	case 2, 3, 4, 20, 40:
		return isRedback(d)
	case 'R':
		return d[1] == 'F' && d[2] == 't' && d[3] == 'a'
	case '\r', 'P':
		return isProxied(d)
	case mpegSync:
		const size = 188
		return reported%size == 0
	}
	// RTP with a transport stream as its payload (RFC 3551: type 33).
	return d[0]>>6 == 2 && d[1]&0x7f == 33 && len(d) > 12 && d[12] == mpegSync
}

// mpegSync begins each packet of an MPEG transport stream (ISO/IEC 13818-1).
const mpegSync = 0x47

// isRedback tells the attributes of Redback's lawful interception header: a type and
// a length each, the sequence number, session and identifier of four bytes among them.
func isRedback(d []byte) bool {
	const sequence, identifier, session, end = 1, 2, 3, 0
	found := 0
	for i := 0; i+1 < len(d); i += 2 + int(d[i+1]) {
		switch kind, size := d[i], d[i+1]; {
		case kind == sequence, kind == identifier, kind == session:
			if size != 4 {
				return false
			}
			found |= 1 << kind
		case kind == end:
			return i > 0 && found == 1<<sequence|1<<identifier|1<<session
		case kind != 4 && kind != 20 && kind != 40:
			return false
		}
	}
	return found == 1<<sequence|1<<identifier|1<<session
}

// quicPorts are those of DNS over QUIC (RFC 9250 and drafts before it).
var quicPorts = [...]uint16{784, 853, 8853}

// mayBeDNSOverQUIC says that a datagram may be DNS over QUIC, which Wireshark decrypts with
// secrets out of the capture.
func mayBeDNSOverQUIC(d []byte, src, dst uint16) bool {
	return len(d) > 0 && d[0]&0xc0 != 0 && (slices.Contains(quicPorts[:], src) || slices.Contains(quicPorts[:], dst))
}

// mayBeDNS says that Wireshark's heuristic dissector for DNS takes a datagram on
// ports that nothing is registered for, by the header's flags and counts.
func mayBeDNS(d []byte, reported int) bool {
	if reported <= dnsHeaderLen || len(d) < dnsHeaderLen {
		return reported > dnsHeaderLen && len(d) > 0
	}
	flags, questions, answers, authorities, additional := be16(d[2:]), be16(d[4:]), be16(d[6:]), be16(d[8:]), be16(d[10:])
	switch {
	case flags&0x7800 != 0:
		return false
	case flags&0x8000 == 0:
		return questions == 1 && answers == 0 && authorities == 0 && additional <= 10
	}
	return questions <= 1 && answers <= 100 && authorities <= 10 && additional <= 10
}

// detours tells HTTP messages after which the payloads of a connection may be more than
// HTTP's: requests to a proxy on a web server's port, CONNECT (RFC 9110 section 9.3.6)
// to a port whose dissector may carry packets and SSTP (MS-SSTP section 3.2.4.1), and
// what speaks of DNS over HTTP (RFC 8484). What follows in the connection does not
// show it.
func (k *Walker) detours(d []byte) bool {
	if len(d) == 0 {
		return false
	}
	switch d[0] {
	case 'C':
		target, ok := bytes.CutPrefix(d, []byte("CONNECT "))
		if !ok {
			return false
		}
		target, _, _ = bytes.Cut(target, []byte(" "))
		number := target[bytes.LastIndexByte(target, ':')+1:]
		port, err := strconv.ParseUint(string(number), 10, 16)
		return err != nil || k.tcp[port] > carriesLeaf
	case 'S':
		return bytes.HasPrefix(d, []byte("SSTP_DUPLEX_POST "))
	case 'P':
		return bytes.HasPrefix(d, []byte("POST ")) && speaksOfDNS(d) || bytes.HasPrefix(d, []byte("PRI * HTTP/2")) && speaksOfDNS2(d)
	case 'G':
		return bytes.HasPrefix(d, []byte("GET ")) && speaksOfDNS(d)
	case 'H':
		return bytes.HasPrefix(d, []byte("HTTP/1")) && speaksOfDNS(d)
	case 0: // the length of an HTTP/2 frame, in 24 bits; types are up to 9 (RFC 9113 section 4.1)
		return len(d) >= 9 && d[3] <= 9 && speaksOfDNS2(d)
	}
	return false
}

// speaksOfDNS says that the head of an HTTP message names a media type of DNS, as
// application/dns-message, or what looks like it.
func speaksOfDNS(d []byte) bool {
	if end := bytes.Index(d, []byte("\r\n\r\n")); end >= 0 {
		d = d[:end]
	}
	return bytes.Contains(d, []byte("/dns-")) || bytes.Contains(d, []byte("/DNS-"))
}

// dnsMessage2 is application/dns-message in the Huffman code of HTTP/2 (RFC 7541
// appendix B).
const dnsMessage2 = "\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x49\x52\x16\xa4\xa8\x40\xe6\x2f"

// speaksOfDNS2 says that HTTP/2 frames name the media type of DNS messages, in either of
// the ways that a header's text is written in.
func speaksOfDNS2(d []byte) bool {
	return bytes.Contains(d, []byte(dnsMessage2)) || bytes.Contains(d, []byte("application/dns-message"))
}
