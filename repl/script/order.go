// This file holds sorted, min and max: Starlark's compare values of different
// types never, and so cannot order a field with a number.

package script

import (
	"errors"
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// orderKey is a value with what it is ordered by.
type orderKey struct{ value, key starlark.Value }

// withKeys goes through values and calls key, unless it is None, with each.
func withKeys(thread *starlark.Thread, values starlark.Iterable, key starlark.Value) ([]orderKey, error) {
	var out []orderKey
	i := values.Iterate()
	defer i.Done()
	var v starlark.Value
	for i.Next(&v) {
		k := v
		if key != starlark.None {
			var err error
			if k, err = callBack(thread, key, starlark.Tuple{v}); err != nil {
				return nil, err
			}
		}
		out = append(out, orderKey{v, k})
	}
	return out, nil
}

// sorted is sorted(iterable, key=None, reverse=False): stable, ordering as < does.
func sorted(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var values starlark.Iterable
	var key starlark.Value = starlark.None
	var reverse bool
	if err := starlark.UnpackArgs("sorted", args, kwargs, "iterable", &values, "key?", &key, "reverse?", &reverse); err != nil {
		return nil, err
	}
	list, err := withKeys(thread, values, key)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b orderKey) int {
		if reverse {
			a, b = b, a
		}
		switch {
		case err != nil:
			return 0
		case less(a.key, b.key, &err):
			return -1
		case err == nil && less(b.key, a.key, &err):
			return 1
		}
		return 0
	})
	if err != nil {
		return nil, fmt.Errorf("sorted: %w", err)
	}
	out := make([]starlark.Value, len(list))
	for i, k := range list {
		out[i] = k.value
	}
	return starlark.NewList(out), nil
}

// less is x < y; what went wrong goes to err.
func less(x, y starlark.Value, err *error) bool {
	ok, e := compareValues(syntax.LT, x, y)
	if e != nil {
		*err = e
	}
	return ok
}

// extreme returns min (op <) or max (op >): of one iterable or of its
// arguments, the first of equals, by key if there is one.
func extreme(op syntax.Token) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var key, fallback starlark.Value = starlark.None, nil
		if err := starlark.UnpackArgs(b.Name(), nil, kwargs, "key?", &key, "default?", &fallback); err != nil {
			return nil, err
		}
		var values starlark.Iterable = args
		switch len(args) {
		case 0:
			return nil, fmt.Errorf("%s: got nothing, want values or a list of them", b.Name())
		case 1:
			var ok bool
			if values, ok = args[0].(starlark.Iterable); !ok {
				return nil, fmt.Errorf("%s: got one %s, want several values or a list of them", b.Name(), args[0].Type())
			}
		}
		list, err := withKeys(thread, values, key)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			if fallback != nil {
				return fallback, nil
			}
			return nil, errors.New(b.Name() + ": got an empty sequence, want values in it (default=… answers for none)")
		}
		best := list[0]
		for _, k := range list[1:] {
			better, err := compareValues(op, k.key, best.key)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", b.Name(), err)
			}
			if better {
				best = k
			}
		}
		return best.value, nil
	}
}

// compareSequences is x op y for two tuples or two lists: by the first
// elements that differ, as Python does, fields among them as what they are.
func compareSequences(op syntax.Token, x, y starlark.Indexable) (bool, error) {
	for i := range min(x.Len(), y.Len()) {
		same, err := compareValues(syntax.EQL, x.Index(i), y.Index(i))
		if err != nil {
			return false, err
		}
		if !same {
			if op == syntax.EQL || op == syntax.NEQ {
				return op == syntax.NEQ, nil
			}
			return compareValues(op, x.Index(i), y.Index(i))
		}
	}
	return starlark.Compare(op, starlark.MakeInt(x.Len()), starlark.MakeInt(y.Len()))
}
