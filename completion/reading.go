// This file reads a whole input for the eye: what its pieces are, and whether the
// filters in it are ones that Wireshark takes, before Enter says so.

package completion

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Paint is what a piece of an input is.
type Paint uint8

const (
	PaintNone       Paint = iota
	PaintCommand          // a command's name
	PaintOption           // an option of a command
	PaintKeyword          // a keyword of Starlark
	PaintString           // a string literal
	PaintNumber           // a number
	PaintComment          // a comment
	PaintValid            // a filter that Wireshark takes
	PaintUnfinished       // a filter that may become one
	PaintWrong            // a filter, or a first word, that is none
	PaintPlace            // the place in a filter that is wrong
)

// Span is a piece of an input, in bytes.
type Span struct {
	Start, End int
	Paint      Paint
}

// Reading is what an input is for the eye.
type Reading struct {
	// Spans are in order and do not overlap. What is in none is nothing special.
	Spans []Span
	// Problem is what is wrong, in one line; "" for nothing that is known.
	Problem string
	// Certain says that typing on cannot mend it.
	Certain bool
}

// Verdict is what is known of a filter before it is asked.
type Verdict struct {
	// Known is false when nobody here can tell; the rest is nothing then.
	Known bool
	// Problem is what is wrong, in one line; "" for a filter that is right.
	Problem string
	// Start and End are the place in the filter, in bytes; Start is -1 where it
	// is not known.
	Start, End int
}

// maxRead bounds the input that is read, in bytes: it is read at every key.
const maxRead = 16 << 10

// maxLiterals bounds how many string literals are looked at for filters.
const maxLiterals = 50

// Read returns what an input is for the eye. It never fails, and runs nothing.
func (c *Completer) Read(ctx context.Context, text string) Reading {
	if len(text) > maxRead {
		return Reading{}
	}
	r := reader{grammar: c.Grammar, text: text}
	r.read()
	for _, f := range r.filters {
		if c.Judge == nil || ctx.Err() != nil {
			break
		}
		if strings.TrimSpace(text[f.start:f.end]) != "" {
			r.judged(f, c.Judge(ctx, text[f.start:f.end]))
		}
	}
	slices.SortStableFunc(r.out.Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	return r.out
}

// reader collects a Reading.
type reader struct {
	grammar Grammar
	text    string
	out     Reading
	filters []filterPlace
	strings int // that were looked at
}

// filterPlace is a filter within an input.
type filterPlace struct {
	start, end int
	// only says that nothing but a filter may stand there.
	only bool
}

func (r *reader) paint(start, end int, p Paint) {
	if start < end {
		r.out.Spans = append(r.out.Spans, Span{start, end, p})
	}
}

func (r *reader) problem(text string, certain bool) {
	if r.out.Problem == "" {
		r.out.Problem, r.out.Certain = text, certain
	}
}

// read goes through the lines as Grammar.Parse does: commands, and Starlark from
// the first line that is none.
func (r *reader) read() {
	for start := 0; start < len(r.text); {
		end := start + strings.IndexByte(r.text[start:]+"\n", '\n')
		line := r.text[start:end]
		trimmed := strings.TrimLeft(line, " \t")
		switch {
		case trimmed == "" || trimmed[0] == '?' || trimmed[0] == '!':
		case trimmed[0] == '#':
			r.paint(end-len(trimmed), end, PaintComment)
		default:
			_, args, ok := r.grammar.commandLine(line)
			if !ok {
				r.starlark(start)
				return
			}
			r.paint(end-len(trimmed), start+args, PaintCommand)
			r.arguments(start+args, end)
		}
		start = end + 1
	}
}

// arguments reads those of a command, which stand between two places.
func (r *reader) arguments(start, end int) {
	at := r.grammar.Parse(r.text[:end], end)
	optionsEnd := end
	// A filter in an unclosed string has no kind of place, but is one.
	if at.Kinds&ArgFilter != 0 && (at.Kind == KindFilter || at.Kind == KindNone) {
		optionsEnd = at.Filter.Offset
		r.filters = append(r.filters, filterPlace{at.Filter.Offset, end, at.Kinds == ArgFilter})
	}
	for i := start; i < optionsEnd; {
		w := nextWord(r.text[:optionsEnd], i)
		if isOption(w.value) && strings.HasPrefix(r.text[w.start:], "-") {
			name, _, _ := strings.Cut(r.text[w.start:w.end], "=")
			r.paint(w.start, w.start+len(name), PaintOption)
		}
		i = max(w.end, i+1)
	}
}

// starlark reads what begins at start.
func (r *reader) starlark(start int) {
	s := scanStarlark(r.text, start)
	r.firstWord(s)
	for _, c := range s.comments {
		r.paint(c[0], c[1], PaintComment)
	}
	for _, t := range s.tokens {
		switch t.kind {
		case tokenKeyword:
			r.paint(t.start, t.end, PaintKeyword)
		case tokenNumber:
			r.paint(t.start, t.end, PaintNumber)
		case tokenString:
			r.literal(t.start, t.end)
		}
	}
	if s.inString {
		r.string(s.begin, s.content, len(r.text), len(r.text))
	}
}

// literal reads a string literal that is closed.
func (r *reader) literal(start, end int) {
	content := start + strings.IndexAny(r.text[start:end], `'"`)
	quote := r.text[content : content+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(r.text[content:end], triple) && end-content >= 6 {
		quote = triple
	}
	content += len(quote)
	if closed := end - len(quote); closed >= content {
		r.string(start, content, closed, end)
		return
	}
	r.paint(start, end, PaintString)
}

// string reads a string literal whose content stands between two places. One that
// is a filter is judged where its text is what it says.
func (r *reader) string(start, content, closed, end int) {
	var at Context
	if r.strings++; r.strings <= maxLiterals { // each is a parse of all that stands before it
		at = r.grammar.Parse(r.text[:closed], closed)
	}
	isFilter := at.Kinds&ArgFilter != 0 && at.Filter.Offset == content && !strings.Contains(r.text[content:closed], `\`)
	if !isFilter || closed == content {
		r.paint(start, end, PaintString)
		return
	}
	r.paint(start, content, PaintString)
	r.filters = append(r.filters, filterPlace{content, closed, at.Kinds == ArgFilter})
	r.paint(closed, end, PaintString)
}

// firstWord finds a misspelt command: two words in a row begin nothing in Starlark.
func (r *reader) firstWord(s *starScan) {
	if len(s.tokens) < 2 || s.tokens[0].kind != tokenName || r.grammar.Commands == nil {
		return
	}
	switch first, second := s.tokens[0], s.tokens[1]; {
	case second.kind != tokenName && second.kind != tokenNumber && second.kind != tokenString, first.end == second.start:
	default:
		name := r.text[first.start:first.end]
		r.paint(first.start, first.end, PaintWrong)
		if _, known := r.grammar.Commands.Lookup(name); known { // the user rebound it
			r.problem(name+" is a variable of yours now; :"+name+" runs the command", true)
			return
		}
		isBuiltin := slices.ContainsFunc(builtins, func(m Member) bool { return m.Name == name })
		if isBuiltin || r.grammar.Commands.Rebound(name) {
			r.problem(name+" is no command; as a function it is called with parentheses: "+name+"(…)", true)
			return
		}
		text := "there is no command " + name
		near, ok := Nearest(name, func(yield func(string) bool) {
			for c := range r.grammar.Commands.All() {
				if !yield(c.Name) {
					return
				}
			}
		})
		if ok {
			text += "; did you mean " + near + "?"
		}
		r.problem(text, true)
	}
}

// judged paints a filter by what is known of it.
func (r *reader) judged(f filterPlace, v Verdict) {
	text := r.text[f.start:f.end]
	end := f.start + len(strings.TrimRight(text, " \t"))
	switch {
	case !v.Known, v.Problem != "" && !f.only:
		return
	case v.Problem == "":
		r.paint(f.start, end, PaintValid)
		return
	}
	start, stop := f.start+v.Start, f.start+v.End
	// What is still being typed may become right: the last word, or what follows it.
	if f.end == len(r.text) && v.Start >= 0 && (start >= end || stop >= f.end) {
		r.problem(v.Problem, false)
		r.paint(f.start, end, PaintUnfinished)
		return
	}
	r.problem(v.Problem, true)
	if start, stop = max(start, f.start), min(stop, end); v.Start < 0 || start >= stop {
		start, stop = end, end
	}
	r.paint(f.start, start, PaintWrong)
	r.paint(start, stop, PaintPlace)
	r.paint(stop, end, PaintWrong)
}
