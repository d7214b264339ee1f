package prompt

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// This file draws what go-prompt cannot: a line that is higher than the screen, and
// one whose wide characters do not fit at a row's end.
//
// Of a line that is higher than the screen go-prompt would draw all at every key: the
// terminal scrolls its start out, and the next drawing, which cannot go up that far,
// leaves another copy. Instead the rows around the cursor fill the screen. They begin in its first row, and so go-prompt, which
// goes up as many rows as the cursor has above it or more, finds the place to
// draw at once the line is lower again or is left.

// tall is the view on such a line.
type tall struct {
	on  bool
	top int // the first row that is shown
}

// window is called when go-prompt has drawn the line. When it is higher than
// the screen it returns what to draw instead, nil otherwise. scroll makes room
// for it once, without loss of what was on the screen.
func (m *menu) window() (scroll, frame []byte) {
	if m.lineHeight() < m.rows {
		m.tall = tall{}
		m.height = m.lineHeight() + 1
		return nil, nil
	}
	rows, at, column := wrapRows(m.shownPrefix()+m.before, m.after, m.columns)
	if !m.tall.on {
		scroll = append([]byte("\x1b[999B"), bytes.Repeat([]byte("\n"), max(0, m.rows-m.height))...)
	}
	top := min(m.tall.top, at, max(0, len(rows)-m.rows))
	top = max(top, at-m.rows+1)
	m.tall = tall{on: true, top: top}

	var b bytes.Buffer
	b.WriteString("\x1b[?25l\x1b[H")
	for i, row := range rows[top:min(len(rows), top+m.rows)] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(row)
		if runewidth.StringWidth(row) < m.columns { // else it would erase the last character
			b.WriteString("\x1b[K")
		}
	}
	fmt.Fprintf(&b, "\x1b[%d;%dH\x1b[?25h", at-top+1, column+1)
	return scroll, b.Bytes()
}

// straddles says whether a wide character of the line would stand on two rows: the
// terminal puts it on the next one, and go-prompt counts as if it did not.
func (m *menu) straddles() bool {
	width := 0
	for _, r := range m.shownPrefix() + m.before + m.after {
		w := runewidth.RuneWidth(r)
		if w == 2 && width%m.columns == m.columns-1 {
			return true
		}
		width += w
	}
	return false
}

// place returns the row and column of the cursor, and the line's last row.
func (m *menu) place() (row, column, last int) {
	rows, row, column := wrapRows(m.shownPrefix()+m.before, m.after, m.columns)
	return row, column, max(len(rows)-1, m.lineHeight())
}

// rewrap draws a line that straddles, from its start to where the cursor is shown,
// nil for any other line. further is how many rows more than go-prompt believes the
// cursor is below the line's start.
func (m *menu) rewrap(color bool) (frame []byte, further int) {
	if !m.straddles() {
		return nil, 0
	}
	prefix, line := m.shownPrefix(), m.before+m.after
	if color {
		prefix, line = promptStyle+prefix+plainStyle, m.paint(line)
	}
	rows, _, _ := wrapRows(prefix+line, "", m.columns)
	row, column, _ := m.place()
	for len(rows) <= row { // the cursor stands behind a full row
		rows = append(rows, "")
	}
	var b bytes.Buffer
	b.WriteString("\x1b[?25l\x1b[J" + strings.Join(rows, "\r\n") + "\r")
	if up := len(rows) - 1 - row; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	if column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", column)
	}
	cursor := runewidth.StringWidth(m.shownPrefix()) + runewidth.StringWidth(m.before)
	return b.Bytes(), row - cursor/m.columns
}

// wrapRows breaks before+after into rows as a terminal does, and says in which
// row and column the first character of after stands. Colours have no width.
func wrapRows(before, after string, columns int) (rows []string, row, column int) {
	var b strings.Builder
	width := 0
	colour := false
	add := func(text string) {
		for _, r := range text {
			if colour = colour || r == '\x1b'; colour {
				b.WriteRune(r)
				colour = r != 'm'
				continue
			}
			w := runewidth.RuneWidth(r)
			if width+w > columns {
				rows = append(rows, b.String())
				b.Reset()
				width = 0
			}
			b.WriteRune(r)
			width += w
		}
	}
	add(before)
	row, column = len(rows), width
	if column >= columns {
		row, column = row+1, 0
	}
	add(after)
	rows = append(rows, b.String())
	if row == len(rows) { // the cursor stands behind a full row
		rows = append(rows, "")
	}
	return rows, row, column
}
