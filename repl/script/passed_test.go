package script

import (
	"fmt"
	"testing"
)

// noted is a view that notes what it is told to release.
type noted struct {
	fakeView
	said string
}

func (n *noted) Release(from, to uint32) { n.said += fmt.Sprint(from, "-", to, " ") }

// TestPassed follows loops forwards and backwards.
func TestPassed(t *testing.T) {
	for _, tt := range []struct {
		first, step int
		want        string
	}{
		{1, 1, "1-65537 65537-131073 "},
		{5, 3, "5-196613 196613-393221 "},
		{200000, -1, ""},
	} {
		v := &noted{}
		p := newPassed(v)
		for i := range 2*passedEvery + 10 {
			p.at(uint32(tt.first + i*tt.step))
		}
		if v.said != tt.want {
			t.Errorf("from %d by %d: released %q, want %q", tt.first, tt.step, v.said, tt.want)
		}
	}
	newPassed(&fakeView{}).at(1) // has nothing to release
}
