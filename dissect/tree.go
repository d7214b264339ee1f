// Package dissect turns packet bytes into layers and fields under Wireshark's names.
//
// The types in this file are what every tier answers with: the native
// dissectors of this package build them from bytes, engine/wireshark builds
// them from sharkd's replies, and everything above (rendering, Starlark values,
// completion) reads only them.
//
//   - [Tree] is one packet: its top-level nodes in order and its data sources.
//   - [Field] is one node of it: a protocol, a field or a line of text.
//   - [FieldInfo] describes a field or protocol once, for all packets.
//   - [Catalogue] is every FieldInfo that a tier knows, by name and by prefix.
//   - [Summary] is a packet's row in the packet list.
package dissect

// Tree is the dissection of one packet.
type Tree struct {
	// Frame is the packet's number in its capture, counted from 1 as Wireshark does.
	Frame uint32
	// Nodes are the top-level nodes in order; the first is the "frame" pseudo protocol.
	Nodes []*Field
	// Sources are the byte buffers that fields point into. Sources[0] is the
	// captured frame; reassembled or decrypted data follow.
	Sources []Source
	// Partial says that a dissector stopped for want of knowledge (not of bytes):
	// Wireshark would show more. Only the native tier sets it.
	Partial bool
}

// Source is a buffer that fields of a tree point into.
type Source struct {
	Name  string // as Wireshark names it: "Frame (60 bytes)", "Reassembled TCP (1200 bytes)"
	Bytes []byte
}

// Severity is the level of an expert item, as Wireshark orders them.
type Severity uint8

// The levels of Wireshark's expert information.
const (
	SeverityNone Severity = iota
	SeverityComment
	SeverityChat
	SeverityNote
	SeverityWarn
	SeverityError
)

// Field is one node of a dissection tree.
//
// A protocol's node has Protocol set and stands at the top level (or, rarely,
// deeper). A line of text without a field has an empty Name.
type Field struct {
	// Name is the filter name: "ip.src". Empty for a line of text.
	Name string
	// Label is the line that Wireshark shows, unescaped except as Wireshark
	// itself escapes: "Source Address: 192.168.1.20".
	Label string
	// Show is the value as PDML's show attribute and tshark -T fields have it:
	// "192.168.1.20", "0x0800", "1". Empty for a protocol or a line of text.
	Show string
	// Pos and Size locate the field's bytes in Source; Size 0 means none.
	Pos, Size int
	// Source is the index into Tree.Sources.
	Source int
	// Generated marks what Wireshark computed and shows in [brackets].
	Generated bool
	// Hidden marks alias fields (ip.addr, tcp.port) that filters see and trees do not.
	Hidden bool
	// Protocol marks the node of a protocol, not of a field.
	Protocol bool
	// Severity is that of an expert item, or of the worst one below.
	Severity Severity
	// Children are the nodes below, in order.
	Children []*Field
}

// Bytes returns the field's bytes out of t, or nil when it has none or they
// are not all there.
func (f *Field) Bytes(t *Tree) []byte {
	if f.Size <= 0 || f.Pos < 0 || f.Source < 0 || f.Source >= len(t.Sources) {
		return nil
	}
	b := t.Sources[f.Source].Bytes
	if f.Pos > len(b) || f.Size > len(b)-f.Pos {
		return nil
	}
	return b[f.Pos : f.Pos+f.Size]
}

// Walk calls fn for every node below and including nodes, depth first in tree
// order, until fn returns false; it reports whether it reached the end. Hidden
// fields are included.
func Walk(nodes []*Field, fn func(f *Field, depth int) bool) bool {
	return walk(nodes, 0, fn)
}

func walk(nodes []*Field, depth int, fn func(*Field, int) bool) bool {
	for _, f := range nodes {
		if !fn(f, depth) || !walk(f.Children, depth+1, fn) {
			return false
		}
	}
	return true
}

// Layers returns the top-level protocols in order without the "frame" pseudo
// protocol: what `layers` and pkt.layers show.
func (t *Tree) Layers() []*Field {
	var out []*Field
	for _, f := range t.Nodes {
		if f.Protocol && f.Name != "frame" && !f.Hidden {
			out = append(out, f)
		}
	}
	return out
}

// Summary is a packet's row in the packet list, in Wireshark's default columns.
type Summary struct {
	Number      uint32
	Source      string
	Destination string
	Protocol    string
	Length      uint32 // original length in bytes
	Info        string
	// Preview says that the text is a stand-in until Wireshark's dissectors answer.
	Preview bool
}
