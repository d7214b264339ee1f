package script

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"pktsh/dissect"
	"pktsh/repl/result"
)

// Layer is a protocol of a packet as a Starlark value: pkt.dns.qry_name,
// 'qry_name' in pkt.dns, for field in pkt.dns.
type Layer struct {
	it   *Interp
	name string // the filter name

	rawMode bool // layer.raw_mode: attributes are raw values

	// Of a layer of which headers told: its packet, and what they may tell of it.
	packet *Packet
	known  *headerLayer
	next   *Layer // another of that packet

	// Of a dissected layer. The others become that when something asks for more
	// than headers tell.
	index  *treeIndex
	node   *dissect.Field
	fields *layerIndex // nil until a field is asked for
}

// whole returns the layer as dissected: itself, or, of a packet of which there is
// only a preview, another.
func (l *Layer) whole(ctx context.Context) (*Layer, error) {
	if l.node != nil {
		return l, nil
	}
	x, err := l.packet.tree(ctx)
	if err != nil || l.node != nil {
		return l, err
	}
	if w, ok := x.layer(l.name); ok {
		return w, nil
	}
	return nil, fmt.Errorf("packet %d: its headers have the layer %s, its dissection lacks it", l.packet.src.Number(), l.name)
}

// dissected is whole for where no error can be returned: it stops the running
// chunk, and the layer is empty.
func (l *Layer) dissected() *Layer {
	w, err := l.whole(l.it.context())
	if err == nil {
		return w
	}
	l.it.fail(err)
	n := &dissect.Field{Name: l.name, Label: l.name, Protocol: true}
	x := l.it.newIndex(&dissect.Tree{Frame: l.packet.src.Number(), Nodes: []*dissect.Field{n}}, nil)
	return x.byName[normalize(l.name)][0]
}

var (
	_ starlark.HasSetField = (*Layer)(nil)
	_ starlark.Mapping     = (*Layer)(nil)
	_ starlark.Container   = (*Layer)(nil)
	_ starlark.Iterable    = (*Layer)(nil)
)

// String returns the layer's tree as text: what print shows.
func (l *Layer) String() string {
	return strings.TrimSuffix("Layer "+strings.ToUpper(l.name)+":\n"+treeText(l.dissected().node.Children, 1), "\n")
}

func (l *Layer) repr() string { return "<" + strings.ToUpper(l.name) + " Layer>" }

// Type returns "Layer".
func (l *Layer) Type() string { return "Layer" }

// Freeze does nothing: a layer does not change.
func (l *Layer) Freeze() {}

// Truth is true.
func (l *Layer) Truth() starlark.Bool { return true }

// Hash fails: layers are compared by identity and make no keys.
func (l *Layer) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: Layer") }

// Attr returns a method, a field, a nested layer, or the prefix of fields.
func (l *Layer) Attr(name string) (starlark.Value, error) {
	if m, ok := layerMembers[name]; ok {
		return m.get(l.it.context(), l)
	}
	v, err := l.look(name)
	if f, ok := v.(*Field); ok && l.rawMode {
		return f.rawOrNone(), err
	}
	return v, err
}

// SetField sets raw_mode, the only attribute that can be set.
func (l *Layer) SetField(name string, v starlark.Value) error {
	on, ok := v.(starlark.Bool)
	if name != "raw_mode" || !ok {
		return fmt.Errorf("got .%s = %s of a layer; nothing but .raw_mode is set, to True or False: a packet does not change", name, v)
	}
	l.rawMode = bool(on)
	return nil
}

// look returns what a name stands for, or the error that says what there is.
func (l *Layer) look(name string) (starlark.Value, error) {
	ctx := l.it.context()
	if f, _ := l.tell(ctx, l.key(name)); f != nil {
		return f, nil
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	if v, ok := w.find(name).(starlark.Value); ok {
		return v, nil
	}
	return nil, w.noField(name)
}

// field returns the field of a name in any spelling, nil where the layer lacks it.
func (l *Layer) field(ctx context.Context, name string) (*Field, error) {
	if f, known := l.tell(ctx, l.key(name)); known {
		return f, nil
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	f, _ := w.find(name).(*Field)
	return f, nil
}

// noField words the error of a field that a dissected layer lacks.
func (l *Layer) noField(name string) error {
	have := l.fieldNames()
	list := strings.Join(have, " ")
	if len(have) > 12 {
		list = strings.Join(have[:12], " ") + " …"
	}
	if list == "" {
		list = "none"
	}
	return fmt.Errorf("layer %s of packet %d has no field %q; its fields: %s%s", l.name,
		l.index.tree.Frame, name, list, suggestion(l.key(name), append(have, layerMembers.names()...)))
}

// AttrNames returns the methods and the fields this layer holds.
func (l *Layer) AttrNames() []string {
	names := append(layerMembers.names(), l.dissected().fieldNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// Get returns layer['qry_name'].
func (l *Layer) Get(k starlark.Value) (starlark.Value, bool, error) {
	name, ok := starlark.AsString(k)
	if !ok {
		return nil, false, fmt.Errorf("a layer is indexed by a field's name, got %s", k.Type())
	}
	v, err := l.look(name)
	return v, err == nil, err
}

// Has is name in layer.
func (l *Layer) Has(k starlark.Value) (bool, error) {
	name, ok := starlark.AsString(k)
	if !ok {
		return false, nil
	}
	f, err := l.field(l.it.context(), name)
	return f != nil, err
}

// Iterate goes through every field in tree order, repeated ones included.
func (l *Layer) Iterate() starlark.Iterator {
	l = l.dissected()
	var out []starlark.Value
	x := l.fieldIndex()
	var add func(nodes []*dissect.Field)
	add = func(nodes []*dissect.Field) {
		for _, n := range nodes {
			if n.Protocol {
				continue
			}
			if f := x.byKey[l.key(n.Name)]; f != nil && n.Name != "" {
				out = append(out, f.group.at(n))
			}
			add(n.Children)
		}
	}
	add(l.node.Children)
	add(l.beside())
	return starlark.NewList(out).Iterate()
}

// fieldNames are the keys of a dissected layer's fields.
func (l *Layer) fieldNames() []string {
	fields := l.fieldIndex().fields
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.group.key
	}
	return out
}

func layerInterp(l *Layer) *Interp { return l.it }

// fieldOr returns the field of a name, or what stands for none.
func (l *Layer) fieldOr(ctx context.Context, name string, none starlark.Value) (starlark.Value, error) {
	f, err := l.field(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case f != nil:
		return f, nil
	}
	return none, nil
}

func getField(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	return l.fieldOr(ctx, name, starlark.None)
}

func getFieldOr(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	var fallback starlark.Value = starlark.None
	if err := c.unpack("item", &name, "default?", &fallback); err != nil {
		return nil, err
	}
	return l.fieldOr(ctx, name, fallback)
}

func getFieldValue(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	var raw bool
	if err := c.unpack("name", &name, "raw?", &raw); err != nil {
		return nil, err
	}
	f, err := l.field(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return starlark.None, nil
	case raw:
		return f.rawOrNone(), nil
	}
	return f, nil
}

func getRawValue(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	f, err := l.field(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case f == nil:
		return starlark.None, nil
	}
	return f.rawOrNone(), nil
}

func hasField(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	f, err := l.field(ctx, name)
	return starlark.Bool(f != nil), err
}

func getFieldByShowname(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var showname string
	if err := c.unpack("showname", &showname); err != nil {
		return nil, err
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range w.fieldIndex().fields {
		for _, n := range f.group.all {
			if key, _, ok := strings.Cut(plainLabel(n), ": "); ok && key == showname {
				return f.group.at(n), nil
			}
		}
	}
	return starlark.None, nil
}

func showLayer(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	l.it.show(&result.Tree{Tree: w.index.tree, Nodes: []*dissect.Field{w.node}})
	return starlark.None, nil
}

// layerMembers are PyShark's attributes of a layer.
var layerMembers = members[*Layer]{
	"layer_name": {detail: "its name", kind: kindString, get: func(_ context.Context, l *Layer) (starlark.Value, error) { return newString(l.name) }},
	"field_names": {detail: "names of its fields", get: func(ctx context.Context, l *Layer) (starlark.Value, error) {
		w, err := l.whole(ctx)
		if err != nil {
			return nil, err
		}
		names := w.fieldNames()
		if x := w.fieldIndex(); x.lines != nil {
			names = slices.Insert(names, x.linesAt, "")
		}
		out := make([]starlark.Value, len(names))
		for i, n := range names {
			out[i] = starlark.String(n)
		}
		return starlark.NewList(out), nil
	}},
	"layers": {detail: "protocols that stand inside it, as the headers that an ICMP error quotes", kind: kindLayers, get: func(ctx context.Context, l *Layer) (starlark.Value, error) {
		w, err := l.whole(ctx)
		if err != nil {
			return nil, err
		}
		return layerList(w.fieldIndex().inside), nil
	}},
	"raw_mode":   {detail: "set it True to get raw_value for every field: pkt.ip.src", get: func(_ context.Context, l *Layer) (starlark.Value, error) { return starlark.Bool(l.rawMode), nil }},
	"DATA_LAYER": {detail: "name of the layer of undissected data", kind: kindString, get: func(context.Context, *Layer) (starlark.Value, error) { return newString("data") }},

	"_layer_name":                     {get: func(_ context.Context, l *Layer) (starlark.Value, error) { return newString(l.name) }},
	"_all_fields":                     {get: allFields},
	"_get_all_fields_with_alternates": method(layerInterp, "_get_all_fields_with_alternates", "every field, in the tree's order", kindFields, everyField),
	"_get_all_field_lines":            method(layerInterp, "_get_all_field_lines", "the line of every field that is shown", kindUnknown, everyLine),

	"get_field":             method(layerInterp, "get_field", "a field by name, or None", kindField, getField),
	"get_field_value":       method(layerInterp, "get_field_value", "a field, or its hex with raw=True; None without", kindField, getFieldValue),
	"get_raw_value":         method(layerInterp, "get_raw_value", "a field's bytes in hex", kindString, getRawValue),
	"get":                   method(layerInterp, "get", "a field by name, or a default", kindField, getFieldOr),
	"has_field":             method(layerInterp, "has_field", "whether it holds a field", kindUnknown, hasField),
	"get_field_by_showname": method(layerInterp, "get_field_by_showname", "a field by its label", kindField, getFieldByShowname),
	"pretty_print":          method(layerInterp, "pretty_print", "show its fields", kindUnknown, showLayer),
	"show":                  method(layerInterp, "show", "same as pretty_print", kindUnknown, showLayer),
}

// Prefix is the beginning of field names, of a dissected layer, that is no field
// itself: pkt.dns.qry.
type Prefix struct {
	layer *Layer
	key   string
}

var _ starlark.HasAttrs = (*Prefix)(nil)

// String names the fields that go on from here.
func (p *Prefix) String() string {
	return "<" + p.layer.name + " " + p.key + ": " + strings.Join(p.AttrNames(), " ") + ">"
}

// Type returns "Prefix".
func (p *Prefix) Type() string { return "Prefix" }

// Freeze does nothing.
func (p *Prefix) Freeze() {}

// Truth is true: there are fields of this prefix.
func (p *Prefix) Truth() starlark.Bool { return true }

// Hash fails: a prefix has no value.
func (p *Prefix) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: Prefix") }

// Attr goes on to a field or a longer prefix.
func (p *Prefix) Attr(name string) (starlark.Value, error) {
	if v := p.layer.deeper(p.key, name); v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("%s.%s is no field but the beginning of some: %s%s", p.layer.name, p.key,
		strings.Join(p.AttrNames(), " "), suggestion(name, p.AttrNames()))
}

// AttrNames returns what may follow.
func (p *Prefix) AttrNames() []string { return p.layer.below(p.key) }

// deeper returns the field or prefix key_name of a dissected layer, or nil.
func (l *Layer) deeper(key, name string) starlark.Value {
	x := l.fieldIndex()
	key += "_" + normalize(name)
	if f := x.byKey[key]; f != nil {
		return f
	}
	if x.prefixes[key] {
		return &Prefix{layer: l, key: key}
	}
	return nil
}
