package capfile

// This file opens captures: what a path or a stream is, and how it comes to be
// mapped.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Options says how to open captures. The zero value is of use.
type Options struct {
	// TempDir is where spools go, os.TempDir() when empty.
	TempDir string
	// Editcap and Mergecap are the paths of Wireshark's helpers, empty when
	// absent. Editcap converts the formats that are neither pcap nor pcapng.
	// Mergecap is not used: Merge is our own.
	Editcap, Mergecap string
	// CacheDir is where SaveIndex keeps indexes, in a directory "index", and Open
	// looks for them. "" means that there is no cache.
	CacheDir string
	// NoEditcap says what to do where Editcap is empty; "" means install it.
	NoEditcap string
	// Progress hears how many of total bytes are read; total is 0 when unknown.
	// A capture that is unpacked or converted first is counted twice, each time
	// from 0. It may be nil, and is called on the goroutine that opens.
	Progress func(done, total int64)
	// Indexed hears that the first n packets of f can be read, on any goroutine,
	// although Open has not returned: first of a few, then again and again of more,
	// and of all. What it has not heard of before may come with a window, which it
	// has to be Done with in the end: the reading waits for that. It may be nil, and
	// is called on the goroutine that opens, which goes on when it returns. Save
	// wants all packets. When opening fails after that, f is not closed: who keeps f
	// from here closes it.
	Indexed func(f *File, n int, w *Window)
}

// Open maps and indexes the capture at path. A file that is damaged after its
// header opens with the packets before the damage and a warning; an error means
// that there is nothing to show, and it names the file.
//
// A compressed capture is unpacked into a temporary file, one in a format of
// Wireshark's converted into one, and a FIFO read into one to its end.
func Open(ctx context.Context, path string, o Options) (*File, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err)
	}
	if stat.IsDir() {
		return nil, fmt.Errorf("%s is a directory, want a capture file", path)
	}
	if !stat.Mode().IsRegular() {
		return openSpecial(ctx, path, o)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	f := &File{name: filepath.Base(path), paths: []string{path}, stats: []fs.FileInfo{stat}, progress: o.Progress, indexed: o.Indexed}
	if err := f.load(ctx, file, path, o); err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// given is the file as it was asked for: an error has to tell one of several that have
// the same name.
func (f *File) given() string {
	if len(f.paths) == 1 && f.paths[0] != "" {
		return f.paths[0]
	}
	return f.name
}

// failed closes a file that could not be opened, unless Options.Indexed has it.
func (f *File) failed(err error) error {
	if f.indexed != nil && f.Len() > 0 {
		return err
	}
	return errors.Join(err, f.Close())
}

// openFault is why a file cannot be opened, in words of our own, and the kind of
// error it is.
type openFault struct {
	text string
	kind error
}

func (e *openFault) Error() string { return e.text }
func (e *openFault) Unwrap() error { return e.kind }

func openError(path string, err error) error {
	var pathError *fs.PathError
	switch {
	case path == "":
		return &openFault{"the name of a capture file is empty", fs.ErrNotExist}
	case errors.Is(err, fs.ErrNotExist):
		return &openFault{path + ": no such file", fs.ErrNotExist}
	case errors.Is(err, fs.ErrPermission):
		return &openFault{path + ": no permission to read it", fs.ErrPermission}
	case errors.As(err, &pathError):
		return fmt.Errorf("%s: %w", path, pathError.Err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// openSpecial reads a FIFO or a device to its end.
func openSpecial(ctx context.Context, path string, o Options) (*File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() { // opening a FIFO waits for its writer
		file, err := os.Open(path)
		done <- opened{file, err}
	}()
	select {
	case got := <-done:
		if got.err != nil {
			return nil, openError(path, got.err)
		}
		defer got.file.Close()
		return openStream(ctx, got.file, filepath.Base(path), path, o)
	case <-ctx.Done():
		// A writer that comes and goes at once lets the open above return.
		if fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
			unix.Close(fd)
			if got := <-done; got.file != nil {
				got.file.Close()
			}
		}
		return nil, ctx.Err()
	}
}

// OpenReader reads a capture from r to its end, into a temporary file, and opens
// that. name is for messages and Name, as "standard input". When ctx ends while
// r.Read waits, OpenReader returns but that one Read stays behind.
func OpenReader(ctx context.Context, r io.Reader, name string, o Options) (*File, error) {
	return openStream(ctx, r, name, name, o)
}

// openStream is OpenReader for what is at path.
func openStream(ctx context.Context, r io.Reader, name, path string, o Options) (*File, error) {
	f := &File{name: name, paths: []string{path}, stats: []fs.FileInfo{nil}, progress: o.Progress, indexed: o.Indexed}
	src := bufio.NewReaderSize(&contextReader{ctx: ctx, r: r}, copySize)
	spool, err := f.receive(ctx, src, o)
	if err != nil {
		return nil, err
	}
	if err := f.load(ctx, spool, "", o); err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// receive copies a stream into a spool, unpacking it on the way.
func (f *File) receive(ctx context.Context, src *bufio.Reader, o Options) (*os.File, error) {
	head, err := src.Peek(4)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", f.given(), err)
	}
	if c, ok := compressionOf(head); ok {
		return f.unpack(ctx, c, src, 0, o)
	}
	spool, err := newSpool(o.TempDir)
	if err != nil {
		return nil, err
	}
	counter := &countingReader{r: src}
	var progress func()
	if o.Progress != nil {
		progress = func() { o.Progress(counter.n, 0) }
	}
	if _, err := fill(ctx, spool, counter, progress); err != nil {
		var broken readError
		if !errors.As(err, &broken) || counter.n == 0 {
			return nil, errors.Join(fmt.Errorf("%s: %w", f.given(), err), spool.Close())
		}
		f.pass.warnings = append(f.pass.warnings, Warning{Offset: counter.n, Text: fmt.Sprintf("%s: reading stopped after %d bytes: %v", f.name, counter.n, broken.error)})
	}
	return spool, nil
}

// load maps what is to be read of file and indexes it. It owns file. path is
// file's name for other programs, empty for a spool.
func (f *File) load(ctx context.Context, file *os.File, path string, o Options) error {
	if err := f.mapFile(file); err != nil {
		return err
	}
	if c, ok := compressionOf(f.data); ok && f.compression == "" {
		spool, err := f.unpack(ctx, c, io.NewSectionReader(file, 0, f.size), f.size, o)
		if err != nil {
			return err
		}
		if err := errors.Join(f.unmap(), file.Close()); err != nil {
			return errors.Join(err, spool.Close())
		}
		file, path = spool, ""
		if err := f.mapFile(file); err != nil {
			return err
		}
	}
	f.dissectorPath = path
	if path == "" {
		f.dissectorFile = file
	}
	if _, _, ok := isPcap(f.data); !ok && !isPcapng(f.data) {
		spool, err := f.convert(ctx, file, path, f.data[:min(len(f.data), 512)], o)
		if err != nil {
			return err
		}
		if err := f.unmap(); err != nil {
			return errors.Join(err, spool.Close())
		}
		if path != "" {
			if err := file.Close(); err != nil {
				return errors.Join(err, spool.Close())
			}
		}
		if err := f.mapFile(spool); err != nil {
			return err
		}
		f.suffix = " (converted)"
	}
	if path != "" && f.mapped == file {
		f.openCache(o.CacheDir)
	}
	return f.Guard(func() error { return f.buildIndex(ctx) })
}

// mapFile maps all of file, which f then owns.
func (f *File) mapFile(file *os.File) error {
	f.mapped = file
	stat, err := file.Stat()
	if err != nil {
		return openError(f.given(), err)
	}
	f.size = stat.Size()
	if f.size == 0 {
		return fmt.Errorf("%s is empty (0 bytes), want a capture file", f.given())
	}
	if f.size != int64(int(f.size)) {
		return fmt.Errorf("%s has %d bytes, more than can be mapped", f.given(), f.size)
	}
	f.data, err = unix.Mmap(int(file.Fd()), 0, int(f.size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("%s: cannot map it into memory: %w", f.given(), err)
	}
	return nil
}

func (f *File) unmap() error {
	if f.data == nil {
		return nil
	}
	data := f.data
	f.data = nil
	if f.growth != nil {
		return f.growth.unmap()
	}
	return unix.Munmap(data)
}

// poll reports progress and obeys ctx.
func (f *File) poll(ctx context.Context, at int64) error {
	if f.pages != nil {
		f.pages.passed(at)
	}
	if f.progress != nil {
		f.progress(at, f.size)
	}
	return ctx.Err()
}

// stop records why reading ended before the end of the file. at is where the
// record begins that could not be read.
func (f *File) stop(at int64, format string, args ...any) {
	f.pass.warnings = append(f.pass.warnings, Warning{Offset: at, Text: fmt.Sprintf("%s: stopped before packet %d at byte %d: %s",
		f.name, f.index.n()+1, at, fmt.Sprintf(format, args...))})
}
