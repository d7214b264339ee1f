package render

import (
	"io"
	"regexp"
	"strings"

	"pktsh/repl/result"
)

// Repainter shows an answer in the place of the one before it, from the screen's
// upper left corner on.
type Repainter struct {
	w       io.Writer
	style   func() Style
	painted bool
}

// NewRepainter returns a Repainter that writes to a terminal. style is asked each
// time, for the terminal's size.
func NewRepainter(w io.Writer, style func() Style) *Repainter {
	return &Repainter{w: w, style: style}
}

// sgr finds the escape sequences that colour text (ECMA-48, 8.3.117).
var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Show shows a line of title, which is escaped, and below it what a Renderer wrote,
// as much as there is room for.
func (r *Repainter) Show(title, answer string) error {
	style := r.style()
	pal := newPalette(style.Color, style.Theme).of(result.RoleDim)
	room := max(style.Height-2, 1) // the title's line and the cursor's
	var b strings.Builder
	if !r.painted {
		b.WriteString("\x1b[2J")
		r.painted = true
	}
	b.WriteString("\x1b[H")
	line := newCell(widths(), title)
	cut, _ := appendCut(nil, widths(), line, max(style.Width-1, 1), result.RoleDim)
	b.WriteString(pal.on + string(cut) + pal.off + "\x1b[K\r\n")
	for text := range strings.SplitSeq(strings.TrimSuffix(answer, "\n"), "\n") {
		rows := 1
		if style.Width > 0 {
			rows = max(1, (widths().StringWidth(sgr.ReplaceAllString(text, ""))+style.Width-1)/style.Width)
		}
		if rows > room {
			break
		}
		room -= rows
		b.WriteString(text + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(r.w, b.String())
	return err
}
