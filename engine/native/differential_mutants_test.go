package native_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"pktsh/engine/capfile"
)

// This file makes packets: by a grammar out of gopacket's layers, and by damage to
// others.

// sample is a packet as a capture has it.
type samplePacket struct {
	data     []byte
	original int // length on the wire
}

// grammar makes random packets that are well formed.
type grammar struct{ *rand.Rand }

func newGrammar(seed uint64) grammar { return grammar{rand.New(rand.NewPCG(seed, 1))} }

func (g grammar) oneIn(n int) bool { return g.IntN(n) == 0 }

func (g grammar) bytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(g.Uint32())
	}
	return out
}

func (g grammar) mac() net.HardwareAddr { return append(net.HardwareAddr{2}, g.bytes(5)...) }

func (g grammar) ports() (src, dst uint16) {
	known := []uint16{53, 80, 443, 123, 5353, 5355, 67, 161, 500, 4500, 4789, 6653, 3544, 1701, 2152, 22, 25, 0, 65535}
	src, dst = uint16(20000+g.IntN(40000)), uint16(20000+g.IntN(40000))
	if g.oneIn(2) {
		dst = known[g.IntN(len(known))]
	}
	if g.oneIn(3) {
		src, dst = dst, src
	}
	return src, dst
}

// packet is an Ethernet frame.
func (g grammar) packet(depth int) []byte {
	eth := &layers.Ethernet{SrcMAC: g.mac(), DstMAC: g.mac()}
	var all []gopacket.SerializableLayer
	all = append(all, eth)
	typ := &eth.EthernetType
	for g.oneIn(3) && len(all) < 4 {
		tag := &layers.Dot1Q{VLANIdentifier: uint16(g.IntN(4096)), Priority: uint8(g.IntN(8)), DropEligible: g.oneIn(2)}
		*typ = layers.EthernetTypeDot1Q
		if g.oneIn(3) {
			*typ = layers.EthernetTypeQinQ
		}
		all, typ = append(all, tag), &tag.Type
	}
	switch g.IntN(12) {
	case 0:
		*typ = layers.EthernetTypeARP
		all = append(all, &layers.ARP{AddrType: 1, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
			Operation: uint16(1 + g.IntN(4)), SourceHwAddress: g.mac(), SourceProtAddress: g.bytes(4), DstHwAddress: g.mac(), DstProtAddress: g.bytes(4)})
	case 1:
		*typ = layers.EthernetType([]int{0x88cc, 0x8863, 0x9000, 0x1234, 0x0842, 0x88b5}[g.IntN(6)])
		all = append(all, gopacket.Payload(g.bytes(g.IntN(60))))
	case 2, 3, 4:
		*typ = layers.EthernetTypeIPv6
		all = append(all, g.ip6(depth)...)
	default:
		*typ = layers.EthernetTypeIPv4
		all = append(all, g.ip4(depth)...)
	}
	return serialize(all...)
}

func serialize(all ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
		panic(err) // a mistake in this file
	}
	return slices.Clone(buf.Bytes())
}

func (g grammar) ip4(depth int) []gopacket.SerializableLayer {
	ip := &layers.IPv4{Version: 4, TTL: uint8(g.IntN(256)), Id: uint16(g.Uint32()), TOS: uint8(g.IntN(256)), SrcIP: g.bytes(4), DstIP: g.bytes(4)}
	if g.oneIn(8) {
		ip.Flags = layers.IPv4MoreFragments
	}
	if g.oneIn(8) {
		ip.FragOffset = uint16(g.IntN(100))
	}
	if g.oneIn(6) {
		ip.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	}
	next, proto := g.transport(depth, false)
	ip.Protocol = proto
	return append([]gopacket.SerializableLayer{ip}, next...)
}

func (g grammar) ip6(depth int) []gopacket.SerializableLayer {
	ip := &layers.IPv6{Version: 6, HopLimit: uint8(g.IntN(256)), TrafficClass: uint8(g.IntN(256)), FlowLabel: uint32(g.IntN(1 << 20)), SrcIP: g.bytes(16), DstIP: g.bytes(16)}
	next, proto := g.transport(depth, true)
	ip.NextHeader = proto
	if g.oneIn(5) { // hop-by-hop options: a router alert and padding
		ip.NextHeader = layers.IPProtocolIPv6HopByHop
		next = append([]gopacket.SerializableLayer{gopacket.Payload([]byte{byte(proto), 0, 5, 2, 0, 0, 1, 0})}, next...)
	}
	return append([]gopacket.SerializableLayer{ip}, next...)
}

func (g grammar) transport(depth int, six bool) ([]gopacket.SerializableLayer, layers.IPProtocol) {
	src, dst := g.ports()
	payload := gopacket.Payload(g.bytes(g.IntN(80)))
	kind := g.IntN(12)
	if depth > 2 && kind > 8 {
		kind = 0
	}
	switch kind {
	case 0, 1, 2, 3:
		t := &layers.TCP{SrcPort: layers.TCPPort(src), DstPort: layers.TCPPort(dst), Seq: g.Uint32(), Ack: g.Uint32(), SYN: g.oneIn(4),
			ACK: !g.oneIn(4), FIN: g.oneIn(6), RST: g.oneIn(8), PSH: g.oneIn(3), URG: g.oneIn(9), Window: uint16(g.Uint32()), Urgent: uint16(g.IntN(3))}
		if g.oneIn(2) {
			t.Options = []layers.TCPOption{{OptionType: 2, OptionLength: 4, OptionData: g.bytes(2)}, {OptionType: 1}, {OptionType: 8, OptionLength: 10, OptionData: g.bytes(8)}}
		}
		return []gopacket.SerializableLayer{t, payload}, layers.IPProtocolTCP
	case 4, 5, 6:
		u := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst), Checksum: uint16(g.IntN(2)) * uint16(g.Uint32())}
		if g.oneIn(2) {
			u.DstPort = 53
			return []gopacket.SerializableLayer{u, g.dns()}, layers.IPProtocolUDP
		}
		return []gopacket.SerializableLayer{u, payload}, layers.IPProtocolUDP
	case 7:
		if six {
			typ := []byte{128, 129, 1, 3, 135, 136, 200}[g.IntN(7)]
			return []gopacket.SerializableLayer{gopacket.Payload(append([]byte{typ, 0, 1, 2}, g.bytes(24)...))}, layers.IPProtocolICMPv6
		}
		return []gopacket.SerializableLayer{&layers.ICMPv4{TypeCode: layers.ICMPv4TypeCode(uint16([]int{0, 8, 13, 17, 9, 40}[g.IntN(6)]) << 8), Id: uint16(g.Uint32()), Seq: uint16(g.Uint32())},
			gopacket.Payload(g.bytes(20 + g.IntN(20)))}, layers.IPProtocolICMPv4
	case 8:
		quoted := serialize(g.ip4(3)...)
		if six {
			quoted = serialize(g.ip6(3)...)
			typ := byte(1 + g.IntN(4))
			return []gopacket.SerializableLayer{gopacket.Payload(append([]byte{typ, 0, 1, 2, 0, 0, 0, 0}, quoted...))}, layers.IPProtocolICMPv6
		}
		cut := len(quoted)
		if g.oneIn(2) {
			cut = min(cut, 28)
		}
		typ := uint16([]int{3, 5, 11, 12, 4}[g.IntN(5)])
		return []gopacket.SerializableLayer{&layers.ICMPv4{TypeCode: layers.ICMPv4TypeCode(typ << 8)}, gopacket.Payload(quoted[:cut])}, layers.IPProtocolICMPv4
	case 9:
		return []gopacket.SerializableLayer{&layers.GRE{Protocol: layers.EthernetTypeIPv4}, gopacket.Payload(serialize(g.ip4(depth + 1)...))}, layers.IPProtocolGRE
	case 10:
		return g.ip4(depth + 1), layers.IPProtocolIPv4
	}
	u := &layers.UDP{SrcPort: layers.UDPPort(20000 + g.IntN(1000)), DstPort: 4789}
	return []gopacket.SerializableLayer{u, gopacket.Payload(append([]byte{8, 0, 0, 0, 0, 0, byte(g.IntN(256)), 0}, g.packet(depth+1)...))}, layers.IPProtocolUDP
}

func (g grammar) dns() *layers.DNS {
	name := []byte(fmt.Sprintf("host%d.example.net", g.IntN(50)))
	d := &layers.DNS{ID: uint16(g.Uint32()), RD: true, Questions: []layers.DNSQuestion{{Name: name, Type: layers.DNSTypeA, Class: layers.DNSClassIN}}}
	if g.oneIn(2) {
		d.QR, d.RA, d.AA = true, true, g.oneIn(2)
		d.Answers = []layers.DNSResourceRecord{
			{Name: name, Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: g.Uint32() >> 8, IP: g.bytes(4)},
			{Name: name, Type: layers.DNSTypeCNAME, Class: layers.DNSClassIN, TTL: 60, CNAME: []byte("alias.example.org")},
			{Name: name, Type: layers.DNSTypeMX, Class: layers.DNSClassIN, TTL: 60, MX: layers.DNSMX{Preference: 10, Name: []byte("mail.example.org")}},
			{Name: name, Type: layers.DNSTypeTXT, Class: layers.DNSClassIN, TTL: 60, TXTs: [][]byte{[]byte("v=spf1 -all")}},
		}[:1+g.IntN(4)]
	}
	return d
}

// damage changes a packet in one of the ways that captures are odd.
func (g grammar) damage(data []byte) samplePacket {
	p := samplePacket{data: slices.Clone(data), original: len(data)}
	if len(data) < 2 {
		return p
	}
	switch g.IntN(8) {
	case 0: // a short packet
		p.data = p.data[:g.IntN(len(data))]
		p.original = len(p.data)
	case 1: // a snapshot length
		p.data = p.data[:1+g.IntN(min(len(data)-1, 100))]
	case 2, 3, 4, 5: // bits flipped, in headers rather than behind
		for range 1 + g.IntN(3) {
			reach := min(len(data), 70)
			if g.oneIn(5) {
				reach = len(data)
			}
			p.data[g.IntN(reach)] ^= 1 << g.IntN(8)
		}
	case 6: // a trailer
		p.data = append(p.data, g.bytes(g.IntN(20))...)
		p.original = len(p.data)
	case 7: // a VLAN tag more, where it is Ethernet
		if len(data) > 14 {
			p.data = slices.Concat(data[:12], []byte{0x81, 0, byte(g.IntN(256)), byte(g.IntN(256))}, data[12:])
			p.original = len(p.data)
		}
	}
	return p
}

// writePcap writes packets, a millisecond apart.
func writePcap(t *testing.T, path string, linkType int, packets []samplePacket) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(262144, layers.LinkType(1)); err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1000000).UTC(), CaptureLength: len(p.data), Length: p.original}
		if err := w.WritePacket(info, p.data); err != nil {
			t.Fatal(err)
		}
	}
	// gopacket knows link types of one byte.
	if _, err := f.WriteAt(binary.LittleEndian.AppendUint32(nil, uint32(linkType)), 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDifferentialMutants compares packets made here: well-formed ones, and damaged
// ones of these. With PKTSH_DIFFERENTIAL=all there are more, and damaged ones out of the captures of
// others.
func TestDifferentialMutants(t *testing.T) {
	o := newOracle(t)
	s := newSuite(t, builtInRegistrations(t, o.version))
	dir := t.TempDir()
	all := os.Getenv("PKTSH_DIFFERENTIAL") == "all"
	rounds, size := 1, 1000
	if all {
		rounds, size = 10, 3000
	}
	var files []string
	add := func(name string, linkType int, packets []samplePacket) {
		path := filepath.Join(dir, name+".pcap")
		writePcap(t, path, linkType, packets)
		files = append(files, path)
	}
	for round := range rounds {
		g := newGrammar(uint64(round))
		var whole, damaged []samplePacket
		for range size {
			data := g.packet(0)
			whole = append(whole, samplePacket{data, len(data)})
			damaged = append(damaged, g.damage(data))
		}
		add(fmt.Sprintf("grammar-%d", round), 1, whole)
		add(fmt.Sprintf("damaged-%d", round), 1, damaged)
	}
	if all {
		for linkType, packets := range mutants(t) {
			add(fmt.Sprintf("mutants-of-link-type-%d", linkType), linkType, packets)
		}
	}
	s.run(t, o, files, filepath.Base)
}

// mutants damages a few packets of each capture of others, by link type.
func mutants(t *testing.T) map[int][]samplePacket {
	t.Helper()
	_, files := sharedCaptures(t)
	out := map[int][]samplePacket{}
	g := newGrammar(2026)
	for _, path := range files {
		f, err := capfile.Open(context.Background(), path, capfile.Options{TempDir: t.TempDir()})
		if err != nil {
			continue
		}
		interfaces := f.Interfaces()
		for range min(f.Len(), 24) {
			i := g.IntN(f.Len())
			if n := f.Record(i).Interface; n >= 0 && n < len(interfaces) && interfaces[n].LinkType >= 0 {
				link := interfaces[n].LinkType
				out[link] = append(out[link], g.damage(f.Data(i)))
			}
		}
		f.Close()
	}
	return out
}
