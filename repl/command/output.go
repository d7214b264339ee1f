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

// Format is the data format that --output asks for, "" for a table.
func (in Input) Format() (string, error) {
	f, given := in.Options["output"]
	switch {
	case !given || f == formatTable:
		return "", nil
	case !slices.Contains(formats(), f):
		return "", fmt.Errorf("--output %s: it is one of %s", f, strings.Join(formats(), ", "))
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
