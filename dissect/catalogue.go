package dissect

import (
	"slices"
	"sort"
	"strings"
)

// Type is a field's value type, named as Wireshark's ftypes without "FT_" in
// upper case: "UINT16", "IPv4", "ETHER", "STRING", "BOOLEAN", "PROTOCOL".
type Type string

// TypeProtocol is the type of a protocol's own entry in a catalogue.
const TypeProtocol Type = "PROTOCOL"

// FieldInfo describes a field or a protocol, once for all packets.
type FieldInfo struct {
	// Name is the filter name: "ip.src", "ip".
	Name string
	// Label is the descriptive name: "Source Address", "Internet Protocol Version 4".
	Label string
	// Type is the value's type; TypeProtocol for a protocol.
	Type Type
	// Protocol is the filter name of the protocol that owns the field.
	Protocol string
	// Base is Wireshark's display base: "BASE_DEC", "BASE_HEX", "BASE_NONE", "".
	Base string
	// Mask picks the bits of the field's bytes that are its value; 0 for all.
	Mask uint64
	// Unmasked says that fields with a mask and such without share the name, as of
	// ip.version: that of IPv4 is its whole byte, that which IPv6 hides half of it.
	Unmasked bool
	// Description is Wireshark's longer text, often empty.
	Description string
}

// Catalogue is a set of fields and protocols that can be looked up by name and
// by prefix. It is immutable and safe for concurrent use.
type Catalogue struct {
	fields []FieldInfo // sorted by Name, one entry a name
}

// NewCatalogue returns a catalogue of fields. Of entries with the same name
// the first is kept, with a mask that any of them has. It takes ownership of the
// slice.
func NewCatalogue(fields []FieldInfo) *Catalogue {
	slices.SortStableFunc(fields, func(a, b FieldInfo) int { return strings.Compare(a.Name, b.Name) })
	out := fields[:0]
	for i, f := range fields {
		if i > 0 && f.Name == out[len(out)-1].Name {
			kept := &out[len(out)-1]
			kept.Unmasked = kept.Unmasked || f.Unmasked || (f.Mask == 0) != (kept.Mask == 0)
			if kept.Mask == 0 {
				kept.Mask = f.Mask
			}
			continue
		}
		out = append(out, f)
	}
	return &Catalogue{fields: out}
}

// Len returns the number of names.
func (c *Catalogue) Len() int { return len(c.fields) }

// Lookup returns the entry with exactly this name.
func (c *Catalogue) Lookup(name string) (FieldInfo, bool) {
	i := c.search(name)
	if i < len(c.fields) && c.fields[i].Name == name {
		return c.fields[i], true
	}
	return FieldInfo{}, false
}

// Prefix returns the entries whose names begin with prefix, in order of name.
// The slice is shared: do not change it.
func (c *Catalogue) Prefix(prefix string) []FieldInfo {
	lo := c.search(prefix)
	n := sort.Search(len(c.fields)-lo, func(i int) bool { return !strings.HasPrefix(c.fields[lo+i].Name, prefix) })
	return c.fields[lo : lo+n]
}

// All returns every entry in order of name. The slice is shared: do not change it.
func (c *Catalogue) All() []FieldInfo { return c.fields }

func (c *Catalogue) search(name string) int {
	return sort.Search(len(c.fields), func(i int) bool { return c.fields[i].Name >= name })
}
