package dissect

import "math/bits"

// This file declares what a protocol is: one record with its names, its field
// table and its one decoder.

// Protocol is everything pktsh knows natively about one protocol.
type Protocol struct {
	// ID is the protocol's number in a walk.
	ID ID
	// Name is the filter name: "ip".
	Name string
	// Long is the descriptive name: "Internet Protocol Version 4".
	Long string
	// Short is the text of the Protocol column and of exception lines: "IPv4".
	Short string
	// Fields is the field table.
	Fields []*FieldDef

	// carries lists what the payload may be; nil stands for nothing.
	carries func(t *Table) []*Protocol

	// decode reads one header and what it carries. It is the protocol's only
	// decoder: with a tree wanted it also adds nodes, without one it fills the
	// columns alone. self is the record itself, so that a decoder need not refer
	// to its own variable.
	decode func(b *builder, self *Protocol, p payload)

	// walk lists one header and goes on to what it carries; nil where a walk does
	// not go on into the protocol. It reads the same bytes by the same rules as
	// decode, without an allocation.
	walk func(w *Headers, p payload)
}

// walked says that a walk lists the protocol where it is; others it can only exclude.
func (p *Protocol) walked() bool { return p.walk != nil || p.ID == idFrame }

// payloads lists the protocols that may follow in the same packet.
func (p *Protocol) payloads(t *Table) []*Protocol {
	if p.carries == nil {
		return nil
	}
	return p.carries(t)
}

// Values names the values of a field.
type Values map[uint64]string

// The display bases, as `tshark -G fields` spells them.
const (
	baseNone   = "BASE_NONE"
	baseDec    = "BASE_DEC"
	baseHex    = "BASE_HEX"
	baseHexDec = "BASE_HEX_DEC"
	baseDecHex = "BASE_DEC_HEX"
	baseTCP    = "BASE_PT_TCP"
	baseUDP    = "BASE_PT_UDP"
)

// FieldDef describes one field of a protocol: Wireshark's header_field_info.
type FieldDef struct {
	// Name is the filter name, Label the descriptive name.
	Name, Label string
	// Type is the value's type, Base its display base.
	Type Type
	Base string
	// Mask selects the field's bits out of the Width bits that are read; 0
	// means all of them.
	Mask uint64
	// Width is the number of bits in the field's bit picture.
	Width int
	// Values names values; Unknown stands for those that it lacks ("Unknown" if empty).
	Values  Values
	Unknown string
	// True and False are a Boolean's two texts.
	True, False string
	// Stateful says that the field depends on other packets, through Input.Flows.
	Stateful bool
	// Unit follows the value: " bytes", " seconds".
	Unit string

	// spots are where the field is in its protocol's header, where that is always
	// the same: a walk reads it there. An alias has several, in tree order.
	spots []spot
	// from computes the value of a field that no bytes stand for, of one layer; ok is
	// false where the layer does not have the field.
	from func(w *Headers, l *Layer) (v uint64, ok bool)
	// only says in which layers the field occurs; nil stands for all.
	only func(w *Headers, l *Layer) bool
	// key says that packets of one flow share the field's value.
	key bool
	// doubtful says that Wireshark's value may be another one for reasons that a
	// walk does not see.
	doubtful bool
}

// spot is a stretch of a header, in bytes. The field's mask applies to it.
type spot struct {
	off, size uint8
}

func uint8Field(name, label, base string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "UINT8", Base: base, Width: 8}
}

func uint16Field(name, label, base string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "UINT16", Base: base, Width: 16}
}

func uint24Field(name, label, base string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "UINT24", Base: base, Width: 24}
}

func uint32Field(name, label, base string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "UINT32", Base: base, Width: 32}
}

func int32Field(name, label string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "INT32", Base: baseDec, Width: 32}
}

// boolField describes one bit of a width-bit word.
func boolField(name, label string, width int, mask uint64, yes, no string) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: "BOOLEAN", Base: baseNone, Width: width, Mask: mask, True: yes, False: no}
}

func flagField(name, label string, width int, mask uint64) *FieldDef {
	return boolField(name, label, width, mask, "Set", "Not set")
}

func field(name, label string, t Type) *FieldDef {
	return &FieldDef{Name: name, Label: label, Type: t, Base: baseNone}
}

// named returns the field with names for its values.
func (d *FieldDef) named(v Values) *FieldDef { d.Values = v; return d }

// unknown sets the text for values without a name.
func (d *FieldDef) unknown(text string) *FieldDef { d.Unknown = text; return d }

// mask restricts the field to some bits of its word.
func (d *FieldDef) mask(m uint64) *FieldDef { d.Mask = m; return d }

// width sets the number of bits in the bit picture.
func (d *FieldDef) width(n int) *FieldDef { d.Width = n; return d }

// unit sets the text after the value.
func (d *FieldDef) unit(u string) *FieldDef { d.Unit = u; return d }

// stateful notes that the field depends on other packets.
func (d *FieldDef) stateful() *FieldDef { d.Stateful = true; return d }

// value extracts the field's bits out of the word that holds them.
func (d *FieldDef) value(word uint64) uint64 {
	if d.Mask == 0 {
		return word
	}
	return word & d.Mask >> bits.TrailingZeros64(d.Mask)
}

// typeBytes is the number of bytes of an integer type, 0 for others.
func typeBytes(t Type) int {
	switch t {
	case "UINT8", "INT8":
		return 1
	case "UINT16", "INT16":
		return 2
	case "UINT24":
		return 3
	case "UINT32", "INT32":
		return 4
	case "UINT64", "INT64":
		return 8
	}
	return 0
}

// at says where the field is in its header: size bytes from off on.
func (d *FieldDef) at(off, size uint8) *FieldDef {
	d.spots = append(d.spots, spot{off: off, size: size})
	return d
}

// computed gives the field a value of each layer.
func (d *FieldDef) valued(from func(w *Headers, l *Layer) (uint64, bool)) *FieldDef {
	d.from = from
	return d
}

// onlyIf restricts the field to some layers.
func (d *FieldDef) onlyIf(only func(w *Headers, l *Layer) bool) *FieldDef {
	d.only = only
	return d
}

// ofFlow notes that packets of one flow share the field's value.
func (d *FieldDef) ofFlow() *FieldDef { d.key = true; return d }

// doubted notes that Wireshark's value may differ for reasons outside the packet.
func (d *FieldDef) doubted() *FieldDef { d.doubtful = true; return d }
