package engine_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pktsh/engine"
	"pktsh/engine/wireshark"
)

// heard collects what a session says.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) notify(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

// since returns the lines from number n on.
func (h *heard) since(n int) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines[n:])
}

// notifyingSession is a session with Wireshark that tells h; it skips without.
func notifyingSession(t *testing.T, h *heard) *engine.Session {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	s := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir(), CacheDir: t.TempDir(), Notify: h.notify})
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// aircrack returns the path of one of the 802.11 captures, or skips.
func aircrack(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	path := filepath.Join(dir, "aircrack", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	return path
}

// start returns a capture of the first packets of a large one, or all of it where
// PKTSH_DIFFERENTIAL asks for everything.
func start(t *testing.T, s *engine.Session, path string, packets int) string {
	t.Helper()
	if os.Getenv("PKTSH_DIFFERENTIAL") == "all" {
		return path
	}
	c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Len() <= packets {
		return path
	}
	v, err := c.All().Slice(t.Context(), 0, packets, 1)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), filepath.Base(path))
	if _, err := v.Save(t.Context(), cut, nil); err != nil {
		t.Fatal(err)
	}
	return cut
}

// TestWLANDecryption compares which frames show which protocol, and every row, with
// tshark's answers under the same key.
func TestWLANDecryption(t *testing.T) {
	var said heard
	s := notifyingSession(t, &said)
	for _, tt := range []struct {
		file, kind, key string
		filters         []string
		rows            bool // of all packets
		summary         string
	}{
		{"wep_64_ptw.cap", "wep", "1f:1f:1f:1f:1f", []string{"arp"}, false, "protected packets"},
		{"wpa-psk-linksys.cap", "wpa-pwk", "dictionary:linksys", []string{"ip", "icmp", "arp", "dns"}, true, "decrypt 59 of 59 protected packets"},
		// The passphrase alone is tried with every network's name that is seen.
		{"wpa2-psk-linksys.cap", "WPA-PWD", "dictionary", []string{"ip", "icmp", "arp", "dns", "eapol"}, true, "decrypt 30 of 32 protected packets"},
		// The right key, and yet tshark 4.0 decrypts nothing: so do we, and say it.
		{"wpa.cap", "wpa-pwd", "biscotte:test", []string{"eapol", "wlan.fc.protected == 1"}, true, "decrypt 0 of 2 protected packets"},
	} {
		t.Run(tt.file+" "+tt.kind, func(t *testing.T) {
			path := start(t, s, aircrack(t, tt.file), 3000)
			record, err := engine.WLANKey(tt.kind, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}, Dissection: &engine.Dissection{DecryptionKeys: []string{record}}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			flags := []string{"-n", "-2", "-r", path, "-o", "wlan.enable_decryption:TRUE", "-o", "uat:80211_keys:" + record}
			for _, filter := range tt.filters {
				want := tsharkLines(t, append(slices.Clone(flags), "-Y", filter, "-T", "fields", "-e", "frame.number"))
				v, err := c.All().Narrow(t.Context(), filter)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for frame, err := range v.Frames(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprint(frame))
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %d frames, tshark has %d", filter, len(got), len(want))
				}
			}
			if tt.rows {
				want := tsharkLines(t, append(slices.Clone(flags), "-T", "fields", "-E", "separator=|", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info"))
				for r, err := range c.All().Rows(t.Context(), 0, c.Len(), engine.RowOptions{}) {
					if err != nil {
						t.Fatal(err)
					}
					if got := r.Protocol + "|" + r.Info; got != want[r.Number-1] {
						t.Errorf("frame %d: got %q, tshark has %q", r.Number, got, want[r.Number-1])
					}
				}
			}
			d, err := c.Decryption(t.Context())
			if err != nil || d == nil || (d.Decrypted == 0) != strings.HasPrefix(tt.summary, "decrypt 0 ") || !strings.Contains(d.Summary(), tt.summary) {
				t.Errorf("got %+v, %v; want %q", d, err, tt.summary)
			}
		})
	}
}

func tsharkLines(t *testing.T, args []string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "tshark", args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %q: %v", args, err)
	}
	text := strings.TrimSuffix(string(out), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// TestWrongKeysAreToldApart: a malformed key is an error at once; a key of the wrong
// type, one of another network and one for nothing are each said, once, with the
// first answer; a key that fits is silence.
func TestWrongKeysAreToldApart(t *testing.T) {
	var said heard
	s := notifyingSession(t, &said)
	for _, tt := range []struct{ file, kind, key, want string }{
		{"wep_64_ptw.cap", "wep", "nothex", "want a WEP key in hex digits"},
		{"wep_64_ptw.cap", "wep", "1f:1f:1f:1f:1e", "protected packets: it is another network's"},
		{"wep_64_ptw.cap", "wpa-pwd", "dictionary", "protected by WEP and the decryption key is of the type wpa-pwd"},
		{"wpa-psk-linksys.cap", "wpa-psk", "0f0f", "want 64 hex digits"},
		{"wpa-psk-linksys.cap", "wep", "1f:1f:1f:1f:1f", "protected by WPA and the decryption key is of the type wep"},
		{"wpa-psk-linksys.cap", "wpa-pwd", "dictionarY:linksys", "none of 59 protected packets"},
		{"wpa-psk-linksys.cap", "wpa-pwd", "dictionary:linksys", ""},
		{"wpa2.eapol.cap", "wpa-pwd", "12345678:Harkonen", "no packet of this capture is protected"},
	} {
		path := start(t, s, aircrack(t, tt.file), 3000)
		record, err := engine.WLANKey(tt.kind, tt.key)
		before := len(said.since(0))
		if err == nil {
			var c *engine.Capture
			if c, err = s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}, Dissection: &engine.Dissection{DecryptionKeys: []string{record}}}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // it is said once
				p, err := c.Packet(1)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Tree(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			_ = c.Close()
		}
		told := said.since(before)
		if err != nil {
			told = append(told, err.Error())
		}
		if tt.want == "" && len(told) != 0 || tt.want != "" && (len(told) != 1 || !strings.Contains(told[0], tt.want)) {
			t.Errorf("%s, %s %s: got %q, want %q", tt.file, tt.kind, tt.key, told, tt.want)
		}
	}
}
