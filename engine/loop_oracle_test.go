package engine

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/column"
	"pktsh/engine/wireshark"
)

// This file holds what columns tell of layers and fields against tshark -T pdml, on
// captures that none of us made.

// columnCaptures are the captures of an ordinary run: DNS, HTTP, TLS, quoted packets,
// tunnels, tags. PKTSH_SAMPLE=n takes n of all captures instead, 0 all of them.
var columnCaptures = []string{
	"ndpi/default_pcap_http.pcapng", "ndpi/default_pcap_dns.pcap", "ndpi/default_pcap_6in4tunnel.pcap", "ndpi/default_pcap_443-curl.pcap",
	"ndpi/default_pcap_http-lines-split.pcap",
	"tcpdump/802.1ad_QinQ.pcap", "tcpdump/icmp-rfc5837.pcap", "tcpdump/gso-ipv4-vxlan-ipv4.pcap",
}

// columnFrames is how many packets of each capture are compared.
const columnFrames = 200

func columnSample(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no captures: %v (PKTSH_CAPTURES names their directory)", err)
	}
	n, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE"))
	if err != nil {
		var out []string
		for _, name := range columnCaptures {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				out = append(out, filepath.Join(dir, name))
			}
		}
		return out
	}
	var all []string
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && filepath.Ext(path) != ".md" {
			all = append(all, path)
		}
		return nil
	})
	slices.Sort(all)
	if n <= 0 || n >= len(all) {
		return all
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

// pdmlNode is a proto or field of tshark's PDML.
type pdmlNode struct {
	XMLName xml.Name
	Name    string     `xml:"name,attr"`
	Show    *string    `xml:"show,attr"`
	Nodes   []pdmlNode `xml:",any"`
}

func (n *pdmlNode) protocol() bool { return n.XMLName.Local == "proto" }

// values are the texts of the fields of a name in a layer, protocols within it apart.
func (n *pdmlNode) values(name string) (out []string) {
	for i := range n.Nodes {
		f := &n.Nodes[i]
		if f.protocol() {
			continue
		}
		if f.Name == name {
			text := ""
			if f.Show != nil {
				text = *f.Show
			}
			out = append(out, text)
		}
		out = append(out, f.values(name)...)
	}
	return out
}

// names adds the names of fields to out.
func (n *pdmlNode) names(out map[string]bool) {
	for i := range n.Nodes {
		out[n.Nodes[i].Name] = true
		n.Nodes[i].names(out)
	}
}

// pdml returns the first packets of a capture as tshark has them.
func pdml(t *testing.T, tools wireshark.Tools, path string) []pdmlNode {
	t.Helper()
	cmd := exec.Command(tools.Tshark, "-n", "-2", "-r", path, "-T", "pdml", "-Y", "frame.number <= "+strconv.Itoa(columnFrames))
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir(), "TZ=UTC")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // it fails on captures whose last record is cut
	decoder := xml.NewDecoder(out)
	decoder.Strict = false
	var packets []pdmlNode
	for {
		token, err := decoder.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Logf("%s: %v", path, err)
			}
			_, _ = io.Copy(io.Discard, out)
			return packets
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "packet" {
			var p pdmlNode
			if err := decoder.DecodeElement(&p, &start); err != nil {
				t.Logf("%s: %v", path, err)
				_, _ = io.Copy(io.Discard, out)
				return packets
			}
			packets = append(packets, p)
		}
	}
}

// layer returns what a packet has of a layer of a protocol's: how many, the first,
// and the fields beside the tree's protocols.
func (n *pdmlNode) layer(protocol string) (count int, first, beside *pdmlNode) {
	for i := range n.Nodes {
		p := &n.Nodes[i]
		switch {
		case p.Name == "fake-field-wrapper":
			beside = p
		case p.Name == protocol:
			if count++; count == 1 {
				first = p
			}
		}
	}
	return count, first, beside
}

func TestColumnsAreTrees(t *testing.T) {
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not on PATH")
	}
	t.Setenv("TZ", "UTC")
	s := NewSession(Config{Tools: tools, CacheDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	catalogue, err := s.WaitCatalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told, asked := 0, 0
	for _, path := range columnSample(t) {
		c, err := s.Open(t.Context(), OpenOptions{Paths: []string{path}})
		if err != nil {
			continue // no capture
		}
		a, b := compareColumns(t, c, catalogue, path, pdml(t, tools, path))
		told, asked = told+a, asked+b
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("columns told %d of %d layers and fields", told, asked)
	if told*2 < asked {
		t.Errorf("columns told %d of %d layers and fields, want half of them", told, asked)
	}
}

// compareColumns returns how many of a capture's layers and fields columns told, of
// those that packets have.
func compareColumns(t *testing.T, c *Capture, catalogue *dissect.Catalogue, path string, packets []pdmlNode) (told, asked int) {
	t.Helper()
	names := map[string]bool{"http": true, "dns": true}
	for i := range packets {
		packets[i].names(names)
	}
	var wants []*wanted
	for name := range names {
		if w := c.ahead.want(t.Context(), c, name); w != nil && w.strip.Load() != nil {
			wants = append(wants, w)
		}
	}
	deep := c.startDeep()
	if len(wants) == 0 || deep.Wait(t.Context()) != nil {
		return 0, 0
	}
	values, err := c.ahead.load(t.Context(), c, deep, 0, wants)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return 0, 0
	}
	wrong := 0
	for i := range packets {
		for k, w := range wants {
			if i >= len(values[k]) {
				continue
			}
			got := values[k][i]
			count, first, beside := packets[i].layer(w.info.Protocol)
			var have []string
			if first != nil && !w.isProtocol() {
				have = first.values(w.info.Name)
				if beside != nil {
					have = append(have, beside.values(w.info.Name)...)
				}
			}
			if w.isProtocol() {
				have = make([]string, count)
			}
			if len(have) > 0 {
				if asked++; got.State == column.Found {
					told++
				}
			}
			ok := true
			switch got.State {
			case column.Missing:
				ok = len(have) == 0
			case column.Found:
				ok = count == 1 && len(have) > 0 && got.Text == have[0]
			}
			if !ok {
				if wrong++; wrong < 8 {
					t.Errorf("%s: frame %d: %s (%s): a column told %v %q, the tree has %d layers, values %.300q", path, i+1, w.info.Name, w.info.Type, got.State, got.Text, count, have)
				}
			}
		}
	}
	return told, asked
}
