package plan

import "testing"

// TestChoose is the whole decision: who answers, and whether it is marked.
func TestChoose(t *testing.T) {
	page, sure := Question{PreviewAllowed: true}, Question{}
	tests := []struct {
		mode    Mode
		deep    DeepState
		q       Question
		tier    Tier
		preview bool
	}{
		{Auto, Ready, sure, Deep, false},
		{Auto, Ready, page, Deep, false},
		{Auto, Loading, sure, Deep, false}, // wait for it
		{Auto, Loading, page, Own, true},
		{Auto, Failed, sure, Own, true},
		{Auto, Absent, sure, Own, false},
		{Native, Absent, page, Own, false},
		{Native, Ready, sure, Own, false},
		{Wireshark, Loading, page, Deep, false}, // never a stand-in
		{Wireshark, Failed, page, Deep, false},  // its error is the answer
	}
	for _, tt := range tests {
		c := Choose(tt.mode, tt.deep, tt.q)
		if c.Tier != tt.tier || c.Preview != tt.preview {
			t.Errorf("%v, deep %d, %+v: got %+v, want tier %d, preview %v", tt.mode, tt.deep, tt.q, c, tt.tier, tt.preview)
		}
	}
}
