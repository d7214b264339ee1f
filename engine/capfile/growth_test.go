package capfile

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// appended is a file that is written bit by bit, and what follows it.
type appended struct {
	t *testing.T
	w *os.File
	f *File
}

func follow(t *testing.T) *appended {
	path := filepath.Join(t.TempDir(), "growing")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Follow(t.Context(), r, "growing", Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &appended{t, w, f}
}

// write appends and takes in what came.
func (a *appended) write(data []byte) int {
	a.t.Helper()
	if _, err := a.w.Write(data); err != nil {
		a.t.Fatal(err)
	}
	n, err := a.f.Grow(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

// same compares all that two files say of their packets.
func same(got, want *File) error {
	if got.Len() != want.Len() {
		return fmt.Errorf("got %d packets, want %d", got.Len(), want.Len())
	}
	for i := range want.Len() {
		if g, w := got.Record(i), want.Record(i); g != w {
			return fmt.Errorf("packet %d: got %+v, want %+v", i+1, g, w)
		}
		if !bytes.Equal(got.Data(i), want.Data(i)) {
			return fmt.Errorf("packet %d: the bytes differ", i+1)
		}
		if g, w := got.Comments(i), want.Comments(i); !reflect.DeepEqual(g, w) {
			return fmt.Errorf("packet %d: got comments %q, want %q", i+1, g, w)
		}
	}
	if g, w := len(got.Interfaces()), len(want.Interfaces()); g != w {
		return fmt.Errorf("got %d interfaces, want %d", g, w)
	}
	gotFirst, gotLast, gotOK := got.Times()
	if first, last, ok := want.Times(); gotFirst != first || gotLast != last || gotOK != ok {
		return fmt.Errorf("got times %d to %d (%t), want %d to %d (%t)", gotFirst, gotLast, gotOK, first, last, ok)
	}
	return nil
}

// TestFollowIsOpen appends captures in pieces of any size: what was followed is then
// what Open reads, packet by packet, and before the end a start of it.
func TestFollowIsOpen(t *testing.T) {
	var paths []string
	filepath.WalkDir(captures(t), func(path string, d fs.DirEntry, err error) error {
		if info, err := d.Info(); err == nil && !d.IsDir() && info.Size() < 300_000 {
			paths = append(paths, path)
		}
		return nil
	})
	random := rand.New(rand.NewPCG(6, 11))
	random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	compared := 0
	for _, path := range paths {
		if compared == 150 {
			break
		}
		data, err := os.ReadFile(path)
		_, _, pcap := isPcap(data)
		if err != nil || !pcap && !isPcapng(data) {
			continue
		}
		want, err := Open(t.Context(), path, Options{})
		if err != nil {
			continue
		}
		// Which variant of pcap a file is shows in its first records.
		if want.pcap != nil && want.pcap.variant.name != pcapStandard.name && want.pcap.variant.name != pcapNanos.name || len(want.Warnings()) > 0 {
			want.Close()
			continue
		}
		compared++
		a := follow(t)
		for at := 0; at < len(data); {
			n := min(1+random.IntN(1+random.IntN(40_000)), len(data)-at)
			a.write(data[at : at+n])
			at += n
			if a.f.Len() > 0 {
				if i := a.f.Len() - 1; a.f.Record(i) != want.Record(i) {
					t.Fatalf("%s: after %d bytes packet %d is %+v, want %+v", path, at, i+1, a.f.Record(i), want.Record(i))
				}
			}
		}
		if err := same(a.f, want); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		a.f.Close()
		want.Close()
	}
	t.Logf("compared %d captures", compared)
}

// TestFollowChunks goes over the borders of groups and chunks, with times that need
// another unit in each group, two interfaces and packets that were cut.
func TestFollowChunks(t *testing.T) {
	const packets = 140_000
	random := rand.New(rand.NewPCG(1, 2))
	data := join(little.section(), little.iface(1, 0, little.option(9, 9)), little.iface(113, 0, little.option(9, 6)))
	var stamp uint64 = second * 1e9
	for i := range packets {
		stamp += uint64(random.IntN(1_000_000))
		if i%40_000 == 39_999 {
			stamp += 3600 * 2e9
		}
		id, ticks := uint32(0), stamp
		if i%1000 > 990 {
			id, ticks = 1, stamp/1000
		}
		n := uint32(random.IntN(20))
		data = append(data, little.packet(id, ticks, n, n+uint32(i>>15), make([]byte, n))...)
	}
	a := follow(t)
	for at := 0; at < len(data); {
		n := min(1+random.IntN(90_000), len(data)-at)
		a.write(data[at : at+n])
		at += n
	}
	if err := same(a.f, open(t, write(t, "whole.pcapng", data), Options{})); err != nil {
		t.Error(err)
	}
}

// TestFollowHalf holds records that are half there against the rules: they are
// waited for, counted when they are whole, and named when nothing comes any more.
func TestFollowHalf(t *testing.T) {
	for name, c := range map[string]struct{ head, record []byte }{
		"pcapng": {join(little.section(), little.iface(1, 0)), little.epb(0, second*1e6)},
		"pcap":   {little.pcap(magicPcap, 2, 4, 65535, 1), little.record(0, 60, 60)},
	} {
		t.Run(name, func(t *testing.T) {
			a := follow(t)
			if n := a.write(c.head[:10]); n != 0 || a.f.Len() != 0 {
				t.Fatalf("half a header: %d packets", a.f.Len())
			}
			a.write(c.head[10:])
			kept := [][]byte{}
			for i := range 3 {
				if n := a.write(c.record[:len(c.record)-5]); n != 0 {
					t.Fatalf("half a packet: %d packets", n)
				}
				if a.f.Cut() == "" {
					t.Error("nothing said of half a packet")
				}
				if _, err := a.w.Write(c.record[len(c.record)-5:]); err != nil {
					t.Fatal(err)
				}
				if n := a.f.Waiting(10); n != 1 {
					t.Errorf("%d packets wait, want 1", n)
				}
				if n := a.write(nil); n != 1 || a.f.Len() != i+1 {
					t.Fatalf("%d packets came, %d are there, want 1 and %d", n, a.f.Len(), i+1)
				}
				kept = append(kept, a.f.Data(i))
			}
			if n := a.f.Waiting(10); n != 0 {
				t.Errorf("%d packets wait, want none", n)
			}
			for i, data := range kept {
				if !bytes.Equal(data, payload) {
					t.Errorf("packet %d: its bytes changed", i+1)
				}
			}
			a.write(c.record[:20])
			snapshot, err := a.f.Snapshot(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer snapshot.Close()
			got, err := OpenReader(t.Context(), snapshot, "snapshot", Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			if len(got.Warnings()) > 0 {
				t.Errorf("the snapshot is not whole: %v", got.Warnings())
			}
			if err := same(got, a.f); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFollowNonsense ends growing at what is no record, with a warning; the packets
// before stay.
func TestFollowNonsense(t *testing.T) {
	a := follow(t)
	a.write(join(little.section(), little.iface(1, 0), little.epb(0, second*1e6)))
	a.write(little.words(6, 7, 0, 0, 0, 0, 0))
	a.write(little.epb(0, second*1e6))
	if a.f.Len() != 1 || len(a.f.Warnings()) != 1 || !strings.Contains(a.f.Warnings()[0].Text, "total length of 7") {
		t.Errorf("got %d packets and %v, want 1 and a warning about a length of 7", a.f.Len(), a.f.Warnings())
	}
}

// TestFollowCut tells when what was read is gone.
func TestFollowCut(t *testing.T) {
	a := follow(t)
	a.write(join(little.section(), little.iface(1, 0), little.epb(0, second*1e6)))
	if err := a.w.Truncate(40); err != nil {
		t.Fatal(err)
	}
	if _, err := a.f.Grow(context.Background()); err == nil || !strings.Contains(err.Error(), "was cut from") {
		t.Errorf("got %v, want that it was cut", err)
	}
}
