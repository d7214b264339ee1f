package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pktsh/engine"
	"pktsh/engine/wireshark"
)

// installedSession is a session with Wireshark, or skips.
func installedSession(t *testing.T) *engine.Session {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	s := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestReconfigure changes decode-as rules of an open capture: a view, a packet and a
// column that were asked before answer as Wireshark does now, and as before when
// the rule is taken back.
func TestReconfigure(t *testing.T) {
	s := installedSession(t)
	c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{filepath.Join("..", "testdata", "browse.pcapng")}})
	if err != nil {
		t.Fatal(err)
	}
	dns, err := c.All().Narrow(t.Context(), "dns")
	if err != nil {
		t.Fatal(err)
	}
	frame, err := dns.Frame(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Packet(frame)
	if err != nil {
		t.Fatal(err)
	}
	look := func() string {
		t.Helper()
		n, err := dns.Len(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tree, err := p.Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		row, err := p.Row(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counts, err := c.All().CountBy(t.Context(), "udp.port")
		if err != nil || len(counts) == 0 {
			t.Fatalf("got the counts %v, %v", counts, err)
		}
		layers := tree.Layers()
		some := "none"
		if n > 12 {
			some = "some"
		}
		return some + " " + layers[len(layers)-1].Name + " " + row.Protocol
	}
	before := look()
	if before != "some dns DNS" {
		t.Fatalf("got %q", before)
	}
	cfg := c.Dissection()
	cfg.DecodeAs = []string{"udp.port==53,syslog"}
	if err := c.Reconfigure(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "none syslog Syslog" {
		t.Errorf("port 53 as syslog: got %q", got)
	}
	cfg.DecodeAs = []string{"udp.prt==53,dns"}
	if err := c.Reconfigure(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), `did you mean "udp.port"`) {
		t.Errorf("a bad rule: got %v", err)
	}
	if got := look(); got != "none syslog Syslog" {
		t.Errorf("after a bad rule: got %q", got)
	}
	cfg.DecodeAs = nil
	if err := c.Reconfigure(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != before {
		t.Errorf("without the rule: got %q, want %q", got, before)
	}
}

// TestAppend adds packets to a capture in memory: its view and its packets answer
// as of a file with those packets.
func TestAppend(t *testing.T) {
	s := installedSession(t)
	c, err := s.OpenMemory(t.Context(), "in memory", engine.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	from, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{filepath.Join("..", "testdata", "browse.pcapng")}})
	if err != nil {
		t.Fatal(err)
	}
	data := func(frame uint32) []byte {
		p, err := from.Packet(frame)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := c.All()
	answers, err := all.Narrow(t.Context(), "dns.flags.response == 1 && dns.response_to")
	if err != nil {
		t.Fatal(err)
	}
	want := func(packets, pass int) {
		t.Helper()
		n, err := all.Len(t.Context())
		if err != nil || n != packets {
			t.Fatalf("got %d packets, %v; want %d", n, err, packets)
		}
		if n, err = answers.Len(t.Context()); err != nil || n != pass {
			t.Fatalf("got %d answers, %v; want %d", n, err, pass)
		}
	}
	want(0, 0)
	at := time.Unix(1700000000, 0)
	packet := func(frame uint32) engine.MemoryPacket {
		at = at.Add(time.Millisecond)
		return engine.MemoryPacket{LinkType: 1, Time: at, Data: data(frame)}
	}
	if err := c.Append(t.Context(), packet(1), packet(3)); err != nil {
		t.Fatal(err)
	}
	want(2, 0)
	first, err := c.Packet(1)
	if err != nil {
		t.Fatal(err)
	}
	if tree, err := first.Tree(t.Context()); err != nil || tree.Layers()[1].Name != "arp" {
		t.Fatalf("got %v, %v", tree, err)
	}
	if err := c.Append(t.Context(), packet(4)); err != nil { // the answer to frame 3
		t.Fatal(err)
	}
	want(3, 1)
	if tree, err := first.Tree(t.Context()); err != nil || tree.Layers()[1].Name != "arp" {
		t.Fatalf("after the capture has grown: got %v, %v", tree, err)
	}
	bad := engine.MemoryPacket{LinkType: 1, Time: at, Data: make([]byte, 1<<20)}
	if err := c.Append(t.Context(), packet(1), bad); err == nil || !strings.Contains(err.Error(), "packet 2 of 2") {
		t.Errorf("got %v", err)
	}
	if n, err := all.Len(t.Context()); n != 3 || err != nil {
		t.Errorf("after a packet that is too long: got %d packets, %v; want 3", n, err)
	}
	if err := from.Append(t.Context(), packet(1)); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("got %v", err)
	}
}
