package repl

import (
	"context"
	"testing"
	"time"

	"pktsh/completion"
	"pktsh/repl/render"
)

// TestCompleteValues asks for the values of a field behind an operator: those of the
// capture, by how often they occur. They are counted in the background, so that the
// first TAB does without.
func TestCompleteValues(t *testing.T) {
	b := newBench(t, render.Style{})
	offered := func(text string) []completion.Suggestion {
		t.Helper()
		for b.shell.catalogue() == nil {
			time.Sleep(time.Millisecond)
		}
		for range 200 {
			if found, _ := b.shell.Complete(context.Background(), text, len(text)); len(found) > 0 && found[0].Description != "" {
				return found
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("%s: no values were offered", text)
		return nil
	}
	for _, c := range []struct{ text, value, description string }{
		{"filter ip.src == ", "192.168.1.20", "544 here"},
		{"filter tcp.dstport in {80, ", "51999", "373 here"},
		{"filter dns.qry.name == ", `"_http._tcp.local"`, "6 here"},
		{"filter eth.src==", "02:00:00:00:00:01", ""},
		{"filter tcp.flags.syn == ", "False", ""},
		{"filter ip.ttl > ", "64", ""},
	} {
		found := offered(c.text)
		if got := found[0]; got.Text != c.value || c.description != "" && got.Description != c.description {
			t.Errorf("%s: got first %q (%s), want %q (%s)", c.text, got.Text, got.Description, c.value, c.description)
		}
	}
	// What is begun narrows them.
	if found := offered("filter ip.src == 198.51.100.4"); len(found) == 0 || found[0].Text[:12] != "198.51.100.4" {
		t.Errorf("got %v, want addresses that begin so", found)
	}
}
