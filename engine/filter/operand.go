package filter

// This file parses operands: arithmetic, slices, layers, calls and literals.

import (
	"strconv"
	"strings"
)

// operand reads an arithmetic expression; & binds loosest.
func (p *parser) operand() (operand, error) { return p.arithmetic(p.sum, "&") }
func (p *parser) sum() (operand, error)     { return p.arithmetic(p.product, "+", "-") }
func (p *parser) product() (operand, error) { return p.arithmetic(p.unary, "*", "/", "%") }

func (p *parser) arithmetic(next func() (operand, error), ops ...string) (operand, error) {
	left, err := next()
	for err == nil {
		t, ok := p.isOp(ops...)
		if !ok {
			return left, nil
		}
		p.pos++
		var right operand
		if right, err = next(); err == nil {
			left = &arithmetic{op: t.Op, left: left, right: right, span: left.at().to(right.at())}
		}
	}
	return nil, err
}

// unary reads a sign, which stands before one operand: no second sign, no braces.
func (p *parser) unary() (operand, error) {
	t, ok := p.isOp("-", "+")
	if !ok {
		return p.postfix()
	}
	p.pos++
	if next, ok := p.peek(); ok && p.isPunct("{") {
		return nil, p.unexpected(next).suggest("a sign stands before a field, a function or a number")
	}
	x, err := p.postfix()
	if err != nil || t.Op == "+" {
		return x, err
	}
	return &arithmetic{op: "-", right: x, span: t.span().to(x.at())}, nil
}

// postfix reads an operand and the layer operator and slices that follow it.
func (p *parser) postfix() (operand, error) {
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	if w, ok := x.(*word); ok && p.isPunct("#") {
		if x, err = p.layers(w); err != nil {
			return nil, err
		}
	}
	for {
		t, ok := p.peek()
		if !ok || t.Kind != TokenRange {
			return x, nil
		}
		if a, ok := x.(*arithmetic); ok {
			return nil, newError(p.text, t.span(), "%q cannot be sliced: only a field or a function can", p.text[a.off:a.end])
		}
		p.pos++
		ranges, err := p.ranges(t)
		if err != nil {
			return nil, err
		}
		x = &slice{x: x, ranges: ranges, text: t.Text, span: x.at().to(t.span())}
	}
}

// layers reads the layer operator: #2 or #[1-2]. No white space may follow the #.
func (p *parser) layers(w *word) (operand, error) {
	hash, _ := p.peek()
	p.pos++
	t, ok := p.peek()
	if ok && t.Offset == hash.End() && t.Kind == TokenRange {
		p.pos++
		ranges, err := p.ranges(t)
		return &layered{field: *w, layers: ranges, text: t.Text, span: w.span.to(t.span())}, err
	}
	if ok && t.Offset == hash.End() && t.Kind == TokenWord {
		octal := len(t.Text) > 1 && t.Text[0] == '0'
		if n, err := strconv.ParseInt(t.Text, 10, 32); err == nil && n >= 0 && !octal {
			p.pos++
			return &layered{field: *w, layers: []byteRange{{offset: int(n), length: 1}}, text: t.Text, span: w.span.to(t.span())}, nil
		}
	}
	return nil, newError(p.text, hash.span(), "wanted a number or a range directly after %q", "#").
		suggest("ip.addr#2 or ip.addr#[1-2]")
}

func (p *parser) primary() (operand, error) {
	t, ok := p.peek()
	if !ok {
		return nil, newError(p.text, p.end(), "the expression ends where a field or a value is wanted")
	}
	switch {
	case t.Kind == TokenError:
		return nil, p.unexpected(t)
	case t.Kind == TokenWord && p.pos+1 < len(p.tokens) && p.tokens[p.pos+1].Text == "(":
		return p.call(t)
	case t.Kind == TokenWord:
		p.pos++
		return &word{text: t.Text, span: t.span()}, nil
	case t.Kind == TokenString && strings.Contains(t.Text, "${"):
		return nil, newError(p.text, t.span(), "Wireshark reads ${ as the beginning of a macro, in quoted text too").needsWireshark()
	case t.Kind == TokenString:
		p.pos++
		value, err := unquote(p.text, t)
		if err != nil {
			return nil, err
		}
		return &quotedLiteral{value: value, text: t.Text, span: t.span()}, nil
	case t.Kind == TokenChar:
		p.pos++
		return p.character(t)
	case p.isPunct("{"):
		return p.braces(t)
	case p.isPunct("$"):
		return p.reference(t)
	}
	return nil, newError(p.text, t.span(), "got %q, wanted a field or a value", t.Text)
}

func (p *parser) braces(open Token) (operand, error) {
	if err := p.enter(open.span()); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.pos++
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if _, err := p.want("}", `to close "{"`); err != nil {
		return nil, err
	}
	// What stands in braces cannot be sliced.
	if t, ok := p.peek(); ok && t.Kind == TokenRange {
		return nil, newError(p.text, t.span(), "an expression in braces cannot be sliced")
	}
	return x, nil
}

func (p *parser) call(name Token) (operand, error) {
	if err := p.enter(name.span()); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.pos += 2
	c := &call{name: name.Text, nameAt: name.span()}
	for !p.isPunct(")") {
		if len(c.args) > 0 {
			if _, err := p.want(",", "or \")\" in the arguments of "+name.Text); err != nil {
				return nil, err
			}
		}
		arg, err := p.operand()
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
	}
	end, err := p.want(")", "to close the arguments of "+name.Text)
	if err != nil {
		return nil, err
	}
	c.span = name.span().to(end.span())
	return c, nil
}

// reference reads ${field}.
func (p *parser) reference(dollar Token) (operand, error) {
	p.pos++
	if _, err := p.want("{", `after "$"`); err != nil {
		return nil, err
	}
	t, ok := p.peek()
	if !ok || t.Kind != TokenWord {
		return nil, newError(p.text, dollar.span(), "wanted a field's name: ${ip.src}")
	}
	p.pos++
	end, err := p.want("}", "to close the reference")
	if err != nil {
		return nil, err
	}
	return &reference{name: t.Text, span: dollar.span().to(end.span())}, nil
}

func (p *parser) character(t Token) (operand, error) {
	value, err := unquote(p.text, t)
	if err != nil {
		return nil, err
	}
	if len(value) != 1 {
		return nil, newError(p.text, t.span(), "%s is %d bytes long, wanted a character of one byte", t.Text, len(value)).
			suggest("strings are written in double quotes")
	}
	return &quotedLiteral{value: value, text: t.Text, char: true, span: t.span()}, nil
}

// ranges reads what stands between the brackets of a slice.
func (p *parser) ranges(t Token) ([]byteRange, error) {
	var out []byteRange
	off := t.Offset + 1
	for part := range strings.SplitSeq(t.Text[1:len(t.Text)-1], ",") {
		at := span{off, off + len(part)}
		off = at.end + 1
		r, message := parseRange(strings.TrimSpace(part))
		if strings.HasPrefix(part, " ") && r.offset == 0 && strings.HasPrefix(strings.TrimSpace(part), ":") || strings.HasSuffix(part, " ") && r.toEnd {
			message = strconv.Quote(part) + ": a blank stands for no number"
		}
		if message != "" {
			return nil, newError(p.text, at, "%s", message).
				suggest("a slice is [offset:length], [first-last], [offset], [:length] or [offset:]")
		}
		out = append(out, r)
	}
	return out, nil
}

// parseRange reads one range of a slice; message says what is wrong with it.
func parseRange(s string) (r byteRange, message string) {
	bad := func(format, x string) (byteRange, string) { return byteRange{}, strconv.Quote(x) + format }
	if s == "" {
		return byteRange{}, "an empty range, wanted an offset"
	}
	if low, high, ok := strings.Cut(s, ":"); ok {
		low, high = strings.TrimSpace(low), strings.TrimSpace(high)
		if low != "" {
			if r.offset, ok = rangeNumber(low); !ok {
				return bad(" is no offset", low)
			}
		}
		if high == "" {
			r.toEnd = true
			return r, ""
		}
		if r.length, ok = rangeNumber(high); !ok {
			return bad(" is no length", high)
		}
		if r.length <= 0 {
			return bad(" has no positive length", s)
		}
		return r, ""
	}
	// The hyphen of [first-last] is the first one that follows a digit.
	for i := 1; i < len(s); i++ {
		if s[i] != '-' {
			continue
		}
		first, ok1 := rangeNumber(strings.TrimSpace(s[:i]))
		last, ok2 := rangeNumber(strings.TrimSpace(s[i+1:]))
		if !ok1 || !ok2 {
			return bad(" is no range of offsets", s)
		}
		if (first < 0) != (last < 0) || first >= last {
			return bad(" is no range: the first offset must be below the last, and both count from the same side", s)
		}
		return byteRange{offset: first, length: last - first + 1}, ""
	}
	n, ok := rangeNumber(s)
	if !ok {
		return bad(" is no offset", s)
	}
	return byteRange{offset: n, length: 1}, ""
}

// rangeNumber reads a number of 32 bits in decimal, hexadecimal (0x) or octal (0).
func rangeNumber(s string) (int, bool) {
	n, err := strconv.ParseInt(s, 0, 32)
	if err != nil || strings.ContainsAny(s, "_bBoO") && !strings.HasPrefix(strings.TrimLeft(s, "+-"), "0x") {
		return 0, false
	}
	return int(n), true
}
