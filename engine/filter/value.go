package filter

// This file holds the values that packets hand to filters, and their order.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
)

// Kind is the kind of a Value.
type Kind uint8

// The kinds of values.
const (
	KindNone   Kind = iota // presence only (FT_NONE)
	KindUint               // unsigned integers, characters and frame numbers
	KindInt                // signed integers, and the results of arithmetic
	KindBool               // FT_BOOLEAN
	KindFloat              // FT_FLOAT, FT_DOUBLE
	KindString             // character strings
	KindBytes              // bytes, protocols, slices, GUIDs and other addresses
	KindEther              // MAC addresses, ordered as bytes
	KindIPv4               // with a prefix length: 32 for one address
	KindIPv6               // with a prefix length: 128 for one address
	KindTime               // absolute times: nanoseconds since 1970-01-01 UTC
	KindDelta              // relative times in nanoseconds
)

// Value is one value of a field in a packet. The zero Value has KindNone.
// Make one with UintValue and its siblings; values are immutable.
type Value struct {
	kind Kind
	// layer is the layer number of the occurrence, from 1; 0 when not known.
	layer int32
	// num holds integers, booleans, the bits of floats, and nanoseconds.
	num  uint64
	text string
	raw  []byte
	net  netip.Prefix
	// protocol marks a ProtocolValue; num is then the size of its header.
	protocol bool
}

// UintValue returns an unsigned integer.
func UintValue(v uint64) Value { return Value{kind: KindUint, num: v} }

// IntValue returns a signed integer.
func IntValue(v int64) Value { return Value{kind: KindInt, num: uint64(v)} }

// BoolValue returns a boolean.
func BoolValue(v bool) Value {
	if v {
		return Value{kind: KindBool, num: 1}
	}
	return Value{kind: KindBool}
}

// FloatValue returns a floating-point number.
func FloatValue(v float64) Value { return Value{kind: KindFloat, num: math.Float64bits(v)} }

// StringValue returns a character string.
func StringValue(v string) Value { return Value{kind: KindString, text: v} }

// BytesValue returns a byte sequence. It keeps b: do not change it.
func BytesValue(b []byte) Value { return Value{kind: KindBytes, raw: b} }

// EtherValue returns a MAC address of six bytes. It keeps b: do not change it.
func EtherValue(b []byte) Value { return Value{kind: KindEther, raw: b} }

// AddrValue returns an IPv4 or IPv6 address. An IPv4-mapped IPv6 address is an
// IPv6 address; a zone is dropped.
func AddrValue(a netip.Addr) Value {
	a = a.WithZone("")
	return PrefixValue(netip.PrefixFrom(a, a.BitLen()))
}

// PrefixValue returns a network: it equals every address in it.
func PrefixValue(p netip.Prefix) Value {
	switch {
	case p.Addr().Is4():
		return Value{kind: KindIPv4, net: p}
	case p.Addr().Is6():
		return Value{kind: KindIPv6, net: p}
	}
	return Value{}
}

// TimeValue returns an absolute time in nanoseconds since 1970-01-01 UTC.
func TimeValue(ns int64) Value { return Value{kind: KindTime, num: uint64(ns)} }

// DeltaValue returns a relative time in nanoseconds.
func DeltaValue(ns int64) Value { return Value{kind: KindDelta, num: uint64(ns)} }

// InLayer returns v as found in the nth layer of its protocol, counted from 1
// as the layer operator does (ip.src#2 is the inner address of IP in IP).
func (v Value) InLayer(n int) Value {
	v.layer = int32(n)
	return v
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// Layer returns the layer number given with InLayer, or 0.
func (v Value) Layer() int { return int(v.layer) }

func (v Value) int() int64     { return int64(v.num) }
func (v Value) float() float64 { return math.Float64frombits(v.num) }

// bytes returns v as a byte sequence, as slices and contains see it.
func (v Value) bytes() []byte {
	switch v.kind {
	case KindString:
		return []byte(v.text)
	case KindIPv4, KindIPv6:
		return v.net.Addr().AsSlice()
	}
	return v.raw
}

// String returns v as the function string() does: decimal numbers, addresses in
// their usual form, bytes in hexadecimal.
func (v Value) String() string {
	switch v.kind {
	case KindUint:
		return strconv.FormatUint(v.num, 10)
	case KindInt:
		return strconv.FormatInt(v.int(), 10)
	case KindBool:
		return strconv.FormatBool(v.num != 0)
	case KindFloat:
		return strconv.FormatFloat(v.float(), 'g', -1, 64)
	case KindString:
		return v.text
	case KindBytes:
		return fmt.Sprintf("%x", v.raw)
	case KindEther:
		return colonHex(v.raw)
	case KindIPv4, KindIPv6:
		if v.net.IsSingleIP() {
			return v.net.Addr().String()
		}
		return v.net.String()
	case KindTime, KindDelta:
		return formatSeconds(v.int())
	}
	return ""
}

func colonHex(b []byte) string {
	out := make([]byte, 0, 3*len(b))
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = fmt.Appendf(out, "%02x", c)
	}
	return string(out)
}

func formatSeconds(ns int64) string {
	sign := ""
	if ns < 0 {
		sign = "-"
	}
	s, frac := ns/1e9, ns%1e9
	return fmt.Sprintf("%s%d.%09d", sign, max(s, -s), max(frac, -frac))
}

// isZero says whether v, standing alone as the result of arithmetic, is false.
func (v Value) isZero() bool {
	switch v.kind {
	case KindIPv4, KindIPv6:
		return v.net.Addr().IsUnspecified()
	case KindBytes, KindEther:
		for _, c := range v.raw {
			if c != 0 {
				return false
			}
		}
		return true
	case KindString:
		return v.text == ""
	case KindFloat:
		return v.float() == 0
	}
	return v.num == 0
}

// compare orders a and b, which the checker found comparable; ok is false when
// they have no order after all (a packet that hands out another kind than its
// catalogue says, or NaN).
func compare(a, b Value) (order int, ok bool) {
	switch a.kind {
	case KindUint, KindInt:
		switch b.kind {
		case KindUint, KindInt:
			return compareInts(a, b), true
		}
	case KindBool:
		return cmp.Compare(a.num, b.num), b.kind == KindBool
	case KindFloat:
		x, y := a.float(), b.float()
		return cmp.Compare(x, y), b.kind == KindFloat && x == x && y == y
	case KindString:
		return cmp.Compare(a.text, b.text), b.kind == KindString
	case KindBytes, KindEther:
		if b.kind != KindBytes && b.kind != KindEther {
			return 0, false
		}
		return compareBytes(a, b)
	case KindIPv4:
		if b.kind != KindIPv4 {
			return 0, false
		}
		// Both are cut to the shorter prefix, so a network equals its addresses.
		mask := ^uint32(0) << (32 - min(a.net.Bits(), b.net.Bits()))
		x, y := a.net.Addr().As4(), b.net.Addr().As4()
		return cmp.Compare(binary.BigEndian.Uint32(x[:])&mask, binary.BigEndian.Uint32(y[:])&mask), true
	case KindIPv6:
		if b.kind != KindIPv6 {
			return 0, false
		}
		bits := min(a.net.Bits(), b.net.Bits())
		x, err1 := a.net.Addr().Prefix(bits)
		y, err2 := b.net.Addr().Prefix(bits)
		return x.Addr().Compare(y.Addr()), err1 == nil && err2 == nil
	case KindTime, KindDelta:
		return cmp.Compare(a.int(), b.int()), a.kind == b.kind
	}
	return 0, false
}

// compareBytes puts the shorter one first, as Wireshark does, and only then
// looks at the bytes, which a protocol may not have all.
func compareBytes(a, b Value) (order int, ok bool) {
	n := a.length()
	if order := cmp.Compare(n, b.length()); order != 0 {
		return order, true
	}
	x, y := a.bytes(), b.bytes()
	if n > len(x) || n > len(y) {
		return 0, true // Wireshark's comparison fails and leaves them equal
	}
	return bytes.Compare(x[:n], y[:n]), true
}

// compareInts orders integers as a's signedness has it: beside an unsigned
// number a negative one counts as larger than any, as it does in Wireshark.
func compareInts(a, b Value) int {
	if a.kind == KindInt {
		return cmp.Compare(a.int(), b.int())
	}
	if b.kind == KindInt && b.int() < 0 {
		return -1
	}
	return cmp.Compare(a.num, b.num)
}

// ProtocolValue returns a protocol's value: b are the bytes that it was given
// to dissect, to their end, because contains and matches look at all of them;
// size is the number of bytes that its item was made with (the header, mostly),
// which len() answers and to which slices and comparisons are confined. A size
// beyond b is possible: Ethernet's padding, cut off after the item was made. It
// keeps b: do not change it.
func ProtocolValue(b []byte, size int) Value {
	return Value{kind: KindBytes, raw: b, num: uint64(max(size, 0)), protocol: true}
}

// length is what len() answers.
func (v Value) length() int {
	switch {
	case v.protocol:
		return int(v.num)
	case v.kind == KindString:
		return len(v.text)
	}
	return len(v.bytes())
}
