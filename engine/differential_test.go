package engine_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/wireshark"
)

// This file holds the deep tier against `tshark -2 -n` on 120 captures that none
// of us made: rows, layers, and every line of the pretty print. The captures are
// chosen by a fixed rule: of all, sorted by path, every n-th so that there are 120.
// PKTSH_SAMPLE=n takes n captures instead, 0 all of them.

const (
	sampleSize   = 120
	sampleFrames = 25 // packets of each capture whose trees are compared; rows are compared for all
	// manyFrames bounds the rows, for captures of tens of thousands of packets.
	manyFrames = 3000
)

// captures returns the directory of captures, or skips.
func captures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no captures: %v (PKTSH_CAPTURES names their directory)", err)
	}
	return dir
}

func tools(t *testing.T) wireshark.Tools {
	t.Helper()
	found := wireshark.Find(os.Getenv("PATH"))
	if found.Tshark == "" || found.Sharkd == "" {
		t.Skip("tshark and sharkd are not on PATH")
	}
	return found
}

func sample(t *testing.T) []string {
	var all []string
	err := filepath.WalkDir(captures(t), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Base(path) != "README.md" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	n := sampleSize
	if v, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE")); err == nil {
		n = v
	}
	if n <= 0 || n >= len(all) {
		return all
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

// tshark runs `tshark -2 -n` under an empty profile. Its exit code is not an
// error: it is 2 for a truncated capture too.
func tshark(t *testing.T, path string, frames int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args = append([]string{"-2", "-n", "-r", path, "-Y", fmt.Sprintf("frame.number <= %d", frames)}, args...)
	cmd := exec.CommandContext(ctx, "tshark", args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil && ctx.Err() != nil {
		t.Fatalf("tshark %v: %v", args, err)
	}
	return out.String()
}

// psmlRows are the packet list's columns as tshark -T psml has them.
func psmlRows(t *testing.T, out string) [][]string {
	t.Helper()
	var doc struct {
		Packets []struct {
			Sections []string `xml:"section"`
		} `xml:"packet"`
	}
	dec := xml.NewDecoder(strings.NewReader(out))
	dec.Strict = false
	if err := dec.Decode(&doc); err != nil && err != io.EOF {
		t.Fatalf("psml: %v", err)
	}
	var rows [][]string
	for _, p := range doc.Packets {
		rows = append(rows, p.Sections)
	}
	return rows
}

// pdmlLayers are the names of the top-level protocols of each packet, without
// what PDML itself adds: geninfo, and the wrapper round a lone field.
func pdmlLayers(t *testing.T, out string) [][]string {
	t.Helper()
	type proto struct {
		Name string `xml:"name,attr"`
	}
	var doc struct {
		Packets []struct {
			Protos []proto `xml:"proto"`
		} `xml:"packet"`
	}
	dec := xml.NewDecoder(strings.NewReader(out))
	dec.Strict = false
	if err := dec.Decode(&doc); err != nil && err != io.EOF {
		t.Fatalf("pdml: %v", err)
	}
	var all [][]string
	for _, p := range doc.Packets {
		var names []string
		for _, l := range p.Protos {
			if l.Name != "geninfo" && l.Name != "frame" && l.Name != "fake-field-wrapper" {
				names = append(names, l.Name)
			}
		}
		all = append(all, names)
	}
	return all
}

// text is the pretty print of a tree: four spaces a level, a line a node.
func text(t *dissect.Tree) []string {
	var lines []string
	dissect.Walk(t.Nodes, func(f *dissect.Field, depth int) bool {
		if !f.Hidden {
			lines = append(lines, strings.Repeat("    ", depth)+f.Label)
		}
		return true
	})
	return lines
}

// isHexDump says whether a line is of the dump that tshark -V puts under
// undissected data: it is no node of the tree (repl/render prints it, too).
func isHexDump(line string) bool {
	return len(line) > 5 && line[4] == ' ' && line[5] == ' ' && strings.Trim(line[:4], "0123456789abcdef") == ""
}

func TestDeepEqualsTshark(t *testing.T) {
	found := tools(t)
	session := engine.NewSession(engine.Config{Tools: found, TempDir: t.TempDir(), CacheDir: t.TempDir()})
	t.Cleanup(func() { session.Close() })
	if _, err := session.WaitCatalogue(context.Background()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	packets := 0
	for _, path := range sample(t) {
		name, _ := filepath.Rel(captures(t), path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := compareCapture(t, session, path)
			mu.Lock()
			packets += n
			mu.Unlock()
		})
	}
	t.Cleanup(func() { t.Logf("%d rows compared", packets) })
}

func compareCapture(t *testing.T, session *engine.Session, path string) (rows int) {
	ctx := context.Background()
	c, err := session.Open(ctx, engine.OpenOptions{Paths: []string{path}})
	if err != nil {
		if out := tshark(t, path, 1); out != "" {
			t.Errorf("got %v, but tshark reads it:\n%s", err, out)
		}
		return 0
	}
	defer c.Close()
	out := tshark(t, path, manyFrames, "-T", "psml")
	if out == "" {
		t.Skip("tshark does not open it: a link type or a format that Wireshark lacks")
	}
	want := psmlRows(t, out)
	if got := min(c.Len(), manyFrames); got != len(want) {
		t.Fatalf("got %d packets, tshark has %d", got, len(want))
	}
	if len(want) == 0 {
		return 0
	}
	bad := 0
	for r, err := range c.All().Rows(ctx, 0, manyFrames, engine.RowOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got := []string{strconv.Itoa(int(r.Number)), r.Time, r.Source, r.Destination, r.Protocol, strconv.Itoa(int(r.Length)), r.Info}
		if !sameRow(got, want[rows]) && bad < 5 {
			t.Errorf("row:\n got %q\nwant %q", got, want[rows])
			bad++
		}
		rows++
	}
	layers := pdmlLayers(t, tshark(t, path, sampleFrames, "-T", "pdml"))
	lines := strings.Split(strings.TrimSuffix(tshark(t, path, sampleFrames, "-V"), "\n"), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" || isHexDump(l) })
	var got []string
	for i := range layers {
		p, err := c.Packet(uint32(i + 1))
		if err != nil {
			t.Fatal(err)
		}
		tree, err := p.Tree(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, l := range tree.Layers() {
			names = append(names, l.Name)
		}
		if !slices.Equal(withoutWrapped(names), withoutWrapped(layers[i])) {
			t.Errorf("layers of packet %d: got %q, want %q", i+1, names, layers[i])
		}
		got = append(got, text(tree)...)
	}
	got = slices.DeleteFunc(got, func(l string) bool { return l == "" })
	for i := range max(len(got), len(lines)) {
		if i >= len(got) || i >= len(lines) {
			t.Errorf("pretty print: got %d lines, want %d", len(got), len(lines))
			break
		}
		if got[i] != lines[i] && !historical(got[i], lines[i]) {
			t.Errorf("pretty print, line %d:\n got %q\nwant %q", i+1, got[i], lines[i])
			break
		}
	}
	return rows
}

// historical is the accepted difference of the pretty print. tcp.completeness
// is what a conversation has shown so far, and Wireshark counts every time that a
// packet is dissected: its own window, too, says something else when asked again.
func historical(got, want string) bool {
	const label = "[Conversation completeness: "
	return strings.Contains(got, label) && strings.Contains(want, label)
}

// withoutWrapped leaves out "data": PDML wraps it as a field when it stands at
// the top level, so its proto element has another name there.
func withoutWrapped(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "data" })
}

// sameRow compares a row's cells. psml is XML: it cannot hold control
// characters, and its reader folds line ends.
func sameRow(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if got[i] != want[i] && strings.ToValidUTF8(got[i], "�") != want[i] {
			return false
		}
	}
	return true
}
