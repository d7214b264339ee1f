package repl

import (
	"context"
	"fmt"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine/filter"
)

// countingPatience is how long values that are being counted are waited for. Who
// types is not kept waiting: suggestions that are late are drawn when they come.
const countingPatience = 3 * time.Second

// longestValue is the most bytes that a value of a field may have to be offered.
const longestValue = 80

// fieldValues are the values that a field has in the capture in use, as a display
// filter writes them, the most frequent first.
func (s *Shell) fieldValues(ctx context.Context, field string) []completion.Suggestion {
	v := s.state.View
	cat := s.catalogue()
	if v == nil || cat == nil {
		return nil
	}
	info, ok := cat.Lookup(field)
	if !ok || info.Type == dissect.TypeProtocol || strings.Contains(string(info.Type), "TIME") {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, countingPatience)
	defer cancel()
	seen := v.Capture().WaitSeen(ctx, field)
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

// namesPatience is how long the names of values are waited for. They are read once a
// session, and until then numbers do without.
const namesPatience = 200 * time.Millisecond

// valueNames are what Wireshark calls a field's values.
func (s *Shell) valueNames(ctx context.Context, field string) []completion.ValueName {
	ctx, cancel := context.WithTimeout(ctx, namesPatience)
	defer cancel()
	var out []completion.ValueName
	for _, n := range s.cfg.Session.ValueNames(ctx, field) {
		out = append(out, completion.ValueName{Value: n.Value, Name: n.Name})
	}
	return out
}

// fields is the catalogue for completion, which waits for it. What asks for fields
// will want the names of values next, so these begin to be read.
func (s *Shell) fields(ctx context.Context) *dissect.Catalogue {
	cat := s.cfg.Session.AwaitCatalogue(ctx)
	if cat != nil { // not both at once: each is seconds of tshark, once a version
		begin, cancel := context.WithCancel(ctx)
		cancel()
		s.cfg.Session.ValueNames(begin, "")
	}
	return cat
}
