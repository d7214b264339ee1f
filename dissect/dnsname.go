package dissect

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file reads domain names (RFC 1035 sections 3.1 and 4.1.4).

// maxName is the length at which a decoded name is cut (RFC 1035 section 2.3.4).
const maxName = 255

// dnsName is a decoded name.
type dnsName struct {
	text   string // "<Root>" for the root
	labels int    // as Wireshark counts them: by the dots, in a label as between two
	length int    // of the text without escapes
	size   int    // bytes of the message that it takes up where it stands
}

// readName reads the name at offset at of a message. Pointers must point
// backwards from where they stand or be followed at most as often as the
// message has bytes: either way a loop ends.
func readName(msg []byte, at int) (n dnsName, ok bool) {
	var sb strings.Builder
	pos, jumped := at, false
	for hops := 0; ; {
		if pos >= len(msg) {
			return n, false
		}
		c := int(msg[pos])
		switch {
		case c == 0:
			if !jumped {
				n.size = pos + 1 - at
			}
			n.text = sb.String()
			n.length = max(n.length-1, 0)
			if n.text == "" {
				n.text = "<Root>"
			}
			return n, true
		case c&0xc0 == 0xc0:
			if pos+1 >= len(msg) {
				return n, false
			}
			if !jumped {
				n.size = pos + 2 - at
			}
			jumped = true
			target := (c&0x3f)<<8 | int(msg[pos+1])
			if hops++; hops > maxName || target >= len(msg) || target == pos {
				return n, false
			}
			pos = target
		case c&0xc0 != 0:
			return n, false
		default:
			if pos+1+c > len(msg) {
				return n, false
			}
			if n.length+c+1 > maxName+1 {
				return n, false
			}
			if sb.Len() > 0 {
				sb.WriteByte('.')
			}
			sb.WriteString(printable(msg[pos+1 : pos+1+c]))
			n.labels += 1 + bytes.Count(msg[pos+1:pos+1+c], []byte("."))
			n.length += c + 1
			pos += 1 + c
		}
	}
}

// printable escapes what Wireshark's format_text would.
func printable(b []byte) string {
	plain := true
	for _, c := range b {
		if c < 0x20 || c > 0x7e || c == '\\' || c == '"' {
			plain = false
			break
		}
	}
	if plain {
		return string(b)
	}
	var sb strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			sb.WriteRune(utf8.RuneError)
			n = illFormed(b)
		case r >= 7 && r < 7+rune(len(controlNames)):
			sb.WriteByte('\\')
			sb.WriteByte(controlNames[r-7])
		case r == '\\' || r == '"':
			sb.WriteByte('\\')
			sb.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&sb, "\\%03o", r)
		default:
			sb.WriteRune(r)
		}
		b = b[n:]
	}
	return sb.String()
}

// illFormed is the length of the bytes at the start of b that one replacement
// character stands for: a maximal subpart of a sequence (Unicode 15 section 3.9, U+FFFD
// substitution).
func illFormed(b []byte) int {
	lo, hi, more := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
	case c >= 0xf0 && c <= 0xf4:
		more = 3
	}
	switch b[0] {
	case 0xe0:
		lo = 0xa0
	case 0xed:
		hi = 0x9f
	case 0xf0:
		lo = 0x90
	case 0xf4:
		hi = 0x8f
	}
	n := 1
	for n < len(b) && n <= more && b[n] >= lo && b[n] <= hi {
		n, lo, hi = n+1, 0x80, 0xbf
	}
	return n
}

// skipName returns where the name at an offset of a message ends, -1 where it is
// not well formed or has characters that are escaped. What a pointer leads to counts,
// too: a name is at most [maxName] bytes long, and has to end.
func skipName(msg []byte, at int) int {
	end, length := -1, 0
	for hops := 0; at < len(msg); {
		c := int(msg[at])
		switch {
		case c == 0:
			if end < 0 {
				end = at + 1
			}
			return end
		case c&0xc0 == 0xc0:
			if at+1 >= len(msg) {
				return -1
			}
			if end < 0 {
				end = at + 2
			}
			target := (c&0x3f)<<8 | int(msg[at+1])
			if hops++; hops > maxName || target >= at {
				return -1
			}
			at = target
		case c&0xc0 != 0:
			return -1
		default:
			if length += c + 1; length > maxName || at+1+c > len(msg) || !plainText(msg[at+1:at+1+c]) {
				return -1
			}
			at += 1 + c
		}
	}
	return -1
}
