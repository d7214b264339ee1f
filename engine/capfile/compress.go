package capfile

// This file recognises compressed captures by their first bytes and unpacks them.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compression is a format that captures are compressed in.
type compression struct {
	name   string
	suffix string
	magic  []byte
	reader func(io.Reader) (io.ReadCloser, error)
	writer func(io.Writer) (io.WriteCloser, error)
}

// compressions lists gzip (RFC 1952), Zstandard (RFC 8878) and the LZ4 frame format.
func compressions() []compression {
	return []compression{
		{"gzip", ".gz", []byte{0x1f, 0x8b}, openGzip, newGzip},
		{"zstd", ".zst", []byte{0x28, 0xb5, 0x2f, 0xfd}, openZstd, newZstd},
		{"lz4", ".lz4", []byte{0x04, 0x22, 0x4d, 0x18}, openLZ4, newLZ4},
	}
}

func openGzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }
func newGzip(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
func newZstd(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
func openLZ4(r io.Reader) (io.ReadCloser, error)  { return io.NopCloser(lz4.NewReader(r)), nil }
func newLZ4(w io.Writer) (io.WriteCloser, error)  { return lz4.NewWriter(w), nil }

func openZstd(r io.Reader) (io.ReadCloser, error) {
	// One goroutine: what was decoded before a fault then always arrives. The
	// window is the largest that zstd --long writes.
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(1<<31))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// compressionOf recognises compressed data.
func compressionOf(head []byte) (compression, bool) {
	for _, c := range compressions() {
		if bytes.HasPrefix(head, c.magic) {
			return c, true
		}
	}
	return compression{}, false
}

// compressionBySuffix finds the compression that a file's name asks for.
func compressionBySuffix(path string) (compression, bool) {
	for _, c := range compressions() {
		if strings.HasSuffix(strings.ToLower(path), c.suffix) {
			return c, true
		}
	}
	return compression{}, false
}

// unpack decompresses src into a spool. Damage after the first bytes is a
// warning: what came before it is kept.
func (f *File) unpack(ctx context.Context, c compression, src io.Reader, total int64, o Options) (spool *os.File, err error) {
	spool, err = newSpool(o.TempDir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, spool.Close())
			spool = nil
		}
	}()
	counter := &countingReader{r: src}
	var progress func()
	if o.Progress != nil {
		progress = func() { o.Progress(counter.n, total) }
	}
	plain, err := c.reader(counter)
	if err != nil {
		return spool, fmt.Errorf("%s: damaged %s data: %w", f.given(), c.name, err)
	}
	defer plain.Close() // repeats the error that reading had
	n, err := fill(ctx, spool, plain, progress)
	var damage readError
	if errors.As(err, &damage) {
		if n == 0 {
			return spool, fmt.Errorf("%s: damaged %s data, nothing could be decompressed: %w", f.given(), c.name, damage.error)
		}
		f.pass.warnings = append(f.pass.warnings, Warning{Offset: n, Text: fmt.Sprintf(
			"%s: damaged or cut %s data at byte %d: %v; the %d bytes before it were decompressed", f.name, c.name, counter.n, damage.error, n)})
		err = nil
	}
	if err != nil {
		return spool, fmt.Errorf("%s: %w", f.given(), err)
	}
	f.compression = c.name
	return spool, nil
}
