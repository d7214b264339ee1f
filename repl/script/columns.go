package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// This file is the questions to fields of all packets at once: they run at the
// engine's speed, not a Starlark step for each packet.
//
// Values are typed as a field's .value is, but for bytes, which stay text: integers,
// floats (times as seconds), booleans, times, and text. An answer is a plain
// dictionary or list; echoed at the prompt it is a table (answer.go).

// errNoField says what count_by and its like want.
var errNoField = errors.New("got no field, want its filter name: 'ip.src'")

// fieldQuery is what count_by and its like were asked: fields, and which packets.
type fieldQuery struct {
	view    viewSource
	fields  []string
	columns []*cells
	// occurrence says which of several occurrences count, by tshark's letters: f, l
	// for the first and the last, a for all.
	occurrence string
}

// queryOf reads fields' names, where= and, if it is taken, occurrence=.
func queryOf(ctx context.Context, c *Capture, in invocation, takesOccurrence bool) (*fieldQuery, error) {
	q := &fieldQuery{occurrence: "a"}
	var where string
	pairs := []any{"where?", &where}
	if takesOccurrence {
		pairs = append(pairs, "occurrence?", &q.occurrence)
	}
	if err := starlark.UnpackArgs(in.name, nil, in.kwargs, pairs...); err != nil {
		return nil, fmt.Errorf("%w; fields are named without a keyword: cap.%s('ip.src')", err, in.name)
	}
	if q.occurrence != "a" && q.occurrence != "f" && q.occurrence != "l" {
		return nil, fmt.Errorf("%s: occurrence: got '%s', want 'f' (the first), 'l' (the last) or 'a' (all)", in.name, q.occurrence)
	}
	var err error
	if q.fields, err = fieldNames(in.name, in.args); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	q.view = c.view
	if where != "" {
		if q.view, err = c.view.Narrow(ctx, where); err != nil {
			return nil, err
		}
	}
	q.columns, err = cellsOf(ctx, q.view, q.fields)
	return q, err
}

// fieldNames reads one or more fields' names.
func fieldNames(method string, args starlark.Tuple) ([]string, error) {
	var out []string
	for _, arg := range plainArgs(args) {
		name, ok := starlark.AsString(arg)
		if !ok {
			return nil, fmt.Errorf("%s: got a %s, want fields' names: cap.%s('ip.src', 'tcp.dstport')", method, arg.Type(), method)
		}
		if name == "" {
			return nil, fmt.Errorf("%s: %w", method, errNoField)
		}
		out = append(out, name)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: %w", method, errNoField)
	}
	return out, nil
}

// cells makes values of one field's texts, one value a text.
type cells struct {
	name string
	kind valueKind
	seen map[string]starlark.Value
}

// cellsOf looks up what the fields' values are.
func cellsOf(ctx context.Context, v viewSource, fields []string) ([]*cells, error) {
	out := make([]*cells, len(fields))
	for i, name := range fields {
		t, err := v.FieldType(ctx, name)
		if err != nil {
			return nil, err
		}
		if attribute := strings.ToLower(strings.TrimPrefix(name, "_ws.col.")); t == "" && !packetMembers[attribute].method && packetMembers[attribute].detail != "" {
			return nil, fmt.Errorf("%s is no field but an attribute of packets (%s): Counter([p.%s for p in cap]) counts it, [p.%s for p in cap] lists it",
				name, packetMembers[attribute].detail, attribute, attribute)
		}
		out[i] = &cells{name: name, kind: kindOfType(t), seen: map[string]starlark.Value{}}
	}
	return out, nil
}

// value returns a text as the field's type reads it; as text where it does not.
func (c *cells) value(text string) starlark.Value {
	v, ok := c.seen[text]
	if !ok {
		v = c.read(text)
		c.seen[text] = v
	}
	return v
}

func (c *cells) read(text string) starlark.Value {
	switch c.kind {
	case kindInt:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return starlark.MakeInt64(n)
		}
		if n, ok := parseInt(text); ok {
			return starlark.MakeBigInt(n)
		}
	case kindBool:
		if b, ok := parseBool(text); ok {
			return starlark.Bool(b)
		}
	case kindFloat:
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return starlark.Float(x)
		}
	case kindTime:
		for _, layout := range timeLayouts {
			if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
				return newMoment(t)
			}
		}
	}
	return starlark.String(text)
}

// number returns a text as a number, a boolean as 0 or 1.
func (c *cells) number(text string) (starlark.Value, error) {
	n, err := numeric(c.value(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return n, nil
}

// chosen returns those of a packet's values that count.
func (q *fieldQuery) chosen(values []string) []string {
	switch {
	case len(values) < 2 || q.occurrence == "a":
		return values
	case q.occurrence == "f":
		return values[:1]
	}
	return values[len(values)-1:]
}

// tally counts what comes with the same texts of some fields.
type tally struct {
	columns []*cells
	places  map[string]int
	keys    []tallyKey
	scratch []byte
	texts   []string
}

// tallyKey is the texts of one combination, joined, and their values.
type tallyKey struct {
	texts string
	value starlark.Value
	n     int
}

func newTally(columns []*cells) *tally {
	return &tally{columns: columns, places: map[string]int{}, texts: make([]string, len(columns))}
}

// each calls fn with the place in keys of every combination of a packet's values.
// A field that occurs once goes with all values of the others; fields that occur
// equally often go together by their places, as a tunnel's addresses do; otherwise
// every value goes with every other. A packet without one of the fields has none.
func (t *tally) each(row [][]string, fn func(key int)) {
	most, paired := 1, true
	for _, values := range row {
		switch n := len(values); {
		case n == 0:
			return
		case n > 1 && most > 1 && n != most:
			paired = false
		case n > 1:
			most = n
		}
	}
	if !paired {
		t.product(row, 0, fn)
		return
	}
	for i := range most {
		for j, values := range row {
			t.texts[j] = values[min(i, len(values)-1)]
		}
		fn(t.key())
	}
}

func (t *tally) product(row [][]string, at int, fn func(key int)) {
	if at == len(row) {
		fn(t.key())
		return
	}
	for _, text := range row[at] {
		t.texts[at] = text
		t.product(row, at+1, fn)
	}
}

// key returns the place of the current texts in keys.
func (t *tally) key() int {
	t.scratch = t.scratch[:0]
	for _, text := range t.texts {
		t.scratch = append(append(t.scratch, text...), 0)
	}
	if i, ok := t.places[string(t.scratch)]; ok {
		return i
	}
	i, k := len(t.keys), tallyKey{texts: string(t.scratch)}
	if len(t.texts) == 1 {
		k.value = t.columns[0].value(t.texts[0])
	} else {
		tuple := make(starlark.Tuple, len(t.texts))
		for j, text := range t.texts {
			tuple[j] = t.columns[j].value(text)
		}
		k.value = tuple
	}
	t.places[k.texts] = i
	t.keys = append(t.keys, k)
	return i
}

// countBy is cap.count_by(field, …, where=filter): how often each value, or each
// combination of values, occurs, the most frequent first.
func countBy(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	q, err := queryOf(ctx, c, in, false)
	if err != nil {
		return nil, err
	}
	var keys []tallyKey
	if len(q.fields) == 1 {
		counts, err := q.view.CountBy(ctx, q.fields[0])
		if err != nil {
			return nil, err
		}
		for _, count := range counts {
			keys = append(keys, tallyKey{texts: count.Value, value: q.columns[0].value(count.Value), n: count.N})
		}
	} else if keys, err = q.count(ctx); err != nil {
		return nil, err
	}
	out := starlark.NewDict(len(keys))
	for _, k := range keys {
		n := k.n
		if before, found, err := out.Get(k.value); err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, err)
		} else if found { // another text of the same number: 0x10 and 16
			was, _ := starlark.AsInt32(before)
			n += was
		}
		if err := out.SetKey(k.value, starlark.MakeInt(n)); err != nil {
			return nil, err
		}
	}
	c.it.isAnswer(out, append(slices.Clone(q.fields), "count"))
	return out, nil
}

// count counts combinations, the most frequent first, those of the same count by
// their texts.
func (q *fieldQuery) count(ctx context.Context) ([]tallyKey, error) {
	rows, err := q.view.Table(ctx, q.fields)
	if err != nil {
		return nil, err
	}
	t, packets := newTally(q.columns), 0
	for row := range rows {
		t.each(row, func(key int) { t.keys[key].n++ })
		if packets++; packets%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.SortFunc(t.keys, func(a, b tallyKey) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.texts, b.texts)) })
	return t.keys, nil
}

// valuesOf is cap.values(field, where=filter): every occurrence, in the packets'
// order.
func valuesOf(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	q, err := queryOf(ctx, c, in, true)
	switch {
	case err != nil:
		return nil, err
	case len(q.fields) > 1:
		return nil, fmt.Errorf("values: got %d fields, want one; cap.table('%s') has several side by side", len(q.fields), strings.Join(q.fields, "', '"))
	}
	packets, err := q.view.Values(ctx, q.fields[0])
	if err != nil {
		return nil, err
	}
	var out []starlark.Value
	done := 0
	for values := range packets {
		for _, text := range q.chosen(values) {
			out = append(out, q.columns[0].value(text))
		}
		if done++; done%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return starlark.NewList(out), nil
}

// tableOf is cap.table(field, …, where=filter, occurrence='a'): a tuple for each
// packet with the value of each field, None where the packet lacks it, a tuple of
// the values where it has several.
func tableOf(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	q, err := queryOf(ctx, c, in, true)
	if err != nil {
		return nil, err
	}
	rows, err := q.view.Table(ctx, q.fields)
	if err != nil {
		return nil, err
	}
	var out []starlark.Value
	for row := range rows {
		cells := make(starlark.Tuple, len(row))
		for i, values := range row {
			switch values = q.chosen(values); len(values) {
			case 0:
				cells[i] = starlark.None
			case 1:
				cells[i] = q.columns[i].value(values[0])
			default:
				several := make(starlark.Tuple, len(values))
				for j, text := range values {
					several[j] = q.columns[i].value(text)
				}
				cells[i] = several
			}
		}
		if out = append(out, cells); len(out)%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	list := starlark.NewList(out)
	c.it.isAnswer(list, q.fields)
	return list, nil
}

// sortBy is cap.sort_by(field, reverse=False): the packets in another order.
func sortBy(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var field string
	var reverse bool
	if err := in.unpack("field", &field, "reverse?", &reverse); err != nil {
		return nil, err
	}
	if field == "" {
		return nil, fmt.Errorf("sort_by: %w", errNoField)
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	v, err := c.view.Sort(ctx, field, reverse)
	if err != nil {
		return nil, err
	}
	return c.with(v), nil
}
