package command

import (
	"slices"
	"testing"

	"pktsh/repl/result"
)

// TestHistoryOfBlocks has a block stand on as many lines as it was typed on.
func TestHistoryOfBlocks(t *testing.T) {
	c, ok := NewTable().Lookup("history")
	if !ok {
		t.Fatal("there is no history")
	}
	st := &State{History: func() []string { return []string{"ls", "for p in cap:\n  print(p)"} }}
	r, err := c.Run(t.Context(), st, Input{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"    1  ls", "    2  for p in cap:", "         print(p)"}
	if text, ok := r.(*result.Text); !ok || !slices.Equal(text.Lines, want) {
		t.Errorf("got %q, want %q", r, want)
	}
}
