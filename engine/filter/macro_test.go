package filter_test

import (
	"strings"
	"testing"

	"pktsh/engine/filter"
)

func TestMacros(t *testing.T) {
	m := filter.Macros{
		"web":     "tcp.port in {80, 443}",
		"private": "$1 == 10.0.0.0/8 || $1 == 192.168.0.0/16",
		"both":    "${web} && ${private:ip.addr}",
		"between": "$1 >= $2 and $1 <= $3",
		"loop":    "dns || ${again}",
		"again":   "!${loop}",
	}
	for _, c := range []struct{ expr, want, wrong string }{
		{"dns", "dns", ""},
		{"${web}", "tcp.port in {80, 443}", ""},
		{"!${web} && dns", "!tcp.port in {80, 443} && dns", ""},
		{"${private:ip.src} && dns", "(ip.src == 10.0.0.0/8 || ip.src == 192.168.0.0/16) && dns", ""},
		{"${private;ip.dst}", "(ip.dst == 10.0.0.0/8 || ip.dst == 192.168.0.0/16)", ""},
		{"${between:frame.len;60; 100}", "(frame.len >= 60 and frame.len <= 100)", ""},
		{"${both}", "(tcp.port in {80, 443} && (ip.addr == 10.0.0.0/8 || ip.addr == 192.168.0.0/16))", ""},
		{`http.host == "${web}"`, `http.host == "${web}"`, ""},
		{`http.host == "a\"${web}" || ${web}`, `http.host == "a\"${web}" || tcp.port in {80, 443}`, ""},
		{"tcp.stream == ${tcp.stream}", "tcp.stream == ${tcp.stream}", ""},
		{"dns && ${wbe}", "", `no filter is saved as "wbe"`},
		{"${web", "", `"}" is wanted`},
		{"${private}", "", "got 0 arguments"},
		{"${web:1}", "", "got 1 arguments, want 0"},
		{"${loop}", "", `uses itself`},
	} {
		got, err := m.Expand(c.expr)
		switch {
		case c.wrong == "" && (err != nil || got != c.want):
			t.Errorf("%s: got %s, %v, want %s", c.expr, got, err, c.want)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: got %s, %v, want an error with %s", c.expr, got, err, c.wrong)
		}
	}
	wide := filter.Macros{"a": strings.Repeat("${b}||", 60) + "dns", "b": "${c}||${c}", "c": "tcp"}
	if _, err := wide.Expand("${a}"); err == nil {
		t.Error("saved filters that grow without end are expanded")
	}
}
