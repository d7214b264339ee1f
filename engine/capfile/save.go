package capfile

// This file writes chosen packets to a new file: where to, in which format, and
// that nothing is lost when it fails halfway.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// SaveOptions says how Save writes. The zero value is of use.
type SaveOptions struct {
	// Force lets Save replace a file that is there already, but never one that
	// the packets come from.
	Force bool
	// Format is "pcap" or "pcapng"; when empty the file's name decides (.pcap,
	// .cap, .dmp; .pcapng, .ntar), and after it the source's own format.
	Format string
	// Warn hears what the format could not keep. It may be nil.
	Warn func(text string)
	// Window, when not nil, says in which window the packet is that was taken out of
	// the packets last, nil for none: what is still in memory is not read again.
	Window func() *Window
}

// saveFormat is a file format that Save writes.
type saveFormat string

const (
	savePcap   saveFormat = "pcap"
	savePcapng saveFormat = "pcapng"
)

// Save writes the packets of frames (numbers from 0, ascending) to path and
// returns how many. In the source's format they are copied byte for byte, with
// all interfaces, comments, names and secrets; otherwise they are converted. The
// suffixes .gz, .zst and .lz4 compress.
//
// The file appears under its name when it is complete: until then it is a
// temporary file beside it, which is removed on any error.
func Save(ctx context.Context, path string, f *File, frames iter.Seq[int], o SaveOptions) (n int, err error) {
	format, err := chooseFormat(path, f, o)
	if err != nil {
		return 0, err
	}
	target, mode, err := checkTarget(path, f, o)
	if err != nil {
		return 0, err
	}
	temporary, err := createBeside(target)
	if err != nil {
		return 0, fmt.Errorf("cannot save to %s: %w", path, asked(target, err))
	}
	defer func() {
		if err != nil {
			os.Remove(temporary.Name()) // the error that matters is err
		}
	}()
	n, err = writeAll(ctx, temporary, path, f, format, frames, o)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil && mode != 0 {
		err = os.Chmod(temporary.Name(), mode)
	}
	if err == nil {
		err = os.Rename(temporary.Name(), target)
	}
	if err != nil {
		return 0, fmt.Errorf("cannot save to %s: %w", path, err)
	}
	return n, nil
}

// Write is Save to a stream, which gets the capture as it is made, and on an error
// only its beginning. The option, or else the source, says in which format.
func Write(ctx context.Context, w io.Writer, f *File, frames iter.Seq[int], o SaveOptions) (n int, err error) {
	format, err := chooseFormat("", f, o)
	if err != nil {
		return 0, err
	}
	return writeAll(ctx, w, "", f, format, frames, o)
}

// chooseFormat decides by option, name and source, in this order.
func chooseFormat(path string, f *File, o SaveOptions) (saveFormat, error) {
	switch o.Format {
	case "":
	case string(savePcap), string(savePcapng):
		return saveFormat(o.Format), nil
	default:
		return "", fmt.Errorf("cannot save as %q, want pcap or pcapng", o.Format)
	}
	name := strings.ToLower(path)
	if c, ok := compressionBySuffix(name); ok {
		name = strings.TrimSuffix(name, c.suffix)
	}
	switch filepath.Ext(name) {
	case ".pcap", ".cap", ".dmp":
		return savePcap, nil
	case ".pcapng", ".ntar":
		return savePcapng, nil
	}
	if f.pcap != nil {
		return savePcap, nil
	}
	return savePcapng, nil
}

// checkTarget refuses what must not be written over, and follows a symbolic link
// so that the file it names is replaced, not the link. mode is the permissions
// of the file replaced, 0 when there is none.
func checkTarget(path string, f *File, o SaveOptions) (target string, mode fs.FileMode, err error) {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0, nil
	}
	if err != nil {
		return "", 0, openError(path, err)
	}
	for i, source := range f.stats {
		if source != nil && os.SameFile(stat, source) {
			return "", 0, fmt.Errorf("%s is the capture being read (%s): save under another name", path, f.paths[i])
		}
	}
	switch {
	case stat.IsDir():
		return "", 0, fmt.Errorf("%s is a directory, want a file name: %s", path, filepath.Join(path, f.name))
	case !stat.Mode().IsRegular():
		return "", 0, fmt.Errorf("%s is not a regular file", path)
	case !o.Force:
		return "", 0, fmt.Errorf("%s exists already: save under another name, or force it: %w", path, fs.ErrExist)
	}
	target, err = filepath.EvalSymlinks(path)
	return target, stat.Mode().Perm(), err
}

// createBeside makes a new file in target's directory with the permissions that
// a new file of that name would have (os.CreateTemp's are the owner's alone).
func createBeside(target string) (*os.File, error) {
	dir, base := filepath.Split(target)
	for range 100 {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
	return nil, fmt.Errorf("no free temporary name in %s", dir)
}

// asked says of an error that befell a temporary name what is wrong with the name that
// was asked for.
func asked(target string, err error) error {
	dir := filepath.Dir(target)
	var fault *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &openFault{"there is no directory " + dir, fs.ErrNotExist}
	case errors.Is(err, fs.ErrPermission):
		return &openFault{"no permission to write into " + dir, fs.ErrPermission}
	case errors.As(err, &fault):
		return fault.Err
	}
	return err
}

// writeAll writes the packets through a buffer and, when path asks for one, a
// compressor.
func writeAll(ctx context.Context, w io.Writer, path string, f *File, format saveFormat, frames iter.Seq[int], o SaveOptions) (n int, err error) {
	buffered := bufio.NewWriterSize(w, copySize)
	var out io.Writer = buffered
	var compressor io.WriteCloser
	if c, ok := compressionBySuffix(path); ok {
		if compressor, err = c.writer(buffered); err != nil {
			return 0, err
		}
		out = compressor
	}
	s := &saver{ctx: ctx, f: f, out: out, warn: o.Warn, frames: frames, window: o.Window}
	if s.warn == nil {
		s.warn = func(string) {}
	}
	err = f.Guard(func() error {
		switch {
		case format == savePcap && f.pcap != nil:
			return s.pcapToPcap()
		case format == savePcap:
			return s.pcapngToPcap()
		case f.pcap != nil:
			return s.pcapToPcapng()
		}
		return s.pcapngToPcapng()
	})
	if compressor != nil {
		if closeErr := compressor.Close(); err == nil {
			err = closeErr
		}
	}
	if err == nil {
		err = buffered.Flush()
	}
	return s.n, err
}
