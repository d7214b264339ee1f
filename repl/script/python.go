// This file holds builtins that Python has, Starlark has not, and ported scripts use.

package script

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// addPython puts what Python has besides Starlark into env.
func (it *Interp) addPython(env starlark.StringDict) {
	for name, fn := range map[string]builtinFunc{
		"abs":        absolute,
		"bin":        based("bin", "%#b"),
		"oct":        based("oct", "%O"),
		"callable":   isCallable,
		"divmod":     divmod,
		"filter":     filterValues,
		"format":     it.formatBuiltin,
		"isinstance": isInstance,
		"iter":       it.iter,
		"map":        mapValues,
		"next":       it.nextValue,
		"pow":        pow,
	} {
		env[name] = starlark.NewBuiltin(name, fn)
	}
	env[assertCall] = starlark.NewBuiltin("assert", asserted)
	env["__name__"] = starlark.String("__main__") // if __name__ == '__main__':
	env["bytes"] = bytesClass{env["bytes"].(*starlark.Builtin)}
	env["bytearray"] = env["bytes"]
	it.addExceptions(env)
	env["binascii"] = binasciiModule()
	env["json"] = it.jsonModule()
	env["sys"] = it.sysModule()
	env["time"] = it.timeModule()
	env["datetime"] = datetimeClass{}
	env["timedelta"] = starlark.NewBuiltin("timedelta", timedelta)
	it.addCollections(env)
}

// overloads are the names that are a command's function and Python's: filter('dns')
// filters packets, filter(f, list) a list; next() goes to the next packet, next(list, None)
// is a list's first value.
func (it *Interp) overloads() map[string]builtinFunc {
	return map[string]builtinFunc{"filter": filterValues, "next": it.nextValue}
}

// isPythons says whether arguments of such a name are meant for Python's.
func isPythons(args starlark.Tuple) bool {
	if len(args) != 1 {
		return len(args) > 1
	}
	switch args[0].(type) {
	case *iterator, *starlark.List:
		return true
	}
	return false
}

// asserted is assert condition, message.
func asserted(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var condition, message starlark.Value
	if err := starlark.UnpackPositionalArgs("assert", args, kwargs, 1, &condition, &message); err != nil {
		return nil, err
	}
	switch {
	case bool(condition.Truth()):
		return starlark.None, nil
	case message == nil:
		return nil, errors.New("assertion failed")
	}
	text, ok := starlark.AsString(plainValue(message))
	if !ok {
		text = message.String()
	}
	return nil, fmt.Errorf("assertion failed: %s", text)
}

// deleteElement is del x[y].
func deleteElement(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	switch x := plainDict(args[0]).(type) {
	case *starlark.Dict:
		k := keyIn(x, args[1])
		_, found, err := x.Delete(k)
		if err == nil && !found {
			err = fmt.Errorf("key %v not in %s", k, x.Type())
		}
		return starlark.None, err
	case *starlark.List:
		i, err := place(x, args[1])
		if err != nil {
			return nil, err
		}
		pop, err := x.Attr("pop")
		if err != nil {
			return nil, err
		}
		_, err = starlark.Call(&starlark.Thread{}, pop, starlark.Tuple{starlark.MakeInt(i)}, nil)
		return starlark.None, err
	}
	return nil, fmt.Errorf("del: got an element of a %s, want one of a dict or a list", args[0].Type())
}

// one returns the only argument of a builtin.
func one(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	err := starlark.UnpackPositionalArgs(name, args, kwargs, 1, &v)
	return v, err
}

func absolute(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := one("abs", args, kwargs)
	if err != nil {
		return nil, err
	}
	switch v := unwrapped(v).(type) {
	case startime.Duration:
		return Span{startime.Duration(time.Duration(v).Abs())}, nil
	default:
		n, err := numeric(v)
		if err != nil {
			return nil, fmt.Errorf("abs: %w", err)
		}
		if i, ok := n.(starlark.Int); ok {
			return starlark.MakeBigInt(new(big.Int).Abs(i.BigInt())), nil
		}
		return starlark.Float(math.Abs(float64(n.(starlark.Float)))), nil
	}
}

// based returns bin or oct.
func based(name, layout string) builtinFunc {
	return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v, err := one(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		i, err := wholeNumber(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return newString(fmt.Sprintf(layout, i))
	}
}

func wholeNumber(v starlark.Value) (*big.Int, error) {
	n, err := numeric(v)
	if err != nil {
		return nil, err
	}
	i, ok := n.(starlark.Int)
	if !ok {
		return nil, fmt.Errorf("got %s, want an int", n)
	}
	return i.BigInt(), nil
}

func isCallable(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := one("callable", args, kwargs)
	if err != nil {
		return nil, err
	}
	_, ok := v.(starlark.Callable)
	return starlark.Bool(ok), nil
}

// divmod is Python's: the quotient rounded down, and the remainder.
func divmod(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, y starlark.Value
	if err := starlark.UnpackPositionalArgs("divmod", args, kwargs, 2, &x, &y); err != nil {
		return nil, err
	}
	q, r, err := divided(x, y)
	if err != nil {
		return nil, fmt.Errorf("divmod: %w", err)
	}
	return starlark.Tuple{q, r}, nil
}

func divided(x, y starlark.Value) (quotient, remainder starlark.Value, err error) {
	if x, err = numeric(x); err != nil {
		return nil, nil, err
	}
	if y, err = numeric(y); err != nil {
		return nil, nil, err
	}
	if quotient, err = starlark.Binary(syntax.SLASHSLASH, x, y); err != nil {
		return nil, nil, err
	}
	remainder, err = starlark.Binary(syntax.PERCENT, x, y)
	return quotient, remainder, err
}

// maxPower bounds the bits of pow's result: a slip must not fill the memory.
const maxPower = 1 << 20

// pow is Python's pow(x, y) and pow(x, y, modulus).
func pow(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, y starlark.Value
	var modulus starlark.Value = starlark.None
	err := starlark.UnpackPositionalArgs("pow", args, kwargs, 2, &x, &y, &modulus)
	if err == nil {
		x, err = numeric(x)
	}
	if err == nil {
		y, err = numeric(y)
	}
	if err != nil {
		return nil, fmt.Errorf("pow: %w", err)
	}
	base, whole := x.(starlark.Int)
	exponent, wholeExponent := y.(starlark.Int)
	if modulus != starlark.None {
		m, err := wholeNumber(modulus)
		if err != nil || !whole || !wholeExponent || exponent.Sign() < 0 || m.Sign() <= 0 {
			return nil, errors.New("pow: with a modulus, want two ints, the second not below 0, and a modulus above 0")
		}
		out := new(big.Int).Exp(base.BigInt(), exponent.BigInt(), m)
		return starlark.MakeBigInt(out), nil
	}
	if whole && wholeExponent && exponent.Sign() >= 0 {
		bits := base.BigInt().BitLen()
		n, small := exponent.Int64()
		if bits > 1 && (!small || n > maxPower/int64(bits)) {
			return nil, fmt.Errorf("pow: the result would have more than %d bits", maxPower)
		}
		return starlark.MakeBigInt(new(big.Int).Exp(base.BigInt(), exponent.BigInt(), nil)), nil
	}
	fx, _ := starlark.AsFloat(x)
	fy, _ := starlark.AsFloat(y)
	return starlark.Float(math.Pow(fx, fy)), nil
}

// mapValues is map(f, iterable, …), a list.
func mapValues(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) < 2 || len(kwargs) > 0 {
		return nil, errors.New("map: want a function and what to go through: map(f, list)")
	}
	var iterators []starlark.Iterator
	for i, v := range args[1:] {
		values, ok := v.(starlark.Iterable)
		if !ok {
			return nil, fmt.Errorf("map: argument %d: got a %s, want what can be gone through", i+2, v.Type())
		}
		it := values.Iterate()
		defer it.Done()
		iterators = append(iterators, it)
	}
	var out []starlark.Value
	for {
		each := make(starlark.Tuple, len(iterators))
		for i, it := range iterators {
			if !it.Next(&each[i]) {
				return starlark.NewList(out), nil
			}
		}
		v, err := callBack(thread, args[0], each)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// filterValues is filter(f, iterable), a list; f None keeps what is true.
func filterValues(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fn starlark.Value
	var values starlark.Iterable
	if err := starlark.UnpackPositionalArgs("filter", args, kwargs, 2, &fn, &values); err != nil {
		return nil, fmt.Errorf("%w; of packets: cap.filter('dns')", err)
	}
	it := values.Iterate()
	defer it.Done()
	var out []starlark.Value
	var v starlark.Value
	for it.Next(&v) {
		keep := v
		if fn != starlark.None {
			var err error
			if keep, err = callBack(thread, fn, starlark.Tuple{v}); err != nil {
				return nil, err
			}
		}
		if keep.Truth() {
			out = append(out, v)
		}
	}
	return starlark.NewList(out), nil
}

// formatBuiltin is format(value, spec): '{:spec}'.format(value).
func (it *Interp) formatBuiltin(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	var layout string
	if err := starlark.UnpackPositionalArgs("format", args, kwargs, 1, &v, &layout); err != nil {
		return nil, err
	}
	spec, err := parseBrace(layout)
	if err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	s, err := it.formatValue(spec, v)
	if err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	return starlark.String(s), nil
}

// typeNames are Starlark's names of the types that Python's classes make.
var typeNames = map[string]string{
	"bool": "bool", "bytes": "bytes", "dict": "dict", "float": "float", "int": "int",
	"list": "list", "range": "range", "set": "set", "str": "string", "tuple": "tuple",
	"datetime": "datetime", "timedelta": "timedelta", "Counter": "Counter", "defaultdict": "defaultdict",
	"FileCapture": "Capture",
}

// isInstance is isinstance(x, class) and isinstance(x, (class, …)). A field is text,
// and what else its value is.
func isInstance(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v, class starlark.Value
	if err := starlark.UnpackPositionalArgs("isinstance", args, kwargs, 2, &v, &class); err != nil {
		return nil, err
	}
	classes, several := class.(starlark.Tuple)
	if !several {
		classes = starlark.Tuple{class}
	}
	for _, c := range classes {
		named, ok := c.(interface{ Name() string })
		if !ok || typeNames[named.Name()] == "" {
			return nil, fmt.Errorf("isinstance: got a %s, want a class such as str, int or (str, int)", c.Type())
		}
		name := typeNames[named.Name()]
		switch f := v.(type) {
		case *Field:
			if name == "string" || f.typed().Type() == name {
				return starlark.True, nil
			}
		case *autoDict:
			if name == "dict" {
				return starlark.True, nil
			}
		case starlark.Bool:
			if name == "int" {
				return starlark.True, nil
			}
		}
		if v.Type() == name {
			return starlark.True, nil
		}
	}
	return starlark.False, nil
}

// bytesClass is bytes, with bytes.fromhex.
type bytesClass struct{ *starlark.Builtin }

// Attr returns bytes.fromhex.
func (bytesClass) Attr(name string) (starlark.Value, error) {
	if name != "fromhex" {
		return nil, nil
	}
	return starlark.NewBuiltin("fromhex", bytesFromHex), nil
}

// AttrNames returns fromhex.
func (bytesClass) AttrNames() []string { return []string{"fromhex"} }

// sysModule has Python's sys.argv, the script and its arguments, and sys.exit.
func (it *Interp) sysModule() starlark.Value {
	argv := []starlark.Value{starlark.String("pktsh")}
	for _, a := range it.cfg.Args {
		argv = append(argv, starlark.String(a))
	}
	return &starlarkstruct.Module{Name: "sys", Members: starlark.StringDict{
		"argv": starlark.NewList(argv),
		"exit": starlark.NewBuiltin("exit", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var code starlark.Value = starlark.None
			if err := starlark.UnpackPositionalArgs("exit", args, kwargs, 0, &code); err != nil {
				return nil, err
			}
			return nil, it.leave(thread, plainValue(code))
		}),
	}}
}

// timeModule is Starlark's time with Python's time() and sleep().
func (it *Interp) timeModule() starlark.Value {
	members := maps.Clone(startime.Module.Members)
	members["time"] = starlark.NewBuiltin("time", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackPositionalArgs("time", args, kwargs, 0); err != nil {
			return nil, err
		}
		return starlark.Float(float64(time.Now().UnixNano()) / 1e9), nil
	})
	members["sleep"] = starlark.NewBuiltin("sleep", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v, err := one("sleep", args, kwargs)
		if err != nil {
			return nil, err
		}
		wait, err := seconds(v)
		if err != nil {
			return nil, fmt.Errorf("sleep: %w", err)
		}
		select {
		case <-time.After(wait):
			return starlark.None, nil
		case <-it.context().Done():
			return nil, it.context().Err()
		}
	})
	return &starlarkstruct.Module{Name: "time", Members: members}
}
