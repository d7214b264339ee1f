package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// maxHistory bounds the entries kept, in memory and in the file.
const maxHistory = 10_000

// newlineMark stands for a line end where a block must be one line: in the
// history file and in the line editor (which cannot show two lines). It is one
// column wide.
const newlineMark = "⏎"

func oneLine(block string) string { return strings.ReplaceAll(block, "\n", newlineMark) }

func manyLines(line string) string { return strings.ReplaceAll(line, newlineMark, "\n") }

// History is what was entered, oldest first: of earlier sessions, as the file
// held it when it was opened, and of this one. It is safe for concurrent use.
type History struct {
	path string
	err  error // of reading the file; Run says it

	mu      sync.Mutex
	entries []string // each as one line
}

// OpenHistory returns the history that is kept in the file at path, which need
// not exist, or for "" one that ends with the session. A file that has outgrown
// the bound of 10,000 entries is cut. What keeps the file from being read is
// said by Run before its first prompt, and the history is usable all the same.
func OpenHistory(path string) *History {
	h := &History{path: path}
	if path != "" {
		if err := h.load(); err != nil {
			h.err = fmt.Errorf("history: %w", err)
		}
	}
	return h
}

// Entries returns a copy of all entries, blocks with their line ends.
func (h *History) Entries() []string {
	out := h.lines()
	for i, line := range out {
		out[i] = manyLines(line)
	}
	return out
}

// lines is Entries with each entry as one line.
func (h *History) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.entries)
}

func (h *History) load() error {
	f, err := os.Open(h.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxPaste+4096)
	for lines.Scan() {
		if line := printable(strings.ToValidUTF8(lines.Text(), "")); line != "" {
			h.entries = append(h.entries, line)
		}
	}
	if err := errors.Join(lines.Err(), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", h.path, err)
	}
	if len(h.entries) > maxHistory {
		h.entries = h.entries[len(h.entries)-maxHistory:]
		return h.rewrite()
	}
	return nil
}

// rewrite replaces the file in one step, so that a crash keeps the old one.
func (h *History) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.path), filepath.Base(h.path)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(h.entries, "\n") + "\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// add keeps an input and appends it to the file at once, so that nothing is
// lost and parallel sessions mix by entry. An entry equal to the last is kept
// once.
func (h *History) add(block string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	line := printable(oneLine(block))
	if n := len(h.entries); line == "" || n > 0 && h.entries[n-1] == line {
		return nil
	}
	h.entries = append(h.entries, line)
	if len(h.entries) > maxHistory {
		h.entries = h.entries[len(h.entries)-maxHistory:]
	}
	if h.path == "" {
		return nil
	}
	if err := h.append(line); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

func (h *History) append(line string) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// What is typed can hold keys and passwords: a file made by hand or by an
	// older version is closed to others too.
	err = f.Chmod(0o600)
	_, werr := f.WriteString(line + "\n")
	return errors.Join(err, werr, f.Close())
}

// search returns the entries that contain text, newest first and each once, at
// most limit.
func (h *History) search(text string, limit int) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	seen := make(map[string]bool)
	for i := len(h.entries) - 1; i >= 0 && len(found) < limit; i-- {
		if e := h.entries[i]; !seen[e] && strings.Contains(e, text) {
			seen[e] = true
			found = append(found, e)
		}
	}
	return found
}
