// This file looks fields up in dictionaries. A field equals its text and, when
// it is a number, that number; a dictionary can hold either as a key. So a
// lookup by a field tries its text, then its number. Stored, a field is its
// text, unless the dictionary holds its number already.

package script

import (
	"fmt"

	"go.starlark.net/starlark"
)

// keyIn returns the key under which m holds k: of a field its text or its
// number; its text when m holds neither.
func keyIn(m starlark.Mapping, k starlark.Value) starlark.Value {
	f, ok := k.(*Field)
	if !ok {
		return plainValue(k)
	}
	text := starlark.String(f.text())
	if d, ok := plainDict(m).(*starlark.Dict); ok {
		if _, found, err := d.Get(text); err == nil && !found {
			if n, ok := f.number(); ok {
				if _, found, err := d.Get(n); err == nil && found {
					return n
				}
			}
		}
	}
	return text
}

// index is x[y].
func index(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return indexed(args[0], args[1])
}

func indexed(x, y starlark.Value) (starlark.Value, error) {
	switch x := x.(type) {
	case *Capture: // indexed by a number only
		v, _, err := x.Get(numberOf(y))
		return v, err
	case starlark.Mapping:
		k := keyIn(x, y)
		v, found, err := x.Get(k)
		if err == nil && !found {
			err = fmt.Errorf("key %v not in %s", k, x.Type())
		}
		return v, err
	case starlark.Indexable:
		i, err := place(x, y)
		if err != nil {
			return nil, err
		}
		return x.Index(i), nil
	}
	return nil, fmt.Errorf("unhandled index operation %s[%s]", x.Type(), y.Type())
}

// numberOf returns a field of a number as that.
func numberOf(v starlark.Value) starlark.Value {
	if f, ok := v.(*Field); ok {
		if n, ok := f.number(); ok {
			return n
		}
	}
	return plainValue(v)
}

// place returns the index y of a sequence, negative ones counted from its end.
func place(x starlark.Indexable, y starlark.Value) (int, error) {
	i, err := starlark.AsInt32(numberOf(y))
	if err != nil {
		return 0, fmt.Errorf("%s index: %w", x.Type(), err)
	}
	n, asked := x.Len(), i
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		if n == 0 {
			return 0, fmt.Errorf("index %d out of range: empty %s", asked, x.Type())
		}
		return 0, fmt.Errorf("%s index %d out of range [%d:%d]", x.Type(), asked, -n, n-1)
	}
	return i, nil
}

// slot is x[y] as what is assigned to. The rewritten source assigns to its
// one element.
type slot struct{ x, y starlark.Value }

func newSlot(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	s := slot{args[0], args[1]}
	if d, ok := plainDict(s.x).(*starlark.Dict); ok {
		s.y = keyIn(d, s.y)
	}
	return s, nil
}

func (s slot) String() string        { return "slot" }
func (s slot) Type() string          { return "slot" }
func (s slot) Freeze()               {}
func (s slot) Truth() starlark.Bool  { return true }
func (s slot) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: slot") }

// Get returns x[y], for x[y] += 1.
func (s slot) Get(starlark.Value) (starlark.Value, bool, error) {
	v, err := indexed(s.x, s.y)
	return v, err == nil, err
}

// SetKey assigns x[y].
func (s slot) SetKey(_, v starlark.Value) error {
	switch x := s.x.(type) {
	case starlark.HasSetKey:
		return x.SetKey(plainValue(s.y), v)
	case starlark.HasSetIndex:
		i, err := place(x, s.y)
		if err != nil {
			return err
		}
		return x.SetIndex(i, v)
	}
	return fmt.Errorf("%s value does not support item assignment", s.x.Type())
}
