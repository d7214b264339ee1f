package wireshark

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestValidateRefuses(t *testing.T) {
	tools := installed(t)
	for _, c := range []struct {
		cfg  Config
		want []string // parts of the error
	}{
		{Config{Names: "mz"}, []string{`'z'`, "mnN"}},
		{Config{Preferences: []string{"nonsense"}}, []string{`"nonsense"`, "name:value"}},
		{Config{Preferences: []string{"tcp.desegment_tcp_stream:TRUE"}}, []string{"unknown preference", `did you mean "tcp.desegment_tcp_streams"`}},
		{Config{Preferences: []string{"tcp.desegment_tcp_streams:maybe"}}, []string{`"maybe"`, "TRUE or FALSE"}},
		{Config{Preferences: []string{"gui.toolbar_main_style:ICON"}}, []string{`"ICON"`, "ICONS, TEXT, BOTH"}},
		{Config{Preferences: []string{"sip.tls.port:x"}}, []string{`"x"`, "decimal number"}},
		{Config{DecodeAs: []string{"udp.port"}}, []string{"udp.port==5300,dns"}},
		{Config{DecodeAs: []string{"udp.prt==1,dns"}}, []string{"unknown layer type", `did you mean "udp.port"`}},
		{Config{DecodeAs: []string{"udp.port==1,snmmp"}}, []string{"unknown protocol", `did you mean "snmp"`}},
		{Config{DecodeAs: []string{"udp.port==9-1,dns"}}, []string{`"9-1"`}},
		{Config{DecodeAs: []string{"udp.port==x,dns"}}, []string{`"x"`}},
		{Config{DisabledProtocols: []string{"htttp"}}, []string{`unknown protocol "htttp"`, `did you mean "http"`}},
		{Config{EnabledProtocols: []string{"HTTP"}}, []string{`unknown protocol "HTTP"`}},
		{Config{KeyLog: filepath.Join(t.TempDir(), "absent")}, []string{"key log", "no such file"}},
		{Config{Preferences: []string{"ssl.keylog_file:" + filepath.Join(t.TempDir(), "absent")}}, []string{"key log", "no such file"}},
		{Config{Preferences: []string{`gui.column.format:"No.", "%m"`}}, []string{"gui.column.format", "cap.values"}},
		{Config{KeyLog: "validate_test.go"}, []string{"key log validate_test.go", "no line with a key"}},
		{Config{DecryptionKeys: []string{`"wpa-psk","short"`}}, []string{"Invalid key format"}},
	} {
		err := c.cfg.Validate(testContext(t), tools)
		if err == nil {
			t.Errorf("%+v: got no error", c.cfg)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got %q, want %q in it", c.cfg, err, want)
			}
		}
	}
	if err := (Config{}).Validate(testContext(t), Tools{}); err != errNoTshark {
		t.Errorf("without tshark: got %v", err)
	}
}

func TestConfigKey(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []Config{
		{}, {Names: "m"}, {Preferences: []string{"a", "b"}}, {Preferences: []string{"a b"}},
		{DecodeAs: []string{"a", "b"}}, {DisabledProtocols: []string{"a"}}, {EnabledProtocols: []string{"a"}},
		{KeyLog: "a"}, {DecryptionKeys: []string{"a"}},
	} {
		if seen[c.Key()] {
			t.Errorf("%+v has another's key", c)
		}
		seen[c.Key()] = true
	}
}

func TestProfileRefusesLineBreaks(t *testing.T) {
	short := func(s string) (string, error) { return s, nil }
	for _, c := range []Config{
		{Preferences: []string{"a:b\nnameres.mac_name:TRUE"}},
		{DecodeAs: []string{"udp.port==1,dns\ndecode_as_entry: x"}},
		{KeyLog: "a\nb"},
		{DisabledProtocols: []string{"a\nb"}},
		{DecryptionKeys: []string{"a\nb"}},
		{Preferences: []string{"uat:../x:y"}},
	} {
		if files, err := c.files("", short); err == nil {
			t.Errorf("%+v: got %q, want an error", c, files)
		}
	}
}
