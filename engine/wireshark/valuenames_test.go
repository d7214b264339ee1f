package wireshark

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseValueNames(t *testing.T) {
	v, err := parseValueNames(strings.NewReader("V\tdns.qry.type\t1\tA (Host Address)\n" +
		"E\tdns.qry.type\t93\ttypes\nV\tdns.resp.type\t1\tA (Host Address)\nV\tdns.qry.type\t1\tA (Host Address)\n" +
		"R\tx.range\t0x0\t0x1\trange\nT\ttcp.flags.syn\tSet\tNot set\nV64\tx.big\t18446744073709551615\tall\nV\tbroken\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string][]ValueName{
		"dns.qry.type":  {{"1", "A (Host Address)"}},
		"dns.resp.type": {{"1", "A (Host Address)"}},
		"tcp.flags.syn": {{"True", "Set"}, {"False", "Not set"}},
		"x.big":         {{"18446744073709551615", "all"}},
		"x.range":       nil,
		"broken":        nil,
	} {
		if got := v.Of(field); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", field, got, want)
		}
	}
	if len(v.Tables) != 3 {
		t.Errorf("got %d tables, want equal ones once", len(v.Tables))
	}
	if got := (*ValueNames)(nil).Of("dns.qry.type"); got != nil {
		t.Errorf("got %v of nothing", got)
	}
}

// TestLoadValueNames asks tshark, then the cache, and passes over a broken cache.
func TestLoadValueNames(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not on PATH")
	}
	cache := t.TempDir()
	tools := Tools{Tshark: tshark}
	ctx := context.Background()
	check := func(v *ValueNames, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Of("dns.qry.type"); !slices.Contains(got, ValueName{"1", "A (Host Address)"}) {
			t.Errorf("dns.qry.type: got %v", got)
		}
		if got := v.Of("ip.proto"); len(got) != namesKept {
			t.Errorf("ip.proto: got %d, want the first %d", len(got), namesKept)
		}
	}
	check(LoadValueNames(ctx, tools, cache))
	files, _ := filepath.Glob(filepath.Join(cache, namesFormat+"*"))
	if len(files) != 1 {
		t.Fatalf("got %v in the cache", files)
	}
	// From the cache: what is not there cannot be asked.
	check(LoadValueNames(ctx, tools, cache))
	if err := os.WriteFile(files[0], []byte("broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	check(LoadValueNames(ctx, tools, cache))
	if _, err := LoadValueNames(ctx, Tools{}, cache); err == nil {
		t.Error("got no error without tshark")
	}
}
