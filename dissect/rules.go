package dissect

import "slices"

// This file makes the rules of a walk out of what Wireshark has registered: what
// a number leads to, and whether that may carry packets.

// carried says what a number leads to.
type carried uint8

const (
	// carriesNothing: no dissector is registered, and the rest is data. Wireshark's
	// heuristic dissectors may take it; those that carry packets are told by their
	// looks (heuristics.go).
	carriesNothing carried = iota
	// carriesLeaf: a dissector that carries no packets.
	carriesLeaf
	// carriesUnknown: a dissector of which that is not known.
	carriesUnknown
	// carriesStep is the first of the protocols that the walk goes on into. After them
	// come the leaves of which more is known.
	carriesStep
)

// Registrations are the dissectors that Wireshark has for numbers: what
// `tshark -G decodes` lists.
type Registrations interface {
	// Each calls fn for every number of a table, as "tcp.port", that a dissector is
	// registered for.
	Each(table string, fn func(number uint32, protocol string))
}

// Rules say by what a walk goes. The zero value is for no Wireshark at all: then
// numbers lead to what pktsh's own dissectors know.
type Rules struct {
	// Registrations are the installed Wireshark's.
	Registrations Registrations
	// Distrust are the protocols of which the walk shall be sure of nothing,
	// because Wireshark is configured to dissect them in another way.
	Distrust Set
}

// Walker goes through packets by the rules of one Wireshark installation. It is
// immutable and safe for concurrent use.
type Walker struct {
	steps      []*Protocol // by carried-carriesStep
	leaves     []*leaf     // after the steps
	links      map[int]Link
	etherTypes *[65536]carried
	tcp, udp   *[65536]carried
	ipProtos   *[256]carried
	saps       *[256]carried
	// What GRE, PPP, Cisco HDLC and SNAP with Cisco's organization code lead to.
	greTypes, pppProtos, chdlcTypes, ciscoPIDs *[65536]carried
	// The MPLS labels that lead to a dissector of their own.
	labels map[uint32]bool
	// What an ICMP error quotes, by its version.
	quoted4, quoted6 carried
	distrust         Set
}

// NewWalker returns a walker over the protocols of the table.
func (t *Table) NewWalker(r Rules) *Walker {
	k := &Walker{
		links: map[int]Link{}, distrust: r.Distrust,
		etherTypes: new([65536]carried), tcp: new([65536]carried), udp: new([65536]carried),
		ipProtos: new([256]carried), saps: new([256]carried),
		greTypes: new([65536]carried), pppProtos: new([65536]carried), chdlcTypes: new([65536]carried), ciscoPIDs: new([65536]carried),
		labels: map[uint32]bool{},
	}
	for linkType, p := range t.linkTypes {
		if p.walk != nil {
			k.links[linkType] = p.walk
		}
	}
	k.links[linkSLL2] = walkSLL2
	for _, p := range t.all {
		if p.walk != nil {
			k.steps = append(k.steps, p)
		}
	}
	k.quoted4, k.quoted6 = carriesStep+carried(k.step("ip")), carriesStep+carried(k.step("ipv6"))
	if r.Registrations == nil {
		k.fromTable(t)
		return k
	}
	for _, table := range []struct {
		name    string
		numbers []carried
		leaves  leaves
	}{
		{"ethertype", k.etherTypes[:], etherTypeLeaves},
		{"tcp.port", k.tcp[:], tcpLeaves},
		{"udp.port", k.udp[:], udpLeaves},
		{"ip.proto", k.ipProtos[:], ipLeaves},
		{"llc.dsap", k.saps[:], llcLeaves},
		{"gre.proto", k.greTypes[:], greLeaves},
		{"ppp.protocol", k.pppProtos[:], pppLeaves},
		{"chdlc.protocol", k.chdlcTypes[:], chdlcLeaves},
		{"llc.cisco_pid", k.ciscoPIDs[:], ciscoLeaves},
	} {
		r.Registrations.Each(table.name, func(n uint32, protocol string) {
			switch {
			case int(n) >= len(table.numbers):
			case homonyms[table.name] == protocol:
				table.numbers[n] = carriesUnknown
			default:
				table.numbers[n] = k.leadsTo(protocol, table.leaves)
			}
		})
	}
	for _, port := range heuristicPorts {
		if k.tcp[port] == carriesNothing {
			k.tcp[port] = carriesUnknown
		}
	}
	r.Registrations.Each("mpls.label", func(label uint32, _ string) { k.labels[label] = true })
	return k
}

// homonyms are registrations, by table, of a dissector that has the name of one
// which reads another header: L2TP version 3 over IP, and 802.11 frames in
// vendors' wrappings.
var homonyms = map[string]string{"ip.proto": "l2tp", "ethertype": "wlan", "gre.proto": "wlan"}

// leadsTo judges the dissector of one number.
func (k *Walker) leadsTo(name string, leaf leaves) carried {
	if i := k.step(name); i >= 0 {
		return carriesStep + carried(i)
	}
	known, ok := leaf[name]
	switch {
	case !ok:
		return carriesUnknown
	case known.plain():
		return carriesLeaf
	}
	if !slices.Contains(k.leaves, known) {
		k.leaves = append(k.leaves, known)
	}
	return carriesStep + carried(len(k.steps)+slices.Index(k.leaves, known))
}

// step returns the place of a protocol among the steps, -1 when it has none.
func (k *Walker) step(name string) int {
	for i, p := range k.steps {
		if p.Name == name {
			return i
		}
	}
	return -1
}

// fromTable lets numbers lead to what pktsh's own dissectors know.
func (k *Walker) fromTable(t *Table) {
	set := func(to *carried, p *Protocol) {
		*to = carriesLeaf
		if i := k.step(p.Name); i >= 0 {
			*to = carriesStep + carried(i)
		}
	}
	for n, p := range t.etherTypes {
		set(&k.etherTypes[n], p)
	}
	for n, p := range t.ipProtos {
		set(&k.ipProtos[n], p)
	}
	for n, p := range t.tcpPorts {
		set(&k.tcp[n], p)
	}
	for n, p := range t.udpPorts {
		set(&k.udp[n], p)
	}
	for n, p := range t.greTypes {
		set(&k.greTypes[n], p)
	}
	for n, p := range t.pppProtos {
		set(&k.pppProtos[n], p)
	}
	for n, p := range t.chdlcTypes {
		set(&k.chdlcTypes[n], p)
	}
	for n, p := range t.saps {
		set(&k.saps[n], p)
	}
}

// Link is how the packets of one link type begin; nil stands for link types that
// are not walked.
type Link func(w *Headers, p payload)

// Link returns how packets of a LINKTYPE_ begin, for [Walker.Walk].
func (k *Walker) Link(linkType int) Link { return k.links[linkType] }

// namesOn says that a datagram on two ports is surely for a dissector of DNS or its
// kin.
func (k *Walker) namesOn(src, dst uint16) bool {
	low := k.udp[min(src, dst)]
	if low == carriesNothing {
		low = k.udp[max(src, dst)]
	}
	i := int(low) - int(carriesStep)
	return i >= 0 && i < len(k.steps) && hidesDNS.Has(1<<k.steps[i].ID)
}

// follow walks on to what a number leads to. class is the reason for doubt where
// that may carry packets.
func (w *Headers) follow(to carried, class Class, p payload) {
	switch to {
	case carriesNothing, carriesLeaf:
		w.hide(hidesApplications)
	case carriesUnknown:
		w.doubt(class, hidesAll)
	default:
		if i := int(to - carriesStep); i < len(w.rules.steps) {
			w.rules.steps[i].walk(w, p)
		} else {
			w.leaf(w.rules.leaves[i-len(w.rules.steps)], class, p)
		}
	}
}

// leaf ends the walk at a dissector of which more is known than that it carries no
// packets. In a part of a payload nothing is told.
func (w *Headers) leaf(l *leaf, class Class, p payload) {
	if l.carries != nil && (w.quoted || l.carries(w.Data[p.off:p.end])) {
		w.doubt(class, hidesAll)
		return
	}
	w.hide(hidesApplications | l.hides)
}

// followPorts walks on into what is on two ports. Wireshark asks the dissector of
// the lower port first, and that of the other one where it refuses.
func (w *Headers) followPorts(table *[65536]carried, src, dst uint16, p payload) {
	if p.reported == 0 {
		return
	}
	low, high := table[min(src, dst)], table[max(src, dst)]
	switch {
	case table == w.rules.udp && w.rules.namesOn(src, dst) && low != carriesNothing:
		w.follow(low, ClassPort, p) // DNS refuses nothing over UDP
	case low == carriesUnknown || high == carriesUnknown:
		w.doubt(ClassPort, hidesAll)
	case low <= carriesLeaf && high <= carriesLeaf:
		w.hide(hidesApplications)
	case high == carriesNothing, low == high:
		w.follow(low, ClassPort, p)
	case low == carriesNothing:
		w.follow(high, ClassPort, p)
	default: // two that may take it
		w.either(low, p)
		w.either(high, p)
	}
}

// either hides what one of two dissectors may make of a payload.
func (w *Headers) either(c carried, p payload) {
	w.hide(hidesApplications)
	if c < carriesStep {
		return
	}
	i := int(c - carriesStep)
	if i >= len(w.rules.steps) {
		w.leaf(w.rules.leaves[i-len(w.rules.steps)], ClassPort, p)
		return
	}
	step := w.rules.steps[i]
	if hides := Set(1) << step.ID; hides.Has(hidesDNS | hidesApplications) {
		w.hide(hides)
		return
	}
	w.doubt(ClassPort, hidesAll)
}
