package repl

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
)

// longestValue is the most characters that a value of a field may have to be offered.
const longestValue = 80

// fieldValues are the values that a field has in the capture in use, as a display
// filter writes them, the most frequent first.
func (s *Shell) fieldValues(_ context.Context, field string) []completion.Suggestion {
	v := s.state.View
	cat := s.catalogue()
	if v == nil || cat == nil {
		return nil
	}
	info, ok := cat.Lookup(field)
	if !ok || info.Type == dissect.TypeProtocol || strings.Contains(string(info.Type), "TIME") {
		return nil
	}
	seen := v.Capture().Seen(field)
	if seen == nil {
		return nil
	}
	atLeast := ""
	if seen.Partial {
		atLeast = " or more"
	}
	var out []completion.Suggestion
	for _, value := range seen.Values {
		text, ok := filterLiteral(info.Type, value.Value)
		if !ok {
			continue
		}
		out = append(out, completion.Suggestion{
			Text: text, Rank: len(out),
			Description: fmt.Sprintf("%s%s here", humanize.Comma(int64(value.N)), atLeast),
		})
	}
	return out
}

// filterLiteral writes a field's value, as -T fields has it, as a display filter wants
// it; ok is false for what cannot be typed.
func filterLiteral(t dissect.Type, value string) (text string, ok bool) {
	if value == "" || len(value) > longestValue || strings.ContainsFunc(value, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return "", false
	}
	switch {
	case t == "BOOLEAN" && value == "1":
		return "True", true
	case t == "BOOLEAN" && value == "0":
		return "False", true
	case strings.Contains(string(t), "STRING"):
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
