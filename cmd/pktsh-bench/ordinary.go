package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// This file generates the ordinary capture: a few hundred people of an office
// looking things up and reading them over TLS and HTTP, seen beside them. Nothing
// is lost or comes out of order. The same numbers come out each time, and a
// shorter capture is the beginning of a longer one.

const (
	clientCount = 250
	siteCount   = 40
	seed        = 20250303
	visitRate   = 55.0 // visits a second
	wholePacket = 65535
)

// host is an end of conversations.
type host struct {
	mac [6]byte
	ip4 [4]byte
	ip6 [16]byte
}

// client is a host of the office and the next port it uses.
type client struct {
	host
	port   uint16
	number uint16 // IPv4 identification
}

// site is a name, the servers behind it, and what visiting it looks like.
type site struct {
	servers []host
	trip    time.Duration // one way
	lookup  [2]*script    // A, AAAA
	tls     [2][]*script  // over IPv4, IPv6
	http    []*script
}

// conversation is one run of a script.
type conversation struct {
	script *script
	step   int // the next one
	at     time.Duration
	began  time.Duration
	trip   time.Duration
	hosts  [2]host // client, server
	ports  [2]uint16
	isn    [2]uint32
	clock  [2]uint32 // TCP's timestamps at the beginning
	stamp  [2]uint32 // the last ones sent
	ident  uint16
	count  [2]uint16 // IPv4 identifications
	answer host      // whom DNS names
}

// number is the IPv4 identification of a side's next packet.
func (c *conversation) number(reply bool) uint16 {
	side := 0
	if reply {
		side = 1
	}
	c.count[side]++
	return c.count[side]
}

// agenda holds the running conversations, the next packet's first.
type agenda []*conversation

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(c any)        { *a = append(*a, c.(*conversation)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	c := (*a)[last]
	*a = (*a)[:last]
	return c
}

// office generates the traffic.
type office struct {
	rng       *rand.Rand
	clients   []client
	sites     []site
	gateway   host
	resolver  host
	timeHost  host
	collector host
	ntp, arp  *script
	ping      *script
	plain     []*script
	favourite *rand.Zipf
	active    agenda
	arrival   time.Duration // of the next visit
}

// writeOrdinary writes a pcap file of a number of packets, each cut to snaplen.
func writeOrdinary(w io.Writer, packets, snaplen int) error {
	o, err := newOffice()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	out := pcapgo.NewWriter(buffered)
	if err := out.WriteFileHeader(uint32(snaplen), layers.LinkTypeEthernet); err != nil {
		return err
	}
	began := time.Date(2025, time.March, 3, 9, 0, 0, 0, time.UTC)
	buf := make([]byte, wholePacket)
	for range packets {
		p, at := o.next(buf)
		n := min(len(p), snaplen)
		if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: began.Add(at), CaptureLength: n, Length: len(p)}, p[:n]); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// next renders the next packet of all conversations.
func (o *office) next(buf []byte) ([]byte, time.Duration) {
	for len(o.active) == 0 || o.arrival <= o.active[0].at {
		o.visit(o.arrival)
		o.arrival += time.Duration(o.rng.ExpFloat64() / visitRate * float64(time.Second))
	}
	c := o.active[0]
	p, at := c.script.steps[c.step].packet.render(buf, c), c.at
	if c.step++; c.step == len(c.script.steps) {
		heap.Pop(&o.active)
		return p, at
	}
	s := &c.script.steps[c.step]
	c.at += time.Duration(s.trips)*c.trip + s.pause
	heap.Fix(&o.active, 0)
	return p, at
}

// visit starts what a client does next: mostly a look-up and a connection.
func (o *office) visit(at time.Duration) {
	who := &o.clients[o.rng.IntN(len(o.clients))]
	s := &o.sites[o.favourite.Uint64()]
	server := s.servers[o.rng.IntN(len(s.servers))]
	switch kind := o.rng.IntN(100); {
	case kind < 4:
		o.begin(o.arp, at, who, o.gateway, 0, 0)
	case kind < 6:
		o.begin(o.ping, at, who, server, 0, s.trip)
	case kind < 8:
		o.begin(o.ntp, at, who, o.timeHost, 123, 8*time.Millisecond)
	case kind < 11:
		o.begin(o.plain[o.rng.IntN(len(o.plain))], at, who, o.collector, 514, 0)
	default:
		o.read(at, who, s, server)
	}
}

// read looks a site up, unless it is still known, and connects to it.
func (o *office) read(at time.Duration, who *client, s *site, server host) {
	family := 0
	if len(s.tls[1]) > 0 && o.rng.IntN(3) == 0 {
		family = 1
	}
	if o.rng.IntN(10) < 7 {
		c := o.begin(s.lookup[family], at, who, o.resolver, 53, 400*time.Microsecond)
		c.answer = server
		at += 2 * time.Millisecond
	}
	if family == 0 && o.rng.IntN(4) == 0 {
		o.begin(s.http[o.rng.IntN(len(s.http))], at, who, server, 80, s.trip)
		return
	}
	scripts := s.tls[family]
	o.begin(scripts[o.rng.IntN(len(scripts))], at, who, server, 443, s.trip)
}

// begin starts a conversation with a server's port.
func (o *office) begin(what *script, at time.Duration, who *client, server host, port uint16, trip time.Duration) *conversation {
	if who.port++; who.port > 60999 { // the range that Linux takes them from
		who.port = 32768
	}
	who.number += 64
	random := o.rng.Uint64()
	c := &conversation{
		script: what, at: at, began: at, hosts: [2]host{who.host, server}, ports: [2]uint16{who.port, port},
		trip:  trip + time.Duration(random%512)*time.Microsecond,
		isn:   [2]uint32{o.rng.Uint32(), o.rng.Uint32()},
		clock: [2]uint32{uint32(random >> 32), o.rng.Uint32()},
		ident: uint16(random >> 16), count: [2]uint16{who.number, uint16(random >> 24)},
	}
	if port == 123 || port == 514 {
		c.ports[0] = port // both ends of NTP, and syslog's sender, are there (RFC 5905, 3164)
	}
	heap.Push(&o.active, c)
	return c
}

// newOffice draws hosts and writes the scripts. The addresses are those for
// documentation (RFC 5737, 3849) and for benchmarks (RFC 2544).
func newOffice() (*office, error) {
	o := &office{rng: rand.New(rand.NewPCG(seed, 1))}
	o.favourite = rand.NewZipf(o.rng, 1.2, 3, siteCount-1)
	o.gateway = host{[6]byte{2, 0, 0, 0, 1, 1}, [4]byte{10, 1, 0, 1}, v6Address(1)}
	o.resolver = host{[6]byte{2, 0, 0, 0, 1, 53}, [4]byte{10, 1, 0, 53}, v6Address(53)}
	o.timeHost = host{o.gateway.mac, [4]byte{203, 0, 113, 123}, v6Address(123)}
	o.collector = host{[6]byte{2, 0, 0, 0, 1, 14}, [4]byte{10, 1, 0, 14}, v6Address(14)}
	for i := range clientCount {
		n := byte(i + 1)
		o.clients = append(o.clients, client{host: host{[6]byte{2, 0, 0, 0, 2, n}, [4]byte{10, 1, 1, n}, v6Address(0x100 + uint32(n))}, port: 32768 + uint16(i)*97})
	}
	for i := range siteCount {
		s, err := o.newSite(i)
		if err != nil {
			return nil, err
		}
		o.sites = append(o.sites, *s)
	}
	var err error
	if o.ntp, err = ntpScript(); err != nil {
		return nil, err
	}
	if o.arp, err = arpScript(); err != nil {
		return nil, err
	}
	if o.ping, err = pingScript(4); err != nil {
		return nil, err
	}
	for i := range 8 {
		line := fmt.Sprintf("<%d>Mar  3 09:00:%02d host%d app[%d]: request served in %d ms", 134+i, i*7, i, 400+i, 1+i*i)
		plain, err := plainScript([]byte(line), 1+i%3)
		if err != nil {
			return nil, err
		}
		o.plain = append(o.plain, plain)
	}
	return o, nil
}

func v6Address(n uint32) [16]byte {
	a := netip.MustParseAddr("2001:db8::").As16()
	binary.BigEndian.PutUint32(a[12:], n)
	return a
}

// newSite draws a site: how far it is, how many servers it has, how long its
// answers are.
func (o *office) newSite(i int) (*site, error) {
	s := &site{trip: time.Duration(2+o.rng.IntN(40)) * time.Millisecond}
	for j := range 1 + i%4 {
		s.servers = append(s.servers, host{o.gateway.mac, [4]byte{198, 18, byte(i), byte(10 + j)}, v6Address(uint32(0x10000*(i+1) + j))})
	}
	name := fmt.Sprintf("www%d.site%d.example.com", i%3, i*i)
	for family := range 2 {
		var err error
		if s.lookup[family], err = dnsScript(family == 1, name); err != nil {
			return nil, err
		}
	}
	for variant := range 5 {
		families := 1
		if i%4 == 0 { // these have IPv6 too
			families = 2
		}
		for family := range families {
			made, err := o.tlsScript(family == 1, name, uint8(6+i%12), variant == 4)
			if err != nil {
				return nil, err
			}
			s.tls[family] = append(s.tls[family], made)
		}
		made, err := o.httpScript(name, uint8(6+i%12))
		if err != nil {
			return nil, err
		}
		s.http = append(s.http, made)
	}
	return s, nil
}

// size draws a length in bytes around a median, with the long tail of web objects.
func (o *office) size(median, most float64) int {
	return int(min(most, median*math.Exp(o.rng.NormFloat64()*1.3)))
}

// tlsScript is a TLS 1.3 connection with a few requests and answers.
func (o *office) tlsScript(v6 bool, name string, hops uint8, reset bool) (*script, error) {
	s := &tcpScript{v6: v6, hops: hops}
	s.open()
	s.send(0, clientHello(o.rng, name), 200*time.Microsecond)
	s.send(1, serverFlight(o.rng, 2200+o.rng.IntN(1800)), time.Millisecond)
	s.send(0, clientFinished(o.rng), 400*time.Microsecond)
	for range 1 + o.rng.IntN(4) {
		s.send(0, applicationData(o.rng, o.size(300, 3000)), 2*time.Millisecond)
		s.send(1, applicationData(o.rng, o.size(1100, 60_000)), 5*time.Millisecond)
	}
	s.send(0, applicationData(o.rng, 19), 50*time.Millisecond) // close_notify
	s.close(reset)
	return &s.script, s.err
}

// httpScript is an HTTP/1.1 connection with a few requests and answers.
func (o *office) httpScript(name string, hops uint8) (*script, error) {
	s := &tcpScript{hops: hops}
	s.open()
	for i := range 1 + o.rng.IntN(3) {
		request, err := httpRequest(name, fmt.Sprintf("/articles/%d/%d", hops, i))
		if err != nil {
			return nil, err
		}
		answer, err := httpResponse(o.size(1100, 60_000))
		if err != nil {
			return nil, err
		}
		s.send(0, request, time.Millisecond)
		s.send(1, answer, 4*time.Millisecond)
	}
	s.close(false)
	return &s.script, s.err
}

// isOrdinary says whether a file begins as writeOrdinary would begin it today.
func isOrdinary(f io.Reader, packets, snaplen int) (bool, error) {
	var want bytes.Buffer
	if err := writeOrdinary(&want, min(packets, 5000), snaplen); err != nil {
		return false, err
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(f, got); err != nil {
		return false, nil
	}
	return bytes.Equal(got, want.Bytes()), nil
}
