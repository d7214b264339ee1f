// This file holds the builtins that Starlark lacks against Python and those
// of its own that have to know a Field or a Packet.

package script

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

type builtinFunc = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

func (it *Interp) addBuiltins(env starlark.StringDict) {
	for name, fn := range map[string]builtinFunc{
		"print": it.print,
		"str":   it.str,
		"len":   length,
		"repr":  it.reprBuiltin,
		"int":   toNumber("int", func(f *Field) (starlark.Value, error) { return f.integer() }),
		"float": toNumber("float", (*Field).float),
		"sum":   sum,
		"round": round,
		"hex":   hexBuiltin,
		"fmt":   it.format,

		"sorted": sorted,
		"min":    extreme(syntax.LT),
		"max":    extreme(syntax.GT),
	} {
		env[name] = starlark.NewBuiltin(name, fn)
	}
	// These take text, or keep a key: they get a field as its text.
	for _, name := range []string{"set", "dict", "ord", "bytes", "hash", "getattr", "hasattr", "fail"} {
		std := starlark.Universe[name]
		env[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			for i, kv := range kwargs {
				kwargs[i] = starlark.Tuple{kv[0], plainValue(kv[1])}
			}
			if len(args) > 1 {
				args = append(starlark.Tuple{args[0]}, plainArgs(args[1:])...)
			}
			switch {
			case len(args) == 0:
			case name != "getattr" && name != "hasattr":
				args = plainArgs(args)
			default:
				if v, ok := it.sayLacking(name, args); ok {
					return v, nil
				}
			}
			return starlark.Call(thread, std, args, kwargs)
		})
	}
	it.addPyshark(env)
}

// length is len(x); of a packet PyShark's, its length on the wire.
func length(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 1 && len(kwargs) == 0 {
		if p, ok := args[0].(*Packet); ok {
			return newInt(p.src.Length())
		}
	}
	return starlark.Call(thread, starlark.Universe["len"], args, kwargs)
}

func (it *Interp) write(s string) {
	if it.cfg.Out != nil {
		// Nobody could be told that the output is closed.
		_, _ = io.WriteString(it.cfg.Out, s)
	}
}

func (it *Interp) noticeLine(line string) {
	if it.cfg.Notice != nil {
		it.cfg.Notice(line)
	}
}

// text returns v as print shows it.
func (it *Interp) text(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return string(v)
	case *Packet, *Layer, *Field:
		return v.String()
	}
	return it.repr(v)
}

// echo keeps an expression's value in _ and shows it.
func (it *Interp) echo(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	v := args[0]
	if v == starlark.None {
		return v, nil
	}
	it.keepResult(v)
	if it.cfg.Show != nil && it.pending == nil {
		if t := it.asTable(v); t != nil {
			it.cfg.Show(t)
			return starlark.None, nil
		}
	}
	if it.cfg.Echo != nil {
		if s := it.repr(v); it.pending == nil {
			it.cfg.Echo(s)
		}
	}
	return starlark.None, nil
}

func (it *Interp) print(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sep, end := " ", "\n"
	flush := false // what is printed is written at once anyway
	if err := starlark.UnpackArgs("print", nil, kwargs, "sep?", &sep, "end?", &end, "flush?", &flush); err != nil {
		return nil, err
	}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = it.text(a)
	}
	if it.pending == nil {
		it.write(strings.Join(parts, sep) + end)
	}
	return starlark.None, nil
}

func (it *Interp) str(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value = starlark.String("")
	if err := starlark.UnpackPositionalArgs("str", args, kwargs, 0, &v); err != nil {
		return nil, err
	}
	if f, ok := v.(*Field); ok {
		return newString(f.text()) // print shows its control characters escaped; here it is the value
	}
	return newString(it.text(v))
}

func (it *Interp) reprBuiltin(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	if err := starlark.UnpackPositionalArgs("repr", args, kwargs, 1, &v); err != nil {
		return nil, err
	}
	return newString(it.repr(v))
}

// toNumber returns int or float, which read a field's number whatever its base.
func toNumber(name string, of func(*Field) (starlark.Value, error)) builtinFunc {
	std := starlark.Universe[name]
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args) == 1 && len(kwargs) == 0 {
			if f, ok := args[0].(*Field); ok {
				return of(f)
			}
		}
		if len(args)+len(kwargs) == 0 { // what defaultdict(int) asks for
			args = starlark.Tuple{starlark.MakeInt(0)}
		}
		return starlark.Call(thread, std, plainArgs(args), kwargs)
	}
}

// float returns the value of a number field as a float.
func (f *Field) float() (starlark.Value, error) {
	if n, ok := f.number(); ok {
		if x, ok := starlark.AsFloat(n); ok {
			return starlark.Float(x), nil
		}
	}
	var x float64
	if _, err := fmt.Sscanf(f.text(), "%g", &x); err != nil {
		return nil, f.wrong("%s is the text %q, want a number", f.name(), f.text())
	}
	return starlark.Float(x), nil
}

// numeric returns a number as such, and a field's number.
func numeric(v starlark.Value) (starlark.Value, error) {
	switch v := v.(type) {
	case starlark.Int, starlark.Float:
		return v, nil
	case starlark.Bool:
		if v {
			return starlark.MakeInt(1), nil
		}
		return starlark.MakeInt(0), nil
	case *Field:
		if n, ok := v.number(); ok {
			return n, nil
		}
		return nil, fmt.Errorf("%s is the text %q, want a number", v.name(), v.text())
	}
	if s, ok := v.(starlark.String); ok {
		return nil, fmt.Errorf("got the string %s, want a number (int(…) makes one)", quote(string(s)))
	}
	return nil, fmt.Errorf("got a %s, want a number", v.Type())
}

func sum(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var values starlark.Iterable
	var start starlark.Value = starlark.MakeInt(0)
	if err := starlark.UnpackArgs("sum", args, kwargs, "iterable", &values, "start?", &start); err != nil {
		return nil, err
	}
	total := start
	i := values.Iterate()
	defer i.Done()
	var v starlark.Value
	for i.Next(&v) {
		n, err := numeric(v)
		if err != nil {
			return nil, fmt.Errorf("sum: %w", err)
		}
		if total, err = starlark.Binary(syntax.PLUS, total, n); err != nil {
			return nil, fmt.Errorf("sum: %w", err)
		}
	}
	return total, nil
}

// round is Python's: halves go to the even neighbour; without ndigits the
// result is an int.
func round(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	var digits starlark.Value = starlark.None
	if err := starlark.UnpackArgs("round", args, kwargs, "number", &v, "ndigits?", &digits); err != nil {
		return nil, err
	}
	n, err := numeric(v)
	if err != nil {
		return nil, fmt.Errorf("round: %w", err)
	}
	x, isFloat := n.(starlark.Float)
	if digits == starlark.None {
		if !isFloat {
			return n, nil
		}
		return starlark.NumberToInt(starlark.Float(math.RoundToEven(float64(x))))
	}
	d, err := starlark.AsInt32(digits)
	if err != nil || d < -300 || d > 300 {
		return nil, fmt.Errorf("round: ndigits: got %s, want a small int", digits)
	}
	switch {
	case !isFloat && d >= 0, isFloat && d > 16:
		return n, nil
	case !isFloat:
		return roundInt(n.(starlark.Int), -d), nil
	case d < 0:
		scale := math.Pow(10, float64(-d))
		return starlark.Float(math.RoundToEven(float64(x)/scale) * scale), nil
	}
	// The digits that are printed are those of the exact value, as in Python.
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'f', d, 64), 64)
	return starlark.Float(rounded), err
}

// roundInt rounds to a multiple of ten to the d, halves to the even one.
func roundInt(n starlark.Int, d int) starlark.Value {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d)), nil)
	quotient, rest := new(big.Int).DivMod(n.BigInt(), unit, new(big.Int))
	switch new(big.Int).Lsh(rest, 1).Cmp(unit) {
	case 1:
		quotient.Add(quotient, big.NewInt(1))
	case 0:
		quotient.Add(quotient, new(big.Int).And(quotient, big.NewInt(1)))
	}
	return starlark.MakeBigInt(quotient.Mul(quotient, unit))
}

func hexBuiltin(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	if err := starlark.UnpackPositionalArgs("hex", args, kwargs, 1, &v); err != nil {
		return nil, err
	}
	n, err := numeric(v)
	if err != nil {
		return nil, fmt.Errorf("hex: %w (hex(255) is Python's; the command is `hex FRAME`, :hex where hex is a variable)", err)
	}
	i, ok := n.(starlark.Int)
	if !ok {
		return nil, fmt.Errorf("hex: got %s, want an int", n)
	}
	return newString(fmt.Sprintf("%#x", i.BigInt()))
}

// format is fmt('%5d %s', a, b): the operator % as a function.
func (it *Interp) format(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 || len(kwargs) > 0 {
		return nil, fmt.Errorf("fmt: want a format and its values: fmt('%%5d %%s', n, name)")
	}
	layout, ok := starlark.AsString(plainValue(args[0]))
	if !ok {
		return nil, fmt.Errorf("fmt: got a %s as format, want a string", args[0].Type())
	}
	s, err := it.formatPercent(layout, args[1:])
	if err != nil {
		return nil, fmt.Errorf("fmt: %w", err)
	}
	return starlark.String(s), nil
}
