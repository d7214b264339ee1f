package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine/filter"
	"pktsh/repl/result"
)

func fieldsCommand() *Command {
	return &Command{
		Name: "fields", Group: GroupPackets, Rows: true,
		Args: []Arg{{Name: "WORDS", Kinds: completion.ArgField | completion.ArgProtocol, Optional: true, Repeated: true}},
		Options: []Option{
			{Name: "protocols", Help: "protocols only; alone all of them"},
			{Name: "limit", Value: "N", Help: "at most N; a page at a terminal, all in a script", Kinds: completion.ArgText},
			{Name: "all", Help: "every one"},
		},
		Summary: "search Wireshark's fields by words, or by the beginning of their names",
		Help: `Searches the names and descriptions of Wireshark's fields and protocols: each of
the words must occur, in any case and order. What packets that were looked at
have comes first, then the best matches. A word that ends in a dot lists the
fields whose names begin with it.

The column Here says what is known of the field without looking through the
capture: its value in the current packet or another that was looked at, and how
often it occurs where that has been counted.`,
		Examples: []Example{
			{"fields tls sni", "where is the server's name?"},
			{"fields http.", "all fields of HTTP"},
			{"fields tcp rtt", "round-trip times"},
			{"fields --protocols wireless", "protocols with that word"},
			{"fields --all dns time > f.txt", "every one, into a file"},
		},
		Run: runFields,
	}
}

// fieldsShown is how many are shown at a terminal of unknown height at least.
const fieldsShown = 15

func runFields(ctx context.Context, st *State, in Input) (result.Result, error) {
	limit, err := st.fieldLimit(in)
	if err != nil {
		return nil, err
	}
	if len(in.Words) == 0 && !in.Has("protocols") {
		return nil, fmt.Errorf("fields: words to search for were wanted: fields tls server name, fields http.; there are too many fields to list")
	}
	catalogue, err := st.Session.WaitCatalogue(ctx)
	if err != nil {
		return nil, err
	}
	here := st.here()
	var found []dissect.FieldInfo
	prefix := len(in.Words) == 1 && strings.HasSuffix(in.Words[0], ".")
	if prefix {
		found = slices.Clone(catalogue.Prefix(in.Words[0]))
	} else {
		found = newFieldSearch(in.Words, here.has).run(catalogue)
	}
	if in.Has("protocols") {
		found = slices.DeleteFunc(found, func(f dissect.FieldInfo) bool { return f.Type != dissect.TypeProtocol })
	}
	if len(found) == 0 {
		return nil, noField(in, catalogue, prefix)
	}
	shown := found
	if limit > 0 && len(found) > limit {
		shown = found[:limit]
	}
	t := here.table(shown)
	t.Footer = func() []string { return fieldsFooter(len(shown), len(found)) }
	return t, nil
}

// table lists fields; without anything known of them here there is no such column.
func (h here) table(fields []dissect.FieldInfo) *result.Table {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = h.of(f)
	}
	columns := []result.Column{{Title: "Name", Role: result.RoleName}, {Title: "Type", Role: result.RoleDim, Yields: 2}}
	any := slices.ContainsFunc(known, func(s string) bool { return s != "" })
	if any {
		columns = append(columns, result.Column{Title: "Here", Shrinks: true, Yields: 1})
	}
	columns = append(columns, result.Column{Title: "Description", Flexible: true, Yields: 3})
	return &result.Table{Columns: columns, Rows: func(yield func(result.Row, error) bool) {
		for i, f := range fields {
			cells := []string{f.Name, typeWord(f), fieldText(f)}
			if any {
				cells = []string{f.Name, typeWord(f), known[i], fieldText(f)}
			}
			if !yield(result.Row{Cells: cells}, nil) {
				return
			}
		}
	}}
}

func fieldsFooter(shown, found int) []string {
	if shown == found {
		return nil
	}
	return []string{fmt.Sprintf("%d of %s; more words find fewer, --all lists every one", shown, humanize.Comma(int64(found)))}
}

// fieldLimit is how many fields are listed, 0 for all.
func (st *State) fieldLimit(in Input) (int, error) {
	text, given := in.Options["limit"]
	switch {
	case in.Has("all") && given:
		return 0, fmt.Errorf("fields: --all and --limit at once; one of them was wanted")
	case given:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return 0, fmt.Errorf("fields --limit %s: a number from 1 was wanted", text)
		}
		return n, nil
	case in.Has("all") || !st.Interactive():
		return 0, nil
	}
	return max(st.PageRows, fieldsShown), nil
}

// noField is the error of a search that found nothing.
func noField(in Input, c *dissect.Catalogue, prefix bool) error {
	if prefix {
		name := strings.TrimSuffix(in.Words[0], ".")
		if near, ok := completion.Nearest(name, protocolNames(c)); ok {
			return fmt.Errorf("no field begins with %s; did you mean %s.?", in.Words[0], near)
		}
		return fmt.Errorf("no field begins with %s; `fields %s` searches by words", in.Words[0], strings.ReplaceAll(name, ".", " "))
	}
	for _, word := range in.Words {
		if len(newFieldSearch([]string{word}, nil).run(c)) > 0 {
			continue
		}
		if near, ok := completion.Nearest(word, namePartsOf(c)); ok {
			return fmt.Errorf("no field has %q in its name or description; did you mean %s?", word, near)
		}
		return fmt.Errorf("no field has %q in its name or description; try another word, or fewer letters of it", word)
	}
	what := "field"
	if in.Has("protocols") {
		what = "protocol"
	}
	return fmt.Errorf("no %s has all of %s in its name or description; fewer words find more", what, strings.Join(in.Words, ", "))
}

// typeWord is a field's type as the table shows it.
func typeWord(f dissect.FieldInfo) string {
	if f.Type == dissect.TypeProtocol {
		return "protocol"
	}
	return string(f.Type)
}

// fieldText is what a field is, in words.
func fieldText(f dissect.FieldInfo) string {
	if f.Description == "" || strings.EqualFold(f.Description, f.Label) {
		return f.Label
	}
	return f.Label + ": " + strings.Join(strings.Fields(f.Description), " ")
}

// here is what is known of the capture in use without asking it.
type here struct {
	st     *State
	values map[string]valueHere // of the packets that were looked at
}

// valueHere is a field's value in a packet.
type valueHere struct {
	text    string
	frame   uint32
	current bool // that packet is the current one
}

// treesLookedAt is how many of the packets that were dissected lately are looked at.
const treesLookedAt = 50

func (st *State) here() here {
	h := here{st: st, values: map[string]valueHere{}}
	if st.Packet != nil {
		if t := st.Packet.Dissected(); t != nil {
			h.add(t, true)
		}
	}
	if st.View != nil {
		for _, t := range st.View.Capture().TreesAtHand(treesLookedAt) {
			h.add(t, false)
		}
	}
	return h
}

// add notes the values of a packet, of fields that none before it has.
func (h here) add(t *dissect.Tree, current bool) {
	dissect.Walk(t.Nodes, func(f *dissect.Field, _ int) bool {
		if _, seen := h.values[f.Name]; !seen && f.Name != "" {
			h.values[f.Name] = valueHere{f.Show, t.Frame, current}
		}
		return true
	})
}

// has says whether the capture is known to have a field.
func (h here) has(name string) bool {
	if _, ok := h.values[name]; ok {
		return true
	}
	return h.counted(name) != ""
}

// of says what is known of a field: its value in a packet, how often its most
// frequent value occurs; "" for nothing.
func (h here) of(f dissect.FieldInfo) string {
	value, ok := h.values[f.Name]
	counted := h.counted(f.Name)
	text := value.text
	switch {
	case !ok:
		return counted
	case f.Type == dissect.TypeProtocol || text == "":
		text = "in packet " + fmt.Sprint(value.frame)
	case !value.current:
		text += fmt.Sprintf(" in packet %d", value.frame)
	}
	if counted != "" {
		text += "; " + counted
	}
	return text
}

// counted says what was counted of a field: "4 values, most often 80 (120)".
func (h here) counted(name string) string {
	if h.st.View == nil {
		return ""
	}
	seen := h.st.View.Capture().SeenSoFar(name)
	if seen == nil || len(seen.Values) == 0 {
		return ""
	}
	first := seen.Values[0]
	text := fmt.Sprintf("%s × %s", humanize.Comma(int64(first.N)), first.Value)
	if n := len(seen.Values); n > 1 {
		text += fmt.Sprintf(" and %s others", humanize.Comma(int64(n-1)))
	}
	if seen.Partial {
		text += " or more"
	}
	return text
}

// fieldHelp explains a field or a protocol.
func (st *State) fieldHelp(c *dissect.Catalogue, f dissect.FieldInfo) []string {
	h := st.here()
	if f.Type == dissect.TypeProtocol {
		fields := 0
		for _, one := range c.Prefix(f.Name + ".") {
			if one.Protocol == f.Name && one.Type != dissect.TypeProtocol {
				fields++
			}
		}
		out := []string{fmt.Sprintf("%s: protocol, %s", f.Name, f.Label), ""}
		return append(out, exampleLines([]Example{
			{"filter " + f.Name, "the packets that have it"},
			{"fields " + f.Name + ".", fmt.Sprintf("its fields: %s", humanize.Comma(int64(fields)))},
			{"show 1 " + f.Name, "that layer of a packet"},
		})...)
	}
	owner := f.Protocol
	if p, ok := c.Lookup(owner); ok {
		owner += " (" + p.Label + ")"
	}
	out := []string{fmt.Sprintf("%s: field %s, %s, of %s", f.Name, f.Label, f.Type, owner)}
	if f.Description != "" && !strings.EqualFold(f.Description, f.Label) {
		out = append(out, strings.Join(strings.Fields(f.Description), " "))
	}
	if known := h.of(f); known != "" {
		out = append(out, "here: "+known)
	}
	example := Example{"filter " + f.Name, "the packets that have it"}
	if value, ok := h.values[f.Name]; ok {
		if literal, ok := filter.Literal(f.Type, value.text); ok {
			example = Example{"filter " + f.Name + " == " + literal, "the packets with that value"}
		}
	}
	return append(append(out, ""), exampleLines([]Example{
		example,
		{"cap.count_by('" + f.Name + "')", "how often each value occurs"},
		{"pkt." + f.Name, "in the current packet"},
	})...)
}
