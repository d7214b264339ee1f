package native_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect"
)

// This file counts what the differential suite finds.

// coverage is what was sure, what was wrong, and why the rest was not sure.
type coverage struct {
	captures, packets, sure int
	classes                 map[dissect.Class]int
	fields                  map[string]*fieldCount
	wrong                   map[string][]string // mismatches by field
	reasons                 map[string]*reason  // unsure packets by class and what Wireshark made of them
	uneven                  []string            // captures in which packets are missing on one side
}

type fieldCount struct{ sure, unsure int }

// reason is a kind of unsure packet, with an example.
type reason struct {
	packets int
	example string
}

func newCoverage() *coverage {
	return &coverage{classes: map[dissect.Class]int{}, fields: map[string]*fieldCount{}, wrong: map[string][]string{}, reasons: map[string]*reason{}}
}

func (c *coverage) packet(capture string, frame uint32, h *dissect.Headers, protocols string) {
	c.packets++
	c.classes[h.Class]++
	if !h.Unsure.Has(dissect.LowerLayers) {
		c.sure++
		return
	}
	key := fmt.Sprintf("%-14s %s", h.Class, protocols)
	if c.reasons[key] == nil {
		c.reasons[key] = &reason{example: fmt.Sprintf("%s %d", capture, frame)}
	}
	c.reasons[key].packets++
}

func (c *coverage) field(a *dissect.Access, sure bool) {
	n := c.fields[a.Name]
	if n == nil {
		n = &fieldCount{}
		c.fields[a.Name] = n
	}
	if sure {
		n.sure++
	} else {
		n.unsure++
	}
}

func (c *coverage) mismatch(a *dissect.Access, capture string, frame uint32, h *dissect.Headers, protocols, got, want string) {
	show := func(s string) string {
		s = strings.ReplaceAll(s, valueEnd, " | ")
		return s[:min(len(s), 160)]
	}
	c.wrong[a.Name] = append(c.wrong[a.Name], fmt.Sprintf("%s %d (%s, %s): got %q, want %q", capture, frame, h.Class, protocols, show(got), show(want)))
}

// add takes one capture's counts.
func (c *coverage) add(o *coverage) {
	c.captures++
	c.packets, c.sure = c.packets+o.packets, c.sure+o.sure
	for k, n := range o.classes {
		c.classes[k] += n
	}
	for k, n := range o.fields {
		if c.fields[k] == nil {
			c.fields[k] = &fieldCount{}
		}
		c.fields[k].sure += n.sure
		c.fields[k].unsure += n.unsure
	}
	for k, list := range o.wrong {
		c.wrong[k] = append(c.wrong[k], list...)
	}
	for k, r := range o.reasons {
		if c.reasons[k] == nil {
			c.reasons[k] = &reason{example: r.example}
		}
		c.reasons[k].packets += r.packets
	}
	c.uneven = append(c.uneven, o.uneven...)
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

// report fails the test where something was wrong, and says what was sure.
// PKTSH_DIFFERENTIAL_EXAMPLES sets how many examples a field gets.
func (c *coverage) report(t *testing.T, s *suite) {
	t.Helper()
	examples := 3
	_, _ = fmt.Sscan(os.Getenv("PKTSH_DIFFERENTIAL_EXAMPLES"), &examples)
	for _, name := range sortedKeys(c.wrong) {
		list := c.wrong[name]
		t.Errorf("%s: %d of %d sure values differ\n    %s", name, len(list), c.fields[name].sure, strings.Join(list[:min(len(list), examples)], "\n    "))
	}
	t.Logf("%d captures, %d packets, %d sure on link, network and transport: %.2f %%", c.captures, c.packets, c.sure, percent(c.sure, c.packets))
	for k := dissect.ClassSure; ; k++ {
		if n := c.classes[k]; n > 0 {
			t.Logf("  %-14s %7d  %.2f %%", k, n, percent(n, c.packets))
		}
		if k == dissect.ClassSettings {
			break
		}
	}
	if !testing.Verbose() {
		return
	}
	for _, k := range slices.SortedFunc(maps.Keys(c.reasons), func(a, b string) int { return cmp.Compare(c.reasons[b].packets, c.reasons[a].packets) }) {
		t.Logf("  unsure %6d  %s  (%s)", c.reasons[k].packets, k, c.reasons[k].example)
	}
	for _, name := range sortedKeys(c.fields) {
		n := c.fields[name]
		t.Logf("  %-40s %6.2f %% sure", name, percent(n.sure, n.sure+n.unsure))
	}
	for _, u := range c.uneven {
		t.Logf("  %s", u)
	}
}
