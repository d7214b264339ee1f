package filter

// This file is a recursive-descent parser. Binding, from loose to tight, as in
// Wireshark's grammar: or, xor, and, not, comparisons (which chain), &, + and -,
// * / %, unary minus, slices. Parentheses group tests, braces group arithmetic.

import (
	"slices"
	"strings"
)

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 200

// MaxLength is the longest expression in bytes: what tshark can be given as an
// argument on Linux (MAX_ARG_STRLEN, execve(2)).
const MaxLength = 128<<10 - 1

// Parse reads an expression. The empty expression is valid and matches every
// packet. A non-nil error is always an *Error.
func Parse(expr string) (*Expr, error) {
	if len(expr) > MaxLength {
		return nil, newError(expr, span{MaxLength, MaxLength}, "got a filter of %d bytes, want at most %d", len(expr), MaxLength)
	}
	p := parser{text: expr, tokens: Tokens(expr)}
	if len(p.tokens) == 0 {
		return &Expr{Text: expr}, nil
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if t, ok := p.peek(); ok {
		return nil, p.unexpected(t)
	}
	return &Expr{Text: expr, root: root}, nil
}

type parser struct {
	text   string
	tokens []Token
	pos    int
	depth  int
}

func (p *parser) peek() (Token, bool) {
	if p.pos >= len(p.tokens) {
		return Token{}, false
	}
	return p.tokens[p.pos], true
}

// isOp reports whether the next token is one of the operators.
func (p *parser) isOp(ops ...string) (Token, bool) {
	t, ok := p.peek()
	if !ok || t.Kind != TokenOperator {
		return t, false
	}
	for _, op := range ops {
		if t.Op == op {
			return t, true
		}
	}
	return t, false
}

func (p *parser) isPunct(text string) bool {
	t, ok := p.peek()
	return ok && t.Kind == TokenPunct && t.Text == text
}

// want takes the punctuation text or says what stands there instead.
func (p *parser) want(text, why string) (Token, error) {
	t, ok := p.peek()
	switch {
	case !ok:
		return t, newError(p.text, p.end(), "the expression ends where %q is wanted %s", text, why)
	case t.Kind == TokenError:
		return t, newError(p.text, t.span(), "%s", t.Message)
	case t.Kind != TokenPunct || t.Text != text:
		return t, newError(p.text, t.span(), "got %q, wanted %q %s", t.Text, text, why)
	}
	p.pos++
	return t, nil
}

func (p *parser) end() span { return span{len(p.text), len(p.text)} }

// enter counts one level of nesting.
func (p *parser) enter(at span) error {
	if p.depth++; p.depth > maxDepth {
		return newError(p.text, at, "the expression nests deeper than %d levels", maxDepth)
	}
	return nil
}

// unexpected explains a token that follows a complete test.
func (p *parser) unexpected(t Token) *Error {
	if t.Kind == TokenError {
		e := newError(p.text, t.span(), "%s", t.Message)
		if t.Text == "=" {
			e.suggest("write %s", strings.TrimSpace(p.text[:t.Offset])+" =="+p.text[t.End():])
		}
		return e
	}
	e := newError(p.text, t.span(), "%q is not expected here", t.Text)
	lower := operatorWord(strings.ToLower(t.Text))
	afterGroup := p.pos > 0 && p.tokens[p.pos-1].Text == ")"
	switch {
	case t.Kind == TokenWord && lower != "":
		e.suggest("operators are written in lower case: %q", strings.ToLower(t.Text))
	case t.Kind == TokenPunct && t.Text == ")":
		e.suggest("there is no %q to close", "(")
	case t.Kind == TokenOperator && afterGroup:
		e.suggest("parentheses group tests; arithmetic is grouped with braces: {ip.len + 1} * 2")
	case t.Kind == TokenWord || t.Kind == TokenString || t.Kind == TokenChar:
		e.suggest("wanted an operator, or the end of the filter")
	}
	return e
}

func (p *parser) or() (test, error)  { return p.logical("||", p.xor) }
func (p *parser) xor() (test, error) { return p.logical("^^", p.and) }
func (p *parser) and() (test, error) { return p.logical("&&", p.not) }

// logical reads tests joined by op, grouping from the left.
func (p *parser) logical(op string, next func() (test, error)) (test, error) {
	left, err := next()
	for err == nil {
		if _, ok := p.isOp(op); !ok {
			return left, nil
		}
		p.pos++
		var right test
		if right, err = next(); err == nil {
			left = &logical{op: op, left: left, right: right, span: left.at().to(right.at())}
		}
	}
	return nil, err
}

func (p *parser) not() (test, error) {
	if t, ok := p.isOp("!"); ok {
		if err := p.enter(t.span()); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		p.pos++
		x, err := p.not()
		if err != nil {
			return nil, err
		}
		return &negation{x: x, span: t.span().to(x.at())}, nil
	}
	if p.isPunct("(") {
		return p.group()
	}
	return p.relation()
}

func (p *parser) group() (test, error) {
	open, _ := p.peek()
	if err := p.enter(open.span()); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.pos++
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	if t, ok := p.peek(); ok && !p.isPunct(")") {
		return nil, p.unexpected(t)
	}
	if _, err := p.want(")", `to close "("`); err != nil {
		return nil, err
	}
	return x, nil
}

// relation reads an operand and what it is related to, if anything.
func (p *parser) relation() (test, error) {
	quantifier, start := "", span{}
	if t, ok := p.isOp("any", "all"); ok {
		quantifier, start = t.Op, t.span()
		p.pos++
	}
	begin := p.pos
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if quantifier == "" {
		start = left.at()
	}
	_, computed := left.(*arithmetic)
	computed = computed || slices.Contains([]string{"{", "+"}, p.tokens[begin].Text)
	if t, ok := p.isOp("contains", "matches", "in"); ok && computed {
		return nil, p.unexpected(t).suggest("%s wants a field, a slice or a function on its left", t.Op)
	}
	if t, ok := p.isOp("contains", "matches"); ok {
		p.pos++
		if next, ok := p.peek(); ok && p.isPunct("{") {
			return nil, p.unexpected(next)
		}
		right, err := p.postfix()
		if err != nil {
			return nil, err
		}
		return &comparison{quantifier: quantifier, op: t.Op, left: left, right: right, span: start.to(right.at())}, nil
	}
	if m, err := p.membership(quantifier, left, start, computed); m != nil || err != nil {
		return m, err
	}
	return p.chain(quantifier, left, start)
}

// chain reads comparisons; a < b < c means a < b and b < c.
func (p *parser) chain(quantifier string, left operand, start span) (test, error) {
	var out test
	for {
		t, ok := p.isOp("==", "!=", "===", "!==", ">", "<", ">=", "<=")
		if !ok {
			break
		}
		p.pos++
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		c := &comparison{quantifier: quantifier, op: t.Op, left: left, right: right, span: left.at().to(right.at())}
		if out == nil {
			c.off = start.off
			out = c
		} else {
			out = &logical{op: "&&", left: out, right: c, span: start.to(c.span)}
		}
		left = right
	}
	if out != nil {
		return out, nil
	}
	if quantifier != "" {
		if t, ok := p.peek(); ok {
			return nil, newError(p.text, t.span(), "got %q, wanted a comparison after %q", t.Text, quantifier)
		}
		return nil, newError(p.text, p.end(), "the expression ends where a comparison is wanted after %q", quantifier)
	}
	return &existence{x: left, span: start}, nil
}

// membership reads "in {…}" and "not in {…}"; nil says that neither follows. Neither
// may follow an operand that is computed.
func (p *parser) membership(quantifier string, left operand, start span, computed bool) (test, error) {
	negated := false
	if t, ok := p.isOp("!"); ok && computed && p.pos+1 < len(p.tokens) && p.tokens[p.pos+1].Op == "in" {
		return nil, p.unexpected(t)
	}
	if _, ok := p.isOp("!"); ok && p.pos+1 < len(p.tokens) && p.tokens[p.pos+1].Op == "in" {
		// "all x not in" is "not (any x in)" in Wireshark 4.0: the quantifier is lost.
		negated, quantifier = true, ""
		p.pos++
	}
	if _, ok := p.isOp("in"); !ok {
		return nil, nil
	}
	p.pos++
	if _, err := p.want("{", `to begin the set after "in"`); err != nil {
		return nil, err
	}
	m := &membership{quantifier: quantifier, left: left}
	for {
		item, err := p.setItem()
		if err != nil {
			return nil, err
		}
		m.set = append(m.set, item)
		if !p.isPunct(",") {
			break
		}
		p.pos++
	}
	if t, ok := p.peek(); ok && (t.Kind == TokenWord || t.Kind == TokenString || t.Kind == TokenChar) {
		return nil, newError(p.text, t.span(), "got %q, wanted %q or %q between the members of a set", t.Text, ",", "}").
			suggest("separate members with commas: {80, 443}")
	}
	t, err := p.want("}", "to close the set")
	if err != nil {
		return nil, err
	}
	m.span = start.to(t.span())
	if negated {
		return &negation{x: m, span: m.span}, nil
	}
	return m, nil
}

func (p *parser) setItem() (setItem, error) {
	low, err := p.member()
	if err != nil || !p.isPunct("..") {
		return setItem{low: low}, err
	}
	p.pos++
	high, err := p.member()
	return setItem{low: low, high: high}, err
}

// member reads a value of a set: arithmetic cannot stand there.
func (p *parser) member() (operand, error) {
	if t, ok := p.peek(); ok && p.isPunct("{") {
		return nil, p.unexpected(t).suggest("values of a set are not computed")
	}
	return p.unary()
}
