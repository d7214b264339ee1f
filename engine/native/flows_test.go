package native_test

import (
	"path/filepath"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
)

// TestFlows asks filters packet by packet, by flows, and by flows that were
// written out and read back: the answers are the same.
func TestFlows(t *testing.T) {
	f, err := capfile.Open(t.Context(), filepath.Join("..", "..", "testdata", "browse.pcapng"), capfile.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table := dissect.NewTable()
	walker := table.NewWalker(dissect.Rules{})
	plain, kept, read := native.New(f), native.New(f), native.New(f)
	if kept.FlowsKnown() || kept.Flows() != nil {
		t.Error("flows are known before anybody asked")
	}
	if err := kept.BuildFlows(t.Context(), walker); err != nil {
		t.Fatal(err)
	}
	data := kept.Flows()
	if !kept.FlowsKnown() || !read.LoadFlows(data, walker) {
		t.Fatalf("BuildFlows gave %d bytes, which are not read back", len(data))
	}
	for _, expr := range []string{
		"", "tcp", "ip.addr == 192.168.1.1", "ip.src != 192.168.1.1", "tcp.port == 443 && frame.len > 1000", "frame.number < 10 || udp",
		"tcp.flags.syn == 1", "!(tcp.port in {80, 443}) && ip.ttl > 60", `dns.qry.name contains "example"`, "http", "eth.addr[0:3] == 00:11:22",
		"ip.src == 192.168.1.0/24 and not arp", "frame contains \"GET\"", "ipv6.addr == fe80::1", "frame.time_delta > 0.01",
	} {
		p, err := filter.Compile(expr, table.Catalogue())
		if err != nil {
			t.Fatal(err)
		}
		want, err := plain.Scan(t.Context(), walker, p.Scan(table), native.ScanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for how, d := range map[string]*native.Dissector{"kept": kept, "read": read} {
			got, err := d.Scan(t.Context(), walker, p.Scan(table), native.ScanOptions{Keep: true})
			if err != nil {
				t.Fatal(err)
			}
			if !got.Yes.Equals(want.Yes) || !got.Unsure.Equals(want.Unsure) {
				t.Errorf("%s, flows %s: got %d and %d unsure, want %d and %d", expr, how, got.Yes.GetCardinality(),
					got.Unsure.GetCardinality(), want.Yes.GetCardinality(), want.Unsure.GetCardinality())
			}
		}
	}
	other := native.New(f)
	for name, bad := range map[string][]byte{
		"cut": data[:len(data)-1], "too long": append(append([]byte(nil), data...), 0), "empty": nil,
		"out of range": append(append([]byte(nil), data[:len(data)-2]...), 0xff, 0xff),
	} {
		if other.LoadFlows(bad, walker) || other.FlowsKnown() {
			t.Errorf("%s columns were taken", name)
		}
	}
}
