package native_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/native"
)

// This file measures native rows and trees against tshark's two-pass answer.

// sample are the captures of an ordinary run, by parts of their names: a few of
// each protocol, odd link types and cut packets among them. PKTSH_ORACLE=all
// takes the whole corpus, any other value the captures whose name contains it.
var sample = []string{
	"pcap_1kxun", "pcap_telnet", "pcap_googledns_android10", "pcap_icmp-tunnel", "pcap_bitcoin", "pcap_umas",
	"dns_udp.pcap", "dns_tcp.pcap", "802.1ad_QinQ", "icmpv6.pcap", "icmpv6-ns-nonce", "pcap_android", "pcap_dns_ambiguous",
	"pcap_iphone", "pcap_WebattackSQLinj", "LINKTYPE_RAW", "LINKTYPE_IPV", "HSRP_coup", "icmp-cksum-oobr-4", "kday",
	"NTPv", "IGMP_V", "igmpv3-queries", "dhcp-option",
}

// corpus returns the captures to measure with, or skips.
func corpus(t *testing.T) []string { return corpusOf(t, sample) }

// corpusOf is corpus with another sample.
func corpusOf(t *testing.T, sample []string) []string {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed: nothing to compare with")
	}
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared", "captures")
	}
	var files []string
	for _, pattern := range []string{"ndpi/*", "tcpdump/*"} {
		m, _ := filepath.Glob(filepath.Join(dir, pattern))
		files = append(files, m...)
	}
	if len(files) == 0 {
		t.Skipf("no captures in %s (set PKTSH_CAPTURES)", dir)
	}
	if one := os.Getenv("PKTSH_ORACLE"); one != "" && one != "all" {
		return slices.DeleteFunc(files, func(f string) bool { return !strings.Contains(f, one) })
	} else if one == "all" {
		return files
	}
	return slices.DeleteFunc(files, func(f string) bool {
		return !slices.ContainsFunc(sample, func(name string) bool { return strings.Contains(filepath.Base(f), name) })
	})
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("no go.mod above the working directory")
	}
}

// tshark runs the oracle without names, in UTC, under an empty profile.
func tshark(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("tshark", append([]string{"-2", "-n"}, args...)...)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "TZ=UTC", "HOME="+home, "WIRESHARK_CONFIG_DIR="+home)
	var out bytes.Buffer
	cmd.Stdout = &out
	_ = cmd.Run() // a cut capture ends in an error after all that could be read
	return out.Bytes()
}

// open opens a capture with pktsh's own reader; nil if it cannot.
func open(t *testing.T, path string) *native.Dissector {
	t.Helper()
	f, err := capfile.Open(context.Background(), path, capfile.Options{TempDir: t.TempDir()})
	if err != nil {
		return nil
	}
	t.Cleanup(func() { f.Close() })
	d := native.New(f)
	if err := d.Prepare(context.Background()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return d
}

// nativeProtocols are the protocols of frame.protocols that native dissection has.
var nativeProtocols = map[string]bool{
	"eth": true, "ethertype": true, "vlan": true, "ieee8021ad": true, "arp": true, "ip": true, "ipv6": true, "icmp": true,
	"icmpv6": true, "tcp": true, "udp": true, "dns": true, "mdns": true, "llmnr": true, "data": true, "sll": true,
	"null": true, "raw": true, "ipv6.hopopts": true, "ipv6.dstopts": true, "ipv6.routing": true, "ipv6.fraghdr": true, "llc": true,
	"igmp": true, "ntp": true, "dhcp": true, "ssdp": true, "nbns": true, "snmp": true, "tls": true, "http": true,
}

// comparable says that tshark too used only protocols that are dissected natively.
func comparable(protocols string) bool {
	for p := range strings.SplitSeq(protocols, ":") {
		if !nativeProtocols[p] {
			return false
		}
	}
	return true
}

type rate struct{ equal, all int }

func (r *rate) add(ok bool) {
	r.all++
	if ok {
		r.equal++
	}
}

func (r rate) percent() float64 { return 100 * float64(r.equal) / float64(max(r.all, 1)) }

// report prints the rates and the most frequent differences.
func report(t *testing.T, rates map[string]*rate, examples map[string][]string) {
	for _, k := range sortedKeys(rates) {
		t.Logf("%-12s %6d of %6d equal: %.2f %%", k, rates[k].equal, rates[k].all, rates[k].percent())
		for _, e := range examples[k][:min(len(examples[k]), exampleLimit())] {
			t.Logf("    %s", e)
		}
	}
}

func exampleLimit() int {
	if n, err := strconv.Atoi(os.Getenv("PKTSH_EXAMPLES")); err == nil {
		return n
	}
	return 3
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestRowsAgainstTshark compares Source, Destination, Protocol, Length and Info
// of the packets whose protocols are all dissected natively and that are well
// formed. What tshark's own sequence analysis adds to TCP counts as a
// difference: the threshold allows for it.
func TestRowsAgainstTshark(t *testing.T) {
	rates, examples := map[string]*rate{}, map[string][]string{}
	for _, path := range corpus(t) {
		d := open(t, path)
		if d == nil {
			continue
		}
		out := tshark(t, "-r", path, "-T", "fields", "-e", "frame.protocols", "-e", "_ws.col.Source", "-e", "_ws.col.Destination",
			"-e", "_ws.col.Protocol", "-e", "_ws.col.Length", "-e", "_ws.col.Info")
		sc := bufio.NewScanner(bytes.NewReader(out))
		sc.Buffer(nil, 1<<20)
		for n := uint32(1); sc.Scan(); n++ {
			c := strings.SplitN(sc.Text(), "\t", 6)
			if len(c) < 6 || !comparable(c[0]) || strings.Contains(c[5], "[Malformed") || strings.Contains(c[5], "reassembled") || strings.Contains(c[5], "Reassembled") {
				continue
			}
			want := strings.Join(c[1:], "|")
			var got string
			err := d.Rows(context.Background(), []uint32{n}, func(s dissect.Summary) error {
				got = fmt.Sprintf("%s|%s|%s|%d|%s", s.Source, s.Destination, s.Protocol, s.Length, s.Info)
				return nil
			})
			if err != nil {
				continue // records that only Wireshark counts
			}
			key := c[3]
			if rates[key] == nil {
				rates[key] = &rate{}
			}
			rates[key].add(got == want)
			if got != want {
				examples[key] = append(examples[key], fmt.Sprintf("%s:%d\n      want %s\n      got  %s", filepath.Base(path), n, want, got))
			}
		}
	}
	report(t, rates, examples)
	for key, least := range map[string]float64{"UDP": 95, "ARP": 95, "DNS": 90, "MDNS": 90, "ICMP": 80, "ICMPv6": 80, "TCP": 65,
		"IGMPv2": 98, "IGMPv3": 98, "NTP": 98, "DHCP": 98, "SSDP": 98, "NBNS": 95, "TLSv1.2": 85, "HTTP": 50} {
		if r := rates[key]; r == nil || r.percent() < least {
			t.Errorf("%s rows: got %v equal, want at least %.0f %%", key, r, least)
		}
	}
}

// block is one protocol's lines of a tree as text.
type block struct {
	title string
	lines []string
}

// nativeBlocks writes a tree the way tshark -V does: generated lines in
// brackets, hidden ones left out, one block a top-level protocol.
func nativeBlocks(tree *dissect.Tree) (out []block) {
	dissect.Walk(tree.Nodes, func(f *dissect.Field, depth int) bool {
		if f.Hidden {
			return true
		}
		label := f.Label
		if f.Generated {
			label = "[" + label + "]"
		}
		line := strings.Repeat("    ", depth) + label
		if depth == 0 {
			out = append(out, block{title: f.Name})
		}
		b := &out[len(out)-1]
		b.lines = append(b.lines, line)
		return true
	})
	return out
}

// oracleBlocks splits tshark -V's text of one packet into blocks.
func oracleBlocks(text string) (out []block) {
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "" || hexLine.MatchString(line):
			continue
		case line[0] != ' ':
			out = append(out, block{title: line})
		}
		if len(out) > 0 {
			b := &out[len(out)-1]
			b.lines = append(b.lines, line)
		}
	}
	return out
}

// hexLine is a line of the hex dump that -V adds to data.
var hexLine = regexp.MustCompile(`^[0-9a-f]{4}  `)

// statefulLine are tree lines that need sequence analysis, or earlier packets
// displayed; they and what is below them are left out of both sides.
var statefulLine = regexp.MustCompile(`^    \[SEQ/ACK analysis\]|^    \[Time delta from previous displayed`)

func withoutStateful(lines []string) (out []string) {
	skip := false
	for _, l := range lines {
		if !strings.HasPrefix(l, "        ") {
			skip = statefulLine.MatchString(l)
		}
		if !skip {
			out = append(out, l)
		}
	}
	return out
}

// protocolsLine is the line of a tree that names the packet's protocols.
var protocolsLine = regexp.MustCompile(`\[Protocols in frame: ([^]]*)\]`)

// TestTreesAgainstTshark compares protocol blocks line by line.
func TestTreesAgainstTshark(t *testing.T) {
	rates, examples := map[string]*rate{}, map[string][]string{}
	for _, path := range corpus(t) {
		d := open(t, path)
		if d == nil {
			continue
		}
		packets := strings.Split("\n"+string(tshark(t, "-Y", "frame.number<=60", "-r", path, "-V")), "\nFrame ")
		for i, text := range packets[1:] {
			stack := protocolsLine.FindStringSubmatch(text)
			if stack == nil || !comparable(stack[1]) || strings.Contains(text, "[Malformed") || strings.Contains(text, "eassembled") || strings.Contains(text, "TCP segment data") {
				continue
			}
			tree, err := d.Tree(context.Background(), uint32(i+1))
			if err != nil {
				continue
			}
			compareBlocks(nativeBlocks(tree), oracleBlocks("Frame "+text), func(name string, equal bool, diff string) {
				if rates[name] == nil {
					rates[name] = &rate{}
				}
				rates[name].add(equal)
				if !equal {
					examples[name] = append(examples[name], fmt.Sprintf("%s:%d %s", filepath.Base(path), i+1, diff))
				}
			})
		}
	}
	report(t, rates, examples)
	for key, least := range map[string]float64{
		"frame": 95, "eth": 95, "arp": 95, "ip": 95, "ipv6": 90, "icmp": 80, "icmpv6": 80, "udp": 95, "tcp": 80, "dns": 80,
		"igmp": 98, "dhcp": 80, "ssdp": 98, "nbns": 90, "http": 90, "tls": 50,
	} {
		if r := rates[key]; r == nil || r.percent() < least {
			t.Errorf("%s blocks: got %v equal, want at least %.0f %%", key, r, least)
		}
	}
}

func compareBlocks(got, want []block, each func(name string, equal bool, diff string)) {
	for i, g := range got {
		if i >= len(want) {
			each(g.title, false, "extra block "+g.lines[0])
			return
		}
		a, b := withoutStateful(g.lines), withoutStateful(want[i].lines)
		if slices.Equal(a, b) {
			each(g.title, true, "")
			continue
		}
		j := 0
		for j < len(a) && j < len(b) && a[j] == b[j] {
			j++
		}
		each(g.title, false, fmt.Sprintf("line %d\n      want %s\n      got  %s", j, at(b, j), at(a, j)))
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "(nothing)"
}
