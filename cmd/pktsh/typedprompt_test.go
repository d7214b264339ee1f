package main

import (
	"strings"
	"testing"
	"time"
)

// This file types at the prompt itself: completion, filters judged before Enter,
// editing, and the history.

// sent is what the terminal was sent so far.
func (p *typist) sent() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

// clear begins a line on a clean screen.
func (p *typist) clear() {
	p.t.Helper()
	p.typed("\x03")
	p.see(`\^C\s*pkt.*>\s*\z`)
	p.typed("\x0c")
	p.see(`\A\s*pkt.*>\s*\z`)
}

// TestTypedCompletion asks for what Wireshark and the capture know.
func TestTypedCompletion(t *testing.T) {
	needWireshark(t)
	p := sit(t, 100, 30, browse)
	p.see(`pkt> `)
	// The catalogue is still being read: what it knows comes when it comes.
	p.typed("filter tls.handshake.extensions_server_n\t")
	p.see(`extensions_server_name +Server Name`)
	p.clear()
	p.say("goto 4", "Standard query response")
	// The names of values are read once a version of Wireshark; till then numbers do.
	for tries := 0; !strings.Contains(p.screen(), "AAAA"); tries++ {
		p.clear()
		p.typed("filter dns.qry.type == \t")
		p.see(`^ +28 `)
		if time.Sleep(50 * time.Millisecond); tries > 400 {
			t.Fatalf("the values' names never came:\n%s", p.screen())
		}
	}
	p.clear()
	for _, c := range []struct {
		keys string
		see  []string
	}{
		// What the packet holds, with its values, before all that it does not.
		{"filter dns.qry.", []string{`^ +dns.qry.class +0x0001.*\n +dns.qry.name +example.org  Name \(STRING\)`}},
		// The capture's values by how often they occur, and what they are called.
		{"filter dns.qry.type == \t", []string{`^ +1 +A \(Host Address\) +`, `^ +28 +AAAA`, `^ +2 +NS \(authoritative`}},
		{"filter dns.qry.type == MX\t", []string{`filter dns.qry.type == 15`}},
		{"filter ip.src == \t", []string{`^ +192.168.1.20 +544 here`}},
		{"filter tcp.flags.syn == \t", []string{`True +Set`}},
		// Words of descriptions.
		{"filter hypertext", []string{`http +Hypertext Transfer Protocol`}},
		// Starlark by type, without running anything.
		{"cap.filter('dns')[0].dns.qry_n", []string{`qry_name`}},
		{"for p in cap: print(p.dns.qry_n", []string{`qry_name`}},
		{"FileCapture('x', dis", []string{`disable_protocol= +protocol not to dissect`, `display_filter=`}},
		{"pkt['d", []string{`dns`}},
		{"set pa\t \t", []string{`set pager`}},
		{"open " + strings.TrimSuffix(browse, "browse.pcapng") + "bro\t", []string{`open \.\./\.\./testdata/browse.pcapng`}},
	} {
		p.typed(c.keys)
		p.see(c.see...)
		p.clear()
	}
	p.say("d = {'alpha': 1, 'beta': [2]}")
	p.typed("\x0cd['\t")
	p.see(`^ +alpha +1\b.*\n +beta +list`)
	p.clear()
	p.say("filter --save web tcp.port in {80, 443}", `saved`)
	p.typed("\x0cfilter ${")
	p.see(`\$\{web\} +tcp.port in`)
	p.typed("w\t")
	p.see(`pkt> filter \$\{web\} *$`)
	p.typed("\x03\x04")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d, want 0", code)
	}
	p.nothingLeft()
}

// TestTypedValidity sees before Enter what a filter is.
func TestTypedValidity(t *testing.T) {
	p := sit(t, 80, 24, "--engine", "native", browse)
	p.see(`pkt> `)
	for _, c := range []struct{ keys, colour, below string }{
		{"filter dns && ip.src == 192.168.1.1", "\x1b[0;32mdns && ip.src == 192.168.1.1", ""},
		{"filter ip.src == ", "\x1b[0;33mip.src ==", `^the expression ends where`},
		{"filter ip.src = 1.2.3.4", "\x1b[0;1;4;31m=", `^"=" is no operator: wanted "=="`},
		{"filter dns.qry.nmae == 5", "\x1b[0;1;4;31mdns.qry.nmae", `did you mean dns.qry.name`},
		{"cap.filter('dns')", "\x1b[0;32mdns", ""},
		{"fliter dns", "\x1b[0;31mfliter", `^there is no command fliter; did you mean filter\?`},
		{"filter ip.src == ${ip.src}", "filter\x1b[0m ip.src == ${ip.src}", ""},
		{"for p in cap: pass # all", "\x1b[0;35mfor\x1b[0m p", ""},
	} {
		p.typed(c.keys)
		if c.below != "" {
			p.see(c.below)
		}
		p.see(`pkt> `)
		p.typed("\x1b[D\x1b[C") // the cursor is where it was
		p.until(c.colour)
		p.clear()
	}
	p.typed("filter ip.src = 1\x1b[D\x1b[D=\x05.2.3.4") // mended
	p.see(`pkt> filter ip.src == 1.2.3.4\s*\z`)
	p.typed("\r")
	p.see(`^0 of 1,204 packets`)
}

// until waits until the last drawing has text, colours included.
func (p *typist) until(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		out := p.sent()
		drawn := out[max(0, strings.LastIndex(out, "\x1b[?25l")):]
		if strings.Contains(drawn, text) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q was never drawn, but %q", text, drawn)
		}
	}
}

// TestTypedEditing edits lines, blocks and the history.
func TestTypedEditing(t *testing.T) {
	t.Setenv("VISUAL", "sed -i s/dns/icmp/g")
	p := sit(t, 80, 24, "--engine", "native", browse)
	p.see(`pkt> `)
	p.say("filter dns", `^82 of 1,204`)
	p.say("filter ip.ttl == 64", `of 1,204`)
	p.typed("\x0c\x12dns")
	p.see(`\(history\) dns`, `filter dns`)
	p.typed("\r")
	p.see(`pkt.*> filter dns\s*\z`)
	p.typed("\x18\x05") // the editor
	p.see(`pkt.*> filter icmp\s*\z`)
	p.typed("\x17\x17explain \x1b.\x1f") // Ctrl-W twice, Alt-., undo
	p.see(`pkt.*> explain\s*\z`)
	p.typed("\x1b.\r") // the last word of the line before
	p.see(`> explain 64`)
	p.say("filter", `no filter`)
	// A block is typed, recalled as one and edited as one.
	p.typed("\x0cfor p in cap[:2]:\r")
	p.see(`^\.\.\. *\s*\z`)
	p.typed("print('number', p.number)\r\r")
	p.see(`^number 1\s+number 2\s+pkt>\s*\z`)
	p.typed("\x0c\x1b[A")
	p.see(`pkt> for p in cap\[:2\]:⏎    print\('number', p.number\)\s*\z`)
	p.typed("\x1b[D\x1b\x7flength\r\r")
	p.see(`^number 60\s+number 60|^number 42\s+number`)
	// A paste of several lines is one input.
	p.typed("\x0c\x1b[200~x = 5\nfor i in range(2):\n    print('pasted', i + x)\n\x1b[201~")
	p.see(`x = 5⏎for i in range\(2\):⏎`)
	p.typed("\r\r")
	p.see(`^pasted 5\s+pasted 6`)
}

// TestTypedSmall is completion on small screens: nothing runs over the edge, and the
// line is left as it was.
func TestTypedSmall(t *testing.T) {
	for _, size := range [][2]int{{40, 12}, {20, 10}} {
		p := sit(t, size[0], size[1], "--engine", "native", browse)
		p.see(`pkt> `)
		for _, keys := range []string{"filter \t", "filter dns.qry.\t\t", "pkt.\t\t\t", "filter ip.src == \t\t", "filter ip.src = 1 && tcp.port == 80 "} {
			p.typed("\x0c" + keys)
			p.see(`\A\s*pkt> [fp]`)
			p.typed("\x07\x15")
			p.see(`\A\s*pkt>\s*\z`)
		}
		p.typed("pkt.number\r")
		p.see(`^1\s+pkt>\s*\z`)
	}
}
