package engine

import (
	"io"
	"testing"
)

// BenchmarkRefresh takes ten packets at a time into a capture of some and into one of a
// million, of which a filter was asked: the cost has to be that of the ten.
func BenchmarkRefresh(b *testing.B) {
	for _, c := range []struct {
		name    string
		packets int
	}{{"1000", 1000}, {"1000000", 1_000_000}} {
		b.Run(c.name, func(b *testing.B) {
			s := NewSession(Config{TempDir: b.TempDir()})
			defer s.Close()
			head, blocks := written(b, 100)
			r, w := io.Pipe()
			go func() {
				_, _ = w.Write(head)
				for i := range c.packets {
					_, _ = w.Write(blocks[i%len(blocks)])
				}
			}()
			capture, err := s.Follow(b.Context(), OpenOptions{Reader: r})
			if err != nil {
				b.Fatal(err)
			}
			more := func(n int) {
				for n > 0 {
					if err := capture.WaitPackets(b.Context(), min(n, 10)); err != nil {
						b.Fatal(err)
					}
					grown, err := capture.Refresh(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					n -= grown
				}
			}
			more(c.packets - capture.Len())
			v, err := capture.All().Narrow(b.Context(), "ip.dst == 10.0.0.3")
			if err != nil {
				b.Fatal(err)
			}
			ask := func() {
				if _, err := v.Len(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			ask()
			i := 0
			for b.Loop() {
				b.StopTimer()
				for range 10 {
					_, _ = w.Write(blocks[i%len(blocks)])
					i++
				}
				if err := capture.WaitPackets(b.Context(), 10); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, err := capture.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
				ask()
			}
		})
	}
}
