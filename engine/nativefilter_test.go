package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
)

// This file proves the light dissection that filters use equal to whole trees.

// lightCaptures are the captures to compare on: our own, and a few of the shared
// corpus with tunnels, quoted packets, fragments, cut and malformed ones.
// PKTSH_LIGHT=all takes the whole corpus.
func lightCaptures(t *testing.T) []string {
	t.Helper()
	files := []string{filepath.Join("native", "testdata", "own.pcap"), filepath.Join("..", "testdata", "browse.pcapng")}
	root := os.Getenv("PKTSH_CAPTURES")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "captures")
	}
	names := []string{
		"icmp-tunnel", "dns_udp.pcap", "dns_tcp.pcap", "802.1ad_QinQ", "icmpv6.pcap", "icmpv6-ns-nonce", "kday", "HSRP_coup",
		"LINKTYPE_RAW", "LINKTYPE_IPV", "icmp-cksum-oobr-4", "ip_ts_opts", "ip6_frag", "various_gre", "icmpv6_opt24", "edns-opts",
		"mobility_opt_asan.pcap", "LINKTYPE_LINUX_SLL", "pcap_telnet", "malformed_dns", "pcap_bitcoin",
	}
	if os.Getenv("PKTSH_LIGHT") == "all" {
		names = []string{""}
	}
	for _, name := range names {
		for _, dir := range []string{"ndpi", "tcpdump"} {
			more, _ := filepath.Glob(filepath.Join(root, dir, "*"+name+"*"))
			files = append(files, more...)
		}
	}
	if len(files) < 5 {
		t.Logf("no captures in %s (set PKTSH_CAPTURES): only our own are compared", root)
	}
	return files
}

// lightMaxFrames keeps long captures out of the comparison.
const lightMaxFrames = 1000

// lightCapture is a capture with the tree of each packet, as `show` has it after
// the whole pass, and a second dissector that made no pass yet.
type lightCapture struct {
	name  string
	own   *native.Dissector
	trees []*dissect.Tree
}

// eachLightCapture calls fn for the captures that pktsh reads.
func eachLightCapture(t *testing.T, fn func(lightCapture)) {
	t.Helper()
	for _, path := range lightCaptures(t) {
		f, err := capfile.Open(t.Context(), path, capfile.Options{TempDir: t.TempDir()})
		if err != nil {
			continue
		}
		if f.Len() <= lightMaxFrames {
			c := lightCapture{name: filepath.Base(path), own: native.New(f), trees: make([]*dissect.Tree, f.Len())}
			d := native.New(f)
			if err := d.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i := range c.trees {
				if c.trees[i], err = d.Tree(t.Context(), uint32(i)+1); err != nil {
					t.Fatal(err)
				}
			}
			fn(c)
		}
		f.Close()
	}
}

// lightExpressions are filters whose fields are of every kind: addresses,
// flags, layers of tunnels, slices of protocols, fields that other packets decide.
var lightExpressions = []string{
	"ip", "!ip", "tcp || udp", "ip.addr == 192.168.5.44", "ip.addr != 10.0.0.1", "ip.src == 10.0.0.0/8", "ipv6.addr == fe80::/10",
	"tcp.port == 80", "tcp.dstport in {80, 443, 1000..2000}", "udp.port == 53", "tcp.flags.syn == 1 && tcp.flags.ack == 0",
	"frame.len > 100", "frame.number < 20", "frame.time_delta > 0.01", "frame.protocols contains \"dns\"", "eth.addr contains 00:1b",
	"eth.type == 0x800", "eth.trailer", "eth.padding", "vlan.id == 10", "arp.opcode == 1", "icmp.type == 8", "icmp.resp_in",
	"icmpv6.type == 135", "dns", "dns.qry.name contains \"google\"", "dns.flags.response == 1 && dns.count.answers > 0",
	"dns.a", "dns.response_in", "tcp.stream == 3", "tcp.seq == 1", "tcp.window_size > 60000", "tcp.len > 500",
	"ip.src#1 == 10.0.0.1", "ip.ttl#2", "udp.stream", "data.data contains \"a\"", "data.len > 10", "tcp contains \"GET\"",
	"ip[0] == 0x45", "eth[0:3] == ff:ff:ff", "udp[8:2] == 00:01", "tcp[13] & 2", "ip.proto == 17 && !udp", "len(dns.qry.name) > 20",
	"tcp.options.mss_val > 1000", "tcp.connection.rst", "ipv6.hopopts", "ip.opt.type", "max(tcp.srcport, tcp.dstport) > 50000",
	"count(ip.addr) > 2", "tcp.payload contains 00:00", "frame.comment", "frame.interface_name", "ip.frag_offset > 0",
}

// TestLightFilters asks every filter both ways of every packet.
func TestLightFilters(t *testing.T) {
	fields := dissect.NativeCatalogue()
	var programs []*filter.Program
	for _, expr := range lightExpressions {
		p, err := filter.Compile(expr, fields)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	hits := map[string]uint64{}
	eachLightCapture(t, func(c lightCapture) {
		for _, p := range programs {
			match := func(tree *dissect.Tree) bool { return p.Match(filter.FromTree(tree, fields)) }
			got, err := c.own.Filter(t.Context(), nil, p.FieldNames(), match, nil)
			if err != nil {
				t.Fatal(err)
			}
			hits[p.String()] += got.GetCardinality()
			for i, tree := range c.trees {
				if want := match(tree); got.Contains(uint32(i)+1) != want {
					t.Errorf("%s frame %d: %s: got %v, want %v", c.name, i+1, p, !want, want)
					break
				}
			}
		}
	})
	for _, p := range programs {
		t.Logf("%6d %s", hits[p.String()], p)
	}
}

// TestLightFields compares the values of every field of the catalogue, asked
// for alone, with those of the whole tree.
func TestLightFields(t *testing.T) {
	fields := dissect.NativeCatalogue()
	occurred := map[string]bool{}
	eachLightCapture(t, func(c lightCapture) {
		whole := make([]map[string]bool, len(c.trees))
		for i, tree := range c.trees {
			whole[i] = map[string]bool{}
			dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool { whole[i][f.Name] = true; return true })
		}
		for _, info := range fields.All() {
			got := lightValues(t, c.own, fields, info.Name, len(c.trees))
			for i, tree := range c.trees {
				want := ""
				if whole[i][info.Name] {
					want = describeValues(filter.FromTree(tree, fields), info.Name)
					occurred[info.Name] = true
				}
				if got[i] != want {
					t.Errorf("%s frame %d: %s: got %.200q, want %.200q", c.name, i+1, info.Name, got[i], want)
					break
				}
			}
		}
	})
	t.Logf("%d of %d fields occurred", len(occurred), fields.Len())
}

// lightValues is what a filter for one field sees of each packet.
func lightValues(t *testing.T, d *native.Dissector, fields *dissect.Catalogue, name string, n int) []string {
	t.Helper()
	var mu sync.Mutex
	out := make([]string, n)
	_, err := d.Filter(t.Context(), nil, []string{name}, func(tree *dissect.Tree) bool {
		if text := describeValues(filter.FromTree(tree, fields), name); text != "" {
			mu.Lock()
			defer mu.Unlock()
			out[tree.Frame-1] = text
		}
		return false
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// describeValues writes out the values of a field with their layers; their
// order does not matter to a filter.
func describeValues(p filter.Packet, name string) string {
	var out []string
	for _, v := range p.Values(name) {
		out = append(out, fmt.Sprintf("%v %d %s", v.Kind(), v.Layer(), v))
	}
	if len(out) == 0 && p.Has(name) {
		return "there"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
