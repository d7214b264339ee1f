package dissect

import (
	"maps"
	"slices"
	"sync"
)

// This file is the one table of which protocol a number leads to.

// The LINKTYPE_ values that are dissected natively (tcpdump.org/linktypes.html).
const (
	linkNull       = 0
	linkEthernet   = 1
	linkRawBSD     = 12
	linkRawOpenBSD = 14
	linkRaw        = 101
	linkLoop       = 108
	linkSLL        = 113
	linkIPv4       = 228
	linkIPv6       = 229
	linkSLL2       = 276
)

// Table says which protocol follows which number. It is immutable and safe for
// concurrent use.
type Table struct {
	linkTypes  map[int]*Protocol
	etherTypes map[uint16]*Protocol
	ipProtos   map[uint8]*Protocol
	udpPorts   map[uint16]*Protocol
	tcpPorts   map[uint16]*Protocol
	greTypes   map[uint16]*Protocol
	pppProtos  map[uint16]*Protocol
	chdlcTypes map[uint16]*Protocol
	saps       map[uint8]*Protocol
	data       *Protocol
	llc        *Protocol
	all        []*Protocol
	flowSpots  [64][]spot // by protocol
	catalogue  func() *Catalogue
}

// NewTable returns the table of everything that pktsh dissects natively.
func NewTable() *Table {
	t := &Table{}
	*t = Table{
		catalogue: sync.OnceValue(t.list),
		linkTypes: map[int]*Protocol{
			linkNull: &nullProtocol, linkLoop: &nullProtocol,
			linkEthernet: &ethProtocol,
			linkRawBSD:   &rawProtocol, linkRawOpenBSD: &rawProtocol, linkRaw: &rawProtocol,
			linkIPv4: &ipProtocol, linkIPv6: &ipv6Protocol,
			linkSLL: &sllProtocol, linkSLL2: &sllProtocol,
		},
		etherTypes: map[uint16]*Protocol{
			0x0800: &ipProtocol,
			0x0806: &arpProtocol,
			0x8100: &vlanProtocol,
			0x86dd: &ipv6Protocol,
			0x88a8: &providerVLANProtocol,
		},
		ipProtos: map[uint8]*Protocol{
			1:   &icmpProtocol,
			2:   &igmpProtocol,
			132: &sctpProtocol,
			4:   &ipProtocol,
			6:   &tcpProtocol,
			17:  &udpProtocol,
			41:  &ipv6Protocol,
			58:  &icmpv6Protocol,
		},
		udpPorts: map[uint16]*Protocol{53: &dnsProtocol, 5353: &mdnsProtocol, 5355: &llmnrProtocol, 123: &ntpProtocol,
			67: &dhcpProtocol, 68: &dhcpProtocol, 4011: &dhcpProtocol,
			137: &nbnsProtocol, 1900: &ssdpProtocol, 443: &quicProtocol,
			161: &snmpProtocol, 162: &snmpProtocol, 8161: &snmpProtocol,
		},
		tcpPorts: map[uint16]*Protocol{
			53: &dnsProtocol, 5353: &mdnsProtocol,
			22: &sshProtocol, 29418: &sshProtocol,
			80: &httpProtocol, 631: &httpProtocol, 1900: &httpProtocol, 2710: &httpProtocol, 2869: &httpProtocol,
			3128: &httpProtocol, 3132: &httpProtocol, 3689: &httpProtocol, 5985: &httpProtocol, 8080: &httpProtocol,
			8088: &httpProtocol, 11371: &httpProtocol,
			324: &tlsProtocol, 443: &tlsProtocol, 465: &tlsProtocol, 636: &tlsProtocol, 802: &tlsProtocol, 853: &tlsProtocol,
			993: &tlsProtocol, 995: &tlsProtocol, 1300: &tlsProtocol, 2221: &tlsProtocol, 2443: &tlsProtocol, 3249: &tlsProtocol,
			3250: &tlsProtocol, 3251: &tlsProtocol, 3252: &tlsProtocol, 3496: &tlsProtocol, 5061: &tlsProtocol, 5671: &tlsProtocol,
			5684: &tlsProtocol, 5868: &tlsProtocol, 8883: &tlsProtocol, 11207: &tlsProtocol, 19999: &tlsProtocol, 27017: &tlsProtocol,
		},
		data: &dataProtocol,
		llc:  &llcProtocol,
	}
	t.all = []*Protocol{
		&frameProtocol, &ethProtocol, &llcProtocol, &vlanProtocol, &providerVLANProtocol, &sllProtocol, &nullProtocol,
		&rawProtocol, &arpProtocol, &ipProtocol, &ipv6Protocol, &icmpProtocol, &icmpv6Protocol, &tcpProtocol,
		&udpProtocol, &dnsProtocol, &mdnsProtocol, &llmnrProtocol, &dataProtocol, &igmpProtocol, &ntpProtocol, &dhcpProtocol, &httpProtocol,
		&ssdpProtocol, &tlsProtocol, &snmpProtocol, &sctpProtocol, &sshProtocol, &quicProtocol, &nbnsProtocol,
	}
	t.addTunnels()
	t.flowSpots = t.findFlowSpots()
	return t
}

// network lists what link layers carry.
func (t *Table) network() []*Protocol {
	return append(slices.Collect(maps.Values(t.etherTypes)), t.llc, t.data)
}

// transport lists what IP carries.
func (t *Table) transport() []*Protocol {
	return append(slices.Collect(maps.Values(t.ipProtos)), t.data)
}

// overTCP and overUDP list what has a port.
func (t *Table) overTCP() []*Protocol {
	return append(slices.Collect(maps.Values(t.tcpPorts)), t.data)
}

func (t *Table) overUDP() []*Protocol {
	return append(slices.Collect(maps.Values(t.udpPorts)), t.data)
}

// undissected lists what has no dissector.
func (t *Table) undissected() []*Protocol { return []*Protocol{t.data} }

// Catalogue lists every protocol and field of the table. It is made once.
func (t *Table) Catalogue() *Catalogue { return t.catalogue() }

func (t *Table) list() *Catalogue {
	var out []FieldInfo
	for _, p := range t.all {
		out = append(out, FieldInfo{Name: p.Name, Label: p.Long, Type: TypeProtocol, Protocol: p.Name})
		for _, d := range p.Fields {
			out = append(out, FieldInfo{Name: d.Name, Label: d.Label, Type: d.Type, Protocol: p.Name, Base: d.Base})
		}
	}
	return NewCatalogue(out)
}
