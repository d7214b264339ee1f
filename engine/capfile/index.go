package capfile

// This file stores where the packets are: in chunks of 64 Ki, each a set of
// columns as narrow as its packets allow. An ordinary capture takes 10 bytes a
// packet (offset and time 4, length 2), one cut to a snapshot length 12.

import (
	"math"
	"sync/atomic"
)

// kind tells which structure of the file a packet came in.
type kind uint8

const (
	kindPacket kind = iota // pcap record or pcapng Enhanced Packet Block: has a time
	kindSimple             // pcapng Simple Packet Block: no time, no options
	kindOld                // pcapng Packet Block, obsolete
	kindOther              // custom block, systemd journal entry, sysdig event
)

// The flags of a packet: its kind and what is the matter with its time.
const (
	kindMask    = 3
	noTimeFlag  = 1 << 2
	oddTimeFlag = 1 << 3
	allFlags    = kindMask | noTimeFlag | oddTimeFlag
)

const (
	chunkBits    = 16
	chunkEntries = 1 << chunkBits
	groupBits    = 8 // packets that share the base of their times
	groupEntries = 1 << groupBits
	firstReport  = 4096 // packets after which readers hear of the capture first
	// minRecord is the least that a packet takes in a file: a pcap record header,
	// a block with four bytes. A capture of n MiB so has at most n+1 chunks.
	minRecord  = 16
	chunkShift = chunkBits + 4 // of bytes: minRecord is 1<<4
)

// entry is one packet before its chunk is sealed. Offset and lengths are the
// file's; a pseudo header is taken off only in File.Record.
type entry struct {
	offset   int64
	time     int64
	captured uint32
	original uint32
	iface    uint32
	flags    uint8
}

// index holds the packets. It is written by one goroutine, which seals chunks,
// and read by any number: a chunk never changes, and the table of chunks is as
// large from the start as the file can make it.
type index struct {
	chunks []atomic.Pointer[chunk]
	start  int     // packets before those staged
	staged []entry // of the chunk to come
	limit  int     // staged packets at which they are sealed
	timed  bool    // a packet has a time; first and last are the extremes
	first  int64
	last   int64
}

// newIndex makes an index for a file of size bytes.
func newIndex(size int64) index {
	return index{
		chunks: make([]atomic.Pointer[chunk], size>>chunkShift+1),
		staged: make([]entry, 0, min(chunkEntries, size/minRecord+1)),
		limit:  firstReport,
	}
}

// n is the number of packets found.
func (x *index) n() int { return x.start + len(x.staged) }

// chunk returns the chunk of packet i.
func (x *index) chunk(i int) *chunk { return x.chunks[i>>chunkBits].Load() }

// at is packet i with all that the index knows of it.
func (x *index) at(i int) (e entry, s *slot) {
	c, j := x.chunk(i), i&(chunkEntries-1)
	e.offset, e.captured = c.where(j)
	e.time, e.original, s = c.time(j), c.originalAt(j), c.slotOf(j)
	e.iface, e.flags = s.iface, s.flags
	return e, s
}

// seal makes a chunk of the staged packets. The last one of a file, and the
// first after firstReport packets, is not full; a fuller one replaces it.
func (x *index) seal(interfaces []Interface) {
	if len(x.staged) == 0 {
		return
	}
	c := newChunk(x.staged, interfaces)
	x.chunks[x.start>>chunkBits].Store(c)
	x.extremes(c)
	if len(x.staged) == chunkEntries {
		x.start, x.staged = x.start+chunkEntries, x.staged[:0]
	}
	x.limit = chunkEntries
}

// extremes counts the times of c in.
func (x *index) extremes(c *chunk) {
	switch {
	case !c.timed:
	case !x.timed:
		x.first, x.last, x.timed = c.first, c.last, true
	default:
		x.first, x.last = min(x.first, c.first), max(x.last, c.last)
	}
}

// slot is what packets of a chunk have in common, usually all of them.
type slot struct {
	iface uint32
	flags uint8
	phdr  pseudoHeader // of the interface
}

func (s *slot) kind() kind { return kind(s.flags & kindMask) }

// chunk is up to 64 Ki packets. Of each pair of columns one is nil: the wide one
// unless a packet needs it.
type chunk struct {
	n int

	base        int64 // of the narrow offsets
	offsets     []uint32
	wideOffsets []int64

	unit      int64   // nanoseconds in one of times
	bases     []int64 // of the narrow times, for each group of packets
	times     []uint32
	wideTimes []int64

	captured     []uint16
	wideCaptured []uint32

	original     []uint16 // both nil when nothing was cut off any packet
	wideOriginal []uint32

	slots  []slot // the different ones; packets have them by number
	slot8  []uint8
	slot16 []uint16 // both nil when there is one slot

	timed       bool  // a packet has a time
	first, last int64 // the extremes
}

// where is the packet's offset in the file and its captured length.
func (c *chunk) where(j int) (offset int64, captured uint32) {
	if c.wideOffsets == nil && c.wideCaptured == nil {
		return c.base + int64(c.offsets[j]), uint32(c.captured[j])
	}
	return c.whereWide(j)
}

func (c *chunk) whereWide(j int) (offset int64, captured uint32) {
	if c.wideOffsets != nil {
		offset = c.wideOffsets[j]
	} else {
		offset = c.base + int64(c.offsets[j])
	}
	if c.wideCaptured != nil {
		return offset, c.wideCaptured[j]
	}
	return offset, uint32(c.captured[j])
}

// time is 0 for a packet that has none.
func (c *chunk) time(j int) int64 {
	if c.wideTimes != nil {
		return c.wideTimes[j]
	}
	return c.bases[j>>groupBits] + int64(c.times[j])*c.unit
}

func (c *chunk) originalAt(j int) uint32 {
	switch {
	case c.original != nil:
		return uint32(c.original[j])
	case c.wideOriginal != nil:
		return c.wideOriginal[j]
	}
	_, captured := c.where(j)
	return captured
}

func (c *chunk) slotOf(j int) *slot {
	switch {
	case c.slot8 != nil:
		return &c.slots[c.slot8[j]]
	case c.slot16 != nil:
		return &c.slots[c.slot16[j]]
	}
	return &c.slots[0]
}

// newChunk packs entries, of which there is at least one.
func newChunk(entries []entry, interfaces []Interface) *chunk {
	c := &chunk{n: len(entries), base: entries[0].offset}
	var captured, original uint32
	cut := false
	for i := range entries {
		e := &entries[i]
		captured, original = max(captured, e.captured), max(original, e.original)
		cut = cut || e.captured != e.original
	}
	c.packOffsets(entries)
	c.packTimes(entries)
	if captured <= math.MaxUint16 {
		c.captured = make([]uint16, len(entries))
		for i := range entries {
			c.captured[i] = uint16(entries[i].captured)
		}
	} else {
		c.wideCaptured = make([]uint32, len(entries))
		for i := range entries {
			c.wideCaptured[i] = entries[i].captured
		}
	}
	switch {
	case !cut:
	case original <= math.MaxUint16:
		c.original = make([]uint16, len(entries))
		for i := range entries {
			c.original[i] = uint16(entries[i].original)
		}
	default:
		c.wideOriginal = make([]uint32, len(entries))
		for i := range entries {
			c.wideOriginal[i] = entries[i].original
		}
	}
	c.packSlots(entries, interfaces)
	return c
}

// packOffsets relies on offsets that ascend, as those of both formats do.
func (c *chunk) packOffsets(entries []entry) {
	if entries[len(entries)-1].offset-c.base > math.MaxUint32 {
		c.wideOffsets = make([]int64, len(entries))
		for i := range entries {
			c.wideOffsets[i] = entries[i].offset
		}
		return
	}
	c.offsets = make([]uint32, len(entries))
	for i := range entries {
		c.offsets[i] = uint32(entries[i].offset - c.base)
	}
}

// packTimes finds the base of each group and the finest unit, nanoseconds or
// microseconds, in which every time is a whole number above its base. Four
// seconds between the packets of a group are too many for the one, an hour for
// the other: then the times are kept as they are.
func (c *chunk) packTimes(entries []entry) {
	c.bases = make([]int64, (len(entries)+groupEntries-1)>>groupBits)
	c.first, c.last = math.MaxInt64, math.MinInt64
	var span uint64 // the widest of the groups, in nanoseconds
	untimed := false
	for g := range c.bases {
		low, high := int64(math.MaxInt64), int64(math.MinInt64)
		for i := g << groupBits; i < min((g+1)<<groupBits, len(entries)); i++ {
			e := &entries[i]
			if e.flags&noTimeFlag != 0 {
				untimed = true
				continue
			}
			low, high = min(low, e.time), max(high, e.time)
		}
		if low > high {
			continue
		}
		c.timed = true
		c.first, c.last = min(c.first, low), max(c.last, high)
		c.bases[g] = low
		span = max(span, uint64(high)-uint64(low)) // right beyond int64, too
	}
	c.unit = 1
	if span > math.MaxUint32 {
		c.unit = 1000
	}
	if untimed || span/1000 > math.MaxUint32 || c.unit > 1 && !c.whole(entries) {
		c.bases, c.unit = nil, 0
		c.wideTimes = make([]int64, len(entries))
		for i := range entries {
			c.wideTimes[i] = entries[i].time
		}
		return
	}
	c.times = make([]uint32, len(entries))
	if c.unit == 1 {
		for i := range entries {
			c.times[i] = uint32(entries[i].time - c.bases[i>>groupBits])
		}
		return
	}
	for i := range entries {
		c.times[i] = uint32((entries[i].time - c.bases[i>>groupBits]) / c.unit)
	}
}

// whole reports whether all times are a number of units above their bases.
func (c *chunk) whole(entries []entry) bool {
	for i := range entries {
		if (entries[i].time-c.bases[i>>groupBits])%c.unit != 0 {
			return false
		}
	}
	return true
}

// packSlots numbers the different slots in the order of their first packets.
func (c *chunk) packSlots(entries []entry, interfaces []Interface) {
	type key struct {
		iface uint32
		flags uint8
	}
	numbers := make(map[key]uint16)
	number := func(k key) uint16 {
		n, ok := numbers[k]
		if !ok {
			n = uint16(len(c.slots))
			numbers[k] = n
			c.slots = append(c.slots, slot{k.iface, k.flags, interfaces[k.iface].phdr})
		}
		return n
	}
	last := key{entries[0].iface, entries[0].flags}
	current := number(last)
	var all []uint16
	for i := range entries {
		if k := (key{entries[i].iface, entries[i].flags}); k != last {
			if all == nil {
				all = make([]uint16, len(entries)) // those before have slot 0
			}
			last, current = k, number(k)
		}
		if all != nil {
			all[i] = current
		}
	}
	switch {
	case len(c.slots) == 1:
	case len(c.slots) <= math.MaxUint8+1:
		c.slot8 = make([]uint8, len(all))
		for i, n := range all {
			c.slot8[i] = uint8(n)
		}
	default:
		c.slot16 = all
	}
}

// size is the number of bytes that the chunk's columns take.
func (c *chunk) size() int {
	return 4*len(c.offsets) + 8*len(c.wideOffsets) + 8*len(c.bases) + 4*len(c.times) + 8*len(c.wideTimes) +
		2*len(c.captured) + 4*len(c.wideCaptured) + 2*len(c.original) + 4*len(c.wideOriginal) +
		len(c.slot8) + 2*len(c.slot16) + 16*len(c.slots)
}
