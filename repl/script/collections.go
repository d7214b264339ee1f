package script

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// autoDict is Python's collections.Counter or defaultdict: a dictionary that knows
// what a key is that it lacks. A Counter answers 0 and keeps nothing; a defaultdict
// keeps what its factory makes.
type autoDict struct {
	*starlark.Dict
	it      *Interp
	name    string
	factory starlark.Callable // nil for a Counter, and for defaultdict()
}

var (
	_ starlark.IterableMapping = (*autoDict)(nil)
	_ starlark.HasSetKey       = (*autoDict)(nil)
	_ starlark.HasAttrs        = (*autoDict)(nil)
	_ starlark.Comparable      = (*autoDict)(nil)
)

const (
	nameCounter     = "Counter"
	nameDefaultDict = "defaultdict"
)

// addCollections puts Counter and defaultdict into env, by themselves and in the
// module collections.
func (it *Interp) addCollections(env starlark.StringDict) {
	env[nameCounter] = starlark.NewBuiltin(nameCounter, it.newCounter)
	env[nameDefaultDict] = starlark.NewBuiltin(nameDefaultDict, it.newDefaultDict)
	env["collections"] = &starlarkstruct.Module{Name: "collections", Members: starlark.StringDict{
		nameCounter: env[nameCounter], nameDefaultDict: env[nameDefaultDict], "OrderedDict": env["dict"],
	}}
}

func (it *Interp) newCounter(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var from starlark.Value = starlark.None
	if err := starlark.UnpackPositionalArgs(nameCounter, args, nil, 0, &from); err != nil {
		return nil, err
	}
	d := &autoDict{Dict: new(starlark.Dict), it: it, name: nameCounter}
	if err := d.count(from, 1); err != nil {
		return nil, err
	}
	for _, kv := range kwargs {
		if err := d.countOne(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (it *Interp) newDefaultDict(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var factory, from starlark.Value = starlark.None, starlark.None
	if err := starlark.UnpackPositionalArgs(nameDefaultDict, args, nil, 0, &factory, &from); err != nil {
		return nil, err
	}
	d := &autoDict{Dict: new(starlark.Dict), it: it, name: nameDefaultDict}
	if factory != starlark.None {
		var ok bool
		if d.factory, ok = factory.(starlark.Callable); !ok {
			return nil, fmt.Errorf("defaultdict: got a %s, want a function that makes what is missing: defaultdict(int), defaultdict(list)", factory.Type())
		}
	}
	if m, ok := from.(starlark.IterableMapping); ok {
		for _, item := range m.Items() {
			if err := d.SetKey(item[0], item[1]); err != nil {
				return nil, err
			}
		}
	} else if from != starlark.None {
		return nil, fmt.Errorf("defaultdict: got a %s, want a dict to begin with", from.Type())
	}
	for _, kv := range kwargs {
		if err := d.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// count adds to the counter: a mapping's counts, or each element of what can be
// gone through, times n.
func (d *autoDict) count(from starlark.Value, n int) error {
	switch from := from.(type) {
	case starlark.NoneType:
		return nil
	case starlark.IterableMapping:
		for _, item := range from.Items() {
			by, err := starlark.Binary(syntax.STAR, item[1], starlark.MakeInt(n))
			if err == nil {
				err = d.countOne(item[0], by)
			}
			if err != nil {
				return err
			}
		}
		return nil
	case starlark.Iterable:
		i := from.Iterate()
		defer i.Done()
		var v starlark.Value
		for i.Next(&v) {
			if err := d.countOne(plainValue(v), starlark.MakeInt(n)); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s: got a %s, want a list or a dict of counts", d.name, from.Type())
}

func (d *autoDict) countOne(k, n starlark.Value) error {
	now, _, err := d.Get(k)
	if err == nil {
		now, err = starlark.Binary(syntax.PLUS, now, n)
	}
	if err != nil {
		return err
	}
	return d.SetKey(k, now)
}

// Get returns d[k], also of a key that is not there.
func (d *autoDict) Get(k starlark.Value) (starlark.Value, bool, error) {
	v, found, err := d.Dict.Get(k)
	switch {
	case found || err != nil:
		return v, found, err
	case d.name == nameCounter:
		return starlark.MakeInt(0), true, nil
	case d.factory == nil || d.it.thread == nil:
		return nil, false, nil
	}
	if v, err = callBack(d.it.thread, d.factory, nil); err != nil {
		return nil, false, err
	}
	return v, true, d.SetKey(k, v)
}

// String returns Counter({…}), the most frequent first, or defaultdict({…}).
func (d *autoDict) String() string { return d.it.repr(d) }

// Type returns "Counter" or "defaultdict".
func (d *autoDict) Type() string { return d.name }

// CompareSameType compares the contents.
func (d *autoDict) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return starlark.CompareDepth(op, d.Dict, y.(*autoDict).Dict, depth)
}

// mostCommon returns the counter's items, the most frequent first.
func (d *autoDict) mostCommon() ([]starlark.Tuple, error) {
	items := d.Items()
	var err error
	slices.SortStableFunc(items, func(a, b starlark.Tuple) int {
		switch {
		case less(b[1], a[1], &err):
			return -1
		case less(a[1], b[1], &err):
			return 1
		}
		return 0
	})
	return items, err
}

// counterMethods are what a Counter has besides a dictionary's methods.
var counterMethods = map[string]func(d *autoDict, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error){
	"most_common": func(d *autoDict, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var n starlark.Value = starlark.None
		if err := starlark.UnpackArgs("most_common", args, kwargs, "n?", &n); err != nil {
			return nil, err
		}
		items, err := d.mostCommon()
		if err != nil {
			return nil, err
		}
		if n != starlark.None {
			most, err := starlark.AsInt32(n)
			if err != nil {
				return nil, fmt.Errorf("most_common: got %s, want how many", n)
			}
			items = items[:max(0, min(most, len(items)))]
		}
		out := make([]starlark.Value, len(items))
		for i, item := range items {
			out[i] = item
		}
		list := starlark.NewList(out)
		d.it.isAnswer(list, []string{"value", "count"})
		return list, nil
	},
	"total": func(d *autoDict, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs("total", args, kwargs); err != nil {
			return nil, err
		}
		var total starlark.Value = starlark.MakeInt(0)
		var err error
		for _, item := range d.Items() {
			if total, err = starlark.Binary(syntax.PLUS, total, item[1]); err != nil {
				return nil, err
			}
		}
		return total, nil
	},
	"update":   counting("update", 1),
	"subtract": counting("subtract", -1),
}

func counting(name string, n int) func(d *autoDict, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return func(d *autoDict, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v, err := one(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		return starlark.None, d.count(v, n)
	}
}

// Attr returns a method of a dictionary or of a counter.
func (d *autoDict) Attr(name string) (starlark.Value, error) {
	if fn, ok := counterMethods[name]; ok && d.name == nameCounter {
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return fn(d, args, kwargs)
		}).BindReceiver(receiver{d.name}), nil
	}
	return d.Dict.Attr(name)
}

// AttrNames returns what Attr knows.
func (d *autoDict) AttrNames() []string {
	names := d.Dict.AttrNames()
	if d.name == nameCounter {
		for name := range counterMethods {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// plainDict returns the dictionary within an autoDict, and all else as it is.
func plainDict(v starlark.Value) starlark.Value {
	if d, ok := v.(*autoDict); ok {
		return d.Dict
	}
	return v
}

// shownItems are the items in the order in which they are shown: a counter's most
// frequent first, where its counts can be compared.
func (d *autoDict) shownItems() []starlark.Tuple {
	if d.name == nameCounter {
		if items, err := d.mostCommon(); err == nil {
			return items
		}
	}
	return d.Items()
}
