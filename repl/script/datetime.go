package script

import (
	"fmt"
	"math"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
)

// datetimeClass is Python's datetime, the module and the class in it at once:
// datetime.datetime.fromtimestamp(x) and datetime.fromtimestamp(x) are the same.
// Times are local and keep nanoseconds, as pkt.sniff_time is and does.
type datetimeClass struct{}

func (datetimeClass) String() string        { return "<class datetime>" }
func (datetimeClass) Type() string          { return "type" }
func (datetimeClass) Freeze()               {}
func (datetimeClass) Truth() starlark.Bool  { return true }
func (datetimeClass) Hash() (uint32, error) { return 0, nil }
func (datetimeClass) Name() string          { return "datetime" }

// AttrNames returns what Attr knows.
func (datetimeClass) AttrNames() []string {
	return []string{"datetime", "fromisoformat", "fromtimestamp", "now", "timedelta", "utcfromtimestamp"}
}

// CallInternal is datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0).
func (datetimeClass) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var year, month, day, hour, minute, second, micro int
	err := starlark.UnpackArgs("datetime", args, kwargs, "year", &year, "month", &month, "day", &day,
		"hour?", &hour, "minute?", &minute, "second?", &second, "microsecond?", &micro)
	if err != nil {
		return nil, err
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, micro*1000, time.Local)
	if t.Month() != time.Month(month) || t.Day() != day || hour > 23 || minute > 59 || second > 59 {
		return nil, fmt.Errorf("datetime: there is no %04d-%02d-%02d %02d:%02d:%02d", year, month, day, hour, minute, second)
	}
	return newMoment(t), nil
}

// Attr returns a constructor.
func (c datetimeClass) Attr(name string) (starlark.Value, error) {
	switch name {
	case "datetime":
		return c, nil
	case "timedelta":
		return starlark.NewBuiltin(name, timedelta), nil
	case "fromtimestamp", "utcfromtimestamp":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			v, err := one(name, args, kwargs)
			if err != nil {
				return nil, err
			}
			t, err := momentOf(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if name == "utcfromtimestamp" {
				t = t.UTC()
			}
			return newMoment(t), nil
		}), nil
	case "fromisoformat":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var text string
			if err := starlark.UnpackPositionalArgs(name, plainArgs(args), kwargs, 1, &text); err != nil {
				return nil, err
			}
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
				if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
					return newMoment(t), nil
				}
			}
			return nil, fmt.Errorf("fromisoformat: got %q, want 2026-01-31T23:59:59.5", text)
		}), nil
	case "now":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackPositionalArgs(name, args, kwargs, 0); err != nil {
				return nil, err
			}
			return newMoment(time.Now()), nil
		}), nil
	}
	return nil, fmt.Errorf("datetime has no attribute %q%s", name, suggestion(name, c.AttrNames()))
}

// momentOf reads seconds since 1970.
func momentOf(v starlark.Value) (time.Time, error) {
	n, err := numeric(v)
	if err != nil {
		return time.Time{}, err
	}
	x, ok := starlark.AsFloat(n)
	if !ok || math.Abs(x) > 1<<33 {
		return time.Time{}, fmt.Errorf("got %s, want seconds since 1970", n)
	}
	whole, fraction := math.Modf(x)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000), nil // a float holds no more
}

// timedelta is timedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0,
// hours=0, weeks=0).
func timedelta(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	units := []struct {
		name string
		unit time.Duration
	}{
		{"days", 24 * time.Hour}, {"seconds", time.Second}, {"microseconds", time.Microsecond},
		{"milliseconds", time.Millisecond}, {"minutes", time.Minute}, {"hours", time.Hour}, {"weeks", 7 * 24 * time.Hour},
	}
	values := make([]starlark.Value, len(units))
	pairs := make([]any, 0, 2*len(units))
	for i, u := range units {
		values[i] = starlark.MakeInt(0)
		pairs = append(pairs, u.name+"?", &values[i])
	}
	if err := starlark.UnpackArgs("timedelta", args, kwargs, pairs...); err != nil {
		return nil, err
	}
	total := 0.0
	for i, u := range units {
		n, err := numeric(values[i])
		if err != nil {
			return nil, fmt.Errorf("timedelta: %s: %w", u.name, err)
		}
		x, _ := starlark.AsFloat(n)
		total += x * float64(u.unit)
	}
	if math.Abs(total) > math.MaxInt64 {
		return nil, fmt.Errorf("timedelta: got more than the 292 years that a timedelta holds here")
	}
	return Span{startime.Duration(math.Round(total))}, nil
}
