package dissect

import "net/netip"

// This file is Teredo (RFC 4380 section 5.1): IPv6 over UDP, after an
// authentication and an origin header where those are there.

var (
	teredoAuth       = field("teredo.auth", "Teredo Authentication header", "NONE")
	teredoIDLen      = uint8Field("teredo.auth.idlen", "Client identifier length", baseDec).at(2, 1).onlyIf(teredoHasAuth)
	teredoAuthLen    = uint8Field("teredo.auth.aulen", "Authentication value length", baseDec).at(3, 1).onlyIf(teredoHasAuth)
	teredoID         = field("teredo.auth.id", "Client identifier", "BYTES")
	teredoValue      = field("teredo.auth.value", "Authentication value", "BYTES")
	teredoNonce      = field("teredo.auth.nonce", "Nonce value", "BYTES")
	teredoConfirm    = field("teredo.auth.conf", "Confirmation byte", "BYTES")
	teredoOrigin     = field("teredo.orig", "Teredo Origin Indication header", "NONE")
	teredoOriginPort = uint16Field("teredo.orig.port", "Origin UDP port", baseDec).valued(teredoPortOf)
	teredoOriginAddr = field("teredo.orig.addr", "Origin IPv4 address", "IPv4")
)

var teredoProtocol = Protocol{
	ID: idTeredo, Name: "teredo", Long: "Teredo IPv6 over UDP tunneling", Short: "Teredo",
	Fields: []*FieldDef{
		teredoAuth, teredoIDLen, teredoAuthLen, teredoID, teredoValue, teredoNonce, teredoConfirm, teredoOrigin,
		teredoOriginPort, teredoOriginAddr,
	},
	carries: func(*Table) []*Protocol { return []*Protocol{&ipv6Protocol} },
	decode:  decodeTeredo,
	walk:    walkTeredo,
}

const (
	teredoAuthFixed = 13 // of the authentication header: all but identifier and value
	teredoOriginLen = 8
)

// teredoHeader is where the parts of the header are; 0 bytes where one is not there.
type teredoHeader struct {
	auth, origin int
	idLen, value int
}

func (h *teredoHeader) size() int { return h.auth + h.origin }

func parseTeredo(d []byte) (h teredoHeader, ok bool) {
	if len(d) < 2 {
		return teredoHeader{origin: 2}, false
	}
	if be16(d) == 1 {
		if len(d) < 4 {
			return teredoHeader{auth: 4}, false
		}
		h.idLen, h.value = int(d[2]), int(d[3])
		h.auth = teredoAuthFixed + h.idLen + h.value
		if len(d) < h.auth+2 {
			h.auth += 2
			return h, false
		}
	}
	if be16(d[h.auth:]) == 0 {
		h.origin = teredoOriginLen
	}
	return h, len(d) > h.size()
}

func decodeTeredo(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	d := b.rest(p)
	h, ok := parseTeredo(d)
	n := b.protocol(self, p, p.captured(), self.Long)
	if !ok {
		b.exception(self, p, h.size()+1)
		return
	}
	if h.auth > 0 {
		b.setInfo("Authentication header")
		h.authNodes(n, p.off, d)
	}
	if h.origin > 0 {
		if b.writes() && b.col.info != "" {
			b.appendInfo(", ")
		}
		b.appendInfo("Origin indication")
		teredoOriginNodes(n, p.off+h.auth, d[h.auth:])
	}
	b.run(&ipv6Protocol, p.skip(h.size()))
}

func (h *teredoHeader) authNodes(n *node, at int, d []byte) {
	a := add(n, teredoAuth, at, h.auth, "", teredoAuth.Label)
	if a == nil {
		return
	}
	addUint(a, teredoIDLen, at+2, uint64(h.idLen))
	addUint(a, teredoAuthLen, at+3, uint64(h.value))
	off := 4
	for _, part := range []struct {
		d    *FieldDef
		size int
	}{{teredoID, h.idLen}, {teredoValue, h.value}, {teredoNonce, 8}, {teredoConfirm, 1}} {
		if part.size > 0 {
			addBytes(a, part.d, at+off, d[off:off+part.size])
		}
		off += part.size
	}
}

// teredoOriginNodes shows port and address, which have all their bits turned.
func teredoOriginNodes(n *node, at int, d []byte) {
	o := add(n, teredoOrigin, at, teredoOriginLen, "", teredoOrigin.Label)
	addUint(o, teredoOriginPort, at+2, uint64(^be16(d[2:])))
	addAddr(o, teredoOriginAddr, at+4, netip.AddrFrom4([4]byte{^d[4], ^d[5], ^d[6], ^d[7]}))
}

// walkTeredo goes on into IPv6, which Wireshark expects on Teredo's port.
func walkTeredo(w *Headers, p payload) {
	h, ok := parseTeredo(w.Data[p.off:p.end])
	if !ok || p.reported <= h.size() || w.full() {
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	w.add(idTeredo, p)
	walkIPv6(w, p.skip(h.size()))
}

func teredoHasAuth(w *Headers, l *Layer) bool { return be16(w.Data[l.Off:]) == 1 }

func teredoPortOf(w *Headers, l *Layer) (uint64, bool) {
	d := w.Data[l.Off:l.End]
	h, _ := parseTeredo(d)
	if h.origin == 0 || len(d) < h.auth+4 {
		return 0, false
	}
	return uint64(^be16(d[h.auth+2:])), true
}
