package render

import (
	"strings"
	"unicode/utf8"
)

// caretIndent is the room left of an expression that is pointed into.
const caretIndent = "    "

// Caret returns two lines: expr, escaped and indented by four spaces, and
// below it the mark ^~~ under the length bytes from offset on, as Wireshark
// points at an error in a display filter. The mark has at least one column; an
// offset outside of expr points behind its end. There is no newline at the end.
func Caret(expr string, offset, length int) string {
	offset = min(max(offset, 0), len(expr))
	end := offset + min(max(length, 0), len(expr)-offset)
	// A mark starts and ends with a character.
	for offset > 0 && offset < len(expr) && !utf8.RuneStart(expr[offset]) {
		offset--
	}
	for end < len(expr) && !utf8.RuneStart(expr[end]) {
		end++
	}
	cond := widths()
	before := cond.StringWidth(Escape(expr[:offset]))
	marked := cond.StringWidth(Escape(expr[offset:end]))
	return caretIndent + Escape(expr) + "\n" +
		caretIndent + strings.Repeat(" ", before) + "^" + strings.Repeat("~", max(marked-1, 0))
}
