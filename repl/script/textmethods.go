// This file gives text the methods that Python's strings have and Starlark's
// lack: its string type takes no further ones, so the source is rewritten to
// ask here.

package script

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// textMethods are the methods added, each with how it fills a text up.
var textMethods = map[string]formatSpec{
	"ljust":  {fill: " ", align: '<', precision: -1},
	"rjust":  {fill: " ", align: '>', precision: -1},
	"center": {fill: " ", align: '^', precision: -1},
	"zfill":  {fill: "0", align: '=', precision: -1},
}

// attribute is x.name for the names of textMethods.
func attribute(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, name := args[0], string(args[1].(starlark.String))
	if s, ok := x.(starlark.String); ok {
		return starlark.NewBuiltin(name, justify).BindReceiver(s), nil
	}
	if f, ok := x.(*Field); ok {
		if v, err := f.deeper(name); v != nil || err != nil {
			return v, err
		}
		return starlark.NewBuiltin(name, justify).BindReceiver(starlark.String(f.text())), nil
	}
	if x, ok := x.(starlark.HasAttrs); ok {
		if v, err := x.Attr(name); v != nil || err != nil {
			return v, err
		}
	}
	return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
}

// justify is text.ljust(width, fillchar), rjust, center, or zfill(width).
func justify(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	spec := textMethods[b.Name()]
	var err error
	if b.Name() == "zfill" {
		err = starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &spec.width)
	} else {
		err = starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &spec.width, &spec.fill)
	}
	switch {
	case err != nil:
		return nil, err
	case utf8.RuneCountInString(spec.fill) != 1:
		return nil, fmt.Errorf("%s: fillchar: got %q, want one character", b.Name(), spec.fill)
	case spec.width > maxWidth:
		return nil, fmt.Errorf("%s: width: got %d, want at most %d", b.Name(), spec.width, maxWidth)
	}
	s := string(b.Receiver().(starlark.String))
	if b.Name() == "zfill" {
		sign := ""
		if s != "" && strings.IndexByte("+-", s[0]) >= 0 {
			sign, s = s[:1], s[1:]
		}
		return starlark.String(spec.number(sign, s)), nil
	}
	return starlark.String(spec.pad(s)), nil
}
