package completion

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

// table is a command table for tests.
type table struct {
	commands []Command
	aliases  map[string]string
	rebound  map[string]bool
}

func (t table) Lookup(name string) (Command, bool) {
	if a, ok := t.aliases[name]; ok {
		name = a
	}
	for _, c := range t.commands {
		if c.Name == name {
			return c, true
		}
	}
	return Command{}, false
}

func (t table) Rebound(name string) bool { return t.rebound[name] }

func (t table) All() iter.Seq[Command] { return slices.Values(t.commands) }

func testCommands() table {
	return table{
		aliases: map[string]string{"f": "filter"},
		rebound: map[string]bool{"io": true},
		commands: []Command{
			{Name: "ls", Help: "list packets\nmore", Args: []Arg{{Kinds: ArgRange, Repeat: true}}, Options: []Option{{Name: "--wide", Help: "do not cut"}}},
			{Name: "show", Help: "print a packet", Args: []Arg{{Kinds: ArgFrame | ArgLayer}, {Kinds: ArgLayer}}},
			{Name: "filter", Help: "let through", Args: []Arg{{Kinds: ArgFilter}}, Options: []Option{
				{Name: "--ast", Help: "show its tree"}, {Name: "--to", Help: "write here", Value: Arg{Kinds: ArgFile}}}},
			{Name: "open", Help: "open captures", Args: []Arg{{Kinds: ArgCaptureFile, Repeat: true}}},
			{Name: "follow", Help: "follow a stream", Args: []Arg{{Kinds: ArgChoice, Choices: []string{"tcp", "udp", "http2"}}, {Kinds: ArgStream}},
				Options: []Option{{Name: "--hex", Help: "as a hex dump"}, {Name: "--as", Help: "format", Value: Arg{Kinds: ArgChoice, Choices: []string{"text", "raw"}}}}},
			{Name: "top", Help: "count values", Args: []Arg{{Kinds: ArgField}, {Kinds: ArgChoice, Choices: []string{"where"}}, {Kinds: ArgFilter}}},
			{Name: "io", Help: "packets over time", Args: []Arg{{Kinds: ArgText}}},
			{Name: "help", Help: "explain", Args: []Arg{{Kinds: ArgCommand}}},
			{Name: "save", Help: "write packets", Args: []Arg{{Kinds: ArgFile}}},
		},
	}
}

type fakeObjects struct{}

func (fakeObjects) Members(_ context.Context, chain string) []Member {
	switch chain {
	case "pkt", "cap[0]", `cap.filter("dns")[0]`, "pkt[pkt.x]":
		return []Member{{"dns", "2 answers", 0}, {"ip", "192.168.1.20", 0}, {"highest_layer", "DNS", 5}, {"length", "71", 5}}
	case "pkt.dns", `cap.filter("dns")[0].dns`:
		return []Member{{"qry_name", "example.org", 0}, {"flags", "0x0100", 0}}
	}
	return nil
}

func (fakeObjects) Keys(_ context.Context, chain string) []Member {
	if chain == "pkt" {
		return []Member{{"dns", "", 0}, {"ip", "", 0}, {"it's", "", 9}}
	}
	return nil
}

// In knows one loop.
func (f fakeObjects) In(source string) Objects {
	if strings.Contains(source, "for p in cap") {
		return loopObjects{}
	}
	return f
}

// loopObjects are fakeObjects where p is a packet as well.
type loopObjects struct{}

func (loopObjects) Members(ctx context.Context, chain string) []Member {
	return fakeObjects{}.Members(ctx, packetName(chain))
}

func (loopObjects) Keys(ctx context.Context, chain string) []Member {
	return fakeObjects{}.Keys(ctx, packetName(chain))
}

func packetName(chain string) string {
	if rest, ok := strings.CutPrefix(chain, "p"); ok && (rest == "" || rest[0] == '.') {
		return "pkt" + rest
	}
	return chain
}

type fakeGlobals struct{}

func (fakeGlobals) Globals(context.Context) []Member {
	return []Member{{"cap", "FileCapture", 0}, {"pkt", "Packet", 0}, {"FileCapture", "open a capture", 0}, {"show_hosts", "function", 0}}
}

type fakeWords struct{}

func (fakeWords) Words(_ context.Context, kind ArgKind, _ Context) []Suggestion {
	switch kind {
	case ArgFrame:
		return []Suggestion{{Text: "17", Description: "current"}, {Text: "-1", Description: "last", Rank: 1}}
	case ArgRange:
		return []Suggestion{{Text: "1-20"}}
	case ArgLayer:
		return []Suggestion{{Text: "eth", Rank: 1}, {Text: "dns", Rank: 1}}
	case ArgStream:
		return []Suggestion{{Text: "0"}, {Text: "1"}}
	}
	return nil
}

func testCatalogue() *dissect.Catalogue {
	p := func(name, label string) dissect.FieldInfo {
		return dissect.FieldInfo{Name: name, Label: label, Type: dissect.TypeProtocol, Protocol: name}
	}
	f := func(name, label string, t dissect.Type) dissect.FieldInfo {
		protocol, _, _ := strings.Cut(name, ".")
		return dissect.FieldInfo{Name: name, Label: label, Type: t, Protocol: protocol}
	}
	return dissect.NewCatalogue([]dissect.FieldInfo{
		p("dns", "Domain Name System"), p("dnp3", "Distributed Network Protocol 3.0"), p("ip", "Internet Protocol Version 4"),
		p("tcp", "Transmission Control Protocol"), p("eth", "Ethernet"), p("http", "Hypertext Transfer Protocol"), p("ipv6", "Internet Protocol Version 6"),
		f("dns.qry.name", "Name", "STRING"), f("dns.qry.type", "Type", "UINT16"), f("dns.flags", "Flags", "UINT16"),
		f("dns.flags.response", "Response", "BOOLEAN"), f("dns.a", "Address", "IPv4"), f("dns.unused", "Unused", "NONE"),
		f("ip.src", "Source Address", "IPv4"), f("ip.dst", "Destination Address", "IPv4"), f("ip.addr", "Source or Destination Address", "IPv4"),
		f("ip.src_host", "Source Host", "STRING"),
		f("tcp.port", "Source or Destination Port", "UINT16"), f("tcp.payload", "TCP payload", "BYTES"), f("tcp.flags.syn", "Syn", "BOOLEAN"),
		f("http.host", "Host", "STRING"), f("http.Origin-Host", "Origin", "STRING"), f("dnp3.al.func", "Function", "UINT8"),
	})
}

// testCompleter returns a completer over fakes and the directory dir.
func testCompleter(dir string) *Completer {
	commands, functions, cat := testCommands(), PySharkSignatures(), testCatalogue()
	return &Completer{
		Grammar: Grammar{Commands: commands, Functions: functions},
		Providers: []Provider{
			CommandProvider{commands},
			FileProvider{Dir: dir, Home: dir},
			WordProvider{fakeWords{}},
			AttributeProvider{fakeObjects{}},
			NameProvider{Globals: fakeGlobals{}, Functions: functions},
			&FieldProvider{
				Catalogue: func(context.Context) *dissect.Catalogue { return cat },
				Present:   func(context.Context) []string { return []string{"tcp", "dns", "nosuch"} },
				Values: func(_ context.Context, field string) []Suggestion {
					switch field {
					case "ip.src":
						return []Suggestion{{Text: "192.168.1.20", Description: "41 packets"}}
					case "dns.qry.name":
						return []Suggestion{{Text: `"example.org"`}}
					}
					return nil
				},
			},
		},
	}
}

// cut splits a test's text at the "|" that stands for the cursor ("¦" when the
// text itself holds "|").
func cut(t *testing.T, marked string) (text string, cursor int) {
	t.Helper()
	mark := "|"
	if strings.Contains(marked, "¦") {
		mark = "¦"
	}
	before, after, ok := strings.Cut(marked, mark)
	if !ok {
		t.Fatalf("%q has no cursor", marked)
	}
	return before + after, len(before)
}

// texts returns the suggestions' texts joined by spaces, the first n and "…" if
// there are more.
func texts(all []Suggestion, n int) string {
	var out []string
	for i, s := range all {
		if i == n {
			out = append(out, "…")
			break
		}
		out = append(out, s.Text)
	}
	return strings.Join(out, " ")
}
