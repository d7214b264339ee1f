package main

import (
	"fmt"
	"net"
	"time"

	"github.com/google/gopacket/layers"
)

// browse is somebody opening web pages for 8.3 seconds: 1,204 packets of ARP,
// DNS, HTTP, TLS, ICMP, mDNS and SSDP, 41 of them DNS answers.
func browse() *scene {
	const (
		packets = 1204
		length  = 8300 * time.Millisecond
		lookups = 41
	)
	s := newScene(1)
	s.arp(0, client, router, layers.ARPRequest)
	s.arp(400*time.Microsecond, router, client, layers.ARPReply)
	for i := range lookups {
		at := 2*time.Millisecond + time.Duration(i)*190*time.Millisecond
		name, address := fmt.Sprintf("www%d.example.org", i), fmt.Sprintf("198.51.100.%d", 10+i)
		switch {
		case i == 0:
			name = "example.org"
		case i%7 == 3:
			address = fmt.Sprintf("2001:db8::%x", 16+i)
		case i%11 == 10:
			name = "missing.example"
		}
		s.lookup(at, uint16(0x1a2b+i*37), name, address)
		switch server := behind(fmt.Sprintf("198.51.100.%d", 10+i)); i % 4 {
		case 0:
			f := s.connect(at+60*time.Millisecond, server, uint16(50000+i), 80)
			f.http(name, "/", 900+i*200)
			f.http(name, "/style.css", 300)
			f.end()
		case 1, 2:
			f := s.connect(at+55*time.Millisecond, server, uint16(50000+i), 443)
			f.say(true, s.clientHello(name))
			f.say(false, s.record(2600))
			f.say(true, s.record(400))
			f.say(false, s.record(1200))
			f.end()
		}
	}
	for i := range 6 {
		s.ping(time.Duration(700+i*1000)*time.Millisecond, behind("198.51.100.10"), uint16(i+1))
		mdns := host{mac("01:00:5e:00:00:fb"), net.IP{224, 0, 0, 251}}
		s.udp(time.Duration(300+i*1300)*time.Millisecond, client, mdns, 5353, 5353, &layers.DNS{
			Questions: []layers.DNSQuestion{{Name: []byte("_http._tcp.local"), Type: layers.DNSTypePTR, Class: layers.DNSClassIN}}})
	}
	// One long download fills the capture up to its number of packets and its length.
	f := s.connect(time.Second, behind("203.0.113.7"), 51999, 443)
	f.say(true, s.clientHello("download.example.net"))
	left := packets - len(s.frames) - 3 - 1 // its three closing packets and the last one below
	step := (length - 600*time.Millisecond - f.at) / time.Duration(left)
	for i := range left {
		at := f.at
		if i%3 == 2 {
			f.send(true, &layers.TCP{ACK: true}, nil)
		} else {
			f.send(false, &layers.TCP{ACK: true, PSH: true}, s.record(1000))
		}
		f.at = at + step
	}
	f.end()
	ssdp := host{mac("01:00:5e:7f:ff:fa"), net.IP{239, 255, 255, 250}}
	s.udp(length, client, ssdp, 50123, 1900, payload("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n"))
	return s
}

// hostile holds text that would do harm if it reached a terminal: escape
// sequences, bells, backspaces, line breaks and bidi controls, in an HTTP
// header and in a DNS name.
func hostile() *scene {
	s := newScene(2)
	s.lookup(0, 0x0bad, "evil\x1b[2J\x07.example", "203.0.113.66")
	f := s.connect(50*time.Millisecond, behind("203.0.113.66"), 50000, 80)
	f.say(true, []byte("GET /\x1b]0;owned\x07 HTTP/1.1\r\nHost: \x1b[31mred\x1b[0m\x08\x08.example\r\nX-Bidi: \xe2\x80\xaegnp.exe\r\nX-C1: \xc2\x9b2J\r\n\r\n"))
	f.end()
	return s
}
