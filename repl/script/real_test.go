package script

import (
	"context"
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
	s := engine.NewSession(engine.Config{Mode: mode, Tools: tools, TempDir: t.TempDir(), CacheDir: t.TempDir()})
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
