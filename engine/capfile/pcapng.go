package capfile

// This file makes sense of the blocks of a pcapng file (draft-ietf-opsawg-pcapng,
// section 4): which are packets, and what the others say about them.

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// ngIndexer is the state of one pass over a pcapng file.
type ngIndexer struct {
	f *File
	blockReader
	view    view
	section int
	current []int // the section's interfaces, as indexes into known.interfaces
	standIn int   // the interface of records that are not packets, or -1
}

// startPcapng begins at the first block.
func (f *File) startPcapng() *ngIndexer {
	f.format = "pcapng" + f.suffix
	return &ngIndexer{f: f, blockReader: blockReader{data: f.data}, section: -1, standIn: -1}
}

func (x *ngIndexer) position() int64 { return x.at }

func (x *ngIndexer) resume(end int64, landmarks []int64) (begin, gap int64, err error) {
	for _, offset := range landmarks {
		if offset == standInMark && x.section >= 0 {
			x.standInInterface()
			continue
		}
		if offset < 0 || offset >= end {
			return 0, 0, errNotThisCapture
		}
		x.at = offset
		b, ok, err := x.read()
		switch {
		case err != nil:
			return 0, 0, err
		case !ok || b.kind != blockSection && (x.section < 0 || b.kind != blockInterface && b.kind != blockNames && b.kind != blockSecrets):
			return 0, 0, errNotThisCapture
		}
		if err := x.take(&b); err != nil {
			return 0, 0, err
		}
	}
	x.at = end
	return 0, minGapNG, nil
}

func (x *ngIndexer) extend(data []byte) { x.data, x.view = data, view{} }

func (x *ngIndexer) step(data []byte, at int64) (isPacket bool, next int64, ok bool) {
	r := blockReader{data: data, at: at, order: x.order}
	b, ok, err := r.read()
	return ok && err == nil && b.isRecord(), r.at, ok && err == nil
}

// minGapNG is what is before the packet in the shortest block with one.
const minGapNG = 8

// run walks the blocks.
func (x *ngIndexer) run(ctx context.Context) error {
	for n := 0; ; n++ {
		if n&0xfff == 0 {
			if err := x.f.poll(ctx, x.at); err != nil {
				return err
			}
		}
		if found, err := x.plainPacket(ctx); err != nil {
			return err
		} else if found {
			continue
		}
		offset := x.at
		b, ok, err := x.next(ctx)
		if err == nil && ok {
			err = x.take(&b)
		}
		var short *cutShort
		if x.f.growth != nil && errors.As(err, &short) {
			x.at, x.f.growth.cut = offset, err.Error()
			return nil
		}
		if err != nil {
			if x.section < 0 {
				return fmt.Errorf("%s: %w", x.f.given(), err)
			}
			x.at = offset
			x.f.stop(offset, "%v", err)
			return nil
		}
		if !ok {
			return nil
		}
	}
}

// plainPacket takes the next block when it is what nearly all are: an Enhanced
// Packet Block little-endian, with nothing wrong and no options.
// next and enhanced would do the same at twice the cost.
func (x *ngIndexer) plainPacket(ctx context.Context) (found bool, err error) {
	if x.f.size-x.at < 32 || x.order != littleEndian {
		return false, nil
	}
	if err := x.look(ctx, 32); err != nil {
		return false, err
	}
	rest := x.view.data[x.at-x.view.at:]
	if binary.LittleEndian.Uint32(rest) != blockEnhanced {
		return false, nil
	}
	captured := binary.LittleEndian.Uint32(rest[20:])
	length := 32 + int64(captured+3)&^3
	if captured > commonLimit || length > x.f.size-x.at {
		return false, nil
	}
	if err := x.look(ctx, length); err != nil {
		return false, err
	}
	rest = x.view.data[x.at-x.view.at:][:length]
	h := rest[4:28:28]
	id := binary.LittleEndian.Uint32(h[4:])
	if int64(id) >= int64(len(x.current)) || int64(binary.LittleEndian.Uint32(h)) != length ||
		int64(binary.LittleEndian.Uint32(rest[length-4:])) != length {
		return false, nil
	}
	i := x.current[id]
	iface := &x.f.pass.interfaces[i]
	if iface.phdr.size > 0 {
		return false, nil
	}
	t, odd := iface.clock.nanos(uint64(binary.LittleEndian.Uint32(h[8:]))<<32 | uint64(binary.LittleEndian.Uint32(h[12:])))
	flags := uint8(kindPacket)
	if odd {
		flags |= oddTimeFlag
	}
	offset := x.at + 28
	x.at += length
	x.add(offset, i, t, captured, binary.LittleEndian.Uint32(h[20:]), flags)
	return true, nil
}

// next reads the next block: an Enhanced Packet Block out of what is in view, so that those
// with options are not read twice; others out of the mapping, since parts of some are kept,
// and so what is wrong with one is told by the same code.
func (x *ngIndexer) next(ctx context.Context) (b block, ok bool, err error) {
	if x.f.windows == nil || x.section < 0 || x.f.size-x.at < minBlock {
		return x.read()
	}
	if err := x.look(ctx, minBlock); err != nil {
		return b, false, err
	}
	header := x.view.data[x.at-x.view.at:]
	length := (int64(x.order.Uint32(header[4:])) + 3) &^ 3
	if x.order.Uint32(header) != blockEnhanced || length < minBlock || length > min(maxBlock, x.f.size-x.at) {
		return x.read()
	}
	if err := x.look(ctx, length); err != nil {
		return b, false, err
	}
	r := blockReader{data: x.view.data, at: x.at - x.view.at, order: x.order}
	if b, ok, err = r.read(); !ok || err != nil {
		return x.read()
	}
	b.offset += x.view.at
	x.at = x.view.at + r.at
	return b, true, nil
}

// look sees to it that so many bytes from x.at on are in view; the file has them.
func (x *ngIndexer) look(ctx context.Context, want int64) (err error) {
	if x.at < x.view.at || x.view.end-x.at < want {
		x.view, err = x.f.view(ctx, x.at, want)
	}
	return err
}

// mark remembers where a block is that a later opening has to read again.
func (x *ngIndexer) mark(offset int64) { x.f.pass.landmarks = append(x.f.pass.landmarks, offset) }

// add takes a packet that is in the block before x.at.
func (x *ngIndexer) add(offset int64, iface int, time int64, captured, original uint32, flags uint8) {
	x.f.add(entry{offset: offset, time: time, captured: captured, original: original, iface: uint32(iface), flags: flags}, x.at)
}

// take files one block.
func (x *ngIndexer) take(b *block) error {
	switch b.kind {
	case blockEnhanced:
		return x.enhanced(b)
	case blockSection:
		return x.sectionHeader(b)
	case blockInterface:
		return x.interfaceDescription(b)
	case blockSimplePacket:
		return x.simple(b)
	case blockPacket:
		return x.oldPacket(b)
	case blockNames:
		if err := x.names(b); err != nil {
			return err
		}
		x.mark(b.offset)
	case blockStatistics:
		if len(b.body) < 12 {
			return tooSmall("interface statistics", b, 12)
		}
		return walkOptions(b.body[12:], b.order, checkCustomOption)
	case blockSecrets:
		if len(b.body) < 8 {
			return tooSmall("decryption secrets", b, 8)
		}
		if length := b.order.Uint32(b.body[4:]); int64(length) > int64(len(b.body)-8) {
			return fmt.Errorf("decryption secrets cut short: got %d bytes, want %d", len(b.body)-8, length)
		}
		x.f.pass.secrets = true
		x.mark(b.offset)
	default:
		return x.other(b)
	}
	return nil
}

func tooSmall(name string, b *block, want int) error {
	return fmt.Errorf("%s block too small: got a body of %d bytes, want at least %d", name, len(b.body), want)
}

func (x *ngIndexer) sectionHeader(b *block) error {
	if len(b.body) < minSection-minBlock {
		return tooSmall("section header", b, minSection-minBlock)
	}
	major, minor := b.order.Uint16(b.body[4:]), b.order.Uint16(b.body[6:])
	// Minor version 2 was written by mistake and is the same as 0.
	if major != 1 || minor != 0 && minor != 2 {
		return fmt.Errorf("pcapng version %d.%d is not supported, want 1.0", major, minor)
	}
	var comments []string
	err := walkOptions(b.body[16:], b.order, func(code int, value []byte) error {
		if code == optComment {
			comments = append(comments, text(value))
		}
		return checkCustomOption(code, value)
	})
	if err != nil {
		return err
	}
	x.f.pass.comments = append(x.f.pass.comments, comments...)
	x.section++
	x.f.pass.sections = append(x.f.pass.sections, b.order)
	x.mark(b.offset)
	x.current, x.standIn = x.current[:0], -1
	return nil
}

// text makes a string of an option's value, which may have NULs after it.
func text(b []byte) string {
	return string(bytes.ToValidUTF8(bytes.TrimRight(b, "\x00"), []byte("\uFFFD")))
}

func (x *ngIndexer) interfaceDescription(b *block) error {
	if len(b.body) < 8 {
		return tooSmall("interface description", b, 8)
	}
	i, err := parseInterface(b)
	if err != nil {
		return err
	}
	i.Section, i.ID = x.section, len(x.current)
	if n := len(x.f.pass.interfaces); n < len(x.f.sources) {
		i.Source = x.f.sources[n]
	}
	x.current = append(x.current, len(x.f.pass.interfaces))
	x.f.pass.interfaces = append(x.f.pass.interfaces, i)
	x.mark(b.offset)
	return nil
}

// parseInterface reads an Interface Description Block (section 4.2). Of options
// that may occur once the first counts; one of a wrong length is left out.
func parseInterface(b *block) (Interface, error) {
	i := Interface{
		LinkType: int(b.order.Uint16(b.body)), SnapLen: b.order.Uint32(b.body[4:]),
		Digits: 6, Exact: true, FCS: -1, clock: microseconds,
	}
	i.phdr = pseudoHeaderOf(i.LinkType, false)
	i.block = &blockOptions{b.body[8:], b.order}
	seen := make(map[int]bool)
	err := walkOptions(b.body[8:], b.order, func(code int, value []byte) error {
		if err := checkCustomOption(code, value); err != nil {
			return err
		}
		if code == optIfFilter && len(value) == 0 {
			return errors.New("interface filter option has a length of 0, want at least 1")
		}
		if code == optComment {
			i.Comments = append(i.Comments, text(value))
			return nil
		}
		if seen[code] {
			return nil
		}
		seen[code] = true
		switch {
		case code == optIfName:
			i.Name = text(value)
		case code == optIfDescription:
			i.Description = text(value)
		case code == optIfOS:
			i.OS = text(value)
		case code == optIfHardware:
			i.Hardware = text(value)
		case code == optIfFilter && len(value) > 1 && value[0] == 0: // 0: a libpcap filter string
			i.Filter = text(value[1:])
		case code == optIfSpeed && len(value) == 8:
			i.Speed = b.order.Uint64(value)
		case code == optIfFCSLen && len(value) == 1:
			i.FCS = int(value[0])
		case code == optIfTSResol && len(value) == 1:
			offset := i.clock.offset
			i.clock, i.Digits, i.Exact = newClock(value[0])
			i.clock.offset = offset
		case code == optIfTSOffset && len(value) == 8:
			i.clock.offset = int64(b.order.Uint64(value))
		default:
			delete(seen, code)
		}
		return nil
	})
	return i, err
}

// packetInterface resolves the interface of a packet in the current section.
func (x *ngIndexer) packetInterface(id uint32) (int, *Interface, error) {
	if int64(id) >= int64(len(x.current)) {
		return 0, nil, fmt.Errorf("packet on interface %d, want less than the section's %d interfaces", id, len(x.current))
	}
	i := x.current[id]
	return i, &x.f.pass.interfaces[i], nil
}

func (x *ngIndexer) enhanced(b *block) error {
	if len(b.body) < 20 {
		return tooSmall("enhanced packet", b, 20)
	}
	return x.timedPacket(b, b.order.Uint32(b.body), kindPacket)
}

func (x *ngIndexer) oldPacket(b *block) error {
	if len(b.body) < 20 {
		return tooSmall("packet", b, 20)
	}
	return x.timedPacket(b, uint32(b.order.Uint16(b.body)), kindOld)
}

// timedPacket takes an Enhanced Packet Block or the obsolete Packet Block: they
// differ only in how wide the interface is.
func (x *ngIndexer) timedPacket(b *block, id uint32, k kind) error {
	i, iface, err := x.packetInterface(id)
	if err != nil {
		return err
	}
	ticks := uint64(b.order.Uint32(b.body[4:]))<<32 | uint64(b.order.Uint32(b.body[8:]))
	captured, original := b.order.Uint32(b.body[12:]), b.order.Uint32(b.body[16:])
	if err := checkCaptured(captured, iface); err != nil {
		return err
	}
	padded := (int(captured) + 3) &^ 3
	if padded > len(b.body)-20 {
		return fmt.Errorf("packet of %d bytes does not fit its block, which has %d for it", captured, len(b.body)-20)
	}
	if iface.phdr.size > 0 {
		if err := iface.phdr.check(b.body[20 : 20+captured]); err != nil {
			return err
		}
	}
	if options := b.body[20+padded:]; len(options) > 0 {
		if err := walkOptions(options, b.order, checkPacketOption); err != nil {
			return err
		}
	}
	t, odd := iface.clock.nanos(ticks)
	flags := uint8(k)
	if odd {
		flags |= oddTimeFlag
	}
	x.add(b.offset+28, i, t, captured, original, flags)
	return nil
}

func checkCaptured(captured uint32, iface *Interface) error {
	if limit := packetLimit(iface.LinkType); captured > limit {
		return fmt.Errorf("packet of %d bytes is larger than the maximum of %d", captured, limit)
	}
	return nil
}

// simple takes a Simple Packet Block (section 4.4): the packet's captured length
// is what the block has room for, at most the snapshot length.
func (x *ngIndexer) simple(b *block) error {
	if len(b.body) < 4 {
		return tooSmall("simple packet", b, 4)
	}
	i, iface, err := x.packetInterface(0)
	if err != nil {
		return err
	}
	original := b.order.Uint32(b.body)
	captured := original
	if iface.SnapLen != 0 {
		captured = min(captured, iface.SnapLen)
	}
	if err := checkCaptured(captured, iface); err != nil {
		return err
	}
	// wiretap expects nothing after the packet and loses its way in the file.
	if padded := (int(captured) + 3) &^ 3; padded != len(b.body)-4 {
		return fmt.Errorf("simple packet of %d bytes in a block that has %d for it, want %d", captured, len(b.body)-4, padded)
	}
	if err := iface.phdr.check(b.body[4 : 4+captured]); err != nil {
		return err
	}
	x.add(b.offset+12, i, 0, captured, original, uint8(kindSimple)|noTimeFlag)
	return nil
}

// names takes a Name Resolution Block (section 4.5).
func (x *ngIndexer) names(b *block) error {
	body := b.body
	if len(body) < 4 {
		return tooSmall("name resolution", b, 4)
	}
	for len(body) >= 4 {
		kind, length := b.order.Uint16(body), int(b.order.Uint16(body[2:]))
		body = body[4:]
		if kind == 0 {
			return walkOptions(body, b.order, checkCustomOption)
		}
		padded := (length + 3) &^ 3
		if padded > len(body) {
			return fmt.Errorf("name resolution record is too long: got %d bytes left in the block, want %d", len(body), padded)
		}
		if err := x.name(kind, body[:length]); err != nil {
			return err
		}
		body = body[padded:]
	}
	if len(body) > 0 {
		return fmt.Errorf("name resolution record cut short: got %d bytes, want 4", len(body))
	}
	return nil
}

// name takes a record of addresses that we know; of others (EUI-48) nothing is used.
func (x *ngIndexer) name(kind uint16, value []byte) error {
	size, ok := map[uint16]int{1: 4, 2: 16}[kind]
	if !ok {
		return nil
	}
	if len(value) < size {
		return fmt.Errorf("name resolution record has %d bytes, want at least the %d of its address", len(value), size)
	}
	if len(value) > size && value[len(value)-1] != 0 {
		return errors.New("name resolution record has a name without a NUL after it")
	}
	address, _ := netip.AddrFromSlice(value[:size])
	n := Name{Address: address}
	for _, name := range bytes.Split(value[size:], []byte{0}) {
		if len(name) > 0 {
			n.Names = append(n.Names, text(name))
		}
	}
	x.f.pass.names = append(x.f.pass.names, n)
	return nil
}

// other takes the blocks that are no packets but that Wireshark numbers as
// frames; it skips what it does not know.
func (x *ngIndexer) other(b *block) error {
	add := func(skip int, t int64, hasTime bool, captured, original uint32) {
		flags := uint8(kindOther)
		if !hasTime {
			flags |= noTimeFlag
		}
		x.add(b.offset+8+int64(skip), x.standInInterface(), t, captured, original, flags)
	}
	switch b.kind {
	case blockCustom, blockCustomNoCopy:
		if len(b.body) < 4 {
			return tooSmall("custom", b, 4)
		}
		add(4, 0, false, uint32(len(b.body)-4), uint32(len(b.body)-4))
	case blockJournal:
		if len(b.body) < minJournal {
			return tooSmall("systemd journal", b, minJournal)
		}
		t, hasTime, length := journalEntry(b.body)
		add(0, t, hasTime, length, length)
	case blockSysdigEvent, blockSysdigEventV2, blockSysdigLarge:
		return x.sysdig(b, add)
	}
	return nil
}

// standInInterface is where the section's records go that no interface captured.
func (x *ngIndexer) standInInterface() int {
	if x.standIn < 0 {
		x.mark(standInMark)
		x.standIn = len(x.f.pass.interfaces)
		x.f.pass.interfaces = append(x.f.pass.interfaces, Interface{
			LinkType: linkNotAPacket, Digits: 9, Exact: true, FCS: -1, Section: x.section, ID: -1, clock: nanoseconds,
		})
	}
	return x.standIn
}

// minJournal is the length of "__REALTIME_TIMESTAMP=0\n", which an entry must have.
const minJournal = 23

// journalEntry finds the time of an entry in systemd's Journal Export Format and
// the entry's length without the padding.
func journalEntry(body []byte) (t int64, hasTime bool, length uint32) {
	body = bytes.TrimRight(body, "\x00")
	_, digits, found := bytes.Cut(body, []byte("__REALTIME_TIMESTAMP="))
	var micros int64
	for _, c := range digits {
		if c < '0' || c > '9' || micros > 1<<52/10 {
			break
		}
		micros = micros*10 + int64(c-'0')
	}
	return micros * 1000, found, uint32(len(body))
}

// sysdig takes an event of sysdig's: CPU, time, thread, length and type come
// before the data (wiretap's pcapng.c is the only description).
func (x *ngIndexer) sysdig(b *block, add func(skip int, t int64, hasTime bool, captured, original uint32)) error {
	header := 24
	if b.kind != blockSysdigEvent {
		header = 28 // the number of parameters follows
	}
	if len(b.body) < header {
		return tooSmall("sysdig event", b, header)
	}
	t, odd := nanoseconds.nanos(b.order.Uint64(b.body[2:]))
	if odd {
		t = 0
	}
	add(header, t, true, uint32(len(b.body)-header), b.order.Uint32(b.body[18:]))
	return nil
}
