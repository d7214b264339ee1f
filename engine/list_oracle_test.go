package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pktsh/engine"
)

// This file holds lists with chosen columns and colouring rules to what Wireshark
// shows: every built-in column and some of fields to tshark, colours to sharkd's own.

// listFrames bounds the rows of each capture.
const listFrames = 150

// listSample is a part of the captures that the deep comparison takes.
func listSample(t *testing.T) []string {
	t.Helper()
	files := []string{browse, "../testdata/hostile.pcapng", "../testdata/tls.pcapng"}
	if _, err := os.Stat(filepath.Join("..", "..", "shared", "captures")); err != nil && os.Getenv("PKTSH_CAPTURES") == "" {
		return files // there are no others
	}
	all, every := sample(t), 12
	if os.Getenv("PKTSH_SAMPLE") != "" {
		every = 1
	}
	for i := 0; i < len(all); i += every {
		files = append(files, all[i])
	}
	return files
}

// listWords are columns to compare: Wireshark's own, and fields of every kind.
func listWords() []string {
	var words []string
	for _, c := range engine.ListColumns() {
		words = append(words, c.Name)
	}
	return append(words,
		"ip.src", "ip.proto", "ip.proto:raw", "ip.addr", "ip.addr:2", "ip.addr:-1", "tcp.len", "tcp.flags", "tcp.flags:raw", "tcp.flags.syn",
		"tcp.port||udp.port", "tcp.port||udp.port:1", "udp.dstport:raw", "eth.type", "eth.type:raw", "eth.src", "frame.time_delta", "frame.protocols",
		"dns.qry.name", "dns.qry.type", "dns.a", "http.host", "http.request.full_uri", "tls.handshake.type", "tls.handshake.type:raw", "tcp.payload", "ip.checksum.status",
		"tcp.analysis.flags", "arp", "icmp.type", "ipv6.src", "_ws.expert.message", "frame.time_epoch")
}

// psmlColumns is the list as tshark prints it in some columns.
func psmlColumns(t *testing.T, path string, columns []engine.ListColumn, args ...string) [][]string {
	t.Helper()
	var formats []string
	for i, c := range columns {
		formats = append(formats, fmt.Sprintf("%q,%q", fmt.Sprint(i), c.Code()))
	}
	args = append(args, "-o", "gui.column.format:"+strings.Join(formats, ","), "-T", "psml")
	return psmlRows(t, tshark(t, path, listFrames, args...))
}

func listOf(t *testing.T, c *engine.Capture, o engine.ListOptions) []engine.ListRow {
	t.Helper()
	var rows []engine.ListRow
	for r, err := range c.All().List(context.Background(), 0, listFrames, o) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func listSession(t *testing.T, cfg engine.Config) *engine.Session {
	t.Helper()
	cfg.Tools, cfg.TempDir, cfg.CacheDir = tools(t), t.TempDir(), t.TempDir()
	s := engine.NewSession(cfg)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestListColumnsEqualTshark(t *testing.T) {
	ctx := context.Background()
	s := listSession(t, engine.Config{})
	var columns []engine.ListColumn
	for _, w := range listWords() {
		if w == "cumulative" {
			continue // tshark -2 counts the bytes of its first pass, too: TestCumulative
		}
		c, err := s.ListColumn(ctx, w)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	cells := 0
	for _, path := range listSample(t) {
		c, err := s.Open(ctx, engine.OpenOptions{Paths: []string{path}})
		if err != nil {
			continue // TestDeepEqualsTshark says whether that is right
		}
		want := psmlColumns(t, path, columns)
		if len(want) == 0 {
			c.Close()
			continue // a link type that Wireshark lacks
		}
		got := listOf(t, c, engine.ListOptions{Columns: columns})
		if len(got) != len(want) {
			t.Errorf("%s: got %d rows, want %d", path, len(got), len(want))
		}
		bad := map[int]bool{}
		for i := range min(len(got), len(want)) {
			for k, column := range columns {
				cells++
				if bad[k] || sameRow(got[i].Cells[k:k+1], want[i][k:k+1]) {
					continue
				}
				bad[k] = true
				t.Errorf("%s, packet %d, column %s (%s): got %q, want %q", path, i+1, column.Name, column.Code(), got[i].Cells[k], want[i][k])
			}
		}
		c.Close()
	}
	t.Logf("%d cells compared", cells)
}

// TestCumulative compares the bytes up to each packet with tshark in one pass: in its
// second pass it goes on where the first one ended. Some of a filter's packets, too.
func TestCumulative(t *testing.T) {
	ctx := context.Background()
	s := listSession(t, engine.Config{})
	column, err := s.ListColumn(ctx, "cumulative")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Open(ctx, engine.OpenOptions{Paths: []string{browse}})
	if err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{"frame", "dns"} {
		out, err := exec.Command("tshark", "-n", "-r", browse, "-Y", expr, "-o", `gui.column.format:"B","%B"`).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		v, err := c.All().Narrow(ctx, expr)
		if err != nil {
			t.Fatal(err)
		}
		const from = 20
		at := from
		for r, err := range v.List(ctx, from, len(want), engine.ListOptions{Columns: []engine.ListColumn{column}}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Cells[0] != want[at] {
				t.Fatalf("%s, place %d: got %s, want %s", expr, at, r.Cells[0], want[at])
			}
			at++
		}
		if at != len(want) || at <= from {
			t.Errorf("%s: got rows up to %d, want %d", expr, at, len(want))
		}
	}
}

// controls are what tshark prints as an escape.
var controls = regexp.MustCompile("[\x00-\x1f\x7f]")

// TestListNamesEqualTshark compares the list with names resolved.
func TestListNamesEqualTshark(t *testing.T) {
	ctx := context.Background()
	for _, letters := range []string{"m", "t", "mnt", "dv", "mntdv"} {
		s := listSession(t, engine.Config{Dissection: engine.Dissection{Names: letters}})
		var columns []engine.ListColumn
		for _, w := range []string{"no", "source", "destination", "info", "sport", "dport", "src_resolved", "dst_unresolved", "hw_src", "hw_dst_resolved", "tcp.dstport", "eth.src", "ip.dst", "udp.port:raw"} {
			c, err := s.ListColumn(ctx, w)
			if err != nil {
				t.Fatal(err)
			}
			columns = append(columns, c)
		}
		for _, path := range []string{browse, "../testdata/hostile.pcapng"} {
			c, err := s.Open(ctx, engine.OpenOptions{Paths: []string{path}})
			if err != nil {
				t.Fatal(err)
			}
			want := psmlColumns(t, path, columns, "-N", letters)
			for i, r := range listOf(t, c, engine.ListOptions{Columns: columns}) {
				for k, cell := range r.Cells { // tshark escapes what it prints
					r.Cells[k] = controls.ReplaceAllStringFunc(cell, func(c string) string { return fmt.Sprintf(`\x%x`, c[0]) })
				}
				if !sameRow(r.Cells, want[i]) {
					t.Errorf("-N %s, %s, packet %d:\n got %q\nwant %q", letters, path, i+1, r.Cells, want[i])
					break
				}
			}
		}
	}
}

// sharkdColors are the colours that sharkd itself gives the first frames under rules.
func sharkdColors(t *testing.T, path, rules string) [][2]string {
	t.Helper()
	profile := t.TempDir()
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(profile, "colorfilters"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	path, _ = filepath.Abs(path)
	cmd := exec.Command("sharkd", "-")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	load, _ := json.Marshal(map[string]any{"file": path})
	cmd.Stdin = strings.NewReader(fmt.Sprintf("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"load\",\"params\":%s}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"frames\",\"params\":{\"limit\":%d}}\n", load, listFrames))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 1<<26)
	var colors [][2]string
	for lines.Scan() {
		var reply struct {
			ID     int             `json:"id"`
			Result json.RawMessage `json:"result"`
		}
		var frames []struct{ BG, FG string }
		if json.Unmarshal(lines.Bytes(), &reply) == nil && reply.ID == 2 && json.Unmarshal(reply.Result, &frames) == nil {
			for _, f := range frames {
				colors = append(colors, [2]string{f.BG, f.FG})
			}
		}
	}
	return colors
}

// TestColorsEqualSharkd compares the first matching rules with sharkd's own colours:
// pktsh's rules, Wireshark's, and some that columns do not tell.
func TestColorsEqualSharkd(t *testing.T) {
	ctx := context.Background()
	odd := filepath.Join(t.TempDir(), "odd")
	const oddRules = `# rules that only headers or a whole pass tell
!@Off@frame@[0,0,0][65535,65535,65535]
@Slice@eth[0] & 1@[1000,20000,30000][65535,65535,65535]
@Raw \@ sign@\@ip.proto == 06@[2000,20000,30000][65535,65535,65535]
@Quoted@dns.qry.name contains "exa"@[3000,20000,30000][65535,65535,65535]
@Frame@frame[20:2] contains 00:01@[4000,20000,30000][65535,65535,65535]
@Layer@ip.src#1 == 10.0.0.0/8@[5000,20000,30000][65535,65535,65535]
`
	if err := os.WriteFile(odd, []byte(oddRules), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{"../repl/command/colorfilters", odd}
	if installed := filepath.Join("/usr/share/wireshark", "colorfilters"); exists(installed) {
		files = append(files, installed)
	}
	s := listSession(t, engine.Config{})
	rows := 0
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := engine.ParseColorRules(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		colors := engine.NewColorRules(rules)
		for _, path := range listSample(t) {
			c, err := s.Open(ctx, engine.OpenOptions{Paths: []string{path}})
			if err != nil {
				continue
			}
			if c.Len() == 0 || len(c.Warnings()) > 0 {
				c.Close()
				continue // sharkd does not answer the load of a cut file
			}
			want := sharkdColors(t, path, file)
			for i, r := range listOf(t, c, engine.ListOptions{Columns: engine.DefaultListColumns(), Colors: colors}) {
				got, name := [2]string{}, "no rule"
				if r.Color != nil {
					hex := func(c engine.RGB) string { return fmt.Sprintf("%x", int(c.R)<<16|int(c.G)<<8|int(c.B)) }
					got, name = [2]string{hex(r.Color.Background), hex(r.Color.Foreground)}, r.Color.Name
				}
				rows++
				if i < len(want) && got != want[i] {
					t.Errorf("%s, %s, packet %d: got %v (%s), want %v", file, path, i+1, got, name, want[i])
					break
				}
			}
			c.Close()
		}
	}
	t.Logf("%d rows compared", rows)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
