package dissect

import (
	"slices"
	"strings"
)

// This file tells protocols that are surely not in a packet, also those that only
// Wireshark knows.

// Absence tells of one protocol of Wireshark's where it surely is not. It is
// immutable and safe for concurrent use.
type Absence struct {
	in      Set // the protocol's places in a walk
	foreign bool
	never   bool // nothing is said
}

// plainLayers are the protocols whose dissectors bring none but those that are listed
// behind them, and what [partsOf] tells (packet-*.c of Wireshark 4.0).
const plainLayers Set = 1<<idFrame | 1<<idEth | 1<<idVLAN | 1<<idIP | 1<<idIPv6 | 1<<idTCP | 1<<idUDP | hidesDNS

// partsOf says that a protocol is one of those that stand for a part of a plain layer:
// an option, what Wireshark has to say of it.
func partsOf(protocol string) bool {
	owner, _, _ := strings.Cut(protocol, ".")
	return slices.Contains([]string{
		"frame", "eth", "ethertype", "vlan", "ip", "ipv6", "tcp", "mptcp", "udp", "dns", "mdns", "llmnr",
		"_ws", "pkt_comment",
	}, owner)
}

// Absence returns what tells where a protocol is not, by its filter name.
func (t *Table) Absence(protocol string) *Absence {
	a := &Absence{}
	for _, p := range t.all {
		if p.Name == protocol && p.ID != idUnlisted {
			a.in |= 1 << p.ID
		}
	}
	a.foreign = a.in == 0
	a.never = a.foreign && partsOf(protocol)
	return a
}

// From reports that the protocol is surely not in the packet that was walked.
func (a *Absence) From(w *Headers) bool {
	if !a.foreign {
		return !w.Has(a.in) && !w.Unsure.Has(a.in)
	}
	return !a.never && w.bare()
}

// bare says that no dissector was given any of the packet's bytes but those of the
// listed headers, which are plain. What is behind the inner length of an Ethernet frame
// Wireshark may take for several vendors' trailers.
func (w *Headers) bare() bool {
	if w.Unsure&^(1<<idFrame) != 0 {
		return false
	}
	end := w.layers[0].End
	for _, l := range w.layers[:w.n] {
		if !plainLayers.Has(1<<l.ID) || l.End != end {
			return false
		}
	}
	return true
}
