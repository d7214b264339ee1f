package render

// This file breaks lines of help between words where the screen is narrower than
// they are.

import (
	"slices"
	"strings"

	"github.com/mitchellh/go-wordwrap"
)

// narrowest is how many columns the continuations of a broken line have at least
// where they stand below its last column; with less they begin further left.
const narrowest = 20

// prose breaks lines for a screen of width columns, 0 for any number. Paragraphs
// that were wrapped by hand are wrapped anew where a line of them is too long;
// indented lines are each broken by themselves.
func prose(lines []string, width int) []string {
	long := func(line string) bool { return width > 0 && widths().StringWidth(line) > width }
	var out []string
	for i := 0; i < len(lines); {
		end := i + 1
		if isProse(lines[i]) {
			for end < len(lines) && isProse(lines[end]) {
				end++
			}
		}
		paragraph := lines[i:end]
		if len(paragraph) > 1 && slices.ContainsFunc(paragraph, long) {
			paragraph = []string{strings.Join(paragraph, " ")}
		}
		for _, line := range paragraph {
			out = append(out, breakLine(line, width)...)
		}
		i = end
	}
	return out
}

// isProse says that a line goes on in the next one: it is neither empty, nor
// indented, nor has it columns.
func isProse(line string) bool {
	return line != "" && line[0] != ' ' && !strings.Contains(line, "  ")
}

// breakLine breaks a line into lines of at most width columns, 0 for any number.
// What goes on stands below the text behind the first gap of two spaces
// ("  show      pretty print a packet"), or a little to the right of the line's
// beginning. Words longer than a line stay whole. Help is one column a character.
func breakLine(line string, width int) []string {
	if width <= 0 || widths().StringWidth(line) <= width {
		return []string{line}
	}
	body := strings.TrimLeft(line, " ")
	head, hang := line[:len(line)-len(body)], len(line)-len(body)
	if gap := strings.Index(body, "  "); gap >= 0 {
		rest := strings.TrimLeft(body[gap:], " ")
		before := line[:len(line)-len(rest)]
		if at := widths().StringWidth(before); width-at >= narrowest {
			head, body, hang = before, rest, at
		} else {
			body = body[:gap] + "  " + rest
		}
	}
	goesOn := hang
	if len(head) == hang && strings.TrimLeft(head, " ") == "" && hang > 0 {
		goesOn += 2 // below a list's entry
	}
	out := strings.Split(wordwrap.WrapString(body, uint(max(width-goesOn, 1))), "\n")
	for i := range out {
		if i == 0 {
			out[i] = head + out[i]
		} else {
			out[i] = strings.Repeat(" ", goesOn) + out[i]
		}
	}
	return out
}
