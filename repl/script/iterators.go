// This file is Python's iter and next.

package script

import (
	"fmt"

	"go.starlark.net/starlark"
)

// iterator is what iter(x) returns: next(i) takes one value after the other out of x.
type iterator struct {
	of   starlark.Value
	take func() (v starlark.Value, ok bool, err error)
	it   *Interp
}

var _ starlark.Iterable = (*iterator)(nil)

func (i *iterator) String() string        { return "<iterator of a " + i.of.Type() + ">" }
func (i *iterator) Type() string          { return "iterator" }
func (i *iterator) Freeze()               {}
func (i *iterator) Truth() starlark.Bool  { return true }
func (i *iterator) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: iterator") }

// Iterate goes on where next() is.
func (i *iterator) Iterate() starlark.Iterator { return (*iteration)(i) }

// iteration is a loop over what an iterator has left.
type iteration iterator

// Next takes the next value.
func (i *iteration) Next(p *starlark.Value) bool {
	v, ok, err := i.take()
	if err != nil {
		i.it.fail(err)
		return false
	}
	if ok {
		*p = v
	}
	return ok
}

// Done does nothing.
func (i *iteration) Done() {}

// iter is iter(x).
func (it *Interp) iter(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := one("iter", args, kwargs)
	if err != nil {
		return nil, err
	}
	at := 0
	switch x := v.(type) {
	case *iterator:
		return x, nil
	case *Capture:
		return &iterator{of: x, it: it, take: func() (starlark.Value, bool, error) {
			ctx := it.context()
			if n, err := x.length(ctx); err != nil || at >= n {
				return nil, false, err
			}
			p, err := x.at(ctx, at)
			at++
			return p, err == nil, err
		}}, nil
	case starlark.Iterable:
		var values []starlark.Value
		for e := range starlark.Elements(x) {
			values = append(values, e)
		}
		return &iterator{of: x, it: it, take: func() (starlark.Value, bool, error) {
			if at >= len(values) {
				return nil, false, nil
			}
			at++
			return values[at-1], true, nil
		}}, nil
	}
	return nil, fmt.Errorf("iter: got a %s, want a capture, a list or what else for goes through", v.Type())
}

// nextValue is next(iterator, default). A generator expression is a list here, of which
// it returns the first value.
func (it *Interp) nextValue(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var from, none starlark.Value
	if err := starlark.UnpackPositionalArgs("next", args, kwargs, 1, &from, &none); err != nil {
		return nil, err
	}
	i, ok := from.(*iterator)
	if !ok {
		made, err := it.iter(thread, b, starlark.Tuple{from}, nil)
		if err != nil {
			return nil, fmt.Errorf("next: %w", err)
		}
		i = made.(*iterator)
	}
	v, ok, err := i.take()
	switch {
	case err != nil:
		return nil, err
	case ok:
		return v, nil
	case none != nil:
		return none, nil
	}
	return nil, errNoMore
}
