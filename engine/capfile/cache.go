package capfile

// This file keeps the index of a capture on disk: what its file is called, what
// it holds, and when it is trusted. Its parts have names, so that others can
// keep there what they know of the capture.
//
// A cache file, little-endian, is a header of
//
//	magic and version    8 bytes, 4 bytes
//	number of sections   4 bytes
//	identity             5 × 8 bytes: device, inode, size, mtime and ctime in nanoseconds
//	sections             48 bytes each: name (24, padded with NULs), offset (8), length (8), sum (4), 0 (4)
//	CRC-32C of all that  4 bytes
//
// and the sections, each at a multiple of eight bytes. A section's sum is the
// CRC-32C of the CRC-32Cs of its pieces of 256 KiB.

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

const (
	cacheMagic = "pktshidx"
	// cacheVersion 2: every section of pcapng has an interface of its own for what none
	// captured.
	cacheVersion = 2

	cacheHeaderSize  = 8 + 4 + 4 + 5*8
	cacheSectionSize = 48
	cacheNameSize    = 24
	maxCacheSections = 64

	// cacheWorth is the size of captures from which reading the index back saves
	// milliseconds.
	cacheWorth = 1 << 20
	// cacheSettled is how long a file must have been left alone when it is opened:
	// one written to a moment ago may be written to once more without its time
	// changing, which has a granularity of milliseconds, on FAT of two seconds.
	cacheSettled = 2 * time.Second

	indexSection = "capfile.index"
	stateSection = "capfile.state"
)

// identity tells a file, and what is in it, from any other.
type identity struct {
	Device, Inode      uint64
	Size, Mtime, Ctime int64
}

func identityOf(file *os.File) (identity, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return identity{}, err
	}
	return identity{stat.Dev, stat.Ino, stat.Size, stat.Mtim.Nano(), stat.Ctim.Nano()}, nil
}

// name is what the cache file is called. A capture that changed has the name it
// had, so that its new index replaces the old one.
func (id identity) name() string { return fmt.Sprintf("%x-%x%s", id.Device, id.Inode, cacheSuffix) }

// cacheSection is a part of a cache file.
type cacheSection struct {
	name           string
	offset, length int64
	sum            uint32
}

// cache is a capture's place in the cache directory.
type cache struct {
	dir      string
	id       identity
	opened   time.Time
	data     []byte // the mapped file, nil until there is one that is the capture's
	sections []cacheSection
}

// openCache finds the cache file of the capture that is mapped. Nothing about it
// is an error: without one there is the pass.
func (f *File) openCache(dir string) {
	// Columns are stored as they are in memory, and that is little-endian.
	if dir == "" || f.size < cacheWorth || binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return
	}
	id, err := identityOf(f.mapped)
	if err != nil || id.Size != f.size {
		return
	}
	f.cache = &cache{dir: dir, id: id, opened: time.Now()}
	f.cache.data = mapInCache(dir, id.name())
	err = f.Guard(func() (err error) {
		f.cache.sections, err = parseCacheHeader(f.cache.data, id)
		return err
	})
	if err != nil {
		_ = f.cache.unmap() // the error that matters is err
	}
}

// parseCacheHeader returns the sections of a cache file when it is id's.
func parseCacheHeader(head []byte, id identity) ([]cacheSection, error) {
	size := int64(len(head))
	if len(head) < cacheHeaderSize || string(head[:8]) != cacheMagic || binary.LittleEndian.Uint32(head[8:]) != cacheVersion {
		return nil, errors.New("not a cache file of this version")
	}
	count := binary.LittleEndian.Uint32(head[12:])
	if count > maxCacheSections {
		return nil, fmt.Errorf("cache file has %d sections, want at most %d", count, maxCacheSections)
	}
	end := cacheHeaderSize + int(count)*cacheSectionSize
	if len(head) < end+4 || checksum(head[:end]) != binary.LittleEndian.Uint32(head[end:]) {
		return nil, errors.New("cache file has a damaged header")
	}
	var got identity
	if _, err := binary.Decode(head[16:], binary.LittleEndian, &got); err != nil || got != id {
		return nil, errors.New("cache file is another capture's")
	}
	var sections []cacheSection
	for b := head[cacheHeaderSize:end]; len(b) > 0; b = b[cacheSectionSize:] {
		s := cacheSection{
			name:   string(bytes.TrimRight(b[:cacheNameSize], "\x00")),
			offset: int64(binary.LittleEndian.Uint64(b[24:])), length: int64(binary.LittleEndian.Uint64(b[32:])),
			sum: binary.LittleEndian.Uint32(b[40:]),
		}
		if s.offset < int64(end)+4 || s.offset > size || s.offset != align(s.offset) || s.length < 0 || s.length > size-s.offset {
			return nil, fmt.Errorf("section %q lies outside its cache file", s.name)
		}
		sections = append(sections, s)
	}
	return sections, nil
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// CacheSection returns what SaveIndex was given under name when the index of
// this very capture was saved, nil when there is none or it is damaged. It is
// part of a mapped file, begins at a multiple of eight bytes, is valid until
// Close and not to be written to. Anybody who may write the user's files may have
// written it: it is checked for damage, with each call, but not for sense.
func (f *File) CacheSection(name string) []byte {
	if !f.restored || name == indexSection || name == stateSection {
		return nil
	}
	return f.cachedSection(name)
}

// cachedSection finds a section, nil when it is damaged or not there.
func (f *File) cachedSection(name string) []byte {
	for _, s := range f.cache.sections {
		if s.name == name {
			b := f.cache.data[s.offset : s.offset+s.length : s.offset+s.length]
			if sum, err := f.sumOfPieces(b); err != nil || sum != s.sum {
				return nil
			}
			return b
		}
	}
	return nil
}

// sumPiece is what one goroutine sums at once.
const sumPiece = 256 << 10

// sumOfPieces is the CRC-32C of the CRC-32Cs of b's pieces, which are summed on
// all cores.
func (f *File) sumOfPieces(b []byte) (uint32, error) {
	table := crc32.MakeTable(crc32.Castagnoli)
	sums := make([]byte, 4*((len(b)+sumPiece-1)/sumPiece))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range len(sums) / 4 {
		all.Go(func() error {
			return f.Guard(func() error {
				piece := b[i*sumPiece : min((i+1)*sumPiece, len(b))]
				binary.LittleEndian.PutUint32(sums[4*i:], crc32.Checksum(piece, table))
				return nil
			})
		})
	}
	err := all.Wait()
	return crc32.Checksum(sums, table), err
}

func (c *cache) unmap() error {
	if c == nil || c.data == nil {
		return nil
	}
	data := c.data
	c.data, c.sections = nil, nil
	return unix.Munmap(data)
}

// SaveIndex keeps the index in Options.CacheDir for the next time that the
// capture is opened, and sections with it, whose names are at most 24 bytes. It
// replaces what was kept before. Nothing is written where that would not pay or
// could not be trusted: without a CacheDir, for captures that are small, were
// piped, unpacked or merged, or were written to a moment ago; nor when the index
// came from there and there are no sections. An error harms nothing.
//
// It is for one goroutine at a time, and not for before Open returned or after
// Close.
func (f *File) SaveIndex(ctx context.Context, sections map[string][]byte) error {
	c := f.cache
	if c == nil || f.restored && len(sections) == 0 || time.Unix(0, c.id.Ctime).Add(cacheSettled).After(c.opened) {
		return nil
	}
	for _, i := range f.read().interfaces {
		if i.phdr.size > 0 {
			return nil // these are few, and their packets' lengths are in the capture
		}
	}
	if now, err := identityOf(f.mapped); err != nil || now != c.id {
		return fmt.Errorf("%s: its index is not kept: the file changed while it was read", f.name)
	}
	w := &cacheWriter{ctx: ctx}
	w.add(stateSection, f.encodeState())
	w.add(indexSection, f.encodeIndex()...)
	for name, data := range sections {
		if len(name) == 0 || len(name) > cacheNameSize || name == indexSection || name == stateSection {
			return fmt.Errorf("cannot keep a section named %q with the index, want a name of 1 to %d bytes of its own", name, cacheNameSize)
		}
		w.add(name, data)
	}
	if len(w.sections) > maxCacheSections {
		return fmt.Errorf("cannot keep %d sections with the index, want at most %d", len(sections), maxCacheSections-2)
	}
	if w.size() > cacheLimit {
		return nil
	}
	return writeInCache(c.dir, c.id.name(), func(file *os.File) error { return w.write(file, c.id) })
}

// cacheWriter lays a cache file out.
type cacheWriter struct {
	ctx      context.Context
	sections []cacheSection // without their offsets
	parts    [][][]byte     // what each is made of
}

// add appends a section.
func (w *cacheWriter) add(name string, parts ...[]byte) {
	s := cacheSection{name: name}
	table := crc32.MakeTable(crc32.Castagnoli)
	var sums []byte
	var sum uint32 // of the piece that s.length is in
	for _, p := range parts {
		for len(p) > 0 {
			n := min(len(p), sumPiece-int(s.length%sumPiece))
			sum = crc32.Update(sum, table, p[:n])
			s.length, p = s.length+int64(n), p[n:]
			if s.length%sumPiece == 0 {
				sums, sum = binary.LittleEndian.AppendUint32(sums, sum), 0
			}
		}
	}
	if s.length%sumPiece != 0 {
		sums = binary.LittleEndian.AppendUint32(sums, sum)
	}
	s.sum = crc32.Checksum(sums, table)
	w.sections, w.parts = append(w.sections, s), append(w.parts, parts)
}

func (w *cacheWriter) size() int64 {
	size := int64(cacheHeaderSize + len(w.sections)*cacheSectionSize + 4)
	for _, s := range w.sections {
		size = align(size) + s.length
	}
	return size
}

// align rounds up to a multiple of eight.
func align(n int64) int64 { return (n + 7) &^ 7 }

// padding is what makes n bytes a multiple of eight.
func padding(n int64) []byte { return make([]byte, align(n)-n) }

// write writes the file.
func (w *cacheWriter) write(file io.Writer, id identity) error {
	head := append([]byte(cacheMagic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(head[8:], cacheVersion)
	binary.LittleEndian.PutUint32(head[12:], uint32(len(w.sections)))
	head, err := binary.Append(head, binary.LittleEndian, id)
	if err != nil {
		return err
	}
	at := align(int64(len(head) + len(w.sections)*cacheSectionSize + 4))
	for _, s := range w.sections {
		var name [cacheNameSize]byte
		copy(name[:], s.name)
		head = append(head, name[:]...)
		head = binary.LittleEndian.AppendUint64(head, uint64(at))
		head = binary.LittleEndian.AppendUint64(head, uint64(s.length))
		head = binary.LittleEndian.AppendUint32(head, s.sum)
		head = binary.LittleEndian.AppendUint32(head, 0)
		at = align(at + s.length)
	}
	head = binary.LittleEndian.AppendUint32(head, checksum(head))
	parts := [][]byte{head}
	length := int64(len(head))
	for i, section := range w.parts {
		parts = append(parts, padding(length))
		parts = append(parts, section...)
		length = align(length) + w.sections[i].length
	}
	for _, p := range parts {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if len(p) == 0 {
			continue
		}
		if _, err := file.Write(p); err != nil {
			return err
		}
	}
	return nil
}
