package render

import (
	"github.com/mattn/go-runewidth"

	"pktsh/repl/result"
)

// ellipsis stands where text was cut. It is one column wide.
const ellipsis = "…"

// spaces is what padding is cut from.
const spaces = "                                                                "

// widths counts screen columns: East Asian ambiguous characters are narrow, as
// terminals outside CJK locales show them, whatever the environment says.
// Methods of a Condition only read it.
func widths() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

// cell is escaped text and its width in columns.
type cell struct {
	text  string
	width int
	ascii bool
}

func newCell(cond *runewidth.Condition, s string) cell {
	if printableASCII(s) {
		return cell{s, len(s), true}
	}
	s = Escape(s)
	if printableASCII(s) {
		return cell{s, len(s), true}
	}
	return cell{s, cond.StringWidth(s), false}
}

// appendCut appends c cut to at most width columns, and returns the columns it
// took. Addresses lose their middle, because both their network and their host
// tell them apart; other text loses its end.
func appendCut(dst []byte, cond *runewidth.Condition, c cell, width int, role result.Role) ([]byte, int) {
	switch {
	case c.width <= width:
		return append(dst, c.text...), c.width
	case width <= 0:
		return dst, 0
	}
	head, tail := width-1, 0
	if role == result.RoleAddress {
		head, tail = width/2, width-1-width/2
	}
	if c.ascii {
		dst = append(dst, c.text[:head]...)
		dst = append(dst, ellipsis...)
		return append(dst, c.text[len(c.text)-tail:]...), width
	}
	front := cond.Truncate(c.text, head, "")
	dst = append(dst, front...)
	dst = append(dst, ellipsis...)
	took := cond.StringWidth(front) + 1
	if tail > 0 {
		back := cond.TruncateLeft(c.text, c.width-tail, "")
		dst = append(dst, back...)
		took += cond.StringWidth(back)
	}
	return dst, took
}

func appendSpaces(dst []byte, n int) []byte {
	for n > len(spaces) {
		dst = append(dst, spaces...)
		n -= len(spaces)
	}
	if n > 0 {
		dst = append(dst, spaces[:n]...)
	}
	return dst
}
