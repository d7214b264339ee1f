package render

import (
	"regexp"
	"strings"

	"pktsh/repl/result"
)

// colorSequence is what switches colours: it takes no room (ECMA-48, SGR).
const colorSequence = "\x1b\\[[0-9;]*m"

// Rows is how many rows of a screen a Renderer's text takes, which is as wide as width
// says, 0 for any width: longer lines go on in the next row.
func Rows(text string, width int) int {
	if text == "" {
		return 0
	}
	cond := widths()
	sequences := regexp.MustCompile(colorSequence)
	rows := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		rows++
		if width <= 0 || len(line) <= width {
			continue
		}
		if strings.Contains(line, "\x1b") {
			line = sequences.ReplaceAllString(line, "")
		}
		rows += max(cond.StringWidth(line)-1, 0) / width
	}
	return rows
}

// Width is how many columns of a screen a text takes, once it is escaped.
func Width(s string) int { return newCell(widths(), s).width }

// Cut is a text, escaped, cut to at most width columns; "…" stands for what is left out.
func Cut(s string, width int) string {
	cond := widths()
	out, _ := appendCut(nil, cond, newCell(cond, s), width, result.RolePlain)
	return string(out)
}
