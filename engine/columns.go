package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/column"
	"pktsh/engine/filter"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file answers what a field is in every packet: as a column, filled once.

// Column returns what a field is in every packet of the capture, packets counted
// from 0. It is Wireshark's answer, but where sure is false; then it is not kept.
// The error of a name that nobody knows is a *filter.Error.
func (c *Capture) Column(ctx context.Context, name string) (col *column.Column, sure bool, err error) {
	if err := c.check(); err != nil {
		return nil, false, err
	}
	if col, ok := c.columns.Get(name); ok {
		return col.(*column.Column), true, nil // other kinds have other names (stripKey)
	}
	err = c.file.Guard(func() (err error) {
		col, sure, err = c.fillColumn(ctx, name)
		return err
	})
	if err != nil {
		return nil, false, c.because(err)
	}
	if sure {
		c.columns.Add(name, col)
	}
	return col, sure, nil
}

func (c *Capture) fillColumn(ctx context.Context, name string) (*column.Column, bool, error) {
	facts := c.facts()
	facts.WhyNot = name + " is no header field that pktsh knows"
	access, known := c.session.table.Access(name)
	if !known && !c.session.deepAllowed() {
		return nil, false, c.unknownField(name)
	}
	var col *column.Column
	var open *roaring.Bitmap
	var r *rules
	if known && facts.Mode != plan.Wireshark {
		var err error
		if r, err = c.rules(ctx); err != nil {
			return nil, false, err
		}
		var fraction atomicFraction
		stop := c.session.wait("reading "+name, fraction.get)
		col, open, err = c.own.Column(ctx, r.walker, access, fraction.set)
		if err == nil && c.own.Detours() && r.caution == "" {
			if r, err = c.rules(ctx); err == nil {
				col, open, err = c.own.Column(ctx, r.walker, access, fraction.set)
			}
		}
		stop()
		if err != nil {
			return nil, false, err
		}
		facts.Native, facts.Unsure, facts.Runs = true, int(open.GetCardinality()), runsOf(open)
		facts.RowsAllowed = textsStandAlone(access.Type)
		facts.SideAllowed = c.sideAllowed([]string{name})
	}
	switch way := plan.ChooseFilter(facts).Way; way {
	case plan.Headers:
		return col, true, nil
	case plan.Trees:
		return col, false, c.completeByTrees(ctx, col, open, name)
	case plan.Side:
		if err := c.completeBySide(ctx, r, col, open, name); err == nil || ctx.Err() != nil {
			return col, true, err
		}
	}
	if col == nil {
		col = column.New(c.size, nil)
		open = roaring.New()
		open.AddRange(1, uint64(c.size)+1)
	}
	sure, err := c.completeByDeep(ctx, col, open, name)
	return col, sure, err
}

func (c *Capture) unknownField(name string) error {
	_, err := filter.Compile(name, c.session.fields)
	if err == nil {
		err = fmt.Errorf("%s: pktsh's own dissectors do not know it; %s", name, c.howToAskWireshark())
	}
	return err
}

// textsStandAlone says that values of a type have no comma, so that several can be
// told apart where sharkd joins them.
func textsStandAlone(t dissect.Type) bool {
	switch {
	case strings.HasPrefix(string(t), "UINT") && !strings.HasSuffix(string(t), "STRING") && !strings.HasSuffix(string(t), "BYTES"), strings.HasPrefix(string(t), "INT"):
		return true
	}
	return t == "BOOLEAN" || t == "IPv4" || t == "IPv6" || t == "ETHER" || t == "FRAMENUM" || t == "RELATIVE_TIME"
}

// completeByTrees reads the frames that headers leave open with pktsh's own
// dissectors: there is nobody else.
func (c *Capture) completeByTrees(ctx context.Context, col *column.Column, open *roaring.Bitmap, name string) error {
	defer c.session.wait("reading "+name, unknown)()
	var kind dissect.Type
	if info, ok := c.session.fields.Lookup(name); ok {
		kind = info.Type
	}
	for it := open.Iterator(); it.HasNext(); {
		frame := it.Next()
		tree, err := c.own.Tree(ctx, frame)
		if err != nil {
			return err
		}
		var values []string
		for _, f := range tree.Values(name) {
			values = append(values, f.Text(tree, kind))
		}
		col.Put(int(frame)-1, values)
	}
	return nil
}

// completeByDeep asks Wireshark about the frames that are open. sure is false where
// it was not there to ask.
func (c *Capture) completeByDeep(ctx context.Context, col *column.Column, open *roaring.Bitmap, name string) (sure bool, err error) {
	t, choice, err := c.tier(ctx, plan.Question{})
	if err != nil {
		return false, err
	}
	deep, ok := t.(*wireshark.Dissector)
	if !ok {
		return false, c.completeByTrees(ctx, col, open, name)
	}
	defer c.session.wait("reading "+name, unknown)()
	catalogue, err := c.session.loadedCatalogue(ctx)
	if err != nil {
		return false, err
	}
	info, known := catalogue.Lookup(name)
	if !known || textsStandAlone(info.Type) || info.Type == dissect.TypeProtocol {
		err = deep.Columns(ctx, open.ToArray(), []string{name}, func(frame uint32, values []string) error {
			if values[0] != "" {
				col.Put(int(frame)-1, strings.Split(values[0], ","))
			}
			return nil
		})
		return !choice.Preview, explainUnknown(err)
	}
	in := c.input()
	query := wireshark.FieldsQuery{Filter: name, Fields: []string{"frame.number", name}}
	err = wireshark.RunFields(ctx, c.session.cfg.Tools, c.config, in, query, func(cells []string) error {
		var frame int
		if _, err := fmt.Sscan(cells[0], &frame); err != nil || frame < 1 || frame > c.size {
			return fmt.Errorf("tshark gave the frame number %q, want 1 to %d", cells[0], c.size)
		}
		if open.Contains(uint32(frame)) {
			col.Put(frame-1, strings.Split(cells[1], wireshark.OccurrenceSeparator))
		}
		return nil
	})
	var cut *wireshark.RunError // the rows were delivered: the capture's last record is cut
	if errors.As(err, &cut) && len(c.file.Warnings()) > 0 {
		err = nil
	}
	return !choice.Preview, err
}

// explainUnknown passes an error on; a field that Wireshark does not know is told
// as such.
func explainUnknown(err error) error {
	var fe *wireshark.FilterError
	if errors.As(err, &fe) {
		return &filter.Error{Expr: fe.Expr, Offset: fe.Offset, Length: fe.Length, Message: fe.Message}
	}
	return err
}

// CountBy counts the values of a field over the view's packets: every occurrence,
// the most frequent value first.
func (v *View) CountBy(ctx context.Context, field string) ([]column.Count, error) {
	col, err := v.columnOf(ctx, field)
	if err != nil {
		return nil, err
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	key := field + "\x00" + v.Filter()
	if counts, ok := v.capture.counts.Get(key); ok && v.filtersOnly() {
		return counts, nil
	}
	counts := col.CountBy(places(set))
	if v.filtersOnly() && v.capture.columns.Contains(field) { // both are Wireshark's answer, or never change
		v.capture.counts.Add(key, counts)
	}
	return counts, nil
}

// filtersOnly says that the view's filter tells its packets: it is no slice, and the
// filter's answer is one that is kept.
func (v *View) filtersOnly() bool {
	if v.base == nil {
		return true
	}
	v.mu.Lock()
	kept := v.frames != nil
	v.mu.Unlock()
	return kept && v.filter != "" && v.base.filtersOnly()
}

// Values yields, for each of the view's packets in order, the values of a field,
// all its occurrences; nil where a packet lacks it.
func (v *View) Values(ctx context.Context, field string) (iter.Seq[[]string], error) {
	col, err := v.columnOf(ctx, field)
	if err != nil {
		return nil, err
	}
	set, err := v.resolve(ctx)
	if err != nil {
		return nil, err
	}
	return func(yield func([]string) bool) {
		for i := range places(set) {
			if !yield(col.Values(i)) {
				return
			}
		}
	}, nil
}

func (v *View) columnOf(ctx context.Context, field string) (*column.Column, error) {
	col, sure, err := v.capture.Column(ctx, field)
	if err == nil && !sure && v.capture.session.Mode() == plan.Auto {
		v.capture.session.noticeAbsent()
	}
	return col, err
}

// places yields the packets of a set, from 0.
func places(set frameSet) iter.Seq[int] {
	return func(yield func(int) bool) {
		if b, ok := set.(bitmap); ok {
			for it := b.Iterator(); it.HasNext(); {
				if !yield(int(it.Next()) - 1) {
					return
				}
			}
			return
		}
		for i := range set.len() {
			if !yield(int(set.at(i)) - 1) {
				return
			}
		}
	}
}

// completeBySide asks tshark about the frames that headers leave open.
func (c *Capture) completeBySide(ctx context.Context, r *rules, col *column.Column, open *roaring.Bitmap, name string) error {
	return c.askSide(ctx, r, open, wireshark.FieldsQuery{Fields: []string{name}}, func(frame uint32, cells []string) error {
		if cells[0] != "" {
			col.Put(int(frame)-1, strings.Split(cells[0], wireshark.OccurrenceSeparator))
		}
		return nil
	})
}
