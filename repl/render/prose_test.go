package render

import (
	"strings"
	"testing"

	"pktsh/repl/result"
)

// TestProse is help on screens of several widths.
func TestProse(t *testing.T) {
	lines := []string{
		"  show      pretty print a packet: every layer and field",
		"A line of prose that is rather longer than",
		"forty columns are.",
		"  pkt.http.request.method   in the current packet",
		"short",
		"",
		"    indented prose that is a good deal longer than the screen",
	}
	for width, want := range map[int]string{
		0: strings.Join(lines, "\n"),
		40: `  show      pretty print a packet: every
            layer and field
A line of prose that is rather longer
than forty columns are.
  pkt.http.request.method  in the
    current packet
short

    indented prose that is a good deal
      longer than the screen`,
		24: `  show  pretty print a
    packet: every layer
    and field
A line of prose that is
rather longer than forty
columns are.
  pkt.http.request.method
    in the current
    packet
short

    indented prose
      that is a good
      deal longer than
      the screen`,
	} {
		var b strings.Builder
		if err := New(&b, Style{Width: width}).Result(t.Context(), &result.Text{Lines: lines, Prose: true}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(b.String(), "\n"); got != want {
			t.Errorf("width %d: got\n%s\nwant\n%s", width, got, want)
		}
	}
}
