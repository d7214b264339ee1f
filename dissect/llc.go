package dissect

import "fmt"

// This file is IEEE 802.2 LLC with SNAP: control fields of all three kinds, and
// what EtherTypes, Cisco's and IEEE 802.1's protocol identifiers lead to. What other
// service access points carry is shown as data.

var (
	llcDSAP    = uint8Field("llc.dsap", "DSAP", baseHex).named(sapNames).at(0, 1).ofFlow()
	llcDSAPSAP = uint8Field("llc.dsap.sap", "SAP", baseNone).mask(0xfe).at(0, 1)
	llcDSAPIG  = boolField("llc.dsap.ig", "IG Bit", 8, 0x01, "Group", "Individual").at(0, 1)
	llcSSAP    = uint8Field("llc.ssap", "SSAP", baseHex).named(sapNames).at(1, 1).ofFlow()
	llcSSAPSAP = uint8Field("llc.ssap.sap", "SAP", baseNone).mask(0xfe).at(1, 1)
	llcSSAPCR  = boolField("llc.ssap.cr", "CR Bit", 8, 0x01, "Response", "Command").at(1, 1)
	llcControl = uint16Field("llc.control", "Control", baseHex).valued(llcControlOf)
	llcNR      = uint16Field("llc.control.n_r", "N(R)", baseDec).mask(0xfe00)
	llcNS      = uint16Field("llc.control.n_s", "N(S)", baseDec).mask(0x00fe)
	// The poll bit is where unnumbered frames have it, or where the others do.
	llcPoll     = boolField("llc.control.p", "Poll", 8, 0x10, "Set", "Not set")
	llcFinal    = boolField("llc.control.f", "Final", 8, 0x10, "Set", "Not set")
	llcPollExt  = boolField("llc.control.p", "Poll", 16, 0x0100, "Set", "Not set")
	llcFinalExt = boolField("llc.control.f", "Final", 16, 0x0100, "Set", "Not set")
	llcSKind    = uint16Field("llc.control.s_ftype", "Supervisory frame type", baseHex).mask(0x000c).named(llcSupervisoryNames)
	llcCommand  = uint8Field("llc.control.u_modifier_cmd", "Command", baseHex).mask(0xec).named(llcCommandNames)
	llcResponse = uint8Field("llc.control.u_modifier_resp", "Response", baseHex).mask(0xec).named(llcResponseNames)
	llcFrameI   = uint16Field("llc.control.ftype", "Frame type", baseHex).mask(0x0001).named(llcFrameNames)
	llcFrameS   = uint16Field("llc.control.ftype", "Frame type", baseHex).mask(0x0003).named(llcFrameNames)
	llcFrameU   = uint8Field("llc.control.ftype", "Frame type", baseHex).mask(0x03).named(llcFrameNames)
	llcOUI      = uint24Field("llc.oui", "Organization Code", baseDec).valued(llcOUIOf)
	llcType     = uint16Field("llc.type", "Type", baseHex).named(etherTypeNames).valued(llcTypeOf)
	llcPID      = uint16Field("llc.pid", "Protocol ID", baseHex).doubted() // many organizations have fields of their own
	llcCiscoPID = uint16Field("llc.cisco_pid", "PID", baseHex).named(ciscoPIDNames).valued(llcCiscoOf)
)

var llcProtocol = Protocol{
	ID: idLLC, Name: "llc", Long: "Logical-Link Control", Short: "LLC",
	Fields: []*FieldDef{
		llcDSAP, llcDSAPSAP, llcDSAPIG, llcSSAP, llcSSAPSAP, llcSSAPCR, llcControl, llcNR, llcNS, llcPoll, llcFinal, llcPollExt,
		llcFinalExt, llcSKind, llcCommand, llcResponse, llcFrameI, llcFrameS, llcFrameU, llcOUI, llcType, llcPID, llcCiscoPID,
	},
	carries: (*Table).network,
	decode:  decodeLLC,
	walk:    (*Headers).llc,
}

var (
	llcSupervisoryNames = Values{0: "Receiver ready", 1: "Receiver not ready", 2: "Reject", 3: "Selective reject"}
	llcFrameNames       = Values{0: "Information frame", 1: "Supervisory frame", 3: "Unnumbered frame"}
	llcCommandNames     = Values{
		0x00: "Unnumbered Information", 0x08: "Unnumbered Poll", 0x10: "Disconnect", 0x18: "Unnumbered Acknowledge",
		0x20: "Set Normal Response Mode", 0x38: "Test", 0x01: "Set Initialization Mode", 0x21: "Frame reject", 0x31: "Configure",
		0x03: "Set Asynchronous Response Mode", 0x0b: "Set Asynchronous Balanced Mode",
		0x13: "Set Asynchronous Response Mode Extended", 0x1b: "Set Asynchronous Balanced Mode Extended", 0x23: "Reset",
		0x2b: "Exchange identification", 0x33: "Set Normal Response Mode Extended", 0x3b: "Beacon",
	}
	llcResponseNames = Values{
		0x00: "Unnumbered Information", 0x08: "Unnumbered Poll", 0x10: "Request Disconnect", 0x18: "Unnumbered Acknowledge",
		0x20: "Set Normal Response Mode", 0x38: "Test", 0x01: "Request Initialization Mode", 0x21: "Frame reject", 0x31: "Configure",
		0x03: "Disconnected mode", 0x0b: "Set Asynchronous Balanced Mode",
		0x13: "Set Asynchronous Response Mode Extended", 0x1b: "Set Asynchronous Balanced Mode Extended", 0x23: "Reset",
		0x2b: "Exchange identification", 0x33: "Set Normal Response Mode Extended", 0x3b: "Beacon",
	}
	// llcShort are the names of unnumbered frames in Info; those that differ for a
	// response are in llcShortResponse.
	llcShort = Values{
		0x00: "UI", 0x08: "UP", 0x10: "DISC", 0x18: "UA", 0x20: "SNRM", 0x38: "TEST", 0x01: "SIM", 0x21: "FRMR", 0x31: "CFGR",
		0x03: "SARM", 0x0b: "SABM", 0x13: "SARME", 0x1b: "SABME", 0x23: "RESET", 0x2b: "XID", 0x33: "SNRME", 0x3b: "BCN",
	}
	llcShortResponse = Values{0x10: "RD", 0x01: "RIM", 0x03: "DM"}
	llcShortS        = Values{0: "RR", 1: "RNR", 2: "REJ", 3: "SREJ"}
)

const (
	llcMinHeader = 3
	llcUI        = 0x03 // unnumbered information without poll
	llcXID       = 0x2b
	sapSNAP      = 0xaa
	snapLen      = 5 // organization code and protocol
)

// The organization codes that Wireshark knows in SNAP headers.
const (
	ouiEther    = 0x000000
	ouiCisco    = 0x00000c
	ouiCisco90  = 0x0000f8
	ouiIEEE8021 = 0x0080c2
	ouiCable    = 0x00e02f // DOCSIS spanning tree

	// Those whose protocols may carry packets.
	ouiIANA      = 0x00005e
	ouiCimetrics = 0x001090
	ouiAWDL      = 0x0017f2
	ouiBluetooth = 0x001958
	ouiTurbocell = 0x0020f6
	ouiMarvell   = 0x005043
	ouiAppleTalk = 0x080007
	ouiWiFi      = 0x506f9a
)

// Bridged Ethernet behind IEEE 802.1's code (RFC 2684 section 5.2), after two bytes of padding.
const (
	bridgedFCS   = 1
	bridgedNoFCS = 7
	bridgedBPDU  = 0x0e
	bridgedPad   = 2
)

// llcHeader is a parsed LLC header.
type llcHeader struct {
	dsap, ssap  uint8
	control     uint16
	controlSize int // 1, or 2 where the frame is not unnumbered
	size        int
	snap        bool
	oui         uint32
	typ         uint16
}

// information says that the frame is one of information, numbered or not.
func (h *llcHeader) information() bool { return h.control&1 == 0 || h.control == llcUI }

// hasType says that an EtherType is in the SNAP header.
func (h *llcHeader) hasType() bool {
	return h.snap && (h.oui == ouiEther || h.oui == ouiCisco90) && h.information()
}

// modifier is the kind of an unnumbered frame.
func (h *llcHeader) modifier() uint64 { return uint64(h.control & 0xec >> 2) }

func parseLLC(d []byte) (h llcHeader, ok bool) {
	if len(d) < llcMinHeader {
		return llcHeader{size: llcMinHeader}, false
	}
	h = llcHeader{dsap: d[0], ssap: d[1], control: uint16(d[2]), controlSize: 1, size: llcMinHeader}
	if d[2]&3 != 3 {
		h.controlSize++
		h.size++
		if len(d) < h.size {
			return h, false
		}
		h.control = uint16(d[3])<<8 | uint16(d[2])
	}
	if h.dsap != sapSNAP || h.ssap != sapSNAP {
		return h, true
	}
	at := h.size
	h.size += snapLen
	if len(d) < h.size {
		return h, false
	}
	h.snap, h.oui, h.typ = true, be24(d[at:]), be16(d[at+3:])
	return h, true
}

func decodeLLC(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	h, ok := parseLLC(b.rest(p))
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	control := h.controlText()
	n := b.protocol(self, p, h.size, self.Long)
	sapNodes(n, p.off, h.dsap, llcDSAP, llcDSAPSAP, llcDSAPIG)
	sapNodes(n, p.off+1, h.ssap, llcSSAP, llcSSAPSAP, llcSSAPCR)
	h.controlNodes(n, p.off+2, control)
	next := p.skip(h.size)
	if h.snap {
		if b.writes() {
			b.setInfo("%s; SNAP, OUI 0x%06X (%s), PID 0x%04X", control, h.oui, organization(h.oui, "Unknown"), h.typ)
		}
		b.snap(n, next, &h)
		return
	}
	if b.writes() {
		b.setInfo("%s; DSAP %s %s, SSAP %s %s", control, sapText(h.dsap), trueFalse(h.dsap&1 != 0, "Group", "Individual"),
			sapText(h.ssap), trueFalse(h.ssap&1 != 0, "Response", "Command"))
	}
	if h.information() {
		b.run(b.table.saps[h.dsap], next)
		return
	}
	b.unknown(next)
}

func sapText(sap uint8) string {
	return sapNames.name(uint64(sap&0xfe), fmt.Sprintf("0x%02x", sap&0xfe))
}

// organization names the codes that SNAP is used with.
func organization(oui uint32, unknown string) string {
	return Values{
		ouiEther: "Officially Xerox, but", ouiCisco: "Cisco Systems, Inc", ouiCisco90: "Cisco Systems, Inc", ouiIEEE8021: "Ieee 802.1 Committee",
	}.name(uint64(oui), unknown)
}

// snap passes on by organization code and protocol.
func (b *builder) snap(n *node, next payload, h *llcHeader) {
	at := next.off - snapLen
	text := fmt.Sprintf("%02x:%02x:%02x", h.oui>>16, h.oui>>8&0xff, h.oui&0xff)
	if h.oui == ouiEther {
		text += " (Officially Xerox, but" // Wireshark's list of makers loses the rest
	} else if name := organization(h.oui, ""); name != "Unknown" {
		text += " (" + name + ")"
	}
	addUintText(n, llcOUI, at, uint64(h.oui), text)
	switch {
	case h.hasType():
		addUint(n, llcType, at+3, uint64(h.typ))
		b.run(b.table.etherTypes[h.typ], next)
		return
	case h.oui == ouiEther, h.oui == ouiCisco90:
	case h.oui == ouiCisco:
		addUint(n, llcCiscoPID, at+3, uint64(h.typ))
	case h.oui == ouiIEEE8021:
		addUint(n, llcPID, at+3, uint64(h.typ))
		if h.typ == bridgedFCS || h.typ == bridgedNoFCS {
			b.run(b.table.etherTypes[0x6558], next.skip(bridgedPad))
			return
		}
	default:
		addUint(n, llcPID, at+3, uint64(h.typ))
	}
	b.unknown(next)
}

func sapNodes(n *node, at int, sap uint8, whole, name, bit *FieldDef) {
	f := addUint(n, whole, at, uint64(sap))
	addUintText(f, name, at, uint64(sap), sapNames.name(uint64(sap&0xfe), "Unknown"))
	addUint(f, bit, at, uint64(sap))
}

// controlText describes the control field.
func (h *llcHeader) controlText() string {
	response, final := h.ssap&1 != 0, ""
	if h.control&0x100 != 0 || h.controlSize == 1 && h.control&0x10 != 0 {
		final = trueFalse(response, " F", " P")
	}
	switch {
	case h.control&1 == 0:
		return fmt.Sprintf("I%s, N(R)=%d, N(S)=%d", final, h.control>>9, h.control>>1&0x7f)
	case h.controlSize == 2:
		return fmt.Sprintf("S%s, func=%s, N(R)=%d", final, llcShortS.name(uint64(h.control>>2&3), ""), h.control>>9)
	}
	name := llcShort.name(h.modifier(), "Unknown")
	if response {
		name = llcShortResponse.name(h.modifier(), name)
	}
	return fmt.Sprintf("U%s, func=%s", final, name)
}

func (h *llcHeader) controlNodes(n *node, at int, text string) {
	word, response := uint64(h.control), h.ssap&1 != 0
	f := addUint(n, llcControl, at, word)
	f.resize(h.controlSize)
	poll := llcPoll
	switch {
	case h.controlSize == 1 && response:
		poll = llcFinal
	case h.controlSize == 2 && response:
		poll = llcFinalExt
	case h.controlSize == 2:
		poll = llcPollExt
	}
	bit := func() {
		if word&poll.Mask != 0 {
			addUint(f, poll, at, word)
		}
	}
	if h.controlSize == 1 {
		relabel(f, "Control field: %s (0x%02X)", text, word)
		bit()
		if response {
			addUint(f, llcResponse, at, word)
		} else {
			addUint(f, llcCommand, at, word)
		}
		addUint(f, llcFrameU, at, word)
		return
	}
	relabel(f, "Control field: %s (0x%04X)", text, word)
	addUint(f, llcNR, at, word)
	if h.control&1 == 0 {
		addUint(f, llcNS, at, word)
		bit()
		addUint(f, llcFrameI, at, word)
		return
	}
	bit()
	addUint(f, llcSKind, at, word)
	addUint(f, llcFrameS, at, word)
}

// llc takes SNAP with an EtherType or a protocol of Cisco's, and service access
// points whose protocols carry no packets.
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
	w.add(idLLC, p)
	next := p.skip(h.size)
	switch {
	case h.snap:
		w.snap(&h, next)
	case next.reported == 0:
		w.hide(hidesApplications)
	case h.information():
		w.follow(w.rules.saps[h.dsap], ClassLLC, next)
	default: // exchange of identification, tests: SNA's at most, and ATALK's
		w.hide(hidesApplications)
	}
}

// snap goes on from a SNAP header.
func (w *Headers) snap(h *llcHeader, next payload) {
	switch h.oui {
	case ouiEther, ouiCisco90:
		if h.information() {
			w.etherType(h.typ, next)
			return
		}
		w.hide(hidesApplications)
	case ouiCisco:
		if h.information() {
			w.follow(w.rules.ciscoPIDs[h.typ], ClassLLC, next)
			return
		}
		w.hide(hidesApplications)
	case ouiIEEE8021:
		w.bridged(h.typ, next)
	case ouiCable:
		w.hide(hidesApplications)
	case ouiIANA, ouiAWDL, ouiBluetooth, ouiTurbocell, ouiMarvell, ouiAppleTalk, ouiWiFi, ouiCimetrics:
		w.doubt(ClassLLC, hidesAll)
	default: // no packets, or nothing that is known
		w.hide(hidesApplications)
	}
}

// bridged goes on into frames of IEEE 802.1's encapsulation.
func (w *Headers) bridged(pid uint16, next payload) {
	switch pid {
	case bridgedNoFCS:
		walkEth(w, next.skip(bridgedPad))
	case bridgedBPDU:
		w.hide(hidesApplications)
	default:
		w.doubt(ClassLLC, hidesAll)
	}
}

// The values of the fields that move.

func llcControlOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseLLC(w.Data[l.Off:l.End])
	return uint64(h.control), true
}

func llcOUIOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseLLC(w.Data[l.Off:l.End])
	return uint64(h.oui), h.snap
}

func llcTypeOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseLLC(w.Data[l.Off:l.End])
	return uint64(h.typ), h.hasType()
}

func llcCiscoOf(w *Headers, l *Layer) (uint64, bool) {
	h, _ := parseLLC(w.Data[l.Off:l.End])
	return uint64(h.typ), h.snap && h.oui == ouiCisco
}
