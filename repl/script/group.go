package script

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Group is cap.group(field, …): the packets that have a value, or a combination of
// values, in common, asked about by count, sum, min, max, mean and table. A packet
// is in a group once, however often it has the group's value.
type Group struct {
	c     *Capture
	query *fieldQuery
}

var _ starlark.HasAttrs = (*Group)(nil)

// groupBy is cap.group(field, …, where=filter).
func groupBy(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	q, err := queryOf(ctx, c, in, false)
	if err != nil {
		return nil, err
	}
	return &Group{c, q}, nil
}

// String returns <Group of f.pcap by ip.src>.
func (g *Group) String() string {
	return fmt.Sprintf("<Group of %s by %s: .count() .sum(field) .min .max .mean .table>", g.c.view.Path(), strings.Join(g.query.fields, ", "))
}

// Type returns "Group".
func (g *Group) Type() string { return "Group" }

// Freeze does nothing.
func (g *Group) Freeze() {}

// Truth is true.
func (g *Group) Truth() starlark.Bool { return true }

// Hash fails: groups make no keys.
func (g *Group) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: Group") }

// Attr returns a method.
func (g *Group) Attr(name string) (starlark.Value, error) {
	if m, ok := groupMembers[name]; ok {
		return m.get(g.c.it.context(), g)
	}
	return nil, fmt.Errorf("a group has no attribute %q%s", name, suggestion(name, groupMembers.names()))
}

// AttrNames returns the methods.
func (g *Group) AttrNames() []string { return groupMembers.names() }

// measure is one field's numbers within a group.
type measure struct {
	n             int
	sum, min, max starlark.Value // nil while n is 0
}

func (m *measure) add(v starlark.Value) error {
	m.n++
	if m.n == 1 {
		m.sum, m.min, m.max = v, v, v
		return nil
	}
	var err error
	if m.sum, err = starlark.Binary(syntax.PLUS, m.sum, v); err != nil {
		return err
	}
	if less(v, m.min, &err) {
		m.min = v
	}
	if less(m.max, v, &err) {
		m.max = v
	}
	return err
}

// mean returns the mean as a float, None of no values.
func (m *measure) mean() (starlark.Value, error) {
	if m.n == 0 {
		return starlark.None, nil
	}
	return starlark.Binary(syntax.SLASH, m.sum, starlark.MakeInt(m.n))
}

// group is the packets with one key.
type group struct {
	tallyKey // n is the packets
	measures []measure
}

// groups reads the fields and the numbers of some others, and returns the groups,
// the one with the most packets first.
func (g *Group) groups(ctx context.Context, over []string) ([]group, error) {
	if err := g.c.open(); err != nil {
		return nil, err
	}
	numbers, err := cellsOf(ctx, g.query.view, over)
	if err != nil {
		return nil, err
	}
	rows, err := g.query.view.Table(ctx, append(slices.Clone(g.query.fields), over...))
	if err != nil {
		return nil, err
	}
	t, packets := newTally(g.query.columns), 0
	var measures []measure // len(over) of each key, one after the other
	var here []int         // the packet's keys
	by := len(g.query.fields)
	for row := range rows {
		if packets++; packets%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		here = here[:0]
		t.each(row[:by], func(key int) {
			if !slices.Contains(here, key) {
				here = append(here, key)
			}
		})
		measures = append(measures, make([]measure, len(t.keys)*len(over)-len(measures))...)
		for _, key := range here {
			t.keys[key].n++
			for i, values := range row[by:] {
				for _, text := range values {
					n, err := numbers[i].number(text)
					if err == nil {
						err = measures[key*len(over)+i].add(n)
					}
					if err != nil {
						return nil, err
					}
				}
			}
		}
	}
	out := make([]group, len(t.keys))
	for i, k := range t.keys {
		out[i] = group{k, measures[i*len(over) : (i+1)*len(over)]}
	}
	slices.SortFunc(out, func(a, b group) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.texts, b.texts)) })
	return out, nil
}

// countGroups is group.count(): how many packets each group has.
func countGroups(ctx context.Context, g *Group, in invocation) (starlark.Value, error) {
	if err := in.unpack(); err != nil {
		return nil, err
	}
	groups, err := g.groups(ctx, nil)
	if err != nil {
		return nil, err
	}
	return g.answer(groups, "packets", func(k group) (starlark.Value, error) { return starlark.MakeInt(k.n), nil })
}

// measured returns group.sum and its like: a number of each group, the largest first.
// Groups none of whose packets has the field are left out.
func measured(of func(*measure) (starlark.Value, error)) call[*Group] {
	return func(ctx context.Context, g *Group, in invocation) (starlark.Value, error) {
		var field string
		if err := in.unpack("field", &field); err != nil {
			return nil, err
		}
		if field == "" {
			return nil, fmt.Errorf("%s: %w", in.name, errNoField)
		}
		groups, err := g.groups(ctx, []string{field})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, err)
		}
		groups = slices.DeleteFunc(groups, func(k group) bool { return k.measures[0].n == 0 })
		values := make(map[string]starlark.Value, len(groups))
		for _, k := range groups {
			if values[k.texts], err = of(&k.measures[0]); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(groups, func(a, b group) int {
			switch va, vb := values[a.texts], values[b.texts]; {
			case less(vb, va, &err):
				return -1
			case less(va, vb, &err):
				return 1
			}
			return 0
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, err)
		}
		return g.answer(groups, in.name+" of "+field, func(k group) (starlark.Value, error) { return values[k.texts], nil })
	}
}

// answer makes a dictionary of the groups.
func (g *Group) answer(groups []group, title string, of func(group) (starlark.Value, error)) (starlark.Value, error) {
	out := starlark.NewDict(len(groups))
	for _, k := range groups {
		v, err := of(k)
		if err == nil {
			err = out.SetKey(k.value, v)
		}
		if err != nil {
			return nil, err
		}
	}
	g.c.it.isAnswer(out, append(slices.Clone(g.query.fields), title))
	return out, nil
}

// groupTable is group.table(field, …): a tuple for each group, the one with the most
// packets first: its key, its number of packets, and of each field the sum, the
// minimum, the mean and the maximum, None where no packet has it.
func groupTable(ctx context.Context, g *Group, in invocation) (starlark.Value, error) {
	if len(in.kwargs) > 0 {
		return nil, fmt.Errorf("table: takes fields' names only, got %s=; cap.group takes where=", in.kwargs[0][0])
	}
	var over []string
	var err error
	if len(in.args) > 0 {
		if over, err = fieldNames(in.name, in.args); err != nil {
			return nil, err
		}
	}
	groups, err := g.groups(ctx, over)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	titles := append(slices.Clone(g.query.fields), "packets")
	for _, field := range over {
		titles = append(titles, "sum of "+field, "min", "mean", "max")
	}
	out := make([]starlark.Value, len(groups))
	for i, k := range groups {
		row, several := k.value.(starlark.Tuple)
		if !several {
			row = starlark.Tuple{k.value}
		}
		row = append(slices.Clone(row), starlark.MakeInt(k.n))
		for j := range k.measures {
			m := &k.measures[j]
			if m.n == 0 {
				row = append(row, starlark.None, starlark.None, starlark.None, starlark.None)
				continue
			}
			mean, err := m.mean()
			if err != nil {
				return nil, err
			}
			row = append(row, m.sum, m.min, mean, m.max)
		}
		out[i] = row
	}
	list := starlark.NewList(out)
	g.c.it.isAnswer(list, titles)
	return list, nil
}

func groupInterp(g *Group) *Interp { return g.c.it }

var groupMembers = members[*Group]{
	"count": method(groupInterp, "count", "packets of each group", kindUnknown, countGroups),
	"sum":   method(groupInterp, "sum", "a field's sum in each group", kindUnknown, measured(func(m *measure) (starlark.Value, error) { return m.sum, nil })),
	"min":   method(groupInterp, "min", "a field's least value in each group", kindUnknown, measured(func(m *measure) (starlark.Value, error) { return m.min, nil })),
	"max":   method(groupInterp, "max", "a field's greatest value in each group", kindUnknown, measured(func(m *measure) (starlark.Value, error) { return m.max, nil })),
	"mean":  method(groupInterp, "mean", "a field's mean in each group", kindUnknown, measured((*measure).mean)),
	"table": method(groupInterp, "table", "a row for each group: packets, and fields' sum, min, mean, max", kindUnknown, groupTable),
}
