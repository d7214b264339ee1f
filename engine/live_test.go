package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pktsh/engine/live"
	"pktsh/engine/wireshark"
)

// liveSession is a session that captures, or skips the test where this machine forbids
// that.
func liveSession(t *testing.T, configure ...func(*Config)) *Session {
	t.Helper()
	skip := t.Skipf
	if os.Getenv("PKTSH_LIVE") == "required" {
		skip = t.Fatalf
	}
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Dumpcap == "" {
		skip("live: no dumpcap on PATH")
	}
	cfg := Config{Tools: tools, TempDir: t.TempDir(), StateDir: t.TempDir(), CacheDir: t.TempDir()}
	for _, c := range configure {
		c(&cfg)
	}
	s := NewSession(cfg)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the session: %v", err)
		}
	})
	list, err := live.List(t.Context(), tools, live.ListOptions{Permission: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		if i.Name == "lo" {
			if i.MayCapture != nil {
				skip("live: dumpcap may not capture on lo: %v", i.MayCapture)
			}
			return s
		}
	}
	skip("live: there is no interface lo")
	return nil
}

// datagrams sends numbered UDP datagrams over the loopback to a port where somebody
// listens, so that nothing else passes. It returns a capture filter for them.
type datagrams struct {
	t    *testing.T
	conn net.Conn
	sent int
}

func newDatagrams(t *testing.T) (*datagrams, string) {
	t.Helper()
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	conn, err := net.Dial("udp4", listener.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &datagrams{t: t, conn: conn}, fmt.Sprintf("udp port %d", listener.LocalAddr().(*net.UDPAddr).Port)
}

func (d *datagrams) send(n int) {
	d.t.Helper()
	for range n {
		d.sent++
		if _, err := fmt.Fprintf(d.conn, "datagram %d", d.sent); err != nil {
			d.t.Fatal(err)
		}
	}
}

// sniff begins a capture.
func sniff(t *testing.T, s *Session, o LiveOptions) *Capture {
	t.Helper()
	if o.Interfaces == nil {
		o.Interfaces = []string{"lo"}
	}
	c, err := s.Sniff(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// arrive refreshes a capture until it has so many packets.
func arrive(t *testing.T, c *Capture, packets int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for c.Len() < packets {
		if err := c.WaitPackets(ctx, packets-c.Len()); err != nil {
			t.Fatalf("waiting for %d packets, %d are there: %v", packets, c.Len(), err)
		}
		if _, err := c.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if c.Live().State() == LiveStopped && c.Len() < packets {
			t.Fatalf("the capture ended with %d packets, want %d: %v", c.Len(), packets, c.Live().Err())
		}
	}
	if c.Len() != packets {
		t.Fatalf("got %d packets, want %d", c.Len(), packets)
	}
}

// numbered checks that a capture holds the datagrams from first to last, in order.
func numbered(t *testing.T, c *Capture, first, last int) {
	t.Helper()
	for i := range c.Len() {
		want := fmt.Sprintf("datagram %d", first+i)
		if data := c.File().Data(i); !strings.HasSuffix(string(data), want) {
			t.Fatalf("packet %d ends in %q, want %q", i+1, data[max(len(data)-20, 0):], want)
		}
	}
	if c.Len() != last-first+1 {
		t.Fatalf("got %d packets, want %d", c.Len(), last-first+1)
	}
}

// TestSniff captures, looks while it captures, pauses, goes on and captures again:
// all packets are there in order, the spool is a capture that others read, and nothing
// is left of it at the end.
func TestSniff(t *testing.T) { eachSource(t, testSniff) }

// eachSource runs a test with everything that can capture here.
func eachSource(t *testing.T, test func(t *testing.T, with string)) {
	t.Run(WithDumpcap, func(t *testing.T) { test(t, WithDumpcap) })
	t.Run(WithLibpcap, func(t *testing.T) {
		if !live.HasLibpcap() {
			t.Skip("live: built without libpcap (-tags libpcap)")
		}
		test(t, WithLibpcap)
	})
}

func testSniff(t *testing.T, with string) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter, With: with})
	if got := c.Live().State(); got != LiveRunning {
		t.Errorf("state %v, want running", got)
	}
	if n, err := c.All().Len(t.Context()); n != 0 || err != nil {
		t.Errorf("%d packets (%v) before any came", n, err)
	}
	d.send(5)
	arrive(t, c, 5)
	v, err := c.All().Narrow(t.Context(), "udp.length > 18")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := v.Len(t.Context()); n != 0 || err != nil {
		t.Errorf("%d packets (%v) are longer than 18, want none", n, err)
	}
	d.send(10)
	arrive(t, c, 15)
	if n, err := v.Len(t.Context()); n != 6 || err != nil {
		t.Errorf("%d packets (%v) are longer than 18, want 6", n, err)
	}
	p, err := c.Packet(15)
	if err != nil {
		t.Fatal(err)
	}
	if tree, err := p.Tree(t.Context()); err != nil || len(tree.Values("udp.stream")) != 1 {
		t.Errorf("packet 15: no udp.stream (%v)", err)
	}
	if err := c.Live().Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.send(3) // these are for nobody
	if err := c.Live().Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.send(1)
	arrive(t, c, 16)
	if err := c.Live().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.SniffMore(t.Context(), LiveOptions{Count: 4}); err != nil {
		t.Fatal(err)
	}
	d.send(4)
	arrive(t, c, 20)
	<-c.Live().Done()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Live().State(), c.Live().Err(); got != LiveStopped || err != nil {
		t.Errorf("state %v (%v), want stopped", got, err)
	}
	saved := filepath.Join(t.TempDir(), "saved.pcapng")
	if n, err := c.All().Save(t.Context(), saved, nil); n != 20 || err != nil {
		t.Errorf("saved %d packets (%v), want 20", n, err)
	}
	again, err := s.Open(t.Context(), OpenOptions{Paths: []string{saved}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if string(again.File().Data(i)) != string(c.File().Data(i)) {
			t.Errorf("packet %d was saved otherwise", i+1)
		}
	}
	path := c.Live().Path()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is left behind (%v)", path, err)
	}
}

// TestSniffReconfigured configures Wireshark anew while packets come: trees then say
// what it says now, of the packets that are there.
func TestSniffReconfigured(t *testing.T) {
	s := liveSession(t, func(cfg *Config) { cfg.Eager = true })
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter})
	d.send(3)
	arrive(t, c, 3)
	protocols := func(frame uint32) string {
		t.Helper()
		p, err := c.Packet(frame)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := p.Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tree.Values("frame.protocols")[0].Text(tree, "STRING")
	}
	if got := protocols(3); !strings.HasSuffix(got, "udp:data") {
		t.Errorf("packet 3 is %s", got)
	}
	cfg := c.Dissection()
	cfg.DisabledProtocols = []string{"udp"}
	if err := c.Reconfigure(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	d.send(3)
	arrive(t, c, 6)
	for _, frame := range []uint32{3, 6} {
		if got := protocols(frame); strings.Contains(got, "udp") {
			t.Errorf("packet %d is %s, and UDP is disabled", frame, got)
		}
	}
}
