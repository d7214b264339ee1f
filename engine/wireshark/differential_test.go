package wireshark

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pktsh/dissect"
)

// This file holds what a Dissector says against what tshark prints: a sample of
// real captures goes through both. PKTSH_SAMPLE=n takes every nth capture, so 1
// is all of them.

const (
	sampleEvery  = 400
	sampleFrames = 10 // of each capture, the first
)

func sample(t *testing.T) []string {
	every := sampleEvery
	if n, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE")); err == nil && n > 0 {
		every = n
	}
	var all, out []string
	err := filepath.WalkDir(captures(t), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	for i := every / 2; i < len(all); i += every {
		out = append(out, all[i])
	}
	return out
}

// tsharkOutput runs `tshark -2 -n` on the first frames of a capture under an
// empty profile. A truncated capture's exit status is not an error.
func tsharkOutput(t *testing.T, ctx context.Context, tools Tools, path string, args ...string) string {
	t.Helper()
	args = append([]string{"-2", "-n", "-r", path, "-Y", fmt.Sprintf("frame.number <= %d", sampleFrames)}, args...)
	cmd := exec.CommandContext(ctx, tools.Tshark, args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil && ctx.Err() != nil {
		t.Fatal(err)
	}
	return out.String()
}

func firstFrames(d *Dissector) []uint32 {
	var out []uint32
	for n := 1; n <= min(d.State().Frames, sampleFrames); n++ {
		out = append(out, uint32(n))
	}
	return out
}

// text prints a tree as tshark -V does: four spaces a level, a line a node, an
// empty line at the end.
func text(t *dissect.Tree) string {
	var b strings.Builder
	var walk func(nodes []*dissect.Field, depth int)
	walk = func(nodes []*dissect.Field, depth int) {
		for _, f := range visible(nodes) {
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat("    ", depth), f.Label)
			if f.Protocol && f.Name == "data" {
				// tshark -V alone prints undissected data as a hex dump too.
				b.WriteString(hexDump(f.Bytes(t)))
			}
			walk(f.Children, depth+1)
		}
	}
	walk(t.Nodes, 0)
	b.WriteByte('\n')
	return b.String()
}

// visible are the nodes that Wireshark shows. Those that it hides are compared with
// PDML's by repl/script.
func visible(nodes []*dissect.Field) []*dissect.Field {
	return slices.DeleteFunc(slices.Clone(nodes), func(f *dissect.Field) bool { return f.Hidden })
}

// hexDump is tshark's: offset, 16 bytes, their ASCII.
func hexDump(data []byte) string {
	var b strings.Builder
	b.WriteByte('\n')
	for at := 0; at < len(data); at += 16 {
		row := data[at:min(at+16, len(data))]
		ascii := make([]byte, len(row))
		for i, c := range row {
			if ascii[i] = c; c < 0x20 || c > 0x7e {
				ascii[i] = '.'
			}
		}
		fmt.Fprintf(&b, "%04x  %-48s  %s\n", at, fmt.Sprintf("% x", row), ascii)
	}
	return b.String()
}

// firstDifference returns the first lines that differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n got %q\nwant %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

func TestEqualsTshark(t *testing.T) {
	tools := installed(t)
	for _, path := range sample(t) {
		name, err := filepath.Rel(captures(t), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			d := Start(tools, Config{}, Input{Path: path}, Options{TempDir: t.TempDir(), CacheDir: testCache})
			defer d.Close()
			err := d.Wait(ctx)
			want := tsharkOutput(t, ctx, tools, path, "-V")
			if err != nil {
				if want != "" {
					t.Errorf("got %v, want what tshark prints", err)
				}
				return
			}
			frames := firstFrames(d)
			compareTrees(t, ctx, d, frames, want)
			compareRows(t, ctx, d, frames, tsharkOutput(t, ctx, tools, path, "-T", "fields",
				"-e", "_ws.col.No.", "-e", "_ws.col.Source", "-e", "_ws.col.Destination",
				"-e", "_ws.col.Protocol", "-e", "_ws.col.Length", "-e", "_ws.col.Info"))
			compareColumns(t, ctx, d, tools, path, frames)
			comparePDML(t, ctx, d, tsharkOutput(t, ctx, tools, path, "-T", "pdml"))
		})
	}
}

func compareTrees(t *testing.T, ctx context.Context, d *Dissector, frames []uint32, want string) {
	var got strings.Builder
	for _, n := range frames {
		tree, err := d.Tree(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(text(tree))
	}
	if got.String() != want {
		t.Errorf("tree: %s", firstDifference(got.String(), want))
	}
}

func compareRows(t *testing.T, ctx context.Context, d *Dissector, frames []uint32, want string) {
	var got strings.Builder
	err := d.Rows(ctx, frames, func(s dissect.Summary) error {
		fmt.Fprintf(&got, "%d\t%s\t%s\t%s\t%d\t%s\n", s.Number, s.Source, s.Destination, s.Protocol, s.Length, s.Info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("rows: %s", firstDifference(got.String(), want))
	}
}

// compareColumns compares the columns of every field that the frames have.
func compareColumns(t *testing.T, ctx context.Context, d *Dissector, tools Tools, path string, frames []uint32) {
	seen := map[string]bool{"frame.number": true}
	for _, n := range frames {
		tree, err := d.Tree(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		for i, source := range tree.Sources {
			if source.Name == "" || i > 0 && len(source.Bytes) == 0 {
				t.Errorf("frame %d: source %d, %q, has %d bytes", n, i, source.Name, len(source.Bytes))
			}
		}
		dissect.Walk(tree.Nodes, func(f *dissect.Field, _ int) bool {
			if info, ok := d.words.catalogue.Lookup(f.Name); ok && info.Type != "PROTOCOL" && info.Type != "NONE" && !unequalColumn[f.Name] {
				seen[f.Name] = true
			}
			return true
		})
	}
	fields := keys(seen)
	slices.Sort(fields)
	args := []string{"-T", "fields"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	want := strings.Split(strings.TrimSuffix(tsharkOutput(t, ctx, tools, path, args...), "\n"), "\n")
	err := d.Columns(ctx, frames, fields, func(n uint32, values []string) error {
		row := strings.Split(want[0], "\t")
		want = want[1:]
		for i, got := range values {
			if i >= len(row) || !sameValues(got, row[i]) {
				info, _ := d.words.catalogue.Lookup(fields[i])
				t.Errorf("column %s (%s %s) of frame %d:\n got %q\nwant %q", fields[i], info.Type, info.Base, n, got, row[i])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unequalColumn are the fields whose columns may differ from tshark -T fields.
var unequalColumn = map[string]bool{
	"tcp.completeness":  true, // see equal
	"quic.frame_type":   true, // see Columns
	"llc.control.ftype": true, // see equal
}

// sameValues compares cells; the order of the values may differ, see Columns.
func sameValues(got, want string) bool {
	const stringLimit = 2040 // sharkd cuts strings at 2,047 bytes; the last character may be incomplete
	if got == want || len(got) >= stringLimit && strings.HasPrefix(want, got) {
		return true
	}
	g, w := strings.Split(got, ","), strings.Split(want, ",")
	slices.Sort(g)
	slices.Sort(w)
	return slices.Equal(g, w)
}

// comparePDML compares the visible nodes: names, values, places and layers.
func comparePDML(t *testing.T, ctx context.Context, d *Dissector, out string) {
	trees, err := parsePDML(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range trees {
		got, err := d.Tree(ctx, want.Frame)
		if err != nil {
			t.Fatal(err)
		}
		compareNodes(t, want.Frame, 0, got.Nodes, want.Nodes)
	}
}

// equal holds a node against PDML's. Accepted differences:
//   - a container without a value (FT_NONE) that has bytes: sharkd 4.0 does not say
//     its name (newer versions do);
//   - a field without bytes: PDML has a position nevertheless;
//   - PDML writes a protocol below the top level as a field, and wraps a field (and
//     the protocol "data") on the top level in a proto called fake-field-wrapper.
//   - of a field that begins before its parent, or in another data source, PDML
//     gives the sum of the two positions;
//   - tcp.completeness says what of a conversation has been seen so far, and each
//     dissection of a frame counts as seeing it: asking twice changes the answer;
//   - llc.control.ftype is registered twice, with 8 and with 16 bits, and the
//     catalogue has one of them: the number of hexadecimal digits differs;
//   - PDML writes control characters in values as \x and their number;
//   - PDML has QUIC's frame type in decimal, filters and labels in base 16.
func equal(parent int, g, w *dissect.Field) bool {
	if w.Name == "fake-field-wrapper" {
		return true
	}
	if w.Name == "quic.frame_type" {
		n, err := strconv.ParseUint(g.Show, 0, 64)
		return err == nil && strconv.FormatUint(n, 10) == w.Show
	}
	if w.Name == "tcp.completeness" || w.Name == "llc.control.ftype" {
		return g.Name == w.Name
	}
	place := g.Pos == w.Pos && g.Size == w.Size || g.Size == 0 && w.Size == 0 || g.Name == "data" ||
		g.Size == w.Size && g.Pos+parent == w.Pos
	return (g.Name == w.Name || g.Name == "" && g.Size > 0 && w.Show == "") && (g.Show == w.Show || pdmlText(g.Show) == w.Show) && place
}

// pdmlText writes control characters as PDML does, since XML cannot hold them.
func pdmlText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			fmt.Fprintf(&b, "\\x%x", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func compareNodes(t *testing.T, frame uint32, parent int, got, want []*dissect.Field) {
	got, want = visible(got), visible(want)
	if len(got) != len(want) {
		t.Errorf("frame %d: got %d nodes, want %d", frame, len(got), len(want))
		return
	}
	for i, w := range want {
		g := got[i]
		if !equal(parent, g, w) {
			t.Errorf("frame %d, %q:\n got %q %q %v %d,%d\nwant %q %q %v %d,%d", frame, g.Label,
				g.Name, g.Show, g.Protocol, g.Pos, g.Size, w.Name, w.Show, w.Protocol, w.Pos, w.Size)
		}
		if w.Name == "fake-field-wrapper" {
			if g.Name != "data" {
				compareNodes(t, frame, 0, []*dissect.Field{g}, w.Children)
			}
			continue
		}
		compareNodes(t, frame, w.Pos, g.Children, w.Children)
	}
}
