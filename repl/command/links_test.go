package command

import "testing"

// TestLinkName names types that gopacket knows, that it does not, and one of nobody's.
func TestLinkName(t *testing.T) {
	for linkType, want := range map[int]string{
		1: "Ethernet", 228: "Raw IPv4", 227: "SocketCAN", 276: "Linux cooked v2", 230: "IEEE 802.15.4 without FCS",
		147: "link type 147", 300: "link type 300", -1: "link type -1",
	} {
		if got := linkName(linkType); got != want {
			t.Errorf("%d: got %q, want %q", linkType, got, want)
		}
	}
}
