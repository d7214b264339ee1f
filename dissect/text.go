package dissect

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file turns the text of messages into strings as Wireshark does.

// asciiText reads a field of Wireshark's ENC_ASCII: what is not ASCII becomes
// the replacement character.
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
		return sb.String()
	}
	return string(b)
}

// controlNames are C's letters for the control characters from 7 on.
const controlNames = `abtnvfr`

// escaped is a text as labels show it: control characters as in C. What is not
// UTF-8 becomes the replacement character.
func escaped(s string) string { return escape(s, false) }

// formatted is escaped with doubled backslashes: Wireshark's format_text, which
// it uses for whole lines.
func formatted(line []byte) string { return escape(string(line), true) }

func escape(s string, backslash bool) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f && (s[i] != '\\' || !backslash)
	}
	if plain {
		return s
	}
	var sb strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			sb.WriteRune(utf8.RuneError)
			n = illFormed([]byte(s[:min(len(s), utf8.UTFMax)]))
		case r >= 7 && r < 7+rune(len(controlNames)):
			sb.WriteByte('\\')
			sb.WriteByte(controlNames[r-7])
		case r == '\\' && backslash:
			sb.WriteString(`\\`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&sb, "\\%03o", r)
		default:
			sb.WriteRune(r)
		}
		s = s[n:]
	}
	return sb.String()
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
	text := asciiText(untilNUL(v))
	f := addString(parent, d, pos, len(v), text)
	if f.labelled() {
		f.Label = clip(d.Label+": "+escaped(text), len(d.Label))
	}
	return f
}
