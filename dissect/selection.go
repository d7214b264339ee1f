package dissect

import "slices"

// This file decides what a dissection for a few fields can leave out.

// Selection is a set of fields and protocols to look for, and what follows
// from it: which protocols have to be decoded at all. It is immutable and safe
// for concurrent use.
type Selection struct {
	table    *Table
	defs     []*FieldDef
	kept     []*Protocol // whose nodes are wanted
	decoded  []*Protocol // that lead to one of those
	everyone bool        // everything must be decoded
	flows    bool
}

// Select returns what it takes to find every occurrence of the named fields and
// protocols. ok is false when a name is not in the table's catalogue: only a
// whole tree can tell then.
func (t *Table) Select(names ...string) (s *Selection, ok bool) {
	s = &Selection{table: t}
	known := map[string]bool{}
	for _, p := range t.all {
		if slices.Contains(names, p.Name) {
			known[p.Name] = true
			s.keep(p)
			// A protocol's bytes end where those around it say.
			s.keep(&ipProtocol, ipLen)
			s.keep(&ipv6Protocol, ip6Len)
			s.keep(&udpProtocol, udpLength)
		}
		for _, d := range p.Fields {
			if slices.Contains(names, d.Name) {
				known[d.Name] = true
				s.keep(p, d)
			}
		}
	}
	if len(known) < len(names) {
		return nil, false
	}
	s.include()
	return s, true
}

// keep notes that nodes of a protocol and some of its fields are wanted.
func (s *Selection) keep(p *Protocol, fields ...*FieldDef) {
	if !slices.Contains(s.kept, p) {
		s.kept = append(s.kept, p)
		// Extension headers count as layers of their own.
		for _, d := range p.Fields {
			if d.Type == TypeProtocol {
				fields = append(fields, d)
			}
		}
	}
	for _, d := range fields {
		if !s.has(d) {
			s.defs = append(s.defs, d)
		}
	}
}

// include finds what has to be decoded, and whether the result depends on
// other packets.
func (s *Selection) include() {
	s.everyone = s.has(frameProtocols)
	s.decoded = slices.Clone(s.kept)
	for grown := true; grown; {
		grown = false
		for _, p := range s.table.all {
			if !slices.Contains(s.decoded, p) && slices.ContainsFunc(p.payloads(s.table), s.decodes) {
				s.decoded, grown = append(s.decoded, p), true
			}
		}
	}
	if slices.ContainsFunc(s.defs, isTrailer) {
		// How long the payload was is known only when it was decoded.
		s.decoded = append(s.decoded, s.table.network()...)
	}
	// Retransmitted bytes are not dissected again: what TCP carries depends on
	// the packets before.
	s.flows = s.everyone || slices.ContainsFunc(s.defs, func(d *FieldDef) bool { return d.Stateful })
	for _, p := range tcpProtocol.payloads(s.table) {
		s.flows = s.flows || s.decodes(p)
	}
}

// isTrailer says that a field is for what follows a link layer's payload.
func isTrailer(d *FieldDef) bool {
	switch d {
	case ethPadding, ethTrailer, ethFCS, ethFCSStatus, ethPadBad, vlanTrailer, sllTrailer:
		return true
	}
	return false
}

func (s *Selection) has(d *FieldDef) bool { return slices.Contains(s.defs, d) }

// keeps reports whether a protocol's node is wanted.
func (s *Selection) keeps(p *Protocol) bool { return slices.Contains(s.kept, p) }

// decodes reports whether a protocol has to be decoded.
func (s *Selection) decodes(p *Protocol) bool { return s.everyone || slices.Contains(s.decoded, p) }

// NeedsFlows reports whether the answer depends on other packets, through Input.Flows.
func (s *Selection) NeedsFlows() bool { return s.flows }

// NeedsFrame reports whether the answer depends on Input.Interface or Input.Comments.
func (s *Selection) NeedsFrame() bool { return s.keeps(&frameProtocol) }

// Reader dissects one packet after the other for a selection, in the same
// memory. It is for one goroutine.
type Reader struct {
	b        builder
	rec      recording
	tree     Tree
	framings framings
}

// NewReader returns a reader for a selection of the same table, which may be
// nil for a reader that only follows.
func (t *Table) NewReader(s *Selection) *Reader {
	return &Reader{b: builder{table: t}, rec: recording{selection: s}}
}

// Tree returns the part of the packet's tree that was selected: the nodes of
// the selected protocols and of those that own selected fields, and below them
// the selected fields, flat and without labels or severities. A byte string has
// no Show but its place in the packet. The tree is valid until the next call.
func (r *Reader) Tree(in *Input) *Tree {
	r.rec.used = 0
	top := r.b.root.Children[:0]
	r.b = builder{table: r.b.table, in: in, data: in.Data, tree: true, rec: &r.rec, path: r.b.path[:0], options: r.b.options,
		sources: r.b.sources[:0], scratch: r.b.scratch[:0], parts: r.b.parts}
	r.b.root.Children = top
	r.b.frame()
	r.tree = Tree{Frame: in.Number, Nodes: r.b.root.Children, Sources: append(append(r.tree.Sources[:0], Source{Bytes: in.Data}), r.b.sources...)}
	return &r.tree
}

// Follow tells in.Flows of the packet's segments, datagrams, pings and queries,
// and makes nothing else of it.
func (r *Reader) Follow(in *Input) {
	r.b = builder{table: r.b.table, in: in, data: in.Data, path: r.b.path[:0], options: r.b.options,
		sources: r.b.sources[:0], scratch: r.b.scratch[:0], parts: r.b.parts, framings: &r.framings}
	r.b.frame()
}
