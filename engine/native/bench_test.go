package native_test

import (
	"context"
	"os"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
)

// benchFile opens the capture that PKTSH_BENCH names: `make bench` builds one.
func benchFile(b *testing.B) *capfile.File {
	b.Helper()
	path := os.Getenv("PKTSH_BENCH")
	if path == "" {
		b.Skip("PKTSH_BENCH names no capture")
	}
	f, err := capfile.Open(context.Background(), path, capfile.Options{TempDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return f
}

// BenchmarkPrepare is the pass over the whole capture.
func BenchmarkPrepare(b *testing.B) {
	f := benchFile(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := native.New(f).Prepare(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(f.Len()), "ns/packet")
}

// BenchmarkTrees is the whole trees of the first packets.
func BenchmarkTrees(b *testing.B) {
	f := benchFile(b)
	d := native.New(f)
	n := uint32(min(f.Len(), 10000))
	b.ReportAllocs()
	for b.Loop() {
		for frame := uint32(1); frame <= n; frame++ {
			if _, err := d.Tree(context.Background(), frame); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/packet")
}

// BenchmarkRows is the rows of the first packets.
func BenchmarkRows(b *testing.B) {
	f := benchFile(b)
	d := native.New(f)
	var frames []uint32
	for frame := range min(f.Len(), 10000) {
		frames = append(frames, uint32(frame)+1)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Rows(context.Background(), frames, func(dissect.Summary) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(frames)), "ns/packet")
}

// benchScans are filters by what they look at: flows, frames besides, packets.
var benchScans = []string{"ip.addr == 192.168.5.44", "tcp.port == 443 && frame.len > 1000", "tcp.flags.syn == 1", `dns.qry.name contains "google"`}

// BenchmarkScan asks filters of headers: first packet by packet, then by flows.
func BenchmarkScan(b *testing.B) {
	f := benchFile(b)
	table := dissect.NewTable()
	walker := table.NewWalker(dissect.Rules{})
	for _, expr := range benchScans {
		p, err := filter.Compile(expr, table.Catalogue())
		if err != nil {
			b.Fatal(err)
		}
		scan := p.Scan(table)
		for _, kind := range []string{"first", "keeping", "again"} {
			b.Run(expr+"/"+kind, func(b *testing.B) {
				d := native.New(f)
				if kind == "again" {
					if _, err := d.Scan(b.Context(), walker, scan, native.ScanOptions{Keep: true}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if kind == "keeping" {
						d = native.New(f)
					}
					if _, err := d.Scan(b.Context(), walker, scan, native.ScanOptions{Keep: kind != "first"}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(f.Len()), "ns/packet")
			})
		}
	}
}
