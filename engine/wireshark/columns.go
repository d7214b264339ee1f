package wireshark

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Columns calls fn for each frame with the raw values of fields, "" where a
// frame lacks the field. A field that occurs several times gives all its
// values, separated by commas; a name may be "a||b" for the values of both.
// Values are as tshark -T fields -e prints them ("17", "0x0800",
// "192.168.1.20"), with these limits of sharkd 4.0: bytes are cut at 73
// characters, strings at 2,047, and a protocol or a field without a value gives
// "✓". The slice belongs to fn.
//
// Unknown fields are an error before the first call of fn. Frame numbers are
// ascending, from 1. More fields than one request takes are asked in several
// passes over each stretch of frames.
func (d *Dissector) Columns(ctx context.Context, frames []uint32, fields []string, fn func(frame uint32, values []string) error) error {
	if len(fields) == 0 {
		return errors.New("columns: got no field, want at least one")
	}
	for _, f := range fields {
		if err := d.checkField(ctx, f); err != nil {
			return err
		}
	}
	if err := d.checkFrames(ctx, frames); err != nil {
		return err
	}
	correct, err := d.corrections(ctx, fields)
	if err != nil {
		return err
	}
	groups, err := columnGroups(fields)
	if err != nil {
		return err
	}
	for _, r := range runs(frames) {
		part := frames
		for i, n := range frames {
			if n > r.last {
				part = frames[:i]
				break
			}
		}
		frames = frames[len(part):]
		values := make([][]string, len(part))
		for _, group := range groups {
			i := 0
			columns := func(req *request, c columnNumbers) { groupColumns(req, c, group) }
			err := d.rows(ctx, part, "columns", columns, textColumns+len(group), func(_ uint32, cells []string) error {
				if values[i] == nil {
					values[i] = make([]string, 0, len(fields))
				}
				values[i] = append(values[i], cells[textColumns:]...)
				i++
				return nil
			})
			if err != nil {
				return err
			}
		}
		for i, n := range part {
			for j, info := range correct {
				values[i][j] = info(values[i][j])
			}
			if err := fn(n, values[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// corrections returns, by a field's place, what turns its cells into tshark's
// values; fields that need nothing are left out.
func (d *Dissector) corrections(ctx context.Context, fields []string) (map[int]func(string) string, error) {
	words, err := d.vocabulary(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int]func(string) string{}
	for i, name := range fields {
		if info, ok := words.catalogue.Lookup(name); ok && words.corrects(info) {
			out[i] = func(cell string) string { return words.column(info, cell) }
		}
	}
	return out, nil
}

// groupColumns asks for the fields of group at the positions whose values are
// raw (see columnPreference), after columns that cost nothing.
func groupColumns(req *request, c columnNumbers, group []string) {
	for i := range textColumns {
		req.str("column"+strconv.Itoa(i), c.pad)
	}
	for i, f := range group {
		req.str("column"+strconv.Itoa(textColumns+i), f+":0")
	}
}

// columnGroups splits fields into groups that fit into one request each.
func columnGroups(fields []string) ([][]string, error) {
	fits := func(group []string) bool {
		req := rangeRequest(run{1 << 31, 1<<32 - 1})
		groupColumns(req, columnNumbers{pad: "100"}, group)
		return len(group) <= rawColumns && req.fits()
	}
	var groups [][]string
	start := 0
	for i := range fields {
		if fits(fields[start : i+1]) {
			continue
		}
		if i == start {
			return nil, fmt.Errorf("field %.40q…: %w", fields[i], errTooLong)
		}
		groups = append(groups, fields[start:i])
		start = i
	}
	return append(groups, fields[start:]), nil
}

// checkField asks sharkd whether a field exists, since a column of an unknown
// one is silently empty. Answers are kept.
func (d *Dissector) checkField(ctx context.Context, name string) error {
	for part := range strings.SplitSeq(name, "||") {
		part = strings.TrimSpace(part)
		d.mu.Lock()
		err, known := d.fields[part]
		d.mu.Unlock()
		if known && err != nil {
			return err
		}
		if known {
			continue
		}
		if part == "" || strings.ContainsAny(part, ":\x00") {
			return fmt.Errorf("field: got %q, want a filter name such as \"ip.src\"", name)
		}
		answer, err := d.ask(ctx, question{
			text:   fmt.Sprintf("field %q", part),
			build:  func(*process) *request { return newRequest("check").str("field", part) },
			stall:  d.opts.Deadlines.Start,
			strict: true,
		})
		if err != nil {
			return err
		}
		if answer.code != 0 {
			err = fmt.Errorf("unknown field %q: Wireshark has no field or protocol of this name", part)
		}
		d.mu.Lock()
		d.fields[part] = err
		d.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}
