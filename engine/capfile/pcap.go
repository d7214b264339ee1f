package capfile

// This file reads pcap and its variants (draft-ietf-opsawg-pcap; the variants
// are told apart as wiretap's libpcap.c does).

import (
	"context"
	"fmt"
)

const (
	pcapHeaderSize = 24
	pcapRecordSize = 16
)

// The magic numbers of pcap files.
const (
	magicPcap     = 0xa1b2c3d4
	magicNanos    = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Alexey Kuznetzov's patches to libpcap
	magicIxiaHW   = 0x1c0001ac // nanoseconds, and a size after the header
	magicIxiaSW   = 0x1c0001ab // microseconds, likewise
)

// pcapVariant is a shape of pcap record.
type pcapVariant struct {
	name   string
	header uint32 // bytes before the packet
	nanos  bool
	aix    bool
	nokia  bool
	odd    bool // Wireshark 4.0 takes the times for microseconds, later ones do not
}

var (
	pcapStandard = pcapVariant{name: "pcap", header: pcapRecordSize}
	pcapNanos    = pcapVariant{name: "pcap (nanoseconds)", header: pcapRecordSize, nanos: true}
	pcapIxia     = pcapVariant{name: "pcap (Ixia, nanoseconds)", header: pcapRecordSize, nanos: true, odd: true}
	pcapAIX      = pcapVariant{name: "pcap (AIX)", header: pcapRecordSize, nanos: true, aix: true}
	pcapRedHat   = pcapVariant{name: "pcap (modified, Red Hat 6.1)", header: pcapRecordSize + 8}
	pcapModified = pcapVariant{name: "pcap (modified)", header: pcapRecordSize + 8}
	pcapSuSE     = pcapVariant{name: "pcap (modified, SuSE 6.3)", header: pcapRecordSize + 12}
	pcapNokia    = pcapVariant{name: "pcap (Nokia)", header: pcapRecordSize + 4, nokia: true}
)

// lengthOrder says where a record has its captured length.
type lengthOrder int

const (
	capturedFirst lengthOrder = iota
	capturedLast              // before version 2.3, and DG/UX
	capturedLess              // version 2.3: writers disagree, so the lesser one
)

// pcapFile is a pcap file's header, read.
type pcapFile struct {
	data     []byte
	order    byteOrder
	first    int64 // offset of the first record
	variant  pcapVariant
	lengths  lengthOrder
	linkType int
	fcs      int
	snaplen  uint32
	limit    uint32
	padding  uint32 // bytes before each packet that its captured length counts
}

// isPcap reports whether data begins with a pcap magic number, and in which order.
func isPcap(data []byte) (magic uint32, order byteOrder, ok bool) {
	if len(data) < 4 {
		return 0, littleEndian, false
	}
	for _, order := range []byteOrder{littleEndian, bigEndian} {
		switch magic := order.Uint32(data); magic {
		case magicPcap, magicNanos, magicModified, magicIxiaHW, magicIxiaSW:
			return magic, order, true
		}
	}
	return 0, littleEndian, false
}

// parsePcapHeader reads the file header and finds the variant.
func parsePcapHeader(data []byte) (*pcapFile, error) {
	magic, order, ok := isPcap(data)
	if !ok {
		return nil, fmt.Errorf("not a pcap file")
	}
	first := int64(pcapHeaderSize)
	if magic == magicIxiaHW || magic == magicIxiaSW {
		first += 4
	}
	if int64(len(data)) < first {
		return nil, fmt.Errorf("pcap header cut short: got %d bytes, want %d", len(data), first)
	}
	major, minor := order.Uint16(data[4:]), order.Uint16(data[6:])
	if major < 2 {
		return nil, fmt.Errorf("pcap version %d.%d is not supported, want 2.0 or later", major, minor)
	}
	p := &pcapFile{data: data, order: order, first: first, snaplen: order.Uint32(data[16:]), fcs: -1}
	network := order.Uint32(data[20:])
	// The top bits say how long the frame check sequence is, in 16-bit units
	// (draft-ietf-opsawg-pcap, section 4).
	p.linkType = int(network & 0xffff)
	if network&0x04000000 != 0 {
		p.fcs = int(network>>28) * 2
	}
	if network&0x03ff0000 != 0 {
		return nil, fmt.Errorf("pcap link type field 0x%08x has reserved bits set (0x%08x), want a LINKTYPE_ value below 65536", network, network&0x03ff0000)
	}
	p.limit = packetLimit(p.linkType)

	guess := major == 2 && minor > 3 || major > 2 && major != 543
	switch {
	case major == 2 && minor < 3 || major == 543: // 543.0 is DG/UX's tcpdump
		p.lengths = capturedLast
	case major == 2 && minor == 3:
		p.lengths = capturedLess
	}
	switch magic {
	case magicNanos:
		p.variant = pcapNanos
	case magicIxiaHW:
		p.variant = pcapIxia
	case magicIxiaSW:
		p.variant = pcapStandard
	case magicPcap:
		p.variant = pcapStandard
		if major == 2 && minor == 2 {
			p.detectAIX(network)
		}
		if guess {
			p.variant = p.guess(pcapStandard, pcapRedHat, pcapNokia)
		}
	case magicModified:
		p.variant = pcapModified
		if guess {
			p.variant = p.guess(pcapModified, pcapSuSE)
		}
	}
	return p, nil
}

// detectAIX takes a version 2.2 file whose link type is an ifType value of
// RFC 1573 for AIX's, which also counts nanoseconds.
func (p *pcapFile) detectAIX(network uint32) {
	linkTypes := map[uint32]int{6: linkEthernet, 9: linkTokenRing, 15: linkFDDI, 24: 0}
	if linkType, ok := linkTypes[network]; ok {
		p.variant, p.linkType = pcapAIX, linkType
	}
}

// guess returns the variant under which the first records look best. Files of
// several variants share a magic number, so only their records tell.
func (p *pcapFile) guess(variants ...pcapVariant) pcapVariant {
	best, fewest := variants[0], p.faults(variants[0])
	for _, v := range variants[1:] {
		if n := p.faults(v); n < fewest {
			best, fewest = v, n
		}
	}
	return best
}

// faults counts what is wrong with the first record that has something wrong when the
// first three are read as variant v. A capture that breaks off in one has one fault, and
// one that ends before it none. It counts as Wireshark 4.0 and 4.2 do; later versions
// look at what the variants add, too, which matters where a record is damaged.
func (p *pcapFile) faults(v pcapVariant) (n int) {
	at := p.first
	for range 3 {
		rest := p.data[at:]
		if len(rest) == 0 {
			return 0
		}
		if len(rest) < int(v.header) {
			return 1
		}
		fraction, captured, original := p.order.Uint32(rest[4:]), p.order.Uint32(rest[8:]), p.order.Uint32(rest[12:])
		for _, wrong := range []bool{
			fraction >= 1e6,
			captured > p.limit,
			captured > p.snaplen,
			original > 128<<20,
			captured > original,
		} {
			if wrong {
				n++
			}
		}
		if n > 0 {
			return n
		}
		if at += int64(v.header) + int64(captured); at > int64(len(p.data)) {
			return 1
		}
	}
	return 0
}

// pcapPass is the pass over the records of a pcap file.
type pcapPass struct {
	f    *File
	p    *pcapFile
	phdr pseudoHeader
	at   int64
}

// startPcap reads the header of a pcap file.
func (f *File) startPcap() (*pcapPass, error) {
	p, err := parsePcapHeader(f.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.given(), err)
	}
	f.format = p.variant.name + f.suffix
	phdr := pseudoHeaderOf(p.linkType, p.variant.nokia)
	i := Interface{
		LinkType: p.linkType, SnapLen: p.snaplen, Digits: 6, Exact: true, FCS: p.fcs, ID: -1, phdr: phdr, clock: microseconds,
	}
	if p.variant.nanos {
		i.Digits, i.clock = 9, nanoseconds
	}
	f.pass.interfaces = []Interface{i}
	if p.variant.aix && p.linkType == linkFDDI {
		p.padding = 3 // AIX has three bytes before FDDI frames and counts them
	}
	f.pcap = p
	return &pcapPass{f, p, phdr, p.first}, nil
}

func (w *pcapPass) position() int64 { return w.at }

func (w *pcapPass) resume(end int64, landmarks []int64) (begin, gap int64, err error) {
	if len(landmarks) > 0 || end < w.at {
		return 0, 0, errNotThisCapture
	}
	begin, w.at = w.at, end
	return begin, int64(w.p.variant.header) + int64(w.p.padding), nil
}

func (w *pcapPass) extend(data []byte) { w.p.data = data }

func (w *pcapPass) step(data []byte, at int64) (isPacket bool, next int64, ok bool) {
	header := int64(w.p.variant.header)
	if int64(len(data))-at < header {
		return false, at, false
	}
	captured, original := w.p.order.Uint32(data[at+8:]), w.p.order.Uint32(data[at+12:])
	if w.p.lengths != capturedFirst && (w.p.lengths == capturedLast || captured > original) {
		captured = original
	}
	next = at + header + int64(captured)
	return true, next, captured <= w.p.limit && next <= int64(len(data))
}

// cut notes that the file ends within the record at an offset: a warning, unless
// the rest may still come.
func (w *pcapPass) cut(at int64, format string, args ...any) {
	if g := w.f.growth; g != nil {
		g.cut = fmt.Sprintf(format, args...)
		return
	}
	w.f.stop(at, format, args...)
}

// run walks the records.
func (w *pcapPass) run(ctx context.Context) error {
	f, p, phdr := w.f, w.p, w.phdr
	order, header, padding := p.order, int64(p.variant.header), p.padding
	at, size := w.at, f.size
	defer func() { w.at = at }()
	v, err := f.view(ctx, at, header)
	if err != nil {
		return err
	}
	for n := 0; at < size; n++ {
		if n&0xfff == 0 {
			if err := f.poll(ctx, at); err != nil {
				return err
			}
		}
		if size-at < header {
			w.cut(at, "record header cut short: got %d bytes, want %d", size-at, header)
			return nil
		}
		if v.end-at < header {
			if v, err = f.view(ctx, at, header); err != nil {
				return err
			}
		}
		h := v.data[at-v.at:][:pcapRecordSize:pcapRecordSize]
		seconds, fraction, captured, original := order.Uint32(h), order.Uint32(h[4:]), order.Uint32(h[8:]), order.Uint32(h[12:])
		if p.lengths != capturedFirst && (p.lengths == capturedLast || captured > original) {
			captured, original = original, captured
		}
		switch {
		case captured > p.limit:
			f.stop(at, "packet of %d bytes is larger than the maximum of %d", captured, p.limit)
			return nil
		case captured < padding:
			f.stop(at, "packet of %d bytes is too small for %d bytes of padding", captured, padding)
			return nil
		case int64(captured) > size-at-header:
			w.cut(at, "packet cut short: got %d bytes, want %d", size-at-header, captured)
			return nil
		}
		next := at + header + int64(captured)
		if next > v.end { // the packet is of the next window
			if v, err = f.view(ctx, at, next-at); err != nil {
				return err
			}
		}
		if !p.variant.nanos {
			fraction *= 1000 // wraps as wiretap's does
		}
		t, odd := int64(seconds)*1e9+int64(int32(fraction)), uint8(0)
		if fraction >= 1e9 || p.variant.odd {
			odd = oddTimeFlag
		}
		if phdr.size > 0 {
			// Reading the record's bytes touches its page; without a pseudo
			// header the pass touches headers only.
			record := v.data[at+header-v.at:][padding:captured]
			if err := phdr.check(record); err != nil {
				f.stop(at, "%v", err)
				return nil
			}
			if phdr.erf {
				t, odd = erfTime(record), 0
			}
		}
		f.add(entry{offset: at + header + int64(padding), time: t, captured: captured - padding, original: original - padding, flags: odd}, next)
		at = next
	}
	return nil
}
