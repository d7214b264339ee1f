package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// linkTypes are names of LINKTYPE_ values (tcpdump.org/linktypes.html): PyShark's
// LinkTypes and those that are common besides.
var linkTypes = map[string]int{
	"NULL": 0, "ETHERNET": 1, "IEEE802_5": 6, "PPP": 9, "IEEE802_11": 105, // PyShark's

	"ATM_RFC1483": 100, "RAW": 101, "C_HDLC": 104, "FRELAY": 107, "LOOP": 108, "LINUX_SLL": 113,
	"PFLOG": 117, "IEEE802_11_PRISM": 119, "IEEE802_11_RADIOTAP": 127, "LINUX_IRDA": 144,
	"IEEE802_11_AVS": 163, "BLUETOOTH_HCI_H4": 187, "USB_LINUX": 189, "PPI": 192,
	"IEEE802_15_4_WITHFCS": 195, "CAN_SOCKETCAN": 227, "IPV4": 228, "IPV6": 229,
	"IEEE802_15_4_NOFCS": 230, "NETLINK": 253, "USBPCAP": 249, "LINUX_SLL2": 276,
}

// linkTypeOf reads a link type: its number or its name in any case.
func linkTypeOf(v starlark.Value) (int, error) {
	if name, ok := starlark.AsString(v); ok {
		name = strings.ToUpper(name)
		name = strings.TrimPrefix(strings.TrimPrefix(name, "LINKTYPE_"), "DLT_")
		if name == "EN10MB" { // libpcap's name of it
			name = "ETHERNET"
		}
		if n, ok := linkTypes[name]; ok {
			return n, nil
		}
		return 0, fmt.Errorf("linktype: no link type %q%s; numbers are taken too (tcpdump.org/linktypes.html)", name, suggestion(name, linkTypeNames()))
	}
	n, err := starlark.AsInt32(v)
	if err != nil {
		return 0, fmt.Errorf("linktype: got %s, want LinkTypes.ETHERNET, its name or its number", v.Type())
	}
	return n, nil
}

func linkTypeNames() []string { return slices.Sorted(maps.Keys(linkTypes)) }

// linkTypesValue is PyShark's LinkTypes.
type linkTypesValue struct{}

func (linkTypesValue) String() string        { return "<class LinkTypes>" }
func (linkTypesValue) Type() string          { return "LinkTypes" }
func (linkTypesValue) Freeze()               {}
func (linkTypesValue) Truth() starlark.Bool  { return true }
func (linkTypesValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: LinkTypes") }

// AttrNames returns the names there are.
func (linkTypesValue) AttrNames() []string { return linkTypeNames() }

// Attr returns a link type's number.
func (linkTypesValue) Attr(name string) (starlark.Value, error) {
	if n, ok := linkTypes[name]; ok {
		return starlark.MakeInt(n), nil
	}
	return nil, fmt.Errorf("no LinkTypes.%s%s", name, suggestion(name, linkTypeNames()))
}
