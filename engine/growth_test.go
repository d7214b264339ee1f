package engine

import (
	"bytes"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pktsh/engine/capfile"
	"pktsh/engine/wireshark"
)

// growthFilters are asked again and again while a capture grows: some that headers
// decide, some that they do not, some that depend on other packets.
var growthFilters = []string{
	"tcp", "udp && ip.ttl > 1", "dns", "frame.len > 100", "tcp.flags.syn == 1", "tcp.stream == 1", "arp || icmp", "!(ip)",
	"frame.time_delta > 0.001", "frame.time_relative > 0.5", "frame.number > 40", "tcp.analysis.flags", "http", "dns.response_in",
}

// TestGrowthIsWhole has captures of others come in pieces. What is asked meanwhile and
// again at the end is what a capture answers that was opened whole.
func TestGrowthIsWhole(t *testing.T) {
	t.Run("native", func(t *testing.T) { testGrowthIsWhole(t, Config{}, 30) })
	t.Run("Wireshark", func(t *testing.T) {
		tools := wireshark.Find(os.Getenv("PATH"))
		if tools.Sharkd == "" || tools.Tshark == "" {
			t.Skip("no tshark and sharkd on PATH")
		}
		testGrowthIsWhole(t, Config{Tools: tools, CacheDir: t.TempDir()}, 2)
	})
}

func testGrowthIsWhole(t *testing.T, cfg Config, captures int) {
	cfg.TempDir = t.TempDir()
	s := NewSession(cfg)
	defer s.Close()
	var paths []string
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no captures: %v (PKTSH_CAPTURES names their directory)", err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil && info.Size() > 2000 && info.Size() < 200_000 {
				paths = append(paths, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(7, 30))
	random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	compared := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil || !capfile.IsCapture(data) {
			continue
		}
		whole, err := s.Open(t.Context(), OpenOptions{Paths: []string{path}})
		if err != nil {
			continue
		}
		if whole.Len() >= 20 && len(whole.Warnings()) == 0 && whole.File().Format() != "pcap (modified)" {
			compared++
			compareGrowth(t, s, whole, data, random)
		}
		if err := whole.Close(); err != nil {
			t.Error(err)
		}
		if compared == captures {
			break
		}
	}
	t.Logf("compared %d captures", compared)
}

// compareGrowth writes a capture in pieces and compares.
func compareGrowth(t *testing.T, s *Session, whole *Capture, data []byte, random *rand.Rand) {
	t.Helper()
	r, w := io.Pipe()
	go func() { _, _ = w.Write(data[:200]) }()
	c, err := s.Follow(t.Context(), OpenOptions{Reader: r, Name: whole.Name()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	views := map[string]*View{}
	for _, expr := range growthFilters {
		if views[expr], err = c.All().Narrow(t.Context(), expr); err != nil {
			delete(views, expr) // without Wireshark some are not known
		}
	}
	for at := 200; at < len(data); {
		n := min(at+1+random.IntN(len(data)/3), len(data))
		if _, err := w.Write(data[at:n]); err != nil {
			t.Fatal(err)
		}
		if at = n; at == len(data) {
			w.Close()
			<-c.Live().Done()
		}
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for expr, v := range views {
			if random.IntN(3) == 0 {
				continue
			}
			if _, err := v.Len(t.Context()); err != nil {
				t.Fatalf("%s: %s with %d packets: %v", whole.Name(), expr, c.Len(), err)
			}
		}
		if c.Len() > 0 { // the pass goes as far as it can
			rowsOfView(t, c.All())
		}
	}
	if c.Len() != whole.Len() {
		t.Fatalf("%s: %d packets came, want %d", whole.Name(), c.Len(), whole.Len())
	}
	for expr, v := range views {
		other, err := whole.All().Narrow(t.Context(), expr)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := framesOf(t, v), framesOf(t, other); !slices.Equal(got, want) {
			t.Errorf("%s: %s: got packets %v, want %v", whole.Name(), expr, got, want)
		}
	}
	if got, want := rowsOfView(t, c.All()), rowsOfView(t, whole.All()); !reflect.DeepEqual(got, want) {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: row %d: got %+v, want %+v", whole.Name(), i+1, got[i], want[i])
				break
			}
		}
	}
	for range 3 {
		frame := uint32(1 + random.IntN(whole.Len()))
		var trees [2]bytes.Buffer
		for i, capture := range []*Capture{c, whole} {
			p, err := capture.Packet(frame)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := p.Tree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range tree.Layers() {
				trees[i].WriteString(l.Name + " " + l.Label + "\n")
			}
		}
		if trees[0].String() != trees[1].String() {
			t.Errorf("%s: packet %d: got %s, want %s", whole.Name(), frame, &trees[0], &trees[1])
		}
	}
}

func framesOf(t *testing.T, v *View) (frames []uint32) {
	t.Helper()
	for f, err := range v.Frames(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	return frames
}

func rowsOfView(t *testing.T, v *View) (rows []Row) {
	t.Helper()
	for r, err := range v.Rows(t.Context(), 0, v.Capture().Len(), RowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}
