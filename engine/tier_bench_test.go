package engine_test

import (
	"context"
	"os"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
)

// BenchmarkNativeFilter filters the capture that PKTSH_BENCH names natively.
// The pass over the capture is made before, where a filter needs it.
func BenchmarkNativeFilter(b *testing.B) {
	path := os.Getenv("PKTSH_BENCH")
	if path == "" {
		b.Skip("PKTSH_BENCH names no capture")
	}
	f, err := capfile.Open(context.Background(), path, capfile.Options{TempDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	fields := dissect.NativeCatalogue()
	d := native.New(f)
	if err := d.Prepare(context.Background()); err != nil {
		b.Fatal(err)
	}
	for _, expr := range []string{
		"ip.addr == 192.168.5.44", "tcp.port == 443 && frame.len > 1000", `dns.qry.name contains "google"`, "tcp.stream == 7", "udp contains \"a\"",
	} {
		b.Run(expr, func(b *testing.B) {
			p, err := filter.Compile(expr, fields)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := d.Filter(context.Background(), nil, p.FieldNames(), func(t *dissect.Tree) bool { return p.Match(filter.FromTree(t, fields)) }, nil)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(f.Len()), "ns/packet")
		})
	}
}
