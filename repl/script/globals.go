// This file is the shell's door to the interpreter's globals.

package script

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"

	"pktsh/engine"
)

// Func is a Go function that scripts can call. Arguments and result are Go
// values: nil, bool, int64, float64, string, []byte, []any, map[string]any,
// *engine.Packet, *engine.View; a field comes as its text. A result may also
// be an int, a []string, an *engine.Capture or a result.Result, which is shown.
type Func func(ctx context.Context, args []any, kwargs map[string]any) (any, error)

// Owns says that a name is the language's own: a function of Starlark's, or one of
// this package's. Commands do not take it away.
func (it *Interp) Owns(name string) bool {
	_, ok := it.builtin[name]
	return ok && it.overloads()[name] == nil
}

// AddFunc makes fn callable under a name, which the user may rebind. Of names that
// Python has too, calls that look like Python's stay those.
func (it *Interp) AddFunc(name string, fn Func) {
	own := it.overloads()[name]
	b := starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if own != nil && isPythons(args) {
			return own(thread, b, args, kwargs)
		}
		goArgs := make([]any, len(args))
		for i, a := range args {
			v, err := toGo(a)
			if err != nil {
				return nil, fmt.Errorf("%s: argument %d: %w", name, i+1, err)
			}
			goArgs[i] = v
		}
		goKwargs := make(map[string]any, len(kwargs))
		for _, kv := range kwargs {
			key, _ := starlark.AsString(kv[0])
			v, err := toGo(kv[1])
			if err != nil {
				return nil, fmt.Errorf("%s: argument %s: %w", name, key, err)
			}
			goKwargs[key] = v
		}
		v, err := fn(it.context(), goArgs, goKwargs)
		if err != nil {
			return nil, err
		}
		if name == "quit" || name == "exit" {
			return nil, errExit // the rest of the chunk does not run
		}
		return it.fromGo(v)
	})
	it.builtin[name] = b
	if !it.main.assigned[name] {
		it.main.env[name] = b
	}
}

// Names returns every global name in order, the predeclared ones included.
func (it *Interp) Names() []string { return it.main.names() }

// Assigned says whether the user's code bound a name, so that it no longer
// means the command or function of that name.
func (it *Interp) Assigned(name string) bool { return it.main.assigned[name] }

// Get returns a global as a Go value, as AddFunc describes them. It fails for
// a name that is not there and for a value with no Go form (a function).
func (it *Interp) Get(name string) (any, error) {
	v, ok := it.main.env[name]
	if !ok {
		return nil, fmt.Errorf("%s", it.undefined(name))
	}
	return toGo(v)
}

// Set gives a global a Go value, as AddFunc describes them.
func (it *Interp) Set(name string, value any) error {
	v, err := it.fromGo(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	it.main.env[name] = v
	return nil
}

// GetCapture returns the view that a global capture stands for.
func (it *Interp) GetCapture(name string) (*engine.View, bool) {
	c, ok := it.main.env[name].(*Capture)
	if !ok {
		return nil, false
	}
	v, ok := c.view.(engineView)
	return v.View, ok
}

// GetPacket returns the packet that a global stands for.
func (it *Interp) GetPacket(name string) (*engine.Packet, bool) {
	p, ok := it.main.env[name].(*Packet)
	if !ok {
		return nil, false
	}
	e, ok := p.src.(*engine.Packet)
	return e, ok
}

// SetCapture makes a global stand for a view. A capture that stands for that
// very view already is left alone, with its place for next(); another view of
// the same capture keeps keep_packets and only_summaries. A nil view removes
// the name.
func (it *Interp) SetCapture(name string, v *engine.View) {
	if v == nil {
		delete(it.main.env, name)
		return
	}
	now, ok := it.GetCapture(name)
	switch {
	case ok && now == v:
	case ok && now.Capture() == v.Capture():
		it.main.env[name] = it.main.env[name].(*Capture).with(engineView{v})
	default:
		it.main.env[name] = it.newCapture(engineView{v})
	}
}

// SetCaptureMode sets keep_packets and only_summaries of a global capture, as
// the command line's flags do; it reports whether there is one.
func (it *Interp) SetCaptureMode(name string, keepPackets, onlySummaries bool) bool {
	c, ok := it.main.env[name].(*Capture)
	if ok {
		c.keepPackets, c.onlySummary = keepPackets, onlySummaries
	}
	return ok
}

// SetUnseen has the next loop over the packets that come to a global capture begin with
// those that are there: a script shall miss none that came before its first line.
func (it *Interp) SetUnseen(name string) {
	if c, ok := it.main.env[name].(*Capture); ok && c.live != nil {
		c.live.unseen = true
	}
}

// SetPacket makes a global stand for a packet; nil removes the name.
func (it *Interp) SetPacket(name string, p *engine.Packet) {
	if p == nil {
		delete(it.main.env, name)
		return
	}
	if now, ok := it.GetPacket(name); ok && now == p {
		return
	}
	it.main.env[name] = it.newPacket(p, false)
}
