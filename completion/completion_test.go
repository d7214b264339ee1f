package completion

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// fixed suggests the same for every place.
type fixed []Suggestion

func (f fixed) Suggest(context.Context, Context) []Suggestion { return f }

func complete(text string, providers ...Provider) []Suggestion {
	got, _ := (&Completer{Providers: providers}).Complete(context.Background(), text, len(text))
	return got
}

func TestRanking(t *testing.T) {
	all := fixed{{Text: "beta"}, {Text: "alpha", Rank: 1}, {Text: "abc", Rank: 1}, {Text: "Axe"}, {Text: "banana"}}
	for text, want := range map[string]string{
		"x = ":    "Axe banana beta abc alpha",
		"x = b":   "banana beta",
		"x = A":   "Axe",          // what begins with the word as it is
		"x = AL":  "alpha",        // then whatever the case
		"x = aa":  "banana alpha", // then its letters in order, by rank
		"x = ea":  "beta",
		"x = zzz": "",
		"x = BE":  "beta",
		"x = a":   "abc alpha", // a prefix keeps other case out
		"x = e":   "Axe beta",
		"x = xe":  "Axe",
	} {
		if got := texts(complete(text, all), 100); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMerge(t *testing.T) {
	got := complete("x = ", fixed{{Text: "same", Rank: 5, Description: "worse"}, {Text: "bare", Rank: 0}},
		fixed{{Text: "same", Rank: 1, Description: "better"}, {Text: "bare", Rank: 9, Description: "filled in"}})
	want := []Suggestion{{Text: "bare", Description: "filled in"}, {Text: "same", Rank: 1, Description: "better"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var many fixed
	for i := range 500 {
		many = append(many, Suggestion{Text: fmt.Sprintf("n%03d", i), Rank: 500 - i})
	}
	if got := complete("x = n", many); len(got) != MaxSuggestions || got[0].Text != "n499" {
		t.Errorf("got %d suggestions from %s, want the best %d", len(got), texts(got, 2), MaxSuggestions)
	}
}

// TestHostileText holds what comes from packets and files away from the terminal.
func TestHostileText(t *testing.T) {
	got := complete("x = ", fixed{
		{Text: "esc\x1b[2J"}, {Text: "nl\n"}, {Text: "bidi\u202e"}, {Text: "bad\xff"}, {Text: "c1\u009b"},
		{Text: "ok ä 日本", Description: "a\x1b[31m\nb\u202ec\xff"}, {Text: "long", Description: strings.Repeat("ä", 1<<20)},
	})
	if texts(got, 9) != "long ok ä 日本" {
		t.Errorf("got %q, want only what can be typed", texts(got, 9))
	}
	if want := "a\ufffd[31m\ufffdb\ufffdc\ufffd"; len(got) == 2 && got[1].Description != want {
		t.Errorf("got the description %q, want %q", got[1].Description, want)
	}
	if d := []rune(got[0].Description); len(d) != maxDescription || d[maxDescription-1] != '…' {
		t.Errorf("got a description of %d runes, want %d", len(d), maxDescription)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, start := (&Completer{Providers: []Provider{fixed{{Text: "x"}}}}).Complete(ctx, "y = ", 4)
	if got != nil || start != 4 {
		t.Errorf("got %v from %d after the end of the context, want nothing", got, start)
	}
}

func ExampleCompleter() {
	c := &Completer{
		Grammar:   Grammar{Functions: PySharkSignatures()},
		Providers: []Provider{AttributeProvider{fakeObjects{}}, NameProvider{Functions: PySharkSignatures()}},
	}
	for _, text := range []string{"print(pkt.hi", "cap.filter(d"} {
		suggestions, start := c.Complete(context.Background(), text, len(text))
		for _, s := range suggestions[:1] {
			fmt.Printf("%s → %s  # %s\n", text, text[:start]+s.Text, s.Description)
		}
	}
	// Output:
	// print(pkt.hi → print(pkt.highest_layer  # DNS
	// cap.filter(d → cap.filter(display_filter=  # Wireshark display filter
}
