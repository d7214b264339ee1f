package render

// This file makes text harmless. Packets, file names and interface
// descriptions are written by others; raw, they could move the cursor, set the
// terminal's title, or show a line other than the one that is there
// ("Trojan Source", CVE-2021-42574).

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns s with everything that is not plainly visible text replaced by
// a Go-style escape: C0 and C1 control characters and DEL (\n, \t, \x1b,
// \u009b), bytes that are not UTF-8 (\xff), bidirectional overrides and
// isolates, zero-width, joining, tag and other format characters, line and
// paragraph separators, private-use and unassigned code points (\u202e,
// \U000e0041). The result is one line. Backslashes stay as they are, so Escape
// applied twice changes nothing more.
//
// Clean text is returned as it is, without allocating.
func Escape(s string) string { return escape(s, "") }

// EscapeText is Escape for text of several lines: newlines and tabs stay. It
// is for what a user's program prints.
func EscapeText(s string) string { return escape(s, "\n\t") }

// escapeLine is Escape that keeps tabs, which data for other programs needs.
func escapeLine(s string) string { return escape(s, "\t") }

// printableASCII says whether s is only space to tilde, so that its width in
// columns is its length in bytes and nothing in it needs an escape.
func printableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-0x20 >= 0x7f-0x20 {
			return false
		}
	}
	return true
}

func escape(s, keep string) string {
	if printableASCII(s) {
		return s
	}
	at := firstUnsafe(s, keep)
	if at == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for at < len(s) {
		b.WriteString(s[:at])
		r, size := utf8.DecodeRuneInString(s[at:])
		writeEscape(&b, r, s[at], size)
		s = s[at+size:]
		at = firstUnsafe(s, keep)
	}
	b.WriteString(s)
	return b.String()
}

// firstUnsafe returns the offset of the first character of s to be escaped,
// len(s) when there is none.
func firstUnsafe(s, keep string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if (c < 0x20 || c == 0x7f) && strings.IndexByte(keep, c) < 0 {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !visible(r) {
			return i
		}
		i += size
	}
	return len(s)
}

// visible says whether a terminal shows r as itself, in its place.
func visible(r rune) bool {
	switch {
	case r == 0xfe0e || r == 0xfe0f:
		return true // text and emoji style: part of the sign before them
	case unicode.Is(unicode.Variation_Selector, r):
		return false // the others can carry a hidden byte each
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return false // letters and marks by category, shown as nothing: Hangul fillers …
	}
	return unicode.IsGraphic(r)
}

func writeEscape(b *strings.Builder, r rune, c byte, size int) {
	const hex = "0123456789abcdef"
	digits := func(n int) {
		for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
			b.WriteByte(hex[r>>shift&0xf])
		}
	}
	switch {
	case r == utf8.RuneError && size == 1:
		b.WriteString(`\x`)
		r = rune(c)
		digits(2)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\r':
		b.WriteString(`\r`)
	case r < utf8.RuneSelf:
		b.WriteString(`\x`)
		digits(2)
	case r < 0x10000:
		b.WriteString(`\u`)
		digits(4)
	default:
		b.WriteString(`\U`)
		digits(8)
	}
}
