package wireshark

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Registration says that packets with a selector's value go to a protocol.
type Registration struct {
	Selector uint32
	// Protocol is the filter name of the protocol whose dissector it is.
	Protocol string
}

// Registrations are Wireshark's dissector tables with integer selectors:
// which protocol a port, an EtherType, an IP protocol number and so on is given to,
// under Wireshark's defaults. They are not to be changed.
//
// Not among them, since Wireshark does not list them: dissectors that belong to no
// protocol (4.0.17 has none in the tables of link types, EtherTypes, IP protocols
// and ports), tables with other selectors, heuristics, what is chosen by
// conversation.
type Registrations struct {
	// Version is the version of Wireshark that they are from: "4.0.17".
	Version string
	// Verified says that pktsh's own answers have been compared with this
	// version's on the whole differential suite.
	Verified bool
	// Plugins are the paths of files besides Wireshark's own that change how it
	// dissects: binary plugins and Lua files that it loads also under pktsh's
	// private profile, and a system-wide profile. What they register is among the
	// registrations; what they do besides is not known.
	Plugins []string
	// Source says where they come from, for messages: "built in", "cache", or
	// "tshark".
	Source string

	tables map[string][]Registration
}

// Table returns a dissector table, such as "tcp.port", in ascending order of
// selectors; nil when there is none. The slice is not to be changed.
func (r *Registrations) Table(name string) []Registration { return r.tables[name] }

// Protocol returns the filter name of the protocol that a table gives a selector
// to, "" for none.
func (r *Registrations) Protocol(table string, selector uint32) string {
	list := r.tables[table]
	i := sort.Search(len(list), func(i int) bool { return list[i].Selector >= selector })
	if i < len(list) && list[i].Selector == selector {
		return list[i].Protocol
	}
	return ""
}

// Each calls fn for every selector of a table, in ascending order.
func (r *Registrations) Each(table string, fn func(selector uint32, protocol string)) {
	for _, one := range r.tables[table] {
		fn(one.Selector, one.Protocol)
	}
}

// Tables returns the names of all dissector tables in ascending order.
func (r *Registrations) Tables() []string {
	names := make([]string, 0, len(r.tables))
	for name := range r.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// readRegistrations runs `tshark -G decodes` under an empty profile. A line is
// a table, a selector in decimal and a protocol, separated by tabs.
func readRegistrations(ctx context.Context, tools Tools) (map[string][]Registration, error) {
	profile, err := os.MkdirTemp("", "pktsh-wireshark-*")
	if err != nil {
		return nil, fmt.Errorf("making a profile for Wireshark: %w", err)
	}
	defer os.RemoveAll(profile)
	cmd := command(ctx, tools.Tshark, "-G", "decodes")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	var tables map[string][]Registration
	err = readChild(cmd, func(out io.Reader) (err error) {
		tables, err = parseDecodes(out)
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && len(tables["tcp.port"]) == 0 {
		err = fmt.Errorf("got %d tables without \"tcp.port\", want all dissector tables", len(tables))
	}
	if err != nil {
		return nil, fmt.Errorf("%s -G decodes: %w", tools.Tshark, err)
	}
	return tables, nil
}

func parseDecodes(in io.Reader) (map[string][]Registration, error) {
	tables := map[string][]Registration{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		table, rest, ok := strings.Cut(lines.Text(), "\t")
		number, protocol, ok2 := strings.Cut(rest, "\t")
		selector, err := strconv.ParseUint(number, 10, 32)
		if !ok || !ok2 || err != nil || table == "" || protocol == "" || strings.ContainsAny(table+protocol, " \t") {
			return nil, fmt.Errorf("got the line %q, want a table, a number and a protocol", lines.Text())
		}
		tables[table] = append(tables[table], Registration{uint32(selector), protocol})
	}
	for _, list := range tables {
		slices.SortFunc(list, func(a, b Registration) int { return int(int64(a.Selector) - int64(b.Selector)) })
	}
	return tables, lines.Err()
}

// encodeTables writes a line with a tab and the table's name for each, and a line
// with a selector, a space and a protocol for each of its registrations, all in
// ascending order.
func encodeTables(r *Registrations) []byte {
	var b bytes.Buffer
	for _, table := range r.Tables() {
		fmt.Fprintf(&b, "\t%s\n", table)
		for _, one := range r.Table(table) {
			fmt.Fprintf(&b, "%d %s\n", one.Selector, one.Protocol)
		}
	}
	return b.Bytes()
}

// decodeTables reads what encodeTables wrote; ok is false for anything else. The
// names are parts of one text and the tables parts of one slice.
func decodeTables(data []byte) (tables map[string][]Registration, ok bool) {
	body := string(data)
	all := make([]Registration, 0, strings.Count(body, "\n"))
	tables = map[string][]Registration{}
	name, start := "", 0
	end := func() {
		if name != "" {
			tables[name] = all[start:len(all):len(all)]
		}
		start = len(all)
	}
	for body != "" {
		var line string
		if line, body, ok = strings.Cut(body, "\n"); !ok {
			return nil, false
		}
		if table, isTable := strings.CutPrefix(line, "\t"); isTable {
			end()
			name = table
			continue
		}
		number, protocol, found := strings.Cut(line, " ")
		selector, err := strconv.ParseUint(number, 10, 32)
		if !found || err != nil || name == "" {
			return nil, false
		}
		all = append(all, Registration{uint32(selector), protocol})
	}
	end()
	return tables, len(tables) > 0
}
