package capfile

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"
)

// bigCapture writes a capture of n packets, 348 bytes each on average.
func bigCapture(b *testing.B, n int, ng bool) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "big")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	data := make([]byte, 1500)
	put := func(p []byte) {
		if _, err := w.Write(p); err != nil {
			b.Fatal(err)
		}
	}
	blocks := NewBlockWriter(w)
	if ng {
		if err := blocks.Section(""); err != nil {
			b.Fatal(err)
		}
		if _, err := blocks.Interface(Interface{LinkType: linkEthernet, Digits: 6, FCS: -1}); err != nil {
			b.Fatal(err)
		}
	} else {
		put(little.pcap(magicPcap, 2, 4, 65535, linkEthernet))
	}
	for i := range n {
		size := 54
		if i%5 == 0 {
			size = 1400 + i%100
		}
		if ng {
			if err := blocks.Packet(0, uint64(micros+i), data[:size], uint32(size)); err != nil {
				b.Fatal(err)
			}
			continue
		}
		put(little.words(uint32(second+i/1000), uint32(i%1000*1000), uint32(size), uint32(size)))
		put(data[:size])
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkOpen maps and indexes 1,224,384 packets (about 430 MB).
func BenchmarkOpen(b *testing.B) {
	for name, ng := range map[string]bool{"pcap": false, "pcapng": true} {
		b.Run(name, func(b *testing.B) {
			const packets = 1_224_384
			path := bigCapture(b, packets, ng)
			b.ReportAllocs()
			for b.Loop() {
				f, err := Open(b.Context(), path, Options{})
				if err != nil || f.Len() != packets {
					b.Fatal(f.Len(), err)
				}
				f.Close()
			}
			b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// BenchmarkOpenSmall is what a capture of two packets costs.
func BenchmarkOpenSmall(b *testing.B) {
	path := write(b, "small.pcapng", little.simpleNG())
	for b.Loop() {
		f, err := Open(b.Context(), path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

// BenchmarkOpenCached is the second opening of the same capture.
func BenchmarkOpenCached(b *testing.B) {
	path, dir := bigCapture(b, 1_224_384, false), b.TempDir()
	kept(b, path, dir, nil)
	for b.Loop() {
		f, err := Open(b.Context(), path, Options{CacheDir: dir})
		if err != nil || !f.restored {
			b.Fatal(err)
		}
		f.Close()
	}
}

// BenchmarkRecord is the accessors' cost, in order and out of it.
func BenchmarkRecord(b *testing.B) {
	const packets = 1_000_000
	f := open(b, bigCapture(b, packets, false), Options{})
	for name, step := range map[string]int{"sequential": 1, "random": 618_033} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var sum int64
			i := 0
			for b.Loop() {
				r := f.Record(i)
				sum += r.Offset + int64(r.Captured) + r.Time + int64(len(f.Data(i)))
				if i += step; i >= packets {
					i -= packets
				}
			}
			_ = sum
		})
	}
}

// BenchmarkSave writes a twelfth of the packets as they are, spread and in a run.
func BenchmarkSave(b *testing.B) {
	const packets = 1_200_000
	f := open(b, bigCapture(b, packets, false), Options{})
	path := filepath.Join(b.TempDir(), "out.pcap")
	for name, step := range map[string]int{"spread": 12, "run": 1} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n, err := Save(b.Context(), path, f, func(yield func(int) bool) {
					for i := 0; i < packets/12*step && yield(i); i += step {
					}
				}, SaveOptions{Force: true})
				if err != nil || n != packets/12 {
					b.Fatal(n, err)
				}
			}
		})
	}
}
