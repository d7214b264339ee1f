package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

// Background is the option that a & at the end of a line stands for.
const Background = "background"

func liveCommands() []*Command {
	return []*Command{
		{
			Name: "sniff", Group: GroupLive, Unpaged: true,
			Args: []Arg{
				{Name: "INTERFACE", Kinds: completion.ArgInterface, Optional: true},
				{Name: "BPF", Kinds: completion.ArgText, Optional: true, Repeated: true},
			},
			Options: []Option{
				{Name: "timeout", Value: "SECONDS", Help: "stop after so long: 5, 0.5, 2m"},
				{Name: "count", Value: "N", Help: "stop after N packets"},
				{Name: "filter", Value: "FILTER", Help: "show the packets that a display filter lets through; all are kept"},
				{Name: "output", Value: "FILE", Kinds: completion.ArgFile, Help: "keep the capture in a pcapng file, as it comes"},
				{Name: "ring", Value: "BOUND", Help: "keep only the last packets: 10000, 100MB, 60s"},
				{Name: "snaplen", Value: "BYTES", Help: "capture only the beginning of each packet"},
				{Name: "monitor", Help: "802.11 monitor mode"},
				{Name: "no-promiscuous", Help: "only packets from and to this machine"},
				{Name: "with", Value: "HOW", Kinds: completion.ArgChoice, Choices: []string{"dumpcap", "libpcap"}, Help: "who captures"},
				{Name: Background, Help: "as & at the end of the line: the prompt comes back at once"},
			},
			Summary: "capture packets and use them: live, kept, explored while it runs",
			Help: `Captures on an interface, or on several (eth0,lo), and makes that the capture
in use. Without a name it takes the first interface that is up and not the
loopback. BPF is a capture filter (pcap-filter(7)): it decides what is captured.

The packets scroll by as Wireshark's rows until --timeout, --count or Ctrl-C
ends the capture; what came is kept: ls, filter, show, loops and completion
work on it as on a file. With & the prompt comes back at once and all of them
work on what has come so far; stop, pause and resume control the capture.

A row is what Wireshark says of a packet when it comes, as tshark -i prints it;
ls, later, also knows the packets after it. Packets are kept until pktsh ends
or the capture is closed: save writes them to a file, --output does from the
beginning.`,
			Examples: []Example{
				{"sniff lo 'tcp port 8080' --timeout 5", "five seconds of one port"},
				{"sniff eth0 &", "in the background"},
				{"sniff eth0,lo --count 100", "two interfaces, a hundred packets"},
				{"sniff eth0 --filter 'dns && ip.src == 10.0.0.1'", "show some, keep all"},
				{"sniff eth0 --ring 100MB &", "the last 100 MB, for as long as you like"},
			},
			Run: runSniff,
		},
		{
			Name: "stop", Group: GroupLive,
			Args:     []Arg{{Name: "CAPTURE", Kinds: completion.ArgCapture, Optional: true}},
			Summary:  "end a capture that is running; its packets stay",
			Help:     `Ends the running capture, by default the one in use. Its packets are kept.`,
			Examples: []Example{{"stop", "the one in use"}, {"stop 2", "the second that caps lists"}},
			Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
				return st.control(ctx, in, "stopped", (*engine.Live).Stop)
			},
		},
		{
			Name: "pause", Group: GroupLive,
			Args:    []Arg{{Name: "CAPTURE", Kinds: completion.ArgCapture, Optional: true}},
			Summary: "interrupt a capture that is running",
			Help: `Interrupts the running capture; packets that pass now are not captured.
resume goes on.`,
			Examples: []Example{{"pause", "the one in use"}},
			Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
				return st.control(ctx, in, "paused", (*engine.Live).Pause)
			},
		},
		{
			Name: "resume", Group: GroupLive,
			Args:     []Arg{{Name: "CAPTURE", Kinds: completion.ArgCapture, Optional: true}},
			Summary:  "go on with a capture that was paused",
			Help:     `Goes on with a paused capture; what comes is added to its packets.`,
			Examples: []Example{{"resume", "the one in use"}},
			Run: func(ctx context.Context, st *State, in Input) (result.Result, error) {
				return st.control(ctx, in, "capturing again", (*engine.Live).Resume)
			},
		},
	}
}

func runSniff(ctx context.Context, st *State, in Input) (result.Result, error) {
	o, err := sniffOptions(in)
	if err != nil {
		return nil, fmt.Errorf("sniff: %w", err)
	}
	c, err := st.Session.Sniff(ctx, o)
	if err != nil {
		return nil, err
	}
	v := c.All()
	if expr := in.Options["filter"]; expr != "" {
		if v, err = v.Narrow(ctx, expr); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	st.switchTo(v, nil)
	if in.Has(Background) {
		return &result.Status{Line: Capturing(c) + "; stop ends it"}, nil
	}
	st.Notice(Capturing(c) + "; Ctrl-C ends it")
	return st.scroll(ctx, v), nil
}

// sniffOptions reads what was typed after sniff.
func sniffOptions(in Input) (engine.LiveOptions, error) {
	o := engine.LiveOptions{
		Monitor: in.Has("monitor"), NoPromiscuous: in.Has("no-promiscuous"),
		With: in.Options["with"], Output: ExpandHome(in.Options["output"]),
	}
	if len(in.Words) > 0 {
		o.Interfaces = slices.DeleteFunc(strings.Split(in.Words[0], ","), func(name string) bool { return name == "" })
		o.Filter = strings.Join(in.Words[1:], " ")
	}
	var err error
	if o.Timeout, err = parseSeconds(in.Options["timeout"]); err != nil {
		return o, fmt.Errorf("--timeout %s: %w", in.Options["timeout"], err)
	}
	for option, into := range map[string]*int{"count": &o.Count, "snaplen": &o.SnapLen} {
		word, ok := in.Options[option]
		if !ok {
			continue
		}
		if *into, err = strconv.Atoi(word); err != nil || *into < 1 {
			return o, fmt.Errorf("--%s %s: a number from 1 was wanted", option, word)
		}
	}
	if word, ok := in.Options["ring"]; ok {
		if o.Ring, err = parseRing(word); err != nil {
			return o, err
		}
	}
	return o, nil
}

// parseSeconds reads a time: a number of seconds, or with a unit as 2m or 500ms; ""
// is none.
func parseSeconds(word string) (time.Duration, error) {
	if word == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(word)
	if s, notNumber := strconv.ParseFloat(word, 64); notNumber == nil && s < math.MaxInt64/1e9 {
		d, err = time.Duration(s*float64(time.Second)), nil
	}
	if err != nil || d <= 0 {
		return 0, errors.New("seconds above 0 were wanted: 5, 0.5, 2m")
	}
	return d, nil
}

// parseRing reads the bound of a ring: packets, bytes or a time, or several of them
// separated by commas.
func parseRing(text string) (engine.Ring, error) {
	var r engine.Ring
	for word := range strings.SplitSeq(text, ",") {
		n, notNumber := strconv.Atoi(word)
		age, notTime := time.ParseDuration(word)
		size, notBytes := humanize.ParseBytes(word)
		switch {
		case notNumber == nil && n > 0:
			r.Packets = n
		case notTime == nil && age > 0:
			r.Age = age
		case notBytes == nil && size > 0 && size < math.MaxInt64:
			r.Bytes = int64(size)
		default:
			return r, fmt.Errorf("--ring %s: a number of packets (10000), bytes (100MB) or a time (60s) was wanted", word)
		}
	}
	return r, nil
}

// InBackground has a command that can run in the background, as a & at the end of its
// line wants it.
func (c *Command) InBackground(in Input) error {
	if _, err := c.option(Background); err != nil {
		return fmt.Errorf("%s &: only sniff runs in the background", c.Name)
	}
	in.Options[Background] = ""
	return nil
}

// Capturing says what is being captured, and that the interface was chosen where it
// was: "capturing on lo (tcp port 8080)".
func Capturing(c *engine.Capture) string {
	l := c.Live()
	line := "capturing on " + strings.Join(l.Interfaces(), ", ")
	if f := l.Filter(); f != "" {
		line += " (" + f + ")"
	}
	return line
}

// scroll is the rows of a capture as its packets come. It ends with the capture, and
// ends the capture when ctx ends.
func (st *State) scroll(ctx context.Context, v *engine.View) *result.Table {
	const address = len("192.168.1.20") // what comes later is not known yet
	table := &result.Table{Live: true, Columns: []result.Column{
		{Title: "No.", Align: result.Right, Role: result.RoleNumber, MinWidth: 5},
		{Title: "Time", Role: result.RoleDim, MinWidth: 11, Yields: 3},
		{Title: "Source", Role: result.RoleAddress, MinWidth: address, Shrinks: true, Yields: 1},
		{Title: "Destination", Role: result.RoleAddress, MinWidth: address, Shrinks: true, Yields: 2},
		{Title: "Protocol", Role: result.RoleName, MinWidth: 8, Shrinks: true},
		{Title: "Length", Align: result.Right, Role: result.RoleNumber, Yields: 4},
		{Title: "Info", Flexible: true},
	}}
	shown := 0
	table.Rows = func(yield func(result.Row, error) bool) {
		for row, err := range v.Scroll(ctx) {
			if err != nil {
				yield(result.Row{}, err)
				return
			}
			shown++
			cells := []string{strconv.FormatUint(uint64(row.Number), 10), row.Time, row.Source, row.Destination, row.Protocol,
				strconv.FormatUint(uint64(row.Length), 10), row.Info}
			if !yield(result.Row{Cells: cells, Preview: row.Preview}, nil) {
				return
			}
		}
		if failed := st.Failed(v.Capture()); failed != "" {
			yield(result.Row{}, errors.New(failed))
			return
		}
		st.end(v.Capture())
		if !st.Interactive() {
			st.Notice(captured(v, shown))
		}
	}
	table.Footer = func() []string {
		if ctx.Err() != nil {
			return []string{"", captured(v, shown)} // the terminal has written ^C
		}
		return []string{captured(v, shown)}
	}
	return table
}

// Ended says, once, what a capture that has ended holds; "" when that was said.
func (st *State) Ended(c *engine.Capture) string {
	if st.ended[c] {
		return ""
	}
	st.end(c)
	return fmt.Sprintf("%s has ended: %s, %s", c.Name(), packets(c.Len()), dropped(c.Live()))
}

// Failed says, once, why a capture has ended before its time; "" when it did not or
// that was said.
func (st *State) Failed(c *engine.Capture) string {
	err := c.Live().Err()
	if err == nil || st.ended[c] {
		return ""
	}
	st.end(c)
	return fmt.Sprintf("%s: %v; its %s are kept", c.Name(), err, packets(c.Len()))
}

// end remembers that the user knows of a capture's end.
func (st *State) end(c *engine.Capture) {
	if st.ended == nil {
		st.ended = map[*engine.Capture]bool{}
	}
	st.ended[c] = true
}

// captured sums up a capture: "21 packets in 5 s, 2 of them shown; dropped: none".
func captured(v *engine.View, shown int) string {
	c := v.Capture()
	line := packets(c.Len())
	if f := v.Filter(); f != "" {
		line += fmt.Sprintf(", %s of them shown (%s)", humanize.Comma(int64(shown)), f)
	}
	return line + "; " + dropped(c.Live())
}

// dropped says how many packets were lost, and where, and how many gave way to others.
func dropped(l *engine.Live) string {
	d := l.Drops()
	line := cmp.Or(d.String(), "none dropped")
	if d.Ring > 0 {
		line += fmt.Sprintf("; %s before them were let go (--ring)", packets(int(d.Ring)))
	}
	return line
}

// running returns the capture that a command without an argument means: the one in
// use if it is live, or else the only one that is.
func (st *State) live(words []string) (*engine.Capture, error) {
	if len(words) > 0 {
		v, err := st.open(words[0])
		if err != nil {
			return nil, err
		}
		if v.Capture().Live() == nil {
			return nil, fmt.Errorf("%s is a file, not a live capture", v.Capture().Name())
		}
		return v.Capture(), nil
	}
	if st.View != nil && st.View.Capture().Live() != nil {
		return st.View.Capture(), nil
	}
	var found []*engine.Capture
	for _, c := range st.Session.Captures() {
		if l := c.Live(); l != nil && l.State() != engine.LiveStopped {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("nothing is being captured; sniff begins a capture")
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%d captures are running: name one by its number in caps", len(found))
}

// control does something to a running capture and says what is there now.
func (st *State) control(ctx context.Context, in Input, done string, do func(*engine.Live, context.Context) error) (result.Result, error) {
	c, err := st.live(in.Words)
	if err != nil {
		return nil, err
	}
	if err := do(c.Live(), ctx); err != nil {
		return nil, err
	}
	if _, err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	if delete(st.ended, c); c.Live().State() == engine.LiveStopped {
		st.end(c) // this says so
	}
	return &result.Status{Line: fmt.Sprintf("%s %s: %s, %s", c.Name(), done, packets(c.Len()), dropped(c.Live()))}, nil
}

// stateOf is the state of a live capture in a word, "" of others.
func stateOf(c *engine.Capture) string {
	if l := c.Live(); l != nil && len(l.Interfaces()) > 0 {
		return l.State().String()
	}
	return ""
}

// liveFacts are what status says of a live capture.
func liveFacts(c *engine.Capture) [][2]string {
	l := c.Live()
	if l == nil {
		return nil
	}
	state := l.State().String() + " on " + strings.Join(l.Interfaces(), ", ")
	if f := l.Filter(); f != "" {
		state += " (" + f + ")"
	}
	facts := [][2]string{{"live", state}, {"lost", dropped(l)}}
	if err := l.Err(); err != nil {
		facts = append(facts, [2]string{"warning", err.Error()})
	}
	return facts
}
