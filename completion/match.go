package completion

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// match says how a word matches a candidate; lower is better.
type match uint8

const (
	matchPrefix     match = iota // the candidate begins with the word
	matchFoldPrefix              // it does when case is ignored
	matchFuzzy                   // its runes hold the word's in order, case ignored
	matchNone
)

// matchWord says how well word matches candidate.
func matchWord(word, candidate string) match {
	switch {
	case strings.HasPrefix(candidate, word):
		return matchPrefix
	case len(candidate) >= len(word) && strings.EqualFold(candidate[:len(word)], word):
		return matchFoldPrefix
	case subsequence(word, candidate):
		return matchFuzzy
	}
	return matchNone
}

// subsequence reports whether the runes of word stand in candidate in this
// order, whatever stands between them, case ignored.
func subsequence(word, candidate string) bool {
	i := 0
	for _, r := range candidate {
		if i == len(word) {
			return true
		}
		w, size := utf8.DecodeRuneInString(word[i:])
		if unicode.ToLower(r) == unicode.ToLower(w) {
			i += size
		}
	}
	return i == len(word)
}
