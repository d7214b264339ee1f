package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
// held it when it was opened, of this one, and, for the search alone, of the
// sessions that write the same file meanwhile. Up goes through what was entered
// here, which another window's lines would only interrupt. It is safe for
// concurrent use.
type History struct {
	path string
	err  error // of reading the file; Run says it

	mu      sync.Mutex
	entries []entry
	file    fs.FileInfo // the file as it was read last, nil for none
	read    int64       // how many bytes of it are known
}

// entry is one input.
type entry struct {
	line string // with ⏎ for its line ends
	// elsewhere says that another session entered it since this one began.
	elsewhere bool
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

// lines is Entries with each entry as one line, the newest last and no two equal
// ones in a row.
func (h *History) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, e := range h.entries {
		if !e.elsewhere && (len(out) == 0 || out[len(out)-1] != e.line) {
			out = append(out, e.line)
		}
	}
	return out
}

func (h *History) load() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.readOn(false); err != nil {
		return err
	}
	if h.cut() {
		return h.rewrite()
	}
	return nil
}

// cut keeps the newest entries within the bound and says whether that took any.
func (h *History) cut() bool {
	if len(h.entries) <= maxHistory {
		return false
	}
	h.entries = h.entries[len(h.entries)-maxHistory:]
	return true
}

// refresh reads what other sessions have entered since.
func (h *History) refresh() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.path != "" && h.err == nil && h.readOn(true) == nil { // what fails here fails when a line is added, and is said there
		h.cut()
	}
}

// readOn reads what the file holds beyond what is known. A file that was put in the
// place of the one known (another session cut it) is known already, but for what
// was added since: that is missed.
func (h *History) readOn(elsewhere bool) error {
	f, err := os.Open(h.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if h.file != nil && (!os.SameFile(h.file, info) || info.Size() < h.read) {
		h.read = info.Size()
	}
	if h.file = info; info.Size() == h.read {
		return nil
	}
	if _, err := f.Seek(h.read, io.SeekStart); err != nil {
		return fmt.Errorf("%s: %w", h.path, err)
	}
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF && (elsewhere || line == "") {
			return nil // a line without its end is still being written
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: %w", h.path, err)
		}
		h.read += int64(len(line))
		if line = printable(strings.ToValidUTF8(strings.TrimRight(line, "\n"), "")); line != "" && len(line) <= maxPaste+4096 {
			h.entries = append(h.entries, entry{line, elsewhere})
		}
	}
}

// rewrite replaces the file in one step, so that a crash keeps the old one.
func (h *History) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.path), filepath.Base(h.path)+".*") // 0600
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, e := range h.entries {
		text.WriteString(e.line + "\n")
	}
	_, err = f.WriteString(text.String())
	if err == nil {
		h.read = int64(text.Len())
		h.file, err = f.Stat()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Add keeps an input and appends it to the file at once, so that nothing is
// lost and parallel sessions mix by entry. An entry equal to the last is kept
// once.
func (h *History) Add(block string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	line := printable(oneLine(block))
	if n := len(h.entries); line == "" || n > 0 && h.entries[n-1] == (entry{line: line}) {
		return nil
	}
	var err error
	if h.path != "" {
		err = h.append(line)
	}
	h.entries = append(h.entries, entry{line: line})
	h.cut()
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// append writes a line to the file. What other sessions wrote before it is read
// first, so that the order here is the file's.
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
	if h.err == nil {
		err = errors.Join(err, h.readOn(true))
	}
	_, werr := f.WriteString(line + "\n")
	if end, serr := f.Seek(0, io.SeekCurrent); serr == nil && werr == nil {
		h.read = end // of what another session wrote in this moment nothing is known
	}
	if h.file == nil {
		h.file, _ = f.Stat() // without it the next look takes the file for another
	}
	return errors.Join(err, werr, f.Close())
}

// search returns the entries that contain text, newest first and each once, at
// most limit. Capitals in text mean capitals, small letters mean both.
func (h *History) search(text string, limit int) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	fold := text == strings.ToLower(text)
	var found []string
	seen := make(map[string]bool)
	for i := len(h.entries) - 1; i >= 0 && len(found) < limit; i-- {
		e := h.entries[i].line
		in := e
		if fold {
			in = strings.ToLower(e)
		}
		if !seen[e] && strings.Contains(in, text) {
			seen[e] = true
			found = append(found, e)
		}
	}
	return found
}
