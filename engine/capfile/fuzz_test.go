package capfile

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func openBytes(path string, data []byte) (*File, error) {
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return nil, err
	}
	return Open(context.Background(), path, Options{})
}

// touch reads everything that a File gives, for the panics.
func touch(f *File) (bytes int) {
	for i := range f.Len() {
		r := f.Record(i)
		bytes += len(f.Data(i)) + len(f.Comments(i)) + f.Source(i) + f.Interfaces()[r.Interface].LinkType
	}
	return bytes
}

// FuzzOpen opens any bytes, reads all packets and saves them in both formats.
func FuzzOpen(f *testing.F) {
	for _, c := range append(pcapCases(), pcapngCases()...) {
		if len(c.data) < 4096 {
			f.Add(c.data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		capture, err := openBytes(filepath.Join(dir, "in"), data)
		if err != nil {
			return
		}
		defer capture.Close()
		touch(capture)
		all := slices.Collect(countTo(capture.Len()))
		for _, name := range []string{"out.pcap", "out.pcapng"} {
			path := filepath.Join(dir, name)
			n, err := Save(context.Background(), path, capture, slices.Values(all), SaveOptions{})
			if err != nil {
				continue // a capture need not fit the other format
			}
			if n != capture.Len() {
				t.Fatalf("%s: saved %d packets, want %d", name, n, capture.Len())
			}
			again, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			// The variant of most pcap files is guessed from the first three records
			// and what follows them, so a file without its damaged end may be taken
			// for another: Wireshark guesses in the same way.
			guessed := capture.pcap != nil && capture.pcap.variant != pcapNanos && name == "out.pcap"
			if again.Len() != n && !guessed {
				t.Errorf("%s: %d packets after saving %d: %v", name, again.Len(), n, again.Warnings())
			}
			again.Close()
		}
	})
}

func countTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// FuzzCache opens a capture with any cache file: one of any bytes, or, when file
// is empty, one that is sound but for what state and columns say. What comes of
// it may be wrong, but never leads outside the capture.
func FuzzCache(f *testing.F) {
	dir := f.TempDir()
	paths := []string{filepath.Join(dir, "pcap"), filepath.Join(dir, "pcapng")}
	large := make([]byte, 60_000)
	captures := [][]byte{
		join(little.pcap(magicPcap, 2, 4, 262144, 1), bytes.Repeat(join(little.words(second, 5, 60_000, 60_000), large), 18)),
		join(richNG(), bytes.Repeat(big.packet(0, micros, 60_000, 70_000, large, big.option(optComment, 'x')), 18),
			big.block(blockCustom, big.words(1), payload), big.block(blockSimplePacket, big.words(60), payload)),
	}
	for i, path := range paths {
		if err := os.WriteFile(path, captures[i], 0o600); err != nil {
			f.Fatal(err)
		}
		capture := aged(f, path, dir)
		if err := capture.SaveIndex(context.Background(), map[string][]byte{"columns": payload}); err != nil {
			f.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, cacheDirName, capture.cache.id.name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i == 1, []byte(nil), []byte(nil), file)
		f.Add(i == 1, capture.encodeState(), bytes.Join(capture.encodeIndex(), nil), []byte(nil))
	}
	f.Fuzz(func(t *testing.T, ng bool, state, columns, file []byte) {
		path := paths[0]
		if ng {
			path = paths[1]
		}
		stat, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer stat.Close()
		id, err := identityOf(stat)
		if err != nil {
			t.Fatal(err)
		}
		if len(file) == 0 {
			w := &cacheWriter{ctx: context.Background()}
			w.add(stateSection, state)
			w.add(indexSection, columns)
			var out bytes.Buffer
			if err := w.write(&out, id); err != nil {
				t.Fatal(err)
			}
			file = out.Bytes()
		}
		cacheDir := t.TempDir()
		if err := writeInCache(cacheDir, id.name(), func(f *os.File) error { _, err := f.Write(file); return err }); err != nil {
			t.Fatal(err)
		}
		capture, err := Open(context.Background(), path, Options{CacheDir: cacheDir})
		if err != nil {
			t.Fatal(err)
		}
		defer capture.Close()
		touch(capture)
		capture.CacheSection("columns")
		blocks := NewBlockWriter(io.Discard)
		for i := range capture.Len() {
			r := capture.frame(i)
			// What is there need not be a packet with options that can be copied.
			_ = blocks.packetWithOptions(0, r.ticks, r.data, r.original, r.options, r.order)
		}
	})
}
