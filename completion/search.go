package completion

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"pktsh/dissect"
)

// SearchFields finds fields and protocols by what they are called: every word of
// the query must stand, case ignored, in the name, the label or the description.
// The best come first: those where the words are segments of the name, then
// words of the label; then protocols before fields; then the shorter name. It returns at most
// limit entries (all for 0) and, when ctx ends, what was found so far with its
// error. A query without words finds nothing. It goes through the whole
// catalogue (about a tenth of a second), so it is for a command, not for a key press.
func SearchFields(ctx context.Context, cat *dissect.Catalogue, query string, limit int) ([]dissect.FieldInfo, error) {
	words := strings.Fields(strings.ToLower(query))
	if cat == nil || len(words) == 0 {
		return nil, nil
	}
	type hit struct {
		field dissect.FieldInfo
		score int
	}
	var hits []hit
	var err error
	for i, f := range cat.All() {
		if i%4096 == 0 {
			if err = ctx.Err(); err != nil {
				break
			}
		}
		if score, ok := searchScore(f, words); ok {
			hits = append(hits, hit{f, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(len(a.field.Name), len(b.field.Name)))
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	out := make([]dissect.FieldInfo, len(hits))
	for i, h := range hits {
		out[i] = h.field
	}
	return out, err
}

// searchScore adds up how far from the name each word was found; lower is better.
// A word inside a segment of the name says less than one of the label:
// cflow.pie.gigamon.dnsqueryname is not what "dns query name" is after.
func searchScore(f dissect.FieldInfo, words []string) (score int, ok bool) {
	name := strings.ToLower(f.Name)
	label, description := "", ""
	lowered := false
	for _, w := range words {
		if hasSegment(name, w) {
			score++
			continue
		}
		if strings.Contains(name, w) {
			score += 5
			continue
		}
		if !lowered {
			label, description, lowered = strings.ToLower(f.Label), strings.ToLower(f.Description), true
		}
		switch {
		case strings.Contains(label, w):
			score += 4
		case strings.Contains(description, w):
			score += 6
		default:
			return 0, false
		}
	}
	if f.Type != dissect.TypeProtocol {
		score++
	}
	return score, true
}

// hasSegment reports whether word is one of the dotted segments of name, or several.
func hasSegment(name, word string) bool {
	for rest := name; ; {
		i := strings.Index(rest, word)
		if i < 0 {
			return false
		}
		before := len(name) - len(rest) + i
		after := before + len(word)
		if (before == 0 || name[before-1] == '.') && (after == len(name) || name[after] == '.') {
			return true
		}
		rest = rest[i+1:]
	}
}
