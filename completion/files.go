package completion

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// FileProvider suggests files and directories, the latter with "/" at the end.
// Where a capture is wanted it offers only files that are one by their
// extension or their first bytes.
type FileProvider struct {
	// Dir is what relative names are relative to; empty is the working directory.
	Dir string
	// Home is what "~" stands for; empty turns it off.
	Home string
}

const (
	// maxEntries bounds how much of a directory is read.
	maxEntries = 20_000
	// maxSniffs bounds how many files are opened to see whether they are captures.
	maxSniffs = 64
)

// Suggest implements [Provider].
func (p FileProvider) Suggest(ctx context.Context, at Context) []Suggestion {
	if at.Kind != KindArgument && at.Kind != KindString || !at.Wants(ArgFile|ArgCaptureFile|ArgDirectory) {
		return nil
	}
	typedDir, base := splitPath(at.Value)
	if at.Value == "~" && p.Home != "" {
		return []Suggestion{{Text: quotePath(at, "~/", true), Key: "~/"}}
	}
	dir := p.resolve(typedDir)
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []Suggestion
	sniffs := maxSniffs
	for read := 0; read < maxEntries && ctx.Err() == nil; {
		entries, err := f.ReadDir(256)
		read += len(entries)
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, ".") && !strings.HasPrefix(base, ".") || matchWord(base, name) == matchNone {
				continue
			}
			if s, ok := p.entry(at, typedDir, dir, e, &sniffs); ok {
				out = append(out, s)
			}
		}
		if err != nil {
			break
		}
	}
	return out
}

// splitPath splits a typed path after its last slash.
func splitPath(path string) (dir, base string) {
	i := strings.LastIndexByte(path, '/') + 1
	return path[:i], path[i:]
}

// resolve returns the directory that typed, which is empty or ends in "/", stands for.
func (p FileProvider) resolve(typed string) string {
	switch {
	case p.Home != "" && strings.HasPrefix(typed, "~/"):
		return filepath.Join(p.Home, typed[2:])
	case filepath.IsAbs(typed):
		return typed
	case p.Dir == "" && typed == "":
		return "."
	}
	return filepath.Join(p.Dir, typed)
}

// entry makes a directory's entry a suggestion if it is of a kind that is wanted.
func (p FileProvider) entry(at Context, typedDir, dir string, e os.DirEntry, sniffs *int) (Suggestion, bool) {
	mode := e.Type()
	if mode&os.ModeSymlink != 0 {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			return Suggestion{}, false
		}
		mode = info.Mode()
	}
	path := typedDir + e.Name()
	if mode.IsDir() {
		return Suggestion{Text: quotePath(at, path+"/", true), Key: path + "/", Rank: rankSecond, Description: "directory"}, true
	}
	s := Suggestion{Text: quotePath(at, path, false), Key: path, Rank: rankFirst}
	if at.Wants(ArgFile) {
		return s, true
	}
	if !at.Wants(ArgCaptureFile) {
		return Suggestion{}, false
	}
	if hasCaptureExtension(e.Name()) {
		return s, true
	}
	if !mode.IsRegular() || *sniffs <= 0 || !isSniffable(filepath.Join(dir, e.Name())) {
		return Suggestion{}, false
	}
	*sniffs--
	return s, isCaptureFile(filepath.Join(dir, e.Name()))
}

// captureExtensions are those that Wireshark's file dialogue lists for the
// formats met most; read only.
var captureExtensions = []string{".pcap", ".pcapng", ".cap", ".ntar", ".dmp", ".snoop", ".erf", ".trc", ".5vw", ".enc"}

// hasCaptureExtension reports whether a name ends as captures do, compressed
// (.gz, .zst, .lz4) and numbered by a ring buffer (.pcap0) included.
func hasCaptureExtension(name string) bool {
	name = strings.ToLower(name)
	for _, compressed := range [...]string{".gz", ".zst", ".lz4"} {
		name = strings.TrimSuffix(name, compressed)
	}
	ext := strings.TrimRight(filepath.Ext(name), "0123456789")
	for _, known := range captureExtensions {
		if ext == known || filepath.Ext(name) == known {
			return true
		}
	}
	return false
}

// minCapture is the length of a pcap file without packets, the shortest capture.
const minCapture = 24

// isSniffable reports whether a regular file is long enough to be a capture.
// The kernel's files (/proc/kmsg), some of which block a reader for ever, claim
// to be empty, so this must be asked before one is opened.
func isSniffable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() >= minCapture
}

// captureMagics are the first bytes of captures: pcap in both byte orders with
// microseconds and nanoseconds, Kuznetzov's modified pcap, and pcapng's section
// header block (draft-ietf-opsawg-pcap, -pcapng); read only.
var captureMagics = []string{
	"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1",
	"\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1", "\x0a\x0d\x0d\x0a", "snoop\x00\x00\x00",
}

func isCaptureFile(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [8]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return false
	}
	for _, magic := range captureMagics {
		if bytes.HasPrefix(head[:], []byte(magic)) {
			return true
		}
	}
	return false
}

// quotePath writes a path so that it is one word where the cursor is. A
// quote that the path itself needs is left open after a directory, for more follows.
func quotePath(at Context, path string, open bool) string {
	if at.Kind == KindString {
		return escape(path, at.Quote)
	}
	quote := at.Quote
	switch {
	case quote == 0 && !strings.ContainsAny(path, " \t\n'\"\\|&;<>()$`*?[]#"):
		return path
	case quote == '"':
	case strings.ContainsRune(path, '\''): // which nothing can escape within '…'
		quote = '"'
	default:
		quote = '\''
	}
	if quote == '"' {
		path = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(path)
	}
	text := string(quote) + path
	if !open {
		text += string(quote)
	}
	return text
}
