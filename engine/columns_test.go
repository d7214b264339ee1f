package engine

import (
	"reflect"
	"testing"
)

// TestCountBy counts a field over all packets, a filter's and a slice's, twice each:
// the second time the answer is kept, and a slice has its own.
func TestCountBy(t *testing.T) {
	s := NewSession(Config{Mode: 1, TempDir: t.TempDir()})
	defer s.Close()
	c, err := s.Open(t.Context(), OpenOptions{Paths: []string{"../testdata/browse.pcapng"}})
	if err != nil {
		t.Fatal(err)
	}
	all := c.All()
	dns, err := all.Narrow(t.Context(), "dns")
	if err != nil {
		t.Fatal(err)
	}
	first, err := all.Slice(t.Context(), 0, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*View{"all": all, "dns": dns, "first": first} {
		want := map[string]int{}
		packets, err := v.Values(t.Context(), "ip.src")
		if err != nil {
			t.Fatal(err)
		}
		for values := range packets {
			for _, value := range values {
				want[value]++
			}
		}
		for range 2 {
			counts, err := v.CountBy(t.Context(), "ip.src")
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for i, count := range counts {
				got[count.Value] = count.N
				if i > 0 && count.N > counts[i-1].N {
					t.Errorf("%s: %v comes after %v", name, count, counts[i-1])
				}
			}
			if len(got) == 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
	if _, err := all.CountBy(t.Context(), "no.such"); err == nil {
		t.Error("an unknown field: want an error")
	}
}
