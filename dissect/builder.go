package dissect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// This file is the builder that decoders write to: it adds nodes with labels
// made from the field tables, fills the columns and passes payloads on. Every
// adder takes the parent node; a nil parent means that no tree is wanted, and
// then nothing is formatted or allocated.

// payload is a stretch of the frame that a decoder is given. Only the bytes
// in [off, end) may be read; reported is how long it was on the wire, which is
// more than end-off where the capture was cut by the snap length.
type payload struct {
	off, end int
	reported int
}

// captured is the number of bytes there are.
func (p payload) captured() int { return p.end - p.off }

// skip returns the payload after n bytes, empty if there are fewer.
func (p payload) skip(n int) payload {
	q := payload{off: min(p.off+n, p.end), end: p.end, reported: max(p.reported-n, 0)}
	return q
}

// limit cuts the payload to n reported bytes.
func (p payload) limit(n int) payload {
	if n < 0 {
		n = 0
	}
	p.end = min(p.end, p.off+n)
	p.reported = min(p.reported, n)
	return p
}

// columns are the packet list's texts as decoders leave them.
type columns struct {
	source, destination, protocol, info string
}

// builder is the state of one packet's dissection.
type builder struct {
	table *Table
	in    *Input
	data  []byte
	tree  bool // nodes are wanted

	root    Field  // its children are the top-level nodes
	under   *Field // where protocols add their node: the root, or an ICMP error
	path    []string
	col     columns
	partial bool
	depth   int // nesting of encapsulations
	quoted  int // inside a packet that an ICMP error quotes: columns are not ours

	src, dst         netip.Addr // of the innermost network layer
	ipProto          uint8      // of the innermost network layer
	srcPort, dstPort uint16
	ttl              uint8
	vlan             uint16 // of the innermost tag
	lastUsed         int    // end of the bytes that the network layer accounts for, 0 if unknown
}

// maxDepth bounds the nesting of headers, against packets that are made of
// nothing but tags and tunnels.
const maxDepth = 32

// run hands a payload to a protocol's decoder, or to data where none is known.
func (b *builder) run(proto *Protocol, p payload) {
	if proto == nil {
		b.unknown(p)
		return
	}
	if b.depth >= maxDepth {
		b.unknown(p)
		return
	}
	b.depth++
	b.path = append(b.path, proto.Name)
	proto.decode(b, proto, p)
	b.depth--
}

// unknown shows a payload that no native decoder takes as "Data".
func (b *builder) unknown(p payload) {
	if p.reported == 0 && p.captured() == 0 {
		return
	}
	b.partial = true
	b.path = append(b.path, b.table.data.Name)
	b.table.data.decode(b, b.table.data, p)
}

// bytes returns n bytes at off of a payload, and whether they are all there.
func (b *builder) bytes(p payload, at, n int) ([]byte, bool) {
	if at < 0 || n < 0 || at > p.captured() || n > p.captured()-at {
		return nil, false
	}
	return b.data[p.off+at : p.off+at+n], true
}

// rest returns what was captured of a payload.
func (b *builder) rest(p payload) []byte { return b.data[p.off:p.end] }

// protocol adds a protocol's top-level node, nil when no tree is wanted.
func (b *builder) protocol(self *Protocol, p payload, size int, label string) *Field {
	if !b.tree {
		return nil
	}
	size = min(size, p.captured())
	f := &Field{Name: self.Name, Label: label, Pos: p.off, Size: size, Protocol: true}
	b.under.Children = append(b.under.Children, f)
	return f
}

// exception ends a dissection that ran out of bytes, with Wireshark's own
// distinction: the capture cut the packet (it would have been long enough on
// the wire), or the packet itself is too short for what it says.
func (b *builder) exception(self *Protocol, p payload, need int) {
	if p.reported >= need && p.captured() < need {
		b.note("_ws.short", "[Packet size limited during capture: "+self.Short+" truncated]", p, SeverityNone)
		b.appendInfo("[Packet size limited during capture]")
		return
	}
	b.malformed(self, p)
}

// malformed reports a header that contradicts itself.
func (b *builder) malformed(self *Protocol, p payload) {
	f := b.note("_ws.malformed", "[Malformed Packet: "+self.Short+"]", p, SeverityError)
	if f != nil {
		text := "Malformed Packet (Exception occurred)"
		e := &Field{Name: "_ws.expert", Label: "Expert Info (Error/Malformed): " + text, Pos: p.off, Severity: SeverityError, Generated: true}
		e.Children = []*Field{
			{Name: "_ws.malformed.expert", Label: text, Pos: p.off, Generated: true},
			{Name: "_ws.expert.message", Label: "Message: " + text, Show: text, Hidden: true},
			{Name: "_ws.expert.severity", Label: "Severity level: Error", Show: "8388608", Generated: true},
			{Name: "_ws.expert.group", Label: "Group: Malformed", Show: "117440512", Generated: true},
		}
		f.Children = append(f.Children, e)
	}
	b.appendInfo("[Malformed Packet]")
}

func (b *builder) note(name, label string, p payload, s Severity) *Field {
	b.partial = true
	if !b.tree {
		return nil
	}
	f := &Field{Name: name, Label: label, Pos: p.off, Protocol: true, Severity: s}
	b.under.Children = append(b.under.Children, f)
	return f
}

// The columns. A packet quoted in an ICMP error leaves them alone.

func (b *builder) setProtocol(s string) {
	if b.quoted == 0 {
		b.col.protocol = s
	}
}

func (b *builder) setAddresses(src, dst string) {
	if b.quoted == 0 {
		b.col.source, b.col.destination = src, dst
	}
}

// setInfo sets the Info column; text is only formatted when it is writable.
func (b *builder) setInfo(format string, args ...any) {
	if b.quoted == 0 {
		b.col.info = fmt.Sprintf(format, args...)
	}
}

func (b *builder) appendInfo(s string) {
	if b.quoted == 0 {
		b.col.info += s
	}
}

// add is what every adder ends in.
func add(parent *Field, d *FieldDef, pos, size int, show, label string) *Field {
	if parent == nil {
		return nil
	}
	f := &Field{Name: d.Name, Label: label, Show: show, Pos: pos, Size: size, Source: parent.Source}
	parent.Children = append(parent.Children, f)
	return f
}

// addUint adds an integer or Boolean field. word is the whole word that was
// read at pos; the field's mask picks its bits and draws them.
func addUint(parent *Field, d *FieldDef, pos int, word uint64) *Field {
	if parent == nil {
		return nil
	}
	return addUintText(parent, d, pos, word, d.text(d.value(word)))
}

// addUintText is addUint with its own text for the value.
func addUintText(parent *Field, d *FieldDef, pos int, word uint64, text string) *Field {
	if parent == nil {
		return nil
	}
	label := d.Label + ": " + text
	if d.Mask != 0 {
		label = bitPicture(word, d.Mask, d.Width) + " = " + label
	}
	size := typeBytes(d.Type)
	if size == 0 {
		size = (d.Width + 7) / 8
	}
	return add(parent, d, pos, size, d.show(d.value(word)), label)
}

// addAddr adds an IPv4 or IPv6 address and its hidden aliases.
func addAddr(parent *Field, d *FieldDef, pos int, a netip.Addr, aliases ...*FieldDef) *Field {
	if parent == nil {
		return nil
	}
	text := addrText(a)
	f := add(parent, d, pos, a.BitLen()/8, text, d.Label+": "+text)
	for _, alias := range aliases {
		hide(add(parent, alias, pos, a.BitLen()/8, text, alias.Label+": "+text))
	}
	return f
}

// addBytes adds a byte string.
func addBytes(parent *Field, d *FieldDef, pos int, v []byte) *Field {
	if parent == nil {
		return nil
	}
	return add(parent, d, pos, len(v), colonHex(v), d.Label+": "+bytesText(v))
}

// addString adds a text of size bytes.
func addString(parent *Field, d *FieldDef, pos, size int, v string) *Field {
	if parent == nil {
		return nil
	}
	return add(parent, d, pos, size, v, d.Label+": "+v)
}

// addSeconds adds a relative time.
func addSeconds(parent *Field, d *FieldDef, pos int, ns int64) *Field {
	if parent == nil {
		return nil
	}
	s := seconds(ns)
	return add(parent, d, pos, 0, s, d.Label+": "+s+" seconds")
}

// addText adds a line that has no field.
func addText(parent *Field, pos, size int, text string) *Field {
	if parent == nil {
		return nil
	}
	f := &Field{Pos: pos, Size: size, Source: parent.Source, Label: text}
	parent.Children = append(parent.Children, f)
	return f
}

// computed marks a node as generated; its bytes, if any, are those it was computed from.
func computed(f *Field) *Field {
	if f != nil {
		f.Generated = true
	}
	return f
}

// virtual marks a node as generated and without bytes of its own.
func virtual(f *Field) *Field {
	if f != nil {
		f.Generated, f.Size = true, 0
	}
	return f
}

func hide(f *Field) *Field {
	if f != nil {
		f.Hidden = true
	}
	return f
}

// relabel replaces a node's label.
func relabel(f *Field, format string, args ...any) {
	if f != nil {
		f.Label = fmt.Sprintf(format, args...)
	}
}

// addExpert adds an expert item below a node and raises its severity.
func addExpert(parent *Field, d *FieldDef, s Severity, group, message string, groupCode uint32) {
	if parent == nil {
		return
	}
	code, name := severityCode(s)
	e := &Field{Name: "_ws.expert", Label: fmt.Sprintf("Expert Info (%s/%s): %s", name, group, message), Pos: parent.Pos, Severity: s, Generated: true}
	e.Children = []*Field{
		{Name: d.Name, Label: message, Generated: true},
		{Name: "_ws.expert.message", Label: "Message: " + message, Show: message, Hidden: true},
		{Name: "_ws.expert.severity", Label: "Severity level: " + name, Show: fmt.Sprint(code), Generated: true},
		{Name: "_ws.expert.group", Label: "Group: " + group, Show: fmt.Sprint(groupCode), Generated: true},
	}
	parent.Severity = max(parent.Severity, s)
	parent.Children = append(parent.Children, e)
}

// severityCode is Wireshark's number (expert.h) and name of a severity.
func severityCode(s Severity) (uint32, string) {
	switch s {
	case SeverityComment:
		return 0x100000, "Comment"
	case SeverityChat:
		return 0x200000, "Chat"
	case SeverityNote:
		return 0x400000, "Note"
	case SeverityWarn:
		return 0x600000, "Warning"
	case SeverityError:
		return 0x800000, "Error"
	}
	return 0, "None"
}

// Wireshark's expert groups (expert.h).
const (
	groupChecksum  = 0x01000000
	groupSequence  = 0x02000000
	groupProtocol  = 0x09000000
	groupMalformed = 0x07000000
)

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// be24 reads three bytes.
func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// protocols is the value of frame.protocols.
func (b *builder) protocols() string { return strings.Join(b.path, ":") }

// resize sets the number of bytes of a node whose field is wider in other
// versions of its header.
func (f *Field) resize(n int) {
	if f != nil {
		f.Size = n
	}
}
