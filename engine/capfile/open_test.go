package capfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func compress(t *testing.T, c compression, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := c.writer(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressed(t *testing.T) {
	// Enough incompressible packets that a cut leaves some.
	var data = little.pcap(magicPcap, 2, 4, 65535, 1)
	random := uint32(1)
	for range 30000 {
		data = append(data, little.words(second, 0, 256, 256)...)
		for range 64 {
			random = random*1664525 + 1013904223
			data = little.AppendUint32(data, random)
		}
	}
	for _, c := range compressions() {
		t.Run(c.name, func(t *testing.T) {
			packed := compress(t, c, data)
			var reported int64
			path := write(t, "capture", packed) // no suffix: recognised by its bytes
			f := open(t, path, Options{TempDir: t.TempDir(), Progress: func(done, total int64) { reported = max(reported, done) }})
			if f.Len() != 30000 || f.Compression() != c.name || f.Format() != "pcap" || len(f.Warnings()) != 0 {
				t.Errorf("%d packets, %q, %q, %v", f.Len(), f.Compression(), f.Format(), f.Warnings())
			}
			if reported == 0 {
				t.Error("no progress was reported")
			}
			if path, inherit := f.DissectorFile(); path != "" || inherit == nil {
				t.Errorf("dissector file %q, %v, want an inherited one", path, inherit)
			}
			if f.Changed() {
				t.Error("changed, but nobody touched it")
			}

			cut := open(t, write(t, "cut", packed[:len(packed)*3/4]), Options{})
			if cut.Len() == 0 || cut.Len() > 29999 || len(cut.Warnings()) == 0 || !strings.Contains(cut.Warnings()[0].Text, "damaged or cut "+c.name) {
				t.Errorf("cut: %d packets, warnings %v", cut.Len(), cut.Warnings())
			}
			damaged := bytes.Clone(packed)
			damaged[len(damaged)*3/4] ^= 0x55
			damaged[len(damaged)*3/4+1] ^= 0x55
			if g, err := Open(t.Context(), write(t, "damaged", damaged), Options{}); err == nil {
				g.Close()
			}
		})
	}
}

func TestOpenReader(t *testing.T) {
	plain := little.simpleNG()
	for name, data := range map[string][]byte{"plain": plain, "gzip": compress(t, compressions()[0], plain)} {
		f, err := OpenReader(t.Context(), bytes.NewReader(data), "standard input", Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer f.Close()
		if f.Len() != 2 || f.Name() != "standard input" || f.Size() != int64(len(plain)) {
			t.Errorf("%s: %d packets, name %q, size %d", name, f.Len(), f.Name(), f.Size())
		}
		_, inherit := f.DissectorFile()
		got, err := io.ReadAll(io.NewSectionReader(inherit, 0, f.Size()))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: the inherited file has %d bytes (%v), want the capture's %d", name, len(got), err, len(plain))
		}
	}
}

// TestDissectorFileInherited hands a spool to a child, as the deep tier does.
func TestDissectorFileInherited(t *testing.T) {
	f, err := OpenReader(t.Context(), bytes.NewReader(little.simpleNG()), "standard input", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, inherit := f.DissectorFile()
	for range 2 { // every child reads from the beginning
		cmd := exec.Command(tool(t, "tshark"), "-n", "-r", "/dev/fd/3", "-T", "fields", "-e", "frame.number")
		cmd.ExtraFiles = []*os.File{inherit}
		if out, err := cmd.Output(); err != nil || string(out) != "1\n2\n" {
			t.Errorf("tshark sees %q (%v), want both packets", out, err)
		}
	}
}

// TestOpenReaderCancelled reads from a pipe that never says anything.
func TestOpenReaderCancelled(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := OpenReader(ctx, r, "pipe", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
}

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := Open(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("without a writer: got %v, want it cancelled", err)
	}
	go func() { _ = os.WriteFile(path, little.simpleNG(), 0) }()
	f := open(t, path, Options{})
	if f.Len() != 2 || f.Paths()[0] != path || f.Changed() {
		t.Errorf("%d packets, paths %v, changed %v", f.Len(), f.Paths(), f.Changed())
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name, path, want string
		is               error
	}{
		{"missing", filepath.Join(t.TempDir(), "none.pcap"), "no such file", fs.ErrNotExist},
		{"directory", t.TempDir(), "is a directory, want a capture file", nil},
		{"empty", write(t, "e.pcap", nil), "e.pcap is empty (0 bytes), want a capture file", nil},
		{"snoop", write(t, "x", []byte("snoop\x00\x00\x00\x00\x00\x00\x02")), "x is a Solaris snoop capture (RFC 1761), and reading other formats takes Wireshark's editcap: install Wireshark", nil},
		{"text", write(t, "t.txt", []byte("hello, this is text\n")), "t.txt is a text file", nil},
		{"xz", write(t, "t.xz", []byte("\xfd7zXZ\x00abcdefgh")), "unpack it with unxz first", nil},
		{"short header", write(t, "s.pcap", little.pcap(magicPcap, 2, 4, 0, 1)[:10]), "s.pcap: pcap header cut short: got 10 bytes, want 24", nil},
		{"version 1", write(t, "v.pcap", little.pcap(magicPcap, 1, 0, 0, 1)), "pcap version 1.0 is not supported, want 2.0 or later", nil},
		{"reserved link bits", write(t, "l.pcap", little.pcap(magicPcap, 2, 4, 0, 0x02240001)), "pcap link type field 0x02240001 has reserved bits set", nil},
		{"pcapng 2", write(t, "n.pcapng", little.block(blockSection, little.words(byteOrderMagic, 2, 0, 0))), "pcapng version 2.0 is not supported", nil},
		{"cut gzip", write(t, "g.gz", []byte("\x1f\x8b\x08")), "damaged gzip data", nil},
	} {
		f, err := Open(t.Context(), c.path, Options{})
		if err == nil {
			f.Close()
			t.Errorf("%s: no error", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %q, want %q", c.name, err, c.want)
		}
	}
}

// TestConvert reads a format that only Wireshark knows.
func TestConvert(t *testing.T) {
	editcap := tool(t, "editcap")
	be := big
	snoop := join([]byte("snoop\x00\x00\x00"), be.words(2, 4), be.words(60, 60, 60+24, 0, second, 5), payload)
	path := write(t, "x.snoop", snoop)
	f := open(t, path, Options{Editcap: editcap})
	if f.Len() != 1 || !bytes.Equal(f.Data(0), payload) || f.Record(0).Time != second*1e9+5000 || f.Format() != "pcapng (converted)" {
		t.Errorf("%d packets, format %q", f.Len(), f.Format())
	}
	if got, inherit := f.DissectorFile(); got != path || inherit != nil {
		t.Errorf("dissector file %q, %v, want the original", got, inherit)
	}
	piped, err := OpenReader(t.Context(), bytes.NewReader(snoop), "standard input", Options{Editcap: editcap})
	if err != nil {
		t.Fatal(err)
	}
	defer piped.Close()
	_, inherit := piped.DissectorFile()
	original, err := io.ReadAll(io.NewSectionReader(inherit, 0, int64(len(snoop)+1)))
	if err != nil || piped.Len() != 1 || !bytes.Equal(original, snoop) {
		t.Errorf("piped: %d packets, original of %d bytes (%v)", piped.Len(), len(original), err)
	}
	cut, err := Open(t.Context(), write(t, "cut.snoop", snoop[:len(snoop)-9]), Options{Editcap: editcap})
	if err != nil {
		t.Fatal(err)
	}
	defer cut.Close()
	if len(cut.Warnings()) == 0 || !strings.Contains(cut.Warnings()[0].Text, "editcap could not convert all of it") {
		t.Errorf("cut: warnings %v", cut.Warnings())
	}
	_, err = Open(t.Context(), write(t, "junk.bin", bytes.Repeat([]byte{0xff, 0x00, 0x7e}, 99)), Options{Editcap: editcap})
	if err == nil || !strings.Contains(err.Error(), "editcap cannot read it: ") {
		t.Errorf("junk: %v", err)
	}
}

// TestMetadata reads what a pcapng file says besides packets.
func TestMetadata(t *testing.T) {
	m := little
	names := m.block(blockNames, m.words(1|10<<16), []byte("\x0a\x00\x00\x01host\x00\x00\x00\x00"), m.words(0))
	f := open(t, write(t, "m.pcapng", join(m.simpleNG(), names, m.section(), m.iface(101, 96,
		m.option(optIfName, []byte("tun0")...), m.option(optIfDescription, []byte("a tunnel")...), m.option(optIfFilter, []byte("\x00tcp")...),
		m.option(optIfOS, []byte("Linux")...), m.option(optIfTSResol, 9), m.option(optIfFCSLen, 4), m.option(optIfSpeed, m.AppendUint64(nil, 1e9)...)))), Options{})
	if got := f.Comments(0); len(got) != 2 || got[0] != "hello" || got[1] != "again" {
		t.Errorf("comments %q", got)
	}
	if got := f.Comments(1); got != nil {
		t.Errorf("comments of packet 2: %q", got)
	}
	if got := f.SectionComments(); len(got) != 1 || got[0] != "section" {
		t.Errorf("section comments %q", got)
	}
	if got := f.Names(); len(got) != 1 || got[0].Address.String() != "10.0.0.1" || got[0].Names[0] != "host" {
		t.Errorf("names %v", got)
	}
	if got := f.LinkTypes(); len(got) != 2 || got[0] != 1 || got[1] != 101 {
		t.Errorf("link types %v", got)
	}
	i := f.Interfaces()
	if len(i) != 2 || i[0].Name != "eth0" || i[0].Digits != 6 {
		t.Fatalf("interfaces %+v", i)
	}
	if j := i[1]; j.Name != "tun0" || j.Description != "a tunnel" || j.Filter != "tcp" || j.OS != "Linux" || j.Digits != 9 ||
		j.FCS != 4 || j.Speed != 1e9 || j.SnapLen != 96 || j.Section != 1 || j.ID != 0 {
		t.Errorf("interface %+v", j)
	}
}

// TestShrunk cuts a file while it is mapped: an error, not a signal.
func TestShrunk(t *testing.T) {
	data := little.pcap(magicPcap, 2, 4, 65535, 1)
	for range 500 {
		data = append(data, little.record(5, 60, 60)...)
	}
	path := write(t, "x.pcap", data)
	f := open(t, path, Options{})
	if f.Changed() {
		t.Error("changed before anything happened")
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if !f.Changed() {
		t.Error("not changed after it shrank")
	}
	sum := 0
	err := f.Guard(func() error {
		for i := range f.Len() {
			sum += int(f.Data(i)[0])
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "x.pcap") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v, want the panic of the function", r)
		}
	}()
	_ = f.Guard(func() error { panic("mine") })
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, write(t, "x.pcap", little.pcap(magicPcap, 2, 4, 0, 1)), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
}

// TestChange is everything that can happen to a file's name while it is open.
func TestChange(t *testing.T) {
	data := append(little.pcap(magicPcap, 2, 4, 65535, 1), little.record(5, 60, 60)...)
	other := filepath.Join(t.TempDir(), "other")
	for _, c := range []struct {
		name string
		do   func(path string) error
		want string
		kept bool
	}{
		{"nothing", func(string) error { return nil }, "", true},
		{"removed", os.Remove, "was removed", true},
		{"replaced", func(path string) error {
			if err := os.WriteFile(other, data, 0o600); err != nil {
				return err
			}
			return os.Rename(other, path)
		}, "was replaced by another file", true},
		{"cut", func(path string) error { return os.Truncate(path, 24) }, fmt.Sprintf("was cut from %d to 24 bytes", len(data)), false},
		{"grown", func(path string) error { return os.Truncate(path, 1000) }, fmt.Sprintf("has grown from %d to 1000 bytes", len(data)), false},
		{"written", func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }, "was written to", false},
	} {
		path := write(t, c.name+".pcap", data)
		f := open(t, path, Options{})
		if err := c.do(path); err != nil {
			t.Fatal(err)
		}
		if got := f.Change(); got != c.want || f.Changed() != (c.want != "") || f.Kept() != c.kept {
			t.Errorf("%s: got %q, kept %v; want %q, %v", c.name, got, f.Kept(), c.want, c.kept)
		}
	}
}

// TestShrunkRecord cuts a file whose packets begin with a pseudo header, which
// Record reads: an error of Data's, not a signal.
func TestShrunkRecord(t *testing.T) {
	record := join(make([]byte, 8), []byte{2, 4, 0, 60, 0, 0, 0, 40}, make([]byte, 44)) // ERF, Ethernet
	data := little.pcap(magicPcap, 2, 4, 65535, linkERF)
	for range 500 {
		data = join(data, little.words(5, 5, 60, 60), record)
	}
	path := write(t, "x.pcap", data)
	f := open(t, path, Options{})
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	last := f.Len() - 1
	if got := f.Record(last); got.Captured != 60 {
		t.Errorf("got %+v, want the lengths of the index", got)
	}
	if err := f.Guard(func() error { f.Data(last); return nil }); err == nil {
		t.Error("got the bytes of a page that is gone")
	}
}
