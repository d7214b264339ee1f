package stream

import (
	"cmp"
	"slices"
)

// Table is what a pass over a capture left. Reading it concurrently is safe as
// long as no Recorder is writing to it.
type Table struct {
	conv     []uint32 // by frame-1: conversation + 1, 0 for none, and the flag noted
	previous []uint32 // by frame-1: the frame before in the conversation

	conversations []conversation
	peers         map[uint32]Peer
	notes         []note
	http          map[uint32][]exchange // by conversation + 1
	versions      map[uint32]version    // by conversation + 1
	pieces        []piece               // in order of frame
	messages      []message
}

// note is what a segment's sequence numbers showed. Notes are in order of frame;
// frames that have one are flagged in Table.conv, so that few are looked for.
type note struct {
	frame uint32
	Analysis
}

const noted = 1 << 31

// conversation is one TCP or UDP stream. Direction 0 is that of the first packet.
type conversation struct {
	number      uint32
	first, last uint32
	from        Endpoint
	complete    uint8
	application Application
	tcp         *tcpState // nil for UDP
}

// NewTable returns an empty table with room for n frames.
func NewTable(n int) *Table {
	return &Table{
		conv:     make([]uint32, 0, n),
		previous: make([]uint32, 0, n),
		peers:    map[uint32]Peer{},
		http:     map[uint32][]exchange{},
		versions: map[uint32]version{},
	}
}

// lookup returns the conversation of a frame.
func (t *Table) lookup(frame uint32) (c *conversation, previous uint32, ok bool) {
	if frame == 0 || int(frame) > len(t.conv) || t.conv[frame-1] == 0 {
		return nil, 0, false
	}
	return &t.conversations[t.conv[frame-1]&^noted-1], t.previous[frame-1], true
}

// TCP answers for a segment in a recorded frame.
func (t *Table) TCP(frame uint32, s Segment) TCP {
	c, previous, ok := t.lookup(frame)
	if !ok || c.tcp == nil {
		return TCP{Scale: ScaleUnknown}
	}
	return c.answer(s, previous, t.analysis(frame))
}

// analysis returns the note of a recorded frame.
func (t *Table) analysis(frame uint32) Analysis {
	if t.conv[frame-1]&noted == 0 {
		return Analysis{}
	}
	i, ok := slices.BinarySearchFunc(t.notes, frame, func(n note, frame uint32) int { return cmp.Compare(n.frame, frame) })
	if !ok {
		return Analysis{}
	}
	return t.notes[i].Analysis
}

// annotate records the note of the newest frame.
func (t *Table) annotate(frame uint32, a Analysis) {
	t.conv[frame-1] |= noted
	t.notes = append(t.notes, note{frame, a})
}

// answer is what the conversation tells of one of its segments.
func (c *conversation) answer(s Segment, previous uint32, a Analysis) TCP {
	d := c.direction(s.Src)
	fwd, rev := &c.tcp.sides[d], &c.tcp.sides[1-d]
	return TCP{
		Known: true, Stream: c.number, SeqBase: fwd.base, AckBase: rev.base, Scale: fwd.scale,
		First: c.first, Previous: previous, Completeness: c.complete, Application: c.application, Analysis: a,
	}
}

// UDP answers for a datagram in a recorded frame.
func (t *Table) UDP(frame uint32, _ Datagram) UDP {
	c, previous, ok := t.lookup(frame)
	if !ok || c.tcp != nil {
		return UDP{}
	}
	return UDP{Known: true, Stream: c.number, First: c.first, Previous: previous}
}

// Echo returns the other half of a ping in a recorded frame.
func (t *Table) Echo(frame uint32, _ Echo) Peer { return t.peers[frame] }

// Query returns the other half of an exchange in a recorded frame.
func (t *Table) Query(frame uint32, _ Query) Peer { return t.peers[frame] }

// direction is 0 for packets that run as the conversation's first did.
func (c *conversation) direction(src Endpoint) int {
	if src == c.from {
		return 0
	}
	return 1
}
