package filter

// This file adapts Go's regular expressions to what Wireshark asks of PCRE2:
// case-insensitive in ASCII, over bytes and not over UTF-8, with a "$" that also
// matches before a final line break and a "\s" that has the vertical tab. What
// the two would read differently is refused, so that Wireshark can be asked.

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// compilePattern compiles the pattern of a matches operator. Patterns that
// RE2 does not have (look-around, back-references, possessive quantifiers) are
// an error.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	translated, refused := translatePattern(pattern)
	if refused != "" {
		return nil, fmt.Errorf("the regular expression %q has %s, which only Wireshark's PCRE2 reads right", pattern, refused)
	}
	tree, err := syntax.Parse(translated, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, &patternError{pattern, err}
	}
	if repeatsPlace(tree) {
		return nil, fmt.Errorf("the regular expression %q repeats a place (^, $ or \\b), which PCRE2 refuses where it stands alone", pattern)
	}
	re, err := regexp.Compile(adapt(tree).String())
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q cannot be compiled: %w", pattern, err)
	}
	return re, nil
}

// patternError is what Go's parser says of a pattern, in one line.
type patternError struct {
	pattern string
	err     error
}

func (e *patternError) Unwrap() error { return e.err }

func (e *patternError) Error() string {
	reason := e.err.Error()
	var wrong *syntax.Error
	if errors.As(e.err, &wrong) {
		reason = fmt.Sprintf("%s: %q", wrong.Code, wrong.Expr)
	}
	return fmt.Sprintf("the regular expression %q is not understood here (%s); it may be one that only Wireshark's PCRE2 reads", e.pattern, reason)
}

// wrongAnywhere reports whether a pattern that compilePattern refused is wrong in
// PCRE2 too.
func wrongAnywhere(err error) bool {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case syntax.ErrMissingParen, syntax.ErrMissingBracket, syntax.ErrTrailingBackslash, syntax.ErrUnexpectedParen:
		return true
	}
	return false
}

// translatePattern rewrites the escapes that mean something else in PCRE2, and
// names the ones that cannot be.
func translatePattern(p string) (out, refused string) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && i+1 < len(p):
			i++
			switch e := p[i]; {
			case e == 's' && inClass:
				b.WriteString(`\s\x0b`)
			case e == 's':
				b.WriteString(`[\s\x0b]`)
			case e == 'S' && !inClass:
				b.WriteString(`[^\s\x0b]`)
			case strings.IndexByte("SvVpPQECX", e) >= 0:
				return "", `\` + string(rune(e))
			case e == 'x' && strings.HasPrefix(p[i+1:], "{"):
				return "", `\x{`
			case e == 'x' && !inClass && len(p) > i+2 && isHex(p[i+2]) && p[i+1] > '7' && isHex(p[i+1]):
				writeHighByte(&b, p[i+1:i+3])
				i += 2
			default:
				b.WriteByte('\\')
				b.WriteByte(e)
			}
			continue
		case c == '[' && !inClass && strings.HasPrefix(p[i:], "[:"):
			return "", "[: outside a class"
		case c == '[' && !inClass:
			inClass = true
			b.WriteByte(c)
			// A bracket that comes first in a class is a member of it.
			for _, first := range []byte("^]") {
				if i+1 < len(p) && p[i+1] == first {
					i++
					b.WriteByte(first)
				}
			}
			continue
		case c == '[' && strings.HasPrefix(p[i:], "[:"):
			if end := strings.Index(p[i:], ":]"); end > 0 {
				b.WriteString(p[i : i+end+2])
				i += end + 1
				continue
			}
		case c == ']':
			inClass = false
		case c >= 0x80 && inClass:
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		case c >= 0x80:
			writeHighByte(&b, fmt.Sprintf("%02x", c))
			continue
		}
		b.WriteByte(p[i])
	}
	return b.String(), ""
}

// writeHighByte writes a byte outside ASCII, of which PCRE2's own tables know no
// other case.
func writeHighByte(b *strings.Builder, hex string) { b.WriteString(`(?-i:\x` + hex + `)`) }

// repeatsPlace reports whether a part that has no width, "$" for example, is repeated.
func repeatsPlace(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		switch re.Sub[0].Op {
		case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
			return true
		}
	}
	return slices.ContainsFunc(re.Sub, repeatsPlace)
}

// adapt replaces every "$" of a parsed expression.
func adapt(re *syntax.Regexp) *syntax.Regexp {
	for i, sub := range re.Sub {
		re.Sub[i] = adapt(sub)
	}
	if re.Op == syntax.OpEndText && re.Flags&syntax.WasDollar != 0 {
		return dollar()
	}
	return re
}

// dollar is \n?\z.
func dollar() *syntax.Regexp {
	lineBreak := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\n'}}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{
		{Op: syntax.OpQuest, Sub: []*syntax.Regexp{lineBreak}},
		{Op: syntax.OpEndText},
	}}
}

// latin1 returns b with every byte as the rune of the same number, so that a
// rune of the expression is a byte of the packet.
func latin1(b []byte) []byte {
	for i, c := range b {
		if c < 0x80 {
			continue
		}
		out := append(make([]byte, 0, len(b)+len(b)/2), b[:i]...)
		for _, c := range b[i:] {
			if c < 0x80 {
				out = append(out, c)
			} else {
				out = append(out, 0xc0|c>>6, 0x80|c&0x3f)
			}
		}
		return out
	}
	return b
}
