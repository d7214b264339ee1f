package script

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"pktsh/dissect"
)

// Field is a field of a layer as a Starlark value. It stands for its text as
// PyShark's fields do: it prints, compares, hashes and formats as that, and
// has a string's methods. It also compares with numbers when it is one.
type Field struct {
	layer *Layer
	show  string       // the value, as dissect.Field.Show has it
	known *headerField // of a field of which headers told

	// Of a dissected field. The others become that when something asks for more
	// than their value.
	node  *dissect.Field
	group *fieldGroup
}

// fieldGroup is every occurrence of a field in a layer.
type fieldGroup struct {
	layer *Layer
	key   string           // as field_names has it
	all   []*dissect.Field // in tree order; the first is the main field
	kind  valueKind        // found on first use; kindUnsure until then
}

// at returns the field for one of the group's occurrences.
func (g *fieldGroup) at(n *dissect.Field) *Field {
	f := &Field{layer: g.layer, show: n.Show, node: n, group: g}
	if n.Name == "" { // a line of text is its own value (epan/print.c, proto_tree_write_node_pdml)
		f.show = plainLabel(n)
	}
	return f
}

// whole returns the field as dissected: itself, or, of a packet of which there is
// only a preview, another.
func (f *Field) whole(ctx context.Context) (*Field, error) {
	if f.node != nil {
		return f, nil
	}
	l, err := f.layer.whole(ctx)
	if err != nil {
		return nil, err
	}
	w := l.fieldIndex().byKey[f.known.key]
	switch {
	case w == nil:
		return nil, fmt.Errorf("packet %d: its headers have the field %s, its dissection lacks it", l.index.tree.Frame, f.known.name)
	case l == f.layer:
		f.node, f.group = w.node, w.group
		return f, nil
	}
	return w, nil
}

// dissected is whole for where no error can be returned: it stops the running
// chunk, and there is nothing but the value.
func (f *Field) dissected() *Field {
	w, err := f.whole(f.layer.it.context())
	if err == nil {
		return w
	}
	f.layer.it.fail(err)
	n := &dissect.Field{Name: f.known.name, Show: f.show}
	return (&fieldGroup{layer: f.layer.dissected(), key: f.known.key, all: []*dissect.Field{n}}).at(n)
}

// filterName returns the name that filters know the field by.
func (f *Field) filterName() string {
	if f.node == nil {
		if f.known.plain {
			return dataLayer
		}
		return f.known.name
	}
	return f.node.Name
}

// key returns the name that field_names has.
func (f *Field) key() string {
	if f.node == nil {
		return f.known.key
	}
	return f.group.key
}

var (
	_ starlark.HasAttrs   = (*Field)(nil)
	_ starlark.HasBinary  = (*Field)(nil)
	_ starlark.Comparable = (*Field)(nil)
	_ starlark.Sliceable  = (*Field)(nil)
)

// text returns the value as PyShark's get_default_value does: what is shown,
// else raw_value, else the label; but the empty value of a field that has
// values is empty text, not its label ("SSID: <MISSING>").
func (f *Field) text() string {
	if f.show != "" {
		return f.show
	}
	if raw, _ := f.raw(); raw != "" && raw != beyondItsBytes {
		return raw
	}
	if f.hasValues() {
		return ""
	}
	return plainLabel(f.dissected().node)
}

func (f *Field) bytes() []byte {
	w := f.dissected()
	return w.node.Bytes(w.layer.index.tree)
}

// name returns how a user reaches the field, for messages: pkt.ip.src.
func (f *Field) name() string { return "pkt." + f.layer.path() + "." + f.key() }

// wrong makes an error that names the packet, since the field may be of any in a list.
func (f *Field) wrong(format string, args ...any) error {
	return fmt.Errorf("packet %d: %w", f.layer.frame(), fmt.Errorf(format, args...))
}

// frame returns the number of the layer's packet.
func (l *Layer) frame() uint32 {
	if l.index != nil {
		return l.index.tree.Frame
	}
	return l.packet.src.Number()
}

// path returns how a user reaches the layer from a packet.
func (l *Layer) path() string { return normalize(l.name) }

// String returns the value as print and '%s' show it: on one line, with control
// characters as tshark -T fields writes them (epan/print.c, print_escaped_csv).
func (f *Field) String() string { return oneLine(f.text()) }

// oneLine escapes the control characters that tshark -T fields escapes.
func oneLine(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= '\b' && r <= '\r' }) < 0 {
		return s
	}
	return strings.NewReplacer("\b", `\b`, "\t", `\t`, "\n", `\n`, "\v", `\v`, "\f", `\f`, "\r", `\r`).Replace(s)
}

// Type returns "Field".
func (f *Field) Type() string { return "Field" }

// Freeze does nothing: a field does not change.
func (f *Field) Freeze() {}

// Truth is that of the value for a boolean field, else whether there is text.
func (f *Field) Truth() starlark.Bool {
	if f.kind() == kindBool {
		v, ok := parseBool(f.show)
		return starlark.Bool(v || !ok)
	}
	return f.text() != ""
}

// Hash is that of the text.
func (f *Field) Hash() (uint32, error) { return starlark.String(f.text()).Hash() }

// MarshalJSON returns the text as a JSON string.
func (f *Field) MarshalJSON() ([]byte, error) { return json.Marshal(f.text()) }

// Len, Index and Slice are those of the text, in bytes as in all of Starlark.
func (f *Field) Len() int                   { return len(f.text()) }
func (f *Field) Index(i int) starlark.Value { return starlark.String(f.text()[i : i+1]) }
func (f *Field) Slice(start, end, step int) starlark.Value {
	return starlark.String(f.text()).Slice(start, end, step)
}

// Attr returns PyShark's attributes of a field, else the field that the name
// goes on to (pkt.dns.flags.response), else a method of the text.
func (f *Field) Attr(name string) (starlark.Value, error) {
	if m, ok := fieldMembers[name]; ok {
		return m.get(f.layer.it.context(), f)
	}
	if v, err := f.deeper(name); v != nil || err != nil {
		return v, err
	}
	if v, err := starlark.String(f.text()).Attr(name); v != nil || err != nil {
		return v, err
	}
	f = f.dissected()
	below := f.layer.below(f.group.key)
	names := append(fieldMembers.names(), below...)
	more := ""
	if len(below) > 0 {
		more = ": " + strings.Join(below, " ")
	}
	return nil, f.wrong("field %s has no attribute %q and no field below it of that name%s%s",
		f.layer.name+"."+f.group.key, name, more, suggestion(name, names))
}

// deeper returns the field or prefix that the name goes on to, or nil.
func (f *Field) deeper(name string) (starlark.Value, error) {
	if f.node == nil {
		ctx := f.layer.it.context()
		if below, _ := f.layer.tell(ctx, f.known.key+"_"+normalize(name)); below != nil {
			return below, nil
		}
		if f.hasTextMethod(name) {
			return nil, nil
		}
		w, err := f.whole(ctx)
		if err != nil {
			return nil, err
		}
		f = w
	}
	return f.layer.deeper(f.group.key, name), nil
}

// AttrNames returns the attributes, the fields that go on from this one and a
// string's methods.
func (f *Field) AttrNames() []string {
	f = f.dissected()
	names := append(fieldMembers.names(), f.layer.below(f.group.key)...)
	names = append(names, starlark.String("").AttrNames()...)
	slices.Sort(names)
	return slices.Compact(names)
}

// CompareSameType compares two fields: as numbers when both are, else as text.
func (f *Field) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return f.compareWith(op, y)
}

// compareWith is f op y for any y.
func (f *Field) compareWith(op syntax.Token, y starlark.Value) (bool, error) {
	switch y := y.(type) {
	case *Field:
		if op != syntax.EQL && op != syntax.NEQ {
			if a, ok := f.number(); ok {
				if b, ok := y.number(); ok {
					return starlark.Compare(op, a, b)
				}
			}
		}
		return compareText(op, f.text(), y.text()), nil
	case starlark.String:
		return compareText(op, f.text(), string(y)), nil
	case starlark.Bool:
		if f.kind() == kindBool {
			return starlark.Compare(op, f.Truth(), y)
		}
	case starlark.Int, starlark.Float:
		if n, ok := f.number(); ok {
			return starlark.Compare(op, n, y)
		}
	}
	switch op {
	case syntax.EQL:
		return false, nil
	case syntax.NEQ:
		return true, nil
	}
	return false, f.wrong("cannot compare %s, which is the text %q, with the %s %s", f.name(), f.text(), y.Type(), y)
}

// compareText is a op b; it stands in loops over packets and so makes no values.
func compareText(op syntax.Token, a, b string) bool {
	switch op {
	case syntax.EQL:
		return a == b
	case syntax.NEQ:
		return a != b
	case syntax.LT:
		return a < b
	case syntax.LE:
		return a <= b
	case syntax.GT:
		return a > b
	}
	return a >= b
}

// Binary is arithmetic with the text: joining and repeating as strings do.
// Numbers have to be asked for, as in PyShark.
func (f *Field) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if _, text := y.(starlark.String); !text || op != syntax.PLUS {
		switch y.(type) {
		case starlark.Int, starlark.Float:
			if op != syntax.STAR || f.kind() != kindText {
				return nil, f.wrong("%s is the text %q, got it with the %s %s in %q: write int(%s) or %s.value",
					f.name(), f.text(), y.Type(), y, op, f.name(), f.name())
			}
		}
	}
	other := plainValue(y)
	if side == starlark.Left {
		return starlark.Binary(op, starlark.String(f.text()), other)
	}
	return starlark.Binary(op, other, starlark.String(f.text()))
}

func fieldInterp(f *Field) *Interp { return f.layer.it }

// ofNode returns the getter of what only a dissected field has.
func ofNode(get func(f *Field) (starlark.Value, error)) func(context.Context, *Field) (starlark.Value, error) {
	return func(ctx context.Context, f *Field) (starlark.Value, error) {
		w, err := f.whole(ctx)
		if err != nil {
			return nil, err
		}
		return get(w)
	}
}

// plainLabel returns a label as PDML has it: without the brackets that the window
// puts round what Wireshark computed.
func plainLabel(n *dissect.Field) string {
	if inner, ok := strings.CutPrefix(n.Label, "["); ok && n.Generated {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			return inner
		}
	}
	return n.Label
}

// labelPart returns the getter of one side of a label "key: value".
func labelPart(right bool) func(context.Context, *Field) (starlark.Value, error) {
	return ofNode(func(f *Field) (starlark.Value, error) {
		key, value, ok := strings.Cut(plainLabel(f.node), ": ")
		switch {
		case !ok, f.node.Name == "":
			return starlark.None, nil
		case right:
			return newString(value)
		}
		return newString(key)
	})
}

// allOfField returns every occurrence of a field.
func allOfField(ctx context.Context, f *Field) (starlark.Value, error) {
	w, err := f.whole(ctx)
	if err != nil {
		return nil, err
	}
	return w.group.list(w.group.all), nil
}

func (g *fieldGroup) list(nodes []*dissect.Field) starlark.Value {
	out := make([]starlark.Value, len(nodes))
	for i, n := range nodes {
		out[i] = g.at(n)
	}
	return starlark.NewList(out)
}

// fieldMembers are PyShark's attributes of a field and ours.
var fieldMembers = members[*Field]{
	"name": {detail: "its filter name", kind: kindString, get: func(_ context.Context, f *Field) (starlark.Value, error) { return newString(f.filterName()) }},
	"showname": {detail: "the line that Wireshark shows; None of a line that is no field", kind: kindString, get: ofNode(func(f *Field) (starlark.Value, error) {
		if f.node.Name == "" {
			return starlark.None, nil
		}
		return newString(plainLabel(f.node))
	})},
	"showname_key":   {detail: "that line before the colon, or None", kind: kindString, get: labelPart(false)},
	"showname_value": {detail: "that line after the colon, or None", kind: kindString, get: labelPart(true)},
	"show": {detail: "its value as text; None of a protocol", kind: kindString, get: func(_ context.Context, f *Field) (starlark.Value, error) {
		if f.isProtocol() {
			return starlark.None, nil
		}
		return newString(f.show)
	}},
	"value":     {detail: "its value, typed", get: func(_ context.Context, f *Field) (starlark.Value, error) { return f.typed(), nil }},
	"raw_value": {detail: "its bytes in hex; None without any", kind: kindString, get: ofNode(func(f *Field) (starlark.Value, error) { return f.rawOrNone(), nil })},
	"binary_value": {detail: "its bytes", get: ofNode(func(f *Field) (starlark.Value, error) {
		return starlark.Bytes(f.bytes()), nil
	})},
	"int_value":     {detail: "its value as an int", get: func(_ context.Context, f *Field) (starlark.Value, error) { return f.integer() }},
	"hex_value":     {detail: "its raw_value read as a hexadecimal int", get: ofNode(func(f *Field) (starlark.Value, error) { return f.hexValue() })},
	"base16_value":  {detail: "same as hex_value", get: ofNode(func(f *Field) (starlark.Value, error) { return f.hexValue() })},
	"unmaskedvalue": {detail: "of a field of some bits, its bytes in hex; else None", kind: kindString, get: ofNode(func(f *Field) (starlark.Value, error) { return f.unmasked(), nil })},
	"pos":           {detail: "offset of its bytes in their buffer", get: ofNode(func(f *Field) (starlark.Value, error) { return newInt(f.pos()) })},
	"size":          {detail: "number of its bytes", get: ofNode(func(f *Field) (starlark.Value, error) { return newInt(f.node.Size) })},
	"hide":          {detail: "whether trees leave it out", get: ofNode(func(f *Field) (starlark.Value, error) { return starlark.Bool(f.node.Hidden), nil })},
	"all_fields":    {detail: "every occurrence in the layer", kind: kindFields, get: allOfField},
	"fields":        {detail: "same as all_fields", kind: kindFields, get: allOfField},
	"main_field": {detail: "the first occurrence", kind: kindField, get: ofNode(func(f *Field) (starlark.Value, error) {
		return f.group.at(f.group.all[0]), nil
	})},
	"alternate_fields": {detail: "the other occurrences", kind: kindFields, get: ofNode(func(f *Field) (starlark.Value, error) {
		return f.group.list(f.group.all[1:]), nil
	})},
	"get_default_value": method(fieldInterp, "get_default_value", "its value as text", kindString, func(_ context.Context, f *Field, c invocation) (starlark.Value, error) {
		if err := c.unpack(); err != nil {
			return nil, err
		}
		return newString(f.text())
	}),
}
