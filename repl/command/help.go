package command

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/repl/result"
)

func helpCommand(t *Table) *Command {
	return &Command{
		Name: "help", Group: GroupSession,
		Args:    []Arg{{Name: "TOPIC", Kinds: completion.ArgHelp | completion.ArgCommand, Optional: true, Repeated: true}},
		Summary: "this help, or help on a command, a topic, a field, a value",
		Help: `Lists the commands and the topics; with a name, explains it: a command, a topic,
a field or protocol of Wireshark's, a variable, a function, an expression such
as pkt.ip. NAME? and ?NAME do the same, but pkt? and cap? show the values.`,
		Examples: []Example{
			{"help ls", "on one command; ls? is the same"},
			{"help examples", "ten things that one wants to know of a capture"},
			{"help filters", "a topic"},
			{"help http.host", "a field"},
			{"pkt.ip?", "what a layer holds, with values and meanings"},
			{"help FileCapture", "a function and its parameters"},
		},
		Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
			if len(in.Words) == 0 {
				return &result.Text{Lines: t.overview(), Prose: true}, nil
			}
			return t.explain(ctx, st, strings.Join(in.Words, " "))
		},
	}
}

// helpLine finds `NAME?`, a line that asks what a name or a chain of names is; a
// comment may follow.
var helpLine = regexp.MustCompile(`^(:?[A-Za-z_][\w.-]*\?)(?:\s+#.*)?$`)

// explain explains a name. One with a question mark behind it is that of a value
// before that of a topic: pkt? shows the packet, help pkt how packets are used.
func (t *Table) explain(ctx context.Context, st *State, name string) (result.Result, error) {
	name, asked := strings.CutSuffix(strings.TrimPrefix(name, ":"), "?")
	if c, ok := t.Lookup(name); ok {
		return &result.Text{Lines: c.helpLines(), Prose: true}, nil
	}
	if lines, ok := t.aliasHelp(name); ok {
		return &result.Text{Lines: lines, Prose: true}, nil
	}
	topic, isTopic := topicNamed(name)
	if isTopic && !asked {
		return topic.result(), nil
	}
	if st.Describe != nil {
		if r, ok := st.Describe(ctx, name); ok {
			return r, nil
		}
	}
	if isTopic {
		return topic.result(), nil
	}
	catalogue, err := st.Session.WaitCatalogue(ctx)
	if err != nil {
		return nil, err
	}
	if info, ok := catalogue.Lookup(name); ok {
		return &result.Text{Lines: st.fieldHelp(catalogue, info), Prose: true}, nil
	}
	return nil, t.unknown(name, catalogue)
}

// unknown is the error for a name that help knows nothing of. The catalogue may be
// nil.
func (t *Table) unknown(name string, catalogue *dissect.Catalogue) error {
	names := append(t.Names(), Topics()...)
	near, ok := completion.Nearest(name, slices.Values(names))
	spoken := t.mentions(name)
	switch {
	case spoken != nil && ok:
		return fmt.Errorf("no command or topic %q; did you mean %s? These speak of it: %s", name, near, strings.Join(spoken, ", "))
	case spoken != nil:
		return fmt.Errorf("no command or topic %q; these speak of it: %s (help NAME)", name, strings.Join(spoken, ", "))
	case ok:
		return fmt.Errorf("no command or topic %q; did you mean %s?", name, near)
	}
	if catalogue == nil {
		return fmt.Errorf("no command or topic %q; help lists them", name)
	}
	if near, ok := completion.Nearest(name, namesOf(catalogue)); ok {
		return fmt.Errorf("no command, topic, field or variable %q; did you mean the field %s?", name, near)
	}
	return fmt.Errorf("no command, topic, field or variable %q; help lists commands and topics, `fields %s` searches fields by words", name, name)
}

// mostMentions is how many commands and topics that speak of a word are named.
const mostMentions = 6

// mentions are the topics and commands whose help has a word, or what begins with
// it: the likeliest, or none when too many do.
func (t *Table) mentions(word string) []string {
	var found []string
	speaks := func(text string) bool {
		at := matchAt(strings.ToLower(text), strings.ToLower(word))
		return at >= 0 && at <= 2
	}
	for _, topic := range topics() {
		if speaks(topic.summary) || speaks(topic.text) {
			found = append(found, topic.name)
		}
	}
	for _, c := range t.commands {
		if speaks(c.Summary) || speaks(c.Help) {
			found = append(found, c.Name)
		}
	}
	if len(found) > mostMentions || len(word) < 3 {
		return nil
	}
	return found
}

// namesOf are the names in a catalogue.
func namesOf(c *dissect.Catalogue) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range c.All() {
			if !yield(f.Name) {
				return
			}
		}
	}
}

// overview lists the commands by group, and the topics.
func (t *Table) overview() []string {
	var out []string
	width := 0
	for _, c := range t.commands {
		width = max(width, len(c.Name))
	}
	for _, g := range groups() {
		out = append(out, string(g))
		for _, c := range t.commands {
			if c.Group == g {
				out = append(out, fmt.Sprintf("  %-*s  %s", width, c.Name, c.Summary))
			}
		}
		out = append(out, "")
	}
	out = append(out, "Topics: help TOPIC")
	for _, topic := range topics() {
		out = append(out, fmt.Sprintf("  %-*s  %s", width, topic.name, topic.summary))
	}
	return append(out, "",
		"Everything else is Starlark, Python's little sister:",
		"  pkt.ip.src                           a field of the current packet; TAB after a dot",
		"  for p in cap: print(p.summary_line)  a loop over all packets",
		"  cap.filter('dns')[0].dns.qry_name    the first DNS packet's query",
		"",
		"help NAME explains a command, a topic, a field or a value; NAME? does too. help examples: ten things to do with a capture.",
	)
}

// helpLines explains one command.
func (c *Command) helpLines() []string {
	out := []string{c.Usage() + " — " + c.Summary, ""}
	out = append(out, strings.Split(c.Help, "\n")...)
	if len(c.Aliases) > 0 {
		out = append(out, "", "Also: "+strings.Join(c.Aliases, ", "))
	}
	if len(c.Options) > 0 {
		width := 0
		for _, o := range c.Options {
			width = max(width, len(o.usage()))
		}
		out = append(out, "", "Options")
		for _, o := range c.Options {
			out = append(out, fmt.Sprintf("  %-*s  %s", width, o.usage(), o.Help))
		}
	}
	return append(append(out, "", "Examples"), exampleLines(c.Examples)...)
}

// usage is the option as it is typed: "--head N".
func (o Option) usage() string { return strings.TrimSpace("--" + o.Name + " " + o.Value) }

// exampleLines are examples with what they do beside them.
func exampleLines(examples []Example) []string {
	var out []string
	width := 0
	for _, e := range examples {
		if w := len([]rune(e.Line)); w <= longExample {
			width = max(width, w)
		}
	}
	for _, e := range examples {
		out = append(out, strings.TrimRight(fmt.Sprintf("  %-*s   %s", width, e.Line, e.Means), " "))
	}
	return out
}

// longExample is the most columns of an example that others are aligned with.
const longExample = 46
