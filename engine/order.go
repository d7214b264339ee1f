package engine

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"pktsh/dissect"
)

// This file puts a view's packets in the order of a field.

// order is packets in any order.
type order struct {
	frames []uint32
	// placeOf finds a frame's place; it is made when it is first asked.
	placeOf func() map[uint32]int
}

func newOrder(frames []uint32) order {
	return order{frames, sync.OnceValue(func() map[uint32]int {
		out := make(map[uint32]int, len(frames))
		for i, f := range frames {
			out[f] = i
		}
		return out
	})}
}

func (o order) len() int        { return len(o.frames) }
func (o order) at(i int) uint32 { return o.frames[i] }

// index returns a frame's place. No packets come before a frame that is not there.
func (o order) index(frame uint32) (int, bool) {
	i, ok := o.placeOf()[frame]
	return i, ok
}

func (o order) within(lo, hi uint32) []Places {
	var out []Places
	for i, f := range o.frames {
		switch {
		case f < lo || f > hi:
		case len(out) > 0 && out[len(out)-1].Hi == i:
			out[len(out)-1].Hi++
		default:
			out = append(out, Places{i, i + 1})
		}
	}
	return out
}

// Sort returns the view's packets ordered by a field: numbers, times and addresses
// by what they are, everything else by its text. Of several occurrences the first
// counts. Packets that compare equal stay in their order, also in reverse; those
// without the field come last.
func (v *View) Sort(ctx context.Context, field string, reverse bool) (*View, error) {
	col, err := v.columnOf(ctx, field)
	if err != nil {
		return nil, err
	}
	kind, err := v.capture.FieldType(ctx, field)
	if err != nil {
		return nil, err
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	const absent = math.MaxInt
	type entry struct {
		frame uint32
		rank  int
	}
	seen := map[string]int{} // text → its place in texts
	var texts []string
	entries := make([]entry, 0, set.len())
	for place := range places(set) {
		e := entry{uint32(place) + 1, absent}
		if values := col.Values(place); len(values) > 0 {
			at, ok := seen[values[0]]
			if !ok {
				at = len(texts)
				seen[values[0]] = at
				texts = append(texts, values[0])
			}
			e.rank = at
		}
		if entries = append(entries, e); len(entries)%(1<<16) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	ranks := rank(texts, kind)
	for i, e := range entries {
		switch {
		case e.rank == absent:
		case reverse:
			entries[i].rank = -ranks[e.rank]
		default:
			entries[i].rank = ranks[e.rank]
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.rank, b.rank) })
	frames := make([]uint32, len(entries))
	for i, e := range entries {
		frames[i] = e.frame
	}
	return v.fixed(newOrder(frames)), nil
}

// rank returns for each text its rank among them; equal ones share it.
func rank(texts []string, t dissect.Type) []int {
	keys := make([]sortKey, len(texts))
	for i, text := range texts {
		keys[i] = sortKeyOf(text, t)
	}
	by := make([]int, len(texts))
	for i := range by {
		by[i] = i
	}
	slices.SortFunc(by, func(a, b int) int { return keys[a].compare(keys[b]) })
	out := make([]int, len(texts))
	for i := 1; i < len(by); i++ {
		out[by[i]] = out[by[i-1]]
		if keys[by[i-1]].compare(keys[by[i]]) < 0 {
			out[by[i]]++
		}
	}
	return out
}

// sortKey orders values of one field: a number of 128 bits, before all texts that are
// none.
type sortKey struct {
	high, low uint64
	text      string
	isText    bool
}

func (k sortKey) compare(o sortKey) int {
	if k.isText != o.isText {
		if o.isText {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(k.high, o.high), cmp.Compare(k.low, o.low), cmp.Compare(k.text, o.text))
}

// sortKeyOf reads a value as its field's type says; what does not read so is a text.
func sortKeyOf(text string, t dissect.Type) sortKey {
	switch {
	case t == "IPv4" || t == "IPv6":
		if addr, err := netip.ParseAddr(text); err == nil {
			b := addr.As16()
			return sortKey{high: binary.BigEndian.Uint64(b[:8]), low: binary.BigEndian.Uint64(b[8:])}
		}
	case t == "FLOAT" || t == "DOUBLE" || strings.HasPrefix(string(t), "IEEE_"):
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			// IEEE 754's bits order as integers do, those of negative numbers reversed.
			bits := math.Float64bits(x)
			if bits>>63 == 1 {
				return sortKey{low: ^bits}
			}
			return sortKey{low: bits | 1<<63}
		}
	case t == "RELATIVE_TIME":
		if ns, ok := nanoseconds(text); ok {
			return signed(ns)
		}
	case t == "FRAMENUM" || t == "CHAR" || t == "BOOLEAN" || textsStandAlone(t):
		digits, base := text, 10
		if rest, ok := strings.CutPrefix(text, "0x"); ok {
			digits, base = rest, 16
		}
		if n, err := strconv.ParseUint(digits, base, 64); err == nil {
			return sortKey{high: 1, low: n}
		}
		if n, err := strconv.ParseInt(digits, base, 64); err == nil {
			return signed(n)
		}
	}
	return sortKey{text: text, isText: true}
}

// signed orders negative numbers before all others.
func signed(n int64) sortKey {
	if n < 0 {
		return sortKey{low: uint64(n)}
	}
	return sortKey{high: 1, low: uint64(n)}
}

// nanoseconds reads seconds with up to nine digits behind the point.
func nanoseconds(text string) (int64, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(fraction) > 9 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 9-len(fraction)), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}
