package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func columnCommands() []*Command {
	return []*Command{{
		Name: "columns", Group: GroupPackets, Rows: true,
		Args:    []Arg{{Name: "COLUMN", Kinds: completion.ArgColumn | completion.ArgField, Optional: true, Repeated: true}},
		Options: []Option{{Name: "all", Help: "every built-in column, in use or not"}},
		Summary: "choose and order the columns of ls",
		Help: `Says which columns packets are listed in, in this order: Wireshark's built-in
ones by name (no time source destination protocol length info sport …) or by
its code (%us), and any field. Without an argument it shows those in use.

FIELD:2 is a field's second value where it has several, FIELD:-1 the last;
FIELD:raw has 17 where 17 means UDP, and tcp.port||udp.port is what either has.
TITLE=COLUMN gives a title. +COLUMN adds one before Info, -COLUMN takes one
away, and columns reset goes back to Wireshark's.
Cells are what Wireshark's own custom column shows. Only the rows that are
listed are asked for.`,
		Examples: []Example{
			{"columns no time ip.src tcp.len info", "five columns"},
			{"columns +http.host", "one more"},
			{"columns -length Port=tcp.dstport +ip.ttl", "one less, and one with a title"},
			{"columns reset", "Wireshark's own seven"},
		},
		Run: runColumns,
	}}
}

func runColumns(ctx context.Context, st *State, in Input) (result.Result, error) {
	switch {
	case in.Has("all") && len(in.Words) > 0:
		return nil, errors.New("columns: --all lists the built-in ones; it takes no column")
	case in.Has("all"):
		return columnTable(engine.ListColumns(), st.listed()), nil
	case len(in.Words) == 0:
		return columnTable(st.listed(), nil), nil
	case len(in.Words) == 1 && in.Words[0] == "reset":
		st.Columns = nil
		return columnsStatus(st.listed()), nil
	}
	columns, err := st.chooseColumns(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	st.Columns = columns
	return columnsStatus(columns), nil
}

func columnsStatus(columns []engine.ListColumn) result.Result {
	return &result.Status{Line: "columns: " + columnNames(columns)}
}

// columnNames writes columns as the command takes them.
func columnNames(columns []engine.ListColumn) string {
	var names []string
	for _, c := range columns {
		name := c.Name
		if strings.ContainsAny(name, " |'\"") {
			name = strconv.Quote(name)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// chooseColumns are the columns that words name. When the first says + or -, it is
// those in use that are changed.
func (st *State) chooseColumns(ctx context.Context, words []string) ([]engine.ListColumn, error) {
	var columns []engine.ListColumn
	change := strings.HasPrefix(words[0], "+") || strings.HasPrefix(words[0], "-")
	if change {
		columns = slices.Clone(st.listed())
	}
	for _, w := range words {
		if name, take := strings.CutPrefix(w, "-"); take {
			at := st.inUse(ctx, columns, name)
			if at < 0 {
				return nil, fmt.Errorf("columns: %s is none of those in use: %s", name, columnNames(columns))
			}
			columns = slices.Delete(columns, at, at+1)
			continue
		}
		c, err := st.column(ctx, strings.TrimPrefix(w, "+"))
		if err != nil {
			return nil, err
		}
		at := len(columns)
		if change && at > 0 && columns[at-1].Format() == "%i" {
			at-- // Info stays last: it takes the room that is left
		}
		columns = slices.Insert(columns, at, c)
	}
	if len(columns) == 0 {
		return nil, errors.New("columns: none would be left; columns reset goes back to Wireshark's")
	}
	return columns, nil
}

// inUse is the place of the column that a word means, by its name, its title or by
// what it shows; -1 where there is none.
func (st *State) inUse(ctx context.Context, columns []engine.ListColumn, name string) int {
	at := slices.IndexFunc(columns, func(c engine.ListColumn) bool { return c.Name == name || strings.EqualFold(c.Title, name) })
	if at >= 0 {
		return at
	}
	c, err := st.Session.ListColumn(ctx, name)
	if err != nil {
		return -1
	}
	return slices.IndexFunc(columns, func(have engine.ListColumn) bool { return have.Code() == c.Code() })
}

// column is the column that a word names.
func (st *State) column(ctx context.Context, word string) (engine.ListColumn, error) {
	c, err := st.Session.ListColumn(ctx, word)
	var unknown *engine.NoColumnError
	if !errors.As(err, &unknown) {
		return c, err
	}
	if near, ok := completion.Nearest(unknown.Name, func(yield func(string) bool) {
		for _, c := range engine.ListColumns() {
			if !yield(c.Name) {
				return
			}
		}
	}); ok && !strings.Contains(unknown.Name, ".") {
		unknown.Hint = "did you mean " + near + "?"
	}
	if unknown.Hint == "" {
		unknown.Hint = "columns --all lists the built-in ones"
	}
	return c, err
}

// columnTable lists columns; those of inUse are marked.
func columnTable(columns, inUse []engine.ListColumn) result.Result {
	used := map[string]bool{}
	for _, c := range inUse {
		used[c.Format()] = true
	}
	var rows []result.Row
	for _, c := range columns {
		rows = append(rows, result.Row{Cells: []string{c.Name, c.Title, c.Code(), c.Meaning}, Current: used[c.Format()]})
	}
	return listing([]result.Column{
		{Title: "Column", Role: result.RoleName},
		{Title: "Title", Yields: 2},
		{Title: "Wireshark's", Yields: 3},
		{Title: "Meaning", Flexible: true},
	}, rows)
}
