// This file reads what Python writes and Starlark does not know, where it means
// something that Starlark has: f-strings, `is`, generator expressions, sets written
// out, `global`, `assert`, `del`, `raise`, `with` (with.go) and `try` (try.go). It works on the text, because none of it can be parsed; it is
// asked only about source that is no Starlark, and so changes nothing that is.

package script

import (
	"regexp"
	"slices"
	"strings"
)

// The calls that statements become: `global x, y`, `assert x, y` and `del x[y]`. The
// rewriter deals with the first and the last.
const (
	globalMarker = "__global__"
	assertCall   = "__assert__"
	deleteMarker = "__del__"
	raiseCall    = "__raise__"
)

// becomesCall are those that stand before their arguments.
var becomesCall = map[string]string{"assert": assertCall, "del": deleteMarker, "raise": raiseCall}

// edit replaces a range of the source.
type edit struct {
	from, to int
	text     string
}

// openBracket is a bracket that is not closed yet.
type openBracket struct {
	kind byte
	at   int
	// What stood in it so far, inner brackets apart.
	comma, colon, loop, stars, something bool
}

// pythonScanner goes through source and collects edits.
type pythonScanner struct {
	src   string
	at    int
	stack []openBracket
	edits []edit
	fresh bool // a statement may begin here
	// called says that the statement has become a call, which its end has to close.
	called bool
	with   withState
	// tries are the indentations of the try statements that may go on, outermost first.
	tries []int
}

// withState is where in a with statement the scanner is.
type withState uint8

const (
	withNot  withState = iota // in none
	withItem                  // in an expression
	withAs                    // in the name that it gets
)

// fromPython returns source with what Python has and Starlark lacks put into
// Starlark's words, line for line.
func fromPython(src string) string {
	s := &pythonScanner{src: src, fresh: true}
	for s.at < len(src) {
		s.token()
	}
	s.endCall(len(src))
	slices.SortStableFunc(s.edits, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for _, e := range s.edits {
		if e.from < done {
			continue
		}
		out.WriteString(src[done:e.from])
		out.WriteString(e.text)
		done = e.to
	}
	out.WriteString(src[done:])
	return out.String()
}

func (s *pythonScanner) top() *openBracket {
	if len(s.stack) == 0 {
		return nil
	}
	return &s.stack[len(s.stack)-1]
}

// token reads one token, or white space.
func (s *pythonScanner) token() {
	c := s.src[s.at]
	switch {
	case c == ' ', c == '\t', c == '\r':
		s.at++
		return
	case c == '\n':
		if len(s.stack) == 0 {
			s.endCall(s.at)
			s.fresh = true
		}
		s.at++
		return
	case c == '#':
		if len(s.stack) == 0 {
			s.endCall(s.at)
		}
		s.at = endOfLine(s.src, s.at)
		return
	case c == '\\' && s.at+1 < len(s.src):
		s.at += 2
		return
	}
	fresh := s.fresh
	if s.fresh = c == ';'; s.fresh && len(s.stack) == 0 {
		s.endCall(s.at)
	}
	if b := s.top(); b != nil && strings.IndexByte(")]},:*", c) < 0 {
		b.something = true
	}
	switch {
	case c == '"', c == '\'':
		s.at = endOfString(s.src, s.at)
	case isIdent(c) && (c < '0' || c > '9'):
		s.word(fresh)
	case strings.IndexByte("([{", c) >= 0:
		s.stack = append(s.stack, openBracket{kind: c, at: s.at})
		s.at++
	case strings.IndexByte(")]}", c) >= 0:
		s.close()
	default:
		s.sign(c)
	}
}

// endCall closes the call that the statement has become.
func (s *pythonScanner) endCall(at int) {
	if s.called {
		s.edits = append(s.edits, edit{at, at, ")"})
		s.called = false
	}
}

// sign reads an operator, a number, or punctuation.
func (s *pythonScanner) sign(c byte) {
	s.at++
	b := s.top()
	switch {
	case b == nil && s.with != withNot && (c == ':' || c == ','):
		if s.with == withItem {
			s.edits = append(s.edits, edit{s.at - 1, s.at - 1, ", None"})
		}
		if s.with = withItem; c == ':' {
			s.edits = append(s.edits, edit{s.at - 1, s.at - 1, ")"})
			s.with, s.fresh = withNot, true
		}
	case c == ':' && b == nil:
		s.fresh = true // if x: global y
	case b == nil:
	case c == ',':
		b.comma = true
	case c == ':':
		b.colon = true
	case c == '*' && s.at < len(s.src) && s.src[s.at] == '*':
		b.stars = true
	}
}

// close reads a closing bracket.
func (s *pythonScanner) close() {
	b := s.top()
	s.at++
	if b == nil {
		return
	}
	s.stack = s.stack[:len(s.stack)-1]
	switch end := s.at - 1; {
	case b.kind == '(' && b.loop:
		s.edits = append(s.edits, edit{b.at, b.at + 1, "(["}, edit{end, end + 1, "])"})
	case b.kind == '{' && b.something && !b.colon && !b.stars:
		s.edits = append(s.edits, edit{b.at, b.at + 1, "set(["}, edit{end, end + 1, "])"})
	}
}

// word reads an identifier, or a string with a prefix.
func (s *pythonScanner) word(fresh bool) {
	start := s.at
	for s.at < len(s.src) && isIdent(s.src[s.at]) {
		s.at++
	}
	word := s.src[start:s.at]
	if s.at < len(s.src) && strings.IndexByte(`'"`, s.src[s.at]) >= 0 && len(word) <= 2 {
		s.prefixed(start, strings.ToLower(word))
		return
	}
	if fresh && len(s.stack) == 0 && s.clause(start, word) {
		return
	}
	switch word {
	case "is":
		s.edits = append(s.edits, edit{start, s.at, "=="})
		if rest := strings.TrimLeft(s.src[s.at:], " \t"); firstWord(rest) == "not" {
			s.at = len(s.src) - len(rest) + len("not")
			s.edits[len(s.edits)-1] = edit{start, s.at, "!="}
		}
	case "for":
		if b := s.top(); b != nil && !b.comma {
			b.loop = true
		}
	case "assert", "del", "raise":
		if fresh {
			s.edits = append(s.edits, edit{start, s.at, becomesCall[word] + "("})
			s.called = true
		}
	case "with":
		if fresh && len(s.stack) == 0 {
			s.edits = append(s.edits, edit{start, s.at, "if " + withMarker + "("})
			s.with = withItem
		}
	case "as":
		if s.with == withItem && len(s.stack) == 0 {
			s.edits = append(s.edits, edit{start, s.at, ","})
			s.with = withAs
		}
	case "from": // raise X from Y
		if s.called && len(s.stack) == 0 {
			s.edits = append(s.edits, edit{start, s.at, ","})
		}
	case "global":
		if end := endOfStatement(s.src, s.at); fresh && namesOnly(s.src[s.at:end]) {
			s.edits = append(s.edits, edit{start, end, globalMarker + "(" + strings.TrimSpace(s.src[s.at:end]) + ")"})
			s.at = end
		}
	}
}

// exceptClause is what follows except: classes, a name, and the colon.
var exceptClause = regexp.MustCompile(`^([^:#\n'"]*?)(?:[ \t]+as[ \t]+([A-Za-z_]\w*))?[ \t]*:`)

// clause reads the beginning of a clause of a try statement; they become those of an if
// statement, in the same lines. The else of one is told by its indentation.
func (s *pythonScanner) clause(start int, word string) bool {
	indent := start - (strings.LastIndexByte(s.src[:start], '\n') + 1)
	if strings.TrimLeft(s.src[start-indent:start], " \t") != "" {
		return false // not the first of its line
	}
	for len(s.tries) > 0 && s.tries[len(s.tries)-1] > indent {
		s.tries = s.tries[:len(s.tries)-1]
	}
	follows := len(s.tries) > 0 && s.tries[len(s.tries)-1] == indent
	rest := s.src[s.at:]
	bare := strings.HasPrefix(strings.TrimLeft(rest, " \t"), ":")
	text := ""
	switch {
	case word == "try" && bare:
		if text = "if " + tryMarker; !follows {
			s.tries = append(s.tries, indent)
		}
	case !follows:
		return false
	case word == "except":
		m := exceptClause.FindStringSubmatch(rest)
		if m == nil {
			return false
		}
		if text = "elif " + exceptMarker + "('" + strings.TrimSpace(m[1]) + "'"; m[2] != "" {
			text += ", " + m[2]
		}
		text += ")"
		s.at += len(m[0]) - 1
	case word == "else" && bare:
		text = "elif " + elseMarker
	case word == "finally" && bare:
		text = "elif " + finallyMarker
	default:
		s.tries = s.tries[:len(s.tries)-1] // the statement is over
		return false
	}
	s.edits = append(s.edits, edit{start, s.at, text})
	return true
}

// prefixed reads a string whose prefix begins at start.
func (s *pythonScanner) prefixed(start int, prefix string) {
	quoted := s.at
	s.at = endOfString(s.src, quoted)
	switch prefix {
	case "u":
		s.edits = append(s.edits, edit{start, quoted, ""})
	case "f", "fr", "rf":
		if text, ok := formatCall(s.src[quoted:s.at], prefix != "f"); ok {
			s.edits = append(s.edits, edit{start, s.at, text})
		}
	}
}

// endOfLine returns where the line ends that at is in.
func endOfLine(src string, at int) int {
	if n := strings.IndexByte(src[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(src)
}

// endOfStatement returns where a simple statement ends that holds no strings.
func endOfStatement(src string, at int) int {
	if n := strings.IndexAny(src[at:], "\n;#\r"); n >= 0 {
		return at + n
	}
	return len(src)
}

// namesOnly says that text is names separated by commas.
func namesOnly(text string) bool {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" || firstWord(name) != name || name[0] <= '9' {
			return false
		}
	}
	return true
}

// endOfString returns where a string ends that begins at a quote: behind its last
// quote, or where its line or the source ends.
func endOfString(src string, at int) int {
	quote := src[at : at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(src[at:], triple) {
		quote = triple
	}
	for i := at + len(quote); i < len(src); i++ {
		switch {
		case src[i] == '\\':
			i++
		case strings.HasPrefix(src[i:], quote):
			return i + len(quote)
		case src[i] == '\n' && len(quote) == 1:
			return i
		}
	}
	return len(src)
}

// formatCall returns what an f-string stands for, '{:>5}'.format((x)). Literal is the
// string without its prefix. ok is false where its braces do not match.
func formatCall(literal string, raw bool) (text string, ok bool) {
	quote := literal[:1]
	if triple := strings.Repeat(quote, 3); len(literal) >= 6 && strings.HasPrefix(literal, triple) {
		quote = triple
	}
	if len(literal) < 2*len(quote) || !strings.HasSuffix(literal, quote) {
		return "", false
	}
	f := &formatString{src: literal[len(quote) : len(literal)-len(quote)]}
	if !f.text(0) {
		return "", false
	}
	text = quote + f.out.String() + quote
	if raw {
		text = "r" + text
	}
	return text + ".format(" + strings.Join(f.args, ", ") + ")", true
}

// formatString is an f-string that is being read.
type formatString struct {
	src  string
	at   int
	out  strings.Builder
	args []string
}

// text reads up to the end, or, within a specification, up to the brace that closes
// the replacement.
func (f *formatString) text(depth int) bool {
	for f.at < len(f.src) {
		c := f.src[f.at]
		doubled := f.at+1 < len(f.src) && f.src[f.at+1] == c
		switch {
		case (c == '{' || c == '}') && doubled && depth == 0:
			f.out.WriteString(f.src[f.at : f.at+2])
			f.at += 2
		case c == '{':
			if depth > 1 || !f.replacement(depth) {
				return false
			}
		case c == '}':
			return depth > 0
		default:
			f.out.WriteByte(c)
			f.at++
		}
	}
	return depth == 0
}

// replacement reads {expression}, {expression=}, with !r and :specification.
func (f *formatString) replacement(depth int) bool {
	f.at++
	end := expressionEnd(f.src, f.at)
	if end < 0 {
		return false
	}
	expr := f.src[f.at:end]
	f.at = end
	if shown, found := strings.CutSuffix(strings.TrimRight(expr, " "), "="); found && strings.TrimSpace(shown) != "" {
		f.out.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(expr))
		expr = shown
		if f.src[f.at] == '}' {
			f.out.WriteString("{!r")
		} else {
			f.out.WriteByte('{')
		}
	} else {
		f.out.WriteByte('{')
	}
	if strings.TrimSpace(expr) == "" {
		return false
	}
	f.args = append(f.args, "("+fromPython(strings.TrimSpace(expr))+")")
	if f.src[f.at] == '!' {
		if f.at+1 >= len(f.src) {
			return false
		}
		f.out.WriteString(f.src[f.at : f.at+2])
		f.at += 2
	}
	if f.at < len(f.src) && f.src[f.at] == ':' {
		f.out.WriteByte(':')
		f.at++
		if !f.text(depth + 1) {
			return false
		}
	}
	if f.at >= len(f.src) || f.src[f.at] != '}' {
		return false
	}
	f.out.WriteByte('}')
	f.at++
	return true
}

// expressionEnd returns where an expression within braces ends: before a colon, an
// exclamation mark that is no !=, or the closing brace. It is -1 where none follows.
func expressionEnd(src string, at int) int {
	depth := 0
	for i := at; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\'' || c == '"':
			i = endOfString(src, i) - 1
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case depth > 0 && strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth > 0:
		case c == '}', c == ':':
			return i
		case c == '!' && !strings.HasPrefix(src[i:], "!="):
			return i
		}
	}
	return -1
}
