package wireshark

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// This file reads columns as the packet list shows them: as text for people.

// CustomFormat is the format of a column that shows a field.
const CustomFormat = "%Cus"

// TextColumn is a column of the packet list.
type TextColumn struct {
	// Format is Wireshark's code of a built-in column ("%S", tshark -G
	// column-formats), or CustomFormat.
	Format string
	// Field is what a custom column shows: a filter name, or several as "a||b".
	Field string
	// Occurrence is which of several values it shows: 0 all, separated by commas,
	// N the Nth, less than 0 counted from the last.
	Occurrence int
	// Raw has it show values as they are: "17" where "UDP" is what it means.
	Raw bool
}

// Texts calls fn for each frame with the texts of columns, as tshark -T text prints
// them for the same gui.column.format. Frame numbers are ascending, from 1. The
// slice belongs to fn. Unknown fields and formats are an error before the first call.
func (d *Dissector) Texts(ctx context.Context, frames []uint32, columns []TextColumn, fn func(frame uint32, texts []string) error) error {
	if err := d.checkFrames(ctx, frames); err != nil {
		return err
	}
	for _, c := range columns {
		if c.Format != CustomFormat {
			continue
		}
		if err := d.checkField(ctx, c.Field); err != nil {
			return err
		}
	}
	groups, err := textGroups(columns)
	if err != nil {
		return err
	}
	for len(frames) > 0 {
		part := frames[:min(len(frames), rowChunk)]
		frames = frames[len(part):]
		texts := make([][]string, len(part))
		for i := range texts {
			texts[i] = make([]string, len(columns))
		}
		for _, g := range groups {
			if err := d.textGroup(ctx, part, columns, g, texts); err != nil {
				return err
			}
		}
		for i, n := range part {
			if err := fn(n, texts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// textGroup is which columns one request asks for, by their places in the list of
// all: those at the positions where values are resolved (see columnPreference), and
// the raw ones behind them. At a position of raw values sharkd 4.0 leaves several of
// the built-in columns empty.
type textGroup struct{ resolved, raw []int }

// with is the group with one column more.
func (g textGroup) with(columns []TextColumn, at int) textGroup {
	g = textGroup{slices.Clone(g.resolved), slices.Clone(g.raw)}
	if columns[at].Raw {
		g.raw = append(g.raw, at)
	} else {
		g.resolved = append(g.resolved, at)
	}
	return g
}

// ask adds the group's columns to a request.
func (g textGroup) ask(req *request, numbers columnNumbers, columns []TextColumn) {
	for i := range textColumns {
		text := numbers.pad
		if i < len(g.resolved) {
			text = columns[g.resolved[i]].request(numbers)
		}
		req.str("column"+strconv.Itoa(i), text)
	}
	for i, at := range g.raw {
		req.str("column"+strconv.Itoa(textColumns+i), columns[at].request(numbers))
	}
}

// request is how sharkd is asked for a column.
func (c TextColumn) request(numbers columnNumbers) string {
	if c.Format != CustomFormat {
		return numbers.all[c.Format]
	}
	return c.Field + ":" + strconv.Itoa(c.Occurrence)
}

func (d *Dissector) textGroup(ctx context.Context, frames []uint32, columns []TextColumn, g textGroup, into [][]string) error {
	var unknown string
	ask := func(req *request, numbers columnNumbers) {
		for _, at := range g.resolved {
			if f := columns[at].Format; f != CustomFormat && numbers.all[f] == "" {
				unknown = f
			}
		}
		g.ask(req, numbers, columns)
	}
	i := 0
	err := d.rows(ctx, frames, "columns", ask, textColumns+len(g.raw), func(_ uint32, cells []string) error {
		for k, at := range g.resolved {
			into[i][at] = cells[k]
		}
		for k, at := range g.raw {
			into[i][at] = cells[textColumns+k]
		}
		i++
		return nil
	})
	if unknown != "" {
		return fmt.Errorf("this version of Wireshark has no column %s", unknown)
	}
	return err
}

// textGroups splits columns into groups of one request each.
func textGroups(columns []TextColumn) ([]textGroup, error) {
	// The longest numbers there may be, for the length of the request.
	longest := columnNumbers{pad: "100", all: map[string]string{}}
	for _, c := range columns {
		longest.all[c.Format] = "100"
	}
	fits := func(g textGroup) bool {
		req := rangeRequest(run{1 << 31, 1<<32 - 1})
		g.ask(req, longest, columns)
		return len(g.resolved) <= textColumns && len(g.raw) <= rawColumns && req.fits()
	}
	var groups []textGroup
	var g textGroup
	for i, c := range columns {
		if next := g.with(columns, i); fits(next) {
			g = next
			continue
		}
		groups = append(groups, g)
		if g = (textGroup{}).with(columns, i); !fits(g) {
			return nil, fmt.Errorf("column %.40q…: %w", c.Field, errTooLong)
		}
	}
	return append(groups, g), nil
}
