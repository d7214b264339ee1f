package filter

// This file types operands: fields, literals, slices, arithmetic and calls.

import (
	"errors"
	"math"
	"strings"

	"pktsh/dissect"
)

// lookup finds a field; a leading dot says that the word is one.
func (c *checker) lookup(text string) (dissect.FieldInfo, bool) {
	return c.fields.Lookup(strings.TrimPrefix(text, "."))
}

// field types a word that must be a field or a protocol.
func (c *checker) field(w *word) (checkedOperand, error) {
	info, ok := c.lookup(w.text)
	if ok {
		return &fieldOperand{info: info, fieldType: typeOf(info.Type)}, nil
	}
	e := c.error(w, "%s is neither a field nor a protocol", w.text)
	if w.text[0] >= '0' && w.text[0] <= '9' {
		return nil, e.suggest("values stand on the right: tcp.port == 80")
	}
	e.Field = strings.TrimPrefix(w.text, ".")
	if near := nearest(e.Field, c.fields); near != "" {
		e.suggest("did you mean %s?", near)
	}
	return nil, e
}

// operand types n; a literal takes the type want, or is an error without one.
func (c *checker) operand(n operand, want *fieldType) (checkedOperand, error) {
	switch n := n.(type) {
	case *word:
		if _, ok := c.lookup(n.text); ok || want == nil || n.text[0] == '.' {
			return c.field(n)
		}
		value, err := literal(n.text, *want)
		return c.constant(n, value, *want, err)
	case *quotedLiteral:
		return c.quoted(n, want)
	case *layered:
		x, err := c.field(&n.field)
		if err != nil {
			return nil, err
		}
		f := *x.(*fieldOperand)
		f.layers, f.text = n.layers, n.text
		return &f, nil
	case *slice:
		return c.slice(n)
	case *arithmetic:
		return c.arithmetic(n, want)
	case *call:
		return c.call(n)
	case *reference:
		return nil, c.error(n, "${%s} refers to the packet selected in Wireshark's window: there is none here", n.name).needsWireshark()
	}
	return nil, c.error(n, "this is no value")
}

func (c *checker) quoted(n *quotedLiteral, want *fieldType) (checkedOperand, error) {
	if want == nil {
		return nil, c.error(n, "got %s, wanted a field", n.text)
	}
	if n.char {
		value, err := charValue(n.value[0], *want)
		return c.constant(n, value, *want, err)
	}
	value, err := quotedValue(n.value, *want)
	return c.constant(n, value, *want, err)
}

// constant wraps a literal's value, or explains why it has none.
func (c *checker) constant(n operand, value Value, t fieldType, err error) (checkedOperand, error) {
	switch {
	case errors.Is(err, errProtocol):
		return nil, c.error(n, "%s is a protocol in Wireshark, and only it can tell", c.source(n)).
			needsWireshark().suggest("bytes begin with a colon: :%s", c.source(n))
	case errors.Is(err, errNames) && t.unnamed:
		return nil, c.suggestField(c.error(n, "got %s, wanted %s", c.source(n), article(t)), n)
	case errors.Is(err, errNames):
		e := c.error(n, "got %s, wanted %s: %v", c.source(n), article(t), errNames).needsWireshark()
		return nil, c.suggestField(e, n)
	case errors.As(err, new(lenientError)):
		return nil, c.suggestField(c.error(n, "%v", err).needsWireshark(), n)
	case err != nil:
		return nil, c.suggestField(c.error(n, "%v", err), n)
	}
	return &constant{value: value, fieldType: t}, nil
}

// suggestField adds the nearest field to an error about a literal that looks
// like a misspelt one.
func (c *checker) suggestField(e *Error, n operand) *Error {
	w, ok := n.(*word)
	if !ok {
		return e
	}
	protocol, _, dotted := strings.Cut(w.text, ".")
	if _, known := c.fields.Lookup(protocol); dotted && known {
		if near := nearest(w.text, c.fields); near != "" {
			e.suggest("did you mean the field %s?", near)
		}
	}
	return e
}

func (c *checker) slice(n *slice) (checkedOperand, error) {
	x, err := c.left(n.x)
	if err != nil {
		return nil, err
	}
	if err := c.transparent(n.x, x); err != nil {
		return nil, err
	}
	if !x.typ().canSlice() {
		return nil, c.error(n.x, "%s is %s: it cannot be sliced into bytes", c.source(n.x), article(x.typ()))
	}
	return &sliceOperand{x: x, ranges: n.ranges, text: n.text, fieldType: bytesType()}, nil
}

func (c *checker) arithmetic(n *arithmetic, want *fieldType) (checkedOperand, error) {
	var left checkedOperand
	var err error
	if n.left != nil {
		if left, err = c.term(n.left, want, n.op); err != nil {
			return nil, err
		}
		// The right side's literals take the type of what is on their left.
		t := left.typ()
		want = &t
	}
	right, err := c.term(n.right, want, n.op)
	if err != nil {
		return nil, err
	}
	t := right.typ()
	if left == nil {
		if err := c.negative(n, right); err != nil {
			return nil, err
		}
	}
	if left != nil {
		t = left.typ()
		if !t.comparable(right.typ()) && !(t.isInt() && right.typ().isInt()) {
			return nil, c.error(n, "%s is %s and %s is %s: they cannot be combined with %s",
				c.source(n.left), article(t), c.source(n.right), article(right.typ()), n.op)
		}
	}
	return foldConstant(&arithmeticOperand{op: n.op, left: left, right: right, fieldType: t}), nil
}

// negative refuses the minus of an unsigned number that has none of that size: as
// Wireshark does, for 32 and 64 bits.
func (c *checker) negative(n *arithmetic, x checkedOperand) error {
	number, ok := x.(*constant)
	if !ok || number.class != classUint {
		return nil
	}
	most := uint64(math.MaxInt64)
	if number.bits <= 32 {
		most = math.MaxInt32
	}
	if number.value.num > most {
		return c.error(n, "%s is too small, minimum -%d", c.source(n), most)
	}
	return nil
}

// term types one side of an arithmetic operator.
func (c *checker) term(n operand, want *fieldType, op string) (checkedOperand, error) {
	if q, ok := n.(*quotedLiteral); ok {
		return nil, c.error(q, "got %s, wanted a number or a field beside %q", q.text, op)
	}
	if want != nil {
		t := *want
		t.unnamed = true
		want = &t
	}
	x, err := c.operand(n, want)
	if err != nil {
		return nil, err
	}
	if err := c.transparent(n, x); err != nil {
		return nil, err
	}
	if !x.typ().canDo(op) {
		return nil, c.error(n, "%s is %s: it cannot be used with %q", c.source(n), article(x.typ()), op)
	}
	return x, nil
}

// call types a function's arguments and its result.
func (c *checker) call(n *call) (checkedOperand, error) {
	out := &callOperand{name: n.name}
	uint32Type := fieldType{class: classUint, bits: 32, size: 4, name: "UINT32"}
	stringType := fieldType{class: classString, size: -1, name: "STRING"}
	limit := 1
	switch n.name {
	case "len", "count":
		out.fieldType = uint32Type
	case "upper", "lower", "string":
		out.fieldType = stringType
	case "max", "min":
		limit = len(n.args)
	case "abs":
	default:
		return nil, newError(c.text, n.nameAt, "there is no function %s", n.name).
			suggest("functions are len, count, upper, lower, string, max, min and abs")
	}
	if len(n.args) == 0 || len(n.args) > limit {
		wanted := "one argument"
		if n.name == "max" || n.name == "min" {
			wanted = "at least one argument"
		}
		return nil, c.error(n, "%s got %d arguments, wanted %s", n.name, len(n.args), wanted)
	}
	for i, arg := range n.args {
		x, err := c.argument(n.name, arg, out.args)
		if err != nil {
			return nil, err
		}
		if out.args = append(out.args, x); i == 0 && (limit > 1 || out.class == classNone) {
			out.fieldType = x.typ()
		}
	}
	out.unnamed = true
	return out, nil
}

// argument types one argument of a function; before holds those to its left.
func (c *checker) argument(name string, n operand, before []checkedOperand) (checkedOperand, error) {
	if len(before) > 0 {
		if q, ok := n.(*quotedLiteral); ok {
			return nil, c.error(q, "got %s, wanted a number, an address or a field: %s takes no quoted text", q.text, name)
		}
		want := before[0].typ()
		x, err := c.operand(n, &want)
		if err == nil {
			err = c.transparent(n, x)
		}
		if err == nil && x.typ().name != want.name {
			e := c.error(n, "%s is of type %s, wanted %s as the first argument of %s is", c.source(n), x.typ().name, want.name, name)
			e.NeedsWireshark = want.class == classNone // then it looks at no type
			return nil, e
		}
		return x, err
	}
	x, err := c.left(n)
	if err != nil {
		return nil, err
	}
	if name != "len" && name != "count" {
		if err := c.transparent(n, x); err != nil {
			return nil, err
		}
	}
	_, isField := x.(*fieldOperand)
	switch t := x.typ(); name {
	case "upper", "lower":
		if !isField || t.class != classString {
			return nil, c.error(n, "%s is no string field: %s wants one", c.source(n), name)
		}
	case "len", "count":
		if !isField {
			return nil, c.error(n, "%s is no field: %s wants one", c.source(n), name)
		}
	case "string":
		switch {
		case !isField:
			return nil, c.error(n, "%s is no field: string wants one", c.source(n))
		case t.class == classFloat:
			return nil, c.error(n, "the text of %s is known to Wireshark only", c.source(n)).needsWireshark()
		case t.name == "CHAR" || t.name == "INT24":
			return nil, c.error(n, "%s is of the type %s, which string does not take", c.source(n), t.name).needsWireshark()
		case !t.isInt() && t.class != classIPv4 && t.class != classIPv6 && t.class != classEther:
			return nil, c.error(n, "%s is %s: string wants a number or an address", c.source(n), article(t))
		}
	case "abs":
		if !t.isInt() && t.class != classFloat && t.class != classDelta && t.class != classBool {
			return nil, c.error(n, "%s is %s: abs wants a number", c.source(n), article(t))
		}
	}
	return x, nil
}
