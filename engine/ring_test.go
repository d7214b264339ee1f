package engine

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRing keeps the last packets: handles and slices follow theirs, what is left is
// answered as a capture of its own is, and the disk has no more.
func TestRing(t *testing.T) { eachSource(t, testRing) }

func testRing(t *testing.T, with string) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	output := filepath.Join(t.TempDir(), "kept.pcapng")
	c := sniff(t, s, LiveOptions{Filter: filter, With: with, Ring: Ring{Packets: 100}, Output: output})
	come := func(n int) {
		t.Helper()
		d.send(n)
		await(t, "packets", func() bool {
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			return c.Came() == uint64(d.sent)
		})
	}
	come(90)
	early, err := c.Packet(10)
	if err != nil {
		t.Fatal(err)
	}
	late, err := c.Packet(80)
	if err != nil {
		t.Fatal(err)
	}
	slice, err := c.All().Slice(t.Context(), 60, 80, 5) // datagrams 61, 66, 71 and 76
	if err != nil {
		t.Fatal(err)
	}
	sorted, err := c.All().Sort(t.Context(), "frame.number", true)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.All().Narrow(t.Context(), "udp.length == 19") // datagrams 10 to 99
	if err != nil {
		t.Fatal(err)
	}
	if n, err := v.Len(t.Context()); n != 81 || err != nil {
		t.Fatalf("%d packets (%v), want 81", n, err)
	}
	if tree, err := late.Tree(t.Context()); err != nil || len(tree.Values("udp.stream")) != 1 {
		t.Fatalf("packet 80: %v", err)
	}
	done := s.Ask() // else the ring moves whenever some of them are there
	come(75)
	done()
	if _, err := c.Refresh(t.Context()); err != nil { // 165 are there, 125 would be kept
		t.Fatal(err)
	}
	if c.Len() != 100 || c.Live().Drops().Ring != 65 || c.Came() != 165 {
		t.Fatalf("%d packets, %d let go, %d came; want 100, 65 and 165", c.Len(), c.Live().Drops().Ring, c.Came())
	}
	numbered(t, c, 66, 165)
	if late.Number() != 15 || early.Number() != 0 {
		t.Errorf("the packets are %d and %d, want 15 and none", late.Number(), early.Number())
	}
	if b, err := late.Bytes(); err != nil || !strings.HasSuffix(string(b), "datagram 80") {
		t.Errorf("datagram 80 is %q (%v)", b, err)
	}
	for what, err := range map[string]error{
		"bytes": func() error { _, err := early.Bytes(); return err }(),
		"tree":  func() error { _, err := early.Tree(t.Context()); return err }(),
		"row":   func() error { _, err := early.Row(t.Context()); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), "is gone: the ring of "+filepath.Base(output)+" let go 65 packets and keeps the last 100") {
			t.Errorf("%s of a packet that is gone: %v", what, err)
		}
	}
	if text, found, sure := early.HeaderField(t.Context(), "udp.length"); found || sure {
		t.Errorf("a field of a packet that is gone: %q", text)
	}
	if early.Absent(t.Context(), "tcp") {
		t.Error("a packet that is gone surely lacks TCP")
	}
	if got := framesOf(t, slice); len(got) != 3 || got[0] != 1 || got[2] != 11 {
		t.Errorf("the slice has %v, want 1, 6 and 11", got)
	}
	if got := framesOf(t, sorted); len(got) != 25 || got[0] != 25 || got[24] != 1 {
		t.Errorf("the sorted packets are %v, want 25 to 1", got)
	}
	if n, err := v.Len(t.Context()); n != 34 || err != nil {
		t.Errorf("%d packets (%v), want 34", n, err)
	}
	if tree, err := late.Tree(t.Context()); err != nil || tree.Values("frame.number")[0].Text(tree, "UINT32") != "15" {
		t.Errorf("packet 15: %v", err)
	}
	come(1)
	come(30)
	if err := c.Live().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := rowsOfView(t, c.All())
	if len(rows) != c.Len() || rows[0].Time != "0.000000000" {
		t.Errorf("%d rows from %s on, want %d from 0", len(rows), rows[0].Time, c.Len())
	}
	kept := c.Len()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := s.Open(t.Context(), OpenOptions{Paths: []string{output}})
	if err != nil {
		t.Fatal(err)
	}
	numbered(t, saved, d.sent-kept+1, d.sent)
	if got := rowsOfView(t, saved.All()); len(got) != len(rows) || got[kept-1] != rows[kept-1] {
		t.Errorf("the last row is %+v, it was %+v", got[kept-1], rows[kept-1])
	}
}

// TestRingBounds bounds by bytes and by age.
func TestRingBounds(t *testing.T) {
	s := liveSession(t)
	for what, ring := range map[string]Ring{"bytes": {Bytes: 20_000}, "age": {Age: 300 * time.Millisecond}} {
		t.Run(what, func(t *testing.T) {
			d, filter := newDatagrams(t)
			c := sniff(t, s, LiveOptions{Filter: filter, Ring: ring})
			for range 20 {
				d.send(50)
				await(t, "packets", func() bool {
					if _, err := c.Refresh(t.Context()); err != nil {
						t.Fatal(err)
					}
					return c.Came() == uint64(d.sent)
				})
				if held := c.File().Held(); ring.Bytes > 0 && held > ring.Bytes*5/4 {
					t.Fatalf("%d bytes are held", held)
				}
			}
			first, last, _ := c.File().Times()
			if c.Live().Drops().Ring == 0 || ring.Age > 0 && time.Duration(last-first) > ring.Age*5/4 {
				t.Errorf("%v are held, %d packets were let go", time.Duration(last-first), c.Live().Drops().Ring)
			}
			numbered(t, c, d.sent-c.Len()+1, d.sent)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, ring := range []Ring{{Packets: -1}, {Bytes: -1}, {Age: -1}, {Age: 1}} {
		if _, err := s.Sniff(t.Context(), LiveOptions{Interfaces: []string{"lo"}, Ring: ring}); err == nil || !strings.HasPrefix(err.Error(), "ring: got ") {
			t.Errorf("%+v: %v", ring, err)
		}
	}
}

// TestRingIdle has a ring keep its bounds while nobody asks, and not move while
// somebody does.
func TestRingIdle(t *testing.T) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter, Ring: Ring{Packets: 100}})
	done := s.Ask()
	s.Ask()() // nested
	d.send(300)
	time.Sleep(3 * idleInterval)
	if c.Len() != 0 {
		t.Errorf("%d packets were taken in while somebody asked", c.Len())
	}
	done()
	await(t, "the ring", func() bool { return c.Live().Drops().Ring == 200 })
	defer s.Ask()()
	numbered(t, c, 201, 300)
}
