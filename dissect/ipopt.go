package dissect

import "fmt"

// This file is the options of IPv4 (RFC 791 section 3.1, RFC 2113, RFC 1108).

var (
	ipOptType   = uint8Field("ip.opt.type", "Type", baseDec).named(ipOptionNames)
	ipOptCopy   = boolField("ip.opt.type.copy", "Copy on fragmentation", 8, 0x80, "Yes", "No")
	ipOptClass  = uint8Field("ip.opt.type.class", "Class", baseDec).mask(0x60).named(Values{0: "Control", 1: "Reserved for future use", 2: "Debugging and measurement", 3: "Reserved for future use"})
	ipOptNumber = uint8Field("ip.opt.type.number", "Number", baseDec).mask(0x1f).named(ipOptionShort)
	ipOptLen    = uint8Field("ip.opt.len", "Length", baseDec)
	ipOptAlert  = uint16Field("ip.opt.ra", "Router Alert", baseDec).named(Values{0: "Router shall examine packet"}).unknown("Unknown")
	ipOptData   = field("ip.opt.unknown", "Option data", "BYTES")

	ipOptionFields = []*FieldDef{ipOptType, ipOptCopy, ipOptClass, ipOptNumber, ipOptLen, ipOptAlert, ipOptData}
)

var ipOptionNames = Values{
	0: "End of Options List (EOL)", 1: "No Operation (NOP)", 130: "Security", 131: "Loose Source Route", 68: "Time Stamp",
	133: "Extended Security", 134: "Commercial Security", 7: "Record Route", 136: "Stream Identifier",
	137: "Strict Source Route", 11: "MTU Probe", 12: "MTU Reply", 82: "Traceroute", 148: "Router Alert", 25: "Quick-Start",
}

var ipOptionShort = Values{
	0: "End of Option List (EOL)", 1: "No-Operation (NOP)", 2: "Security", 3: "Loose source route", 4: "Time stamp",
	5: "Extended security", 6: "Commercial IP security option", 7: "Record route", 8: "Stream identifier",
	9: "Strict source route", 10: "Experimental Measurement", 11: "MTU probe", 12: "MTU Reply",
	13: "Experimental Flow Control", 14: "Experimental Access Control", 15: "Ask Estrin", 16: "IMI Traffic Descriptor",
	17: "Extended Internet Protocol", 18: "Traceroute", 19: "Address Extension", 20: "Router Alert",
	21: "Selective Directed Broadcast", 22: "Unassigned", 23: "Dynamic Packet State", 24: "Upstream Multicast Packet",
	25: "Quick-Start", 30: "RFC 3692-style experiment",
}

// ipOptions adds the options; an option whose length does not fit ends them.
func (b *builder) ipOptions(n *node, p payload) {
	if !n.wantsAny(ipOptionFields...) {
		return
	}
	d := b.rest(p)
	list := addText(n, p.off, len(d), fmt.Sprintf("Options: (%d bytes)", len(d)))
	for i := 0; i < len(d); {
		kind := d[i]
		name := ipOptionNames.name(uint64(kind), fmt.Sprintf("Unknown (0x%02x)", kind))
		list.Label += ", " + name
		size := 1
		if kind > 1 {
			if i+1 >= len(d) || d[i+1] < 2 || i+int(d[i+1]) > len(d) {
				addText(list, p.off+i, len(d)-i, "IP Option - "+name+" (option length does not fit)")
				return
			}
			size = int(d[i+1])
		}
		ipOption(list, p.off+i, d[i:i+size], name)
		if kind == 0 {
			return
		}
		i += size
	}
}

func ipOption(list *node, at int, o []byte, name string) {
	f := addText(list, at, len(o), "IP Option - "+name)
	if len(o) > 1 {
		f.Label += fmt.Sprintf(" (%d bytes)", len(o))
	}
	t := addUint(f, ipOptType, at, uint64(o[0]))
	relabel(t, "Type: %d", o[0])
	addUint(t, ipOptCopy, at, uint64(o[0]))
	addUint(t, ipOptClass, at, uint64(o[0]))
	addUint(t, ipOptNumber, at, uint64(o[0]))
	if len(o) < 2 {
		return
	}
	addUint(f, ipOptLen, at+1, uint64(o[1]))
	switch {
	case o[0] == 148 && len(o) == 4:
		v := addUint(f, ipOptAlert, at+2, uint64(be16(o[2:])))
		if v.labelled() {
			f.Label += ": " + v.Label[len("Router Alert: "):]
		}
	case len(o) > 2:
		addBytes(f, ipOptData, at+2, o[2:])
	}
}

// The options that change which addresses a packet has (RFC 791 section 3.1).
const (
	ipOptLooseRoute  = 131
	ipOptStrictRoute = 137
	ipOptRouterAlert = 148 // RFC 2113
)

// plainIPOptions says that every option fits, and is a router alert or padding: those
// are read as Wireshark does.
func plainIPOptions(d []byte) bool {
	for i := 0; i < len(d); {
		switch d[i] {
		case 0:
			return true
		case 1:
			i++
			continue
		case ipOptLooseRoute, ipOptStrictRoute:
			return false
		}
		if i+1 >= len(d) || d[i+1] < 2 || i+int(d[i+1]) > len(d) || d[i] != ipOptRouterAlert || d[i+1] != 4 {
			return false
		}
		i += int(d[i+1])
	}
	return true
}
