package dissect

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// This file is TLS's hellos (RFC 8446 sections 4.1.2 and 4.1.3). Extensions are
// in tlsext.go.

var (
	tlsHelloVersion  = uint16Field("tls.handshake.version", "Version", baseHex).named(tlsVersionNames)
	tlsRandom        = field("tls.handshake.random", "Random", "BYTES")
	tlsRandomTime    = field("tls.handshake.random_time", "GMT Unix Time", "ABSOLUTE_TIME")
	tlsRandomBytes   = field("tls.handshake.random_bytes", "Random Bytes", "BYTES")
	tlsSessionIDLen  = uint8Field("tls.handshake.session_id_length", "Session ID Length", baseDec)
	tlsSessionID     = field("tls.handshake.session_id", "Session ID", "BYTES")
	tlsCiphersLen    = uint16Field("tls.handshake.cipher_suites_length", "Cipher Suites Length", baseDec)
	tlsCiphers       = field("tls.handshake.ciphersuites", "Cipher Suites", "NONE")
	tlsCipher        = uint16Field("tls.handshake.ciphersuite", "Cipher Suite", baseHex).named(tlsCipherNames)
	tlsMethodsLen    = uint8Field("tls.handshake.comp_methods_length", "Compression Methods Length", baseDec)
	tlsMethods       = field("tls.handshake.comp_methods", "Compression Methods", "NONE")
	tlsMethod        = uint8Field("tls.handshake.comp_method", "Compression Method", baseDec).named(tlsCompressionNames)
	tlsExtensionsLen = uint16Field("tls.handshake.extensions_length", "Extensions Length", baseDec)
	tlsJA3Full       = field("tls.handshake.ja3_full", "JA3 Fullstring", "STRING")
	tlsJA3           = field("tls.handshake.ja3", "JA3", "STRING")
	tlsJA3SFull      = field("tls.handshake.ja3s_full", "JA3S Fullstring", "STRING")
	tlsJA3S          = field("tls.handshake.ja3s", "JA3S", "STRING")

	tlsHelloFields = append([]*FieldDef{
		tlsHelloVersion, tlsRandom, tlsRandomTime, tlsRandomBytes, tlsSessionIDLen, tlsSessionID, tlsCiphersLen, tlsCiphers, tlsCipher,
		tlsMethodsLen, tlsMethods, tlsMethod, tlsExtensionsLen, tlsJA3Full, tlsJA3, tlsJA3SFull, tlsJA3S,
	}, tlsExtensionFields...)
)

// tlsFingerprint collects the numbers that JA3 hashes, in the order of the
// message and without GREASE (github.com/salesforce/ja3).
type tlsFingerprint struct {
	wanted                              bool
	version                             uint64
	ciphers, extensions, groups, points []uint64
}

// note adds a number to one of the lists.
func (f *tlsFingerprint) note(list *[]uint64, v uint64) {
	if f.wanted {
		*list = append(*list, v)
	}
}

// isGrease says that a number is reserved to keep peers tolerant (RFC 8701).
func isGrease(v uint64) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func dashed(list []uint64) string {
	var sb strings.Builder
	for _, v := range list {
		if isGrease(v) {
			continue
		}
		if sb.Len() > 0 {
			sb.WriteByte('-')
		}
		sb.WriteString(strconv.FormatUint(v, 10))
	}
	return sb.String()
}

// text is the string that is hashed.
func (f *tlsFingerprint) text(client bool) string {
	out := strconv.FormatUint(f.version, 10) + "," + dashed(f.ciphers) + "," + dashed(f.extensions)
	if client {
		out += "," + dashed(f.groups) + "," + dashed(f.points)
	}
	return out
}

// tlsHelloNodes adds a hello behind its type and length.
func (b *builder) tlsHelloNodes(n *node, s *tlsSegment, c cursor, client bool) {
	if n == nil {
		return
	}
	full, hash := tlsJA3Full, tlsJA3
	if !client {
		full, hash = tlsJA3SFull, tlsJA3S
	}
	ja3 := tlsFingerprint{wanted: n.wantsAny(full, hash)}
	ja3.version = c.add(n, tlsHelloVersion, 2)
	tlsRandomNodes(n, &c, s.version == tls13)
	size := int(c.add(n, tlsSessionIDLen, 1))
	if at := c.pos; size > 0 {
		addBytes(n, tlsSessionID, at, c.take(size))
	}
	if client {
		tlsClientChoices(n, &c, &ja3)
	} else {
		ja3.note(&ja3.ciphers, c.add(n, tlsCipher, 2))
		c.add(n, tlsMethod, 1)
	}
	if !c.empty() {
		size := int(c.add(n, tlsExtensionsLen, 2))
		list := c.sub(size)
		c.short = c.short || b.tlsExtensions(n, &list, client, &ja3)
	}
	if c.short {
		b.partial = true
		return
	}
	if ja3.wanted {
		text := ja3.text(client)
		sum := md5.Sum([]byte(text))
		virtual(addString(n, full, c.pos, 0, text))
		virtual(addString(n, hash, c.pos, 0, hex.EncodeToString(sum[:])))
	}
}

// tlsRandomNodes adds the random bytes, which before TLS 1.3 began with the time.
func tlsRandomNodes(n *node, c *cursor, plain bool) {
	at := c.pos
	d := c.take(32)
	f := addBytes(n, tlsRandom, at, d)
	if len(d) < 32 || plain {
		return
	}
	if f.wants(tlsRandomTime) {
		addString(f, tlsRandomTime, at, 4, absoluteTime(int64(be32(d))*1e9, time.UTC))
	}
	addBytes(f, tlsRandomBytes, at+4, d[4:])
}

// tlsClientChoices adds the cipher suites and compression methods that a client offers.
func tlsClientChoices(n *node, c *cursor, ja3 *tlsFingerprint) {
	size := int(c.add(n, tlsCiphersLen, 2))
	at := c.pos
	list := c.sub(size)
	f := add(n, tlsCiphers, at, len(list.d), "", "")
	relabel(f, "Cipher Suites (%d suite%s)", size/2, plural(size/2))
	for len(list.d) >= 2 {
		ja3.note(&ja3.ciphers, list.add(f, tlsCipher, 2))
	}
	size = int(c.add(n, tlsMethodsLen, 1))
	at = c.pos
	list = c.sub(size)
	f = add(n, tlsMethods, at, len(list.d), "", "")
	relabel(f, "Compression Methods (%d method%s)", size, plural(size))
	for !list.empty() {
		list.add(f, tlsMethod, 1)
	}
}

// tlsChosenVersion is the version that a server's hello chooses, 0 if that is
// not all there (RFC 8446 section 4.2.1).
func tlsChosenVersion(hello []byte) uint16 {
	c := cursor{d: hello}
	c.take(4)
	version := uint16(c.number(2))
	c.take(32)
	c.take(int(c.number(1)))
	c.take(3)
	c.take(2)
	for len(c.d) >= 4 && !c.short {
		typ, size := c.number(2), int(c.number(2))
		v := c.take(size)
		if typ == tlsExtVersions && len(v) == 2 {
			return be16(v)
		}
	}
	return version
}

func tlsGroupName(v uint64) string { return tlsGroupNames.name(v, fmt.Sprintf("Unknown (%d)", v)) }
