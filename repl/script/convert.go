// This file converts between Starlark's values and Go's.

package script

import (
	"fmt"

	"go.starlark.net/starlark"

	"pktsh/engine"
	"pktsh/repl/result"
)

// toGo returns the Go value of v, as Func describes them.
func toGo(v starlark.Value) (any, error) {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		n, ok := v.Int64()
		if !ok {
			return nil, fmt.Errorf("got %s, want an integer of at most 64 bits", v)
		}
		return n, nil
	case starlark.Float:
		return float64(v), nil
	case starlark.String:
		return string(v), nil
	case starlark.Bytes:
		return []byte(v), nil
	case *Field:
		return v.text(), nil
	case *Packet:
		if p, ok := v.src.(*engine.Packet); ok {
			return p, nil
		}
	case *Capture:
		if e, ok := v.view.(engineView); ok {
			return e.View, nil
		}
	case *autoDict:
		return toGo(v.Dict)
	case *starlark.Dict:
		out := make(map[string]any, v.Len())
		for _, item := range v.Items() {
			key, ok := starlark.AsString(item[0])
			if !ok {
				return nil, fmt.Errorf("got a dict with the key %s, want strings as keys", item[0])
			}
			e, err := toGo(item[1])
			if err != nil {
				return nil, err
			}
			out[key] = e
		}
		return out, nil
	case starlark.Tuple:
		return toGoList(v)
	case *starlark.List:
		return toGoList(v)
	}
	return nil, fmt.Errorf("got a %s, want a string, number, list, packet or capture", v.Type())
}

func toGoList(v starlark.Indexable) ([]any, error) {
	out := make([]any, v.Len())
	for i := range out {
		e, err := toGo(v.Index(i))
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

// fromGo returns the Starlark value of v.
func (it *Interp) fromGo(v any) (starlark.Value, error) {
	switch v := v.(type) {
	case nil:
		return starlark.None, nil
	case bool:
		return starlark.Bool(v), nil
	case int:
		return starlark.MakeInt(v), nil
	case int64:
		return starlark.MakeInt64(v), nil
	case uint32:
		return starlark.MakeUint64(uint64(v)), nil
	case uint64:
		return starlark.MakeUint64(v), nil
	case float64:
		return starlark.Float(v), nil
	case string:
		return starlark.String(v), nil
	case []byte:
		return starlark.Bytes(v), nil
	case *engine.Packet:
		return it.newPacket(v, false), nil
	case *engine.View:
		return it.newCapture(engineView{v}), nil
	case *engine.Capture:
		return it.newCapture(engineView{v.All()}), nil
	case []string:
		out := make([]starlark.Value, len(v))
		for i, s := range v {
			out[i] = starlark.String(s)
		}
		return starlark.NewList(out), nil
	case []any:
		out := make([]starlark.Value, len(v))
		for i, e := range v {
			var err error
			if out[i], err = it.fromGo(e); err != nil {
				return nil, err
			}
		}
		return starlark.NewList(out), nil
	case map[string]any:
		out := starlark.NewDict(len(v))
		for k, e := range v {
			sv, err := it.fromGo(e)
			if err != nil {
				return nil, err
			}
			if err := out.SetKey(starlark.String(k), sv); err != nil {
				return nil, err
			}
		}
		return out, nil
	case result.Result:
		if it.cfg.Show != nil {
			it.cfg.Show(v)
		}
		return starlark.None, nil
	case starlark.Value:
		return v, nil
	}
	return nil, fmt.Errorf("no Starlark value for a Go %T", v)
}
