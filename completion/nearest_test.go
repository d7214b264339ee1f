package completion

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	fields := []string{"dns.qry.name", "dns.qry.type", "dns.qry.name.len", "ip.src", "ip.dst", "tcp.port", "http.host", "io", "ls", "show", "zip", "dsi", "dns", "pkt"}
	for word, want := range map[string]string{
		"dns.qry.nmae": "dns.qry.name",
		"dns.qry.tpye": "dns.qry.type",
		"DNS.QRY.NAME": "dns.qry.name", // nothing but case is the nearest of all
		"ip.scr":       "ip.src",
		"tcp.prot":     "tcp.port",
		"lss":          "ls",
		"sohw":         "show", // two letters swapped are one slip
		"hsow":         "show",
		"wohs":         "",
		"sl":           "ls",
		"shw":          "show",
		"io":           "", // an exact match is no suggestion, and nothing else is near
		"":             "",
		"zzzzzz":       "",
		"dsn":          "dns", // and likelier than another letter
		"DSN":          "dns",
		"dsj":          "dsi",
		"ip":           "", // zip is as near as io
		"pk":           "pkt",
		"kp":           "",
		"p":            "", // one letter is like every other
	} {
		got, ok := Nearest(word, slices.Values(fields))
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q %v, want %q", word, got, ok, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"dns", "dns", 0}, {"dsn", "dns", 1}, {"dsi", "dns", 4}, {"dn", "dns", 2}, {"", "io", 4},
		{"abab", "baba", 4}, // moved, not one swap
	} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q, %q: got %d half edits, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestMatchWord(t *testing.T) {
	for _, tt := range []struct {
		word, candidate string
		want            match
	}{
		{"", "x", matchPrefix}, {"ip", "ip.src", matchPrefix}, {"IP", "ip.src", matchFoldPrefix},
		{"isr", "ip.src", matchFuzzy}, {"ip.srcx", "ip.src", matchNone}, {"ä", "Ä", matchFoldPrefix}, {"xä", "axbÄ", matchFuzzy}, {"\xff", "a", matchNone},
	} {
		if got := matchWord(tt.word, tt.candidate); got != tt.want {
			t.Errorf("%q in %q: got %v, want %v", tt.word, tt.candidate, got, tt.want)
		}
	}
}
