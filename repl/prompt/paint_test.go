package prompt

import (
	"strings"
	"testing"

	"pktsh/completion"
)

// drawn is the last drawing that the terminal was sent.
func (x *terminalTest) drawn() string {
	out := x.output()
	at := strings.LastIndex(out, "\x1b[?25l")
	return out[max(at, 0):]
}

func (x *terminalTest) seeDrawn(text string) {
	x.t.Helper()
	x.until("drawn "+text, func(string) bool { return strings.Contains(x.drawn(), text) })
}

const (
	green  = "\x1b[0;32m"
	yellow = "\x1b[0;33m"
	red    = "\x1b[0;31m"
	cyan   = "\x1b[0;36m"
)

// A filter shows what it is before Enter: right, wrong, or not yet a filter.
func TestFilterIsJudgedWhileTyped(t *testing.T) {
	x := start(t, childConfig{Color: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("filter dns")
	x.seeDrawn(cyan + "filter" + plainStyle + " " + green + "dns" + plainStyle)
	x.send(".")
	x.seeDrawn(yellow + "dns.")
	x.send("x!! ")
	x.seeDrawn(red + "dns.x!! ")
	x.see("the filter is wrong at[2J its !!") // escape codes are taken out
	x.send("\x1b[DY")                         // the cursor stays right
	x.seeLast("the filter is wrong at[2J its !!")
	x.see("pkt> filter dns.x!!Y")
	x.send("\x15")
	x.until("no problem", func(s string) bool { return !strings.Contains(s, "wrong") })
	x.send("filter x!!\r")
	x.see(`ran "filter x!!"`)
	x.until("no problem after Enter", func(s string) bool { return !strings.Contains(s, "wrong at") })
}

// What a line still lacks is said when nothing is typed.
func TestUnfinishedIsToldWhenIdle(t *testing.T) {
	x := start(t, childConfig{Color: true}, 80, 24)
	x.seeLast("pkt>")
	x.send("filter a b")
	x.see("the filter wants more")
	x.send("\x1b[D")
	x.until("it gone", func(s string) bool { return !strings.Contains(s, "wants more") })
	x.see("the filter wants more")
	x.send("\r")
	x.see(`ran "filter a b"`)
}

// The row below a line needs room: at the screen's end it is made, on a screen that
// the line fills it is left out.
func TestProblemAtTheScreensEnd(t *testing.T) {
	x := start(t, childConfig{}, 40, 6)
	x.seeLast("pkt>")
	for range 4 {
		x.send("ls\r")
	}
	x.send("filter !! and some more text that wraps x")
	x.see("the filter is wrong at")
	x.send("\x01\x1b[C\x1b[C\x1b[CQ\x05R")
	x.see("pkt> filQter !! and some more text that")
	x.see("wraps xR")
	x.send("\r")
	x.see(`ran "filQter !! and`)
}

func TestNoColorSaysItInWords(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("filter !! ")
	x.see("the filter is wrong at")
	if strings.Contains(sgrOnly(x.output()), "m") {
		t.Errorf("got colours: %q", sgrOnly(x.output()))
	}
}

func TestPaint(t *testing.T) {
	spans := func(s ...completion.Span) completion.Reading { return completion.Reading{Spans: s} }
	for _, c := range []struct {
		block, line string
		r           completion.Reading
		want        string
	}{
		{"", "日本 x", spans(completion.Span{Start: 0, End: 6, Paint: completion.PaintString}), yellow + "日本" + plainStyle + " x"},
		{"", "ab", spans(completion.Span{Start: 0, End: 1, Paint: completion.PaintValid}, completion.Span{Start: 1, End: 2, Paint: completion.PaintWrong}), green + "a" + red + "b" + plainStyle},
		{"", "a⏎bc", spans(completion.Span{Start: 2, End: 3, Paint: completion.PaintValid}), "a⏎" + green + "b" + plainStyle + "c"},
		{"for:\n", "a b", spans(completion.Span{Start: 0, End: 3, Paint: completion.PaintKeyword}, completion.Span{Start: 7, End: 8, Paint: completion.PaintValid}), "a " + green + "b" + plainStyle},
		{"", "plain", spans(), "plain"},
	} {
		m := &menu{block: c.block, before: c.line, suggester: &suggester{}}
		text := c.block + manyLines(c.line)
		a := &answer{text: text, reading: c.r, read: make(chan struct{})}
		close(a.read)
		m.suggester.current = a
		if got := m.paint(c.line); got != c.want {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
		m.before += "!" // another line than the one that was read
		if got := m.paint(c.line); got != c.line {
			t.Errorf("%q: got %q for a line that was not read", c.line, got)
		}
	}
}
