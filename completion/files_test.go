package completion

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// captureDir makes a directory of files, some of them captures.
func captureDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	pcap := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00"
	for name, content := range map[string]string{
		"browse.pcap":       pcap,
		"lan.pcapng.gz":     "\x1f\x8b",
		"odd":               pcap, // a capture by its first bytes
		"notes.txt":         "a capture it is not",
		"short":             "\xd4",
		"two words.pcap":    pcap,
		".hidden.pcap":      pcap,
		"sub/inner.pcapng":  "\x0a\x0d\x0d\x0a",
		"sub/notes-too.txt": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Opening a pipe without a writer would block for ever.
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
