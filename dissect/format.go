package dissect

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// This file turns values into text the way Wireshark's proto.c does.

// BitPicture draws which bits of a width-bit word a mask selects and what they
// are: BitPicture(0x40, 0x40, 8) is ".1.. ....".
func BitPicture(word, mask uint64, width int) string {
	var sb strings.Builder
	for i := width - 1; i >= 0; i-- {
		switch {
		case mask>>i&1 == 0:
			sb.WriteByte('.')
		case word>>i&1 == 1:
			sb.WriteByte('1')
		default:
			sb.WriteByte('0')
		}
		if i > 0 && i%4 == 0 {
			sb.WriteByte(' ')
		}
	}
	return sb.String()
}

// hexDigits is the number of hexadecimal digits that a field's label shows: its
// type's, or as many as a mask needs.
func (d *FieldDef) hexDigits() int {
	if d.Mask != 0 {
		return (bits.Len64(d.Mask) - bits.TrailingZeros64(d.Mask) + 3) / 4
	}
	return 2 * typeBytes(d.Type)
}

// show is the value as PDML's show attribute has it.
func (d *FieldDef) show(v uint64) string { return string(d.appendShow(make([]byte, 0, 20), v)) }

// appendShow appends what show returns.
func (d *FieldDef) appendShow(out []byte, v uint64) []byte {
	switch {
	case d.Type == "BOOLEAN" && v != 0:
		return append(out, '1')
	case d.Type == "BOOLEAN":
		return append(out, '0')
	case d.Base == baseHex || d.Base == baseHexDec:
		const digits = "0123456789abcdef"
		out = append(out, '0', 'x')
		for i := max(2*typeBytes(d.Type), (bits.Len64(v)+3)/4) - 1; i >= 0; i-- {
			out = append(out, digits[v>>(4*i)&15])
		}
		return out
	case d.Type == "INT32":
		return strconv.AppendInt(out, int64(int32(v)), 10)
	}
	return strconv.AppendUint(out, v, 10)
}

// number is the bare value in the field's base as labels show it.
func (d *FieldDef) number(v uint64) string {
	switch d.Base {
	case baseHex:
		return fmt.Sprintf("0x%0*x", d.hexDigits(), v)
	case baseHexDec:
		return fmt.Sprintf("0x%0*x (%d)", d.hexDigits(), v, v)
	case baseDecHex:
		return fmt.Sprintf("%d (0x%0*x)", v, d.hexDigits(), v)
	}
	if d.Type == "INT32" {
		return strconv.FormatInt(int64(int32(v)), 10)
	}
	return strconv.FormatUint(v, 10)
}

// text is the value as labels show it, with its name or unit.
func (d *FieldDef) text(v uint64) string {
	switch {
	case d.Type == "BOOLEAN" && d.True == "":
		return trueFalse(v != 0, "True", "False")
	case d.Type == "BOOLEAN":
		return trueFalse(v != 0, d.True, d.False)
	case d.Values != nil && d.Base == baseNone:
		return d.Values.name(v, d.Unknown)
	case d.Values != nil:
		return d.Values.name(v, d.Unknown) + " (" + d.number(v) + ")"
	}
	return d.number(v) + d.Unit
}

func trueFalse(v bool, yes, no string) string {
	if v {
		return yes
	}
	return no
}

// name returns the name of a value, or unknown ("Unknown" if that is empty).
func (v Values) name(n uint64, unknown string) string {
	if s, ok := v[n]; ok {
		return s
	}
	if unknown == "" {
		return "Unknown"
	}
	return unknown
}

// etherText formats a hardware address as Wireshark does: 00:11:22:33:44:55.
func etherText(b []byte) string { return colonHex(b) }

// colonHex joins the bytes in hexadecimal by colons: PDML's show of FT_BYTES.
func colonHex(b []byte) string { return string(appendColonHex(make([]byte, 0, 3*len(b)), b)) }

func appendColonHex(out, b []byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return out
}

// maxLabelBytes is how many bytes of a byte string a label shows before an
// ellipsis (Wireshark's MAX_BYTE_STR_LEN is 72 bytes, ITEM_LABEL_LENGTH 240).
const maxLabelBytes = 36

// bytesText is a byte string as labels show it.
func bytesText(b []byte) string {
	if len(b) == 0 {
		return noBytesText
	}
	if len(b) > maxLabelBytes {
		return hex.EncodeToString(b[:maxLabelBytes]) + "…"
	}
	return hex.EncodeToString(b)
}

// maxLabel is the size of Wireshark's buffer for a label, its end included
// (ITEM_LABEL_LENGTH in proto.h).
const maxLabel = 240

// clip shortens a label that is longer than Wireshark's are, as its
// label_mark_truncated does: the note stands after the field's name, which ends
// at name, or in front where that is 0.
func clip(label string, name int) string {
	if len(label) < maxLabel {
		return label
	}
	const note = " [truncated]"
	name = min(name, maxLabel-len(note)-1)
	return label[:name] + note + label[name:boundary(label, maxLabel-2-len(note))]
}

// boundary is the last place up to n where a text can be cut.
func boundary(text string, n int) int {
	if n >= len(text) {
		return len(text)
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// clipLabels shortens what grew too long after it was made.
func clipLabels(nodes []*Field) {
	Walk(nodes, func(f *Field, _ int) bool {
		f.Label = clip(f.Label, 0)
		return true
	})
}

// addr4 and addr6 read addresses; a slice of the wrong length gives the zero Addr.
func addr4(b []byte) netip.Addr {
	if len(b) != 4 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}

func addr6(b []byte) netip.Addr {
	if len(b) != 16 {
		return netip.Addr{}
	}
	return netip.AddrFrom16([16]byte(b))
}

// addrText formats an address as Wireshark does: an IPv4-mapped IPv6 address
// keeps its prefix ("::ffff:1.2.3.4"), and so does an IPv4-compatible one.
func addrText(a netip.Addr) string {
	if a.Is6() {
		b := a.As16()
		// inet_ntop's rule: ::a.b.c.d where the first 96 bits are zero and the
		// address is not :: or ::1 or ::xxxx.
		if [12]byte(b[:12]) == ([12]byte{}) && (b[12] != 0 || b[13] != 0) {
			return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
		}
	}
	return a.String()
}

// seconds formats nanoseconds as Wireshark's relative times: "0.000047000".
func seconds(ns int64) string { return string(appendSeconds(make([]byte, 0, 24), ns)) }

func appendSeconds(out []byte, ns int64) []byte {
	if ns < 0 {
		out = append(out, '-')
		if ns == math.MinInt64 {
			ns++
		}
		ns = -ns
	}
	out = strconv.AppendInt(out, ns/1e9, 10)
	out = append(out, '.')
	for scale := int64(1e8); scale > 0; scale /= 10 {
		out = append(out, '0'+byte(ns/scale%10))
	}
	return out
}

// absoluteTime formats a time as Wireshark's FT_ABSOLUTE_TIME label.
func absoluteTime(ns int64, loc *time.Location) string {
	t := time.Unix(floorDiv(ns, 1e9), ns-floorDiv(ns, 1e9)*1e9).In(loc)
	return t.Format("Jan _2, 2006 15:04:05.000000000 MST")
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// plural returns "s" unless n is 1.
func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
