package completion

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	fields := []string{"dns.qry.name", "dns.qry.type", "dns.qry.name.len", "ip.src", "ip.dst", "tcp.port", "http.host", "io", "ls", "show"}
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
		"p":            "", // one letter is like every other
	} {
		got, ok := Nearest(word, slices.Values(fields))
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q %v, want %q", word, got, ok, want)
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
