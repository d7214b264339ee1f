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
	// CacheDir is where what is known of the installed Wireshark is kept, and indexes
	// that sessions leave are found; TempDir is where temporary files are: "" for
	// none and for os.TempDir().
	CacheDir, TempDir string
	// Time is the Time column of the i-th packet, from 0, for Mode native.
	Time func(f *capfile.File, i int) string

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
	if ended := (*wireshark.RunError)(nil); errors.As(err, &ended) {
		exit = max(exit, ended.Code) // what it cannot read, we cannot
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
	feed *feed // nil until the capture is wanted
}

func (r *run) answer(ctx context.Context) (exit int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer r.close()
	defer cancel()
	if r.Format != "" {
		exit, err = r.print(ctx)
	}
	if r.Write != "" && err == nil && exit != exitError {
		err = r.write(ctx)
	}
	if err != nil {
		return max(exit, exitError), err
	}
	return max(exit, r.complain()), nil
}

// print answers -T.
func (r *run) print(ctx context.Context) (exit int, err error) {
	if r.Mode == plan.Native {
		return r.printOwn(ctx)
	}
	if r.Tools.Tshark == "" {
		return exitError, errors.New("-T needs tshark, which is not on PATH (Debian: apt-get install tshark); --engine native answers without")
	}
	if r.Format != "fields" || len(r.Fields) == 0 {
		return r.handOver(ctx)
	}
	layout, err := parseLayout(r.FieldOptions)
	if err != nil {
		return r.handOver(ctx) // tshark says what it takes
	}
	q, walker := r.question(ctx, r.Fields, layout)
	if q == nil {
		return r.handOver(ctx)
	}
	f, err := r.capture(ctx)
	if err != nil && ctx.Err() == nil && !r.spooled() || err == nil && isConverted(f) {
		return r.handOver(ctx) // Wireshark may know the format, or say what is wrong
	}
	if err != nil {
		return exitRead, err
	}
	return exitOK, r.rows(ctx, f, q, walker)
}

// question returns the question if headers answer it, and by what rules; nil if
// they do not.
func (r *run) question(ctx context.Context, fields []string, l layout) (*question, *dissect.Walker) {
	if r.Mode != plan.Auto || r.Tools.Tshark == "" {
		return nil, nil
	}
	if safe := r.Config.HeaderSafety(); !safe.Headers || !safe.Sealed {
		return nil, nil
	}
	table := dissect.NewTable()
	q, ok := newQuestion(table, r.Filter, fields, l)
	if !ok {
		return nil, nil
	}
	r.begin(ctx) // it takes a while before there are packets
	registrations, err := wireshark.LoadRegistrations(ctx, r.Tools, r.CacheDir)
	if err != nil || len(registrations.Plugins) > 0 {
		return nil, nil
	}
	return q, table.NewWalker(dissect.Rules{Registrations: registrations})
}

// rows prints what headers say, and what Wireshark says of the holes.
func (r *run) rows(ctx context.Context, f *capfile.File, q *question, walker *dissect.Walker) error {
	m := &merger{out: r.Stdout, spool: spool{tempDir: r.TempDir, limit: spoolMemory}}
	defer m.spool.close()
	if head := q.layout.preamble(r.Fields); len(head) > 0 {
		if _, err := r.Stdout.Write(head); err != nil {
			return err
		}
	}
	a := r.asking(f, q, walker)
	buffers := make(chan []byte, maxPending)
	var onward detours
	err := inOrder(ctx, r.feed, r.Count, func() func(block) (*result, error) {
		return newWorker(ctx, q, f, walker, buffers).block
	}, func(b *result) error {
		onward.apply(f, b)
		kept, err := m.take(b)
		if !kept {
			select {
			case buffers <- b.rows[:0]:
			default:
			}
		}
		a.marks.Add(b.hi-b.lo, b.marks)
		f.Release(b.lo, b.hi)
		return err
	})
	if err != nil || len(m.holes) == 0 {
		return err
	}
	r.announce(len(m.holes))
	return m.fill(func(each func(uint32, []byte) error) error { return a.rows(ctx, m.frames(), m.odd, each) })
}

func (r *run) asking(f *capfile.File, q *question, walker *dissect.Walker) *asking {
	return &asking{q: q, file: f, walker: walker, tools: r.Tools, config: r.Config, temp: r.TempDir, limit: r.Count}
}

// capture returns the capture as soon as some of it can be read.
func (r *run) capture(ctx context.Context) (*capfile.File, error) {
	r.begin(ctx)
	return r.feed.first(ctx)
}

// begin begins to open the capture.
func (r *run) begin(ctx context.Context) {
	if r.feed == nil {
		r.feed = start(func(indexed func(*capfile.File, int, *capfile.Window)) (*capfile.File, error) {
			return r.open(ctx, indexed)
		})
	}
}

// whole returns the capture when all of it is known.
func (r *run) whole(ctx context.Context) (*capfile.File, error) {
	f, err := r.capture(ctx)
	if err != nil {
		return nil, err
	}
	return f, r.feed.all(ctx)
}

// open opens what the question is put to.
func (r *run) open(ctx context.Context, indexed func(*capfile.File, int, *capfile.Window)) (*capfile.File, error) {
	o := capfile.Options{TempDir: r.TempDir, CacheDir: r.CacheDir, Indexed: indexed}
	if r.Mode == plan.Native {
		o.NoEditcap = "leave out --engine native"
	} else if r.Write != "" || r.spooled() {
		o.Editcap = r.Tools.Editcap
	}
	switch {
	case len(r.Files) > 1:
		return capfile.Merge(ctx, r.Files, o)
	case r.Files[0] == "-":
		return capfile.OpenReader(ctx, r.Stdin, "standard input", o)
	}
	return capfile.Open(ctx, r.Files[0], o)
}

// isConverted says that Wireshark reads another file than f maps.
func isConverted(f *capfile.File) bool { return strings.HasSuffix(f.Format(), "(converted)") }

// spooled says that tshark cannot be given what the question is put to: two passes
// need one file.
func (r *run) spooled() bool {
	if len(r.Files) > 1 || r.Files[0] == "-" {
		return true
	}
	info, err := os.Stat(r.Files[0])
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// announce says that Wireshark is asked about n packets, which may take long.
func (r *run) announce(n int) {
	if r.Watched {
		fmt.Fprintf(r.Stderr, "pktsh: asking Wireshark about %d packets\n", n)
	}
}

// complain says what was wrong with the capture and returns the exit code.
func (r *run) complain() (exit int) {
	if r.feed == nil || r.feed.file == nil {
		return exitOK
	}
	for _, text := range complaints(r.feed.file, r.Files[0]) {
		fmt.Fprintf(r.Stderr, "pktsh: %s\n", text)
		exit = exitRead
	}
	return exit
}

func (r *run) close() {
	if r.feed != nil {
		r.feed.close()
	}
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
