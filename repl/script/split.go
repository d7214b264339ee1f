// This file cuts lines of source into complete chunks. It looks at quotes,
// brackets, line continuations and indentation only, so that a line which is
// no Starlark ends up in a chunk whose parsing then says what is wrong.

package script

import "strings"

// Chunk is a run of complete statements.
type Chunk struct {
	Text string
	// Line is the number of its first line, from 1.
	Line int
}

// Splitter is fed lines and yields chunks. The zero value is not ready; use
// NewSplitter.
type Splitter struct {
	interactive bool
	line        int // number of the last line that was consumed
	first       int // number of the chunk's first line
	lines       []string

	scan      lineScanner
	block     bool // the chunk is a compound statement with an indented body
	inlineIf  bool // the chunk is `if x: y` in a line, which else may follow
	startsIf  bool // the chunk's first word is if, so else and elif may follow
	openLogic bool // the logical line goes on (string, bracket, backslash)
}

// NewSplitter returns a splitter. An interactive one ends a block at an empty
// line and a one-line `if` at once; a batch one ends a block at the next line
// that is not indented, and an empty line does nothing.
func NewSplitter(interactive bool) *Splitter { return &Splitter{interactive: interactive} }

// Pending says that the lines fed so far begin a chunk that is not complete.
// When it is false the next line stands at a fresh prompt.
func (s *Splitter) Pending() bool { return len(s.lines) > 0 }

// Line returns the number of the line that was consumed last, from 1.
func (s *Splitter) Line() int { return s.line }

// Skip counts a line that the caller dealt with itself (a command).
func (s *Splitter) Skip() { s.line++ }

// Reset forgets the pending lines, after an interrupt.
func (s *Splitter) Reset() { s.clear() }

// Feed takes a line without its newline. When done is set, chunk is complete.
// When consumed is not set, the line was only needed to see that the block
// before it is complete: run the chunk, then deal with the line as one at a
// fresh prompt.
func (s *Splitter) Feed(line string) (chunk Chunk, done, consumed bool) {
	line = strings.TrimSuffix(line, "\r")
	if !s.Pending() {
		return s.feedFirst(line)
	}
	if s.openLogic {
		s.add(line)
		return s.endOfLine(!s.block)
	}
	// A new logical line inside a compound statement.
	blank := strings.TrimSpace(line) == ""
	comment := strings.HasPrefix(strings.TrimSpace(line), "#")
	switch {
	case blank && s.interactive:
		s.line++
		return s.take(), true, true
	case blank, comment:
		s.add(line)
		return Chunk{}, false, true
	case indentOf(line) != "" && !s.inlineIf:
		s.add(line)
		return s.endOfLine(false)
	case s.startsIf && continues(firstWord(line)):
		s.block, s.inlineIf = true, false
		s.add(line)
		if done := !s.openLogic && !s.scan.endsWithColon() && s.interactive && firstWord(line) == "else"; done {
			return s.take(), true, true
		}
		return Chunk{}, false, true
	}
	return s.take(), true, false
}

// feedFirst takes the first line of a chunk.
func (s *Splitter) feedFirst(line string) (Chunk, bool, bool) {
	if trimmed := strings.TrimSpace(line); trimmed == "" || trimmed[0] == '#' {
		s.line++
		return Chunk{}, false, true
	}
	s.first = s.line + 1
	s.startsIf = firstWord(line) == "if" || firstWord(line) == "try"
	s.add(line)
	return s.endOfLine(true)
}

// endOfLine decides what the line just added means. header says that its
// logical line is the chunk's first.
func (s *Splitter) endOfLine(header bool) (Chunk, bool, bool) {
	switch {
	case s.openLogic:
		return Chunk{}, false, true
	case !header:
		return Chunk{}, false, true
	case s.scan.endsWithColon():
		s.block = true
		return Chunk{}, false, true
	case s.startsIf && !s.interactive:
		s.inlineIf = true
		return Chunk{}, false, true
	}
	return s.take(), true, true
}

// Flush returns what is pending at the end of the input, complete or not:
// parsing an incomplete chunk says what is missing.
func (s *Splitter) Flush() (chunk Chunk, ok bool) {
	if !s.Pending() {
		return Chunk{}, false
	}
	return s.take(), true
}

func (s *Splitter) add(line string) {
	s.line++
	s.lines = append(s.lines, line)
	s.openLogic = s.scan.line(line)
}

func (s *Splitter) take() Chunk {
	c := Chunk{Text: strings.Join(s.lines, "\n") + "\n", Line: s.first}
	s.clear()
	return c
}

func (s *Splitter) clear() {
	*s = Splitter{interactive: s.interactive, line: s.line}
}

// continues says whether a word begins another clause of an if or try statement.
func continues(word string) bool {
	switch word {
	case "else", "elif", "except", "finally":
		return true
	}
	return false
}

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// firstWord returns the identifier that a line begins with after its indentation.
func firstWord(line string) string {
	line = strings.TrimLeft(line, " \t")
	end := 0
	for end < len(line) && isIdent(line[end]) {
		end++
	}
	return line[:end]
}

func isIdent(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// lineScanner follows strings, brackets and comments over lines.
type lineScanner struct {
	quote string // the delimiter of the string that is open, or ""
	depth int    // open brackets
	last  byte   // last significant byte of the logical line
}

func (l *lineScanner) endsWithColon() bool { return l.last == ':' }

// line scans one line and says whether its logical line goes on after it.
func (l *lineScanner) line(s string) (open bool) {
	if l.quote == "" && l.depth == 0 {
		l.last = 0
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case l.quote != "":
			switch {
			case c == '\\':
				if i == len(s)-1 {
					return true // the string goes on in the next line
				}
				i += 2
			case strings.HasPrefix(s[i:], l.quote):
				i += len(l.quote)
				l.quote, l.last = "", '"'
			default:
				i++
			}
		case c == '#':
			i = len(s)
		case c == '"' || c == '\'':
			l.quote = s[i : i+1]
			if triple := strings.Repeat(l.quote, 3); strings.HasPrefix(s[i:], triple) {
				l.quote = triple
			}
			i += len(l.quote)
		case c == '\\' && i == len(s)-1:
			return true
		default:
			l.bracket(c)
			if c != ' ' && c != '\t' {
				l.last = c
			}
			i++
		}
	}
	if len(l.quote) == 1 {
		l.quote = "" // a newline ends it; parsing says so
	}
	return l.quote != "" || l.depth > 0
}

func (l *lineScanner) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth = max(l.depth-1, 0)
	}
}
