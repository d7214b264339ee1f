package capfile

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// row is an expected packet: nanoseconds ("" for no time, "odd" for one that is
// not to be trusted), captured and original length.
type row struct {
	time               string
	captured, original uint32
}

func at(nanos int64) string { return fmt.Sprint(second*int64(1e9) + nanos) }

// fileCase is a capture, what capfile must make of it and whether tshark agrees.
type fileCase struct {
	name    string
	data    []byte
	format  string
	rows    []row
	warning string // part of the only warning, "" for none
	differs string // why tshark says something else
}

func patch(interfaceIndex uint32, protocol uint16, kind byte, rest ...byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, interfaceIndex)
	b = binary.LittleEndian.AppendUint16(b, protocol)
	return append(append(b, kind, 0), rest...)
}

func pcapCases() []fileCase {
	plain := row{at(5000), 60, 60}
	header := little.pcap(magicPcap, 2, 4, 65535, 1)
	rec := little.record(5, 60, 60)
	var cases []fileCase
	add := func(name, format, warning string, rows []row, parts ...[]byte) {
		cases = append(cases, fileCase{name: name, data: join(parts...), format: format, rows: rows, warning: warning})
	}
	for name, m := range map[string]maker{"little": little, "big": big} {
		add(name, "pcap", "", []row{plain, plain}, m.pcap(magicPcap, 2, 4, 65535, 1), m.record(5, 60, 60), m.record(5, 60, 60))
		add(name+" ns", "pcap (nanoseconds)", "", []row{{at(999999999), 60, 60}}, m.pcap(magicNanos, 2, 4, 65535, 1), m.record(999999999, 60, 60))
	}
	add("header only", "pcap", "", nil, header)
	// A third record that is damaged makes Wireshark take the file for another variant, in
	// which less is wrong with the first record that has something wrong.
	add("third record damaged", "pcap (modified, Red Hat 6.1)", "larger than the maximum", []row{plain}, header, rec, rec, little.record(5, 400000, 60))
	add("version 2.2", "pcap", "", []row{{at(5000), 60, 80}}, little.pcap(magicPcap, 2, 2, 65535, 1), little.record(5, 80, 60))
	add("version 2.3", "pcap", "", []row{{at(5000), 60, 80}, {at(5000), 60, 80}}, little.pcap(magicPcap, 2, 3, 65535, 1), little.record(5, 60, 80), little.record(5, 80, 60))
	add("version 543.0", "pcap", "", []row{{at(5000), 60, 80}}, little.pcap(magicPcap, 543, 0, 65535, 1), little.record(5, 80, 60))
	add("AIX", "pcap (AIX)", "", []row{{at(500000000), 60, 60}}, little.pcap(magicPcap, 2, 2, 65535, 6), little.record(500000000, 60, 60))
	add("modified", "pcap (modified)", "", []row{plain, plain}, little.pcap(magicModified, 2, 4, 65535, 1),
		little.record(5, 60, 60, patch(1, 0x800, 0)...), little.record(5, 60, 60, patch(1, 0x800, 0)...))
	add("SuSE 6.3", "pcap (modified, SuSE 6.3)", "", []row{plain, plain, plain}, little.pcap(magicModified, 2, 4, 65535, 1),
		little.record(5, 60, 60, patch(1, 0x800, 0, 0, 0, 0, 0)...), little.record(5, 60, 60, patch(1, 0x800, 0, 0, 0, 0, 0)...), little.record(5, 60, 60, patch(1, 0x800, 0, 0, 0, 0, 0)...))
	add("Red Hat 6.1", "pcap (modified, Red Hat 6.1)", "", []row{plain, plain, plain}, header,
		little.record(5, 60, 60, patch(1, 0x800, 0)...), little.record(5, 60, 60, patch(1, 0x800, 0)...), little.record(5, 60, 60, patch(1, 0x800, 0)...))
	nokia := little.AppendUint32(nil, 0x9fbfb601)
	add("Nokia", "pcap (Nokia)", "", []row{plain, plain, plain}, header, little.record(5, 60, 60, nokia...), little.record(5, 60, 60, nokia...), little.record(5, 60, 60, nokia...))
	add("captured above original", "pcap", "", []row{{at(5000), 60, 10}, plain}, header, little.record(5, 60, 10), rec)
	add("captured above snaplen", "pcap", "", []row{plain, plain}, little.pcap(magicPcap, 2, 4, 20, 1), rec, rec)
	add("original above 2^31", "pcap", "", []row{{at(5000), 60, 0xf0000000}, plain}, header, little.record(5, 60, 0xf0000000), rec)
	add("fraction above a second", "pcap", "", []row{{"odd", 60, 60}, plain}, header, little.record(3000000, 60, 60), rec)
	add("FCS length", "pcap", "", []row{plain}, little.pcap(magicPcap, 2, 4, 65535, 1|0x04000000|2<<28), rec)
	add("huge packet", "pcap", "stopped before packet 2 at byte 100: packet of 300000 bytes is larger than the maximum of 262144", []row{plain}, header, rec, little.record(5, 300000, 300000))
	add("cut packet", "pcap", "stopped before packet 2 at byte 100: packet cut short: got 24 bytes, want 60", []row{plain}, header, rec, rec[:40])
	add("cut record header", "pcap", "stopped before packet 2 at byte 100: record header cut short: got 10 bytes, want 16", []row{plain}, header, rec, rec[:10])
	add("SunATM pseudo header", "pcap", "", []row{{at(5000), 56, 56}}, little.pcap(magicPcap, 2, 4, 65535, linkSunATM), rec)
	add("USB above the usual limit", "pcap", "", []row{{at(5000), 300000, 300000}}, little.pcap(magicPcap, 2, 4, 300000, linkUSBMmapped),
		little.words(second, 5, 300000, 300000), make([]byte, 300000))
	erf := join([]byte{0, 0, 0, 0x80}, little.words(second+1), []byte{2, 4, 0, 60, 0, 0, 0, 40}, make([]byte, 44))
	add("ERF", "pcap", "", []row{{at(1500000000), 40, 40}}, little.pcap(magicPcap, 2, 4, 65535, linkERF), little.words(second, 5, 60, 60), erf)
	add("Ixia", "pcap (Ixia, nanoseconds)", "", []row{{"odd", 60, 60}}, little.pcap(magicIxiaHW, 2, 4, 65535, 1), little.words(76), rec)
	for i := range cases {
		if cases[i].name == "Ixia" {
			cases[i].differs = "Wireshark 4.0 reads these nanoseconds as microseconds"
		}
	}
	return cases
}

func pcapngCases() []fileCase {
	const stopped = "stopped before packet 2 at byte 140: "
	m := little
	plain := row{at(0), 60, 60}
	shb, idb, epb := m.section(), m.iface(1, 65535), m.epb(0, micros)
	var cases []fileCase
	add := func(name, warning string, rows []row, parts ...[]byte) {
		cases = append(cases, fileCase{name: "ng " + name, data: join(parts...), format: "pcapng", rows: rows, warning: warning})
	}
	// time adds a file with one packet whose time the interface's options change.
	time := func(name string, ticks uint64, want string, options ...[]byte) {
		add(name, "", []row{{want, 60, 60}}, shb, m.iface(1, 0, options...), m.epb(0, ticks))
	}
	resolution := func(b ...byte) []byte { return m.option(optIfTSResol, b...) }
	time("10^-3", second*1e3+123, at(123e6), resolution(3))
	time("10^-9", second*1e9+7, at(7), resolution(9))
	time("10^0", second, at(0), resolution(0))
	time("2^-20", second<<20|524289, at(500000953), resolution(0x94))
	time("2^-63", 1<<63|1<<62, "1000000000", resolution(0xbf))
	time("10^-12 wraps as in wiretap", 1700000*1e12+123456789012, "1700000012776324", resolution(12))
	time("beyond int64", 1<<40, "odd", resolution(0))
	time("resolution twice: the first counts", second*1e9, at(0), resolution(9), resolution(6))
	time("resolution of a wrong length", micros, at(0), resolution(9, 9))
	time("offset", micros, fmt.Sprint((second+1000)*int64(1e9)), m.option(optIfTSOffset, m.AppendUint64(nil, 1000)...))
	time("offset below 1970", micros, fmt.Sprint(int64(-300000000e9)), m.option(optIfTSOffset, m.AppendUint64(nil, ^uint64(2000000000-1))...))

	add("big-endian", "", []row{plain, {at(1000), 60, 60}}, big.simpleNG())
	add("two sections of both orders", "", []row{plain, plain}, shb, idb, epb, big.section(), big.iface(101, 0, big.option(optIfTSResol, 9)), big.epb(0, micros*1000))
	add("interface between packets", "", []row{plain, plain}, shb, idb, epb, m.iface(101, 0), m.epb(1, micros))
	add("simple packet", "", []row{plain, {"", 60, 60}, plain}, shb, idb, epb, m.block(blockSimplePacket, m.words(60), payload), epb)
	add("simple packet, cut to snaplen", "", []row{{"", 20, 60}, plain}, shb, m.iface(1, 20), m.block(blockSimplePacket, m.words(60), payload[:20]), epb)
	add("obsolete packet block", "", []row{plain}, shb, idb, m.block(blockPacket, m.words(0, micros>>32, micros&0xffffffff, 60, 60), payload))
	add("unknown block", "", []row{plain, plain}, shb, idb, epb, m.block(0x99, []byte("abcd")), epb)
	add("custom blocks", "", []row{plain, {"", 8, 8}, {"", 8, 8}, plain}, shb, idb, epb,
		m.block(blockCustom, m.words(12345), payload[:8]), m.block(blockCustomNoCopy, m.words(12345), payload[:8]), epb)
	add("journal entry", "", []row{plain, {at(0), 49, 49}}, shb, idb, epb, m.block(blockJournal, []byte("__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hi\n")))
	add("captured above original", "", []row{{at(0), 60, 10}}, shb, idb, m.packet(0, micros, 60, 10, payload))
	add("captured above snaplen", "", []row{plain}, shb, m.iface(1, 20), epb)
	add("unknown link type", "", []row{plain}, shb, m.iface(60000, 0), epb)
	add("no packets", "", nil, shb, idb)
	add("version 1.2", "", []row{plain}, m.block(blockSection, m.words(byteOrderMagic, 1|2<<16, 1<<32-1, 1<<32-1)), idb, epb)

	add("no interface", "packet on interface 0, want less than the section's 0 interfaces", nil, shb, epb)
	add("wrong interface", stopped+"packet on interface 5, want less", []row{plain}, shb, idb, epb, m.epb(5, micros), epb)
	add("lengths differ", stopped+"block of type 0x00000006 has total lengths that differ: 92 before and 1 after", []row{plain}, shb, idb, epb, epb[:88], m.words(1), epb)
	add("captured above block", stopped+"packet of 100 bytes does not fit its block", []row{plain}, shb, idb, epb, m.packet(0, micros, 100, 60, payload), epb)
	add("huge packet", stopped+"packet of 262145 bytes is larger than the maximum of 262144", []row{plain}, shb, idb, epb, m.packet(0, micros, 262145, 262145, make([]byte, 262145)))
	add("cut block", stopped+"block of type 0x00000006 cut short: got 50 bytes, want 92", []row{plain}, shb, idb, epb, epb[:50])
	add("zeros after", stopped+"block of type 0x00000000 has a total length of 0, want at least 12", []row{plain}, shb, idb, epb, make([]byte, 8))
	add("option too long", stopped+"option 1 is too long: got 0 bytes left in the block, want 400", []row{plain}, shb, idb, epb, m.epb(0, micros, m.words(1|400<<16)), epb)
	add("flags of three bytes", stopped+"packet option 2 has a length of 3, want 4", []row{plain}, shb, idb, epb, m.epb(0, micros, m.option(optEPBFlags, 1, 2, 3)), epb)
	add("empty verdict", stopped+"packet option 7 has a length of 0, want at least 1", []row{plain}, shb, idb, epb, m.epb(0, micros, m.option(optEPBVerdict)), epb)
	add("end of options too long", stopped+"option 0 is too long", []row{plain}, shb, idb, epb, m.epb(0, micros, m.words(80<<16)), epb)
	add("journal entry without a time", "", []row{{"", 32, 32}}, shb, idb, m.block(blockJournal, []byte("MESSAGE=hi there my good friend\n")))
	add("short custom option", stopped+"custom option has a length of 2, want at least 4", []row{plain}, shb, idb, epb, m.epb(0, micros, m.option(2988, 1, 2)), epb)
	add("small statistics", stopped+"interface statistics block too small", []row{plain}, shb, idb, epb, m.block(blockStatistics, m.words(0)), epb)
	add("name without NUL", stopped+"name resolution record has a name without a NUL", []row{plain}, shb, idb, epb, m.block(blockNames, m.words(1|6<<16), []byte{1, 2, 3, 4, 'a', 'b'}), epb)
	add("long name record", stopped+"name resolution record is too long", []row{plain}, shb, idb, epb, m.block(blockNames, m.words(1|400<<16)), epb)
	add("cut secrets", stopped+"decryption secrets cut short", []row{plain}, shb, idb, epb, m.block(blockSecrets, m.words(0x544c534b, 400), []byte("abcd")), epb)
	add("second section of another kind", stopped+"section header block has byte-order magic 0x1a2b3c4e", []row{plain}, shb, idb, epb, m.block(blockSection, m.words(byteOrderMagic+1, 1, 0, 0)))
	return cases
}

// TestCases holds the reader to the table, and the table to tshark.
func TestCases(t *testing.T) {
	for _, c := range append(pcapCases(), pcapngCases()...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, strings.ReplaceAll(c.name, " ", "-")+".pcap", c.data)
			f := open(t, path, Options{})
			if f.Format() != c.format {
				t.Errorf("format %q, want %q", f.Format(), c.format)
			}
			var got []row
			for i := range f.Len() {
				r := f.Record(i)
				time := fmt.Sprint(r.Time)
				switch {
				case !r.HasTime:
					time = ""
				case r.OddTime:
					time = "odd"
				}
				got = append(got, row{time, r.Captured, r.Original})
			}
			if fmt.Sprint(got) != fmt.Sprint(c.rows) {
				t.Errorf("packets\n%v, want\n%v", got, c.rows)
			}
			switch w := f.Warnings(); {
			case c.warning == "" && len(w) > 0:
				t.Errorf("warnings %v, want none", w)
			case c.warning != "" && (len(w) != 1 || !strings.Contains(w[0].Text, c.warning) || !strings.Contains(w[0].Text, filepath.Base(path))):
				t.Errorf("warnings %v, want %q", w, c.warning)
			}
			if c.differs == "" && !testing.Short() {
				compareWithTshark(t, f, path)
			}
		})
	}
}

// TestTruncated cuts captures at every byte: no panic, and never more packets
// than the whole has.
func TestTruncated(t *testing.T) {
	for name, data := range map[string][]byte{
		"pcap":   join(big.pcap(magicPcap, 2, 4, 65535, 1), big.record(5, 60, 60), big.record(6, 60, 60)),
		"erf":    pcapCases()[len(pcapCases())-2].data,
		"pcapng": join(little.simpleNG(), big.simpleNG(), little.block(blockNames, little.words(1|6<<16), []byte{1, 2, 3, 4, 'a', 0}, little.words(0))),
	} {
		dir := t.TempDir()
		whole, last := -1, 0
		for n := len(data); n > 0; n-- {
			path := filepath.Join(dir, fmt.Sprint(n))
			f, err := openBytes(path, data[:n])
			if err != nil {
				continue
			}
			if whole < 0 {
				whole, last = f.Len(), f.Len()
			}
			if f.Len() > last {
				t.Errorf("%s: %d packets in %d bytes, but %d in one more", name, f.Len(), n, last)
			}
			last = f.Len()
			touch(f)
			f.Close()
		}
		if whole < 1 {
			t.Errorf("%s: %d packets in the whole file", name, whole)
		}
	}
}
