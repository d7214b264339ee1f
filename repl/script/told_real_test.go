package script

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/plan"
)

// This file holds what headers tell against the trees: every layer and field that
// headers are sure of, over captures that none of us made.

// treeOnly is a packet whose headers tell nothing.
type treeOnly struct{ packetSource }

func (treeOnly) Header(context.Context, string) (int, bool) { return 0, false }
func (treeOnly) HeaderField(context.Context, string) (string, bool, bool) {
	return "", false, false
}
func (treeOnly) Absent(context.Context, string) bool      { return false }
func (treeOnly) Transport(context.Context) (string, bool) { return "", false }

// toldCaptures are the captures of an ordinary run: tunnels, quoted packets,
// fragments, tags. PKTSH_SAMPLE=n takes n of all captures instead, 0 all of them.
var toldCaptures = []string{
	"ndpi/default_pcap_http.pcapng", "tcpdump/802.1ad_QinQ.pcap", "tcpdump/gso-ipv4-vxlan-ipv4.pcap",
	"tcpdump/icmp-rfc5837.pcap",
}

func toldSample(t *testing.T) []string {
	own, err := filepath.Abs(filepath.Join("..", "..", "testdata", "browse.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE"))
	root := strings.TrimSuffix(realCapture(t, "README.md"), "README.md")
	if err != nil {
		out := []string{own}
		for _, name := range toldCaptures {
			if path := filepath.Join(root, name); fileExists(path) {
				out = append(out, path)
			}
		}
		return out
	}
	var all []string
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && filepath.Ext(path) != ".md" {
			all = append(all, path)
		}
		return nil
	})
	if n <= 0 || n >= len(all) {
		return all
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestHeadersAgreeWithTrees compares the two ways to every attribute.
func TestHeadersAgreeWithTrees(t *testing.T) {
	captures := toldSample(t)
	_, s := realInterp(t, io.Discard, plan.Auto)
	for _, mode := range []plan.Mode{plan.Auto, plan.Native} {
		t.Run(mode.String(), func(t *testing.T) {
			if mode == plan.Native {
				s = engine.NewSession(engine.Config{Mode: mode})
				t.Cleanup(func() { _ = s.Close() })
			}
			if _, err := s.WaitCatalogue(t.Context()); err != nil {
				t.Fatal(err)
			}
			it := New(Config{Catalogue: s.Catalogue})
			var c comparison
			for _, path := range captures {
				c.capture(t, it, s, path)
			}
			t.Logf("%d packets: headers told of %d layers and %d fields, %d layers absent, %d transport layers; filters of %d", c.packets, c.layers, c.fields, c.absent, c.transports, c.filtered)
			if c.packets == 0 || c.layers < c.packets || c.fields < 10*c.packets || c.transports < c.packets/3 || mode == plan.Auto && c.filtered < c.packets {
				t.Error("headers told of too little to be compared")
			}
		})
	}
}

// comparison counts what was compared.
type comparison struct{ packets, layers, fields, absent, transports, filtered int }

// framesCompared is how many packets of each capture are compared, spread over it.
const framesCompared = 40

func (c *comparison) capture(t *testing.T, it *Interp, s *engine.Session, path string) {
	opened, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		return // what cannot be opened is capfile's business
	}
	defer opened.Close()
	name := filepath.Base(path)
	step := max(opened.Len()/framesCompared, 1)
	trees := map[uint32]*dissect.Tree{}
	for frame := 1; frame <= opened.Len(); frame += step {
		src, err := opened.Packet(uint32(frame))
		if err != nil {
			t.Fatal(err)
		}
		whole := it.newPacket(treeOnly{src}, false)
		if _, err := whole.tree(t.Context()); err != nil {
			continue // Wireshark reads less of the capture than pktsh does
		}
		if whole.index == nil {
			return // a preview: Wireshark does not read the capture
		}
		c.packets++
		c.packet(t, name, it, it.newPacket(src, false), whole)
		trees[uint32(frame)] = whole.index.tree
	}
	if s.Mode() == plan.Auto {
		c.filters(t, it, name, opened, trees)
	}
}

// filters compares what filters tell to be absent with the trees: of the
// protocols that stand in the capture's packets but not in each.
func (c *comparison) filters(t *testing.T, it *Interp, name string, opened *engine.Capture, trees map[uint32]*dissect.Tree) {
	in := map[string]int{}
	for _, tree := range trees {
		once := map[string]bool{}
		dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
			once[f.Name] = once[f.Name] || f.Protocol
			return true
		})
		for protocol, is := range once {
			if is {
				in[protocol]++
			}
		}
	}
	for protocol, n := range in {
		if n == len(trees) || it.protocol(normalize(protocol)) == "" {
			continue
		}
		for frame, tree := range trees {
			p, err := opened.Packet(frame)
			if err != nil {
				t.Fatal(err)
			}
			for range 20 + opened.Len()/100 { // until it is filtered for
				if p.Absent(t.Context(), protocol) {
					break
				}
			}
			c.filtered++
			if got, want := p.Absent(t.Context(), protocol), !tree.Has(protocol); got != want {
				t.Errorf("%s frame %d: %s: the filter says absent %v, the tree %v", name, frame, protocol, got, want)
			}
		}
	}
}

func (c *comparison) packet(t *testing.T, name string, it *Interp, told, whole *Packet) {
	ctx := t.Context()
	frame := told.src.Number()
	if _, sure := told.src.Transport(ctx); sure {
		c.transports++
		got, _ := transportLayer(ctx, told)
		want, _ := transportLayer(ctx, whole)
		if got != want {
			t.Errorf("%s frame %d: transport_layer: headers say %v, the tree %v", name, frame, got, want)
		}
	}
	for key, known := range it.headerLayers() {
		_, n, sure := told.header(ctx, key)
		if !sure {
			continue
		}
		want := whole.index.byName[key]
		if n != len(want) {
			t.Errorf("%s frame %d: headers have %d %s layers, the tree %d: %s", name, frame, n, key, len(want), strings.Join(whole.index.layerNames(), " "))
			continue
		}
		if n == 0 {
			c.absent++
		}
		if n != 1 {
			continue
		}
		c.layers++
		l, err := told.layer(ctx, key)
		if err != nil || told.index != nil {
			t.Fatalf("%s frame %d: layer %s: %v; dissected: %v", name, frame, key, err, told.index != nil)
		}
		for fieldKey := range known.fields {
			got, sure := l.tell(ctx, fieldKey)
			if !sure {
				continue
			}
			c.fields++
			want, _ := want[0].find(fieldKey).(*Field)
			compareTold(t, name, frame, known.name+"."+fieldKey, got, want)
		}
	}
}

func compareTold(t *testing.T, name string, frame uint32, field string, got, want *Field) {
	if got == nil || want == nil {
		if (got == nil) != (want == nil) {
			t.Errorf("%s frame %d: %s: headers say %v, the tree %v", name, frame, field, got, want)
		}
		return
	}
	if g, w := got.text(), want.text(); g != w {
		t.Errorf("%s frame %d: %s: headers say %q, the tree %q", name, frame, field, g, w)
		return
	}
	if got.filterName() != want.filterName() || got.key() != want.key() || got.name() != want.name() {
		t.Errorf("%s frame %d: %s is called %s %s %s, want %s %s %s", name, frame, field,
			got.filterName(), got.key(), got.name(), want.filterName(), want.key(), want.name())
	}
	if got.kind() != want.kind() || got.Truth() != want.Truth() {
		t.Errorf("%s frame %d: %s: kind %d, truth %v, want %d, %v", name, frame, field, got.kind(), got.Truth(), want.kind(), want.Truth())
	}
	for what, value := range map[string]func(f *Field) (starlark.Value, error){
		"int_value": (*Field).integer,
		"number": func(f *Field) (starlark.Value, error) {
			n, ok := f.number()
			if !ok {
				return starlark.None, nil
			}
			return n, nil
		},
	} {
		g, gErr := value(got)
		w, wErr := value(want)
		if (gErr == nil) != (wErr == nil) || gErr == nil && g.String() != w.String() || gErr != nil && gErr.Error() != wErr.Error() {
			t.Errorf("%s frame %d: %s: %s is %v %v, want %v %v", name, frame, field, what, g, gErr, w, wErr)
		}
	}
	if got.node != nil && got.kind() != kindBytes {
		t.Errorf("%s frame %d: %s: the packet was dissected for a value", name, frame, field)
	}
}
