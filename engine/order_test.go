package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pktsh/dissect"
)

// TestSortKeys orders texts by what they stand for.
func TestSortKeys(t *testing.T) {
	tests := map[dissect.Type][]string{ // each in ascending order
		"UINT16":        {"2", "10", "100", "0x0800", "65535"},
		"UINT64":        {"9", "9223372036854775808", "18446744073709551615"},
		"INT32":         {"-20", "-3", "0", "3", "20"},
		"FRAMENUM":      {"9", "10"},
		"DOUBLE":        {"-1e300", "-2.5", "-0.5", "0", "0.5", "1e300"},
		"RELATIVE_TIME": {"-1.5", "0", "0.000000001", "9.9", "10", "1667890123.123456788", "1667890123.123456789"},
		"IPv4":          {"9.0.0.1", "10.0.0.9", "10.0.0.10", "192.168.1.1"},
		"IPv6":          {"::1", "2001:db8::2", "2001:db8::10", "fe80::1"},
		"STRING":        {"10", "9", "a"},
		"UINT8":         {"3", "20", "", "none"}, // what is no number comes after those
	}
	for kind, want := range tests {
		got := slices.Clone(want)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		ranks := rank(got, kind)
		by := map[string]int{}
		for i, text := range got {
			by[text] = ranks[i]
		}
		slices.SortFunc(got, func(a, b string) int { return cmp.Compare(by[a], by[b]) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
	if r := rank([]string{"16", "0x10", "3"}, "UINT8"); r[0] != r[1] || r[2] >= r[0] {
		t.Errorf("16 and 0x10 are the same number: %v", r)
	}
}

// TestSort orders views and looks at them as one does at any other.
func TestSort(t *testing.T) {
	s := NewSession(Config{Mode: 1, TempDir: t.TempDir()})
	defer s.Close()
	c, err := s.Open(t.Context(), OpenOptions{Paths: []string{"../testdata/browse.pcapng"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(v *View, err error) *View {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	framesOf := func(v *View) (out []uint32) {
		for f, err := range v.Frames(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, f)
		}
		return out
	}
	port := func(frame uint32) int { // -1 without
		col, _, err := c.Column(ctx, "tcp.dstport")
		if err != nil {
			t.Fatal(err)
		}
		values := col.Values(int(frame) - 1)
		if len(values) == 0 {
			return -1
		}
		n, err := strconv.Atoi(values[0])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, reverse := range []bool{false, true} {
		v := must(c.All().Sort(ctx, "tcp.dstport", reverse))
		got := framesOf(v)
		want := make([]uint32, c.Len())
		for i := range want {
			want[i] = uint32(i) + 1
		}
		slices.SortStableFunc(want, func(a, b uint32) int {
			pa, pb := port(a), port(b)
			switch {
			case pa < 0 || pb < 0:
				return cmp.Compare(pb, -1) - cmp.Compare(pa, -1)
			case reverse:
				return cmp.Compare(pb, pa)
			}
			return cmp.Compare(pa, pb)
		})
		if !slices.Equal(got, want) || port(got[0]) < 0 || port(got[len(got)-1]) >= 0 {
			t.Errorf("reverse %v: got %v…", reverse, got[:10])
		}
		if i, ok, err := v.Index(ctx, got[7]); i != 7 || !ok || err != nil {
			t.Errorf("frame %d: got place %d, %v, %v", got[7], i, ok, err)
		}
		if part := framesOf(must(v.Slice(ctx, 5, 1, -2))); !slices.Equal(part, []uint32{got[5], got[3]}) {
			t.Errorf("a slice: got %v of %v", part, got[:6])
		}
		dns := framesOf(must(must(c.All().Narrow(ctx, "dns")).Slice(ctx, 0, 3, 1)))
		narrow := must(must(v.Narrow(ctx, "dns")).Slice(ctx, 0, 3, 1))
		if !slices.Equal(framesOf(narrow), dns) { // none has the field: they stay in their order
			t.Errorf("a filter: got %v, want %v", framesOf(narrow), dns)
		}
		places, err := v.Within(ctx, got[2], got[2])
		if err != nil || !slices.Equal(places, []Places{{2, 3}}) {
			t.Errorf("within: %v, %v", places, err)
		}
	}
	if _, err := c.All().Sort(ctx, "no.such", false); err == nil {
		t.Error("an unknown field: want an error")
	}
}

// TestTable reads two fields side by side, of all packets and of a filter's.
func TestTable(t *testing.T) {
	s := NewSession(Config{Mode: 1, TempDir: t.TempDir()})
	defer s.Close()
	c, err := s.Open(t.Context(), OpenOptions{Paths: []string{"../testdata/browse.pcapng"}})
	if err != nil {
		t.Fatal(err)
	}
	dns, err := c.All().Narrow(t.Context(), "dns")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := dns.Table(t.Context(), []string{"frame.number", "udp.dstport", "tcp.dstport"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row := range rows {
		if len(row[0]) != 1 || len(row[1]) != 1 || row[2] != nil {
			t.Fatalf("row %d: %q", n, row)
		}
		n++
	}
	if want, _ := dns.Len(t.Context()); n != want || n == 0 {
		t.Errorf("got %d rows, want %d", n, want)
	}
	if kind, err := c.FieldType(t.Context(), "udp.dstport"); kind != "UINT16" || err != nil {
		t.Errorf("got the type %q, %v", kind, err)
	}
}
