package wireshark

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// didYouMean returns ` (did you mean "x"?)` for the name nearest to got, or ""
// when none is near. The nearest is the one with the smallest edit distance; of
// equally near ones, one with the same first letter, then the first in
// alphabetical order.
func didYouMean(got string, names []string) string {
	best, bestDistance := "", 1+min(3, (len(got)+1)/2)
	for _, name := range names {
		if diff := len(name) - len(got); diff > bestDistance || -diff > bestDistance {
			continue
		}
		d := levenshtein.ComputeDistance(got, name)
		if d < bestDistance || d == bestDistance && best != "" && nearer(got, name, best) {
			best, bestDistance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// nearer decides between names of the same edit distance.
func nearer(got, name, best string) bool {
	a, b := sameStart(got, name), sameStart(got, best)
	if a != b {
		return a
	}
	return name < best
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
