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
	it     *Interp
	index  *treeIndex
	node   *dissect.Field
	fields *layerIndex // nil until a field is asked for
}

var (
	_ starlark.HasAttrs  = (*Layer)(nil)
	_ starlark.Mapping   = (*Layer)(nil)
	_ starlark.Container = (*Layer)(nil)
	_ starlark.Iterable  = (*Layer)(nil)
)

// String returns the layer's tree as text: what print shows.
func (l *Layer) String() string {
	return strings.TrimSuffix("Layer "+strings.ToUpper(l.node.Name)+":\n"+treeText(l.node.Children, 1), "\n")
}

func (l *Layer) repr() string { return "<" + strings.ToUpper(l.node.Name) + " Layer>" }

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
	if v, ok := l.find(name).(starlark.Value); ok {
		return v, nil
	}
	return nil, l.noField(name)
}

func (l *Layer) noField(name string) error {
	have := l.fieldNames()
	list := strings.Join(have, " ")
	if len(have) > 12 {
		list = strings.Join(have[:12], " ") + " …"
	}
	if list == "" {
		list = "none"
	}
	return fmt.Errorf("layer %s of packet %d has no field %q; its fields: %s%s", l.node.Name,
		l.index.tree.Frame, name, list, suggestion(l.key(name), append(have, layerMembers.names()...)))
}

// AttrNames returns the methods and the fields this layer holds.
func (l *Layer) AttrNames() []string {
	names := append(layerMembers.names(), l.fieldNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// Get returns layer['qry_name'].
func (l *Layer) Get(k starlark.Value) (starlark.Value, bool, error) {
	name, ok := starlark.AsString(k)
	if !ok {
		return nil, false, fmt.Errorf("a layer is indexed by a field's name, got %s", k.Type())
	}
	if v, ok := l.find(name).(starlark.Value); ok {
		return v, true, nil
	}
	return nil, false, l.noField(name)
}

// Has is name in layer.
func (l *Layer) Has(k starlark.Value) (bool, error) {
	name, ok := starlark.AsString(k)
	if !ok {
		return false, nil
	}
	_, found := l.field(name)
	return found, nil
}

// Iterate goes through every field in tree order, repeated ones included.
func (l *Layer) Iterate() starlark.Iterator {
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
	return starlark.NewList(out).Iterate()
}

func (l *Layer) fieldNames() []string {
	fields := l.fieldIndex().fields
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.group.key
	}
	return out
}

func layerInterp(l *Layer) *Interp { return l.it }

// orNone returns the field of a name, or None.
func (l *Layer) orNone(name string) starlark.Value {
	if f, ok := l.field(name); ok {
		return f
	}
	return starlark.None
}

func getField(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	return l.orNone(name), nil
}

func getFieldOr(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	var fallback starlark.Value = starlark.None
	if err := c.unpack("item", &name, "default?", &fallback); err != nil {
		return nil, err
	}
	if f, ok := l.field(name); ok {
		return f, nil
	}
	return fallback, nil
}

func getFieldValue(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	var raw bool
	if err := c.unpack("name", &name, "raw?", &raw); err != nil {
		return nil, err
	}
	f, ok := l.field(name)
	switch {
	case !ok:
		return starlark.None, nil
	case raw:
		return newString(f.raw())
	}
	return newString(f.text())
}

func getRawValue(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	if f, ok := l.field(name); ok {
		return newString(f.raw())
	}
	return starlark.None, nil
}

func hasField(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("name", &name); err != nil {
		return nil, err
	}
	_, ok := l.field(name)
	return starlark.Bool(ok), nil
}

func getFieldByShowname(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	var showname string
	if err := c.unpack("showname", &showname); err != nil {
		return nil, err
	}
	for _, f := range l.fieldIndex().fields {
		for _, n := range f.group.all {
			if key, _, ok := strings.Cut(n.Label, ": "); ok && key == showname {
				return f.group.at(n), nil
			}
		}
	}
	return starlark.None, nil
}

func showLayer(_ context.Context, l *Layer, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	l.it.show(&result.Tree{Tree: l.index.tree, Nodes: []*dissect.Field{l.node}})
	return starlark.None, nil
}

// layerMembers are PyShark's attributes of a layer.
var layerMembers = members[*Layer]{
	"layer_name": {detail: "its name", kind: kindString, get: func(_ context.Context, l *Layer) (starlark.Value, error) { return newString(l.node.Name) }},
	"field_names": {detail: "names of its fields", get: func(_ context.Context, l *Layer) (starlark.Value, error) {
		names := l.fieldNames()
		out := make([]starlark.Value, len(names))
		for i, n := range names {
			out[i] = starlark.String(n)
		}
		return starlark.NewList(out), nil
	}},
	"raw_mode":   {detail: "always False: raw_value is beside every value", get: func(context.Context, *Layer) (starlark.Value, error) { return starlark.False, nil }},
	"DATA_LAYER": {detail: "name of the layer of undissected data", kind: kindString, get: func(context.Context, *Layer) (starlark.Value, error) { return newString("data") }},

	"get_field":             method(layerInterp, "get_field", "a field by name, or None", kindField, getField),
	"get_field_value":       method(layerInterp, "get_field_value", "a field's text, or its hex with raw=True", kindString, getFieldValue),
	"get_raw_value":         method(layerInterp, "get_raw_value", "a field's bytes in hex", kindString, getRawValue),
	"get":                   method(layerInterp, "get", "a field by name, or a default", kindField, getFieldOr),
	"has_field":             method(layerInterp, "has_field", "whether it holds a field", kindUnknown, hasField),
	"get_field_by_showname": method(layerInterp, "get_field_by_showname", "a field by its label", kindField, getFieldByShowname),
	"pretty_print":          method(layerInterp, "pretty_print", "show its fields", kindUnknown, showLayer),
	"show":                  method(layerInterp, "show", "same as pretty_print", kindUnknown, showLayer),
}

// Prefix is the beginning of field names that is no field itself: pkt.dns.qry.
type Prefix struct {
	layer *Layer
	key   string
}

var _ starlark.HasAttrs = (*Prefix)(nil)

// String names the fields that go on from here.
func (p *Prefix) String() string {
	return "<" + p.layer.node.Name + " " + p.key + ": " + strings.Join(p.AttrNames(), " ") + ">"
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
	return nil, fmt.Errorf("%s.%s is no field but the beginning of some: %s%s", p.layer.node.Name, p.key,
		strings.Join(p.AttrNames(), " "), suggestion(name, p.AttrNames()))
}

// AttrNames returns what may follow.
func (p *Prefix) AttrNames() []string { return p.layer.below(p.key) }

// deeper returns the field or prefix key_name, or nil.
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
