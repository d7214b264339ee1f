// This file writes one value as a format specification asks.

package script

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// formatValue returns v as spec asks. A field is its text, and a number where
// one is asked for.
func (it *Interp) formatValue(spec formatSpec, v starlark.Value) (string, error) {
	switch spec.verb {
	case 0:
		switch x := v.(type) {
		case starlark.Int:
			spec.verb = 'd'
		case starlark.Float:
			if spec.precision < 0 && spec.group == 0 {
				return spec.number(signOf(math.Signbit(float64(x)) && !math.IsNaN(float64(x))), strings.TrimPrefix(floatRepr(float64(x)), "-")), nil
			}
			spec.verb = 'g'
		default:
			return spec.text(it.text(v)), nil
		}
	case 's', 'v':
		return spec.text(it.text(v)), nil
	case 'r', 'a', 'q':
		return spec.text(it.repr(v)), nil
	case 'c':
		s, err := character(v)
		return spec.text(s), err
	}
	n, err := numeric(v)
	if err != nil {
		return "", err
	}
	switch spec.verb {
	case 'd', 'i', 'u', 'n', 'b', 'o', 'x', 'X':
		i, err := starlark.NumberToInt(n)
		if err != nil {
			return "", err
		}
		return spec.integer(i.BigInt()), nil
	}
	x, _ := starlark.AsFloat(n)
	return spec.float(x), nil
}

// character is %c: a code point, or a string of one character.
func character(v starlark.Value) (string, error) {
	if s, ok := starlark.AsString(plainValue(v)); ok && utf8.RuneCountInString(s) == 1 {
		return s, nil
	}
	if n, err := numeric(v); err == nil {
		if r, err := starlark.AsInt32(n); err == nil && r >= 0 && r <= unicode.MaxRune {
			return string(rune(r)), nil
		}
	}
	return "", fmt.Errorf("got %s, want a code point or one character", v)
}

// signOf returns the sign of a number.
func signOf(negative bool) string {
	if negative {
		return "-"
	}
	return ""
}

func (spec formatSpec) integer(n *big.Int) string {
	base, prefix := 10, ""
	switch spec.verb {
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(spec.verb)
	}
	digits := new(big.Int).Abs(n).Text(base)
	if spec.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if spec.precision > len(digits) {
		digits = strings.Repeat("0", spec.precision-len(digits)) + digits
	}
	sign := signOf(n.Sign() < 0)
	if sign == "" && spec.sign != 0 {
		sign = string(spec.sign)
	}
	if spec.alternate {
		sign += prefix
	}
	return spec.number(sign, digits)
}

func (spec formatSpec) float(x float64) string {
	precision, verb, suffix := spec.precision, spec.verb, ""
	if precision < 0 {
		precision = 6
	}
	switch verb {
	case '%':
		x, verb, suffix = x*100, 'f', "%"
	case 'F':
		verb = 'f'
	case 'g', 'G':
		precision = max(precision, 1)
	}
	digits := strconv.FormatFloat(math.Abs(x), verb, precision, 64)
	switch {
	case math.IsInf(x, 0):
		digits = "inf"
	case math.IsNaN(x):
		digits = "nan"
	}
	sign := signOf(math.Signbit(x) && !math.IsNaN(x))
	if sign == "" && spec.sign != 0 {
		sign = string(spec.sign)
	}
	return spec.number(sign, digits+suffix)
}

// number joins sign and digits, in groups if asked, and fills up to the width:
// with zeros between the two for '='.
func (spec formatSpec) number(sign, digits string) string {
	body := spec.grouped(digits)
	if spec.align == '=' {
		for spec.fill == "0" && spec.group != 0 && len(sign)+len(body) < spec.width {
			digits = "0" + digits
			body = spec.grouped(digits)
		}
		return sign + strings.Repeat(spec.fill, max(0, spec.width-len(sign)-len(body))) + body
	}
	if spec.align == 0 {
		spec.align = '>'
	}
	return spec.pad(sign + body)
}

// grouped puts the separator between groups of digits: three, or four of a
// base that is a power of two.
func (spec formatSpec) grouped(digits string) string {
	if spec.group == 0 {
		return digits
	}
	end := strings.IndexAny(digits, ".e%")
	if end < 0 || spec.verb == 'x' || spec.verb == 'X' {
		end = len(digits)
	}
	size := 3
	switch spec.verb {
	case 'b', 'o', 'x', 'X':
		size = 4
	}
	var b strings.Builder
	for i := range end {
		if i > 0 && (end-i)%size == 0 {
			b.WriteByte(spec.group)
		}
		b.WriteByte(digits[i])
	}
	return b.String() + digits[end:]
}

// text cuts a text to the precision and fills it up to the width.
func (spec formatSpec) text(s string) string {
	if spec.precision >= 0 {
		if r := []rune(s); len(r) > spec.precision {
			s = string(r[:spec.precision])
		}
	}
	return spec.pad(s)
}

// pad fills up to the width, counted in characters as in Python.
func (spec formatSpec) pad(s string) string {
	missing := spec.width - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s
	}
	before := 0
	switch spec.align {
	case '>':
		before = missing
	case '^':
		before = missing / 2
	}
	return strings.Repeat(spec.fill, before) + s + strings.Repeat(spec.fill, missing-before)
}
