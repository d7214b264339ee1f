package dissect

// This file is the one table of which protocol a number leads to.

// The LINKTYPE_ values that are dissected natively (tcpdump.org/linktypes.html).
const (
	linkNull       = 0
	linkEthernet   = 1
	linkRawBSD     = 12
	linkRawOpenBSD = 14
	linkRaw        = 101
	linkLoop       = 108
	linkSLL        = 113
	linkIPv4       = 228
	linkIPv6       = 229
	linkSLL2       = 276
)

// Table says which protocol follows which number. It is immutable and safe for
// concurrent use.
type Table struct {
	linkTypes  map[int]*Protocol
	etherTypes map[uint16]*Protocol
	ipProtos   map[uint8]*Protocol
	udpPorts   map[uint16]*Protocol
	tcpPorts   map[uint16]*Protocol
	data       *Protocol
	all        []*Protocol
}

// NewTable returns the table of everything that pktsh dissects natively.
func NewTable() *Table {
	t := &Table{
		linkTypes: map[int]*Protocol{
			linkEthernet: &ethProtocol,
		},
		etherTypes: map[uint16]*Protocol{
			0x0800: &ipProtocol,
		},
		ipProtos: map[uint8]*Protocol{
			4:  &ipProtocol,
			6:  &tcpProtocol,
			17: &udpProtocol,
		},
		data: &dataProtocol,
	}
	t.all = []*Protocol{&frameProtocol, &ethProtocol, &ipProtocol, &tcpProtocol, &udpProtocol, &dataProtocol}
	return t
}

// Catalogue lists every protocol and field of the table.
func (t *Table) Catalogue() *Catalogue {
	var out []FieldInfo
	for _, p := range t.all {
		out = append(out, FieldInfo{Name: p.Name, Label: p.Long, Type: TypeProtocol, Protocol: p.Name})
		for _, d := range p.Fields {
			out = append(out, FieldInfo{Name: d.Name, Label: d.Label, Type: d.Type, Protocol: p.Name, Base: d.Base})
		}
	}
	return NewCatalogue(out)
}
