package dissect

// This file is VXLAN (RFC 7348) with the group policy extension.

var (
	vxlanFlags    = uint16Field("vxlan.flags", "Flags", baseHex).at(0, 2)
	vxlanFlagG    = boolField("vxlan.flag_g", "GBP Extension", 16, 0x8000, "Defined", "Not defined").at(0, 2)
	vxlanFlagI    = boolField("vxlan.flag_i", "VXLAN Network ID (VNI)", 16, 0x0800, "", "").at(0, 2)
	vxlanFlagD    = boolField("vxlan.flag_d", "Don't Learn", 16, 0x0040, "", "").at(0, 2)
	vxlanFlagA    = boolField("vxlan.flag_a", "Policy Applied", 16, 0x0008, "", "").at(0, 2)
	vxlanReserved = uint16Field("vxlan.flags_reserved", "Reserved(R)", baseHex).mask(0x77b7).at(0, 2)
	vxlanGroup    = uint16Field("vxlan.gbp", "Group Policy ID", baseDec).at(2, 2)
	vxlanVNI      = uint24Field("vxlan.vni", "VXLAN Network Identifier (VNI)", baseDec).at(4, 3).ofFlow()
	vxlanRest     = uint8Field("vxlan.reserved8", "Reserved", baseDec).at(7, 1)
)

var vxlanProtocol = Protocol{
	ID: idVXLAN, Name: "vxlan", Long: "Virtual eXtensible Local Area Network", Short: "VXLAN",
	Fields: []*FieldDef{
		vxlanFlags, vxlanFlagG, vxlanFlagI, vxlanFlagD, vxlanFlagA, vxlanReserved, vxlanGroup, vxlanVNI, vxlanRest,
	},
	carries: (*Table).bridged,
	decode:  decodeVXLAN,
	walk:    walkVXLAN,
}

const vxlanHeaderLen = 8

func decodeVXLAN(b *builder, self *Protocol, p payload) {
	b.setProtocol("VxLAN")
	b.setInfo("")
	d, ok := b.bytes(p, 0, vxlanHeaderLen)
	if !ok {
		b.protocol(self, p, p.captured(), self.Long)
		b.exception(self, p, vxlanHeaderLen)
		return
	}
	n := b.protocol(self, p, vxlanHeaderLen, self.Long)
	flags := uint64(be16(d))
	f := addUint(n, vxlanFlags, p.off, flags)
	for _, bit := range []*FieldDef{vxlanFlagG, vxlanFlagI, vxlanFlagD, vxlanFlagA, vxlanReserved} {
		addUint(f, bit, p.off, flags)
		if bit.Type == "BOOLEAN" && flags&bit.Mask != 0 {
			extend(f, ", %s", bit.Label)
		}
	}
	addUint(n, vxlanGroup, p.off+2, uint64(be16(d[2:])))
	addUint(n, vxlanVNI, p.off+4, uint64(be24(d[4:])))
	addUint(n, vxlanRest, p.off+7, uint64(d[7]))
	b.run(&ethProtocol, p.skip(vxlanHeaderLen))
}

func walkVXLAN(w *Headers, p payload) {
	if w.short(p, vxlanHeaderLen) {
		return
	}
	w.add(idVXLAN, p)
	walkEth(w, p.skip(vxlanHeaderLen))
}
