package engine

import (
	"fmt"
	"strconv"
	"time"

	"pktsh/engine/capfile"
)

// TimeFormat is how the Time column is written: a value of tshark's -t.
type TimeFormat string

// The values of tshark's -t.
const (
	TimeRelative        TimeFormat = "r" // since the first packet; the default
	TimeAbsolute        TimeFormat = "a" // local time of day
	TimeAbsoluteDate    TimeFormat = "ad"
	TimeAbsoluteDOY     TimeFormat = "adoy"
	TimeDelta           TimeFormat = "d" // since the packet before
	TimeDeltaDisplayed  TimeFormat = "dd"
	TimeEpoch           TimeFormat = "e"
	TimeUTC             TimeFormat = "u"
	TimeUTCDate         TimeFormat = "ud"
	TimeUTCDOY          TimeFormat = "udoy"
	timeFormatsForHuman            = "a, ad, adoy, d, dd, e, r, u, ud or udoy"
)

// ParseTimeFormat checks a value of -t.
func ParseTimeFormat(s string) (TimeFormat, error) {
	switch f := TimeFormat(s); f {
	case TimeRelative, TimeAbsolute, TimeAbsoluteDate, TimeAbsoluteDOY, TimeDelta, TimeDeltaDisplayed,
		TimeEpoch, TimeUTC, TimeUTCDate, TimeUTCDOY:
		return f, nil
	case "":
		return TimeRelative, nil
	}
	return "", fmt.Errorf("-t %s: no such time format; it is one of %s", s, timeFormatsForHuman)
}

// Times returns how the Time column is written.
func (s *Session) Times() TimeFormat { return *s.times.Load() }

// SetTimes changes it.
func (s *Session) SetTimes(f TimeFormat) { s.times.Store(&f) }

// Of is the Time column of the i-th packet of a file, from 0, where all packets are
// shown.
func (t TimeFormat) Of(f *capfile.File, i int) string {
	r, reference := f.Record(i), f.Record(0).Time
	if !r.HasTime {
		return ""
	}
	if i > 0 && (t == TimeDelta || t == TimeDeltaDisplayed) {
		reference = f.Record(i - 1).Time
	}
	digits := 6
	if all := f.Interfaces(); r.Interface >= 0 && r.Interface < len(all) {
		digits = timeDigits(all[r.Interface])
	}
	return formatTime(t, r.Time, reference, digits)
}

// seconds writes a number of nanoseconds as seconds with as many decimals.
func seconds(ns int64, digits int) string {
	sign := ""
	u := uint64(ns)
	if ns < 0 {
		sign, u = "-", -u
	}
	s := sign + strconv.FormatUint(u/1e9, 10)
	if digits == 0 {
		return s
	}
	return s + "." + fmt.Sprintf("%09d", u%1e9)[:digits]
}

// timeDigits is the number of decimals Wireshark shows for a packet of this
// interface: the resolutions it knows are 0 to 3, 6 and 9 digits.
func timeDigits(i capfile.Interface) int {
	switch d := i.Digits; {
	case d <= 0:
		return 0
	case d <= 3:
		return d
	case d <= 6:
		return 6
	default:
		return 9
	}
}

// formatTime writes the Time column of a packet. reference is the time that
// relative formats count from.
func formatTime(f TimeFormat, ns, reference int64, digits int) string {
	switch f {
	case TimeDelta, TimeDeltaDisplayed, TimeRelative, "":
		return seconds(ns-reference, digits)
	case TimeEpoch:
		return seconds(ns, digits)
	}
	t := time.Unix(0, ns)
	layout := "15:04:05"
	switch f {
	case TimeAbsoluteDate, TimeUTCDate:
		layout = "2006-01-02 15:04:05"
	case TimeAbsoluteDOY, TimeUTCDOY:
		layout = "2006/002 15:04:05"
	}
	if f == TimeUTC || f == TimeUTCDate || f == TimeUTCDOY {
		t = t.UTC()
	}
	if digits > 0 {
		layout += "." + "000000000"[:digits]
	}
	return t.Format(layout)
}
