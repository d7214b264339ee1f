package capfile

// This file stores where the packets are, in 24 bytes each.

// kind tells which structure of the file a packet came in.
type kind uint32

const (
	kindPacket kind = iota // pcap record or pcapng Enhanced Packet Block: has a time
	kindSimple             // pcapng Simple Packet Block: no time, no options
	kindOld                // pcapng Packet Block, obsolete
	kindOther              // custom block, systemd journal entry, sysdig event
)

const (
	offsetBits   = 48
	offsetMask   = 1<<offsetBits - 1
	manyIfaces   = 1<<(64-offsetBits) - 1 // this and every higher interface is in index.wide
	lengthBits   = 28                     // wiretap's largest packet is 2^27 bytes
	lengthMask   = 1<<lengthBits - 1
	kindShift    = lengthBits
	kindMask     = 3 << kindShift
	noTimeFlag   = 1 << (lengthBits + 2)
	oddTimeFlag  = 1 << (lengthBits + 3)
	chunkBits    = 16
	chunkEntries = 1 << chunkBits
)

// entry is one packet: 48 bits of offset and 16 of interface, the time, 28 bits
// of captured length and 4 of flags, the original length. Offset and lengths
// are the file's; a pseudo header is taken off only in File.Record.
type entry struct {
	where    uint64
	time     int64
	captured uint32
	original uint32
}

// index holds entries in chunks, so that growing never copies more than one.
type index struct {
	chunks [][]entry
	n      int
	timed  bool // a packet has a time; first and last are the extremes
	first  int64
	last   int64
	wide   map[int]int // packet → interface, for those that 16 bits cannot hold
}

// add appends a packet. offset must be below 2^48 and captured below 2^28;
// the readers check both against the size of the mapping and wiretap's limits.
func (x *index) add(offset int64, iface int, time int64, captured, original uint32, flags uint32) {
	slot := uint64(iface)
	if iface >= manyIfaces {
		if x.wide == nil {
			x.wide = make(map[int]int)
		}
		x.wide[x.n] = iface
		slot = manyIfaces
	}
	switch {
	case flags&noTimeFlag != 0:
	case !x.timed:
		x.first, x.last, x.timed = time, time, true
	default:
		x.first, x.last = min(x.first, time), max(x.last, time)
	}
	last := len(x.chunks) - 1
	if last < 0 || len(x.chunks[last]) == chunkEntries {
		var chunk []entry // the first grows from nothing: most captures are small
		if last >= 0 {
			chunk = make([]entry, 0, chunkEntries)
		}
		x.chunks = append(x.chunks, chunk)
		last++
	}
	x.chunks[last] = append(x.chunks[last], entry{
		where:    uint64(offset)&offsetMask | slot<<offsetBits,
		time:     time,
		captured: captured&lengthMask | flags,
		original: original,
	})
	x.n++
}

func (x *index) at(i int) *entry {
	return &x.chunks[i>>chunkBits][i&(chunkEntries-1)]
}

func (x *index) iface(i int) int { return x.ifaceOf(x.at(i), i) }

// ifaceOf is iface for who has entry i at hand.
func (x *index) ifaceOf(e *entry, i int) int {
	if slot := int(e.where >> offsetBits); slot != manyIfaces {
		return slot
	}
	return x.wide[i]
}

func (e *entry) offset() int64  { return int64(e.where & offsetMask) }
func (e *entry) length() uint32 { return e.captured & lengthMask }
func (e *entry) kind() kind     { return kind(e.captured&kindMask) >> kindShift }
