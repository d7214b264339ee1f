// This file reads a field's shown text as a number, a boolean, a time or bytes.

package script

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"pktsh/dissect"
)

// valueKind is what a field's value is to a script.
type valueKind uint8

const (
	kindUnsure valueKind = iota // not looked up yet
	kindText
	kindInt
	kindBool
	kindFloat
	kindTime
	kindBytes
)

// kind returns what the field's value is: by its type in the catalogue, or,
// while no catalogue is loaded, by the look of its text.
func (f *Field) kind() valueKind {
	var kept *valueKind
	if f.known != nil {
		kept = &f.known.kind
	} else {
		kept = &f.group.kind
	}
	if *kept != kindUnsure {
		return *kept
	}
	if info, ok := f.info(); ok {
		*kept = kindOfType(info.Type)
		return *kept
	}
	return kindOfText(f.show)
}

// hasValues says whether the field's type is known to be one that has values.
func (f *Field) hasValues() bool {
	info, ok := f.info()
	return ok && info.Type != "NONE" && info.Type != dissect.TypeProtocol
}

// kindOfType maps Wireshark's field types (epan/ftypes/ftypes.h).
func kindOfType(t dissect.Type) valueKind {
	switch t {
	case "CHAR", "UINT8", "UINT16", "UINT24", "UINT32", "UINT40", "UINT48", "UINT56", "UINT64",
		"INT8", "INT16", "INT24", "INT32", "INT40", "INT48", "INT56", "INT64", "FRAMENUM":
		return kindInt
	case "BOOLEAN":
		return kindBool
	case "FLOAT", "DOUBLE", "IEEE_11073_FLOAT", "IEEE_11073_SFLOAT", "RELATIVE_TIME":
		return kindFloat
	case "ABSOLUTE_TIME":
		return kindTime
	case "BYTES", "UINT_BYTES":
		return kindBytes
	}
	return kindText
}

func kindOfText(s string) valueKind {
	if s == "True" || s == "False" {
		return kindBool
	}
	if _, ok := parseInt(s); ok {
		return kindInt
	}
	if whole, fraction, ok := strings.Cut(strings.TrimPrefix(s, "-"), "."); ok && isDigits(whole) && isDigits(fraction) {
		return kindFloat // a time, as seconds
	}
	return kindText
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// parseInt reads an integer as Wireshark writes one: decimal or with 0x.
func parseInt(s string) (*big.Int, bool) {
	digits, base := s, 10
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		digits, base = rest, 16
	}
	if digits == "" || strings.ContainsAny(digits, "_+") {
		return nil, false
	}
	return new(big.Int).SetString(digits, base)
}

// parseBool reads a boolean: "1" and "0" before Wireshark 4.2, "True" and
// "False" since.
func parseBool(s string) (value, ok bool) {
	switch s {
	case "1", "True":
		return true, true
	case "0", "False":
		return false, true
	}
	return false, false
}

// number returns the value as an int or float when it is one.
func (f *Field) number() (starlark.Value, bool) {
	switch f.kind() {
	case kindInt, kindBool:
		n, err := f.integer()
		return n, err == nil
	case kindFloat:
		x, err := strconv.ParseFloat(f.show, 64)
		return starlark.Float(x), err == nil
	}
	return nil, false
}

// integer returns the value of an integer field.
func (f *Field) integer() (starlark.Value, error) {
	if n, err := strconv.ParseInt(f.show, 10, 64); err == nil { // nearly always
		return starlark.MakeInt64(n), nil
	}
	if n, ok := parseInt(f.show); ok {
		return starlark.MakeBigInt(n), nil
	}
	if b, ok := parseBool(f.show); ok {
		if b {
			return starlark.MakeInt(1), nil
		}
		return starlark.MakeInt(0), nil
	}
	if k := f.kind(); k == kindInt || k == kindBool {
		if b := f.bytes(); b != nil && len(b) <= 8 && f.show == "" {
			return starlark.MakeBigInt(new(big.Int).SetBytes(b)), nil
		}
	}
	return nil, f.wrong("%s is the text %q, want an integer field", f.name(), f.text())
}

// pos returns the field's position as PDML has it.
func (f *Field) pos() int {
	if at, shifted := f.layer.fieldIndex().shifted[f.node]; shifted {
		return at
	}
	return f.node.Pos
}

// raw returns what PDML's value attribute holds (epan/print.c,
// proto_tree_write_node_pdml): the bytes in hex; of a field of some bits of them, its
// number in hex; nothing of a field without values. Ok is false where PDML has no such
// attribute: of a protocol, but for data, and of a field without bytes.
func (f *Field) raw() (hexadecimal string, ok bool) {
	f = f.dissected()
	info, known := f.info()
	switch {
	case f.node.Name == "": // a line of text: its bytes
	case f.node.Name == dataLayer:
	case f.isProtocol():
		return "", false
	case known && f.show == "" && info.Type == "NONE":
		return "", true
	case f.isMasked():
		if n, ok := f.maskedNumber(); ok {
			return n, true
		}
	}
	if f.node.Size <= 0 {
		return "", false
	}
	b := f.bytes()
	if b == nil {
		return beyondItsBytes, true
	}
	return hex.EncodeToString(b), true
}

// rawOrNone returns raw as a value, None where there is none.
func (f *Field) rawOrNone() starlark.Value {
	if raw, ok := f.raw(); ok {
		return starlark.String(raw)
	}
	return starlark.None
}

// isMasked says whether the field is some bits of its bytes.
func (f *Field) isMasked() bool {
	if f.node.Size <= 0 || f.node.Name == "" {
		return false
	}
	if info, known := f.info(); known {
		return f.masked(info)
	}
	return looksMasked(f.node)
}

// unmasked returns what PDML has as unmaskedvalue: the bytes in hex of a field that is
// some bits of them; None of another.
func (f *Field) unmasked() starlark.Value {
	if b := f.bytes(); b != nil && f.isMasked() && !f.isProtocol() {
		return starlark.String(hex.EncodeToString(b))
	}
	return starlark.None
}

// isProtocol says whether the field is itself a protocol, as an expert item is: it has
// no value.
func (f *Field) isProtocol() bool {
	if f.node != nil && f.node.Protocol {
		return true
	}
	info, known := f.info()
	return known && f.show == "" && info.Type == dissect.TypeProtocol
}

// beyondItsBytes is what PDML has where a field is said to be longer than what is
// left of its buffer (epan/print.c, pdml_write_field_hex_value).
const beyondItsBytes = "field length invalid!"

// maskedNumber returns the number of a field that is some bits of its bytes, in hex.
func (f *Field) maskedNumber() (string, bool) {
	if f.kind() == kindBool {
		if bits, ok := drawnBits(f.node); ok { // true may be any number but 0
			n, ok := new(big.Int).SetString(bits, 2)
			return fmt.Sprintf("%X", n), ok
		}
	}
	v, err := f.integer()
	if err != nil {
		return "", false
	}
	n := v.(starlark.Int).BigInt()
	if n.Sign() < 0 {
		n.And(n, big.NewInt(math.MaxUint32)) // printed as an unsigned int
	}
	return fmt.Sprintf("%X", n), true
}

// masked says whether the field's value is some bits of its bytes. Where both kinds of
// field share the name, it is that if its bits are drawn, or if its bytes are another
// number. An IPv4 header draws the bits of ip.version although it is a whole byte.
func (f *Field) masked(info dissect.FieldInfo) bool {
	if info.Mask == 0 || !info.Unmasked {
		return info.Mask != 0
	}
	if f.node.Name == "ip.version" {
		return f.node.Hidden
	}
	if _, drawn := drawnBits(f.node); drawn || f.kind() == kindBool {
		return drawn
	}
	b := slices.Clone(f.bytes())
	for range 2 { // in both orders of bytes
		if n, ok := parseInt(f.show); ok && n.Cmp(new(big.Int).SetBytes(b)) == 0 {
			return false
		}
		slices.Reverse(b)
	}
	return len(b) > 0
}

// info returns what the catalogue says of the field.
func (f *Field) info() (dissect.FieldInfo, bool) {
	c := f.layer.it.catalogue()
	if c == nil {
		return dissect.FieldInfo{}, false
	}
	return c.Lookup(f.filterName())
}

// looksMasked says whether a field is some bits of its bytes, where no catalogue
// tells: the label says so, but for fields whose bits packet-ip.c and packet-tcp.c
// draw by hand, or leave undrawn.
func looksMasked(n *dissect.Field) bool {
	switch n.Name {
	case "ip.version", "ip.hdr_len", "tcp.hdr_len":
		return false
	case "tcp.flags":
		return true
	}
	_, drawn := drawnBits(n)
	return drawn
}

// drawnBits returns the digits of the bits that a label draws: "0100" of
// "0100 .... = Version: 4".
func drawnBits(n *dissect.Field) (digits string, drawn bool) {
	bits, _, ok := strings.Cut(n.Label, " = ")
	if !ok || bits == "" || strings.Trim(bits, "01. ") != "" {
		return "", false
	}
	return strings.NewReplacer(".", "", " ", "").Replace(bits), true
}

// hexValue is raw_value read as a hexadecimal number.
func (f *Field) hexValue() (starlark.Value, error) {
	raw, _ := f.raw()
	n, ok := new(big.Int).SetString(raw, 16)
	if !ok {
		return nil, f.wrong("%s has no bytes of its own: no hex_value", f.name())
	}
	return starlark.MakeBigInt(n), nil
}

// timeLayouts are how Wireshark writes an absolute time (epan/to_str.c).
var timeLayouts = []string{
	"Jan _2, 2006 15:04:05.999999999 MST",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999",
}

// typed returns the value as the field's type says; as text when it does not
// read as that.
func (f *Field) typed() starlark.Value {
	switch f.kind() {
	case kindInt:
		if n, err := f.integer(); err == nil {
			return n
		}
	case kindBool:
		if b, ok := parseBool(f.show); ok {
			return starlark.Bool(b)
		}
	case kindFloat:
		if x, err := strconv.ParseFloat(f.show, 64); err == nil {
			return starlark.Float(x)
		}
	case kindBytes:
		if b := f.bytes(); b != nil {
			return starlark.Bytes(b)
		}
	case kindTime:
		for _, layout := range timeLayouts {
			if t, err := time.ParseInLocation(layout, strings.TrimSpace(f.show), time.Local); err == nil {
				return newMoment(t)
			}
		}
	}
	return starlark.String(f.text())
}

// epoch returns a time as seconds since 1970 with nine digits.
func epoch(t time.Time) string {
	ns := t.UnixNano()
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%09d", sign, ns/1e9, ns%1e9)
}
