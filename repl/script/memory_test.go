package script

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"pktsh/engine"
	"pktsh/engine/plan"
)

// writeDatagrams writes a capture of n datagrams of 50 conversations: dissectors keep
// those, and eight bytes a packet.
func writeDatagrams(t *testing.T, path string, n int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	for i := range n {
		eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IP{10, 0, 0, byte(i % 50)}, DstIP: net.IP{192, 0, 2, 53}}
		udp := &layers.UDP{SrcPort: layers.UDPPort(1024 + i%50), DstPort: 7000}
		if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, udp, gopacket.Payload(make([]byte, 40))); err != nil {
			t.Fatal(err)
		}
		b := buffer.Bytes()
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1e6).UTC(), CaptureLength: len(b), Length: len(b)}
		if err := w.WritePacket(info, b); err != nil {
			t.Fatal(err)
		}
	}
}

// heapOver runs a loop over a capture and returns how many bytes of heap it held at
// most, beyond what it held after a quarter of the packets.
func heapOver(t *testing.T, path string, packets int, options, body string) int64 {
	t.Helper()
	s := engine.NewSession(engine.Config{Mode: plan.Native, TempDir: t.TempDir()})
	defer s.Close()
	it := New(Config{Out: io.Discard, Open: func(ctx context.Context, o OpenOptions) (*engine.Capture, error) {
		return s.Open(ctx, engine.OpenOptions{Paths: o.Paths})
	}})
	var first, most int64
	it.AddFunc("look", func(context.Context, []any, map[string]any) (any, error) {
		runtime.GC()
		runtime.GC() // what the first run finalised
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if first == 0 {
			first = int64(m.HeapAlloc)
		}
		most = max(most, int64(m.HeapAlloc)-first)
		return nil, nil
	})
	if err := it.Set("step", packets/4); err != nil {
		t.Fatal(err)
	}
	src := "cap = FileCapture('" + path + "'" + options + ")\nkept = []\nfor p in cap:\n    " + body + "\n    if p.number % step == 0: look()\n"
	if err := it.Exec(t.Context(), src, "", 1); err != nil {
		t.Fatal(err)
	}
	if first == 0 {
		t.Fatal("nothing was looked at")
	}
	return most
}

// TestConstantMemory goes through a large capture in PyShark's two ways to save
// memory, and for comparison in the one way that keeps every packet.
func TestConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("goes through a large capture several times")
	}
	const packets = 12000
	const bound = 3 << 18 // 65 bytes a packet: less than a row or a tree
	path := filepath.Join(t.TempDir(), "datagrams.pcap")
	writeDatagrams(t, path, packets)
	for _, tt := range []struct{ options, body string }{
		{", keep_packets=False", "x = (p.length, p.ip.src, p.udp.srcport, p.sniff_time)"},
		{", keep_packets=False", "x = (p.data.data, p.highest_layer, p.udp.checksum.showname)"},
		{", keep_packets=False", "x = p.summary_line"},
		{", only_summaries=True", "x = p.summary_line"},
		{", only_summaries=True, keep_packets=False", "x = p.info + p.protocol"},
	} {
		if most := heapOver(t, path, packets, tt.options, tt.body); most > bound {
			t.Errorf("%s: %s: the heap grew by %d bytes over %d packets, want at most %d", tt.options, tt.body, most, packets, bound)
		}
	}
	if most := heapOver(t, path, packets, "", "p.length\n    kept.append(p)"); most < bound {
		t.Errorf("packets kept by the script grew the heap by %d bytes only: this measures nothing", most)
	}
}

// TestKeepPacketsCannot checks what a capture without its packets refuses, and that
// it says what to do instead.
func TestKeepPacketsCannot(t *testing.T) {
	h := newHarness(t)
	if !h.SetCaptureMode("cap", false, false) {
		t.Fatal("no capture cap")
	}
	for _, src := range []string{"cap[0]", "cap[-1]", "cap[1:3]", "cap.filter('dns')[0]", "cap.sort_by('ip.src')[0]"} {
		if _, err := h.exec(src); err == nil || !strings.Contains(err.Error(), "keep_packets=False") || !strings.Contains(err.Error(), "for p in cap") {
			t.Errorf("%s: got %v", src, err)
		}
	}
	got, err := h.exec("len(cap), [p.number for p in cap], [p.number for p in cap], cap.frame(3).number, cap.next().number, cap.count_by('udp.dstport'), cap.keep_packets, len(cap.filter('dns'))")
	if want := "(4, [1, 2, 3, 4], [1, 2, 3, 4], 3, 1, {53: 2}, False, 2)\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
