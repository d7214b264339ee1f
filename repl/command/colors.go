package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	_ "embed"

	"pktsh/engine"
	"pktsh/repl/result"
)

// This file is set colors: Wireshark's colouring rules.

// ColorFiles is where colouring rules are kept.
type ColorFiles struct {
	// Own is the user's file for pktsh; "" for none.
	Own string
	// Wireshark are those of the user's Wireshark, the personal one first, then the
	// installation's.
	Wireshark []string
}

// defaultColorRules are pktsh's own rules, with the meaning of Wireshark's.
//
//go:embed colorfilters
var defaultColorRules string

func colorsSetting() setting {
	return setting{
		name: "colors", values: "default wireshark off, a file", meaning: "which colouring rules the rows of ls have",
		choices: [][2]string{
			{wordDefault, "your file for pktsh, or else pktsh's own rules"}, {"wireshark", "those of your Wireshark profile"},
			{wordOff, "rows are not coloured"},
		},
		get: func(st *State) string { return st.Settings.ColorsFrom },
		set: func(_ context.Context, st *State, value string) (result.Result, error) {
			if err := st.Settings.loadColors(value); err != nil {
				return nil, fmt.Errorf("set colors %s: %w", value, err)
			}
			if value == wordOff {
				return nil, nil
			}
			return &result.Status{Line: fmt.Sprintf("colors is %s: %s", value, ruleCount(st.Settings.Colors.Rules()))}, nil
		},
	}
}

func ruleCount(rules []engine.ColorRule) string {
	off := 0
	for _, r := range rules {
		if r.Disabled {
			off++
		}
	}
	line := fmt.Sprintf("%d rules", len(rules))
	if off > 0 {
		line += fmt.Sprintf(", %d of them disabled", off)
	}
	return line
}

// loadColors reads the rules that a value of set colors names. When they cannot be
// read nothing changes.
func (s *Settings) loadColors(from string) error {
	var text string
	var err error
	switch from {
	case wordOff:
		s.Colors, s.ColorsFrom = nil, wordOff
		return nil
	case wordDefault:
		text, err = readFirst(s.ColorFiles.Own)
		if errors.Is(err, fs.ErrNotExist) {
			text, err = defaultColorRules, nil
		}
	case "wireshark":
		text, err = readFirst(s.ColorFiles.Wireshark...)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no file of colouring rules at %s", strings.Join(s.ColorFiles.Wireshark, " or "))
		}
	default:
		text, err = readFirst(ExpandHome(from))
	}
	if err != nil {
		return err
	}
	rules, err := engine.ParseColorRules(strings.NewReader(text))
	if err != nil {
		return err
	}
	s.Colors, s.ColorsFrom = engine.NewColorRules(rules), from
	return nil
}

// readFirst reads the first of some files that is there.
func readFirst(files ...string) (string, error) {
	for _, f := range files {
		if f == "" {
			continue
		}
		text, err := os.ReadFile(f)
		if !errors.Is(err, fs.ErrNotExist) {
			return string(text), err
		}
		if len(files) == 1 {
			return "", err
		}
	}
	return "", fs.ErrNotExist
}
