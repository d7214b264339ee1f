package capfile

import (
	"context"
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
