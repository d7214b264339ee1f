package script

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"pktsh/engine/plan"
)

// This file holds what PyShark's users stumble over, a test each. What concerns live
// captures is tested where they are, in cmd/pktsh; how fast things go is the benchmark's; that no process,
// descriptor or temporary file is left behind has a test of its own.

// quirkCapture writes the packets that the tests look at: 1 an ICMP error that quotes
// a DNS query, 2 a DNS answer with two addresses in two VLANs, 3 and 4 datagrams that
// no dissector takes, 5 to 8 DNS queries. Their times differ by a nanosecond.
func quirkCapture(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "quirks.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	client, server := net.IP{192, 0, 2, 1}, net.IP{192, 0, 2, 53}
	eth := func(next layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: next}
	}
	ip := func(src, dst net.IP, next layers.IPProtocol) *layers.IPv4 {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: next, SrcIP: src, DstIP: dst}
	}
	udp := func(ip *layers.IPv4, src, dst layers.UDPPort) *layers.UDP {
		u := &layers.UDP{SrcPort: src, DstPort: dst}
		if err := u.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		return u
	}
	question := []layers.DNSQuestion{{Name: []byte("www.example.org"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}
	query := &layers.DNS{ID: 0x1a2b, RD: true, Questions: question}
	answer := &layers.DNS{ID: 0x1a2b, QR: true, RD: true, RA: true, Questions: question}
	for _, last := range []byte{7, 8} {
		answer.Answers = append(answer.Answers, layers.DNSResourceRecord{
			Name: []byte("www.example.org"), Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 60, IP: net.IP{192, 0, 2, last}})
	}
	bytesOf := func(parts ...gopacket.SerializableLayer) []byte {
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
			t.Fatal(err)
		}
		return append([]byte(nil), buffer.Bytes()...)
	}
	up, down := ip(client, server, layers.IPProtocolUDP), ip(server, client, layers.IPProtocolUDP)
	quoted := bytesOf(up, udp(up, 40000, 53), query)
	ask := bytesOf(eth(layers.EthernetTypeIPv4), up, udp(up, 40000, 53), query)
	datagram := bytesOf(eth(layers.EthernetTypeIPv4), up, udp(up, 7000, 7001), gopacket.Payload("payload!"))
	for i, b := range [][]byte{
		bytesOf(eth(layers.EthernetTypeIPv4), ip(server, client, layers.IPProtocolICMPv4),
			&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort)}, gopacket.Payload(quoted)),
		bytesOf(eth(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 5, Type: layers.EthernetTypeDot1Q},
			&layers.Dot1Q{VLANIdentifier: 6, Type: layers.EthernetTypeIPv4}, down, udp(down, 53, 40000), answer),
		datagram, datagram, ask, ask, ask, ask,
	} {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, 123456780+int64(i)).UTC(), CaptureLength: len(b), Length: len(b)}
		if err := w.WritePacket(info, b); err != nil {
			t.Fatal(err)
		}
	}
}

// quirks are runs of source by the names of the quirks; want is what is printed, or,
// behind "error: ", a part of the error.
var quirks = []struct{ name, src, want string }{
	{"errors at once: a bad filter", "FileCapture('quirks.pcap', display_filter='ip.srcc == 1')", "error: ip.srcc"},
	{"errors at once: a filter cut short", "FileCapture('quirks.pcap', display_filter='ip.src ==')", "error: "},
	{"errors at once: no capture", "FileCapture('text.txt')", "error: text.txt"},
	{"errors at once: no file", "FileCapture('none.pcap')", "error: no such file"},
	{"errors at once: a cut file keeps its good packets", "c = FileCapture('cut.pcap')\nlen(c), c[-1].number", "(7, 7)"},
	{"load_packets twice", "cap.load_packets()\ncap.load_packets()\nlen(cap), [p.number for p in cap]", "(8, [1, 2, 3, 4, 5, 6, 7, 8])"},
	{"load_packets of some, then a later packet", "cap.load_packets(2)\ncap[5].number", "6"},
	{"load_packets counts what passes the filter", "c = FileCapture('quirks.pcap', display_filter='dns && !icmp')\nc.load_packets(packet_count=2)\nc[0].number, c[1].number, len(c)", "(2, 5, 5)"},
	{"clear starts again", "cap.next() == cap.next()\ncap.clear()\ncap[0].number, cap.next().number, len(cap)", "False\n(1, 1, 8)"},
	{"a loop keeps what it went through", "a = [p.number for p in cap]\nb = [p.number for p in cap]\na == b, cap[2].number, len(cap)", "(True, 3, 8)"},
	{"a loop that was left begins again", "def first(): \n    for p in cap: return p.number\nfirst(), first(), cap.next().number, first()", "(1, 1, 1, 1)"},
	{"a filtered capture is filtered again", "c = cap.filter('udp')\nlen(c), len(c.filter('dns')), len(c.filter('data')), len(c)", "(8, 6, 2, 8)"},
	{"negative index", "cap[-1].number, cap[-8].number", "(8, 1)"},
	{"negative index out of range", "cap[-9]", "error: index -9 out of range: the capture has 8 packets"},
	{"slices", "[p.number for p in cap[2:4]], [p.number for p in cap[-2:]], [p.number for p in cap[::-3]], len(cap[5:100]), cap[1:3][1].number", "([3, 4], [7, 8], [8, 5, 2], 3, 3)"},
	{"integers right", "p = cap[4]\nint(p.ip.len), p.ip.len.int_value, p.ip.len.hex_value, p.dns.id.int_value == 0x1a2b, int(p.dns.id) == 6699, p.dns.id == '0x1a2b', p.ip.len > 9", "(61, 61, 61, True, True, True, True)"},
	{"nested fields do not leak into the parent", "p = cap[0]\n[n for n in p.icmp.field_names if n.startswith('ip') or n.startswith('udp') or n.startswith('dns')], 'udp' in p, p.ip.src == '192.0.2.53'", "([], False, True)"},
	{"nested fields are reached through what quotes them", "p = cap[0]\np.icmp.ip.src == '192.0.2.1', p.icmp.udp.dstport == 53", "(True, True)"},
	{"a quoted layer of its own", "cap[0].udp", "error: its icmp layer quotes a udp header"},
	{"repeated fields in their order", "a = cap[1].dns.a\nprint(a, [str(f) for f in a.all_fields], a.alternate_fields)", "192.0.2.7 ['192.0.2.7', '192.0.2.8'] ['192.0.2.8']"},
	{"fields in the tree's order", "cap[1].udp.field_names[:3], cap[1].vlan.field_names[:4]", "(['srcport', 'dstport', 'port'], ['priority', 'dei', 'id', 'etype'])"},
	{"the DATA layer has its payload", "p = cap[2]\np.highest_layer, str(p.data.data), p.data.data.binary_value, p.data.len, p.data.data_data, bytes.fromhex(p.data.data)", "('DATA', '7061796c6f616421', b'payload!', '8', '70:61:79:6c:6f:61:64:21', b'payload!')"},
	{"the DATA layer prints its payload", "cap[2].data.pretty_print()", "Data (8 bytes)\n\tData: 7061796c6f616421\n\t[Length: 8]\n"},
	{"pretty print has no empty lines", "cap[2].udp.pretty_print()", "User Datagram Protocol, Src Port: 7000, Dst Port: 7001\n\tSource Port: 7000\n\tDestination Port: 7001\n\tLength: 16\n\tChecksum: 0x8795 [unverified]\n\t[Checksum Status: Unverified]\n\t[Stream index: 1]\n\t[Timestamps]\n\t\t[Time since first frame: 0.000000000 seconds]\n\t\t[Time since previous frame: 0.000000000 seconds]\n\tUDP payload (8 bytes)\n"},
	{"QinQ: both tags", "p = cap[1]\nprint(p.vlan.id, [str(l.id) for l in p.get_multiple_layers('vlan')], [l.layer_name for l in p.layers])", "5 ['5', '6'] ['eth', 'vlan', 'vlan', 'ip', 'udp', 'dns']"},
	{"QinQ: counted", "cap.values('vlan.id'), cap.count_by('vlan.id')", "([5, 6], {5: 1, 6: 1})"},
	{"decryption: the default type takes a passphrase", "len(FileCapture('quirks.pcap', decryption_key='passphrase'))", "8"},
	{"decryption: a malformed key", "FileCapture('quirks.pcap', decryption_key='short')", "error: want 8 to 63"},
	{"summary times keep their digits", "[p.time for p in cap[:3]], cap[1].delta", "(['0.000000000', '0.000000001', '0.000000002'], '0.000000001')"},
	{"captured_length and interface are there in every mode", "c = FileCapture('quirks.pcap', only_summaries=True)\n[(p.captured_length, p.interface_captured) for p in (cap[0], c[0])]", "[(103, None), (103, None)]"},
	{"'frame' in pkt", "'frame' in cap[0], 'FRAME' in cap[0], cap[0].frame.number == 1", "(True, True, True)"},
	{"a number in pkt", "99 in cap[0], 1 in cap[0], None in cap[0]", "(False, False, False)"},
	{"has_field by either name", "l = cap[4].ip\nl.has_field('ip.src'), l.has_field('src'), l.has_field('ip.nothing'), hasattr(l, 'src'), hasattr(l, 'nothing')", "(True, True, False, True, False)"},
	{"nanoseconds", "cap[3].sniff_time.nanosecond, (cap[3].sniff_time - cap[0].sniff_time).nanoseconds, cap[3].sniff_timestamp", "(123456783, 3, '1700000000.123456783')"},
	{"an attribute is asked for without waiting for the whole file, and twice", "p = cap[4]\np.dns.qry_name == p.dns.qry_name, p.dns.qry.name, p['DNS'].qry_name", "(True, 'www.example.org', 'www.example.org')"},
}

// TestQuirks runs the quirks with Wireshark's dissectors and with the shell's choice.
func TestQuirks(t *testing.T) {
	dir := t.TempDir()
	quirkCapture(t, dir)
	whole, err := os.ReadFile(filepath.Join(dir, "quirks.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"text.txt": []byte("this is no capture\n"), "cut.pcap": whole[:len(whole)-10]} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for mode, name := range map[plan.Mode]string{plan.Auto: "auto", plan.Wireshark: "wireshark"} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			it, session := realInterp(t, &out, mode)
			if _, err := session.WaitCatalogue(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := it.Exec(t.Context(), "sample = FileCapture('quirks.pcap')", "", 1); err != nil {
				t.Fatal(err)
			}
			for _, q := range quirks {
				t.Run(q.name, func(t *testing.T) {
					if err := it.Exec(t.Context(), "cap = sample[:]\ncap.reset()", "", 1); err != nil {
						t.Fatal(err)
					}
					out.Reset()
					err := it.Exec(t.Context(), q.src, "", 1)
					wanted, fails := strings.CutPrefix(q.want, "error: ")
					var e *Error
					switch got := strings.TrimSuffix(out.String(), "\n"); {
					case fails && (!errors.As(err, &e) || !strings.Contains(e.Msg, wanted)):
						t.Errorf("%s\ngot %q, %v, want an error with %q", q.src, got, err, wanted)
					case !fails && (err != nil || got != strings.TrimSuffix(q.want, "\n")):
						t.Errorf("%s\ngot  %q, %v\nwant %q", q.src, got, err, q.want)
					}
				})
			}
		})
	}
}
