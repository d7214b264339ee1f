package script

import (
	"context"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// This file answers what may stand in brackets after a receiver, and between the
// parentheses of a call, for completion without running code.

// maxKeys bounds how many keys of a dict are looked at.
const maxKeys = 1000

// Keys returns the strings that may index what a receiver chain stands for: a
// dict's keys, a packet's layers, a layer's fields. source is as in ResolveIn.
func (it *Interp) Keys(ctx context.Context, source, chain string) []Member {
	k, ok := it.knowChain(ctx, source, chain)
	if !ok {
		return nil
	}
	switch v := k.value.(type) {
	case *starlark.Dict:
		var out []Member
		for _, item := range v.Items() {
			if name, ok := starlark.AsString(item[0]); ok && len(out) < maxKeys {
				out = append(out, Member{Name: name, Detail: glimpse(item[1])})
			}
		}
		return out
	case *Packet, *Layer:
		return slices.DeleteFunc(it.members(ctx, k), func(m Member) bool { return m.Rank > 0 })
	}
	if k.static() == kindPacket || k.static() == kindLayer {
		return slices.DeleteFunc(it.members(ctx, k), func(m Member) bool { return m.Rank == 1 })
	}
	return nil
}

// glimpse is a value in a few words, made without running code or writing out a
// large one.
func glimpse(v starlark.Value) string {
	const most = 60
	switch v := v.(type) {
	case starlark.String:
		text := string(v)
		if len(text) > most {
			text = strings.ToValidUTF8(text[:most], "") + "…"
		}
		return text
	case starlark.Int, starlark.Float, starlark.Bool, starlark.NoneType:
		return v.String()
	}
	return v.Type()
}

// Parameter is a parameter of a function.
type Parameter struct {
	Name string
	// Default is its default value in a few words, "" for none.
	Default string
}

// Parameters returns the parameters of a function of the user's that a name stands
// for; nil for anything else. `*` and what `**` collects have no name to give.
func (it *Interp) Parameters(name string) []Parameter {
	f, ok := it.main.env[name].(*starlark.Function)
	if !ok {
		return nil
	}
	n := f.NumParams()
	if f.HasVarargs() {
		n--
	}
	if f.HasKwargs() {
		n--
	}
	out := make([]Parameter, n)
	for i := range out {
		out[i].Name, _ = f.Param(i)
		if d := f.ParamDefault(i); d != nil {
			out[i].Default = glimpse(d)
		}
	}
	return out
}
