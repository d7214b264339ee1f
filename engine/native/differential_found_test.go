package native_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/net/http2/hpack"

	"pktsh/engine/capfile"
)

// This file makes packets like those of captures in which pktsh was once wrong, which
// neither the grammar nor its mutants bring forth.

// foundPackets are Ethernet frames.
func foundPackets(t *testing.T) []samplePacket {
	t.Helper()
	var out []samplePacket
	add := func(all ...gopacket.SerializableLayer) {
		data := serialize(all...)
		out = append(out, samplePacket{data, len(data)})
	}
	ethernet := func(typ layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: typ}
	}
	ip4 := func(proto layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{192, 0, 2, 2}}
	}
	icmp6 := func(message ...byte) {
		ip := &layers.IPv6{Version: 6, HopLimit: 255, NextHeader: layers.IPProtocolICMPv6, SrcIP: net.ParseIP("fe80::1"), DstIP: net.ParseIP("ff02::16")}
		add(ethernet(layers.EthernetTypeIPv6), ip, gopacket.Payload(message))
	}
	address := net.ParseIP("ff02::1:3")
	// A report of MLDv2 with fewer sources than it says, and one with auxiliary data.
	icmp6(slices.Concat([]byte{143, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 3}, address, address, address)...)
	icmp6(slices.Concat([]byte{143, 0, 0, 0, 0, 0, 0, 2, 4, 1, 0, 0}, address, []byte{1, 2, 3, 4}, []byte{3, 0, 0, 1}, address, address)...)
	// Link-layer addresses that are not Ethernet's, and other options.
	icmp6(slices.Concat([]byte{133, 0, 0, 0, 0, 0, 0, 0}, []byte{1, 2}, make([]byte, 14))...)
	icmp6(slices.Concat([]byte{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []byte{24, 3, 64, 0, 0, 0, 0, 60}, address)...)
	icmp6(slices.Concat([]byte{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []byte{31, 2, 0, 0, 0, 0, 0, 60, 1, 'a', 0, 0, 0, 0, 0, 0})...)
	// Names that Wireshark counts in its own way.
	for _, name := range []string{"\x01a\x00", "\x02ab\x00", "\x03a.b\x00", "\x01a\x01b\x00", "\x01.\x00", "\x00"} {
		query := slices.Concat([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, []byte(name), []byte{0, 1, 0, 1})
		add(ethernet(layers.EthernetTypeIPv4), ip4(layers.IPProtocolUDP), &layers.UDP{SrcPort: 40000, DstPort: 53}, gopacket.Payload(query))
	}
	// A stack of labels: a layer of the tree for each.
	add(ethernet(layers.EthernetTypeMPLSUnicast), &layers.MPLS{Label: 254, TTL: 60}, &layers.MPLS{Label: 99, TTL: 60, StackBottom: true}, ip4(layers.IPProtocolTCP), &layers.TCP{SrcPort: 1, DstPort: 2, SYN: true})
	// DNS over HTTP/2 without TLS, whose answer begins behind other data.
	for _, s := range dnsOverHTTP2(t) {
		tcp := &layers.TCP{SrcPort: 40001, DstPort: 80, Seq: s.seq, Ack: s.ack, ACK: true, SYN: s.syn, Window: 1000}
		ip := ip4(layers.IPProtocolTCP)
		if s.back {
			tcp.SrcPort, tcp.DstPort, ip.SrcIP, ip.DstIP = 80, 40001, ip.DstIP, ip.SrcIP
		}
		add(ethernet(layers.EthernetTypeIPv4), ip, tcp, gopacket.Payload(s.data))
	}
	return out
}

// segment is a TCP segment of a conversation.
type segment struct {
	back, syn bool
	seq, ack  uint32
	data      []byte
}

// dnsOverHTTP2 are the segments of a question after RFC 8484 and its answer.
func dnsOverHTTP2(t *testing.T) []segment {
	t.Helper()
	const (
		settings, headers, data = 4, 1, 0
		endStream, endHeaders   = 1, 4
	)
	request := slices.Concat([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), http2Frame(settings, 0, 0, nil), http2Frame(headers, endStream|endHeaders, 1,
		hpackFields(t, ":method", "GET", ":scheme", "http", ":path", "/q", ":authority", "dns.example", "accept", "application/dns-message")))
	head := slices.Concat(http2Frame(settings, 0, 0, nil), http2Frame(headers, endHeaders, 1, hpackFields(t, ":status", "200", "content-type", "application/dns-message")))
	answer := slices.Concat([]byte{0, 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, []byte("\x07example\x00\x00\x01\x00\x01"), []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7})
	body := http2Frame(data, endStream, 1, answer)
	asked, told := 100+uint32(len(request)), 500+uint32(len(head))
	return []segment{
		{syn: true, seq: 99},
		{back: true, syn: true, seq: 499, ack: 100},
		{seq: 100, ack: 500, data: request},
		{back: true, seq: 500, ack: asked, data: head},
		{back: true, seq: told, ack: asked, data: body[:12]},
		{back: true, seq: told + 12, ack: asked, data: body[12:]},
	}
}

// http2Frame is a frame after RFC 9113 section 4.1.
func http2Frame(kind, flags uint8, stream uint32, body []byte) []byte {
	n := len(body)
	return slices.Concat([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}, binary.BigEndian.AppendUint32(nil, stream), body)
}

// hpackFields are a header's names and values in turn, compressed.
func hpackFields(t *testing.T, fields ...string) []byte {
	t.Helper()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for pair := range slices.Chunk(fields, 2) {
		if err := e.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]}); err != nil {
			t.Fatal(err)
		}
	}
	return block.Bytes()
}

// writeLinks writes a pcapng file with a packet of each link type.
func writeLinks(t *testing.T, path string, linkTypes []int) {
	t.Helper()
	writeBlocks(t, path, func(_ *bufio.Writer, w *capfile.BlockWriter) {
		if err := w.Section("pktsh"); err != nil {
			t.Fatal(err)
		}
		for _, linkType := range linkTypes {
			blockPacket(t, w, linkType, uint64(linkType))
		}
	})
}

// writeSections writes a pcapng file of three sections, whose interfaces count anew,
// with blocks among the packets that are none.
func writeSections(t *testing.T, path string) {
	t.Helper()
	writeBlocks(t, path, func(raw *bufio.Writer, w *capfile.BlockWriter) {
		custom := func() {
			for _, v := range []uint32{0x0bad, 20, 32473, 0x01020304, 20} { // the type, the length, an enterprise, a word, the length
				if err := binary.Write(raw, binary.LittleEndian, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		for section := range uint64(3) {
			if err := w.Section("pktsh"); err != nil {
				t.Fatal(err)
			}
			if section != 1 {
				custom()
			}
			blockPacket(t, w, 1, 1000+10*section)
			custom()
			custom()
			blockPacket(t, w, 101, 1005+10*section)
		}
	})
}

func writeBlocks(t *testing.T, path string, write func(*bufio.Writer, *capfile.BlockWriter)) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewWriter(f)
	write(b, capfile.NewBlockWriter(b))
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// blockPacket writes an interface and a packet of zeros on it.
func blockPacket(t *testing.T, w *capfile.BlockWriter, linkType int, second uint64) {
	t.Helper()
	id, err := w.Interface(capfile.Interface{LinkType: linkType, Digits: 6, FCS: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Packet(id, second*1e6, make([]byte, 64), 64); err != nil {
		t.Fatal(err)
	}
}

// recordFound records what tshark says of what was found.
func recordFound(t *testing.T, dir string, record func(path string)) {
	t.Helper()
	packets := filepath.Join(dir, "found.pcap")
	writePcap(t, packets, 1, foundPackets(t))
	record(packets)
	sections := filepath.Join(dir, "sections.pcapng")
	writeSections(t, sections)
	record(sections)
	links := filepath.Join(dir, "links.pcapng")
	known := make([]int, 300)
	for i := range known {
		known[i] = i
	}
	for {
		writeLinks(t, links, known)
		out, err := exec.Command("tshark", "-r", links, "-T", "fields", "-e", "frame.number").Output()
		if err == nil {
			break
		}
		// 64 zeros are no packet of this one.
		bad := bytes.Count(out, []byte("\n"))
		known = slices.Delete(known, bad, bad+1)
	}
	record(links)
}
