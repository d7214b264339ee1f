// This file gives text and bytes the methods that Python's have and Starlark's
// lack: its types take no further ones, so the source is rewritten to ask here.

package script

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// justified are the methods that fill a text up, each with how.
var justified = map[string]formatSpec{
	"ljust":  {fill: " ", align: '<', precision: -1},
	"rjust":  {fill: " ", align: '>', precision: -1},
	"center": {fill: " ", align: '^', precision: -1},
	"zfill":  {fill: "0", align: '=', precision: -1},
}

// textMethods are the methods added to text, bytesMethods those added to bytes.
var (
	textMethods = map[string]builtinFunc{
		"ljust": justify, "rjust": justify, "center": justify, "zfill": justify,
		"encode": encodeText,
	}
	bytesMethods = map[string]builtinFunc{"decode": decodeBytes, "hex": bytesHex}
)

// isAddedMethod says whether x.name has to be asked of attribute.
func isAddedMethod(name string) bool { return textMethods[name] != nil || bytesMethods[name] != nil }

// attribute is x.name for the names of textMethods and bytesMethods.
func attribute(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	x, name := args[0], string(args[1].(starlark.String))
	switch x := x.(type) {
	case starlark.String:
		if fn := textMethods[name]; fn != nil {
			return starlark.NewBuiltin(name, fn).BindReceiver(x), nil
		}
	case starlark.Bytes:
		if fn := bytesMethods[name]; fn != nil {
			return starlark.NewBuiltin(name, fn).BindReceiver(x), nil
		}
	case *Field:
		fn := textMethods[name]
		if fn == nil {
			break
		}
		if v, err := x.deeper(name); v != nil || err != nil {
			return v, err
		}
		return starlark.NewBuiltin(name, fn).BindReceiver(starlark.String(x.text())), nil
	}
	if x, ok := x.(starlark.HasAttrs); ok {
		if v, err := x.Attr(name); v != nil || err != nil {
			return v, err
		}
	}
	return nil, fmt.Errorf("%s has no .%s field or method", x.Type(), name)
}

// justify is text.ljust(width, fillchar), rjust, center, or zfill(width).
func justify(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	spec := justified[b.Name()]
	var err error
	if b.Name() == "zfill" {
		err = starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &spec.width)
	} else {
		err = starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &spec.width, &spec.fill)
	}
	switch {
	case err != nil:
		return nil, err
	case utf8.RuneCountInString(spec.fill) != 1:
		return nil, fmt.Errorf("%s: fillchar: got %q, want one character", b.Name(), spec.fill)
	case spec.width > maxWidth:
		return nil, fmt.Errorf("%s: width: got %d, want at most %d", b.Name(), spec.width, maxWidth)
	}
	s := string(b.Receiver().(starlark.String))
	if b.Name() == "zfill" {
		sign := ""
		if s != "" && strings.IndexByte("+-", s[0]) >= 0 {
			sign, s = s[:1], s[1:]
		}
		return starlark.String(spec.number(sign, s)), nil
	}
	return starlark.String(spec.pad(s)), nil
}

// encodings are those that text and bytes are converted by: UTF-8 and what is part
// of it, and Latin-1.
var encodings = map[string]bool{
	"utf8": false, "ascii": false, "usascii": false,
	"latin1": true, "iso88591": true,
}

// encodingOf reads the arguments encoding and errors.
func encodingOf(name string, args starlark.Tuple, kwargs []starlark.Tuple) (latin bool, onError string, err error) {
	encoding, onError := "utf-8", "strict"
	if err := starlark.UnpackArgs(name, args, kwargs, "encoding?", &encoding, "errors?", &onError); err != nil {
		return false, "", err
	}
	latin, known := encodings[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(encoding))]
	if !known {
		return false, "", fmt.Errorf("%s: got the encoding %q, want utf-8, ascii or latin-1", name, encoding)
	}
	if onError != "strict" && onError != "ignore" && onError != "replace" {
		return false, "", fmt.Errorf("%s: errors: got %q, want strict, ignore or replace", name, onError)
	}
	return latin, onError, nil
}

// encodeText is text.encode(encoding='utf-8').
func encodeText(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	latin, onError, err := encodingOf("encode", args, kwargs)
	if err != nil {
		return nil, err
	}
	s := string(b.Receiver().(starlark.String))
	if !latin {
		return starlark.Bytes(s), nil
	}
	var out []byte
	for _, r := range s {
		switch {
		case r < 256:
			out = append(out, byte(r))
		case onError == "replace":
			out = append(out, '?')
		case onError == "strict":
			return nil, fmt.Errorf("encode: %q is not in latin-1", r)
		}
	}
	return starlark.Bytes(out), nil
}

// decodeBytes is bytes.decode(encoding='utf-8', errors='strict').
func decodeBytes(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	latin, onError, err := encodingOf("decode", args, kwargs)
	if err != nil {
		return nil, err
	}
	raw := string(b.Receiver().(starlark.Bytes))
	switch {
	case latin:
		var out strings.Builder
		for i := range len(raw) {
			out.WriteRune(rune(raw[i]))
		}
		return starlark.String(out.String()), nil
	case utf8.ValidString(raw):
		return starlark.String(raw), nil
	case onError == "ignore":
		return starlark.String(strings.ToValidUTF8(raw, "")), nil
	case onError == "replace":
		return starlark.String(strings.ToValidUTF8(raw, "\uFFFD")), nil
	}
	at := 0
	for at < len(raw) {
		r, size := utf8.DecodeRuneInString(raw[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return nil, fmt.Errorf("decode: byte %#02x at %d is no UTF-8; decode('utf-8', 'replace') or decode('latin-1') takes any bytes", raw[at], at)
}

// bytesHex is bytes.hex(sep).
func bytesHex(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sep := ""
	if err := starlark.UnpackArgs("hex", args, kwargs, "sep?", &sep); err != nil {
		return nil, err
	}
	raw := string(b.Receiver().(starlark.Bytes))
	parts := make([]string, len(raw))
	for i := range parts {
		parts[i] = hex.EncodeToString([]byte{raw[i]})
	}
	return starlark.String(strings.Join(parts, sep)), nil
}

// bytesFromHex is bytes.fromhex(text): digits in pairs, white space between them, and
// colons too, as Wireshark writes bytes.
func bytesFromHex(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackPositionalArgs("fromhex", plainArgs(args), kwargs, 1, &text); err != nil {
		return nil, err
	}
	out, err := hex.DecodeString(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ':' || r == ' ' || r == '\n' || r == '\t' }), ""))
	if err != nil {
		return nil, fmt.Errorf("fromhex: got %q, want hexadecimal digits in pairs", text)
	}
	return starlark.Bytes(out), nil
}
