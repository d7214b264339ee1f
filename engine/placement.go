package engine

import (
	"slices"
	"strings"
	"sync"

	"pktsh/dissect"
)

// This file says of which protocols' fields a column tells what the tree would. A
// column knows how often a field is in a packet, not where: for it to be the value in
// the packet's one layer of a protocol, that layer has to be one of the tree's top
// level, and no other layer may have the field.
//
// What is said here of Wireshark's dissectors was read off `tshark -T pdml` of the
// captures of docs/truth.md, and holds of the versions that pktsh's own answers were
// compared with; everything else is left to trees. TestColumnsAreTrees holds it
// against trees.

// placement is what is known of where a protocol's fields stand.
type placement struct {
	// shared are the protocols in whose layers some of its fields stand as well.
	shared []string
	// elsewhere begin the names of its fields that stand in layers of protocols that
	// frame.protocols does not name, and of those that each dissection of a packet
	// changes (tcp.completeness; see docs/truth.md).
	elsewhere []string
	// foreign are the protocols of which fields stand in its layer, beside the
	// protocols that stand in it as such.
	foreign []string
	// ordered says that several values of a field come in the tree's order: its
	// dissector goes through the message once.
	ordered bool
}

// placements are the protocols that are known.
func placements() map[string]placement {
	plain := []string{
		"amqp", "arp", "bfd", "bgp", "bittorrent", "coap", "dccp", "dhcp", "dnp3", "eigrp", "esp", "frame", "ftp", "ftp-data", "gre",
		"hsrp", "igmp", "imap", "isakmp", "ldp", "lldp", "mbtcp", "modbus", "mqtt", "mysql", "nbdgm", "nbns", "nbss", "ntp", "openvpn",
		"ospf", "pgsql", "pim", "pop", "quic", "radius", "rip", "ripng", "rtp", "s7comm", "sctp", "smtp", "snmp", "ssh", "stp",
		"stun", "syslog", "tds", "telnet", "tftp", "udp", "vlan", "vrrp",
	}
	foreign := map[string][]string{
		"bittorrent": {"bencode"}, "quic": {"gquic"}, "rtp": {"megaco", "sip"}, "stun": {"data"}, "tds": {"data"}, "vlan": {"eth"},
	}
	out := map[string]placement{
		"dns":    {shared: []string{"llmnr", "mdns"}, ordered: true},
		"eth":    {shared: []string{"vlan"}},
		"http":   {shared: []string{"ssdp"}, foreign: []string{"data"}, ordered: true},
		"icmp":   {shared: []string{"icmpv6"}, foreign: []string{"data"}},
		"icmpv6": {foreign: []string{"data", "icmp"}},
		"ip":     {shared: []string{"ipv6"}},
		"ipv6":   {shared: []string{"ipv6.hopopts"}, foreign: []string{"ip"}},
		"sip":    {shared: []string{"rtp", "sdp"}},
		"tcp":    {shared: []string{"socks"}, elsewhere: []string{"tcp.options.", "tcp.completeness"}, foreign: []string{"mptcp"}},
		"tls": {shared: []string{"dtls", "quic", "gquic", "rdpudp"}, ordered: true,
			foreign: []string{"ber", "gquic", "logotypecertextn", "ns_cert_exts", "pkcs-1", "pkix1explicit", "pkix1implicit", "x509af", "x509ce", "x509if", "x509sat"}},
	}
	for _, name := range plain {
		out[name] = placement{foreign: foreign[name]}
	}
	return out
}

// carriers are the names in frame.protocols of what hands its payload to the tree's
// top level.
func carriers() map[string]bool {
	out := map[string]bool{}
	for _, name := range []string{"eth", "ethertype", "vlan", "ip", "ipv6", "tcp", "udp", "tls", "ppp", "pppoes", "gre", "mpls", "llc", "vxlan"} {
		out[name] = true
	}
	return out
}

// placer answers, of a packet's protocols as frame.protocols names them, where a
// protocol's layer and fields stand.
type placer struct {
	placements map[string]placement
	carriers   map[string]bool

	mu    sync.Mutex
	known map[placed]standing
}

type placed struct{ protocol, protocols string }

// standing is what is known of a protocol in a packet that has it once.
type standing struct {
	layer  bool // it is a layer of the tree's top level
	fields bool // its fields stand in that layer only
}

func newPlacer() *placer {
	return &placer{placements: placements(), carriers: carriers(), known: map[placed]standing{}}
}

// manyKnown bounds what a placer remembers.
const manyKnown = 1 << 16

// standing returns what is known.
func (p *placer) standing(protocol, protocols string) standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := placed{protocol, protocols}
	s, ok := p.known[key]
	if !ok {
		if len(p.known) >= manyKnown {
			clear(p.known)
		}
		s = p.place(protocol, protocols)
		key.protocols = strings.Clone(protocols)
		p.known[key] = s
	}
	return s
}

func (p *placer) place(protocol, protocols string) (s standing) {
	names := strings.Split(protocols, ":")
	at := slices.Index(names, protocol)
	if protocol == "frame" {
		at = 0 // it is not named, and always the first
	} else if at < 0 || slices.Contains(names[at+1:], protocol) {
		return s
	}
	for _, name := range names[:at] {
		if !p.carriers[name] {
			return s
		}
	}
	known, ok := p.placements[protocol]
	s.layer = ok
	s.fields = ok && !slices.ContainsFunc(known.shared, func(other string) bool { return slices.Contains(names, other) })
	return s
}

// field says whether columns tell of a field where its protocol's fields stand in
// its one layer; lacking says whether they tell so, too, that the layer lacks it.
func (p *placer) field(catalogue *dissect.Catalogue, info dissect.FieldInfo) (tell, lacking bool) {
	known, ok := p.placements[info.Protocol]
	rest, own := strings.CutPrefix(info.Name, info.Protocol+".")
	if !ok || !own || !columnTells(info) {
		return false, false
	}
	for _, prefix := range known.elsewhere {
		if strings.HasPrefix(info.Name, prefix) {
			return false, false
		}
	}
	return true, !p.ambiguous(catalogue, known, info.Name, rest)
}

// ambiguous says that a layer without the field may have something else under its
// name: fields whose names go on from there, another protocol's field of that name,
// or a protocol within the layer.
func (p *placer) ambiguous(catalogue *dissect.Catalogue, known placement, name, rest string) bool {
	if len(catalogue.Prefix(name+".")) > 0 {
		return true
	}
	for _, other := range append([]string{"_ws.expert", "_ws.string", "_ws.lua"}, known.foreign...) {
		if len(catalogue.Prefix(other+"."+rest)) > 0 {
			return true
		}
	}
	for i := range len(rest) + 1 {
		if i < len(rest) && rest[i] != '.' && rest[i] != '_' {
			continue
		}
		if info, ok := catalogue.Lookup(rest[:i]); ok && info.Type == dissect.TypeProtocol {
			return true
		}
	}
	return false
}

// columnTells says of which types a column's text is the tree's.
func columnTells(info dissect.FieldInfo) bool {
	switch {
	case textsStandAlone(info.Type):
		return true
	case strings.HasPrefix(string(info.Type), "STRING"), info.Type == "UINT_STRING":
		return true
	}
	return false
}

// maxColumnText is how long a column's text may be to be surely whole: sharkd cuts
// cells at 2,047 characters, the protocols' names in front included.
const maxColumnText = 1500

// wholeText says that a column's text is the field's: not cut, and without what
// columns escape.
func wholeText(text string) bool {
	return len(text) < maxColumnText && !strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x20 || r == 0x7f || r == '\\' || r == '…' || r == '\uFFFD'
	})
}
