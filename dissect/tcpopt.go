package dissect

import "fmt"

// This file is TCP's options (RFC 9293 section 3.2, RFC 7323, RFC 2018, RFC 7413).

const (
	tcpOptEnd      = 0
	tcpOptNop      = 1
	tcpOptMSS      = 2
	tcpOptScale    = 3
	tcpOptSackPerm = 4
	tcpOptSack     = 5
	tcpOptTime     = 8
	tcpOptFastOpen = 34
)

var (
	tcpOptions     = field("tcp.options", "TCP Options", "BYTES")
	tcpOptKind     = uint8Field("tcp.option_kind", "Kind", baseDec).named(tcpOptionKindNames).doubted() // a malformed option ends the list
	tcpOptLen      = uint8Field("tcp.option_len", "Length", baseDec).doubted()
	tcpOptMSSVal   = uint16Field("tcp.options.mss_val", "MSS Value", baseDec)
	tcpOptShift    = uint8Field("tcp.options.wscale.shift", "Shift count", baseDec)
	tcpOptMultiply = uint16Field("tcp.options.wscale.multiplier", "Multiplier", baseDec)
	tcpOptSackLE   = uint32Field("tcp.options.sack_le", "TCP SACK Left Edge", baseDec).stateful()
	tcpOptSackRE   = uint32Field("tcp.options.sack_re", "TCP SACK Right Edge", baseDec).stateful()
	tcpOptSackN    = uint8Field("tcp.options.sack.count", "TCP SACK Count", baseDec).doubted()
	tcpOptTSVal    = uint32Field("tcp.options.timestamp.tsval", "Timestamp value", baseDec)
	tcpOptTSEcr    = uint32Field("tcp.options.timestamp.tsecr", "Timestamp echo reply", baseDec)
	tcpOptCookie   = field("tcp.options.tfo.cookie", "Fast Open Cookie", "BYTES").doubted() // also in experimental options
	tcpOptRequest  = field("tcp.options.tfo.request", "Fast Open Cookie Request", "NONE")
	tcpMSSAbsent   = field("tcp.options.mss.absent", "The SYN packet does not contain a MSS option", "NONE")
	tcpOptPayload  = field("tcp.options.unknown.payload", "Payload", "BYTES").doubted() // Wireshark knows more options

	tcpOptionFields = []*FieldDef{
		tcpOptions, tcpOptKind, tcpOptLen, tcpOptMSSVal, tcpOptShift, tcpOptMultiply, tcpOptSackLE, tcpOptSackRE, tcpOptSackN,
		tcpOptTSVal, tcpOptTSEcr, tcpOptCookie, tcpOptRequest, tcpOptPayload, tcpMSSAbsent,
		tcpOptionItems[tcpOptEnd], tcpOptionItems[tcpOptNop], tcpOptionItems[tcpOptMSS], tcpOptionItems[tcpOptScale],
		tcpOptionItems[tcpOptSackPerm], tcpOptionItems[tcpOptSack], tcpOptionItems[tcpOptTime], tcpOptionItems[tcpOptFastOpen],
		tcpOptionOther,
	}
)

// tcpOptionItems are the nodes of the options that are taken apart. To Wireshark they
// are protocols; nothing compares them.
var tcpOptionItems = map[uint8]*FieldDef{
	tcpOptEnd:      field("tcp.options.eol", "TCP Option - End of Option List (EOL)", "BYTES").doubted(),
	tcpOptNop:      field("tcp.options.nop", "TCP Option - No-Operation (NOP)", "BYTES").doubted(),
	tcpOptMSS:      field("tcp.options.mss", "TCP Option - Maximum segment size", "BYTES").doubted(),
	tcpOptScale:    field("tcp.options.wscale", "TCP Option - Window scale", "BYTES").doubted(),
	tcpOptSackPerm: field("tcp.options.sack_perm", "TCP Option - SACK permitted", "BYTES").doubted(),
	tcpOptSack:     field("tcp.options.sack", "TCP Option - SACK", "BYTES").doubted(),
	tcpOptTime:     field("tcp.options.timestamp", "TCP Option - Timestamps", "BYTES").doubted(),
	tcpOptFastOpen: field("tcp.options.tfo", "TCP Option - TCP Fast Open", "BYTES").doubted(),
}

var tcpOptionOther = field("tcp.options.unknown", "TCP Option - Unknown", "BYTES").doubted()

// tcpOption is one option; raw is all of it, data what follows kind and length.
type tcpOption struct {
	kind      uint8
	raw, data []byte
}

// parseTCPOptions splits the option bytes and appends the options to out. An option whose length does not fit
// ends the list, and so does anything but more of it after the end's.
func parseTCPOptions(out []tcpOption, d []byte) []tcpOption {
	ended := false
	for i := 0; i < len(d); {
		kind := d[i]
		if ended && kind != tcpOptEnd {
			break
		}
		if kind == tcpOptEnd || kind == tcpOptNop {
			ended = kind == tcpOptEnd
			out = append(out, tcpOption{kind: kind, raw: d[i : i+1]})
			i++
			continue
		}
		if i+1 >= len(d) || d[i+1] < 2 || int(d[i+1]) > len(d)-i {
			break
		}
		n := int(d[i+1])
		out = append(out, tcpOption{kind: kind, raw: d[i : i+n], data: d[i+2 : i+n]})
		i += n
	}
	return out
}

// info is what an option adds to the Info column.
func (o tcpOption) info(s *tcpSegment) string {
	switch {
	case o.kind == tcpOptMSS && len(o.data) == 2:
		return fmt.Sprintf(" MSS=%d", be16(o.data))
	case o.kind == tcpOptScale && len(o.data) == 1:
		return fmt.Sprintf(" WS=%d", 1<<min(o.data[0], 14))
	case o.kind == tcpOptSackPerm && len(o.data) == 0:
		return " SACK_PERM"
	case o.kind == tcpOptTime && len(o.data) == 8:
		return fmt.Sprintf(" TSval=%d TSecr=%d", be32(o.data), be32(o.data[4:]))
	case o.kind == tcpOptSack && len(o.data)%8 == 0:
		text := ""
		for i := 0; i+8 <= len(o.data); i += 8 {
			text += fmt.Sprintf(" SLE=%d SRE=%d", be32(o.data[i:])-s.flow.AckBase, be32(o.data[i+4:])-s.flow.AckBase)
		}
		return text
	case o.kind == tcpOptFastOpen && len(o.data) == 0:
		return " TFO=R"
	case o.kind == tcpOptFastOpen:
		return " TFO=C"
	}
	return ""
}

func (b *builder) tcpOptionNodes(n *node, p payload, s *tcpSegment) {
	raw, ok := b.bytes(p, tcpMinHeader, s.headerLen-tcpMinHeader)
	if !ok || len(raw) == 0 || !n.wantsAny(tcpOptionFields...) {
		return
	}
	at := p.off + tcpMinHeader
	list := addBlock(n, tcpOptions, at, raw, fmt.Sprintf("Options: (%d bytes)", len(raw)))
	hasMSS := false
	for _, o := range s.options {
		hasMSS = hasMSS || o.kind == tcpOptMSS
		d := tcpOptionItems[o.kind]
		if d == nil {
			d = tcpOptionOther
		}
		f := addBlock(list, d, at, o.raw, d.Label)
		list.Label += ", " + d.Label[len("TCP Option - "):]
		addUint(f, tcpOptKind, at, uint64(o.kind))
		if len(o.raw) > 1 {
			addUint(f, tcpOptLen, at+1, uint64(o.raw[1]))
		}
		o.nodes(f, at+2, s)
		at += len(o.raw)
	}
	if s.flags&flagSYN != 0 && !hasMSS && b.quoted == 0 {
		addExpert(list, tcpMSSAbsent, SeverityNote, "Protocol", tcpMSSAbsent.Label, groupProtocol)
		n.Severity = max(n.Severity, SeverityNote)
	}
}

// nodes adds the fields of one option below its node.
func (o tcpOption) nodes(f *node, at int, s *tcpSegment) {
	switch {
	case o.kind == tcpOptMSS && len(o.data) == 2:
		addUint(f, tcpOptMSSVal, at, uint64(be16(o.data)))
		extend(f, ": %d bytes", be16(o.data))
	case o.kind == tcpOptScale && len(o.data) == 1:
		shift := o.data[0]
		addUint(f, tcpOptShift, at, uint64(shift))
		computed(addUint(f, tcpOptMultiply, at, 1<<min(shift, 14))).Size = 1
		extend(f, ": %d (multiply by %d)", shift, 1<<min(shift, 14))
	case o.kind == tcpOptTime && len(o.data) == 8:
		addUint(f, tcpOptTSVal, at, uint64(be32(o.data)))
		addUint(f, tcpOptTSEcr, at+4, uint64(be32(o.data[4:])))
		extend(f, ": TSval %d, TSecr %d", be32(o.data), be32(o.data[4:]))
	case o.kind == tcpOptSack && len(o.data)%8 == 0:
		o.sackNodes(f, at, s.flow.AckBase)
	case o.kind == tcpOptFastOpen && len(o.data) == 0:
		add(f, tcpOptRequest, at-2, 2, "", tcpOptRequest.Label)
		f.Label += " Cookie Request"
	case o.kind == tcpOptFastOpen:
		addBytes(f, tcpOptCookie, at, o.data)
		f.Label += " Cookie"
	case len(o.data) > 0:
		addBytes(f, tcpOptPayload, at, o.data)
	}
}

func (o tcpOption) sackNodes(f *node, at int, base uint32) {
	n := 0
	for i := 0; i+8 <= len(o.data); i += 8 {
		left, right := be32(o.data[i:])-base, be32(o.data[i+4:])-base
		number(f, tcpOptSackLE, at+i, left, base != 0, "relative")
		number(f, tcpOptSackRE, at+i+4, right, base != 0, "relative")
		extend(f, " %d-%d", left, right)
		n++
	}
	virtual(addUint(f, tcpOptSackN, at, uint64(n)))
}

// strangeTCPOptions tells options that Wireshark may end the list at, although their
// length fits: experiments, vendors' and satellites' options that it takes apart
// further, and Multipath TCP (RFC 8684 section 3) that is not as long as its subtype says.
func strangeTCPOptions(d []byte) bool {
	const multipath = 30
	for i := 0; i < len(d) && d[i] != tcpOptEnd; {
		if d[i] == tcpOptNop {
			i++
			continue
		}
		if i+1 >= len(d) || d[i+1] < 2 || i+int(d[i+1]) > len(d) {
			return false
		}
		switch d[i] {
		case 20, 21, 22, 23, 27, 29, 76, 78, 172, 174, 253, 254:
			return true
		case tcpOptSack: // without a block in it, Wireshark runs off its end
			if d[i+1] == 2 || d[i+1]%8 != 2 {
				return true
			}
		case multipath:
			if !fitsMPTCP(d[i : i+int(d[i+1])]) {
				return true
			}
		}
		i += int(d[i+1])
	}
	return false
}

// fitsMPTCP says that an option is one of those that are in use.
func fitsMPTCP(o []byte) bool {
	const capable, join, sequence = 0, 1, 2
	if len(o) < 4 {
		return false
	}
	switch o[2] >> 4 {
	case capable:
		return len(o) == 4 || len(o) == 12 || len(o) == 20 || len(o) == 22 || len(o) == 24
	case join:
		return len(o) == 12 || len(o) == 16 || len(o) == 24
	case sequence:
		return len(o) == dssSize(o[3]) || len(o) == dssSize(o[3])+2
	}
	return false
}

// dssSize is how long a data sequence signal is by its flags, without a checksum.
func dssSize(flags byte) int {
	size := 4
	if flags&0x01 != 0 { // an acknowledgment
		size += 4 + 4*int(flags>>1&1)
	}
	if flags&0x04 != 0 { // a mapping
		size += 4 + 4*int(flags>>3&1) + 6
	}
	return size
}
