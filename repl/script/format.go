// This file formats as Python does: '%5d %s' % (n, s) and '{:>5}'.format(x).
// Starlark's own operators know neither widths nor precisions.
//
// The syntax is that of the Python Library Reference, "printf-style String
// Formatting" and "Format Specification Mini-Language".

package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// maxWidth bounds widths and precisions: a slip must not fill the memory.
const maxWidth = 10_000

// formatSpec is how one value is to look.
type formatSpec struct {
	fill      string // one character
	align     byte   // '<', '>', '^', '=' (zeros behind the sign), 0 for the type's own
	sign      byte   // '+', ' ' or 0
	alternate bool   // '#': 0x before a hexadecimal number
	group     byte   // ',' or '_' between groups of digits, or 0
	width     int
	precision int  // -1 for none
	verb      byte // 0 for the value's own look
}

// percent is x % y: formatting when x is text, else Starlark's remainder.
func (it *Interp) percent(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	layout, ok := args[0].(starlark.String)
	if !ok {
		return starlark.Binary(syntax.PERCENT, args[0], args[1])
	}
	s, err := it.formatPercent(string(layout), args[1])
	if err != nil {
		return nil, err
	}
	return starlark.String(s), nil
}

// percentArgs hands out what stands right of the operator: a tuple's elements,
// a mapping's by name, or the one value.
type percentArgs struct {
	all  starlark.Value
	next int
}

func (a *percentArgs) take() (starlark.Value, error) {
	t, ok := a.all.(starlark.Tuple)
	if !ok {
		t = starlark.Tuple{a.all}
	}
	if a.next >= len(t) {
		return nil, fmt.Errorf("not enough arguments for the format: got %d", len(t))
	}
	a.next++
	return t[a.next-1], nil
}

// end fails when values are left over. A mapping that was asked for nothing is
// none, as in Python.
func (a *percentArgs) end() error {
	n := 1
	switch t := a.all.(type) {
	case starlark.Tuple:
		n = len(t)
	case *starlark.Dict:
		return nil
	}
	if a.next < n {
		return fmt.Errorf("the format takes %d values, got %d", a.next, n)
	}
	return nil
}

// formatPercent is layout % arg.
func (it *Interp) formatPercent(layout string, arg starlark.Value) (string, error) {
	var out strings.Builder
	args := &percentArgs{all: arg}
	named := false
	for {
		text, rest, found := strings.Cut(layout, "%")
		out.WriteString(text)
		if !found {
			break
		}
		if layout, found = strings.CutPrefix(rest, "%"); found {
			out.WriteByte('%')
			continue
		}
		var v starlark.Value
		if after, ok := strings.CutPrefix(rest, "("); ok {
			key, after, ok := strings.Cut(after, ")")
			if !ok {
				return "", fmt.Errorf("the format's key %q has no closing )", rest)
			}
			var err error
			if v, err = percentKey(arg, key); err != nil {
				return "", err
			}
			named, rest = true, after
		}
		spec, used, err := parsePercent(rest, args)
		if err != nil {
			return "", err
		}
		layout = rest[used:]
		if spec.verb == '%' {
			out.WriteByte('%')
			continue
		}
		if v == nil {
			if v, err = args.take(); err != nil {
				return "", err
			}
		}
		s, err := it.formatValue(spec, v)
		if err != nil {
			return "", fmt.Errorf("%%%s: %w", rest[:used], err)
		}
		out.WriteString(s)
	}
	if named {
		return out.String(), nil
	}
	return out.String(), args.end()
}

func percentKey(arg starlark.Value, key string) (starlark.Value, error) {
	m, ok := arg.(starlark.Mapping)
	if !ok {
		return nil, fmt.Errorf("%%(%s)s wants a dictionary, got a %s", key, arg.Type())
	}
	v, found, err := m.Get(starlark.String(key))
	if err == nil && !found {
		err = fmt.Errorf("%%(%s)s: the dictionary has no such key", key)
	}
	return v, err
}

// parsePercent reads [flags][width][.precision]verb and returns its length.
func parsePercent(s string, args *percentArgs) (spec formatSpec, used int, err error) {
	spec = formatSpec{fill: " ", align: '>', precision: -1}
	zero, left := false, false
	i := 0
flags:
	for ; i < len(s); i++ {
		switch s[i] {
		case '-':
			left = true
		case '0':
			zero = true
		case '#':
			spec.alternate = true
		case '+':
			spec.sign = '+'
		case ' ':
			if spec.sign == 0 {
				spec.sign = ' '
			}
		default:
			break flags
		}
	}
	if spec.width, i, err = parseCount(s, i, args); err != nil {
		return spec, i, err
	}
	if spec.width < 0 {
		left, spec.width = true, -spec.width
	}
	if i < len(s) && s[i] == '.' {
		if spec.precision, i, err = parseCount(s, i+1, args); err != nil {
			return spec, i, err
		}
	}
	for i < len(s) && strings.IndexByte("hlL", s[i]) >= 0 {
		i++ // C's lengths, which Python takes and does not heed
	}
	if i == len(s) {
		return spec, i, fmt.Errorf("the format ends within %q", "%"+s)
	}
	spec.verb = s[i]
	switch {
	case strings.IndexByte("diuoxXeEfFgGcrsabqv%", spec.verb) < 0:
		return spec, i, fmt.Errorf("unknown conversion %q; there are %%d %%s %%r %%x %%X %%o %%b %%f %%e %%g %%c %%%%", "%"+s[:i+1])
	case left:
		spec.align = '<'
	case zero && strings.IndexByte("crsaqv", spec.verb) < 0:
		spec.fill, spec.align = "0", '='
	}
	return spec, i + 1, nil
}

// parseCount reads a number at s[i:], or * for one out of the arguments.
func parseCount(s string, i int, args *percentArgs) (n, end int, err error) {
	if i < len(s) && s[i] == '*' {
		v, err := args.take()
		if err != nil {
			return 0, i, err
		}
		if v, err = numeric(v); err == nil {
			n, err = starlark.AsInt32(v)
		}
		if err != nil || n > maxWidth || n < -maxWidth {
			return 0, i, fmt.Errorf("* in a format wants a number up to %d, got %s", maxWidth, v)
		}
		return n, i + 1, nil
	}
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if n = n*10 + int(s[i]-'0'); n > maxWidth {
			return 0, i, fmt.Errorf("a width or precision in a format is at most %d", maxWidth)
		}
	}
	return n, i, nil
}

// braceFormat is layout.format(*args, **kwargs).
type braceFormat struct {
	it           *Interp
	args         starlark.Tuple
	kwargs       []starlark.Tuple
	next         int
	auto, manual bool
}

// errBraces is what Python says of "}" that closes nothing.
var errBraces = errors.New("format: single '}' in the format; write '}}' for one")

// text formats a layout; depth counts the replacement fields around it.
func (b *braceFormat) text(layout string, depth int) (string, error) {
	var out strings.Builder
	for layout != "" {
		i := strings.IndexAny(layout, "{}")
		if i < 0 {
			break
		}
		out.WriteString(layout[:i])
		c := layout[i]
		layout = layout[i+1:]
		switch {
		case layout != "" && layout[0] == c:
			out.WriteByte(c)
			layout = layout[1:]
			continue
		case c == '}':
			return "", errBraces
		case depth > 1:
			return "", errors.New("format: '{' within '{' is nested too deeply")
		}
		end := closingBrace(layout)
		if end < 0 {
			return "", errors.New("format: unmatched '{' in the format; write '{{' for one")
		}
		s, err := b.replacement(layout[:end], depth)
		if err != nil {
			return "", err
		}
		out.WriteString(s)
		layout = layout[end+1:]
	}
	out.WriteString(layout)
	return out.String(), nil
}

func closingBrace(s string) int {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open == 0 {
				return i
			}
			open--
		}
	}
	return -1
}

// replacement formats what stands between braces: name!conversion:spec.
func (b *braceFormat) replacement(field string, depth int) (string, error) {
	name, layout, _ := strings.Cut(field, ":")
	name, conversion, converted := strings.Cut(name, "!")
	v, err := b.value(name)
	if err != nil {
		return "", err
	}
	switch {
	case converted && conversion == "r":
		v = starlark.String(b.it.repr(v))
	case converted && conversion == "s":
		v = starlark.String(b.it.text(v))
	case converted:
		return "", fmt.Errorf("format: unknown conversion !%s; there are !s and !r", conversion)
	}
	if strings.ContainsAny(layout, "{}") {
		if layout, err = b.text(layout, depth+1); err != nil {
			return "", err
		}
	}
	spec, err := parseBrace(layout)
	if err != nil {
		return "", err
	}
	s, err := b.it.formatValue(spec, v)
	if err != nil {
		return "", fmt.Errorf("format: {%s}: %w", field, err)
	}
	return s, nil
}

// value returns what a replacement field names: the next value, the value of a
// number or of a keyword, and attributes of it after dots.
func (b *braceFormat) value(name string) (starlark.Value, error) {
	name, attrs, dotted := strings.Cut(name, ".")
	v, err := b.argument(name)
	if err != nil || !dotted {
		return v, err
	}
	for attr := range strings.SplitSeq(attrs, ".") {
		x, ok := v.(starlark.HasAttrs)
		if !ok {
			return nil, fmt.Errorf("format: a %s has no attribute %q", v.Type(), attr)
		}
		if v, err = x.Attr(attr); err != nil {
			return nil, err
		}
		if v == nil {
			return nil, fmt.Errorf("format: a %s has no attribute %q%s", x.Type(), attr, suggestion(attr, x.AttrNames()))
		}
	}
	return v, nil
}

func (b *braceFormat) argument(name string) (starlark.Value, error) {
	n, digits := 0, name != ""
	for i := 0; i < len(name) && digits; i++ {
		digits = name[i] >= '0' && name[i] <= '9'
		n = min(n*10+int(name[i]-'0'), len(b.args))
	}
	switch {
	case name == "":
		b.auto = true
		n = b.next
		b.next++
	case digits:
		b.manual = true
	default:
		for _, kv := range b.kwargs {
			if key, _ := starlark.AsString(kv[0]); key == name {
				return kv[1], nil
			}
		}
		return nil, fmt.Errorf("format: {%s} wants an argument %s=…", name, name)
	}
	if b.auto && b.manual {
		return nil, errors.New("format: {} and {0} do not mix")
	}
	if n >= len(b.args) {
		return nil, fmt.Errorf("format: the format wants more values than the %d given", len(b.args))
	}
	return b.args[n], nil
}

// parseBrace reads [[fill]align][sign][#][0][width][grouping][.precision][type].
func parseBrace(s string) (formatSpec, error) {
	spec := formatSpec{fill: " ", precision: -1}
	layout, filled := s, false
	isAlign := func(s string) bool { return s != "" && strings.IndexByte("<>^=", s[0]) >= 0 }
	if r := firstRune(s); r != "" && isAlign(s[len(r):]) {
		spec.fill, spec.align, filled = r, s[len(r)], true
		s = s[len(r)+1:]
	} else if isAlign(s) {
		spec.align = s[0]
		s = s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		if s[0] != '-' {
			spec.sign = s[0]
		}
		s = s[1:]
	}
	s, spec.alternate = strings.CutPrefix(s, "#")
	if s != "" && s[0] == '0' {
		if !filled {
			spec.fill = "0"
		}
		if spec.align == 0 {
			spec.align = '='
		}
	}
	var i int
	var err error
	if spec.width, i, err = parseCount(s, 0, nil); err != nil {
		return spec, err
	}
	s = s[i:]
	if s != "" && (s[0] == ',' || s[0] == '_') {
		spec.group = s[0]
		s = s[1:]
	}
	if after, ok := strings.CutPrefix(s, "."); ok {
		if spec.precision, i, err = parseCount(after, 0, nil); err == nil && i == 0 {
			err = errors.New("a precision is missing")
		}
		if err != nil {
			return spec, fmt.Errorf("format: %q: %w", layout, err)
		}
		s = after[i:]
	}
	if len(s) == 1 && strings.IndexByte("bcdeEfFgGnosxX%", s[0]) >= 0 {
		spec.verb = s[0]
	} else if s != "" {
		return spec, fmt.Errorf("format: got the specification %q, want [[fill]align][sign][#][0][width][,][.precision][type] with a type of b c d e E f F g G n o s x X %%", layout)
	}
	return spec, nil
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
