// Command make writes the captures of testdata/. They are synthetic: addresses
// are private or reserved for documentation, names end in reserved domains, and
// the same seed gives the same bytes.
//
//	go run ./testdata/make testdata
//	go run ./testdata/make testdata tls
//
// The second line makes tls.pcapng and tls.keys, which differ with each run.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

func main() {
	if len(os.Args) == 3 && os.Args[2] == "tls" {
		if err := writeTLS(os.Args[1]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./testdata/make DIRECTORY [tls]")
	}
	for name, build := range map[string]func() *scene{"browse.pcapng": browse, "hostile.pcapng": hostile} {
		if err := build().write(filepath.Join(os.Args[1], name)); err != nil {
			log.Fatal(err)
		}
	}
}

// writeTLS writes the TLS scene and its key log.
func writeTLS(dir string) error {
	s, keys, err := tlsScene()
	if err != nil {
		return err
	}
	if err := s.write(filepath.Join(dir, "tls.pcapng")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "tls.keys"), keys, 0o644)
}

var (
	start  = time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)
	client = host{mac("02:00:00:00:00:20"), net.IP{192, 168, 1, 20}}
	router = host{mac("02:00:00:00:00:01"), net.IP{192, 168, 1, 1}}
)

// host is one end of a conversation.
type host struct {
	mac net.HardwareAddr
	ip  net.IP
}

// behind is a host on the internet: its packets come from the router.
func behind(ip string) host { return host{router.mac, net.ParseIP(ip)} }

func mac(s string) net.HardwareAddr {
	m, err := net.ParseMAC(s)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// frame is one packet at its time after start.
type frame struct {
	at   time.Duration
	data []byte
}

// scene collects packets.
type scene struct {
	rng    *rand.Rand
	frames []frame
	ipID   uint16
}

func newScene(seed uint64) *scene { return &scene{rng: rand.New(rand.NewPCG(seed, 1))} }

func (s *scene) add(at time.Duration, ls ...gopacket.SerializableLayer) {
	buf := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opts, ls...); err != nil {
		log.Fatal(err)
	}
	s.frames = append(s.frames, frame{at, append([]byte(nil), buf.Bytes()...)})
}

func (s *scene) ip(from, to host, proto layers.IPProtocol) (*layers.Ethernet, gopacket.SerializableLayer, gopacket.NetworkLayer) {
	eth := &layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeIPv4}
	if from.ip.To4() == nil {
		eth.EthernetType = layers.EthernetTypeIPv6
		ip := &layers.IPv6{Version: 6, SrcIP: from.ip, DstIP: to.ip, NextHeader: proto, HopLimit: 64}
		return eth, ip, ip
	}
	s.ipID++
	ip := &layers.IPv4{Version: 4, Id: s.ipID, Flags: layers.IPv4DontFragment, TTL: 64, SrcIP: from.ip, DstIP: to.ip, Protocol: proto}
	return eth, ip, ip
}

func (s *scene) udp(at time.Duration, from, to host, sport, dport uint16, payload gopacket.SerializableLayer) {
	eth, ip, network := s.ip(from, to, layers.IPProtocolUDP)
	udp := &layers.UDP{SrcPort: layers.UDPPort(sport), DstPort: layers.UDPPort(dport)}
	if err := udp.SetNetworkLayerForChecksum(network); err != nil {
		log.Fatal(err)
	}
	s.add(at, eth, ip, udp, payload)
}

// lookup is a DNS query and its answer.
func (s *scene) lookup(at time.Duration, id uint16, name, address string) {
	kind := layers.DNSTypeA
	if net.ParseIP(address).To4() == nil {
		kind = layers.DNSTypeAAAA
	}
	port := 40000 + id%20000
	q := layers.DNSQuestion{Name: []byte(name), Type: kind, Class: layers.DNSClassIN}
	s.udp(at, client, router, port, 53, &layers.DNS{ID: id, RD: true, Questions: []layers.DNSQuestion{q}})
	answer := layers.DNSResourceRecord{Name: []byte(name), Type: kind, Class: layers.DNSClassIN, TTL: 300, IP: net.ParseIP(address)}
	reply := &layers.DNS{ID: id, QR: true, RD: true, RA: true, Questions: []layers.DNSQuestion{q}, Answers: []layers.DNSResourceRecord{answer}}
	if name == "missing.example" {
		reply.Answers, reply.ResponseCode = nil, layers.DNSResponseCodeNXDomain
	}
	s.udp(at+time.Duration(9+s.rng.IntN(30))*time.Millisecond, router, client, 53, port, reply)
}

// flow is one TCP connection.
type flow struct {
	s            *scene
	at           time.Duration
	a, b         host
	aport, bport uint16
	aseq, bseq   uint32
}

func (s *scene) connect(at time.Duration, server host, sport, dport uint16) *flow {
	f := &flow{s: s, at: at, a: client, b: server, aport: sport, bport: dport, aseq: s.rng.Uint32(), bseq: s.rng.Uint32()}
	mss := layers.TCPOption{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0x05, 0xb4}}
	scale := layers.TCPOption{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}}
	sack := layers.TCPOption{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}
	f.send(true, &layers.TCP{SYN: true, Options: []layers.TCPOption{mss, sack, scale}}, nil)
	f.aseq++
	f.send(false, &layers.TCP{SYN: true, ACK: true, Options: []layers.TCPOption{mss, sack, scale}}, nil)
	f.bseq++
	f.send(true, &layers.TCP{ACK: true}, nil)
	return f
}

func (f *flow) send(forward bool, tcp *layers.TCP, payload []byte) {
	from, to := f.a, f.b
	tcp.SrcPort, tcp.DstPort, tcp.Seq, tcp.Ack = layers.TCPPort(f.aport), layers.TCPPort(f.bport), f.aseq, f.bseq
	if !forward {
		from, to = to, from
		tcp.SrcPort, tcp.DstPort, tcp.Seq, tcp.Ack = tcp.DstPort, tcp.SrcPort, f.bseq, f.aseq
	}
	if !tcp.ACK {
		tcp.Ack = 0
	}
	tcp.Window = 502
	if tcp.SYN {
		tcp.Window = 64240
	}
	eth, ip, network := f.s.ip(from, to, layers.IPProtocolTCP)
	if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
		log.Fatal(err)
	}
	f.s.add(f.at, eth, ip, tcp, gopacket.Payload(payload))
	f.at += time.Duration(200+f.s.rng.IntN(4000)) * time.Microsecond
	if forward {
		f.aseq += uint32(len(payload))
	} else {
		f.bseq += uint32(len(payload))
	}
}

// say sends data in segments of at most 1,460 bytes, each acknowledged.
func (f *flow) say(forward bool, data []byte) {
	for len(data) > 0 {
		n := min(len(data), 1460)
		f.send(forward, &layers.TCP{ACK: true, PSH: n == len(data)}, data[:n])
		data = data[n:]
		f.send(!forward, &layers.TCP{ACK: true}, nil)
	}
}

func (f *flow) end() {
	f.send(true, &layers.TCP{FIN: true, ACK: true}, nil)
	f.aseq++
	f.send(false, &layers.TCP{FIN: true, ACK: true}, nil)
	f.bseq++
	f.send(true, &layers.TCP{ACK: true}, nil)
}

// http is a request and its response, with a body of that many bytes.
func (f *flow) http(hostName, path string, body int) {
	f.say(true, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pktsh-testdata/1\r\nAccept: */*\r\n\r\n", path, hostName))
	text := make([]byte, body)
	for i := range text {
		text[i] = "the quick brown fox jumps over the lazy dog\n"[i%44]
	}
	f.say(false, append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: example\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", body), text...))
}

// clientHello is a TLS 1.2 ClientHello (RFC 5246, section 7.4.1.2) with a
// server_name extension (RFC 6066, section 3).
func (s *scene) clientHello(name string) []byte {
	sni := binary.BigEndian.AppendUint16(nil, uint16(len(name)+3))
	sni = append(sni, 0)
	sni = append(binary.BigEndian.AppendUint16(sni, uint16(len(name))), name...)
	ext := binary.BigEndian.AppendUint16([]byte{0, 0}, uint16(len(sni)))
	ext = append(ext, sni...)
	body := []byte{3, 3}
	body = append(body, s.random(32)...)
	body = append(body, 0, 0, 4, 0xc0, 0x2f, 0x00, 0x9c, 1, 0)
	body = append(binary.BigEndian.AppendUint16(body, uint16(len(ext))), ext...)
	hs := append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return append([]byte{22, 3, 1, byte(len(hs) >> 8), byte(len(hs))}, hs...)
}

// record is a TLS application data record of that many bytes.
func (s *scene) record(n int) []byte {
	return append([]byte{23, 3, 3, byte(n >> 8), byte(n)}, s.random(n)...)
}

func (s *scene) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.rng.Uint32())
	}
	return b
}

func (s *scene) arp(at time.Duration, from, to host, op uint16) {
	dst := mac("ff:ff:ff:ff:ff:ff")
	target := make([]byte, 6)
	if op == layers.ARPReply {
		dst, target = to.mac, to.mac
	}
	s.add(at, &layers.Ethernet{SrcMAC: from.mac, DstMAC: dst, EthernetType: layers.EthernetTypeARP}, &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
		Operation: op, SourceHwAddress: from.mac, SourceProtAddress: from.ip.To4(), DstHwAddress: target, DstProtAddress: to.ip.To4()})
}

func (s *scene) ping(at time.Duration, to host, seq uint16) {
	payload := gopacket.Payload("abcdefghijklmnopqrstuvwabcdefghi")
	eth, ip, _ := s.ip(client, to, layers.IPProtocolICMPv4)
	s.add(at, eth, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: seq}, payload)
	eth, ip, _ = s.ip(to, client, layers.IPProtocolICMPv4)
	s.add(at+11*time.Millisecond, eth, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(0, 0), Id: 7, Seq: seq}, payload)
}

// write sorts the packets by time and writes them as pcapng.
func (s *scene) write(path string) error {
	sort.SliceStable(s.frames, func(i, j int) bool { return s.frames[i].at < s.frames[j].at })
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := pcapgo.NewNgWriterInterface(f, pcapgo.NgInterface{Name: "en0", Description: "synthetic", LinkType: layers.LinkTypeEthernet, SnapLength: 262144},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "pktsh testdata"}})
	if err != nil {
		return err
	}
	for _, p := range s.frames {
		ci := gopacket.CaptureInfo{Timestamp: start.Add(p.at), CaptureLength: len(p.data), Length: len(p.data)}
		if err := w.WritePacket(ci, p.data); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// payload is text as the innermost layer.
func payload(text string) gopacket.SerializableLayer { return gopacket.Payload(text) }
