package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/engine/plan"
	"pktsh/repl/result"
)

func sessionCommands() []*Command {
	return []*Command{
		{
			Name: "status", Group: GroupSession, Rows: true,
			Summary: "the capture in use, who dissects it, and what is wrong with it",
			Help: `Shows the capture in use, the filter, the current packet, how far Wireshark's
dissectors are, and every warning about the file.`,
			Examples: []Example{{"status", ""}},
			Run:      runStatus,
		},
		{
			Name: "history", Group: GroupSession,
			Args:     []Arg{{Name: "TEXT", Optional: true, Repeated: true}},
			Summary:  "what was typed before",
			Help:     `Lists the lines typed before, oldest first; with a text only those that hold it.`,
			Examples: []Example{{"history filter", "the lines with the word filter"}},
			Run:      runHistory,
		},
		{
			Name: "quit", Aliases: []string{"exit"}, Group: GroupSession,
			Args:     []Arg{{Name: "CODE", Optional: true}},
			Summary:  "leave pktsh",
			Help:     `Ends the session and everything it started. Ctrl-D on an empty line does too.`,
			Examples: []Example{{"quit", "exit code 0"}},
			Run:      runQuit,
		},
		{
			Name: "!", Group: GroupSession, Raw: true, NoFunction: true,
			Args:     []Arg{{Name: "SHELL COMMAND", Kinds: completion.ArgText}},
			Summary:  "run a line in your own shell",
			Help:     `Runs the rest of the line in $SHELL.`,
			Examples: []Example{{"!ls -l *.pcap", ""}},
			Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
				if in.Raw == "" {
					return nil, fmt.Errorf("! wants a shell command after it: !ls -l")
				}
				return nil, st.System(ctx, in.Raw)
			},
		},
	}
}

func runQuit(_ context.Context, st *State, in Input) (result.Result, error) {
	code := 0
	if len(in.Words) > 0 {
		var err error
		if code, err = strconv.Atoi(in.Words[0]); err != nil || code < 0 || code > 255 {
			return nil, fmt.Errorf("quit %s: an exit code from 0 to 255 was wanted", in.Words[0])
		}
	}
	st.Quit(code)
	return nil, nil
}

func runHistory(_ context.Context, st *State, in Input) (result.Result, error) {
	needle := strings.Join(in.Words, " ")
	out := &result.Text{}
	for i, line := range st.History() {
		if strings.Contains(line, needle) {
			number := fmt.Sprintf("%5d", i+1)
			for part := range strings.SplitSeq(line, "\n") {
				out.Lines = append(out.Lines, fmt.Sprintf("%5s  %s", number, part))
				number = ""
			}
		}
	}
	return out, nil
}

func runStatus(ctx context.Context, st *State, _ Input) (result.Result, error) {
	var rows [][2]string
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}
	if v := st.View; v != nil {
		c := v.Capture()
		f := c.File()
		add("capture", "%s", c.Path())
		add("packets", "%s, %s, %s", humanize.Comma(int64(c.Len())), duration(c.Duration()), humanize.Bytes(uint64(f.Size())))
		format := f.Format()
		if z := f.Compression(); z != "" {
			format += ", " + z
		}
		add("format", "%s, %s", format, linkNames(c))
		for _, i := range f.Interfaces() {
			if i.Name != "" {
				add("interface", "%s %s", i.Name, i.Description)
			}
		}
		for _, comment := range f.SectionComments() {
			add("comment", "%s", comment)
		}
		rows = append(rows, liveFacts(c)...)
		if expr := v.Filter(); expr != "" {
			n, err := v.Len(ctx)
			if err != nil {
				return nil, err
			}
			add("filter", "%s (%s)", expr, packets(n))
		}
		if st.Packet != nil {
			add("current", "packet %d", st.Packet.Number())
		}
		add("dissection", "%s", deepSentence(ctx, st))
		if set := settingsLine(c.Dissection()); set != "" {
			add("settings", "%s", set)
		}
		for _, w := range c.Warnings() {
			add("warning", "%s", w)
		}
		if how := f.Change(); how != "" {
			add("warning", "%s %s since it was opened", c.Name(), how)
		}
	} else {
		add("capture", "none; `open FILE` opens one")
		if version := st.Session.WiresharkVersion(ctx); version != "" {
			add("dissection", "Wireshark %s", version)
		}
	}
	add("engine", "%s", st.Session.Mode())
	if st.View != nil && st.Session.Mode() == plan.Auto {
		if version, verified := st.View.Capture().Verified(ctx); version != "" && !verified {
			add("warning", "pktsh's own answers are not verified with Wireshark %s: run pktsh's make differential", version)
		}
	}
	return pairs(rows), nil
}

// deepSentence says who dissects the capture in use and how far that is.
func deepSentence(ctx context.Context, st *State) string {
	version := st.Session.WiresharkVersion(ctx)
	switch d := st.View.Capture().Deep(); d.State {
	case plan.Ready:
		if d.Partial {
			return "Wireshark " + version + ", loaded as far as the file can be read"
		}
		return "Wireshark " + version + ", loaded"
	case plan.Loading:
		return "Wireshark " + version + ", " + deepWord(d)
	case plan.Failed:
		return fmt.Sprintf("pktsh alone: %v", d.Err)
	}
	if st.Session.Mode() == plan.Native {
		return "pktsh alone (--engine native)"
	}
	return "pktsh alone: Wireshark is not installed (Debian: apt-get install tshark)"
}
