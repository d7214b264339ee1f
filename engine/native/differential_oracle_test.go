package native_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// This file asks tshark for the truth, and keeps its answers.

const (
	// cellEnd and valueEnd are what -E separator and -E aggregator are set to:
	// characters that Wireshark escapes in texts.
	cellEnd  = "\x1f"
	valueEnd = "\x1e"
)

// oracle answers with `tshark -2 -n -T fields`, every occurrence, under an empty
// profile. Its answers are kept under the user's cache directory, by tshark's
// version and what is in the capture.
type oracle struct {
	version string
	dir     string
	fields  map[string]string // that this version has: their protocols
	ahead   []string          // those of the protocols in asked
}

// asked are the protocols all of whose fields are asked for at once, so that a field
// that pktsh comes to know needs no further run over the captures.
const asked = "|ah|arp|chdlc|dhcp|dns|esp|eth|frame|geneve|gre|gtp|icmp|icmpv6|ieee8021ad|igmp|ip|ipv6|ipv6.dstopts|ipv6.fraghdr|ipv6.hopopts" +
	"|ipv6.routing|l2tp|llc|mpls|ntp|null|ppp|pppoe|pppoed|pppoes|pwethcw|sctp|sll|tcp|teredo|udp|vlan|vxlan|"

// newOracle skips the test where there is no tshark.
func newOracle(t *testing.T) *oracle {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed: nothing to compare with")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no place to keep tshark's answers: %v", err)
	}
	first, _, _ := strings.Cut(string(tshark(t, "--version")), "\n")
	words := strings.Fields(first)
	if len(words) < 3 {
		t.Fatalf("tshark --version: got %q, want a version", first)
	}
	o := &oracle{version: strings.TrimSuffix(words[2], "."), fields: map[string]string{}}
	o.dir = filepath.Join(cache, "pktsh", "differential", o.version)
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	list := exec.Command("tshark", "-G", "fields")
	list.Env = emptyProfile(t.TempDir())
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		c := strings.SplitN(line, "\t", 6)
		if c[0] != "F" || len(c) < 6 {
			continue // protocols are in frame.protocols
		}
		if strings.Contains(asked, "|"+c[4]+"|") && o.fields[c[2]] == "" {
			o.ahead = append(o.ahead, c[2])
		}
		o.fields[c[2]] = c[4]
	}
	return o
}

func emptyProfile(home string) []string {
	return append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "HOME="+home, "XDG_CONFIG_HOME="+home, "WIRESHARK_CONFIG_DIR="+home)
}

// answer is tshark's rows for a capture, in one or more kept files with some of the
// columns each.
type answer struct {
	parts []answerPart
	// recorded says that fields may be missing because they were not asked for.
	recorded bool
}

type answerPart struct {
	fields []string
	path   string
}

// ask returns what tshark says of a capture for at least the named fields. Only
// what is not kept is asked for.
func (o *oracle) ask(ctx context.Context, capture string, fields []string) (*answer, error) {
	raw, err := os.ReadFile(capture)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	dir := filepath.Join(o.dir, hex.EncodeToString(sum[:12]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.zst"))
	if err != nil {
		return nil, err
	}
	a := &answer{}
	known := map[string]bool{}
	for _, path := range kept {
		rows, err := openRows(path)
		if err != nil {
			return nil, err
		}
		a.parts = append(a.parts, answerPart{fields: rows.fields, path: path})
		for _, f := range rows.fields {
			known[f] = true
		}
		rows.Close()
	}
	missing := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return known[f] || o.fields[f] == "" })
	if len(missing) > 0 && len(kept) > 0 {
		there, err := a.protocols()
		if err != nil {
			return nil, err
		}
		missing = slices.DeleteFunc(missing, func(f string) bool { return !there[o.fields[f]] })
	}
	if len(missing) == 0 {
		return a, nil
	}
	if len(kept) == 0 {
		missing = slices.Compact(slices.Sorted(slices.Values(append(missing, o.ahead...))))
	}
	path := filepath.Join(dir, fmt.Sprintf("%d.zst", len(kept)))
	if err := o.run(ctx, capture, missing, path); err != nil {
		return nil, err
	}
	a.parts = append(a.parts, answerPart{fields: missing, path: path})
	return a, nil
}

// known are those of the fields that this version has.
func (o *oracle) known(fields []string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return o.fields[f] == "" })
}

// run keeps tshark's rows under a header line with the fields' names. How tshark
// ended does not matter: a damaged capture ends in an error after all that could
// be read.
func (o *oracle) run(ctx context.Context, capture string, fields []string, path string) error {
	home, err := os.MkdirTemp("", "pktsh-oracle-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	args := []string{"-2", "-n", "-r", capture, "-T", "fields", "-E", "occurrence=a", "-E", "separator=" + cellEnd, "-E", "aggregator=" + valueEnd}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, strings.Join(fields, cellEnd)+"\n"); err != nil {
		return err
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "tshark", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = emptyProfile(home), z, &complaint
	err = cmd.Run()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || !ended.Exited() || strings.Contains(complaint.String(), "aren't valid")) {
		return fmt.Errorf("tshark on %s: %w: %s", capture, err, complaint.String())
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}

// rows reads one kept file.
type rows struct {
	fields []string
	file   *os.File
	z      *zstd.Decoder
	r      *bufio.Reader
}

func openRows(path string) (*rows, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &rows{file: f, z: z, r: bufio.NewReaderSize(z, 1<<16)}
	head, err := r.r.ReadString('\n')
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: no header: %w", path, err)
	}
	r.fields = strings.Split(strings.TrimSuffix(head, "\n"), cellEnd)
	return r, nil
}

func (r *rows) Close() { r.z.Close(); r.file.Close() }

// next returns one row's cells; a text with a line feed in it goes over several lines.
func (r *rows) next() ([]string, error) {
	text := ""
	for {
		line, err := r.r.ReadString('\n')
		text += line
		if err != nil {
			return nil, err
		}
		if strings.Count(text, cellEnd) >= len(r.fields)-1 {
			return strings.Split(strings.TrimSuffix(text, "\n"), cellEnd), nil
		}
	}
}

// index says in which cell of a row a field is.
func (a *answer) index() map[string]int {
	index, width := map[string]int{}, 0
	for _, p := range a.parts {
		for i, f := range p.fields {
			index[f] = width + i
		}
		width += len(p.fields)
	}
	return index
}

// protocols are those that Wireshark found in the capture.
func (a *answer) protocols() (map[string]bool, error) {
	there, at := map[string]bool{}, a.index()["frame.protocols"]
	err := a.each(func(row []string) error {
		if row == nil {
			return nil
		}
		for p := range strings.SplitSeq(row[at], ":") {
			there[p] = true
		}
		return nil
	})
	return there, err
}

// each calls fn with tshark's cells of each packet, in order; none where they cannot be
// told apart.
func (a *answer) each(fn func(row []string) error) error {
	var open []*rows
	for _, p := range a.parts {
		r, err := openRows(p.path)
		if err != nil {
			return err
		}
		defer r.Close()
		open = append(open, r)
	}
	var row []string
	for {
		row = row[:0]
		odd := false
		for _, r := range open {
			cells, err := r.next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if len(cells) > len(r.fields) {
				odd = true // a text with the separator in it
			}
			row = append(row, cells...)
		}
		if odd {
			row = nil
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}
