package dissect

import (
	"fmt"
	"net/netip"
	"slices"
)

// This file is the nodes of a tree while decoders build it, and the adders
// that make them out of the field tables. Every adder takes the parent node; a
// nil parent means that nothing is wanted below it, and then nothing is
// formatted or allocated.
//
// A recording (a dissection for a Selection) keeps only the nodes that are
// selected, without labels. What is not selected is a void: a node that
// decoders can write to and add to like to any other, and that nobody reads.
// What is added below a void goes to the node above it.

// node is a field of the tree and what its dissection needs of it.
type node struct {
	Field
	rec  *recording // nil where a whole tree is wanted
	home *node      // of a void: the node above that is kept
	void *node      // the void below this node, if there is one
}

// labelled says that the node's texts will be read.
func (n *node) labelled() bool { return n != nil && n.rec == nil }

// recording is where the nodes of selected fields are made. Its memory is used
// again for the next packet.
type recording struct {
	selection *Selection
	nodes     [][]node // in chunks, so that growing moves none
	used      int
}

const nodeChunk = 64

// node returns a fresh node.
func (r *recording) node() *node {
	if r.used == len(r.nodes)*nodeChunk {
		r.nodes = append(r.nodes, make([]node, nodeChunk))
	}
	n := &r.nodes[r.used/nodeChunk][r.used%nodeChunk]
	r.used++
	*n = node{Field: Field{Children: n.Children[:0]}, rec: r}
	return n
}

// below adds an empty node below n; nil if that is nil.
func (n *node) below() *node {
	if n == nil {
		return nil
	}
	f := n.child()
	f.Source = n.Source
	return f
}

func (n *node) child() *node {
	if n.rec == nil {
		f := new(node)
		n.Children = append(n.Children, &f.Field)
		return f
	}
	if n.home != nil {
		n = n.home
	}
	f := n.rec.node()
	n.Children = append(n.Children, &f.Field)
	return f
}

// nowhere returns the void below n.
func (n *node) nowhere() *node {
	if n.home != nil {
		return n
	}
	if n.void == nil {
		n.void = n.rec.node()
		n.void.home, n.void.Source = n, n.Source
	}
	return n.void
}

// wants reports whether a field is to be kept below n, which is not nil.
func (n *node) wants(d *FieldDef) bool { return n.rec == nil || n.rec.selection.has(d) }

// wantsAny reports whether one of the fields is to be kept below n.
func (n *node) wantsAny(ds ...*FieldDef) bool {
	return n != nil && (n.rec == nil || slices.ContainsFunc(ds, n.rec.selection.has))
}

// add is what every adder ends in.
func add(parent *node, d *FieldDef, pos, size int, show, label string) *node {
	if parent == nil {
		return nil
	}
	if !parent.wants(d) {
		return parent.nowhere()
	}
	f := parent.below()
	f.Name, f.Label, f.Show, f.Pos, f.Size = d.Name, label, show, pos, size
	return f
}

// addUint adds an integer or Boolean field. word is the whole word that was
// read at pos; the field's mask picks its bits and draws them.
func addUint(parent *node, d *FieldDef, pos int, word uint64) *node {
	switch {
	case parent == nil:
		return nil
	case parent.rec == nil:
		return addUintText(parent, d, pos, word, d.text(d.value(word)))
	}
	return addUintText(parent, d, pos, word, "")
}

// addUintText is addUint with its own text for the value.
func addUintText(parent *node, d *FieldDef, pos int, word uint64, text string) *node {
	switch {
	case parent == nil:
		return nil
	case !parent.wants(d):
		return parent.nowhere()
	}
	label := ""
	if parent.rec == nil {
		label = d.Label + ": " + text
		if d.Mask != 0 {
			label = BitPicture(word, d.Mask, d.Width) + " = " + label
		}
	}
	size := typeBytes(d.Type)
	if size == 0 {
		size = (d.Width + 7) / 8
	}
	return add(parent, d, pos, size, d.show(d.value(word)), label)
}

// addUintf is addUintText with a format; numbers are the only arguments, so
// that nothing is allocated where no label is wanted.
func addUintf(parent *node, d *FieldDef, pos int, word uint64, format string, numbers ...uint64) *node {
	if !parent.labelled() {
		return addUintText(parent, d, pos, word, "")
	}
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = n
	}
	return addUintText(parent, d, pos, word, fmt.Sprintf(format, args...))
}

// addAddr adds an IPv4 or IPv6 address and its hidden aliases.
func addAddr(parent *node, d *FieldDef, pos int, a netip.Addr, aliases ...*FieldDef) *node {
	if parent == nil {
		return nil
	}
	if parent.rec != nil && !parent.wants(d) && !parent.wantsAny(aliases...) {
		return parent.nowhere()
	}
	text := addrText(a)
	f := addString(parent, d, pos, a.BitLen()/8, text)
	for _, alias := range aliases {
		hide(addString(parent, alias, pos, a.BitLen()/8, text))
	}
	return f
}

// addBytes adds a byte string.
func addBytes(parent *node, d *FieldDef, pos int, v []byte) *node {
	switch {
	case parent == nil:
		return nil
	case !parent.wants(d):
		return parent.nowhere()
	case parent.labelled():
		return add(parent, d, pos, len(v), colonHex(v), d.Label+": "+bytesText(v))
	case len(v) == 0:
		return add(parent, d, pos, 0, noBytesText, "")
	}
	return add(parent, d, pos, len(v), "", "") // the bytes are in the packet
}

// noBytesText is what Wireshark shows for a byte string without bytes.
const noBytesText = "<MISSING>"

// addBlock adds a byte string with a label of its own.
func addBlock(parent *node, d *FieldDef, pos int, v []byte, label string) *node {
	f := addBytes(parent, d, pos, v)
	if f.labelled() {
		f.Label = label
	}
	return f
}

// addString adds a text of size bytes.
func addString(parent *node, d *FieldDef, pos, size int, v string) *node {
	switch {
	case parent == nil:
		return nil
	case parent.rec != nil:
		return add(parent, d, pos, size, v, "")
	}
	return add(parent, d, pos, size, v, clip(d.Label+": "+v, len(d.Label)))
}

// addSeconds adds a relative time.
func addSeconds(parent *node, d *FieldDef, pos int, ns int64) *node {
	switch {
	case parent == nil:
		return nil
	case !parent.wants(d):
		return parent.nowhere()
	}
	f := addString(parent, d, pos, 0, seconds(ns))
	extend(f, " seconds")
	return f
}

// addText adds a line that has no field.
func addText(parent *node, pos, size int, text string) *node {
	switch {
	case parent == nil:
		return nil
	case parent.rec != nil:
		return parent.nowhere()
	}
	f := parent.below()
	f.Pos, f.Size, f.Label = pos, size, text
	return f
}

// computed marks a node as generated; its bytes, if any, are those it was computed from.
func computed(f *node) *node {
	if f != nil {
		f.Generated = true
	}
	return f
}

// virtual marks a node as generated and without bytes of its own.
func virtual(f *node) *node {
	if f != nil {
		f.Generated, f.Size = true, 0
	}
	return f
}

func hide(f *node) *node {
	if f != nil {
		f.Hidden = true
	}
	return f
}

// relabel replaces a node's label.
func relabel(f *node, format string, args ...any) {
	if f.labelled() {
		f.Label = fmt.Sprintf(format, args...)
	}
}

// extend lengthens a node's label.
func extend(f *node, format string, args ...any) {
	if f.labelled() {
		f.lengthen(fmt.Sprintf(format, args...))
	}
}

// lengthen adds to a label as far as Wireshark's buffer has room; what does not
// fit is left out without a note (proto_item_append_text).
func (n *node) lengthen(text string) {
	if n.labelled() {
		n.Label = clip(n.Label, 0) + text
		n.Label = n.Label[:boundary(n.Label, maxLabel-1)]
	}
}

// resize sets the number of bytes of a node whose field is wider in other
// versions of its header.
func (n *node) resize(size int) {
	if n != nil {
		n.Size = size
	}
}

// addExpert adds an expert item below a node and raises its severity.
func addExpert(parent *node, d *FieldDef, s Severity, group, message string, groupCode uint32) {
	if parent == nil {
		return
	}
	if parent.rec != nil {
		computed(add(parent, d, 0, 0, "", ""))
		return
	}
	code, name := severityCode(s)
	e := parent.child()
	e.Name, e.Label, e.Pos = "_ws.expert", fmt.Sprintf("Expert Info (%s/%s): %s", name, group, message), parent.Pos
	e.Severity, e.Generated = s, true
	e.Children = []*Field{
		{Name: d.Name, Label: message, Generated: true},
		{Name: "_ws.expert.message", Label: "Message: " + message, Show: message, Hidden: true},
		{Name: "_ws.expert.severity", Label: "Severity level: " + name, Show: fmt.Sprint(code), Generated: true},
		{Name: "_ws.expert.group", Label: "Group: " + group, Show: fmt.Sprint(groupCode), Generated: true},
	}
	parent.Severity = max(parent.Severity, s)
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
