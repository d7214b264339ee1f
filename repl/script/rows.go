package script

import (
	"context"

	"pktsh/engine"
)

// maxWindow is how many rows are asked for at once, at most.
const maxWindow = 1024

// rowWindow fetches the rows of a loop's packets ahead: a page of rows costs a
// dissector little more than one. It starts with one row, for the loop that
// asks only once, and grows while rows are asked for in order.
type rowWindow struct {
	view viewSource
	lo   int // place in the view of rows[0]
	rows []engine.Row
	size int
}

// row returns the row of the i-th packet of the view.
func (w *rowWindow) row(ctx context.Context, i int) (engine.Row, bool, error) {
	if i >= w.lo && i < w.lo+len(w.rows) {
		return w.rows[i-w.lo], true, nil
	}
	if i == w.lo+len(w.rows) && w.size > 0 {
		w.size = min(w.size*4, maxWindow)
	} else {
		w.size = 1
	}
	w.lo, w.rows = i, w.rows[:0]
	for r, err := range w.view.Rows(ctx, i, i+w.size, engine.RowOptions{}) {
		if err != nil && len(w.rows) == 0 {
			return engine.Row{}, false, err
		}
		if err != nil {
			break // it is told when the loop comes there
		}
		w.rows = append(w.rows, r)
	}
	if len(w.rows) == 0 {
		return engine.Row{}, false, nil
	}
	return w.rows[0], true, nil
}
