package completion

import (
	"iter"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate that word was most likely meant to be: the one
// at the least edit distance (case ignored), the first of equals. It reports
// false when none is near: more than a third of the word's length away, or one
// edit for words of up to three runes. An exact match is no suggestion and is
// passed over.
func Nearest(word string, candidates iter.Seq[string]) (string, bool) {
	lower := strings.ToLower(word)
	limit := max(1, len(lower)/3)
	best, bestDistance := "", limit+1
	for c := range candidates {
		// The distance is at least the difference in length, which is cheaper.
		if d := len(c) - len(lower); d >= bestDistance || -d >= bestDistance || c == word {
			continue
		}
		if d := levenshtein.ComputeDistance(lower, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, bestDistance <= limit
}
