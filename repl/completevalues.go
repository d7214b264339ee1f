package repl

import (
	"context"
	"fmt"
	"strings"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine/filter"
)

// longestValue is the most bytes that a value of a field may have to be offered.
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
		text, ok := filter.Literal(info.Type, value.Value)
		if !ok || len(text) > longestValue {
			continue
		}
		out = append(out, completion.Suggestion{
			Text: text, Rank: len(out),
			Description: fmt.Sprintf("%s%s here", humanize.Comma(int64(value.N)), atLeast),
		})
	}
	return out
}
