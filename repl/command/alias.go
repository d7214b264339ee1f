package command

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/repl/result"
)

// maxExpanded bounds the aliases that stand for each other in one line.
const maxExpanded = 20

// aliasName is what an alias may be called: what a Starlark variable may be.
var aliasName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

func aliasCommand(t *Table) *Command {
	return &Command{
		Name: "alias", Group: GroupSession, Raw: true, NoFunction: true,
		Args: []Arg{{Name: "NAME = LINE", Kinds: completion.ArgText, Optional: true}},
		Options: []Option{
			{Name: "forget", Value: "NAME", Help: "forget an alias", Kinds: completion.ArgText},
		},
		Summary: "give a line a name of its own: list, set, forget",
		Help: `Makes NAME stand for LINE, a command or Starlark; what is typed behind NAME is
put at its end. The = may be left out. alias alone lists them, alias NAME shows
one. An alias lasts as long as the session; one in rc.star is always there.

A variable of the same name goes before an alias, as it does before a command:
:NAME is the alias then.`,
		Examples: []Example{
			{"alias web = filter http || http2", "then: web"},
			{"alias big = ls --all | sort -k6n | tail", "with a shell command"},
			{"alias top = cap.count_by('ip.src')", "Starlark"},
			{"alias", "list them"},
			{"alias --forget web", "it is gone"},
		},
		Run: func(_ context.Context, st *State, in Input) (result.Result, error) {
			if name, ok := in.Options["forget"]; ok {
				return t.forgetAlias(name)
			}
			name, line := cutAlias(in.Raw)
			switch {
			case name == "":
				return t.listAliases(), nil
			case line == "":
				return t.showAlias(name)
			}
			return t.setAlias(st, name, line)
		},
	}
}

// cutAlias reads NAME = LINE and NAME LINE.
func cutAlias(raw string) (name, line string) {
	if before, after, ok := strings.Cut(raw, "="); ok && aliasName.MatchString(strings.TrimSpace(before)) && !strings.HasPrefix(after, "=") {
		return strings.TrimSpace(before), strings.TrimSpace(after)
	}
	name, line = cutSpace(raw)
	return name, strings.TrimSpace(line)
}

func (t *Table) setAlias(st *State, name, line string) (result.Result, error) {
	switch {
	case !aliasName.MatchString(name):
		return nil, fmt.Errorf("alias %s: a name of letters, digits and _ was wanted, then = and a line", name)
	case t.byName[name] != nil:
		return nil, fmt.Errorf("alias %s: %s is a command; another name was wanted", name, name)
	case completion.IsKeyword(name):
		return nil, fmt.Errorf("alias %s: %s is a word of Starlark; another name was wanted", name, name)
	case st.Defined != nil && st.Defined(name):
		return nil, fmt.Errorf("alias %s: %s is a variable or function already, and would no longer be; another name was wanted", name, name)
	}
	before, was := t.aliases[name]
	t.aliases[name] = line
	if _, err := t.Expand(name, func(string) bool { return false }); err != nil {
		if delete(t.aliases, name); was {
			t.aliases[name] = before
		}
		return nil, err
	}
	return nil, nil
}

func (t *Table) forgetAlias(name string) (result.Result, error) {
	if name == "*" {
		clear(t.aliases)
		return &result.Status{Line: "every alias is forgotten"}, nil
	}
	if _, err := t.showAlias(name); err != nil {
		return nil, err
	}
	delete(t.aliases, name)
	return &result.Status{Line: name + " is forgotten"}, nil
}

func (t *Table) showAlias(name string) (result.Result, error) {
	line, ok := t.aliases[name]
	if ok {
		return &result.Text{Lines: []string{name + " = " + line}}, nil
	}
	if near, ok := completion.Nearest(name, maps.Keys(t.aliases)); ok {
		return nil, fmt.Errorf("no alias %q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("no alias %q; `alias %s = LINE` makes one, alias lists them", name, name)
}

func (t *Table) listAliases() result.Result {
	if len(t.aliases) == 0 {
		return &result.Status{Line: "no alias; `alias NAME = LINE` makes one"}
	}
	var rows []result.Row
	for _, name := range t.Aliases() {
		rows = append(rows, result.Row{Cells: []string{name, t.aliases[name]}})
	}
	return listing([]result.Column{{Title: "Alias", Role: result.RoleName}, {Title: "Line", Flexible: true}}, rows)
}

// Aliases returns the names that the user gave lines, in order.
func (t *Table) Aliases() []string { return slices.Sorted(maps.Keys(t.aliases)) }

// Alias returns the line that a name stands for.
func (t *Table) Alias(name string) (line string, ok bool) {
	line, ok = t.aliases[name]
	return line, ok
}

// aliasHelp explains an alias: its line, and the command that this runs.
func (t *Table) aliasHelp(name string) ([]string, bool) {
	line, ok := t.aliases[name]
	if !ok {
		return nil, false
	}
	out := []string{fmt.Sprintf("%s is an alias of yours: %s", name, line)}
	if expanded, err := t.Expand(name, func(string) bool { return false }); err == nil {
		if c, _, ok, err := t.Split(expanded, func(string) bool { return false }); ok && err == nil {
			out = append(append(out, ""), c.helpLines()...)
		}
	}
	return out, true
}

// Expand returns a line with the alias that it begins with replaced by what that
// stands for, and the arguments behind it; the line itself when it begins with none.
// Whether a name is an alias is decided as for commands: what the user bound to a
// value (rebound) is none, but behind a colon.
func (t *Table) Expand(line string, rebound func(name string) bool) (string, error) {
	seen := map[string]bool{}
	for len(t.aliases) > 0 {
		trimmed := strings.TrimSpace(line)
		name, args, ok := completion.SplitCommand(trimmed, func(name string) bool {
			_, known := t.aliases[name]
			return known && !rebound(name)
		})
		stands, known := t.aliases[name]
		if !ok || !known {
			return line, nil
		}
		if seen[name] || len(seen) == maxExpanded {
			return "", fmt.Errorf("alias %s: it stands for itself, by way of %s", name, stands)
		}
		seen[name] = true
		line = strings.TrimSpace(stands + " " + strings.TrimSpace(trimmed[args:]))
	}
	return line, nil
}
