package capfile

// This file lays chunks out in a cache file and takes them back: as they are in
// memory, so that reading them is all there is to it, but checked against the
// capture, so that nothing in a cache file can lead outside it.

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"unsafe"

	"golang.org/x/sync/errgroup"
)

// chunkHeader stands before a chunk's columns, which follow in the order of
// chunk's fields, each padded to eight bytes.
type chunkHeader struct {
	Packets, Slots    uint32
	Shape, _          uint32
	Base, First, Last int64
}

const chunkHeaderSize = 40

// The bits of chunkHeader.Shape.
const (
	shapeWideOffsets = 1 << iota
	shapeWideTimes
	shapeWideCaptured
	shapeOriginal
	shapeWideOriginal
	shapeSlot8
	shapeSlot16
	shapeTimed
)

// storedSlot is a slot as it is stored; its pseudo header is the interface's.
type storedSlot struct{ iface, flags uint32 }

// column is what columns are made of.
type column interface {
	uint8 | uint16 | uint32 | int64 | group | storedSlot
}

// bytesOf is the memory of a column.
func bytesOf[T column](s []T) []byte {
	var element T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(element)))
}

// cutter takes columns off the front of a section, which begins where any column may.
type cutter struct {
	rest []byte
	err  error
}

var errIndexCut = errors.New("the index in the cache file is cut short")

// cut takes a column of n elements.
func cut[T column](c *cutter, n int) []T {
	var element T
	size := n * int(unsafe.Sizeof(element))
	if c.err != nil || size > len(c.rest) {
		c.err = errIndexCut
		return nil
	}
	column := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(c.rest))), n)
	c.rest = c.rest[min(align(int64(size)), int64(len(c.rest))):]
	return column
}

// encodeIndex is all chunks: the columns themselves, not copies.
func (f *File) encodeIndex() [][]byte {
	var parts [][]byte
	for i := range (f.Len() + chunkEntries - 1) >> chunkBits {
		parts = f.index.chunks[i].Load().encode(parts)
	}
	return parts
}

// encode appends the parts of a chunk.
func (c *chunk) encode(parts [][]byte) [][]byte {
	h := chunkHeader{Packets: uint32(c.n), Slots: uint32(len(c.slots)), Base: c.base, First: c.first, Last: c.last}
	for bit, is := range map[uint32]bool{
		shapeWideOffsets: c.wideOffsets != nil, shapeWideTimes: c.wideTimes != nil, shapeWideCaptured: c.wideCaptured != nil,
		shapeOriginal: c.original != nil, shapeWideOriginal: c.wideOriginal != nil,
		shapeSlot8: c.slot8 != nil, shapeSlot16: c.slot16 != nil, shapeTimed: c.timed,
	} {
		if is {
			h.Shape |= bit
		}
	}
	slots := make([]storedSlot, len(c.slots))
	for i, s := range c.slots {
		slots[i] = storedSlot{s.iface, uint32(s.flags)}
	}
	header := make([]byte, chunkHeaderSize)
	_, _ = binary.Encode(header, binary.LittleEndian, h) // fails only for another size
	for _, column := range [][]byte{
		header, bytesOf(c.offsets), bytesOf(c.wideOffsets), bytesOf(c.groups), bytesOf(c.times), bytesOf(c.wideTimes),
		bytesOf(c.captured), bytesOf(c.wideCaptured), bytesOf(c.original), bytesOf(c.wideOriginal),
		bytesOf(slots), bytesOf(c.slot8), bytesOf(c.slot16),
	} {
		if n := int64(len(column)); n > 0 {
			parts = append(parts, column, padding(n))
		}
	}
	return parts
}

// decodeChunk takes a chunk off the front.
func decodeChunk(in *cutter, interfaces []Interface) (*chunk, error) {
	var h chunkHeader
	header := cut[uint8](in, chunkHeaderSize)
	if in.err != nil {
		return nil, in.err
	}
	if _, err := binary.Decode(header, binary.LittleEndian, &h); err != nil {
		return nil, err
	}
	if h.Packets == 0 || h.Packets > chunkEntries || h.Slots == 0 || h.Slots > chunkEntries {
		return nil, errors.New("the cached index has a chunk of a wrong size")
	}
	n := int(h.Packets)
	c := &chunk{n: n, base: h.Base, first: h.First, last: h.Last, timed: h.Shape&shapeTimed != 0}
	if h.Shape&shapeWideOffsets != 0 {
		c.wideOffsets = cut[int64](in, n)
	} else {
		c.offsets = cut[uint32](in, n)
	}
	if h.Shape&shapeWideTimes != 0 {
		c.wideTimes = cut[int64](in, n)
	} else {
		c.groups, c.times = cut[group](in, (n+groupEntries-1)>>groupBits), cut[uint32](in, n)
	}
	if h.Shape&shapeWideCaptured != 0 {
		c.wideCaptured = cut[uint32](in, n)
	} else {
		c.captured = cut[uint16](in, n)
	}
	if h.Shape&shapeOriginal != 0 {
		c.original = cut[uint16](in, n)
	}
	if h.Shape&shapeWideOriginal != 0 {
		c.wideOriginal = cut[uint32](in, n)
	}
	slots := cut[storedSlot](in, int(h.Slots))
	if h.Shape&shapeSlot8 != 0 {
		c.slot8 = cut[uint8](in, n)
	}
	if h.Shape&shapeSlot16 != 0 {
		c.slot16 = cut[uint16](in, n)
	}
	if in.err != nil {
		return nil, in.err
	}
	for _, s := range slots {
		if int64(s.iface) >= int64(len(interfaces)) || s.flags > allFlags {
			return nil, errors.New("the cached index has a packet on an interface that there is not")
		}
		c.slots = append(c.slots, slot{s.iface, uint8(s.flags), interfaces[s.iface].phdr})
	}
	return c, nil
}

// span is where the packets of a chunk are: the first begins at first, the last
// ends at end.
type span struct{ first, end int64 }

// check finds the chunk's span. ok is false unless every packet lies before end,
// and at least gap bytes behind the one before it.
func (c *chunk) check(end, gap int64) (s span, ok bool) {
	s.first, _ = c.where(0)
	if s.first < 0 || s.first > end {
		return s, false
	}
	switch {
	case c.wideOffsets != nil:
		s.end, ok = s.first, true
		for j, offset := range c.wideOffsets {
			_, captured := c.where(j)
			if j > 0 && offset < s.end+gap || offset > end || int64(captured) > end-offset {
				return s, false
			}
			s.end = offset + int64(captured)
		}
	case c.wideCaptured != nil:
		s.end, ok = checkColumns(c.base, c.offsets, c.wideCaptured, gap)
	default:
		s.end, ok = checkColumns(c.base, c.offsets, c.captured, gap)
	}
	var highest int
	for _, n := range c.slot8 {
		highest = max(highest, int(n))
	}
	for _, n := range c.slot16 {
		highest = max(highest, int(n))
	}
	return s, ok && s.end <= end && highest < len(c.slots)
}

// checkColumns is check for narrow offsets. Since packets ascend, only the last
// can be beyond the file.
func checkColumns[T uint16 | uint32](base int64, offsets []uint32, captured []T, gap int64) (end int64, ok bool) {
	end, ok = base+int64(offsets[0])-gap, true
	captured = captured[:len(offsets)]
	for j, o := range offsets {
		offset := base + int64(o)
		ok = ok && offset >= end+gap
		end = offset + int64(captured[j])
	}
	return end, ok
}

// encodeState is where the pass ended and what of the capture has to be read
// again to know what it knew.
func (f *File) encodeState() []byte {
	k := f.read()
	return bytesOf(append([]int64{int64(k.packets), k.end}, k.landmarks...))
}

var errNotThisCapture = errors.New("the cached index is not this capture's")

// restore takes the index out of the cache file. It leaves the pass where it
// had ended, and lets it find once more that there is nothing behind it, or what
// is wrong there. After an error, everything has to be made anew.
func (f *File) restore(ctx context.Context) error {
	state, columns := f.cachedSection(stateSection), f.cachedSection(indexSection)
	if len(state) < 16 || columns == nil {
		return errNotThisCapture
	}
	in := &cutter{rest: state}
	numbers := cut[int64](in, len(state)/8)
	packets, end, landmarks := numbers[0], numbers[1], numbers[2:]
	if end < 0 || end > f.size || packets < 0 || packets > end/minRecord {
		return errNotThisCapture
	}
	p, err := f.startPass()
	if err != nil {
		return err
	}
	begin, gap, err := p.resume(end, landmarks)
	if err != nil {
		return err
	}
	for _, i := range f.pass.interfaces {
		if i.phdr.size > 0 { // whose packets only the pass checks
			return errNotThisCapture
		}
	}
	f.index = newIndex(f.size)
	f.index.limit = math.MaxInt
	if err := f.restoreChunks(&cutter{rest: columns}, int(packets), begin, end, gap); err != nil {
		return err
	}
	f.pages = f.follow(end)
	defer f.pages.stop()
	if err := p.run(ctx); err != nil {
		return err
	}
	if f.index.n() != int(packets) || p.position() != end {
		return errNotThisCapture
	}
	f.finish(end)
	return nil
}

// restoreChunks takes the chunks of so many packets, which lie between begin and
// end with at least gap bytes before each.
func (f *File) restoreChunks(in *cutter, packets int, begin, end, gap int64) error {
	x := &f.index
	spans := make([]span, (packets+chunkEntries-1)>>chunkBits)
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for at := range spans {
		c, err := decodeChunk(in, f.pass.interfaces)
		if err == nil && c.n != min(chunkEntries, packets-at<<chunkBits) {
			err = errNotThisCapture
		}
		if err != nil {
			return errors.Join(err, all.Wait())
		}
		all.Go(func() error {
			return f.Guard(func() error {
				var ok bool
				if spans[at], ok = c.check(end, gap); !ok {
					return errNotThisCapture
				}
				return nil
			})
		})
		x.chunks[at].Store(c)
		x.extremes(c)
		x.start += c.n
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for _, s := range spans {
		if s.first < begin+gap {
			return errNotThisCapture
		}
		begin = s.end
	}
	return nil
}
