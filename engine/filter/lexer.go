package filter

// This file cuts an expression into tokens. The scanner follows the shapes that
// Wireshark 4.0 reads: a hyphen or a dot belongs to the word it stands in, a
// colon only to byte strings and IPv6 addresses, a slash only to a prefix length.

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Tokens cuts expr into tokens. It never fails: what cannot be read becomes a
// token of kind TokenError. The tokens are in order and do not overlap, and only
// white space lies between them.
func Tokens(expr string) []Token {
	l := lexer{src: expr}
	var out []Token
	for {
		l.skipSpace()
		if l.pos >= len(l.src) {
			return out
		}
		t := l.next()
		l.pos = t.End()
		out = append(out, t)
	}
}

type lexer struct {
	src string
	pos int
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch l.src[l.pos] {
		case ' ', '\t', '\n', '\r':
			l.pos++
		default:
			return
		}
	}
}

// token makes a token of the n bytes at the position.
func (l *lexer) token(kind TokenKind, n int) Token {
	return Token{Kind: kind, Text: l.src[l.pos : l.pos+n], Offset: l.pos}
}

func (l *lexer) errorToken(n int, message string) Token {
	t := l.token(TokenError, n)
	t.Message = message
	return t
}

func (l *lexer) next() Token {
	rest := l.src[l.pos:]
	switch c := rest[0]; {
	case c == '"':
		return l.quoted(0)
	case (c == 'r' || c == 'R') && len(rest) > 1 && rest[1] == '"':
		return l.quoted(1)
	case c == '\'':
		return l.charConstant()
	case c == '[':
		if n := strings.IndexByte(rest, ']'); n >= 0 {
			return l.token(TokenRange, n+1)
		}
		return l.errorToken(len(rest), "the right bracket of this slice is missing")
	}
	if n := l.word(rest); n > 0 {
		t := l.token(TokenWord, n)
		if op := operatorWord(t.Text); op != "" {
			t.Kind, t.Op = TokenOperator, op
		}
		return t
	}
	for _, s := range symbols() {
		if strings.HasPrefix(rest, s.text) {
			t := l.token(TokenOperator, len(s.text))
			t.Op = s.op
			if s.op == "" {
				t.Kind = TokenPunct
			}
			return t
		}
	}
	return l.strange(rest)
}

// strange explains a character that begins no token.
func (l *lexer) strange(rest string) Token {
	switch rest[0] {
	case '=':
		return l.errorToken(1, `"=" is no operator: wanted "==" to compare`)
	case '|':
		return l.errorToken(1, `"|" is no operator: wanted "||" for a logical or`)
	case '^':
		return l.errorToken(1, `"^" is no operator: wanted "^^" for an exclusive or`)
	}
	if rest[0] == ':' {
		return l.errorToken(1, `":" has no meaning here: wanted bytes of two digits each, like 00:1b`)
	}
	_, n := utf8.DecodeRuneInString(rest)
	if n > 1 || rest[0] >= utf8.RuneSelf {
		return l.errorToken(n, "characters outside ASCII may only stand inside double quotes")
	}
	return l.errorToken(n, "the character "+rest[:n]+" has no meaning here")
}

// quoted reads a string whose prefix (r) is prefix bytes long.
func (l *lexer) quoted(prefix int) Token {
	rest := l.src[l.pos:]
	for i := prefix + 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return l.token(TokenString, i+1)
		}
	}
	return l.errorToken(len(rest), "the closing quote of this string is missing")
}

func (l *lexer) charConstant() Token {
	rest := l.src[l.pos:]
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '\'':
			return l.token(TokenChar, i+1)
		}
	}
	return l.errorToken(len(rest), "the closing quote of this character is missing")
}

// word returns the length of the word that s begins with, or 0.
func (l *lexer) word(s string) int {
	v6, octets := ipv6Length(s), colonBytesLength(s)
	switch {
	case octets > v6:
		return octets
	case v6 > 0:
		return v6 + prefixLength(s[v6:], 3)
	}
	i := 0
	// A leading dot says "this is a field", a leading colon "these are bytes".
	switch {
	case s[0] == '.' && len(s) > 1 && isWordByte(s[1]) && s[1] != '-' && s[1] != '.':
		i = 1
	case s[0] == ':':
		return colonWordLength(s)
	}
	if i == 0 && (s[0] == '-' || s[0] == '.') {
		return 0
	}
	for i < len(s) && isWordByte(s[i]) && !strings.HasPrefix(s[i:], "..") {
		i++
	}
	for i > 0 && s[i-1] == '.' {
		i--
	}
	if _, err := netip.ParseAddr(s[:i]); err == nil {
		i += prefixLength(s[i:], 2)
	}
	return i
}

// colonWordLength returns the length of ":0a1b" or ":0a:1b" at the beginning of
// s, or 0.
func colonWordLength(s string) int {
	if n := colonBytesLength(s[1:]); n > 0 {
		return 1 + n
	}
	n := 1
	for n < len(s) && isHex(s[n]) {
		n++
	}
	if n == 1 || n < len(s) && isWordByte(s[n]) {
		return 0
	}
	return n
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'
}

func isHex(c byte) bool {
	return c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c >= '0' && c <= '9'
}

// prefixLength returns the length of the "/24" that s begins with, of at most
// digits digits, or 0.
func prefixLength(s string, digits int) int {
	if s == "" || s[0] != '/' {
		return 0
	}
	n := 1
	for n < len(s) && n <= digits && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

// ipv6Length returns the length of the longest IPv6 address that s begins
// with, or 0.
func ipv6Length(s string) int {
	n, colons := 0, 0
	for n < len(s) && n < len("0000:0000:0000:0000:0000:0000:255.255.255.255") && (isHex(s[n]) || s[n] == ':' || s[n] == '.') {
		if s[n] == '.' && strings.HasPrefix(s[n:], "..") {
			break
		}
		if s[n] == ':' {
			colons++
		}
		n++
	}
	if colons < 2 {
		return 0
	}
	for ; n > 1; n-- {
		if a, err := netip.ParseAddr(s[:n]); err == nil && a.Is6() {
			return n
		}
	}
	return 0
}

// colonBytesLength returns the length of the bytes aa:bb:cc that s begins with,
// or 0.
func colonBytesLength(s string) int {
	n := 0
	for n+1 < len(s) && isHex(s[n]) && isHex(s[n+1]) {
		n += 2
		if n+2 < len(s) && s[n] == ':' && isHex(s[n+1]) && isHex(s[n+2]) {
			n++
			continue
		}
		if n > 2 {
			return n
		}
		return 0
	}
	return 0
}
