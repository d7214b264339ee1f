package prompt

import (
	"bytes"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/mattn/go-runewidth"
)

// This file finds the line again after the window changed. Some terminals wrap
// what is on the screen anew (tmux, and those built on VTE), others cut it off at
// the edge (xterm, the Linux console); nothing tells which, and go-prompt draws
// as if nothing had moved. But the column in which the cursor ended up gives the
// terminal away, and that can be asked for.

// reportWait is how long a terminal may take to say where the cursor is; one
// that was silent silentReports times in a row is not asked any more.
const (
	reportWait    = 500 * time.Millisecond
	silentReports = 3
)

// askCursor is DSR with parameter 6 (ECMA-48 8.3.35): report the cursor's position.
const askCursor = "\x1b[6n"

// wrapping is what a terminal does with its lines when the window changes.
type wrapping uint8

const (
	wrappingUnknown wrapping = iota
	wrappingKept             // rows stay rows
	wrappingAnew             // lines are broken anew
)

// redraw moves to where the line began, for Input to draw it anew.
func (s *session) redraw() {
	s.screen.muted, s.screen.astray, s.screen.further = false, false, 0
	m := s.menu
	position := runewidth.StringWidth(m.shownPrefix()) + s.buffer.DisplayCursorPosition()
	old := m.columns
	m.columns, m.rows, _ = s.term.size()
	column, known := 0, false
	if position/old != position/m.columns {
		column, known = s.keys.cursorColumn(s.cfg.Out)
		m.columns, m.rows, _ = s.term.size() // it may still be changing
	}
	up := 0
	up, s.wrapping = rowsAbove(position, old, m.columns, column, known, s.wrapping)
	s.screen.WriteRawStr("\r")
	s.screen.CursorUp(up)
	// Not from the first column: tmux would scroll all of a screen out instead
	// that is erased from its upper left corner.
	s.screen.EraseEndOfLine()
	s.screen.CursorForward(1)
	s.screen.EraseDown()
	s.screen.CursorBackward(1)
	_ = s.screen.Flush() // its error is in s.screen.err
}

// rowsAbove returns how many rows above the cursor the line begins that was drawn
// at width old, and what that says about the terminal. position is the cursor's
// in the line, in columns; column is where it is now, from 0, if known. Where
// that leaves two answers it is the smaller one: it may leave something of the
// line on the screen, and erases nothing else.
func rowsAbove(position, old, now, column int, known bool, before wrapping) (rows int, _ wrapping) {
	kept, anew := position/old, position/now
	isKept := known && column == min(position%old, now-1)
	isAnew := known && column == position%now
	if known && column == now-1 && position > 0 && position%now == 0 {
		// Nothing stands on the next row yet, so the cursor waits at the edge.
		anew, isAnew = anew-1, true
	}
	switch {
	case isKept && !isAnew && before != wrappingAnew:
		return kept, wrappingKept
	case isAnew && !isKept:
		return anew, wrappingAnew
	case before == wrappingKept:
		return kept, before
	case before == wrappingAnew && isAnew:
		return anew, before
	case before == wrappingAnew && known:
		return rowsOfAnyWidth(position, now, column), before
	}
	return min(kept, anew), before
}

// rowsOfAnyWidth is rowsAbove for a terminal that wraps lines anew and has
// another width than it says: while a window is dragged, tmux tells only some of
// the widths and those late. Of the widths that put the cursor in its column it
// is the one nearest to what was said.
func rowsOfAnyWidth(position, said, column int) (rows int) {
	nearest := math.MaxInt
	for k := 1; k <= position; k++ {
		width := (position - column) / k
		if width <= column {
			break
		}
		if distance := max(width-said, said-width); width*k == position-column && distance < nearest {
			rows, nearest = k, distance
		}
	}
	return rows
}

// cursorColumn asks the terminal for the cursor's column, counted from 0. It is
// called between lines; keys typed meanwhile are kept.
func (k *keyboard) cursorColumn(out io.Writer) (column int, ok bool) {
	if k.silent >= silentReports {
		return 0, false
	}
	var buf [4096]byte
	if readable, err := k.term.wait(0); readable && err == nil {
		if n, err := k.term.read(buf[:]); err == nil { // an error shows at the next key
			k.dec.write(buf[:n])
		}
	}
	for late := true; late; { // an earlier answer is none to this question
		_, late = k.dec.takeReport()
	}
	if _, err := io.WriteString(out, askCursor); err != nil {
		return 0, false // it shows at the next drawing
	}
	for deadline := time.Now().Add(reportWait); ; {
		left := time.Until(deadline)
		if left <= 0 || k.stopping.Load() {
			k.silent++
			return 0, false
		}
		readable, err := k.term.wait(left)
		if err != nil {
			return 0, false // it shows at the next key
		}
		if !readable {
			continue
		}
		n, err := k.term.read(buf[:])
		if err != nil {
			return 0, false
		}
		k.dec.write(buf[:n])
		if column, ok = k.dec.takeReport(); ok {
			k.silent = 0
			return column, true
		}
	}
}

// takeReport takes a cursor position report out of what was read, CSI row ;
// column R (ECMA-48 8.3.14), and returns its column, counted from 0. One that
// comes when nobody waits is dropped like an unknown key.
func (d *decoder) takeReport() (column int, ok bool) {
	for from := 0; ; {
		begin := bytes.Index(d.buf[from:], []byte("\x1b["))
		if begin < 0 {
			return 0, false
		}
		begin += from
		from = begin + 2
		end := from
		for end < len(d.buf) && (d.buf[end] >= '0' && d.buf[end] <= '9' || d.buf[end] == ';') {
			end++
		}
		if end == len(d.buf) || d.buf[end] != 'R' {
			continue
		}
		_, number, found := bytes.Cut(d.buf[from:end], []byte(";"))
		if n, err := strconv.Atoi(string(number)); found && err == nil && n > 0 {
			d.buf = append(d.buf[:begin:begin], d.buf[end+1:]...)
			return n - 1, true
		}
	}
}
