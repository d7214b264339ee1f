package dissect

// This file is ERSPAN: mirrored Ethernet frames in GRE
// (draft-foschiano-erspan-03), types I to III.

var (
	erspanVersion   = uint16Field("erspan.version", "Version", baseDec).mask(0xf000).named(Values{1: "Type II", 2: "Type III"}).at(0, 2)
	erspanVLAN      = uint16Field("erspan.vlan", "Vlan", baseDec).mask(0x0fff).at(0, 2)
	erspanCOS       = uint16Field("erspan.cos", "COS", baseDec).mask(0xe000).at(2, 2)
	erspanEncap     = uint16Field("erspan.encap", "Encap", baseDec).mask(0x1800).named(erspanEncapNames).at(2, 2).onlyIf(erspanIsII)
	erspanBSO       = uint16Field("erspan.bso", "Bad/Short/Oversized", baseDec).mask(0x1800).named(erspanBSONames).at(2, 2).onlyIf(erspanIsIII)
	erspanTruncated = uint16Field("erspan.truncated", "Truncated", baseDec).mask(0x0400).named(Values{0: "Not truncated", 1: "Truncated"}).at(2, 2)
	erspanSession   = uint16Field("erspan.spanid", "SpanID", baseDec).mask(0x03ff).at(2, 2).ofFlow()
	erspanReserved  = uint32Field("erspan.reserved", "Reserved", baseDec).mask(0xfff00000).at(4, 4).onlyIf(erspanIsII)
	erspanIndex     = uint32Field("erspan.index", "Index", baseDec).mask(0x000fffff).at(4, 4).onlyIf(erspanIsII)
	erspanTime      = uint32Field("erspan.timestamp", "Timestamp", baseDec).mask(0xffffffff).at(4, 4).onlyIf(erspanIsIII)
	erspanSGT       = uint16Field("erspan.sgt", "Security Group Tag", baseDec).mask(0xffff).at(8, 2).onlyIf(erspanIsIII)
	erspanP         = uint16Field("erspan.p", "Has Ethernet PDU", baseDec).mask(0x8000).at(10, 2).onlyIf(erspanIsIII)
	erspanFrame     = uint16Field("erspan.ft", "Frame Type", baseDec).mask(0x7c00).named(Values{0: "Ethernet", 2: "IP"}).at(10, 2).onlyIf(erspanIsIII)
	erspanHardware  = uint16Field("erspan.hw", "Hardware ID", baseDec).mask(0x03f0).at(10, 2).onlyIf(erspanIsIII)
	erspanDirection = boolField("erspan.direction", "Direction", 16, 0x0008, "Egress", "Ingress").at(10, 2).onlyIf(erspanIsIII)
	erspanGrain     = uint16Field("erspan.gra", "Timestamp granularity", baseDec).mask(0x0006).named(erspanGrainNames).at(10, 2).onlyIf(erspanIsIII)
	erspanMore      = uint16Field("erspan.o", "Optional Sub headers", baseDec).mask(0x0001).at(10, 2).onlyIf(erspanIsIII)
)

var (
	erspanEncapNames = Values{0: "Originally without VLAN tag", 1: "Originally ISL encapsulated", 2: "Originally 802.1Q encapsulated", 3: "VLAN tag preserved in frame"}
	erspanBSONames   = Values{0: "Good or unknown integrity", 1: "Short frame", 2: "Oversized frame", 3: "CRC or alignment error"}
	erspanGrainNames = Values{0: "100 microseconds", 1: "100 nanoseconds", 2: "IEEE 1588", 3: "Custom granularity"}
)

var erspanProtocol = Protocol{
	ID: idERSPAN, Name: "erspan", Long: "Encapsulated Remote Switch Packet ANalysis", Short: "ERSPAN",
	Fields: []*FieldDef{
		erspanVersion, erspanVLAN, erspanCOS, erspanEncap, erspanBSO, erspanTruncated, erspanSession, erspanReserved, erspanIndex,
		erspanTime, erspanSGT, erspanP, erspanFrame, erspanHardware, erspanDirection, erspanGrain, erspanMore,
	},
	carries: (*Table).bridged,
	decode:  decodeERSPAN,
	walk:    walkERSPAN,
}

const (
	erspanIILen   = 8
	erspanIIILen  = 12
	erspanSubLen  = 8
	greTypeERSPAN = 0x88be
)

// erspanSize is the size of a header, 0 for versions that are not known. It reads
// the optional subheader's bit, which is at its end.
func erspanSize(d []byte) (size int, ok bool) {
	if len(d) < 2 {
		return 2, false
	}
	switch d[0] >> 4 {
	case 1:
		return erspanIILen, len(d) >= erspanIILen
	case 2:
		size = erspanIIILen
		if len(d) >= size && d[11]&1 != 0 {
			size += erspanSubLen
		}
		return size, len(d) >= size
	}
	return 0, true
}

// isERSPANI tells type I, which has no header, by the sequence number that GRE lacks.
func isERSPANI(flags, typ uint16) bool { return typ == greTypeERSPAN && flags&greSequenceBit == 0 }

func decodeERSPAN(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("ERSPAN:")
	if isERSPANI(b.gre.flags, b.gre.typ) {
		b.protocol(self, p, 0, self.Long+" Type I")
		b.run(&ethProtocol, p)
		return
	}
	d := b.rest(p)
	size, ok := erspanSize(d)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, size)
		return
	}
	n := b.protocol(self, p, size, "")
	relabel(n, "%s %s", self.Long, erspanVersion.Values.name(uint64(d[0]>>4), "Unknown"))
	first := uint64(be16(d))
	addUint(n, erspanVersion, p.off, first)
	if size == 0 {
		addUint(n, erspanVersion, p.off, first)
		b.partial = true
		return
	}
	addUint(n, erspanVLAN, p.off, first)
	erspanNodes(n, p.off, d)
	next := p.skip(size)
	if size > erspanIILen && be16(d[10:])&0x7c00 != 0 {
		b.unknown(next)
		return
	}
	b.run(&ethProtocol, next)
}

func erspanNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	second := uint64(be16(d[2:]))
	addUint(n, erspanCOS, at+2, second)
	kind := erspanEncap
	if d[0]>>4 == 2 {
		kind = erspanBSO
	}
	for _, f := range []*FieldDef{kind, erspanTruncated, erspanSession} {
		addUint(n, f, at+2, second)
	}
	word := uint64(be32(d[4:]))
	if d[0]>>4 == 1 {
		addUint(n, erspanReserved, at+4, word)
		addUint(n, erspanIndex, at+4, word)
		return
	}
	addUint(n, erspanTime, at+4, word)
	addUint(n, erspanSGT, at+8, uint64(be16(d[8:])))
	for _, f := range []*FieldDef{erspanP, erspanFrame, erspanHardware, erspanDirection, erspanGrain, erspanMore} {
		addUint(n, f, at+10, uint64(be16(d[10:])))
	}
}

// walkERSPAN takes mirrored Ethernet frames.
func walkERSPAN(w *Headers, p payload) {
	if w.full() {
		return
	}
	if outer := w.layers[w.n-1]; outer.ID != idGRE || isERSPANI(be16(w.Data[outer.Off:]), be16(w.Data[outer.Off+2:])) {
		none := p
		none.end, none.reported = p.off, 0 // a header of no bytes: no field is read out of it
		w.add(idERSPAN, none)
		walkEth(w, p)
		return
	}
	d := w.Data[p.off:p.end]
	size, ok := erspanSize(d)
	switch {
	case !ok || p.reported < size:
		w.doubt(ClassCut, hidesAll)
	case size == 0:
		w.doubt(ClassTunnel, hidesAll)
	default:
		w.add(idERSPAN, p)
		if size > erspanIILen && be16(d[10:])&0x7c00 != 0 { // not Ethernet
			w.hide(hidesApplications)
			return
		}
		walkEth(w, p.skip(size))
	}
}

// erspanIsII and erspanIsIII tell the types that have a header.
func erspanIsII(w *Headers, l *Layer) bool  { return l.Off < l.End && w.Data[l.Off]>>4 == 1 }
func erspanIsIII(w *Headers, l *Layer) bool { return l.Off < l.End && w.Data[l.Off]>>4 == 2 }
