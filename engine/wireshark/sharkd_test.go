package wireshark

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pktsh/dissect"
)

// This file tests a Dissector against the real sharkd in unhappy circumstances.

func capture1kxun(t *testing.T) string {
	return filepath.Join(captures(t), "ndpi", "default_pcap_1kxun.pcap")
}

func pid(d *Dissector) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proc == nil {
		return 0
	}
	return d.proc.cmd.Process.Pid
}

func alive(pid int) bool { return pid > 0 && syscall.Kill(pid, 0) == nil }

func ready(t *testing.T, d *Dissector) *Dissector {
	t.Helper()
	if err := d.Wait(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestKilledProcessIsReplaced(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	first := pid(d)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	tree, err := d.Tree(testContext(t), 5)
	if err != nil || tree.Frame != 5 || len(tree.Layers()) != 4 {
		t.Fatalf("after the kill: got %+v, %v", tree, err)
	}
	if pid(d) == first {
		t.Error("the process is the same")
	}
}

func TestUnloadableFiles(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.pcap")
	if err := os.WriteFile(garbage, []byte("this is not a capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		garbage:                      "isn't a capture file",
		filepath.Join(dir, "absent"): "no such file",
		dir:                          "directory",
	} {
		d := start(t, Config{}, Input{Path: path})
		err := d.Wait(testContext(t))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
		if s := d.State(); s.Phase != Failed {
			t.Errorf("%s: got %v, want failed", path, s.Phase)
		}
		if _, err2 := d.Filter(testContext(t), "ip"); err2 == nil || err2.Error() != err.Error() {
			t.Errorf("%s: a question: got %v, want %v", path, err2, err)
		}
	}
}

// truncated writes the beginning of a capture into a new file.
func truncated(t *testing.T, path string, size int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(out, data[:size], 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTruncatedCapture(t *testing.T) {
	path := truncated(t, capture1kxun(t), 100_000)
	d := ready(t, start(t, Config{}, Input{Path: path}))
	s := d.State()
	if !s.Partial || s.Frames == 0 || s.Frames > 1722 || s.Err == nil || !strings.Contains(s.Err.Error(), "cut short") {
		t.Fatalf("got %+v, want some frames and why there are no more", s)
	}
	n := uint32(s.Frames)
	if _, err := d.Tree(testContext(t), n); err != nil {
		t.Errorf("the last frame: %v", err)
	}
	if _, err := d.Tree(testContext(t), n+1); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("the frame after it: got %v, want the reason", err)
	}
	set, err := d.Filter(testContext(t), "frame")
	if err != nil || set.GetCardinality() != uint64(n) {
		t.Errorf("filter: got %v, %v, want %d frames", set, err, n)
	}
	long := longFilter(`ip.proto == 17`)
	short, err := d.Filter(testContext(t), "ip.proto == 17")
	if err != nil {
		t.Fatal(err)
	}
	if set, err := d.Filter(testContext(t), long); err != nil || !set.Equals(short) {
		t.Errorf("long filter: got %v, %v, want %v", set, err, short)
	}
}

// longFilter is a filter equal to expr that is too long for sharkd.
func longFilter(expr string) string {
	return expr + strings.Repeat(" || frame.number == 99999999", 100)
}

func TestInheritedUnlinkedFile(t *testing.T) {
	path := truncated(t, capture1kxun(t), 100_000)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d := ready(t, start(t, Config{}, Input{Path: "standard input", Inherit: f}))
	if s := d.State(); s.Frames == 0 || !strings.Contains(s.Err.Error(), "standard input") {
		t.Errorf("got %+v, want frames, and the input's name in the error", s)
	}
	a, err := d.Filter(testContext(t), "ip.proto == 17")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := d.Filter(testContext(t), longFilter("ip.proto == 17")); err != nil || a.IsEmpty() || !a.Equals(b) {
		t.Errorf("through tshark: got %v, %v, want %v", b, err, a)
	}
}

func TestCloseDuringLoad(t *testing.T) {
	path, tools := capture1kxun(t), installed(t)
	for _, wait := range []time.Duration{0, 20 * time.Millisecond, 200 * time.Millisecond} {
		dir := t.TempDir()
		d := Start(tools, Config{}, Input{Path: path}, Options{TempDir: dir, CacheDir: testCache})
		time.Sleep(wait)
		child := pid(d)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if alive(child) {
			t.Errorf("closed after %v: process %d lives", wait, child)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("closed after %v: left behind %v, %v", wait, left, err)
		}
		if err := d.Wait(testContext(t)); !errors.Is(err, ErrClosed) {
			t.Errorf("Wait: got %v, want ErrClosed", err)
		}
		if _, err := d.Tree(testContext(t), 1); !errors.Is(err, ErrClosed) {
			t.Errorf("Tree: got %v, want ErrClosed", err)
		}
	}
}

func TestCancelDuringLoad(t *testing.T) {
	d := start(t, Config{}, Input{Path: capture1kxun(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: got %v, want the context's error", err)
	}
	if _, err := d.Tree(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Tree: got %v, want the context's error", err)
	}
	if _, err := d.Tree(testContext(t), 1); err != nil {
		t.Errorf("with a context that lives: %v", err)
	}
}

func TestProfileIsGoneOnceLoaded(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	if left, err := os.ReadDir(d.opts.TempDir); err != nil || len(left) > 0 {
		t.Errorf("a loaded Dissector still has %v, %v on disk", left, err)
	}
}

func TestTwoDissectorsAndManyQuestions(t *testing.T) {
	plain := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	without := ready(t, start(t, Config{DisabledProtocols: []string{"llmnr"}}, Input{Path: capture1kxun(t)}))
	ctx := testContext(t)
	var wait sync.WaitGroup
	for i := range 8 {
		for _, d := range []*Dissector{plain, without} {
			wait.Go(func() {
				set, err := d.Filter(ctx, "llmnr")
				if err != nil || set.IsEmpty() != (d == without) {
					t.Errorf("llmnr: got %v, %v", set, err)
				}
				tree, err := d.Tree(ctx, uint32(1+i))
				if err != nil || tree.Frame != uint32(1+i) || tree.Nodes[0].Name != "frame" {
					t.Errorf("frame %d: got %+v, %v", 1+i, tree, err)
				}
			})
		}
	}
	wait.Wait()
}

func TestColumns(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	var fields []string
	for range 20 { // more than one request takes
		fields = append(fields, "ip.proto", "tcp.port||udp.port", "ip.checksum.status")
	}
	var frames []uint32
	err := d.Columns(testContext(t), []uint32{1, 2, 100}, fields, func(frame uint32, values []string) error {
		frames = append(frames, frame)
		if frame == 1 {
			want := slices.Repeat([]string{"17", "59571,5355", "2"}, 20)
			if !slices.Equal(values, want) {
				t.Errorf("got %q, want %q", values, want)
			}
		}
		return nil
	})
	if err != nil || !slices.Equal(frames, []uint32{1, 2, 100}) {
		t.Errorf("got frames %v, %v", frames, err)
	}
	err = d.Columns(testContext(t), []uint32{1}, []string{"ip.src", "ip.scr"}, func(uint32, []string) error { return nil })
	if err == nil || !strings.Contains(err.Error(), `unknown field "ip.scr"`) || !strings.Contains(err.Error(), `"ip.src"`) {
		t.Errorf("unknown field: got %v, want its name and a suggestion", err)
	}
}

func TestFrameNumbers(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	for _, frames := range [][]uint32{{0}, {2, 1}, {3, 3}, {1724}} {
		called := false
		err := d.Rows(testContext(t), frames, func(dissect.Summary) error { called = true; return nil })
		if err == nil || called {
			t.Errorf("%v: got no error, or rows before it", frames)
		}
	}
	stop := errors.New("stop")
	if err := d.Rows(testContext(t), []uint32{1, 2}, func(dissect.Summary) error { return stop }); err != stop {
		t.Errorf("got %v, want fn's error", err)
	}
	if err := d.Rows(testContext(t), nil, func(dissect.Summary) error { return stop }); err != nil {
		t.Errorf("no frames: got %v", err)
	}
}

func TestFilterErrors(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	for _, c := range []struct {
		expr    string
		place   string // what the error points at, "" for nothing
		message string
	}{
		{`ip.scr == 1`, `ip.scr`, "ip.scr"},
		{`ip.src == "foo bar" && tcp`, `"foo bar"`, "IPv4 address"},
		{`tcp.port == 99999999999`, `99999999999`, "too big"},
		{`frame contains "é" && ip.scr`, `ip.scr`, "ip.scr"},
		{"http.host == \"é\" &&\n tcp.port == \"x\"", `"x"`, "cannot be converted"},
		{`tcp &&`, ``, "Unexpected end"},
		{"tcp\x00", "\x00", "NUL"},
		{"  ", ``, "empty"},
	} {
		for name, ask := range map[string]func() error{
			"Check":       func() error { return d.Check(testContext(t), c.expr) },
			"Filter":      func() error { _, err := d.Filter(testContext(t), c.expr); return err },
			"CheckFilter": func() error { return CheckFilter(testContext(t), d.tools, Config{}, c.expr) },
		} {
			err := ask()
			var fault *FilterError
			if !errors.As(err, &fault) || !strings.Contains(fault.Message, c.message) || fault.Expr != c.expr {
				t.Errorf("%s %q: got %v, want a FilterError with %q", name, c.expr, err, c.message)
				continue
			}
			place := ""
			if fault.Offset >= 0 {
				place = c.expr[fault.Offset : fault.Offset+fault.Length]
			}
			if place != c.place {
				t.Errorf("%s %q: the error points at %q, want %q", name, c.expr, place, c.place)
			}
		}
	}
	if err := d.Check(testContext(t), `ip.src == 1.2.3.4 && frame contains "\"<é>&"`); err != nil {
		t.Errorf("a good filter: %v", err)
	}
}

func TestConfigurationChangesAnswers(t *testing.T) {
	aircrack := filepath.Join(captures(t), "aircrack")
	for _, c := range []struct {
		name   string
		cfg    Config
		path   string
		filter string
		want   func(n uint64) bool
	}{
		{"plain", Config{}, "", "syslog", func(n uint64) bool { return n == 0 }},
		{"decode-as", Config{DecodeAs: []string{"udp.port==5350-5360,syslog"}}, "", "syslog", func(n uint64) bool { return n > 10 }},
		{"preference", Config{Preferences: []string{"ip.defragment: FALSE", "udp.check_checksum:TRUE"}}, "", `udp.checksum.status == "Good"`, func(n uint64) bool { return n > 100 }},
		{"disabled", Config{DisabledProtocols: []string{"udp"}}, "", "udp", func(n uint64) bool { return n == 0 }},
		{"wpa", Config{DecryptionKeys: []string{`"wpa-pwd","dictionary:linksys"`}}, filepath.Join(aircrack, "wpa2-psk-linksys.cap"), "dns || icmp || arp", func(n uint64) bool { return n > 0 }},
		{"no wpa key", Config{}, filepath.Join(aircrack, "wpa2-psk-linksys.cap"), "dns || icmp || arp", func(n uint64) bool { return n == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.path == "" {
				c.path = capture1kxun(t)
			}
			if err := c.cfg.Validate(testContext(t), installed(t)); err != nil {
				t.Errorf("Validate: %v", err)
			}
			d := start(t, c.cfg, Input{Path: c.path})
			set, err := d.Filter(testContext(t), c.filter)
			if err != nil || !c.want(set.GetCardinality()) {
				t.Errorf("%s: got %v frames, %v", c.filter, set, err)
			}
		})
	}
}

func TestNamesAreResolvedOnRequest(t *testing.T) {
	row := func(cfg Config) string {
		d := start(t, cfg, Input{Path: capture1kxun(t)})
		tree, err := d.Tree(testContext(t), 5)
		if err != nil {
			t.Fatal(err)
		}
		return tree.Layers()[0].Label
	}
	off, on := row(Config{}), row(Config{Names: "m"})
	if !strings.Contains(off, "Dst: ff:ff:ff:ff:ff:ff") || !strings.Contains(on, "Broadcast") {
		t.Errorf("got %q and %q, want the address and its name", off, on)
	}
}

// TestOutlines are the layers of trees, whichever frames are asked for in a row.
func TestOutlines(t *testing.T) {
	for _, name := range []string{"../../testdata/hostile.pcapng", "../../testdata/tls.pcapng", capture1kxun(t)} {
		d := ready(t, start(t, Config{}, Input{Path: name}))
		for frame := uint32(1); int(frame) <= min(d.State().Frames, 200); frame++ {
			outline, err := d.Outline(testContext(t), frame)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			tree, err := d.Tree(testContext(t), frame)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, want := layerNames(outline), layerNames(tree)
			if !slices.Equal(got, want) || outline.Frame != frame || tree.Frame != frame {
				t.Errorf("%s: frame %d: got the layers %v of frame %d, want %v", name, frame, got, outline.Frame, want)
			}
		}
	}
}

func layerNames(t *dissect.Tree) (names []string) {
	for _, l := range t.Layers() {
		names = append(names, l.Name)
	}
	return names
}

func TestTreeWithHiddenFields(t *testing.T) {
	d := ready(t, start(t, Config{}, Input{Path: capture1kxun(t)}))
	tree, err := d.Tree(testContext(t), 5)
	if err != nil {
		t.Fatal(err)
	}
	var hidden []string
	dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
		if f.Hidden {
			hidden = append(hidden, fmt.Sprintf("%s=%s", f.Name, f.Show))
		}
		return true
	})
	for _, want := range []string{"ip.addr=192.168.119.1", "udp.port=67"} {
		if !slices.Contains(hidden, want) {
			t.Errorf("got the hidden fields %q, want %s among them", hidden, want)
		}
	}
}
