// This file is Python's json: dumps writes what Python writes, its separators, the
// dictionary's own order and its escapes, so that a script's output stays the same.

package script

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// jsonModule is Starlark's json with Python's dumps and loads; fields are text.
func (it *Interp) jsonModule() starlark.Value {
	members := maps.Clone(json.Module.Members)
	encode, decode := members["encode"], members["decode"]
	members["encode"] = starlark.NewBuiltin("encode", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Call(thread, encode, plainArgs(args), kwargs)
	})
	members["loads"] = starlark.NewBuiltin("loads", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Call(thread, decode, plainArgs(args), kwargs)
	})
	members["dumps"] = starlark.NewBuiltin("dumps", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var v, indent, fallback starlark.Value = nil, starlark.None, starlark.None
		w := &jsonWriter{thread: thread, encode: encode}
		ascii := true
		if err := starlark.UnpackArgs("dumps", args, kwargs, "obj", &v, "indent?", &indent, "sort_keys?", &w.sorted,
			"ensure_ascii?", &ascii, "default?", &fallback); err != nil {
			return nil, err
		}
		w.escaped = ascii
		if fn, ok := fallback.(starlark.Callable); ok {
			w.fallback = fn
		}
		if indent != starlark.None {
			width, err := starlark.AsInt32(indent)
			if err != nil || width < 0 || width > 16 {
				return nil, fmt.Errorf("dumps: indent: got %s, want a number of spaces", indent)
			}
			w.indented, w.width = true, width
		}
		if err := w.write(v, 0); err != nil {
			return nil, fmt.Errorf("dumps: %w", err)
		}
		return starlark.String(w.out.String()), nil
	})
	return &starlarkstruct.Module{Name: "json", Members: members}
}

// jsonDepth bounds the values within each other.
const jsonDepth = 500

// jsonWriter writes a value as Python's json.dumps does.
type jsonWriter struct {
	thread   *starlark.Thread
	encode   starlark.Value    // writes what holds nothing
	fallback starlark.Callable // of what JSON has no form for; nil without
	sorted   bool              // keys by their text
	escaped  bool              // what is not ASCII
	indented bool
	width    int
	out      strings.Builder
}

func (w *jsonWriter) write(v starlark.Value, depth int) error {
	if depth > jsonDepth {
		return fmt.Errorf("got more than %d values within each other; does one hold itself?", jsonDepth)
	}
	switch v := plainDict(v).(type) {
	case *starlark.Dict:
		items := v.Items()
		for i, item := range items {
			key, err := w.key(item[0])
			if err != nil {
				return err
			}
			items[i] = starlark.Tuple{starlark.String(key), item[1]}
		}
		if w.sorted {
			slices.SortStableFunc(items, func(a, b starlark.Tuple) int {
				return strings.Compare(string(a[0].(starlark.String)), string(b[0].(starlark.String)))
			})
		}
		return w.within('{', '}', len(items), depth, func(i int) error {
			if err := w.leaf(items[i][0]); err != nil {
				return err
			}
			w.out.WriteString(": ")
			return w.write(items[i][1], depth+1)
		})
	case *starlark.List:
		return w.within('[', ']', v.Len(), depth, func(i int) error { return w.write(v.Index(i), depth+1) })
	case starlark.Tuple:
		return w.within('[', ']', v.Len(), depth, func(i int) error { return w.write(v.Index(i), depth+1) })
	case *Field:
		return w.leaf(starlark.String(v.text()))
	case starlark.Float:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("got the float %s, which JSON has no form for", floatRepr(float64(v)))
		}
		w.out.WriteString(floatRepr(float64(v)))
		return nil
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.String:
		return w.leaf(v)
	default:
		if w.fallback == nil {
			return fmt.Errorf("got a %s, which JSON has no form for; default=str makes it text", v.Type())
		}
		other, err := starlark.Call(w.thread, w.fallback, starlark.Tuple{v}, nil)
		if err != nil {
			return err
		}
		return w.write(other, depth+1)
	}
}

// key returns the text that a dictionary's key becomes.
func (w *jsonWriter) key(k starlark.Value) (string, error) {
	switch k := plainValue(k).(type) {
	case starlark.String:
		return string(k), nil
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float:
		text, err := starlark.Call(w.thread, w.encode, starlark.Tuple{k}, nil)
		if err != nil {
			return "", err
		}
		return string(text.(starlark.String)), nil
	}
	return "", fmt.Errorf("got a %s as a key, want text or a number", k.Type())
}

// leaf writes a value that holds no others.
func (w *jsonWriter) leaf(v starlark.Value) error {
	encoded, err := starlark.Call(w.thread, w.encode, starlark.Tuple{v}, nil)
	if err != nil {
		return err
	}
	for _, r := range string(encoded.(starlark.String)) {
		switch {
		case !w.escaped || r < utf8.RuneSelf:
			w.out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&w.out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&w.out, `\u%04x`, r)
		}
	}
	return nil
}

// within writes n values between brackets.
func (w *jsonWriter) within(open, end byte, n, depth int, write func(i int) error) error {
	w.out.WriteByte(open)
	for i := range n {
		switch {
		case w.indented && i > 0:
			w.out.WriteByte(',')
		case i > 0:
			w.out.WriteString(", ")
		}
		w.line(depth + 1)
		if err := write(i); err != nil {
			return err
		}
	}
	if n > 0 {
		w.line(depth)
	}
	w.out.WriteByte(end)
	return nil
}

// line begins a line where values stand in lines of their own.
func (w *jsonWriter) line(depth int) {
	if w.indented {
		w.out.WriteByte('\n')
		w.out.WriteString(strings.Repeat(" ", depth*w.width))
	}
}
