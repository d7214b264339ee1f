package script

import (
	"encoding/hex"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// binasciiModule is what scripts use of Python's binascii: bytes to hex and back.
func binasciiModule() starlark.Value {
	module := &starlarkstruct.Module{Name: "binascii", Members: starlark.StringDict{}}
	for _, name := range []string{"hexlify", "b2a_hex"} {
		module.Members[name] = starlark.NewBuiltin(name, hexlify)
	}
	for _, name := range []string{"unhexlify", "a2b_hex"} {
		module.Members[name] = starlark.NewBuiltin(name, unhexlify)
	}
	return module
}

func hexlify(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := one(b.Name(), args, kwargs)
	if err != nil {
		return nil, err
	}
	data, ok := v.(starlark.Bytes)
	if !ok {
		return nil, fmt.Errorf("%s: got a %s, want bytes", b.Name(), v.Type())
	}
	return starlark.Bytes(hex.EncodeToString([]byte(data))), nil
}

func unhexlify(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := one(b.Name(), args, kwargs)
	if err != nil {
		return nil, err
	}
	text, ok := starlark.AsString(plainValue(v))
	if data, isBytes := v.(starlark.Bytes); isBytes {
		text, ok = string(data), true
	}
	if !ok {
		return nil, fmt.Errorf("%s: got a %s, want hex digits", b.Name(), v.Type())
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		hint := ""
		if strings.Contains(text, ":") {
			hint = "; .raw_value of a field has none, .binary_value is its bytes"
		}
		return nil, fmt.Errorf("%s: got %.40q, want hex digits without colons, two a byte%s", b.Name(), text, hint)
	}
	return starlark.Bytes(data), nil
}
