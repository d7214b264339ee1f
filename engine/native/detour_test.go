package native_test

import (
	"path/filepath"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
)

// registered is a Wireshark that knows web servers, and a protocol that carries
// packets on port 6653.
type registered struct{}

func (registered) Each(table string, fn func(number uint32, protocol string)) {
	switch table {
	case "ethertype":
		fn(0x0800, "ip")
	case "ip.proto":
		fn(6, "tcp")
	case "tcp.port":
		fn(80, "http")
		fn(443, "tls")
		fn(6653, "openflow")
	}
}

// TestDetours notices connections on a web server's port that carry packets after
// a request: Wireshark shows two IP headers in the last packet of each.
func TestDetours(t *testing.T) {
	table := dissect.NewTable()
	walker := table.NewWalker(dissect.Rules{Registrations: registered{}})
	p, err := filter.Compile("ip.src == 192.168.0.1", table.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"testdata/detour-sstp.pcap": true, "testdata/detour-connect.pcap": true, "../../testdata/browse.pcapng": false} {
		f, err := capfile.Open(t.Context(), filepath.FromSlash(name), capfile.Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		d := native.New(f)
		if _, err := d.Scan(t.Context(), walker, p.Scan(table), native.ScanOptions{Keep: true}); err != nil {
			t.Fatal(err)
		}
		if d.Detours() != want || (d.Flows() == nil) != want {
			t.Errorf("%s: a detour: got %v, want %v", name, d.Detours(), want)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
