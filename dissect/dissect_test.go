package dissect

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The packets of these tests, in hexadecimal.
const (
	// An ARP request for 10.0.0.2 from 10.0.0.1.
	arpRequest = "ffffffffffff0200000000010806" + "0001080006040001" + "0200000000010a000001" + "0000000000000a000002"
	// A DNS query for a.example over UDP and IPv4, VLAN 5.
	dnsQuery = "02000000000202000000000181000005" + "0800" +
		"45000037000140004011" + "0000" + "0a0000010a000002" +
		"d431003500230000" + "12340100000100000000000001610765" + "78616d706c6500" + "00010001"
	// A TCP SYN with MSS, SACK permitted and window scale 7 over IPv6.
	synIPv6 = "020000000002020000000001" + "86dd" + "60000000001c0640" +
		"fe800000000000000000000000000001" + "fe800000000000000000000000000002" +
		"c3500050000003e80000000070" + "02faf0" + "00000000" + "020405b4" + "0402" + "0303"
)

func input(t testing.TB, packet string) Input {
	t.Helper()
	d, err := hex.DecodeString(packet)
	if err != nil {
		t.Fatal(err)
	}
	return Input{Number: 1, Data: d, Original: uint32(len(d)), LinkType: linkEthernet, FCS: -1}
}

// TestSummaries expects rows as `tshark -n` prints them for the same bytes.
func TestSummaries(t *testing.T) {
	table := NewTable()
	for _, c := range []struct{ name, packet, want string }{
		{"arp", arpRequest, "02:00:00:00:00:01|ff:ff:ff:ff:ff:ff|ARP|Who has 10.0.0.2? Tell 10.0.0.1"},
		{"dns in vlan", dnsQuery, "10.0.0.1|10.0.0.2|DNS|Standard query 0x1234 A a.example"},
		{"cut header", dnsQuery[:60], "02:00:00:00:00:01|02:00:00:00:00:02|IPv4|"},
	} {
		s := table.Summarize(input(t, c.packet))
		got := strings.Join([]string{s.Source, s.Destination, s.Protocol, s.Info}, "|")
		if c.name == "cut header" {
			got = got[:min(len(got), len(c.want))]
		}
		if got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestValues finds fields by name, hidden aliases included, with their bytes.
func TestValues(t *testing.T) {
	tree := NewTable().Dissect(input(t, dnsQuery))
	for _, c := range []struct {
		name string
		want string // the shows, joined by commas
	}{
		{"ip.addr", "10.0.0.1,10.0.0.2"},
		{"vlan.id", "5"},
		{"udp.port", "54321,53"},
		{"ip.flags.df", "1"},
		{"dns.qry.name", "a.example"},
		{"dns.flags", "0x0100"},
		{"frame.protocols", "eth:ethertype:vlan:ethertype:ip:udp:dns"},
		{"tcp.port", ""},
	} {
		var got []string
		for _, f := range tree.Values(c.name) {
			got = append(got, f.Show)
		}
		if s := strings.Join(got, ","); s != c.want {
			t.Errorf("%s: got %q, want %q", c.name, s, c.want)
		}
	}
	if b := tree.Values("ip.src")[0].Bytes(tree); hex.EncodeToString(b) != "0a000001" {
		t.Errorf("ip.src: got bytes %x, want 0a000001", b)
	}
	if !tree.Has("dns") || tree.Has("tcp") {
		t.Error("Has: want dns and no tcp")
	}
}

// TestNamesAreInTheCatalogue holds every name that a tree uses against the field tables.
func TestNamesAreInTheCatalogue(t *testing.T) {
	table := NewTable()
	c := table.Catalogue()
	for _, packet := range []string{arpRequest, dnsQuery, synIPv6} {
		Walk(table.Dissect(input(t, packet)).Nodes, func(f *Field, _ int) bool {
			if _, ok := c.Lookup(f.Name); !ok && f.Name != "" && !strings.HasPrefix(f.Name, "_ws.") {
				t.Errorf("%s (%s) is in a tree but in no field table", f.Name, f.Label)
			}
			return true
		})
	}
}

// TestBitPicture checks the drawing of masks.
func TestBitPicture(t *testing.T) {
	for _, c := range []struct {
		word, mask uint64
		width      int
		want       string
	}{
		{0x40, 0x40, 8, ".1.. ...."},
		{0x45, 0x0f, 8, ".... 0101"},
		{0x012, 0xe00, 12, "000. .... ...."},
		{0x8180, 0x8000, 16, "1... .... .... ...."},
	} {
		if got := BitPicture(c.word, c.mask, c.width); got != c.want {
			t.Errorf("BitPicture(%#x, %#x, %d): got %q, want %q", c.word, c.mask, c.width, got, c.want)
		}
	}
}

// TestNameLoops ends on names that point at themselves or each other.
func TestNameLoops(t *testing.T) {
	for _, msg := range []string{"c000", "c002c000", "0161c000", strings.Repeat("3f"+strings.Repeat("61", 63), 5) + "00"} {
		d, err := hex.DecodeString(msg)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := readName(d, 0); ok {
			t.Errorf("readName(%.20s…): got %q, want a refusal", msg, n.text)
		}
	}
}

// FuzzDissect looks for panics, fields outside their source and endless work.
func FuzzDissect(f *testing.F) {
	for _, packet := range []string{arpRequest, dnsQuery, synIPv6} {
		d, err := hex.DecodeString(packet)
		if err != nil {
			f.Fatal(err)
		}
		for _, link := range []int{linkEthernet, linkNull, linkRaw, linkSLL, linkSLL2, linkIPv4, linkIPv6} {
			f.Add(d, link, uint16(0))
		}
		f.Add(d[14:], linkRaw, uint16(9))
	}
	table := NewTable()
	f.Fuzz(func(t *testing.T, d []byte, link int, cut uint16) {
		in := Input{Number: 1, Data: d, Original: uint32(len(d)) + uint32(cut), LinkType: link, FCS: -1}
		tree := table.Dissect(in)
		n := 0
		Walk(tree.Nodes, func(f *Field, _ int) bool {
			if f.Pos < 0 || f.Size < 0 || f.Pos > len(d) || f.Size > len(d)-f.Pos && f.Size > 0 {
				t.Fatalf("%s (%s): bytes %d+%d are outside the %d captured", f.Name, f.Label, f.Pos, f.Size, len(d))
			}
			n++
			return true
		})
		if limit := 2000 + 60*len(d); n > limit {
			t.Fatalf("%d nodes for %d bytes", n, len(d))
		}
		table.Summarize(in)
	})
}

// TestLongLabels cuts labels as tshark -V prints them.
func TestLongLabels(t *testing.T) {
	long := strings.Repeat("a", 300)
	if got, want := clip("Name: "+long, len("Name")), "Name [truncated]: "+long[:220]; got != want {
		t.Errorf("clip: got %q, want %q", got, want)
	}
	if got, want := clip(long, 0), " [truncated]"+long[:226]; got != want {
		t.Errorf("clip of a line: got %q, want %q", got, want)
	}
	if got := clip(long[:239], 0); got != long[:239] {
		t.Errorf("clip of 239 bytes: got %q, want no change", got)
	}
	if got, want := clip(strings.Repeat("é", 200), 0), " [truncated]"+strings.Repeat("é", 113); got != want {
		t.Errorf("clip between bytes of a character: got %q, want %q", got, want)
	}
	n := &node{Field: Field{Label: long}}
	n.lengthen(", cname b")
	if want := " [truncated]" + long[:226] + ","; n.Label != want {
		t.Errorf("lengthen: got %q, want %q", n.Label, want)
	}
}
