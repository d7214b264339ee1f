package command

import (
	"context"
	"iter"
	"slices"

	"pktsh/engine"
	"pktsh/repl/result"
)

// This file makes the table that packets are listed in: by ls, and wherever a
// packet's row is shown.

// listed are the columns in use.
func (st *State) listed() []engine.ListColumn {
	if st.Columns != nil {
		return st.Columns
	}
	return engine.DefaultListColumns()
}

// listOptions is how packets are listed. Rows of data are not coloured.
func (st *State) listOptions() engine.ListOptions {
	o := engine.ListOptions{RowOptions: engine.RowOptions{PreviewAllowed: st.Interactive()}, Columns: st.listed()}
	if st.Color {
		o.Colors = st.Settings.Colors
	}
	return o
}

// listTable is a table of rows of the packet list, as they are in a view.
func (st *State) listTable(current uint32, rows iter.Seq2[engine.ListRow, error]) *result.Table {
	return &result.Table{Columns: st.listColumns(), Rows: func(yield func(result.Row, error) bool) {
		for row, err := range rows {
			if !yield(listRow(row, current), err) || err != nil {
				return
			}
		}
	}}
}

func listRow(r engine.ListRow, current uint32) result.Row {
	out := result.Row{Cells: r.Cells, Current: r.Number == current, Preview: r.Preview}
	if c := r.Color; c != nil {
		out.Color = &result.Color{Foreground: [3]uint8{c.Foreground.R, c.Foreground.G, c.Foreground.B}, Background: [3]uint8{c.Background.R, c.Background.G, c.Background.B}}
	}
	return out
}

// rowsOf are the rows of some packets of a capture.
func (st *State) rowsOf(ctx context.Context, c *engine.Capture, frames []uint32) iter.Seq2[engine.ListRow, error] {
	return func(yield func(engine.ListRow, error) bool) {
		o := st.listOptions()
		for _, frame := range frames {
			p, err := c.Packet(frame)
			var row engine.ListRow
			if err == nil {
				row, err = p.ListRow(ctx, o)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// listColumns are the columns in use as a table has them.
func (st *State) listColumns() []result.Column {
	columns := st.listed()
	out := make([]result.Column, len(columns))
	for i, c := range columns {
		out[i] = listColumn(c)
		if c.Format() == "%t" {
			out[i].Number = slices.Contains([]engine.TimeFormat{engine.TimeRelative, engine.TimeDelta, engine.TimeDeltaDisplayed, engine.TimeEpoch}, st.Session.Times())
		}
	}
	return out
}

// listColumn is how a column of the packet list stands in a table.
func listColumn(c engine.ListColumn) result.Column {
	out := result.Column{Title: c.Title, Key: c.Name, Number: c.Numeric, Shrinks: true, Yields: 1}
	if c.Title != c.Name && c.Field() != "" {
		out.Key = c.Title
	}
	switch c.Format() {
	case "%m":
		return result.Column{Title: c.Title, Key: c.Name, Align: result.Right, Role: result.RoleNumber, MinWidth: 3, Number: true}
	case "%t":
		return result.Column{Title: c.Title, Key: c.Name, Role: result.RoleDim, MinWidth: 8, Yields: 3}
	case "%L":
		return result.Column{Title: c.Title, Key: c.Name, Align: result.Right, Role: result.RoleNumber, Yields: 4, Number: true}
	case "%p":
		return result.Column{Title: c.Title, Key: c.Name, Role: result.RoleName, MinWidth: 8, Shrinks: true}
	case "%i":
		return result.Column{Title: c.Title, Key: c.Name, Flexible: true}
	case "%s":
		out.Role, out.MinWidth = result.RoleAddress, 9
	case "%d":
		out.Role, out.MinWidth, out.Yields = result.RoleAddress, 9, 2
	case "%us", "%ud", "%rs", "%rd", "%ns", "%nd", "%uns", "%und", "%rns", "%rnd", "%hs", "%hd", "%uhs", "%uhd", "%rhs", "%rhd":
		out.Role = result.RoleAddress
	case "%Rt", "%At", "%Yt", "%YDOYt", "%Aut", "%Yut", "%YDOYut", "%Tt", "%Gt":
		out.Role, out.Shrinks = result.RoleDim, false
	}
	switch {
	case c.Address:
		out.Role = result.RoleAddress
	case out.Number:
		out.Align = result.Right
	}
	return out
}
