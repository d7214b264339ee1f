package repl

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pktsh/engine"
	"pktsh/engine/wireshark"
	"pktsh/repl/render"
)

// TestQuirkDecryptionKeyWithDefaultType: with PyShark the default encryption type is
// one that tshark refuses, and no packet comes. Here both ways of giving a key
// decrypt, and say whether it fits.
func TestQuirkDecryptionKeyWithDefaultType(t *testing.T) {
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	path := filepath.Join(dir, "aircrack", "wpa-psk-linksys.cap")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	var out bytes.Buffer
	session := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir(), Notify: func(line string) { fmt.Fprintln(&out, line) }})
	defer session.Close()
	shell := New(Config{Session: session, Out: &out, Err: &out, Style: func() render.Style { return render.Style{} }})
	for _, step := range []struct{ in, want string }{
		{fmt.Sprintf("c = FileCapture('%s', decryption_key='dictionary:linksys')", path), ""},
		{"len(c.filter('ip')), len(c.filter('eapol'))", "(53, 7)\n"},
		{"c.close()", ""},
		{fmt.Sprintf("cap = FileCapture('%s')", path), ""},
		{"len(cap.filter('ip'))", "0\n"},
		{"keys --type wpa-pwd wrongwrong:linksys", "802.11 key of the type wpa-pwd added; wpa-psk-linksys.cap is dissected anew: the next answer on all its 587 packets takes about 315 ms\n"},
		{"len(cap.filter('ip'))", "wpa-psk-linksys.cap: the decryption key decrypts none of 59 protected packets: it is another network's, or the capture lacks the four EAPOL messages of its handshake\n0\n"},
		{"keys dictionary:linksys", "802.11 key of the type wpa-pwd added; wpa-psk-linksys.cap is dissected anew: the next answer on all its 587 packets takes about 315 ms\n"},
		{"len(cap.filter('ip'))", "53\n"},
		{"keys", "  Type     Key\n  wpa-pwd  wrongwrong:linksys\n  wpa-pwd  dictionary:linksys\nthe 802.11 keys decrypt 59 of 59 protected packets\n"},
	} {
		out.Reset()
		shell.Exec(context.Background(), step.in)
		if out.String() != step.want {
			t.Errorf("%s\ngot  %q\nwant %q", step.in, out.String(), step.want)
		}
	}
}
