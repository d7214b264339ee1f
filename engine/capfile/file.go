package capfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"
)

// File is an open capture, mapped into memory. Its methods may be called from
// several goroutines at once, but for Close; while Open has not returned, by
// those that heard of it through Options.Indexed.
type File struct {
	name        string
	paths       []string
	compression string
	format      string

	mapped *os.File // what data maps: the file itself or a spool
	data   []byte
	size   int64         // of what is mapped, when it was
	stats  []fs.FileInfo // of the paths, nil for what came through a pipe

	// dissectorPath is what Wireshark opens; empty when it has to inherit dissectorFile.
	dissectorPath string
	dissectorFile *os.File

	suffix   string    // of format: how the mapped file came to be
	sources  []int     // of a merged file's interfaces
	pcap     *pcapFile // nil for pcapng
	index    index
	pass     known // what the pass has read
	pages    *resident
	windows  *windows // nil unless somebody looks at packets while they are indexed
	known    atomic.Pointer[known]
	cache    *cache // nil when the capture has no place there
	restored bool   // the index came from there
	progress func(done, total int64)
	indexed  func(f *File, n int, w *Window)
	growth   *growth // nil but for a file that is followed
}

// Len is the number of packets. Until Open returns it is the number of those
// that Options.Indexed heard of.
func (f *File) Len() int { return f.read().packets }

// Times returns the earliest and the latest time of a packet, in nanoseconds
// since the Unix epoch; ok is false when no packet has one.
func (f *File) Times() (earliest, latest int64, ok bool) {
	k := f.read()
	return k.first, k.last, k.timed
}

// Record locates packet i, counted from 0. Like Data and Comments it wants i
// below Len.
func (f *File) Record(i int) Record {
	c, j := f.index.locate(i)
	s := c.slotOf(j)
	if s.phdr.size > 0 {
		return f.strippedRecord(i)
	}
	offset, captured := c.where(j)
	return Record{
		Offset:    offset,
		Time:      c.time(j),
		HasTime:   s.flags&noTimeFlag == 0,
		OddTime:   s.flags&oddTimeFlag != 0,
		Captured:  captured,
		Original:  c.originalAt(j),
		Interface: int(s.iface),
	}
}

// strippedRecord is Record for packets with a pseudo header. The pseudo header
// is in the file, and that may have shrunk: then the lengths stay those of the
// index, and Data faults.
func (f *File) strippedRecord(i int) Record {
	e, s := f.index.at(i)
	r := Record{
		Offset: e.offset, Time: e.time, HasTime: s.flags&noTimeFlag == 0, OddTime: s.flags&oddTimeFlag != 0,
		Captured: e.captured, Original: e.original, Interface: int(s.iface),
	}
	_ = f.Guard(func() error {
		skip, captured, original := s.phdr.strip(f.raw(e.offset, e.captured), e.original)
		r.Offset, r.Captured, r.Original = r.Offset+int64(skip), captured, original
		return nil
	})
	return r
}

// Data is the captured bytes of packet i: a slice of the mapped file, valid
// until Close. Reading it faults when the file has shrunk: see Guard.
func (f *File) Data(i int) []byte {
	c, j := f.index.locate(i)
	data := f.raw(c.where(j))
	if phdr := c.slotOf(j).phdr; phdr.size > 0 {
		skip, captured, _ := phdr.strip(data, c.originalAt(j))
		return data[skip : skip+int(captured) : skip+int(captured)]
	}
	return data
}

// Packet is Record and Data of packet i at once, into r.
func (f *File) Packet(i int, r *Record) []byte {
	if !f.locate(i, r) {
		return f.Data(i)
	}
	return f.raw(r.Offset, r.Captured)
}

// locate is Record, into r. plain says that all from Offset on is the packet.
func (f *File) locate(i int, r *Record) (plain bool) {
	c, j := f.index.locate(i)
	s := c.slotOf(j)
	if s.phdr.size > 0 {
		*r = f.strippedRecord(i)
		return false
	}
	r.Offset, r.Captured = c.where(j)
	r.Time, r.Original, r.Interface = c.time(j), c.originalAt(j), int(s.iface)
	r.HasTime, r.OddTime = s.flags&noTimeFlag == 0, s.flags&oddTimeFlag != 0
	return true
}

// raw is the bytes of a packet with its pseudo header, as they are in the file.
func (f *File) raw(offset int64, captured uint32) []byte {
	end := offset + int64(captured)
	return f.data[offset:end:end]
}

// readAt reads what is mapped at an offset, without touching the mapping.
func (f *File) readAt(b []byte, offset int64) error {
	_, err := f.mapped.ReadAt(b, offset)
	switch {
	case errors.Is(err, io.EOF):
		return f.pageGone()
	case err != nil:
		return openError(f.given(), err)
	}
	return nil
}

// Comments are the comments on packet i (opt_comment), nil when it has none.
func (f *File) Comments(i int) []string {
	if f.pcap != nil {
		return nil
	}
	e, s := f.index.at(i)
	b, ok := f.block(e, s)
	if !ok {
		return nil
	}
	var comments []string
	// The walk cannot fail: it did not when the file was indexed.
	_ = walkOptions(b.body[packetOptionsAt(e.captured):], b.order, func(code int, value []byte) error {
		if code == optComment {
			comments = append(comments, text(value))
		}
		return nil
	})
	return comments
}

// Source is the index into Paths of the file that packet i is from.
func (f *File) Source(i int) int { return f.read().interfaces[f.iface(i)].Source }

// iface is the interface of packet i.
func (f *File) iface(i int) int {
	c, j := f.index.locate(i)
	return int(c.slotOf(j).iface)
}

// Paths are the files that were opened, as they were named.
func (f *File) Paths() []string { return slices.Clone(f.paths) }

// Name is the base name for display.
func (f *File) Name() string { return f.name }

// Size is the number of mapped bytes.
func (f *File) Size() int64 { return f.size }

// Format names the file's format: "pcap", "pcapng", "pcap (nanoseconds)" …
func (f *File) Format() string { return f.format }

// Guessed says that only the file's first records tell the shape of its records (the
// variants of pcap that share a magic number): a part of it may be taken for another.
func (f *File) Guessed() bool { return f.pcap != nil && f.pcap.variant.header != pcapRecordSize }

// Compression names how the file was compressed: "gzip", "zstd", "lz4" or "".
func (f *File) Compression() string { return f.compression }

// Interfaces are those of all sections, in the file's order. It is a copy: who
// looks at many packets keeps it. While Open has not returned a later packet may
// be on an interface that is not among them yet.
func (f *File) Interfaces() []Interface { return slices.Clone(f.read().interfaces) }

// LinkTypes are the different LINKTYPE_ values of the interfaces, ascending.
func (f *File) LinkTypes() []int {
	var types []int
	for _, i := range f.read().interfaces {
		if i.LinkType != linkNotAPacket {
			types = append(types, i.LinkType)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// SectionComments are the comments on the sections of a pcapng file.
func (f *File) SectionComments() []string { return slices.Clone(f.read().comments) }

// Secrets says that the file brings keys, so that Wireshark decrypts what they fit
// (a Decryption Secrets Block of pcapng).
func (f *File) Secrets() bool { return f.read().secrets }

// Names are the entries of name resolution blocks.
func (f *File) Names() []Name { return slices.Clone(f.read().names) }

// Warnings say why reading stopped early and what else was odd.
func (f *File) Warnings() []Warning { return slices.Clone(f.read().warnings) }

// DissectorFile says what file Wireshark should be given for the same packets:
// a path, or, when path is empty, an open file that the child has to inherit
// and opens as /dev/fd/N. The file stays f's.
func (f *File) DissectorFile() (path string, inherit *os.File) {
	return f.dissectorPath, f.dissectorFile
}

// Changed reports that the file was modified, replaced or removed since it was
// mapped. What came through a pipe cannot change.
func (f *File) Changed() bool { return f.Change() != "" }

// Kept reports that the bytes that were mapped are still what they were, even if
// the file was removed or replaced: its name is gone then, but it is not.
func (f *File) Kept() bool {
	if f.mapped == nil {
		return false
	}
	now, err := f.mapped.Stat()
	for _, then := range f.stats {
		if err == nil && then != nil && os.SameFile(now, then) {
			return now.Size() == then.Size() && now.ModTime().Equal(then.ModTime())
		}
	}
	return err == nil // a spool, which nobody else can write to
}

// Change says what Changed reports, for a message that begins with the file's
// name: "was removed", "was replaced by another file", "was cut from 640 to 24
// bytes", "has grown from 24 to 640 bytes", "was written to"; "" for nothing.
func (f *File) Change() string {
	for i, then := range f.stats {
		if then == nil {
			continue
		}
		now, err := os.Stat(f.paths[i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "was removed"
		case err != nil:
			return "cannot be reached any more"
		case !os.SameFile(now, then):
			return "was replaced by another file"
		case now.Size() < then.Size():
			return fmt.Sprintf("was cut from %d to %d bytes", then.Size(), now.Size())
		case now.Size() > then.Size():
			return fmt.Sprintf("has grown from %d to %d bytes", then.Size(), now.Size())
		case !now.ModTime().Equal(then.ModTime()):
			return "was written to"
		}
	}
	return ""
}

// Close unmaps the file. Slices that Data and CacheSection returned are invalid
// then, and packets cannot be located any more.
func (f *File) Close() error {
	var errs []error
	errs = append(errs, f.unmap())
	if f.dissectorFile != nil && f.dissectorFile != f.mapped { // converted out of a spool
		errs = append(errs, f.dissectorFile.Close())
	}
	if f.mapped != nil {
		errs = append(errs, f.mapped.Close())
	}
	if f.restored {
		for i := range f.index.chunks { // what is unmapped next
			f.index.chunks[i].Store(nil)
		}
	}
	errs = append(errs, f.cache.unmap())
	f.mapped, f.dissectorFile, f.cache = nil, nil, nil
	return errors.Join(errs...)
}
