package command

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/repl/result"
)

func packetCommands() []*Command {
	return []*Command{
		{
			Name: "ls", Aliases: []string{"list"}, Group: GroupPackets,
			Args: []Arg{{Name: "RANGE", Kinds: completion.ArgRange | completion.ArgFrame, Optional: true, Repeated: true}},
			Options: []Option{
				{Name: "all", Help: "every packet, not a page"},
				{Name: "head", Value: "N", Help: "the first N packets"},
				{Name: "tail", Value: "N", Help: "the last N packets"},
			},
			Rows:    true,
			Summary: "list packets, one a line",
			Help: `Lists the packets that the filter lets through, in Wireshark's columns or those
that columns chose, coloured by Wireshark's rules (set colors). RANGE is frame
numbers as Wireshark counts them: 5, 200-210, 17-; -1 is the last packet that
passes the filter.
At a terminal ls alone shows a page, and the next one when asked again; in a
script it lists them all.

Rows marked with ~ are by pktsh itself: previews while Wireshark's dissectors
are still loading (a script waits for them), or all there is when they failed.`,
			Examples: []Example{
				{"ls", "a page of packets; again for the next"},
				{"ls 200-210", "frames 200 to 210"},
				{"ls --tail 20", "the last twenty"},
				{"ls --all | grep RST", "through a shell command"},
			},
			Run: runLs,
		},
		{
			Name: "show", Group: GroupPackets,
			Args: []Arg{
				{Name: "FRAME", Kinds: completion.ArgFrame | completion.ArgLayer, Optional: true},
				{Name: "LAYER", Kinds: completion.ArgLayer, Optional: true, Repeated: true},
			},
			Summary: "pretty print a packet: every layer and field",
			Help: `Prints every layer and field of a packet under Wireshark's labels, in the
order of its tree, undissected data as a hex dump; or only the layers named.
Without a frame number it is the current packet.`,
			Examples: []Example{
				{"show 5", "all of frame 5"},
				{"show 5 dns", "its DNS layer"},
				{"show -1", "the last packet"},
				{"show", "the current packet"},
			},
			Run: runShow,
		},
		{
			Name: "layers", Group: GroupPackets,
			Args:     []Arg{{Name: "FRAME", Kinds: completion.ArgFrame, Optional: true}},
			Summary:  "the protocols in a packet",
			Help:     `Prints the names of a packet's layers from the outermost in.`,
			Examples: []Example{{"layers 5", "ETH IP UDP DNS"}},
			Run:      runLayers,
		},
		{
			Name: "hex", Group: GroupPackets,
			NoFunction: true, // hex(255) is Python's
			Args: []Arg{
				{Name: "FRAME", Kinds: completion.ArgFrame | completion.ArgLayer | completion.ArgField, Optional: true},
				{Name: "FIELD", Kinds: completion.ArgField | completion.ArgLayer, Optional: true},
			},
			Summary: "hex dump of a packet, with a field's bytes lit",
			Help: `Dumps a packet's bytes, and the reassembled or decrypted ones where there are
any. With a field or a layer its bytes are lit, in the buffer it lies in.`,
			Examples: []Example{
				{"hex 5", "all its bytes"},
				{"hex 5 dns.qry.name", "with the queried name lit"},
			},
			Run: runHex,
		},
		{
			Name: "next", Aliases: []string{"n"}, Group: GroupPackets,
			Args:     []Arg{{Name: "COUNT", Optional: true}},
			Summary:  "move to the next packet",
			Help:     `Makes the packet after the current one: pkt. The filter decides which count.`,
			Examples: []Example{{"next", "one on"}, {"next 10", "ten on"}},
			Run:      func(ctx context.Context, st *State, in Input) (result.Result, error) { return move(ctx, st, in, +1) },
		},
		{
			Name: "prev", Aliases: []string{"p"}, Group: GroupPackets,
			Args:     []Arg{{Name: "COUNT", Optional: true}},
			Summary:  "move to the packet before",
			Help:     `Makes the packet before the current one: pkt. The filter decides which count.`,
			Examples: []Example{{"prev", "one back"}, {"prev 10", "ten back"}},
			Run:      func(ctx context.Context, st *State, in Input) (result.Result, error) { return move(ctx, st, in, -1) },
		},
		{
			Name: "goto", Aliases: []string{"go"}, Group: GroupPackets,
			Args:     []Arg{{Name: "FRAME", Kinds: completion.ArgFrame}},
			Summary:  "move to a packet by its frame number",
			Help:     `Makes a packet the current one: pkt. It need not pass the filter.`,
			Examples: []Example{{"goto 17", "frame 17"}, {"goto -1", "the last packet"}},
			Run:      runGoto,
		},
	}
}

func runLs(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	n, err := v.Len(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := st.choosePlaces(ctx, v, in, n)
	if err != nil {
		return nil, err
	}
	preview := false
	table := st.listTable(st.currentIn(v), func(yield func(engine.ListRow, error) bool) {
		for _, p := range parts {
			for row, err := range v.List(ctx, p.Lo, p.Hi, st.listOptions()) {
				preview = preview || row.Preview
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	})
	table.Footer = func() []string { return st.listFooter(v, parts, n, preview) }
	return table, nil
}

// currentIn is the current packet's frame number, 0 when it is of another capture.
func (st *State) currentIn(v *engine.View) uint32 {
	if st.Packet == nil || st.Packet.Capture() != v.Capture() {
		return 0
	}
	return st.Packet.Number()
}

// choosePlaces says which places of the view ls lists.
func (st *State) choosePlaces(ctx context.Context, v *engine.View, in Input, n int) ([]engine.Places, error) {
	if in.Has("head") && in.Has("tail") {
		return nil, fmt.Errorf("ls: --head or --tail was wanted, not both")
	}
	if len(in.Words) > 0 {
		spans, err := parseSpans(ctx, v, in.Words)
		if err != nil {
			return nil, err
		}
		var out []engine.Places
		for _, s := range spans {
			within, err := v.Within(ctx, s.lo, s.hi)
			if err != nil {
				return nil, err
			}
			out = append(out, within...)
		}
		if out, err = in.ends(out); len(out) > 0 {
			st.Listed = out[len(out)-1].Hi
		}
		return out, err
	}
	if in.Has("head") || in.Has("tail") {
		return in.ends([]engine.Places{{Lo: 0, Hi: n}})
	}
	if in.Has("all") || !st.Interactive() {
		return []engine.Places{{Lo: 0, Hi: n}}, nil
	}
	if st.Listed >= n {
		st.Listed = 0
	}
	p := engine.Places{Lo: st.Listed, Hi: min(st.Listed+st.PageRows, n)}
	st.Listed = p.Hi
	return []engine.Places{p}, nil
}

// ends are the first of some places, or the last, where --head or --tail asks for those.
func (in Input) ends(parts []engine.Places) ([]engine.Places, error) {
	for _, option := range []string{"head", "tail"} {
		word, ok := in.Options[option]
		if !ok {
			continue
		}
		k, err := strconv.Atoi(word)
		if err != nil || k < 1 {
			return nil, fmt.Errorf("ls: --%s %s: a number of packets from 1 was wanted", option, word)
		}
		n := 0
		for _, p := range parts {
			n += p.Hi - p.Lo
		}
		lo, hi := 0, min(k, n)
		if option == "tail" {
			lo, hi = max(n-k, 0), n
		}
		var out []engine.Places
		at := 0 // the place of p's first packet among all
		for _, p := range parts {
			from, to := max(lo-at, 0), min(hi-at, p.Hi-p.Lo)
			if from < to {
				out = append(out, engine.Places{Lo: p.Lo + from, Hi: p.Lo + to})
			}
			at += p.Hi - p.Lo
		}
		return out, nil
	}
	return parts, nil
}

// listFooter says what part of the packets was listed and how to go on.
func (st *State) listFooter(v *engine.View, parts []engine.Places, n int, preview bool) []string {
	var out []string
	if preview {
		line := "~ preview by pktsh; Wireshark's dissectors are still loading"
		switch d := v.Capture().Deep(); {
		case stateOf(v.Capture()) == engine.LiveRunning.String():
			line = "~ preview by pktsh; Wireshark's rows come when the capture is stopped"
		case d.State == plan.Failed:
			line = "~ by pktsh itself; Wireshark's dissectors failed on this file"
		case d.State == plan.Ready:
			line = "~ preview by pktsh; Wireshark's dissectors have loaded now: ls again"
		case d.Fraction > 0:
			line += fmt.Sprintf(" (%.0f %%)", 100*d.Fraction)
		}
		out = append(out, line)
	}
	total := packets(n)
	if f := v.Filter(); f != "" && n < v.Capture().Len() {
		total += " that pass the filter"
	}
	shown := 0
	for _, p := range parts {
		shown += p.Hi - p.Lo
	}
	if shown == 0 && n > 0 {
		out = append(out, "none of them passes the filter")
	}
	if len(parts) == 1 && shown > 0 && shown < n {
		line := fmt.Sprintf("%s–%s of %s", humanize.Comma(int64(parts[0].Lo+1)), humanize.Comma(int64(parts[0].Hi)), total)
		if parts[0].Hi < n {
			line += "; ls goes on"
		}
		out = append(out, line)
	}
	if n == 0 {
		out = append(out, "no packets")
		if v.Filter() != "" {
			out[len(out)-1] += " pass the filter; filter alone clears it"
		}
	}
	return out
}

// packet returns the packet that a word names, or the current one for "".
func (st *State) packet(ctx context.Context, word string) (*engine.Packet, error) {
	if word == "" {
		if st.Packet == nil {
			if _, err := st.view(); err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("there is no current packet; goto N chooses one")
		}
		return st.Packet, nil
	}
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	frame, err := parseFrame(ctx, v, word)
	if err != nil {
		return nil, err
	}
	return v.Capture().Packet(frame)
}

// dissected takes a frame number off the front of the words, if there is one, and
// dissects that packet, or else the current one.
func (st *State) dissected(ctx context.Context, words []string) (p *engine.Packet, t *dissect.Tree, rest []string, err error) {
	word := ""
	if len(words) > 0 {
		if _, err := strconv.ParseInt(words[0], 10, 64); err == nil {
			word, words = words[0], words[1:]
		}
	}
	if p, err = st.packet(ctx, word); err != nil {
		return nil, nil, nil, err
	}
	t, err = p.Tree(ctx)
	return p, t, words, err
}

func runShow(ctx context.Context, st *State, in Input) (result.Result, error) {
	p, t, names, err := st.dissected(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	nodes := t.Nodes
	if len(names) > 0 {
		nodes = nil
		for _, name := range names {
			found := layersNamed(t, name)
			if len(found) == 0 {
				return nil, noLayer(p, t, name)
			}
			nodes = append(nodes, found...)
		}
	}
	return &result.Tree{Tree: t, Nodes: nodes}, nil
}

// layersNamed returns the top-level protocols of that name, in any case.
func layersNamed(t *dissect.Tree, name string) []*dissect.Field {
	var out []*dissect.Field
	for _, f := range t.Nodes {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f)
		}
	}
	return out
}

func noLayer(p *engine.Packet, t *dissect.Tree, name string) error {
	names := func(yield func(string) bool) {
		for _, l := range t.Layers() {
			if !yield(l.Name) {
				return
			}
		}
	}
	err := fmt.Sprintf("packet %d has no layer %q; it has %s", p.Number(), name, strings.ToLower(layerLine(t)))
	if near, ok := completion.Nearest(name, names); ok {
		err += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Errorf("%s", err)
}

func layerLine(t *dissect.Tree) string {
	var names []string
	for _, l := range t.Layers() {
		names = append(names, strings.ToUpper(l.Name))
	}
	return strings.Join(names, " ")
}

func runLayers(ctx context.Context, st *State, in Input) (result.Result, error) {
	_, t, rest, err := st.dissected(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, noFrame(rest[0])
	}
	return &result.Text{Lines: []string{layerLine(t)}}, nil
}

func runHex(ctx context.Context, st *State, in Input) (result.Result, error) {
	p, t, names, err := st.dissected(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	if len(names) > 1 {
		return nil, fmt.Errorf("hex: got %s; one field or layer was wanted", strings.Join(names, " "))
	}
	if len(names) == 1 {
		return hexOf(p, t, names[0])
	}
	var out result.Many
	for i := range t.Sources {
		out = append(out, hexSource(t, i, 0, 0))
	}
	return out, nil
}

func hexSource(t *dissect.Tree, source, lo, hi int) *result.Hex {
	h := &result.Hex{Bytes: t.Sources[source].Bytes, LitStart: lo, LitEnd: hi}
	if len(t.Sources) > 1 {
		h.Title = t.Sources[source].Name
	}
	return h
}

// hexOf lights a field or layer in the buffer it lies in.
func hexOf(p *engine.Packet, t *dissect.Tree, name string) (result.Result, error) {
	var found *dissect.Field
	for f := range fields(t) {
		if strings.EqualFold(f.Name, name) && (found == nil || found.Size == 0) {
			found = f
		}
	}
	if found == nil {
		names := func(yield func(string) bool) {
			for f := range fields(t) {
				if f.Name != "" && !yield(f.Name) {
					return
				}
			}
		}
		if near, ok := completion.Nearest(name, names); ok {
			return nil, fmt.Errorf("packet %d has no field or layer %q; did you mean %s?", p.Number(), name, near)
		}
		return nil, fmt.Errorf("packet %d has no field or layer %q; show %d lists what it has", p.Number(), name, p.Number())
	}
	if found.Bytes(t) == nil {
		return nil, fmt.Errorf("%s of packet %d has no bytes of its own: Wireshark computed it", name, p.Number())
	}
	return hexSource(t, found.Source, found.Pos, found.Pos+found.Size), nil
}

// fields yields every node of a tree, depth first.
func fields(t *dissect.Tree) iter.Seq[*dissect.Field] {
	return func(yield func(*dissect.Field) bool) {
		dissect.Walk(t.Nodes, func(f *dissect.Field, _ int) bool { return yield(f) })
	}
}

// move makes the packet count places further in the view the current one.
func move(ctx context.Context, st *State, in Input, direction int) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	count := 1
	if len(in.Words) > 0 {
		if count, err = strconv.Atoi(in.Words[0]); err != nil || count < 1 {
			return nil, fmt.Errorf("%q is no number of packets", in.Words[0])
		}
	}
	n, err := v.Len(ctx)
	if err != nil {
		return nil, err
	}
	place := -1 // before the first
	if st.Packet != nil && st.Packet.Capture() == v.Capture() {
		at, exact, err := v.Index(ctx, st.Packet.Number())
		if err != nil {
			return nil, err
		}
		place = at
		if !exact && direction > 0 {
			place-- // at is the first one after it
		}
	}
	to := place + direction*count
	if to < 0 || to >= n {
		return nil, noPacketThere(direction, place, n)
	}
	frame, err := v.Frame(ctx, to)
	if err != nil {
		return nil, err
	}
	return st.moveTo(ctx, v, frame)
}

// noPacketThere says how far one can go from a place in a view of n packets.
func noPacketThere(direction, place, n int) error {
	left, way := place, "before"
	if direction > 0 {
		left, way = n-1-place, "after"
	}
	if left <= 0 {
		return fmt.Errorf("there is no packet %s this one", way)
	}
	return fmt.Errorf("there are only %s %s this one", packets(left), way)
}

func runGoto(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	frame, err := parseFrame(ctx, v, in.Words[0])
	if err != nil {
		return nil, err
	}
	return st.moveTo(ctx, v, frame)
}

// moveTo makes a frame the current packet and shows its row.
func (st *State) moveTo(ctx context.Context, v *engine.View, frame uint32) (result.Result, error) {
	p, err := v.Capture().Packet(frame)
	if err != nil {
		return nil, err
	}
	var row engine.ListRow
	for r, err := range st.rowsOf(ctx, v.Capture(), []uint32{frame}) {
		if err != nil {
			return nil, err
		}
		row = r
	}
	st.Packet = p
	return st.listTable(0, func(yield func(engine.ListRow, error) bool) { yield(row, nil) }), nil
}
