package dissect

// This file is IEEE 802.11 (clause 9): the MAC header of all frames, and the body
// of data frames that are not encrypted. What is before it on a link, such as radiotap,
// is in wlanlink.go.

var (
	wlanKind      = uint16Field("wlan.fc.type_subtype", "Type/Subtype", baseHex).named(wlanTypeNames).valued(wlanKindOf)
	wlanFC        = uint16Field("wlan.fc", "Frame Control Field", baseHex).at(0, 2)
	wlanVersion   = uint8Field("wlan.fc.version", "Version", baseDec).mask(0x03).at(0, 1)
	wlanType      = uint8Field("wlan.fc.type", "Type", baseDec).mask(0x0c).named(wlanClassNames).at(0, 1)
	wlanSubtype   = uint8Field("wlan.fc.subtype", "Subtype", baseDec).mask(0xf0).at(0, 1)
	wlanFlags     = uint8Field("wlan.flags", "Flags", baseHex).at(1, 1)
	wlanDS        = uint8Field("wlan.fc.ds", "DS status", baseHex).mask(0x03).named(wlanDSNames).at(1, 1)
	wlanToDS      = boolField("wlan.fc.tods", "To DS", 8, wlanToDSBit, "Frame is entering DS", "Frame is not entering DS").at(1, 1)
	wlanFromDS    = boolField("wlan.fc.fromds", "From DS", 8, wlanFromDSBit, "Frame is exiting DS", "Frame is not exiting DS").at(1, 1)
	wlanMore      = boolField("wlan.fc.frag", "More Fragments", 8, wlanMoreBit, "More fragments follow", "This is the last fragment").at(1, 1)
	wlanRetry     = boolField("wlan.fc.retry", "Retry", 8, wlanRetryBit, "Frame is being retransmitted", "Frame is not being retransmitted").at(1, 1)
	wlanPower     = boolField("wlan.fc.pwrmgt", "PWR MGT", 8, 0x10, "STA will go to sleep", "STA will stay up").at(1, 1)
	wlanMoreData  = boolField("wlan.fc.moredata", "More Data", 8, 0x20, "Data is buffered for STA at AP", "No data buffered").at(1, 1)
	wlanProtected = boolField("wlan.fc.protected", "Protected flag", 8, wlanProtectedBit, "Data is protected", "Data is not protected").at(1, 1)
	wlanOrder     = boolField("wlan.fc.order", "+HTC/Order flag", 8, wlanOrderBit, "Strictly ordered", "Not strictly ordered").at(1, 1)
	wlanDuration  = uint16Field("wlan.duration", "Duration", baseDec).mask(0x7fff).valued(wlanDurationOf)
	wlanAID       = uint16Field("wlan.aid", "Association ID", baseDec).mask(0x3fff)
	wlanRA        = field("wlan.ra", "Receiver address", "ETHER").at(4, 6).ofFlow()
	wlanDA        = field("wlan.da", "Destination address", "ETHER")
	wlanTA        = field("wlan.ta", "Transmitter address", "ETHER").at(10, 6).onlyIf(wlanHasTA)
	wlanSA        = field("wlan.sa", "Source address", "ETHER")
	wlanBSSID     = field("wlan.bssid", "BSS Id", "ETHER")
	wlanStation   = field("wlan.staa", "STA address", "ETHER")
	wlanAddr      = field("wlan.addr", "Hardware address", "ETHER")
	wlanFragment  = uint16Field("wlan.frag", "Fragment number", baseDec).mask(0x000f).valued(wlanFragmentOf)
	wlanSequence  = uint16Field("wlan.seq", "Sequence number", baseDec).mask(0xfff0).valued(wlanSequenceOf)
	wlanFCS       = uint32Field("wlan.fcs", "Frame check sequence", baseHex)
	wlanFCSStatus = uint8Field("wlan.fcs.status", "FCS Status", baseNone).named(checksumStatusNames)
	wlanRetried   = field("wlan.fc.retry.expert", "Retransmission (retry)", "NONE")
)

var wlanProtocol = Protocol{
	ID: idWLAN, Name: "wlan", Long: "IEEE 802.11 wireless LAN", Short: "IEEE 802.11",
	Fields: []*FieldDef{
		wlanKind, wlanFC, wlanVersion, wlanType, wlanSubtype, wlanFlags, wlanDS, wlanToDS, wlanFromDS, wlanMore, wlanRetry, wlanPower,
		wlanMoreData, wlanProtected, wlanOrder, wlanDuration, wlanAID, wlanRA, wlanDA, wlanTA, wlanSA, wlanBSSID, wlanStation,
		wlanAddr, wlanFragment, wlanSequence, wlanFCS, wlanFCSStatus, wlanRetried,
	},
	carries: func(t *Table) []*Protocol { return []*Protocol{t.llc, t.data} },
	decode:  decodeWLAN,
	walk:    func(w *Headers, p payload) { w.wlan(p, wlanRadio{}) },
}

var (
	wlanClassNames = Values{0: "Management frame", 1: "Control frame", 2: "Data frame", 3: "Extension frame"}
	wlanDSNames    = Values{
		0: "Not leaving DS or network is operating in AD-HOC mode (To DS: 0 From DS: 0)",
		1: "Frame from STA to DS via an AP (To DS: 1 From DS: 0)",
		2: "Frame from DS to a STA via AP(To DS: 0 From DS: 1)",
		3: "WDS (AP to AP) or Mesh (MP to MP) Frame (To DS: 1 From DS: 1)",
	}
)

// The flags of the frame control field.
const (
	wlanToDSBit      = 0x01
	wlanFromDSBit    = 0x02
	wlanMoreBit      = 0x04
	wlanRetryBit     = 0x08
	wlanProtectedBit = 0x40
	wlanOrderBit     = 0x80
)

// The types of frames, and some subtypes with their type.
const (
	wlanManagement = 0
	wlanControl    = 1
	wlanData       = 2

	wlanBlockAckReq = 0x18
	wlanBlockAck    = 0x19
	wlanPSPoll      = 0x1a
	wlanRTS         = 0x1b
	wlanCTS         = 0x1c
	wlanAck         = 0x1d
	wlanCFEnd       = 0x1e
	wlanCFEndAck    = 0x1f
)

const (
	wlanShortHeader = 24
	wlanMinHeader   = 10
	wlanQoSLen      = 2
	wlanHTControl   = 4
	wlanFCSLen      = 4
	wlanAMSDUBit    = 0x80 // of the QoS field
)

// wlanRadio is what is known of a frame from outside it: whether a check sequence
// follows, and whether the header is padded to words.
type wlanRadio struct{ fcs, padded bool }

// wlanHeader is a parsed MAC header. Of the addresses it has where they are, 0 for
// those that are not there.
type wlanHeader struct {
	kind, flags                 uint8
	duration, sequence          uint16
	da, ta, sa, bssid, bssid2   int
	station                     int
	hasSequence, aggregate, qos bool
	size                        int
}

func (h *wlanHeader) class() uint8 { return h.kind >> 4 }

// empty says that a data frame has no body.
func (h *wlanHeader) empty() bool { return h.kind&0x04 != 0 }

// usual says that the header is one of those that are read here as a whole.
func (h *wlanHeader) usual() bool {
	return h.class() == wlanManagement || h.class() == wlanData || h.class() == wlanControl && h.kind >= wlanBlockAckReq
}

// parseWLAN reads the header; ok says that it was all there and of version 0.
func parseWLAN(d []byte, padded bool) (h wlanHeader, ok bool) {
	if len(d) < wlanMinHeader || d[0]&3 != 0 {
		return wlanHeader{size: wlanMinHeader}, false
	}
	h = wlanHeader{kind: d[0]&0x0c<<2 | d[0]>>4, flags: d[1], duration: uint16(d[3])<<8 | uint16(d[2]), size: wlanMinHeader}
	switch {
	case h.class() == wlanManagement:
		h.management()
	case h.class() == wlanData:
		h.data(d)
	case h.kind == wlanCFEnd:
		h.bssid, h.size = 10, 16
	case h.class() == wlanControl && h.kind >= wlanBlockAckReq && h.kind != wlanCTS && h.kind != wlanAck:
		h.ta, h.size = 10, 16
		if h.kind == wlanPSPoll {
			h.bssid = 4
		}
	}
	if padded && h.class() != wlanControl {
		h.size = (h.size + 3) &^ 3
	}
	if len(d) < h.size {
		return h, false
	}
	if h.hasSequence {
		h.sequence = uint16(d[23])<<8 | uint16(d[22])
	}
	return h, true
}

func (h *wlanHeader) management() {
	h.da, h.ta, h.sa, h.bssid, h.hasSequence, h.size = 4, 10, 10, 16, true, wlanShortHeader
	h.stationAddress()
	if h.flags&wlanOrderBit != 0 {
		h.size += wlanHTControl
	}
}

func (h *wlanHeader) stationAddress() {
	switch h.flags & (wlanToDSBit | wlanFromDSBit) {
	case wlanFromDSBit:
		h.station = 4
	case wlanToDSBit:
		h.station = 10
	}
}

// data places the addresses by the direction (table 9-26). Those of an aggregate
// are in its parts.
func (h *wlanHeader) data(d []byte) {
	h.ta, h.hasSequence, h.size = 10, true, wlanShortHeader
	direction := h.flags & (wlanToDSBit | wlanFromDSBit)
	if direction == wlanToDSBit|wlanFromDSBit {
		h.size += 6
	}
	if h.kind&0x08 != 0 {
		h.qos = true
		h.aggregate = !h.empty() && len(d) > h.size && d[h.size]&wlanAMSDUBit != 0
		h.size += wlanQoSLen
		if h.flags&wlanOrderBit != 0 {
			h.size += wlanHTControl
		}
	}
	h.stationAddress()
	switch direction {
	case 0:
		h.da, h.sa, h.bssid = 4, 10, 16
	case wlanFromDSBit:
		h.da, h.bssid = 4, 10
		if !h.aggregate {
			h.sa = 16
		}
	case wlanToDSBit:
		h.sa, h.bssid = 10, 4
		if !h.aggregate {
			h.da = 16
		}
	default:
		if h.aggregate {
			h.bssid, h.bssid2 = 16, 24
		} else {
			h.da, h.sa = 16, 24
		}
	}
}

// fragmented says that the body is only a part of one.
func (h *wlanHeader) fragmented() bool { return h.flags&wlanMoreBit != 0 || h.sequence&0x0f != 0 }

// body is what follows the header, without the check sequence.
func (h *wlanHeader) body(p payload, fcs bool) payload {
	p = p.skip(h.size)
	if fcs && p.reported >= wlanFCSLen {
		p = p.limit(p.reported - wlanFCSLen)
	}
	return p
}

func decodeWLAN(b *builder, self *Protocol, p payload) {
	b.setProtocol("802.11")
	b.setInfo("")
	d := b.rest(p)
	h, ok := parseWLAN(d, b.radio.padded)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	fcs := b.radio.fcs && p.reported-h.size >= wlanFCSLen
	flags := h.flagText(b.radio.fcs)
	name := wlanTypeNames.name(uint64(h.kind), "Unrecognized (Reserved frame)")
	b.wlanColumns(d, &h, name, flags)
	n := b.protocol(self, p, h.size, "")
	relabel(n, "IEEE 802.11 %s, Flags: %s", name, flags)
	h.controlNodes(n, p.off, d)
	h.addressNodes(n, p.off, d)
	body := h.body(p, b.radio.fcs)
	if fcs && p.captured() == p.reported {
		sum := p.end - wlanFCSLen
		s := b.data[sum:]
		v := uint64(s[3])<<24 | uint64(s[2])<<16 | uint64(s[1])<<8 | uint64(s[0])
		addUintf(n, wlanFCS, sum, v, "0x%08x [unverified]", v)
		virtual(addUint(n, wlanFCSStatus, sum, checksumUnverified))
	}
	b.partial = b.partial || h.qos
	switch {
	case h.class() != wlanData:
		b.partial = b.partial || h.class() == wlanManagement
	case h.empty():
	case h.flags&wlanProtectedBit != 0 || h.aggregate || h.fragmented():
		b.unknown(body)
	default:
		b.run(b.table.llc, body)
	}
}

// flagText draws the flags; the last is that of a check sequence.
func (h *wlanHeader) flagText(fcs bool) string {
	text := []byte("opmPRMFT")
	for i := range text {
		if h.flags>>(7-i)&1 == 0 {
			text[i] = '.'
		}
	}
	if fcs {
		text = append(text, 'C')
	}
	return string(text)
}

func (b *builder) wlanColumns(d []byte, h *wlanHeader, name, flags string) {
	if !b.writes() {
		return
	}
	if h.hasSequence {
		b.setInfo("%s, SN=%d, FN=%d, Flags=%s", name, h.sequence>>4, h.sequence&0x0f, flags)
	} else {
		b.setInfo("%s, Flags=%s", name, flags)
	}
	switch {
	case h.sa > 0 && h.da > 0:
		b.setAddresses(etherText(d[h.sa:h.sa+6]), etherText(d[h.da:h.da+6]))
	case h.class() == wlanControl && h.usual():
		source, to := "", " (RA)"
		if h.size > wlanMinHeader {
			source = etherText(d[10:16]) + trueFalse(h.ta > 0, " (TA)", " (BSSID)")
		}
		if h.kind == wlanPSPoll {
			to = " (BSSID)"
		}
		b.setAddresses(source, etherText(d[4:10])+to)
	}
}

func (h *wlanHeader) controlNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	first, flags := uint64(d[0]), uint64(h.flags)
	addUint(n, wlanKind, at, uint64(h.kind)).resize(1)
	f := addUint(n, wlanFC, at, uint64(be16(d)))
	for _, bits := range []*FieldDef{wlanVersion, wlanType, wlanSubtype} {
		addUint(f, bits, at, first)
	}
	set := addUint(f, wlanFlags, at+1, flags)
	addUint(set, wlanDS, at+1, flags)
	hide(addUint(set, wlanToDS, at+1, flags))
	hide(addUint(set, wlanFromDS, at+1, flags))
	for _, bit := range []*FieldDef{wlanMore, wlanRetry, wlanPower, wlanMoreData, wlanProtected, wlanOrder} {
		r := addUint(set, bit, at+1, flags)
		if bit == wlanRetry && flags&wlanRetryBit != 0 {
			addExpert(r, wlanRetried, SeverityNote, "Sequence", wlanRetried.Label, groupSequence)
			n.Severity = max(n.Severity, SeverityNote)
		}
	}
	switch v := h.duration; {
	case v < 0x8000:
		relabel(addUint(n, wlanDuration, at+2, uint64(v)), "%s = Duration: %d microseconds", BitPicture(uint64(v), 0x7fff, 16), v)
	case h.isAID():
		addUint(n, wlanAID, at+2, uint64(v))
	case v == 0x8000:
		relabel(addUint(n, wlanDuration, at+2, uint64(v)), "Duration/ID: %d", v)
	default:
		relabel(addUint(n, wlanDuration, at+2, uint64(v)), "Duration/ID: %d (reserved)", v&0x3fff)
	}
}

// isAID tells a power save poll's association identifier.
func (h *wlanHeader) isAID() bool {
	id := h.duration & 0x3fff
	return h.kind == wlanPSPoll && h.duration&0xc000 == 0xc000 && id > 0 && id <= 2007
}

// addressNodes adds the addresses, each once for wlan.addr.
func (h *wlanHeader) addressNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	address := func(f *FieldDef, off int) *node {
		if off == 0 {
			return nil
		}
		return addString(n, f, at+off, 6, etherText(d[off:off+6]))
	}
	any := func(off int) { hide(address(wlanAddr, off)) }
	address(wlanRA, 4)
	any(4)
	switch h.class() {
	case wlanManagement:
		address(wlanDA, h.da)
		address(wlanTA, h.ta)
		address(wlanSA, h.sa)
		address(wlanBSSID, h.bssid)
		address(wlanStation, h.station)
		any(10)
		any(16)
		h.sequenceNodes(n, at)
	case wlanData:
		address(wlanTA, h.ta)
		any(10)
		address(wlanDA, h.da)
		address(wlanSA, h.sa)
		address(wlanBSSID, h.bssid)
		address(wlanBSSID, h.bssid2)
		address(wlanStation, h.station)
		h.sequenceNodes(n, at)
		for _, off := range []int{h.sa, h.da, h.bssid, h.bssid2} {
			if off >= 16 {
				any(off)
			}
		}
	default:
		address(wlanBSSID, h.bssid)
		address(wlanTA, h.ta)
		if h.size > wlanMinHeader {
			any(10)
		}
	}
}

func (h *wlanHeader) sequenceNodes(n *node, at int) {
	addUint(n, wlanFragment, at+22, uint64(h.sequence))
	addUint(n, wlanSequence, at+22, uint64(h.sequence))
}

// wlan takes management and control frames as leaves, and goes on into LLC in the
// data frames that are neither encrypted nor in pieces.
func (w *Headers) wlan(p payload, radio wlanRadio) {
	h, ok := parseWLAN(w.Data[p.off:p.end], radio.padded)
	switch {
	case !ok || p.reported < h.size || w.full():
		w.doubt(ClassCut, hidesAll)
		return
	case !h.usual() || h.qos && h.flags&wlanOrderBit != 0:
		w.doubt(ClassLinkType, hidesAll)
		return
	}
	w.add(idWLAN, p)
	if h.class() != wlanData {
		w.hide(hidesApplications)
		return
	}
	body := h.body(p, radio.fcs)
	d := w.Data[body.off:body.end]
	switch {
	case h.empty():
	case h.flags&wlanProtectedBit != 0: // without keys it is data
		w.hide(hidesApplications)
	case h.fragmented():
		w.doubt(ClassFragment, hidesAll)
	case body.reported == 0:
	case h.aggregate:
		w.doubt(ClassTunnel, hidesAll)
	case len(d) < 2 || d[0] != sapSNAP || d[1] != sapSNAP: // Ethernet, an EtherType or something else in its place
		w.doubt(ClassLLC, hidesAll)
	default:
		w.llc(body)
	}
}

// The values of the fields that are computed or in the other byte order.

func wlanOf(w *Headers, l *Layer) wlanHeader {
	h, _ := parseWLAN(w.Data[l.Off:l.End], false)
	return h
}

func wlanKindOf(w *Headers, l *Layer) (uint64, bool) {
	d := w.Data[l.Off]
	return uint64(d&0x0c<<2 | d>>4), true
}

func wlanDurationOf(w *Headers, l *Layer) (uint64, bool) {
	h := wlanOf(w, l)
	return uint64(h.duration & 0x7fff), !h.isAID()
}

func wlanHasTA(w *Headers, l *Layer) bool { h := wlanOf(w, l); return h.ta > 0 }

func wlanFragmentOf(w *Headers, l *Layer) (uint64, bool) {
	h := wlanOf(w, l)
	return uint64(h.sequence & 0x0f), h.hasSequence
}

func wlanSequenceOf(w *Headers, l *Layer) (uint64, bool) {
	h := wlanOf(w, l)
	return uint64(h.sequence >> 4), h.hasSequence
}
