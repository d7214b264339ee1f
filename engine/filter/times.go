package filter

// This file reads times as display filters write them.

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeLiteral reads an absolute time in ISO 8601 form ("2020-07-04T12:34:56",
// "2020-07-04 12:34:56.5Z", "2020-07-04") or Wireshark's own ("Sep 26, 2004
// 23:18:04.954975"). Without a zone it is local time.
func timeLiteral(text string) (Value, error) {
	s := strings.TrimSpace(text)
	loc := time.Local
	if rest, ok := strings.CutSuffix(s, " UTC"); ok {
		s, loc = strings.TrimSpace(rest), time.UTC
	}
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
		"2006-01-02T15:04:05Z07", "2006-01-02 15:04:05Z07",
		"2006-01-02T15:04:05", "2006-01-02 15:04:05",
		"2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00",
		"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
		"Jan 2, 2006 15:04:05",
	} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return TimeValue(t.UnixNano()), nil
		}
	}
	return Value{}, fmt.Errorf(`%q is not a valid absolute time, wanted one like "Nov 12, 1999 08:55:44.123" or "2011-07-04 12:34:56"`, text)
}

// deltaLiteral reads seconds: "1", "0.000001", with at most nine decimals.
func deltaLiteral(text string) (Value, error) {
	bad := fmt.Errorf("%q is not a valid time, wanted seconds with at most nine decimals", text)
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > 9 || !regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`).MatchString(text) {
		return Value{}, bad
	}
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || s > int64(1<<63-1)/1e9-1 {
		return Value{}, bad
	}
	ns, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return Value{}, bad
	}
	return DeltaValue(s*1e9 + ns), nil
}
