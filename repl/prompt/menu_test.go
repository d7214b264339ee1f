package prompt

import (
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
	x.send("\x1b[B") // no selection yet: history, of which there is none
	x.send("\t")     // ip ip_proto ipv6 udp share nothing
	x.see("pkt> pkt.ip")
	x.send("\x1b[B\x1b[B")
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
	x.send("\t\t")
	x.see("pkt> find")
	x.send("\x1b")
	x.see("pkt> fi\n")
	x.send("x\r")
	x.see(`ran "fix"`)
}

func TestTabOnAnEmptyLineListsEverything(t *testing.T) {
	x := start(t, childConfig{}, 80, 24)
	x.seeLast("pkt>")
	x.send("\t")
	x.see("about layout")
	x.send("\t\t\r")
	x.seeLast("pkt> find")
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
