package engine

import (
	"os"
	"slices"
	"testing"
	"time"

	"pktsh/engine/wireshark"
)

// openMany opens a capture that is long enough for a second process: one of ours,
// many times over.
func openMany(t *testing.T) *Capture {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not on PATH")
	}
	s := NewSession(Config{Tools: tools, CacheDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	const packets = 1204 // of the file
	c, err := s.Open(t.Context(), OpenOptions{Paths: slices.Repeat([]string{"../testdata/browse.pcapng"}, crewLeast/packets+1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hosts are what a loop over all packets reads: the packets' http.host. at is called
// with each frame.
func hosts(t *testing.T, c *Capture, at func(frame uint32)) (texts []string) {
	t.Helper()
	for frame, err := range c.All().Frames(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		at(frame)
		p, err := c.Packet(frame)
		if err != nil {
			t.Fatal(err)
		}
		text, found, sure := p.HeaderField(t.Context(), "http.host")
		switch {
		case !sure:
			texts = append(texts, "?")
		case found:
			texts = append(texts, text)
		default:
			texts = append(texts, "")
		}
	}
	return texts
}

// TestCrew is a long loop over a capture that Wireshark has not read: two processes
// share it, and answer as one does.
func TestCrew(t *testing.T) {
	alone := openMany(t)
	if err := alone.startDeep().Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := hosts(t, alone, func(uint32) {
		if alone.ahead.crew.second != nil {
			t.Fatal("a second process was started although the first has read the capture")
		}
	})
	for _, tt := range []struct {
		name string
		// at is done when the loop comes to frame 3000.
		at func(c *Capture)
	}{
		{"together", func(*Capture) {}},
		{"the second ends", func(c *Capture) {
			_ = c.ahead.crew.second.Close() // closed it answers nothing, as one that died twice
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := openMany(t)
			members := 0
			got := hosts(t, c, func(frame uint32) {
				if frame == 3000 {
					second := c.ahead.crew.second
					if second == nil {
						t.Fatal("there is no second process")
					}
					if err := second.Wait(t.Context()); err != nil {
						t.Fatal(err)
					}
					tt.at(c)
				}
				c.ahead.mu.Lock()
				members = max(members, len(c.ahead.crew.members))
				c.ahead.mu.Unlock()
			})
			for i := range want {
				if got[i] != want[i] && i > loopSpan { // the first ask trees, and how many is a matter of luck
					t.Fatalf("packet %d: two processes tell %q, one %q", i+1, got[i], want[i])
				}
			}
			if members != 2 {
				t.Errorf("%d processes loaded columns, want 2", members)
			}
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				c.ahead.mu.Lock()
				second := c.ahead.crew.second
				c.ahead.mu.Unlock()
				if second == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("the second process is kept although everything is loaded")
				}
			}
		})
	}
}

// TestRareProtocol is a loop over a protocol that few packets have, of which it is asked
// first which those are: it reads what tshark prints.
func TestRareProtocol(t *testing.T) {
	c := openMany(t)
	got := hosts(t, c, func(uint32) {})
	col, sure, err := c.Column(t.Context(), "http.host")
	if err != nil || !sure {
		t.Fatalf("the column is sure: %v, %v", sure, err)
	}
	ssdp, err := c.All().Narrow(t.Context(), "ssdp")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[uint32]bool{} // packets whose http.host is in another protocol's layer
	for frame, err := range ssdp.Frames(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		elsewhere[frame] = true
	}
	there, unsure := 0, 0
	for i, text := range got {
		want := ""
		if values := col.Values(i); len(values) > 0 && !elsewhere[uint32(i)+1] {
			want, there = values[0], there+1
		}
		switch text {
		case want:
		case "?": // the first ask trees, and odd packets
			unsure++
		default:
			t.Fatalf("packet %d: got %q, want %q", i+1, text, want)
		}
	}
	if !(*c.ahead.names.Load())["http.host"].rare.Load() || there == 0 || unsure > len(got)/500 {
		t.Errorf("%d packets have a host, which is not taken for rare, or %d packets are unsure", there, unsure)
	}
}
