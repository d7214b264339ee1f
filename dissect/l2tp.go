package dissect

// This file is L2TP version 2 over UDP (RFC 2661). Version 3 depends on what its
// control connection agreed on and is left to Wireshark.

var (
	l2tpFlags    = uint16Field("l2tp.flags", "Flags", baseHex).at(0, 2)
	l2tpType     = uint16Field("l2tp.type", "Type", baseDec).mask(l2tpControlBit).named(Values{0: "Data Message", 1: "Control Message"}).at(0, 2).ofFlow()
	l2tpHasLen   = boolField("l2tp.length_bit", "Length Bit", 16, l2tpLengthBit, "Length field is present", "Length field is not present").at(0, 2)
	l2tpHasSeq   = boolField("l2tp.seq_bit", "Sequence Bit", 16, l2tpSequenceBit, "Ns and Nr fields are present", "Ns and Nr fields are not present").at(0, 2)
	l2tpHasOff   = boolField("l2tp.offset_bit", "Offset bit", 16, l2tpOffsetBit, "Offset Size field is present", "Offset size field is not present").at(0, 2)
	l2tpPriority = boolField("l2tp.priority", "Priority", 16, 0x0100, "This data message has priority", "No priority").at(0, 2)
	l2tpVersion  = uint16Field("l2tp.version", "Version", baseDec).mask(l2tpVersionBits).at(0, 2)
	l2tpLength   = uint16Field("l2tp.length", "Length", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.length, h.has(l2tpLengthBit) }))
	l2tpTunnel   = uint16Field("l2tp.tunnel", "Tunnel ID", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.tunnel, true }))
	l2tpSession  = uint16Field("l2tp.session", "Session ID", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.session, true }))
	l2tpNs       = uint16Field("l2tp.Ns", "Ns", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.ns, h.has(l2tpSequenceBit) }))
	l2tpNr       = uint16Field("l2tp.Nr", "Nr", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.nr, h.has(l2tpSequenceBit) }))
	l2tpOffset   = uint16Field("l2tp.offset", "Offset", baseDec).valued(l2tpValue(func(h *l2tpHeader) (uint16, bool) { return h.offset, h.has(l2tpOffsetBit) }))
	l2tpPadding  = field("l2tp.offset_padding", "Offset Padding", "NONE")
	l2tpZLB      = field("l2tp.zero_length_body_message", "Zero Length Body message", "NONE")
)

var l2tpProtocol = Protocol{
	ID: idL2TP, Name: "l2tp", Long: "Layer 2 Tunneling Protocol", Short: "L2TP",
	Fields: []*FieldDef{
		l2tpFlags, l2tpType, l2tpHasLen, l2tpHasSeq, l2tpHasOff, l2tpPriority, l2tpVersion, l2tpLength, l2tpTunnel, l2tpSession,
		l2tpNs, l2tpNr, l2tpOffset, l2tpPadding, l2tpZLB,
	},
	carries: func(*Table) []*Protocol { return []*Protocol{&pppProtocol} },
	decode:  decodeL2TP,
	walk:    walkL2TP,
}

// The bits of L2TP's first word.
const (
	l2tpControlBit  = 0x8000
	l2tpLengthBit   = 0x4000
	l2tpSequenceBit = 0x0800
	l2tpOffsetBit   = 0x0200
	l2tpVersionBits = 0x000f
)

const (
	// l2tpEmpty is the length of a message that only acknowledges.
	l2tpEmpty = 12
	// l2tpFirstLen is the first attribute of a control message: the message's type.
	l2tpFirstLen = 8
)

// l2tpHeader is a parsed L2TP header; fields whose bit is not set are 0.
type l2tpHeader struct {
	flags, length, tunnel, session, ns, nr, offset uint16
	fixed, size                                    int // without and with the offset padding
}

func (h *l2tpHeader) has(bit uint16) bool { return h.flags&bit != 0 }

// empty says that the message only acknowledges.
func (h *l2tpHeader) empty() bool { return h.has(l2tpLengthBit) && h.length == l2tpEmpty }

// first is where a control message's first attribute begins.
func (h *l2tpHeader) first() int {
	if h.has(l2tpOffsetBit) {
		return h.fixed - 2
	}
	return h.fixed
}

func parseL2TP(d []byte) (h l2tpHeader, ok bool) {
	h.size = 2
	if len(d) < h.size {
		return h, false
	}
	h.flags = be16(d)
	word := func() (v uint16) {
		if h.size += 2; len(d) >= h.size {
			v = be16(d[h.size-2:])
		}
		return v
	}
	if h.has(l2tpLengthBit) {
		h.length = word()
	}
	h.tunnel, h.session = word(), word()
	if h.has(l2tpSequenceBit) {
		h.ns, h.nr = word(), word()
	}
	if h.has(l2tpOffsetBit) {
		h.offset = word()
	}
	h.fixed = h.size
	h.size += int(h.offset)
	return h, len(d) >= h.size
}

func decodeL2TP(b *builder, self *Protocol, p payload) {
	d := b.rest(p)
	if len(d) < 2 || be16(d)&l2tpVersionBits != 2 {
		b.path = b.path[:len(b.path)-1]
		b.unknown(p)
		return
	}
	b.setProtocol(self.Short)
	h, ok := parseL2TP(d)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, h.size)
		return
	}
	control := h.has(l2tpControlBit)
	if control {
		b.setInfo("Control Message (tunnel id=%d, session id=%d)", h.tunnel, h.session)
	} else {
		b.setInfo("Data Message            (tunnel id=%d, session id=%d)", h.tunnel, h.session)
	}
	if h.has(l2tpLengthBit) {
		p = p.limit(int(h.length))
	}
	size := h.size
	if control {
		size = p.captured()
	}
	l2tpNodes(b.protocol(self, p, size, self.Long), p.off, &h)
	next := p.skip(h.size)
	switch {
	case control:
		b.partial = b.partial || next.reported > 0
	case next.captured() > 0:
		b.run(&pppProtocol, next)
	}
}

func l2tpNodes(n *node, at int, h *l2tpHeader) {
	if n == nil {
		return
	}
	flags := uint64(h.flags)
	f := addUint(n, l2tpFlags, at, flags)
	for _, bit := range []*FieldDef{l2tpType, l2tpHasLen, l2tpHasSeq, l2tpHasOff, l2tpPriority, l2tpVersion} {
		addUint(f, bit, at, flags)
	}
	l2tpFlagText(f, h)
	at += 2
	if h.has(l2tpLengthBit) {
		addUint(n, l2tpLength, at, uint64(h.length))
		at += 2
	}
	addUint(n, l2tpTunnel, at, uint64(h.tunnel))
	addUint(n, l2tpSession, at+2, uint64(h.session))
	at += 4
	if h.has(l2tpSequenceBit) {
		addUint(n, l2tpNs, at, uint64(h.ns))
		addUint(n, l2tpNr, at+2, uint64(h.nr))
		at += 4
	}
	if h.has(l2tpOffsetBit) {
		addUint(n, l2tpOffset, at, uint64(h.offset))
		if at += 2; h.offset > 0 {
			add(n, l2tpPadding, at, int(h.offset), "", l2tpPadding.Label)
		}
	}
	if h.empty() {
		add(n, l2tpZLB, at, 0, "", l2tpZLB.Label)
	}
}

// l2tpFlagText lists the flags that are set behind the word.
func l2tpFlagText(f *node, h *l2tpHeader) {
	extend(f, ", Type: %s", l2tpType.Values.name(uint64(h.flags>>15), ""))
	for _, bit := range []*FieldDef{l2tpHasLen, l2tpHasSeq, l2tpHasOff, l2tpPriority} {
		if h.has(uint16(bit.Mask)) {
			extend(f, ", %s", bit.Label)
		}
	}
}

// walkL2TP takes data over PPP, and control messages as leaves.
func walkL2TP(w *Headers, p payload) {
	if p.captured() < 2 || be16(w.Data[p.off:])&l2tpVersionBits != 2 {
		w.doubt(ClassTunnel, hidesAll)
		return
	}
	h, ok := parseL2TP(w.Data[p.off:p.end])
	switch {
	case !ok:
		w.doubt(ClassCut, hidesAll)
		return
	case h.has(l2tpControlBit) && !h.empty() && p.captured() < h.first()+l2tpFirstLen:
		w.doubt(ClassCut, hidesAll) // Wireshark looks at the message's type first
		return
	case h.has(l2tpLengthBit) && (int(h.length) > p.reported || int(h.length) < h.size), w.full():
		w.doubt(ClassTunnel, hidesAll)
		return
	case h.has(l2tpLengthBit):
		p = p.limit(int(h.length))
	}
	w.add(idL2TP, p)
	switch next := p.skip(h.size); {
	case h.has(l2tpControlBit):
		w.hide(hidesApplications)
	case next.captured() > 0:
		walkPPP(w, next)
	}
}

// l2tpValue makes a reader of a field that moves.
func l2tpValue(of func(h *l2tpHeader) (uint16, bool)) func(w *Headers, l *Layer) (uint64, bool) {
	return func(w *Headers, l *Layer) (uint64, bool) {
		h, _ := parseL2TP(w.Data[l.Off:l.End])
		v, ok := of(&h)
		return uint64(v), ok
	}
}
