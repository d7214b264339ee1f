package repl

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/wireshark"
	"pktsh/repl/render"
)

// TestSettingsComplete: once Wireshark's preferences are known, their names and values
// are offered, and so are key types and protocols.
func TestSettingsComplete(t *testing.T) {
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	var out bytes.Buffer
	session := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir()})
	defer session.Close()
	shell := New(Config{Session: session, Out: &out, Err: &out, Style: func() render.Style { return render.Style{} }})
	shell.Exec(context.Background(), "prefs tcp.desegment_tcp_streams") // waits until they are known
	if !strings.Contains(out.String(), "TRUE or FALSE") {
		t.Fatalf("got %q", out.String())
	}
	if _, err := session.WaitCatalogue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, want string }{
		{"prefs tcp.desegment_tcp_st", "tcp.desegment_tcp_streams"},
		{"prefs --unset tcp.desegment_tcp_st", "tcp.desegment_tcp_streams"},
		{"prefs tcp.desegment_tcp_streams ", "TRUE FALSE --output --unset"},
		{"prefs gui.toolbar_main_style ", "ICONS TEXT BOTH --output --unset"},
		{"keys --type ", "wep wpa-pwd wpa-psk"},
		{"keys --type wpa-p", "wpa-pwd wpa-psk"},
		{"protocols --disable http2", "http2"},
		{"protocols syslo", "syslog"},
	} {
		found, _ := shell.Complete(t.Context(), tt.line, len(tt.line))
		var got []string
		for _, s := range found {
			got = append(got, s.Text)
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%q: got %s, want %s", tt.line, text, tt.want)
		}
	}
}

// TestSettingsWithoutWireshark: what is Wireshark's to set is said to be so.
func TestSettingsWithoutWireshark(t *testing.T) {
	b := newBench(t, render.Style{})
	for _, line := range []string{"prefs tcp.x TRUE", "prefs tcp", "decode_as udp.port==1,dns", "protocols --disable dns", "keys passphrase"} {
		if got := b.do(line); !strings.Contains(got, "are Wireshark's: there are none without it (leave out --engine native)") {
			t.Errorf("%s: got %q", line, got)
		}
	}
}
