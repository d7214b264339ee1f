package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/pflag"

	"pktsh/repl/command"
)

// writeMan writes the man page, pktsh(1), as roff. It is made from the flags and the
// command records.
func writeMan(w io.Writer) error {
	_, err := w.Write(md2man.Render([]byte(manMarkdown())))
	return err
}

// manMarkdown is the man page as md2man reads it.
func manMarkdown() string {
	var b strings.Builder
	b.WriteString(`# pktsh 1 "" "pktsh" "User Commands"

# NAME

pktsh - a shell for packets

# SYNOPSIS

**pktsh** [*flags*] [*FILE*...]

*commands* | **pktsh** *FILE*

**pktsh** *FILE* **--eval** *CODE*

**pktsh** *FILE* **--script** *SCRIPT* [*ARGS*...]

# DESCRIPTION

Opens captures and explores them by typing: commands for what is done often, and
Starlark, which reads like Python, with PyShark's names for the rest. Wireshark's
dissectors are behind the attributes of a packet. Without a terminal it runs the
lines of its standard input.

# OPTIONS

`)
	fs, _ := flagSet(&options{})
	fs.VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		if f.Shorthand != "" {
			fmt.Fprintf(&b, "**-%s**, ", f.Shorthand)
		}
		fmt.Fprintf(&b, "**--%s**", f.Name)
		if value != "" {
			fmt.Fprintf(&b, " *%s*", manText(value))
		}
		fmt.Fprintf(&b, "\n: %s\n\n", manText(usage))
	})
	b.WriteString("# COMMANDS\n\nAt the prompt, in a script and in a pipe; `help NAME` explains each.\n\n")
	for _, c := range command.NewTable().All() {
		fmt.Fprintf(&b, "**%s**\n: %s\n\n", manText(c.Usage()), manText(c.Summary))
	}
	b.WriteString(`# EXIT STATUS

**0** when everything went well, **1** when a line failed or a capture could not be
opened, **2** for a wrong command line, **128+n** after signal *n*; what **quit** *N*
says.

# FILES

`)
	for _, file := range [][2]string{
		{"$XDG_CONFIG_HOME/pktsh/rc.star", "lines that are run when an interactive session begins"},
		{"$XDG_CONFIG_HOME/pktsh/dmacros", "saved filters"},
		{"$XDG_CONFIG_HOME/pktsh/colorfilters", "colouring rules of your own"},
		{"$XDG_STATE_HOME/pktsh/history", "what was typed"},
		{"$XDG_CACHE_HOME/pktsh", "Wireshark's field catalogue and packets' places in files; it may be deleted"},
	} {
		fmt.Fprintf(&b, "*%s*\n: %s\n\n", manText(file[0]), file[1])
	}
	b.WriteString(`# ENVIRONMENT

**NO_COLOR** switches colours off; **PATH** is where tshark, sharkd and dumpcap are looked for;
**VISUAL** and **EDITOR** name the editor of **edit**; **PAGER** the pager.

# SEE ALSO

**tshark**(1), **wireshark-filter**(4), **dumpcap**(1), **pcap-filter**(7)
`)
	return b.String()
}

// manText is a text without meaning to Markdown.
func manText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "]", `\]`, "`", "\\`", "|", `\|`, "$", `\$`).Replace(s)
}
