package script

import (
	"testing"

	"pktsh/dissect"
)

// TestPrefixWithinName finds a field whose name has its layer's prefix within, with and
// without that.
func TestPrefixWithinName(t *testing.T) {
	it := New(Config{})
	x := it.newIndex(&dissect.Tree{Nodes: []*dissect.Field{proto("xml", "XML", field("xml.xmlpi.xml.version", "version: 1.0", "1.0", 0, 0))}}, nil)
	for _, name := range []string{"xmlpi_version", "xmlpi_xml_version", "xml.xmlpi.xml.version"} {
		if f, ok := x.layers[0].find(name).(*Field); !ok || f.show != "1.0" {
			t.Errorf("%s: got %v", name, f)
		}
	}
}
