package filter

// This file gives tests and operands their types. The left side of a relation
// decides: it must be something a packet has, and literals on the right take its
// type.

import (
	"slices"
	"strings"

	"pktsh/dissect"
)

// Fields is a catalogue of fields and protocols; *dissect.Catalogue is one.
type Fields interface {
	// Lookup returns the entry with exactly this name.
	Lookup(name string) (dissect.FieldInfo, bool)
	// Prefix returns the entries whose names begin with prefix, in order.
	Prefix(prefix string) []dissect.FieldInfo
}

// Checked is an expression whose names are known and whose operands have types.
type Checked struct {
	// Text is the expression as written.
	Text string
	root checkedTest // nil matches every packet
}

type (
	checkedTest interface{ dump(d *dumper) }

	checkedLogical struct {
		op          string
		left, right checkedTest
	}
	checkedNot        struct{ x checkedTest }
	checkedComparison struct {
		all         bool // every pair of values must satisfy op, not just one
		op          string
		left, right checkedOperand
		pattern     string // of matches
	}
	checkedMembership struct {
		all  bool
		left checkedOperand
		set  []checkedItem
	}
	checkedItem   struct{ low, high checkedOperand } // high may be nil
	checkedExists struct{ x checkedOperand }
)

type (
	checkedOperand interface {
		typ() fieldType
		dump(d *dumper)
	}

	fieldOperand struct {
		info   dissect.FieldInfo
		layers []byteRange // nil: all layers
		text   string      // of the layer operator
		fieldType
	}
	constant struct {
		value Value
		fieldType
	}
	sliceOperand struct {
		x      checkedOperand
		ranges []byteRange // nil: all bytes
		text   string
		fieldType
	}
	callOperand struct {
		name string
		args []checkedOperand
		fieldType
	}
	arithmeticOperand struct {
		op          string
		left, right checkedOperand // left is nil for a unary minus
		fieldType
	}
)

func (t fieldType) typ() fieldType { return t }

// Check looks up every name of e in fields and types every operand. A non-nil
// error is always an *Error.
func Check(e *Expr, fields Fields) (*Checked, error) {
	if e.root == nil {
		return &Checked{Text: e.Text}, nil
	}
	c := checker{text: e.Text, fields: fields}
	root, err := c.test(e.root)
	if err != nil {
		return nil, err
	}
	return &Checked{Text: e.Text, root: root}, nil
}

type checker struct {
	text   string
	fields Fields
}

func (c *checker) error(n operand, format string, args ...any) *Error {
	return newError(c.text, n.at(), format, args...)
}

func (c *checker) source(n operand) string { return c.text[n.at().off:n.at().end] }

func (c *checker) test(n test) (checkedTest, error) {
	switch n := n.(type) {
	case *logical:
		left, err := c.test(n.left)
		if err != nil {
			return nil, err
		}
		right, err := c.test(n.right)
		return &checkedLogical{op: n.op, left: left, right: right}, err
	case *negation:
		x, err := c.test(n.x)
		return &checkedNot{x: x}, err
	case *comparison:
		return c.comparison(n)
	case *membership:
		return c.membership(n)
	case *existence:
		return c.existence(n)
	}
	return nil, newError(c.text, n.at(), "this is no test")
}

func (c *checker) existence(n *existence) (checkedTest, error) {
	x, err := c.left(n.x)
	if err != nil {
		return nil, err
	}
	if call, ok := x.(*callOperand); ok {
		return nil, c.error(n.x, "the function %s has a value, which alone is no test", call.name).
			suggest("compare it: %s > 0", c.source(n.x))
	}
	return &checkedExists{x: x}, nil
}

// left types an operand that must come out of the packet.
func (c *checker) left(n operand) (checkedOperand, error) {
	switch n := n.(type) {
	case *word:
		return c.field(n)
	case *quotedLiteral:
		return nil, c.error(n, "got %s, wanted a field, a protocol or a function", n.text).
			suggest("values stand on the right: ip.src == 10.0.0.1")
	case *arithmetic:
		if isConstant(n.left) && n.left != nil && c.isLiteral(n.left) || n.left == nil && c.isLiteral(n.right) {
			return nil, c.error(n, "got arithmetic that begins with a constant, wanted a field first").
				suggest("values stand on the right: ip.len == 20 + 8")
		}
		if f := c.ofConstants(n); f != nil {
			return nil, c.error(f, "%s has a constant among its arguments, which it cannot have in arithmetic on the left", c.source(f)).needsWireshark()
		}
	}
	return c.operand(n, nil)
}

// ofConstants returns a function in n that is given a constant, or nil.
func (c *checker) ofConstants(n operand) operand {
	switch n := n.(type) {
	case *call:
		if slices.ContainsFunc(n.args, c.isLiteral) {
			return n
		}
	case *arithmetic:
		if n.left != nil {
			if f := c.ofConstants(n.left); f != nil {
				return f
			}
		}
		return c.ofConstants(n.right)
	}
	return nil
}

// isConstant reports whether n is a literal by its looks.
func isConstant(n operand) bool {
	switch n.(type) {
	case *word, *quotedLiteral:
		return true
	}
	return false
}

// isLiteral reports whether n holds no field at all.
func (c *checker) isLiteral(n operand) bool {
	switch n := n.(type) {
	case *word:
		_, ok := c.lookup(n.text)
		return !ok
	case *quotedLiteral:
		return true
	case *arithmetic:
		return (n.left == nil || c.isLiteral(n.left)) && c.isLiteral(n.right)
	}
	return false
}

// comparison types both sides of a relation.
func (c *checker) comparison(n *comparison) (checkedTest, error) {
	left, err := c.left(n.left)
	if err != nil {
		return nil, err
	}
	if err := c.transparent(n.left, left); err != nil {
		return nil, err
	}
	op, all := relation(n.op, n.quantifier)
	out := &checkedComparison{all: all, op: op, left: left}
	switch n.op {
	case "matches":
		return c.matches(n, out)
	case "contains":
		return c.contains(n, out)
	}
	if !left.typ().canCompare() {
		return nil, c.error(n.left, "%s is a label without a value: it cannot be compared", c.source(n.left)).
			suggest("ask for its presence: %s", c.source(n.left))
	}
	out.right, err = c.right(n.right, n.left, left)
	if _, sliced := out.right.(*sliceOperand); sliced && left.typ().class != classBytes {
		out.left = wholeBytes(left)
	}
	return out, err
}

// relation returns what an operator asks of a pair of values, and whether every
// pair must satisfy it.
func relation(op, quantifier string) (base string, all bool) {
	switch op {
	case "!=":
		all = true
	case "===":
		op, all = "==", true
	case "!==":
		op = "!="
	}
	switch quantifier {
	case "any":
		all = false
	case "all":
		all = true
	}
	return op, all
}

// right types the right side of a comparison with left.
func (c *checker) right(n, leftNode operand, left checkedOperand) (checkedOperand, error) {
	want := left.typ()
	right, err := c.operand(n, &want)
	if err != nil {
		return nil, err
	}
	if err := c.transparent(n, right); err != nil {
		return nil, err
	}
	if err := c.named(leftNode, left, right); err != nil {
		return nil, err
	}
	if err := c.named(n, right, left); err != nil {
		return nil, err
	}
	_, sliced := left.(*sliceOperand)
	_, isConst := right.(*constant)
	_, rightSliced := right.(*sliceOperand)
	switch {
	case isConst || rightSliced && want.canSlice() || want.comparable(right.typ()):
		return right, nil
	case sliced && right.typ().canSlice():
		return wholeBytes(right), nil
	case sliced:
		return nil, c.error(n, "%s is %s, wanted a sequence of bytes", c.source(n), article(right.typ()))
	}
	e := c.error(n, "%s is %s, wanted %s to compare with %s", c.source(n), article(right.typ()), article(want), c.source(leftNode))
	// Masked bytes are bytes too, and beside those anything is that has some.
	_, masked := left.(*arithmeticOperand)
	e.NeedsWireshark = want.mixable(right.typ()) || masked && want.class == classBytes && right.typ().canSlice()
	return nil, e
}

// named refuses a protocol whose name has a dot beside another field: it may be one in
// name only (tcp.options.timestamp), which Wireshark takes for bytes and lists as a
// protocol.
func (c *checker) named(n operand, x, other checkedOperand) error {
	f, ok := x.(*fieldOperand)
	if _, literal := other.(*constant); ok && !literal && f.class == classProtocol && strings.Contains(f.info.Name, ".") {
		return c.error(n, "whether %s is compared as bytes or as a protocol, Wireshark knows only", c.source(n)).needsWireshark()
	}
	return nil
}

// transparent refuses operands whose values only Wireshark knows.
func (c *checker) transparent(n operand, x checkedOperand) error {
	if t := x.typ(); t.class == classOpaque {
		return c.error(n, "values of the type %s, which %s has, are known to Wireshark only", t.name, c.source(n)).needsWireshark()
	}
	return nil
}

func wholeBytes(x checkedOperand) checkedOperand {
	return &sliceOperand{x: x, fieldType: bytesType()}
}

func bytesType() fieldType { return fieldType{class: classBytes, size: -1, name: "BYTES"} }

// article puts "a" or "an" before a type's description.
func article(t fieldType) string {
	s := t.String()
	switch s[0] {
	case 'I', 'E', 'u':
		return "an " + s
	}
	return "a " + s
}

func (c *checker) contains(n *comparison, out *checkedComparison) (checkedTest, error) {
	want := out.left.typ()
	if !want.canContain() {
		return nil, c.error(n.left, "%s is %s: contains wants a string, bytes or a protocol on its left", c.source(n.left), article(want)).
			suggest("string(%s) contains …", c.source(n.left))
	}
	right := n.right
	if want.bytesLike() && c.isLiteral(right) {
		if q, ok := right.(*quotedLiteral); ok && want.class != classBytes {
			return nil, c.error(q, "got the string %s, wanted bytes like 00:11", q.text)
		}
		want = bytesType()
	}
	var err error
	if out.right, err = c.operand(right, &want); err != nil {
		return nil, err
	}
	if err := c.transparent(right, out.right); err != nil {
		return nil, err
	}
	if err := c.named(right, out.right, out.left); err != nil {
		return nil, err
	}
	number, isConst := out.right.(*constant)
	_, sliced := out.right.(*sliceOperand)
	if left := out.left.typ(); isConst && left.class == classEther && len(number.value.bytes()) > left.size {
		return nil, c.error(right, "%s has %d bytes, and an Ethernet address has %d", c.source(right), len(number.value.bytes()), left.size)
	}
	if sliced && want.class != classBytes {
		out.left = wholeBytes(out.left)
	}
	if !isConst && !sliced && !want.comparable(out.right.typ()) {
		e := c.error(right, "%s is %s, wanted %s", c.source(right), article(out.right.typ()), article(want))
		_, cut := out.left.(*sliceOperand)
		e.NeedsWireshark = cut && out.right.typ().canSlice()
		return nil, e
	}
	return out, nil
}

func (c *checker) matches(n *comparison, out *checkedComparison) (checkedTest, error) {
	if !out.left.typ().canContain() {
		return nil, c.error(n.left, "%s is %s: matches wants a string, bytes or a protocol on its left", c.source(n.left), article(out.left.typ())).
			suggest("string(%s) matches …", c.source(n.left))
	}
	q, ok := n.right.(*quotedLiteral)
	if !ok || q.char {
		return nil, c.error(n.right, "got %s, wanted a regular expression in double quotes", c.source(n.right)).
			suggest("matches %q", c.source(n.right))
	}
	if _, err := compilePattern(q.value); err != nil {
		e := c.error(q, "%v", err)
		e.NeedsWireshark = !wrongAnywhere(err)
		return nil, e
	}
	out.pattern = q.value
	return out, nil
}

func (c *checker) membership(n *membership) (checkedTest, error) {
	left, err := c.left(n.left)
	if err != nil {
		return nil, err
	}
	if _, ok := left.(*fieldOperand); !ok {
		return nil, c.error(n.left, "%s is no field: only a field can be tested for membership in a set", c.source(n.left))
	}
	if err := c.transparent(n.left, left); err != nil {
		return nil, err
	}
	if !left.typ().canCompare() {
		return nil, c.error(n.left, "%s is a label without a value: it cannot be in a set", c.source(n.left))
	}
	out := &checkedMembership{all: n.quantifier == "all", left: left}
	for _, item := range n.set {
		var checked checkedItem
		if checked.low, err = c.right(item.low, n.left, left); err != nil {
			return nil, err
		}
		if item.high != nil {
			if checked.high, err = c.right(item.high, n.left, left); err != nil {
				return nil, err
			}
		}
		out.set = append(out.set, checked)
	}
	return out, nil
}
