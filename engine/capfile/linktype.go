package capfile

// This file knows what differs between link types for a reader that does not
// dissect: how large a packet may be and how much of it is not the packet's.

// LINKTYPE_ values (tcpdump.org/linktypes.html) that a reader has to tell apart.
const (
	linkEthernet     = 1
	linkTokenRing    = 6
	linkFDDI         = 10
	linkSLIPBSD      = 13 // Nokia's files mean ATM by it
	linkSunATM       = 123
	linkMTP2Phdr     = 139
	linkIrDA         = 144
	linkLAPD         = 177
	linkUSBFreeBSD   = 186
	linkUSBLinux     = 189
	linkSITA         = 196
	linkERF          = 197
	linkBTH4Phdr     = 201
	linkPPPDir       = 204
	linkCHDLCDir     = 205
	linkFRelayDir    = 206
	linkLAPBDir      = 207
	linkI2C          = 209
	linkUSBMmapped   = 220
	linkDBus         = 231
	linkNFCLLCP      = 245
	linkUSBPcap      = 249
	linkBTMonitor    = 254
	linkEBHSCR       = 279
	linkNotAPacket   = -1
	maxPacket        = 262144
	maxPacketEBHSCR  = 32 << 20
	maxPacketLargest = 128 << 20
)

// packetLimit is the largest captured length that wiretap takes for real
// (wtap_max_snaplen_for_encap); above it the file is damaged.
func packetLimit(linkType int) uint32 {
	switch linkType {
	case linkDBus, linkUSBPcap, linkUSBLinux, linkUSBMmapped, linkUSBFreeBSD:
		return maxPacketLargest
	case linkEBHSCR:
		return maxPacketEBHSCR
	}
	return maxPacket
}

// pseudoHeader is the number of bytes before a packet that belong to the
// capture and not to the packet: Wireshark counts them in neither frame.len nor
// frame.cap_len and does not show them among the packet's bytes.
type pseudoHeader uint32

func pseudoHeaderOf(linkType int, nokia bool) pseudoHeader {
	switch linkType {
	case linkSunATM, linkMTP2Phdr, linkBTH4Phdr, linkBTMonitor:
		return 4
	case linkIrDA, linkLAPD:
		return 16
	case linkSITA, linkI2C:
		return 5
	case linkPPPDir, linkCHDLCDir, linkFRelayDir, linkLAPBDir:
		return 1
	case linkNFCLLCP:
		return 2
	case linkERF:
		return 16
	case linkSLIPBSD:
		if nokia {
			return 4
		}
	}
	return 0
}
