package filter

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the name in fields that a misspelt one probably means, or "".
// Two neighbouring letters swapped are the likeliest slip: dsn is dns, not dsi.
// A name of two letters is near to too many others to mean one of them, unless
// it begins one; a single letter means nothing.
func nearest(name string, fields Fields) string {
	lower := strings.ToLower(name)
	if _, ok := fields.Lookup(lower); ok {
		return lower
	}
	if near := swapped(lower, fields); near != "" || len(lower) < 2 {
		return near
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
	limit := 1
	if len(name) > 5 {
		limit = max(2, len(name)/4)
	}
	best, bestDistance, bestShared := "", limit+1, 0
	for _, f := range fields.Prefix(prefix) {
		if !dotted && strings.Contains(f.Name, ".") || len(lower) == 2 && !strings.HasPrefix(f.Name, lower) {
			continue
		}
		if d := len(f.Name) - len(name); d > bestDistance || -d > bestDistance {
			continue
		}
		// Of two that are as near, the one that begins alike: htp is http, not hip.
		d, shared := levenshtein.ComputeDistance(lower, f.Name), sharedPrefix(lower, f.Name)
		if d < bestDistance || d == bestDistance && best != "" && shared > bestShared {
			best, bestDistance, bestShared = f.Name, d, shared
		}
	}
	return best
}

// sharedPrefix is how many bytes two names have in common at their beginnings.
func sharedPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// swapped returns the field that name is when two of its neighbours change places, or "".
func swapped(name string, fields Fields) string {
	letters := []byte(name)
	for i := range len(letters) - 1 {
		letters[i], letters[i+1] = letters[i+1], letters[i]
		if f, ok := fields.Lookup(string(letters)); ok {
			return f.Name
		}
		letters[i], letters[i+1] = letters[i+1], letters[i]
	}
	return ""
}
