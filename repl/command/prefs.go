package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func prefsCommand() *Command {
	return &Command{
		Name: "prefs", Group: GroupSettings, Rows: true,
		Args: []Arg{
			{Name: "PATTERN", Kinds: completion.ArgPreference, Optional: true},
			{Name: "VALUE", Kinds: completion.ArgSettingValue, Optional: true, Repeated: true},
		},
		Options: []Option{{Name: "unset", Value: "NAME", Kinds: completion.ArgPreference, Help: "give a preference its default again; * for all"}},
		Summary: "Wireshark's preferences: list, set, unset",
		Help: `Lists the preferences that are set here; with a pattern, those of Wireshark's
that match it; with a whole name, all about that one. A value behind the name
sets it; NAME:VALUE does too, as tshark's -o takes it (uat:TABLE:RECORD adds a
record to a table).` + settingsHelp,
		Examples: []Example{
			{"prefs tcp.*stream*", "the preferences with such names"},
			{"prefs tcp.desegment_tcp_streams", "what it does and what it takes"},
			{"prefs tcp.desegment_tcp_streams FALSE", "set it"},
			{"prefs --unset tcp.desegment_tcp_streams", "back to the default"},
			{"prefs", "what is set"},
		},
		Run: runPrefs,
	}
}

func runPrefs(ctx context.Context, st *State, in Input) (result.Result, error) {
	if name, ok := in.Options["unset"]; ok {
		if len(in.Words) > 0 {
			return nil, errors.New("prefs: --unset NAME takes nothing else")
		}
		return st.unsetPreference(ctx, name)
	}
	switch {
	case len(in.Words) == 0:
		return st.setPreferences(ctx)
	case len(in.Words) > 1:
		return st.setPreference(ctx, in.Words[0], strings.Join(in.Words[1:], " "))
	}
	if name, value, ok := strings.Cut(in.Words[0], ":"); ok {
		return st.setPreference(ctx, name, value)
	}
	return st.matchingPreferences(ctx, in.Words[0])
}

// preferenceName is the name of an entry "name:value".
func preferenceName(entry string) string {
	name, _, _ := strings.Cut(entry, ":")
	return strings.TrimSpace(name)
}

func (st *State) setPreference(ctx context.Context, name, value string) (result.Result, error) {
	return st.reconfigure(ctx, name+" is "+value, func(cfg *engine.Dissection) {
		if name != "uat" { // each adds a record
			cfg.Preferences = slices.DeleteFunc(cfg.Preferences, func(e string) bool { return preferenceName(e) == name })
		}
		cfg.Preferences = append(cfg.Preferences, name+":"+value)
	})
}

func (st *State) unsetPreference(ctx context.Context, name string) (result.Result, error) {
	is := func(entry string) bool { return name == "*" || preferenceName(entry) == name }
	now := st.dissection().Preferences
	if !slices.ContainsFunc(now, is) {
		names := make([]string, len(now))
		for i, entry := range now {
			names[i] = preferenceName(entry)
		}
		return nil, fmt.Errorf("prefs: %s is not set here%s", name, nearest(name, names))
	}
	return st.reconfigure(ctx, unsetText(name), func(cfg *engine.Dissection) {
		cfg.Preferences = slices.DeleteFunc(cfg.Preferences, is)
	})
}

// nearest is the end of an error: the name that may have been meant.
func nearest(got string, names []string) string {
	if near, ok := completion.Nearest(got, slices.Values(names)); ok {
		return "; did you mean " + near + "?"
	}
	return ""
}

// setPreferences lists what is set.
func (st *State) setPreferences(ctx context.Context) (result.Result, error) {
	set := st.dissection().Preferences
	const none = "no preference is set here; `prefs PATTERN` lists Wireshark's"
	if len(set) == 0 {
		return listingOr(none, preferenceColumns(), nil), nil // Wireshark is not asked for that
	}
	known, err := st.Session.Preferences(ctx)
	if err != nil {
		return nil, err
	}
	var rows []result.Row
	for _, entry := range set {
		name, value, _ := strings.Cut(entry, ":")
		p, _ := preferenceNamed(known, name)
		rows = append(rows, result.Row{Cells: []string{name, value, p.Default, firstLine(p.Description)}})
	}
	return listingOr(none, preferenceColumns(), rows), nil
}

func preferenceColumns() []result.Column {
	return []result.Column{{Title: "Preference", Role: result.RoleName}, {Title: "Value"}, {Title: "Default", Role: result.RoleDim}, {Title: "What it does", Flexible: true}}
}

func preferenceNamed(all []engine.Preference, name string) (engine.Preference, bool) {
	i, ok := slices.BinarySearchFunc(all, name, func(p engine.Preference, name string) int { return strings.Compare(p.Name, name) })
	if !ok {
		return engine.Preference{}, false
	}
	return all[i], true
}

// matchingPreferences lists Wireshark's preferences that match a pattern, or tells
// all about the one that has that name.
func (st *State) matchingPreferences(ctx context.Context, pattern string) (result.Result, error) {
	known, err := st.Session.Preferences(ctx)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, entry := range st.dissection().Preferences {
		name, value, _ := strings.Cut(entry, ":")
		values[name] = value
	}
	if p, ok := preferenceNamed(known, pattern); ok {
		return describePreference(p, values), nil
	}
	matches, err := matcher(pattern)
	if err != nil {
		return nil, fmt.Errorf("prefs: %w", err)
	}
	var rows []result.Row
	names := make([]string, 0, len(known))
	for _, p := range known {
		names = append(names, p.Name)
		if matches(p.Name) {
			rows = append(rows, result.Row{Cells: []string{p.Name, valueOf(p, values), p.Default, firstLine(p.Description)}})
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("prefs: no preference matches %s%s", pattern, nearest(pattern, names))
	}
	return listing(preferenceColumns(), rows), nil
}

// valueOf is a preference's value: what is set, or else the default.
func valueOf(p engine.Preference, set map[string]string) string {
	if v, ok := set[p.Name]; ok {
		return v
	}
	return p.Default
}

// describePreference tells all about a preference.
func describePreference(p engine.Preference, set map[string]string) result.Result {
	takes := p.Kind
	if len(p.Choices) > 0 {
		takes = "one of " + strings.Join(p.Choices, ", ")
	}
	rows := [][2]string{{"preference", p.Name}, {"value", valueOf(p, set)}, {"default", p.Default}, {"takes", takes}}
	for i, line := range strings.Split(p.Description, "\n") {
		title := ""
		if i == 0 {
			title = "what it does"
		}
		rows = append(rows, [2]string{title, line})
	}
	return pairs(rows)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
