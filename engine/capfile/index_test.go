package capfile

import (
	"math"
	"math/rand/v2"
	"testing"
)

// packed is an index of entries, published after each of the given numbers.
func packed(entries []entry, interfaces []Interface) *index {
	last := entries[len(entries)-1]
	x := newIndex(last.offset + int64(last.captured))
	x.chunks = append(x.chunks, newIndex(int64(len(entries)*minRecord)).chunks...)
	for _, e := range entries {
		x.staged = append(x.staged, e)
		if len(x.staged) == groupEntries {
			x.pack(interfaces)
			if x.packer.n == x.limit {
				x.publish()
			}
		}
	}
	x.pack(interfaces)
	x.publish()
	return &x
}

// TestPack packs captures of every shape: each packet comes back as it was, and
// ordinary ones take little room.
func TestPack(t *testing.T) {
	const many = chunkEntries + 5*groupEntries + 77
	random := rand.New(rand.NewPCG(1, 2))
	type change func(i int, e *entry)
	from := func(n int, do func(i int, e *entry)) change {
		return func(i int, e *entry) {
			if i >= n {
				do(i, e)
			}
		}
	}
	for _, c := range []struct {
		name  string
		bytes float64 // a packet at most
		change
	}{
		{"ordinary", 10.1, func(int, *entry) {}},
		{"cut to a snapshot length", 12.1, func(i int, e *entry) { e.captured = min(e.captured, 96) }},
		{"nothing cut but one late packet", 12.1, from(many-1, func(i int, e *entry) { e.original++ })},
		{"nanoseconds an hour a packet", 18, func(i int, e *entry) { e.time = int64(i)*3600e9 + 1 }},
		{"microseconds a second a packet", 10.1, func(i int, e *entry) { e.time = int64(i)*1e9 + 7000 }},
		{"times back and forth", 10.1, func(i int, e *entry) { e.time -= random.Int64N(1e9) }},
		{"times before 1970", 10.1, func(i int, e *entry) { e.time -= 1 << 62 }},
		{"times of all of int64", 18, func(i int, e *entry) { e.time = int64(random.Uint64()) }},
		{"extreme times", 18, func(i int, e *entry) { e.time = []int64{math.MinInt64, math.MaxInt64}[i&1] }},
		{"a time that jumps late", 18, from(70000, func(i int, e *entry) { e.time += 1 << 60 })},
		{"no times", 14.1, func(i int, e *entry) { e.time, e.flags = 0, noTimeFlag|uint8(kindSimple) }},
		{"some without times", 15.1, func(i int, e *entry) {
			if i%1000 == 999 {
				e.time, e.flags = 0, noTimeFlag|uint8(kindOther)
			}
		}},
		{"two interfaces", 11.1, func(i int, e *entry) { e.iface = uint32(i & 1) }},
		{"another interface late", 11.1, from(5000, func(i int, e *entry) { e.iface = 7 })},
		{"three hundred interfaces", 12.4, func(i int, e *entry) { e.iface = uint32(i % 300) }},
		{"an interface a packet", 29, func(i int, e *entry) { e.iface = uint32(i) }},
		{"odd times here and there", 11.1, func(i int, e *entry) {
			if i%9 == 0 {
				e.flags = oddTimeFlag
			}
		}},
		{"jumbo packets late", 14.1, from(66000, func(i int, e *entry) { e.captured, e.original = 70000, 90000 })},
		{"original beyond 2^31", 14.1, func(i int, e *entry) { e.original = math.MaxUint32 - uint32(i) }},
		{"far apart", 14.1, func(i int, e *entry) { e.offset += int64(i) << 17 }},
		{"everything at once", 30, func(i int, e *entry) {
			e.offset += int64(i) << 17
			e.time, e.original = int64(random.Uint64()), random.Uint32()
			e.captured, e.iface, e.flags = 66000, uint32(random.IntN(400)), uint8(random.IntN(allFlags+1))&^noTimeFlag
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			interfaces := make([]Interface, many)
			interfaces[7].phdr.size = 4
			entries := make([]entry, many)
			at := int64(40)
			for i := range entries {
				size := uint32(54 + i%1400)
				entries[i] = entry{offset: at, time: second*1e9 + int64(i)*1000, captured: size, original: size}
				at += int64(size) + 16
				c.change(i, &entries[i])
			}
			for _, n := range []int{1, groupEntries, firstReport + 1, many} {
				x := packed(entries[:n], interfaces)
				if x.n() != n {
					t.Fatalf("%d packets, want %d", x.n(), n)
				}
				first, last, timed := int64(math.MaxInt64), int64(math.MinInt64), false
				for i, want := range entries[:n] {
					got, s := x.at(i)
					if got != want || s.phdr != interfaces[want.iface].phdr {
						t.Fatalf("packet %d of %d: %+v, want %+v", i, n, got, want)
					}
					if want.flags&noTimeFlag == 0 {
						first, last, timed = min(first, want.time), max(last, want.time), true
					}
				}
				if x.timed != timed || timed && (x.first != first || x.last != last) {
					t.Errorf("times from %d to %d (%v), want %d to %d", x.first, x.last, x.timed, first, last)
				}
				if n < many {
					continue
				}
				bytes := 0
				for i := range x.chunks {
					if chunk := x.chunks[i].Load(); chunk != nil {
						bytes += chunk.size()
					}
				}
				if got := float64(bytes) / float64(n); got > c.bytes {
					t.Errorf("%.1f bytes a packet, want at most %.1f", got, c.bytes)
				}
			}
		})
	}
}

// size is the number of bytes that the chunk's columns take.
func (c *chunk) size() int {
	return 4*len(c.offsets) + 8*len(c.wideOffsets) + 16*len(c.groups) + 4*len(c.times) + 8*len(c.wideTimes) +
		2*len(c.captured) + 4*len(c.wideCaptured) + 2*len(c.original) + 4*len(c.wideOriginal) +
		len(c.slot8) + 2*len(c.slot16) + 16*len(c.slots)
}
