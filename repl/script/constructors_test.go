package script

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pktsh/engine"
)

// TestConstructorsOpen holds what constructors ask to be opened.
func TestConstructorsOpen(t *testing.T) {
	letters := func(s string) *string { return &s }
	refused := errors.New("not opened in this test")
	for _, tt := range []struct {
		src  string
		want OpenOptions
	}{
		{"FileCapture('a', custom_parameters=['-o', 'tcp.desegment_tcp_streams:FALSE', '-d', 'udp.port==1,dns', '-2', '--disable-protocol', 'http', '--enable-protocol=sip', '-n'])",
			OpenOptions{Paths: []string{"a"}, Preferences: []string{"tcp.desegment_tcp_streams:FALSE"}, DecodeAs: []string{"udp.port==1,dns"},
				DisabledProtocols: []string{"http"}, EnabledProtocols: []string{"sip"}, Names: letters("")}},
		{"FileCapture('a', custom_parameters={'-N': 'mt', '-q': '', '-l': None})", OpenOptions{Paths: []string{"a"}, Names: letters("mt")}},
		{"FileCapture('a', custom_parameters=['-Nmt', '-otcp.x:1'])", OpenOptions{Paths: []string{"a"}, Preferences: []string{"tcp.x:1"}, Names: letters("mt")}},
		{"FileCapture('a', disable_protocol=['http', 'dns'])", OpenOptions{Paths: []string{"a"}, DisabledProtocols: []string{"http", "dns"}}},
		{"FileCapture('a', True, None, False, None, 'wpa-pwk', None, None, None, None)", OpenOptions{Paths: []string{"a"}}},
		{"FileCapture('a', decryption_key=['1f1f1f1f1f', '2f:2f:2f:2f:2f'], encryption_type='WEP')",
			OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wep","1f1f1f1f1f"`, `"wep","2f:2f:2f:2f:2f"`}}},
		{`FileCapture('a', decryption_key='pass"word:Käse')`, OpenOptions{Paths: []string{"a"}, DecryptionKeys: []string{`"wpa-pwd","pass%22word:K%c3%a4se"`}}},
		{"InMemCapture()", OpenOptions{Memory: true, Name: "InMemCapture"}},
		{"InMemCapture(linktype=LinkTypes.IEEE802_11, decode_as={'udp.port==1': 'dns'})",
			OpenOptions{Memory: true, Name: "InMemCapture", DecodeAs: []string{"udp.port==1,dns"}}},
		{"pyshark.PipeCapture('/run/fifo')", OpenOptions{Paths: []string{"/run/fifo"}}},
		{"from pyshark import FileCapture, InMemCapture\nFileCapture('a')", OpenOptions{Paths: []string{"a"}}},
		{"from pyshark.capture.inmem_capture import InMemCapture, LinkTypes\nInMemCapture(linktype=LinkTypes.PPP)", OpenOptions{Memory: true, Name: "InMemCapture"}},
		{"pyshark.capture.inmem_capture.InMemCapture(linktype='linktype_raw')", OpenOptions{Memory: true, Name: "InMemCapture"}},
	} {
		h := newHarness(t)
		var got OpenOptions
		h.cfg.Open = func(_ context.Context, o OpenOptions) (*engine.Capture, error) {
			got = o
			return nil, refused
		}
		if _, err := h.exec(tt.src); !errors.Is(err, refused) {
			t.Errorf("%s: %v", tt.src, err)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", tt.src, got, tt.want)
		}
	}
}

// TestConstructorsRefuse holds the errors that come before anything is opened.
func TestConstructorsRefuse(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"FileCapture()", "missing argument for input_file"},
		{"FileCapture(None)", "want a path"},
		{"FileCapture([])", "want a path"},
		{"FileCapture(['a', 1])", "input_file[1]: got 1, want a string"},
		{"FileCapture('a', keep_packets='no')", "keep_packets: got string, want True or False"},
		{"FileCapture('a', only_summaries=2)", "only_summaries: got 2, want True or False"},
		{"FileCapture('a', display_filter=1)", "display_filter: got 1, want a string"},
		{"FileCapture('a', decode_as=['tcp.port==1', 'http'])", "want a dict like {'tcp.port==8888': 'http'}"},
		{"FileCapture('a', override_prefs={1: 2})", "want strings as keys"},
		{"FileCapture('a', encryption_type='wpa3')", `got the encryption type "wpa3"`},
		{"FileCapture('a', decryption_key='short')", "got a passphrase of length 5, want 8 to 63"},
		{"FileCapture('a', decryption_key='1f:1f:1f:1f:1f')", "that is of the type wep"},
		{"FileCapture('a', decryption_key='biscotte:test', encryption_type='wep')", "a passphrase is of the type wpa-pwd"},
		{"FileCapture('a', decryption_key='biscotte', encryption_type='wpa-psk')", "want 64 hex digits for wpa-psk; a passphrase is of the type wpa-pwd"},
		{"FileCapture('a', decryption_key='100%sure')", "%25 for a percent sign"},
		{"FileCapture('a', decryption_key=7)", "decryption_key: got 7"},
		{"FileCapture('a', custom_parameters=['-c', '5'])", "tshark's -c is not taken: take as many as you want: cap[:100]"},
		{"FileCapture('a', custom_parameters=['-X', 'lua_script:x'])", "tshark's -X is not taken: those that are taken: --disable-protocol"},
		{"FileCapture('a', custom_parameters=['-o'])", "-o wants a value"},
		{"FileCapture('a', custom_parameters=['-nx'])", "tshark's -nx is not taken"},
		{"FileCapture('a', custom_parameters='-n')", "want a list like"},
		{"FileCapture('a', nonsense=1)", "unexpected keyword argument"},
		{"PipeCapture(b'x')", "want the path of a FIFO"},
		{"PipeCapture(-1)", "got -1, want the number of a file descriptor"},
		{"PipeCapture(1000000)", "bad file descriptor"},
		{"InMemCapture('tcp')", "use display_filter"},
		{"InMemCapture(linktype='ETHERNETS')", "did you mean ETHERNET?"},
		{"InMemCapture(linktype=[])", "got list, want LinkTypes.ETHERNET"},
		{"LinkTypes.ETHER", "no LinkTypes.ETHER"},
		{"pyshark.capture.dead_capture", "no pyshark.dead_capture"},
		{"LiveCapture(interface=7)", "interface: got 7, want a string or a list of strings"},
		{"LiveCapture(bpf_filter=80)", "bpf_filter: got 80, want a string"},
		{"LiveCapture('lo', monitor_mode='yes')", "monitor_mode: got string, want True or False"},
		{"LiveCapture(custom_parameters=['-i', 'lo'])", "tshark's -i is not taken: LiveCapture(interface=…) captures"},
		{"LiveRingCapture(num_ring_files=0)", "num_ring_files: got 0, want a number from 1"},
		{"RemoteCapture('host')", "missing argument for remote_interface"},
		{"RemoteCapture('host', '')", "want the machine that rpcapd runs on"},
		{"RemoteCapture('host', 'eth0', remote_port=-1)", "remote_port: got -1, want a number from 1"},
	} {
		h := newHarness(t)
		h.cfg.Open = func(context.Context, OpenOptions) (*engine.Capture, error) {
			return nil, errors.New("this was opened")
		}
		if _, err := h.exec(tt.src); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.src, err, tt.want)
		}
	}
}

// TestUselessOptionsAreToldOnce: what changes nothing is taken and said once.
func TestUselessOptionsAreToldOnce(t *testing.T) {
	h := newHarness(t)
	for range 2 {
		_, _ = h.exec("FileCapture('a', tshark_path='/opt/tshark', eventloop=1, debug=True, use_json=True)") // nothing opens files here
	}
	if len(h.notices) != 4 {
		t.Errorf("got %d notices, want 4: %q", len(h.notices), h.notices)
	}
	for i, want := range []string{"use_json", "debug", "eventloop", "tshark_path"} {
		if i < len(h.notices) && !strings.HasPrefix(h.notices[i], want) {
			t.Errorf("notice %d: got %q, want one of %s", i+1, h.notices[i], want)
		}
	}
}

// TestFeedMembersAreSuggested: dir() and TAB know what InMemCapture has besides.
func TestFeedMembersAreSuggested(t *testing.T) {
	h := newHarness(t)
	c := *h.main.env["cap"].(*Capture)
	c.feed = &feeder{}
	h.main.env["m"] = &c
	for name, want := range map[string]bool{"cap": false, "m": true} {
		found, _ := h.ResolveIn(t.Context(), "", name)
		has := slices.ContainsFunc(found, func(m Member) bool { return m.Name == "feed_packet" })
		got, err := h.exec("'feed_packet' in dir(" + name + ")")
		if err != nil || has != want || (got == "True\n") != want {
			t.Errorf("%s: TAB %v, dir() %q, %v; want %v", name, has, got, err, want)
		}
	}
}
