package native_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/native"
)

// This file is the differential suite: whatever a walk is sure of must be, byte
// for byte, what `tshark -2 -n -T fields` prints. One difference fails a test.

// registrations are those of one Wireshark version, read from where pktsh keeps
// them, so that the suite's recorded part needs no Wireshark.
type registrations map[string]map[uint32]string

// Each implements [dissect.Registrations].
func (r registrations) Each(table string, fn func(number uint32, protocol string)) {
	for number, protocol := range r[table] {
		fn(number, protocol)
	}
}

func builtInRegistrations(t *testing.T, version string) registrations {
	t.Helper()
	f, err := os.Open(filepath.Join(moduleRoot(t), "engine", "wireshark", "registrations", version+".gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("pktsh knows no registrations of Wireshark %s", version)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out, table := registrations{}, ""
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "\t"); ok {
			table = name
			out[table] = map[uint32]string{}
			continue
		}
		number, name, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			t.Fatalf("registrations of %s: %v", version, err)
		}
		out[table][uint32(n)] = name
	}
	if err := lines.Err(); err != nil || len(out["tcp.port"]) == 0 {
		t.Fatalf("registrations of %s: got %d tables, %v", version, len(out), err)
	}
	return out
}

// neverSure are protocols that a walk is sure of only where there is no payload at
// all: what they are is decided by conversations and by the payloads before.
var neverSure = map[string]bool{"http": true, "tls": true, "ssdp": true, "snmp": true, "ssh": true, "quic": true, "nbns": true, "data": true}

// suite is what native answers are made of.
type suite struct {
	table  *dissect.Table
	types  *dissect.Catalogue
	walker *dissect.Walker
	fields []*dissect.Access // that some packet can be sure of
	names  []string          // of all fields, frame.protocols for the report
	slow   []string          // that are read out of trees
}

func newSuite(t *testing.T, r registrations) *suite {
	t.Helper()
	s := &suite{table: dissect.NewTable()}
	s.types = s.table.Catalogue()
	s.walker = s.table.NewWalker(dissect.Rules{Registrations: r})
	for _, f := range s.table.Catalogue().All() {
		a, ok := s.table.Access(f.Name)
		if !ok {
			t.Fatalf("no access to %s", f.Name)
		}
		if neverSure[f.Protocol] {
			continue
		}
		s.names = append(s.names, f.Name)
		if a.Doubtful {
			continue
		}
		s.fields = append(s.fields, a)
		if !a.Direct {
			s.slow = append(s.slow, f.Name)
		}
	}
	return s
}

// reader makes one goroutine's native answers.
type reader struct {
	s      *suite
	packet *native.Cursor
	cells  map[string][]string // of slow fields
	walked []dissect.Occurrence
	text   []byte
	// detour says that headers are not to be relied on any more.
	detour bool

	absences map[string]*dissect.Absence
}

// absence returns what tells where a protocol is not.
func (r *reader) absence(protocol string) *dissect.Absence {
	a := r.absences[protocol]
	if a == nil {
		a = r.s.table.Absence(protocol)
		r.absences[protocol] = a
	}
	return a
}

func (s *suite) reader(t *testing.T, f *capfile.File) *reader {
	t.Helper()
	if _, ok := s.table.Select(s.slow...); !ok {
		t.Fatal("Select: got no selection of the catalogue's own names")
	}
	packet := native.NewCursor(f, native.CursorConfig{Walker: s.walker, Timed: true, Table: s.table, Trees: s.slow})
	return &reader{s: s, packet: packet, cells: map[string][]string{}, absences: map[string]*dissect.Absence{}}
}

// load walks a packet and reads its light tree.
func (r *reader) load(i int) {
	r.packet.Load(i)
	if r.detour {
		r.packet.Headers.Unsure = dissect.Everything
	}
	r.detour = r.detour || r.packet.Headers.Detour
	clear(r.cells)
	tree := r.packet.Tree()
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		info, _ := r.s.types.Lookup(f.Name)
		r.cells[f.Name] = append(r.cells[f.Name], f.Text(tree, info.Type))
		return true
	})
}

// cell is the native text of a field; of a protocol it is how often it occurs.
// sure says whether that is to be Wireshark's.
func (r *reader) cell(a *dissect.Access) (text string, sure bool) {
	if r.packet.Headers.Unsure.Has(a.In) {
		return "", false
	}
	if !a.Direct {
		if a.Type == dissect.TypeProtocol {
			return strconv.Itoa(len(r.cells[a.Name])), true
		}
		return strings.Join(r.cells[a.Name], valueEnd), true
	}
	r.walked = a.Read(&r.packet.Headers, r.walked[:0])
	if a.Type == dissect.TypeProtocol {
		return strconv.Itoa(len(r.walked)), true
	}
	r.text = r.text[:0]
	for i, o := range r.walked {
		if i > 0 {
			r.text = append(r.text, valueEnd...)
		}
		r.text = a.AppendText(r.text, o)
	}
	return string(r.text), true
}

// layersOf are the names in frame.protocols but for one that stands for no layer of the
// tree: PPP's where Cisco HDLC takes over.
func layersOf(protocols string) iter.Seq[string] {
	return strings.SplitSeq(strings.ReplaceAll(protocols, "ppp:chdlc", "chdlc"), ":")
}

// occurrences counts a protocol in frame.protocols.
func occurrences(protocols, name string) string {
	n := 0
	if name == "frame" {
		return "1"
	}
	for p := range layersOf(protocols) {
		if p == name {
			n++
		}
	}
	return strconv.Itoa(n)
}

// compare holds every packet of a capture against tshark's rows.
func (s *suite) compare(t *testing.T, name string, f *capfile.File, a *answer, c *coverage) error {
	r := s.reader(t, f)
	index := a.index()
	at := make([]int, len(s.fields)) // of tshark's cell, from 1
	for i, field := range s.fields {
		if cell, ok := index[field.Name]; ok {
			at[i] = cell + 1
		}
	}
	i := 0
	err := a.each(func(row []string) error {
		if i >= f.Len() || row == nil {
			i++
			return nil
		}
		r.load(i)
		protocols := ""
		if cell, ok := index["frame.protocols"]; ok {
			protocols = row[cell]
		}
		c.packet(name, uint32(i)+1, &r.packet.Headers, protocols)
		for protocol := range layersOf(protocols) {
			if protocol != "" && r.absence(protocol).From(&r.packet.Headers) {
				absent := &dissect.Access{Name: protocol + ", absent"}
				c.field(absent, true)
				c.mismatch(absent, name, uint32(i)+1, &r.packet.Headers, protocols, "absent", "there")
			}
		}
		for k, field := range s.fields {
			got, sure := r.cell(field)
			if !sure {
				c.field(field, false)
				continue
			}
			want := "" // for a protocol that the capture does not have
			switch {
			case at[k] > 0:
				want = row[at[k]-1]
			case a.recorded && field.Type != dissect.TypeProtocol:
				continue // pktsh knows it since
			}
			if field.Type == dissect.TypeProtocol {
				want = occurrences(protocols, field.Name)
			}
			if label := index["mpls.label"]; field.Name == "mpls" && want != "0" && label > 0 {
				// The tree has a layer for each label, frame.protocols one for the stack.
				want = strconv.Itoa(1 + strings.Count(row[label], valueEnd))
			}
			c.field(field, true)
			if got != want {
				c.mismatch(field, name, uint32(i)+1, &r.packet.Headers, protocols, got, want)
			}
		}
		i++
		return nil
	})
	if i != f.Len() {
		c.uneven = append(c.uneven, fmt.Sprintf("%s: %d packets here, %d in tshark", name, f.Len(), i))
	}
	return err
}

// run compares captures, some at a time, and reports.
func (s *suite) run(t *testing.T, o *oracle, captures []string, name func(path string) string) *coverage {
	t.Helper()
	total := newCoverage()
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, path := range captures {
		g.Go(func() error {
			f, err := capfile.Open(ctx, path, capfile.Options{TempDir: t.TempDir()})
			if err != nil {
				return nil // what cannot be opened is capfile's tests' business
			}
			defer f.Close()
			a, err := o.ask(ctx, path, s.names)
			if err != nil {
				return err
			}
			c := newCoverage()
			if err := s.compare(t, name(path), f, a, c); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(c)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	total.report(t, s)
	return total
}

// differentialSample are the captures of an ordinary run: small ones of each
// class. PKTSH_DIFFERENTIAL=all takes them all, any other value those whose name
// contains it.
var differentialSample = []string{
	"pcap_1kxun", "pcap_telnet", "pcap_googledns_android10", "pcap_icmp-tunnel", "pcap_bitcoin", "802.1ad_QinQ", "icmpv6.pcap",
	"pcap_dns_ambiguous", "LINKTYPE_RAW", "LINKTYPE_IPV", "HSRP_coup", "icmp-cksum-oobr-4", "kday", "dns_udp.pcap",
}

// TestDifferential compares the captures of others.
func TestDifferential(t *testing.T) {
	o := newOracle(t)
	s := newSuite(t, builtInRegistrations(t, o.version))
	dir, files := sharedCaptures(t)
	which := os.Getenv("PKTSH_DIFFERENTIAL")
	files = slices.DeleteFunc(files, func(path string) bool {
		base := filepath.Base(path)
		switch which {
		case "":
			return !slices.ContainsFunc(differentialSample, func(name string) bool { return strings.Contains(base, name) })
		case "all":
			return false
		}
		return !strings.Contains(base, which)
	})
	s.run(t, o, files, func(path string) string {
		rel, _ := filepath.Rel(dir, path)
		return rel
	})
}

// sharedCaptures lists the captures that nobody here made, or skips.
func sharedCaptures(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared", "captures")
	}
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && filepath.Ext(path) != ".md" {
			files = append(files, path)
		}
		return nil
	})
	if len(files) == 0 {
		t.Skipf("no captures in %s (set PKTSH_CAPTURES)", dir)
	}
	return dir, files
}
