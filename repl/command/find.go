package command

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func findCommands() []*Command {
	return []*Command{
		{
			Name: "find", Group: GroupPackets, Raw: true,
			Args: []Arg{{Name: "WHAT", Kinds: completion.ArgFilter, Optional: true}},
			Options: []Option{
				{Name: "text", Plain: true, Help: "WHAT is a text in the packet's bytes, in UTF-8 or UTF-16"},
				{Name: "bytes", Plain: true, Help: "WHAT is bytes in hex: 47455420 or 47:45:54:20"},
				{Name: "back", Help: "go towards the first packet"},
			},
			Summary: "move to the next packet that matches a filter, or holds a text or bytes",
			Help: `Makes the next packet that matches the current one: pkt. It is looked for among
those that pass the filter in force, from the current one on, and from the
other end when there is none. WHAT is a display filter unless an option says
otherwise; find alone looks on for what was looked for last.`,
			Examples: []Example{
				{`find dns.qry.name contains "example"`, "the next packet that the filter lets through"},
				{"find", "and the next"},
				{`find --text "GET /"`, "the next packet with that text in its bytes"},
				{"find --back --bytes 0d0a0d0a", "bytes, backwards"},
			},
			Run: runFind,
		},
		{
			Name: "mark", Group: GroupPackets, Rows: true,
			Args: []Arg{{Name: "RANGE", Kinds: completion.ArgRange | completion.ArgFrame, Optional: true, Repeated: true}},
			Options: []Option{
				{Name: "list", Help: "list the marked packets"},
				{Name: "clear", Help: "take the marks of all packets, or of RANGE"},
				{Name: "next", Help: "move to the next marked packet"},
				{Name: "prev", Help: "move to the marked packet before"},
			},
			Summary: "mark packets to come back to",
			Help: `Marks the current packet, or those of RANGE that pass the filter. Marks last as
long as the session; they change nothing in the capture.`,
			Examples: []Example{
				{"mark", "the current packet"},
				{"mark 5 17-20", "these"},
				{"mark --list", "which are marked"},
				{"mark --next", "the next one becomes the current packet"},
				{"mark --clear", "none any more"},
			},
			Run: runMark,
		},
	}
}

// sought is what find looks for.
type sought struct {
	filter string // "" for bytes
	what   [][]byte
	text   string // as it was typed
	back   bool
}

// parseSought reads what find shall look for.
func parseSought(in Input) (*sought, error) {
	s := &sought{text: in.Raw, back: in.Has("back")}
	switch {
	case in.Has("text") && in.Has("bytes"):
		return nil, fmt.Errorf("find: --text and --bytes at once; one of them was wanted")
	case in.Has("text"):
		text := in.Raw
		if text[0] == '"' || text[0] == '\'' { // quotes that go around all of it are the shell's
			if words, err := splitWords(text); err == nil && len(words) == 1 && words[0] != "" {
				text = words[0]
			}
		}
		s.what = [][]byte{[]byte(text), utf16Bytes(text, false), utf16Bytes(text, true)}
	case in.Has("bytes"):
		b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", " ", "", "0x", "").Replace(in.Raw))
		if err != nil || len(b) == 0 {
			return nil, fmt.Errorf("find --bytes %s: pairs of hex digits were wanted: find --bytes 47:45:54", in.Raw)
		}
		s.what = [][]byte{b}
	default:
		s.filter = in.Raw
	}
	return s, nil
}

// utf16Bytes is a text in UTF-16, which Windows protocols write little-endian.
func utf16Bytes(text string, bigEndian bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		low, high := byte(u), byte(u>>8)
		if bigEndian {
			low, high = high, low
		}
		out = append(out, low, high)
	}
	return out
}

func runFind(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	s := st.sought
	switch {
	case in.Raw != "":
		if s, err = parseSought(in); err != nil {
			return nil, err
		}
		if s.filter, err = st.filterText(ctx, s.filter); err != nil {
			return nil, err
		}
	case in.Has("text") || in.Has("bytes"):
		return nil, fmt.Errorf("find wants something to look for: find --text GET /")
	case s == nil:
		return nil, fmt.Errorf("find wants a filter, a text or bytes: find tcp.flags.reset == 1, find --text GET /")
	default:
		again := *s
		again.back = in.Has("back")
		s = &again
	}
	among := v
	if s.filter != "" {
		if among, err = v.Narrow(ctx, s.filter); err != nil {
			return nil, err
		}
	}
	n, err := among.Len(ctx)
	if err != nil {
		return nil, err
	}
	st.sought = s
	place, direction, err := st.beside(ctx, among, s.back)
	if err != nil {
		return nil, err
	}
	first, end := 0, "the first packet"
	if s.back {
		first, end = n-1, "the last packet"
	}
	for _, from := range []int{place, first} {
		at, ok := from, from >= 0 && from < n
		if s.filter == "" {
			if at, ok, err = among.Find(ctx, from, direction, s.what...); err != nil {
				return nil, err
			}
		}
		if !ok {
			continue
		}
		frame, err := among.Frame(ctx, at)
		if err != nil {
			return nil, err
		}
		row, err := st.moveTo(ctx, v, frame)
		if err != nil || from == place {
			return row, err
		}
		return result.Many{&result.Status{Line: "looked on from " + end, Role: result.RoleDim}, row}, nil
	}
	return nil, fmt.Errorf("no packet matches %s", s.text)
}

// beside is the place in a view of the first packet after the current one (before it
// when back is set), and the direction to go on in.
func (st *State) beside(ctx context.Context, v *engine.View, back bool) (place, direction int, err error) {
	if st.Packet == nil || st.Packet.Capture() != v.Capture() {
		if !back {
			return 0, 1, nil
		}
		n, err := v.Len(ctx)
		return n - 1, -1, err
	}
	place, exact, err := v.Index(ctx, st.Packet.Number())
	if back {
		return place - 1, -1, err
	}
	if exact {
		place++
	}
	return place, 1, err
}

// marks are the marked frames of a capture.
type marks map[uint32]bool

// marked returns the marks of a capture, to be changed.
func (st *State) marked(c *engine.Capture) marks {
	if st.marks == nil {
		st.marks = map[*engine.Capture]marks{}
	}
	if st.marks[c] == nil {
		st.marks[c] = marks{}
	}
	return st.marks[c]
}

func runMark(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	all := st.marked(v.Capture())
	given := 0
	for _, option := range []string{"list", "clear", "next", "prev"} {
		if in.Has(option) {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, fmt.Errorf("mark takes one of --list, --clear, --next and --prev")
	case len(in.Words) > 0 && given > 0 && !in.Has("clear"):
		return nil, fmt.Errorf("mark: frame numbers go with --clear or no option; usage: mark 5 17-20")
	case in.Has("list"):
		return st.listMarked(ctx, v, all), nil
	case in.Has("next"), in.Has("prev"):
		return st.toMark(ctx, v, all, in.Has("prev"))
	case in.Has("clear") && len(in.Words) == 0:
		line := packets(len(all)) + " no longer marked"
		clear(all)
		return &result.Status{Line: line}, nil
	}
	frames, err := st.framesOf(ctx, v, in.Words)
	if err != nil {
		return nil, err
	}
	for _, frame := range frames {
		if in.Has("clear") {
			delete(all, frame)
			continue
		}
		all[frame] = true
	}
	return &result.Status{Line: packets(len(all)) + " marked; mark --list shows them"}, nil
}

// framesOf are the frames of ranges that a view holds; without ranges, the current
// packet's.
func (st *State) framesOf(ctx context.Context, v *engine.View, words []string) ([]uint32, error) {
	if len(words) == 0 {
		p, err := st.packet(ctx, "")
		if err != nil {
			return nil, err
		}
		return []uint32{p.Number()}, nil
	}
	spans, err := parseSpans(ctx, v, words)
	if err != nil {
		return nil, err
	}
	var out []uint32
	for _, s := range spans {
		within, err := v.Within(ctx, s.lo, s.hi)
		if err != nil {
			return nil, err
		}
		for _, places := range within {
			for place := places.Lo; place < places.Hi; place++ {
				frame, err := v.Frame(ctx, place)
				if err != nil {
					return nil, err
				}
				out = append(out, frame)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("mark: none of %s passes the filter", strings.Join(words, " "))
	}
	return out, nil
}

// listMarked lists the marked packets, whether they pass the filter or not.
func (st *State) listMarked(ctx context.Context, v *engine.View, all marks) result.Result {
	t := st.listTable(st.currentIn(v), st.rowsOf(ctx, v.Capture(), slices.Sorted(maps.Keys(all))))
	t.Empty = "no packet is marked; mark marks the current one"
	return t
}

// toMark moves to the next marked packet, or the one before.
func (st *State) toMark(ctx context.Context, v *engine.View, all marks, back bool) (result.Result, error) {
	frames := slices.Sorted(maps.Keys(all))
	if len(frames) == 0 {
		return nil, fmt.Errorf("no packet is marked; mark marks the current one")
	}
	i, exact := slices.BinarySearch(frames, st.currentIn(v))
	switch {
	case back:
		i--
	case exact:
		i++
	}
	return st.moveTo(ctx, v, frames[(i+len(frames))%len(frames)])
}
