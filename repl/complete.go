package repl

import (
	"context"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/command"
)

// Complete returns what may stand at the cursor, a byte offset into text, and
// where the word begins that a suggestion replaces. It must not run while Exec
// does. It never runs the user's code.
func (s *Shell) Complete(ctx context.Context, text string, cursor int) ([]completion.Suggestion, int) {
	defer s.cfg.Session.Ask()()
	return s.completer.Complete(ctx, text, cursor)
}

// Read returns what an input is for the eye: its pieces, and whether its filters are
// right. It must not run while Exec does, and runs nothing.
func (s *Shell) Read(ctx context.Context, text string) completion.Reading {
	defer s.cfg.Session.Ask()()
	return s.completer.Read(ctx, text)
}

func (s *Shell) newCompleter() *completion.Completer {
	commands := completionCommands{s}
	functions := callParameters{s, completion.PySharkSignatures()}
	home, _ := os.UserHomeDir() // without one ~ stands for nothing
	judge := completion.FilterJudge{
		Catalogue: s.catalogue,
		Expand:    s.cfg.Session.ExpandFilter,
		// A preference can make fields: http.header.x of the table of custom headers.
		Open: func() bool { return len(s.cfg.Session.Dissection().Preferences) > 0 },
	}
	return &completion.Completer{
		Grammar: completion.Grammar{Commands: commands, Functions: functions},
		Judge:   judge.Judge,
		Providers: []completion.Provider{
			completion.CommandProvider{Commands: commands},
			completion.FileProvider{Home: home},
			completion.WordProvider{Words: sessionWords{s}},
			completion.AttributeProvider{Objects: scriptObjects{s: s}},
			completion.NameProvider{Globals: scriptObjects{s: s}, Functions: functions},
			&completion.FieldProvider{
				Catalogue: s.fields, Present: s.present, Met: s.met, Here: s.samples,
				Values: s.fieldValues, Saved: s.savedFilters, Names: s.valueNames,
			},
		},
	}
}

// present are the protocols of the current packet.
func (s *Shell) present(ctx context.Context) []string {
	if s.state.Packet == nil {
		return nil
	}
	t, err := s.state.Packet.Tree(engine.WithoutWaiting(ctx))
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range t.Layers() {
		out = append(out, l.Name)
	}
	return out
}

// completionCommands shows the command table to completion.
type completionCommands struct{ s *Shell }

func (c completionCommands) Lookup(name string) (completion.Command, bool) {
	if line, ok := c.s.table.Alias(name); ok {
		return c.alias(name, line), true
	}
	found, ok := c.s.table.Lookup(name)
	if !ok {
		return completion.Command{}, false
	}
	return completionCommand(found), true
}

func (c completionCommands) Rebound(name string) bool { return c.s.interp.Assigned(name) }

func (c completionCommands) All() iter.Seq[completion.Command] {
	return func(yield func(completion.Command) bool) {
		for _, cmd := range c.s.table.All() {
			if cmd.Name != "!" && !yield(completionCommand(cmd)) {
				return
			}
		}
		for _, name := range c.s.table.Aliases() {
			line, _ := c.s.table.Alias(name)
			if !yield(c.alias(name, line)) {
				return
			}
		}
	}
}

// alias shows an alias as a command: what may follow it is what may follow the
// command that it stands for, where that is one without arguments.
func (c completionCommands) alias(name, line string) completion.Command {
	out := completion.Command{Name: name, Help: "= " + line}
	word, rest, _ := strings.Cut(line, " ")
	if found, ok := c.s.table.Lookup(word); ok {
		words := strings.Fields(rest)
		if slices.ContainsFunc(words, func(w string) bool { return !strings.HasPrefix(w, "--") }) {
			return out // the arguments that are there already leave open which one comes next
		}
		stands := completionCommand(found)
		out.Args, out.Options = stands.Args, stands.Options
	}
	return out
}

func completionCommand(c *command.Command) completion.Command {
	out := completion.Command{Name: c.Name, Help: c.Summary}
	for _, a := range c.Args {
		out.Args = append(out.Args, completion.Arg{Kinds: a.Kinds, Choices: a.Choices, Repeat: a.Repeated})
	}
	for _, o := range c.Options {
		option := completion.Option{Name: "--" + o.Name, Help: o.Help, Plain: o.Plain}
		if o.Value != "" {
			option.Value = completion.Arg{Kinds: max(o.Kinds, completion.ArgText), Choices: o.Choices}
		}
		out.Options = append(out.Options, option)
	}
	return out
}

// sessionWords knows the words that only the session has.
type sessionWords struct{ s *Shell }

func (w sessionWords) Words(ctx context.Context, kind completion.ArgKind, at completion.Context) []completion.Suggestion {
	switch kind {
	case completion.ArgLayer:
		return w.layers(ctx, at)
	case completion.ArgCapture:
		return w.captures()
	case completion.ArgFrame, completion.ArgRange:
		return w.frames(ctx)
	case completion.ArgInterface:
		return w.interfaces(ctx, at)
	case completion.ArgPreference:
		return w.preferences()
	case completion.ArgStream:
		return w.streams(ctx, at)
	case completion.ArgColumn:
		return w.columns(at)
	case completion.ArgSetting:
		return w.settings()
	case completion.ArgSettingValue:
		return w.settingValues(at)
	case completion.ArgHelp:
		var out []completion.Suggestion
		for _, t := range command.Topics() {
			out = append(out, completion.Suggestion{Text: t, Description: "topic"})
		}
		return out
	}
	return nil
}

// layers are those of the packet that the line names, or of the current one.
func (w sessionWords) layers(ctx context.Context, at completion.Context) []completion.Suggestion {
	p := w.s.state.Packet
	if p == nil {
		return nil
	}
	if len(at.Args) > 0 {
		if n, err := strconv.ParseUint(at.Args[0], 10, 32); err == nil {
			if other, err := p.Capture().Packet(uint32(n)); err == nil {
				p = other
			}
		}
	}
	t, err := p.Tree(engine.WithoutWaiting(ctx))
	if err != nil {
		return nil
	}
	var out []completion.Suggestion
	for _, l := range t.Layers() {
		label, _, _ := strings.Cut(l.Label, ",")
		out = append(out, completion.Suggestion{Text: l.Name, Description: label})
	}
	return out
}

func (w sessionWords) captures() []completion.Suggestion {
	var out []completion.Suggestion
	for i, c := range w.s.cfg.Session.Captures() {
		out = append(out, completion.Suggestion{Text: strconv.Itoa(i + 1), Description: c.Path(), Rank: i})
	}
	for _, v := range w.s.variables() {
		out = append(out, completion.Suggestion{Text: v.Name, Description: v.View.Capture().Path()})
	}
	return out
}

// preferences are Wireshark's, once they are known.
func (w sessionWords) preferences() []completion.Suggestion {
	var out []completion.Suggestion
	for _, p := range w.s.cfg.Session.KnownPreferences() {
		out = append(out, completion.Suggestion{Text: p.Name, Description: strings.ReplaceAll(p.Description, "\n", " ")})
	}
	return out
}

// preferenceValues are those of the preference that is the word before.
func (w sessionWords) preferenceValues(at completion.Context) []completion.Suggestion {
	if len(at.Args) != 1 {
		return nil
	}
	for _, p := range w.s.cfg.Session.KnownPreferences() {
		if p.Name != at.Args[0] {
			continue
		}
		values := p.Choices
		if p.Kind == "TRUE or FALSE" {
			values = []string{"TRUE", "FALSE"}
		}
		var out []completion.Suggestion
		for i, v := range values {
			s := completion.Suggestion{Text: v, Rank: i}
			if v == p.Default {
				s.Description = "the default"
			}
			out = append(out, s)
		}
		return out
	}
	return nil
}

// scriptObjects shows the interpreter's names and values to completion. source
// is the text before the receiver, whose loops bind names.
type scriptObjects struct {
	s      *Shell
	source string
}

// In implements [completion.Scoped].
func (o scriptObjects) In(source string) completion.Objects { return scriptObjects{o.s, source} }

func (o scriptObjects) Globals(context.Context) []completion.Member {
	var out []completion.Member
	for _, m := range o.s.interp.Globals() {
		if _, isCommand := o.s.table.Lookup(m.Name); isCommand && !o.s.interp.Assigned(m.Name) {
			continue // offered as a command
		}
		out = append(out, completion.Member{Name: m.Name, Detail: m.Detail, Rank: m.Rank})
	}
	return out
}

func (o scriptObjects) Members(ctx context.Context, chain string) []completion.Member {
	found, _ := o.s.interp.ResolveIn(engine.WithoutWaiting(ctx), o.source, chain)
	var out []completion.Member
	for _, m := range found {
		out = append(out, completion.Member{Name: m.Name, Detail: m.Detail, Rank: m.Rank})
	}
	return out
}

// Keys are a dict's keys, a packet's layers, a layer's fields.
func (o scriptObjects) Keys(ctx context.Context, chain string) []completion.Member {
	var out []completion.Member
	for _, m := range o.s.interp.Keys(engine.WithoutWaiting(ctx), o.source, chain) {
		out = append(out, completion.Member{Name: m.Name, Detail: m.Detail, Rank: m.Rank})
	}
	return out
}
