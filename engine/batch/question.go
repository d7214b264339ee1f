package batch

import (
	"slices"
	"sync/atomic"

	"pktsh/dissect"
	"pktsh/engine/filter"
	"pktsh/engine/side"
)

// column is a field to print.
type column struct {
	name   string
	access *dissect.Access // nil where the field is asked again later: tshark prints the last
	// ofIndex says that the index of the file knows it, for any packet.
	ofIndex bool
}

// question is what is asked of every packet, as far as headers answer it.
type question struct {
	table   *dissect.Table
	columns []column
	layout  layout
	scan    *filter.Scan // nil when there is no filter
	filter  string
	// flat says that the packets themselves need not be looked at.
	flat bool
	// clocked says that a time is printed, timed that others' times matter to it.
	clocked, timed bool
	trees          []string
	// aside says that a side capture can answer for packets that headers do not
	// answer for, if the fields of the frame are left to the index.
	aside bool

	// holed says that some packet was left to Wireshark: from then on it pays to mark
	// packets ([side.Mark]).
	holed atomic.Bool
}

// newQuestion returns the question; ok is false when it takes Wireshark's dissectors.
func newQuestion(table *dissect.Table, expr string, fields []string, l layout) (q *question, ok bool) {
	q = &question{table: table, layout: l, filter: expr, flat: true}
	var asked []string // of packets
	for i, name := range fields {
		c := column{name: name}
		if !slices.Contains(fields[i+1:], name) {
			a, ok := table.Access(name)
			if !ok || a.Doubtful || a.Type == dissect.TypeProtocol {
				return nil, false
			}
			c.access, c.ofIndex = a, name == "frame.number" || name == "frame.len" || name == "frame.cap_len"
			q.timed = q.timed || a.Timed
			q.clocked = q.clocked || a.OfFrame && !c.ofIndex
			if !a.OfFrame {
				q.flat = false
				asked = append(asked, name)
			}
			if !a.Direct {
				q.trees = append(q.trees, name)
			}
		}
		q.columns = append(q.columns, c)
	}
	if expr != "" {
		program, err := filter.Compile(expr, table.Catalogue())
		if err != nil {
			return nil, false
		}
		for _, name := range program.FieldNames() {
			a, ok := table.Access(name)
			if !ok || a.Doubtful {
				return nil, false
			}
			q.flat = q.flat && a.OfFrame
			asked = append(asked, name)
		}
		q.scan = program.Scan(table)
		q.timed = q.timed || q.scan.Timed()
		q.trees = append(q.trees, q.scan.Trees()...)
	}
	q.aside = side.Allowed(table, asked)
	return q, true
}

// fields are the names of the columns to ask Wireshark for.
func (q *question) fields(wanted func(column) bool) (names []string) {
	for _, c := range q.columns {
		if c.access != nil && wanted(c) {
			names = append(names, c.name)
		}
	}
	return names
}
