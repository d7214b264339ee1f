package prompt

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	goprompt "github.com/c-bata/go-prompt"
)

// screen is go-prompt's ConsoleWriter: it collects escape sequences (ECMA-48,
// as VT100 understands them) and writes them in one piece. The library's own
// one writes only to file descriptors 1 and 2, sets the window's title to
// nothing and cannot be told to leave out colours.
type screen struct {
	out   io.Writer
	color bool
	// drawn is called after each flush: the keyboard's turn.
	drawn func()
	// line is what is drawn: what of it to draw instead, in which colours, and what
	// below it.
	line drawing
	// input says that the next text is the line.
	input bool
	// muted drops what is written: go-prompt leaves a line by printing it once
	// more, which is wrong when only the window changed.
	muted bool
	// mark makes the next text's first column a '>': the selected suggestion,
	// where colours cannot show it.
	mark bool
	buf  bytes.Buffer
	// frame is where in buf a drawing of the line begins, -1 while none does:
	// go-prompt hides the cursor meanwhile. last is the one on the screen.
	frame int
	last  []byte
	// placed is where in buf what a drawing shows besides the line begins: behind
	// the two moves (placing counts them) that follow the line and put the cursor
	// into it.
	placed, placing int
	// astray says that the cursor is not where go-prompt believes it, and further
	// how many rows it is below.
	astray  bool
	further int
	err     error // the first failure of out
}

// drawing is what the screen asks of a [menu].
type drawing interface {
	window() (scroll, frame []byte)
	rewrap(color bool) (frame []byte, further int)
	paint(line string) string
	below(color bool) string
}

func newScreen(out io.Writer, color bool, line drawing, drawn func()) *screen {
	return &screen{out: out, color: color, line: line, drawn: drawn, frame: -1}
}

var _ goprompt.ConsoleWriter = (*screen)(nil)

func (s *screen) WriteRaw(data []byte)    { s.buf.Write(data) }
func (s *screen) WriteRawStr(data string) { s.buf.WriteString(data) }
func (s *screen) Write(data []byte)       { s.buf.Write(bytes.ReplaceAll(data, []byte{0x1b}, []byte{'?'})) }
func (s *screen) WriteStr(data string) {
	if rest, ok := strings.CutPrefix(data, " "); ok && s.mark {
		data = ">" + rest
	}
	s.mark = false
	if s.input {
		s.input = false
		line, end := strings.CutSuffix(data, "\n") // which ends a line that is left
		s.buf.WriteString(s.line.paint(strings.ReplaceAll(line, "\x1b", "?")))
		if data = ""; end {
			data = "\n"
		}
	}
	s.Write([]byte(data))
}

// Flush writes what was collected. Its error is reported by the session, not
// by go-prompt, which would drop it. What is on the screen already is not drawn
// once more: that would be one more chance to meet a window that changes.
func (s *screen) Flush() error {
	if s.frame >= 0 {
		if scroll, frame := s.line.window(); frame != nil {
			s.buf.Reset()
			s.buf.Write(scroll)
			s.buf.Write(frame)
			s.frame, s.astray, s.further = len(scroll), false, 0
		} else if frame, further := s.line.rewrap(s.color); frame != nil || s.astray {
			s.rewrapped(frame, further)
		}
	} else if s.astray && s.buf.Len() > 0 {
		s.rewrapped(nil, 0)
	}
	again := s.frame >= 0 && bytes.Equal(s.buf.Bytes()[s.frame:], s.last)
	if !again && s.buf.Len() > 0 {
		s.last = nil
		if s.frame >= 0 && !s.muted {
			s.last = bytes.Clone(s.buf.Bytes()[s.frame:])
		}
		s.write(s.buf.Bytes())
	}
	s.buf.Reset()
	s.frame = -1
	s.drawn()
	return nil
}

// rewrapped puts frame in the place of the line in what was collected, nil for not,
// and lets it begin in the row where the line does: go-prompt goes up by the rows
// that it knows of.
func (s *screen) rewrapped(frame []byte, further int) {
	all := bytes.Clone(s.buf.Bytes())
	moves, drawing := all, []byte(nil)
	if s.frame >= 0 {
		moves, drawing = all[:s.frame], all[s.frame:]
	}
	if frame != nil {
		drawing = append(frame, all[max(s.placed, s.frame):]...)
	}
	s.buf.Reset()
	s.buf.WriteString("\r")
	s.CursorUp(s.further)
	s.buf.Write(moves)
	if s.frame >= 0 {
		s.frame = s.buf.Len()
	}
	s.buf.Write(drawing)
	s.astray, s.further = frame != nil, further
}

func (s *screen) write(b []byte) {
	if s.muted {
		return
	}
	if _, err := s.out.Write(b); err != nil && s.err == nil {
		s.err = err
	}
}

// EraseScreen clears all of the screen: nothing drawn is there any more.
func (s *screen) EraseScreen() {
	s.last = nil
	s.buf.WriteString("\x1b[2J")
}
func (s *screen) EraseUp() { s.buf.WriteString("\x1b[1J") }
func (s *screen) EraseDown() {
	s.buf.WriteString("\x1b[J")
	s.placed, s.placing = s.buf.Len(), 2
}
func (s *screen) EraseStartOfLine() { s.buf.WriteString("\x1b[1K") }
func (s *screen) EraseEndOfLine()   { s.buf.WriteString("\x1b[K") }
func (s *screen) EraseLine()        { s.buf.WriteString("\x1b[2K") }

func (s *screen) ShowCursor() {
	s.buf.WriteString(s.line.below(s.color))
	s.buf.WriteString("\x1b[?25h")
}
func (s *screen) HideCursor() {
	s.frame, s.placed, s.placing = s.buf.Len(), 0, 0
	s.buf.WriteString("\x1b[?25l")
}

func (s *screen) CursorGoTo(row, col int) { fmt.Fprintf(&s.buf, "\x1b[%d;%dH", row+1, col+1) }
func (s *screen) CursorUp(n int)          { s.move(n, 'A', 'B') }
func (s *screen) CursorDown(n int)        { s.move(n, 'B', 'A') }
func (s *screen) CursorForward(n int)     { s.move(n, 'C', 'D') }
func (s *screen) CursorBackward(n int)    { s.move(n, 'D', 'C') }
func (s *screen) AskForCPR()              { s.buf.WriteString("\x1b[6n") }
func (s *screen) SaveCursor()             { s.buf.WriteString("\x1b[s") }
func (s *screen) UnSaveCursor()           { s.buf.WriteString("\x1b[u") }
func (s *screen) ScrollDown()             { s.buf.WriteString("\x1bD") }
func (s *screen) ScrollUp()               { s.buf.WriteString("\x1bM") }
func (s *screen) move(n int, ahead, b byte) {
	if n < 0 {
		n, ahead = -n, b
	}
	if n > 0 {
		s.buf.WriteString("\x1b[" + strconv.Itoa(n) + string(ahead))
	}
	if s.placing > 0 {
		s.placing--
		s.placed = s.buf.Len()
	}
}

// SetTitle and ClearTitle do nothing: the window's title is not ours.
func (s *screen) SetTitle(string) {}

// ClearTitle does nothing, see SetTitle.
func (s *screen) ClearTitle() {}

// SetColor writes an SGR sequence (ECMA-48 8.3.117) unless colours are off.
// go-prompt asks for bold only where it draws the selected suggestion.
func (s *screen) SetColor(fg, bg goprompt.Color, bold bool) {
	if !s.color {
		s.mark = bold
		return
	}
	if s.input = fg == inputColor && bg == inputBGColor; s.input {
		fg = goprompt.DefaultColor
	}
	weight := 0
	if bold {
		weight = 1
	}
	fmt.Fprintf(&s.buf, "\x1b[%d;%d;%dm", weight, sgr(fg, 30), sgr(bg, 40))
}

// sgr is the parameter for a colour: 30–37 and 90–97 for text (base 30), 40–47
// and 100–107 for the background (base 40), base+9 for the terminal's own.
func sgr(c goprompt.Color, base int) int {
	switch {
	case c >= goprompt.Black && c <= goprompt.LightGray:
		return base + int(c-goprompt.Black)
	case c >= goprompt.DarkGray && c <= goprompt.White:
		return base + 60 + int(c-goprompt.DarkGray)
	}
	return base + 9
}
