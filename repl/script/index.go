// This file indexes a packet's tree once, so that finding a layer or a field
// by any spelling of its name is one look into a map.

package script

import (
	"slices"
	"strings"

	"pktsh/dissect"
)

// normalize returns the spelling under which names are compared: lower case,
// with "_" for "." and "-".
func normalize(name string) string {
	plain := true
	for i := range len(name) {
		if c := name[i]; c == '.' || c == '-' || c >= 'A' && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToLower(name))
}

// treeIndex is a packet's tree with its layers by name.
type treeIndex struct {
	tree   *dissect.Tree
	layers []*Layer // top-level protocols in order, frame apart
	byName map[string][]*Layer
}

// newIndex returns the index of a tree. The layers of which headers told before,
// if there are any, become those of the tree.
func (it *Interp) newIndex(t *dissect.Tree, told *Layer) *treeIndex {
	x := &treeIndex{tree: t, byName: map[string][]*Layer{}}
	for _, n := range t.Nodes {
		if !n.Protocol {
			continue
		}
		l := told
		for l != nil && (l.name != n.Name || l.node != nil) {
			l = l.next
		}
		if l == nil {
			l = &Layer{it: it, name: n.Name}
		}
		l.index, l.node = x, n
		key := normalize(n.Name)
		x.byName[key] = append(x.byName[key], l)
		if n.Name != "frame" && !n.Hidden {
			x.layers = append(x.layers, l)
		}
	}
	return x
}

// names are the names of the layers in order.
func (x *treeIndex) names() []string {
	out := make([]string, len(x.layers))
	for i, l := range x.layers {
		out[i] = l.name
	}
	return out
}

// layer returns the first layer of a name in any spelling.
func (x *treeIndex) layer(name string) (*Layer, bool) {
	l := x.byName[normalize(name)]
	if len(l) == 0 {
		return nil, false
	}
	return l[0], true
}

// layerNames returns the names of the layers in order, each once.
func (x *treeIndex) layerNames() []string {
	var out []string
	for _, l := range x.layers {
		if !slices.Contains(out, l.name) {
			out = append(out, l.name)
		}
	}
	return out
}

// highest returns the last layer that is not one of Wireshark's own, or nil.
func (x *treeIndex) highest() *Layer {
	for _, l := range slices.Backward(x.layers) {
		if !isPseudo(l.name) {
			return l
		}
	}
	return nil
}

func isPseudo(protocol string) bool { return strings.HasPrefix(protocol, "_ws.") }

// transport returns the innermost transport layer, or nil. ICMP counts, as
// what a ping has in that place.
func (x *treeIndex) transport() *Layer {
	for _, l := range slices.Backward(x.layers) {
		switch l.name {
		case "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6":
			return l
		}
	}
	return nil
}

// has says whether the tree holds a node of this name anywhere.
func (x *treeIndex) has(name string) bool {
	return !dissect.Walk(x.tree.Nodes, func(f *dissect.Field, _ int) bool { return f.Name != name })
}

// layerIndex is a layer's fields by name.
type layerIndex struct {
	// fields are in the order of their first occurrence, keys as field_names.
	fields []*Field
	byKey  map[string]*Field
	// aliases are other names: without the prefix of another protocol, as a layer mdns
	// holds fields dns.*, and without the layer's within the name.
	aliases map[string]*Field
	// prefixes are the keys that names go on after: "qry" of "qry.name".
	prefixes map[string]bool
	// nested are the first protocols of a name that stand inside the layer, inside
	// all that Wireshark shows, in order.
	nested map[string]*Layer
	inside []*Layer
	// lines are the lines of text that are no field, whose name is empty, nil without
	// any; linesAt is how many fields there are before the first.
	lines   *Field
	linesAt int
	// shifted are the positions that PDML has of fields that begin before the one
	// above them, or in another buffer: the sum of both.
	shifted map[*dissect.Field]int
}

// dataLayer is the protocol of what no dissector took. PDML has it as a field, whose
// value is the bytes in hex, around data.data and data.len, and so has PyShark:
// pkt.data.data is the former, pkt.data.data_data the latter, with colons.
const dataLayer = "data"

// key returns a field's name as field_names has it: without the layer's
// prefix, with "_" for ".".
func (l *Layer) key(name string) string { return fieldKey(l.name, name) }

func fieldKey(protocol, name string) string {
	if protocol == dataLayer {
		return normalize(name)
	}
	prefix := protocol + "."
	if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
		name = name[len(prefix):]
	}
	return normalize(name)
}

// fieldIndex returns the layer's index, made on first use.
func (l *Layer) fieldIndex() *layerIndex {
	if l.fields != nil {
		return l.fields
	}
	x := &layerIndex{
		byKey: map[string]*Field{}, aliases: map[string]*Field{},
		prefixes: map[string]bool{}, nested: map[string]*Layer{},
	}
	if l.name == dataLayer {
		l.addField(x, l.node)
	}
	l.addFields(x, l.node)
	for _, n := range l.beside() {
		l.addField(x, n)
		l.addFields(x, n)
	}
	l.addAliases(x)
	l.fields = x
	return x
}

// beside returns the fields that the dissector put beside its protocol, as
// tcp.segments: they belong to the first layer of that prefix.
func (l *Layer) beside() []*dissect.Field {
	if first, ok := l.index.layer(l.name); !ok || first != l {
		return nil
	}
	var out []*dissect.Field
	for _, n := range l.index.tree.Nodes {
		if !n.Protocol && strings.HasPrefix(n.Name, l.name+".") {
			out = append(out, n)
		}
	}
	return out
}

// aliases are the fields that stand for several others: ip.addr is ip.src and
// ip.dst (epan/dissectors/packet-ip.c and its like add them hidden).
var aliases = map[string][]string{
	"eth.addr":     {"eth.dst", "eth.src"},
	"ip.addr":      {"ip.src", "ip.dst"},
	"ipv6.addr":    {"ipv6.src", "ipv6.dst"},
	"tcp.port":     {"tcp.srcport", "tcp.dstport"},
	"udp.port":     {"udp.srcport", "udp.dstport"},
	"udplite.port": {"udplite.srcport", "udplite.dstport"},
	"sctp.port":    {"sctp.srcport", "sctp.dstport"},
	"dccp.port":    {"dccp.srcport", "dccp.dstport"},
}

// addAliases completes the aliases of a tree that holds only what Wireshark
// shows: where its Lua is missing, sharkd leaves hidden fields out.
func (l *Layer) addAliases(x *layerIndex) {
	for _, name := range []string{l.name + ".addr", l.name + ".port"} {
		if x.byKey[l.key(name)] != nil {
			continue
		}
		for _, of := range aliases[name] {
			f := x.byKey[l.key(of)]
			if f == nil {
				continue
			}
			n := *f.node
			n.Name, n.Hidden, n.Children = name, true, nil
			l.addField(x, &n)
		}
	}
}

// addFields adds what is below a node, nested protocols apart.
func (l *Layer) addFields(x *layerIndex, above *dissect.Field) {
	for _, n := range above.Children {
		if n.Protocol {
			inner := &Layer{it: l.it, name: n.Name, index: l.index, node: n}
			if !n.Hidden {
				x.inside = append(x.inside, inner)
			}
			if key := normalize(n.Name); x.nested[key] == nil {
				x.nested[key] = inner
			}
			continue
		}
		if n.Pos < above.Pos {
			if x.shifted == nil {
				x.shifted = map[*dissect.Field]int{}
			}
			x.shifted[n] = above.Pos + n.Pos
		}
		l.addField(x, n)
		l.addFields(x, n)
	}
}

func (l *Layer) addField(x *layerIndex, n *dissect.Field) {
	if n.Name == "" {
		if x.lines == nil {
			x.lines = (&fieldGroup{layer: l}).at(n)
			x.linesAt = len(x.fields)
		}
		x.lines.group.all = append(x.lines.group.all, n)
		return
	}
	key := l.key(n.Name)
	if f := x.byKey[key]; f != nil {
		f.group.all = append(f.group.all, n)
		return
	}
	f := (&fieldGroup{layer: l, key: key, all: []*dissect.Field{n}}).at(n)
	x.byKey[key] = f
	x.fields = append(x.fields, f)
	prefix := l.name + "."
	rest, own := strings.CutPrefix(n.Name, prefix)
	if strings.Contains(rest, prefix) { // PyShark drops it wherever it stands: xmlpi_version of xml.xmlpi.xml.version
		if alias := normalize(strings.ReplaceAll(rest, prefix, "")); x.aliases[alias] == nil {
			x.aliases[alias] = f
		}
	}
	if !own {
		if _, after, ok := strings.Cut(n.Name, "."); ok {
			if alias := normalize(after); x.aliases[alias] == nil {
				x.aliases[alias] = f
			}
		}
	}
	for i := range len(rest) {
		if rest[i] == '.' {
			x.prefixes[normalize(rest[:i])] = true
		}
	}
}

// find returns what a name in any spelling stands for in a dissected layer: a
// *Field, a nested *Layer, a *Prefix, or nil.
func (l *Layer) find(name string) any {
	x := l.fieldIndex()
	key := l.key(name)
	if f := x.byKey[key]; f != nil {
		return f
	}
	if key == "" && x.lines != nil {
		return x.lines
	}
	// ip_src, the layer's own prefix spelt with "_".
	if short, ok := strings.CutPrefix(key, normalize(l.name)+"_"); ok {
		if f := x.byKey[short]; f != nil {
			return f
		}
	}
	if f := x.aliases[key]; f != nil {
		return f
	}
	if l.name == dataLayer {
		if f := x.byKey[dataLayer+"_"+key]; f != nil {
			return f
		}
	}
	if n := x.nested[key]; n != nil {
		if f := n.fieldIndex().byKey[dataLayer]; n.name == dataLayer && f != nil {
			return f // pkt.icmp.data is the bytes in hex
		}
		return n
	}
	if x.prefixes[key] {
		return &Prefix{layer: l, key: key}
	}
	if v := l.findQuoted(key); v != nil {
		return v
	}
	return nil
}

// findQuoted returns what a key that begins with the name of a protocol inside
// the layer stands for there: tcp_srcport, of the header that an ICMP error
// quotes. Of several protocols that fit the longest name counts.
func (l *Layer) findQuoted(key string) any {
	var found any
	longest := -1
	for name, n := range l.fieldIndex().nested {
		var v any
		if f := n.fieldIndex().byKey[key]; f != nil && n.name == dataLayer {
			return f // data_data
		}
		if rest, ok := strings.CutPrefix(key, name+"_"); ok {
			v = n.find(rest)
		} else if v = n.findQuoted(key); v == nil {
			if inner := n.fieldIndex().nested[key]; inner != nil {
				v = inner
			}
		}
		if v != nil && len(name) > longest {
			found, longest = v, len(name)
		}
	}
	return found
}

// holder returns the layer that a protocol's fields are in when the packet has
// no layer of that name, and the protocol's node if there is one.
func (x *treeIndex) holder(protocol string) (in, quoted *Layer) {
	key := normalize(protocol)
	for _, l := range x.layers {
		if q, ok := l.find(protocol).(*Layer); ok {
			return l, q
		}
		for _, f := range l.fieldIndex().fields {
			if owner, _, ok := strings.Cut(f.node.Name, "."); ok && normalize(owner) == key {
				in = l
				break
			}
		}
	}
	return in, nil
}

// below returns the field names that go on after key, without it.
func (l *Layer) below(key string) []string {
	var out []string
	for _, f := range l.fieldIndex().fields {
		if rest, ok := strings.CutPrefix(f.group.key, key+"_"); ok {
			out = append(out, rest)
		}
	}
	return out
}
