package script

import (
	"strings"
	"testing"
)

// TestColumns asks for fields of all packets at once: two of DNS, and others that
// lack what is asked for.
func TestColumns(t *testing.T) {
	tests := []struct{ code, want string }{
		{`cap.count_by("dns.qry.name")`, `{"example.org": 2}`},
		{`cap.values("dns.qry.name")`, `["example.org", "example.org"]`},
		{`cap.table("dns.qry.name", "dns.flags.response")[:2]`, `[("example.org", "0"), (None, None)]`},
		{`len(cap.table("dns.qry.name"))`, "4"},
	}
	for _, tt := range tests {
		h := newHarness(t)
		got, err := h.exec(tt.code)
		if got = strings.ReplaceAll(strings.TrimSpace(got), "'", `"`); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.code, got, err, tt.want)
		}
	}
	for code, want := range map[string]string{
		`cap.count_by()`:            "field",
		`cap.count_by("")`:          "want its filter name",
		`cap.values("nothing")`:     "nothing is neither",
		`cap.table()`:               "got no field",
		`cap.table(3)`:              "got a int",
		`cap.table(field="ip.src")`: "names only",
	} {
		h := newHarness(t)
		if _, err := h.exec(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", code, err, want)
		}
	}
	h := newHarness(t)
	if !h.Owns("list") || h.Owns("ls") {
		t.Error("list is Starlark's, ls is not")
	}
}
