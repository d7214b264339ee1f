package filter_test

import (
	"net/netip"
	"testing"

	"pktsh/engine/filter"
)

// columnPacket hands out values that are already there, as the native tier does.
type columnPacket map[string][]filter.Value

func (p columnPacket) Values(name string) []filter.Value { return p[name] }
func (p columnPacket) Has(name string) bool              { return len(p[name]) > 0 }

func BenchmarkMatch(b *testing.B) {
	p, err := filter.Compile("ip.src == 10.0.0.0/8 && tcp.port in {80, 443, 8000..8100}", smallCatalogue())
	if err != nil {
		b.Fatal(err)
	}
	pkt := columnPacket{
		"ip.src":   {filter.AddrValue(netip.MustParseAddr("10.1.2.3"))},
		"tcp.port": {filter.UintValue(50000), filter.UintValue(8080)},
	}
	for b.Loop() {
		if !p.Match(pkt) {
			b.Fatal("no match")
		}
	}
}
