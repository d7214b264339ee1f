package side

import (
	"encoding/binary"
	"math/bits"

	"pktsh/dissect"
)

// Mark tells most packets of a conversation from those of others. Who walks through
// a capture anyway keeps the packets' marks, in two bytes each, so that the packets
// of a few conversations are found without walking through all of it again.
type Mark uint16

const (
	markNone    Mark = 0 // surely no conversation
	markUnknown Mark = 2 // several, or headers that are not sure
	markOne     Mark = 1 // a bit of all others
)

// Marks are the marks of a capture's packets, from the first on, as far as they
// were made. They are not copied: adding some takes no more memory than they do.
type Marks struct {
	size   int // of the blocks, but for the last
	blocks [][]Mark
}

// Add adds the marks of the next n packets, or nil where none were made. All but
// the last blocks of a capture are of one size.
func (m *Marks) Add(n int, block []Mark) {
	if n > 0 {
		m.size = max(m.size, n)
		m.blocks = append(m.blocks, block)
	}
}

// of is the mark of the i-th packet.
func (m *Marks) of(i int) Mark {
	if m.size > 0 {
		if b := i / m.size; b < len(m.blocks) && i%m.size < len(m.blocks[b]) {
			return m.blocks[b][i%m.size]
		}
	}
	return markUnknown
}

// Marker marks packets.
type Marker struct{ of conversations }

// NewMarker returns a marker for packets that are walked by the table's protocols.
func NewMarker(t *dissect.Table) Marker { return Marker{conversationsOf(t)} }

// Mark marks the packet of a walk.
func (m Marker) Mark(h *dissect.Headers) Mark {
	if h.Class != dissect.ClassSure {
		return markUnknown
	}
	mark := markNone
	var ends [2]endpoint
	known := false
	layers := h.Layers()
	for i := 1; i < len(layers); i++ { // the first is the frame itself
		l := &layers[i]
		switch in := dissect.Set(1) << l.ID; {
		case (m.of.ip | m.of.ipv6).Has(in):
			known = m.of.addresses(h, l, &ends)
		case m.of.transport.Has(in) && known:
			if mark != markNone {
				return markUnknown
			}
			if ports(h, l, &ends) {
				mark = markOf(&ends)
			}
		}
	}
	return mark
}

// markOf is the mark of a conversation, the same for both directions.
func markOf(ends *[2]endpoint) Mark { return Mark((ends[0].hash()+ends[1].hash())>>48) | markOne }

func (e *endpoint) hash() uint64 {
	h := binary.LittleEndian.Uint64(e.address[:]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(e.address[8:]), 29)
	return (h ^ uint64(binary.LittleEndian.Uint16(e.port[:]))<<40) * 0x9e3779b97f4a7c15 // 2^64 by the golden ratio
}
