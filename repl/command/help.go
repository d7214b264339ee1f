package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/repl/result"
)

func helpCommand(t *Table) *Command {
	return &Command{
		Name: "help", Group: GroupSession,
		Args:    []Arg{{Name: "TOPIC", Kinds: completion.ArgHelp | completion.ArgCommand, Optional: true, Repeated: true}},
		Summary: "this help, or help on one command or topic",
		Help: `Lists the commands; with a name, explains one. NAME? and ?NAME do the same.
Besides the commands there are the topics pkt, cap and starlark.`,
		Examples: []Example{{"help ls", "on one command"}, {"ls?", "the same"}, {"help pkt", "what a packet offers"}},
		Run: func(_ context.Context, _ *State, in Input) (result.Result, error) {
			if len(in.Words) == 0 {
				return &result.Text{Lines: t.overview()}, nil
			}
			name := strings.TrimSuffix(strings.TrimPrefix(strings.Join(in.Words, " "), ":"), "?")
			if c, ok := t.Lookup(name); ok {
				return &result.Text{Lines: c.helpLines()}, nil
			}
			if lines, ok := topic(name); ok {
				return &result.Text{Lines: lines}, nil
			}
			return nil, t.unknown(name)
		},
	}
}

// unknown is the error for a name that no command has.
func (t *Table) unknown(name string) error {
	names := slices.Values(append(t.Names(), Topics()...))
	if near, ok := completion.Nearest(name, names); ok {
		return fmt.Errorf("no command or topic %q; did you mean %s?", name, near)
	}
	return fmt.Errorf("no command or topic %q; help lists them", name)
}

// overview lists the commands by group.
func (t *Table) overview() []string {
	var out []string
	for _, g := range groups() {
		out = append(out, string(g))
		for _, c := range t.commands {
			if c.Group == g {
				out = append(out, fmt.Sprintf("  %-9s %s", c.Name, c.Summary))
			}
		}
		out = append(out, "")
	}
	return append(out,
		"Everything else is Starlark, Python's little sister:",
		"  pkt.ip.src                         a field of the current packet; TAB after a dot",
		"  for p in cap: print(p.summary_line)",
		"  cap.filter('dns')[0].dns.qry_name",
		"",
		"help NAME explains a command; help pkt, help cap, help starlark the rest.",
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
		out = append(out, "", "Options")
		for _, o := range c.Options {
			out = append(out, fmt.Sprintf("  --%-12s %s", strings.TrimSpace(o.Name+" "+o.Value), o.Help))
		}
	}
	out = append(out, "", "Examples")
	width := 0
	for _, e := range c.Examples {
		width = max(width, len(e.Line))
	}
	for _, e := range c.Examples {
		out = append(out, strings.TrimRight(fmt.Sprintf("  %-*s   %s", width, e.Line, e.Means), " "))
	}
	return out
}
