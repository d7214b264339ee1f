package command

import (
	"fmt"
	"strings"

	"github.com/google/gopacket/layers"
)

// linkName names a LINKTYPE_ value (tcpdump.org/linktypes.html).
func linkName(linkType int) string {
	if name, ok := linkNamed(linkType); ok {
		return name
	}
	if linkType >= 0 && linkType < 256 {
		if name := layers.LinkType(linkType).String(); name != "" && !strings.HasPrefix(name, "Unknown") {
			return name
		}
	}
	return fmt.Sprintf("link type %d", linkType)
}

// linkNamed names the types that gopacket does not, as capinfos does where Wireshark
// knows them.
func linkNamed(linkType int) (name string, ok bool) {
	name, ok = map[int]string{
		50:  "PPP over serial with HDLC encapsulation",
		104: "Cisco HDLC",
		107: "Frame Relay",
		129: "Linux ARCNET",
		140: "SS7 MTP2",
		165: "BACnet MS/TP",
		189: "USB with Linux header",
		192: "Per-Packet Information header",
		195: "IEEE 802.15.4 with FCS",
		197: "ERF",
		201: "Bluetooth H4 with Linux header",
		204: "PPP with direction",
		220: "USB with padded Linux header",
		224: "Fibre Channel FC-2",
		226: "Solaris IPNET",
		227: "SocketCAN",
		228: "Raw IPv4",
		229: "Raw IPv6",
		230: "IEEE 802.15.4 without FCS",
		231: "D-Bus",
		239: "NFLOG",
		242: "IP over InfiniBand",
		243: "MPEG-2 transport stream",
		245: "NFC LLCP",
		247: "InfiniBand",
		248: "SCTP",
		249: "USBPcap",
		251: "Bluetooth LE link layer",
		253: "Netlink",
		254: "Bluetooth Linux monitor",
		256: "Bluetooth LE link layer with header",
		258: "Apple PKTAP",
		266: "USB with Darwin header",
		270: "LoRaTap",
		271: "Linux vsock",
		272: "Nordic BLE sniffer",
		276: "Linux cooked v2",
		280: "VPP graph dispatch trace",
		281: "Broadcom tag",
		282: "prepended Broadcom tag",
		283: "IEEE 802.15.4 TAP",
		284: "DSA tag",
		285: "EtherType DSA tag",
		289: "ATSC link-layer protocol",
		290: "Event Tracing for Windows",
	}[linkType]
	return name, ok
}
