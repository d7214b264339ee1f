package filter

// This file says what each of Wireshark's field types can do.

import (
	"strings"

	"pktsh/dissect"
)

// class groups the field types that behave alike in a filter.
type class uint8

const (
	classNone class = iota
	classUint
	classInt
	classBool
	classFloat
	classString
	classBytes
	classProtocol
	classEther
	classIPv4
	classIPv6
	classTime
	classDelta
	// classOpaque are rare types whose values are left to Wireshark (object
	// identifiers, GUIDs); here they can be there, have bytes and be counted.
	classOpaque
)

// fieldType is the type of an operand.
type fieldType struct {
	class class
	// bits is the width of an integer, 0 otherwise.
	bits int
	// size is what len() answers for values of a fixed size, in bytes; -1 when
	// it is that of the value.
	size int
	// unnamed says that the values surely have no names: those of a function's
	// result, or of an operand of arithmetic.
	unnamed bool
	// name is Wireshark's, for exact comparisons and messages: "UINT16".
	name string
}

// typeOf returns what a catalogue's type name stands for. Unknown names (types
// of later versions) are like FT_NONE: only their presence can be asked.
func typeOf(t dissect.Type) fieldType {
	name := strings.ToUpper(strings.TrimPrefix(string(t), "FT_"))
	ft := fieldType{name: name, size: -1}
	switch name {
	case "CHAR", "UINT8", "UINT16", "UINT24", "UINT32", "UINT40", "UINT48", "UINT56", "UINT64", "FRAMENUM":
		ft.class, ft.bits = classUint, intBits(name)
		ft.size = ft.bits / 8
	case "INT8", "INT16", "INT24", "INT32", "INT40", "INT48", "INT56", "INT64":
		ft.class, ft.bits = classInt, intBits(name)
		ft.size = ft.bits / 8
	case "BOOLEAN":
		ft.class, ft.size = classBool, 0
	case "FLOAT", "DOUBLE":
		ft.class, ft.size = classFloat, 0
	case "STRING", "STRINGZ", "UINT_STRING", "STRINGZPAD", "STRINGZTRUNC":
		ft.class = classString
	case "BYTES":
		ft.class = classBytes
	case "UINT_BYTES", "AX25", "VINES", "FCWWN", "IPXNET", "GUID", "OID", "REL_OID", "SYSTEM_ID", "EUI64", "IEEE_11073_SFLOAT", "IEEE_11073_FLOAT":
		ft.class = classOpaque
	case "PROTOCOL":
		ft.class = classProtocol
	case "ETHER":
		ft.class, ft.size = classEther, 6
	case "IPV4":
		ft.class, ft.size = classIPv4, 4
	case "IPV6":
		ft.class, ft.size = classIPv6, 16
	case "ABSOLUTE_TIME":
		ft.class, ft.size = classTime, 0
	case "RELATIVE_TIME":
		ft.class, ft.size = classDelta, 0
	default:
		ft.size = 0
	}
	return ft
}

func intBits(name string) int {
	switch strings.TrimLeft(name, "UINT") {
	case "8", "CHAR":
		return 8
	case "16":
		return 16
	case "24":
		return 24
	case "40":
		return 40
	case "48":
		return 48
	case "56":
		return 56
	case "64":
		return 64
	}
	return 32
}

func (t fieldType) isInt() bool { return t.class == classUint || t.class == classInt }

// bytesLike are the types that are a sequence of bytes underneath.
func (t fieldType) bytesLike() bool {
	return t.class == classBytes || t.class == classEther || t.class == classOpaque
}

func (t fieldType) canCompare() bool { return t.class != classNone }

func (t fieldType) canContain() bool {
	return t.class == classString || t.class == classProtocol || t.bytesLike()
}

func (t fieldType) canSlice() bool {
	return t.canContain() || t.class == classIPv4 || t.class == classIPv6
}

func (t fieldType) canMask() bool {
	return t.isInt() || t.bytesLike() || t.class == classIPv4 || t.class == classIPv6
}

// canDo reports whether the arithmetic operator applies.
func (t fieldType) canDo(op string) bool {
	switch op {
	case "&":
		return t.canMask()
	case "+", "-":
		return t.isInt() || t.class == classFloat || t.class == classDelta
	case "%":
		return t.isInt()
	}
	return t.isInt() || t.class == classFloat
}

// mixable reports whether Wireshark compares a field of type t with one of type u
// although they are not alike: integers of all kinds, and with Booleans. What it
// makes of a negative number beside an unsigned one is its own.
func (t fieldType) mixable(u fieldType) bool {
	return t.isInt() && (u.isInt() || u.class == classBool)
}

// comparable reports whether fields of the two types may be compared here.
func (t fieldType) comparable(u fieldType) bool {
	switch {
	case t.isInt() && u.isInt():
		return t.class == u.class && (t.bits > 32) == (u.bits > 32)
	case t.bytesLike() && u.bytesLike():
		return true
	}
	return t.class == u.class
}

// String returns the type's description as Wireshark words it.
func (t fieldType) String() string {
	switch t.class {
	case classUint:
		return "unsigned integer"
	case classInt:
		return "signed integer"
	case classBool:
		return "Boolean"
	case classFloat:
		return "floating-point number"
	case classString:
		return "character string"
	case classBytes, classOpaque:
		return "byte sequence"
	case classProtocol:
		return "protocol"
	case classEther:
		return "Ethernet or other MAC address"
	case classIPv4:
		return "IPv4 address"
	case classIPv6:
		return "IPv6 address"
	case classTime:
		return "date and time"
	case classDelta:
		return "time offset"
	}
	return "label"
}
