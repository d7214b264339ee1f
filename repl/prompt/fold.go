package prompt

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A fold stands between these in the line.
const (
	foldOpen  = "⟦"
	foldClose = "⟧"
	// foldTitle is how much of a folded text's first line is shown, in columns.
	foldTitle = 24
)

// folds keeps texts out of the line that are longer than the screen: go-prompt
// draws all of a line at every key and could not find its start any more. What
// is shown instead is one short word, ⟦1: def hosts(p): … 212 lines⟧, which Enter
// and completion take for the text.
type folds struct {
	texts map[string]string // by what is shown
	shown map[string]string // by text
}

// fold returns line, or what stands for it when it is wider than limit columns.
func (f *folds) fold(line string, limit int) string {
	if len(line) <= limit || runewidth.StringWidth(line) <= limit {
		return line
	}
	if shown, ok := f.shown[line]; ok {
		return shown
	}
	if f.texts == nil {
		f.texts, f.shown = make(map[string]string), make(map[string]string)
	}
	first, _, _ := strings.Cut(line, newlineMark)
	size := fmt.Sprintf("%d characters", len(line))
	if n := strings.Count(line, newlineMark); n > 0 {
		size = fmt.Sprintf("%d lines", n+1)
	}
	shown := fmt.Sprintf("%s%d: %s %s%s", foldOpen, len(f.texts)+1, runewidth.Truncate(first, foldTitle, "…"), size, foldClose)
	f.texts[shown], f.shown[line] = line, shown
	return shown
}

// unfold puts the texts back.
func (f *folds) unfold(line string) string {
	var out strings.Builder
	for {
		open := strings.Index(line, foldOpen)
		if open < 0 {
			break
		}
		text, length := "", 0
		for shown, t := range f.texts {
			if strings.HasPrefix(line[open:], shown) {
				text, length = t, len(shown)
				break
			}
		}
		if length == 0 { // somebody typed it
			text, length = foldOpen, len(foldOpen)
		}
		out.WriteString(line[:open] + text)
		line = line[open+length:]
	}
	return out.String() + line
}
