package capfile

// This file steps through the blocks of a pcapng file
// (draft-ietf-opsawg-pcapng, section 3.1) without knowing what is in them.

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Block types (pcapng draft, section 10.1).
const (
	blockSection       = 0x0a0d0d0a
	blockInterface     = 0x00000001
	blockPacket        = 0x00000002 // obsolete
	blockSimplePacket  = 0x00000003
	blockNames         = 0x00000004
	blockStatistics    = 0x00000005
	blockEnhanced      = 0x00000006
	blockJournal       = 0x00000009
	blockSecrets       = 0x0000000a
	blockCustom        = 0x00000bad
	blockCustomNoCopy  = 0x40000bad
	blockSysdigEvent   = 0x00000204
	blockSysdigEventV2 = 0x00000216
	blockSysdigLarge   = 0x00000221

	byteOrderMagic = 0x1a2b3c4d

	minBlock   = 12
	minSection = 28
	// wiretap's limit: an Enhanced Packet Block with the largest D-Bus message
	// and 128 KiB of options.
	maxBlock = 32 + 128<<20 + 128<<10
)

// block is one block of a pcapng file, checked against the file's size.
type block struct {
	kind   uint32
	offset int64 // of the block's type field
	order  byteOrder
	body   []byte // between the two total lengths
}

// isRecord reports whether Wireshark numbers the block as a frame.
func (b *block) isRecord() bool {
	switch b.kind {
	case blockEnhanced, blockSimplePacket, blockPacket, blockCustom, blockCustomNoCopy, blockJournal,
		blockSysdigEvent, blockSysdigEventV2, blockSysdigLarge:
		return true
	}
	return false
}

// blockReader steps through the blocks of a file.
type blockReader struct {
	data  []byte
	at    int64
	order byteOrder // of the current section
}

// cutShort says that the file ends within a block.
type cutShort struct{ text string }

func (e *cutShort) Error() string { return e.text }

func cutShortf(format string, args ...any) error { return &cutShort{fmt.Sprintf(format, args...)} }

// read returns the next block; ok is false at the end of the file. After an
// error nothing more can be read.
func (r *blockReader) read() (b block, ok bool, err error) {
	rest := r.data[r.at:]
	if len(rest) == 0 {
		return b, false, nil
	}
	if len(rest) < 8 {
		return b, false, cutShortf("block header cut short: got %d bytes, want 8", len(rest))
	}
	if binary.LittleEndian.Uint32(rest) == blockSection { // reads the same in both orders
		if r.order, err = sectionOrder(rest); err != nil {
			return b, false, err
		}
	}
	kind, length := r.order.Uint32(rest), r.order.Uint32(rest[4:])
	if length < minBlock {
		return b, false, fmt.Errorf("block of type 0x%08x has a total length of %d, want at least %d", kind, length, minBlock)
	}
	if length > maxBlock {
		return b, false, fmt.Errorf("block of type 0x%08x has a total length of %d, want at most %d", kind, length, maxBlock)
	}
	// Some writers forget to round up; wiretap does it for them.
	padded := (int64(length) + 3) &^ 3
	if padded > int64(len(rest)) {
		return b, false, cutShortf("block of type 0x%08x cut short: got %d bytes, want %d", kind, len(rest), padded)
	}
	if again := r.order.Uint32(rest[padded-4:]); (int64(again)+3)&^3 != padded {
		return b, false, fmt.Errorf("block of type 0x%08x has total lengths that differ: %d before and %d after", kind, length, again)
	}
	b = block{kind: kind, offset: r.at, order: r.order, body: rest[8 : padded-4 : padded-4]}
	r.at += padded
	return b, true, nil
}

// eachBlock calls do with every block of a pcapng file that the indexer read; a
// pcap file has none.
func (f *File) eachBlock(ctx context.Context, do func(b *block) error) error {
	if f.pcap != nil {
		return nil
	}
	return f.Guard(func() error {
		if f.index.base > 0 {
			return f.blocksAt(ctx, do)
		}
		r := blockReader{data: f.data[:f.read().end]}
		for n := 0; ; n++ {
			if n&0xfff == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			b, ok, err := r.read()
			if err != nil || !ok {
				return err
			}
			if err := do(&b); err != nil {
				return err
			}
		}
	})
}

// sectionOrder finds the byte order of the section that begins with b.
func sectionOrder(b []byte) (byteOrder, error) {
	if len(b) < minSection {
		return littleEndian, cutShortf("section header block cut short: got %d bytes, want %d", len(b), minSection)
	}
	switch {
	case binary.LittleEndian.Uint32(b[8:]) == byteOrderMagic:
		return littleEndian, nil
	case binary.BigEndian.Uint32(b[8:]) == byteOrderMagic:
		return bigEndian, nil
	}
	return littleEndian, fmt.Errorf("section header block has byte-order magic 0x%08x, want 0x%08x in either order", binary.LittleEndian.Uint32(b[8:]), byteOrderMagic)
}

// isPcapng reports whether data begins with a section header block.
func isPcapng(data []byte) bool {
	return len(data) >= minSection && binary.LittleEndian.Uint32(data) == blockSection &&
		(binary.LittleEndian.Uint32(data[8:]) == byteOrderMagic || binary.BigEndian.Uint32(data[8:]) == byteOrderMagic)
}
