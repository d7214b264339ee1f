package capfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fields is what tshark shows of the packets that display filter lets through,
// without numbers and times relative to others.
func fields(t *testing.T, path, filter string, names ...string) string {
	t.Helper()
	args := []string{"-n", "-r", path, "-Y", filter, "-T", "fields"}
	for _, n := range names {
		args = append(args, "-e", n)
	}
	out, err := exec.Command(tool(t, "tshark"), args...).Output()
	if err != nil {
		t.Fatalf("tshark %s: %v", path, err)
	}
	return string(out)
}

func save(t *testing.T, f *File, name string, o SaveOptions, frames ...int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	n, err := Save(t.Context(), path, f, slices.Values(frames), o)
	if err != nil {
		t.Fatal(err)
	}
	if n != len(frames) {
		t.Errorf("saved %d packets, want %d", n, len(frames))
	}
	return path
}

// richNG has all that a save must keep: comments, two sections of different
// byte order, three interfaces of which one is unused, names, statistics.
func richNG() []byte {
	l, b := little, big
	return join(
		l.section(l.option(optComment, []byte("section")...)),
		l.iface(1, 65535, l.option(optIfName, []byte("eth0")...)), l.iface(1, 96, l.option(optIfName, []byte("eth1")...), l.option(optIfTSResol, 9)),
		l.epb(0, micros, l.option(optComment, []byte("hello")...)),
		l.epb(1, micros*1000+1, l.option(optComment, []byte("world")...), l.option(optEPBFlags, 1, 0, 0, 0)),
		l.block(blockNames, l.words(1|10<<16), []byte("\x0a\x00\x00\x01host\x00\x00\x00\x00"), l.words(0)),
		l.block(0x99, []byte("unknown!")),
		l.block(blockStatistics, l.words(0, 0, 0)),
		b.section(), b.iface(1, 0, b.option(optIfName, []byte("wlan0")...)),
		b.epb(0, micros+7), b.epb(0, micros+8, b.option(optComment, []byte("big")...), b.option(optEPBFlags, 0, 0, 0, 2)),
	)
}

func TestSavePcapngAsItIs(t *testing.T) {
	f := open(t, write(t, "in.pcapng", richNG()), Options{})
	path := save(t, f, "out.pcapng", SaveOptions{}, 1, 3)
	again := open(t, path, Options{})
	if again.Len() != 2 || len(again.Warnings()) != 0 || len(again.Interfaces()) != 3 || len(again.Names()) != 1 || len(again.SectionComments()) != 1 {
		t.Fatalf("%d packets, interfaces %v, names %v, warnings %v", again.Len(), again.Interfaces(), again.Names(), again.Warnings())
	}
	if !slices.Equal(again.Comments(0), []string{"world"}) || !slices.Equal(again.Comments(1), []string{"big"}) {
		t.Errorf("comments %q and %q", again.Comments(0), again.Comments(1))
	}
	names := []string{"frame.time_epoch", "frame.len", "frame.interface_id", "frame.interface_name", "frame.comment", "frame.packet_flags", "eth.src", "data"}
	if want, got := fields(t, f.Paths()[0], "frame.number == 2 || frame.number == 4", names...), fields(t, path, "frame", names...); got != want || want == "" {
		t.Errorf("tshark sees\n%s, want\n%s", got, want)
	}
	whole := save(t, f, "all.pcapng", SaveOptions{}, 0, 1, 2, 3)
	if got, _ := os.ReadFile(whole); !bytes.Equal(got, richNG()) {
		t.Error("saving all packets does not give the same bytes")
	}
}

func TestSavePcapAsItIs(t *testing.T) {
	for _, c := range pcapCases() {
		if c.warning != "" || len(c.rows) == 0 {
			continue
		}
		f := open(t, write(t, "in.pcap", c.data), Options{})
		all := slices.Collect(countTo(f.Len()))
		if got, _ := os.ReadFile(save(t, f, "all.pcap", SaveOptions{}, all...)); !bytes.Equal(got, c.data) {
			t.Errorf("%s: saving all packets does not give the same bytes", c.name)
		}
		last := open(t, save(t, f, "last", SaveOptions{Format: "pcap"}, f.Len()-1), Options{})
		if last.Len() != 1 || !bytes.Equal(last.Data(0), f.Data(f.Len()-1)) {
			t.Errorf("%s: the last packet alone became %d packets", c.name, last.Len())
		}
	}
}

func TestSaveConverted(t *testing.T) {
	names := []string{"frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type", "eth.src", "data"}
	var warnings []string
	o := SaveOptions{Warn: func(text string) { warnings = append(warnings, text) }}
	ng := open(t, write(t, "in.pcapng", richNG()), Options{})
	out := save(t, ng, "out.pcap", o, 0, 1, 3)
	if want, got := fields(t, ng.Paths()[0], "frame.number != 3", names...), fields(t, out, "frame", names...); got != want || want == "" {
		t.Errorf("tshark sees\n%s, want\n%s", got, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "those of 3 packets are lost; save as .pcapng") {
		t.Errorf("warnings %q", warnings)
	}
	if f := open(t, out, Options{}); f.Format() != "pcap (nanoseconds)" {
		t.Errorf("format %q, want nanoseconds for an interface that has them", f.Format())
	}
	if f := open(t, save(t, ng, "micro.cap", SaveOptions{}, 0, 2), Options{}); f.Format() != "pcap" {
		t.Errorf("format %q, want microseconds where no packet has more", f.Format())
	}

	for name, data := range map[string][]byte{
		"micro": join(big.pcap(magicPcap, 2, 4, 96, 1), big.record(5, 60, 80), big.record(6, 60, 60)),
		"nano":  join(little.pcap(magicNanos, 2, 4, 0, 1), little.record(5, 60, 80), little.record(6, 60, 60)),
		"atm":   join(little.pcap(magicPcap, 2, 4, 0, linkSunATM), little.record(5, 60, 60), little.record(6, 60, 60)),
	} {
		f := open(t, write(t, name, data), Options{})
		out := save(t, f, name+".pcapng", SaveOptions{}, 0, 1)
		if want, got := fields(t, f.Paths()[0], "frame", names...), fields(t, out, "frame", names...); got != want || want == "" {
			t.Errorf("%s: tshark sees\n%s, want\n%s", name, got, want)
		}
	}
}

func TestSaveRefuses(t *testing.T) {
	m := little
	in := write(t, "in.pcapng", richNG())
	f := open(t, in, Options{})
	link := filepath.Join(filepath.Dir(in), "link.pcapng")
	if err := os.Symlink(in, link); err != nil {
		t.Fatal(err)
	}
	mixed := open(t, write(t, "mixed.pcapng", join(m.section(), m.iface(1, 0), m.iface(101, 0), m.epb(0, micros), m.epb(1, micros),
		m.block(blockCustom, m.words(1), payload), m.iface(1, 0, m.option(optIfTSResol, 0)), m.epb(2, 1<<33))), Options{})
	existing := write(t, "there.pcapng", []byte("precious"))
	for _, c := range []struct {
		name, path, want string
		f                *File
		frames           []int
		o                SaveOptions
	}{
		{"itself", in, "is the capture being read", f, nil, SaveOptions{Force: true}},
		{"itself by a link", link, "is the capture being read", f, nil, SaveOptions{Force: true}},
		{"existing", existing, "exists already: save under another name, or force it", f, nil, SaveOptions{}},
		{"directory", t.TempDir(), "is a directory, want a file name", f, nil, SaveOptions{Force: true}},
		{"device", os.DevNull, "is not a regular file", f, nil, SaveOptions{Force: true}},
		{"no directory", filepath.Join(t.TempDir(), "no", "out.pcap"), "there is no directory ", f, nil, SaveOptions{}},
		{"format", filepath.Join(t.TempDir(), "out"), `cannot save as "erf", want pcap or pcapng`, f, nil, SaveOptions{Format: "erf"}},
		{"descending", filepath.Join(t.TempDir(), "out.pcapng"), "packet index 0 after 1, want ascending", f, []int{1, 0}, SaveOptions{}},
		{"beyond", filepath.Join(t.TempDir(), "out.pcapng"), "packet index 4, want less than 4", f, []int{1, 4}, SaveOptions{}},
		{"two link types", filepath.Join(t.TempDir(), "out.pcap"), "pcap holds one link type, and these packets have several (1 and 101): save as .pcapng", mixed, []int{0, 1}, SaveOptions{}},
		{"no packets", filepath.Join(t.TempDir(), "out.pcap"), "custom blocks, journal entries and sysdig events do not fit", mixed, []int{0, 2}, SaveOptions{}},
		{"late", filepath.Join(t.TempDir(), "out.pcap"), "packet 4 has a time that pcap cannot hold", mixed, []int{0, 3}, SaveOptions{}},
	} {
		n, err := Save(t.Context(), c.path, c.f, slices.Values(c.frames), c.o)
		if err == nil || n != 0 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d, %v; want %q", c.name, n, err, c.want)
		}
		if c.name == "existing" && !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v is not fs.ErrExist", c.name, err)
		}
		left, _ := filepath.Glob(filepath.Join(filepath.Dir(c.path), ".*.tmp"))
		if len(left) > 0 {
			t.Errorf("%s: left %v", c.name, left)
		}
	}
	if got, _ := os.ReadFile(existing); string(got) != "precious" {
		t.Errorf("the existing file became %q", got)
	}
	if _, err := Save(t.Context(), existing, f, countTo(4), SaveOptions{Force: true}); err != nil {
		t.Error(err)
	}
	if g := open(t, existing, Options{}); g.Len() != 4 {
		t.Errorf("forced: %d packets", g.Len())
	}
}

func TestSaveCompressed(t *testing.T) {
	f := open(t, write(t, "in.pcapng", richNG()), Options{})
	for _, c := range compressions() {
		for _, kind := range []string{"pcap", "pcapng"} {
			g := open(t, save(t, f, "out."+kind+c.suffix, SaveOptions{}, 0, 3), Options{})
			if g.Len() != 2 || g.Compression() != c.name || !strings.HasPrefix(g.Format(), kind) {
				t.Errorf("%s: %d packets, %q, %q", c.name, g.Len(), g.Compression(), g.Format())
			}
		}
	}
}
