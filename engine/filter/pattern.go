package filter

// This file adapts Go's regular expressions to what Wireshark asks of PCRE2:
// case-insensitive, over bytes and not over UTF-8, and with a "$" that also
// matches before a final line break.

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// compilePattern compiles the pattern of a matches operator. Patterns that
// RE2 does not have (look-around, back-references, possessive quantifiers) are
// an error.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	tree, err := syntax.Parse(string(latin1([]byte(pattern))), syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q is not understood here (%w), and may be one that only Wireshark's PCRE2 reads", pattern, err)
	}
	softenDollar(tree)
	re, err := regexp.Compile(tree.String())
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q cannot be compiled: %w", pattern, err)
	}
	return re, nil
}

// softenDollar lets every "$" match before a final line break too.
func softenDollar(re *syntax.Regexp) {
	for i, sub := range re.Sub {
		softenDollar(sub)
		if sub.Op == syntax.OpEndText && sub.Flags&syntax.WasDollar != 0 {
			re.Sub[i] = dollar()
		}
	}
	if re.Op == syntax.OpEndText && re.Flags&syntax.WasDollar != 0 {
		*re = *dollar()
	}
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
