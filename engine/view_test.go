package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pktsh/engine"
	"pktsh/engine/filter"
	"pktsh/engine/plan"
)

const browse = "../testdata/browse.pcapng"

// open opens a capture that pktsh's own dissectors answer for.
func open(t *testing.T, cfg engine.Config, path string) *engine.Capture {
	t.Helper()
	cfg.Mode = plan.Native
	cfg.TempDir = t.TempDir()
	s := engine.NewSession(cfg)
	t.Cleanup(func() { s.Close() })
	c, err := s.Open(context.Background(), engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func frames(t *testing.T, v *engine.View) []uint32 {
	t.Helper()
	var out []uint32
	for f, err := range v.Frames(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func TestViews(t *testing.T) {
	ctx := context.Background()
	c := open(t, engine.Config{}, browse)
	must := func(v *engine.View, err error) *engine.View {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	all := c.All()
	dns := must(all.Narrow(ctx, "dns"))
	answers := must(dns.Narrow(ctx, "udp.srcport == 53"))
	if n, _ := answers.Len(ctx); n != 41 {
		t.Errorf("got %d answers, want 41", n)
	}
	if got, want := answers.Filter(), "(dns) && (udp.srcport == 53)"; got != want {
		t.Errorf("got the filter %q, want %q", got, want)
	}
	for name, tt := range map[string]struct {
		view             *engine.View
		start, end, step int
		want             []uint32
	}{
		"head":      {all, 0, 3, 1, []uint32{1, 2, 3}},
		"middle":    {dns, 1, 3, 1, frames(t, dns)[1:3]},
		"backwards": {all, 4, 0, -2, []uint32{5, 3}},
		"beyond":    {all, 1202, 5000, 1, []uint32{1203, 1204}},
		"empty":     {all, 5, 5, 1, nil},
		"of slice":  {must(all.Slice(ctx, 9, -1, -1)), 0, 2, 1, []uint32{10, 9}},
		"of filter": {must(must(all.Slice(ctx, 0, 10, 1)).Narrow(ctx, "dns")), 0, 9, 1, []uint32{3, 4}},
		"reversed":  {must(must(all.Slice(ctx, 9, -1, -1)).Narrow(ctx, "dns")), 0, 9, 1, []uint32{4, 3}},
	} {
		if got := frames(t, must(tt.view.Slice(ctx, tt.start, tt.end, tt.step))); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
	if i, in, _ := dns.Index(ctx, 4); i != 1 || !in {
		t.Errorf("frame 4 of dns: got place %d %v, want 1", i, in)
	}
	if i, in, _ := dns.Index(ctx, 5); i != 2 || in {
		t.Errorf("frame 5 of dns: got %d before it and %v, want 2 and not in", i, in)
	}
	if f, err := dns.Frame(ctx, 82); err == nil {
		t.Errorf("place 82 of 82: got frame %d, want an error", f)
	}
}

// TestRows is the order and the completeness of rows for each kind of view.
func TestRows(t *testing.T) {
	ctx := context.Background()
	c := open(t, engine.Config{}, browse)
	back, err := c.All().Slice(ctx, 5, 1, -1)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r, err := range back.Rows(ctx, 0, 10, engine.RowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Number, " ", r.Time, " ", r.Delta, " ", r.Protocol))
	}
	want := []string{"6 0.065851000 0.003851000 TCP", "5 0.062000000 0.022000000 TCP", "4 0.040000000 0.038000000 DNS", "3 0.002000000 0.001600000 DNS"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestQuestionsThatFail(t *testing.T) {
	ctx := context.Background()
	c := open(t, engine.Config{}, browse)
	if _, err := c.Packet(0); err == nil || !strings.Contains(err.Error(), "packets 1 to 1204") {
		t.Errorf("packet 0: got %v, want the range there is", err)
	}
	var fe *filter.Error
	if _, err := c.All().Narrow(ctx, "dns && ip.scr == 1.1.1.1"); !errors.As(err, &fe) || fe.Offset != 7 || !strings.Contains(fe.Suggestion, "ip.src") {
		t.Errorf("a misspelt field: got %#v, want its place and ip.src", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	v, err := c.All().Narrow(ctx, "tcp.len > 5")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Len(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled filter: got %v", err)
	}
	if n, err := v.Len(ctx); err != nil || n == 0 {
		t.Errorf("after the cancelled one: got %d, %v, want packets", n, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := c.Packet(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Tree(ctx); err == nil || !strings.Contains(err.Error(), "is closed") {
		t.Errorf("a closed capture: got %v", err)
	}
}

// TestTimeFormats compares the Time column with tshark's for every value of -t.
func TestTimeFormats(t *testing.T) {
	tools(t)
	ctx := context.Background()
	// Both sides read the zone from TZ; the daylight saving time of this one is on
	// at the capture's date.
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	local := time.Local
	time.Local = zone
	t.Cleanup(func() { time.Local = local })
	t.Setenv("TZ", "America/New_York")
	for _, format := range []engine.TimeFormat{"a", "ad", "adoy", "d", "dd", "e", "r", "u", "ud", "udoy"} {
		for _, path := range []string{browse, "../testdata/hostile.pcapng"} {
			out, err := exec.Command("tshark", "-2", "-n", "-r", path, "-t", string(format), "-Y", "ip", "-T", "fields", "-e", "_ws.col.Time").Output()
			if err != nil {
				t.Fatal(err)
			}
			c := open(t, engine.Config{Times: format}, path)
			ip, err := c.All().Narrow(ctx, "ip")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
			for r, err := range ip.Rows(ctx, 0, 1<<30, engine.RowOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				if n < len(want) && r.Time != want[n] {
					t.Errorf("-t %s, %s, packet %d: got %q, want %q", format, path, r.Number, r.Time, want[n])
					break
				}
				n++
			}
			if n != len(want) {
				t.Errorf("-t %s, %s: got %d rows, want %d", format, path, n, len(want))
			}
		}
	}
}
