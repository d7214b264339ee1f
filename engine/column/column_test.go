package column_test

import (
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pktsh/engine/column"
)

func all(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// TestColumn puts one value, none, several and a copy into both kinds of columns.
func TestColumn(t *testing.T) {
	decimal := func(n uint32) string { return strconv.Itoa(int(n)) }
	for _, numbers := range []bool{true, false} {
		c := column.New(6, nil)
		if numbers {
			c = column.New(6, decimal)
		}
		put := func(i int, v uint32) {
			if c.OfNumbers() {
				c.PutNumber(i, v)
			} else {
				c.Put(i, []string{decimal(v)})
			}
		}
		put(0, 443)
		put(1, 80)
		c.Put(2, []string{"443", "53"})
		c.Copy(4, 2)
		put(5, 80)
		c.Put(5, nil)
		want := [][]string{{"443"}, {"80"}, {"443", "53"}, nil, {"443", "53"}, nil}
		for i, w := range want {
			if got := c.Values(i); !slices.Equal(got, w) {
				t.Errorf("numbers %v: packet %d: got %q, want %q", numbers, i, got, w)
			}
		}
		counts := []column.Count{{Value: "443", N: 3}, {Value: "53", N: 2}, {Value: "80", N: 1}}
		if got := c.CountBy(all(c.Len())); !reflect.DeepEqual(got, counts) {
			t.Errorf("numbers %v: got %v, want %v", numbers, got, counts)
		}
		if got := c.CountBy(all(2)); len(got) != 2 {
			t.Errorf("numbers %v: of two packets got %v", numbers, got)
		}
	}
}
