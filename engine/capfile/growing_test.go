package capfile

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestGrowing adds packets between two openings: each File has those that were
// there when it was opened, with their times, link types and bytes.
func TestGrowing(t *testing.T) {
	g, err := NewGrowing("in memory", Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	open := func(want int) *File {
		t.Helper()
		f, err := g.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		if f.Len() != want || len(f.Warnings()) != 0 {
			t.Fatalf("got %d packets, warnings %v; want %d", f.Len(), f.Warnings(), want)
		}
		return f
	}
	open(0)
	at := time.Unix(1700000000, 123456789)
	for i, p := range []struct {
		linkType int
		data     []byte
	}{{1, []byte("first")}, {105, nil}, {1, bytes.Repeat([]byte{7}, 300000)}, {1, []byte("third")}} {
		err := g.Add(NewPacket{p.linkType, at.Add(time.Duration(i) * time.Second), p.data})
		if tooLong := len(p.data) > commonLimit; (err != nil) != tooLong {
			t.Fatalf("packet %d: got %v", i, err)
		}
	}
	f := open(3)
	if got := f.LinkTypes(); len(got) != 2 || got[0] != 1 || got[1] != 105 {
		t.Errorf("got the link types %v, want 1 and 105", got)
	}
	if r := f.Record(0); r.Time != at.UnixNano() || string(f.Data(0)) != "first" {
		t.Errorf("got %q at %d", f.Data(0), r.Time)
	}
	if err := g.Add(NewPacket{1, at, []byte("fourth")}); err != nil {
		t.Fatal(err)
	}
	if later := open(4); string(later.Data(3)) != "fourth" || f.Len() != 3 || string(f.Data(2)) != "third" {
		t.Errorf("got %q in the later file, %d packets in the earlier one", later.Data(3), f.Len())
	}
}

func TestGrowingRefuses(t *testing.T) {
	g, err := NewGrowing("in memory", Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for _, c := range []struct {
		linkType int
		at       time.Time
		want     string
	}{
		{-1, time.Unix(1, 0), "packet 2 of 2: link type: got -1"},
		{1 << 16, time.Unix(1, 0), "link type: got 65536"},
		{1, time.Unix(-1, 0), "time: got 1969"},
		{1, time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC), "time: got 2500"},
	} {
		if err := g.Add(NewPacket{1, time.Unix(1, 0), nil}, NewPacket{c.linkType, c.at, nil}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if g.Len() != 0 {
		t.Errorf("%d packets were added", g.Len())
	}
}
