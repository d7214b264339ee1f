package batch

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pktsh/engine/capfile"
)

// TestCachedIndex asks a capture whose index a session left on disk: it is used, and
// the rows are those of a run without it.
func TestCachedIndex(t *testing.T) {
	t.Parallel()
	tools := installed(t)
	path, cache := filepath.Join(t.TempDir(), "long.pcap"), t.TempDir()
	if err := os.WriteFile(path, longCapture(100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := keepIndex(t, path, cache)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(kept, old, old); err != nil {
		t.Fatal(err)
	}
	var rows [2]bytes.Buffer
	for i, dir := range []string{"", cache} {
		code, err := Run(t.Context(), Options{
			Files: []string{path}, Format: "fields", Fields: []string{"frame.number", "ip.src", "udp.dstport"}, Filter: "frame.number > 70000",
			Tools: tools, CacheDir: dir, TempDir: t.TempDir(), Stdout: &rows[i], Stderr: io.Discard,
		})
		if code != exitOK || err != nil {
			t.Fatalf("got exit code %d, %v", code, err)
		}
	}
	if rows[0].Len() == 0 || !bytes.Equal(rows[0].Bytes(), rows[1].Bytes()) {
		t.Errorf("got %d bytes of rows with the index, want the %d without it", rows[1].Len(), rows[0].Len())
	}
	// Whoever uses an index touches it, so that it is not the next to go.
	if info, err := os.Stat(kept); err != nil || info.ModTime().Equal(old) {
		t.Errorf("the index on disk was not used (%v)", err)
	}
}

// keepIndex leaves a capture's index on disk and returns its path. That of a file
// that was just written is not kept, so it waits.
func keepIndex(t *testing.T, path, cache string) string {
	t.Helper()
	for range 100 {
		f, err := capfile.Open(t.Context(), path, capfile.Options{CacheDir: cache})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.SaveIndex(t.Context(), nil), f.Close()); err != nil {
			t.Fatal(err)
		}
		kept, err := filepath.Glob(filepath.Join(cache, "index", "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(kept) == 1 {
			return kept[0]
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the index was not kept")
	return ""
}
