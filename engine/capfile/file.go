package capfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// File is an open capture, mapped into memory. Its methods may be called from
// several goroutines at once, but for Close.
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

	index           index
	interfaces      []Interface
	sectionComments []string
	names           []Name
	sections        []byteOrder // of a pcapng file
	warnings        []Warning
	converted       bool      // by editcap
	end             int64     // where reading stopped
	pcap            *pcapFile // nil for pcapng
	progress        func(done, total int64)
}

// Len is the number of packets.
func (f *File) Len() int { return f.index.n }

// Times returns the earliest and the latest time of a packet, in nanoseconds
// since the Unix epoch; ok is false when no packet has one.
func (f *File) Times() (earliest, latest int64, ok bool) {
	return f.index.first, f.index.last, f.index.timed
}

// Record locates packet i, counted from 0. Like Data and Comments it wants i
// below Len.
func (f *File) Record(i int) Record {
	e := f.index.at(i)
	iface := f.index.ifaceOf(e, i)
	r := Record{
		Offset:    e.offset(),
		Time:      e.time,
		HasTime:   e.captured&noTimeFlag == 0,
		OddTime:   e.captured&oddTimeFlag != 0,
		Captured:  e.length(),
		Original:  e.original,
		Interface: iface,
	}
	if phdr := f.interfaces[iface].phdr; phdr.size > 0 {
		// The pseudo header is in the file, and that may have shrunk: then the
		// lengths stay those of the index, and Data faults.
		_ = f.Guard(func() error {
			skip, captured, original := phdr.strip(f.raw(e), e.original)
			r.Offset, r.Captured, r.Original = r.Offset+int64(skip), captured, original
			return nil
		})
	}
	return r
}

// Data is the captured bytes of packet i: a slice of the mapped file, valid
// until Close. Reading it faults when the file has shrunk: see Guard.
func (f *File) Data(i int) []byte {
	e := f.index.at(i)
	data := f.raw(e)
	if phdr := f.interfaces[f.index.ifaceOf(e, i)].phdr; phdr.size > 0 {
		skip, captured, _ := phdr.strip(data, e.original)
		return data[skip : skip+int(captured) : skip+int(captured)]
	}
	return data
}

// raw is the bytes of a packet with its pseudo header, as they are in the file.
func (f *File) raw(e *entry) []byte {
	begin, end := e.offset(), e.offset()+int64(e.length())
	return f.data[begin:end:end]
}

// Comments are the comments on packet i (opt_comment), nil when it has none.
func (f *File) Comments(i int) []string {
	e := f.index.at(i)
	if f.pcap != nil || e.kind() != kindPacket && e.kind() != kindOld {
		return nil
	}
	b := f.block(e, f.index.ifaceOf(e, i))
	var comments []string
	// The walk cannot fail: it did not when the file was indexed.
	_ = walkOptions(b.body[packetOptionsAt(e.length()):], b.order, func(code int, value []byte) error {
		if code == optComment {
			comments = append(comments, text(value))
		}
		return nil
	})
	return comments
}

// Source is the index into Paths of the file that packet i is from.
func (f *File) Source(i int) int { return f.interfaces[f.index.iface(i)].Source }

// Paths are the files that were opened, as they were named.
func (f *File) Paths() []string { return slices.Clone(f.paths) }

// Name is the base name for display.
func (f *File) Name() string { return f.name }

// Size is the number of mapped bytes.
func (f *File) Size() int64 { return f.size }

// Format names the file's format: "pcap", "pcapng", "pcap (nanoseconds)" …
func (f *File) Format() string { return f.format }

// Compression names how the file was compressed: "gzip", "zstd", "lz4" or "".
func (f *File) Compression() string { return f.compression }

// Interfaces are those of all sections, in the file's order. It is a copy: who
// looks at many packets keeps it.
func (f *File) Interfaces() []Interface { return slices.Clone(f.interfaces) }

// LinkTypes are the different LINKTYPE_ values of the interfaces, ascending.
func (f *File) LinkTypes() []int {
	var types []int
	for _, i := range f.interfaces {
		if i.LinkType != linkNotAPacket {
			types = append(types, i.LinkType)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// SectionComments are the comments on the sections of a pcapng file.
func (f *File) SectionComments() []string { return slices.Clone(f.sectionComments) }

// Names are the entries of name resolution blocks.
func (f *File) Names() []Name { return slices.Clone(f.names) }

// Warnings say why reading stopped early and what else was odd.
func (f *File) Warnings() []Warning { return slices.Clone(f.warnings) }

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

// Close unmaps the file. Slices that Data returned are invalid then.
func (f *File) Close() error {
	var errs []error
	errs = append(errs, f.unmap())
	if f.dissectorFile != nil && f.dissectorFile != f.mapped { // converted out of a spool
		errs = append(errs, f.dissectorFile.Close())
	}
	if f.mapped != nil {
		errs = append(errs, f.mapped.Close())
	}
	f.mapped, f.dissectorFile = nil, nil
	return errors.Join(errs...)
}
