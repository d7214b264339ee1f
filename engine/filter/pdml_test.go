package filter_test

// This file reads tshark's PDML into dissection trees: the filters then see
// exactly the values that tshark's own evaluator saw.

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"pktsh/dissect"
)

type pdmlNode struct {
	XMLName  xml.Name
	Name     string     `xml:"name,attr"`
	Show     string     `xml:"show,attr"`
	ShowName string     `xml:"showname,attr"`
	Pos      string     `xml:"pos,attr"`
	Size     string     `xml:"size,attr"`
	Hide     string     `xml:"hide,attr"`
	Nodes    []pdmlNode `xml:",any"`
}

// readPDML returns one tree a packet of the capture.
func readPDML(t *testing.T, pdml []byte, capture string, fields *dissect.Catalogue) []*dissect.Tree {
	t.Helper()
	var doc struct {
		Packets []pdmlNode `xml:"packet"`
	}
	if err := xml.Unmarshal(pdml, &doc); err != nil {
		t.Fatal(err)
	}
	r := openCapture(t, capture)
	var out []*dissect.Tree
	for i, p := range doc.Packets {
		data, _, err := r.ReadPacketData()
		if err != nil {
			t.Fatalf("packet %d: %v", i+1, err)
		}
		out = append(out, &dissect.Tree{
			Frame:   uint32(i + 1),
			Sources: []dissect.Source{{Name: fmt.Sprintf("Frame (%d bytes)", len(data)), Bytes: data}},
			Nodes:   convertPDML(p.Nodes, fields),
		})
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Fatalf("the capture has more packets than the PDML: %v", err)
	}
	return out
}

type packetReader interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

// openCapture opens a pcap or pcapng file.
func openCapture(t *testing.T, path string) packetReader {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := pcapgo.NewReader(bytes.NewReader(data)); err == nil {
		return r
	}
	r, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Skipf("%s: %v", path, err)
	}
	return r
}

func convertPDML(nodes []pdmlNode, fields *dissect.Catalogue) []*dissect.Field {
	var out []*dissect.Field
	for _, n := range nodes {
		switch n.Name {
		case "geninfo":
			continue
		case "fake-field-wrapper":
			out = append(out, convertPDML(n.Nodes, fields)...)
			continue
		}
		info, known := fields.Lookup(n.Name)
		f := &dissect.Field{
			Name: n.Name, Label: n.ShowName, Show: n.Show, Hidden: n.Hide == "yes",
			Protocol: known && info.Type == dissect.TypeProtocol,
			Children: convertPDML(n.Nodes, fields),
		}
		f.Pos, _ = strconv.Atoi(n.Pos)
		f.Size, _ = strconv.Atoi(n.Size)
		if n.Pos == "" && len(f.Children) > 0 {
			// "data" stands in the PDML without its place.
			f.Pos, f.Size = f.Children[0].Pos, f.Children[0].Size
		}
		out = append(out, f)
	}
	return out
}

// readCatalogue reads lines of "name type" as tshark -G fields has them.
func readCatalogue(text string) *dissect.Catalogue {
	var infos []dissect.FieldInfo
	for line := range strings.Lines(text) {
		if name, typ, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			infos = append(infos, dissect.FieldInfo{Name: name, Type: dissect.Type(typ)})
		}
	}
	return dissect.NewCatalogue(infos)
}
