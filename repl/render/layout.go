package render

// This file decides how wide each column of a table is.

import "pktsh/repl/result"

const (
	// margin is the room left of the first column, for the marks.
	margin = 2
	// gap is the room between two columns.
	gap = 2
)

// column is a column being printed.
type column struct {
	result.Column
	title cell
	// natural is the width that everything seen so far needs.
	natural int
	// body is the width that the first rows alone need, without the title.
	body int
	// width is the width it gets.
	width int
	// hidden says that there is no room for it.
	hidden bool
}

// floors are the least widths of a round of making room.
type floors struct{ flexible, shrinks int }

// fit gives the columns their widths so that a line takes at most width
// columns; 0 means that everything gets its natural width. A table that is
// too wide gives way in this order: the flexible column and the shrinking ones by
// turns, down to what still reads well; columns that yield go; titles are
// cut where they are wider than what is below them, then flexible and shrinking
// columns get smaller than reads well; further columns go from the right,
// except the first, which tells rows apart, and the flexible one, which says
// what they are about; at last lines end where the screen does.
//
// Once the title line is printed (settled) columns no longer come, and go only
// at the screen's edge.
func fit(cols []column, width int, settled bool) {
	natural(cols)
	if width <= 0 {
		return
	}
	// Long addresses (IPv6) give way before Info gets short: it is what is read.
	// An IPv4 address stays whole as long as there is something else to give.
	good := []floors{{flexible: 60, shrinks: 22}, {36, 17}, {14, 15}}
	fair := append(good, floors{16, 12}, floors{12, 9})
	tight := append(fair, floors{8, 7})
	least := append(tight, floors{4, 3})
	if settled {
		squeeze(cols, width, least)
		cutAtEdge(cols, width)
		return
	}
	for i := range cols {
		cols[i].hidden = false
	}
	for !squeeze(cols, width, good) && hideYielding(cols, yieldsEarly) {
		natural(cols)
	}
	for natural(cols); !squeeze(cols, width, fair) && hideYielding(cols, 1); {
		natural(cols)
	}
	for cutTitles(cols, width); !squeeze(cols, width, tight) && hideFromRight(cols); cutTitles(cols, width) {
		natural(cols)
	}
	squeeze(cols, width, least)
	cutAtEdge(cols, width)
}

func natural(cols []column) {
	for i := range cols {
		cols[i].width = cols[i].natural
	}
}

// excess is by how much a line is wider than width.
func excess(cols []column, width int) int {
	need, shown := margin, 0
	for i := range cols {
		if !cols[i].hidden {
			need += cols[i].width
			shown++
		}
	}
	return need + gap*max(shown-1, 0) - width
}

// squeeze narrows columns round by round until a line fits, and says whether
// it does.
func squeeze(cols []column, width int, rounds []floors) bool {
	for i := range cols {
		// Nothing is wider than the screen: it bounds the work below.
		if cols[i].Flexible || cols[i].Shrinks {
			cols[i].width = min(cols[i].width, max(width, 1))
		}
	}
	over := excess(cols, width)
	for _, least := range rounds {
		over = narrow(cols, over, least.flexible, func(c *column) bool { return c.Flexible })
		over = narrow(cols, over, least.shrinks, func(c *column) bool { return c.Shrinks })
	}
	return over <= 0
}

// narrow takes over columns away from the widest columns of a kind, none below
// floor, and returns how many are still to be taken.
func narrow(cols []column, over, floor int, kind func(*column) bool) int {
	for over > 0 {
		widest := -1
		for i := range cols {
			if c := &cols[i]; !c.hidden && kind(c) && c.width > floor && (widest < 0 || c.width > cols[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		cols[widest].width--
		over--
	}
	return over
}

// cutTitles narrows shrinking columns to what is below their titles, if that
// helps a line to fit.
func cutTitles(cols []column, width int) {
	const leastTitle = 5
	over := excess(cols, width)
	for i := range cols {
		if c := &cols[i]; c.Shrinks && !c.hidden && over > 0 {
			take := min(over, max(c.width-max(c.body, c.MinWidth, leastTitle), 0))
			c.width -= take
			over -= take
		}
	}
}

// yieldsEarly is the least Yields of a column that goes before addresses are cut.
const yieldsEarly = 3

// hideYielding hides the column that yields first, of those whose Yields is at
// least that.
func hideYielding(cols []column, least int) bool {
	first := -1
	for i := range cols {
		if c := &cols[i]; !c.hidden && c.Yields >= least && (first < 0 || c.Yields >= cols[first].Yields) {
			first = i
		}
	}
	if first < 0 {
		return false
	}
	cols[first].hidden = true
	return true
}

func hideFromRight(cols []column) bool {
	for i := len(cols) - 1; i > 0; i-- {
		if c := &cols[i]; !c.hidden && !c.Flexible {
			c.hidden = true
			return true
		}
	}
	return false
}

// cutAtEdge narrows, and at last hides, whatever would stand right of the
// screen's edge.
func cutAtEdge(cols []column, width int) {
	for i := len(cols) - 1; i >= 0; i-- {
		c := &cols[i]
		over := excess(cols, width)
		switch {
		case over <= 0:
			return
		case c.hidden:
		case i > 0 && over >= c.width:
			c.hidden = true
		default:
			c.width = max(c.width-over, 1)
		}
	}
}
