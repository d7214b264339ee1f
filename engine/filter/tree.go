package filter

// This file reads the values that a filter asks for out of a dissection tree.

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"pktsh/dissect"
)

// FromTree returns t as a filter sees it: every occurrence of every field,
// hidden ones included, with the type that fields gives it. It reads the tree
// when a field is asked for, and is for one goroutine.
func FromTree(t *dissect.Tree, fields Fields) Packet {
	return &treePacket{tree: t, fields: fields}
}

type treePacket struct {
	tree   *dissect.Tree
	fields Fields
	asked  []answer
}

// answer is the values of a field that was asked for.
type answer struct {
	name   string
	values []Value
}

// occurrence is a field at its place in the tree.
type occurrence struct {
	field *dissect.Field
	// layer counts the protocol nodes of the same name up to the one that the
	// field is in.
	layer int
	// limit is where the data of the enclosing protocols end in the field's source.
	limit int
}

// Has implements Packet.
func (p *treePacket) Has(name string) bool { return p.tree.Has(name) }

// Values implements Packet.
func (p *treePacket) Values(name string) []Value {
	for _, a := range p.asked {
		if a.name == name {
			return a.values
		}
	}
	s := seeker{packet: p, name: name}
	s.walk(p.tree.Nodes, 0)
	p.asked = append(p.asked, answer{name, s.values})
	return s.values
}

// typeOf is the type of a field by one occurrence.
func (p *treePacket) typeOf(f *dissect.Field) fieldType {
	if info, ok := p.fields.Lookup(f.Name); ok {
		return typeOf(info.Type)
	}
	if f.Protocol {
		return fieldType{class: classProtocol}
	}
	return fieldType{}
}

// seeker collects the values of a field in one walk over the tree. Trees are
// small, and a filter asks for few fields: an index would cost more than it saves.
type seeker struct {
	packet *treePacket
	name   string
	typ    fieldType
	values []Value
	seen   bool
	layers []layer
	limits []limit
}

// layer counts the protocol nodes so far, by name.
type layer struct {
	name string
	n    int
}

// limit is the end of the data so far in a source.
type limit struct{ source, end int }

func (w *seeker) walk(nodes []*dissect.Field, layer int) {
	for _, f := range nodes {
		inside := layer
		if f.Protocol {
			inside = w.enter(f.Name)
		}
		if f.Name == w.name {
			w.found(occurrence{field: f, layer: inside, limit: w.limit(f.Source)})
		}
		w.walk(f.Children, inside)
		if f.Protocol {
			w.narrow(f)
		}
	}
}

func (w *seeker) found(o occurrence) {
	if !w.seen {
		w.seen, w.typ = true, w.packet.typeOf(o.field)
	}
	if v, ok := w.packet.value(o, w.typ); ok {
		w.values = append(w.values, v.InLayer(o.layer))
	}
}

// enter counts a protocol's node.
func (w *seeker) enter(name string) int {
	for i := range w.layers {
		if w.layers[i].name == name {
			w.layers[i].n++
			return w.layers[i].n
		}
	}
	w.layers = append(w.layers, layer{name, 1})
	return 1
}

func (w *seeker) limit(source int) int {
	for _, l := range w.limits {
		if l.source == source {
			return l.end
		}
	}
	if source < 0 || source >= len(w.packet.tree.Sources) {
		return 0
	}
	return len(w.packet.tree.Sources[source].Bytes)
}

// cut sets where the data in a source end.
func (w *seeker) cut(source, end int) {
	for i := range w.limits {
		if w.limits[i].source == source {
			w.limits[i].end = end
			return
		}
	}
	w.limits = append(w.limits, limit{source, end})
}

// narrow notes the end of the data when a protocol says how long it is: what
// follows (Ethernet's padding) is not seen by the protocols above.
func (w *seeker) narrow(f *dissect.Field) {
	name, extra := "", 0
	switch f.Name {
	case "ip":
		name = "ip.len"
	case "ipv6":
		name, extra = "ipv6.plen", 40
	case "udp":
		name = "udp.length"
	default:
		return
	}
	for _, c := range f.Children {
		if c.Name == name {
			// A length of 0 is a segmentation offload's: the data are all there are.
			if n, err := strconv.Atoi(c.Show); err == nil && n > 0 && f.Pos+extra+n < w.limit(f.Source) {
				w.cut(f.Source, f.Pos+extra+n)
			}
			return
		}
	}
}

// value converts one occurrence; false when its text is not what its type says.
func (p *treePacket) value(o occurrence, t fieldType) (Value, bool) {
	f := o.field
	switch t.class {
	case classUint:
		return showUint(f.Show)
	case classInt:
		n, err := strconv.ParseInt(f.Show, 0, 64)
		return IntValue(n), err == nil
	case classBool:
		return showBool(f.Show)
	case classFloat:
		x, err := strconv.ParseFloat(f.Show, 64)
		return FloatValue(x), err == nil
	case classString:
		return StringValue(f.Show), true
	case classBytes, classOpaque:
		return BytesValue(p.fieldBytes(f)), true
	case classEther:
		b := p.fieldBytes(f)
		return EtherValue(b), len(b) == 6
	case classIPv4, classIPv6:
		a, err := netip.ParseAddr(f.Show)
		return AddrValue(a), err == nil && a.Is4() == (t.class == classIPv4)
	case classTime:
		return showTime(f.Show)
	case classDelta:
		return showDelta(f.Show)
	case classProtocol:
		return p.protocolValue(o), true
	}
	return Value{}, true
}

// protocolValue returns the bytes from the protocol's header to the end of the
// data it was given, as Wireshark has them.
func (p *treePacket) protocolValue(o occurrence) Value {
	f := o.field
	if f.Source < 0 || f.Source >= len(p.tree.Sources) || f.Pos < 0 || f.Pos > o.limit {
		return ProtocolValue(nil, 0)
	}
	b, size := p.tree.Sources[f.Source].Bytes[f.Pos:o.limit], f.Size
	switch f.Name {
	case "ip":
		// The options and extension headers come after the item is made.
		size = 20
	case "ipv6":
		size = 40
	case "tcp":
		// TCP's item is made to cover the segment and cut to the header only
		// afterwards, which the value does not notice.
		size = len(b)
	case "arp":
		// ARP's covers Ethernet's padding too, but its bytes are cut off.
		size = len(b)
		b = b[:min(max(f.Size, 0), len(b))]
	}
	return ProtocolValue(b, size)
}

// fieldBytes returns the bytes of a field: those it points to or, for computed
// ones, those its text gives in hexadecimal.
func (p *treePacket) fieldBytes(f *dissect.Field) []byte {
	if b := f.Bytes(p.tree); b != nil {
		return b
	}
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", ".", "").Replace(f.Show))
	if err != nil {
		return nil
	}
	return b
}

func showUint(s string) (Value, bool) {
	// Octal numbers are shown with a leading 0 (BASE_OCT), characters in quotes.
	n, err := strconv.ParseUint(s, 0, 64)
	if err == nil {
		return UintValue(n), true
	}
	if len(s) >= 3 && s[0] == '\'' && s[len(s)-1] == '\'' {
		if c, err := unquote(s, Token{Text: s}); err == nil && len(c) == 1 {
			return UintValue(uint64(c[0])), true
		}
	}
	return Value{}, false
}

func showBool(s string) (Value, bool) {
	switch s {
	case "1", "True", "true", "TRUE":
		return BoolValue(true), true
	case "0", "False", "false", "FALSE":
		return BoolValue(false), true
	}
	n, err := strconv.ParseUint(s, 0, 64)
	return BoolValue(n != 0), err == nil
}

// showTime reads an absolute time as tshark prints it: "Jan  1, 2020
// 00:00:00.000000000 UTC" in local time or UTC, ISO 8601, or seconds since 1970.
func showTime(s string) (Value, bool) {
	text := strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{"Jan 2, 2006 15:04:05 MST", time.RFC3339Nano} {
		// time.ParseInLocation gives an abbreviation that it does not know, unless
		// it is the local zone's, an offset of zero; so did the machine that printed it.
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return TimeValue(t.UnixNano()), true
		}
	}
	if v, err := timeLiteral(text); err == nil {
		return v, true
	}
	v, ok := showDelta(text)
	return TimeValue(v.int()), ok
}

// showDelta reads seconds with up to nine decimals and a sign.
func showDelta(s string) (Value, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	v, err := deltaLiteral(digits)
	if negative {
		v = DeltaValue(-v.int())
	}
	return v, err == nil
}
