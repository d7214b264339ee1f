package filter

import (
	"strings"
	"unicode"

	"pktsh/dissect"
)

// Literal writes a field's value, as tshark -T fields prints it, as a filter wants
// it; ok is false for what cannot be typed.
func Literal(t dissect.Type, value string) (text string, ok bool) {
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return "", false
	}
	switch {
	case t == "BOOLEAN" && value == "1":
		return "True", true
	case t == "BOOLEAN" && value == "0":
		return "False", true
	case strings.Contains(string(t), "STRING"), strings.HasPrefix(string(t), "ABSOLUTE_TIME"):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`, true
	case strings.HasSuffix(string(t), "BYTES"):
		var b strings.Builder
		for i := 0; i+1 < len(value); i += 2 {
			if i > 0 {
				b.WriteByte(':')
			}
			b.WriteString(value[i : i+2])
		}
		return b.String(), len(value)%2 == 0
	}
	return value, true
}
