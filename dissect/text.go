package dissect

import (
	"strings"
	"unicode/utf8"
)

// This file turns the text of messages into strings as Wireshark does.

// asciiText reads a field of Wireshark's ENC_ASCII: what is not ASCII becomes
// the replacement character, control characters are escaped.
func asciiText(b []byte) string {
	for i, c := range b {
		if c < 0x80 {
			continue
		}
		var sb strings.Builder
		sb.Write(b[:i])
		for _, c := range b[i:] {
			if c < 0x80 {
				sb.WriteByte(c)
			} else {
				sb.WriteRune(utf8.RuneError)
			}
		}
		return printable([]byte(sb.String()))
	}
	return printable(b)
}

// untilNUL cuts a text at its first NUL.
func untilNUL(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// addASCII adds a string of Wireshark's ENC_ASCII, which ends at its first NUL.
func addASCII(parent *node, d *FieldDef, pos int, v []byte) *node {
	switch {
	case parent == nil:
		return nil
	case !parent.wants(d):
		return parent.nowhere()
	}
	return addString(parent, d, pos, len(v), asciiText(untilNUL(v)))
}
