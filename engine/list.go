package engine

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"pktsh/dissect"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file answers the packet list with columns that were chosen.

// ListOptions says what a list has.
type ListOptions struct {
	RowOptions
	// Columns are what the cells of each row are.
	Columns []ListColumn
	// Colors has rows coloured; nil for not.
	Colors *ColorRules
}

// ListRow is a packet's row in a list.
type ListRow struct {
	Number uint32
	// Cells are the texts of the columns, in their order.
	Cells []string
	// Preview says that some of it is a stand-in until Wireshark's dissectors answer.
	Preview bool
	// Color is that of the first rule that matches, nil where none does or is known to.
	Color *ColorRule
}

// A list is answered in pieces: the first ones are soon on the screen.
const (
	listFirst = 64
	listChunk = 1024
)

// unknownCell stands where only Wireshark's dissectors know, and are not to be
// waited for.
const unknownCell = "…"

// List yields the rows of packets lo to hi-1 of the view (places, from 0).
func (v *View) List(ctx context.Context, lo, hi int, o ListOptions) iter.Seq2[ListRow, error] {
	return func(yield func(ListRow, error) bool) {
		l := &lister{v: v, c: v.capture, o: o, most: listFirst}
		give := func(r ListRow) error {
			if !yield(r, nil) {
				return errStop
			}
			return nil
		}
		err := l.start(ctx, lo)
		if err == nil {
			err = v.rows(ctx, lo, hi, o.RowOptions, func(r Row) error { return l.add(ctx, r, give) })
		}
		if err == nil || ctx.Err() == nil && err != errStop {
			// What is at hand is shown before what went wrong.
			if last := l.flush(ctx, give); err == nil {
				err = last
			}
		}
		if err != nil && err != errStop {
			yield(ListRow{}, err)
		}
	}
}

// ListRow returns the packet's row in a list with these columns.
func (p *Packet) ListRow(ctx context.Context, o ListOptions) (ListRow, error) {
	r, err := p.Row(ctx)
	if err != nil {
		return ListRow{}, err
	}
	var out ListRow
	l := &lister{v: p.capture.All(), c: p.capture, o: o, most: 1}
	if err := l.start(ctx, int(p.at())-1); err != nil {
		return out, err
	}
	err = l.add(ctx, r, func(r ListRow) error { out = r; return nil })
	return out, err
}

// lister completes rows, some at a time.
type lister struct {
	v    *View
	c    *Capture
	o    ListOptions
	most int
	rows []Row
	// displayed are the packets listed before each of the rows, 0 for none.
	displayed []uint32
	before    uint32
	bytes     uint64 // of the packets up to the last row, where Cumulative is a column

	deep []wireshark.TextColumn // what Wireshark is asked for
	at   []int                  // their places among the columns
}

// start looks at the columns; lo is the place of the first row.
func (l *lister) start(ctx context.Context, lo int) error {
	for i, c := range l.o.Columns {
		if !ownColumn(c.text.Format) {
			l.deep = append(l.deep, c.text)
			l.at = append(l.at, i)
		}
	}
	if lo <= 0 {
		return nil
	}
	set, err := l.v.resolve(ctx)
	if err != nil || lo > set.len() {
		return err
	}
	l.before = set.at(lo - 1)
	for _, c := range l.o.Columns {
		if c.text.Format == "%B" {
			for i := range lo {
				l.bytes += uint64(l.c.file.Record(int(set.at(i)) - 1).Original)
			}
			break
		}
	}
	return nil
}

func (l *lister) add(ctx context.Context, r Row, give func(ListRow) error) error {
	l.rows, l.displayed = append(l.rows, r), append(l.displayed, l.before)
	l.before = r.Number
	if len(l.rows) < l.most {
		return nil
	}
	l.most = listChunk
	return l.flush(ctx, give)
}

// flush completes the rows that are gathered and gives them away.
func (l *lister) flush(ctx context.Context, give func(ListRow) error) error {
	if len(l.rows) == 0 {
		return nil
	}
	out := make([]ListRow, len(l.rows))
	for i, r := range l.rows {
		out[i] = ListRow{Number: r.Number, Preview: r.Preview, Cells: make([]string, len(l.o.Columns))}
		l.bytes += uint64(r.Length)
		for k, c := range l.o.Columns {
			out[i].Cells[k] = l.own(c.text.Format, r, l.displayed[i])
		}
	}
	if err := l.complete(ctx, out); err != nil {
		return err
	}
	if err := l.c.color(ctx, l.o, out); err != nil {
		return err
	}
	l.rows, l.displayed = l.rows[:0], l.displayed[:0]
	for _, r := range out {
		if err := give(r); err != nil {
			return err
		}
	}
	return nil
}

// ownColumn says that a column needs no question of its own: the index and the row
// that there is in any case tell it.
func ownColumn(format string) bool {
	switch format {
	case "%m", "%t", "%s", "%d", "%p", "%L", "%i", "%B", "%Tt", "%Gt", "%Rt", "%At", "%Yt", "%YDOYt", "%Aut", "%Yut", "%YDOYut":
		return true
	}
	return false
}

// own is the text of such a column.
func (l *lister) own(format string, r Row, displayed uint32) string {
	switch format {
	case "%m":
		return strconv.FormatUint(uint64(r.Number), 10)
	case "%t":
		return r.Time
	case "%s":
		return r.Source
	case "%d":
		return r.Destination
	case "%p":
		return r.Protocol
	case "%L":
		return strconv.FormatUint(uint64(r.Length), 10)
	case "%i":
		return r.Info
	case "%B":
		return strconv.FormatUint(l.bytes, 10)
	case "%Tt":
		return r.Delta
	}
	if f, ok := timeColumn(format); ok {
		return l.c.timeText(f, r.Number, displayed)
	}
	return ""
}

// timeColumn is the time format of one of Wireshark's time columns.
func timeColumn(format string) (TimeFormat, bool) {
	switch format {
	case "%Gt":
		return TimeDeltaDisplayed, true
	case "%Rt":
		return TimeRelative, true
	case "%At":
		return TimeAbsolute, true
	case "%Yt":
		return TimeAbsoluteDate, true
	case "%YDOYt":
		return TimeAbsoluteDOY, true
	case "%Aut":
		return TimeUTC, true
	case "%Yut":
		return TimeUTCDate, true
	case "%YDOYut":
		return TimeUTCDOY, true
	}
	return "", false
}

// complete fills in the cells that a tier has to be asked for.
func (l *lister) complete(ctx context.Context, rows []ListRow) error {
	if len(l.deep) == 0 {
		return nil
	}
	t, choice, err := l.c.tier(ctx, plan.Question{PreviewAllowed: l.o.PreviewAllowed})
	if err != nil {
		return err
	}
	return l.c.because(l.c.file.Guard(func() error {
		deep, ok := t.(*wireshark.Dissector)
		if !ok {
			return l.completeOwn(ctx, rows, choice.Preview)
		}
		return inOrder(rows, func(frames []uint32, byFrame map[uint32]*ListRow) error {
			return deep.Texts(ctx, frames, l.deep, func(frame uint32, texts []string) error {
				for i, at := range l.at {
					byFrame[frame].Cells[at] = texts[i]
				}
				return nil
			})
		})
	}))
}

// completeOwn fills them in by pktsh's own dissectors.
func (l *lister) completeOwn(ctx context.Context, rows []ListRow, preview bool) error {
	own := nativeTier{l.c}
	for i := range rows {
		r := &rows[i]
		r.Preview = r.Preview || preview
		t, err := own.Tree(ctx, r.Number)
		if err != nil {
			return err
		}
		for k, at := range l.at {
			r.Cells[at] = l.c.ownText(t, l.deep[k])
		}
	}
	return nil
}

// ownFields are the fields that tell what some of Wireshark's columns do.
func ownFields(format string) string {
	switch format {
	case "%S", "%uS":
		return "tcp.srcport||udp.srcport||sctp.srcport"
	case "%D", "%uD":
		return "tcp.dstport||udp.dstport||sctp.dstport"
	case "%us", "%uns":
		return "ip.src||ipv6.src||arp.src.proto_ipv4"
	case "%ud", "%und":
		return "ip.dst||ipv6.dst||arp.dst.proto_ipv4"
	case "%uhs", "%hs":
		return "eth.src"
	case "%uhd", "%hd":
		return "eth.dst"
	}
	return ""
}

// ownText is a column's text out of a tree that pktsh's own dissectors made.
func (c *Capture) ownText(t *dissect.Tree, column wireshark.TextColumn) string {
	names := column.Field
	if column.Format != wireshark.CustomFormat {
		names = ownFields(column.Format)
	}
	if names == "" {
		return unknownCell
	}
	var values []string
	for name := range strings.SplitSeq(names, "||") {
		info, known := c.session.fields.Lookup(name)
		if !known {
			return unknownCell
		}
		for _, f := range t.Values(name) {
			values = append(values, f.Text(t, info.Type))
		}
	}
	n := column.Occurrence
	if column.Format != wireshark.CustomFormat {
		n = -1 // the innermost
	}
	switch {
	case n < 0:
		n += len(values) + 1
		if n <= 0 {
			return ""
		}
		fallthrough
	case n > 0:
		if n > len(values) {
			return ""
		}
		return values[n-1]
	}
	return strings.Join(values, ",")
}

// inOrder hands the rows' frames to ask in ascending order, as tiers want them.
func inOrder(rows []ListRow, ask func(frames []uint32, byFrame map[uint32]*ListRow) error) error {
	frames := make([]uint32, len(rows))
	byFrame := make(map[uint32]*ListRow, len(rows))
	for i := range rows {
		frames[i] = rows[i].Number
		byFrame[frames[i]] = &rows[i]
	}
	slices.Sort(frames)
	return ask(frames, byFrame)
}
