package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// ordinary returns the packets of a short generated capture.
func ordinary(t *testing.T, packets, snaplen int) (file []byte, all [][]byte, times []time.Time) {
	t.Helper()
	var out bytes.Buffer
	if err := writeOrdinary(&out, packets, snaplen); err != nil {
		t.Fatal(err)
	}
	file = bytes.Clone(out.Bytes())
	r, err := pcapgo.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			return file, all, times
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := min(info.Length, snaplen); len(data) != want {
			t.Fatalf("packet %d: %d bytes captured of %d, %d wanted", len(all)+1, len(data), info.Length, want)
		}
		all, times = append(all, data), append(times, info.Timestamp)
	}
}

// TestOrdinary holds the generated packets to gopacket: each is decoded without
// an error and serialised again, lengths and checksums computed, to the same bytes.
func TestOrdinary(t *testing.T) {
	_, all, times := ordinary(t, 30_000, wholePacket)
	if len(all) != 30_000 {
		t.Fatalf("%d packets, 30,000 wanted", len(all))
	}
	kinds := map[gopacket.LayerType]int{}
	ports := map[layers.TCPPort]int{}
	var size int
	for i, data := range all {
		size += len(data)
		if i > 0 && times[i].Before(times[i-1]) {
			t.Fatalf("packet %d goes back in time", i+1)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		if e := p.ErrorLayer(); e != nil {
			t.Fatalf("packet %d: %v", i+1, e.Error())
		}
		for _, l := range p.Layers() {
			kinds[l.LayerType()]++
		}
		if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
			ports[tcp.DstPort]++
		}
		if again := reserialised(t, p); !bytes.Equal(again, data) {
			t.Fatalf("packet %d:\n% x, with right sums\n% x", i+1, data, again)
		}
	}
	for _, kind := range []gopacket.LayerType{layers.LayerTypeARP, layers.LayerTypeICMPv4, layers.LayerTypeDNS, layers.LayerTypeNTP, layers.LayerTypeIPv6, layers.LayerTypeTCP} {
		if kinds[kind] < 20 {
			t.Errorf("%d packets of %v", kinds[kind], kind)
		}
	}
	if ports[443] < 1000 || ports[80] < 500 {
		t.Errorf("%d packets to port 443, %d to port 80", ports[443], ports[80])
	}
	if mean := size / len(all); mean < 380 || mean > 480 {
		t.Errorf("packets are %d bytes long on average", mean)
	}
}

// reserialised is a packet's bytes with its lengths and checksums computed anew.
func reserialised(t *testing.T, p gopacket.Packet) []byte {
	t.Helper()
	var stack []gopacket.SerializableLayer
	for _, l := range p.Layers() {
		s, ok := l.(gopacket.SerializableLayer)
		if !ok {
			break
		}
		stack = append(stack, s)
		if over, ok := l.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := over.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
		}
		if p.Layer(layers.LayerTypeARP) == nil && len(stack) == 3 {
			stack = append(stack, gopacket.Payload(l.LayerPayload()))
			break
		}
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...); err != nil {
		t.Fatal(err)
	}
	if arp, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP); ok && arp.Operation == layers.ARPRequest {
		return buf.Bytes()[:arpLen]
	}
	return buf.Bytes()
}

// TestOrdinaryIsTheSame holds a short capture to the beginning of a longer one,
// and isOrdinary to noticing another.
func TestOrdinaryIsTheSame(t *testing.T) {
	long, _, _ := ordinary(t, 9000, growthSnaplen)
	short, _, _ := ordinary(t, 6000, growthSnaplen)
	if !bytes.HasPrefix(long, short) {
		t.Fatal("9,000 packets do not begin with the 6,000 of another run")
	}
	for name, tt := range map[string]struct {
		file    []byte
		snaplen int
		want    bool
	}{
		"the same":        {long, growthSnaplen, true},
		"another snaplen": {long, wholePacket, false},
		"another packet":  {append(bytes.Clone(long[:2000]), append([]byte{long[2000] + 1}, long[2001:]...)...), growthSnaplen, false},
		"cut":             {long[:1000], growthSnaplen, false},
	} {
		if got, err := isOrdinary(bytes.NewReader(tt.file), 9000, tt.snaplen); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v; %v wanted", name, got, err, tt.want)
		}
	}
}

// TestOrdinaryToWireshark asks tshark whether anything in the capture strikes it.
func TestOrdinaryToWireshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	file, _, _ := ordinary(t, 4000, wholePacket)
	path := filepath.Join(t.TempDir(), "ordinary.pcap")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	strange := `_ws.malformed || tcp.analysis.retransmission || tcp.analysis.lost_segment || tcp.analysis.duplicate_ack ||
		ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad" || icmp.checksum.status == "Bad" ||
		(tcp.port == 443 && tcp.len > 0 && !tls && !tcp.segment_data) || (tcp.port == 80 && tcp.len > 0 && !http && !tcp.segment_data)`
	for filter, wanted := range map[string]bool{
		strings.ReplaceAll(strange, "\n", " "):                        false,
		`tls.handshake.extensions_server_name contains "example.com"`: true,
		`http.response.code == 200 && http.content_length > 0`:        true,
		`dns.aaaa`: true,
	} {
		out, err := exec.Command("tshark", "-2", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
			"-o", "udp.check_checksum:TRUE", "-Y", filter).Output()
		if err != nil || (len(out) > 0) != wanted {
			t.Errorf("tshark -Y %q (%v):\n%.800s", filter, err, out)
		}
	}
}
