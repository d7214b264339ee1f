package wireshark

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// This file reads sharkd's replies. They are almost JSON (RFC 8259): strings may
// hold raw control characters and bytes that are not UTF-8, because sharkd
// escapes only `"`, `\` and \b \f \n \r \t and copies the rest out of the packet.
// encoding/json refuses the first and replaces the second; here both come
// through as they are, which is also what tshark prints.

// maxDepth bounds nesting. Wireshark's own trees end at 100 + 200 levels
// (prefs.gui_max_tree_depth, PINFO_LAYER_MAX_RECURSION).
const maxDepth = 1000

// scanner reads one JSON text from front to back. The first error stays in err
// and makes every later call a no-op.
type scanner struct {
	buf   []byte
	pos   int
	depth int
	err   error
}

var errShort = errors.New("the reply ends early")

func (s *scanner) fail(want string) {
	if s.err != nil {
		return
	}
	if s.pos >= len(s.buf) {
		s.err = errShort
		return
	}
	end := min(s.pos+20, len(s.buf))
	s.err = fmt.Errorf("reply, byte %d: got %q, want %s", s.pos, s.buf[s.pos:end], want)
}

// peek returns the next byte that is not white space, 0 at the end.
func (s *scanner) peek() byte {
	for s.err == nil && s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.fail(string(c))
		return
	}
	s.pos++
}

// object calls fn for each key; fn must consume the value.
func (s *scanner) object(fn func(key string)) {
	s.list('{', '}', func() {
		key := s.text()
		s.expect(':')
		if s.err == nil {
			fn(key)
		}
	})
}

// array calls fn for each element; fn must consume it.
func (s *scanner) array(fn func()) { s.list('[', ']', fn) }

func (s *scanner) list(open, end byte, fn func()) {
	s.expect(open)
	if s.depth++; s.depth > maxDepth {
		s.fail("less nesting")
	}
	for first := true; s.err == nil; first = false {
		if s.peek() == end {
			s.pos++
			break
		}
		if !first {
			s.expect(',')
		}
		if s.err == nil {
			fn()
		}
	}
	s.depth--
}

// text reads a string. A number or a literal is returned as written: sharkd
// versions differ in which of them they quote.
func (s *scanner) text() string {
	if c := s.peek(); c != '"' {
		if c == '{' || c == '[' {
			s.fail("a string")
			return ""
		}
		return string(s.bare())
	}
	raw, escaped := s.quoted()
	if !escaped {
		return string(raw)
	}
	return string(unescape(raw))
}

// quoted returns what stands between the quotes.
func (s *scanner) quoted() (raw []byte, escaped bool) {
	s.expect('"')
	if s.err != nil {
		return nil, false
	}
	for i := s.pos; i < len(s.buf); i++ {
		switch s.buf[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			raw = s.buf[s.pos:i]
			s.pos = i + 1
			return raw, escaped
		}
	}
	s.pos = len(s.buf)
	s.fail(`"`)
	return nil, false
}

// bare reads a number, true, false or null.
func (s *scanner) bare() []byte {
	s.peek()
	start := s.pos
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			s.pos++
			continue
		}
		break
	}
	if s.pos == start {
		s.fail("a value")
	}
	return s.buf[start:s.pos]
}

// number reads an integer, quoted or not; a fraction or an exponent is an error.
func (s *scanner) number() int {
	start := s.pos
	n, err := strconv.Atoi(s.text())
	if err != nil && s.err == nil {
		s.pos = start
		s.fail("an integer")
	}
	return n
}

// skip reads over any value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.object(func(string) { s.skip() })
	case '[':
		s.array(s.skip)
	case '"':
		s.quoted()
	default:
		s.bare()
	}
}

// unescape resolves JSON's escapes (RFC 8259 section 7). An unknown escape is
// kept as it stands.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			out = append(out, c)
			continue
		}
		i++
		switch raw[i] {
		case '"', '\\', '/':
			out = append(out, raw[i])
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, n := unicodeEscape(raw[i-1:])
			if n == 0 {
				out = append(out, '\\', 'u')
				continue
			}
			out = utf8.AppendRune(out, r)
			i += n - 2
		default:
			out = append(out, '\\', raw[i])
		}
	}
	return out
}

// unicodeEscape reads \uXXXX, or a surrogate pair of two, from the front of b
// and returns how many bytes it took, 0 for none.
func unicodeEscape(b []byte) (rune, int) {
	hex := func(b []byte) (rune, bool) {
		if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		return rune(n), err == nil
	}
	r, ok := hex(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex(b[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return r, 6
}

// appendString appends s as a JSON string the way sharkd reads it: only quote,
// backslash and control characters are escaped, all else stands for itself.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7f:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
