// Package batch answers one question about a capture and ends: it prints packets
// as tshark does (-T), or writes those that pass a filter to a file (-w).
//
// What is printed is byte for byte what `tshark -2` prints under an empty profile.
// Where packets' headers surely say it, pktsh reads them itself: the rows come out
// while the rest of the capture is still being indexed, and no process is started.
// Packets of which headers do not say it are put to Wireshark in a side capture
// ([pktsh/engine/side]), and their rows merged in order. What headers never say is
// handed over to tshark as a whole.
package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/plan"
	"pktsh/engine/side"
	"pktsh/engine/wireshark"
)

// Options is a question and what it is put to.
type Options struct {
	// Files are the captures; several are merged by time. "-" is Stdin.
	Files []string
	// Filter is a display filter, "" for every packet.
	Filter string
	// Format is that of -T: "fields", "text", "tabs", "json", "ek"; "" for none.
	Format string
	// Fields and FieldOptions are those of -T fields: tshark's -e and -E.
	Fields, FieldOptions []string
	// Count is how many packets are read, 0 for all of them.
	Count int
	// Write is the file that packets are written to, "-" for Stdout, "" for none.
	// WriteFormat is "pcap", "pcapng", or "" for what the name says.
	Write, WriteFormat string

	// Mode is who answers.
	Mode plan.Mode
	// Tools are Wireshark's programs, Config what it is configured to do besides
	// resolving names, and Flags are all of tshark's that say so, names and the
	// format of times included.
	Tools  wireshark.Tools
	Config wireshark.Config
	Flags  []string
	// CacheDir is where what is known of the installed Wireshark is kept, TempDir
	// where temporary files are: "" for none and for os.TempDir().
	CacheDir, TempDir string

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Watched says that somebody reads Stderr: long waits are announced there.
	Watched bool
}

// The exit codes, which are tshark's.
const (
	exitOK    = 0
	exitError = 1
	exitRead  = 2 // the capture cannot be read, or not to its end; or the output is closed
)

// Run answers a question and returns pktsh's exit code. An error is for the caller
// to print; what tshark has said itself is on Stderr already.
func Run(ctx context.Context, o Options) (exit int, err error) {
	r := &run{Options: o}
	exit, err = r.answer(ctx)
	if isClosed(err) {
		return exitRead, nil // nobody reads the output any more: tshark ends so, too
	}
	if err != nil && exit == exitOK {
		exit = exitError
	}
	return exit, err
}

// isClosed says that a write failed since nobody reads what is written.
func isClosed(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// run is one question being answered.
type run struct {
	Options
}

func (r *run) answer(ctx context.Context) (exit int, err error) {
	if r.Mode != plan.Native && r.Tools.Tshark == "" {
		return exitError, errors.New("-T needs tshark, which is not on PATH (Debian: apt-get install tshark); --engine native answers without")
	}
	if r.Format == "fields" {
		if q, walker := r.question(ctx); q != nil {
			return r.native(ctx, q, walker)
		}
	}
	return r.handOver(ctx)
}

// question returns the question if headers answer it, and by what rules.
func (r *run) question(ctx context.Context) (*question, *dissect.Walker) {
	layout, err := parseLayout(r.FieldOptions)
	if r.Mode != plan.Auto || err != nil || len(r.Fields) == 0 && r.Format == "fields" {
		return nil, nil
	}
	if safe := r.Config.HeaderSafety(); !safe.Headers || !safe.Sealed {
		return nil, nil
	}
	table := dissect.NewTable()
	q, _ := newQuestion(table, r.Filter, r.Fields, layout)
	if q == nil {
		return nil, nil
	}
	registrations, err := wireshark.LoadRegistrations(ctx, r.Tools, r.CacheDir)
	if err != nil || len(registrations.Plugins) > 0 {
		return nil, nil
	}
	return q, table.NewWalker(dissect.Rules{Registrations: registrations})
}

// native answers out of headers, and has Wireshark fill the holes.
func (r *run) native(ctx context.Context, q *question, walker *dissect.Walker) (exit int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	d := start(func(indexed func(*capfile.File, int)) (*capfile.File, error) { return r.open(ctx, indexed) })
	defer d.close()
	defer cancel()
	f, err := d.first(ctx)
	if err != nil {
		if ctx.Err() != nil || r.spooled() {
			return exitRead, err
		}
		return r.handOver(ctx) // Wireshark may know the format, or say what is wrong
	}
	m := &merger{out: r.Stdout, spool: spool{tempDir: r.TempDir, limit: spoolMemory}}
	defer m.spool.close()
	if head := q.layout.preamble(r.Fields); len(head) > 0 {
		if _, err := r.Stdout.Write(head); err != nil {
			return exitError, err
		}
	}
	buffers := make(chan []byte, 16)
	var marks []side.Mark
	err = inOrder(ctx, d, r.Count, func() func(lo, hi int) (*result, error) {
		return newWorker(ctx, q, f, walker, buffers).block
	}, func(b *result) error {
		kept, err := m.take(b)
		if !kept {
			select {
			case buffers <- b.rows[:0]:
			default:
			}
		}
		marks = append(marks, b.marks...)
		f.Release(b.lo, b.hi)
		return err
	})
	if err != nil {
		return exitError, err
	}
	if len(m.holes) > 0 {
		r.announce(len(m.holes))
		a := asking{q: q, file: f, walker: walker, tools: r.Tools, config: r.Config, temp: r.TempDir, limit: r.Count, marks: marks}
		err := m.fill(func(each func(uint32, []byte) error) error { return a.rows(ctx, m.frames(), m.odd, each) })
		if err != nil {
			return exitError, err
		}
	}
	return r.close(f), nil
}

// open opens what the question is put to.
func (r *run) open(ctx context.Context, indexed func(*capfile.File, int)) (*capfile.File, error) {
	o := capfile.Options{TempDir: r.TempDir, Indexed: indexed}
	if r.Mode == plan.Native {
		o.NoEditcap = "leave out --engine native"
	}
	switch {
	case len(r.Files) > 1:
		return capfile.Merge(ctx, r.Files, o)
	case r.Files[0] == "-":
		return capfile.OpenReader(ctx, r.Stdin, "standard input", o)
	}
	return capfile.Open(ctx, r.Files[0], o)
}

// spooled says that tshark cannot be given what the question is put to: two passes
// need one file.
func (r *run) spooled() bool {
	if len(r.Files) > 1 || r.Files[0] == "-" {
		return true
	}
	info, err := os.Stat(r.Files[0])
	return err == nil && !info.Mode().IsRegular()
}

// announce says that Wireshark is asked about n packets, which may take long.
func (r *run) announce(n int) {
	if r.Watched {
		fmt.Fprintf(r.Stderr, "pktsh: asking Wireshark about %d packets\n", n)
	}
}

// close says what was wrong with the capture and returns the exit code.
func (r *run) close(f *capfile.File) (exit int) {
	for _, text := range complaints(f, r.Files[0]) {
		fmt.Fprintf(r.Stderr, "pktsh: %s\n", text)
		exit = exitRead
	}
	return exit
}

// complaints are what tshark says, after all packets, of a capture that cannot be
// read to its end.
func complaints(f *capfile.File, name string) (out []string) {
	for _, w := range f.Warnings() {
		_, why, stopped := strings.Cut(w.Text, "stopped before packet ")
		switch {
		case strings.Contains(w.Text, "cut short"):
			out = append(out, fmt.Sprintf("The file %q appears to have been cut short in the middle of a packet.", name))
		case stopped:
			out = append(out, fmt.Sprintf("The file %q appears to be damaged or corrupt.\n(stopped before packet %s)", name, why))
		}
	}
	return slices.Compact(out)
}
