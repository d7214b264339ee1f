package dissect

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pktsh/dissect/stream"
)

// onPort wraps a payload in IPv4 and, where ports are given, UDP or TCP.
func onPort(proto uint8, port uint16, payload []byte) []byte {
	var head []byte
	switch proto {
	case 6:
		head = make([]byte, 20)
		binary.BigEndian.PutUint32(head[4:], 1000)
		head[12], head[13] = 0x50, 0x18
	case 17:
		head = make([]byte, 8)
		binary.BigEndian.PutUint16(head[4:], uint16(8+len(payload)))
	}
	if head != nil {
		binary.BigEndian.PutUint16(head, port)
		binary.BigEndian.PutUint16(head[2:], 50000)
	}
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(head)+len(payload)))
	return append(append(ip, head...), payload...)
}

// applications are messages of each application protocol.
var applications = []struct {
	name    string
	proto   uint8
	port    uint16
	payload string // in hexadecimal, or text after "text:"
	// summary is the row's protocol and Info as tshark 4.0 prints them; fields
	// are some of the tree's values.
	summary string
	fields  map[string]string
}{
	{"igmp", 2, 0, "1164ee9b00000000", "IGMPv2|Membership Query, general", map[string]string{"igmp.maddr": "0.0.0.0", "igmp.checksum.status": "1"}},
	{"igmp report", 2, 0, "2200000000000001" + "02000000e00000fc", "IGMPv3|Membership Report / Join group 224.0.0.252 for any sources", map[string]string{"igmp.record_type": "2"}},
	{"ntp", 17, 123, "240207e80000001000000020c0a80001d94e8c6b80000000d94e8c6b80000000d94e8c6b80000000d94e8c6b80000000", "NTP|NTP Version 4, server",
		map[string]string{"ntp.xmt": "Jul 13, 2015 19:13:47.500000000 UTC", "ntp.stratum": "2"}},
	{"dhcp", 17, 67, "020106000badcafe00000000" + strings.Repeat("00", 16) + "020000000001" + strings.Repeat("00", 202) + "63825363" + "350105" + "3304000151810c026162ff",
		"DHCP|DHCP ACK      - Transaction ID 0xbadcafe", map[string]string{"dhcp.option.hostname": "ab", "dhcp.option.ip_address_lease_time": "86401", "dhcp.hw.mac_addr": "02:00:00:00:00:01"}},
	{"snmp", 17, 161, "302902010004067075626c6963a11c02044b7854ae020100020100300e300c06082b060102010105000500", "SNMP|get-next-request 1.3.6.1.2.1.1.5.0",
		map[string]string{"snmp.community": "public", "snmp.name": "1.3.6.1.2.1.1.5.0"}},
	{"ssdp", 17, 1900, "text:M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMX: 3\r\n\r\n", "SSDP|M-SEARCH * HTTP/1.1 ",
		map[string]string{"http.host": "239.255.255.250:1900", "http.request": "1"}},
	{"http request", 6, 80, "text:GET /a?b=c HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\n\r\n", "HTTP|GET /a?b=c HTTP/1.1 ",
		map[string]string{"http.request.uri.query.parameter": "b=c", "http.user_agent": "u", "http.request.full_uri": "http://h/a?b=c"}},
	{"http response", 6, 80, "text:HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nno", "HTTP|HTTP/1.1 404 Not Found  (text/plain)",
		map[string]string{"http.response.code": "404", "http.response.phrase": "Not Found", "http.content_length": "2"}},
	{"tls", 6, 443, "16030100380100003403030102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20" + "00" + "00021301" + "0100" +
		"0009" + "0000000500030000" + "00", "TLSv1|Client Hello", map[string]string{"tls.handshake.ciphersuite": "0x1301"}},
	{"nbns", 17, 137, "b1e60110000100000000000020" + "46484641454245454341434143414341434143414341434143414341434141410000200001", "NBNS|Name query NB WPAD<00>",
		map[string]string{"nbns.name": "WPAD<00>", "nbns.type": "32"}},
	{"sctp", 132, 0, "ea60ea6100000e5053c3055f" + "0b000004" + "08000004", "SCTP|COOKIE_ACK SHUTDOWN_ACK ", map[string]string{"sctp.srcport": "60000", "sctp.verification_tag": "0x00000e50"}},
	{"ssh", 6, 22, "text:SSH-2.0-OpenSSH_5.3\r\n", "SSHv2|Server: Protocol (SSH-2.0-OpenSSH_5.3)", map[string]string{"ssh.protocol": "SSH-2.0-OpenSSH_5.3"}},
	{"quic", 17, 443, "e000000001080102030405060708021122" + "05" + "0000000000", "QUIC|Handshake, DCID=0102030405060708, SCID=1122",
		map[string]string{"quic.dcid": "01:02:03:04:05:06:07:08", "quic.long.packet_type": "2", "quic.version": "0x00000001"}},
	{"tls alert", 6, 443, "15030300020228", "TLSv1.2|Alert (Level: Fatal, Description: Handshake Failure)", map[string]string{"tls.alert_message.desc": "40"}},
}

func applicationBytes(t testing.TB, payload string) []byte {
	t.Helper()
	if text, ok := strings.CutPrefix(payload, "text:"); ok {
		return []byte(text)
	}
	d, err := hex.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestApplications expects rows and values as tshark gives them for the same bytes.
func TestApplications(t *testing.T) {
	table := NewTable()
	for _, c := range applications {
		d := onPort(c.proto, c.port, applicationBytes(t, c.payload))
		in := Input{Number: 1, Data: d, Original: uint32(len(d)), LinkType: linkRaw, FCS: -1}
		if s := table.Summarize(in); s.Protocol+"|"+s.Info != c.summary {
			t.Errorf("%s: got row %s|%s, want %s", c.name, s.Protocol, s.Info, c.summary)
		}
		tree := table.Dissect(in)
		for name, want := range c.fields {
			if got := tree.Values(name); len(got) != 1 || got[0].Show != want {
				t.Errorf("%s: got %d of %s, want one that is %q", c.name, len(got), name, want)
				for _, f := range got {
					t.Logf("  %q", f.Show)
				}
			}
		}
	}
}

// FuzzApplications looks for panics, fields outside their source and endless
// work in what stands on IP, UDP and TCP ports, whole, light and while recording.
func FuzzApplications(f *testing.F) {
	table := NewTable()
	for i, c := range applications {
		f.Add(applicationBytes(f, c.payload), uint8(i), uint16(0))
	}
	var names []string
	for _, p := range table.all {
		for _, d := range p.Fields {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	selection, ok := table.Select(slices.Compact(names)...)
	if !ok {
		f.Fatal("a field of the table cannot be selected")
	}
	f.Fuzz(func(t *testing.T, payload []byte, which uint8, cut uint16) {
		c := applications[int(which)%len(applications)]
		d := onPort(c.proto, c.port, payload)
		in := Input{Number: 1, Data: d[:len(d)-int(cut)%len(d)], Original: uint32(len(d)), LinkType: linkRaw, FCS: -1}
		flows := stream.NewTable(1)
		in.Flows = stream.NewRecorder(flows)
		table.NewReader(nil).Follow(&in)
		in.Flows = flows
		n := 0
		count := func(f *Field, _ int) bool {
			if f.Pos < 0 || f.Size < 0 || f.Pos > len(in.Data) || f.Size > len(in.Data)-f.Pos && f.Size > 0 {
				t.Fatalf("%s (%s): bytes %d+%d are outside the %d captured", f.Name, f.Label, f.Pos, f.Size, len(in.Data))
			}
			n++
			return true
		}
		Walk(table.Dissect(in).Nodes, count)
		Walk(table.NewReader(selection).Tree(&in).Nodes, count)
		if limit := 4000 + 120*len(d); n > limit {
			t.Fatalf("%d nodes for %d bytes", n, len(d))
		}
		table.Summarize(in)
	})
}
