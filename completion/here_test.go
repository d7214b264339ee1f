package completion

import (
	"context"
	"strings"
	"testing"

	"pktsh/dissect"
)

// hereCompleter knows a packet, two saved filters and the names of a field's values.
func hereCompleter() *Completer {
	cat := testCatalogue()
	return &Completer{
		Grammar: Grammar{Commands: testCommands(), Functions: PySharkSignatures()},
		Providers: []Provider{CommandProvider{testCommands()}, &FieldProvider{
			Catalogue: func(context.Context) *dissect.Catalogue { return cat },
			Here: func(context.Context) []Sample {
				return []Sample{
					{Field: "dns.qry.name", Value: "a.very.long.name.of.many.labels.example.org", Count: 41},
					{Field: "dns.qry.type", Value: "1", Count: 9, AtLeast: true},
					{Field: "http.host", Value: "example\n.org"},
					{Field: "nosuch.field", Value: "1"},
				}
			},
			Values: func(_ context.Context, field string) []Suggestion {
				if field == "dns.qry.type" {
					return []Suggestion{{Text: "28", Description: "7 here"}}
				}
				return nil
			},
			Saved: func() map[string]string { return map[string]string{"web": "tcp.port in {80}", "host": "ip.addr == $1"} },
			Names: func(_ context.Context, field string) []ValueName {
				if field != "dns.qry.type" {
					return nil
				}
				return []ValueName{{"1", "A (Host Address)"}, {"2", "NS (Name Server)"}, {"0x1c", "AAAA (IPv6 Address)"}}
			},
		}},
	}
}

func TestWhatIsHere(t *testing.T) {
	c := hereCompleter()
	for _, x := range []struct{ text, want, description string }{
		// What a packet holds comes before what it could, with a value.
		{"filter dns.", "dns.qry.name dns.qry.type dns.a dns.flags …", "a.very.long.name.of.many.labe… (41)  Name (STRING)"},
		{"filter dns.qry.t", "dns.qry.type", "1 (9+)  Type (UINT16)"},
		// A word that begins no protocol is a part of a name here, or a word of a label.
		{"filter hos", "http.host", "example .org  Host (STRING)"},
		{"filter transmission", "tcp", "Transmission Control Protocol (protocol)"},
		{"filter nothing-like-it", "", ""},
		{"top destin", "ip.dst ip.addr tcp.port", "Destination Address (IPv4)"},
		// Saved filters, and fields of the current packet.
		{"filter ${", "${host: ${web} ${dns.qry.name} ${dns.qry.type} …", "ip.addr == $1"},
		{"filter dns && ${we", "${web}", "tcp.port in {80}"},
		{"filter $", "${host: ${web} ${dns.qry.name} ${dns.qry.type} …", "ip.addr == $1"},
		{"filter dns.qry.name == ${dns.qry.n", "${dns.qry.name}", "a.very.long.name.of.many.labe… (41)"},
		{"filter ${host:1.2", "", ""},
		{"filter ${web} ", "&& || and or", "both"},
		{"filter dns.qry.name == ${dns.qry.name} ", "&& || and or", "both"},
		{"cap.filter('${we", "${web}", "tcp.port in {80}"},
		// The values here come first, and all of them have their names.
		{"filter dns.qry.type == ", "28 1 2", "AAAA (IPv6 Address)  7 here"},
		{"filter dns.qry.type == 2", "28 2", "AAAA (IPv6 Address)  7 here"},
		{"filter dns.qry.type == NS", "2", "NS (Name Server)"},
		{"filter dns.qry.type in {1, ", "28 1 2", "AAAA (IPv6 Address)  7 here"},
	} {
		got, _ := c.Complete(context.Background(), x.text, len(x.text))
		if texts(got, 4) != x.want {
			t.Errorf("%q: got %s, want %s", x.text, texts(got, 4), x.want)
		} else if len(got) > 0 && got[0].Description != x.description {
			t.Errorf("%q: got the description %q, want %q", x.text, got[0].Description, x.description)
		}
	}
	got, _ := c.Complete(context.Background(), "filter ", 7)
	if !strings.Contains(texts(got, 99), "${web}") {
		t.Errorf("got %s at a filter's start, want saved filters among them", texts(got, 99))
	}
}

// TestPseudoFieldsComeLast has Wireshark's own fields behind a protocol's.
func TestPseudoFieldsComeLast(t *testing.T) {
	c := &Completer{Providers: []Provider{AttributeProvider{Objects: pseudoObjects{}}}}
	for text, want := range map[string]string{"x.": "host method upper _ws_expert", "x._": "_ws_expert"} {
		if got, _ := c.Complete(context.Background(), text, len(text)); texts(got, 9) != want {
			t.Errorf("%s: got %s, want %s", text, texts(got, 9), want)
		}
	}
}

type pseudoObjects struct{}

func (pseudoObjects) Members(context.Context, string) []Member {
	return []Member{{"_ws_expert", "", 0}, {"host", "", 0}, {"method", "", 0}, {"upper", "", 2}}
}

func (pseudoObjects) Keys(context.Context, string) []Member { return nil }
