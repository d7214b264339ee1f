package native_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"pktsh/dissect"
)

// FuzzWalk holds the walk against our own trees, value by value, and against
// gopacket's decoders where these find headers, too.
func FuzzWalk(f *testing.F) {
	g := newGrammar(7)
	for range 200 {
		f.Add(g.packet(0), uint16(0), uint8(1))
		p := g.damage(g.packet(0))
		f.Add(p.data, uint16(max(p.original-len(p.data), 0)), uint8(1))
	}
	table := dissect.NewTable()
	walker := table.NewWalker(dissect.Rules{})
	var direct []*dissect.Access
	for _, info := range table.Catalogue().All() {
		if a, ok := table.Access(info.Name); ok && a.Direct && !a.Doubtful && a.Type != dissect.TypeProtocol && !a.OfFrame {
			direct = append(direct, a)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, link uint8) {
		if len(data) > 4096 {
			return
		}
		var h dissect.Headers
		h.Data, h.Number, h.Original = data, 1, uint32(len(data))+uint32(cut)
		walker.Walk(&h, walker.Link(int(link)))
		for _, l := range h.Layers() {
			if l.Off > l.End || int(l.End) > len(data) {
				t.Fatalf("layer %d from %d to %d of %d bytes", l.ID, l.Off, l.End, len(data))
			}
		}
		tree := table.Dissect(dissect.Input{Number: 1, Data: data, Original: h.Original, LinkType: int(link), FCS: -1})
		byName := map[string][]string{}
		dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
			byName[f.Name] = append(byName[f.Name], f.Show)
			return true
		})
		var walked []dissect.Occurrence
		var text []byte
		for _, a := range direct {
			if h.Unsure.Has(a.In) {
				continue
			}
			walked = a.Read(&h, walked[:0])
			text = text[:0]
			for i, o := range walked {
				if i > 0 {
					text = append(text, valueEnd...)
				}
				text = a.AppendText(text, o)
			}
			want := strings.Join(byName[a.Name], valueEnd)
			if a.Type == "BYTES" {
				want = strings.ReplaceAll(want, ":", "")
			}
			if string(text) != want {
				t.Fatalf("%s: the walk says %q, the tree %q", a.Name, text, want)
			}
		}
		if link == 1 {
			againstGopacket(t, table, &h, data)
		}
	})
}

// againstGopacket compares addresses and ports of the outermost headers.
func againstGopacket(t *testing.T, table *dissect.Table, h *dissect.Headers, data []byte) {
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: false, NoCopy: false})
	first := func(name string) []byte {
		a, _ := table.Access(name)
		if all := a.Read(h, nil); len(all) > 0 && !h.Unsure.Has(a.In) {
			return all[0].Bytes
		}
		return nil
	}
	same := func(name string, want []byte) {
		if got := first(name); got != nil && !bytes.Equal(got, want) {
			t.Fatalf("%s: got % x, gopacket has % x", name, got, want)
		}
	}
	for i, layer := range p.Layers() {
		switch l := layer.(type) {
		case *layers.Ethernet:
			if i > 0 {
				return // in a tunnel
			}
			same("eth.src", l.SrcMAC)
			same("eth.dst", l.DstMAC)
		case *layers.IPv4:
			same("ip.src", l.SrcIP)
			same("ip.dst", l.DstIP)
			return // what is inside comes in another order there
		case *layers.IPv6:
			same("ipv6.src", l.SrcIP)
			same("ipv6.dst", l.DstIP)
			return
		}
	}
}
