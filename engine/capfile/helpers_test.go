package capfile

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The captures of these tests are made here, field by field, so that they can be
// as wrong as a test needs.

// second is the time of most test packets.
const second = 1_700_000_000

// payload is sixty different bytes: a packet.
var payload = func() []byte {
	b := make([]byte, 60)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}()

// maker lays out captures in one byte order.
type maker struct{ binary.AppendByteOrder }

var (
	little = maker{binary.LittleEndian}
	big    = maker{binary.BigEndian}
)

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

func (m maker) words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = m.AppendUint32(b, v)
	}
	return b
}

// pcap is the header of a pcap file.
func (m maker) pcap(magic uint32, major, minor uint16, snaplen, network uint32) []byte {
	b := m.AppendUint32(nil, magic)
	b = m.AppendUint16(b, major)
	b = m.AppendUint16(b, minor)
	return append(b, m.words(0, 0, snaplen, network)...)
}

// record is a pcap record with extra bytes in its header.
func (m maker) record(fraction, captured, original uint32, extra ...byte) []byte {
	return join(m.words(second, fraction, captured, original), extra, payload)
}

// block is a pcapng block.
func (m maker) block(kind uint32, body ...[]byte) []byte {
	b := pad(join(body...))
	length := uint32(len(b) + minBlock)
	return join(m.words(kind, length), b, m.words(length))
}

func (m maker) option(code uint16, value ...byte) []byte {
	b := m.AppendUint16(nil, code)
	b = m.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

func (m maker) section(options ...[]byte) []byte {
	return m.block(blockSection, m.words(byteOrderMagic), m.AppendUint16(nil, 1), m.AppendUint16(nil, 0),
		m.words(math.MaxUint32, math.MaxUint32), join(options...))
}

func (m maker) iface(linkType uint16, snaplen uint32, options ...[]byte) []byte {
	return m.block(blockInterface, m.AppendUint16(nil, linkType), m.AppendUint16(nil, 0), m.words(snaplen), join(options...))
}

func (m maker) packet(id uint32, ticks uint64, captured, original uint32, data []byte, options ...[]byte) []byte {
	return m.block(blockEnhanced, m.words(id, uint32(ticks>>32), uint32(ticks), captured, original), pad(append([]byte(nil), data...)), join(options...))
}

// epb is a packet of sixty bytes on interface id.
func (m maker) epb(id uint32, ticks uint64, options ...[]byte) []byte {
	return m.packet(id, ticks, 60, 60, payload, options...)
}

const micros = second * 1_000_000

// simpleNG is the smallest pcapng with two packets; comments on both are options.
func (m maker) simpleNG() []byte {
	return join(m.section(m.option(optComment, []byte("section")...)), m.iface(1, 65535, m.option(optIfName, []byte("eth0")...)),
		m.epb(0, micros, m.option(optComment, []byte("hello")...), m.option(optComment, []byte("again")...), m.option(optEnd)), m.epb(0, micros+1))
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string, o Options) *File {
	t.Helper()
	f, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// tool finds one of Wireshark's programs or skips the test.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// tsharkRow is what tshark says of a packet.
type tsharkRow struct {
	Time               int64 // nanoseconds
	HasTime            bool
	Original, Captured string
}

// tshark returns the packets that tshark sees in path and whether it complained
// about the file.
func tshark(t testing.TB, path string) (rows []tsharkRow, complained bool) {
	t.Helper()
	cmd := exec.Command(tool(t, "tshark"), "-n", "-r", path, "-T", "fields",
		"-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, _ := cmd.Output() // it fails after a damaged packet, with the ones before
	for line := range strings.Lines(string(out)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 3 {
			continue
		}
		row := tsharkRow{Original: columns[1], Captured: columns[2]}
		if columns[0] != "" {
			row.Time, row.HasTime = parseEpoch(t, columns[0]), true
		}
		rows = append(rows, row)
	}
	for line := range strings.Lines(stderr.String()) {
		complained = complained || strings.HasPrefix(line, "tshark: The file")
	}
	return rows, complained
}

func parseEpoch(t testing.TB, text string) int64 {
	t.Helper()
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:max(9, len(fraction))], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if negative {
		return -(seconds*1e9 + nanos)
	}
	return seconds*1e9 + nanos
}

// compareWithTshark holds every packet of f to tshark's view of path.
func compareWithTshark(t testing.TB, f *File, path string) {
	t.Helper()
	rows, complained := tshark(t, path)
	if f.Len() != len(rows) {
		t.Fatalf("%d packets, tshark has %d; warnings: %v", f.Len(), len(rows), f.Warnings())
	}
	if warned := len(f.Warnings()) > 0; warned != complained {
		t.Errorf("warnings %v, tshark complained: %v", f.Warnings(), complained)
	}
	for i, row := range rows {
		r := f.Record(i)
		if r.HasTime != row.HasTime || r.HasTime && !r.OddTime && r.Time != row.Time {
			t.Fatalf("packet %d: time %d (has %v), tshark %d (has %v)", i+1, r.Time, r.HasTime, row.Time, row.HasTime)
		}
		original := strconv.FormatInt(int64(min(r.Original, math.MaxInt32)), 10) // tshark shows no more
		if original != row.Original || strconv.Itoa(int(r.Captured)) != row.Captured {
			t.Fatalf("packet %d: length %d, captured %d; tshark %s, %s", i+1, r.Original, r.Captured, row.Original, row.Captured)
		}
		if len(f.Data(i)) != int(r.Captured) {
			t.Fatalf("packet %d: %d bytes of data, want %d", i+1, len(f.Data(i)), r.Captured)
		}
	}
}

// captures is the folder of captures that no one here wrote, or skips the test.
func captures(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("PKTSH_CAPTURES"); dir != "" {
		return dir
	}
	for dir, _ := os.Getwd(); dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			shared := filepath.Join(dir, "..", "shared", "captures")
			if _, err := os.Stat(shared); err == nil {
				return shared
			}
			break
		}
	}
	t.Skip("no shared captures: set PKTSH_CAPTURES to a folder of them")
	return ""
}
