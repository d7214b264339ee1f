package capfile

// This file stores where the packets are: in chunks of 64 Ki, each a set of
// columns as narrow as its packets allow. An ordinary capture takes 10 bytes a
// packet (offset and time 4, length 2), one cut to a snapshot length 12.

import "sync/atomic"

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
	firstReport  = 16 * groupEntries // packets after which readers hear of the capture first
	// minRecord is the least that a packet takes in a file: a pcap record header,
	// a block with four bytes. A capture of n MiB so has at most n+1 chunks.
	minRecord  = 16
	chunkShift = chunkBits + 4 // of bytes: minRecord is 1<<4
)

// entry is one packet before it is packed into a chunk. Offset and lengths are
// the file's; a pseudo header is taken off only in File.Record.
type entry struct {
	offset   int64
	time     int64
	captured uint32
	original uint32
	iface    uint32
	flags    uint8
}

// index holds the packets. It is written by one goroutine, which publishes
// chunks, and read by any number: what was published never changes, and the
// table of chunks is as large from the start as the file can make it.
type index struct {
	chunks []atomic.Pointer[chunk]
	base   int // packets that were forgotten: those before packet 0
	start  int // packets before the chunk that is built
	packer packer
	staged []entry // of the next group
	open   []entry // of the last group, published although more may come to it
	limit  int     // packets of the chunk at which it is published
	timed  bool    // a packet has a time; first and last are the extremes
	first  int64
	last   int64
}

// newIndex makes an index for a file of size bytes.
func newIndex(size int64) index {
	return index{
		chunks: make([]atomic.Pointer[chunk], size>>chunkShift+1),
		staged: make([]entry, 0, min(groupEntries, size/minRecord+1)),
		limit:  firstReport,
	}
}

// enlarge makes room for a file of size bytes.
func (x *index) enlarge(size int64) {
	want := int(size>>chunkShift) + 1
	if want <= len(x.chunks) {
		return
	}
	chunks := make([]atomic.Pointer[chunk], max(want, 2*len(x.chunks)))
	for i := range x.chunks {
		chunks[i].Store(x.chunks[i].Load())
	}
	x.chunks = chunks
}

// reopen takes the packets of a group that was published before it was full back
// out of its chunk: times are packed by groups.
func (x *index) reopen() {
	if len(x.open) == 0 {
		return
	}
	x.packer.cut(len(x.open))
	x.staged = append(x.staged[:0], x.open...)
	x.open = x.open[:0]
}

// n is the number of packets found, those included that were forgotten.
func (x *index) n() int { return x.start + x.packer.n + len(x.staged) }

// locate returns the chunk of packet i and its place there.
func (x *index) locate(i int) (c *chunk, j int) {
	i += x.base
	return x.chunks[i>>chunkBits].Load(), i & (chunkEntries - 1)
}

// at is packet i with all that the index knows of it.
func (x *index) at(i int) (e entry, s *slot) {
	c, j := x.locate(i)
	e.offset, e.captured = c.where(j)
	e.time, e.original, s = c.time(j), c.originalAt(j), c.slotOf(j)
	e.iface, e.flags = s.iface, s.flags
	return e, s
}

// pack moves the staged packets into the chunk that is built.
func (x *index) pack(interfaces []Interface) {
	x.packer.append(x.staged, interfaces)
	x.staged = x.staged[:0]
}

// publish shows readers all packets that are packed. A chunk that is not full, after
// firstReport packets and at the end, is replaced by a fuller one later.
func (x *index) publish() {
	if x.packer.n == 0 {
		return
	}
	c := x.packer.chunk
	x.chunks[x.start>>chunkBits].Store(&c)
	x.extremes(&c)
	x.limit = chunkEntries
	if c.n == chunkEntries {
		x.start += chunkEntries
		x.packer = packer{spare: chunkEntries}
	}
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

	groups    []group // of the narrow times
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

// group is what the times of 256 packets have in common: each is a number of
// units, in nanoseconds, above the base.
type group struct{ base, unit int64 }

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
	g := &c.groups[j>>groupBits]
	return g.base + int64(c.times[j])*g.unit
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
