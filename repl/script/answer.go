package script

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"weak"

	"github.com/dustin/go-humanize"
	"go.starlark.net/starlark"

	"pktsh/repl/result"
)

// This file shows what questions to all packets answered: dictionaries and lists as
// any other to a script, aligned tables where they are echoed.

// answers remembers the titles of what was answered, as long as the script keeps it.
type answers struct {
	dicts map[weak.Pointer[starlark.Dict]][]string
	lists map[weak.Pointer[starlark.List]][]string
}

// isAnswer notes that v, a dictionary or a list of tuples, is an answer with titles:
// of the keys and then the value, or of the tuples' elements.
func (it *Interp) isAnswer(v starlark.Value, titles []string) {
	switch v := v.(type) {
	case *starlark.Dict:
		it.answers.dicts = remember(it.answers.dicts, v, titles)
	case *starlark.List:
		it.answers.lists = remember(it.answers.lists, v, titles)
	}
}

// remember adds to m and takes out what nobody holds any more.
func remember[T any](m map[weak.Pointer[T]][]string, v *T, titles []string) map[weak.Pointer[T]][]string {
	if m == nil {
		m = map[weak.Pointer[T]][]string{}
	}
	for p := range m {
		if p.Value() == nil {
			delete(m, p)
		}
	}
	m[weak.Make(v)] = titles
	return m
}

// asTable returns an answer as a table; nil for all else, also for an answer that
// the script changed into something that is none.
func (it *Interp) asTable(v starlark.Value) *result.Table {
	var titles []string
	var rows []starlark.Tuple
	switch v := v.(type) {
	case *starlark.Dict:
		if titles = it.answers.dicts[weak.Make(v)]; titles == nil {
			return nil
		}
		for _, item := range v.Items() {
			key, several := item[0].(starlark.Tuple)
			if !several {
				key = starlark.Tuple{item[0]}
			}
			rows = append(rows, append(key[:len(key):len(key)], item[1]))
		}
	case *starlark.List:
		if titles = it.answers.lists[weak.Make(v)]; titles == nil {
			return nil
		}
		for i := range v.Len() {
			row, ok := v.Index(i).(starlark.Tuple)
			if !ok {
				return nil
			}
			rows = append(rows, row)
		}
	default:
		return nil
	}
	t := &result.Table{Columns: make([]result.Column, len(titles))}
	for i, title := range titles {
		t.Columns[i].Title = title
	}
	for _, row := range rows {
		if len(row) != len(titles) {
			return nil
		}
	}
	for i := range t.Columns {
		if numbersIn(rows, i) {
			t.Columns[i].Align, t.Columns[i].Role = result.Right, result.RoleNumber
		}
	}
	shown := rows
	if it.cfg.Page != nil {
		if most := it.cfg.Page(); most > 0 && len(rows) > most {
			shown = rows[:most]
			t.Footer = func() []string {
				return []string{fmt.Sprintf("%s of %s rows; the others are in _ too: _[%d:], or print(_)",
					humanize.Comma(int64(most)), humanize.Comma(int64(len(rows))), most)}
			}
			if _, keyed := v.(*starlark.Dict); keyed {
				t.Footer = func() []string {
					return []string{fmt.Sprintf("%s of %s rows; all: print(_)", humanize.Comma(int64(most)), humanize.Comma(int64(len(rows))))}
				}
			}
		}
	}
	if len(rows) == 0 {
		t.Empty = "no packet here has " + titles[0]
	}
	t.Rows = it.rowsOf(it.context(), shown)
	return t
}

// numbersIn says that a column holds numbers only, None apart.
func numbersIn(rows []starlark.Tuple, i int) bool {
	found := false
	for _, row := range rows {
		switch row[i].(type) {
		case starlark.Int, starlark.Float:
			found = true
		case starlark.NoneType:
		default:
			return false
		}
	}
	return found
}

func (it *Interp) rowsOf(ctx context.Context, rows []starlark.Tuple) iter.Seq2[result.Row, error] {
	return func(yield func(result.Row, error) bool) {
		for _, row := range rows {
			if err := ctx.Err(); err != nil {
				yield(result.Row{}, err)
				return
			}
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = it.cellText(v)
			}
			if !yield(result.Row{Cells: cells}, nil) {
				return
			}
		}
	}
}

// cellText returns a value as a table shows it: None as nothing, several values
// separated by commas, of a float what tells it from its neighbours.
func (it *Interp) cellText(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.NoneType:
		return ""
	case starlark.Float:
		if x := float64(v); math.Abs(x) >= 1e-3 && math.Abs(x) < 1e15 {
			return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(x, 'f', 6, 64), "0"), ".")
		}
		return strconv.FormatFloat(float64(v), 'g', 6, 64)
	case starlark.Tuple:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = it.cellText(e)
		}
		return strings.Join(parts, ", ")
	}
	return it.text(v)
}
