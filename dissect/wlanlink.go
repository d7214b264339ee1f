package dissect

import "encoding/binary"

// This file is what captures have before an 802.11 frame: radiotap (radiotap.org),
// Prism, AVS and PPI headers. Of their many fields only those are read that say how
// the frame ends.

var (
	radiotapVersion = uint8Field("radiotap.version", "Header revision", baseDec).at(0, 1)
	radiotapPad     = uint8Field("radiotap.pad", "Header pad", baseDec).at(1, 1)
	radiotapLength  = uint16Field("radiotap.length", "Header length", baseDec).valued(func(w *Headers, l *Layer) (uint64, bool) { return uint64(le16(w.Data[l.Off+2:])), true })
)

var radiotapProtocol = Protocol{
	ID: idRadiotap, Name: "radiotap", Long: "IEEE 802.11 Radiotap Capture header", Short: "802.11 Radiotap",
	Fields:  []*FieldDef{radiotapVersion, radiotapPad, radiotapLength},
	carries: overWLAN,
	decode: func(b *builder, self *Protocol, p payload) {
		n := b.radioHeader(self, p, "WLAN", parseRadiotap)
		if n == nil {
			return
		}
		d := b.rest(p)
		relabel(n, "Radiotap Header v%d, Length %d", d[0], le16(d[2:]))
		addUint(n, radiotapVersion, p.off, uint64(d[0]))
		addUint(n, radiotapPad, p.off+1, uint64(d[1]))
		addUint(n, radiotapLength, p.off+2, uint64(le16(d[2:])))
	},
	walk: func(w *Headers, p payload) { w.radioHeader(idRadiotap, p, parseRadiotap) },
}

var prismProtocol = Protocol{
	ID: idPrism, Name: "prism", Long: "Prism capture header", Short: "Prism",
	carries: overWLAN,
	decode: func(b *builder, self *Protocol, p payload) {
		if first, ok := b.bytes(p, 0, 4); ok && isAVS(first) {
			b.run(&avsProtocol, p)
			return
		}
		b.radioHeader(self, p, self.Short, parsePrism)
	},
	walk: func(w *Headers, p payload) {
		if d := w.Data[p.off:p.end]; len(d) >= 4 && isAVS(d) {
			avsProtocol.walk(w, p)
			return
		}
		w.radioHeader(idPrism, p, parsePrism)
	},
}

var avsProtocol = Protocol{
	ID: idAVS, Name: "wlancap", Long: "AVS WLAN Capture header", Short: "AVS WLANCAP",
	carries: overWLAN,
	decode: func(b *builder, self *Protocol, p payload) {
		b.radioHeader(self, p, "WLAN", parseAVS)
	},
	walk: func(w *Headers, p payload) { w.radioHeader(idAVS, p, parseAVS) },
}

var ppiProtocol = Protocol{
	ID: idPPI, Name: "ppi", Long: "PPI Packet Header", Short: "PPI",
	carries: overWLAN,
	decode: func(b *builder, self *Protocol, p payload) {
		b.radioHeader(self, p, self.Short, parsePPI)
	},
	walk: func(w *Headers, p payload) { w.radioHeader(idPPI, p, parsePPI) },
}

func overWLAN(*Table) []*Protocol { return []*Protocol{&wlanProtocol} }

// radioParser reads one of these headers: its size, and what it says of the frame.
// ok is false for headers that are cut or say something that is not read here.
type radioParser func(d []byte) (size int, radio wlanRadio, ok bool)

// radioHeader shows a header as one node and passes the frame on before it returns
// the node, nil where none is wanted.
func (b *builder) radioHeader(self *Protocol, p payload, column string, parse radioParser) *node {
	b.setProtocol(column)
	b.setInfo("")
	size, radio, ok := parse(b.rest(p))
	if !ok || size > p.captured() {
		b.protocol(self, p, p.captured(), self.Long)
		b.unknown(payload{off: p.end, end: p.end})
		b.partial = true
		return nil
	}
	n := b.protocol(self, p, size, self.Long)
	b.partial = true
	b.radio = radio
	b.run(&wlanProtocol, p.skip(size))
	return n
}

// radioHeader walks over a header and on into the frame.
func (w *Headers) radioHeader(id ID, p payload, parse radioParser) {
	size, radio, ok := parse(w.Data[p.off:p.end])
	if !ok || size > p.captured() || w.full() {
		w.doubt(ClassLinkType, hidesAll)
		return
	}
	w.add(id, p)
	w.wlan(p.skip(size), radio)
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// The bits of radiotap's presence words, and of its flags.
const (
	radiotapTSFT     = 1 << 0
	radiotapFlags    = 1 << 1
	radiotapEmpty    = 1 << 26 // a frame without a body
	radiotapTLV      = 1 << 28
	radiotapAgain    = 1 << 29 // the next word begins anew
	radiotapMoreBits = 1 << 31

	radiotapFCSBit = 0x10
	radiotapPadBit = 0x20
)

// parseRadiotap reads the flags, which are among the first fields if they are there
// at all.
func parseRadiotap(d []byte) (size int, radio wlanRadio, ok bool) {
	if len(d) < 8 || d[0] != 0 {
		return 0, radio, false
	}
	size = int(le16(d[2:]))
	if size < 8 || size > len(d) {
		return size, radio, false
	}
	first, at := le32(d[4:]), 8
	known := true // whether the next word has the meaning that the first one has
	for word := first; ; at += 4 {
		const odd = radiotapEmpty | radiotapTLV
		if known && (word&odd != 0 || at > 8 && word&radiotapFlags != 0) {
			return size, radio, false
		}
		if word&radiotapMoreBits == 0 {
			break
		}
		if at+4 > size {
			return size, radio, false
		}
		known = word&radiotapAgain != 0
		word = le32(d[at:])
	}
	if first&radiotapFlags == 0 {
		return size, radio, true
	}
	if first&radiotapTSFT != 0 {
		at = (at+7)&^7 + 8
	}
	if at >= size {
		return size, radio, false
	}
	return size, wlanRadio{fcs: d[at]&radiotapFCSBit != 0, padded: d[at]&radiotapPadBit != 0}, true
}

// parsePrism takes the usual header of fixed size, in either byte order.
func parsePrism(d []byte) (size int, radio wlanRadio, ok bool) {
	const header, monitor, other = 144, 0x44, 0x41
	if len(d) < header {
		return header, radio, false
	}
	for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		if code := order.Uint32(d); code == monitor || code == other {
			return header, radio, order.Uint32(d[4:]) == header
		}
	}
	return 0, radio, false
}

// isAVS tells the header of the AVS project, versions 1 and 2.
func isAVS(d []byte) bool { return be32(d) == 0x80211001 || be32(d) == 0x80211002 }

func parseAVS(d []byte) (size int, radio wlanRadio, ok bool) {
	const fixed = 64 // of version 1
	if len(d) < fixed || !isAVS(d) || be32(d[4:]) > 0xffff {
		return fixed, radio, false
	}
	size = int(be32(d[4:]))
	return size, radio, size >= fixed
}

// parsePPI reads the common 802.11 field for whether there is a check sequence.
func parsePPI(d []byte) (size int, radio wlanRadio, ok bool) {
	const fixed, common, commonLen = 8, 2, 20
	if len(d) < fixed || d[0] != 0 || le32(d[4:]) != linkWLAN {
		return fixed, radio, false
	}
	size = int(le16(d[2:]))
	if size < fixed || size > len(d) {
		return size, radio, false
	}
	for at := fixed; at < size; {
		if at+4 > size {
			return size, radio, false
		}
		kind, n := le16(d[at:]), int(le16(d[at+2:]))
		if kind != common || n != commonLen || at+4+n > size {
			return size, radio, false // aggregates among them
		}
		radio.fcs = d[at+4+8]&1 != 0
		at += 4 + n
	}
	return size, radio, true
}
