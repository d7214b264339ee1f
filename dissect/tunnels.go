package dissect

import (
	"maps"
	"slices"
)

// This file is what tunnels, and the link layers besides Ethernet that they share
// their protocols with, add to the table.

// The LINKTYPE_ values of PPP and 802.11 (tcpdump.org/linktypes.html).
const (
	linkPPP      = 9
	linkPPPHDLC  = 50
	linkPPPoE    = 51
	linkCHDLC    = 104
	linkWLAN     = 105
	linkPrism    = 119
	linkRadiotap = 127
	linkAVS      = 163
	linkPPI      = 192
)

// addTunnels adds the protocols of this file to the table.
func (t *Table) addTunnels() {
	for linkType, p := range map[int]*Protocol{
		linkPPP: &pppProtocol, linkPPPHDLC: &pppProtocol, linkPPPoE: &pppoesProtocol, linkCHDLC: &chdlcProtocol,
		linkWLAN: &wlanProtocol, linkPrism: &prismProtocol, linkRadiotap: &radiotapProtocol, linkAVS: &avsProtocol,
		linkPPI: &ppiProtocol,
	} {
		t.linkTypes[linkType] = p
	}
	for typ, p := range map[uint16]*Protocol{
		0x6558: &ethProtocol,
		0x8847: &mplsProtocol, 0x8848: &mplsProtocol,
		0x8863: &pppoedProtocol, 0x8864: &pppoesProtocol,
		0x9100: &vlanProtocol,
	} {
		t.etherTypes[typ] = p
	}
	for proto, p := range map[uint8]*Protocol{47: &greProtocol, 50: &espProtocol, 51: &ahProtocol, 137: &mplsProtocol, 143: &ethProtocol} {
		t.ipProtos[proto] = p
	}
	for port, p := range map[uint16]*Protocol{
		1701: &l2tpProtocol, 2123: &gtpProtocol, 2152: &gtpProtocol, 3544: &teredoProtocol, 4500: &udpencapProtocol,
		4754: &greProtocol, 4789: &vxlanProtocol, 6081: &geneveProtocol, 6635: &mplsProtocol,
	} {
		t.udpPorts[port] = p
	}
	t.greTypes = map[uint16]*Protocol{
		0x0800: &ipProtocol, 0x0806: &arpProtocol, 0x22eb: &erspanProtocol, 0x6400: &ethProtocol, 0x6558: &ethProtocol,
		0x86dd: &ipv6Protocol, 0x880b: &pppProtocol, 0x883e: &ipProtocol, 0x8847: &mplsProtocol, 0x8848: &mplsProtocol,
		0x88be: &erspanProtocol,
	}
	t.pppProtos = map[uint16]*Protocol{
		0x0021: &ipProtocol, 0x004b: &llcProtocol, 0x0057: &ipv6Protocol, 0x0281: &mplsProtocol, 0x0283: &mplsProtocol,
		0x0800: &ipProtocol, 0x86dd: &ipv6Protocol,
	}
	t.chdlcTypes = map[uint16]*Protocol{
		0x0800: &ipProtocol, 0x6558: &ethProtocol, 0x86dd: &ipv6Protocol, 0x8847: &mplsProtocol, 0x8848: &mplsProtocol,
	}
	t.saps = map[uint8]*Protocol{0x06: &ipProtocol}
	t.all = append(t.all,
		&mplsProtocol, &pppoedProtocol, &pppoesProtocol, &pppProtocol, &chdlcProtocol, &greProtocol, &erspanProtocol,
		&vxlanProtocol, &geneveProtocol, &gtpProtocol, &l2tpProtocol, &teredoProtocol, &espProtocol, &ahProtocol,
		&udpencapProtocol, &wlanProtocol, &radiotapProtocol, &prismProtocol, &avsProtocol, &ppiProtocol,
	)
}

// overGRE, overPPP and overCHDLC list what those carry.
func (t *Table) overGRE() []*Protocol   { return t.numbered(t.greTypes) }
func (t *Table) overPPP() []*Protocol   { return t.numbered(t.pppProtos) }
func (t *Table) overCHDLC() []*Protocol { return t.numbered(t.chdlcTypes) }

func (t *Table) numbered(protocols map[uint16]*Protocol) []*Protocol {
	return append(slices.Collect(maps.Values(protocols)), t.data)
}

// overMPLS lists what a label stack carries; bridged is an Ethernet frame.
func (t *Table) overMPLS() []*Protocol { return []*Protocol{&ipProtocol, &ipv6Protocol, t.data} }
func (t *Table) bridged() []*Protocol  { return []*Protocol{&ethProtocol, t.data} }

// frames lists what carries an EtherType or is a packet of IP.
func (t *Table) packets() []*Protocol {
	return []*Protocol{&ipProtocol, &ipv6Protocol, &ethProtocol, t.data}
}
