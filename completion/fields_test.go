package completion

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pktsh/dissect"
)

// largeCatalogue returns a catalogue of the size and shape of Wireshark 4.0's:
// 236,000 names, most in a few huge protocols, some deep.
func largeCatalogue() *dissect.Catalogue {
	const protocols = 2_900
	types := []dissect.Type{"UINT32", "UINT8", "NONE", "BOOLEAN", "STRING", "BYTES", "IPv4"}
	fields := make([]dissect.FieldInfo, 0, 236_000)
	for i := range protocols {
		// Letters spread as names are: "aaa", "baa", "caa" and on.
		name := string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676)})
		fields = append(fields, dissect.FieldInfo{Name: name, Label: "Protocol " + name, Type: dissect.TypeProtocol, Protocol: name})
		n := 40
		if i%250 == 0 {
			n = 10_000
		}
		for j := range n {
			fields = append(fields, dissect.FieldInfo{
				Name:  fmt.Sprintf("%s.group%d.field%d", name, j%23, j),
				Label: fmt.Sprintf("Field %d", j), Type: types[j%len(types)], Protocol: name,
			})
		}
	}
	return dissect.NewCatalogue(fields)
}

func fieldCompleter(cat *dissect.Catalogue) *Completer {
	return &Completer{
		Grammar:   Grammar{Commands: testCommands()},
		Providers: []Provider{CommandProvider{testCommands()}, &FieldProvider{Catalogue: func(context.Context) *dissect.Catalogue { return cat }}},
	}
}

func TestFoldedFields(t *testing.T) {
	c := fieldCompleter(largeCatalogue())
	ctx := context.Background()
	got, _ := c.Complete(ctx, "filter aaa.", 11)
	if len(got) != 23 || got[0].Text != "aaa.group0." || got[0].Description != "435 fields" {
		t.Errorf("aaa.: got %d suggestions %s, want the 23 groups of 10,000 fields", len(got), texts(got, 3))
	}
	got, _ = c.Complete(ctx, "filter aaa.group0.field99", 25)
	for _, s := range got {
		if !strings.HasPrefix(s.Text, "aaa.group0.field99") || strings.HasSuffix(s.Text, ".") {
			t.Errorf("aaa.group0.field99: got %q, want fields with the prefix", s.Text)
		}
	}
	if len(got) < 2 {
		t.Errorf("aaa.group0.field99: got %s, want several", texts(got, 9))
	}
	// A whole protocol's name goes on with its fields.
	got, _ = c.Complete(ctx, "filter baa", 10)
	if len(got) != 41 || got[0].Text != "baa" {
		t.Errorf("baa: got %d suggestions %s, want the protocol and its 40 fields", len(got), texts(got, 3))
	}
	// Names that belong to no protocol are found by their first segment.
	lone := make([]dissect.FieldInfo, 0, 200)
	for i := range 200 {
		lone = append(lone, dissect.FieldInfo{Name: fmt.Sprintf("_ws.x%d", i), Type: "UINT8"})
	}
	got, _ = fieldCompleter(dissect.NewCatalogue(lone)).Complete(ctx, "filter _w", 9)
	if texts(got, 9) != "_ws." {
		t.Errorf("_w: got %s, want _ws.", texts(got, 9))
	}
	// Nothing typed: 100 at most, and no field among them.
	got, _ = c.Complete(ctx, "filter ", 7)
	if len(got) > MaxSuggestions || slices.ContainsFunc(got, func(s Suggestion) bool { return strings.Contains(s.Text, ".") }) {
		t.Errorf("nothing typed: got %d suggestions %s, want protocols and functions", len(got), texts(got, 100))
	}
	// One field alone below a segment is offered itself.
	one := make([]dissect.FieldInfo, 0, 200)
	for i := range 200 {
		one = append(one, dissect.FieldInfo{Name: fmt.Sprintf("p.a%03d.x", i), Type: "UINT8", Protocol: "p"})
	}
	got, _ = fieldCompleter(dissect.NewCatalogue(one)).Complete(ctx, "filter p.", 9)
	if len(got) != MaxSuggestions || got[0].Text != "p.a000.x" {
		t.Errorf("p.: got %d suggestions %s, want fields", len(got), texts(got, 3))
	}
}

func TestFieldProviderWithoutCatalogue(t *testing.T) {
	if got, _ := fieldCompleter(nil).Complete(context.Background(), "filter d", 8); got != nil {
		t.Errorf("got %s before a catalogue is there, want nothing", texts(got, 9))
	}
	if got := (&FieldProvider{}).Suggest(context.Background(), Context{Kind: KindFilter}); got != nil {
		t.Errorf("got %s without a catalogue, want nothing", texts(got, 9))
	}
}

// TestFieldProviderConcurrent exists for the race detector: the prompt asks in
// a goroutine a key, and a new catalogue may come in between.
func TestFieldProviderConcurrent(t *testing.T) {
	a, b := testCatalogue(), testCatalogue()
	var n int
	var mu sync.Mutex
	p := &FieldProvider{Catalogue: func(context.Context) *dissect.Catalogue {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%2 == 0 {
			return a
		}
		return b
	}}
	c := &Completer{Grammar: Grammar{Commands: testCommands()}, Providers: []Provider{p}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got, _ := c.Complete(context.Background(), "filter d", 8); texts(got, 9) != "dnp3 dns" {
					t.Errorf("got %s, want the two protocols", texts(got, 9))
				}
			}
		})
	}
	wg.Wait()
}

func TestDescriptions(t *testing.T) {
	c := testCompleter(t.TempDir())
	for text, want := range map[string]string{
		"filter ip.src_": "Source Host (STRING)",
		"filter eth":     "Ethernet (protocol)",
		"fol":            "follow a stream",
		"l":              "list packets", // the first line only
		"pkt.dns.q":      "example.org",
		"cap.filter(d":   "Wireshark display filter",
	} {
		got, _ := c.Complete(context.Background(), text, len(text))
		if len(got) == 0 || got[0].Description != want {
			t.Errorf("%q: got %+v, want the description %q", text, got, want)
		}
	}
}

// BenchmarkComplete measures a key press in a filter against 236,000 names;
// the prompt's budget is 2 ms.
func BenchmarkComplete(b *testing.B) {
	c := fieldCompleter(largeCatalogue())
	for _, text := range []string{
		"filter ", "filter a", "filter ab", "filter aaa", "filter aaa.", "filter aaa.group1.f", "filter aaa.grup1f99", "filter zzz",
		"filter aaa.group0.field0 ", "filter aaa.group0.field0 == aa",
	} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				c.Complete(context.Background(), text, len(text))
			}
		})
	}
}
