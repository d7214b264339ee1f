package filter

// This file turns literals into values of the type they are compared with.

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// errNames marks literals that may be the name of a value ("Set", "A"): only
// Wireshark's tables know.
var errNames = errors.New("names of values are known to Wireshark only")

// lenientError is an error about a literal that Wireshark may take all the same: it
// reads some numbers and times as far as they make sense.
type lenientError struct{ error }

// lenientIf makes an error a lenientError when the literal has the looks of those
// that Wireshark was seen to take.
func lenientIf(looks bool, err error) error {
	if looks {
		return lenientError{err}
	}
	return err
}

// errProtocol marks bytes that read like a protocol's name.
var errProtocol = errors.New("this is a protocol in Wireshark")

// isProtocolInHex reports whether text is the name of a Wireshark protocol, all
// in hexadecimal digits. A catalogue without it must not take it for bytes.
func isProtocolInHex(text string) bool {
	switch text {
	case "a11", "a21", "a615a", "aaf", "acf", "adb", "bfd", "c1222", "c15", "dc", "dcc", "e100", "e164", "e212", "fc", "fc00", "fefd", "ff":
		return true
	}
	return false
}

// literal returns the value of an unquoted literal for a field of type t.
func literal(text string, t fieldType) (Value, error) {
	switch t.class {
	case classUint, classInt:
		return intLiteral(text, t)
	case classBool:
		return boolLiteral(text)
	case classFloat:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || strings.ContainsAny(text, "_xX") {
			return Value{}, lenientIf(strings.HasPrefix(strings.ToLower(text), "0x"), fmt.Errorf("%q is not a valid floating-point number", text))
		}
		return FloatValue(f), nil
	case classString:
		return StringValue(text), nil
	case classBytes, classProtocol:
		if isProtocolInHex(text) {
			return Value{}, errProtocol
		}
		b, err := bytesLiteral(strings.TrimPrefix(text, ":"))
		return BytesValue(b), err
	case classEther:
		return etherLiteral(text)
	case classIPv4, classIPv6:
		return addrLiteral(text, t)
	case classTime:
		return timeLiteral(text)
	case classDelta:
		return deltaLiteral(text)
	}
	return Value{}, errNames
}

// quotedValue returns the value of a string literal for a field of type t.
func quotedValue(text string, t fieldType) (Value, error) {
	switch t.class {
	case classString:
		return StringValue(text), nil
	case classBytes, classProtocol:
		return BytesValue([]byte(text)), nil
	case classTime:
		return timeLiteral(text)
	case classUint, classInt, classBool:
		return Value{}, errNames
	}
	return Value{}, fmt.Errorf("got the string %q, wanted an unquoted %v", text, t)
}

// charValue returns the value of a character constant for a field of type t.
func charValue(c byte, t fieldType) (Value, error) {
	switch t.class {
	case classUint, classInt:
		return UintValue(uint64(c)), nil
	case classBool:
		return BoolValue(c != 0), nil
	case classString:
		return StringValue(string([]byte{c})), nil
	case classBytes, classProtocol:
		return BytesValue([]byte{c}), nil
	}
	return Value{}, fmt.Errorf("got the character %q, wanted %v", c, t)
}

// parseInt reads decimal, 0x, 0b and octal (leading 0) numbers; numeric is false
// when s does not even look like one.
func parseInt(s string) (v uint64, numeric bool, err error) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false, fmt.Errorf("%q is not a valid number", s)
	}
	v, err = strconv.ParseUint(s, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, true, fmt.Errorf("%q does not fit into 64 bits", s)
	case err != nil || strings.ContainsAny(s, "_oO"):
		return 0, true, fmt.Errorf("%q is not a valid number", s)
	}
	return v, true, nil
}

func intLiteral(text string, t fieldType) (Value, error) {
	v, numeric, err := parseInt(text)
	switch {
	case !numeric && text[0] == ':':
		return Value{}, err
	case !numeric:
		return Value{}, errNames
	case err != nil:
		return Value{}, err
	}
	limit := uint64(math.MaxUint64) >> (64 - t.bits)
	if t.class == classInt {
		limit >>= 1
	}
	if v > limit {
		return Value{}, fmt.Errorf("%s is too big for this field, maximum %d", text, limit)
	}
	if t.class == classInt {
		return IntValue(int64(v)), nil
	}
	return UintValue(v), nil
}

func boolLiteral(text string) (Value, error) {
	switch text {
	case "True", "TRUE":
		return BoolValue(true), nil
	case "False", "FALSE":
		return BoolValue(false), nil
	}
	v, numeric, err := parseInt(text)
	if !numeric {
		return Value{}, errNames
	}
	return BoolValue(v != 0), err
}

// bytesLiteral reads bytes in hexadecimal: with colons, hyphens or dots between
// them, in dotted pairs, without separators, or one byte as 0x12.
func bytesLiteral(text string) ([]byte, error) {
	s := text
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		if s = s[2:]; len(s) != 2 {
			return nil, fmt.Errorf("%q is not a valid byte string: a hexadecimal number stands for one byte, and has two digits", text)
		}
	}
	bad := fmt.Errorf("%q is not a valid byte string", text)
	if s == "" {
		return nil, bad
	}
	var out []byte
	for {
		n := 0
		for n < len(s) && isHex(s[n]) {
			n++
		}
		if n == 0 {
			return nil, bad
		}
		digits := s[:n]
		if n%2 == 1 {
			// An odd digit at the end of a run is a byte of its own.
			digits = s[:n-1] + "0" + s[n-1:n]
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, bad
		}
		out = append(out, b...)
		if s = s[n:]; s == "" {
			return out, nil
		}
		if !strings.ContainsRune(":-.", rune(s[0])) {
			return nil, bad
		}
		s = s[1:]
	}
}

func etherLiteral(text string) (Value, error) {
	b, err := bytesLiteral(strings.TrimPrefix(text, ":"))
	switch {
	case err != nil:
		return Value{}, fmt.Errorf("%q is not a valid Ethernet address", text)
	case len(b) != 6:
		return Value{}, fmt.Errorf("%q has %d bytes, wanted the 6 of an Ethernet address", text, len(b))
	}
	return EtherValue(b), nil
}

func addrLiteral(text string, t fieldType) (Value, error) {
	host, bitsText, isNet := strings.Cut(text, "/")
	a, err := netip.ParseAddr(host)
	if err != nil || a.Is4() != (t.class == classIPv4) {
		return Value{}, fmt.Errorf("%q is not a valid %v", host, t)
	}
	if !isNet {
		return AddrValue(a), nil
	}
	bits, err := strconv.Atoi(bitsText)
	if len(bitsText) > 1 && bitsText[0] == '0' {
		return Value{}, lenientError{fmt.Errorf("a prefix length with a leading zero, %s, may be an octal number", bitsText)}
	}
	if err != nil || bits > a.BitLen() {
		return Value{}, fmt.Errorf("a prefix of an %v has at most %d bits, got %s", t, a.BitLen(), bitsText)
	}
	return PrefixValue(netip.PrefixFrom(a, bits)), nil
}
