package command

import (
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/repl/result"
)

// This file is --output, the option of every command that answers with rows.

const formatTable = "table"

// formats are the values of --output.
func formats() []string { return []string{formatTable, "json", "csv", "markdown"} }

func outputOption() Option {
	return Option{
		Name: "output", Value: "FORMAT", Kinds: completion.ArgChoice, Choices: formats(),
		Help: "table, or as data: json, csv or markdown",
	}
}

// Format is the data format that --output asks of a command, "" for a table. Where a
// command does not answer with rows the option is another.
func (c *Command) Format(in Input) (string, error) {
	f, given := in.Options["output"]
	switch {
	case !c.Rows || !given || f == formatTable:
		return "", nil
	case !slices.Contains(formats(), f):
		return "", fmt.Errorf("%s: --output %s: it is one of %s", c.Name, f, strings.Join(formats(), ", "))
	}
	return f, nil
}

// As is a result in a data format; "" leaves it as it is.
func As(r result.Result, format string) result.Result {
	if format == "" || r == nil {
		return r
	}
	return &result.Data{Result: r, Format: format}
}
