package dissect

import "fmt"

// This file is Geneve (RFC 8926).

var (
	geneveVersion  = uint8Field("geneve.version", "Version", baseDec).valued(func(w *Headers, l *Layer) (uint64, bool) { return uint64(w.Data[l.Off] >> 6), true })
	geneveFlags    = uint8Field("geneve.flags", "Flags", baseHex).at(1, 1)
	geneveOAM      = boolField("geneve.flags.oam", "Operations, Administration and Management Frame", 8, 0x80, "", "").at(1, 1)
	geneveCritical = boolField("geneve.flags.critical", "Critical Options Present", 8, 0x40, "", "").at(1, 1)
	geneveFlagsRes = boolField("geneve.flags.reserved", "Reserved", 8, 0x3f, "", "").at(1, 1)
	geneveType     = uint16Field("geneve.proto_type", "Protocol Type", baseHex).named(etherTypeNames).at(2, 2).ofFlow()
	geneveVNI      = uint24Field("geneve.vni", "Virtual Network Identifier (VNI)", baseHexDec).at(4, 3).ofFlow()
	geneveReserved = uint8Field("geneve.reserved", "Reserved", baseHex).at(7, 1)
	geneveOptions  = field("geneve.options", "Geneve Options", "BYTES")
	geneveOption   = field("geneve.option", "Option", "BYTES")
	geneveOptClass = uint16Field("geneve.option.class", "Class", baseHex)
	geneveOptType  = uint8Field("geneve.option.type", "Type", baseHex)
	geneveOptCrit  = boolField("geneve.option.type.critical", "Critical Option", 8, 0x80, "", "")
	geneveOptFlags = uint8Field("geneve.option.flags", "Flags", baseHex)
	geneveOptRes   = boolField("geneve.option.flags.reserved", "Reserved", 8, 0xe0, "", "")
	geneveOptLen   = uint8Field("geneve.option.length", "Length", baseDec).unit(" bytes")
	geneveOptData  = field("geneve.option.unknown.data", "Unknown Option Data", "BYTES").doubted()
	geneveUnknown  = field("geneve.version.unknown", "Unknown version", "NONE")
)

var geneveProtocol = Protocol{
	ID: idGeneve, Name: "geneve", Long: "Generic Network Virtualization Encapsulation", Short: "Geneve",
	Fields: []*FieldDef{
		geneveVersion, geneveFlags, geneveOAM, geneveCritical, geneveFlagsRes, geneveType, geneveVNI, geneveReserved,
		geneveOptions, geneveOption, geneveOptClass, geneveOptType, geneveOptCrit, geneveOptFlags, geneveOptRes, geneveOptLen,
		geneveOptData, geneveUnknown,
	},
	carries: (*Table).network,
	decode:  decodeGeneve,
	walk:    walkGeneve,
}

const geneveMinHeader = 8

// geneveSize is the size of the header with its options, in bytes.
func geneveSize(first byte) int { return geneveMinHeader + 4*int(first&0x3f) }

func decodeGeneve(b *builder, self *Protocol, p payload) {
	b.setProtocol(self.Short)
	b.setInfo("")
	d := b.rest(p)
	if len(d) < geneveMinHeader {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, geneveMinHeader)
		return
	}
	typ, size := be16(d[2:]), geneveSize(d[0])
	b.setInfo("Encapsulated %s", etherTypeNames.name(uint64(typ), fmt.Sprintf("0x%04x (unknown)", typ)))
	n := b.protocol(self, p, size, self.Long)
	geneveNodes(n, p.off, d)
	if len(d) < size {
		b.exception(self, p, size)
		return
	}
	geneveOptionNodes(n, p.off+geneveMinHeader, d[geneveMinHeader:size])
	b.run(b.table.etherTypes[typ], p.skip(size))
}

func geneveNodes(n *node, at int, d []byte) {
	if n == nil {
		return
	}
	version, flags := d[0]>>6, uint64(d[1])
	addUint(n, geneveVersion, at, uint64(version))
	if version != 0 {
		addExpert(n, geneveUnknown, SeverityWarn, "Protocol", fmt.Sprintf("Unknown version %d", version), groupProtocol)
	}
	addUint(n, geneveOptLen, at, uint64(4*int(d[0]&0x3f)))
	f := addUint(n, geneveFlags, at+1, flags)
	for _, bit := range []*FieldDef{geneveOAM, geneveCritical, geneveFlagsRes} {
		addUint(f, bit, at+1, flags)
		if flags&bit.Mask != 0 {
			extend(f, ", %s", bit.Label)
		}
	}
	addUint(n, geneveType, at+2, uint64(be16(d[2:])))
	addUint(n, geneveVNI, at+4, uint64(be24(d[4:])))
	extend(n, ", VNI: 0x%06x", be24(d[4:]))
	if flags&geneveOAM.Mask != 0 {
		extend(n, ", OAM")
	}
	if r := addUint(n, geneveReserved, at+7, uint64(d[7])); d[7] == 0 {
		hide(r)
	}
}

// geneveOptionNodes shows the options; one that does not fit ends them.
func geneveOptionNodes(n *node, at int, d []byte) {
	if n == nil || len(d) == 0 {
		return
	}
	all := addBlock(n, geneveOptions, at, d, fmt.Sprintf("Options: (%d bytes)", len(d)))
	for len(d) > 0 {
		size := 4 + 4*int(d[3]&0x1f)
		if size > len(d) {
			return
		}
		geneveOptionNode(all, at, d[:size])
		d, at = d[size:], at+size
	}
}

func geneveOptionNode(all *node, at int, d []byte) {
	critical := "Non-critical"
	if d[2]&0x80 != 0 {
		critical = "Critical"
	}
	class := geneveClass(be16(d))
	o := addBlock(all, geneveOption, at, d, "")
	relabel(o, "Unknown, Class: %s (0x%04x) Type: 0x%02x (%s)", class, be16(d), d[2], critical)
	addUintText(o, geneveOptClass, at, uint64(be16(d)), fmt.Sprintf("%s (0x%04x)", class, be16(d)))
	addUintText(o, geneveOptType, at+2, uint64(d[2]), fmt.Sprintf("0x%02x (%s)", d[2], critical))
	hide(addUint(o, geneveOptCrit, at+2, uint64(d[2])))
	flags := addUint(o, geneveOptFlags, at+3, uint64(d[3]>>5))
	reserved := addUint(flags, geneveOptRes, at+3, uint64(d[3]))
	if d[3]>>5 != 0 {
		extend(flags, " (RSVD)")
	} else {
		hide(flags)
		hide(reserved)
	}
	addUint(o, geneveOptLen, at+3, uint64(len(d)))
	if len(d) > 4 {
		addBytes(o, geneveOptData, at+4, d[4:])
	}
}

// geneveClass names an option class (IANA nvo3).
func geneveClass(class uint16) string {
	for _, r := range []struct {
		from, to uint16
		name     string
	}{
		{0, 0xff, "Standard"}, {0x0100, 0x0100, "Linux"}, {0x0101, 0x0101, "Open vSwitch"},
		{0x0102, 0x0102, "Open Virtual Networking (OVN)"}, {0x0103, 0x0103, "In-band Network Telemetry (INT)"},
		{0x0104, 0x0104, "VMware"}, {0x0105, 0x0105, "Amazon.com, Inc."}, {0x0106, 0x0106, "Cisco Systems, Inc."},
		{0x0107, 0x0107, "Oracle Corporation"}, {0x0108, 0x0110, "Amazon.com, Inc."}, {0x0111, 0x0118, "IBM"},
		{0x0119, 0x0128, "Ericsson"}, {0x0129, 0x0129, "Oxide Computer Company"}, {0x0130, 0x0131, "Cisco Systems, Inc."},
		{0x0132, 0x0135, "Google LLC"}, {0x0136, 0x0136, "InfoQuick Global Connection Tech Ltd."},
		{0x0137, 0xfeff, "Unassigned"}, {0xfff0, 0xffff, "Experimental"},
	} {
		if class >= r.from && class <= r.to {
			return r.name
		}
	}
	return "Unknown"
}

// walkGeneve takes version 0, which is the only one.
func walkGeneve(w *Headers, p payload) {
	if w.short(p, geneveMinHeader) {
		return
	}
	d := w.Data[p.off:p.end]
	size := geneveSize(d[0])
	switch {
	case d[0]>>6 != 0 || size > p.reported:
		w.doubt(ClassTunnel, hidesAll)
		return
	case size > len(d):
		w.doubt(ClassCut, hidesAll)
		return
	}
	w.add(idGeneve, p)
	w.etherType(be16(d[2:]), p.skip(size))
}
