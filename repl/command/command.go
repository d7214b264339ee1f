// Package command is the table of bare commands: what a person types fifty
// times a day. Each command is one [Command] record holding its name, aliases,
// arguments with their kinds, help with an example, and function; dispatch,
// help, completion and docs/commands.md are all made from it. Commands return
// results and print nothing.
//
// A file holds one group: captures.go (open, close, caps, use), packets.go
// (ls, show, layers, hex, next, prev, goto), filter.go, find.go (find, mark),
// save.go, sniff.go (with stop, pause, resume), interfaces.go (with recover), settings.go (with prefs.go, decodeas.go, protocols.go, keys.go),
// session.go (status, history, quit, !) and help.go.
package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

// Command is everything about one command.
type Command struct {
	Name    string
	Aliases []string
	Group   Group
	// Args are the positional arguments in order.
	Args []Arg
	// Options stand before the arguments: "--hex".
	Options []Option
	// Summary is one line without a full stop, for lists.
	Summary string
	// Help is the longer text, wrapped by hand at 76 columns.
	Help string
	// Examples are complete lines, the first the most useful.
	Examples []Example
	// Rows says that it answers with rows: it takes --output.
	Rows bool
	// Unpaged says that its answer is read as it comes, never in a pager.
	Unpaged bool
	// Raw says that the argument is the rest of the line as it stands: a
	// filter or a shell command.
	Raw bool
	// NoFunction keeps the command from being a Starlark function too,
	// because Starlark owns the name.
	NoFunction bool
	// Run does it. The context is cancelled by Ctrl-C.
	Run func(ctx context.Context, st *State, in Input) (result.Result, error)
}

// Group is the heading a command stands under in help.
type Group string

// The groups.
const (
	GroupCaptures Group = "Captures"
	GroupLive     Group = "Live capture"
	GroupPackets  Group = "Packets"
	GroupSettings Group = "Settings"
	GroupSession  Group = "Session"
)

// groups returns the groups in the order help shows them.
func groups() []Group {
	return []Group{GroupCaptures, GroupLive, GroupPackets, GroupSettings, GroupSession}
}

// Arg is one positional argument.
type Arg struct {
	Name string
	// Kinds say what may stand there, for completion.
	Kinds completion.ArgKind
	// Choices are the words of completion.ArgChoice.
	Choices []string
	// Optional and Repeated are as the usage line shows them: [NAME], NAME….
	Optional, Repeated bool
}

// Option is one "--name" or "--name VALUE" of a command.
type Option struct {
	Name  string // without the dashes
	Value string // the value's name in the usage line; "" for a switch
	// Kinds say what the value may be, for completion; Choices are the words of
	// completion.ArgChoice.
	Kinds   completion.ArgKind
	Choices []string
	// Plain says that with it the arguments are plain text, whatever Args say.
	Plain bool
	Help  string
}

// Example is a line to type and what it does.
type Example struct{ Line, Means string }

// Usage returns the usage line: "show [FRAME] [LAYER]".
func (c *Command) Usage() string {
	var b strings.Builder
	b.WriteString(c.Name)
	for _, o := range c.Options {
		b.WriteString(" [--" + o.Name)
		if o.Value != "" {
			b.WriteString(" " + o.Value)
		}
		b.WriteString("]")
	}
	for _, a := range c.Args {
		s := a.Name
		if a.Repeated {
			s += "…"
		}
		if a.Optional {
			s = "[" + s + "]"
		}
		b.WriteString(" " + s)
	}
	return b.String()
}

// Input is what was typed after a command's name.
type Input struct {
	// Words are the positional arguments.
	Words []string
	// Options are the options given, with their values ("" for a switch).
	Options map[string]string
	// Raw is the rest of the line of a command that takes it whole.
	Raw string
}

// Has says whether an option was given.
func (in Input) Has(option string) bool {
	_, ok := in.Options[option]
	return ok
}

// State is what commands work on: the capture and packet in use, and the
// services of the shell around them.
type State struct {
	Session *engine.Session
	// View is the capture in use through its filter; nil when none is open.
	View *engine.View
	// Packet is the current packet; nil when none is.
	Packet *engine.Packet
	// left is where the captures that are not in use were left.
	left map[*engine.Capture]leftAt
	// sought is what find looked for last.
	sought *sought
	// marks are the packets that were marked.
	marks map[*engine.Capture]marks
	// Saved are the filters that have names.
	Saved *SavedFilters
	// Columns are those of ls, nil for Wireshark's default ones.
	Columns []engine.ListColumn
	// Settings are how things are shown.
	Settings *Settings
	// Color says that what is printed now may be coloured.
	Color bool
	// Listed is the place in the view where ls goes on.
	Listed int
	// PageRows is how many rows a page holds; 0 means that everything is
	// printed, because nobody sits there.
	PageRows int
	// Variables returns the variables that hold captures.
	Variables func() []Variable
	// Notice tells a line that is no answer.
	Notice func(line string)
	// ended are the live captures of which the user was told that they have ended.
	ended map[*engine.Capture]bool
	// History returns what was typed, oldest first.
	History func() []string
	// Describe explains a name or an expression of the user's program, without
	// running any of it; false where it is none.
	Describe func(ctx context.Context, expr string) (result.Result, bool)
	// Defined says that a name has a value in the user's program, or in the language.
	Defined func(name string) bool
	// Source runs a file of lines in this session, with its arguments as argv.
	Source func(ctx context.Context, path string, args []string) error
	// Time runs a line and tells how long it took.
	Time func(ctx context.Context, line string) error
	// Input runs a line or a block as if it had been typed, and remembers it as that.
	Input func(ctx context.Context, text string) error
	// Watch runs a line again and again, count times or for 0 until ctx is done.
	Watch func(ctx context.Context, every time.Duration, count int, line string) error
	// Edit hands a text to the user's editor.
	Edit func(ctx context.Context, text string) (string, error)
	// FunctionSource returns the text that a function of the user's was defined by.
	FunctionSource func(name string) (text string, ok bool)
	// System runs a line in the user's shell, on the user's terminal.
	System func(ctx context.Context, line string) error
	// Quit ends the shell with an exit code when the line is done.
	Quit func(code int)
}

// Variable is a name in the user's program that holds a capture.
type Variable struct {
	Name string
	View *engine.View
}

// Interactive says whether a person is at a terminal.
func (st *State) Interactive() bool { return st.PageRows > 0 }

// Use makes a view the one in use and starts at its first packet.
// When that fails nothing has changed.
func (st *State) Use(ctx context.Context, v *engine.View) error {
	p, err := firstPacket(ctx, v)
	if err != nil {
		return err
	}
	st.switchTo(v, p)
	return nil
}

// leftAt is the view and the packet that a capture was left at.
type leftAt struct {
	view   *engine.View
	packet *engine.Packet
}

// switchTo makes a view and a packet the ones in use. Where another capture was
// left is remembered, for use.
func (st *State) switchTo(v *engine.View, p *engine.Packet) {
	if st.View != nil && (v == nil || st.View.Capture() != v.Capture()) {
		if st.left == nil {
			st.left = map[*engine.Capture]leftAt{}
		}
		st.left[st.View.Capture()] = leftAt{st.View, st.Packet}
	}
	st.View, st.Packet, st.Listed = v, p, 0
}

// Begin makes the view's first packet the current one, where there was none: a live
// capture begins without.
func (st *State) Begin(ctx context.Context) error {
	p, err := firstPacket(ctx, st.View)
	if err == nil {
		st.Packet = p
	}
	return err
}

// back makes a capture the one in use, as it was left.
func (st *State) back(ctx context.Context, v *engine.View) error {
	if at, ok := st.left[v.Capture()]; ok && at.view == v && at.packet != nil {
		st.switchTo(at.view, at.packet)
		return nil
	}
	return st.Use(ctx, v)
}

// firstPacket returns a view's first packet, nil when it has none.
func firstPacket(ctx context.Context, v *engine.View) (*engine.Packet, error) {
	if v == nil {
		return nil, nil
	}
	n, err := v.Len(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	frame, err := v.Frame(ctx, 0)
	if err != nil {
		return nil, err
	}
	return v.Capture().Packet(frame)
}

// view returns the view in use or an error that says how to get one.
func (st *State) view() (*engine.View, error) {
	if st.View == nil {
		return nil, fmt.Errorf("no capture is open; `open FILE` opens one")
	}
	return st.View, nil
}

// Table finds commands by name.
type Table struct {
	commands []*Command
	byName   map[string]*Command
	aliases  map[string]string // lines that the user gave names
}

// NewTable returns the table of every command.
func NewTable() *Table {
	t := &Table{byName: map[string]*Command{}, aliases: map[string]string{}}
	for _, group := range [][]*Command{captureCommands(), liveCommands(), interfaceCommands(), packetCommands(), columnCommands(), filterCommands(), findCommands(), saveCommands(), settingsCommands(), setCommands(), explainCommands(), sessionCommands()} {
		t.commands = append(t.commands, group...)
	}
	t.commands = append(t.commands, fieldsCommand(), aliasCommand(t), sourceCommand(), timeCommand(), watchCommand(), editCommand(), helpCommand(t))
	for _, c := range t.commands {
		if c.Rows {
			c.Options = append(c.Options, outputOption())
		}
	}
	for _, c := range t.commands {
		for _, name := range append([]string{c.Name}, c.Aliases...) {
			t.byName[name] = c
		}
	}
	return t
}

// Lookup finds a command by its name or an alias.
func (t *Table) Lookup(name string) (*Command, bool) {
	c, ok := t.byName[name]
	return c, ok
}

// All returns the commands group by group.
func (t *Table) All() []*Command { return t.commands }

// Names returns every name and alias, sorted.
func (t *Table) Names() []string {
	var names []string
	for n := range t.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Parse turns what was typed after the command's name into its input.
func (c *Command) Parse(rest string) (Input, error) {
	in := Input{Options: map[string]string{}}
	if c.Raw {
		raw, err := c.leadingOptions(strings.TrimSpace(rest), in.Options)
		in.Raw = raw
		return in, err
	}
	words, err := splitWords(rest)
	if err != nil {
		return in, fmt.Errorf("%s: %w", c.Name, err)
	}
	return c.fromWords(words)
}

// fromWords takes the options out of the words.
func (c *Command) fromWords(words []string) (Input, error) {
	in := Input{Options: map[string]string{}}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if !strings.HasPrefix(w, "--") || len(w) == 2 || w[2] < 'a' {
			in.Words = append(in.Words, w)
			continue
		}
		name, value, given := strings.Cut(w[2:], "=")
		o, err := c.option(name)
		if err != nil {
			return in, err
		}
		switch {
		case o.Value == "" && given:
			return in, fmt.Errorf("%s: --%s takes no value", c.Name, name)
		case o.Value != "" && !given:
			if i++; i == len(words) {
				return in, fmt.Errorf("%s: --%s wants a value: --%s %s", c.Name, name, name, o.Value)
			}
			value = words[i]
		}
		in.Options[name] = value
	}
	return in, c.checkCount(in.Words)
}

// FromCall makes the input from a function call: words, and options by name, of
// which a switch has the value "".
func (c *Command) FromCall(words []string, options map[string]string) (Input, error) {
	for name, value := range options {
		o, err := c.option(name)
		if err != nil {
			return Input{}, err
		}
		if (o.Value == "") != (value == "") {
			return Input{}, fmt.Errorf("%s: %s=%s; usage: %s", c.Name, name, value, c.Usage())
		}
	}
	in := Input{Words: words, Options: options, Raw: strings.Join(words, " ")}
	if c.Raw {
		return in, nil
	}
	return in, c.checkCount(words)
}

// leadingOptions takes the options off the front of a raw argument.
func (c *Command) leadingOptions(raw string, into map[string]string) (string, error) {
	for strings.HasPrefix(raw, "--") {
		word, rest := cutSpace(raw)
		name, value, given := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		o, err := c.option(name)
		if err != nil {
			return "", err
		}
		raw = strings.TrimSpace(rest)
		switch {
		case o.Value == "" && given:
			return "", fmt.Errorf("%s: --%s takes no value", c.Name, name)
		case o.Value != "":
			if !given {
				value, raw = cutSpace(raw)
			}
			if value == "" {
				return "", fmt.Errorf("%s: --%s wants a value: --%s %s", c.Name, o.Name, o.Name, o.Value)
			}
			into[o.Name] = value
			continue
		}
		into[o.Name] = ""
	}
	return strings.TrimSpace(raw), nil
}

// cutSpace cuts the first word off s.
func cutSpace(s string) (word, rest string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func (c *Command) option(name string) (Option, error) {
	var names []string
	for _, o := range c.Options {
		if o.Name == name {
			return o, nil
		}
		names = append(names, "--"+o.Name)
	}
	switch {
	case len(names) == 0:
		return Option{}, fmt.Errorf("%s: no such option --%s; %s takes no options", c.Name, name, c.Name)
	default:
		return Option{}, fmt.Errorf("%s: no such option --%s; it has %s", c.Name, name, strings.Join(names, ", "))
	}
}

func (c *Command) checkCount(words []string) error {
	least, most := 0, 0
	for _, a := range c.Args {
		if !a.Optional {
			least++
		}
		if a.Repeated {
			most = len(words)
		}
		most = max(most, most+1)
	}
	if len(words) < least || len(words) > most {
		return fmt.Errorf("%s: got %s; usage: %s", c.Name, countArgs(len(words)), c.Usage())
	}
	return nil
}

func countArgs(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
