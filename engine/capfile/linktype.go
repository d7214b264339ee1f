package capfile

// This file knows what differs between link types for a reader that does not
// dissect: how large a packet may be and how much of it is not the packet's.
// What Wireshark 4.0 does was measured with one packet of each link type.

import (
	"encoding/binary"
	"fmt"
)

// LINKTYPE_ values (tcpdump.org/linktypes.html) that a reader has to tell apart.
const (
	linkEthernet   = 1
	linkTokenRing  = 6
	linkFDDI       = 10
	linkSLIPBSD    = 13 // Nokia's files mean ATM by it
	linkSunATM     = 123
	linkMTP2Phdr   = 139
	linkIrDA       = 144
	linkLAPD       = 177
	linkUSBFreeBSD = 186
	linkUSBLinux   = 189
	linkSITA       = 196
	linkERF        = 197
	linkBTH4Phdr   = 201
	linkPPPDir     = 204
	linkI2C        = 209
	linkUSBMmapped = 220
	linkDBus       = 231
	linkNFCLLCP    = 245
	linkUSBPcap    = 249
	linkBTMonitor  = 254
	linkUSBDarwin  = 266
	linkEBHSCR     = 279
	linkNotAPacket = -1
)

// packetLimit is the largest captured length that wiretap takes for real
// (wtap_max_snaplen_for_encap); above it the file is damaged.
func packetLimit(linkType int) uint32 {
	switch linkType {
	case linkDBus, linkUSBPcap, linkUSBLinux, linkUSBMmapped, linkUSBFreeBSD, linkUSBDarwin:
		return 128 << 20
	case linkEBHSCR:
		return 8 << 20
	}
	return commonLimit
}

// commonLimit is the limit of link types without one of their own, and the least.
const commonLimit = 262144

// pseudoHeader is what stands before a packet and belongs to the capture, not to
// the packet: Wireshark counts it in neither frame.len nor frame.cap_len and
// does not show it among the packet's bytes.
type pseudoHeader struct {
	size     uint32 // bytes that are there in any case
	erf      bool   // Endace's record header, whose size is in itself
	protocol uint16 // what bytes 14 and 15 of a Linux cooked header must be, 0 for anything
}

func pseudoHeaderOf(linkType int, nokia bool) pseudoHeader {
	switch linkType {
	case linkSunATM, linkMTP2Phdr, linkBTH4Phdr, linkBTMonitor:
		return pseudoHeader{size: 4}
	case linkIrDA:
		return pseudoHeader{size: 16, protocol: 0x0017} // ETH_P_IRDA
	case linkLAPD:
		return pseudoHeader{size: 16, protocol: 0x0030} // ETH_P_LAPD
	case linkSITA, linkI2C:
		return pseudoHeader{size: 5}
	case linkPPPDir:
		return pseudoHeader{size: 1}
	case linkNFCLLCP:
		return pseudoHeader{size: 2}
	case linkERF:
		return pseudoHeader{size: erfHeaderSize, erf: true}
	case linkSLIPBSD:
		if nokia {
			return pseudoHeader{size: 4}
		}
	}
	return pseudoHeader{}
}

// check reports a record that is too short for its pseudo header or has the
// wrong one; wiretap stops at it.
func (h pseudoHeader) check(record []byte) error {
	if len(record) < int(h.size) {
		return fmt.Errorf("packet of %d bytes is too small for the %d bytes of its pseudo header", len(record), h.size)
	}
	if h.protocol != 0 {
		if got := binary.BigEndian.Uint16(record[14:]); got != h.protocol {
			return fmt.Errorf("cooked pseudo header has protocol 0x%04x, want 0x%04x", got, h.protocol)
		}
	}
	if h.erf {
		if size := erfSize(record); size > len(record) {
			return fmt.Errorf("packet of %d bytes is too small for the %d bytes of its ERF headers", len(record), size)
		}
	}
	return nil
}

// strip takes the pseudo header off a record that passed check. original is the
// length on the wire that the record's own header gives, likewise stripped.
func (h pseudoHeader) strip(record []byte, original uint32) (skip int, captured, length uint32) {
	if h.erf {
		// ERF has the length on the wire in its own header, and wiretap takes
		// no more bytes than that.
		skip, length = erfSize(record), uint32(binary.BigEndian.Uint16(record[14:]))
		return skip, min(uint32(len(record)-skip), length), length
	}
	return int(h.size), uint32(len(record)) - h.size, original - h.size
}

// erfHeaderSize is the fixed part of an ERF record header: a little-endian
// 32.32 fixed-point time, type, flags, record length, loss counter and wire
// length, the latter three big-endian (Endace's "ERF types reference").
const erfHeaderSize = 16

// erfSize is the length of all headers of an ERF record: the fixed one, eight
// bytes for each extension header while the top bit says that one follows, and
// the subheader of the type. It may be more than the record has.
func erfSize(record []byte) int {
	size := erfHeaderSize
	for more := record[8]&0x80 != 0; more; {
		if size >= len(record) {
			return size + 8
		}
		more = record[size]&0x80 != 0
		size += 8
	}
	switch record[8] & 0x7f {
	case 2, 11, 16, 20: // Ethernet: offset and padding
		size += 2
	case 5, 6, 7, 8, 9, 12, 17, 18: // multichannel HDLC, ATM, AAL, raw
		size += 4
	}
	return size
}

// erfTime converts the time of an ERF record, which is what counts when such
// records come in a pcap file.
func erfTime(record []byte) int64 {
	t := binary.LittleEndian.Uint64(record)
	fraction := t & 0xffffffff * 1e9
	fraction += fraction & 0x80000000 << 1 // rounds
	return int64(t>>32)*1e9 + int64(fraction>>32)
}
