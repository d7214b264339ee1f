package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pktsh/completion"
	"pktsh/repl/result"
)

// This file holds the commands that run other lines: source, time, watch, edit.

func sourceCommand() *Command {
	return &Command{
		Name: "source", Group: GroupSession,
		Args: []Arg{
			{Name: "FILE", Kinds: completion.ArgFile},
			{Name: "ARGUMENT", Kinds: completion.ArgFile, Optional: true, Repeated: true},
		},
		Summary: "run a file of commands and Starlark in this session",
		Help: `Runs the lines of a file as if they were typed here: what it defines stays.
Its arguments are the list argv meanwhile. The first error ends the file, and is
told with its line.`,
		Examples: []Example{
			{"source hosts.star", "the functions in it are there from now on"},
			{"source report.star dns 10", "argv is ['dns', '10'] in it"},
		},
		Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
			return nil, st.Source(ctx, in.Words[0], in.Words[1:])
		},
	}
}

func timeCommand() *Command {
	return &Command{
		Name: "time", Group: GroupSession, Raw: true, NoFunction: true,
		Args:    []Arg{{Name: "LINE", Kinds: completion.ArgText}},
		Summary: "run a line and say how long it took",
		Help: `Runs a command or a line of Starlark and says how long it took, on standard
error. explain says who answers a filter.`,
		Examples: []Example{
			{"time filter http", "a filter"},
			{"time cap.count_by('ip.src')", "Starlark"},
		},
		Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
			if in.Raw == "" {
				return nil, errors.New("time: a line was wanted: time filter http")
			}
			return nil, st.Time(ctx, in.Raw)
		},
	}
}

// defaultInterval is how often watch runs its line.
const defaultInterval = 2 * time.Second

// shortestInterval is the least time between two runs.
const shortestInterval = 100 * time.Millisecond

func watchCommand() *Command {
	return &Command{
		Name: "watch", Group: GroupSession, Raw: true, NoFunction: true,
		Args: []Arg{{Name: "[INTERVAL] LINE", Kinds: completion.ArgText}},
		Options: []Option{
			{Name: "count", Value: "N", Help: "end after N times", Kinds: completion.ArgText},
		},
		Summary: "run a line again and again",
		Help: `Runs a command or a line of Starlark every two seconds, or every INTERVAL
(500ms, 2s, 1m), until Ctrl-C. A terminal shows the last answer in place;
elsewhere the answers follow each other, each under the time.`,
		Examples: []Example{
			{"watch 1s status", "every second"},
			{"watch cap.count_by('ip.src')", "of a capture that grows"},
			{"watch --count 3 10s ls --tail 5", "three times"},
		},
		Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
			every, line, err := interval(in.Raw)
			if err != nil {
				return nil, err
			}
			count := 0
			if text, ok := in.Options["count"]; ok {
				if count, err = strconv.Atoi(text); err != nil || count < 1 {
					return nil, fmt.Errorf("watch --count %s: a number from 1 was wanted", text)
				}
			}
			return nil, st.Watch(ctx, every, count, line)
		},
	}
}

// interval takes the interval off the front of a line: "500ms", "2s", "2", "1m30s".
func interval(raw string) (every time.Duration, line string, err error) {
	word, rest := cutSpace(raw)
	every, err = time.ParseDuration(word)
	if err != nil {
		var seconds float64
		if seconds, err = strconv.ParseFloat(word, 64); err == nil {
			every = time.Duration(seconds * float64(time.Second))
		}
	}
	line = strings.TrimSpace(rest)
	if err != nil { // it is the line's own first word
		every, line = defaultInterval, raw
	}
	switch {
	case line == "":
		return 0, "", errors.New("watch: a line was wanted: watch 2s status")
	case every < shortestInterval:
		return 0, "", fmt.Errorf("watch %s: an interval of %s or more was wanted", word, shortestInterval)
	}
	return every, line, nil
}

func editCommand() *Command {
	return &Command{
		Name: "edit", Group: GroupSession, NoFunction: true,
		Args:    []Arg{{Name: "FUNCTION", Kinds: completion.ArgText, Optional: true}},
		Summary: "write the last input, or a function, in your editor, and run it",
		Help: `Opens $VISUAL or $EDITOR on what was typed last, or on the function of that
name, and runs what it is when the editor ends. What was not changed is not run.
A name that is no function yet begins one. Ctrl-X Ctrl-E does the same for the
line that is being typed.`,
		Examples: []Example{
			{"edit", "the last input"},
			{"edit show_hosts", "a function of yours"},
		},
		Run: runEdit,
	}
}

func runEdit(ctx context.Context, st *State, in Input) (result.Result, error) {
	if st.Edit == nil {
		return nil, errors.New("edit: there is no terminal for an editor; source FILE runs a file")
	}
	text := st.lastInput()
	if len(in.Words) > 0 {
		name := in.Words[0]
		if !aliasName.MatchString(name) {
			return nil, fmt.Errorf("edit %s: the name of a function was wanted", name)
		}
		known := false
		if text, known = st.FunctionSource(name); !known {
			if st.Defined(name) {
				return nil, fmt.Errorf("edit %s: it is no function that was typed here or sourced; a file of load()'s is edited as a file", name)
			}
			text = "def " + name + "(p):\n    "
		}
	}
	edited, err := st.Edit(ctx, text)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(edited) == "":
		return &result.Status{Line: "nothing is left: nothing was run"}, nil
	case edited == text:
		return &result.Status{Line: "nothing was changed: nothing was run"}, nil
	}
	return nil, st.Input(ctx, edited)
}

// lastInput is what was typed before this edit, "" for nothing.
func (st *State) lastInput() string {
	history := st.History()
	for i := len(history) - 1; i >= 0; i-- {
		if word, _ := cutSpace(strings.TrimPrefix(strings.TrimSpace(history[i]), ":")); word != "edit" && word != "" {
			return history[i]
		}
	}
	return ""
}
