package plan

import (
	"testing"
	"time"
)

// TestChooseFilter is the choice among the exact ways.
func TestChooseFilter(t *testing.T) {
	base := FilterFacts{Deep: Ready, Loaded: 1, Packets: 1_000_000, Native: true, SideAllowed: true, RowsAllowed: true}
	with := func(change func(*FilterFacts)) FilterFacts { f := base; change(&f); return f }
	tests := []struct {
		name  string
		facts FilterFacts
		way   Way
		sure  bool
	}{
		{"sure of all", base, Headers, true},
		{"no Wireshark", with(func(f *FilterFacts) { f.Deep = Absent }), Trees, false},
		{"native only", with(func(f *FilterFacts) { f.Mode = Native }), Trees, false},
		{"Wireshark only", with(func(f *FilterFacts) { f.Mode = Wireshark }), Whole, true},
		{"a deep field", with(func(f *FilterFacts) { f.Native, f.WhyNot = false, "http.host" }), Whole, true},
		{"few unsure, loaded", with(func(f *FilterFacts) { f.Unsure, f.Runs = 10, 10 }), Rows, true},
		{"few unsure, loading", with(func(f *FilterFacts) { f.Unsure, f.Runs, f.Deep, f.Loaded = 10, 10, Loading, 0 }), Side, true},
		{"many unsure in single rows", with(func(f *FilterFacts) { f.Unsure, f.Runs = 40_000, 40_000 }), Side, true},
		{"frame numbers asked", with(func(f *FilterFacts) { f.Unsure, f.Runs, f.SideAllowed, f.RowsAllowed = 10, 10, false, false }), Whole, true},
		{"nearly all unsure", with(func(f *FilterFacts) { f.Unsure, f.Runs = 900_000, 900_000 }), Whole, true},
	}
	for _, tt := range tests {
		p := ChooseFilter(tt.facts)
		if p.Way != tt.way || p.Sure != tt.sure {
			t.Errorf("%s: got %v (sure %v), want %v (sure %v)", tt.name, p.Way, p.Sure, tt.way, tt.sure)
		}
		for _, o := range p.Others {
			if o.Expect < p.Expect {
				t.Errorf("%s: %v would take %v, less than the %v chosen", tt.name, o.Way, o.Expect, p.Expect)
			}
		}
	}
	cheap, dear := ChooseFilter(with(func(f *FilterFacts) { f.Flows = true })), ChooseFilter(base)
	if cheap.Expect >= dear.Expect || dear.Expect > time.Second {
		t.Errorf("known flows: got %v, and %v without; want less", cheap.Expect, dear.Expect)
	}
}
