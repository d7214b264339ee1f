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
// The best come first: those where the words stand in the name, then in the
// label; then protocols before fields; then the shorter name. It returns at most
// limit entries (all for 0) and, when ctx ends, what was found so far with its
// error. A query without words finds nothing. It goes through the whole
// catalogue (tens of milliseconds), so it is for a command, not for a key press.
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
func searchScore(f dissect.FieldInfo, words []string) (score int, ok bool) {
	name := strings.ToLower(f.Name)
	label, description := "", ""
	for i, w := range words {
		if strings.Contains(name, w) {
			switch {
			case name == w:
			case strings.HasPrefix(name, w+"."), strings.HasSuffix(name, "."+w):
				score += 2
			default:
				score += 4
			}
			continue
		}
		if i == 0 || label == "" {
			label, description = strings.ToLower(f.Label), strings.ToLower(f.Description)
		}
		switch {
		case strings.Contains(label, w):
			score += 6
		case strings.Contains(description, w):
			score += 10
		default:
			return 0, false
		}
	}
	if f.Type != dissect.TypeProtocol {
		score++
	}
	return score, true
}
