package wireshark

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"pktsh/dissect"
)

// This file writes the labels of fields that Wireshark hides, as PDML has them
// (showname).

// label returns the label of a listed field out of what stands behind its first
// ": " and what is known of the field: "Name: …", with a picture of its bits before
// that where it is some bits of its bytes (epan/proto.c, proto_item_fill_label).
func (v *vocabulary) label(f listed) string {
	info, ok := v.catalogue.Lookup(f.name)
	if !ok || f.protocol {
		return f.display
	}
	// A label of a dissector's own making, of a text that has ": " in it: HTTP's
	// header lines.
	text := controls.Replace(f.value)
	if strings.HasSuffix(text, ": "+f.display) {
		return text
	}
	label := info.Label
	if !f.none {
		label += ": " + f.display
	}
	if n := len(label) + len(truncatedMark); n > maxLabel-utf8.UTFMax && n <= maxLabel && !strings.HasSuffix(text, f.display) {
		return info.Label + truncatedMark + ": " + f.display
	}
	if info.Mask == 0 {
		return label
	}
	n, err := strconv.ParseUint(f.value, 0, 64)
	width := bitWidth(info)
	if err != nil || width == 0 || n > info.Mask>>bits.TrailingZeros64(info.Mask) {
		return label
	}
	return dissect.BitPicture(n<<bits.TrailingZeros64(info.Mask), info.Mask, width) + " = " + label
}

// Labels are cut at maxLabel bytes, before a character that is not whole, and get a
// mark behind the field's name then (epan/proto.c, label_mark_truncated).
const (
	maxLabel      = 239
	truncatedMark = " [truncated]"
)

// controls writes control characters as labels have them (epan/strutil.c, format_text).
var controls = strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`, "\f", `\f`, "\v", `\v`, "\a", `\a`, "\b", `\b`)

// bitWidth is how many bits a picture of a field's bits has; 0 for unknown.
func bitWidth(info dissect.FieldInfo) int {
	text := strings.TrimLeft(string(info.Type), "UINT")
	if info.Type == "BOOLEAN" {
		text = info.Base // of a Boolean that is its width
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 64 {
		return 0
	}
	return n
}
