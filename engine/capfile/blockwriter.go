package capfile

// This file writes pcapng blocks (draft-ietf-opsawg-pcapng), little-endian.

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// BlockWriter appends pcapng blocks to a writer, each in one Write: what reads a
// growing file never sees half a block for longer than that Write takes. It is
// not for several goroutines at once.
type BlockWriter struct {
	w          io.Writer
	buffer     []byte
	interfaces uint32
	optioned   bool // the current block has options and so needs opt_endofopt
}

// NewBlockWriter writes to w, which should be buffered unless each block is to
// be there at once. The first block must be a section.
func NewBlockWriter(w io.Writer) *BlockWriter { return &BlockWriter{w: w} }

// Section begins a section (section 4.1) of unspecified length. application
// names the writing program; both may be empty. Interfaces count from 0 again.
func (w *BlockWriter) Section(application string, comments ...string) error {
	w.begin(blockSection)
	w.uint32(byteOrderMagic)
	w.uint32(1) // version 1.0
	w.uint32(math.MaxUint32)
	w.uint32(math.MaxUint32)
	for _, c := range comments {
		w.option(optComment, []byte(c))
	}
	if application != "" {
		w.option(optSectionApplication, []byte(application))
	}
	w.interfaces = 0
	return w.finish()
}

// Interface adds an interface to the section (section 4.2) and returns its
// number. Of an interface that came from a pcapng file every option is kept;
// otherwise what the exported fields say is written, with a time resolution of
// 10^-Digits.
func (w *BlockWriter) Interface(i Interface) (id uint32, err error) {
	w.begin(blockInterface)
	w.uint32(uint32(i.LinkType) & 0xffff)
	w.uint32(i.SnapLen)
	if i.block != nil {
		w.options(i.block.options, i.block.order, interfaceOptionWidth)
	} else {
		for _, c := range i.Comments {
			w.option(optComment, []byte(c))
		}
		w.stringOption(optIfName, i.Name)
		w.stringOption(optIfDescription, i.Description)
		if i.Speed != 0 {
			w.option(optIfSpeed, binary.LittleEndian.AppendUint64(nil, i.Speed))
		}
		w.option(optIfTSResol, []byte{byte(i.Digits)})
		if i.Filter != "" {
			w.option(optIfFilter, append([]byte{0}, i.Filter...))
		}
		w.stringOption(optIfOS, i.OS)
		if i.FCS >= 0 {
			w.option(optIfFCSLen, []byte{byte(i.FCS)})
		}
		w.stringOption(optIfHardware, i.Hardware)
	}
	id = w.interfaces
	w.interfaces++
	return id, w.finish()
}

// Packet writes an Enhanced Packet Block (section 4.3). ticks are in the
// interface's time resolution since the epoch, original is the length on the wire.
func (w *BlockWriter) Packet(id uint32, ticks uint64, data []byte, original uint32, comments ...string) error {
	w.beginPacket(id, ticks, data, original)
	for _, c := range comments {
		w.option(optComment, []byte(c))
	}
	return w.finish()
}

func (w *BlockWriter) beginPacket(id uint32, ticks uint64, data []byte, original uint32) {
	w.begin(blockEnhanced)
	w.uint32(id)
	w.uint32(uint32(ticks >> 32))
	w.uint32(uint32(ticks))
	w.uint32(uint32(len(data)))
	w.uint32(original)
	w.bytes(data)
}

// packetWithOptions copies the options of a packet block of another file.
func (w *BlockWriter) packetWithOptions(id uint32, ticks uint64, data []byte, original uint32, options []byte, order byteOrder) error {
	w.beginPacket(id, ticks, data, original)
	if len(options) > 0 {
		w.options(options, order, packetOptionWidth)
	}
	return w.finish()
}

func (w *BlockWriter) begin(kind uint32) {
	w.buffer, w.optioned = w.buffer[:0], false
	w.uint32(kind)
	w.uint32(0) // the total length, set by finish
}

// finish sets both lengths and writes the block.
func (w *BlockWriter) finish() error {
	if w.optioned {
		w.uint32(optEnd)
	}
	length := len(w.buffer) + 4
	if length > maxBlock {
		return fmt.Errorf("pcapng block of %d bytes, want at most %d", length, maxBlock)
	}
	w.uint32(uint32(length))
	binary.LittleEndian.PutUint32(w.buffer[4:], uint32(length))
	_, err := w.w.Write(w.buffer)
	return err
}

func (w *BlockWriter) uint32(v uint32) { w.buffer = binary.LittleEndian.AppendUint32(w.buffer, v) }

// bytes appends b and pads it to 32 bits.
func (w *BlockWriter) bytes(b []byte) {
	w.buffer = append(w.buffer, b...)
	for len(w.buffer)%4 != 0 {
		w.buffer = append(w.buffer, 0)
	}
}

// option appends an option; a value above 65,535 bytes, the most there can be, is cut.
func (w *BlockWriter) option(code uint16, value []byte) {
	value = value[:min(len(value), math.MaxUint16)]
	w.optioned = true
	w.uint32(uint32(code) | uint32(len(value))<<16)
	w.bytes(value)
}

func (w *BlockWriter) stringOption(code uint16, value string) {
	if value != "" {
		w.option(code, []byte(value))
	}
}

// options copies options that walkOptions accepted out of a section of the given
// byte order. width says which are numbers, and of how many bytes.
func (w *BlockWriter) options(b []byte, order byteOrder, width func(code int) int) {
	// The walk cannot fail: it did not when the file was indexed.
	_ = walkOptions(b, order, func(code int, value []byte) error {
		if n := width(code); order == bigEndian && n > 0 && n <= len(value) {
			swapped := append([]byte(nil), value...)
			for i := range n {
				swapped[i] = value[n-1-i]
			}
			value = swapped
		}
		w.option(uint16(code), value)
		return nil
	})
}

// packetOptionWidth and interfaceOptionWidth give the number of leading bytes of
// an option that are in the section's byte order, 0 for none.
func packetOptionWidth(code int) int {
	switch code {
	case optEPBFlags, optEPBQueue:
		return 4
	case optEPBDropCount, optEPBPacketID:
		return 8
	}
	return customOptionWidth(code)
}

func interfaceOptionWidth(code int) int {
	switch code {
	case optIfSpeed, optIfTSOffset, optIfTxSpeed, optIfRxSpeed:
		return 8
	case optIfTimeZone:
		return 4
	}
	return customOptionWidth(code)
}

// customOptionWidth is that of the enterprise number before a custom option's data.
func customOptionWidth(code int) int {
	if isCustomOption(code) {
		return 4
	}
	return 0
}

// copyBlock copies a block that belongs to no interface, from a section of
// either byte order: names and secrets. Others of a big-endian section cannot be
// turned round without knowing them and are left out.
func (w *BlockWriter) copyBlock(b *block) error {
	w.begin(b.kind)
	switch {
	case b.order == littleEndian:
		w.bytes(b.body)
	case b.kind == blockSecrets:
		length := b.order.Uint32(b.body[4:])
		w.uint32(b.order.Uint32(b.body))
		w.uint32(length)
		w.bytes(b.body[8 : 8+length])
	case b.kind == blockNames:
		w.names(b)
	default:
		return nil
	}
	return w.finish()
}

// names copies the records of a big-endian Name Resolution Block. The indexer
// has checked them.
func (w *BlockWriter) names(b *block) {
	for body := b.body; len(body) >= 4; {
		kind, length := b.order.Uint16(body), int(b.order.Uint16(body[2:]))
		w.uint32(uint32(kind) | uint32(length)<<16)
		if kind == 0 {
			return
		}
		w.bytes(body[4 : 4+length])
		body = body[4+(length+3)&^3:]
	}
	w.uint32(0)
}
