package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

// This file is set and reset: how things are shown.

// Settings are how things are shown. What is Wireshark's to know (names) and the
// engine's (the time format) is kept there.
type Settings struct {
	// Color is auto, always or never.
	Color string
	// Theme is the roles' colours: plain, dark or light.
	Theme string
	// Pager is "on" for $PAGER or less, "off", or a shell command.
	Pager string
	// Rows are how many a page of ls has; 0 for what fits on the screen.
	Rows int
	// Colors are the colouring rules of rows; nil for none. ColorsFrom is where they
	// come from, as set colors names it.
	Colors     *engine.ColorRules
	ColorsFrom string

	// ColorFiles is where colouring rules are kept.
	ColorFiles ColorFiles
	// File keeps the settings between sessions; "" means nothing does.
	File string

	// start are the values by name that reset goes back to.
	start map[string]string
}

// The settings' words.
const (
	wordAuto    = "auto"
	wordAlways  = "always"
	wordNever   = "never"
	wordOn      = "on"
	wordOff     = "off"
	wordDefault = "default"
	themePlain  = "plain"
)

// NewSettings returns the settings that a session begins with; color is that of the
// command line.
func NewSettings(session *engine.Session, color string, files ColorFiles) (*Settings, error) {
	s := &Settings{Color: color, Theme: themePlain, Pager: wordOn, ColorFiles: files}
	if s.Color == "" {
		s.Color = wordAuto
	}
	err := s.loadColors(wordDefault)
	st := &State{Session: session, Settings: s}
	s.start = map[string]string{}
	for _, x := range settings() {
		s.start[x.name] = x.get(st)
	}
	return s, err
}

// setting is one thing that set sets.
type setting struct {
	name, values, meaning string
	// choices are for completion: values and what they mean.
	choices [][2]string
	get     func(st *State) string
	// set changes it, and answers with what there is to say besides the new value.
	set func(ctx context.Context, st *State, value string) (result.Result, error)
}

// settings are all of them, in the order in which set lists them.
func settings() []setting {
	return []setting{
		timeSetting(), namesSetting(), colorSetting(), colorsSetting(), themeSetting(), pagerSetting(), rowsSetting(),
	}
}

func settingNamed(name string) (setting, error) {
	var names []string
	for _, s := range settings() {
		if s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	err := fmt.Sprintf("there is no setting %q; it is one of %s", name, strings.Join(names, ", "))
	if near, ok := completion.Nearest(name, slices.Values(names)); ok {
		err = fmt.Sprintf("there is no setting %q; did you mean %s?", name, near)
	}
	return setting{}, errors.New(err)
}

func setCommands() []*Command {
	return []*Command{
		{
			Name: "set", Group: GroupSettings, NoFunction: true, Rows: true,
			Args: []Arg{
				{Name: "NAME", Kinds: completion.ArgSetting, Optional: true},
				{Name: "VALUE", Kinds: completion.ArgSettingValue, Optional: true, Repeated: true},
			},
			Options: []Option{{Name: "save", Help: "keep the settings and columns for the sessions to come"}},
			Summary: "show or change how things are shown",
			Help: `Alone it lists the settings with their values, what they mean and the values
that they had at the start. With a name it tells all of that one, with a value
it changes it until the session ends. --save keeps them, and the columns, for
sessions at a terminal to come; scripts begin with the defaults. prefs,
protocols, decode_as and keys set what Wireshark's dissectors do, columns what
ls lists, engine who answers.`,
			Examples: []Example{
				{"set", "all of them"},
				{"set time ad", "times with the date, as tshark -t ad"},
				{"set time utc", "UTC time of day"},
				{"set names mt", "names of MAC addresses and ports, as tshark -N mt"},
				{"set pager off", "nothing goes through the pager"},
				{"set colors wireshark", "the colouring rules of your Wireshark profile"},
				{"set --save", "the next session begins with all that"},
			},
			Run: runSet,
		},
		{
			Name: "reset", Group: GroupSettings,
			Args:    []Arg{{Name: "NAME", Kinds: completion.ArgSetting, Optional: true}},
			Summary: "a setting, or all of them and the columns, as they were at the start",
			Help: `Gives a setting the value that the session began with; without a name all of
them, and the columns.`,
			Examples: []Example{{"reset time", "one"}, {"reset", "everything that set and columns changed"}},
			Run:      runReset,
		},
		engineCommand(),
	}
}

func runSet(ctx context.Context, st *State, in Input) (result.Result, error) {
	switch n := len(in.Words); {
	case in.Has("save") && n > 0:
		return nil, errors.New("set: --save keeps what is set; set it first, then `set --save`")
	case in.Has("save"):
		return st.saveSettings()
	case n == 0:
		return settingsTable(st), nil
	case n == 1:
		s, err := settingNamed(in.Words[0])
		if err != nil {
			return nil, err
		}
		return s.facts(st), nil
	}
	s, err := settingNamed(in.Words[0])
	if err != nil {
		return nil, err
	}
	return st.change(ctx, s, strings.Join(in.Words[1:], " "))
}

// change gives a setting a value and says what it is now.
func (st *State) change(ctx context.Context, s setting, value string) (result.Result, error) {
	r, err := s.set(ctx, st, value)
	if err != nil || r != nil {
		return r, err
	}
	return &result.Status{Line: s.name + " is " + s.get(st)}, nil
}

// facts tells all of one setting.
func (s setting) facts(st *State) result.Result {
	rows := [][2]string{{"value", s.get(st)}, {"default", st.Settings.start[s.name]}, {"meaning", s.meaning}}
	for _, c := range s.choices {
		rows = append(rows, [2]string{"  " + c[0], c[1]})
	}
	return pairs(rows)
}

func settingsTable(st *State) result.Result {
	var rows []result.Row
	for _, s := range settings() {
		rows = append(rows, result.Row{Cells: []string{s.name, s.get(st), st.Settings.start[s.name], s.values, s.meaning}})
	}
	return listing([]result.Column{
		{Title: "Setting", Role: result.RoleName},
		{Title: "Value", Shrinks: true},
		{Title: "Default", Role: result.RoleDim, Yields: 3},
		{Title: "Values", Shrinks: true, Yields: 2},
		{Title: "Meaning", Flexible: true},
	}, rows)
}

func runReset(ctx context.Context, st *State, in Input) (result.Result, error) {
	if len(in.Words) > 0 {
		if in.Words[0] == "columns" {
			st.Columns = nil
			return columnsStatus(st.listed()), nil
		}
		s, err := settingNamed(in.Words[0])
		if err != nil {
			return nil, err
		}
		return st.change(ctx, s, st.Settings.start[s.name])
	}
	st.Columns = nil
	for _, s := range settings() {
		if start := st.Settings.start[s.name]; start != s.get(st) {
			if _, err := s.set(ctx, st, start); err != nil {
				return nil, err
			}
		}
	}
	return &result.Status{Line: "the settings and the columns are as they were at the start"}, nil
}

// changed are the lines that make the settings and columns as they are now, out of
// those that a session begins with.
func (st *State) changed() []string {
	var out []string
	for _, s := range settings() {
		if now := s.get(st); now != st.Settings.start[s.name] {
			out = append(out, "set "+s.name+" "+now)
		}
	}
	if st.Columns != nil {
		out = append(out, "columns "+columnNames(st.Columns))
	}
	return out
}

// saveSettings writes them to the file that sessions begin with.
func (st *State) saveSettings() (result.Result, error) {
	path := st.Settings.File
	if path == "" {
		return nil, errors.New("set --save: there is no file for settings in this session")
	}
	lines := st.changed()
	text := "# Written by set --save; sessions at a terminal begin with it, before rc.star.\n" + strings.Join(append(lines, ""), "\n")
	next := path + ".new" // a full disk leaves what was saved
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = errors.Join(os.WriteFile(next, []byte(text), 0o600), os.Rename(next, path))
	}
	if err != nil {
		return nil, fmt.Errorf("set --save: %w", err)
	}
	line := "what is set is saved in " + path
	if len(lines) == 0 {
		line = "nothing is set: the next session begins with the defaults"
	}
	return &result.Status{Line: line}, nil
}

// SettingWords are the settings' names with their meanings, or, for a name, its
// values with theirs.
func (st *State) SettingWords(name string) [][2]string {
	var out [][2]string
	for _, s := range settings() {
		switch name {
		case s.name:
			return s.choices
		case "":
			out = append(out, [2]string{s.name, s.meaning})
		}
	}
	return out
}

func timeSetting() setting {
	words := map[string]string{"utc": "u", "relative": "r", "absolute": "a", "date": "ad", "delta": "d", "displayed": "dd", "epoch": "e"}
	return setting{
		name: "time", values: "r a ad adoy d dd e u ud udoy", meaning: "what the Time column is, as tshark -t",
		choices: [][2]string{
			{"r", "seconds since the first packet"}, {"a", "local time of day"}, {"ad", "local date and time"},
			{"adoy", "local day of the year and time"}, {"d", "seconds since the packet before"},
			{"dd", "seconds since the packet listed before"}, {"e", "seconds since 1970"}, {"u", "UTC time of day"},
			{"utc", "the same as u"}, {"ud", "UTC date and time"}, {"udoy", "UTC day of the year and time"},
		},
		get: func(st *State) string {
			if f := st.Session.Times(); f != "" {
				return string(f)
			}
			return string(engine.TimeRelative)
		},
		set: func(_ context.Context, st *State, value string) (result.Result, error) {
			if word, ok := words[value]; ok {
				value = word
			}
			f, err := engine.ParseTimeFormat(value)
			if err != nil {
				return nil, fmt.Errorf("set time %s: it is one of a, ad, adoy, d, dd, e, r, u (utc), ud or udoy", value)
			}
			st.Session.SetTimes(f)
			return nil, nil
		},
	}
}

func namesSetting() setting {
	return setting{
		name: "names", values: "off, letters of m n N t d v", meaning: "which names stand for numbers, as tshark -N",
		choices: [][2]string{
			{wordOff, "numbers stay numbers"}, {"m", "MAC addresses"}, {"n", "network addresses"},
			{"N", "the system's name servers are asked, too"}, {"t", "ports"}, {"d", "addresses that the capture's DNS answers name"},
			{"v", "VLAN ids"}, {"mt", "MAC addresses and ports"}, {"mnt", "all but what leaves this machine"},
		},
		get: func(st *State) string {
			if names := st.dissection().Names; names != "" {
				return names
			}
			return wordOff
		},
		set: func(ctx context.Context, st *State, value string) (result.Result, error) {
			letters := value
			if value == wordOff || value == "none" {
				letters, value = "", wordOff
			}
			if i := strings.IndexFunc(letters, func(r rune) bool { return !strings.ContainsRune("mnNtdvs", r) }); i >= 0 {
				return nil, fmt.Errorf("set names %s: got %q, want off or letters of m n N t d v", value, letters[i:i+1])
			}
			return st.reconfigure(ctx, "names is "+value, func(d *engine.Dissection) { d.Names = letters })
		},
	}
}

func colorSetting() setting {
	return choice("color", "whether there are colours; auto: on a terminal without NO_COLOR", func(s *Settings) *string { return &s.Color },
		[2]string{wordAuto, "on a terminal, unless NO_COLOR is set"}, [2]string{wordAlways, "in pipes and files, too"}, [2]string{wordNever, "no escape codes at all"})
}

func themeSetting() setting {
	return choice("theme", "the colours of names, addresses and warnings", func(s *Settings) *string { return &s.Theme },
		[2]string{themePlain, "colours that read well on any background"}, [2]string{"dark", "for a dark background"}, [2]string{"light", "for a light background"})
}

// choice is a setting that is one of some words.
func choice(name, meaning string, at func(*Settings) *string, choices ...[2]string) setting {
	var words []string
	for _, c := range choices {
		words = append(words, c[0])
	}
	return setting{
		name: name, values: strings.Join(words, " "), meaning: meaning, choices: choices,
		get: func(st *State) string { return *at(st.Settings) },
		set: func(_ context.Context, st *State, value string) (result.Result, error) {
			if !slices.Contains(words, value) {
				return nil, fmt.Errorf("set %s %s: it is one of %s", name, value, strings.Join(words, ", "))
			}
			*at(st.Settings) = value
			return nil, nil
		},
	}
}

func pagerSetting() setting {
	return setting{
		name: "pager", values: "on, off, a command", meaning: "what shows output that is longer than the screen; on: $PAGER, or else less",
		choices: [][2]string{{wordOn, "$PAGER, or else less"}, {wordOff, "nothing"}, {"less -RFX", "that command"}},
		get:     func(st *State) string { return st.Settings.Pager },
		set: func(_ context.Context, st *State, value string) (result.Result, error) {
			st.Settings.Pager = value
			return nil, nil
		},
	}
}

func rowsSetting() setting {
	return setting{
		name: "rows", values: "auto, a number", meaning: "how many packets a page of ls has; auto: as many as fit",
		choices: [][2]string{{wordAuto, "as many as fit on the screen"}, {"20", "that many"}},
		get: func(st *State) string {
			if st.Settings.Rows == 0 {
				return wordAuto
			}
			return strconv.Itoa(st.Settings.Rows)
		},
		set: func(_ context.Context, st *State, value string) (result.Result, error) {
			n, err := strconv.Atoi(value)
			switch {
			case value == wordAuto:
				n = 0
			case err != nil || n < 1:
				return nil, fmt.Errorf("set rows %s: a number of rows from 1 was wanted, or auto", value)
			}
			st.Settings.Rows = n
			return nil, nil
		},
	}
}
