package engine

import (
	"context"
	"iter"

	"pktsh/dissect"
	"pktsh/engine/column"
)

// This file reads several fields of the same packets side by side.

// Table yields, for each of the view's packets in order, the values of each field,
// all its occurrences; nil where the packet lacks the field. The outer slice is used
// again for the next packet, the inner ones are not to be changed.
func (v *View) Table(ctx context.Context, fields []string) (iter.Seq[[][]string], error) {
	columns := make([]*column.Column, len(fields))
	for i, field := range fields {
		var err error
		if columns[i], err = v.columnOf(ctx, field); err != nil {
			return nil, err
		}
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return func(yield func([][]string) bool) {
		row := make([][]string, len(columns))
		for place := range places(set) {
			for i, col := range columns {
				row[i] = col.Values(place)
			}
			if !yield(row) {
				return
			}
		}
	}, nil
}

// FieldType returns the type of a field's values, "" of a name that nobody knows. It
// is the same whenever it is asked: it waits for Wireshark's field names where pktsh's
// own dissectors do not know the field.
func (c *Capture) FieldType(ctx context.Context, name string) (dissect.Type, error) {
	if info, ok := c.session.fields.Lookup(name); ok {
		return info.Type, nil
	}
	catalogue, err := c.session.WaitCatalogue(ctx)
	if err != nil {
		return "", err
	}
	info, _ := catalogue.Lookup(name)
	return info.Type, nil
}

// Release tells that a loop went past the packets from frame from up to frame to,
// which is excluded: of a large file they leave this process's memory. They can be
// asked for again.
func (v *View) Release(from, to uint32) {
	c := v.capture
	c.mu.Lock() // Close waits for it
	defer c.mu.Unlock()
	if c.closed || from == 0 || from >= to || int(to) > c.Len() {
		return
	}
	c.file.Release(int(from)-1, int(to)-1)
}
