package render

import (
	"strings"
	"unicode/utf8"
)

// caretIndent is the room left of an expression that is pointed into.
const caretIndent = "    "

// Of a long expression the part around the mark is shown: this many bytes
// before it and from it on.
const (
	caretBefore = 120
	caretAfter  = 240
)

// Caret returns two lines: expr, escaped and indented by four spaces, and
// below it the mark ^~~ under the length bytes from offset on, as Wireshark
// points at an error in a display filter. The mark has at least one column; an
// offset outside of expr points behind its end. There is no newline at the end.
// Of an expression that is too long to be read, what is far from the mark is
// left out, with "…" in its place.
func Caret(expr string, offset, length int) string {
	offset = min(max(offset, 0), len(expr))
	end := offset + min(max(length, 0), len(expr)-offset)
	begin, stop := 0, len(expr)
	if offset > 2*caretBefore {
		begin = offset - caretBefore
	}
	if stop > offset+2*caretAfter {
		stop = offset + caretAfter
	}
	end = min(end, stop)
	// A mark starts and ends with a character, and so does what is shown.
	begin, offset = runeStart(expr, begin), runeStart(expr, offset)
	end, stop = runeEnd(expr, end), runeEnd(expr, stop)
	before, after := "", ""
	if begin > 0 {
		before = "…"
	}
	if stop < len(expr) {
		after = "…"
	}
	cond := widths()
	left := before + Escape(expr[begin:offset])
	marked := cond.StringWidth(Escape(expr[offset:end]))
	return caretIndent + left + Escape(expr[offset:stop]) + after + "\n" +
		caretIndent + strings.Repeat(" ", cond.StringWidth(left)) + "^" + strings.Repeat("~", max(marked-1, 0))
}

// runeStart moves an offset back to where a character begins.
func runeStart(s string, at int) int {
	for n := 1; n < utf8.UTFMax && at > 0 && at < len(s) && !utf8.RuneStart(s[at]); n++ {
		at--
	}
	return at
}

// runeEnd moves an offset on to where a character ends.
func runeEnd(s string, at int) int {
	for n := 1; n < utf8.UTFMax && at < len(s) && !utf8.RuneStart(s[at]); n++ {
		at++
	}
	return at
}
