// Package completion answers what may stand at the cursor: from the line, the
// cursor and what the session knows to a ranked list of suggestions.
//
// One [Completer] asks a list of [Provider]s. A provider looks at the
// [Context] (the whole input, split by [Parse] into what kind of place the
// cursor is in) and returns suggestions for the kinds of place it knows. Later
// features add providers and change nothing here. Providers never run the
// user's code, never start a dissection and never block: what is not known yet
// is not suggested.
package completion

// Suggestion is one way to go on.
type Suggestion struct {
	// Text replaces Context.Word.
	Text string
	// Description is shown beside it: a type, a meaning, a count.
	Description string
	// Rank orders suggestions: lower first, equal ranks by Text.
	Rank int
}

// Provider suggests for the kinds of place it knows and returns nil for the others.
type Provider interface {
	Suggest(ctx Context) []Suggestion
}
