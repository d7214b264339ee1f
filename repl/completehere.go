package repl

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/filter"
)

// This file tells completion what the capture at hand holds, as far as that is in
// memory: the current packet, the packets dissected lately, and what was counted.

// treesLooked is how many packets' trees are looked at.
const treesLooked = 64

// here is what is at hand of a capture, as of one moment.
type here struct {
	of        hereKey
	protocols []string // filter names
	samples   []completion.Sample
}

// hereKey is what changes when there is more at hand.
type hereKey struct {
	capture    *engine.Capture
	generation uint64
	packet     *engine.Packet
	newest     *dissect.Tree
	trees      int
	counted    int
	catalogue  *dissect.Catalogue
}

// hereNow returns what is at hand; nil without a capture.
func (s *Shell) hereNow(ctx context.Context) *here {
	v := s.state.View
	if v == nil {
		return nil
	}
	c := v.Capture()
	trees, counted := c.TreesAtHand(treesLooked), c.FieldsSeen()
	if s.state.Packet != nil {
		if t, err := s.state.Packet.Tree(engine.WithoutWaiting(ctx)); err == nil {
			trees = append([]*dissect.Tree{t}, trees...)
		}
	}
	key := hereKey{capture: c, generation: c.Generation(), packet: s.state.Packet, trees: len(trees), counted: len(counted), catalogue: s.catalogue()}
	if len(trees) > 0 {
		key.newest = trees[0]
	}
	if s.here == nil || s.here.of != key {
		s.here = s.lookAround(key, trees, counted)
	}
	return s.here
}

// lookAround collects what is at hand. Of a field's values that of the first tree
// is taken, which is the current packet's.
func (s *Shell) lookAround(key hereKey, trees []*dissect.Tree, counted []string) *here {
	values, protocols := map[string]string{}, map[string]bool{}
	var walk func(nodes []*dissect.Field)
	walk = func(nodes []*dissect.Field) {
		for _, n := range nodes {
			switch _, known := values[n.Name]; {
			case n.Name == "":
			case n.Protocol:
				protocols[n.Name] = true
			case !known:
				values[n.Name] = n.Show
			}
			walk(n.Children)
		}
	}
	for _, t := range trees {
		walk(t.Nodes)
	}
	out := &here{of: key}
	for text := range key.capture.ProtocolsAtHand() {
		if name := protocolNamed(key.catalogue, text); name != "" {
			protocols[name] = true
		}
	}
	out.protocols = slices.Sorted(maps.Keys(protocols))
	for _, field := range counted {
		if _, known := values[field]; !known {
			values[field] = ""
		}
	}
	for _, field := range slices.Sorted(maps.Keys(values)) {
		out.samples = append(out.samples, s.sample(key, field, values[field]))
	}
	return out
}

// protocolNamed returns the filter name of a protocol that the packet list calls
// "TLSv1.2"; "" for none that is known.
func protocolNamed(cat *dissect.Catalogue, text string) string {
	if cat == nil {
		return ""
	}
	name := strings.ToLower(text)
	if i := strings.IndexFunc(name, func(r rune) bool { return r == '/' || unicode.IsSpace(r) }); i >= 0 {
		name = name[:i]
	}
	for _, n := range []string{name, strings.TrimRight(name, "v0123456789.")} {
		if info, ok := cat.Lookup(n); ok && info.Type == dissect.TypeProtocol {
			return n
		}
	}
	return ""
}

// sample adds to a field's value how often it occurs, or has the most frequent value
// of one that no packet at hand has.
func (s *Shell) sample(key hereKey, field, value string) completion.Sample {
	out := completion.Sample{Field: field, Value: value}
	seen := key.capture.SeenSoFar(field)
	if seen == nil || len(seen.Values) == 0 {
		return out
	}
	if value == "" {
		out.Value, out.Count, out.AtLeast = seen.Values[0].Value, seen.Values[0].N, seen.Partial
		return out
	}
	for _, v := range seen.Values {
		if v.Value == value {
			out.Count, out.AtLeast = v.N, seen.Partial
		}
	}
	return out
}

// met are the protocols of the packets at hand.
func (s *Shell) met(ctx context.Context) []string {
	if h := s.hereNow(ctx); h != nil {
		return h.protocols
	}
	return nil
}

// samples are the fields of the packets at hand.
func (s *Shell) samples(ctx context.Context) []completion.Sample {
	if h := s.hereNow(ctx); h != nil {
		return h.samples
	}
	return nil
}

// savedFilters are what ${name} stands for.
func (s *Shell) savedFilters() map[string]string { return filter.Macros(s.cfg.Session.Macros()) }
