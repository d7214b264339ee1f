package script

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// kind is the static type of a value, for completion without running code.
type kind uint8

const (
	kindUnknown kind = iota
	kindCapture
	kindPacket
	kindLayer
	kindField
	kindString
	kindLayers // a list of layers
	kindFields // a list of fields
)

// member is an attribute or method of one of our values: one record serves
// lookup, dir() and completion.
type member[T any] struct {
	detail string
	// kind is that of the attribute's value, or of what the method returns.
	kind   kind
	method bool
	get    func(ctx context.Context, v T) (starlark.Value, error)
}

type members[T any] map[string]member[T]

// names returns the names in order, those of private.go apart.
func (m members[T]) names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool { return strings.HasPrefix(name, "_") })
}

// call is the body of a method: v is its receiver.
type call[T any] func(ctx context.Context, v T, c invocation) (starlark.Value, error)

// invocation is how a method was called.
type invocation struct {
	thread *starlark.Thread
	name   string
	args   starlark.Tuple
	kwargs []starlark.Tuple
}

// unpack assigns the arguments as starlark.UnpackArgs does.
func (c invocation) unpack(pairs ...any) error {
	return starlark.UnpackArgs(c.name, plainArgs(c.args), c.kwargs, pairs...)
}

// method returns a member that is called. The context is that of the call.
func method[T starlark.Value](it func(T) *Interp, name, detail string, k kind, fn call[T]) member[T] {
	return member[T]{detail: detail, kind: k, method: true, get: func(_ context.Context, v T) (starlark.Value, error) {
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return fn(it(v).context(), v, invocation{thread, name, args, kwargs})
		}).BindReceiver(receiver{v.Type()}), nil
	}}
}

// receiver marks our own methods, so that callMethod hands them fields as
// fields, and names the type that they are of.
type receiver struct{ owner string }

func (receiver) String() string        { return "receiver" }
func (receiver) Type() string          { return "receiver" }
func (receiver) Freeze()               {}
func (receiver) Truth() starlark.Bool  { return true }
func (receiver) Hash() (uint32, error) { return 0, nil }

func newString(s string) (starlark.Value, error) { return starlark.String(s), nil }

func newInt(n int) (starlark.Value, error) { return starlark.MakeInt(n), nil }
