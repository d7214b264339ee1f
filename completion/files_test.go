package completion

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kballard/go-shellquote"
)

// captureDir makes a directory of files, some of them captures.
func captureDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	pcap := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + strings.Repeat("\x00", 16)
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

// TestFilesNeverBlock opens directories that hold files which block a reader.
func TestFilesNeverBlock(t *testing.T) {
	c := testCompleter(captureDir(t))
	for _, text := range []string{"open ", "open p", "open /proc/", "open /proc/k", "open /dev/", "x = FileCapture('/proc/"} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Complete(context.Background(), text, len(text))
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatalf("%q: no answer", text)
		}
	}
}

func TestFilesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	at := Context{Kind: KindArgument, Kinds: ArgFile}
	if got := (FileProvider{Dir: captureDir(t)}).Suggest(ctx, at); got != nil {
		t.Errorf("got %s after the end of the context, want nothing", texts(got, 9))
	}
}

// TestQuotePath types each suggestion back: it must be one word that means the file.
func TestQuotePath(t *testing.T) {
	for _, path := range []string{"a", "a b", "it's", `say "x"`, `both ' and "`, `back\slash`, "$x `y`", "a&b;c|d>e", "tab\there", "#1", "*", `'"\$` + "`"} {
		for _, quote := range []byte{0, '\'', '"'} {
			text := quotePath(Context{Kind: KindArgument, Quote: quote}, path, false)
			words, err := shellquote.Split(text)
			if err != nil || len(words) != 1 || words[0] != path {
				t.Errorf("%q in %q: got %s, which is %q (%v)", path, quote, text, words, err)
			}
			if w := nextWord(text, 0); w.value != path || w.quote != 0 || w.end != len(text) {
				t.Errorf("%q in %q: got %s, which our own reader takes for %q", path, quote, text, w.value)
			}
			open := quotePath(Context{Kind: KindArgument, Quote: quote}, path+"/", true)
			if w := nextWord(open, 0); w.value != path+"/" {
				t.Errorf("%q in %q: got %s for the directory, which is %q", path, quote, open, w.value)
			}
		}
	}
}

func TestCaptureExtensions(t *testing.T) {
	for name, want := range map[string]bool{
		"a.pcap": true, "A.PCAPNG": true, "a.pcap.gz": true, "a.pcapng.zst": true, "a.cap.lz4": true, "a.pcap12": true, "a.5vw": true,
		"a.txt": false, "pcap": false, "a.gz": false, "": false, "a.pcap.txt": false,
	} {
		if got := hasCaptureExtension(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
