package wireshark

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// Columns calls fn for each frame with the raw values of fields, "" where a
// frame lacks the field. A field that occurs several times gives all its
// values, separated by commas; a name may be "a||b" for the values of both.
// Values are as tshark -T fields -e prints them ("17", "0x0800",
// "192.168.1.20"), except that sharkd 4.0
//   - gives several values in the order in which the dissector made them, which
//     for a few fields is not the tree's;
//   - cuts strings at 2,047 characters, and bytes ("…" at the end) of fields that
//     are hidden in the tree; other bytes are completed from the tree;
//   - gives "✓" for a protocol or a field without a value;
//   - prints "a||b" of small hexadecimal fields with as many digits as they have bits;
//   - has a few 64-bit fields with named ranges (quic.frame_type) in base 16.
//
// The slice belongs to fn.
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
			for j, value := range correct {
				values[i][j] = value(values[i][j])
			}
			if err := d.complete(ctx, n, fields, values[i]); err != nil {
				return err
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
			err = d.unknownField(ctx, part)
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

// unknownField says that a name is unknown and which one may have been meant.
func (d *Dissector) unknownField(ctx context.Context, name string) error {
	words, err := d.vocabulary(ctx)
	if err != nil {
		return err
	}
	// Of 230,000 names only those of the same protocol are worth comparing.
	protocol, _, _ := strings.Cut(name, ".")
	var names []string
	for _, info := range words.catalogue.Prefix(protocol) {
		names = append(names, info.Name)
	}
	return fmt.Errorf("unknown field %q%s", name, didYouMean(name, names))
}

// ellipsis is what sharkd puts at the end of bytes that it cuts.
const ellipsis = "…"

// complete repairs, with the help of the frame's tree, the cells of a row that
// sharkd does not give in full: cut bytes and texts with control characters. A
// value of which the tree does not have the whole stays as it is.
func (d *Dissector) complete(ctx context.Context, frame uint32, fields, values []string) error {
	var tree *dissect.Tree
	for i, cell := range values {
		info, ok := d.words.catalogue.Lookup(fields[i])
		isBytes := strings.HasSuffix(string(info.Type), "BYTES") && strings.Contains(cell, ellipsis)
		isText := strings.HasPrefix(string(info.Type), "STRING") && rawControls(cell) != cell
		if !ok || !isBytes && !isText {
			continue
		}
		if tree == nil {
			var err error
			if tree, err = d.Tree(ctx, frame); err != nil {
				return err
			}
		}
		if isBytes {
			values[i] = completeBytes(tree, fields[i], cell)
		} else {
			values[i] = completeText(tree, fields[i], cell)
		}
	}
	return nil
}

// completeText decides what a column's "\003" is: a control character, or the
// packet's own four characters, as in the names of DNS.
func completeText(tree *dissect.Tree, name, cell string) string {
	control := false
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		control = control || f.Name == name && strings.ContainsFunc(f.Show, func(r rune) bool {
			return (r < 0x20 || r == 0x7f) && !strings.ContainsRune("\a\b\f\n\r\t\v", r)
		})
		return !control
	})
	if control {
		return rawControls(cell)
	}
	return cell
}

// completeBytes finds, for each cut value in a cell, the first field of that
// name not yet taken whose bytes begin with it.
func completeBytes(tree *dissect.Tree, name, cell string) string {
	var whole []string
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		if f.Name == name {
			whole = append(whole, hex.EncodeToString(f.Bytes(tree)))
		}
		return true
	})
	parts := strings.Split(cell, ",")
	for i, part := range parts {
		start, isCut := strings.CutSuffix(part, ellipsis)
		if !isCut {
			continue
		}
		for k, text := range whole {
			if strings.HasPrefix(text, start) {
				parts[i] = text
				whole = slices.Delete(whole, k, k+1)
				break
			}
		}
	}
	return strings.Join(parts, ",")
}
