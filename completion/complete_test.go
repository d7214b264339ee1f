package completion

import (
	"context"
	"strings"
	"testing"
)

// completions is the table of places: the text with the cursor, the kind of
// place, the word being replaced, and the first suggestions (all of them unless
// "…" follows).
var completions = []struct {
	text, kind, word, want string
}{
	// Rule 1 and 3: a first word is a command or the beginning of Starlark.
	{"|", "command", "", "filter follow help ls open save show top"},
	{"fo|", "command", "fo", "follow for"},
	{"  sh|", "command", "sh", "show show_hosts"},
	{"pk|", "command", "pk", "pkt"},
	{"io|", "command", "io", ""}, // rebound: only :io is the command
	{":io|", "command", "io", "io"},
	{":|", "command", "", "filter follow help io ls …"},
	{":io |", "argument", "", ""},
	{"# fo|", "none", "", ""},
	{"!l|", "none", "", ""},
	{"?fi|", "argument", "fi", "filter"},
	{"? |", "argument", "", "filter follow help io ls …"},
	{"filter?|", "none", "", ""},
	// A command's arguments are not Starlark; assignments, calls and indexes are.
	{"ls |", "argument", "", "1-20 --wide"},
	{"ls 1-20 |", "argument", "", "1-20 --wide"},
	{"ls --|", "argument", "--", "--wide"},
	{"ls == |", "argument", "", "1-20 --wide"},
	{"ls = p|", "name", "p", "pkt print"},
	{"ls += p|", "name", "p", "pkt print"},
	{"ls[p|", "name", "p", "pkt print"},
	{"show(p|", "name", "p", "pkt print"},
	{"io 1s|", "none", "", ""},
	{"io x |", "name", "", "and else for if in not or"},
	{"unknown wor|", "name", "wor", ""},
	{"show -|", "argument", "-", "-1"},
	{"follow -|", "argument", "-", "--as --hex"},
	{"show |", "argument", "", "17 -1 dns eth"},
	{"show 5 |", "argument", "", "dns eth"},
	{"show 5 d|", "argument", "d", "dns"},
	{"show 5 dns |", "argument", "", ""},
	{"show -1 |", "argument", "", "dns eth"},
	{"follow |", "argument", "", "tcp udp http2 --as --hex"},
	{"follow t|", "argument", "t", "tcp"},
	{"follow tcp |", "argument", "", "0 1 --as --hex"},
	{"follow --hex tcp |", "argument", "", "0 1 --as --hex"},
	{"follow --as |", "argument", "", "text raw"},
	{"follow --as=r|", "argument", "r", "raw"},
	{"follow --as raw tcp |", "argument", "", "0 1 --as --hex"},
	{"help fil|", "argument", "fil", "filter"},
	{"help xyz|", "argument", "xyz", ""},
	{"follow tcp 1 ¦ less", "argument", "", "--as --hex"},
	{"follow tcp 1 | le¦", "none", "", ""},
	{"follow tcp 1 > no|", "argument", "no", "notes.txt"},
	{"follow tcp 1 >> no|", "argument", "no", "notes.txt"},
	{"follow tcp 1 >no|", "argument", "no", "notes.txt"},
	{"follow tcp 1 > notes.txt |", "none", "", ""},
	// Files.
	{"open |", "argument", "", "browse.pcap lan.pcapng.gz odd 'two words.pcap' sub/"},
	{"open b|", "argument", "b", "browse.pcap"},
	{"open sub/|", "argument", "sub/", "sub/inner.pcapng"},
	{"open ~/su|", "argument", "~/su", "~/sub/"},
	{"open ~|", "argument", "~", "~/"},
	{"open 'two w|", "argument", "'two w", "'two words.pcap'"},
	{`open "two w|`, "argument", `"two w`, `"two words.pcap"`},
	{`open two\ w|`, "argument", `two\ w`, "'two words.pcap'"},
	{"open tw|", "argument", "tw", "'two words.pcap'"},
	{"open browse.pcap l|", "argument", "l", "lan.pcapng.gz"},
	{"open .|", "argument", ".", ".hidden.pcap"},
	{"open nosuch/|", "argument", "nosuch/", ""},
	{"open rws|", "argument", "rws", "browse.pcap"}, // nothing begins so: subsequence
	{"save no|", "argument", "no", "notes.txt"},
	{"filter --to no|", "argument", "no", "notes.txt"},
	{"x = FileCapture('b|", "string", "b", "browse.pcap"},
	{"x = FileCapture(input_file='b|", "string", "b", "browse.pcap"},
	{"x = FileCapture(['b|", "string", "b", "browse.pcap"},
	{"x = FileCapture(input_file=['a', 'b|", "string", "b", "browse.pcap"},
	{"x = ['b|", "string", "b", ""},
	{"x = FileCapture('two|", "string", "two", "two words.pcap"},
	{"x = FileCapture('sub/|", "string", "sub/", "sub/inner.pcapng"},
	// Filters: fields.
	{"filter |", "filter", "", "dns tcp abs( all any count( len( lower( max( min( not string( upper( dnp3 eth http ip ipv6"},
	{"f |", "filter", "", "dns tcp abs( …"},
	{"filter d|", "filter", "d", "dns dnp3"},
	{"filter ip|", "filter", "ip", "ip ipv6 ip.addr ip.dst ip.src ip.src_host"},
	{"filter dns.q|", "filter", "dns.q", "dns.qry.name dns.qry.type"},
	{"filter dns.qname|", "filter", "dns.qname", "dns.qry.name"},
	{"filter DNS.qry.t|", "filter", "DNS.qry.t", "dns.qry.type"},
	{"filter http.origin|", "filter", "http.origin", "http.Origin-Host"},
	{"filter nosuch.x|", "filter", "nosuch.x", ""},
	{"filter !ip.s|", "filter", "ip.s", "ip.src ip.src_host"},
	{"filter not (ip.s|", "filter", "ip.s", "ip.src ip.src_host"},
	{"filter --a|", "argument", "--a", "--ast"},
	{"filter --ast ip.d|", "filter", "ip.d", "ip.dst"},
	{"filter len(tcp.p|", "filter", "tcp.p", "tcp.payload tcp.port"},
	{"top ip.s|", "argument", "ip.s", "ip.src ip.src_host"},
	{"top ip.src |", "argument", "", "where"},
	{"top ip.src where dns.q|", "filter", "dns.q", "dns.qry.name dns.qry.type"},
	// Filters: operators that fit, then logic.
	{"filter ip.src |", "filter", "", "== != > < >= <= in not in && || and or"},
	{"filter ip.src =|", "filter", "=", "=="},
	{"filter ip.src=|", "filter", "=", "=="},
	{"filter ip.src !|", "filter", "!", "!="},
	{"filter ip.src e|", "filter", "e", "eq"},
	{"filter dns.flags.response |", "filter", "", "== != in not in && || and or"},
	{"filter dns.unused |", "filter", "", "&& || and or"},
	{"filter dns.qry.name c|", "filter", "c", "contains"},
	{"filter dns.qry.name m|", "filter", "m", "matches"},
	{"filter ip.src m|", "filter", "m", ""},
	{"filter tcp.payload[0:2] |", "filter", "", "== != > < >= <= contains matches in not in && || …"},
	{"filter tcp |", "filter", "", "&& || and or == != > < …"},
	{"filter len(tcp.payload) |", "filter", "", "== != > < >= <="},
	{"filter len(tcp.payload |", "filter", "", ")"},
	{"filter ip.src == |", "filter", "", "192.168.1.20"},
	{"filter ip.src==|", "filter", "", "192.168.1.20"},
	{"filter ip.src == 19|", "filter", "19", "192.168.1.20"},
	{"filter ip.src == ip.d|", "filter", "ip.d", "ip.dst"},
	{"filter dns.flags.response == |", "filter", "", "False True"},
	{"filter ip.src in |", "filter", "", "{"},
	{"filter ip.src not in |", "filter", "", "{"},
	{"filter ip.src in {|", "filter", "", "192.168.1.20"},
	{"filter ip.src in {10.0.0.1, |", "filter", "", "192.168.1.20"},
	{"filter ip.src in {10.0.0.1} |", "filter", "", "&& || and or"},
	{"filter tcp.port == 80 |", "filter", "", "&& || and or"},
	{"filter tcp.port == 80 a|", "filter", "a", "and"},
	{"filter tcp.port == 80 &|", "filter", "&", "&&"},
	{"filter tcp.port == 80 |¦", "filter", "|", "||"},
	{"filter tcp.port == 80 && ip.d|", "filter", "ip.d", "ip.dst"},
	{"filter tcp.port == 80 || ip.d¦", "filter", "ip.d", "ip.dst"},
	{"filter (tcp.port == 80 |", "filter", "", "&& || and or )"},
	{"filter (tcp.port == 80) |", "filter", "", "&& || and or"},
	{"filter tcp.port == len(tcp.payload) |", "filter", "", "&& || and or"},
	{`filter http.host == "a|`, "none", "", ""},
	{`filter http.host == "a" |`, "filter", "", "&& || and or"},
	{`filter http.host == "a\" |`, "none", "", ""},
	{`filter http.host matches r"\" |`, "filter", "", "&& || and or"},
	{"filter tcp.payload[0:|", "none", "", ""},
	{"filter dns.qry.name == |", "filter", "", `"example.org"`},
	// Filters in strings.
	{"cap.filter('dns.q|", "filter", "dns.q", "dns.qry.name dns.qry.type"},
	{"cap[3:5].filter(\"ip.src |", "filter", "", "== != > < …"},
	{"cap.count_by('ip.src', 'dns.qry.n|", "string", "dns.qry.n", "dns.qry.name"},
	{"cap.group('ip.d|", "string", "ip.d", "ip.dst"},
	{"cap.group('ip.src').sum('dns.qry.t|", "string", "dns.qry.t", "dns.qry.type"},
	{"cap.table('ip.src', where='ip.d|", "filter", "ip.d", "ip.dst"},
	{"cap.table('ip.src', wh|", "name", "wh", "where="},
	{"cap.sort_by('ip.src', re|", "name", "re", "reverse= repr reversed"},
	{"x = FileCapture('a.pcap', display_filter='ip.d|", "filter", "ip.d", "ip.dst"},
	{"x = FileCapture('a.pcap', True, 'ip.d|", "filter", "ip.d", "ip.dst"},
	{"x = FileCapture('a.pcap', False, only_summaries='ip.d|", "string", "ip.d", ""},
	{`cap.filter("dns.qry.name == |`, "filter", "", ""}, // its quotes would end the string
	{`cap.filter('dns.qry.name == |`, "filter", "", `"example.org"`},
	{"pkt.dns.get_field('q|", "string", "q", "qry_name"},
	{"pkt['|", "string", "", "dns ip it\\'s"},
	{"pkt[\"d|", "string", "d", "dns"},
	{"d['|", "string", "", ""},
	{"if 'd|", "string", "d", "dns dnp3"},
	{"x = 'fo|", "string", "fo", ""},
	{"x = 'foo' |", "name", "", "and else for if in not or"},
	{"cap.filter('a' + 'ip.d|", "string", "ip.d", ""},
	// Attributes.
	{"pkt.|", "attribute", "", "dns ip highest_layer length"},
	{"pkt.hi|", "attribute", "hi", "highest_layer"},
	{"pkt.dns.q|", "attribute", "q", "qry_name"},
	{"cap[0].|", "attribute", "", "dns ip highest_layer length"},
	{"x = cap.filter(\"dns\")[0].dns.f|", "attribute", "f", "flags"},
	{"print(pkt.l|", "attribute", "l", "length"},
	{"pkt[pkt.x].|", "attribute", "", "dns ip highest_layer length"},
	{"for p in cap: print(pkt.l|", "attribute", "l", "length"},
	{"print(cap . filter( \"dns\" )[ 0 ].\n  l|", "attribute", "l", "length"},
	{"for p in cap: print(p.dns.q|", "attribute", "q", "qry_name"},
	{"for p in cap:\n    if p['d|", "string", "d", "dns"},
	{"[p.l| for p in cap]", "attribute", "l", "length"},
	{"print(p.l|", "attribute", "l", ""},
	{"pkt . dns . q|", "attribute", "q", "qry_name"},
	{"3.|", "none", "", ""},
	{"(1 + 2).|", "attribute", "", ""},
	{"x = .|", "none", "", ""},
	{"pkt\n.|", "none", "", ""},
	// Names.
	{"x = |", "name", "", "FileCapture cap pkt show_hosts …"},
	{"x = re|", "name", "re", "repr reversed"},
	{"print(c|", "name", "c", "cap chr"},
	{"def f|", "none", "f", ""},
	{"for x|", "none", "x", ""},
	{"for x |", "name", "", "and else for if in not or"},
	{"for x in c|", "name", "c", "cap chr"},
	{"x = y i|", "name", "i", "if in"},
	{"x = 17|", "none", "", ""},
	{"x = 3 # c|", "none", "", ""},
	{"FileCapture('a', d|", "name", "d", "debug= decode_as= decryption_key= disable_protocol= display_filter= dict dir"},
	{"FileCapture('a', keep_packets=T|", "name", "T", "True"},
	{"FileCapture('a', x=(1, d|", "name", "d", "dict dir"},
	{"cap.filter(dis|", "name", "dis", "display_filter="},
	// Blocks: never a command.
	{"for p in cap:\n    sh|", "name", "sh", "show_hosts"},
	{"for p in cap:\n    ret|", "name", "ret", "return"},
	{"for p in cap:\nls |", "name", "", "and else for if in not or"},
	{"def f(p):\n    if 'http' in p:\n        pkt.l|", "attribute", "l", "length"},
	{"x = [\n  c|", "name", "c", "cap chr"},
	{"x = '''a\nb|", "string", "a\nb", ""},
	{"x = 'a\npkt.l|", "attribute", "l", "length"},
	// Pasted lines: after a command or a comment the next line is fresh.
	{"# a comment\nls |", "argument", "", "1-20 --wide"},
	{"filter dns\nfo|", "command", "fo", "follow for"},
	{"x = 3\nls |", "name", "", "and else for if in not or"},
	// The text after the cursor does not count.
	{"fo| tcp 3", "command", "fo", "follow for"},
	{"filter ip.s| == 1", "filter", "ip.s", "ip.src ip.src_host"},
}

func TestComplete(t *testing.T) {
	c := testCompleter(captureDir(t))
	for _, tt := range completions {
		text, cursor := cut(t, tt.text)
		at := c.Grammar.Parse(text, cursor)
		if at.Kind.String() != tt.kind || at.Word != tt.word {
			t.Errorf("%q: got %v %q, want %s %q", tt.text, at.Kind, at.Word, tt.kind, tt.word)
			continue
		}
		got, start := c.Complete(context.Background(), text, cursor)
		if start != at.Start || text[start:cursor] != tt.word {
			t.Errorf("%q: got start %d, want that of %q", tt.text, start, tt.word)
		}
		n := MaxSuggestions
		if strings.HasSuffix(tt.want, "…") {
			n = len(strings.Fields(tt.want)) - 1
			n -= strings.Count(tt.want, "not in")
		}
		if g := texts(got, n); g != tt.want {
			t.Errorf("%q: got suggestions\n\t%s\nwant\n\t%s", tt.text, g, tt.want)
		}
	}
}
