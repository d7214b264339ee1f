package dissect

// This file is MPLS label stacks (RFC 3032).

var (
	mplsLabel  = uint32Field("mpls.label", "MPLS Label", baseDecHex).mask(0xfffff000).at(0, 4).ofFlow()
	mplsExp    = uint32Field("mpls.exp", "MPLS Experimental Bits", baseDec).mask(0x00000e00).at(0, 4)
	mplsBottom = uint32Field("mpls.bottom", "MPLS Bottom Of Label Stack", baseDec).mask(0x00000100).at(0, 4)
	mplsTTL    = uint32Field("mpls.ttl", "MPLS TTL", baseDec).mask(0x000000ff).at(0, 4)
)

var mplsProtocol = Protocol{
	ID: idMPLS, Name: "mpls", Long: "MultiProtocol Label Switching Header", Short: "MPLS",
	Fields:  []*FieldDef{mplsLabel, mplsExp, mplsBottom, mplsTTL},
	carries: (*Table).overMPLS,
	decode:  decodeMPLS,
	walk:    walkMPLS,
}

const (
	mplsEntryLen = 4
	// mplsGACh is the label of the generic associated channel (RFC 5586).
	mplsGACh = 13
	// mplsReserved is the last of the special labels.
	mplsReserved = 15
)

var mplsLabelNames = Values{
	0: "IPv4 Explicit-Null", 1: "Router Alert", 2: "IPv6 Explicit-Null", 3: "Implicit-Null",
	7: "Entropy Label Indicator (ELI)", 13: "Generic Associated Channel Label (GAL)", 14: "OAM Alert",
}

// mplsEntry is one label stack entry.
type mplsEntry uint32

func (e mplsEntry) label() uint32 { return uint32(e) >> 12 }
func (e mplsEntry) bottom() bool  { return e&0x100 != 0 }

// decodeMPLS shows a node for each label. What the bottom label stands for is not
// in the packet: the first nibble tells IP (RFC 4928 section 3).
func decodeMPLS(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("MPLS Label Switched Packet")
	for p.reported > 0 {
		d, ok := b.bytes(p, 0, mplsEntryLen)
		if !ok {
			b.exception(self, p, mplsEntryLen)
			return
		}
		e := mplsEntry(be32(d))
		b.mplsNode(self, p, e)
		p = p.skip(mplsEntryLen)
		if e.bottom() {
			b.afterMPLS(self, p, e)
			return
		}
	}
	b.exception(self, p, mplsEntryLen)
}

func (b *builder) mplsNode(self *Protocol, p payload, e mplsEntry) {
	n := b.protocol(self, p, mplsEntryLen, "")
	if n == nil {
		return
	}
	word := uint64(e)
	special, name := e.label() <= mplsReserved, ""
	if special {
		name = mplsLabelNames.name(uint64(e.label()), "Unknown")
		addUintf(n, mplsLabel, p.off, word, name+" (%d)", uint64(e.label()))
		name = " (" + mplsLabelNames.name(uint64(e.label()), "Reserved - Unknown") + ")"
	} else {
		addUint(n, mplsLabel, p.off, word)
	}
	addUint(n, mplsExp, p.off, word)
	addUint(n, mplsBottom, p.off, word)
	addUint(n, mplsTTL, p.off, word)
	relabel(n, "%s, Label: %d%s, Exp: %d, S: %d, TTL: %d", self.Long, e.label(), name, word>>9&7, word>>8&1, word&0xff)
}

func (b *builder) afterMPLS(self *Protocol, p payload, e mplsEntry) {
	d, ok := b.bytes(p, 0, 1)
	switch {
	case !ok:
		b.exception(self, p, 1)
	case e.label() == mplsGACh:
		b.unknown(p)
	case d[0]>>4 == 4:
		b.run(&ipProtocol, p)
	case d[0]>>4 == 6:
		b.run(&ipv6Protocol, p)
	default:
		b.unknown(p)
	}
}

// walkMPLS takes label stacks over IP. Whether there is a control word before a
// frame Wireshark tells by whether it knows the manufacturers of the addresses.
func walkMPLS(w *Headers, p payload) {
	for {
		if w.short(p, mplsEntryLen) {
			return
		}
		e := mplsEntry(be32(w.Data[p.off:]))
		w.add(idMPLS, p)
		p = p.skip(mplsEntryLen)
		if !e.bottom() {
			continue
		}
		switch {
		case p.captured() < 1 || p.reported < 1:
			w.doubt(ClassCut, hidesAll)
		case e.label() == mplsGACh || w.rules.labels[e.label()]:
			w.doubt(ClassTunnel, hidesAll)
		default:
			w.afterMPLS(w.Data[p.off]>>4, p)
		}
		return
	}
}

func (w *Headers) afterMPLS(nibble byte, p payload) {
	switch nibble {
	case 4:
		walkIP(w, p)
	case 6:
		walkIPv6(w, p)
	case 0, 1:
		w.doubt(ClassTunnel, hidesAll)
	default:
		w.hide(hidesApplications)
	}
}
