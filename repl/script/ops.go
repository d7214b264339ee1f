// This file holds the operators that rewritten source calls: they do what
// Starlark does, and give a Field the meaning of its text or number.

package script

import (
	"fmt"
	"strings"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// maxDepth bounds the calls within each other, ours and operators included: far
// below what Go's stack holds, five times what Python allows.
const maxDepth = 5000

// addOperators puts the operators into env.
func (it *Interp) addOperators(env starlark.StringDict) {
	for tok, name := range comparisons {
		env[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return compare(tok, args[0], args[1])
		})
	}
	it.addTry(env)
	env[opClose] = starlark.NewBuiltin(opClose, closeValue)
	env[opKey] = starlark.NewBuiltin(opKey, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return plainValue(args[0]), nil
	})
	env[opCall] = starlark.NewBuiltin(opCall, it.callMethod)
	env[opPercent] = starlark.NewBuiltin(opPercent, it.percent)
	env[opIndex] = starlark.NewBuiltin(opIndex, index)
	env[opSlot] = starlark.NewBuiltin(opSlot, newSlot)
	env[opAttr] = starlark.NewBuiltin(opAttr, attribute)
	env[opDelete] = starlark.NewBuiltin(opDelete, deleteElement)
	env[opEnter] = starlark.NewBuiltin(opEnter, func(thread *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		if thread.CallStackDepth() > maxDepth {
			return nil, fmt.Errorf("maximum recursion depth exceeded: %d calls within each other", maxDepth)
		}
		return starlark.False, nil
	})
}

// compare is x op y, op being a comparison, `in` or `not in`.
func compare(op syntax.Token, x, y starlark.Value) (starlark.Value, error) {
	if op == syntax.IN || op == syntax.NOT_IN {
		found, err := contains(x, y)
		if err != nil {
			return nil, err
		}
		return starlark.Bool(found == (op == syntax.IN)), nil
	}
	ok, err := compareValues(op, x, y)
	return starlark.Bool(ok), err
}

func compareValues(op syntax.Token, x, y starlark.Value) (bool, error) {
	if d, ok := y.(*autoDict); ok {
		y = d.Dict
	}
	switch fx := x.(type) {
	case *autoDict:
		return compareValues(op, fx.Dict, y)
	case *Field:
		return fx.compareWith(op, y)
	case starlark.String, starlark.Int, starlark.Float, starlark.Bool:
		switch y := y.(type) {
		case *Field:
			return y.compareWith(mirrored(op), x)
		case *starlark.Builtin, bytesClass:
			if err := comparedWithClass(x, y); err != nil {
				return false, err
			}
		}
	case starlark.Tuple:
		if ty, ok := y.(starlark.Tuple); ok && (holdsField(fx, plainDepth) || holdsField(ty, plainDepth)) {
			return compareSequences(op, fx, ty)
		}
	case *starlark.List:
		if ly, ok := y.(*starlark.List); ok && (holdsField(fx, plainDepth) || holdsField(ly, plainDepth)) {
			return compareSequences(op, fx, ly)
		}
	case *starlark.Dict:
		x, y = plainValue(x), plainValue(y)
	case Moment, Span, startime.Time, startime.Duration:
		x, y = unwrapped(x), unwrapped(y)
	}
	return starlark.Compare(op, x, y)
}

// comparedWithClass refuses type(x) == str, which can never be true: type returns
// text.
func comparedWithClass(x, class starlark.Value) error {
	named, ok := class.(interface{ Name() string })
	if _, text := x.(starlark.String); !ok || !text || typeNames[named.Name()] == "" {
		return nil
	}
	return fmt.Errorf("type(x) is text here: write isinstance(x, %s), or type(x) == '%s'", named.Name(), typeNames[named.Name()])
}

// mirrored returns the operator with which y op' x says what x op y does.
func mirrored(op syntax.Token) syntax.Token {
	switch op {
	case syntax.LT:
		return syntax.GT
	case syntax.LE:
		return syntax.GE
	case syntax.GT:
		return syntax.LT
	case syntax.GE:
		return syntax.LE
	}
	return op
}

// contains is x in y.
func contains(x, y starlark.Value) (bool, error) {
	switch y := y.(type) {
	case *Field:
		needle, ok := starlark.AsString(plainValue(x))
		if !ok {
			return false, fmt.Errorf("'in <field>' needs text on its left, got %s", x.Type())
		}
		return strings.Contains(y.text(), needle), nil
	case *Packet:
		return y.Has(plainValue(x))
	case *autoDict:
		return contains(x, y.Dict)
	case *starlark.List:
		return containsElement(x, y)
	case starlark.Tuple:
		return containsElement(x, y)
	}
	f, isField := x.(*Field)
	z, err := starlark.Binary(syntax.IN, plainValue(x), y)
	if err != nil {
		return false, err
	}
	if !isField || bool(z.Truth()) {
		return bool(z.Truth()), nil
	}
	switch y.(type) {
	case *starlark.Dict, *starlark.Set:
		if n, ok := f.number(); ok { // {80: 'http'} asked for a port's field
			z, err = starlark.Binary(syntax.IN, n, y)
			return err == nil && bool(z.Truth()), err
		}
	}
	return false, nil
}

func containsElement(x starlark.Value, y starlark.Indexable) (bool, error) {
	for i := range y.Len() {
		if eq, err := compareValues(syntax.EQL, y.Index(i), x); err != nil || eq {
			return eq, err
		}
	}
	return false, nil
}

// keepsValue names the list's methods that only store their argument: a field
// stored in a list stays a field.
func keepsValue(method string) bool {
	return method == "append" || method == "insert" || method == "extend"
}

// callMethod calls args[0] with the other arguments. A method of one of
// Starlark's own types gets a field as its text.
func (it *Interp) callMethod(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	fn, args := args[0], args[1:]
	if b, ok := fn.(*starlark.Builtin); ok && !keepsValue(b.Name()) {
		switch receiver := b.Receiver().(type) {
		case *starlark.Dict:
			if b.Name() == "update" || len(args) == 0 {
				args = plainArgs(args)
				break
			}
			// get, pop and setdefault: a key, and a value that stays what it is.
			args = append(starlark.Tuple{keyIn(receiver, args[0])}, args[1:]...)
		case starlark.String:
			if b.Name() == "format" {
				s, err := (&braceFormat{it: it, args: args, kwargs: kwargs}).text(string(receiver), 0)
				return starlark.String(s), err
			}
			args = plainArgs(args)
		case nil, starlark.Bytes, *starlark.List, *starlark.Set:
			args = plainArgs(args)
		}
	}
	return starlark.Call(thread, fn, args, kwargs)
}

// plainArgs returns args with fields as text; args itself when it holds none.
func plainArgs(args starlark.Tuple) starlark.Tuple {
	return plainValue(args).(starlark.Tuple)
}

// plainDepth bounds how deep containers are searched for fields.
const plainDepth = 4

// plainValue returns v with every Field in it, also inside tuples, lists and
// dictionaries, replaced by its text. What holds no field is returned as it is.
func plainValue(v starlark.Value) starlark.Value { return plain(v, plainDepth) }

func plain(v starlark.Value, depth int) starlark.Value {
	switch v := v.(type) {
	case *Field:
		return starlark.String(v.text())
	case starlark.Tuple:
		if holdsField(v, depth) {
			out := make(starlark.Tuple, len(v))
			for i, e := range v {
				out[i] = plain(e, depth-1)
			}
			return out
		}
	case *starlark.List:
		if holdsField(v, depth) {
			out := make([]starlark.Value, v.Len())
			for i := range out {
				out[i] = plain(v.Index(i), depth-1)
			}
			return starlark.NewList(out)
		}
	case *starlark.Dict:
		if holdsField(v, depth) {
			out := starlark.NewDict(v.Len())
			for _, item := range v.Items() {
				// The keys are there already: setting them cannot fail.
				_ = out.SetKey(plain(item[0], depth-1), plain(item[1], depth-1))
			}
			return out
		}
	}
	return v
}

func holdsField(v starlark.Value, depth int) bool {
	if depth == 0 {
		return false
	}
	switch v := v.(type) {
	case *Field:
		return true
	case starlark.Tuple:
		for _, e := range v {
			if holdsField(e, depth-1) {
				return true
			}
		}
	case *starlark.List:
		for i := range v.Len() {
			if holdsField(v.Index(i), depth-1) {
				return true
			}
		}
	case *starlark.Dict:
		for _, item := range v.Items() {
			if holdsField(item[0], depth-1) || holdsField(item[1], depth-1) {
				return true
			}
		}
	}
	return false
}
