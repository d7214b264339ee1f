package filter

// This file reads times as display filters write them. Like mktime(3), on which
// Wireshark leans, it lets February have 31 days and a minute 61 seconds.

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	// isoTime is "2020-07-04T12:34:56.5Z": the time of day, its seconds, their
	// decimals and the zone may be missing.
	isoTime = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$`)
	// namedTime is "Sep 26, 2004 23:18:04.954975".
	namedTime = regexp.MustCompile(`^([A-Za-z]{3}) +(\d{1,2}), +(\d{4}) +(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$`)
	// looseTime and looseSeconds have the looks of what is no time here and one in
	// Wireshark: years of few digits, missing blanks, a second point.
	looseTime    = regexp.MustCompile(`^$|^ *\d{1,3}-\d{1,2}-\d{1,2}|^ *[A-Za-z]{3} +\d{1,2}(, +\d{1,3}|,\d{1,4}) +\d{1,2}:\d{1,2}:\d{1,2}|^ *[A-Za-z]{3} .*\dUTC$`)
	looseSeconds = regexp.MustCompile(`^\d+\.\d{0,9}\.|^\d{10,}(\.\d{1,9})?$`)
	seconds      = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,9})?$`)
)

// timeLiteral reads an absolute time in ISO 8601 form ("2020-07-04T12:34:56",
// "2020-07-04 12:34:56.5Z", "2020-07-04") or Wireshark's own ("Sep 26, 2004
// 23:18:04.954975"). Without a zone, or " UTC" behind it, it is local time.
func timeLiteral(text string) (Value, error) {
	s, loc := strings.TrimSpace(text), time.Local
	if s != text && strings.ContainsAny(s, ".,Z+") {
		return Value{}, lenientError{fmt.Errorf("%q has blanks around it, which Wireshark takes in some times only", text)}
	}
	if rest, ok := strings.CutSuffix(s, " UTC"); ok {
		s, loc = strings.TrimSpace(rest), time.UTC
	}
	var parts []string // year, month, day, hour, minute, second, decimals
	if strings.HasSuffix(s, ",") {
		return Value{}, lenientError{fmt.Errorf("%q ends in a comma, which Wireshark takes behind some times only", text)}
	}
	if m := isoTime.FindStringSubmatch(s); m != nil {
		parts = m[1:8]
		if zoned := m[8] != "" || strings.HasSuffix(strings.TrimSpace(text), "UTC"); zoned && (strings.Contains(s, ",") || m[7] == "" && strings.Contains(s, ".")) {
			return Value{}, lenientError{fmt.Errorf("%q has decimals and a zone, which Wireshark takes in some forms only", text)}
		}
		if m[8] != "" {
			loc = parseZone(m[8])
		}
	} else if m := namedTime.FindStringSubmatch(s); m != nil && text[0] != ' ' {
		parts = []string{m[3], monthNumber(m[1]), m[2], m[4], m[5], m[6], m[7]}
	}
	if v, ok := civilTime(parts, loc); ok {
		return v, nil
	}
	return Value{}, lenientIf(looseTime.MatchString(text), fmt.Errorf(`%q is not a valid absolute time, wanted one like "Nov 12, 1999 08:55:44.123" or "2011-07-04 12:34:56"`, text))
}

// civilTime checks every part against its own limits, not against the calendar.
func civilTime(parts []string, loc *time.Location) (Value, bool) {
	if parts == nil {
		return Value{}, false
	}
	limits := [6][2]int{{1, 9999}, {1, 12}, {1, 31}, {0, 23}, {0, 59}, {0, 61}}
	var n [6]int
	for i, limit := range limits {
		if parts[i] == "" && i >= 3 {
			continue
		}
		v, err := strconv.Atoi(parts[i])
		if err != nil || v < limit[0] || v > limit[1] {
			return Value{}, false
		}
		n[i] = v
	}
	ns, err := strconv.Atoi((parts[6] + "000000000")[:9])
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], ns, loc)
	return TimeValue(t.UnixNano()), err == nil
}

// parseZone reads Z, +01, +0100 and +01:00.
func parseZone(s string) *time.Location {
	if s == "Z" {
		return time.UTC
	}
	digits := strings.ReplaceAll(s[1:], ":", "") + "00"
	hours, _ := strconv.Atoi(digits[:2]) // the pattern lets only digits through
	minutes, _ := strconv.Atoi(digits[2:4])
	offset := hours*3600 + minutes*60
	if s[0] == '-' {
		offset = -offset
	}
	return time.FixedZone(s, offset)
}

// monthNumber returns "1" for "Jan" in any case, and "" for what is no month.
func monthNumber(name string) string {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(m.String()[:3], name) {
			return strconv.Itoa(int(m))
		}
	}
	return ""
}

// deltaLiteral reads seconds: "1", "0.000001", with at most nine decimals.
func deltaLiteral(text string) (Value, error) {
	bad := lenientIf(looseSeconds.MatchString(text), fmt.Errorf("%q is not a valid time, wanted seconds with at most nine decimals", text))
	if !seconds.MatchString(text) {
		return Value{}, bad
	}
	whole, fraction, _ := strings.Cut(text, ".")
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
