package wireshark

import "testing"

func TestHeaderSafety(t *testing.T) {
	const headers, names, sealed, dns = 1, 2, 4, 8
	for _, c := range []struct {
		what   string
		cfg    Config
		want   int
		reason string
	}{
		{"nothing", Config{}, headers | names | sealed | dns, ""},
		{"names", Config{Names: "mn"}, headers | sealed | dns, "name resolution mn"},
		{"looks", Config{Preferences: []string{"gui.decimal_places1:3", "capture.prom_mode:TRUE", "statistics.update_interval:1"}}, headers | names | sealed | dns, ""},
		{"names by preference", Config{Preferences: []string{"nameres.mac_name:TRUE"}}, headers | sealed | dns, "preference nameres.mac_name"},
		{"key log", Config{KeyLog: "keys", Names: "m"}, headers, "key log"},
		{"key log by preference", Config{Preferences: []string{"tls.keylog_file:keys"}}, headers | names, "preference tls.keylog_file"},
		{"a port of TLS", Config{Preferences: []string{"tls.tcp.port:99"}}, names | sealed, "preference tls.tcp.port"},
		{"sequence numbers", Config{Preferences: []string{"tcp.relative_sequence_numbers:FALSE"}}, names | sealed, "preference tcp.relative_sequence_numbers"},
		{"depth", Config{Preferences: []string{"GUI.max_tree_depth:3"}}, names | sealed, "preference GUI.max_tree_depth"},
		{"another after one that is none", Config{Preferences: []string{"gui.update.enabled:FALSE", "ip.defragment:FALSE"}}, names | sealed, "preference ip.defragment"},
		{"headers after keys", Config{Preferences: []string{"tls.psk:00", "ip.defragment:FALSE"}}, names, "preference ip.defragment"},
		{"a table", Config{Preferences: []string{"uat:user_dlts:x"}}, names | sealed, "preference uat"},
		{"no preference", Config{Preferences: []string{"nonsense"}}, names | sealed, `preference "nonsense"`},
		{"decode-as", Config{DecodeAs: []string{"udp.port==5300,dns"}, Names: "m"}, sealed, "decode-as udp.port==5300,dns"},
		{"disabled", Config{DisabledProtocols: []string{"http"}}, names | sealed, "disabled protocol http"},
		{"enabled", Config{EnabledProtocols: []string{"x"}, KeyLog: "keys"}, names, "enabled protocol x"},
		{"802.11", Config{DecryptionKeys: []string{`"wpa-pwd","a:b"`}}, names | sealed, "802.11 keys"},
	} {
		s := c.cfg.HeaderSafety()
		got := 0
		for i, ok := range []bool{s.Headers, s.Names, s.Sealed, s.DNS} {
			if ok {
				got |= 1 << i
			}
		}
		if got != c.want || s.Reason != c.reason {
			t.Errorf("%s: got %+v, want %04b because of %q", c.what, s, c.want, c.reason)
		}
	}
}
