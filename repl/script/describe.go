// This file explains what an expression stands for, for help: `pkt.ip?`,
// `FileCapture?`, `cap.filter?`. It runs none of the user's code.

package script

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/repl/result"
)

// longestDescribed is the most characters of a value that help shows.
const longestDescribed = 100

// Describe explains what an expression stands for: what it is, and its attributes
// with their values, where they are known, and what they mean; of a function its
// parameters. It evaluates what [Interp.Resolve] does, and may dissect the one
// packet that the expression names, for as long as ctx lets it. It is false where
// the expression is none, or nothing is known of it.
func (it *Interp) Describe(ctx context.Context, expr string) (result.Result, bool) {
	if strings.TrimSpace(expr) == "_" {
		defer it.enter(ctx, nil)()
		return it.describeResults().result(), true
	}
	e, err := fileOptions().ParseExpr("", strings.TrimSpace(expr), 0)
	if err != nil {
		return nil, false
	}
	defer it.enter(ctx, nil)()
	if r, ok := it.describeMethod(ctx, e); ok {
		return r, true
	}
	if r, ok := it.describeAbsent(ctx, e); ok {
		return r, true
	}
	k, ok := it.know(ctx, e, nil)
	if id, alone := e.(*syntax.Ident); alone && !ok {
		return describeMember(id.Name)
	}
	if !ok {
		return nil, false
	}
	name := strings.TrimSpace(expr)
	switch v := k.value.(type) {
	case nil:
		return it.describeStatic(name, k)
	case *Packet:
		return it.describePacket(ctx, name, v), true
	case *Layer:
		return it.describeLayer(ctx, name, v), true
	case *Prefix:
		return described{text: []string{name + ": what several fields begin with"}, rows: it.fieldRows(v.layer, v.key)}.result(), true
	case *Field:
		return it.describeField(ctx, name, v), true
	case *Capture:
		return it.describeCapture(ctx, name, v), true
	case *starlark.Function:
		return it.describeFunction(v), true
	case starlark.Callable:
		return it.describeBuiltin(v.Name()), true
	}
	return it.describeValue(name, k.value), true
}

// described is an explanation: some lines, and what there is to be asked.
type described struct {
	text []string
	// rows are names, values and meanings; without any value there is no such column.
	rows [][3]string
	// title is over the names; "" for "Name".
	title string
	// after are lines that come last.
	after []string
}

func (d described) result() result.Result {
	out := result.Many{&result.Text{Lines: d.text, Prose: true}}
	if len(d.rows) > 0 {
		out = append(out, d.table())
	}
	if len(d.after) > 0 {
		out = append(out, &result.Text{Lines: d.after, Prose: true})
	}
	return out
}

func (d described) table() *result.Table {
	valued := slices.ContainsFunc(d.rows, func(r [3]string) bool { return r[1] != "" })
	title := d.title
	if title == "" {
		title = "Name"
	}
	columns := []result.Column{{Title: title, Role: result.RoleName, Shrinks: true}}
	if valued {
		columns = append(columns, result.Column{Title: "Value", Shrinks: true})
	}
	columns = append(columns, result.Column{Title: "What it is", Flexible: true})
	return &result.Table{Columns: columns, Rows: func(yield func(result.Row, error) bool) {
		for _, r := range d.rows {
			cells := []string{r[0], r[2]}
			if valued {
				cells = r[:]
			}
			if !yield(result.Row{Cells: cells}, nil) {
				return
			}
		}
	}}
}

// rowsOfMembers lists the attributes of v with their values, then its methods.
func rowsOfMembers[T starlark.Value](ctx context.Context, it *Interp, table members[T], v T) [][3]string {
	var attributes, methods [][3]string
	for _, name := range table.names() {
		m := table[name]
		if m.method {
			methods = append(methods, [3]string{name + "()", "", m.detail})
			continue
		}
		value := ""
		if got, err := m.get(ctx, v); err == nil && got != nil {
			value = it.shortly(got)
		}
		attributes = append(attributes, [3]string{name, value, m.detail})
	}
	return append(attributes, methods...)
}

// shortly is a value's repr, cut.
func (it *Interp) shortly(v starlark.Value) string {
	text := []rune(it.repr(v))
	if len(text) > longestDescribed {
		return string(text[:longestDescribed-1]) + "…"
	}
	return string(text)
}

func (it *Interp) describePacket(ctx context.Context, name string, p *Packet) result.Result {
	p.renew()
	d := described{text: []string{fmt.Sprintf("%s: packet %s of %s", name, humanize.Comma(int64(p.src.Number())), "a capture; its layers first, then what every packet has")}}
	if x, err := p.tree(ctx); err == nil {
		for _, n := range x.layerNames() {
			d.rows = append(d.rows, [3]string{normalize(n), "", "layer: " + it.protocolLabel(n)})
		}
	}
	d.rows = append(d.rows, rowsOfMembers(ctx, it, packetMembers, p)...)
	d.after = []string{"", name + ".ip? explains a layer, help pkt how packets are used."}
	return d.result()
}

// protocolLabel is the name of a protocol in words.
func (it *Interp) protocolLabel(name string) string {
	if info, ok := it.names().Lookup(name); ok {
		return info.Label
	}
	return name
}

func (it *Interp) describeLayer(ctx context.Context, name string, l *Layer) result.Result {
	d := described{text: []string{fmt.Sprintf("%s: layer %s, %s", name, l.name, it.protocolLabel(l.name))}}
	w, err := l.whole(ctx)
	if err != nil {
		d.text = append(d.text, err.Error())
		return d.result()
	}
	if label := w.node.Label; label != "" && label != it.protocolLabel(l.name) {
		d.text = append(d.text, label)
	}
	d.rows = append(it.fieldRows(w, ""), rowsOfMembers(ctx, it, layerMembers, w)...)
	return d.result()
}

// fieldRows are a layer's fields whose keys go on after a key, "" for all of them,
// and the protocols inside it.
func (it *Interp) fieldRows(l *Layer, key string) [][3]string {
	var rows [][3]string
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
		value := f.text()
		if n := len(f.group.all); n > 1 {
			value += fmt.Sprintf("  (first of %d)", n)
		}
		rows = append(rows, [3]string{name, value, it.fieldMeaning(f)})
	}
	if key != "" {
		return rows
	}
	var inside []string
	for name := range x.nested {
		inside = append(inside, name)
	}
	slices.Sort(inside)
	for _, name := range inside {
		rows = append(rows, [3]string{name, "", "protocol inside: " + it.protocolLabel(x.nested[name].name)})
	}
	return rows
}

// fieldMeaning is a field's name in words and its type; while they are not known
// its line in the tree.
func (it *Interp) fieldMeaning(f *Field) string {
	info, ok := it.names().Lookup(f.filterName())
	if !ok {
		return f.dissected().node.Label
	}
	if info.Type == dissect.TypeProtocol {
		return info.Label
	}
	return fmt.Sprintf("%s (%s)", info.Label, info.Type)
}

func (it *Interp) describeField(ctx context.Context, name string, f *Field) result.Result {
	full := f.filterName()
	line := fmt.Sprintf("%s: field %s", name, full)
	var more []string
	if info, ok := it.names().Lookup(full); ok {
		line += fmt.Sprintf(", %s, %s, of %s", info.Label, info.Type, it.protocolLabel(info.Protocol))
		if info.Description != "" && info.Description != info.Label {
			more = append(more, strings.ReplaceAll(info.Description, "\n", " "))
		}
	}
	d := described{text: append([]string{line}, more...)}
	if w, err := f.whole(ctx); err == nil {
		f = w
	}
	d.rows = rowsOfMembers(ctx, it, fieldMembers, f)
	if f.node != nil {
		deeper := it.fieldRows(f.layer, f.group.key)
		d.rows = append(deeper, d.rows...)
	}
	d.after = []string{"",
		fmt.Sprintf("A field is used as its value: %s == '…', int(%s), '…' in %s, and it has every method of a text. In filters it is %s.", name, name, name, full)}
	return d.result()
}

func (it *Interp) describeCapture(ctx context.Context, name string, c *Capture) result.Result {
	d := described{text: []string{fmt.Sprintf("%s: a capture, %s(%s)", name, c.constructor, quote(c.view.Path()))}}
	d.rows = rowsOfMembers(ctx, it, c.members(), c)
	d.after = []string{"", fmt.Sprintf("%s[0], %s[-1], %s[10:20], len(%s), for p in %s: …; help cap has examples.", name, name, name, name, name)}
	return d.result()
}

// describeStatic explains a value of which only the type is known.
func (it *Interp) describeStatic(name string, k known) (result.Result, bool) {
	what := map[kind]string{
		kindCapture: "a capture", kindPacket: "a packet", kindLayer: "a layer", kindField: "a field",
		kindString: "a text", kindLayers: "a list of layers", kindFields: "a list of fields",
	}[k.kind]
	if what == "" {
		return nil, false
	}
	if k.layer != "" {
		what += ", " + it.protocolLabel(k.layer)
	}
	d := described{text: []string{name + ": " + what + "; what it holds is not known without running it"}}
	for _, m := range it.members(context.Background(), k) {
		if m.Rank > 1 {
			continue // what every text has
		}
		label := m.Name
		if m.Method {
			label += "()"
		}
		d.rows = append(d.rows, [3]string{label, "", m.Detail})
	}
	return d.result(), true
}

// describeValue explains one of Starlark's own values.
func (it *Interp) describeValue(name string, v starlark.Value) result.Result {
	line := fmt.Sprintf("%s: a %s", name, v.Type())
	if doc, ok := languageNames()[name]; ok {
		line = fmt.Sprintf("%s: %s", name, doc.meaning)
	}
	if n := starlark.Len(v); n >= 0 {
		line += fmt.Sprintf(", %s long", humanize.Comma(int64(n)))
	}
	d := described{text: []string{line}}
	if v.Type() != "module" {
		d.text = append(d.text, it.shortly(v))
	}
	if a, ok := v.(starlark.HasAttrs); ok {
		var names []string
		for _, m := range nativeMembers(a, 1) {
			if m.Method {
				m.Name += "()"
			}
			names = append(names, m.Name)
		}
		if names != nil {
			d.after = []string{"It has, as in Python: " + strings.Join(names, " ")}
		}
	}
	return d.result()
}

// describeMethod explains a method: cap.filter.
func (it *Interp) describeMethod(ctx context.Context, e syntax.Expr) (result.Result, bool) {
	dot, ok := e.(*syntax.DotExpr)
	if !ok {
		return nil, false
	}
	base, ok := it.know(ctx, dot.X, nil)
	if !ok {
		return nil, false
	}
	name := dot.Name.Name
	if m, ok := base.value.(*pyshark); ok {
		if _, class := m.classes[name]; class {
			return it.describeBuiltin(name), true
		}
	}
	if _, method := memberKind(base.static(), name); !method {
		return nil, false
	}
	for _, m := range it.members(ctx, base) {
		if m.Name == name && m.Method {
			return describeCall(name, completion.PySharkSignatures()["."+name], m.Detail), true
		}
	}
	return nil, false
}

// describeAbsent explains a layer that a packet does not have: pkt.tls of a packet
// without TLS.
func (it *Interp) describeAbsent(ctx context.Context, e syntax.Expr) (result.Result, bool) {
	dot, ok := e.(*syntax.DotExpr)
	if !ok {
		return nil, false
	}
	base, _ := it.know(ctx, dot.X, nil)
	p, ok := base.value.(*Packet)
	if _, member := packetMembers[dot.Name.Name]; !ok || member {
		return nil, false
	}
	p.renew()
	x, err := p.tree(ctx)
	if err != nil {
		return nil, false
	}
	if _, has := x.layer(dot.Name.Name); has {
		return nil, false
	}
	k, known := it.knowLayer(dot.Name.Name)
	if !known || k.layer == "" {
		return nil, false
	}
	return described{text: []string{
		fmt.Sprintf("packet %d has no layer %s (%s); its layers: %s", p.src.Number(), k.layer, it.protocolLabel(k.layer), strings.Join(x.layerNames(), " ")),
		fmt.Sprintf("`find %s` goes to the next packet that has it, `fields %s.` lists its fields.", k.layer, k.layer),
	}}.result(), true
}

// describeMember explains a name that captures, packets, layers, fields or groups
// have: count_by, highest_layer, showname.
func describeMember(name string) (result.Result, bool) {
	signature := completion.PySharkSignatures()["."+name]
	for _, of := range []struct {
		receiver string
		find     func() (detail string, method, ok bool)
	}{
		{"cap", findMember(captureMembers, name)}, {"cap", findMember(feedMembers, name)}, {"pkt", findMember(packetMembers, name)},
		{"pkt.LAYER", findMember(layerMembers, name)}, {"pkt.LAYER.FIELD", findMember(fieldMembers, name)}, {"cap.group(…)", findMember(groupMembers, name)},
	} {
		detail, method, ok := of.find()
		switch {
		case !ok:
		case method:
			return describeCall(of.receiver+"."+name, signature, detail), true
		default:
			return described{text: []string{of.receiver + "." + name, detail}}.result(), true
		}
	}
	return nil, false
}

func findMember[T any](table members[T], name string) func() (detail string, method, ok bool) {
	return func() (string, bool, bool) {
		m, ok := table[name]
		return m.detail, m.method, ok
	}
}

// describeBuiltin explains a function that is there from the beginning.
func (it *Interp) describeBuiltin(name string) result.Result {
	doc, ok := languageNames()[name]
	if !ok {
		return described{text: []string{name + ": a function"}}.result()
	}
	if p := completion.PySharkSignatures()[name]; p != nil {
		return describeCall(name, p, doc.meaning)
	}
	return described{text: []string{doc.usage, doc.meaning}}.result()
}

// describeCall explains a function with its parameters.
func describeCall(name string, parameters []completion.Parameter, meaning string) result.Result {
	d := described{title: "Parameter"}
	var names []string
	for i, p := range parameters {
		switch {
		case p.Name != "":
			names = append(names, p.Name)
			d.rows = append(d.rows, [3]string{p.Name, "", p.Detail})
		case i == 0: // fields, as many as one may type
			names = append(names, "field…")
			d.rows = append(d.rows, [3]string{"field…", "", "filter names of fields"})
		}
	}
	d.text = []string{fmt.Sprintf("%s(%s)", name, strings.Join(names, ", ")), meaning}
	return d.result()
}

// describeFunction explains a function of the user's.
func (it *Interp) describeFunction(f *starlark.Function) result.Result {
	var params []string
	for i := range f.NumParams() {
		name, _ := f.Param(i)
		if v := f.ParamDefault(i); v != nil {
			name += "=" + v.String()
		}
		switch { // *args, then **kwargs, come last
		case f.HasKwargs() && i == f.NumParams()-1:
			name = "**" + name
		case f.HasVarargs() && (i == f.NumParams()-1 || f.HasKwargs() && i == f.NumParams()-2):
			name = "*" + name
		}
		params = append(params, name)
	}
	out := []string{fmt.Sprintf("%s(%s)", f.Name(), strings.Join(params, ", "))}
	if doc := strings.TrimSpace(it.sources[f.Name()].doc); doc != "" {
		for line := range strings.SplitSeq(doc, "\n") {
			out = append(out, "  "+strings.TrimSpace(line))
		}
	} else {
		out = append(out, "a function of yours; a text as its first line would stand here")
	}
	if at := f.Position(); at.Filename() != "" && at.Filename() != "<prompt>" {
		out = append(out, fmt.Sprintf("defined in %s, line %d", at.Filename(), at.Line))
	}
	return described{text: out}.result()
}
