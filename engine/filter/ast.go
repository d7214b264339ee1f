package filter

// This file holds the syntax tree. Tests answer yes or no; operands have values.

// Expr is a parsed expression.
type Expr struct {
	// Text is the expression as written.
	Text string
	root test // nil: the empty expression, which every packet matches
}

// test is a node that answers yes or no.
type test interface{ at() span }

// operand is a node that has values.
type operand interface{ at() span }

type (
	// logical joins two tests with &&, || or ^^.
	logical struct {
		op          string
		left, right test
		span
	}
	// negation is "not x".
	negation struct {
		x test
		span
	}
	// comparison relates two operands. Op is canonical; quantifier is "any",
	// "all" or "".
	comparison struct {
		quantifier, op string
		left, right    operand
		span
	}
	// membership is "x in {…}".
	membership struct {
		quantifier string
		left       operand
		set        []setItem
		span
	}
	// setItem is a member of a set: a value, or a range when high is not nil.
	setItem struct{ low, high operand }
	// existence is an operand standing alone.
	existence struct {
		x operand
		span
	}
)

type (
	// word is a field, a protocol or an unquoted literal: the check decides.
	word struct {
		text string
		span
	}
	// quotedLiteral is a string or character literal; value is unescaped.
	quotedLiteral struct {
		value, text string
		char        bool
		span
	}
	// call is function(arguments).
	call struct {
		name   string
		nameAt span
		args   []operand
		span
	}
	// slice is x[ranges].
	slice struct {
		x      operand
		ranges []byteRange
		text   string
		span
	}
	// layered is field#layer.
	layered struct {
		field  word
		layers []byteRange
		text   string
		span
	}
	// arithmetic is x op y with + - * / % &, or a unary minus when left is nil.
	arithmetic struct {
		op          string
		left, right operand
		span
	}
	// reference is ${field}, a value of the frame selected in Wireshark.
	reference struct {
		name string
		span
	}
)

// byteRange is one of a slice's ranges, or of a layer operator's: length units
// from offset, which counts from the end when negative; toEnd takes all from
// offset on.
type byteRange struct {
	offset, length int
	toEnd          bool
}

func (s span) at() span { return s }
