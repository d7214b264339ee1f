package capfile

import (
	"net/netip"
)

// Record locates one packet. Times are nanoseconds since the Unix epoch.
type Record struct {
	// Offset is where the packet's data begins in the mapped bytes.
	Offset int64
	// Time is when the packet was captured. Where the file's fraction of a
	// second does not fit, it is what Wireshark makes of it: see OddTime.
	Time int64
	// HasTime is false for simple packet and custom blocks, which have no time.
	HasTime bool
	// OddTime says that Time is not to be trusted to be the text Wireshark
	// shows: the fraction is a second or more, or the value is beyond int64.
	OddTime bool
	// Captured is the number of bytes in the file, Original the number on the
	// wire. Original may be less than Captured, and above 2^31: files say so.
	Captured, Original uint32
	// Interface is an index into File.Interfaces.
	Interface int
}

// Interface is what packets were captured on: an Interface Description Block of
// pcapng, or the header of a pcap file.
type Interface struct {
	Name, Description, Filter, OS, Hardware string
	Comments                                []string
	// LinkType is the LINKTYPE_ value in the file (tcpdump.org/linktypes.html),
	// without the FCS bits that pcap has above it. It is -1 for the stand-in
	// interface that records belong to which are not packets (custom blocks,
	// systemd journal entries, sysdig events): only Wireshark's dissectors know them.
	LinkType int
	// FCS is the number of bytes of frame check sequence after each packet, -1
	// when the file does not say.
	FCS int
	// SnapLen is the snapshot length in bytes, 0 for no limit.
	SnapLen uint32
	// Digits is the number of decimal digits of the time's resolution: 6, 9, 3 …
	// As in Wireshark it is one of 0, 1, 2, 3, 6 and 9, rounded down.
	Digits int
	// Exact says that the resolution is a power of ten from 10^0 to 10^-9, so that
	// times are whole nanoseconds.
	Exact bool
	// Speed is in bits per second, 0 when unknown.
	Speed uint64
	// Section counts the sections of a pcapng file from 0.
	Section int
	// ID is the interface's number in its section as frame.interface_id has it,
	// -1 in a pcap file, which has none.
	ID int
	// Source is an index into File.Paths.
	Source int

	clock clock
	phdr  pseudoHeader
	block *blockOptions // nil when the file has no block for it
}

// blockOptions are the options of an Interface Description Block as they are in the file.
type blockOptions struct {
	options []byte
	order   byteOrder
}

// Name is an entry of a Name Resolution Block (pcapng draft, section 4.5).
type Name struct {
	Address netip.Addr
	Names   []string
}

// Warning is something odd about a file that did not keep it from being opened.
type Warning struct {
	// Offset in the mapped bytes.
	Offset int64
	// Text names the file, the packet and the byte offset already.
	Text string
}
