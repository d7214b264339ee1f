package dissect

import (
	"fmt"
	"strconv"
)

// This file is SNMP's variable bindings (RFC 3416 section 3).

var (
	snmpName       = field("snmp.name", "Object Name", "OID")
	snmpValueText  = field("snmp.var-bind_str", "Variable-binding-string", "STRING")
	snmpInteger    = &FieldDef{Name: "snmp.value.int", Label: "Value (Integer32)", Type: "INT64", Base: baseDec}
	snmpOctets     = field("snmp.value.octets", "Value (OctetString)", "BYTES")
	snmpOID        = field("snmp.value.oid", "Value (OID)", "OID")
	snmpNull       = field("snmp.value.null", "Value (Null)", "NONE")
	snmpIPv4       = field("snmp.value.ipv4", "Value (IpAddress)", "IPv4")
	snmpUnsigned   = &FieldDef{Name: "snmp.value.u32", Label: "Value (Unsigned32)", Type: "INT64", Base: baseDec}
	snmpGauge      = &FieldDef{Name: "snmp.value.g32", Label: "Value (Gauge32)", Type: "INT64", Base: baseDec}
	snmpCounter    = &FieldDef{Name: "snmp.value.counter", Label: "Value (Counter32)", Type: "UINT64", Base: baseDec}
	snmpTicks      = &FieldDef{Name: "snmp.value.timeticks", Label: "Value (Timeticks)", Type: "UINT64", Base: baseDec}
	snmpOpaque     = field("snmp.value.opaque", "Value (Opaque)", "BYTES")
	snmpNoObject   = field("snmp.noSuchObject", "noSuchObject", "NONE")
	snmpNoInstance = field("snmp.noSuchInstance", "noSuchInstance", "NONE")
	snmpEndOfView  = field("snmp.endOfMibView", "endOfMibView", "NONE")

	snmpValueFields = []*FieldDef{
		snmpName, snmpValueText, snmpInteger, snmpOctets, snmpOID, snmpNull, snmpIPv4, snmpUnsigned, snmpGauge, snmpCounter, snmpTicks,
		snmpOpaque, snmpNoObject, snmpNoInstance, snmpEndOfView,
	}
)

// The tags of SNMP's own types.
const (
	snmpIPAddress    = 0x40
	snmpCounter32    = 0x41
	snmpGauge32      = 0x42
	snmpTimeTicks    = 0x43
	snmpOpaqueType   = 0x44
	snmpCounter64    = 0x46
	snmpUinteger32   = 0x47
	snmpNoSuchObject = 0x80
	snmpNoSuchInst   = 0x81
	snmpEndOfMibView = 0x82
)

// groupResponse is Wireshark's expert group of responses (expert.h).
const groupResponse = 0x03000000

// snmpBindingNodes adds a list of bindings and reports whether all were read.
func (b *builder) snmpBindingNodes(n *node, list cursor) bool {
	count, rest := 0, list
	for ; !rest.empty() && !rest.short; count++ {
		rest.element()
	}
	f := addUint(n, snmpBindings, list.pos, uint64(count))
	f.resize(len(list.d))
	if f.labelled() {
		f.Label = fmt.Sprintf("variable-bindings: %d item%s", count, plural(count))
	}
	whole := !rest.short
	for !list.empty() && !list.short {
		whole = b.snmpBindingNode(f, &list) && whole
	}
	return whole
}

// snmpBindingNode adds one binding.
func (b *builder) snmpBindingNode(n *node, list *cursor) bool {
	pair := list.expect(berSequence)
	f := addText(n, pair.pos, len(pair.d), "")
	name := pair.expect(berOID)
	tag, value := pair.element()
	if list.short || pair.short {
		return false
	}
	addOID(f, snmpName, name)
	valued, text, known := snmpValueNode(f, tag, value)
	if f.labelled() {
		f.Label = oidText(name.d) + ": " + text
	}
	if !known || len(value.d) == 0 || !isSystemName(name.d) {
		return known
	}
	b.path = append(b.path, "snmp") // a dissector of its own, registered for these two names
	addASCII(valued, snmpValueText, value.pos, value.d)
	// Wireshark warns of what stands behind a NUL.
	plain := untilNUL(value.d)
	return onlyNUL(value.d[len(plain):])
}

// isSystemName says that a name is sysDescr.0 or sysName.0 (RFC 3418).
func isSystemName(oid []byte) bool {
	return string(oid) == "\x2b\x06\x01\x02\x01\x01\x01\x00" || string(oid) == "\x2b\x06\x01\x02\x01\x01\x05\x00"
}

// snmpValueNode adds a value; text is what the binding's line shows of it.
func snmpValueNode(n *node, tag uint8, c cursor) (f *node, text string, known bool) {
	switch tag {
	case berInteger:
		f, text = snmpNumber(n, snmpInteger, c, true)
	case snmpUinteger32:
		f, text = snmpNumber(n, snmpUnsigned, c, true)
	case snmpGauge32:
		f, text = snmpNumber(n, snmpGauge, c, true)
	case snmpCounter32:
		f, text = snmpNumber(n, snmpCounter, c, false)
	case snmpCounter64:
		f, text = snmpNumber(n, snmpCounter, c, false)
		if f.labelled() {
			f.Label = "Value (Counter64): " + text
		}
	case snmpTimeTicks:
		f, text = snmpNumber(n, snmpTicks, c, false)
	case berOctets, snmpOpaqueType:
		d := snmpOctets
		if tag == snmpOpaqueType {
			d = snmpOpaque
		}
		f = addBytes(n, d, c.pos, c.d)
		if f.labelled() {
			text = snmpOctetText(c.d)
			f.Label = clip(d.Label+": "+text, len(d.Label))
		}
	case berOID:
		f = addOID(n, snmpOID, c)
		if f.labelled() {
			text = f.Label[len("Value (OID): "):]
		}
	case snmpIPAddress:
		if len(c.d) != 4 {
			return nil, "", false
		}
		f = addAddr(n, snmpIPv4, c.pos, addr4(c.d))
		if f.labelled() {
			text = f.Show
		}
	case berNull:
		add(n, snmpNull, c.pos, 0, "", snmpNull.Label)
		return nil, snmpNull.Label, true
	case snmpNoSuchObject, snmpNoSuchInst, snmpEndOfMibView:
		d := []*FieldDef{snmpNoObject, snmpNoInstance, snmpEndOfView}[tag-snmpNoSuchObject]
		f = add(n, d, c.pos, 0, "", d.Label)
		addExpert(f, d, SeverityNote, "Response", d.Label, groupResponse)
		return nil, d.Label, true
	default:
		return nil, "", false
	}
	return f, text, true
}

func onlyNUL(d []byte) bool {
	for _, c := range d {
		if c != 0 {
			return false
		}
	}
	return true
}

// snmpNumber adds a number of up to eight bytes.
func snmpNumber(n *node, d *FieldDef, c cursor, signed bool) (f *node, text string) {
	if n == nil || !n.wants(d) {
		return add(n, d, c.pos, len(c.d), "", ""), ""
	}
	v := c.integer()
	text = strconv.FormatUint(uint64(v), 10)
	if signed {
		text = strconv.FormatInt(v, 10)
	}
	return add(n, d, c.pos, len(c.d), text, d.Label+": "+text), text
}

// snmpOctetText quotes what can be printed and writes the rest in hexadecimal.
func snmpOctetText(d []byte) string {
	for _, c := range d {
		if c < 0x20 || c > 0x7e {
			return bytesText(d)
		}
	}
	if len(d) == 0 {
		return bytesText(d)
	}
	return `"` + string(d) + `"`
}
