package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Error says what is wrong with a display filter, and where.
type Error struct {
	// Expr is the whole expression.
	Expr string
	// Offset and Length bound the place in bytes; Length may be 0 at the end.
	Offset, Length int
	// Message says what was got and what was wanted.
	Message string
	// Suggestion is what to write instead, or empty: "did you mean tcp.port?".
	Suggestion string
	// Field is the name that the catalogue does not hold, when that is what is wrong.
	Field string
	// NeedsWireshark says that the expression may well be right but that only
	// Wireshark can decide it.
	NeedsWireshark bool
}

// Error returns one line: the message and the suggestion.
func (e *Error) Error() string {
	s := fmt.Sprintf("filter: %s", e.Message)
	if e.Suggestion != "" {
		s += " (" + e.Suggestion + ")"
	}
	return s
}

// Caret returns the expression and, below it, a caret under the place:
//
//	ip.src = 1.2.3.4
//	       ^
//
// Tabs and line breaks are shown as spaces so that the columns agree.
func (e *Error) Caret() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, e.Expr)
	start := min(max(e.Offset, 0), len(line))
	end := min(start+max(e.Length, 0), len(line))
	for start > 0 && start < len(line) && !utf8.RuneStart(line[start]) {
		start--
	}
	width := runewidth.StringWidth(line[start:end])
	return line + "\n" + strings.Repeat(" ", runewidth.StringWidth(line[:start])) +
		"^" + strings.Repeat("~", max(width-1, 0))
}

// span is a place in the expression, in bytes.
type span struct{ off, end int }

func (s span) to(t span) span { return span{s.off, t.end} }

func newError(expr string, at span, format string, args ...any) *Error {
	return &Error{Expr: expr, Offset: at.off, Length: at.end - at.off, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) suggest(format string, args ...any) *Error {
	e.Suggestion = fmt.Sprintf(format, args...)
	return e
}

func (e *Error) needsWireshark() *Error {
	e.NeedsWireshark = true
	return e
}
