package completion

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDescription is how many runes of a description are kept: a field's value
// can be a megabyte, and every description is measured on every key.
const maxDescription = 120

// typeable reports whether text can be put into the user's line: names of files,
// members and values are written by others, and a control character or a
// bidirectional override among them would act on the terminal or make the line
// look like another one (CVE-2021-42574). There is no way to type those, so
// there is nothing to complete to.
func typeable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) < 0
}

// describe returns a description as one line of visible text, cut to
// maxDescription; what is not visible is shown as U+FFFD.
func describe(text string) string {
	if len(text) > maxDescription {
		n := 0
		for i := range text {
			if n++; n == maxDescription {
				text = text[:i] + "…"
				break
			}
		}
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}
