package filter

// This file undoes the escapes of strings and characters.

import (
	"strconv"
	"unicode/utf8"
)

// unquote returns the value of a string or character token.
func unquote(expr string, t Token) (string, error) {
	body, off := t.Text[1:len(t.Text)-1], t.Offset+1
	if t.Text[0] == 'r' || t.Text[0] == 'R' {
		// In a raw string a backslash keeps a quote from ending it, and both stay.
		return t.Text[2 : len(t.Text)-1], nil
	}
	var out []byte
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			out = append(out, body[i])
			i++
			continue
		}
		value, n, message := unescape(body[i:])
		if message != "" {
			return "", newError(expr, span{off + i, off + i + n}, "%s", message).
				suggest(`a backslash is written \\, or use a raw string: r"…"`)
		}
		out = append(out, value...)
		i += n
	}
	return string(out), nil
}

// unescape reads the escape sequence that s begins with: its bytes, its length
// in s, and what is wrong with it.
func unescape(s string) (value []byte, n int, message string) {
	if len(s) < 2 {
		return nil, len(s), "a backslash at the end of the string"
	}
	switch c := s[1]; {
	case c == 'x':
		return unescapeNumber(s, 2, 16, 2)
	case c >= '0' && c <= '7':
		return unescapeNumber(s, 1, 8, 3)
	case c == 'u' || c == 'U':
		digits := 4
		if c == 'U' {
			digits = 8
		}
		if len(s) < 2+digits {
			return nil, len(s), s + " is no code point: wanted " + strconv.Itoa(digits) + " hexadecimal digits"
		}
		r, err := strconv.ParseUint(s[2:2+digits], 16, 32)
		// Characters that need no such name have none (C99, 6.4.3).
		basic := r < 0xa0 && r != '$' && r != '@' && r != '`'
		if err != nil || r > utf8.MaxRune || r >= 0xd800 && r < 0xe000 || basic {
			return nil, 2 + digits, s[:2+digits] + " is no Unicode code point"
		}
		return utf8.AppendRune(nil, rune(r)), 2 + digits, ""
	}
	switch c := s[1]; c {
	case '\'', '"', '\\':
		return []byte{c}, 2, ""
	case 'a':
		return []byte{'\a'}, 2, ""
	case 'b':
		return []byte{'\b'}, 2, ""
	case 'f':
		return []byte{'\f'}, 2, ""
	case 'n':
		return []byte{'\n'}, 2, ""
	case 'r':
		return []byte{'\r'}, 2, ""
	case 't':
		return []byte{'\t'}, 2, ""
	case 'v':
		return []byte{'\v'}, 2, ""
	}
	return nil, 2, s[:2] + " is no escape sequence"
}

// unescapeNumber reads at most digits digits of a byte from s[start:].
func unescapeNumber(s string, start, base, digits int) ([]byte, int, string) {
	n := start
	for n < len(s) && n-start < digits {
		if _, err := strconv.ParseUint(s[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	v, err := strconv.ParseUint(s[start:n], base, 16)
	if err != nil {
		return nil, min(len(s), start+1), s[:start] + " is no escape sequence: wanted digits"
	}
	if v > 0xff {
		return nil, n, s[:n] + " is larger than a byte"
	}
	return []byte{byte(v)}, n, ""
}
