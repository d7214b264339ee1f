package script

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pktsh/dissect"
)

// toldHeaders is what headers tell of a dnsPacket; dns is not sure.
func toldHeaders(p *fakePacket) *fakePacket {
	p.unsure = "dns"
	p.headers = map[string]string{
		"frame.number": "1", "eth.dst": "00:01:02:03:04:05", "eth.type": "0x0800", "ip.version": "4", "ip.len": "72",
		"ip.id": "0x1234", "ip.ttl": "64", "ip.src": "192.168.1.20", "ip.dst": "192.168.1.1", "ip.addr": "192.168.1.20",
		"udp.srcport": "54321", "udp.dstport": "53", "udp.port": "54321",
	}
	return p
}

// toldCatalogue has a field that goes on from ip.src with a name of a text's method.
var toldCatalogue = dissect.NewCatalogue([]dissect.FieldInfo{
	{Name: "ip.ttl", Type: "UINT8"}, {Name: "ip.len", Type: "UINT16"}, {Name: "ip.id", Type: "UINT16"}, {Name: "ip.src", Type: "IPv4"},
	{Name: "ip.src.title", Type: "STRING"}, {Name: "udp.dstport", Type: "UINT16"}, {Name: "frame.number", Type: "UINT32"},
})

// TestToldAttributes runs expressions over packets of which headers tell and over
// the same packets dissected: the values are the same, and the first are dissected
// only where that is said.
func TestToldAttributes(t *testing.T) {
	tests := []struct {
		expr       string
		dissection int
	}{
		{"p.ip.src", 0},
		{"p['ip'].src, p['IP']['SRC'], p.ip['ip.src'], p.IP.get_field('src')", 0},
		{"p.ip.src == '192.168.1.20', p.ip.src != p.ip.dst, p.ip.src in ['192.168.1.20'], '168' in p.ip.src", 0},
		{"p.udp.dstport == 53, p.udp.dstport < p.udp.srcport, {53: 'dns'}[p.udp.dstport], int(p.udp.dstport) + 1", 0},
		{"{p.ip.src: 1}, p.ip.id.int_value, p.ip.ttl.value, type(p.ip.ttl), p.ip.id.name, p.ip.id.show", 0},
		{"'%s %d' % (p.ip.src, p.ip.ttl), '{:>6}'.format(p.ip.ttl), str(p.ip.len), p.ip.src.ljust(15), len(p.ip.src), p.ip.src[:3]", 0},
		{"p.ip.src.split('.'), p.ip.src.startswith('192.'), p.ip.src.upper()", 0},
		{"'ip' in p, 'tcp' in p, 'UDP' in p, 'frame' in p", 0},
		{"hasattr(p, 'ip'), hasattr(p, 'tcp'), getattr(p, 'tcp', None), hasattr(p.ip, 'src'), hasattr(p.ip, 'checksum'), getattr(p.ip, 'ttl')", 0},
		{"p.ip.has_field('src'), p.ip.has_field('checksum'), 'ttl' in p.ip, p.ip.get('checksum', 7), p.ip.get_field_value('ttl')", 0},
		{"p.transport_layer, p[p.transport_layer].srcport, p.ip_id, p.window, p.frame_info.number, repr(p.udp), p.ip.layer_name", 0},
		{"p.ip == p.ip, p.ip != p.udp, bool(p.ip.src), p.ip.addr, p.udp.port", 0},
		{"'dns' in p", 1},
		{"p.dns.qry.name, p.dns.flags.response", 1},
		{"p.ip.src.showname, p.ip.src.pos, p.ip.src.size, p.ip.src.raw_value, p.ip.src.hide", 1},
		{"[f.show for f in p.ip.addr.all_fields], p.ip.src.binary_value, p.ip.src.main_field", 1},
		{"p.ip.field_names, dir(p.ip), dir(p.ip.src)", 1},
		{"[f.name for f in p.ip]", 1},
		{"p.layers, p.highest_layer, repr(p), p[1], len(p.layers)", 1},
		{"p.ip in p.layers, p.ip == p[1], [l == p.ip for l in p]", 1},
		{"str(p.ip)", 1},
		{"p.ip.get_field_by_showname('Time to Live')", 1},
		{"hasattr(p.ip.src, 'title'), p.ip.has_field('nonesuch'), hasattr(p, 'nonesuch')", 1},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			var said [2]string
			for i := range said {
				h := newHarness(t)
				h.cfg.Catalogue = func() *dissect.Catalogue { return toldCatalogue }
				src := h.view.packets[0]
				if i == 0 {
					toldHeaders(src)
				}
				h.main.env["p"] = h.newPacket(src, false)
				out, err := h.exec("print(repr((" + tt.expr + ")))")
				if err != nil {
					t.Fatal(err)
				}
				if said[i] = out; i == 0 && src.dissection != tt.dissection {
					t.Errorf("dissected %d times, want %d", src.dissection, tt.dissection)
				}
			}
			if said[0] != said[1] {
				t.Errorf("by headers %s\nby the tree %s", said[0], said[1])
			}
		})
	}
}

// TestToldErrors checks that what is not there is told as of a dissected packet.
func TestToldErrors(t *testing.T) {
	for _, expr := range []string{"p.tcp", "p['tcp']", "p.ip.nonesuch", "p.ip.checksum", "p.ip['checksum']", "p.ip.src.nonesuch", "p.ip.src + 1", "p.ip.src < 5", "p.ip.src.int_value", "{p.ip: 1}"} {
		var said [2]string
		for i := range said {
			h := newHarness(t)
			if i == 0 {
				toldHeaders(h.view.packets[0])
			}
			h.main.env["p"] = h.newPacket(h.view.packets[0], false)
			_, err := h.exec(expr)
			if err == nil {
				t.Fatalf("%s: no error", expr)
			}
			said[i] = err.Error()
		}
		if said[0] != said[1] {
			t.Errorf("%s: by headers %q, by the tree %q", expr, said[0], said[1])
		}
	}
}

// TestToldLoop checks that loops dissect nothing that headers tell.
func TestToldLoop(t *testing.T) {
	h := newHarness(t)
	for _, p := range h.view.packets {
		p.headers = map[string]string{"frame.number": "1"}
	}
	toldHeaders(h.view.packets[0])
	toldHeaders(h.view.packets[3])
	got, err := h.exec("n = {}\ndef f(p):\n    if 'ip' in p and p.udp.dstport == 53: n[p.ip.src] = n.get(p.ip.src, 0) + 1\n\nfor p in cap: f(p)\ncap.apply_on_packets(f)\nprint(n)\n")
	if err != nil || got != "{'192.168.1.20': 4}\n" {
		t.Errorf("got %q, %v", got, err)
	}
	for i, p := range h.view.packets {
		if p.dissection > 0 {
			t.Errorf("packet %d was dissected", i)
		}
	}
}

// TestToldDissectionFails checks what happens when something asks for more than
// headers tell and the dissection fails: the chunk stops with its error.
func TestToldDissectionFails(t *testing.T) {
	for _, expr := range []string{"p.ip.src.showname", "p.ip.field_names", "str(p.ip)", "dir(p.ip)", "for f in p.ip: pass", "p.dns", "p.ip.src.bits", "p.ip.nonesuch", "dir(p.ip.src)"} {
		h := newHarness(t)
		src := toldHeaders(h.view.packets[0])
		src.treeErr = errors.New("sharkd died")
		h.main.env["p"] = h.newPacket(src, false)
		if _, err := h.exec(expr + "\n\nprint('went on')\n"); err == nil || !strings.Contains(err.Error(), "sharkd died") || strings.Contains(h.out.String(), "went on") {
			t.Errorf("%s: got %v, printed %q", expr, err, h.out.String())
		}
		if got, err := h.exec("print(p.ip.src)"); err != nil || got != "192.168.1.20\n" {
			t.Errorf("after %s: got %q, %v", expr, got, err)
		}
	}
}

// TestToldContradicted checks that a tree which lacks what headers have is an
// error, not a panic.
func TestToldContradicted(t *testing.T) {
	h := newHarness(t)
	src := toldHeaders(h.view.packets[0])
	src.headers["sll.type"], src.headers["ip.checksum"] = "1", "0x0000"
	for expr, want := range map[string]string{"p.sll.field_names": "dissection lacks it", "p.ip.checksum.showname": "dissection lacks it"} {
		h.main.env["p"] = h.newPacket(src, false)
		if _, err := h.exec(expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", expr, err, want)
		}
	}
}

// TestToldCompletion checks that completion shows the fields of a layer of which
// headers told, and what is known of it when the packet cannot be dissected.
func TestToldCompletion(t *testing.T) {
	for _, fails := range []bool{false, true} {
		h := newHarness(t)
		h.cfg.Catalogue = dissect.NativeCatalogue
		src := toldHeaders(h.view.packets[0])
		if fails {
			src.treeErr = context.DeadlineExceeded
		}
		h.main.env["p"] = h.newPacket(src, false)
		for chain, want := range map[string]string{"p.ip": "src", "p['ip']": "ttl", "p.ip.src": "showname", "p.udp.dstport": "upper"} {
			list, ok := h.Resolve(t.Context(), chain)
			found := false
			for _, m := range list {
				found = found || m.Name == want
			}
			if !ok || !found {
				t.Errorf("fails %v: %s: no %s among %d members", fails, chain, want, len(list))
			}
		}
		if _, err := h.exec("1"); err != nil {
			t.Errorf("a completion stopped the next chunk: %v", err)
		}
	}
}

// TestFilteredOut checks that what a filter told to be absent needs no dissection.
func TestFilteredOut(t *testing.T) {
	h := newHarness(t)
	h.cfg.Catalogue = func() *dissect.Catalogue {
		return dissect.NewCatalogue([]dissect.FieldInfo{
			{Name: "http", Type: dissect.TypeProtocol}, {Name: "http2", Type: dissect.TypeProtocol},
			{Name: "wlan_x", Type: dissect.TypeProtocol}, {Name: "wlan.x", Type: dissect.TypeProtocol},
		})
	}
	src := h.view.packets[0]
	src.without = "http http2 wlan.x wlan_x"
	h.main.env["p"] = h.newPacket(src, false)
	got, err := h.exec("print('http' in p, 'HTTP' in p, hasattr(p, 'http'), p.host)")
	if err != nil || got != "False False False None\n" || src.dissection != 0 {
		t.Errorf("got %q, %v, dissected %d times", got, err, src.dissection)
	}
	if got, err = h.exec("print('wlan_x' in p)"); got != "False\n" || err != nil || src.dissection != 1 {
		t.Errorf("a spelling of two protocols: got %q, %v, dissected %d times, want once", got, err, src.dissection)
	}
}
