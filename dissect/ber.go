package dissect

import (
	"strconv"
	"strings"
)

// This file reads ASN.1's Basic Encoding Rules (ITU-T X.690) as far as SNMP
// uses them: one-byte tags and definite lengths.

// The tags of the universal types that SNMP uses.
const (
	berInteger  = 0x02
	berOctets   = 0x04
	berNull     = 0x05
	berOID      = 0x06
	berSequence = 0x30
)

// element reads a tag and a length; body is over the contents.
func (c *cursor) element() (tag uint8, body cursor) {
	tag = uint8(c.number(1))
	size := int(c.number(1))
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 4 {
			c.short = true
			return tag, cursor{pos: c.pos}
		}
		size = int(c.number(n))
	}
	return tag, c.sub(size)
}

// expect reads an element of one type.
func (c *cursor) expect(tag uint8) cursor {
	got, body := c.element()
	if got != tag {
		c.short = true
	}
	return body
}

// integer is the value of an integer's contents, of which at most eight bytes count.
func (c *cursor) integer() (v int64) {
	if len(c.d) > 0 && c.d[0]&0x80 != 0 {
		v = -1
	}
	for _, b := range c.d {
		v = v<<8 | int64(b)
	}
	return v
}

// oidText is an object identifier in numbers: "1.3.6.1".
func oidText(d []byte) string {
	var sb strings.Builder
	v, first := uint64(0), true
	for _, c := range d {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			sb.WriteString(strconv.FormatUint(top, 10))
			v -= 40 * top
			first = false
		}
		sb.WriteByte('.')
		sb.WriteString(strconv.FormatUint(v, 10))
		v = 0
	}
	return sb.String()
}

// oidName is an object identifier with the name of its first number.
func oidName(oid string) string {
	for i, name := range []string{"itu-t", "iso", "joint-iso-itu-t"} {
		if rest, ok := strings.CutPrefix(oid, strconv.Itoa(i)+"."); ok {
			return name + "." + rest
		}
	}
	return oid
}
