package filter

// This file turns checked tests into closures.

import (
	"bytes"
	"net/netip"
	"regexp"
	"sort"
)

// Packet is what a filter asks of a packet.
type Packet interface {
	// Values returns the values of all occurrences of a field, hidden ones
	// included, in tree order. A protocol's values are bytes (ProtocolValue).
	Values(field string) []Value
	// Has reports whether the field or protocol occurs.
	Has(protocolOrField string) bool
}

// Program is a compiled filter. It is immutable and safe for concurrent use.
type Program struct {
	checked *Checked
	match   func(Packet) bool
	names   []string
}

// Compile parses, checks and compiles expr. A non-nil error is always an *Error.
func Compile(expr string, fields Fields) (*Program, error) {
	e, err := Parse(expr)
	if err != nil {
		return nil, err
	}
	checked, err := Check(e, fields)
	if err != nil {
		return nil, err
	}
	p := &Program{checked: checked, match: func(Packet) bool { return true }, names: fieldNames(checked)}
	if checked.root != nil {
		p.match = compileTest(checked.root)
	}
	return p, nil
}

// Match reports whether pkt passes the filter.
func (p *Program) Match(pkt Packet) bool { return p.match(pkt) }

// FieldNames returns the names of the fields and protocols that the filter
// asks packets for, sorted, each once.
func (p *Program) FieldNames() []string { return append([]string(nil), p.names...) }

// String returns the filter as written.
func (p *Program) String() string { return p.checked.Text }

// Dump returns the checked expression as an indented tree, types included.
func (p *Program) Dump() string { return p.checked.Dump() }

func fieldNames(c *Checked) []string {
	seen := map[string]bool{}
	visitTest(c.root, func(f *fieldOperand) { seen[f.info.Name] = true })
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// visitTest calls fn for every field below t.
func visitTest(t checkedTest, fn func(*fieldOperand)) {
	switch t := t.(type) {
	case *checkedLogical:
		visitTest(t.left, fn)
		visitTest(t.right, fn)
	case *checkedNot:
		visitTest(t.x, fn)
	case *checkedComparison:
		visitOperand(t.left, fn)
		visitOperand(t.right, fn)
	case *checkedMembership:
		visitOperand(t.left, fn)
		for _, item := range t.set {
			visitOperand(item.low, fn)
			visitOperand(item.high, fn)
		}
	case *checkedExists:
		visitOperand(t.x, fn)
	}
}

func visitOperand(x checkedOperand, fn func(*fieldOperand)) {
	switch x := x.(type) {
	case *fieldOperand:
		fn(x)
	case *sliceOperand:
		visitOperand(x.x, fn)
	case *callOperand:
		for _, a := range x.args {
			visitOperand(a, fn)
		}
	case *arithmeticOperand:
		visitOperand(x.left, fn)
		visitOperand(x.right, fn)
	}
}

func compileTest(t checkedTest) func(Packet) bool {
	switch t := t.(type) {
	case *checkedLogical:
		return compileLogical(t)
	case *checkedNot:
		x := compileTest(t.x)
		return func(p Packet) bool { return !x(p) }
	case *checkedExists:
		return compileExists(t.x)
	case *checkedMembership:
		return compileMembership(t)
	case *checkedComparison:
		return compileComparison(t)
	}
	return func(Packet) bool { return false }
}

func compileLogical(t *checkedLogical) func(Packet) bool {
	left, right := compileTest(t.left), compileTest(t.right)
	switch t.op {
	case "&&":
		return func(p Packet) bool { return left(p) && right(p) }
	case "||":
		return func(p Packet) bool { return left(p) || right(p) }
	}
	return func(p Packet) bool { return left(p) != right(p) }
}

// compileExists: a field must be there; the result of arithmetic must not be zero.
func compileExists(x checkedOperand) func(Packet) bool {
	if f, ok := x.(*fieldOperand); ok && f.layers == nil {
		name := f.info.Name
		return func(p Packet) bool { return p.Has(name) }
	}
	get := compileOperand(x)
	_, isArithmetic := x.(*arithmeticOperand)
	return func(p Packet) bool {
		for _, v := range get(p) {
			if !isArithmetic || !v.isZero() {
				return true
			}
		}
		return false
	}
}

func compileComparison(t *checkedComparison) func(Packet) bool {
	left := compileOperand(t.left)
	if t.op == "matches" {
		re, err := compilePattern(t.pattern)
		if err != nil {
			return func(Packet) bool { return false } // the check refused it already
		}
		return quantify(t.all, left, func(v Value) bool { return matchPattern(re, v) })
	}
	holds := predicate(t.op)
	if c, ok := t.right.(*constant); ok {
		return quantify(t.all, left, func(v Value) bool { return holds(v, c.value) })
	}
	right := compileOperand(t.right)
	return func(p Packet) bool {
		rights := right(p)
		if len(rights) == 0 {
			return false
		}
		lefts := left(p)
		for _, a := range lefts {
			for _, b := range rights {
				if holds(a, b) != t.all {
					return !t.all
				}
			}
		}
		return t.all && len(lefts) > 0
	}
}

// quantify asks one or every value; without values the answer is no.
func quantify(all bool, get values, holds func(Value) bool) func(Packet) bool {
	return func(p Packet) bool {
		vs := get(p)
		for _, v := range vs {
			if holds(v) != all {
				return !all
			}
		}
		return all && len(vs) > 0
	}
}

func predicate(op string) func(a, b Value) bool {
	ordered := func(want func(order int) bool) func(a, b Value) bool {
		return func(a, b Value) bool {
			order, ok := compare(a, b)
			return ok && want(order)
		}
	}
	switch op {
	case "==":
		return ordered(func(o int) bool { return o == 0 })
	case "!=":
		return ordered(func(o int) bool { return o != 0 })
	case ">":
		return ordered(func(o int) bool { return o > 0 })
	case "<":
		return ordered(func(o int) bool { return o < 0 })
	case ">=":
		return ordered(func(o int) bool { return o >= 0 })
	case "<=":
		return ordered(func(o int) bool { return o <= 0 })
	}
	return func(a, b Value) bool { // contains
		needle := b.bytes()
		return len(needle) > 0 && bytes.Contains(a.bytes(), needle)
	}
}

func compileMembership(t *checkedMembership) func(Packet) bool {
	type member struct{ low, high values }
	set := make([]member, len(t.set))
	for i, item := range t.set {
		set[i].low = compileOperand(item.low)
		if item.high != nil {
			set[i].high = compileOperand(item.high)
		}
	}
	left := compileOperand(t.left)
	return func(p Packet) bool {
		holds := func(v Value) bool {
			for _, m := range set {
				if inMember(p, v, m.low, m.high) {
					return true
				}
			}
			return false
		}
		return quantify(t.all, left, holds)(p)
	}
}

// inMember reports whether v equals a value of low or, when high is not nil,
// lies between a value of low and one of high.
func inMember(p Packet, v Value, low, high values) bool {
	for _, l := range low(p) {
		order, ok := compare(v, l)
		if high == nil {
			if ok && order == 0 {
				return true
			}
			continue
		}
		if !ok || order < 0 {
			continue
		}
		for _, h := range high(p) {
			if order, ok := compare(v, h); ok && order <= 0 {
				return true
			}
		}
	}
	return false
}

func matchPattern(re *regexp.Regexp, v Value) bool { return re.Match(latin1(v.bytes())) }

// maskAddr returns the bitwise and of two addresses of one family. That of IPv6
// addresses comes without a prefix length, as in Wireshark 4.0, and then equals
// every address.
func maskAddr(a, b Value) Value {
	addr, _ := netip.AddrFromSlice(maskBytes(a.bytes(), b.bytes()))
	if addr.Is6() {
		return PrefixValue(netip.PrefixFrom(addr, 0))
	}
	return AddrValue(addr)
}
