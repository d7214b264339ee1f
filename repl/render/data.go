package render

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"pktsh/repl/result"
)

// This file writes tables as data for other programs: JSON, CSV, Markdown.

// data writes the rows of a result in a data format. What has no rows is written as
// it always is.
func (r *Renderer) data(ctx context.Context, d *result.Data) error {
	if many, ok := d.Result.(result.Many); ok {
		for _, res := range many {
			if t, isTable := res.(*result.Table); isTable { // what is said besides is for people
				return r.data(ctx, &result.Data{Result: t, Format: d.Format})
			}
		}
	}
	t, ok := d.Result.(*result.Table)
	if !ok {
		return r.Result(ctx, d.Result)
	}
	var w rowWriter
	switch d.Format {
	case "json":
		w = &jsonRows{out: r.out, columns: t.Columns, keys: dataKeys(t.Columns)}
	case "csv":
		w = &csvRows{out: r.out, keys: dataKeys(t.Columns)}
	case "markdown":
		w = &markdownRows{out: r.out, columns: t.Columns}
	default:
		return fmt.Errorf("render: got the data format %q, want json, csv or markdown", d.Format)
	}
	stop := r.out.every(flushInterval, func() {})
	defer stop()
	if err := w.begin(); err != nil {
		return err
	}
	if t.Rows != nil {
		for row, err := range t.Rows {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = w.row(row.Cells)
			}
			if err != nil {
				return err // what was begun stays unfinished: no reader takes it for the whole
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.end()
}

// rowWriter writes rows in a data format.
type rowWriter interface {
	begin() error
	row(cells []string) error
	end() error
}

// dataKeys are the columns' names in data: no two are the same.
func dataKeys(columns []result.Column) []string {
	seen := map[string]int{}
	keys := make([]string, len(columns))
	for i, c := range columns {
		key := c.Key
		if key == "" {
			key = keyOf(c.Title)
		}
		if key == "" {
			key = untitled(i, columns)
		}
		if seen[key]++; seen[key] > 1 {
			key += "_" + strconv.Itoa(seen[key])
		}
		keys[i] = key
	}
	return keys
}

// keyOf makes a name out of a title: "Delta displayed" is delta_displayed.
func keyOf(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "_")
}

// untitled names a column without a title: those of a list of facts are names and
// values.
func untitled(i int, columns []result.Column) string {
	if names := []string{"name", "value"}; len(columns) == len(names) {
		return names[i]
	}
	return "column_" + strconv.Itoa(i+1)
}

// jsonRows writes an array of objects, a line each.
type jsonRows struct {
	out     *output
	columns []result.Column
	keys    []string
	any     bool
}

func (j *jsonRows) begin() error {
	for i, k := range j.keys {
		j.keys[i] = jsonText(k)
	}
	return nil
}

func (j *jsonRows) row(cells []string) error {
	line := []byte("[\n")
	if j.any {
		line = []byte(",\n")
	}
	j.any = true
	line = append(line, "  {"...)
	for i, key := range j.keys {
		if i > 0 {
			line = append(line, ", "...)
		}
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		line = append(line, key...)
		line = append(line, ": "...)
		switch {
		case j.columns[i].Number && cell == "":
			line = append(line, "null"...)
		case j.columns[i].Number && json.Valid([]byte(cell)) && numeric(cell):
			line = append(line, cell...)
		default:
			line = append(line, jsonText(cell)...)
		}
	}
	line = append(line, '}')
	return j.out.add(line)
}

func (j *jsonRows) end() error {
	if !j.any {
		return j.out.line("[]")
	}
	return j.out.line("\n]")
}

// numeric says whether a JSON value begins as a number.
func numeric(s string) bool { return s[0] == '-' || s[0] >= '0' && s[0] <= '9' }

// jsonText is s as a JSON string. Besides what JSON asks for, what a terminal would not
// show as it is gets an escape, too.
func jsonText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string always has a JSON form
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if printableASCII(text) {
		return text
	}
	b.Reset()
	for _, r := range text {
		switch {
		case visible(r):
			b.WriteRune(r)
		case r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// csvRows writes RFC 4180's format, with a line of names and line feeds. Control
// characters in cells are escaped as in tables.
type csvRows struct {
	out  *output
	keys []string
	w    *csv.Writer
	line strings.Builder
}

func (c *csvRows) begin() error {
	c.w = csv.NewWriter(&c.line)
	return c.row(c.keys)
}

func (c *csvRows) row(cells []string) error {
	safe := make([]string, len(c.keys))
	for i := range safe {
		if i < len(cells) {
			safe[i] = Escape(cells[i])
		}
	}
	c.line.Reset()
	if err := c.w.Write(safe); err != nil {
		return err
	}
	c.w.Flush()
	return c.out.add([]byte(c.line.String()))
}

func (c *csvRows) end() error { return nil }

// markdownRows writes a table of GitHub Flavored Markdown.
type markdownRows struct {
	out     *output
	columns []result.Column
	escape  *strings.Replacer
}

func (m *markdownRows) begin() error {
	// What Markdown would read as its own.
	m.escape = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "`", "\\`", "<", "&lt;", "&", "&amp;", "[", `\[`, "~", `\~`)
	titles, rules := make([]string, len(m.columns)), make([]string, len(m.columns))
	for i, c := range m.columns {
		titles[i], rules[i] = c.Title, "---"
		if c.Title == "" {
			titles[i] = untitled(i, m.columns)
		}
		if c.Align == result.Right {
			rules[i] = "---:"
		}
	}
	if err := m.row(titles); err != nil {
		return err
	}
	return m.out.line("| ", strings.Join(rules, " | "), " |")
}

func (m *markdownRows) row(cells []string) error {
	safe := make([]string, len(m.columns))
	for i := range safe {
		if i < len(cells) {
			safe[i] = m.escape.Replace(Escape(cells[i]))
		}
	}
	return m.out.line("| ", strings.Join(safe, " | "), " |")
}

func (m *markdownRows) end() error { return nil }
