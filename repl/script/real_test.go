package script

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// realCapture returns the path of one of the shared captures, or skips.
func realCapture(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		root, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
			if filepath.Dir(root) == root {
				t.Skip("no go.mod above the working directory")
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(root, "..", "shared", "captures")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	return path
}

// realInterp is an interpreter over an engine with Wireshark's dissectors.
func realInterp(t *testing.T, out io.Writer, mode plan.Mode) (*Interp, *engine.Session) {
	t.Helper()
	var tools wireshark.Tools
	var err error
	if tools.Tshark, err = exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	if tools.Sharkd, err = exec.LookPath("sharkd"); err != nil {
		t.Skip("sharkd is not installed")
	}
	s := engine.NewSession(engine.Config{Mode: mode, Tools: tools, TempDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	return New(Config{
		Out:  out,
		Echo: func(repr string) { _, _ = io.WriteString(out, repr+"\n") },
		Open: func(ctx context.Context, o OpenOptions) (*engine.Capture, error) {
			return s.Open(ctx, engine.OpenOptions{Paths: o.Paths})
		},
		Catalogue: s.Catalogue,
	}), s
}

// pdmlField is a field or protocol as tshark -T pdml writes it.
type pdmlField struct {
	Name     string      `xml:"name,attr"`
	Show     string      `xml:"show,attr"`
	Value    string      `xml:"value,attr"`
	Hide     string      `xml:"hide,attr"`
	Fields   []pdmlField `xml:"field"`
	Protocol []pdmlField `xml:"proto"`
}

type pdmlDocument struct {
	Packets []struct {
		Protocols []pdmlField `xml:"proto"`
	} `xml:"packet"`
}

// TestFieldsAgreeWithPDML compares every first field of every layer, its
// value and its raw value with what PyShark reads: tshark's PDML.
func TestFieldsAgreeWithPDML(t *testing.T) {
	for _, name := range []string{"ndpi/default_pcap_http.pcapng", "tcpdump/dns_udp.pcap"} {
		t.Run(name, func(t *testing.T) {
			path := realCapture(t, name)
			it, _ := realInterp(t, io.Discard, plan.Wireshark)
			if err := it.Exec(t.Context(), "c = FileCapture("+strconv.Quote(path)+")", "", 1); err != nil {
				t.Fatal(err)
			}
			c := it.main.env["c"].(*Capture)
			raw, err := exec.CommandContext(t.Context(), "tshark", "-2", "-n", "-T", "pdml", "-r", path).Output()
			if err != nil {
				t.Fatal(err)
			}
			var doc pdmlDocument
			if err := xml.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			if len(doc.Packets) == 0 || len(doc.Packets) != c.Len() {
				t.Fatalf("got %d packets, PDML has %d", c.Len(), len(doc.Packets))
			}
			compared := 0
			for i, want := range doc.Packets {
				p, err := c.at(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				compared += comparePacket(t, p, want.Protocols)
			}
			if compared < 20*len(doc.Packets) {
				t.Errorf("only %d fields compared", compared)
			}
		})
	}
}

func comparePacket(t *testing.T, p *Packet, protocols []pdmlField) (compared int) {
	x, err := p.tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, proto := range protocols {
		if proto.Name == "geninfo" || proto.Name == "fake-field-wrapper" {
			continue
		}
		key := normalize(proto.Name)
		if len(x.byName[key]) <= seen[key] {
			t.Errorf("frame %d: no layer %s", p.src.Number(), proto.Name)
			continue
		}
		l := x.byName[key][seen[key]]
		seen[key]++
		done := map[string]bool{}
		var walk func(fields []pdmlField)
		walk = func(fields []pdmlField) {
			for _, want := range fields {
				if want.Name != "" && !done[want.Name] {
					done[want.Name] = true
					compared++
					compareField(t, p, l, want)
				}
				walk(want.Fields)
			}
		}
		walk(proto.Fields)
	}
	return compared
}

// leftOut says why sharkd's tree, unlike PDML, lacks a field; "" if it must
// be there.
func leftOut(f pdmlField) string {
	switch {
	case f.Hide == "yes":
		return "sharkd leaves hidden fields out, index.go completes the common aliases"
	case strings.HasPrefix(f.Name, "_ws.expert"), strings.HasPrefix(f.Name, "tcp.connection."), f.Name == "http.chat":
		return "sharkd shows an expert item as a line of text without a field"
	case f.Show == "" && f.Value == "":
		return "sharkd names no field that has no value (FT_NONE)"
	}
	return ""
}

func compareField(t *testing.T, p *Packet, l *Layer, want pdmlField) {
	if want.Name == "http.response.line" {
		return // the first is hidden, the others are not
	}
	want.Show = strings.ReplaceAll(want.Show, "\r\n", "\n")
	f, err := l.field(t.Context(), want.Name)
	if err != nil {
		t.Fatal(err)
	}
	ok := f != nil
	if !ok && leftOut(want) != "" {
		return
	}
	if !ok {
		t.Errorf("frame %d: layer %s has no %s", p.src.Number(), l.name, want.Name)
		return
	}
	// XML's parser turns CRLF into LF.
	if show := strings.ReplaceAll(f.node.Show, "\r\n", "\n"); show != want.Show {
		t.Errorf("frame %d: %s: show %q, PDML has %q", p.src.Number(), want.Name, f.node.Show, want.Show)
	}
	if want.Value != "" && !strings.EqualFold(f.raw(), want.Value) {
		t.Errorf("frame %d: %s: raw_value %q, PDML has %q (label %q)", p.src.Number(), want.Name, f.raw(), want.Value, f.node.Label)
	}
}

// TestSession runs what language.md shows over a real capture.
func TestSession(t *testing.T) {
	path := realCapture(t, "ndpi/default_pcap_http.pcapng")
	var out strings.Builder
	it, s := realInterp(t, &out, plan.Auto)
	if _, err := s.WaitCatalogue(t.Context()); err != nil { // types make flags_syn.value a bool
		t.Fatal(err)
	}
	src := "cap = FileCapture(" + strconv.Quote(path) + ", display_filter='http')\n" + `
hosts = {}
def show_hosts(p):
    if 'http' in p and p.http.has_field('host'): hosts[p.http.host] = hosts.get(p.http.host, 0) + 1
cap.apply_on_packets(show_hosts)
print(len(hosts) > 0, len(cap) > 0, cap[0].transport_layer, 'HTTP' in cap[0])
ports = [int(p[p.transport_layer].srcport) for p in cap]
print(min(ports) > 0, cap[0].tcp.flags_syn.value, type(cap[0].frame_info.time_epoch))
cap2 = FileCapture(` + strconv.Quote(path) + `, keep_packets=False, only_summaries=True)
n = 0
for p in cap2: n += p.length
print(n > 0, type(cap2.next().sniff_time))
`
	if err := it.Exec(t.Context(), src, "session.star", 1); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "True True TCP True\nTrue False Field\nTrue datetime\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	view, _ := it.GetCapture("cap")
	narrowed, err := view.Narrow(t.Context(), "tcp")
	if err != nil {
		t.Fatal(err)
	}
	if !it.SetCaptureMode("cap", false, true) || it.SetCaptureMode("nope", true, true) {
		t.Error("SetCaptureMode says wrongly whether there is such a capture")
	}
	it.SetCapture("cap", narrowed)
	if now, ok := it.GetCapture("cap"); !ok || now != narrowed {
		t.Errorf("GetCapture after SetCapture: %v %v", now, ok)
	}
	if c := it.main.env["cap"].(*Capture); c.keepPackets || !c.onlySummary {
		t.Error("another view of the capture forgot its mode")
	}
	it.SetCaptureMode("cap", true, false)
	p, err := view.Capture().Packet(2)
	if err != nil {
		t.Fatal(err)
	}
	it.SetPacket("pkt", p)
	out.Reset()
	if err := it.Exec(t.Context(), "pkt.number", "x", 1); err != nil || out.String() != "2\n" {
		t.Errorf("pkt.number: %q %v", out.String(), err)
	}
	if got, ok := it.GetPacket("pkt"); !ok || got != p {
		t.Errorf("GetPacket: %v %v", got, ok)
	}
	for _, bad := range []struct{ src, want string }{
		{"FileCapture('/nonexistent/x.pcap')", "no such file"},
		{"FileCapture(" + strconv.Quote(path) + ", display_filter='ip.srcc == 1')", "ip.srcc"},
		{"cap.filter('ip.src ==')", ""},
	} {
		err := it.Exec(t.Context(), bad.src, "x", 1)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Msg, bad.want) {
			t.Errorf("%s: %v", bad.src, err)
		}
	}
}
