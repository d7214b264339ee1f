// This file wraps Starlark's times and durations to give them what Python's
// datetime and timedelta have: strftime, isoformat, timestamp, total_seconds.

package script

import (
	"fmt"
	"slices"
	"strings"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Moment is a point in time with nanoseconds: pkt.sniff_time. It has the
// attributes of Starlark's time and those of Python's datetime.
type Moment struct{ startime.Time }

// Span is the time between two moments. It has the attributes of Starlark's
// duration and Python's total_seconds().
type Span struct{ startime.Duration }

var (
	_ starlark.HasAttrs       = Moment{}
	_ starlark.HasBinary      = Moment{}
	_ starlark.TotallyOrdered = Moment{}
	_ starlark.HasAttrs       = Span{}
	_ starlark.HasBinary      = Span{}
	_ starlark.TotallyOrdered = Span{}
)

func newMoment(t time.Time) Moment { return Moment{startime.Time(t)} }

func (m Moment) time() time.Time { return time.Time(m.Time) }

// String returns the time as Python's str does.
func (m Moment) String() string { return m.text(" ") }

// text returns the time as Python writes a local one, without its zone: the day, a
// separator, the time with six decimals, none if they are zero, nine where it has as many.
func (m Moment) text(sep string) string {
	t := m.time()
	layout := "15:04:05"
	switch ns := t.Nanosecond(); {
	case ns%1000 != 0:
		layout += ".000000000"
	case ns != 0:
		layout += ".000000"
	}
	return t.Format(time.DateOnly) + sep + t.Format(layout)
}

// Type returns "datetime".
func (m Moment) Type() string { return "datetime" }

// Type returns "timedelta".
func (s Span) Type() string { return "timedelta" }

// unwrapped returns Starlark's own time or duration for ours.
func unwrapped(v starlark.Value) starlark.Value {
	switch v := v.(type) {
	case Moment:
		return v.Time
	case Span:
		return v.Duration
	}
	return v
}

// wrapped returns ours for Starlark's own time or duration.
func wrapped(v starlark.Value, err error) (starlark.Value, error) {
	switch v := v.(type) {
	case startime.Time:
		return Moment{v}, err
	case startime.Duration:
		return Span{v}, err
	}
	return v, err
}

// Cmp compares two moments.
func (m Moment) Cmp(y starlark.Value, depth int) (int, error) { return m.Time.Cmp(unwrapped(y), depth) }

// Cmp compares two spans.
func (s Span) Cmp(y starlark.Value, depth int) (int, error) {
	return s.Duration.Cmp(unwrapped(y), depth)
}

// Binary is arithmetic as Starlark's times do it: moment - moment, moment + span.
func (m Moment) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	return binaryUnwrapped(op, m, y, side)
}

// Binary is arithmetic as Starlark's durations do it.
func (s Span) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	return binaryUnwrapped(op, s, y, side)
}

func binaryUnwrapped(op syntax.Token, x, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if side == starlark.Right {
		x, y = y, x
	}
	return wrapped(starlark.Binary(op, unwrapped(x), unwrapped(y)))
}

// momentMethods are what Python's datetime has and Starlark's time has not.
var momentMethods = map[string]func(m Moment, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error){
	"strftime": func(m Moment, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var layout string
		if err := starlark.UnpackArgs("strftime", plainArgs(args), kwargs, "format", &layout); err != nil {
			return nil, err
		}
		s, err := strftime(m.time(), layout)
		return starlark.String(s), err
	},
	"isoformat": func(m Moment, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		sep := "T"
		if err := starlark.UnpackArgs("isoformat", args, kwargs, "sep?", &sep); err != nil {
			return nil, err
		}
		return starlark.String(m.text(sep)), nil
	},
	"timestamp": func(m Moment, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs("timestamp", args, kwargs); err != nil {
			return nil, err
		}
		t := m.time()
		return starlark.Float(float64(t.Unix()) + float64(t.Nanosecond())/1e9), nil
	},
	"weekday": func(m Moment, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs("weekday", args, kwargs); err != nil {
			return nil, err
		}
		return starlark.MakeInt((int(m.time().Weekday()) + 6) % 7), nil // Monday is 0
	},
}

// Attr returns an attribute or method of Python's datetime or Starlark's time.
func (m Moment) Attr(name string) (starlark.Value, error) {
	if fn, ok := momentMethods[name]; ok {
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return fn(m, args, kwargs)
		}).BindReceiver(receiver{m.Type()}), nil
	}
	if name == "microsecond" {
		return starlark.MakeInt(m.time().Nanosecond() / 1000), nil
	}
	if v, err := m.Time.Attr(name); v != nil || err != nil {
		return v, err
	}
	return nil, fmt.Errorf("a datetime has no attribute %q%s", name, suggestion(name, m.AttrNames()))
}

// AttrNames returns what Attr knows.
func (m Moment) AttrNames() []string {
	names := append(m.Time.AttrNames(), "microsecond")
	for name := range momentMethods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Attr returns total_seconds or an attribute of Starlark's duration.
func (s Span) Attr(name string) (starlark.Value, error) {
	if name != "total_seconds" {
		return s.Duration.Attr(name)
	}
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs(name, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.Float(time.Duration(s.Duration).Seconds()), nil
	}).BindReceiver(receiver{s.Type()}), nil
}

// AttrNames returns what Attr knows.
func (s Span) AttrNames() []string { return append(s.Duration.AttrNames(), "total_seconds") }

// directives are strftime's, in Go's layouts (C17 7.27.3.5, in the C locale).
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'j': "002",
	'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January",
	'z': "-0700", 'Z': "MST", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04",
	'D': "01/02/06", 'x': "01/02/06", 'X': "15:04:05", 'c': "Mon Jan _2 15:04:05 2006",
}

// strftime formats t as C and Python do; %f are microseconds.
func strftime(t time.Time, layout string) (string, error) {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(layout, "%")
		b.WriteString(text)
		if !found {
			return b.String(), nil
		}
		if rest == "" {
			return "", fmt.Errorf("strftime: the format %q ends within a directive", layout)
		}
		switch c := rest[0]; c {
		case '%':
			b.WriteByte('%')
		case 'f':
			fmt.Fprintf(&b, "%06d", t.Nanosecond()/1000)
		case 's':
			fmt.Fprint(&b, t.Unix())
		case 'n', 't':
			b.WriteString(map[byte]string{'n': "\n", 't': "\t"}[c])
		default:
			goLayout, ok := directives[c]
			if !ok {
				return "", fmt.Errorf("strftime: no directive %%%c; there are %%Y %%m %%d %%H %%M %%S %%f %%y %%j %%a %%A %%b %%B %%I %%p %%z %%Z %%s %%F %%T %%c", c)
			}
			b.WriteString(t.Format(goLayout))
		}
		layout = rest[1:]
	}
}
