package batch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pktsh/engine/wireshark"
)

// nativeFields are such as headers tell, deepFields such as only Wireshark knows.
var (
	nativeFields = strings.Fields(`
		frame.number frame.len frame.cap_len frame.time_epoch frame.time_relative frame.time_delta eth.src eth.dst eth.type
		eth.addr vlan.id arp.opcode arp.src.proto_ipv4 ip.src ip.dst ip.addr ip.ttl ip.proto ip.id ip.len ip.flags.df ip.hdr_len
		ip.dsfield.dscp ipv6.src ipv6.dst ipv6.hlim ipv6.nxt icmp.type icmpv6.type tcp.srcport tcp.dstport tcp.port tcp.flags
		tcp.flags.syn tcp.len tcp.window_size_value udp.srcport udp.dstport dns.qry.name dns.a`)
	deepFields = strings.Fields(`
		frame.time frame.protocols tcp.stream tcp.seq tcp.analysis.flags tls.handshake.type http.host http.request.uri
		ip.src_host eth.src_resolved _ws.col.Protocol _ws.col.Info`)
)

// sampleSize is how many captures an ordinary run compares; PKTSH_SAMPLE=n takes n,
// and 0 all there are.
const sampleSize = 12

// captures are those that nobody here made: of all, sorted by path, every n-th.
func captures(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "captures")
	}
	n := sampleSize
	if v, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE")); err == nil {
		n = v
	}
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == "README.md" {
			return err
		}
		if info, err := entry.Info(); err == nil && (n == 0 || info.Size() < 1<<20) {
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Skipf("no captures: %v (PKTSH_CAPTURES names their directory)", err)
	}
	if n == 0 || n > len(all) {
		return all
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

// installed returns the installed Wireshark, or skips.
func installed(t *testing.T) wireshark.Tools {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" {
		t.Skip("tshark is not installed: nothing to compare with")
	}
	return tools
}

// outcome is what was printed and how it ended.
type outcome struct {
	out  string
	code int
}

// ask runs a question.
func ask(t *testing.T, o Options) (got outcome, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	o.Tools, o.TempDir, o.Stdout, o.Stderr = installed(t), t.TempDir(), &stdout, &stderr
	code, err := Run(t.Context(), o)
	if err != nil && code != exitRead { // what cannot be read, tshark has to say as well
		t.Errorf("%s: %v", o.Files[0], err)
	}
	if left, err := os.ReadDir(o.TempDir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return outcome{stdout.String(), code}, stderr.String()
}

// tshark answers the same question.
func tshark(t *testing.T, o Options) outcome {
	t.Helper()
	args := append([]string{"-2", "-r", o.Files[0], "-T", "fields"}, o.Flags...)
	for _, f := range o.Fields {
		args = append(args, "-e", f)
	}
	for _, e := range o.FieldOptions {
		args = append(args, "-E", e)
	}
	if o.Filter != "" {
		args = append(args, "-Y", o.Filter)
	}
	cmd := exec.CommandContext(t.Context(), installed(t).Tshark, args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	out, err := cmd.Output()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return outcome{string(out), cmd.ProcessState.ExitCode()}
}

// TestFields compares -T fields with tshark -2, of fields that headers tell and of
// others, with a filter and without.
func TestFields(t *testing.T) {
	both := slices.Concat(nativeFields, deepFields)
	for i, path := range captures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			questions := []Options{{Fields: nativeFields, FieldOptions: []string{"quote=d"}}, {Fields: both}}
			if i%2 == 0 {
				questions[0].Filter = "frame.len > 70 && !(udp.port == 53)"
			}
			for _, o := range questions {
				o.Files, o.Format = []string{path}, "fields"
				got, _ := ask(t, o)
				want := tshark(t, o)
				if got.code != want.code {
					t.Errorf("got exit code %d, want %d", got.code, want.code)
				}
				if got.out != want.out {
					line, ours, theirs := difference(got.out, want.out)
					t.Errorf("%q, line %d:\n got %q\nwant %q", o.Filter, line, ours, theirs)
				}
			}
		})
	}
}

// TestGuessedVariant asks about a pcap whose second record is damaged, which makes Wireshark
// take it for another variant: a part of it, as a file of its own, would be taken for
// another still.
func TestGuessedVariant(t *testing.T) {
	t.Parallel()
	data := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00")
	record := []byte("\x11\x20\x88\x56\xec\x57\x04\x00\x36\x00\x00\x00\x36\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01\x08\x00" + // Ethernet, IPv4, TCP
		"\x45\x00\x00\x28\x00\x00\x00\x00\x80\x06\x00\x00\x01\x01\x01\x01\x08\x08\x08\x08" +
		"\x16\x1b\x00\x50\x49\xcb\x3e\x3d\x00\x00\x00\x00\x50\x02\x80\x00\x00\x00\x00\x00")
	data = append(data, bytes.Repeat(record, 6)...)
	binary.LittleEndian.PutUint32(data[24+len(record)+8:], 0x7fffffff)
	path := filepath.Join(t.TempDir(), "damaged.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{
		{Fields: []string{"frame.number", "frame.time_epoch", "ip.src"}},
		{Fields: []string{"frame.number", "frame.len", "udp.dstport"}},
		{Fields: []string{"frame.number"}, Filter: "ip || frame.time_epoch > 0"},
	} {
		o.Files, o.Format = []string{path}, "fields"
		got, said := ask(t, o)
		if want := tshark(t, o); got != want {
			t.Errorf("%s %s:\n got %q, exit code %d (%s)\nwant %q, exit code %d", o.Fields, o.Filter, got.out, got.code, said, want.out, want.code)
		}
	}
}

// TestFrameFilters asks for nothing but what the index tells, of filters that look at
// frames' bytes, and of filters that do not.
func TestFrameFilters(t *testing.T) {
	for _, filter := range []string{
		`frame contains "GET"`, `frame matches "host: *example"`, `frame contains 47:45:54 && frame.number < 100`,
		`len(frame) > 1000`, `frame[12:2] == 08:06`, `frame`, `frame.number & 1`, `frame.len > 1000 || frame.number == 3`,
	} {
		o := Options{Files: []string{"../../testdata/browse.pcapng"}, Format: "fields", Fields: []string{"frame.number"}, Filter: filter}
		got, _ := ask(t, o)
		if want := tshark(t, o); got != want {
			line, ours, theirs := difference(got.out, want.out)
			t.Errorf("%s: got exit code %d, want %d; line %d: got %q, want %q", filter, got.code, want.code, line, ours, theirs)
		}
	}
}

// TestConverted reads a format that Wireshark converts, where it cannot be given the file
// itself: out of a pipe, and together with another.
func TestConverted(t *testing.T) {
	editcap := installed(t).Editcap
	if editcap == "" {
		t.Skip("editcap is not installed: nothing converts")
	}
	const browse = "../../testdata/browse.pcapng"
	snoop := filepath.Join(t.TempDir(), "browse.snoop")
	if out, err := exec.CommandContext(t.Context(), editcap, "-T", "ether", "-F", "snoop", browse, snoop).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pipe, err := os.Open(snoop)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, tt := range []struct {
		name string
		o    Options
		want int
	}{
		{"a pipe", Options{Files: []string{"-"}, Stdin: pipe}, 1204},
		{"two files", Options{Files: []string{snoop, browse}}, 2408},
	} {
		tt.o.Format, tt.o.Fields = "fields", []string{"ip.src"}
		got, said := ask(t, tt.o)
		if n := strings.Count(got.out, "\n"); n != tt.want || got.code != 0 {
			t.Errorf("%s: got %d rows and exit code %d (%s), want %d", tt.name, n, got.code, said, tt.want)
		}
	}
}

// difference returns the first line that differs.
func difference(got, want string) (line int, ours, theirs string) {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i + 1, a[i], b[i]
		}
	}
	return min(len(a), len(b)), "(the end)", "(the end)"
}

// TestStreaming holds back the reader of the output: rows of the first packets have
// to come although nobody can have come to the last.
func TestStreaming(t *testing.T) {
	tools := installed(t)
	path := filepath.Join(t.TempDir(), "long.pcap")
	const packets = 40 * blockSize
	if err := os.WriteFile(path, longCapture(packets), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	indexed := make(chan int, 1)
	done := make(chan error, 1)
	go func() {
		code, err := Run(t.Context(), Options{
			Files: []string{path}, Format: "fields", Fields: []string{"frame.number", "ip.src"}, Tools: tools, Stdout: w, Stderr: io.Discard,
		})
		indexed <- code
		done <- errors.Join(err, w.Close())
	}()
	first := make([]byte, len("1\t10.0.0.1\n"))
	if _, err := io.ReadFull(r, first); err != nil || string(first) != "1\t10.0.0.1\n" {
		t.Fatalf("got %q, %v", first, err)
	}
	select {
	case <-indexed:
		t.Fatal("the run had ended before its first row was read")
	default:
	}
	// The rest is refused: the run ends by itself, without a word, as tshark does.
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-indexed; code != exitRead {
		t.Errorf("a closed pipe: got exit code %d, want %d", code, exitRead)
	}
	if err := <-done; err != nil {
		t.Errorf("a closed pipe: got %v", err)
	}
}

// longCapture is a pcap file of small UDP packets from 10.0.0.1.
func longCapture(packets int) []byte {
	out := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00") // LINKTYPE_RAW
	packet := []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x1c\x00\x00\x00\x1c\x00\x00\x00" +
		"\x45\x00\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02" + // IPv4, UDP
		"\x9c\x40\x9c\x41\x00\x08\x00\x00")
	return append(out, bytes.Repeat(packet, packets)...)
}

// TestCancel ends a run from outside.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, fields := range [][]string{{"ip.src"}, {"http.host"}} {
		_, err := Run(ctx, Options{
			Files: []string{filepath.Join("..", "..", "testdata", "browse.pcapng")}, Format: "fields", Fields: fields,
			Tools: installed(t), Stdout: io.Discard, Stderr: io.Discard,
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", fields, err)
		}
	}
}

// TestUnsupportedLink asks a capture of a link type that Wireshark does not read: the
// exit code is tshark's, and the error names the capture.
func TestUnsupportedLink(t *testing.T) {
	capture := longCapture(1)
	capture[20], capture[21] = 0x19, 0x01 // LINKTYPE 281, a Broadcom switch's tag
	path := filepath.Join(t.TempDir(), "tagged.pcap")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Files: []string{path}, Format: "fields", Fields: []string{"ip.src"}, Tools: installed(t), TempDir: t.TempDir(), Stdout: io.Discard, Stderr: io.Discard}
	want := tshark(t, o)
	if want.code == 0 {
		t.Skip("this Wireshark reads LINKTYPE 281")
	}
	code, err := Run(t.Context(), o)
	if code != want.code {
		t.Errorf("got exit code %d, want tshark's %d", code, want.code)
	}
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got the error %v, want one that names %s", err, path)
	}
}

// TestOddRecords asks a capture with times and lengths that Wireshark reads in its own
// way, in packets that headers are sure of and in fragments, which they are not.
func TestOddRecords(t *testing.T) {
	t.Parallel()
	whole := longCapture(2)
	header, first := whole[:24], whole[24:68]
	odd := func(fraction, original uint32, fragment byte) []byte {
		record := bytes.Clone(first)
		binary.LittleEndian.PutUint32(record[4:], fraction)
		binary.LittleEndian.PutUint32(record[12:], original)
		record[16+6] = fragment
		return record
	}
	data := bytes.Clone(header)
	for _, record := range [][]byte{
		odd(1, 28, 0), odd(4_000_000_000, 28, 0), odd(2, 4_093_509_168, 0), odd(3, 28, 0x20), odd(5, 28, 0),
		odd(3_000_000_000, 28, 0x20), odd(1_000_001, 4_093_509_168, 0x20), odd(7, 28, 0x20),
	} {
		data = append(data, record...)
	}
	path := filepath.Join(t.TempDir(), "odd.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fields := range [][]string{
		{"frame.number", "ip.src", "udp.dstport"},
		{"frame.number", "frame.len", "frame.cap_len", "frame.time_epoch", "ip.src", "udp.dstport"},
		{"frame.number", "frame.time_delta", "frame.len", "ip.flags.mf"},
	} {
		o := Options{Files: []string{path}, Format: "fields", Fields: fields}
		got, _ := ask(t, o)
		if want := tshark(t, o); got != want {
			t.Errorf("%s:\n got %q, exit code %d\nwant %q, exit code %d", fields, got.out, got.code, want.out, want.code)
		}
	}
}
