// This file holds what PyShark does not document and its users read all the same:
// layer._all_fields and the like. TAB and dir() leave names with "_" out.

package script

import (
	"context"

	"go.starlark.net/starlark"

	"pktsh/dissect"
)

// each calls fn with every field of a dissected layer, lines of text included, in the
// tree's order.
func (l *Layer) each(fn func(f *Field)) {
	x := l.fieldIndex()
	var add func(nodes []*dissect.Field)
	one := func(n *dissect.Field) {
		if n.Name == "" {
			fn(x.lines.group.at(n))
		} else if f := x.byKey[l.key(n.Name)]; f != nil {
			fn(f.group.at(n))
		}
	}
	add = func(nodes []*dissect.Field) {
		for _, n := range nodes {
			if !n.Protocol {
				one(n)
				add(n.Children)
			}
		}
	}
	if l.name == dataLayer {
		one(l.node)
	}
	add(l.node.Children)
	add(l.beside())
}

func allFields(ctx context.Context, l *Layer) (starlark.Value, error) {
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	out := new(starlark.Dict)
	w.each(func(f *Field) {
		name := starlark.String(f.node.Name)
		if _, found, _ := out.Get(name); found { // text is always hashable
			return
		}
		_ = out.SetKey(name, f) // as above, and nobody iterates over it yet
	})
	return out, nil
}

func everyField(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	var out []starlark.Value
	w.each(func(f *Field) { out = append(out, f) })
	return starlark.NewList(out), nil
}

func everyLine(ctx context.Context, l *Layer, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	w, err := l.whole(ctx)
	if err != nil {
		return nil, err
	}
	var out []starlark.Value
	w.each(func(f *Field) {
		if !f.node.Hidden {
			out = append(out, starlark.String("\t"+plainLabel(f.node)+"\n"))
		}
	})
	return starlark.NewList(out), nil
}
