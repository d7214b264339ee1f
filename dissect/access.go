package dissect

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
)

// This file reads fields out of a walk: every occurrence, without an allocation.

// Access is how a field or protocol is read out of packets' headers. It is
// immutable and safe for concurrent use.
type Access struct {
	// Name is the filter name.
	Name string
	// Type is the values' type; TypeProtocol for a protocol.
	Type Type
	// In are the protocols that have it.
	In Set
	// Direct says that [Access.Read] reads it. Other fields are only in trees.
	Direct bool
	// Doubtful says that a packet's bytes alone do not tell Wireshark's value: then
	// no packet is sure of it.
	Doubtful bool
	// OfFrame says that it depends on nothing but the packet's number, time and
	// lengths, OfFlow that packets of one flow share it.
	OfFrame, OfFlow bool
	// Timed says that it counts from another packet's time: Headers.Previous or First.
	Timed bool

	def *FieldDef
}

// Occurrence is one value of a field: a number for integers, Booleans, IPv4 and
// MAC addresses and times (in nanoseconds), bytes for all that has bytes.
type Occurrence struct {
	Number uint64
	Bytes  []byte
	// Layer counts the headers of the same protocol up to the one that has it, from 1.
	Layer int32
}

// Access returns how a field or protocol is read; ok is false for names that the
// table does not have.
func (t *Table) Access(name string) (a *Access, ok bool) {
	a = &Access{Name: name}
	for _, p := range t.all {
		id := Set(1) << p.ID
		if p.Name == name {
			a.Type, a.In, ok = TypeProtocol, a.In|id, true
			a.Direct, a.OfFlow = p.walked(), true
			a.Doubtful = !p.walked()
			continue
		}
		for _, d := range p.Fields {
			if d.Name != name {
				continue
			}
			direct := d.spots != nil || d.from != nil
			if ok && (a.def != d || a.Type == TypeProtocol) {
				direct = false // two definitions under one name: only the tree tells which
			}
			a.In, a.Type, a.def, a.Direct = a.In|id, d.Type, d, direct
			a.Doubtful = a.Doubtful || !p.walked() || d.Stateful || d.doubtful || d.Type == "NONE"
			a.OfFlow = d.key
			ok = true
		}
	}
	a.OfFrame = a.In == setOf(idFrame) && a.Direct && a.Type != TypeProtocol // frame itself is its bytes
	a.Timed = a.def != nil && (a.def == frameDelta || a.def == frameRelative)
	return a, ok
}

// Has says whether a walk lists a protocol out of a set.
func (w *Headers) Has(s Set) bool {
	for i := range w.layers[:w.n] {
		if s>>w.layers[i].ID&1 != 0 {
			return true
		}
	}
	return false
}

// Read appends the occurrences of a Direct field or protocol to out, in tree order.
func (a *Access) Read(w *Headers, out []Occurrence) []Occurrence {
	nth := int32(0)
	for i := range w.layers[:w.n] {
		l := &w.layers[i]
		if a.In>>l.ID&1 == 0 {
			continue
		}
		nth++
		d := a.def
		switch {
		case d == nil:
			out = append(out, Occurrence{Bytes: w.Data[l.Off:l.End], Layer: nth})
		case d.only != nil && !d.only(w, l):
		case d.from != nil:
			if v, ok := d.from(w, l); ok {
				out = append(out, Occurrence{Number: v, Layer: nth})
			}
		default:
			for _, s := range d.spots {
				from := l.Off + uint32(s.off)
				if from+uint32(s.size) > l.End {
					continue
				}
				b := w.Data[from : from+uint32(s.size)]
				o := Occurrence{Bytes: b, Layer: nth}
				if s.size <= 8 {
					o.Number = d.value(bigEndian(b))
				}
				out = append(out, o)
			}
		}
	}
	return out
}

// before is the protocol n headers before one of w's own.
func (w *Headers) before(l *Layer, n int) ID {
	for i := n; i < w.n; i++ {
		if &w.layers[i] == l {
			return w.layers[i-n].ID
		}
	}
	return idUnlisted
}

// Numeric says that [Access.Any] reads it.
func (a *Access) Numeric() bool {
	if !a.Direct || a.def == nil || a.def.only != nil || a.def.from != nil {
		return false
	}
	for _, s := range a.def.spots {
		if s.size > 8 {
			return false
		}
	}
	return true
}

// Any says whether a field's number satisfies a test in any occurrence, or, with
// want false, whether it does not in one. n is how many there are up to that.
func (a *Access) Any(w *Headers, want bool, test func(number uint64) bool) (found bool, n int) {
	for i := range w.layers[:w.n] {
		l := &w.layers[i]
		if a.In>>l.ID&1 == 0 {
			continue
		}
		for _, s := range a.def.spots {
			from := l.Off + uint32(s.off)
			if from+uint32(s.size) > l.End {
				continue
			}
			v := a.def.value(bigEndian(w.Data[from : from+uint32(s.size)]))
			if n++; test(v) == want {
				return true, n
			}
		}
	}
	return false, n
}

// bigEndian reads up to eight bytes.
func bigEndian(b []byte) (v uint64) {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(be16(b))
	case 4:
		return uint64(be32(b))
	}
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// AppendText appends the value as `tshark -T fields` prints it.
func (a *Access) AppendText(out []byte, o Occurrence) []byte {
	switch a.Type {
	case TypeProtocol:
		return append(out, a.Name...)
	case "IPv4":
		for i, c := range o.Bytes {
			if i > 0 {
				out = append(out, '.')
			}
			out = strconv.AppendUint(out, uint64(c), 10)
		}
		return out
	case "IPv6":
		addr, _ := netip.AddrFromSlice(o.Bytes)
		return append(out, addrText(addr)...)
	case "ETHER":
		return appendColonHex(out, o.Bytes)
	case "BYTES":
		return hex.AppendEncode(out, o.Bytes)
	case "RELATIVE_TIME":
		return appendSeconds(out, int64(o.Number))
	}
	return a.def.appendShow(out, o.Number)
}

// AppendFlow appends what tells the packet's flow from others: its headers, where
// they are, what the walk is not sure of, and the fields that all packets of a
// flow share.
func (t *Table) AppendFlow(out []byte, w *Headers) []byte {
	out = binary.LittleEndian.AppendUint64(out, uint64(w.Unsure))
	out = append(out, byte(w.Class))
	for i := range w.layers[1:w.n] {
		l := &w.layers[1+i]
		out = append(out, byte(l.ID), byte(l.Off), byte(l.Off>>8))
		if l.Quoted {
			out = append(out, 1)
		}
		for _, s := range t.flowSpots[l.ID] {
			if from := l.Off + uint32(s.off); from+uint32(s.size) <= l.End {
				out = append(out, w.Data[from:from+uint32(s.size)]...)
			}
		}
	}
	return out
}

// findFlowSpots returns, by protocol, where the fields are that packets of one
// flow share.
func (t *Table) findFlowSpots() (spots [64][]spot) {
	for _, p := range t.all {
		for _, d := range p.Fields {
			for _, s := range d.spots {
				stretch := spot{off: s.off, size: s.size}
				if d.key && p.ID != idUnlisted && !slices.Contains(spots[p.ID], stretch) {
					spots[p.ID] = append(spots[p.ID], stretch)
				}
			}
		}
	}
	return spots
}

// NumberText returns what makes a value's text of its number, for fields whose
// values are numbers of at most 32 bits; nil for others.
func (a *Access) NumberText() func(number uint32) string {
	if !a.Direct || a.def == nil {
		return nil
	}
	switch a.Type {
	case "IPv4":
		return func(n uint32) string { return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n))).String() }
	case "UINT8", "UINT16", "UINT24", "UINT32", "BOOLEAN":
		return func(n uint32) string { return a.def.show(uint64(n)) }
	}
	return nil
}
