package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// browsed opens a capture in a session.
func browsed(t *testing.T, s *engine.Session, path string) *engine.Capture {
	t.Helper()
	c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func packet(t *testing.T, c *engine.Capture, frame uint32) *engine.Packet {
	t.Helper()
	p, err := c.Packet(frame)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHeaders(t *testing.T) {
	s := engine.NewSession(engine.Config{Mode: plan.Native})
	t.Cleanup(func() { _ = s.Close() })
	c := browsed(t, s, browse)
	for _, tt := range []struct {
		frame    uint32
		protocol string
		n        int
		sure     bool
	}{
		{1, "arp", 1, true}, {1, "ip", 0, true}, {1, "eth", 1, true}, {1, "frame", 1, true},
		{3, "ip", 1, true}, {3, "udp", 1, true}, {3, "tcp", 0, true}, {3, "nonesuch", 0, false}, {3, "ip.src", 0, false},
		{8, "tcp", 1, true}, {8, "http", 0, false},
	} {
		n, sure := packet(t, c, tt.frame).Header(t.Context(), tt.protocol)
		if n != tt.n || sure != tt.sure {
			t.Errorf("frame %d: %s: got %d, sure %v, want %d, %v", tt.frame, tt.protocol, n, sure, tt.n, tt.sure)
		}
	}
	for _, tt := range []struct {
		frame       uint32
		name, text  string
		found, sure bool
	}{
		{3, "ip.src", "192.168.1.20", true, true}, {3, "ip.addr", "192.168.1.20", true, true}, {4, "ip.src", "192.168.1.1", true, true},
		{3, "udp.dstport", "53", true, true}, {3, "eth.type", "0x0800", true, true}, {3, "frame.number", "3", true, true},
		{3, "frame.time_delta", "0.001600000", true, true}, {1, "frame.time_delta", "0.000000000", true, true}, {5, "frame.time_relative", "0.062000000", true, true},
		{5, "tcp.flags.syn", "1", true, true}, {7, "tcp.flags.syn", "0", true, true}, {5, "tcp.flags", "0x0002", true, true},
		{3, "eth.len", "", false, true},   // Ethernet II has a type there
		{1, "ip.src", "", false, true},    // no such header
		{5, "tcp.seq", "", false, false},  // depends on other packets
		{3, "ip", "", false, false},       // no field
		{3, "nonesuch", "", false, false}, // nothing
	} {
		text, found, sure := packet(t, c, tt.frame).HeaderField(t.Context(), tt.name)
		if text != tt.text || found != tt.found || sure != tt.sure {
			t.Errorf("frame %d: %s: got %q, found %v, sure %v, want %q, %v, %v", tt.frame, tt.name, text, found, sure, tt.text, tt.found, tt.sure)
		}
	}
	for frame, want := range map[uint32]string{1: "", 3: "udp", 5: "tcp"} {
		if got, sure := packet(t, c, frame).Transport(t.Context()); got != want || !sure {
			t.Errorf("frame %d: got the transport protocol %q, sure %v, want %q", frame, got, sure, want)
		}
	}
	if tree := packet(t, c, 5).Dissected(); tree != nil {
		t.Error("headers were asked, and the packet was dissected")
	}
}

// TestHeadersNeedSureness checks when headers tell nothing: where only Wireshark
// may answer, where it is told to dissect differently, and when the file goes.
func TestHeadersNeedSureness(t *testing.T) {
	silent := func(t *testing.T, c *engine.Capture, why string) {
		t.Helper()
		p := packet(t, c, 3)
		_, a := p.Header(t.Context(), "ip")
		_, _, b := p.HeaderField(t.Context(), "ip.src")
		_, d := p.Transport(t.Context())
		if a || b || d {
			t.Errorf("%s: headers are sure: %v %v %v", why, a, b, d)
		}
	}
	t.Run("only Wireshark may answer", func(t *testing.T) {
		s := engine.NewSession(engine.Config{Mode: plan.Wireshark, Tools: tools(t), TempDir: t.TempDir()})
		t.Cleanup(func() { _ = s.Close() })
		silent(t, browsed(t, s, browse), "mode wireshark")
	})
	t.Run("decode-as", func(t *testing.T) {
		s := engine.NewSession(engine.Config{Tools: tools(t), TempDir: t.TempDir()})
		t.Cleanup(func() { _ = s.Close() })
		cfg := wireshark.Config{DecodeAs: []string{"udp.port==53,ip"}}
		c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{browse}, Dissection: &cfg})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		silent(t, c, "decode-as")
	})
	s := engine.NewSession(engine.Config{Mode: plan.Native})
	t.Cleanup(func() { _ = s.Close() })
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p := packet(t, browsed(t, s, browse), 3)
		p.Header(ctx, "ip")
		if n, sure := p.Header(t.Context(), "ip"); n != 1 || !sure {
			t.Errorf("after a cancelled question: got %d, sure %v", n, sure)
		}
	})
	t.Run("closed", func(t *testing.T) {
		c := browsed(t, s, browse)
		p := packet(t, c, 3)
		if _, sure := p.Header(t.Context(), "ip"); !sure {
			t.Fatal("headers are not sure of an open capture")
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, sure := p.Header(t.Context(), "ip"); sure {
			t.Error("headers of a closed capture are sure")
		}
	})
	t.Run("written to", func(t *testing.T) {
		data, err := os.ReadFile(browse)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "browse.pcapng")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c := browsed(t, s, path)
		if _, sure := packet(t, c, 1).Header(t.Context(), "ip"); !sure {
			t.Fatal("headers are not sure of an open capture")
		}
		if err := os.Truncate(path, 4096); err != nil {
			t.Fatal(err)
		}
		// Within a moment nobody looks at the file again; a page that is gone is
		// noticed at once.
		if _, sure := packet(t, c, 1204).Header(t.Context(), "ip"); sure {
			t.Error("headers of a page that is gone are sure")
		}
		time.Sleep(60 * time.Millisecond)
		silent(t, c, "a file that was cut")
	})
}

// TestHeadersConcurrently is for the race detector.
func TestHeadersConcurrently(t *testing.T) {
	s := engine.NewSession(engine.Config{Mode: plan.Native})
	t.Cleanup(func() { _ = s.Close() })
	c := browsed(t, s, browse)
	want := make([]string, c.Len())
	for i := range want {
		want[i], _, _ = packet(t, c, uint32(i)+1).HeaderField(t.Context(), "frame.time_delta")
	}
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := range want {
				if part%2 == 1 {
					i = len(want) - 1 - i
				}
				p, err := c.Packet(uint32(i) + 1)
				if err != nil {
					t.Error(err)
					return
				}
				if got, _, sure := p.HeaderField(context.Background(), "frame.time_delta"); got != want[i] || !sure {
					t.Errorf("packet %d: got %q, sure %v, want %q", i+1, got, sure, want[i])
				}
			}
		})
	}
	wg.Wait()
}

// TestAbsent checks that a protocol which headers cannot tell is filtered for after
// it was asked about often, not before, and that the answer is the filter's.
func TestAbsent(t *testing.T) {
	s := engine.NewSession(engine.Config{Tools: tools(t), TempDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	c := browsed(t, s, browse)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 16 { // what is cancelled counts for nothing
		if packet(t, c, 1).Absent(cancelled, "http") {
			t.Fatal("a cancelled question was answered")
		}
	}
	asked := 1
	for !packet(t, c, 1).Absent(t.Context(), "http") { // ARP
		if asked++; asked > 100 {
			t.Fatal("asked a hundred times, and no filter told")
		}
	}
	if asked < 16 {
		t.Errorf("filtered for after %d questions, want at least 16", asked)
	}
	if packet(t, c, 8).Absent(t.Context(), "http") {
		t.Error("frame 8: got no http, it is a request")
	}
	for range 100 {
		if packet(t, c, 1).Absent(t.Context(), "nonesuch") {
			t.Fatal("what nobody knows is surely absent")
		}
	}
}
