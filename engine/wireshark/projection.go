package wireshark

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// This file reads columns such that what a frame's tree says can be told from them.

// Projection is what Project asks about a field or protocol.
type Projection struct {
	// Name is its filter name.
	Name string
	// Count says that only how often it is there is wanted, and not its values:
	// protocols and fields without a value have none.
	Count bool
	// Commas says that values may have commas: then those of several occurrences
	// cannot be told apart.
	Commas bool
}

// Projected is what a field or protocol is in a frame.
type Projected struct {
	// N is how often it is there: 0, 1, or 2 for more than once.
	N int
	// Text is the value, or, of several, the one that the dissectors made first: as
	// tshark -T fields prints it, but cut where sharkd cuts it.
	Text string
	// Same says that all values are Text.
	Same bool
}

// protocolsField holds the names of a frame's protocols, between colons: no comma is
// among them, and every frame has it once.
const protocolsField = "frame.protocols"

// MaxProjections is how many projections one pass over the frames answers at least,
// if their names are not unusually long: each takes up to two columns.
const MaxProjections = (rawColumns - 1) / 2

// Project calls fn for each of the frames first to last, both included, with the
// names of its protocols as frame.protocols has them, and what the projections say.
// The slice is used again after fn.
//
// Unknown names are an error before the first call of fn, as is a frame beyond the
// capture's end.
func (d *Dissector) Project(ctx context.Context, first, last uint32, of []Projection, fn func(frame uint32, protocols string, values []Projected) error) error {
	if last < first || first == 0 {
		return fmt.Errorf("columns: got the frames %d to %d, want ascending numbers from 1", first, last)
	}
	if err := d.checkFrames(ctx, []uint32{last}); err != nil {
		return err
	}
	for _, p := range of {
		if err := d.checkField(ctx, p.Name); err != nil {
			return err
		}
	}
	words, err := d.vocabulary(ctx)
	if err != nil {
		return err
	}
	columns := projectionColumns(of)
	groups, err := columnsFitting(columns)
	if err != nil {
		return err
	}
	out := make([]Projected, len(of))
	for first <= last {
		r := run{first, min(last, first+rowChunk-1)}
		first = r.last + 1
		cells, err := d.projectRun(ctx, r, groups, len(columns))
		if err != nil {
			return err
		}
		for i, row := range cells {
			at := 1
			for k, p := range of {
				n := p.width()
				out[k] = p.read(words, row[0], row[at:at+n])
				at += n
			}
			if err := fn(r.first+uint32(i), row[0], out); err != nil {
				return err
			}
		}
	}
	return nil
}

// Having calls fn for those of the frames first to last, both included, that have one of
// some fields and protocols. It costs some two thirds of what Project does.
//
// Unknown names are an error before the first call of fn, as is a frame beyond the
// capture's end. A field whose only value is an empty text counts as one that is not there.
func (d *Dissector) Having(ctx context.Context, first, last uint32, names []string, fn func(frame uint32)) error {
	if err := d.checkFrames(ctx, []uint32{last}); err != nil {
		return err
	}
	for _, name := range names {
		if err := d.checkField(ctx, name); err != nil {
			return err
		}
	}
	column := strings.Join(names, "||") + ":1"
	ask := func(req *request, _ columnNumbers) { req.str("column0", column) }
	return d.rows(ctx, between(first, last), "columns", ask, 1, func(frame uint32, cells []string) error {
		if cells[0] != "" {
			fn(frame)
		}
		return nil
	})
}

// between are the frames first to last, both included.
func between(first, last uint32) []uint32 {
	var frames []uint32
	for n := first; n <= last; n++ {
		frames = append(frames, n)
	}
	return frames
}

// projectRun returns the cells of successive frames, all groups' side by side.
func (d *Dissector) projectRun(ctx context.Context, r run, groups [][]string, width int) ([][]string, error) {
	frames := between(r.first, r.last)
	cells := make([][]string, len(frames))
	for _, group := range groups {
		i := 0
		ask := func(req *request, c columnNumbers) { askColumns(req, c, group) }
		err := d.rows(ctx, frames, "columns", ask, textColumns+len(group), func(_ uint32, row []string) error {
			if cells[i] == nil {
				cells[i] = make([]string, 0, width)
			}
			cells[i] = append(cells[i], row[textColumns:]...)
			i++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// projectionColumns are the columns that answer projections: the protocols' names,
// then each projection's.
//
// An empty column is that of a field that is not there and of an empty value alike.
// So values are asked for behind the protocols' names, which are always there:
// "eth:ip:tcp:http" or "eth:ip:tcp:http,VALUE".
func projectionColumns(of []Projection) []string {
	columns := []string{protocolsField + ":1"}
	for _, p := range of {
		switch {
		case p.Count:
			columns = append(columns, p.Name+":1", p.Name+":2")
		case p.Commas:
			columns = append(columns, protocolsField+"||"+p.Name+":0", p.Name+":1")
		default:
			columns = append(columns, protocolsField+"||"+p.Name+":0")
		}
	}
	return columns
}

// width is how many columns a projection takes.
func (p Projection) width() int {
	if p.Count || p.Commas {
		return 2
	}
	return 1
}

// read reads a projection's columns in a frame with these protocols.
func (p Projection) read(words *vocabulary, protocols string, cells []string) Projected {
	if p.Count {
		switch {
		case cells[0] == "":
			return Projected{}
		case cells[1] == "":
			return Projected{N: 1, Same: true}
		}
		return Projected{N: 2}
	}
	values, there := strings.CutPrefix(cells[0], protocols+",")
	if !there {
		return Projected{}
	}
	info, _ := words.catalogue.Lookup(p.Name)
	if p.Commas {
		if values != cells[1] {
			return Projected{N: 2, Text: words.column(info, cells[1])}
		}
		return Projected{N: 1, Text: words.column(info, values), Same: true}
	}
	first, more, several := strings.Cut(values, ",")
	out := Projected{N: 1, Text: words.column(info, first), Same: true}
	if several {
		out.N = 2
	}
	for several && out.Same {
		var next string
		next, more, several = strings.Cut(more, ",")
		out.Same = next == first
	}
	return out
}

// askColumns asks for columns at the positions whose values are raw.
func askColumns(req *request, c columnNumbers, columns []string) {
	for i := range textColumns {
		req.str("column"+strconv.Itoa(i), c.pad)
	}
	for i, text := range columns {
		req.str("column"+strconv.Itoa(textColumns+i), text)
	}
}

// columnsFitting splits columns into groups that fit into one request each.
func columnsFitting(columns []string) ([][]string, error) {
	fits := func(group []string) bool {
		req := rangeRequest(run{1 << 31, 1<<32 - 1})
		askColumns(req, columnNumbers{pad: "100"}, group)
		return len(group) <= rawColumns && req.fits()
	}
	var groups [][]string
	start := 0
	for i := range columns {
		if fits(columns[start : i+1]) {
			continue
		}
		if i == start {
			return nil, fmt.Errorf("column %.40q…: %w", columns[i], errTooLong)
		}
		groups = append(groups, columns[start:i])
		start = i
	}
	return append(groups, columns[start:]), nil
}
