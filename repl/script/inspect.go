// This file answers what a receiver holds, for completion, without running the
// user's code: names, literals, constant indexes and attributes of our own
// types are evaluated; a call never is, its type comes from the member tables.

package script

import (
	"context"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"pktsh/dissect"
)

// Member is one name that may follow a receiver.
type Member struct {
	// Name goes after the dot.
	Name string
	// Detail is a field's value, a layer's label, or what an attribute is for.
	Detail string
	// Rank orders members: what this packet holds (0) before attributes and
	// methods (1) before a string's methods and what another packet has (2).
	Rank int
	// Method says that it is called.
	Method bool
}

// known is what is known of an expression: its value, or its static type.
type known struct {
	value starlark.Value
	kind  kind
	// layer is the protocol's filter name of a static layer, "" if unknown.
	layer string
	// of is what a list holds; nil if unknown.
	of *known
}

// listOf is a list of which only what it holds is known.
func listOf(k known) known { return known{value: starlark.NewList(nil), of: &k} }

// Resolve returns the members of a receiver chain such as `pkt`, `pkt.ip`,
// `cap[3]` or `cap.filter("dns")[0].dns`. It never runs the user's code. It may
// dissect the one packet that the chain names, for as long as ctx lets it; if
// that is not enough it answers what is known without. ok is false when nothing
// is known about the receiver.
func (it *Interp) Resolve(ctx context.Context, chain string) (list []Member, ok bool) {
	return it.ResolveIn(ctx, "", chain)
}

// ResolveIn is Resolve with the source before the receiver, whose loops and
// assignments say what their variables are: in `for p in cap: print(p.` p is a packet.
func (it *Interp) ResolveIn(ctx context.Context, source, chain string) (list []Member, ok bool) {
	k, ok := it.knowChain(ctx, source, chain)
	if !ok {
		return nil, false
	}
	list = it.members(ctx, k)
	slices.SortStableFunc(list, func(a, b Member) int { return a.Rank - b.Rank })
	return list, len(list) > 0
}

// knowChain returns what is known of a receiver after source.
func (it *Interp) knowChain(ctx context.Context, source, chain string) (known, bool) {
	locals := map[string]known{}
	it.knowSource(ctx, source, locals)
	e, err := fileOptions().ParseExpr("", strings.TrimSpace(chain), 0)
	if err != nil {
		return known{}, false
	}
	return it.know(ctx, e, locals)
}

// Globals returns the global names, the user's own first.
func (it *Interp) Globals() []Member {
	var out []Member
	for _, name := range it.Names() {
		v := it.main.env[name]
		m := Member{Name: name, Detail: v.Type(), Rank: 1}
		if _, ok := v.(starlark.Callable); ok {
			m.Method = true
		}
		switch {
		case strings.HasPrefix(name, "_"):
			m.Rank = 2
		case it.main.assigned[name] || it.builtin[name] == nil:
			m.Rank = 0
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Member) int { return a.Rank - b.Rank })
	return out
}

// know returns what is known of an expression.
func (it *Interp) know(ctx context.Context, e syntax.Expr, locals map[string]known) (known, bool) {
	switch e := e.(type) {
	case *syntax.Ident:
		if k, ok := locals[e.Name]; ok {
			return k, true
		}
		v, ok := it.main.env[e.Name]
		return known{value: v}, ok
	case *syntax.ParenExpr:
		return it.know(ctx, e.X, locals)
	case *syntax.Literal:
		switch v := e.Value.(type) {
		case string:
			return known{value: starlark.String(v)}, true
		case int64:
			return known{value: starlark.MakeInt64(v)}, true
		}
	case *syntax.UnaryExpr:
		if e.Op == syntax.MINUS && e.X != nil {
			if k, ok := it.know(ctx, e.X, locals); ok {
				if n, ok := k.value.(starlark.Int); ok {
					return known{value: starlark.MakeInt(0).Sub(n)}, true
				}
			}
		}
	case *syntax.DotExpr:
		if base, ok := it.know(ctx, e.X, locals); ok {
			return it.knowAttr(ctx, base, e.Name.Name)
		}
	case *syntax.IndexExpr:
		base, ok := it.know(ctx, e.X, locals)
		if !ok {
			return known{}, false
		}
		index, _ := it.know(ctx, e.Y, locals)
		return it.knowIndex(ctx, base, index.value)
	case *syntax.SliceExpr:
		base, ok := it.know(ctx, e.X, locals)
		if _, isList := base.value.(*starlark.List); isList {
			return listOf(element(base)), ok
		}
		return known{kind: base.static()}, ok && base.static() != kindUnknown
	case *syntax.CallExpr:
		return it.knowCall(ctx, e, locals)
	case *syntax.Comprehension:
		return it.knowComprehension(ctx, e, locals)
	case *syntax.ListExpr:
		first := known{}
		if len(e.List) > 0 {
			first, _ = it.know(ctx, e.List[0], locals)
		}
		return listOf(first), true
	case *syntax.DictExpr:
		return known{value: starlark.NewDict(0)}, true
	case *syntax.CondExpr:
		return it.know(ctx, e.True, locals)
	}
	return known{}, false
}

// static returns the type of what is known.
func (k known) static() kind {
	switch k.value.(type) {
	case nil:
		return k.kind
	case *Capture:
		return kindCapture
	case *Packet:
		return kindPacket
	case *Layer:
		return kindLayer
	case *Field:
		return kindField
	case starlark.String:
		return kindString
	}
	return kindUnknown
}

// element returns what is known of what a loop over k goes through.
func element(k known) known {
	if k.of != nil {
		return *k.of
	}
	switch k.static() {
	case kindCapture:
		return known{kind: kindPacket}
	case kindPacket, kindLayers:
		return known{kind: kindLayer}
	case kindLayer, kindFields:
		return known{kind: kindField}
	}
	if l, ok := k.value.(starlark.Indexable); ok && l.Len() > 0 {
		return known{value: l.Index(0)}
	}
	return known{}
}

// knowCall returns the static type of a call's result.
func (it *Interp) knowCall(ctx context.Context, e *syntax.CallExpr, locals map[string]known) (known, bool) {
	switch fn := e.Fn.(type) {
	case *syntax.Ident:
		if it.main.assigned[fn.Name] {
			return known{}, false // the user's own, which is not called
		}
		switch fn.Name {
		case "str", "repr", "hex", "fmt", "chr", "type":
			return known{kind: kindString}, true
		case "dict":
			return known{value: starlark.NewDict(0)}, true
		case "list", "sorted", "reversed", "tuple":
			of := known{}
			if len(e.Args) > 0 {
				x, _ := it.know(ctx, e.Args[0], locals)
				of = element(x)
			}
			return listOf(of), true
		}
		return known{kind: kindCapture}, isConstructor(fn.Name)
	case *syntax.DotExpr:
		base, ok := it.know(ctx, fn.X, locals)
		if !ok {
			return known{}, false
		}
		if _, module := base.value.(*pyshark); module && isConstructor(fn.Name.Name) {
			return known{kind: kindCapture}, true
		}
		if k, ok := textMethod(base, fn.Name.Name); ok {
			return k, true
		}
		k, method := memberKind(base.static(), fn.Name.Name)
		return known{kind: k}, method && k != kindUnknown
	}
	return known{}, false
}

// isConstructor says whether a function makes a capture, by its name.
func isConstructor(name string) bool {
	return strings.HasSuffix(name, "Capture") && name != "StopCapture"
}

// textMethod returns what a method of strings makes, of a string or of a field,
// which has them too.
func textMethod(base known, name string) (known, bool) {
	if of := base.static(); of != kindString && of != kindField {
		return known{}, false
	}
	text := known{kind: kindString}
	switch name {
	case "split", "rsplit", "splitlines", "elems", "partition", "rpartition":
		return listOf(text), true
	case "capitalize", "format", "join", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "strip", "title", "upper":
		return text, true
	}
	return known{}, false
}

// memberKind looks a member up in the tables.
func memberKind(of kind, name string) (k kind, method bool) {
	switch of {
	case kindCapture:
		m, ok := captureMembers[name]
		if !ok {
			m = feedMembers[name]
		}
		return m.kind, m.method
	case kindPacket:
		m := packetMembers[name]
		return m.kind, m.method
	case kindLayer:
		m := layerMembers[name]
		return m.kind, m.method
	case kindField:
		m := fieldMembers[name]
		return m.kind, m.method
	}
	return kindUnknown, false
}

// knowAttr returns what is known of base.name.
func (it *Interp) knowAttr(ctx context.Context, base known, name string) (known, bool) {
	if k, method := memberKind(base.static(), name); method {
		return known{}, false // a method itself has no members
	} else if k != kindUnknown && base.value == nil {
		return known{kind: k}, true
	}
	switch v := base.value.(type) {
	case *Packet:
		got, err := v.attr(ctx, name)
		if err == nil && got != nil {
			return known{value: got}, true
		}
		if k, _ := memberKind(kindPacket, name); k != kindUnknown {
			return known{kind: k}, true
		}
		return it.knowLayer(name)
	case *Layer:
		if m, ok := layerMembers[name]; ok {
			return evaluated(m.get(ctx, v))
		}
		w, err := v.whole(ctx)
		if err != nil {
			return known{kind: kindField}, true
		}
		found, ok := w.find(name).(starlark.Value)
		return known{value: found}, ok
	case *Prefix:
		found := v.layer.deeper(v.key, name)
		return known{value: found}, found != nil
	case *Field:
		if m, ok := fieldMembers[name]; ok {
			return evaluated(m.get(ctx, v))
		}
		w, err := v.whole(ctx)
		if err != nil {
			return known{}, false
		}
		found := w.layer.deeper(w.group.key, name)
		return known{value: found}, found != nil
	case *Capture:
		if m, ok := v.members()[name]; ok {
			return evaluated(m.get(ctx, v))
		}
		return known{}, false
	}
	switch base.kind {
	case kindPacket:
		return it.knowLayer(name)
	case kindLayer:
		return known{kind: kindField}, true
	}
	return known{}, false
}

func evaluated(v starlark.Value, err error) (known, bool) {
	return known{value: v}, err == nil && v != nil
}

// knowLayer returns a layer known only by its name.
func (it *Interp) knowLayer(name string) (known, bool) {
	c := it.catalogue()
	if c == nil {
		return known{kind: kindLayer}, true
	}
	for _, n := range []string{strings.ToLower(name), strings.ReplaceAll(strings.ToLower(name), "_", "-")} {
		if info, ok := c.Lookup(n); ok && info.Type == dissect.TypeProtocol {
			return known{kind: kindLayer, layer: n}, true
		}
	}
	return known{}, false
}

// knowIndex returns what is known of base[index]; index is nil when it is not
// a constant.
func (it *Interp) knowIndex(ctx context.Context, base known, index starlark.Value) (known, bool) {
	switch v := base.value.(type) {
	case *Capture:
		if i, ok := index.(starlark.Int); ok {
			if n, ok := i.Int64(); ok {
				if p, err := v.at(ctx, int(n)); err == nil {
					return known{value: p}, true
				}
			}
		}
	case *Packet:
		switch i := index.(type) {
		case starlark.String:
			return it.knowAttrLayer(ctx, v, string(i))
		case starlark.Int:
			x, err := v.tree(ctx)
			n, ok := i.Int64()
			if n < 0 && err == nil {
				n += int64(len(x.layers))
			}
			if err == nil && ok && n >= 0 && n < int64(len(x.layers)) {
				return known{value: x.layers[n]}, true
			}
		}
	case *starlark.List, starlark.Tuple:
		l := v.(starlark.Indexable)
		if base.of != nil {
			return *base.of, true
		}
		if i, ok := index.(starlark.Int); ok {
			n, ok := i.Int64()
			if n < 0 {
				n += int64(l.Len())
			}
			if ok && n >= 0 && n < int64(l.Len()) {
				return known{value: l.Index(int(n))}, true
			}
		}
		return known{}, false
	case *starlark.Dict:
		if index == nil {
			return known{}, false
		}
		found, ok, err := v.Get(plainValue(index))
		return known{value: found}, ok && err == nil
	}
	if name, ok := index.(starlark.String); ok && base.static() == kindPacket {
		return it.knowLayer(string(name))
	}
	k := element(known{kind: base.static()})
	return k, k.kind != kindUnknown
}

// knowAttrLayer returns pkt['name'].
func (it *Interp) knowAttrLayer(ctx context.Context, p *Packet, name string) (known, bool) {
	if l, err := p.layer(ctx, name); err == nil {
		return known{value: l}, l != nil
	}
	return it.knowLayer(name)
}

// members lists what may follow.
func (it *Interp) members(ctx context.Context, k known) []Member {
	switch v := k.value.(type) {
	case *Packet:
		x, err := v.tree(ctx)
		if err != nil {
			return it.packetMembersLike()
		}
		return append(layersOf(x, 0), tableMembers(packetMembers)...)
	case *Layer:
		w, err := v.whole(ctx)
		if err != nil {
			return append(it.fieldsLike(v.name), tableMembers(layerMembers)...)
		}
		return append(fieldsOf(w, ""), tableMembers(layerMembers)...)
	case *Prefix:
		return fieldsOf(v.layer, v.key)
	case *Field:
		out := tableMembers(fieldMembers)
		if w, err := v.whole(ctx); err == nil {
			out = append(fieldsOf(w.layer, w.group.key), out...)
		}
		return append(out, nativeMembers(starlark.String(""), 2)...)
	case *Capture:
		return tableMembers(v.members())
	case starlark.HasAttrs:
		return nativeMembers(v, 1)
	}
	switch k.kind {
	case kindCapture:
		return tableMembers(captureMembers)
	case kindPacket:
		return it.packetMembersLike()
	case kindLayer:
		return append(it.fieldsLike(k.layer), tableMembers(layerMembers)...)
	case kindField:
		return append(tableMembers(fieldMembers), nativeMembers(starlark.String(""), 2)...)
	case kindString:
		return nativeMembers(starlark.String(""), 1)
	case kindLayers, kindFields:
		return nativeMembers(starlark.NewList(nil), 1)
	}
	return nil
}

func tableMembers[T any](table members[T]) []Member {
	var out []Member
	for _, name := range table.names() {
		out = append(out, Member{Name: name, Detail: table[name].detail, Rank: 1, Method: table[name].method})
	}
	return out
}

// nativeMembers are the attributes of one of Starlark's own types.
func nativeMembers(v starlark.HasAttrs, rank int) []Member {
	var out []Member
	for _, name := range v.AttrNames() {
		m := Member{Name: name, Rank: rank}
		if a, err := v.Attr(name); err == nil && a != nil {
			m.Detail = a.Type()
			_, m.Method = a.(starlark.Callable)
		}
		out = append(out, m)
	}
	return out
}

func layersOf(x *treeIndex, rank int) []Member {
	var out []Member
	for _, n := range x.layerNames() {
		l, _ := x.layer(n)
		out = append(out, Member{Name: normalize(n), Detail: l.node.Label, Rank: rank})
	}
	return out
}

// fieldsOf lists the fields whose keys go on after a key ("" for all).
func fieldsOf(l *Layer, key string) []Member {
	var out []Member
	x := l.fieldIndex()
	for _, f := range x.fields {
		name := f.group.key
		if key != "" {
			rest, ok := strings.CutPrefix(name, key+"_")
			if !ok {
				continue
			}
			name = rest
		}
		out = append(out, Member{Name: name, Detail: f.text()})
	}
	if key == "" {
		for name, n := range x.nested {
			out = append(out, Member{Name: name, Detail: n.node.Label})
		}
		slices.SortStableFunc(out, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	}
	return out
}

// packetMembersLike lists the members of a packet that is not known itself:
// the attributes, and the layers that the current packet has, if it is
// dissected, as most likely.
func (it *Interp) packetMembersLike() []Member {
	out := tableMembers(packetMembers)
	if p, ok := it.main.env["pkt"].(*Packet); ok {
		if t := p.src.Dissected(); t != nil {
			for _, m := range layersOf(it.newIndex(t, nil), 2) {
				m.Detail = "" // the label is that of another packet
				out = append(out, m)
			}
		}
	}
	return out
}

// fieldsLike lists a protocol's fields out of the catalogue: those first that the
// current packet has, if it is dissected, as likely in others too.
func (it *Interp) fieldsLike(protocol string) []Member {
	c := it.catalogue()
	if c == nil || protocol == "" {
		return nil
	}
	met := it.metFields(protocol)
	var out []Member
	for _, info := range c.Prefix(protocol + ".") {
		m := Member{Name: normalize(strings.TrimPrefix(info.Name, protocol+".")), Detail: info.Label}
		if len(met) > 0 && !met[info.Name] {
			m.Rank = 2
		}
		out = append(out, m)
	}
	return out
}

// metFields are the fields of a protocol that the current packet has.
func (it *Interp) metFields(protocol string) map[string]bool {
	p, ok := it.main.env["pkt"].(*Packet)
	if !ok {
		return nil
	}
	t := p.src.Dissected()
	if t == nil {
		return nil
	}
	met := map[string]bool{}
	var walk func(nodes []*dissect.Field)
	walk = func(nodes []*dissect.Field) {
		for _, n := range nodes {
			if strings.HasPrefix(n.Name, protocol+".") {
				met[n.Name] = true
			}
			walk(n.Children)
		}
	}
	walk(t.Nodes)
	return met
}
