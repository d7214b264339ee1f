package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pktsh/engine"
	"pktsh/engine/filter"
	"pktsh/repl/result"
)

// SavedFilters keeps filters under names between sessions, in a file of Wireshark's
// format for display-filter macros (dmacros): "name","text" a line.
type SavedFilters struct {
	session *engine.Session
	path    string // "" keeps them for the session only
}

// LoadSavedFilters makes the filters that were saved in a file known to a session. A
// file that is not there is no error; with any error the session goes on without them,
// and saves nothing over what could not be read.
func LoadSavedFilters(session *engine.Session, path string) (*SavedFilters, error) {
	s := &SavedFilters{session: session}
	if path == "" {
		return s, nil
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("saved filters: %w", err)
	}
	macros, err := parseSavedFilters(data)
	if err != nil {
		return s, fmt.Errorf("saved filters: %s: %w", path, err)
	}
	s.path = path
	session.SetMacros(macros)
	return s, nil
}

// macroName is what a filter may be saved under, so that ${name} is no field.
var macroName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// set saves filters under names.
func (s *SavedFilters) set(added filter.Macros) error {
	for name, text := range added {
		if !macroName.MatchString(name) {
			return fmt.Errorf("got the name %q, want letters, digits and _", name)
		}
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("--save wants a filter after the name: filter --save %s tcp.port == 80", name)
		}
	}
	all := s.session.Macros()
	if all == nil {
		all = filter.Macros{}
	}
	maps.Copy(all, added)
	return s.write(all)
}

// forget removes a saved filter.
func (s *SavedFilters) forget(name string) error {
	all := s.session.Macros()
	if _, ok := all[name]; !ok {
		return fmt.Errorf("no filter is saved as %q; filter --saved lists them", name)
	}
	delete(all, name)
	return s.write(all)
}

// write keeps all filters, in the file first: what is said to be saved is.
func (s *SavedFilters) write(all filter.Macros) error {
	if s.path != "" {
		var b strings.Builder
		b.WriteString("# Saved by pktsh: display-filter macros as Wireshark's dmacros has them.\n")
		for _, name := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "\"%s\",\"%s\"\n", name, uatText(all[name]))
		}
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return err
		}
		next := s.path + ".new"
		if err := errors.Join(os.WriteFile(next, []byte(b.String()), 0o600), os.Rename(next, s.path)); err != nil {
			return err
		}
	}
	s.session.SetMacros(all)
	return nil
}

// uatText writes a text as Wireshark's tables have it (epan/uat.c): what is not
// plain in two hex digits.
func uatText(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// The lines of Wireshark's dmacros, "name","text", and of its dfilters, "name" filter.
var (
	macroLine  = regexp.MustCompile(`^"([^"]*)"\s*,\s*"([^"]*)"$`)
	filterLine = regexp.MustCompile(`^"((?:[^"\\]|\\.)*)"\s+(.+)$`)
	uatEscape  = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
	notInName  = regexp.MustCompile(`[^A-Za-z0-9_]+`)
)

// parseSavedFilters reads a file of Wireshark's, dmacros or dfilters. Names of the
// latter are any text; what cannot be in a name becomes _.
func parseSavedFilters(data []byte) (filter.Macros, error) {
	out := filter.Macros{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, filter.MaxLength)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if m := macroLine.FindStringSubmatch(line); m != nil {
			out[m[1]] = uatEscape.ReplaceAllStringFunc(m[2], func(escape string) string {
				c, _ := strconv.ParseUint(escape[2:], 16, 8) // two hex digits
				return string([]byte{byte(c)})
			})
			continue
		}
		m := filterLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d: got %q, want \"name\",\"text\" or \"name\" filter", n, line)
		}
		name := strings.Trim(notInName.ReplaceAllString(m[1], "_"), "_")
		if name == "" || name[0] >= '0' && name[0] <= '9' {
			name = "_" + name
		}
		out[name] = m[2]
	}
	return out, lines.Err()
}

// wiresharkFilters are the files that Wireshark keeps its own in.
func wiresharkFilters() ([]string, error) {
	dir := os.Getenv("WIRESHARK_CONFIG_DIR")
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(config, "wireshark")
	}
	var found []string
	for _, name := range []string{"dfilters", "dmacros"} {
		if path := filepath.Join(dir, name); fileExists(path) {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has neither dfilters nor dmacros; name a file: filter --import FILE", dir)
	}
	return found, nil
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// runSaved answers the options of filter that are about saved filters; ok is false
// when none of them was given.
func (st *State) runSaved(in Input) (r result.Result, ok bool, err error) {
	var line string
	switch {
	case in.Has("save"):
		name := in.Options["save"]
		line = fmt.Sprintf("saved: ${%s} is %s", name, in.Raw)
		if _, wrong := filter.Parse(in.Raw); wrong != nil && !strings.Contains(in.Raw, "$") {
			return nil, true, wrong
		}
		err = st.Saved.set(filter.Macros{name: in.Raw})
	case in.Has("forget"):
		line = fmt.Sprintf("${%s} is forgotten", in.Options["forget"])
		err = st.Saved.forget(in.Options["forget"])
	case in.Has("import"):
		line, err = st.importFilters(in.Options["import"])
	case in.Has("saved"):
		return st.listSaved(), true, nil
	default:
		return nil, false, nil
	}
	if err != nil {
		return nil, true, fmt.Errorf("filter: %w", err)
	}
	return &result.Status{Line: line}, true, nil
}

// importFilters takes the filters of a file of Wireshark's; "wireshark" stands for
// those that it has itself.
func (st *State) importFilters(path string) (line string, err error) {
	paths := []string{path}
	if path == "wireshark" {
		if paths, err = wiresharkFilters(); err != nil {
			return "", err
		}
	}
	all := filter.Macros{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		macros, err := parseSavedFilters(data)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		maps.Copy(all, macros)
	}
	return fmt.Sprintf("%d filters of %s; filter --saved lists them", len(all), strings.Join(paths, ", ")), st.Saved.set(all)
}

func (st *State) listSaved() result.Result {
	all := st.Session.Macros()
	if len(all) == 0 {
		return &result.Status{Line: "no filter is saved; filter --save web tcp.port == 80 saves one, to be used as ${web}"}
	}
	var rows [][2]string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, [2]string{"${" + name + "}", all[name]})
	}
	return pairs(rows)
}

// filterText is a filter with saved filters and references to the current packet's
// fields, ${ip.src}, put in.
func (st *State) filterText(ctx context.Context, expr string) (string, error) {
	expr, err := st.Session.ExpandFilter(expr)
	if err != nil || !strings.Contains(expr, "${") {
		return expr, err
	}
	return filter.Refer(expr, func(field string) ([]string, error) {
		p, err := st.packet(ctx, "")
		if err != nil {
			return nil, err
		}
		t, err := p.Tree(ctx)
		if err != nil {
			return nil, err
		}
		cat, err := st.Session.WaitCatalogue(ctx)
		if err != nil {
			return nil, err
		}
		info, _ := cat.Lookup(field)
		var values []string
		for _, f := range t.Values(field) {
			text, ok := filter.Literal(info.Type, f.Text(t, info.Type))
			if ok && !slices.Contains(values, text) {
				values = append(values, text)
			}
		}
		if len(values) == 0 {
			return nil, fmt.Errorf("packet %d has no %s; ${%s} is its value in the current packet", p.Number(), field, field)
		}
		return values, nil
	})
}
