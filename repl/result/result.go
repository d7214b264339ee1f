// Package result holds what a command answers with, before anybody decided how
// it looks. repl/command makes results, repl/render turns them into text; the
// two know each other only through this package.
package result

import (
	"iter"

	"pktsh/dissect"
)

// Result is what a command returns. The concrete types are *Table, *Tree,
// *Hex, *Text and *Status; nil means that there is nothing to show.
type Result interface{ isResult() }

// Align says on which side of its column a cell stands.
type Align uint8

// Columns are left-aligned unless they say otherwise.
const (
	Left Align = iota
	Right
)

// Role says what a cell or a line means, for colour. The renderer alone knows
// which colour a role has.
type Role uint8

// The roles, from nothing in particular to what must be noticed.
const (
	RolePlain    Role = iota
	RoleHeading       // column titles
	RoleName          // protocol, layer and command names
	RoleAddress       // network addresses
	RoleNumber        // frame numbers, counts, lengths
	RoleDim           // times, previews, what matters less
	RoleNote          // expert notes
	RoleWarning       // expert warnings and ours
	RoleError         // expert errors and ours
	RoleSelected      // the field that was asked for
)

// Column is one column of a table.
type Column struct {
	Title string
	// Key is its name in data (JSON, CSV); "" for one made of the title.
	Key string
	// Number says that cells which are decimal numbers are numbers in JSON; a cell
	// without one is a text.
	Number bool
	// Grouped has people see a number's thousands: cells "1204" as 1,204.
	Grouped bool
	Align   Align
	Role    Role
	// Flexible marks the column that is cut when the table is wider than the
	// screen (Info).
	Flexible bool
	// Shrinks marks columns that may be cut after the flexible one is at its least.
	Shrinks bool
	// MinWidth keeps a streamed column steady: widths grow but never shrink.
	MinWidth int
	// Yields says in which order columns give way on a screen too narrow for all
	// of them: the highest goes first. A column with 0 goes only when every
	// other remedy failed.
	Yields int
}

// Row is one row of a table. Len(Cells) equals the table's number of columns.
type Row struct {
	Cells []string
	// Color is the row's own, nil for none.
	Color *Color
	// Role colours the whole row; RolePlain leaves the columns' own roles.
	Role Role
	// Current marks the row of the current packet.
	Current bool
	// Preview marks a row that is a stand-in until Wireshark has answered.
	Preview bool
}

// Color is a pair of colours, each red, green and blue.
type Color struct{ Foreground, Background [3]uint8 }

// Table is rows under aligned columns. Rows are produced while they are
// printed, so a table of a million rows costs no memory.
type Table struct {
	Columns []Column
	// Rows yields the rows; an error ends it. It may be iterated only once.
	Rows iter.Seq2[Row, error]
	// Empty is the line that stands for a table without rows, where a person reads
	// it; "" has the titles stand there alone.
	Empty string
	// Footer lines come after the last row when the result is shown to a
	// person; a pipe does not get them.
	Footer func() []string
	// Live says that rows come as something happens: each is shown at once, and Rows
	// ends by itself when the context does, which is no error then.
	Live bool
}

// Tree is one packet's dissection, or some of its layers.
type Tree struct {
	Tree *dissect.Tree
	// Nodes are the nodes to show; Tree.Nodes for all of them.
	Nodes []*dissect.Field
}

// Hex is a hex dump of a buffer, with one range lit.
type Hex struct {
	// Title names the buffer when there is more than one; empty otherwise.
	Title string
	Bytes []byte
	// LitStart and LitEnd bound the lit range [LitStart, LitEnd); equal means none.
	LitStart, LitEnd int
}

// Text is lines of prose or data, already formatted but not yet escaped.
type Text struct {
	Lines []string
	// Prose says that the lines are for reading: on a screen too narrow for them
	// they are broken between words, indented as what goes on.
	Prose bool
}

// Status is one line about what was done ("41 of 1,204 packets"). It goes to
// standard output like any result.
type Status struct {
	Line string
	Role Role
}

// Data is a table as data for other programs.
type Data struct {
	Result Result
	// Format is json, csv or markdown.
	Format string
}

// Many is several results, one after the other.
type Many []Result

func (*Table) isResult()  {}
func (*Tree) isResult()   {}
func (*Hex) isResult()    {}
func (*Text) isResult()   {}
func (*Status) isResult() {}
func (*Data) isResult()   {}
func (Many) isResult()    {}
