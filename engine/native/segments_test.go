package native_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"pktsh/dissect"
)

// segmentsFile is a capture of messages over several segments, and what tshark said
// of it: each frame's reassembledFields, and its Protocol and Info columns.
const segmentsFile = "segments"

// TestRecordedSegments compares that capture with what tshark said when it was
// recorded, so that it fails without tshark too.
func TestRecordedSegments(t *testing.T) {
	capture, said := filepath.Join("testdata", segmentsFile+".pcap"), filepath.Join("testdata", segmentsFile+".tshark.json")
	if *update {
		recordSegments(t, capture, said)
	}
	raw, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	d := open(t, capture)
	if d == nil {
		t.Fatalf("%s does not open", capture)
	}
	for i, want := range want {
		tree, err := d.Tree(context.Background(), uint32(i)+1)
		if err != nil {
			t.Fatal(err)
		}
		got := segmentValues(tree)
		err = d.Rows(context.Background(), []uint32{uint32(i) + 1}, func(s dissect.Summary) error {
			got = append(got, s.Protocol, s.Info)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("frame %d: got\n  %q\nwant\n  %q", i+1, got, want)
		}
	}
}

// segmentValues are a tree's values of reassembledFields.
func segmentValues(tree *dissect.Tree) (out []string) {
	for _, name := range reassembledFields {
		var values []string
		for _, f := range tree.Values(name) {
			values = append(values, f.Show)
		}
		out = append(out, strings.Join(values, ","))
	}
	return out
}

// recordSegments writes the capture and what tshark says of it.
func recordSegments(t *testing.T, capture, said string) {
	t.Helper()
	f, err := os.Create(capture)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	for i, p := range segmentPackets(t) {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*100000).UTC(), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(info, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"-r", capture, "-T", "fields"}
	for _, name := range append(slices.Clone(reassembledFields), "_ws.col.Protocol", "_ws.col.Info") {
		args = append(args, "-e", name)
	}
	var rows [][]string
	for line := range strings.SplitSeq(strings.TrimRight(string(tshark(t, args...)), "\n"), "\n") {
		rows = append(rows, strings.Split(line, "\t"))
	}
	out, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(said, append(out, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// connection makes the packets of one TCP connection.
type connection struct {
	t       *testing.T
	port    layers.TCPPort
	seq     [2]uint32 // by direction: client, server
	packets *[][]byte
}

func (c *connection) send(from int, back int, flags layers.TCP, data []byte) {
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}}
	s := flags
	s.SrcPort, s.DstPort, s.Window = 40000+c.port, c.port, 50000
	if from == 1 {
		ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
		s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
	}
	s.Seq, s.Ack = c.seq[from]-uint32(back), c.seq[1-from]
	if back == 0 {
		c.seq[from] += uint32(len(data))
		if s.SYN || s.FIN {
			c.seq[from]++
		}
	}
	if err := s.SetNetworkLayerForChecksum(ip); err != nil {
		c.t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, &s, gopacket.Payload(data)); err != nil {
		c.t.Fatal(err)
	}
	*c.packets = append(*c.packets, slices.Clone(buf.Bytes()))
}

// data sends data in segments of at most so many bytes.
func (c *connection) data(from int, data []byte, size int) {
	for part := range slices.Chunk(data, size) {
		c.send(from, 0, layers.TCP{ACK: true, PSH: true}, part)
	}
}

// segmentPackets are connections of an HTTP server, whose heads, bodies and chunks are
// cut, one of them with a gap that is filled late, and a hello that is.
func segmentPackets(t *testing.T) (packets [][]byte) {
	for _, port := range []layers.TCPPort{80, 443} {
		c := &connection{t: t, port: port, seq: [2]uint32{1000, 0xffffff00}, packets: &packets}
		c.send(0, 0, layers.TCP{SYN: true}, nil)
		c.send(1, 0, layers.TCP{SYN: true, ACK: true}, nil)
		c.send(0, 0, layers.TCP{ACK: true}, nil)
		if port == 443 {
			c.data(0, clientHello(t), 150)
			break
		}
		text := func(s string) []byte { return []byte(s) }
		c.data(0, text("GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test\r\n\r\n"), 30)
		c.data(1, text("HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n"+strings.Repeat("x", 600)), 250)
		c.data(0, text("GET /b HTTP/1.1\r\nHost: a.example\r\n\r\nGET /c HTTP/1.1\r\nHost: b.ex"), 500)
		c.data(0, text("ample\r\n\r\n"), 500)
		c.data(1, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n5\r\nabcde\r\n0\r\n\r\n"), 40)
		c.data(0, text("HEAD /d HTTP/1.1\r\nHost: a.example\r\n\r\n"), 500)
		c.data(1, text("HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n"), 500)
		late := text("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + strings.Repeat("y", 300))
		c.data(0, text("GET /e HTTP/1.1\r\nHost: a.example\r\n\r\n"), 500)
		c.data(1, late[:100], 100)
		c.seq[1] += 100
		c.data(1, late[200:300], 100)
		c.send(1, 200, layers.TCP{ACK: true, PSH: true}, late[100:200])
		c.data(1, late[300:], 100)
		c.data(0, text("GET /f HTTP/1.1\r\nHost: a.example\r\n\r\n"), 500)
		c.data(1, text("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+strings.Repeat("z", 200)), 100)
		c.send(1, 0, layers.TCP{ACK: true, FIN: true}, nil)
	}
	return packets
}

// clientHello is the first message of a TLS client.
func clientHello(t *testing.T) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer server.Close()
	go func() {
		_ = tls.Client(client, &tls.Config{ServerName: "a-name-that-comes-late.example", NextProtos: []string{"h2", "http/1.1"}}).Handshake()
		client.Close()
	}()
	hello := make([]byte, 16<<10)
	n, err := io.ReadAtLeast(server, hello, 6)
	if err != nil {
		t.Fatal(err)
	}
	return hello[:n]
}
