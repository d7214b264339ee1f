package dissect

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// tunnelFields are the fields that tunnelSamples has values of, all of them.
var tunnelFields = strings.Fields(`eth.src eth.type vlan.id ip.src ipv6.src ip.proto udp.port tcp.port icmp.type gre.proto gre.key
	gre.sequence_number gre.key.call_id gre.ack_number mpls.label mpls.ttl ppp.protocol pppoe.session_id chdlc.protocol
	erspan.vlan erspan.spanid vxlan.vni geneve.vni geneve.proto_type gtp.teid gtp.message gtp.seq_number l2tp.tunnel
	l2tp.session l2tp.Ns teredo.orig.port esp.spi ah.spi llc.dsap llc.oui llc.type llc.control wlan.ra wlan.ta wlan.sa
	wlan.seq wlan.duration wlan.fc.type_subtype sll.etype`)

// tunnelSample is a generated packet and what `tshark -2 -n` 4.0.17 says of it.
type tunnelSample struct {
	protocols string // frame.protocols
	link      int
	packet    string
	values    string // all occurrences of tunnelFields
}

func (s *tunnelSample) input(t testing.TB) Input {
	t.Helper()
	d, err := hex.DecodeString(s.packet)
	if err != nil {
		t.Fatal(err)
	}
	return Input{Number: 1, Data: d, Original: uint32(len(d)), LinkType: s.link, FCS: -1}
}

// want returns a field's values, joined by commas.
func (s *tunnelSample) want(name string) string {
	for _, v := range strings.Fields(s.values) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// TestTunnels expects walk and tree to find tshark's values, outside and inside, in
// its order.
func TestTunnels(t *testing.T) {
	table := NewTable()
	k := table.NewWalker(Rules{})
	for i := range tunnelSamples {
		s := &tunnelSamples[i]
		in := s.input(t)
		tree := table.Dissect(in)
		var w Headers
		w.Data, w.Original, w.Number = in.Data, in.Original, in.Number
		k.Walk(&w, k.Link(s.link))
		if w.Unsure.Has(LowerLayers) {
			t.Errorf("%s: got doubt for its %v, want none", s.protocols, w.Class)
		}
		checkOrder(t, s, &w, k)
		for _, name := range tunnelFields {
			var got []string
			for _, f := range tree.Values(name) {
				got = append(got, f.Show)
			}
			if g, want := strings.Join(got, ","), s.want(name); g != want {
				t.Errorf("%s: tree: %s: got %q, want %q", s.protocols, name, g, want)
			}
			a, ok := table.Access(name)
			if !ok {
				t.Fatalf("no field %s", name)
			}
			if !a.Direct {
				continue
			}
			got = got[:0]
			for _, o := range a.Read(&w, nil) {
				got = append(got, string(a.AppendText(nil, o)))
			}
			if g, want := strings.Join(got, ","), s.want(name); g != want {
				t.Errorf("%s: walk: %s: got %q, want %q", s.protocols, name, g, want)
			}
		}
	}
}

// TestTunnelsDoubted expects doubt where Wireshark's answer depends on more than the
// packet: a frame in MPLS without or with a control word (whether its makers are known),
// an 802.11 aggregate's parts.
func TestTunnelsDoubted(t *testing.T) {
	k := NewTable().NewWalker(Rules{})
	for _, c := range []struct {
		name, packet string
		link         int
		class        Class
		layers       int // surely there, the frame among them
	}{
		{"MPLS control word", "0200000000020200000000018847" + "00010140" + "00000000" + "0200000000040200000000030800" + strings.Repeat("00", 20), linkEthernet, ClassTunnel, 3},
		{"MPLS bound label", "0200000000020200000000018847" + "0000d140" + "10000000", linkEthernet, ClassTunnel, 3},
		{"PPP quoting", "c021" + "08010010" + "0021" + strings.Repeat("45", 10), linkPPP, ClassQuote, 2},
		{"802.11 aggregate", "8801" + "0000" + strings.Repeat("02", 18) + "0000" + "8000" + strings.Repeat("aa", 30), linkWLAN, ClassTunnel, 2},
		{"802.11 fragment", "0805" + "0000" + strings.Repeat("02", 18) + "0000" + "aaaa030000000800" + strings.Repeat("45", 30), linkWLAN, ClassFragment, 2},
	} {
		d, err := hex.DecodeString(c.packet)
		if err != nil {
			t.Fatal(err)
		}
		var w Headers
		w.Data, w.Original = d, uint32(len(d))
		k.Walk(&w, k.Link(c.link))
		if w.Class != c.class || !w.Unsure.Has(setOf(idIP)) || w.n != c.layers {
			t.Errorf("%s: got %v with %d layers, want %v with %d", c.name, w.Class, w.n, c.class, c.layers)
		}
	}
}

// checkOrder expects the layers of a walk among tshark's protocols, in order.
func checkOrder(t *testing.T, s *tunnelSample, w *Headers, k *Walker) {
	t.Helper()
	rest := strings.Split(s.protocols, ":")
	for _, l := range w.Layers()[1:] {
		if l.ID == idMPLS && len(rest) > 0 && !slices.Contains(rest, "mpls") {
			continue // further labels of a stack
		}
		i := slices.IndexFunc(k.steps, func(p *Protocol) bool { return p.ID == l.ID })
		if i < 0 {
			continue
		}
		at := slices.Index(rest, k.steps[i].Name)
		if at < 0 {
			t.Errorf("%s: the walk lists %s, which tshark does not have there", s.protocols, k.steps[i].Name)
			return
		}
		rest = rest[at+1:]
	}
}

// TestTunnelsCut cuts every sample everywhere, on the wire and by a snap length, and
// looks for panics and layers or fields outside the packet. What the walk lists of
// a packet that was cut when it was captured it must list of the whole one.
func TestTunnelsCut(t *testing.T) {
	table := NewTable()
	k := table.NewWalker(Rules{})
	for i := range tunnelSamples {
		s := &tunnelSamples[i]
		whole := s.input(t)
		var full Headers
		full.Data, full.Original = whole.Data, whole.Original
		k.Walk(&full, k.Link(s.link))
		for size := range whole.Data {
			for _, original := range []int{size, len(whole.Data)} {
				in := whole
				in.Data, in.Original = whole.Data[:size:size], uint32(original)
				var w Headers
				w.Data, w.Original = in.Data, in.Original
				k.Walk(&w, k.Link(s.link))
				for j, l := range w.Layers() {
					if l.Off > l.End || int(l.End) > size || int(l.End-l.Off) > int(l.Size) {
						t.Fatalf("%s cut to %d: layer %d is %+v", s.protocols, size, j, l)
					}
					if original > size && (j >= full.n || full.layers[j].ID != l.ID || full.layers[j].Off != l.Off) {
						t.Fatalf("%s captured to %d: layer %d is %+v, not one of the whole packet's", s.protocols, size, j, l)
					}
				}
				for _, name := range tunnelFields {
					if a, ok := table.Access(name); ok && a.Direct {
						a.Read(&w, nil)
					}
				}
				Walk(table.Dissect(in).Nodes, func(f *Field, _ int) bool {
					if f.Size > 0 && (f.Pos < 0 || f.Pos+f.Size > size) {
						t.Fatalf("%s cut to %d of %d: %s is at %d+%d", s.protocols, size, original, f.Name, f.Pos, f.Size)
					}
					return true
				})
				table.Summarize(in)
			}
		}
	}
}

// TestTunnelsAllocate expects that a walk allocates nothing.
func TestTunnelsAllocate(t *testing.T) {
	k := NewTable().NewWalker(Rules{})
	var w Headers
	for i := range tunnelSamples {
		s := &tunnelSamples[i]
		in := s.input(t)
		w.Data, w.Original = in.Data, in.Original
		link := k.Link(s.link)
		if n := testing.AllocsPerRun(10, func() { k.Walk(&w, link) }); n > 0 {
			t.Errorf("%s: got %.0f allocations a walk, want none", s.protocols, n)
		}
	}
}

// FuzzTunnels looks for panics and for layers outside the packet.
func FuzzTunnels(f *testing.F) {
	for i := range tunnelSamples {
		in := tunnelSamples[i].input(f)
		f.Add(in.Data, in.LinkType, uint16(0))
	}
	table := NewTable()
	k := table.NewWalker(Rules{})
	f.Fuzz(func(t *testing.T, d []byte, link int, cut uint16) {
		var w Headers
		w.Data, w.Original = d, uint32(len(d))+uint32(cut)
		k.Walk(&w, k.Link(link))
		for j, l := range w.Layers() {
			if l.Off > l.End || int(l.End) > len(d) {
				t.Fatalf("layer %d is %+v in %d bytes", j, l, len(d))
			}
		}
		for _, name := range tunnelFields {
			if a, ok := table.Access(name); ok && a.Direct {
				a.Read(&w, nil)
			}
		}
		table.Dissect(Input{Number: 1, Data: d, Original: w.Original, LinkType: link, FCS: -1})
	})
}
