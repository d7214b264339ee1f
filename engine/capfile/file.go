package capfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Options says how to open captures. The zero value is of use.
type Options struct {
	// TempDir is where spools go, os.TempDir() when empty.
	TempDir string
	// Editcap and Mergecap are the paths of Wireshark's helpers, empty when
	// absent. Editcap converts the formats that are neither pcap nor pcapng.
	// Mergecap is not needed: Merge is our own.
	Editcap, Mergecap string
	// Progress hears how many of total bytes are read; total is 0 when unknown.
	// It may be nil. It is called on the goroutine that opens.
	Progress func(done, total int64)
}

// File is an open capture, mapped into memory. Its methods may be called from
// several goroutines at once, but for Close.
type File struct {
	name        string
	paths       []string
	compression string
	format      string

	mapped *os.File // what data maps: the file itself or a spool
	data   []byte
	size   int64       // of what is mapped, when it was
	stat   fs.FileInfo // of the first path, nil for what came through a pipe

	// dissectorPath is what Wireshark opens; empty when it has to inherit dissectorFile.
	dissectorPath string
	dissectorFile *os.File

	index           index
	interfaces      []Interface
	sectionComments []string
	names           []Name
	sections        []binary.ByteOrder // of a pcapng file
	warnings        []Warning
	end             int64     // where reading stopped
	pcap            *pcapFile // nil for pcapng
	progress        func(done, total int64)
}

// Open maps and indexes the capture at path. A file that is damaged after its
// header opens with the packets before the damage and a warning; an error means
// that there is nothing to show, and it names the file.
func Open(ctx context.Context, path string, o Options) (*File, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if stat.IsDir() {
		return nil, fmt.Errorf("%s is a directory, want a capture file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	f := &File{name: filepath.Base(path), paths: []string{path}, stat: stat, dissectorPath: path, progress: o.Progress}
	if err := f.load(ctx, file, o); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func openError(path string, err error) error {
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file: %w", path, fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: no permission to read it: %w", path, fs.ErrPermission)
	case errors.As(err, &pathError):
		return fmt.Errorf("%s: %w", path, pathError.Err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// load maps file and indexes it. It owns file.
func (f *File) load(ctx context.Context, file *os.File, o Options) error {
	if err := f.mapFile(file); err != nil {
		return err
	}
	return f.Guard(func() error { return f.buildIndex(ctx) })
}

// mapFile maps all of file, which f then owns.
func (f *File) mapFile(file *os.File) error {
	f.mapped = file
	stat, err := file.Stat()
	if err != nil {
		return openError(f.name, err)
	}
	f.size = stat.Size()
	if f.size == 0 {
		return fmt.Errorf("%s is empty (0 bytes), want a capture file", f.name)
	}
	if f.size != int64(int(f.size)) || f.size > offsetMask {
		return fmt.Errorf("%s has %d bytes, more than can be mapped", f.name, f.size)
	}
	f.data, err = unix.Mmap(int(file.Fd()), 0, int(f.size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("%s: cannot map it into memory: %w", f.name, err)
	}
	return nil
}

// buildIndex makes the one pass over the mapped bytes.
func (f *File) buildIndex(ctx context.Context) (err error) {
	switch {
	case isPcapng(f.data):
		err = f.indexPcapng(ctx)
	default:
		err = f.indexPcap(ctx)
	}
	if err != nil {
		return err
	}
	return f.poll(ctx, f.size)
}

// poll reports progress and obeys ctx.
func (f *File) poll(ctx context.Context, at int64) error {
	if f.progress != nil {
		f.progress(at, f.size)
	}
	return ctx.Err()
}

// stop records why reading ended before the end of the file. at is where the
// record begins that could not be read.
func (f *File) stop(at int64, format string, args ...any) {
	f.end = at
	f.warnings = append(f.warnings, Warning{Offset: at, Text: fmt.Sprintf("%s: stopped before packet %d at byte %d: %s",
		f.name, f.index.n+1, at, fmt.Sprintf(format, args...))})
}

// Len is the number of packets.
func (f *File) Len() int { return f.index.n }

// Record locates packet i, counted from 0.
func (f *File) Record(i int) Record {
	e, iface := f.index.at(i), f.index.iface(i)
	skip := uint32(f.interfaces[iface].phdr)
	return Record{
		Offset:    e.offset() + int64(skip),
		Time:      e.time,
		HasTime:   e.captured&noTimeFlag == 0,
		OddTime:   e.captured&oddTimeFlag != 0,
		Captured:  e.length() - skip,
		Original:  e.original - skip,
		Interface: iface,
	}
}

// Data is the captured bytes of packet i: a slice of the mapped file, valid
// until Close. Reading it faults when the file has shrunk: see Guard.
func (f *File) Data(i int) []byte {
	e := f.index.at(i)
	skip := int64(f.interfaces[f.index.iface(i)].phdr)
	begin, end := e.offset()+skip, e.offset()+int64(e.length())
	return f.data[begin:end:end]
}

// Comments are the comments on packet i (opt_comment), nil when it has none.
func (f *File) Comments(i int) []string {
	e := f.index.at(i)
	if f.pcap != nil || e.kind() != kindPacket && e.kind() != kindOld {
		return nil
	}
	r := blockReader{data: f.data, at: e.offset() - 28, order: f.sections[f.interfaces[f.index.iface(i)].Section]}
	b, ok, err := r.read()
	if err != nil || !ok {
		return nil
	}
	var comments []string
	_ = walkOptions(b.body[20+(int(e.length())+3)&^3:], b.order, func(code int, value []byte) error {
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

// Interfaces are those of all sections, in the file's order.
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
func (f *File) Changed() bool {
	if f.stat == nil {
		return false
	}
	now, err := os.Stat(f.paths[0])
	return err != nil || !os.SameFile(now, f.stat) || now.Size() != f.stat.Size() || !now.ModTime().Equal(f.stat.ModTime())
}

// Close unmaps the file. Slices that Data returned are invalid then.
func (f *File) Close() error {
	var errs []error
	if f.data != nil {
		errs = append(errs, unix.Munmap(f.data))
		f.data = nil
	}
	if f.dissectorFile != nil && f.dissectorFile != f.mapped {
		errs = append(errs, f.dissectorFile.Close())
	}
	if f.mapped != nil {
		errs = append(errs, f.mapped.Close())
	}
	f.mapped, f.dissectorFile = nil, nil
	return errors.Join(errs...)
}
