package completion

import (
	"slices"
	"sort"
	"strings"

	"pktsh/dissect"
)

// This file finds fields by the words of their labels. The labels of a catalogue are
// one text, in which a word is found in a millisecond; going through a quarter of a
// million entries takes thirty.

// labelIndex is the labels of one catalogue.
type labelIndex struct {
	of *dissect.Catalogue
	// text is all labels in lower case, each behind a line end.
	text string
	// starts is where each begins, by the field's place in the catalogue.
	starts []int
}

// minLabelWord is how long a word must be to be looked for in labels, and
// maxLabelled how many fields are taken: they are sorted.
const (
	minLabelWord = 3
	maxLabelled  = 2_000
)

// byLabel returns the fields and protocols that have a word in their labels which
// begins with word.
func (p *FieldProvider) byLabel(cat *dissect.Catalogue, word string) []Suggestion {
	if len(word) < minLabelWord || strings.Contains(word, ".") {
		return nil
	}
	x := p.labelsOf(cat)
	fields, lower := cat.All(), strings.ToLower(word)
	var out []Suggestion
	for at := 0; len(out) < maxLabelled; {
		i := strings.Index(x.text[at:], lower)
		if i < 0 {
			break
		}
		at += i
		if before := x.text[at-1]; isLetterOrDigit(before) {
			at += len(lower)
			continue
		}
		n := sort.SearchInts(x.starts, at+1) - 1
		found := fieldSuggestion(fields[n], rankThird)
		found.Key = word // it is the label that matches
		out = append(out, found)
		if n+1 == len(x.starts) {
			break
		}
		at = x.starts[n+1]
	}
	return slices.Clip(out)
}

func isLetterOrDigit(b byte) bool {
	return 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b >= 0x80
}

// labelsOf returns the index of a catalogue, which is made once.
func (p *FieldProvider) labelsOf(cat *dissect.Catalogue) *labelIndex {
	if x := p.labels.Load(); x != nil && x.of == cat {
		return x
	}
	x := &labelIndex{of: cat, starts: make([]int, 0, cat.Len())}
	var text strings.Builder
	for _, f := range cat.All() {
		text.WriteByte('\n')
		x.starts = append(x.starts, text.Len())
		text.WriteString(strings.ToLower(strings.ReplaceAll(f.Label, "\n", " ")))
	}
	x.text = text.String()
	p.labels.Store(x)
	return x
}
