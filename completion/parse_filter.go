// This file finds the place of the cursor within a display filter.
//
// The lexer here follows wireshark-filter(4) closely enough to tell where an
// operand, an operator or a value stands. It is total: any text has a place,
// and whether the filter means anything is not asked.

package completion

import "strings"

// FilterPlace is what may stand next in a display filter.
type FilterPlace uint8

const (
	// FilterOperand is where a test begins: a field, a function, "not", "(".
	FilterOperand FilterPlace = iota
	// FilterOperator is after a field: a comparison or, because a field alone is
	// a test, a logical operator.
	FilterOperator
	// FilterValue is after a comparison: a value, a field, "{" after "in".
	FilterValue
	// FilterLogic is after a complete test.
	FilterLogic
	// FilterReference is within ${…}: a saved filter, or a field of the current packet.
	FilterReference
)

// FilterContext is the place of the cursor in a display filter.
type FilterContext struct {
	// Text is the filter as far as the cursor.
	Text string
	// Offset is the byte offset of Text in the input.
	Offset int
	Place  FilterPlace
	// Field is the last operand before an operator or a value: "ip.src", "len()".
	// Empty when it is not a name.
	Field string
	// InSet says that the value is inside "{…}", NeedSet that "{" must come first.
	InSet, NeedSet bool
	// Function is the function that the innermost parenthesis belongs to.
	Function string
	// Depth is the number of open parentheses.
	Depth int
}

// filterState is a filter's reader.
type filterState struct {
	FilterContext
	word     int           // where the unfinished token at the end begins, -1 for none
	groups   []filterGroup // the open parentheses
	relation bool          // a comparison was read in this test, so its right side ends it
	last     string        // the operand read last
	inString bool          // the text ends within a quoted string
}

// filterGroup is an open parenthesis and what stood before it.
type filterGroup struct {
	function string // the function's name, empty for a plain parenthesis
	relation bool
}

// parseFilter makes the place that of a display filter whose text is
// Text[offset:Cursor], within the quote of a string literal or 0.
func (c *Context) parseFilter(offset int, quote byte) {
	s := filterState{word: -1}
	s.Text, s.Offset = c.Text[offset:c.Cursor], offset
	s.read()
	s.Depth = len(s.groups)
	if n := len(s.groups); n > 0 {
		s.Function = s.groups[n-1].function
	}
	c.Filter = s.FilterContext
	c.Quote = quote
	if s.inString {
		c.Kind = KindNone
		return
	}
	c.Kind = KindFilter
	c.setWord(c.Cursor, "")
	if s.word >= 0 {
		c.setWord(offset+s.word, s.Text[s.word:])
	}
}

func (s *filterState) read() {
	text := s.Text
	for i := 0; i < len(text); {
		switch b := text[i]; {
		case isSpace(b):
			i++
		case b == '"' || b == '\'':
			i = s.quoted(i, b, false)
		case (b == 'r' || b == 'R') && i+1 < len(text) && text[i+1] == '"':
			i = s.quoted(i+1, '"', true)
		case isFilterWord(b):
			i = s.readWord(i)
		case b == '$':
			i = s.reference(i)
		default:
			i = s.punctuation(i)
		}
	}
}

// quoted reads a string or a character constant.
func (s *filterState) quoted(i int, quote byte, raw bool) int {
	for i++; i < len(s.Text); i++ {
		switch {
		case s.Text[i] == '\\' && !raw:
			i++
		case s.Text[i] == quote:
			s.operand("")
			return i + 1
		}
	}
	s.inString = true
	return len(s.Text)
}

// reference reads ${name} or ${name:argument;argument}: a test where one can stand,
// else a value.
func (s *filterState) reference(i int) int {
	rest := s.Text[i:]
	if end := strings.IndexByte(rest, '}'); end >= 0 && strings.HasPrefix(rest, "${") {
		if s.Place == FilterOperand && len(s.groups) == 0 {
			s.Place, s.Field = FilterLogic, ""
		} else {
			s.operand("")
		}
		return i + end + 1
	}
	if strings.ContainsAny(rest, ":; ") || len(rest) > 1 && rest[1] != '{' {
		s.inString = true // the arguments: any text
		return len(s.Text)
	}
	s.Place, s.word = FilterReference, i
	return len(s.Text)
}

// isFilterWord reports whether a byte belongs to a name or an unquoted value.
func isFilterWord(b byte) bool {
	return b == '_' || b == '.' || b == ':' || b == '-' || b == '/' || b >= 0x80 ||
		'0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

func (s *filterState) readWord(i int) int {
	end := i
	for end < len(s.Text) && isFilterWord(s.Text[end]) {
		end++
	}
	if end == len(s.Text) {
		s.word = i // the place is the one before this word
		return end
	}
	switch word := s.Text[i:end]; {
	case s.Place == FilterOperator && word == "not": // not in
	case s.Place == FilterOperand && (word == "not" || word == "any" || word == "all"):
	case (s.Place == FilterOperator || s.Place == FilterLogic) && logicWords[word]:
		s.logic()
	case s.Place == FilterOperator && relationWords[word]:
		s.relate(word == "in")
	default:
		s.operand(word)
	}
	return end
}

// logicWords and relationWords are read only.
var (
	logicWords    = map[string]bool{"and": true, "or": true, "xor": true}
	relationWords = map[string]bool{
		"eq": true, "ne": true, "gt": true, "lt": true, "ge": true, "le": true, "contains": true, "matches": true,
		"in": true, "any_eq": true, "all_ne": true, "any_ne": true, "all_eq": true, "bitand": true, "bitwise_and": true,
	}
)

// filterSymbols are the operators of signs, longest first.
var filterSymbols = [...]string{"===", "!==", "&&", "||", "^^", "==", "!=", "~=", ">=", "<=", ">", "<", "&", "+", "*", "%", "~"}

func (s *filterState) punctuation(i int) int {
	rest := s.Text[i:]
	switch rest[0] {
	case '(':
		s.openGroup(i)
		return i + 1
	case ')':
		s.closeGroup()
		return i + 1
	case '[':
		// A slice belongs to the operand before it: len("]") and on.
		if end := strings.IndexByte(rest, ']'); end >= 0 {
			return i + end + 1
		}
		s.inString = true
		return len(s.Text)
	case '{':
		s.Place, s.InSet, s.NeedSet = FilterValue, true, false
		return i + 1
	case '}':
		s.InSet = false
		s.operand("")
		return i + 1
	case ',':
		s.Place = FilterValue
		if !s.InSet {
			s.Place = FilterOperand
		}
		return i + 1
	case '#': // the layer operator: ip.addr#2
		return i + 1
	case '!':
		if s.Place == FilterOperand {
			return i + 1
		}
	}
	if n := len(rest); n <= 2 && partialOperator(rest, s.Place) {
		s.word = i
		return len(s.Text)
	}
	for _, op := range filterSymbols {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		switch {
		case op == "&&" || op == "||" || op == "^^":
			s.logic()
		case s.Place == FilterOperator:
			s.relate(false)
		}
		return i + len(op)
	}
	return i + 1
}

func (s *filterState) openGroup(i int) {
	g := filterGroup{relation: s.relation}
	if i > 0 && isFilterWord(s.Text[i-1]) && (s.Place == FilterOperator || s.Place == FilterLogic) {
		g.function = s.last
	}
	s.groups = append(s.groups, g)
	s.Place, s.Field, s.relation = FilterOperand, "", false
}

// closeGroup leaves a parenthesis: a function's value is an operand, a
// parenthesised test is complete.
func (s *filterState) closeGroup() {
	g := filterGroup{}
	if n := len(s.groups); n > 0 {
		g, s.groups = s.groups[n-1], s.groups[:n-1]
	}
	s.Place, s.Field, s.relation = FilterLogic, "", g.relation
	if g.function != "" && !g.relation {
		s.Place, s.Field = FilterOperator, g.function+"()"
	}
}

// partialOperator reports whether rest, the end of the filter, is an operator
// that cannot stand as it is.
func partialOperator(rest string, place FilterPlace) bool {
	switch rest {
	case "=", "!", "~":
		return place == FilterOperator
	case "&", "|", "^":
		return place == FilterOperator || place == FilterLogic
	}
	return false
}

// operand takes note of a complete value or field.
func (s *filterState) operand(name string) {
	s.last = name
	switch {
	case s.InSet:
		s.Place = FilterValue
	case s.Place == FilterValue || s.relation:
		s.Place = FilterLogic
	default:
		s.Place, s.Field = FilterOperator, name
	}
}

func (s *filterState) relate(set bool) {
	s.Place, s.relation, s.NeedSet = FilterValue, true, set
}

func (s *filterState) logic() {
	s.Place, s.Field, s.relation, s.NeedSet = FilterOperand, "", false, false
}
