package main

import (
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// This file writes down how a conversation of each kind goes, once, as templates.

// script is what is said in a conversation, and when.
type script struct{ steps []step }

// step is a packet and how long after the one before it comes.
type step struct {
	packet *template
	trips  int // of the network, in one direction
	pause  time.Duration
}

// link returns the Ethernet and IP layers of a packet, addresses unset.
func link(v6, reply bool, hops uint8, protocol layers.IPProtocol) []gopacket.SerializableLayer {
	eth := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	ttl := uint8(64)
	if reply {
		ttl -= hops
	}
	if v6 {
		eth.EthernetType = layers.EthernetTypeIPv6
		return []gopacket.SerializableLayer{eth, &layers.IPv6{Version: 6, HopLimit: ttl, NextHeader: protocol, SrcIP: make([]byte, 16), DstIP: make([]byte, 16)}}
	}
	ip := &layers.IPv4{Version: 4, TTL: ttl, Protocol: protocol, SrcIP: make([]byte, 4), DstIP: make([]byte, 4)}
	if protocol == layers.IPProtocolTCP {
		ip.Flags = layers.IPv4DontFragment
	}
	return []gopacket.SerializableLayer{eth, ip}
}

// transportAt is the offset of the layer after IP.
func transportAt(v6 bool) int {
	if v6 {
		return ethernetLen + 40
	}
	return ethernetLen + 20
}

// tcpScript writes a TCP connection (RFC 9293); the first error stays.
type tcpScript struct {
	script
	v6   bool
	hops uint8
	next [2]uint32 // what each side sends next, from its initial number on
	last int       // who spoke last: 0 the client
	err  error
}

// segment adds one packet from a side.
func (s *tcpScript) segment(side int, tcp layers.TCP, payload []byte, pause time.Duration) {
	tcp.Window = 501
	stamps := 2 // after two NOPs
	if tcp.SYN {
		tcp.Window = 64240
		mss := []byte{0x05, 0xb4} // 1460
		if s.v6 {
			mss = []byte{0x05, 0xa0} // 1440
		}
		tcp.Options = []layers.TCPOption{
			{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: mss},
			{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
			{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)},
			{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
			{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		}
		stamps = 6
	} else {
		tcp.Options = []layers.TCPOption{
			{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
			{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
			{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)},
		}
	}
	data, err := serialise(append(link(s.v6, side == 1, s.hops, layers.IPProtocolTCP), &tcp, gopacket.Payload(payload))...)
	if err != nil {
		s.err = err
		return
	}
	at := transportAt(s.v6)
	t := newTemplate(data, side == 1, at, layers.IPProtocolTCP)
	t.stamps = at + 20 + stamps + 2
	t.seq = s.next[side]
	if tcp.ACK {
		t.ack = s.next[1-side]
	}
	s.next[side] += uint32(len(payload))
	if tcp.SYN || tcp.FIN {
		s.next[side]++
	}
	// Captured beside the client: an answer of the server's takes two trips, the
	// client's own takes none.
	trips := 0
	if side == 1 && s.last == 0 {
		trips = 2
	}
	s.last = side
	s.steps = append(s.steps, step{packet: t, trips: trips, pause: pause})
}

// open is the three-way handshake.
func (s *tcpScript) open() {
	s.segment(0, layers.TCP{SYN: true}, nil, 0)
	s.segment(1, layers.TCP{SYN: true, ACK: true}, nil, 0)
	s.segment(0, layers.TCP{ACK: true}, nil, 20*time.Microsecond)
}

// send sends data in segments; the other side acknowledges each second one, and
// the last.
func (s *tcpScript) send(side int, data []byte, thinking time.Duration) {
	most := 1448 // Ethernet's 1500 without IPv4, TCP and its timestamps
	if s.v6 {
		most = 1428
	}
	for i := 0; len(data) > 0; i++ {
		n := min(most, len(data))
		s.segment(side, layers.TCP{ACK: true, PSH: n == len(data)}, data[:n], thinking)
		thinking = 12 * time.Microsecond
		if data = data[n:]; i%2 == 1 || len(data) == 0 {
			s.segment(1-side, layers.TCP{ACK: true}, nil, 30*time.Microsecond)
		}
	}
}

// close ends the connection from the client, in order or by a reset.
func (s *tcpScript) close(reset bool) {
	if reset {
		s.segment(0, layers.TCP{RST: true, ACK: true}, nil, time.Millisecond)
		return
	}
	s.segment(0, layers.TCP{FIN: true, ACK: true}, nil, 3*time.Millisecond)
	s.segment(1, layers.TCP{FIN: true, ACK: true}, nil, 0)
	s.segment(0, layers.TCP{ACK: true}, nil, 15*time.Microsecond)
}

// datagram is one UDP packet of a script; ident and answer are offsets in the
// payload, or -1.
func datagram(v6, reply bool, payload []byte, ident, answer int) (*template, error) {
	data, err := serialise(append(link(v6, reply, 0, layers.IPProtocolUDP), &layers.UDP{}, gopacket.Payload(payload))...)
	if err != nil {
		return nil, err
	}
	at := transportAt(v6)
	t := newTemplate(data, reply, at, layers.IPProtocolUDP)
	if ident >= 0 {
		t.ident = at + 8 + ident
	}
	if answer >= 0 {
		t.answer = at + 8 + answer
	}
	return t, nil
}

// dnsScript asks for a name's address and gets the conversation's.
func dnsScript(v6 bool, name string) (*script, error) {
	kind, size := layers.DNSTypeA, 4
	if v6 {
		kind, size = layers.DNSTypeAAAA, 16
	}
	ask := &layers.DNS{RD: true, Questions: []layers.DNSQuestion{{Name: []byte(name), Type: kind, Class: layers.DNSClassIN}}}
	reply := &layers.DNS{QR: true, RD: true, RA: true, Questions: ask.Questions,
		Answers: []layers.DNSResourceRecord{{Name: []byte(name), Type: kind, Class: layers.DNSClassIN, TTL: 300, IP: make([]byte, size)}}}
	out := &script{}
	for i, message := range []*layers.DNS{ask, reply} {
		payload, err := serialise(message)
		if err != nil {
			return nil, err
		}
		answer := -1
		if i == 1 {
			answer = len(payload) - size
		}
		t, err := datagram(v6, i == 1, payload, 0, answer)
		if err != nil {
			return nil, err
		}
		out.steps = append(out.steps, step{packet: t, trips: i, pause: time.Duration(i) * 150 * time.Microsecond})
	}
	return out, nil
}

// plainScript is UDP that nobody answers, n bytes each time.
func plainScript(payload []byte, times int) (*script, error) {
	t, err := datagram(false, false, payload, -1, -1)
	if err != nil {
		return nil, err
	}
	out := &script{}
	for range times {
		out.steps = append(out.steps, step{packet: t, pause: 20 * time.Millisecond})
	}
	return out, nil
}

// ntpScript is a client's question and a server's answer (RFC 5905).
func ntpScript() (*script, error) {
	out := &script{}
	for i, ntp := range []*layers.NTP{
		{LeapIndicator: 0, Version: 4, Mode: 3, Poll: 6},
		{LeapIndicator: 0, Version: 4, Mode: 4, Stratum: 2, Poll: 6, Precision: -20, RootDelay: 900, ReferenceID: 0xc0000201,
			ReferenceTimestamp: 0xeb6f4d0000000000, OriginTimestamp: 0xeb6f4d1000000000, ReceiveTimestamp: 0xeb6f4d1010000000, TransmitTimestamp: 0xeb6f4d1010100000},
	} {
		payload, err := serialise(ntp)
		if err != nil {
			return nil, err
		}
		t, err := datagram(false, i == 1, payload, -1, -1)
		if err != nil {
			return nil, err
		}
		out.steps = append(out.steps, step{packet: t, trips: 2 * i})
	}
	return out, nil
}

// pingScript is n echo requests, a second apart, and their replies (RFC 792).
func pingScript(n int) (*script, error) {
	payload := make([]byte, 56)
	for i := range payload {
		payload[i] = byte(i)
	}
	out := &script{}
	for i := range n {
		for j, kind := range []uint8{layers.ICMPv4TypeEchoRequest, layers.ICMPv4TypeEchoReply} {
			data, err := serialise(append(link(false, j == 1, 9, layers.IPProtocolICMPv4),
				&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0), Seq: uint16(i + 1)}, gopacket.Payload(payload))...)
			if err != nil {
				return nil, err
			}
			t := newTemplate(data, j == 1, transportAt(false), layers.IPProtocolICMPv4)
			t.ident = t.transport + 4
			pause := time.Duration(0)
			if j == 0 && i > 0 {
				pause = time.Second
			}
			out.steps = append(out.steps, step{packet: t, trips: 2 * j, pause: pause})
		}
	}
	return out, nil
}

// arpLen is an ARP packet of Ethernet and IPv4 addresses and its Ethernet header.
const arpLen = ethernetLen + 28

// arpScript asks who has an address. The question is captured where it is sent,
// so without the padding to Ethernet's least length that its answer has.
func arpScript() (*script, error) {
	out := &script{}
	for i, op := range []uint16{layers.ARPRequest, layers.ARPReply} {
		data, err := serialise(&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeARP},
			&layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: op,
				SourceHwAddress: make([]byte, 6), SourceProtAddress: make([]byte, 4), DstHwAddress: make([]byte, 6), DstProtAddress: make([]byte, 4)})
		if err != nil {
			return nil, err
		}
		if i == 0 {
			data = data[:arpLen]
		}
		out.steps = append(out.steps, step{packet: &template{data: data, reply: i == 1}, pause: time.Duration(i) * 300 * time.Microsecond})
	}
	return out, nil
}
