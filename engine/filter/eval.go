package filter

// This file turns checked operands into closures that fetch and compute values.

import (
	"bytes"
	"math"
	"strings"
)

// values fetches an operand's values from a packet; none means that the packet
// does not have it.
type values func(Packet) []Value

func compileOperand(x checkedOperand) values {
	switch x := x.(type) {
	case *fieldOperand:
		return compileField(x)
	case *constant:
		out := []Value{x.value}
		return func(Packet) []Value { return out }
	case *sliceOperand:
		return mapValues(compileOperand(x.x), func(v Value) (Value, bool) { return cut(v, x.ranges) })
	case *callOperand:
		return compileCall(x)
	case *arithmeticOperand:
		return compileArithmetic(x)
	}
	return func(Packet) []Value { return nil }
}

// mapValues applies fn to every value and drops those it refuses.
func mapValues(get values, fn func(Value) (Value, bool)) values {
	return func(p Packet) []Value {
		in := get(p)
		out := make([]Value, 0, len(in))
		for _, v := range in {
			if w, ok := fn(v); ok {
				out = append(out, w)
			}
		}
		return out
	}
}

func compileField(x *fieldOperand) values {
	name := x.info.Name
	if x.layers == nil {
		return func(p Packet) []Value { return p.Values(name) }
	}
	return func(p Packet) []Value {
		all := p.Values(name)
		last := 0
		for _, v := range all {
			last = max(last, v.Layer())
		}
		var out []Value
		for _, v := range all {
			if inLayers(v.Layer(), last, x.layers) {
				out = append(out, v)
			}
		}
		return out
	}
}

// inLayers reports whether layer n of last is in one of the ranges.
func inLayers(n, last int, ranges []byteRange) bool {
	for _, r := range ranges {
		first := r.offset
		if first < 0 {
			first += last + 1
		}
		if n >= first && (r.toEnd || n < first+r.length) {
			return true
		}
	}
	return false
}

// cut returns the bytes of v in ranges, one after the other, or all of them for
// nil; false when v is too short for any of them. A protocol's offsets count on
// the size of its item, and its bytes may end before that.
func cut(v Value, ranges []byteRange) (Value, bool) {
	b, length := v.bytes(), v.length()
	if ranges == nil {
		if length > len(b) {
			return Value{}, false
		}
		return BytesValue(b[:length]), true
	}
	var out []byte
	for _, r := range ranges {
		start := r.offset
		if start < 0 {
			start += length
		}
		if start < 0 || start >= length {
			return Value{}, false
		}
		end := length
		if !r.toEnd {
			if r.length > length-start {
				return Value{}, false
			}
			end = start + r.length
		}
		if end > len(b) {
			return Value{}, false
		}
		if len(ranges) == 1 {
			return BytesValue(b[start:end]), true
		}
		out = append(out, b[start:end]...)
	}
	return BytesValue(out), true
}

func compileCall(x *callOperand) values {
	get := make([]values, len(x.args))
	for i, a := range x.args {
		get[i] = compileOperand(a)
	}
	first := get[0]
	switch x.name {
	case "count":
		return func(p Packet) []Value {
			n := len(first(p))
			if n == 0 {
				return nil
			}
			return []Value{UintValue(uint64(n))}
		}
	case "len":
		size := x.args[0].typ().size
		return mapValues(first, func(v Value) (Value, bool) {
			if size >= 0 {
				return UintValue(uint64(size)), true
			}
			return UintValue(uint64(v.length())), true
		})
	case "upper":
		return mapValues(first, func(v Value) (Value, bool) { return StringValue(asciiUpper(v.text)), true })
	case "lower":
		return mapValues(first, func(v Value) (Value, bool) { return StringValue(asciiLower(v.text)), true })
	case "string":
		return mapValues(first, func(v Value) (Value, bool) { return StringValue(v.String()), true })
	case "abs":
		return mapValues(first, absolute)
	}
	return extreme(get, x.name == "max")
}

// asciiUpper and asciiLower leave bytes outside ASCII alone, as g_ascii_toupper does.
func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// extreme returns the largest or smallest of all values of all operands.
func extreme(get []values, largest bool) values {
	return func(p Packet) []Value {
		var best []Value
		for _, g := range get {
			for _, v := range g(p) {
				if best == nil {
					best = []Value{v}
					continue
				}
				if order, ok := compare(v, best[0]); ok && order != 0 && (order > 0) == largest {
					best[0] = v
				}
			}
		}
		return best
	}
}

func absolute(v Value) (Value, bool) {
	switch v.kind {
	case KindInt:
		if v.int() < 0 {
			return IntValue(-v.int()), true
		}
	case KindFloat:
		return FloatValue(math.Abs(v.float())), true
	case KindDelta:
		// Wireshark looks at the whole seconds only: abs(-0.5) stays -0.5.
		if v.int() <= -1e9 {
			return DeltaValue(-v.int()), true
		}
	}
	return v, true
}

func compileArithmetic(x *arithmeticOperand) values {
	right := compileOperand(x.right)
	if x.left == nil {
		return mapValues(right, func(v Value) (Value, bool) { return negate(v, x.fieldType) })
	}
	left := compileOperand(x.left)
	return func(p Packet) []Value {
		var out []Value
		rights := right(p)
		for _, a := range left(p) {
			for _, b := range rights {
				if v, ok := combine(x.op, a, b, x.fieldType); ok {
					out = append(out, v)
				}
			}
		}
		return out
	}
}

// foldConstant computes arithmetic that holds no field.
func foldConstant(x *arithmeticOperand) checkedOperand {
	right, ok := x.right.(*constant)
	if !ok {
		return x
	}
	if x.left == nil {
		if v, ok := negate(right.value, x.fieldType); ok {
			return &constant{value: v, fieldType: x.fieldType}
		}
		return x
	}
	if left, ok := x.left.(*constant); ok {
		if v, ok := combine(x.op, left.value, right.value, x.fieldType); ok {
			return &constant{value: v, fieldType: x.fieldType}
		}
	}
	return x
}

// negate returns -v. Unsigned numbers of up to 32 bits become signed ones first.
func negate(v Value, t fieldType) (Value, bool) {
	switch v.kind {
	case KindUint, KindInt:
		if t.bits <= 32 {
			return IntValue(-int64(int32(v.int()))), true
		}
		return IntValue(-v.int()), true
	case KindFloat:
		return FloatValue(-v.float()), true
	case KindDelta:
		return DeltaValue(-v.int()), true
	}
	return Value{}, false
}

// combine computes a op b for operands of type t; false when there is no result
// (division by zero, or a number too large for the type's arithmetic).
func combine(op string, a, b Value, t fieldType) (Value, bool) {
	switch a.kind {
	case KindUint, KindInt:
		if b.kind != KindUint && b.kind != KindInt {
			return Value{}, false
		}
		return combineIntValues(op, a, b, t)
	case KindFloat:
		return combineFloats(op, a.float(), b.float()), b.kind == KindFloat
	case KindDelta:
		if b.kind != KindDelta {
			return Value{}, false
		}
		if op == "-" {
			return DeltaValue(a.int() - b.int()), true
		}
		return DeltaValue(a.int() + b.int()), true
	case KindBytes, KindEther:
		if b.kind != KindBytes && b.kind != KindEther {
			return Value{}, false
		}
		return BytesValue(maskBytes(a.raw, b.raw)), true
	case KindIPv4, KindIPv6:
		if a.kind != b.kind {
			return Value{}, false
		}
		return maskAddr(a, b), true
	}
	return Value{}, false
}

// combineIntValues computes a op b as a's signedness has it.
func combineIntValues(op string, a, b Value, t fieldType) (Value, bool) {
	y := b.int()
	switch {
	case t.bits > 32:
	case a.kind == KindInt:
		y = int64(int32(y))
	case y < 0:
		y = int64(uint32(y))
	}
	n, ok := combineInts(op, a.int(), y)
	if !ok || !fits(n, t) {
		return Value{}, false
	}
	if a.kind == KindUint && n < 0 && t.bits <= 32 && max(a.int(), y) > math.MaxInt32 {
		return Value{}, false // a negative difference is computed with signed numbers
	}
	if a.kind == KindUint && n >= 0 {
		return UintValue(uint64(n)), true
	}
	return IntValue(n), true
}

// fits reports whether n is a result of Wireshark's arithmetic, which is done in
// 32 bits for types of up to 32; unsigned differences may be negative.
func fits(n int64, t fieldType) bool {
	if t.bits > 32 {
		return true
	}
	if t.class == classUint {
		return n >= math.MinInt32 && n <= math.MaxUint32
	}
	return n >= math.MinInt32 && n <= math.MaxInt32
}

func combineInts(op string, a, b int64) (int64, bool) {
	switch op {
	case "+":
		n := a + b
		return n, (n > a) == (b > 0)
	case "-":
		n := a - b
		return n, (n < a) == (b > 0)
	case "*":
		if a == 0 || b == 0 {
			return 0, true
		}
		n := a * b
		return n, n/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64)
	case "&":
		return a & b, true
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return 0, false
	}
	if op == "%" {
		return a % b, true
	}
	return a / b, true
}

func combineFloats(op string, a, b float64) Value {
	switch op {
	case "+":
		return FloatValue(a + b)
	case "-":
		return FloatValue(a - b)
	case "*":
		return FloatValue(a * b)
	case "/":
		return FloatValue(a / b)
	}
	return FloatValue(math.Mod(a, b))
}

// maskBytes returns the bitwise and of the bytes that both have.
func maskBytes(a, b []byte) []byte {
	out := bytes.Clone(a[:min(len(a), len(b))])
	for i := range out {
		out[i] &= b[i]
	}
	return out
}
