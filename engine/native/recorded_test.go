package native_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
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

// update makes the test capture anew and records what tshark says of it.
var update = flag.Bool("update", false, "make testdata anew with tshark")

// recording is what tshark -2 -n said of testdata/own.pcap.
type recording struct {
	Version string
	Rows    []string   // source|destination|protocol|length|info
	Trees   [][]string // the lines of -V, hex dumps left out
}

// TestRecorded compares rows and trees of a capture of our own with what
// tshark said when it was recorded, so that it fails without tshark too.
func TestRecorded(t *testing.T) {
	capture, said := filepath.Join("testdata", "own.pcap"), filepath.Join("testdata", "own.tshark.json")
	if *update {
		record(t, capture, said)
	}
	raw, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	var want recording
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	d := open(t, capture)
	if d == nil {
		t.Fatalf("%s does not open", capture)
	}
	var frames []uint32
	for i := range want.Rows {
		frames = append(frames, uint32(i)+1)
	}
	err = d.Rows(context.Background(), frames, func(s dissect.Summary) error {
		got := fmt.Sprintf("%s|%s|%s|%d|%s", s.Source, s.Destination, s.Protocol, s.Length, s.Info)
		if want := want.Rows[s.Number-1]; got != want {
			t.Errorf("row %d: got\n  %s\nwant\n  %s", s.Number, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, lines := range want.Trees {
		tree, err := d.Tree(context.Background(), uint32(i)+1)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range nativeBlocks(tree) {
			got = append(got, withoutStateful(b.lines)...)
		}
		if !slices.Equal(got, lines) {
			j := 0
			for j < len(got) && j < len(lines) && got[j] == lines[j] {
				j++
			}
			t.Errorf("tree %d line %d: got\n  %s\nwant\n  %s", i+1, j+1, at(got, j), at(lines, j))
		}
	}
	if _, err := d.Tree(context.Background(), uint32(len(want.Rows))+1); err == nil {
		t.Error("a frame beyond the capture: want an error")
	}
	all, err := d.Filter(context.Background(), nil, []string{"tcp"}, func(t *dissect.Tree) bool { return t.Has("tcp") }, nil)
	if err != nil || all.GetCardinality() != 4 {
		t.Errorf("Filter for tcp: got %v frames, %v; want 4", all.GetCardinality(), err)
	}
	d.Close()
	if _, err := d.Tree(context.Background(), 1); err == nil {
		t.Error("after Close: want an error")
	}
}

// record writes the capture and what tshark says of it.
func record(t *testing.T, capture, said string) {
	t.Helper()
	f, err := os.Create(capture)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, p := range ownPackets(t) {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1000000).UTC(), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(info, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := recording{Version: strings.SplitN(string(tshark(t, "--version")), "\n", 2)[0]}
	rows := tshark(t, "-r", capture, "-T", "fields", "-E", "separator=|", "-e", "_ws.col.Source", "-e", "_ws.col.Destination",
		"-e", "_ws.col.Protocol", "-e", "_ws.col.Length", "-e", "_ws.col.Info")
	r.Rows = strings.Split(strings.TrimSpace(string(rows)), "\n")
	for _, text := range strings.Split("\n"+string(tshark(t, "-r", capture, "-V")), "\nFrame ")[1:] {
		var lines []string
		for _, b := range oracleBlocks("Frame " + text) {
			lines = append(lines, withoutStateful(b.lines)...)
		}
		r.Trees = append(r.Trees, lines)
	}
	out, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(said, append(out, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ownPackets makes one packet or two of each protocol.
func ownPackets(t *testing.T) [][]byte {
	t.Helper()
	a, b := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 2}
	ipA, ipB := net.IP{10, 0, 0, 1}, net.IP{10, 0, 0, 2}
	eth := func(typ layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: a, DstMAC: b, EthernetType: typ}
	}
	ip := func(p layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Id: 7, Protocol: p, SrcIP: ipA, DstIP: ipB}
	}
	var out [][]byte
	add := func(l ...gopacket.SerializableLayer) {
		buf := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, l...); err != nil {
			t.Fatal(err)
		}
		out = append(out, slices.Clone(buf.Bytes()))
	}
	add(eth(layers.EthernetTypeARP), &layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
		SourceHwAddress: a, SourceProtAddress: ipA, DstHwAddress: make([]byte, 6), DstProtAddress: ipB})
	udp := &layers.UDP{SrcPort: 40000, DstPort: 40001}
	n := ip(17)
	if err := udp.SetNetworkLayerForChecksum(n); err != nil {
		t.Fatal(err)
	}
	add(eth(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 5, Priority: 3, Type: layers.EthernetTypeIPv4}, n, udp, gopacket.Payload("\x00\x01abc"))
	query := &layers.DNS{ID: 0x1234, RD: true, QDCount: 1, Questions: []layers.DNSQuestion{{Name: []byte("a.example"), Type: 1, Class: 1}}}
	ask := &layers.UDP{SrcPort: 40002, DstPort: 53}
	n = ip(17)
	if err := ask.SetNetworkLayerForChecksum(n); err != nil {
		t.Fatal(err)
	}
	add(eth(layers.EthernetTypeIPv4), n, ask, query)
	add(eth(layers.EthernetTypeIPv4), ip(1), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 9, Seq: 1}, gopacket.Payload("ping"))
	reply := ip(1)
	reply.SrcIP, reply.DstIP = ipB, ipA
	add(eth(layers.EthernetTypeIPv4), reply, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(0, 0), Id: 9, Seq: 1}, gopacket.Payload("ping"))
	for i, s := range []layers.TCP{
		{SYN: true, Seq: 1000, Options: []layers.TCPOption{{OptionType: 2, OptionLength: 4, OptionData: []byte{5, 180}}, {OptionType: 3, OptionLength: 3, OptionData: []byte{7}}, {OptionType: 4, OptionLength: 2}}},
		{SYN: true, ACK: true, Seq: 5000, Ack: 1001, Options: []layers.TCPOption{{OptionType: 3, OptionLength: 3, OptionData: []byte{2}}}},
		{ACK: true, Seq: 1001, Ack: 5001},
		{ACK: true, FIN: true, Seq: 1001, Ack: 5001},
	} {
		n := ip(6)
		s.SrcPort, s.DstPort, s.Window = 40003, 40004, 500
		if i == 1 {
			n.SrcIP, n.DstIP = ipB, ipA
			s.SrcPort, s.DstPort = s.DstPort, s.SrcPort
		}
		if err := s.SetNetworkLayerForChecksum(n); err != nil {
			t.Fatal(err)
		}
		add(eth(layers.EthernetTypeIPv4), n, &s)
	}
	v6 := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolICMPv6, HopLimit: 255, SrcIP: net.ParseIP("fe80::1"), DstIP: net.ParseIP("ff02::1:ff00:2")}
	solicit := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(135, 0)}
	if err := solicit.SetNetworkLayerForChecksum(v6); err != nil {
		t.Fatal(err)
	}
	add(eth(layers.EthernetTypeIPv6), v6, solicit, &layers.ICMPv6NeighborSolicitation{TargetAddress: net.ParseIP("fe80::2"),
		Options: layers.ICMPv6Options{{Type: 1, Data: a}}})
	return out
}
