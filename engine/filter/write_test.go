package filter_test

import (
	"testing"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

func TestLiteral(t *testing.T) {
	for _, c := range []struct {
		kind        dissect.Type
		value, want string
		ok          bool
	}{
		{"STRING", `a"b\c`, `"a\"b\\c"`, true},
		{"STRING", "esc\x1b[31m", "", false},
		{"STRING", "", "", false},
		{"BYTES", "0011ff", "00:11:ff", true},
		{"UINT16", "0x0800", "0x0800", true},
		{"IPv4", "10.0.0.1", "10.0.0.1", true},
		{"BOOLEAN", "1", "True", true},
	} {
		if got, ok := filter.Literal(c.kind, c.value); got != c.want || ok != c.ok {
			t.Errorf("%s %q: got %q, %v, want %q, %v", c.kind, c.value, got, ok, c.want, c.ok)
		}
	}
}
