package prompt

import "strings"

// block collects the lines of one input.
type block struct {
	needMore func(text string) bool
	lines    []string
}

func (b *block) empty() bool { return len(b.lines) == 0 }
func (b *block) clear()      { b.lines = nil }

// text is the lines so far, each with its '\n'.
func (b *block) text() string {
	if b.empty() {
		return ""
	}
	return strings.Join(b.lines, "\n") + "\n"
}

// add takes what was entered: a line, or several that were pasted or recalled
// as one. It returns the input when it is complete; blank input is none.
func (b *block) add(entered string) (text string, complete bool) {
	if strings.TrimSpace(entered) == "" {
		if b.empty() {
			return "", false
		}
		entered = "" // an indentation nobody typed
	}
	asked := strings.Join(append(b.lines[:len(b.lines):len(b.lines)], entered), "\n")
	if strings.Contains(entered, "\n") {
		asked += "\n" // several lines at once bring their own end
	}
	b.lines = append(b.lines, strings.Split(entered, "\n")...)
	if b.needMore != nil && b.needMore(asked) {
		return "", false
	}
	text = strings.TrimRight(strings.Join(b.lines, "\n"), " \n")
	b.clear()
	return text, true
}

// indent is what the next line begins with: the last line's own, and one level
// more after a colon.
func (b *block) indent() string {
	if b.empty() {
		return ""
	}
	last := b.lines[len(b.lines)-1]
	indent := last[:len(last)-len(strings.TrimLeft(last, " "))]
	if strings.HasSuffix(strings.TrimRight(last, " "), ":") {
		indent += indentation
	}
	return indent
}
