package prompt

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"pktsh/completion"

	goprompt "github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

// This file colours what is typed, and says below it what is wrong with it.
// go-prompt draws the line in one colour: inputColor tells the screen that a text
// is the line, which it then writes as paint has it.

// inputColor and inputBGColor are asked for by go-prompt where it draws the line,
// and nowhere else.
const (
	inputColor   = goprompt.Black
	inputBGColor = goprompt.DefaultColor
)

// hintAfter is how long nobody types before a line that could still become right
// is told what it lacks.
const hintAfter = 700 * time.Millisecond

// style is the SGR sequence (ECMA-48 8.3.117) of a paint, "" for none. The sixteen
// colours are those the user's theme has chosen to be legible.
func style(p completion.Paint) string {
	switch p {
	case completion.PaintCommand:
		return "\x1b[0;36m"
	case completion.PaintOption:
		return "\x1b[0;34m"
	case completion.PaintKeyword:
		return "\x1b[0;35m"
	case completion.PaintString:
		return "\x1b[0;33m"
	case completion.PaintNumber:
		return "\x1b[0;36m"
	case completion.PaintComment:
		return "\x1b[0;90m"
	case completion.PaintValid:
		return "\x1b[0;32m"
	case completion.PaintUnfinished:
		return "\x1b[0;33m"
	case completion.PaintWrong:
		return "\x1b[0;31m"
	case completion.PaintPlace:
		return "\x1b[0;1;4;31m"
	}
	return ""
}

const (
	plainStyle  = "\x1b[0m"
	promptStyle = "\x1b[0;32m" // as the option PrefixTextColor has it
)

// paint returns the line as it is to be written: line is what go-prompt draws, with
// ⏎ for line ends.
func (m *menu) paint(line string) string {
	r := m.reading()
	if r == nil || len(r.Spans) == 0 || strings.Contains(line, foldOpen) {
		return line
	}
	var b strings.Builder
	spans, now := r.Spans, completion.PaintNone
	at := len(m.block) // in the text that was read
	for i := 0; i < len(line); {
		_, size := utf8.DecodeRuneInString(line[i:])
		for len(spans) > 0 && spans[0].End <= at {
			spans = spans[1:]
		}
		p := completion.PaintNone
		if len(spans) > 0 && spans[0].Start <= at {
			p = spans[0].Paint
		}
		if p != now {
			if now = p; p == completion.PaintNone {
				b.WriteString(plainStyle)
			}
			b.WriteString(style(p))
		}
		b.WriteString(line[i : i+size])
		if strings.HasPrefix(line[i:], newlineMark) {
			at++
		} else {
			at += size
		}
		i += size
	}
	if now != completion.PaintNone {
		b.WriteString(plainStyle)
	}
	return b.String()
}

// reading is what is known of the line as it is now, nil for nothing.
func (m *menu) reading() *completion.Reading {
	if m.searching {
		return nil
	}
	return m.suggester.reading(m.block + m.meaning(m.before) + m.meaning(m.after))
}

// problem is what is to be said of the line, "" for nothing. waiting says that it
// is to be said when nothing is typed for a while.
func (m *menu) problem() (text string, waiting bool) {
	if m.selected >= 0 || len(m.shown) > 0 {
		return "", false
	}
	r := m.reading()
	switch {
	case r == nil || r.Problem == "":
		return "", false
	case !r.Certain && !m.idle:
		return "", true
	}
	return r.Problem, false
}

// below draws a problem under the line, before the cursor is shown in it: nothing
// is left to draw then, and the cursor is where go-prompt knows it to be. The next
// drawing erases it with all that is below the line.
func (m *menu) below(color bool) string {
	text, _ := m.problem()
	row, column, last := m.place()
	if text == "" || last+2 > m.rows {
		return ""
	}
	down := last - row + 1
	text = runewidth.Truncate(printable(strings.ReplaceAll(text, "\n", " ")), m.columns-1, "…")
	if color {
		text = style(completion.PaintWrong) + text + plainStyle
	}
	var b strings.Builder
	// Index and reverse index (ECMA-48 8.3.51, VT100) make room at the screen's end.
	b.WriteString(strings.Repeat("\x1bD", down) + strings.Repeat("\x1bM", down))
	fmt.Fprintf(&b, "\x1b[%dB\r%s\r\x1b[%dA", down, text, down)
	if column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", column)
	}
	return b.String()
}
