// This file finds the place of the cursor within Starlark: a scanner that cuts
// the text before the cursor into tokens and, backwards from the end, the
// receiver of a dot and the call around the cursor.

package completion

import "strings"

type tokenKind uint8

const (
	tokenName tokenKind = iota
	tokenKeyword
	tokenNumber
	tokenString
	tokenOpen    // ( [ {
	tokenClose   // ) ] }
	tokenNewline // where a statement ends
	tokenSign    // any other sign, one byte each
)

type token struct {
	kind       tokenKind
	start, end int
	// match is the index of the bracket that a tokenClose closes, -1 for none.
	match int
}

// starScan is the text before the cursor in tokens.
type starScan struct {
	text   string
	tokens []token
	open   []int // indexes of the open brackets in tokens

	comments [][2]int // where each begins and ends
	comment  bool     // the text ends in one
	// inString says that the text ends in a string literal: where it begins, its
	// quote and the offset of its first byte.
	inString bool
	raw      bool
	quote    byte
	begin    int
	content  int
}

// starlarkKeywords are the reserved words of the language, spec section "Lexical elements".
const starlarkKeywords = " and break continue def elif else for if in lambda load not or pass return while "

// IsKeyword says whether a word is reserved in Starlark.
func IsKeyword(word string) bool {
	return word != "" && strings.Contains(starlarkKeywords, " "+word+" ")
}

func scanStarlark(text string, start int) *starScan {
	s := &starScan{text: text}
	for i := start; i < len(text); {
		i = s.next(i)
	}
	return s
}

func (s *starScan) next(i int) int {
	switch b := s.text[i]; {
	case b == '\n':
		if len(s.open) == 0 {
			s.add(tokenNewline, i, i+1)
		}
		return i + 1
	case isSpace(b):
		return i + 1
	case b == '\\' && i+1 < len(s.text) && s.text[i+1] == '\n':
		return i + 2
	case b == '#':
		end := strings.IndexByte(s.text[i:], '\n')
		if s.comment = end < 0; s.comment {
			end = len(s.text) - i
		}
		s.comments = append(s.comments, [2]int{i, i + end})
		return i + end
	case b == '"' || b == '\'':
		return s.scanString(i, i, false)
	case '0' <= b && b <= '9':
		end := i + 1
		for end < len(s.text) && (s.text[end] == '.' || identifierLen("_"+s.text[end:end+1]) == 2) {
			end++
		}
		return s.add(tokenNumber, i, end)
	}
	if n := identifierLen(s.text[i:]); n > 0 {
		return s.scanName(i, i+n)
	}
	return s.scanSign(i)
}

func (s *starScan) add(kind tokenKind, start, end int) int {
	s.tokens = append(s.tokens, token{kind: kind, start: start, end: end, match: -1})
	return end
}

func (s *starScan) scanName(start, end int) int {
	word := s.text[start:end]
	if end < len(s.text) && (s.text[end] == '"' || s.text[end] == '\'') {
		switch word {
		case "r", "rb", "br":
			return s.scanString(start, end, true)
		case "b":
			return s.scanString(start, end, false)
		}
	}
	if IsKeyword(word) {
		return s.add(tokenKeyword, start, end)
	}
	return s.add(tokenName, start, end)
}

// scanString scans a literal whose prefix begins at start and whose quote
// stands at i. A single-quoted one ends with its line at the latest.
func (s *starScan) scanString(start, i int, raw bool) int {
	quote := s.text[i : i+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[i:], triple) {
		quote = triple
	}
	content := i + len(quote)
	for i = content; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\':
			i++
		case s.text[i] == '\n' && len(quote) == 1:
			return s.add(tokenString, start, i)
		case strings.HasPrefix(s.text[i:], quote):
			return s.add(tokenString, start, i+len(quote))
		}
	}
	s.inString, s.raw, s.quote, s.begin, s.content = true, raw, quote[0], start, content
	return len(s.text)
}

func (s *starScan) scanSign(i int) int {
	switch s.text[i] {
	case '(', '[', '{':
		s.open = append(s.open, len(s.tokens))
		return s.add(tokenOpen, i, i+1)
	case ')', ']', '}':
		s.add(tokenClose, i, i+1)
		if n := len(s.open); n > 0 {
			s.tokens[len(s.tokens)-1].match = s.open[n-1]
			s.open = s.open[:n-1]
		}
		return i + 1
	}
	return s.add(tokenSign, i, i+1)
}

// is reports whether token i exists and is this sign or bracket.
func (s *starScan) is(i int, sign byte) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].kind != tokenString && s.text[s.tokens[i].start] == sign &&
		s.tokens[i].end == s.tokens[i].start+1
}

// operand returns the index of the first token of the primary expression whose
// last one is token i: a name, a literal, or a bracketed expression, with the
// attributes, indexes and calls after it. It reports false when token i ends no value.
func (s *starScan) operand(i int) (int, bool) {
	for i >= 0 {
		t := s.tokens[i]
		switch t.kind {
		case tokenName:
			if !s.is(i-1, '.') {
				return i, true
			}
			i -= 2
		case tokenString:
			return i, true
		case tokenClose:
			if t.match < 0 {
				return 0, false
			}
			i = t.match
			if s.is(i, '{') || i == 0 || !s.endsOperand(i-1) {
				return i, true
			}
			i--
		default:
			return 0, false
		}
	}
	return 0, false
}

// endsOperand reports whether token i is the end of a value.
func (s *starScan) endsOperand(i int) bool {
	if i < 0 {
		return false
	}
	switch t := s.tokens[i]; t.kind {
	case tokenName, tokenNumber, tokenString:
		return true
	case tokenClose:
		return t.match >= 0
	}
	return false
}

// source returns tokens [first, end) as text, without white space and comments
// where they mean nothing.
func (s *starScan) source(first, end int) string {
	var b strings.Builder
	for i := first; i < end; i++ {
		if i > first && s.isWord(i-1) && s.isWord(i) {
			b.WriteByte(' ')
		}
		b.WriteString(s.text[s.tokens[i].start:s.tokens[i].end])
	}
	return b.String()
}

func (s *starScan) isWord(i int) bool { return s.tokens[i].kind <= tokenString }

// parseStarlark makes the place that of Starlark text beginning at start.
func (g Grammar) parseStarlark(at *Context, start int) {
	s := scanStarlark(at.Text[:at.Cursor], start)
	at.Call = s.call(len(s.open) - 1)
	switch {
	case s.comment:
	case s.inString:
		at.Quote = s.quote
		g.parseString(at, s)
	default:
		g.parseName(at, s)
	}
}

// call describes the n-th of the open brackets, nil for none.
func (s *starScan) call(n int) *Call {
	if n < 0 {
		return nil
	}
	open := s.open[n]
	if s.is(open, '{') {
		return &Call{}
	}
	c := &Call{Index: s.is(open, '[')}
	if first, ok := s.operand(open - 1); ok {
		c.Callee = s.source(first, open)
	}
	if c.Index && c.Callee == "" {
		c.Index, c.List = false, true
	}
	depth, argument := 0, open+1
	for i := open + 1; i < len(s.tokens); i++ {
		switch {
		case s.tokens[i].kind == tokenOpen:
			depth++
		case s.tokens[i].kind == tokenClose:
			depth--
		case depth == 0 && s.is(i, ','):
			c.Arg++
			argument = i + 1
		}
	}
	if argument+1 < len(s.tokens) && s.tokens[argument].kind == tokenName && s.is(argument+1, '=') && !s.is(argument+2, '=') {
		c.Keyword = s.text[s.tokens[argument].start:s.tokens[argument].end]
	}
	return c
}

// parameter returns the parameter whose value the cursor is in.
func (g Grammar) parameter(c *Call) (Parameter, bool) {
	if c == nil || c.Index || c.Callee == "" || g.Functions == nil {
		return Parameter{}, false
	}
	parameters := g.Functions.Parameters(c.Callee)
	for i, p := range parameters {
		if c.Keyword == p.Name || c.Keyword == "" && c.Arg == i {
			return p, true
		}
	}
	return Parameter{}, false
}

// parseString makes the place that of a string literal.
func (g Grammar) parseString(at *Context, s *starScan) {
	at.Kind = KindString
	content := at.Text[s.content:at.Cursor]
	at.setWord(s.content, content)
	if !s.raw {
		at.Value = unescape(content)
	}
	if n := len(s.tokens); n > 0 && s.isTest(n-1) {
		at.Kinds = ArgLayer | ArgProtocol // most likely the beginning of 'http' in pkt
		return
	}
	// A string that is only part of a value ('a' + '…') is nobody's argument.
	if n := len(s.tokens); n > 0 && !s.is(n-1, '(') && !s.is(n-1, '[') && !s.is(n-1, ',') && !s.is(n-1, '=') {
		return
	}
	if c := at.Call; c != nil && c.Index {
		at.Kinds, at.Receiver = ArgKey, c.Callee
		return
	}
	call := at.Call
	if call != nil && call.List { // FileCapture(['a.pcap', '…
		call = s.call(len(s.open) - 2)
	}
	p, ok := g.parameter(call)
	if !ok {
		return
	}
	at.Kinds = p.Kinds
	switch {
	case p.Kinds&ArgFilter != 0:
		at.parseFilter(s.content, s.quote)
	case p.Kinds&ArgMember != 0:
		if dot := strings.LastIndexByte(call.Callee, '.'); dot >= 0 {
			at.Receiver = call.Callee[:dot]
		}
	}
}

// isTest reports whether token i is a keyword that a condition follows.
func (s *starScan) isTest(i int) bool {
	if s.tokens[i].kind != tokenKeyword {
		return false
	}
	switch s.text[s.tokens[i].start:s.tokens[i].end] {
	case "if", "elif", "while", "not", "and", "or":
		return true
	}
	return false
}

// unescape removes the backslashes before quotes and backslashes.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '\'' || s[i+1] == '"') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseName makes the place that of a name or an attribute.
func (g Grammar) parseName(at *Context, s *starScan) {
	last := len(s.tokens) - 1
	if last >= 0 && s.tokens[last].end == at.Cursor {
		switch s.tokens[last].kind {
		case tokenName, tokenKeyword:
			start := s.tokens[last].start
			at.setWord(start, at.Text[start:at.Cursor])
			last--
		case tokenNumber:
			return
		}
	}
	if s.is(last, '.') {
		if first, ok := s.operand(last - 1); ok {
			at.Kind = KindAttribute
			at.Receiver = s.source(first, last)
		}
		return
	}
	if last >= 0 && s.tokens[last].kind == tokenKeyword {
		switch at.Text[s.tokens[last].start:s.tokens[last].end] {
		case "def", "for", "lambda":
			return // a name that is being given
		}
	}
	at.Kind = KindName
	at.AfterOperand = s.endsOperand(last)
	at.LineStart = last < 0 || s.tokens[last].kind == tokenNewline
}
