package capfile

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestForget keeps the last packets of a capture that grows: they are those of the
// whole capture, saved and copied they are a capture, and the disk has no more than
// them.
func TestForget(t *testing.T) {
	const packets, kept = 200_000, 20_000
	random := rand.New(rand.NewPCG(3, 4))
	data := join(little.section(), little.iface(1, 0, little.option(9, 9)))
	var ends []int
	stamp := uint64(second * 1e9)
	for i := range packets {
		stamp += uint64(random.IntN(1_000_000))
		n := uint32(random.IntN(100))
		if i == packets/2 { // capturing went on after a pause, on other interfaces
			data = append(data, join(little.section(), little.iface(1, 0, little.option(9, 9)), little.iface(101, 0, little.option(9, 9)))...)
		}
		data = append(data, little.packet(uint32(i/(packets/2))*uint32(random.IntN(2)), stamp, n, n+uint32(i&1), bytes.Repeat([]byte{byte(i)}, int(n)))...)
		ends = append(ends, len(data))
	}
	want := open(t, write(t, "whole.pcapng", data), Options{})
	a := follow(t)
	base, forgotten := 0, 0
	for at := 0; at < packets; {
		n := min(at+1+random.IntN(9000), packets)
		begin := 0
		if at > 0 {
			begin = ends[at-1]
		}
		a.write(data[begin:ends[n-1]])
		at = n
		if over := a.f.Len() - kept; over > 0 {
			if err := a.f.Forget(over, a.w); err != nil {
				t.Skipf("no holes here: %v", err)
			}
			base += over
			forgotten++
		}
		for _, i := range []int{0, a.f.Len() / 2, a.f.Len() - 1} {
			if got, want := a.f.Record(i), want.Record(base+i); got != want || !bytes.Equal(a.f.Data(i), data[want.Offset:want.Offset+int64(want.Captured)]) {
				t.Fatalf("packet %d of %d, %d forgotten: got %+v, want %+v", i+1, a.f.Len(), base, got, want)
			}
		}
	}
	if a.f.Len() != kept || a.f.Forgotten() != packets-kept || forgotten < 10 {
		t.Fatalf("%d packets, %d forgotten in %d turns, want %d and %d", a.f.Len(), a.f.Forgotten(), forgotten, kept, packets-kept)
	}
	first, last, _ := a.f.Times()
	if wantFirst, wantLast := want.Record(base).Time, want.Record(packets-1).Time; first != wantFirst || last != wantLast {
		t.Errorf("times %d to %d, want %d to %d", first, last, wantFirst, wantLast)
	}
	if i := a.f.Before(want.Record(base + 100).Offset); i != 101 {
		t.Errorf("%d packets begin before packet 101's bytes, want 101", i)
	}
	stat, err := a.w.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if blocks := stat.Sys().(*syscall.Stat_t).Blocks * 512; blocks > a.f.Held()+64<<10 {
		t.Errorf("%d bytes on disk, %d are held", blocks, a.f.Held())
	}
	saved := filepath.Join(t.TempDir(), "saved.pcapng")
	all := make([]int, kept)
	for i := range all {
		all[i] = i
	}
	if n, err := Save(t.Context(), saved, a.f, slices.Values(all), SaveOptions{}); n != kept || err != nil {
		t.Fatalf("saved %d packets (%v)", n, err)
	}
	snapshot, err := a.f.Snapshot(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	copied := filepath.Join(t.TempDir(), "copied.pcapng")
	content, err := io.ReadAll(io.NewSectionReader(snapshot, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{saved, copied} {
		f := open(t, path, Options{})
		if f.Len() != kept || len(f.Warnings()) > 0 {
			t.Fatalf("%s: %d packets, %v, want %d", filepath.Base(path), f.Len(), f.Warnings(), kept)
		}
		for i := range kept {
			if !bytes.Equal(f.Data(i), a.f.Data(i)) || f.Record(i).Time != a.f.Record(i).Time || f.Record(i).Interface != a.f.Record(i).Interface {
				t.Fatalf("%s: packet %d differs", filepath.Base(path), i+1)
			}
		}
	}
	// All of them may go.
	if err := a.f.Forget(kept, a.w); err != nil || a.f.Len() != 0 {
		t.Errorf("%d packets are left (%v)", a.f.Len(), err)
	}
	a.write(little.packet(0, stamp, 3, 3, []byte("new")))
	if a.f.Len() != 1 || !strings.HasPrefix(string(a.f.Data(0)), "new") {
		t.Errorf("%d packets after all were forgotten and one came", a.f.Len())
	}
}
