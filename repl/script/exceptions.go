// This file is Python's raise, its classes of exceptions, and who catches which. What
// pktsh itself fails with has no class, so a handler takes it whatever class it names
// (try.go); what a script raises, and the end of packets, goes by Python's classes.

package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// exceptionBases are Python's classes of exceptions and what they derive from.
var exceptionBases = map[string]string{
	"BaseException": "", "Exception": "BaseException",
	"KeyboardInterrupt": "BaseException", "SystemExit": "BaseException", "GeneratorExit": "BaseException",
	"StopIteration": "Exception", "ArithmeticError": "Exception", "AssertionError": "Exception", "AttributeError": "Exception",
	"EOFError": "Exception", "ImportError": "Exception", "LookupError": "Exception", "NameError": "Exception",
	"OSError": "Exception", "RuntimeError": "Exception", "SyntaxError": "Exception", "TypeError": "Exception",
	"ValueError": "Exception", "Warning": "Exception",
	"ZeroDivisionError": "ArithmeticError", "OverflowError": "ArithmeticError",
	"KeyError": "LookupError", "IndexError": "LookupError", "ModuleNotFoundError": "ImportError",
	"FileNotFoundError": "OSError", "PermissionError": "OSError", "TimeoutError": "OSError", "ConnectionError": "OSError",
	"NotImplementedError": "RuntimeError", "RecursionError": "RuntimeError", "UnicodeDecodeError": "ValueError",
}

// unhandled are the classes whose handlers take nothing that has no class.
var unhandled = []string{"KeyboardInterrupt", "SystemExit", "GeneratorExit", "StopIteration"}

// exception is one of Python's, as the error that it is and as the value that is raised.
type exception struct{ class, msg string }

var (
	// errNoMore is the end of packets, or of what else next() goes through.
	errNoMore = &exception{class: "StopIteration", msg: "no more"}
	// errExit leaves the script: sys.exit().
	errExit = errors.New("the script ended itself")
)

func (e *exception) Error() string {
	if e.msg == "" {
		return e.class
	}
	return e.class + ": " + e.msg
}

func (e *exception) String() string        { return e.msg }
func (e *exception) Type() string          { return e.class }
func (e *exception) Freeze()               {}
func (e *exception) Truth() starlark.Bool  { return true }
func (e *exception) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: %s", e.class) }

// exceptionClass is a class of exceptions: called it makes one.
type exceptionClass string

func (c exceptionClass) String() string        { return "<class '" + string(c) + "'>" }
func (c exceptionClass) Type() string          { return "type" }
func (c exceptionClass) Freeze()               {}
func (c exceptionClass) Truth() starlark.Bool  { return true }
func (c exceptionClass) Hash() (uint32, error) { return starlark.String(c).Hash() }

// Name returns the class's name.
func (c exceptionClass) Name() string { return string(c) }

// CallInternal is ValueError('message').
func (c exceptionClass) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch {
	case len(kwargs) > 0:
		return nil, fmt.Errorf("%s: got the named argument %v, want a message", string(c), kwargs[0][0])
	case len(args) == 0:
		return &exception{class: string(c)}, nil
	case len(args) > 1:
		return &exception{class: string(c), msg: args.String()}, nil
	}
	msg, ok := starlark.AsString(plainValue(args[0]))
	if !ok {
		msg = args[0].String()
	}
	return &exception{class: string(c), msg: msg}, nil
}

// addExceptions puts the classes into env, and raise.
func (it *Interp) addExceptions(env starlark.StringDict) {
	for name := range exceptionBases {
		env[name] = exceptionClass(name)
	}
	env["IOError"] = exceptionClass("OSError")
	env[raiseCall] = starlark.NewBuiltin("raise", it.raise)
}

// raise is raise E: an exception, a class of them, or, without, what is handled now. What
// stands behind from is not kept.
func (it *Interp) raise(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		if it.handled == nil {
			return nil, errors.New("raise: nothing is handled here that could be raised again")
		}
		return nil, it.handled
	}
	e, ok := args[0].(*exception)
	switch v := args[0].(type) {
	case exceptionClass:
		e, ok = &exception{class: string(v)}, true
	case stopCapture:
		return nil, errStopCapture
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("raise: got a %s, want an exception, as in ValueError('message')", args[0].Type())
	case e.class == "SystemExit":
		return nil, it.leave(thread, starlark.String(e.msg))
	}
	return nil, e
}

// leave ends the script with a code, as sys.exit(code) does, and returns the error that
// stops what runs.
func (it *Interp) leave(thread *starlark.Thread, code starlark.Value) error {
	var args starlark.Tuple
	switch text, _ := starlark.AsString(code); {
	case code == starlark.None, text == "" && code.Type() == "string":
	case text != "" && strings.Trim(text, "0123456789") != "":
		it.noticeLine(text) // a message, which Python prints to standard error before it exits 1
		args = starlark.Tuple{starlark.MakeInt(1)}
	default:
		args = starlark.Tuple{code}
	}
	if quit, ok := it.builtin["quit"]; ok {
		if _, err := starlark.Call(thread, quit, args, nil); err != nil && !errors.Is(err, errExit) {
			return err
		}
	}
	return errExit
}

// classOf returns the class of an error, "" where it has none.
func classOf(err error) string {
	if e := (*exception)(nil); errors.As(err, &e) {
		return e.class
	}
	return ""
}

// catches says whether an except clause of these classes takes an error.
func catches(classes string, err error) bool {
	names := strings.FieldsFunc(classes, func(r rune) bool { return strings.ContainsRune("(), \t\r\n", r) })
	class := classOf(err)
	for _, name := range names {
		name = name[strings.LastIndexByte(name, '.')+1:]
		if name == "IOError" {
			name = "OSError"
		}
		if class == "" && !slices.Contains(unhandled, name) {
			return true
		}
		for base := class; base != ""; base = exceptionBases[base] {
			if base == name {
				return true
			}
		}
	}
	return len(names) == 0
}
