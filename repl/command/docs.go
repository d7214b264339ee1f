package command

import (
	"fmt"
	"strings"
)

// Markdown returns docs/commands.md: every command, from its record.
func (t *Table) Markdown() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nGenerated from the command records by `make docs`; `help NAME` in the shell says the same.\n")
	b.WriteString("FRAME is Wireshark's frame number from 1, or from the end when negative; RANGE is\n`5`, `200-210`, `17-`, `-1` or several with commas.\n")
	b.WriteString("\nBehind a command that takes no filter, `> FILE`, `>> FILE` and `| SHELL COMMAND` send its output\nelsewhere, and `# …` is a comment. `:NAME` is the command even when a variable has its name.\n")
	for _, g := range groups() {
		fmt.Fprintf(&b, "\n## %s\n", g)
		for _, c := range t.commands {
			if c.Group == g {
				c.markdown(&b)
			}
		}
	}
	return b.String()
}

func (c *Command) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n`%s` — %s", c.Name, c.Usage(), c.Summary)
	if len(c.Aliases) > 0 {
		fmt.Fprintf(b, " (also `%s`)", strings.Join(c.Aliases, "`, `"))
	}
	fmt.Fprintf(b, "\n\n%s\n\n", c.Help)
	if len(c.Options) > 0 {
		for _, o := range c.Options {
			fmt.Fprintf(b, "- `--%s`: %s\n", strings.TrimSpace(o.Name+" "+o.Value), o.Help)
		}
		b.WriteString("\n")
	}
	b.WriteString("```\n")
	width := 0
	for _, e := range c.Examples {
		width = max(width, len(e.Line))
	}
	for _, e := range c.Examples {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s   %s", width, e.Line, e.Means), " ") + "\n")
	}
	b.WriteString("```\n")
}
