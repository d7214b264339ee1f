package capfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// longNG is a pcapng file of n packets with a comment on every hundredth and a
// new interface, or a new section of the other byte order, every thousand.
func longNG(n int) []byte {
	m := little
	b := join(m.section(), m.iface(1, 0))
	id := uint32(0)
	for i := range n {
		switch {
		case i%5000 == 4999:
			if m = little; i%10000 == 4999 {
				m = big
			}
			b = append(b, join(m.section(), m.iface(101, 0))...)
			id = 0
		case i%1000 == 999:
			id++
			b = append(b, m.iface(113, uint32(i), m.option(optIfTSResol, 9))...)
		}
		var options []byte
		if i%100 == 0 {
			options = m.option(optComment, fmt.Append(nil, i)...)
		}
		b = append(b, m.packet(id, micros+uint64(i), 4, 40, m.AppendUint32(nil, uint32(i)), options)...)
	}
	return b
}

// longPcap is a pcap file of n packets of 4 bytes, numbered.
func longPcap(n int) []byte {
	b := little.pcap(magicPcap, 2, 4, 65535, 1)
	for i := range n {
		b = append(b, little.words(second, uint32(i), 4, 40, uint32(i))...)
	}
	return b
}

// seen is all that a File says of a packet.
type seen struct {
	Record
	data, comments   string
	source, linkType int
}

// snapshot is what f says of the packets from one to another.
func snapshot(f *File, from, to int) []seen {
	interfaces := f.Interfaces()
	all := make([]seen, 0, to-from)
	for i := from; i < to; i++ {
		r := f.Record(i)
		all = append(all, seen{r, string(f.Data(i)), strings.Join(f.Comments(i), "\n"), f.Source(i), interfaces[r.Interface].LinkType})
	}
	return all
}

// TestIndexed reads packets on other goroutines while the pass goes on, and
// holds them to what the finished File says.
func TestIndexed(t *testing.T) {
	const n = chunkEntries + 20_000
	for name, data := range map[string][]byte{"pcap": longPcap(n), "pcapng": longNG(n)} {
		t.Run(name, func(t *testing.T) {
			var readers sync.WaitGroup
			var counts []int
			early := make([][]seen, 8)
			hear := func(f *File, n int) {
				part, from := len(counts), 0
				if part > 0 {
					from = counts[part-1]
				}
				counts = append(counts, n)
				readers.Go(func() {
					if got := f.Len(); got < n {
						t.Errorf("%d packets, heard of %d", got, n)
					}
					f.Times()
					f.LinkTypes()
					f.Warnings()
					early[part] = snapshot(f, from, n)
				})
				readers.Go(func() { snapshot(f, 0, min(5000, n)) })
			}
			f := open(t, write(t, "long", data), Options{Indexed: hear})
			readers.Wait()
			if want := []int{firstReport, chunkEntries, n}; fmt.Sprint(counts) != fmt.Sprint(want) {
				t.Errorf("heard of %v packets, want %v", counts, want)
			}
			from := 0
			for k := range counts {
				part := early[k]
				for i, want := range snapshot(f, from, counts[k]) {
					if part[i] != want {
						t.Fatalf("packet %d was %+v, became %+v", from+i, part[i], want)
					}
				}
				from = counts[k]
			}
		})
	}
}

// TestIndexedFails cancels opening after packets were heard of: they stay.
func TestIndexedFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var kept *File
	_, err := Open(ctx, write(t, "long.pcap", longPcap(20_000)), Options{Indexed: func(f *File, n int) {
		kept = f
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || kept == nil {
		t.Fatalf("got %v, file %v", err, kept)
	}
	if got := kept.Data(firstReport - 1); len(got) != 4 {
		t.Errorf("data %v", got)
	}
	if err := kept.Close(); err != nil {
		t.Error(err)
	}
}

// TestIndexedMerge hears of the merged file only, with its sources.
func TestIndexedMerge(t *testing.T) {
	long := write(t, "long.pcap", longPcap(5000))
	heard := 0
	f, err := Merge(t.Context(), []string{long, long}, Options{Indexed: func(f *File, n int) {
		if heard += 1; f.Source(0) != 1 || f.Name() != "long.pcap and 1 more" || len(f.Paths()) != 2 || f.Format() != "pcapng (merged)" {
			t.Errorf("source %d, name %q, paths %v, format %q", f.Source(0), f.Name(), f.Paths(), f.Format())
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if heard != 2 || f.Len() != 10_000 {
		t.Errorf("heard %d times of %d packets", heard, f.Len())
	}
}

// TestRelease takes the pages of a sparse large file away and reads them again.
func TestRelease(t *testing.T) {
	path := write(t, "large.pcap", longPcap(20_000))
	f := open(t, path, Options{})
	f.size = residentLimit + 1 // as if it were large
	want := snapshot(f, 0, f.Len())
	resident := func() int64 {
		data, err := os.ReadFile("/proc/self/smaps")
		if err != nil {
			t.Skipf("no smaps: %v", err)
		}
		_, mapping, _ := strings.Cut(string(data), path)
		_, mapping, _ = strings.Cut(mapping, "Rss:")
		var kilobytes int64
		if _, err := fmt.Sscanf(mapping, "%d kB", &kilobytes); err != nil {
			t.Fatal(err)
		}
		return kilobytes << 10
	}
	before := resident()
	f.Release(0, f.Len())
	if after := resident(); after >= before/2 {
		t.Errorf("%d bytes resident after the release, %d before", after, before)
	}
	for i, got := range snapshot(f, 0, f.Len()) {
		if got != want[i] {
			t.Fatalf("packet %d: %+v, want %+v", i, got, want[i])
		}
	}
	f.Release(5, 5)
	f.Release(f.Len()-1, f.Len())
}
