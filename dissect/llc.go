package dissect

import "fmt"

// This file is IEEE 802.2 LLC with SNAP, as far as it takes to reach an
// EtherType; what other service access points carry is shown as data.

var (
	llcDSAP    = uint8Field("llc.dsap", "DSAP", baseHex).named(llcSAPNames).at(0, 1).ofFlow()
	llcDSAPSAP = uint8Field("llc.dsap.sap", "SAP", baseNone).mask(0xfe)
	llcDSAPIG  = boolField("llc.dsap.ig", "IG Bit", 8, 0x01, "Group", "Individual").at(0, 1)
	llcSSAP    = uint8Field("llc.ssap", "SSAP", baseHex).named(llcSAPNames).at(1, 1).ofFlow()
	llcSSAPSAP = uint8Field("llc.ssap.sap", "SAP", baseNone).mask(0xfe)
	llcSSAPCR  = boolField("llc.ssap.cr", "CR Bit", 8, 0x01, "Response", "Command").at(1, 1)
	llcControl = uint16Field("llc.control", "Control field", baseHex)
	llcOUI     = uint24Field("llc.oui", "Organization Code", baseHex)
	llcType    = uint16Field("llc.type", "Type", baseHex).named(etherTypeNames)
	llcPID     = uint16Field("llc.pid", "Protocol ID", baseHex)
)

var llcProtocol = Protocol{
	ID: idLLC, Name: "llc", Long: "Logical-Link Control", Short: "LLC",
	Fields:  []*FieldDef{llcDSAP, llcDSAPSAP, llcDSAPIG, llcSSAP, llcSSAPSAP, llcSSAPCR, llcControl, llcOUI, llcType, llcPID},
	carries: (*Table).network,
	decode:  decodeLLC,
	walk:    (*Headers).llc,
}

var llcSAPNames = Values{
	0x00: "NULL LSAP", 0x02: "LLC Sub-Layer Management", 0x06: "TCP/IP", 0x42: "Spanning Tree BPDU", 0x98: "ARP",
	0xaa: "SNAP", 0xe0: "NetWare", 0xf0: "NetBIOS", 0xfe: "ISO Network Layer", 0xff: "Global DSAP",
}

const (
	llcMinHeader  = 3
	snapHeaderLen = 8
	sapSNAP       = 0xaa
)

// llcHeader is a parsed LLC header; size is 3, 4 or 8 bytes.
type llcHeader struct {
	dsap, ssap uint8
	control    uint16
	size       int
	snap       bool
	oui        uint32
	typ        uint16
}

func parseLLC(d []byte) (h llcHeader, ok bool) {
	if len(d) < llcMinHeader {
		return llcHeader{size: llcMinHeader}, false
	}
	h = llcHeader{dsap: d[0], ssap: d[1], control: uint16(d[2]), size: llcMinHeader}
	if d[2]&3 != 3 { // information and supervisory frames have two bytes of control
		h.size++
		if len(d) < h.size {
			return h, false
		}
		h.control = uint16(d[3])<<8 | uint16(d[2])
		return h, true
	}
	if h.dsap == sapSNAP && h.ssap&0xfe == sapSNAP {
		h.size = snapHeaderLen
		if len(d) < h.size {
			return h, false
		}
		h.snap, h.oui, h.typ = true, be24(d[3:]), be16(d[6:])
	}
	return h, true
}

func decodeLLC(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	h, ok := parseLLC(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	b.setInfo("U, func=UI; DSAP %s, SSAP %s", llcSAP(h.dsap), llcSAP(h.ssap))
	n := b.protocol(self, p, h.size, self.Long)
	sapNodes(n, p.off, h.dsap, llcDSAP, llcDSAPSAP, llcDSAPIG)
	sapNodes(n, p.off+1, h.ssap, llcSSAP, llcSSAPSAP, llcSSAPCR)
	if h.control&3 == 3 {
		addUintText(n, llcControl, p.off+2, uint64(h.control), controlText(h.control)).resize(1)
	} else {
		addUint(n, llcControl, p.off+2, uint64(h.control))
	}
	next := p.skip(h.size)
	switch {
	case !h.snap:
		b.unknown(next)
	case h.oui == 0:
		addUintText(n, llcOUI, p.off+3, 0, "00:00:00 (Officially Xerox, but")
		addUint(n, llcType, p.off+6, uint64(h.typ))
		b.etherType(h.typ, next)
	default:
		addUintText(n, llcOUI, p.off+3, uint64(h.oui), fmt.Sprintf("%02x:%02x:%02x", h.oui>>16, h.oui>>8&0xff, h.oui&0xff))
		addUint(n, llcPID, p.off+6, uint64(h.typ))
		b.unknown(next)
	}
}

func llcSAP(sap uint8) string {
	if name, ok := llcSAPNames[uint64(sap&0xfe)]; ok {
		return name
	}
	return fmt.Sprintf("0x%02x", sap)
}

func sapNodes(n *node, at int, sap uint8, whole, name, bit *FieldDef) {
	f := addUint(n, whole, at, uint64(sap))
	addUintText(f, name, at, uint64(sap), llcSAPNames.name(uint64(sap&0xfe), "Unknown"))
	addUint(f, bit, at, uint64(sap))
}

// controlText describes an unnumbered control field.
func controlText(c uint16) string {
	name := Values{0x03: "UI", 0xaf: "XID", 0xbf: "XID", 0xe3: "TEST", 0xf3: "TEST"}.name(uint64(c), "Unknown")
	return fmt.Sprintf("U, func=%s (0x%02x)", name, c)
}

// llc takes SNAP with an EtherType, and service access points whose protocols
// carry no packets.
func (w *Headers) llc(p payload) {
	if w.short(p, llcMinHeader) {
		return
	}
	h, ok := parseLLC(w.Data[p.off:p.end])
	if !ok || p.reported < h.size {
		w.doubt(ClassCut, hidesAll)
		return
	}
	if h.dsap == 0xff && h.ssap == 0xff {
		w.doubt(ClassHeader, hidesAll) // Novell's raw framing has no LLC
		return
	}
	next := p.skip(h.size)
	switch {
	case h.snap && h.oui == 0:
		w.add(idLLC, p)
		w.etherType(h.typ, next)
	case h.snap:
		w.doubt(ClassLLC, hidesAll)
	default:
		w.add(idLLC, p)
		w.follow(w.rules.saps[h.dsap&0xfe], ClassLLC, next)
	}
}
