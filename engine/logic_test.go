package engine_test

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"pktsh/engine"
	"pktsh/engine/plan"
)

// waits counts how often somebody has to wait for an answer.
type waits struct{ n atomic.Int64 }

func (w *waits) Start(string, func() float64) (stop func()) {
	w.n.Add(1)
	return func() {}
}

// tsharkFrames are the frames that tshark -2 lets through.
func tsharkFrames(t *testing.T, tshark, path, filter string) []uint32 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tshark, "-2", "-n", "-r", path, "-Y", filter, "-T", "fields", "-e", "frame.number")
	cmd.Env = append(cmd.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %s: %v", filter, err)
	}
	var frames []uint32
	for _, line := range strings.Fields(string(out)) {
		n, err := strconv.ParseUint(line, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, uint32(n))
	}
	return frames
}

// TestFiltersByParts asks filters after others that they are made of, in either
// mode: the packets are those that tshark lets through.
func TestFiltersByParts(t *testing.T) {
	deep := tools(t)
	wanted := map[string][]uint32{}
	for _, mode := range []plan.Mode{plan.Auto, plan.Wireshark} {
		c := openWith(t, engine.Config{Mode: mode, Tools: deep}, browse)
		if _, err := c.Session().WaitCatalogue(t.Context()); err != nil { // by which columns are asked for
			t.Fatal(err)
		}
		for _, filter := range []string{
			"dns",
			"dns && ip.src == 192.168.1.1",
			"(ip.src==192.168.1.1)&&dns",
			`http.request.method == "GET"`,
			`http.request.method == "GET" && frame.number > 100`,
			`tcp.stream == 3 || dns`,
			`tcp.stream == 3 && frame.len > 100`,
			`frame.len > 100 && tcp.len > 0 && !http && tcp.stream < 5`,
			`!(dns || tcp.stream == 3)`,
			`!dns && !(tcp.stream == 3)`,
			`frame.number < 50 && http.response.code == 200`,
			`frame.number < 50 and (http.response.code in {200, 404} or tls.handshake.type == 1)`,
			`udp && http`,
			`(http && tcp.port == 80) || (tls && ip.src != 192.168.1.20)`,
			`not http and not (tls or dns)`,
		} {
			v, err := c.All().Narrow(t.Context(), filter)
			if err != nil {
				t.Errorf("%v: %s: %v", mode, filter, err)
				continue
			}
			want, asked := wanted[filter]
			if !asked {
				want = tsharkFrames(t, deep.Tshark, browse, filter)
				wanted[filter] = want
			}
			if got := frames(t, v); !slices.Equal(got, want) {
				t.Errorf("%v: %s: got %d packets %v, want %d %v", mode, filter, len(got), got, len(want), want)
			}
		}
	}
}

// TestKnownPartsCostNothing joins filters that were asked: nobody has to wait.
func TestKnownPartsCostNothing(t *testing.T) {
	var w waits
	c := openWith(t, engine.Config{Tools: tools(t), Progress: &w}, browse)
	ask := func(filter string) int {
		t.Helper()
		v, err := c.All().Narrow(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		n, err := v.Len(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	web, query, either := ask("http"), ask("dns.flags.response == 0"), 0
	before := w.n.Load()
	for _, filter := range []string{"http or dns.flags.response==0", "(dns.flags.response eq 0) || http", "http || dns.flags.response == 0 || http"} {
		either = ask(filter)
		if either != web+query {
			t.Errorf("%s: got %d packets, want %d", filter, either, web+query)
		}
	}
	if got := ask("!(http || dns.flags.response == 0)"); got != c.Len()-either {
		t.Errorf("got %d packets, want %d", got, c.Len()-either)
	}
	if n := w.n.Load() - before; n != 0 {
		t.Errorf("got %d waits for what was known, want none", n)
	}
	e, err := c.Explain(t.Context(), `http && tcp.stream == 3 && frame.len > 100`)
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.Step{{Filter: "http", How: engine.ByKnown}, {Filter: "frame.len > 100", How: engine.ByHeaders}, {Filter: "tcp.stream == 3", How: engine.ByDeep}}
	if !slices.Equal(e.Steps, want) {
		t.Errorf("got the steps %v, want %v", e.Steps, want)
	}
}

// openWith opens a capture in a session that is closed at the end.
func openWith(t *testing.T, cfg engine.Config, path string) *engine.Capture {
	t.Helper()
	cfg.TempDir, cfg.CacheDir = t.TempDir(), t.TempDir()
	s := engine.NewSession(cfg)
	t.Cleanup(func() { s.Close() })
	c, err := s.Open(t.Context(), engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
