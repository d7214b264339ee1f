package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/repl/result"
)

func captureCommands() []*Command {
	return []*Command{
		{
			Name: "open", Group: GroupCaptures,
			Args:    []Arg{{Name: "FILE", Kinds: completion.ArgCaptureFile, Repeated: true}},
			Summary: "open a capture file and use it",
			Help: `Opens a capture and makes it the one in use: cap and pkt are now its own.
Several files, or a pattern such as *.pcap, are merged by time. Captures that
were open stay open: caps lists them and use goes back to one.

pcap and pcapng are read directly, compressed (.gz .zst .lz4) or not. Other
formats (snoop, ERF, …) are converted by Wireshark's editcap where it is
installed.`,
			Examples: []Example{
				{"open browse.pcapng", "one file"},
				{"open day1.pcap.gz day2.pcap.gz", "two files, merged by time"},
			},
			Run: runOpen,
		},
		{
			Name: "close", Group: GroupCaptures,
			Args:    []Arg{{Name: "CAPTURE", Kinds: completion.ArgCapture, Optional: true}},
			Summary: "close a capture and end its dissectors",
			Help: `Closes the capture in use, or the one named by its number in caps or by the
variable that holds it. Nothing is written to the file.`,
			Examples: []Example{{"close", "the one in use"}, {"close 2", "the second that caps lists"}},
			Run:      runClose,
		},
		{
			Name: "caps", Group: GroupCaptures, Rows: true,
			Summary:  "list the open captures",
			Help:     `Lists the open captures with their numbers and the variables that hold them.`,
			Examples: []Example{{"caps", "all of them"}},
			Run:      runCaps,
		},
		{
			Name: "use", Group: GroupCaptures,
			Args:    []Arg{{Name: "CAPTURE", Kinds: completion.ArgCapture}},
			Summary: "make another open capture the one in use",
			Help: `Makes a capture the one that commands work on, by its number in caps or by
the variable that holds it.`,
			Examples: []Example{{"use 2", "the second that caps lists"}, {"use cap2", "the one in the variable cap2"}},
			Run:      runUse,
		},
	}
}

func runOpen(ctx context.Context, st *State, in Input) (result.Result, error) {
	paths, err := ExpandPaths(in.Words)
	if err != nil {
		return nil, err
	}
	c, err := st.Session.Open(ctx, engine.OpenOptions{Paths: paths})
	if err != nil {
		return nil, err
	}
	if err := st.Use(ctx, c.All()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	out := result.Many{&result.Status{Line: Banner(ctx, c)}}
	for _, w := range c.Warnings() {
		out = append(out, &result.Status{Line: w, Role: result.RoleWarning})
	}
	return out, nil
}

// ExpandPaths replaces ~ and patterns by the files they stand for. A name
// without a pattern is kept as it is, whether or not it exists, and so is one that
// a file really has.
func ExpandPaths(words []string) ([]string, error) {
	var out []string
	for _, w := range words {
		w = ExpandHome(w)
		if _, err := os.Lstat(w); err == nil || !strings.ContainsAny(w, "*?[") {
			out = append(out, w)
			continue
		}
		found, err := filepath.Glob(w)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", w, err)
		case len(found) == 0:
			return nil, fmt.Errorf("%s: no file of such a name", w)
		}
		out = append(out, found...)
	}
	return out, nil
}

// Banner is the line that says what was opened:
// "browse.pcapng  1,204 packets  8.3 s  pcapng  Ethernet   dissected by Wireshark 4.0.17".
func Banner(ctx context.Context, c *engine.Capture) string {
	parts := []string{c.Name(), packets(c.Len()), duration(c.Duration()), c.File().Format()}
	if comp := c.File().Compression(); comp != "" {
		parts[3] += " (" + comp + ")"
	}
	if links := linkNames(c); links != "" {
		parts = append(parts, links)
	}
	return strings.Join(parts, "  ") + "   " + dissectedBy(ctx, c)
}

func dissectedBy(ctx context.Context, c *engine.Capture) string {
	s := c.Session()
	switch version := s.WiresharkVersion(ctx); {
	case version != "":
		return "dissected by Wireshark " + version
	case s.Mode() == plan.Native:
		return "dissected by pktsh (--engine native)"
	default:
		return "dissected by pktsh (no Wireshark here)"
	}
}

// linkNames lists the link types of a capture, each once.
func linkNames(c *engine.Capture) string {
	var names []string
	for _, l := range c.File().LinkTypes() {
		names = append(names, linkName(l))
	}
	return strings.Join(names, ", ")
}

// packets writes a number of packets: "1,204 packets".
func packets(n int) string {
	if n == 1 {
		return "1 packet"
	}
	return humanize.Comma(int64(n)) + " packets"
}

// duration writes nanoseconds as a person reads them: "8.3 s", "2h13m5s", "3 days".
func duration(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g ms", float64(ns)/1e6)
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%s days", humanize.Comma(int64(d.Hours()/24)))
}

// open returns the open capture that word names: a number in caps or a variable.
func (st *State) open(word string) (*engine.View, error) {
	all := st.Session.Captures()
	if n, err := strconv.Atoi(word); err == nil {
		if n < 1 || n > len(all) {
			return nil, fmt.Errorf("capture %d: %s; caps lists them", n, openCount(len(all)))
		}
		return st.viewOf(all[n-1]), nil
	}
	for _, v := range st.Variables() {
		if v.Name == word {
			return v.View, nil
		}
	}
	for _, c := range all {
		if c.Name() == word || c.Path() == word {
			return st.viewOf(c), nil
		}
	}
	return nil, fmt.Errorf("%q is no open capture: neither a number in caps nor a variable that holds one; `open %s` opens a file", word, word)
}

// viewOf returns the view that is known of a capture: the one in use, a
// variable's, or all its packets.
func (st *State) viewOf(c *engine.Capture) *engine.View {
	if st.View != nil && st.View.Capture() == c {
		return st.View
	}
	if at, ok := st.left[c]; ok {
		return at.view
	}
	for _, v := range st.Variables() {
		if v.View.Capture() == c {
			return v.View
		}
	}
	return c.All()
}

func openCount(n int) string {
	switch n {
	case 0:
		return "no capture is open"
	case 1:
		return "one capture is open"
	}
	return fmt.Sprintf("%d captures are open", n)
}

func runClose(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if len(in.Words) > 0 {
		v, err = st.open(in.Words[0])
	}
	if err != nil {
		return nil, err
	}
	c := v.Capture()
	line := c.Name() + " closed"
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("closing %s: %w", c.Name(), err)
	}
	delete(st.left, c)
	delete(st.marks, c)
	delete(st.ended, c)
	if st.View == nil || st.View.Capture() != c {
		return &result.Status{Line: line}, nil
	}
	var next *engine.View
	if rest := st.Session.Captures(); len(rest) > 0 {
		st.View = nil
		next = st.viewOf(rest[len(rest)-1])
		line += "; using " + next.Capture().Name()
	}
	return &result.Status{Line: line}, st.Use(ctx, next)
}

func runCaps(ctx context.Context, st *State, _ Input) (result.Result, error) {
	all := st.Session.Captures()
	return &result.Table{
		Empty: "no capture is open; `open FILE` opens one",
		Columns: []result.Column{
			{Title: "#", Key: "no", Number: true, Align: result.Right, Role: result.RoleNumber},
			{Title: "Variable", Role: result.RoleName},
			{Title: "Packets", Number: true, Grouped: true, Align: result.Right, Role: result.RoleNumber},
			{Title: "Wireshark"},
			{Title: "File", Flexible: true},
		},
		Rows: func(yield func(result.Row, error) bool) {
			for i, c := range all {
				row := result.Row{
					Current: st.View != nil && st.View.Capture() == c,
					Cells: []string{strconv.Itoa(i + 1), st.variableOf(c), strconv.Itoa(c.Len()),
						deepWord(c.Deep()), c.Path()},
				}
				if state := stateOf(c); state != "" {
					row.Cells[len(row.Cells)-1] += " (live, " + state + ")"
				}
				if !yield(row, nil) {
					return
				}
			}
		},
	}, ctx.Err()
}

// variableOf lists the variables that hold a capture.
func (st *State) variableOf(c *engine.Capture) string {
	var names []string
	for _, v := range st.Variables() {
		if v.View.Capture() == c {
			names = append(names, v.Name)
		}
	}
	return strings.Join(names, ", ")
}

// deepWord says in a word or two how far Wireshark's dissectors are.
func deepWord(d engine.DeepState) string {
	switch d.State {
	case plan.Absent:
		return "absent"
	case plan.Ready:
		return "ready"
	case plan.Failed:
		return "failed"
	}
	if d.Fraction > 0 {
		return fmt.Sprintf("loading %.0f %%", 100*d.Fraction)
	}
	return "not loaded yet"
}

func runUse(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.open(in.Words[0])
	if err != nil {
		return nil, err
	}
	if v.Capture().Closed() {
		return nil, fmt.Errorf("%s is closed; open it again", v.Capture().Name())
	}
	if err := st.back(ctx, v); err != nil {
		return nil, err
	}
	line := Banner(ctx, v.Capture())
	if f := v.Filter(); f != "" {
		line += "   filter " + f
	}
	return &result.Status{Line: line}, nil
}
