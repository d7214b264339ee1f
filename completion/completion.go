// Package completion answers what may stand at the cursor: from the text, the
// cursor and what the session knows to a ranked list of suggestions.
//
// It knows no terminal, no Starlark interpreter and no command by itself. The
// types, in the order in which a key press meets them:
//
//   - [Grammar] is what must be known to tell the places of a line apart: the
//     commands ([Commands]) and the parameters of functions ([Functions]).
//   - [Context] is what [Grammar.Parse] finds: the kind of place, the word that
//     is being typed and what may stand there.
//   - [Provider] suggests for the kinds of place it knows. Those of this package
//     are [CommandProvider], [FileProvider], [WordProvider], [AttributeProvider],
//     [NameProvider] and [FieldProvider].
//   - [Completer] asks every provider, then filters, ranks and cuts.
//   - [Suggestion] is one way to go on.
//   - [Reading] is what an input is for the eye: its pieces, and whether its filters
//     are right, by [FilterJudge].
//   - [Nearest] is the "did you mean" of every error message.
//
// What they ask of the session are the small interfaces [Words], [Objects] (and
// [Scoped]) and [Globals], and the functions that [FieldProvider] holds.
//
// Later features add providers and change nothing here. Providers never run the
// user's code, never start a dissection of more than the packet at hand and
// never block for long: what is not known yet is not suggested.
package completion

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// MaxSuggestions is how many suggestions [Completer.Complete] returns at most:
// go-prompt formats every one of them on every key.
const MaxSuggestions = 100

// Suggestion is one way to go on.
type Suggestion struct {
	// Text replaces Context.Word.
	Text string
	// Description is shown beside it: a type, a meaning, a count.
	Description string
	// Rank orders suggestions: lower first.
	Rank int
	// Key is what Context.Value is matched against; empty means Text. It
	// differs from Text where Text is quoted.
	Key string
}

func (s Suggestion) key() string {
	if s.Key != "" {
		return s.Key
	}
	return s.Text
}

// Provider suggests for the kinds of place it knows and returns nil for the
// others. It need not filter by Context.Value, but one that knows many
// thousands of words should. It returns early when ctx is done.
type Provider interface {
	Suggest(ctx context.Context, at Context) []Suggestion
}

// Completer merges what its providers suggest. The zero value suggests nothing.
type Completer struct {
	Grammar   Grammar
	Providers []Provider
	// Judge says what is known of a filter, for [Completer.Read]; nil for nothing.
	Judge func(ctx context.Context, filter string) Verdict
}

// Complete returns the suggestions for the cursor, a byte offset into text, and
// the byte offset where the word begins that a suggestion's Text replaces (it
// ends at the cursor). Text is the whole input, earlier lines of a block
// included. At most [MaxSuggestions] are returned, ordered by Rank, then
// by how well they match, then by Key; fuzzy matches are only returned when
// nothing begins with the word. Texts that cannot be typed (control characters)
// are left out, and descriptions are made visible and short, because both come
// from files and packets. A cursor outside text is moved to its nearest end.
func (c *Completer) Complete(ctx context.Context, text string, cursor int) (suggestions []Suggestion, start int) {
	at := c.Grammar.Parse(text, cursor)
	if at.Kind == KindNone {
		return nil, at.Start
	}
	var all []Suggestion
	for _, p := range c.Providers {
		if ctx.Err() != nil {
			return nil, at.Start
		}
		all = append(all, p.Suggest(ctx, at)...)
	}
	return rank(at.Value, all), at.Start
}

// rank filters suggestions by the word, removes duplicates, orders and cuts.
func rank(word string, all []Suggestion) []Suggestion {
	type scored struct {
		Suggestion
		how match
	}
	best := matchNone
	kept := make([]scored, 0, len(all))
	for _, s := range all {
		how := matchWord(word, s.key())
		if how == matchNone || !typeable(s.Text) {
			continue
		}
		best = min(best, how)
		kept = append(kept, scored{s, how})
	}
	if best == matchPrefix {
		kept = slices.DeleteFunc(kept, func(s scored) bool { return s.how != matchPrefix })
	}
	slices.SortStableFunc(kept, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.how, b.how), strings.Compare(a.key(), b.key()))
	})
	seen := make(map[string]int, min(len(kept), MaxSuggestions))
	var out []Suggestion
	for _, s := range kept {
		if i, ok := seen[s.Text]; ok {
			if out[i].Description == "" {
				out[i].Description = describe(s.Description)
			}
			continue
		}
		if len(out) == MaxSuggestions {
			break
		}
		seen[s.Text] = len(out)
		s.Description = describe(s.Description)
		out = append(out, s.Suggestion)
	}
	return out
}
