package prompt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWrapRows(t *testing.T) {
	for _, c := range []struct {
		before, after string
		rows          []string
		row, column   int
	}{
		{"", "", []string{""}, 0, 0},
		{"abc", "", []string{"abc"}, 0, 3},
		{"abcd", "", []string{"abcd", ""}, 1, 0},
		{"abcd", "e", []string{"abcd", "e"}, 1, 0},
		{"ab", "cde", []string{"abcd", "e"}, 0, 2},
		{"abc日", "", []string{"abc", "日"}, 1, 2},
		{"", "abcdefgh", []string{"abcd", "efgh"}, 0, 0},
	} {
		rows, row, column := wrapRows(c.before, c.after, 4)
		if !slices.Equal(rows, c.rows) || row != c.row || column != c.column {
			t.Errorf("%q %q: got %q, %d %d, want %q, %d %d", c.before, c.after, rows, row, column, c.rows, c.row, c.column)
		}
	}
}

// A typed line that is higher than the screen scrolls in it, and leaves one copy.
func TestLineHigherThanTheScreen(t *testing.T) {
	x := start(t, childConfig{}, 20, 8)
	x.seeLast("pkt>")
	var line strings.Builder
	for i := range 60 {
		fmt.Fprintf(&line, "%03d ", i)
	}
	typed := line.String() + "end" // 5+243 columns: 13 rows
	for i := 0; i < len(typed); i += 9 {
		x.send(typed[i:min(i+9, len(typed))])
	}
	all := wrapped("pkt> "+typed, 20)
	rows := strings.Split(all, "\n")
	shows := func(what string, first int) {
		t.Helper()
		x.until(what, func(s string) bool { return s == strings.Join(rows[first:first+8], "\n") })
	}
	shows("the end of the line", len(rows)-8)
	x.send("\x01")
	shows("its start", 0)
	x.send(strings.Repeat("\x1bf", 40)) // to the end of 039, in the ninth row
	shows("the middle", 1)
	x.send("\x05")
	shows("the end again", len(rows)-8)
	x.send("\x01\x1bf\x0b") // what is left fits
	x.until("one short line at the top", func(s string) bool { return s == "pkt> 000" })
	x.send("\x15")
	for i := 0; i < len(typed); i += 50 {
		x.send(typed[i:min(i+50, len(typed))])
	}
	shows("the end of the same line", len(rows)-8)
	x.resize(30, 8)
	rows = strings.Split(wrapped("pkt> "+typed, 30), "\n")
	shows("the end at another width", len(rows)-8)
	x.send("\r")
	x.see(` 059 end"`)
	x.seeLast("pkt>")
	x.send("short\r")
	x.see(`ran "short"`)
}

// What was on the screen is scrolled out of it and not lost.
func TestLineHigherThanTheScreenScrolls(t *testing.T) {
	x := start(t, childConfig{}, 20, 8)
	x.seeLast("pkt>")
	x.send("above\r")
	x.see(`ran "above"`)
	x.seeLast("pkt>")
	for range 17 {
		x.send("0123456789")
	}
	x.send("end")
	x.see("end")
	if strings.Contains(x.screen(), "above") {
		t.Error("the line does not fill the screen")
	}
	x.send("\x03")
	x.seeLast("pkt>")
	// Room is made when the line outgrows the screen and not at every key after.
	before, _, _ := strings.Cut(x.output(), "^C")
	if n := strings.Count(before[strings.LastIndex(before, "above"):], "\x1b[999B"); n != 1 {
		t.Errorf("got room made %d times, want once", n)
	}
}
