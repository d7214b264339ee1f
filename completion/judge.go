package completion

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// FilterJudge says of a filter whether Wireshark takes it, without asking it: by
// our own parser and the catalogue. It is silent where these are not sure.
type FilterJudge struct {
	// Catalogue returns the fields, nil while they are not loaded.
	Catalogue func() *dissect.Catalogue
	// Expand puts saved filters in their places; nil for none. Its error is an
	// error about the filter as it is written.
	Expand func(expr string) (string, error)
	// Open says that there may be fields that the catalogue does not have; nil
	// means that there are none.
	Open func() bool
}

var (
	// argument is one of a saved filter's, which only has a value where it is used.
	argument = regexp.MustCompile(`\$[0-9]`)
	// shortYear is a time that Wireshark reads as one of the year 19.
	shortYear = regexp.MustCompile(`^"?[0-9]{2}-`)
)

// Judge is for Completer.Judge.
func (j FilterJudge) Judge(_ context.Context, expr string) Verdict {
	cat := j.Catalogue()
	if cat == nil || argument.MatchString(expr) {
		return Verdict{}
	}
	text := expr
	if j.Expand != nil {
		var err error
		if text, err = j.Expand(expr); err != nil {
			return verdict(err, expr, expr)
		}
	}
	if strings.Contains(text, "${") { // the current packet says what it is
		return Verdict{}
	}
	_, err := filter.Compile(text, cat)
	if err == nil {
		for _, t := range filter.Tokens(text) {
			if t.Op == "^^" { // ours has it, Wireshark's from 4.2 on
				return Verdict{}
			}
		}
		return Verdict{Known: true, End: len(expr)}
	}
	var fe *filter.Error
	if errors.As(err, &fe) && fe.Field != "" && j.Open != nil && j.Open() {
		return Verdict{}
	}
	return verdict(err, expr, text)
}

// verdict is that of an error about text, which expr became.
func verdict(err error, expr, text string) Verdict {
	var fe *filter.Error
	if !errors.As(err, &fe) || fe.NeedsWireshark {
		return Verdict{}
	}
	problem := fe.Message
	if fe.Suggestion != "" {
		problem += " (" + fe.Suggestion + ")"
	}
	v := Verdict{Known: true, Problem: describe(problem), Start: -1}
	if expr == text && fe.Offset >= 0 && fe.Offset <= len(expr) {
		v.Start, v.End = fe.Offset, min(fe.Offset+fe.Length, len(expr))
		if shortYear.MatchString(expr[v.Start:v.End]) {
			return Verdict{}
		}
	}
	return v
}
