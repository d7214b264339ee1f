package wireshark

import (
	"fmt"
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
	if own, ok := ownLabel(f); ok {
		return own
	}
	label := info.Label
	if !f.none {
		label += ": " + f.display
	}
	if text := formatText(f.value); isCut(label+truncatedMark) && text != f.display && strings.HasPrefix(text, f.display) {
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

// ownLabel returns a label that a dissector wrote itself, of a text that has ": " in it:
// the list has what stands behind that. The label of an HTTP header line, of which some
// lack the space, is the line itself.
func ownLabel(f listed) (string, bool) {
	header := f.name == "http.request.line" || f.name == "http.response.line"
	name, rest, ok := strings.Cut(formatText(f.value), ": ")
	if !ok {
		return f.display, header
	}
	label := name + ": " + f.display
	switch {
	case strings.HasPrefix(rest, f.display) && rest != f.display && isCut(truncatedMark+label):
		return truncatedMark + label, true
	case header, rest == f.display:
		return label, true
	}
	return "", false
}

// isCut says whether a label is as long as one that was cut.
func isCut(label string) bool { return len(label) > maxLabel-utf8.UTFMax && len(label) <= maxLabel }

// formatText writes a text as labels have it (epan/strutil.c, format_text).
func formatText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch i := strings.IndexRune("\a\b\f\n\r\t\v", r); {
		case i >= 0:
			b.WriteByte('\\')
			b.WriteByte("abfnrtv"[i])
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\%03o`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

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
