package completion

import (
	"context"
	"strings"
)

// CommandProvider suggests commands' names, for the first word and wherever one
// is an argument, and the options and fixed words of a command.
type CommandProvider struct {
	Commands Commands
}

// The ranks of this package's providers: what a place is first of all for comes
// before what may stand there as well.
const (
	rankFirst  = 0
	rankSecond = 10
	rankThird  = 20
	rankLast   = 30
)

// Suggest implements [Provider].
func (p CommandProvider) Suggest(_ context.Context, at Context) []Suggestion {
	var out []Suggestion
	switch {
	case at.Kind == KindCommandName, at.Kind == KindArgument && at.Wants(ArgCommand):
		out = p.names(at)
	}
	if at.Kind != KindArgument {
		return out
	}
	if at.Wants(ArgChoice) {
		for i, word := range at.Choices {
			// Choices keep their order, which is the record's.
			out = append(out, Suggestion{Text: word, Rank: rankFirst - len(at.Choices) + i})
		}
	}
	if at.Wants(ArgOption) {
		for _, o := range at.Command.Options {
			out = append(out, Suggestion{Text: o.Name, Description: o.Help, Rank: rankLast})
		}
	}
	return out
}

// names returns the commands' names. A name that the user rebound is only
// offered where nothing but a command can stand.
func (p CommandProvider) names(at Context) []Suggestion {
	if p.Commands == nil {
		return nil
	}
	var out []Suggestion
	for c := range p.Commands.All() {
		if at.Kind == KindCommandName && !at.CommandOnly && p.Commands.Rebound(c.Name) {
			continue
		}
		out = append(out, Suggestion{Text: c.Name, Description: firstLine(c.Help), Rank: rankFirst})
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
