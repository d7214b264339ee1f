// This file writes values as Python's repr does.

package script

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// repr returns v as the prompt echoes it.
func (it *Interp) repr(v starlark.Value) string {
	var b strings.Builder
	it.writeRepr(&b, v, nil)
	return b.String()
}

// writeRepr writes a value as Starlark does, and our own values in their short
// form. The path holds the containers it is in, which may contain themselves.
func (it *Interp) writeRepr(b *strings.Builder, v starlark.Value, path []starlark.Value) {
	switch v := v.(type) {
	case starlark.String:
		b.WriteString(quote(string(v)))
	case *Field:
		b.WriteString(quote(v.text()))
	case *Layer:
		b.WriteString(v.repr())
	case *Packet:
		s, err := v.repr(it.context())
		if err != nil {
			it.fail(err)
		}
		b.WriteString(s)
	case starlark.Tuple:
		b.WriteByte('(')
		it.writeElements(b, v, path)
		if len(v) == 1 {
			b.WriteByte(',')
		}
		b.WriteByte(')')
	case *starlark.List:
		if contained(path, v) {
			b.WriteString("[...]")
			return
		}
		b.WriteByte('[')
		it.writeElements(b, v, append(path, v))
		b.WriteByte(']')
	case *starlark.Dict:
		if contained(path, v) {
			b.WriteString("{...}")
			return
		}
		b.WriteByte('{')
		for i, item := range v.Items() {
			if i > 0 {
				b.WriteString(", ")
			}
			it.writeRepr(b, item[0], path)
			b.WriteString(": ")
			it.writeRepr(b, item[1], append(path, v))
		}
		b.WriteByte('}')
	case *autoDict:
		if contained(path, v) {
			b.WriteString(v.name + "(...)")
			return
		}
		b.WriteString(v.name + "({")
		for i, item := range v.shownItems() {
			if i > 0 {
				b.WriteString(", ")
			}
			it.writeRepr(b, item[0], path)
			b.WriteString(": ")
			it.writeRepr(b, item[1], append(path, v))
		}
		b.WriteString("})")
	case *starlark.Set:
		b.WriteString("set([")
		i := v.Iterate()
		defer i.Done()
		var e starlark.Value
		for sep := ""; i.Next(&e); sep = ", " {
			b.WriteString(sep)
			it.writeRepr(b, e, path)
		}
		b.WriteString("])")
	case starlark.Float:
		b.WriteString(floatRepr(float64(v)))
	case starlark.Bytes:
		b.WriteString(bytesRepr(string(v)))
	case *starlark.Builtin:
		if r, ok := v.Receiver().(receiver); ok {
			fmt.Fprintf(b, "<method %s of %s>", v.Name(), r.owner)
			return
		}
		b.WriteString(v.String())
	default:
		b.WriteString(v.String())
	}
}

func (it *Interp) writeElements(b *strings.Builder, v starlark.Indexable, path []starlark.Value) {
	for i := range v.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		it.writeRepr(b, v.Index(i), path)
	}
}

func contained(path []starlark.Value, v starlark.Value) bool {
	for _, p := range path {
		if p == v {
			return true
		}
	}
	return false
}

// quote returns s as Python's repr writes it: in single quotes, unless it
// holds some and no double ones.
func quote(s string) string { return requote(syntax.Quote(s, false)) }

// floatRepr writes a float as Python's repr does: the shortest digits that read back as
// it, with an exponent for less than 1e-4 and from 1e16.
func floatRepr(x float64) string {
	switch size := math.Abs(x); {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, 64)), "+")
	case size != 0 && (size < 1e-4 || size >= 1e16):
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	text := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// bytesRepr writes bytes as Python's repr does.
func bytesRepr(data string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(data) {
		switch c := data[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return "b" + requote(b.String())
}

// pythonEscapes writes a literal's escapes as Python's repr does, which has no letter
// for some control characters, and \x87 for \u0087.
func pythonEscapes(q string) string {
	if !strings.Contains(q, `\`) {
		return q
	}
	var b strings.Builder
	for i := 0; i < len(q); i++ {
		if q[i] != '\\' || i+1 == len(q) {
			b.WriteByte(q[i])
			continue
		}
		i++
		switch rest := q[i:]; {
		case rest[0] == 'a':
			b.WriteString(`\x07`)
		case rest[0] == 'b':
			b.WriteString(`\x08`)
		case rest[0] == 'v':
			b.WriteString(`\x0b`)
		case rest[0] == 'f':
			b.WriteString(`\x0c`)
		case strings.HasPrefix(rest, "u00"):
			b.WriteString(`\x`)
			i += len("u00") - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// requote writes a double-quoted literal as quote does.
func requote(q string) string {
	q = pythonEscapes(q)
	body := q[1 : len(q)-1]
	if strings.Contains(body, "'") && !strings.Contains(body, `"`) {
		return q
	}
	body = strings.ReplaceAll(body, `\"`, `"`)
	return "'" + strings.ReplaceAll(body, "'", `\'`) + "'"
}
