package native_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/engine/capfile"
)

// recordedVersion is the Wireshark that the recorded answers are from.
const recordedVersion = "4.0.17"

// TestDifferentialRecorded compares packets made here with what tshark said of them when
// they were recorded: it needs neither Wireshark nor the captures of others. With
// -update it makes and records them anew.
func TestDifferentialRecorded(t *testing.T) {
	dir := filepath.Join("testdata", "differential")
	s := newSuite(t, builtInRegistrations(t, recordedVersion))
	if *update {
		recordDifferential(t, s, dir)
	}
	captures, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no recorded captures in %s (%v)", dir, err)
	}
	total, usual := newCoverage(), newCoverage()
	for _, path := range captures {
		f, err := capfile.Open(context.Background(), path, capfile.Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		answers := answersOf(path)
		r, err := openRows(answers)
		if err != nil {
			t.Fatal(err)
		}
		a := &answer{recorded: true, parts: []answerPart{{fields: r.fields, path: answers}}}
		r.Close()
		c := newCoverage()
		if err := s.compare(t, filepath.Base(path), f, a, c); err != nil {
			t.Fatal(err)
		}
		if len(c.uneven) > 0 || c.packets == 0 {
			t.Errorf("%s: %d packets compared, %v", path, c.packets, c.uneven)
		}
		total.add(c)
		if filepath.Base(path) != "links.pcapng" { // most of which are not walked
			usual.add(c)
		}
		f.Close()
	}
	total.report(t, s)
	if usual.sure*2 < usual.packets {
		t.Errorf("sure of %d of %d packets: want most", usual.sure, usual.packets)
	}
}

// recordDifferential makes captures of both kinds of packets, as Ethernet and without
// it.
func recordDifferential(t *testing.T, s *suite, dir string) {
	t.Helper()
	o := newOracle(t)
	if o.version != recordedVersion {
		t.Fatalf("tshark is %s, want %s to record with", o.version, recordedVersion)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	record := func(path string) {
		answers := answersOf(path)
		if err := o.run(context.Background(), path, o.known(s.names), answers); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", path, err))
		}
		if err := os.Chmod(answers, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	g := newGrammar(4017)
	const each = 250
	for _, kind := range []struct {
		name string
		link int
	}{{"ethernet", 1}, {"raw", 101}, {"damaged", 1}} {
		var packets []samplePacket
		for range each {
			data := g.packet(0)
			if kind.name == "raw" {
				data = serialize(g.ip4(0)...)
			}
			p := samplePacket{data, len(data)}
			if kind.name == "damaged" {
				p = g.damage(data)
			}
			packets = append(packets, p)
		}
		path := filepath.Join(dir, kind.name+".pcap")
		writePcap(t, path, kind.link, packets)
		record(path)
	}
	recordFound(t, dir, record)
}

// answersOf is where the answers about a capture are recorded.
func answersOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".zst" }
