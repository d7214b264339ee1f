package script

import (
	"errors"
	"strings"
	"testing"

	"pktsh/dissect"
)

// TestHabits checks that what people type out of habit is answered with what
// to write.
func TestHabits(t *testing.T) {
	tests := []struct {
		src, want string
		kind      ErrorKind
	}{
		{`print "x"`, "print is a function", ErrorSyntax},
		{"x++", "write x += 1", ErrorSyntax},
		{"b: int = 3", "no type annotations: write b = …", ErrorSyntax},
		{"def f(a: int) -> int:\n    return a", "no type annotations", ErrorSyntax},
		{"except ValueError:", "belongs to a try", ErrorSyntax},
		{"raise ValueError('x')", "ValueError: x", ErrorRuntime},
		{"x = 1\ndel x", "undefined: __del__", ErrorUndefined},
		{"if (n := 3): pass", "no :=", ErrorSyntax},
		{"x = 'is' 'a'", "write + between", ErrorSyntax},
		{"2 ** 3", "write pow(x, y)", ErrorSyntax},
		{"1 < n < 3", "write a < b and b < c", ErrorSyntax},
		{"try:\n    pkt.http.host\nx = 1", "neither except nor finally", ErrorSyntax},
		{"raise StopCapture()", "StopCapture() ends cap.apply_on_packets", ErrorRuntime},
		{"raise 'x'", "raise: got a string, want an exception", ErrorRuntime},
		{"raise", "nothing is handled here", ErrorRuntime},
		{"try:\n    raise ValueError('x')\nexcept KeyError:\n    pass", "ValueError: x", ErrorRuntime},
		{"with 3 as x", "got end of file", ErrorSyntax},
		{"binascii.unhexlify('0a:0b')", "want hex digits without colons", ErrorRuntime},
		{"next(iter([]))", "StopIteration", ErrorRuntime},
		{"json.dumps(float('nan'))", "which JSON has no form for", ErrorRuntime},
		{"pkt.ip.src = 3", "nothing but .raw_mode is set", ErrorRuntime},
		{"def f():\n    nonlocal n", "in a list or a dictionary, or in a global", ErrorSyntax},
		{"x = f'{'", "braces of this f-string do not match", ErrorSyntax},
		{"import os", "Starlark has no import", ErrorSyntax},
		{"import pyshark\nx = 1 +", "want primary expression", ErrorSyntax},
		{"pkt.", "a name is wanted after the dot", ErrorSyntax},
		{"  x = 1", "this line is indented, and there is no block that it belongs to", ErrorSyntax},
		{"tshark -r x", "got identifier, want newline", ErrorSyntax},
		{"follow tcp 1", "got identifier, want newline", ErrorSyntax},
		{"ip.src == 1.2.3.4", "write: filter ip.src == 1.2.3.4)", ErrorSyntax},
		{"ip.src == '1.2.3.4'", "write: filter ip.src == '1.2.3.4')", ErrorUndefined},
		{"tcp && !icmp", "write: filter tcp && !icmp)", ErrorSyntax},
		{`dns contains "x"`, "write: filter dns contains", ErrorSyntax},
		{"192.168.1.6", "write: filter ip.addr == 192.168.1.6)", ErrorSyntax},
		{"fe80::1", "write: filter ipv6.addr == fe80::1)", ErrorSyntax},
		{"00:11:22:33:44:55", "write: filter eth.addr == 00:11:22:33:44:55)", ErrorSyntax},
		{"pkt.ip.src == 1.2.3.4", "an address needs quotes: '1.2.3.4'", ErrorSyntax},
		{"dns", "write `filter dns` for its packets, pkt.dns for", ErrorUndefined},
		{"print(tcp)", "write `filter tcp`", ErrorUndefined},
		{"foo.bar == 3", "undefined: foo", ErrorUndefined},
		{"LiveCaptur('lo')", "did you mean LiveCapture?", ErrorUndefined},
		{"pyshark.LiveCaptur('lo')", "did you mean LiveCapture?", ErrorRuntime},
		{"pyshark.FileCaptur('x')", "did you mean FileCapture?", ErrorRuntime},
		{"true", "write True", ErrorUndefined},
		{"'%y' % 3", `unknown conversion "%y"`, ErrorRuntime},
		{"'%d' % pkt.ip.src", `%d: pkt.ip.src is the text "192.168.1.20", want a number`, ErrorRuntime},
		{"'%d' % 'x'", "got the string 'x', want a number", ErrorRuntime},
		{"'%d %d' % 3", "not enough arguments", ErrorRuntime},
		{"'%s' % (1, 2)", "takes 1 values, got 2", ErrorRuntime},
		{"'%(a)s' % {}", "no such key", ErrorRuntime},
		{"'%5' % 3", "ends within", ErrorRuntime},
		{"'%99999999d' % 3", "at most 10000", ErrorRuntime},
		{"'{} {}'.format(1)", "more values than the 1 given", ErrorRuntime},
		{"'{} {0}'.format(1)", "do not mix", ErrorRuntime},
		{"'{:q}'.format(1)", `got the specification "q"`, ErrorRuntime},
		{"'{x}'.format(1)", "wants an argument x=…", ErrorRuntime},
		{"'{'.format(1)", "unmatched '{'", ErrorRuntime},
		{"'}'.format(1)", "single '}'", ErrorRuntime},
		{"'{:>{:>{}}}'.format(1, 2, 3)", "nested too deeply", ErrorRuntime},
		{"'a'.rjust(99999999)", "at most 10000", ErrorRuntime},
		{"pkt.sniff_time.strftime('%Q')", "no directive %Q", ErrorRuntime},
		{"pkt.sniff_time.strftim('%S')", "did you mean strftime?", ErrorRuntime},
		{"max()", "got nothing", ErrorRuntime},
		{"max([])", "empty sequence", ErrorRuntime},
		{"sorted([1, 'a'])", "not implemented", ErrorRuntime},
		{"{1: 2}[pkt.udp.dstport]", `key "53" not in dict`, ErrorRuntime},
		{"[1][pkt.udp.dstport]", "list index 53 out of range [-1:0]", ErrorRuntime},
		{"FileCapture('x', decryption_key='x')", "decryption_key: got a passphrase of length 1, want 8 to 63", ErrorRuntime},
		{"FileCapture('x', decryption_key='x', encryption_type='wep')", "decryption_key: got \"x\", want a WEP key in hex", ErrorRuntime},
		{"FileCapture('x', decryption_key='ab', encryption_type='wpa-psk')", "decryption_key: got \"ab\", want 64 hex digits", ErrorRuntime},
	}
	catalogue := dissect.NewCatalogue([]dissect.FieldInfo{
		{Name: "dns", Type: dissect.TypeProtocol}, {Name: "dns.id"}, {Name: "tcp", Type: dissect.TypeProtocol}, {Name: "tcp.port"}, {Name: "ip.src"},
	})
	for _, tt := range tests {
		for _, c := range []*dissect.Catalogue{nil, catalogue} {
			h := newHarness(t)
			h.cfg.Catalogue = func() *dissect.Catalogue { return c }
			_, err := h.exec(tt.src)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Msg, tt.want) || e.Kind != tt.kind {
				t.Errorf("%s\ngot  %#v\nwant %s, kind %d", tt.src, err, tt.want, tt.kind)
			}
		}
	}
}

func TestPastedPyShark(t *testing.T) {
	h := newHarness(t)
	got, err := h.exec("import pyshark  # as in every example\nimport pyshark as ps\nimport json\nfrom pyshark import FileCapture\n" +
		"ps == pyshark\nps.FileCapture == FileCapture\nfor p in cap:\n    import time\n    n = p.number\nn")
	if err != nil || got != "True\nTrue\n4\n" || len(h.notices) != 1 {
		t.Errorf("%q, %v, notices %q", got, err, h.notices)
	}
}

// TestLongBacktrace checks that endless recursion does not fill the screen.
func TestLongBacktrace(t *testing.T) {
	for _, src := range []string{"def f(n):\n    return f(n + 1)\nf(0)", "def a(): b()\ndef b(): a()\na()"} {
		var e *Error
		_, err := newHarness(t).exec(src)
		if !errors.As(err, &e) || !strings.Contains(e.Backtrace, "more\n") || strings.Count(e.Backtrace, "\n") > 20 ||
			!strings.HasPrefix(e.Backtrace, "  test.star:3:2: in <toplevel>\n") {
			t.Errorf("%v\n%s", err, e.Backtrace)
		}
	}
}

// TestQuotedHeaders reads the headers that an ICMP error quotes, and fields of
// a protocol that stand in another's layer.
func TestQuotedHeaders(t *testing.T) {
	h := newHarness(t)
	icmp := h.view.packets[2].tree.Nodes[2]
	icmp.Children = append(icmp.Children, proto("tcp", "Transmission Control Protocol",
		field("tcp.srcport", "Source Port: 443", "443", 0, 0), field("tcp.flags", "Flags", "0x12", 0, 0), field("tcp.flags.syn", "Syn: Set", "1", 0, 0)))
	nodes := &h.view.packets[3].tree.Nodes
	*nodes = append(*nodes, proto("ssdp", "Simple Service Discovery Protocol",
		field("http.host", "HOST: 239.255.255.250:1900", "239.255.255.250:1900", 0, 0)))
	for _, tt := range []struct{ src, want string }{
		{"cap[2].icmp.tcp_srcport", "'443'"},
		{"cap[2].icmp.tcp.srcport", "'443'"},
		{"cap[2].icmp.get_field_value('tcp.srcport')", "'443'"},
		{"cap[2].icmp.get_field('tcp.flags.syn'), cap[2].icmp.ip_src, cap[2].icmp.has_field('tcp.dstport')", "('1', '10.0.0.9', False)"},
		{"cap[2].icmp.field_names, hasattr(cap[2].icmp, 'srcport'), 'tcp' in cap[2]", "(['type'], False, False)"},
		{"cap[3].ssdp.http_host, cap[3].ssdp.host", "('239.255.255.250:1900', '239.255.255.250:1900')"},
	} {
		if got, err := h.exec(tt.src); err != nil || got != tt.want+"\n" {
			t.Errorf("%s: %q, %v", tt.src, got, err)
		}
	}
	for _, tt := range []struct{ src, want string }{
		{"cap[2].tcp.stream", "packet 3 has no tcp layer of its own: its icmp layer quotes a tcp header (icmp.tcp), which filters find too; test with 'tcp' in p, or filter tcp && !icmp"},
		{"cap[2]['tcp']", "its icmp layer quotes a tcp header"},
		{"cap[3].http", `packet 4 has no layer "http"; http.* fields are in its layer ssdp`},
		{"cap[3].smtp", "its layers: eth ip udp dns ssdp"},
	} {
		if _, err := h.exec(tt.src); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.src, err)
		}
	}
}

// TestOneLine checks that printed fields stay on their line, and that their
// value is what was sent.
func TestOneLine(t *testing.T) {
	h := newHarness(t)
	dns := h.view.packets[0].tree.Nodes[4]
	dns.Children = append(dns.Children, field("dns.txt", `TXT: a\r\nb`, "a\tb\r\n", 0, 0))
	got, err := h.exec("f = pkt.dns.txt\nprint(f)\nprint('%s {}'.format(f) % f)\nf\nf == 'a\\tb\\r\\n', len(f), f.split(), str(f) == f, f.endswith('\\r\\n')")
	want := `a\tb\r\n` + "\n" + `a\tb\r\n a\tb\r\n` + "\n" + `'a\tb\r\n'` + "\n(True, 5, ['a', 'b'], True, True)\n"
	if err != nil || got != want {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
}

// TestMembersOfAnotherPacket checks that completing a packet that is not known
// shows nothing of the one that is.
func TestMembersOfAnotherPacket(t *testing.T) {
	h := newHarness(t)
	if _, err := h.exec("pkt.dns"); err != nil {
		t.Fatal(err)
	}
	list, _ := h.Resolve(t.Context(), "cap[n]")
	for _, m := range list {
		if m.Name == "dns" && m.Detail != "" || strings.Contains(m.Detail, "DNS") {
			t.Errorf("%+v", m)
		}
	}
}
