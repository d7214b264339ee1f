package filter

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the name in fields that a misspelt one probably means, or "".
func nearest(name string, fields Fields) string {
	lower := strings.ToLower(name)
	if _, ok := fields.Lookup(lower); ok {
		return lower
	}
	protocol, _, dotted := strings.Cut(lower, ".")
	prefix := protocol
	if dotted {
		if _, ok := fields.Lookup(protocol); !ok {
			// The protocol is what is misspelt, perhaps.
			if near := nearest(protocol, fields); near != "" {
				if _, ok := fields.Lookup(near + lower[len(protocol):]); ok {
					return near + lower[len(protocol):]
				}
			}
			return ""
		}
		prefix += "."
	} else if prefix != "" {
		prefix = prefix[:1]
	}
	best, bestDistance := "", max(2, len(name)/4)+1
	for _, f := range fields.Prefix(prefix) {
		if !dotted && strings.Contains(f.Name, ".") {
			continue
		}
		if d := len(f.Name) - len(name); d >= bestDistance || -d >= bestDistance {
			continue
		}
		if d := levenshtein.ComputeDistance(lower, f.Name); d < bestDistance {
			best, bestDistance = f.Name, d
		}
	}
	return best
}
