package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/plan"
)

// tableStep is how many filters of the table an ordinary run passes over for each
// that it asks, since some take a start of tshark; PKTSH_SAMPLE=0 asks all.
const tableStep = 16

// TestFilterTable puts the filters of engine/filter's case table to captures in both
// modes, headers first and Wireshark alone: what passes, and what is refused, is what
// Wireshark said when the table was recorded.
func TestFilterTable(t *testing.T) {
	deep := tools(t)
	table, err := os.ReadFile(filepath.Join("filter", "testdata", "expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(table), "\n"), "\n")
	if installed, err := deep.Version(t.Context(), ""); err != nil || !strings.Contains(lines[0], installed) {
		t.Skipf("the table was recorded with %s, installed is %s (%v)", strings.TrimPrefix(lines[0], "# "), installed, err)
	}
	for _, mode := range []plan.Mode{plan.Auto, plan.Wireshark} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			c := openWith(t, engine.Config{Mode: mode, Tools: deep}, filepath.Join("filter", "testdata", "mixed.pcap"))
			if len(lines) < 400 {
				t.Fatalf("the table has only %d filters", len(lines)-1)
			}
			step := tableStep
			if os.Getenv("PKTSH_SAMPLE") == "0" {
				step = 1
			}
			for i := 1; i < len(lines); i += step {
				line := lines[i]
				want, expr, ok := strings.Cut(line, "\t")
				if !ok {
					t.Fatalf("got the line %q, want frames, a tab, a filter", line)
				}
				if got := passing(t, c, expr); got != want {
					t.Errorf("%s: got %q, want %q", expr, got, want)
				}
			}
		})
	}
}

// passing are the frames that a filter lets through, or "invalid".
func passing(t *testing.T, c *engine.Capture, expr string) string {
	t.Helper()
	v, err := c.All().Narrow(t.Context(), expr)
	if err != nil {
		return "invalid"
	}
	var numbers []string
	for frame, err := range v.Frames(t.Context()) {
		if err != nil {
			return "invalid"
		}
		numbers = append(numbers, fmt.Sprint(frame))
	}
	return strings.Join(numbers, " ")
}
