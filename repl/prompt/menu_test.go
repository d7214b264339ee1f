package prompt

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTabCompletesTheCommonPrefixThenSelects(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("l")
	x.see("about layers")
	x.send("\t")
	x.see("pkt> lay")
	x.send("\t")
	x.see("pkt> layers")
	x.see(">layers") // marked in the menu, which has no colours
	x.send("\t")
	x.see("pkt> layout")
	x.send("\x1b[Z")
	x.see("pkt> layers")
	x.send("\r") // accepts only
	x.seeLast("pkt> layers")
	x.send("\r")
	x.see(`ran "layers"`)
}

func TestMenuOfAttributes(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("pkt.")
	x.see("ip_proto")
	x.send("\t") // ip ip_proto ipv6 udp share nothing
	x.send("\x1b[B")
	x.see("pkt> pkt.ip")
	x.send("\x1b[B\t")
	x.see("pkt> pkt.ipv6")
	x.send("\x1b[A")
	x.see("pkt> pkt.ip_proto")
	x.send(" == 6\r") // typing accepts
	x.see(`ran "pkt.ip_proto == 6"`)
}

// A filter's field is one word though it has dots.
func TestWordWithSeparators(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("filter dns.q")
	x.see("dns.qry.type")
	x.send("\t")
	x.see("pkt> filter dns.qry.")
	x.send("\t\t\r")
	x.seeLast("pkt> filter dns.qry.type")
	x.send("\r")
	x.see(`ran "filter dns.qry.type"`)
}

func TestEscapeClosesTheMenu(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("fi")
	x.see("about find")
	x.send("\t\t\t")
	x.see("pkt> find")
	x.send("\x1b")
	x.seeLast("pkt> fi") // and nothing below
	x.send("x\r")
	x.see(`ran "fix"`)
}

func TestTabOnAnEmptyLineListsEverything(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("\t")
	x.see("about layout")
	x.send("\t\t\r")
	x.seeLast("pkt> find") // the menu is gone
	x.send("\r")
	x.see(`ran "find"`)
	x.seeLast("pkt>")
}

func TestTabIndentsInABlock(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("def f():\r")
	x.seeLast("...")
	x.send("\tx()\r")
	x.send("\r")
	x.see(`ran "def f():\n        x()"`)
}

// What TAB inserts is what is sure: typing goes on from there.
func TestFirstTabSelectsNothing(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"nothing in common", "pkt.\tudp", "pkt.udp"},
		{"an empty word", "help \tlayers", "help layers"},
		{"behind what all have in common", "l\touts", "layouts"},
		{"a single one", "pkt.u\t.x", "pkt.udp.x"},
		{"a single one of another spelling", "odd.NA\t.x", "odd.name.x"},
		{"the second selects", "help \t\t!", "help filter!"},
		{"the third goes on", "help \t\t\t!", "help find!"},
		{"Down selects", "help \t\x1b[B!", "help filter!"},
		{"Down selects in a menu that opened by itself", "pkt.\x1b[B!", "pkt.ip!"},
		{"back again", "help \t\t\t\x1b[Z!", "help filter!"},
		{"Space keeps the selected", "pkt.\t\t == 1", "pkt.ip == 1"},
		{"Right keeps the selected", "pkt.\t\t\x1b[C.x", "pkt.ip.x"},
		{"Enter keeps the selected", "pkt.\t\t\r.x", "pkt.ip.x"},
		{"Escape does not", "pkt.\t\t\x1b[99~\x1b\x1b[99~udp", "pkt.udp"},
		{"in the middle", "x(pkt.)\x1b[D\tudp", "x(pkt.udp)"},
		{"a single one in the middle", "x(pkt.u)\x1b[D\t.x", "x(pkt.udp.x)"},
		{"all the way round", "pkt.\t\t\t\t\t\tudp", "pkt.udp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := start(t, childConfig{}, 80, 24)
			x.seeLast("pkt>")
			x.send(c.keys + "\r")
			x.see(fmt.Sprintf("ran %q", c.want))
		})
	}
}

// A menu opens by itself where a word is typed or follows a dot, and nowhere else.
func TestMenuIsShy(t *testing.T) {
	const menu = "about filter"
	for _, c := range []struct {
		name, keys, last string
		opens            bool // at TAB, if not by itself
	}{
		{"behind a call", "help(cap)", "pkt> help(cap)", true},
		{"behind an index", "cap[0]", "pkt> cap[0]", true},
		{"behind a space", "x = 5 ", "pkt> x = 5", true},
		{"a pasted block", "\x1b[200~def f(p):\n    print(p)\x1b[201~", "pkt> def f(p):⏎    print(p)", true},
		{"a pasted name", "\x1b[200~x = fi\x1b[201~", "pkt> x = fi", true},
		{"a recalled line", "x = fi\r\x1b[A", "pkt> x = fi", true},
		{"where the cursor went", "find\x1b[D\x1b[D", "pkt> find", true},
		{"after a menu was left", "fi\t\x1b[D\x1b[C", "pkt> fi", true},
		{"behind an accepted word", "help \t\t\r", "pkt> help filter", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := start(t, childConfig{}, 80, 24)
			x.seeLast("pkt>")
			x.send(c.keys)
			x.seeLast(c.last)
			x.send("\x1b[99~")
			x.seeLast(c.last)
			if c.opens {
				x.send("\t")
				x.see(menu)
			}
		})
	}
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("help f")
	x.see(menu)
	x.send("x")
	x.seeLast("pkt> help fx")
	x.send("\x7f")
	x.see(menu)
}

func TestMenuOnSmallScreens(t *testing.T) {
	x := start(t, childConfig{}, 20, 10)
	x.seeLast("pkt>")
	x.send("many.")
	x.see("name003")
	if strings.Contains(x.screen(), "about") {
		t.Error("got descriptions below 40 columns")
	}
	x.send("\t")
	x.see("pkt> many.name")
	x.send(strings.Repeat("\t", 15))
	x.see("pkt> many.name014")
	x.send("\r")
	x.seeLast("pkt> many.name014")
	x.send("\r")
	x.see(`ran "many.name014"`)
	// A line longer than the screen does not clear it.
	x.send("\x03")
	x.seeLast("pkt>")
	x.send(strings.Repeat("0123456789", 15) + "end")
	x.see("end")
	if strings.Contains(x.output(), "too small") {
		t.Error("go-prompt found the screen too small")
	}
	x.send("\r")
	x.see(`789end"`)
}

func TestTerminalWithoutSize(t *testing.T) {
	x := start(t, childConfig{}, 0, 0)
	x.seeLast("pkt>")
	x.send("fi")
	x.see("about find")
	x.send("nd\r")
	x.see(`ran "find"`)
}

func TestSlowCompletionIsShownWhenItComes(t *testing.T) {
	x := start(t, childConfig{Slow: 300 * time.Millisecond}, 80, 24)
	x.seeLast("pkt>")
	x.send("slow.")
	x.seeLast("pkt> slow.") // typing does not wait
	x.see("tortoise")
	// One that is overtaken by Enter is cancelled.
	x.send("\x03")
	x.seeLast("pkt>")
	x.send("slow.\x7f\r")
	x.see(`ran "slow"`)
}

func TestSlowCompletionIsCancelledByEnter(t *testing.T) {
	x := start(t, childConfig{Slow: time.Hour}, 80, 24)
	x.seeLast("pkt>")
	x.send("slow.\r")
	x.see(`ran "slow."`)
}

func TestPanicInCompletion(t *testing.T) {
	x := start(t, childConfig{}, 120, 40)
	x.seeLast("pkt>")
	x.send("bug.\r")
	x.see(`ran "bug."`)
	x.see("completion failed: a bug in completion")
	x.send("on\r")
	x.see(`ran "on"`)
}
