package script

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

func TestResolve(t *testing.T) {
	catalogue := dissect.NewCatalogue([]dissect.FieldInfo{
		{Name: "dns", Label: "Domain Name System", Type: dissect.TypeProtocol, Protocol: "dns"},
		{Name: "dns.qry.name", Label: "Name", Type: "STRING", Protocol: "dns"},
		{Name: "http", Label: "Hypertext Transfer Protocol", Type: dissect.TypeProtocol, Protocol: "http"},
		{Name: "http.host", Label: "Host", Type: "STRING", Protocol: "http"},
	})
	tests := []struct {
		source, chain string
		has           []string // members that must be there, "name" or "name=detail"
		not           []string
		fails         bool
	}{
		{chain: "pkt", has: []string{"dns=Domain Name System (query)", "eth", "highest_layer", "show"}, not: []string{"tcp", "frame"}},
		{chain: "pkt.dns", has: []string{"qry_name=example.org", "flags_response=0", "get_field"}},
		{chain: "pkt.dns.qry", has: []string{"name=example.org", "name_len"}, not: []string{"get_field"}},
		{chain: "pkt.dns.flags", has: []string{"response", "showname", "upper"}},
		{chain: "pkt[pkt.highest_layer]", has: []string{"qry_name"}},
		{chain: "pkt['ip']", has: []string{"src=192.168.1.20"}},
		{chain: "pkt[1]", has: []string{"src"}},
		{chain: "pkt[-1]", has: []string{"qry_name"}},
		{chain: "cap", has: []string{"filter", "apply_on_packets"}},
		{chain: "cap[2]", has: []string{"icmp", "ip"}, not: []string{"dns"}},
		{chain: "cap[-2].icmp.ip", has: []string{"src=10.0.0.9"}},
		{chain: `cap.filter("dns")`, has: []string{"filter"}},
		{chain: `cap.filter("dns")[0]`, has: []string{"highest_layer"}},
		{chain: `cap.filter("dns")[0].dns`, has: []string{"qry_name=Name", "get_field"}},
		{chain: `cap[1:3]`, has: []string{"apply_on_packets"}},
		{chain: "cap[99].http", has: []string{"host"}},
		{chain: "cap[n]", has: []string{"highest_layer"}},
		{chain: "pkt.ip.get_field('src')", has: []string{"showname", "upper"}},
		{chain: "pkt.layers[0]", has: []string{"dst"}},
		{chain: "d['k']", has: []string{"dns"}},
		{chain: "l[0]", has: []string{"showname"}},
		{chain: "'a,b'", has: []string{"split"}},
		{chain: "str(1)", has: []string{"split"}},
		{chain: "json", has: []string{"encode"}},
		{source: "for p in cap: print(", chain: "p", has: []string{"highest_layer"}},
		{source: "[q.dns for q in cap.filter('dns') if ", chain: "q", has: []string{"highest_layer"}},
		{source: "for p in cap:\n    for x in p.layers:\n        ", chain: "x", has: []string{"get_field"}},
		// Blocks and comprehensions bind names too.
		{source: "for i, p in enumerate(cap): print(", chain: "p", has: []string{"highest_layer"}},
		{source: "for k, v in d.items(): print(", chain: "v", has: []string{"dns"}},
		{source: "for p in cap:\n    name = p.dns\n    name.", chain: "name", has: []string{"qry_name=Name"}},
		{source: "def f(pkt):\n    ", chain: "pkt", has: []string{"highest_layer", "show"}},
		{source: "def f(pkt, n):\n    ", chain: "n", fails: true},
		{source: "cap.apply_on_packets(lambda p: ", chain: "p", has: []string{"highest_layer"}},
		{source: "x = [p for p in cap]\ny = x[0]\n", chain: "y", has: []string{"highest_layer"}},
		{source: "x = pkt.dns\nx = f()\n", chain: "x", fails: true},
		// Lists, texts, constructors.
		{chain: "[p.dns for p in cap][3]", has: []string{"qry_name"}},
		{chain: "[p for p in cap][1:][0]", has: []string{"highest_layer"}},
		{chain: "sorted(pkt.layers)[0]", has: []string{"get_field"}},
		{chain: "list(cap)[0]", has: []string{"highest_layer"}},
		{chain: "pkt.dns.qry_name.split('.')", has: []string{"append"}},
		{chain: "pkt.dns.qry_name.split('.')[0].upper()", has: []string{"split"}},
		{chain: "{p.ip: 1 for p in cap}", has: []string{"items"}},
		{chain: "InMemCapture()", has: []string{"filter"}},
		{chain: "LiveCapture('lo')[0]", has: []string{"highest_layer"}},
		{chain: "pyshark.InMemCapture()", has: []string{"filter"}},
		{chain: "(pkt if True else None)", has: []string{"dns"}},
		{chain: "nope", fails: true},
		{chain: "f()", fails: true},
		{chain: "pkt.show()", fails: true},
		{chain: "pkt.(", fails: true},
		{chain: "", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.source+tt.chain, func(t *testing.T) {
			h := newHarness(t)
			h.cfg.Catalogue = func() *dissect.Catalogue { return catalogue }
			if _, err := h.exec("ran = []\ndef f():\n    ran.append(1)\n    return pkt\nd = {'k': pkt}\nl = [pkt.ip.src]\n"); err != nil {
				t.Fatal(err)
			}
			list, ok := h.ResolveIn(context.Background(), tt.source, tt.chain)
			if ok == tt.fails {
				t.Fatalf("ok = %v, members %v", ok, list)
			}
			var names []string
			for _, m := range list {
				names = append(names, m.Name, m.Name+"="+m.Detail)
			}
			for _, n := range tt.has {
				if !slices.Contains(names, n) {
					t.Errorf("no %s in %q", n, names)
				}
			}
			for _, n := range tt.not {
				if slices.Contains(names, n) {
					t.Errorf("%s in %q", n, names)
				}
			}
			if got, err := h.exec("len(ran)"); err != nil || got != "0\n" {
				t.Errorf("user code ran: %s %v", got, err)
			}
		})
	}
}

// TestResolveDissectsOnePacket checks that completing touches nothing but the
// packet that the chain names.
func TestResolveDissectsOnePacket(t *testing.T) {
	h := newHarness(t)
	h.Resolve(context.Background(), "cap[2].ip")
	h.Resolve(context.Background(), "cap")
	h.ResolveIn(context.Background(), "for p in cap: p.", "p")
	for i, p := range h.view.packets {
		if want := map[bool]int{true: 1, false: 0}[i == 2]; p.dissection != want {
			t.Errorf("frame %d was dissected %d times, want %d", p.tree.Frame, p.dissection, want)
		}
	}
}

// TestKeys asks for what may stand in brackets.
func TestKeys(t *testing.T) {
	h := newHarness(t)
	if _, err := h.exec("d = {'one': 'eins', 'two': [1], 3: 'x', 'pkt': pkt}\ndef f(a, b=5, *c, **d):\n    fail('ran')\n"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ source, chain, want string }{
		{"", "d", "one=eins two=list pkt=Packet"},
		{"", "pkt.dns", ""},
		{"", "f()", ""},
		{"", "cap", ""},
	} {
		var got []string
		for _, m := range h.Keys(context.Background(), c.source, c.chain) {
			got = append(got, m.Name+"="+m.Detail)
		}
		if c.chain == "pkt.dns" {
			if !slices.Contains(got, "qry_name=example.org") {
				t.Errorf("%s: got %q, want its fields", c.chain, got)
			}
		} else if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", c.chain, got, c.want)
		}
	}
	for _, chain := range []string{"pkt", "p"} {
		var names []string
		for _, m := range h.Keys(context.Background(), "for p in cap: print(", chain) {
			names = append(names, m.Name)
		}
		if !slices.Contains(names, "dns") || slices.Contains(names, "show") {
			t.Errorf("%s: got %q, want layers and no methods", chain, names)
		}
	}
	if got := h.Parameters("f"); !slices.Equal(got, []Parameter{{"a", ""}, {"b", "5"}}) {
		t.Errorf("got the parameters %+v", got)
	}
	if got := h.Parameters("len"); got != nil {
		t.Errorf("got %+v of a builtin", got)
	}
}
