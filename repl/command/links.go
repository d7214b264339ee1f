package command

import (
	"fmt"
	"strings"

	"github.com/google/gopacket/layers"
)

// linkName names a LINKTYPE_ value (tcpdump.org/linktypes.html).
func linkName(linkType int) string {
	if linkType >= 0 && linkType < 256 {
		if name := layers.LinkType(linkType).String(); name != "" && !strings.HasPrefix(name, "Unknown") {
			return name
		}
	}
	return fmt.Sprintf("link type %d", linkType)
}
