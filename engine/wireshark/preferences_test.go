package wireshark

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPreferences(t *testing.T) {
	all, err := installed(t).Preferences(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(all, func(a, b Preference) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the preferences are not sorted by name")
	}
	for name, want := range map[string]Preference{
		"tcp.desegment_tcp_streams": {Default: "TRUE", Kind: "TRUE or FALSE", Description: "Whether subdissector can request TCP streams to be reassembled"},
		"gui.toolbar_main_style":    {Default: "ICONS", Kind: "One of", Choices: []string{"ICONS", "TEXT", "BOTH"}},
		"tls.keylog_file":           {Kind: "A path to a file"},
		"camel.tcap.ssn":            {Default: "146", Kind: `A string denoting an positive integer range (e.g., "1-20,30-40")`},
	} {
		i := slices.IndexFunc(all, func(p Preference) bool { return p.Name == name })
		if i < 0 {
			t.Errorf("no preference %s", name)
			continue
		}
		got := all[i]
		if got.Default != want.Default || got.Kind != want.Kind || !slices.Equal(got.Choices, want.Choices) || !strings.HasPrefix(got.Description, want.Description) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	without := 0
	for _, p := range all {
		if p.Kind == "" {
			without++
		}
	}
	if without > 5 {
		t.Errorf("%d of %d preferences have no kind of value", without, len(all))
	}
}

func TestReadKeyLog(t *testing.T) {
	random, secret := strings.Repeat("5a", 32), strings.Repeat("0f", 48)
	for _, tt := range []struct {
		text        string
		keys, known int
		other       bool
		err         string
	}{
		{"", 0, 0, false, ""},
		{"# only a comment\n\n", 0, 0, false, ""},
		{"CLIENT_RANDOM " + random + " " + secret + "\n", 1, 1, false, ""},
		{"SERVER_HANDSHAKE_TRAFFIC_SECRET " + random + " " + secret + "\r\nCLIENT_TRAFFIC_SECRET_0 " + random + " " + secret, 2, 1, false, ""},
		{"RSA 0123456789abcdef " + secret + "\nnonsense\n", 1, 0, true, ""},
		{"RSA Session-ID:0123 Master-Key:4567\n", 1, 0, true, ""},
		{"CLIENT_RANDOM " + random[2:] + " " + secret + "\n", 0, 0, false, "no line with a key"},
		{"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 0, 0, false, "no line with a key"},
		{strings.Repeat("long ", 40000), 0, 0, false, "no line with a key"},
	} {
		path := filepath.Join(t.TempDir(), "keys.log")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := ReadKeyLog(path)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%.40q: got %v, want %q", tt.text, err, tt.err)
			}
			continue
		}
		if err != nil || log.Keys != tt.keys || len(log.Randoms) != tt.known || log.ByOther != tt.other {
			t.Errorf("%.40q: got %+v, %v", tt.text, log, err)
		}
	}
}
