package dissect

import "bytes"

// This file guesses what stands on a port that is nobody's, as Wireshark's
// heuristic dissectors do: by what cannot well be anything else.

// tcpGuess recognises an HTTP message by its version, and TLS by a record's header.
func tcpGuess(d []byte) *Protocol {
	if h, ok := parseTLSRecord(d); ok {
		if body := d[tlsRecordHeader:]; len(body) >= h.length || h.isHello(body) {
			return &tlsProtocol
		}
		return nil
	}
	if httpKindOf(d) == httpNone {
		return nil
	}
	if line, _, ok := httpLine(d); ok && bytes.Contains(line, []byte("HTTP/1.")) {
		return &httpProtocol
	}
	return nil
}

// udpGuess recognises QUIC by a long header of a known version.
func udpGuess(d []byte) *Protocol {
	if h, ok := parseQUIC(d); ok && h.version != 0 && h.first&0x40 != 0 {
		return &quicProtocol
	}
	return nil
}
