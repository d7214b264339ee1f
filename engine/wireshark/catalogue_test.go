package wireshark

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pktsh/dissect"
)

func TestParseFieldLine(t *testing.T) {
	for _, c := range []struct {
		line string
		want dissect.FieldInfo
		ok   bool
	}{
		{"P\tInternet Protocol Version 4\tip", dissect.FieldInfo{Name: "ip", Label: "Internet Protocol Version 4", Type: "PROTOCOL", Protocol: "ip"}, true},
		{"F\tTime to Live\tip.ttl\tFT_UINT8\tip\tBASE_DEC\t0x0\t", dissect.FieldInfo{Name: "ip.ttl", Label: "Time to Live", Type: "UINT8", Protocol: "ip", Base: "BASE_DEC"}, true},
		{"F\tSource Address\tip.src\tFT_IPv4\tip\t\t0x0\tits text", dissect.FieldInfo{Name: "ip.src", Label: "Source Address", Type: "IPv4", Protocol: "ip", Description: "its text"}, true},
		{"F\ttoo\tshort", dissect.FieldInfo{}, false},
		{"", dissect.FieldInfo{}, false},
	} {
		if got, ok := parseFieldLine(c.line); got != c.want || ok != c.ok {
			t.Errorf("%q: got %+v, %v, want %+v, %v", c.line, got, ok, c.want, c.ok)
		}
	}
}

func TestLoadCatalogue(t *testing.T) {
	tools, dir := installed(t), t.TempDir()
	first, err := LoadCatalogue(testContext(t), tools, dir)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := first.Lookup("ip.src"); !ok || f.Type != "IPv4" || f.Protocol != "ip" || f.Label == "" {
		t.Errorf("ip.src: got %+v, %v", f, ok)
	}
	if f, ok := first.Lookup("dns"); !ok || f.Type != dissect.TypeProtocol {
		t.Errorf("dns: got %+v, %v", f, ok)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("cache: got %v, %v, want one file", files, err)
	}
	intact, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	// With a context that has ended, only the cache can answer.
	ended, cancel := cancelled(t)
	cancel()
	again, err := LoadCatalogue(ended, tools, dir)
	if err != nil {
		t.Fatalf("from the cache: %v", err)
	}
	if !slices.Equal(first.All(), again.All()) {
		t.Error("the cached catalogue differs")
	}
	for name, damaged := range map[string][]byte{
		"cut":     intact[:len(intact)/2],
		"flipped": bytes.Replace(intact, []byte("ip.src\t"), []byte("ip.srx\t"), 1),
		"empty":   nil,
		"older":   bytes.Replace(intact, []byte(catalogueFormat), []byte("pktsh-catalogue-0"), 1),
	} {
		if decodeCatalogue(damaged, tools.identityKey()) != nil {
			t.Errorf("%s: a damaged cache was taken", name)
		}
	}
	if err := os.WriteFile(files[0], intact[:len(intact)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err = LoadCatalogue(testContext(t), tools, dir); err != nil || again.Len() != first.Len() {
		t.Errorf("with a damaged cache: got %d entries, %v, want %d", again.Len(), err, first.Len())
	}
	if repaired, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(repaired, intact) {
		t.Errorf("the damaged cache was not made anew (%v)", err)
	}
}

func BenchmarkCatalogueFromCache(b *testing.B) {
	tools := Find(os.Getenv("PATH"))
	if tools.Tshark == "" {
		b.Skip("tshark is not installed")
	}
	dir := b.TempDir()
	if _, err := LoadCatalogue(b.Context(), tools, dir); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := LoadCatalogue(b.Context(), tools, dir); err != nil {
			b.Fatal(err)
		}
	}
}
