package filter_test

// This file makes testdata/mixed.pcap, the capture that the case table is
// evaluated on, with gopacket.

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

var (
	macA = net.HardwareAddr{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}
	macB = net.HardwareAddr{0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f}
	ipA  = net.IP{192, 168, 1, 20}
	ipB  = net.IP{192, 168, 1, 1}
	ipC  = net.IP{10, 0, 0, 80}
	ip6A = net.ParseIP("fe80::1")
	ip6B = net.ParseIP("2001:db8::53")
)

// makeCapture returns the capture file.
func makeCapture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, frame := range makeFrames(t) {
		captured := frame
		if i == truncatedFrame-1 {
			captured = frame[:50]
		}
		ci := gopacket.CaptureInfo{
			Timestamp:     start.Add(time.Duration(i) * 370 * time.Millisecond),
			CaptureLength: len(captured), Length: len(frame),
		}
		if err := w.WritePacket(ci, captured); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// truncatedFrame is the number of the frame that was cut by the snap length.
const truncatedFrame = 27

// makeFrames returns the frames in order.
func makeFrames(t *testing.T) [][]byte {
	var out [][]byte
	add := func(ls ...gopacket.SerializableLayer) {
		t.Helper()
		out = append(out, serialize(t, ls...))
	}
	eth := func(typ layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: macA, DstMAC: macB, EthernetType: typ}
	}
	back := func(typ layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: macB, DstMAC: macA, EthernetType: typ}
	}
	ip := func(src, dst net.IP, proto layers.IPProtocol, ttl uint8) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: ttl, SrcIP: src, DstIP: dst, Protocol: proto, Id: 0x1234, Flags: layers.IPv4DontFragment}
	}
	ip6 := func(next layers.IPProtocol) *layers.IPv6 {
		return &layers.IPv6{Version: 6, HopLimit: 64, SrcIP: ip6A, DstIP: ip6B, NextHeader: next}
	}
	arp := func(op uint16) *layers.ARP {
		return &layers.ARP{AddrType: 1, Protocol: 0x0800, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
			SourceHwAddress: macA, SourceProtAddress: ipA, DstHwAddress: make([]byte, 6), DstProtAddress: ipB}
	}
	add(eth(0x0806), arp(1))
	add(back(0x0806), arp(2))

	question := layers.DNSQuestion{Name: []byte("example.org"), Type: layers.DNSTypeA, Class: 1}
	answer := func(ip net.IP) layers.DNSResourceRecord {
		return layers.DNSResourceRecord{Name: question.Name, Type: layers.DNSTypeA, Class: 1, TTL: 300, IP: ip}
	}
	add(eth(0x0800), ip(ipA, ipB, 17, 64), &layers.UDP{SrcPort: 40000, DstPort: 53},
		&layers.DNS{ID: 0x1a2b, RD: true, Questions: []layers.DNSQuestion{question}})
	add(back(0x0800), ip(ipB, ipA, 17, 63), &layers.UDP{SrcPort: 53, DstPort: 40000},
		&layers.DNS{ID: 0x1a2b, QR: true, RD: true, RA: true, Questions: []layers.DNSQuestion{question},
			Answers: []layers.DNSResourceRecord{answer(net.IP{93, 184, 216, 34}), answer(net.IP{10, 1, 2, 3})}})

	tcp := func(src, dst uint16, seq, ack uint32, set func(*layers.TCP)) *layers.TCP {
		l := &layers.TCP{SrcPort: layers.TCPPort(src), DstPort: layers.TCPPort(dst), Seq: seq, Ack: ack, Window: 8192}
		set(l)
		return l
	}
	synOptions := []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}},
		{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
	}
	get := []byte("GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Mozilla/5.0 (X11)\r\n\r\n")
	reply := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n")
	add(eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50000, 80, 1000, 0, func(l *layers.TCP) { l.SYN = true; l.Options = synOptions }))
	add(back(0x0800), ip(ipC, ipA, 6, 60), tcp(80, 50000, 5000, 1001, func(l *layers.TCP) { l.SYN, l.ACK = true, true; l.Options = synOptions }))
	add(eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50000, 80, 1001, 5001, func(l *layers.TCP) { l.ACK = true }))
	add(eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50000, 80, 1001, 5001, func(l *layers.TCP) { l.ACK, l.PSH = true, true }), gopacket.Payload(get))
	add(back(0x0800), ip(ipC, ipA, 6, 60), tcp(80, 50000, 5001, 1001+uint32(len(get)), func(l *layers.TCP) { l.ACK, l.PSH = true, true }), gopacket.Payload(reply))
	add(eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50000, 80, 1001+uint32(len(get)), 5001+uint32(len(reply)), func(l *layers.TCP) { l.ACK, l.FIN = true, true }))
	add(back(0x0800), ip(ipC, ipA, 6, 60), tcp(80, 50000, 5001+uint32(len(reply)), 0, func(l *layers.TCP) { l.RST = true }))

	add(eth(0x0800), ip(ipA, ipB, 1, 64), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 1}, gopacket.Payload("abcdefghijklmnop"))
	add(back(0x0800), ip(ipB, ipA, 1, 255), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(0, 0), Id: 7, Seq: 1}, gopacket.Payload("abcdefghijklmnop"))
	inner := serialize(t, ip(ipA, ipC, 17, 3), &layers.UDP{SrcPort: 1111, DstPort: 9999}, gopacket.Payload("lost"))
	add(back(0x0800), ip(ipB, ipA, 1, 254), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, gopacket.Payload(inner))

	icmp6 := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(128, 0)}
	add(eth(0x86dd), ip6(58), icmp6, &layers.ICMPv6Echo{Identifier: 9, SeqNumber: 2}, gopacket.Payload("six"))
	question6 := layers.DNSQuestion{Name: []byte("WWW.Example.COM"), Type: layers.DNSTypeAAAA, Class: 1}
	add(eth(0x86dd), ip6(17), &layers.UDP{SrcPort: 40001, DstPort: 53}, &layers.DNS{ID: 7, RD: true, Questions: []layers.DNSQuestion{question6}})
	add(eth(0x86dd), ip6(6), tcp(50001, 443, 1, 0, func(l *layers.TCP) { l.SYN = true }))

	vlan := func(id uint16, typ layers.EthernetType) *layers.Dot1Q {
		return &layers.Dot1Q{VLANIdentifier: id, Priority: 5, Type: typ}
	}
	add(eth(0x8100), vlan(42, 0x0806), arp(1))
	add(eth(0x8100), vlan(42, 0x8100), vlan(7, 0x0800), ip(ipA, ipB, 17, 1), &layers.UDP{SrcPort: 2000, DstPort: 2001}, gopacket.Payload("tagged"))
	add(eth(0x0800), ip(ipA, ipB, 4, 64), ip(ipC, net.IP{172, 16, 0, 9}, 17, 32), &layers.UDP{SrcPort: 3000, DstPort: 3001}, gopacket.Payload("tunnel"))
	add(eth(0x0800), ip(ipA, ipB, 47, 64), &layers.GRE{Protocol: 0x0800}, ip(ipC, ipA, 6, 5), tcp(7, 8, 9, 10, func(l *layers.TCP) { l.ACK = true }))
	add(eth(0x0800), ip(ipA, ipB, 17, 64), &layers.UDP{SrcPort: 4000, DstPort: 4001}, gopacket.Payload("\x00\xff\xe9caf\xc3\xa9\x80\x0b end\n"))

	padded := serialize(t, eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50002, 80, 1, 1, func(l *layers.TCP) { l.ACK = true }))
	out = append(out, append(padded, 0, 1, 2, 3, 4, 5))
	fragment := ip(ipA, ipB, 17, 64)
	fragment.Flags, fragment.FragOffset = layers.IPv4MoreFragments, 185
	add(eth(0x0800), fragment, gopacket.Payload("the middle of something"))
	add(&layers.Ethernet{SrcMAC: macA, DstMAC: net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0}, EthernetType: layers.EthernetTypeLLC, Length: 6},
		&layers.LLC{DSAP: 0xaa, SSAP: 0xaa, Control: 3}, gopacket.Payload("\x00\x00\x0c"))
	add(eth(0x0800), ip(ipA, ipB, 17, 64), &layers.UDP{SrcPort: 123, DstPort: 123},
		&layers.NTP{Version: 4, Mode: 3, TransmitTimestamp: 0xe1b6_3e80_8000_0000})
	add(eth(0x0800), ip(ipA, ipC, 6, 64), tcp(50000, 8080, 77, 88, func(l *layers.TCP) { l.ACK = true }), gopacket.Payload("cut off by the snap length"))
	bad := serialize(t, eth(0x0800), ip(ipA, ipB, 17, 64), &layers.UDP{SrcPort: 5000, DstPort: 5001}, gopacket.Payload("bad"))
	bad[24] ^= 0xff
	out = append(out, bad)
	broadcast := eth(0x0800)
	broadcast.DstMAC = layers.EthernetBroadcast
	add(broadcast, ip(net.IP{0, 0, 0, 0}, net.IP{255, 255, 255, 255}, 17, 128), &layers.UDP{SrcPort: 68, DstPort: 67},
		&layers.DHCPv4{Operation: 1, HardwareType: 1, HardwareLen: 6, Xid: 0xfe089c15, ClientHWAddr: macA,
			Options: layers.DHCPOptions{layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{1}), layers.NewDHCPOption(layers.DHCPOptHostname, []byte("laptop"))}})
	return out
}

func serialize(t *testing.T, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	var network gopacket.NetworkLayer
	for _, l := range ls {
		if n, ok := l.(gopacket.NetworkLayer); ok {
			network = n
		}
		if c, ok := l.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := c.SetNetworkLayerForChecksum(network); err != nil {
				t.Fatal(err)
			}
		}
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(buf.Bytes())
}
