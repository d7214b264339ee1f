// Package column holds what one field is in every packet of a capture, in four
// bytes a packet: a field that was asked once costs a scan when it is asked again.
package column

import (
	"cmp"
	"iter"
	"slices"
	"sync"
)

// Cell is what a field is in one packet: nothing, a number, or a place in the
// column's dictionary.
type Cell uint32

const (
	// Absent is the cell of packets without the field.
	Absent Cell = 1<<32 - 1
	// listed is the cell of packets whose values are in Column.listed, in columns
	// whose cells are numbers.
	listed Cell = 1<<32 - 2
)

// Column is the values of one field. Different packets' cells may be put by
// different goroutines; reading is for when all are there.
type Column struct {
	cells []Cell
	// text makes a value of a cell that is a number; nil where cells are places in
	// the dictionary.
	text func(number uint32) string

	mu         sync.Mutex // guards what follows while the column is filled
	dictionary [][]string
	places     map[string]uint32
	listed     map[int]uint32 // packet → place, where cells are numbers
}

// New returns a column of n packets, none of which has the field. text is for
// fields whose values are numbers below [Numbers]; nil for all others.
func New(n int, text func(number uint32) string) *Column {
	c := &Column{cells: make([]Cell, n), text: text, places: map[string]uint32{}, listed: map[int]uint32{}}
	for i := range c.cells {
		c.cells[i] = Absent
	}
	return c
}

// Numbers is how many numbers a cell can hold, from 0.
const Numbers = uint64(listed)

// OfNumbers says that the column takes [Column.PutNumber].
func (c *Column) OfNumbers() bool { return c.text != nil }

// Len is the number of packets.
func (c *Column) Len() int { return len(c.cells) }

// PutNumber sets the one value of packet i, which is below [Numbers].
func (c *Column) PutNumber(i int, number uint32) { c.cells[i] = Cell(number) }

// Put sets the values of packet i; none of them makes it absent.
func (c *Column) Put(i int, values []string) {
	if len(values) == 0 {
		c.cells[i] = Absent
		return
	}
	place := c.place(values)
	if c.text == nil {
		c.cells[i] = Cell(place)
		return
	}
	c.mu.Lock()
	c.listed[i] = place
	c.mu.Unlock()
	c.cells[i] = listed
}

// Copy gives packet i the values of packet from.
func (c *Column) Copy(i, from int) {
	c.cells[i] = c.cells[from]
	if c.text != nil && c.cells[from] == listed {
		c.mu.Lock()
		c.listed[i] = c.listed[from]
		c.mu.Unlock()
	}
}

// place returns where values are in the dictionary.
func (c *Column) place(values []string) uint32 {
	key := values[0]
	for _, v := range values[1:] {
		key += "\x00" + v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	place, ok := c.places[key]
	if !ok {
		place = uint32(len(c.dictionary))
		c.places[key] = place
		c.dictionary = append(c.dictionary, slices.Clone(values))
	}
	return place
}

// Values are the values of packet i in the packet's order, nil when it lacks the
// field. The slice is not to be changed.
func (c *Column) Values(i int) []string {
	switch cell := c.cells[i]; {
	case cell == Absent:
		return nil
	case c.text == nil:
		return c.dictionary[cell]
	case cell == listed:
		return c.dictionary[c.listed[i]]
	default:
		return []string{c.text(uint32(cell))}
	}
}

// Count is how often a value occurs.
type Count struct {
	Value string
	N     int
}

// CountBy counts the values over some packets: every occurrence, the most frequent
// value first, those of the same count by value.
func (c *Column) CountBy(packets iter.Seq[int]) []Count {
	byCell, byText := map[Cell]int{}, map[string]int{}
	last, run := Absent, 0 // packets come in bursts
	for i := range packets {
		cell := c.cells[i]
		if c.text != nil && cell == listed {
			for _, v := range c.Values(i) {
				byText[v]++
			}
			continue
		}
		if cell != last {
			byCell[last] += run
			last, run = cell, 0
		}
		run++
	}
	byCell[last] += run
	delete(byCell, Absent)
	for cell, n := range byCell {
		if c.text != nil {
			byText[c.text(uint32(cell))] += n
			continue
		}
		for _, v := range c.dictionary[cell] {
			byText[v] += n
		}
	}
	out := make([]Count, 0, len(byText))
	for v, n := range byText {
		out = append(out, Count{v, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
	return out
}

// Size is how many bytes the column takes.
func (c *Column) Size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := int64(len(c.cells)) * 4
	for key := range c.places {
		size += int64(2*len(key)) + listOverhead
	}
	return size + int64(len(c.listed))*16
}

// listOverhead is what a list of values in the dictionary takes beside its texts:
// its place, its slice and a string's header.
const listOverhead = 96
