package dissect

import "strconv"

// This file is the "data" protocol: bytes that no dissector took.

var (
	dataData = field("data.data", "Data", "BYTES")
	dataLen  = int32Field("data.len", "Length")
)

var dataProtocol = Protocol{
	Name: "data", Long: "Data", Short: "Data",
	Fields: []*FieldDef{dataData, dataLen},
	decode: decodeData,
}

func decodeData(b *builder, self *Protocol, p payload) {
	n := p.captured()
	if n == 0 {
		return
	}
	f := b.protocol(self, p, n, "Data ("+strconv.Itoa(n)+" byte"+plural(n)+")")
	addBytes(f, dataData, p.off, b.rest(p))
	virtual(addUint(f, dataLen, p.off, uint64(n)))
}
