package capfile

// This file packs packets into the columns of a chunk, group by group. A column
// is narrow until a packet does not fit it; then it is made anew, so that who
// reads the chunk as it was published before keeps what it has.

import (
	"math"
	"slices"
)

// packer builds a chunk.
type packer struct {
	chunk
	spare   int // packets to make room for from the start
	numbers map[slotKey]uint16
	lastKey slotKey
	current uint16 // lastKey's number
}

// slotKey is what tells the slots of a chunk apart.
type slotKey struct {
	iface uint32
	flags uint8
}

// append packs the packets of one group.
func (p *packer) append(entries []entry, interfaces []Interface) {
	if len(entries) == 0 {
		return
	}
	if p.n == 0 {
		p.base = entries[0].offset
		if p.spare > 0 {
			p.offsets, p.times = make([]uint32, 0, p.spare), make([]uint32, 0, p.spare)
			p.captured, p.groups = make([]uint16, 0, p.spare), make([]group, 0, p.spare/groupEntries)
		}
	}
	p.packOffsets(entries)
	p.packTimes(entries)
	p.packLengths(entries)
	p.packSlots(entries, interfaces)
	p.n += len(entries)
}

// cut takes the last n packets out, which are one group.
func (p *packer) cut(n int) {
	p.n -= n
	p.offsets, p.wideOffsets = until(p.offsets, p.n), until(p.wideOffsets, p.n)
	p.times, p.wideTimes = until(p.times, p.n), until(p.wideTimes, p.n)
	p.groups = until(p.groups, p.n>>groupBits)
	p.captured, p.wideCaptured = until(p.captured, p.n), until(p.wideCaptured, p.n)
	p.original, p.wideOriginal = until(p.original, p.n), until(p.wideOriginal, p.n)
	p.slot8, p.slot16 = until(p.slot8, p.n), until(p.slot16, p.n)
}

// until is the first n elements of a column, which may be absent.
func until[T any](column []T, n int) []T { return column[:min(n, len(column))] }

// widened is a narrow column in the wide type, with room for more.
func widened[W, N int64 | uint32 | uint16 | uint8](narrow []N, room int) []W {
	wide := make([]W, len(narrow), max(len(narrow), room))
	for i, v := range narrow {
		wide[i] = W(v)
	}
	return wide
}

// extended is a column with n more elements, and those.
func extended[T any](column []T, n int) (all, tail []T) {
	all = slices.Grow(column, n)[:len(column)+n]
	return all, all[len(column):]
}

// packOffsets relies on offsets that ascend, as those of both formats do.
func (p *packer) packOffsets(entries []entry) {
	if p.wideOffsets == nil && entries[len(entries)-1].offset-p.base <= math.MaxUint32 {
		var tail []uint32
		p.offsets, tail = extended(p.offsets, len(entries))
		for i := range tail {
			tail[i] = uint32(entries[i].offset - p.base)
		}
		return
	}
	if p.wideOffsets == nil {
		p.wideOffsets = widened[int64](p.offsets, p.spare)
		for i := range p.wideOffsets {
			p.wideOffsets[i] += p.base
		}
		p.offsets = nil
	}
	for i := range entries {
		p.wideOffsets = append(p.wideOffsets, entries[i].offset)
	}
}

// packTimes finds the group's base and the finer unit, nanoseconds or
// microseconds, in which the times above it fit. Four seconds between the
// packets of a group are too many for the one, an hour for the other: then all
// times of the chunk are kept as they are, as they are where a packet has none.
func (p *packer) packTimes(entries []entry) {
	low, high, timed := int64(math.MaxInt64), int64(math.MinInt64), 0
	for i := range entries {
		if e := &entries[i]; e.flags&noTimeFlag == 0 {
			low, high = min(low, e.time), max(high, e.time)
			timed++
		}
	}
	if timed > 0 {
		if !p.timed {
			p.timed, p.first, p.last = true, low, high
		}
		p.first, p.last = min(p.first, low), max(p.last, high)
	}
	span := uint64(high) - uint64(low) // right beyond int64, too
	var tail []uint32
	switch {
	case p.wideTimes != nil || timed < len(entries):
		p.packWideTimes(entries)
	case span <= math.MaxUint32:
		p.groups = append(p.groups, group{low, 1})
		p.times, tail = extended(p.times, len(entries))
		for i := range tail {
			tail[i] = uint32(entries[i].time - low)
		}
	case span/1000 <= math.MaxUint32 && whole(entries, low, 1000):
		p.groups = append(p.groups, group{low, 1000})
		p.times, tail = extended(p.times, len(entries))
		for i := range tail {
			tail[i] = uint32((entries[i].time - low) / 1000)
		}
	default:
		p.packWideTimes(entries)
	}
}

func (p *packer) packWideTimes(entries []entry) {
	if p.wideTimes == nil {
		p.wideTimes = make([]int64, p.n, max(p.n+len(entries), p.spare))
		for j := range p.wideTimes {
			g := &p.groups[j>>groupBits]
			p.wideTimes[j] = g.base + int64(p.times[j])*g.unit
		}
		p.groups, p.times = nil, nil
	}
	for i := range entries {
		p.wideTimes = append(p.wideTimes, entries[i].time)
	}
}

// whole reports whether all times are a number of units above base.
func whole(entries []entry, base, unit int64) bool {
	for i := range entries {
		if (entries[i].time-base)%unit != 0 {
			return false
		}
	}
	return true
}

// packLengths packs both lengths.
func (p *packer) packLengths(entries []entry) {
	var captured, original uint32 // the longest
	cut := false
	for i := range entries {
		e := &entries[i]
		captured, original, cut = max(captured, e.captured), max(original, e.original), cut || e.original != e.captured
	}
	p.packCaptured(entries, captured)
	if cut || p.original != nil || p.wideOriginal != nil {
		p.packOriginal(entries, original)
	}
}

func (p *packer) packCaptured(entries []entry, longest uint32) {
	if p.wideCaptured == nil && longest <= math.MaxUint16 {
		var tail []uint16
		p.captured, tail = extended(p.captured, len(entries))
		for i := range tail {
			tail[i] = uint16(entries[i].captured)
		}
		return
	}
	if p.wideCaptured == nil {
		p.wideCaptured, p.captured = widened[uint32](p.captured, p.spare), nil
	}
	for i := range entries {
		p.wideCaptured = append(p.wideCaptured, entries[i].captured)
	}
}

// packOriginal makes the column when the first packet comes that was cut.
func (p *packer) packOriginal(entries []entry, longest uint32) {
	if p.wideOriginal == nil && p.original == nil { // none of those before was
		if p.wideCaptured != nil {
			p.wideOriginal = slices.Clone(p.wideCaptured[:p.n])
		} else {
			p.original = slices.Clone(p.captured[:p.n])
		}
	}
	if p.wideOriginal == nil && longest <= math.MaxUint16 {
		var tail []uint16
		p.original, tail = extended(p.original, len(entries))
		for i := range tail {
			tail[i] = uint16(entries[i].original)
		}
		return
	}
	if p.wideOriginal == nil {
		p.wideOriginal, p.original = widened[uint32](p.original, p.spare), nil
	}
	for i := range entries {
		p.wideOriginal = append(p.wideOriginal, entries[i].original)
	}
}

// packSlots numbers the different slots in the order of their first packets.
func (p *packer) packSlots(entries []entry, interfaces []Interface) {
	uniform := len(p.slots) <= 1
	if uniform && len(p.slots) == 1 && alike(entries, p.lastKey) {
		return
	}
	for i := range entries {
		k := slotKey{entries[i].iface, entries[i].flags}
		if k != p.lastKey || len(p.slots) == 0 {
			p.lastKey, p.current = k, p.slotNumber(k, interfaces)
			if uniform && len(p.slots) > 1 {
				uniform = false
				p.slot8 = make([]uint8, p.n+i, max(p.n+len(entries), p.spare)) // those before have slot 0
			}
		}
		switch {
		case uniform:
		case p.slot16 != nil:
			p.slot16 = append(p.slot16, p.current)
		case p.current <= math.MaxUint8:
			p.slot8 = append(p.slot8, uint8(p.current))
		default:
			p.slot16, p.slot8 = append(widened[uint16](p.slot8, p.spare), p.current), nil
		}
	}
}

// alike reports whether all entries have slot k.
func alike(entries []entry, k slotKey) bool {
	for i := range entries {
		if entries[i].iface != k.iface || entries[i].flags != k.flags {
			return false
		}
	}
	return true
}

func (p *packer) slotNumber(k slotKey, interfaces []Interface) uint16 {
	if n, ok := p.numbers[k]; ok {
		return n
	}
	if p.numbers == nil {
		p.numbers = make(map[slotKey]uint16)
	}
	n := uint16(len(p.slots))
	p.numbers[k] = n
	p.slots = append(p.slots, slot{k.iface, k.flags, interfaces[k.iface].phdr})
	return n
}
