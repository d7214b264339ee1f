package engine_test

import (
	"strings"
	"testing"

	"pktsh/engine"
)

func TestParseColorRules(t *testing.T) {
	_, err := engine.ParseColorRules(strings.NewReader("# Wireshark's\n\n@HTTP@http || tcp.port == 80@[58596,65535,51143][4718,10030,11796]\r\n" +
		"!@a \\@ b@\\@eth.addr == 00:00:00:00:00:00@[0,256,65535] [1,2,3]\n"))
	if err == nil {
		t.Error("a space between the colours was taken")
	}
	rules, err := engine.ParseColorRules(strings.NewReader("# Wireshark's\n\n@HTTP@http || tcp.port == 80@[58596,65535,51143][4718,10030,11796]\r\n" +
		"!@a \\@ b@\\@eth.addr == 00:00:00:00:00:00@[0,256,65535][1,2,3]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.ColorRule{
		{Name: "HTTP", Filter: "http || tcp.port == 80", Background: engine.RGB{R: 0xe4, G: 0xff, B: 0xc7}, Foreground: engine.RGB{R: 0x12, G: 0x27, B: 0x2e}},
		{Name: "a @ b", Filter: "@eth.addr == 00:00:00:00:00:00", Background: engine.RGB{G: 1, B: 255}, Disabled: true},
	}
	for i := range want {
		if i >= len(rules) || rules[i] != want[i] {
			t.Fatalf("got %+v, want %+v", rules, want)
		}
	}
	for text, why := range map[string]string{
		"HTTP":                              "line 1: got \"HTTP\"",
		"\n@n@f@":                           "line 2: rule \"n\"",
		"@n@f@[1,2,3][1,2]":                 "from 0 to 65535",
		"@n@f@[1,2,3][1,2,65536]":           "from 0 to 65535",
		"@@f@[1,2,3][1,2,3]":                "want @name@filter@",
		"@n@ @[1,2,3][1,2,3]":               "want @name@filter@",
		"@n@f@[red,green,blue][black,black": "from 0 to 65535",
	} {
		if _, err := engine.ParseColorRules(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: got the error %v, want one with %q", text, err, why)
		}
	}
}
