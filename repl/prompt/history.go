package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxHistory bounds the entries kept, in memory and in the file.
const maxHistory = 10_000

// newlineMark stands for a line end where a block must be one line: in the
// history file and in the line editor (which cannot show two lines). It is one
// column wide.
const newlineMark = "⏎"

func oneLine(block string) string { return strings.ReplaceAll(block, "\n", newlineMark) }

func manyLines(line string) string { return strings.ReplaceAll(line, newlineMark, "\n") }

// history is what was entered, oldest first, each entry as one line.
type history struct {
	path    string
	entries []string
}

// loadHistory reads the file, if any, and cuts it when it has outgrown the
// bound. The error is worth a message and nothing more: the history is usable.
func loadHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("history: %w", err)
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxPaste+4096)
	for lines.Scan() {
		if line := printable(strings.ToValidUTF8(lines.Text(), "")); line != "" {
			h.entries = append(h.entries, line)
		}
	}
	err = errors.Join(lines.Err(), f.Close())
	if err != nil {
		return h, fmt.Errorf("history: %s: %w", path, err)
	}
	if len(h.entries) > maxHistory {
		h.entries = h.entries[len(h.entries)-maxHistory:]
		if err := h.rewrite(); err != nil {
			return h, fmt.Errorf("history: %w", err)
		}
	}
	return h, nil
}

// rewrite replaces the file in one step, so that a crash keeps the old one.
func (h *history) rewrite() error {
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
func (h *history) add(block string) error {
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

func (h *history) append(line string) error {
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
func (h *history) search(text string, limit int) []string {
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
