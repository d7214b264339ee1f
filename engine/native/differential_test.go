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
	tree   *dissect.Reader
	h      dissect.Headers
	in     dissect.Input
	cells  map[string][]string // of slow fields
	walked []dissect.Occurrence
	text   []byte

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

func (s *suite) reader(t *testing.T) *reader {
	t.Helper()
	selection, ok := s.table.Select(s.slow...)
	if !ok {
		t.Fatal("Select: got no selection of the catalogue's own names")
	}
	return &reader{s: s, tree: s.table.NewReader(selection), cells: map[string][]string{}, absences: map[string]*dissect.Absence{}}
}

// packet walks a packet and reads its light tree.
func (r *reader) packet(f *capfile.File, i int) {
	rec := f.Record(i)
	r.in = dissect.Input{
		Number: uint32(i) + 1, Data: f.Data(i), Original: rec.Original, Time: rec.Time, HasTime: rec.HasTime,
		First: f.Record(0).Time, Previous: rec.Time, LinkType: -1, FCS: -1, Comments: f.Comments(i),
	}
	if i > 0 {
		r.in.Previous = f.Record(i - 1).Time
	}
	if all := f.Interfaces(); rec.Interface >= 0 && rec.Interface < len(all) {
		c := all[rec.Interface]
		r.in.LinkType, r.in.FCS = c.LinkType, c.FCS
		if f.Format() == "pcapng" {
			r.in.Interface = &dissect.Interface{ID: c.ID, Name: c.Name, Description: c.Description, Section: c.Section + 1}
		}
	}
	odd := rec.OddTime || f.Record(0).OddTime || i > 0 && f.Record(i-1).OddTime
	r.walk(odd)
}

func (r *reader) walk(oddTime bool) {
	r.h.Data, r.h.Number, r.h.Original = r.in.Data, r.in.Number, r.in.Original
	r.h.Time, r.h.First, r.h.Previous, r.h.HasTime, r.h.OddTime = r.in.Time, r.in.First, r.in.Previous, r.in.HasTime, oddTime
	r.s.walker.Walk(&r.h, r.s.walker.Link(r.in.LinkType))
	clear(r.cells)
	tree := r.tree.Tree(&r.in)
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		info, _ := r.s.types.Lookup(f.Name)
		r.cells[f.Name] = append(r.cells[f.Name], f.Text(tree, info.Type))
		return true
	})
}

// cell is the native text of a field; of a protocol it is how often it occurs.
// sure says whether that is to be Wireshark's.
func (r *reader) cell(a *dissect.Access) (text string, sure bool) {
	if r.h.Unsure.Has(a.In) {
		return "", false
	}
	if !a.Direct {
		if a.Type == dissect.TypeProtocol {
			return strconv.Itoa(len(r.cells[a.Name])), true
		}
		return strings.Join(r.cells[a.Name], valueEnd), true
	}
	r.walked = a.Read(&r.h, r.walked[:0])
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
	r := s.reader(t)
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
		r.packet(f, i)
		protocols := ""
		if cell, ok := index["frame.protocols"]; ok {
			protocols = row[cell]
		}
		c.packet(name, uint32(i)+1, &r.h, protocols)
		for protocol := range layersOf(protocols) {
			if protocol != "" && r.absence(protocol).From(&r.h) {
				absent := &dissect.Access{Name: protocol + ", absent"}
				c.field(absent, true)
				c.mismatch(absent, name, uint32(i)+1, &r.h, protocols, "absent", "there")
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
			c.field(field, true)
			if got != want {
				c.mismatch(field, name, uint32(i)+1, &r.h, protocols, got, want)
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
