package capfile

// This file follows a capture that is being written: only bytes that are new are
// read, and a record that is only half there is left for later.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// reserved is how much address space a followed file gets at first. It costs no
// memory: pages beyond the file's end exist only as addresses.
const reserved = 64 << 30

// growth is what a File knows of a file that is being written.
type growth struct {
	maps [][]byte // the last one is in use; slices of packets may be of earlier ones
	pass pass     // nil until the file's header is there
	cut  string   // what of the last record is missing; "" for nothing
	done bool     // no byte behind what was read makes sense
	// punched is where the hole ends that Forget made.
	punched int64

	mu      sync.Mutex // guards what follows
	counted counting
}

// counting is how far Waiting came behind what is indexed.
type counting struct {
	at      int64
	packets int
}

// Follow opens a pcap or pcapng file that another process is appending to; it may
// be empty. Its packets are those of the last Grow. name is for messages and
// File.Name. Follow owns file, which nobody may cut below what was read.
func Follow(ctx context.Context, file *os.File, name string, o Options) (*File, error) {
	f := &File{
		name: name, paths: []string{name}, stats: []fs.FileInfo{nil}, progress: o.Progress,
		mapped: file, dissectorFile: file, growth: &growth{}, index: newIndex(0),
	}
	if _, err := f.Grow(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Followed says that the file was opened with Follow.
func (f *File) Followed() bool { return f.growth != nil }

// Grow takes in the records that were written since the last time, and returns how
// many packets. Nothing else may be asked of f meanwhile; slices of packets stay
// valid. A record that cannot be one is a warning, and the end of growing. For a
// file that Follow did not open nothing happens.
func (f *File) Grow(ctx context.Context) (packets int, err error) {
	g := f.growth
	if g == nil || g.done {
		return 0, nil
	}
	before := f.Len()
	if err := f.extend(); err != nil {
		return 0, err
	}
	if g.pass == nil && !f.headerThere() {
		return 0, nil
	}
	warnings := len(f.pass.warnings)
	err = f.Guard(func() error {
		if g.pass == nil {
			var err error
			if g.pass, err = f.startPass(); err != nil {
				return err
			}
		}
		f.index.reopen()
		g.cut = ""
		g.pass.extend(f.data)
		f.pages = f.follow(g.pass.position())
		defer f.pages.stop()
		// What was read is published even when ctx ended.
		defer func() { f.publishOpen(g.pass.position()) }()
		return g.pass.run(ctx)
	})
	g.done = len(f.pass.warnings) > warnings
	return f.Len() - before, err
}

// headerThere says that the file begins with a whole header, or cannot.
func (f *File) headerThere() bool {
	if _, _, ok := isPcap(f.data); ok {
		return len(f.data) >= pcapHeaderSize+4
	}
	return len(f.data) >= minSection
}

// extend maps what the file has now.
func (f *File) extend() error {
	stat, err := f.mapped.Stat()
	if err != nil {
		return openError(f.name, err)
	}
	size, g := stat.Size(), f.growth
	switch {
	case size < f.read().end:
		return fmt.Errorf("%s was cut from %d to %d bytes while it was captured", f.name, f.read().end, size)
	case size != int64(int(size)):
		return fmt.Errorf("%s has %d bytes, more than can be mapped", f.name, size)
	}
	if size > 0 && (len(g.maps) == 0 || size > int64(len(g.maps[len(g.maps)-1]))) {
		mapping, err := reserve(f.mapped, size)
		if err != nil {
			return fmt.Errorf("%s: cannot map it into memory: %w", f.name, err)
		}
		g.maps = append(g.maps, mapping)
	}
	if size > 0 {
		f.data = g.maps[len(g.maps)-1][:size:size]
	}
	f.size = size
	f.index.enlarge(size)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counted = counting{}
	return nil
}

// reserve maps a file and address space for what comes: as much as there is, where
// the space is limited (ulimit -v).
func reserve(file *os.File, size int64) (mapping []byte, err error) {
	length := int64(reserved)
	for length < 2*size {
		length *= 2
	}
	for ; length >= size; length /= 2 {
		if length != int64(int(length)) {
			continue
		}
		if mapping, err = unix.Mmap(int(file.Fd()), 0, int(length), unix.PROT_READ, unix.MAP_SHARED); err == nil {
			return mapping, nil
		}
	}
	return unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
}

func (g *growth) unmap() error {
	var errs []error
	for _, mapping := range g.maps {
		errs = append(errs, unix.Munmap(mapping))
	}
	g.maps = nil
	return errors.Join(errs...)
}

func (g *growth) has(address uintptr) bool {
	for _, mapping := range g.maps {
		if contains(mapping, address) {
			return true
		}
	}
	return false
}

// Waiting counts the packets that were written and not taken in by Grow yet, up to
// limit. It may be called while f is asked other things, but for Grow and Close.
func (f *File) Waiting(limit int) int {
	g := f.growth
	if g == nil || g.done {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	stat, err := f.mapped.Stat()
	if err != nil || len(g.maps) == 0 && stat.Size() == 0 {
		return 0
	}
	if g.pass == nil {
		return f.waitingAtBegin(stat.Size())
	}
	mapping := g.maps[len(g.maps)-1]
	data := mapping[:min(stat.Size(), int64(len(mapping)))]
	c := &g.counted
	if c.at == 0 {
		c.at = g.pass.position()
	}
	// A page that is gone is for Grow to tell.
	_ = f.Guard(func() error {
		for c.packets < limit {
			isPacket, next, ok := g.pass.step(data, c.at)
			if !ok {
				break
			}
			c.at = next
			if isPacket {
				c.packets++
			}
		}
		return nil
	})
	return c.packets
}

// waitingAtBegin says that there may be a packet in a file whose header was not read
// yet.
func (f *File) waitingAtBegin(size int64) int {
	if size > minSection+minBlock {
		return 1
	}
	return 0
}

// Tail is where the last whole record of the file ends, taken in or not, and the
// file's size.
func (f *File) Tail() (end, size int64) {
	f.Waiting(math.MaxInt)
	g := f.growth
	g.mu.Lock()
	defer g.mu.Unlock()
	end = f.End()
	if g.counted.at > end {
		end = g.counted.at
	}
	if stat, err := f.mapped.Stat(); err == nil {
		size = stat.Size()
	}
	return end, max(end, size)
}

// End is where the record behind those that were read begins. What is there of it
// is not whole.
func (f *File) End() int64 { return f.read().end }

// Cut says what is there of the last record when it is not whole; "" for nothing.
func (f *File) Cut() string {
	if f.growth == nil {
		return ""
	}
	return f.growth.cut
}

// Snapshot copies the file up to End into a temporary file: whole records, which
// do not grow under their reader. On file systems that can, no byte is copied.
func (f *File) Snapshot(ctx context.Context, dir string) (*os.File, error) {
	spool, err := newSpool(dir)
	if err != nil {
		return nil, err
	}
	if err := f.snapshotOf(ctx, spool); err != nil {
		return nil, errors.Join(spoolError(spool, f.End(), err), spool.Close())
	}
	return spool, nil
}

// copyRange copies a part of from to an offset of to.
func copyRange(ctx context.Context, to, from *os.File, s Extent, written int64) error {
	read, n := s.From, s.To
	for read < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, err := unix.CopyFileRange(int(from.Fd()), &read, int(to.Fd()), &written, int(min(n-read, 64<<20)), 0)
		if err == nil && got > 0 {
			continue // the kernel moved both offsets
		}
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			return err
		}
		return copyPlainly(ctx, to, from, Extent{read, n}, written)
	}
	return nil
}

// copyPlainly is copyRange for file systems between which the kernel cannot.
func copyPlainly(ctx context.Context, to, from *os.File, s Extent, written int64) error {
	at, n := s.From, s.To
	buffer := make([]byte, copySize)
	for at < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		got, err := from.ReadAt(buffer[:min(int64(len(buffer)), n-at)], at)
		if got == 0 && err != nil {
			return err
		}
		if _, err := to.WriteAt(buffer[:got], written); err != nil {
			return err
		}
		at, written = at+int64(got), written+int64(got)
	}
	return nil
}
