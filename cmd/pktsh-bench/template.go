package main

import (
	"encoding/binary"
	"math/bits"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// This file turns packets that gopacket serialised once into any number of
// packets of other hosts, ports and numbers: what differs is zero in the template,
// and the sums of the rest are kept, so that a checksum costs a few additions.

// template is a packet without what its conversation decides.
type template struct {
	data      []byte // addresses, ports, numbers and checksums are zero
	reply     bool   // sent by the server
	network   int    // offset of the IP header; 0 in ARP
	transport int    // offset of the TCP, UDP or ICMP header; 0 in ARP
	checksum  int    // offset of the transport's checksum
	protocol  layers.IPProtocol
	stamps    int // offset of TCP's TSval (RFC 7323, section 3.2); 0 where there is none
	ident     int // offset of a 16-bit number of the conversation: DNS's, ICMP echo's; 0 where there is none
	answer    int // offset of the server's address in a DNS answer; 0 where there is none
	seq, ack  uint32
	// One's complement sums (RFC 1071) of the IPv4 header, and of the transport
	// with its pseudo header but the addresses, not folded.
	networkSum, transportSum uint32
}

// serialise builds the template's bytes out of layers, Ethernet first.
func serialise(stack ...gopacket.SerializableLayer) ([]byte, error) {
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, stack...)
	return buf.Bytes(), err
}

// newTemplate takes the sums of a packet whose variable fields are zero.
// Transport is the offset of the layer after IP, protocol what it is.
func newTemplate(data []byte, reply bool, transport int, protocol layers.IPProtocol) *template {
	t := &template{data: data, reply: reply, network: ethernetLen, transport: transport, protocol: protocol}
	switch protocol {
	case layers.IPProtocolTCP:
		t.checksum = transport + 16
	case layers.IPProtocolUDP:
		t.checksum = transport + 6
	default:
		t.checksum = transport + 2
	}
	if !t.v6() {
		t.networkSum = sum(data[ethernetLen:transport])
	}
	t.transportSum = sum(data[transport:])
	if protocol != layers.IPProtocolICMPv4 {
		t.transportSum += uint32(protocol) + uint32(len(data)-transport)
	}
	return t
}

const ethernetLen = 14

func (t *template) v6() bool { return t.data[t.network]>>4 == 6 }

// render writes the packet that a conversation sends into buf and returns it.
func (t *template) render(buf []byte, c *conversation) []byte {
	p := buf[:copy(buf, t.data)]
	from, to := &c.hosts[0], &c.hosts[1]
	if t.reply {
		from, to = to, from
	}
	copy(p[0:6], to.mac[:])
	copy(p[6:12], from.mac[:])
	if t.network == 0 {
		t.renderARP(p, from, to)
		return p
	}
	sums := t.transportSum
	if t.v6() {
		copy(p[t.network+8:], from.ip6[:])
		copy(p[t.network+24:], to.ip6[:])
		sums += sum(p[t.network+8 : t.network+40])
	} else {
		copy(p[t.network+12:], from.ip4[:])
		copy(p[t.network+16:], to.ip4[:])
		addresses := sum(p[t.network+12 : t.network+20])
		number := c.number(t.reply)
		binary.BigEndian.PutUint16(p[t.network+4:], number)
		binary.BigEndian.PutUint16(p[t.network+10:], ^fold(t.networkSum+addresses+uint32(number)))
		if t.protocol != layers.IPProtocolICMPv4 {
			sums += addresses
		}
	}
	sums += t.renderTransport(p, c)
	if got := ^fold(sums); got == 0 && t.protocol == layers.IPProtocolUDP {
		binary.BigEndian.PutUint16(p[t.checksum:], 0xffff) // zero says that there is none (RFC 768)
	} else {
		binary.BigEndian.PutUint16(p[t.checksum:], got)
	}
	return p
}

// renderTransport fills in what is above IP and returns the sum of it.
func (t *template) renderTransport(p []byte, c *conversation) uint32 {
	var sums uint32
	put16 := func(at int, v uint16) {
		binary.BigEndian.PutUint16(p[at:], v)
		sums += uint32(v)
	}
	put32 := func(at int, v uint32) {
		binary.BigEndian.PutUint32(p[at:], v)
		sums += v>>16 + v&0xffff
	}
	side := 0
	if t.reply {
		side = 1
	}
	if t.protocol == layers.IPProtocolTCP || t.protocol == layers.IPProtocolUDP {
		put16(t.transport, c.ports[side])
		put16(t.transport+2, c.ports[1-side])
	}
	if t.protocol == layers.IPProtocolTCP {
		put32(t.transport+4, c.isn[side]+t.seq)
		if p[t.transport+13]&tcpACK != 0 {
			put32(t.transport+8, c.isn[1-side]+t.ack)
		}
	}
	if t.stamps != 0 {
		c.stamp[side] = c.clock[side] + uint32((c.at - c.began).Milliseconds())
		put32(t.stamps, c.stamp[side])
		put32(t.stamps+4, c.stamp[1-side])
	}
	if t.ident != 0 {
		put16(t.ident, c.ident)
	}
	if t.answer != 0 {
		address := c.answer.ip4[:]
		if t.data[t.answer-1] == 16 { // the length before it
			address = c.answer.ip6[:]
		}
		s := uint32(fold(sum(address)))
		if copy(p[t.answer:], address); (t.answer-t.transport)%2 != 0 {
			s = uint32(bits.ReverseBytes16(uint16(s))) // RFC 1071, section 2 (B)
		}
		sums += s
	}
	return sums
}

// tcpACK is the flag's bit in the TCP header's 14th byte.
const tcpACK = 0x10

// renderARP fills in the addresses of an Ethernet and IPv4 ARP packet (RFC 826).
func (t *template) renderARP(p []byte, from, to *host) {
	copy(p[22:], from.mac[:])
	copy(p[28:], from.ip4[:])
	if t.reply {
		copy(p[32:], to.mac[:])
	} else {
		copy(p[0:6], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	}
	copy(p[38:], to.ip4[:])
}

// sum adds up 16-bit words; an odd last byte counts as a word's first.
func sum(b []byte) uint32 {
	var s uint32
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

// fold adds the carries back in.
func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
