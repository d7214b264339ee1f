package capfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"unsafe"
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
			var early [][]seen
			hear := func(f *File, n int, w *Window) {
				if len(counts) > 0 && w.From != counts[len(counts)-1] || w.To != n {
					t.Errorf("a window of the packets from %d to %d after %v", w.From, w.To, counts)
				}
				counts, early = append(counts, n), append(early, make([]seen, n-w.From))
				part := early[len(early)-1]
				readers.Go(func() {
					if got := f.Len(); got < n {
						t.Errorf("%d packets, heard of %d", got, n)
					}
					f.Times()
					f.LinkTypes()
					f.Warnings()
					copy(part, snapshot(f, w.From, n))
					for i := range part {
						var r Record
						if data := w.Packet(w.From+i, &r); string(data) != part[i].data || r != part[i].Record {
							t.Errorf("packet %d: got % x and %+v from the window, want %+v", w.From+i, data, r, part[i])
						}
					}
					w.Done()
				})
				readers.Go(func() { snapshot(f, 0, min(5000, n)) })
			}
			f := open(t, write(t, "long", data), Options{Indexed: hear})
			readers.Wait()
			if len(counts) < 3 || counts[0] > firstReport || counts[len(counts)-1] != n {
				t.Errorf("heard of %v packets, want few first and %d last", counts, n)
			}
			from := 0
			for k := range counts {
				for i, want := range snapshot(f, from, counts[k]) {
					if early[k][i] != want {
						t.Fatalf("packet %d was %+v, became %+v", from+i, early[k][i], want)
					}
				}
				from = counts[k]
			}
		})
	}
}

// TestWindows holds what windows have of captures of every size of packet to the
// mapping, and that they have nearly all packets: the rest are read at the mapping's price.
func TestWindows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const n = 6000
	records := map[string][]byte{"pcap": little.pcap(magicPcap, 2, 4, 0, 1), "pcapng": join(little.section(), little.iface(1, 0))}
	for i := range n {
		size := random.IntN(1500)
		switch {
		case i%1000 == 700:
			size = windowSize/2 - random.IntN(5000)
		case i > n-500: // records of many windows in all, which are not yet a group
			size = 6000 + random.IntN(3000)
		}
		data := make([]byte, size)
		for k := range data {
			data[k] = byte(random.Uint32())
		}
		length := uint32(size)
		records["pcap"] = append(records["pcap"], join(little.words(second, uint32(i), length, length), data)...)
		var options []byte
		if i%70 == 0 {
			options = little.option(optComment, 'c')
		}
		records["pcapng"] = append(records["pcapng"], little.packet(0, micros, length, length, data, options)...)
		if i%2000 == 1999 {
			records["pcapng"] = append(records["pcapng"], little.block(0x0bad, make([]byte, 3*windowSize+random.IntN(1000)))...)
		}
	}
	for name, all := range records {
		for what, data := range map[string][]byte{name: all, name + ", cut": all[:len(all)-100], name + ", broken": join(all[:len(all)/2], make([]byte, 5), all[len(all)/2:])} {
			t.Run(what, func(t *testing.T) {
				path := write(t, "many", data)
				want := open(t, path, Options{})
				told, far := 0, 0
				f := open(t, path, Options{Indexed: func(f *File, n int, w *Window) {
					defer w.Done()
					if w.From != told || w.To != n {
						t.Fatalf("packets from %d to %d after %d", w.From, w.To, told)
					}
					for told = w.From; told < w.To; told++ {
						var r Record
						data := w.Packet(told, &r)
						if r != want.Record(told) || !bytes.Equal(data, want.Data(told)) {
							t.Fatalf("packet %d: %d bytes and %+v, want %+v", told, len(data), r, want.Record(told))
						}
						if len(data) > 0 && contains(f.data, uintptr(unsafe.Pointer(&data[0]))) {
							far++
						}
					}
				}})
				if told != want.Len() || f.Len() != told || fmt.Sprint(f.Warnings()) != fmt.Sprint(want.Warnings()) {
					t.Errorf("heard of %d packets, %d in all, warnings %v; want %d and %v", told, f.Len(), f.Warnings(), want.Len(), want.Warnings())
				}
				if far > told/20 {
					t.Errorf("%d of %d packets were not in their window", far, told)
				}
			})
		}
	}
}

// TestIndexedFails cancels opening after packets were heard of: they stay.
func TestIndexedFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var kept *File
	_, err := Open(ctx, write(t, "long.pcap", longPcap(20_000)), Options{Indexed: func(f *File, n int, w *Window) {
		kept = f
		w.Done()
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || kept == nil {
		t.Fatalf("got %v, file %v", err, kept)
	}
	if got := kept.Data(kept.Len() - 1); len(got) != 4 {
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
	f, err := Merge(t.Context(), []string{long, long}, Options{Indexed: func(f *File, n int, w *Window) {
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
