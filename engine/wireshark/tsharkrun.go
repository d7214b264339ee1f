package wireshark

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// This file asks questions of tshark itself: a process for one question, over the
// whole capture or over a side capture, that needs no loading and keeps nothing.

// FieldsQuery is what RunFields asks.
type FieldsQuery struct {
	// Filter is the display filter that chooses frames, "" for all of them.
	Filter string
	// Fields are the names of the fields, columns such as "_ws.col.Info" included.
	Fields []string
	// Flags are further flags of tshark, such as "-t", "ad".
	Flags []string
	// OnePass has tshark answer of each packet as it reads it, knowing none that come
	// after: `tshark -l` in place of `tshark -2`.
	OnePass bool
}

// OccurrenceSeparator stands between the occurrences of a field in a cell of
// RunFields: a form feed, which tshark writes as `\f` where a value has one.
const OccurrenceSeparator = "\f"

// RunFields runs `tshark -2 -T fields`, or -l, over a capture under a private profile made
// from cfg and calls each with the cells of every frame that the filter lets
// through, in order: one for each of the query's fields, all its occurrences
// joined by OccurrenceSeparator, "" when the frame does not have it. Values are as
// tshark prints them: \b, \f, \n, \r and \t by these two characters, other control
// characters and backslashes as they are. The slice belongs to RunFields, its
// strings to each.
//
// An error of each ends the run and is returned. The end of ctx kills tshark and
// returns the context's error. A filter that Wireshark does not take is a
// *FilterError, and when tshark ends in any other way than well, rows that it
// had printed have been delivered and the error is a *RunError: so for a capture
// whose last record is cut.
func RunFields(ctx context.Context, tools Tools, cfg Config, in Input, q FieldsQuery, each func(cells []string) error) error {
	if len(q.Fields) == 0 {
		return errors.New("fields: got no field, want at least one")
	}
	if len(q.Filter) > maxArgument {
		return fmt.Errorf("filter: got %d bytes, want at most %d", len(q.Filter), maxArgument)
	}
	passes := "-2"
	if q.OnePass {
		passes = "-l"
	}
	args := []string{passes, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=" + OccurrenceSeparator}
	args = append(args, q.Flags...)
	if q.Filter != "" {
		args = append(args, "-Y", q.Filter)
	}
	// A field that is asked twice gets its value only once.
	place := make([]int, len(q.Fields))
	var asked []string
	for i, name := range q.Fields {
		place[i] = slices.Index(asked, name)
		if place[i] < 0 {
			place[i] = len(asked)
			asked = append(asked, name)
			args = append(args, "-e", name)
		}
	}
	run := tsharkRun{tools: tools, cfg: cfg, in: in, shortName: tools.shortName(ctx)}
	whole := true
	stderr, err := run.read(ctx, args, func(out io.Reader) (err error) {
		whole, err = readRows(out, len(asked), place, each)
		return err
	})
	if err == nil && !whole {
		return fmt.Errorf("tshark: its output ends in the middle of a line: %w", io.ErrUnexpectedEOF)
	}
	if ended := (*RunError)(nil); q.Filter != "" && errors.As(err, &ended) {
		if fault := parseFilterError(q.Filter, stderr); fault != nil && fault.Offset >= 0 {
			return fault
		}
	}
	return err
}

// readRows reads lines of n cells and calls each with those at the given places.
// whole is false when the output ends in the middle of a line.
func readRows(out io.Reader, n int, place []int, each func([]string) error) (whole bool, err error) {
	in := bufio.NewReaderSize(out, 256<<10)
	var long []byte // a line longer than the reader's buffer
	split := make([]string, n)
	cells := make([]string, len(place))
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull && len(long) < maxReply {
			long = append(long, line...)
			continue
		}
		if len(long) > 0 {
			line = append(long, line...)
			long = nil // not kept: it may be very long
		}
		if err == io.EOF {
			return len(line) == 0, nil
		}
		if err != nil {
			return false, err
		}
		rest := string(line[:len(line)-1])
		for i := range split[:n-1] {
			var found bool
			if split[i], rest, found = strings.Cut(rest, "\t"); !found {
				return false, fmt.Errorf("tshark: got a row of %d cells, want %d", i+1, n)
			}
		}
		if split[n-1] = rest; strings.Contains(rest, "\t") {
			return false, fmt.Errorf("tshark: got a row of %d cells, want %d", n+strings.Count(rest, "\t"), n)
		}
		for i, at := range place {
			cells[i] = split[at]
		}
		if err := each(cells); err != nil {
			return false, err
		}
	}
}

// RunRaw runs tshark with args on a capture under an empty profile, its output and
// error output passed on, and returns its exit code; a file is passed on as it is.
// args are all of tshark's flags besides -r. The end of ctx interrupts tshark, which
// then ends its output. Unlike the other runs this one is in pktsh's own process
// group, since to the user it is pktsh: a Ctrl-Z stops both. The code is -1, with
// an error, when tshark could not be run or was ended by a signal.
func RunRaw(ctx context.Context, tools Tools, in Input, args []string, stdout, stderr io.Writer) (exit int, err error) {
	if tools.Tshark == "" {
		return -1, errNoTshark
	}
	profile, err := os.MkdirTemp("", "pktsh-wireshark-*")
	if err != nil {
		return -1, fmt.Errorf("making a profile for Wireshark: %w", err)
	}
	defer os.RemoveAll(profile)
	cmd := captureCommand(ctx, tools, profile, in, args)
	if in.Stream == nil { // a Ctrl-C ends what writes the stream, and the stream's end tshark
		cmd.SysProcAttr = sameGroup()
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = runChild(cmd)
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && ended.ExitCode() >= 0 {
		return ended.ExitCode(), nil
	}
	if err != nil {
		return -1, fmt.Errorf("tshark: %w", err)
	}
	return 0, nil
}

// inheritedName is the name of the first inherited file in a child.
const inheritedName = "/dev/fd/3"

// captureCommand prepares tshark with args on a capture under a profile.
func captureCommand(ctx context.Context, tools Tools, profile string, in Input, args []string) *exec.Cmd {
	name := in.Path
	switch {
	case in.Inherit != nil:
		name = inheritedName
	case in.Stream != nil:
		name = "-"
	}
	cmd := command(ctx, tools.Tshark, append([]string{"-r", name}, args...)...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	if in.Inherit != nil {
		cmd.ExtraFiles = []*os.File{in.Inherit}
	}
	cmd.Stdin = in.Stream // nil is no input
	return cmd
}

// tsharkRun is a run of tshark over a capture under a private profile.
type tsharkRun struct {
	tools     Tools
	cfg       Config
	in        Input
	tempDir   string
	shortName func(string) (string, error)
}

// read runs tshark and has fn read its output; an error of fn ends it. It returns
// the end of the error output too.
func (r tsharkRun) read(ctx context.Context, args []string, fn func(io.Reader) error) (stderr string, err error) {
	if r.tools.Tshark == "" {
		return "", errNoTshark
	}
	profile, err := r.cfg.writeProfile(r.tempDir, "", r.shortName)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(profile)
	cmd := captureCommand(ctx, r.tools, profile, r.in, args)
	said := &tail{max: maxStderr}
	cmd.Stderr = said
	err = readChild(cmd, fn)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		err = &RunError{Code: ended.ExitCode(), How: ended.String(), Said: strings.ReplaceAll(lastWords(said.String()), inheritedName, r.in.Path)}
	}
	return said.String(), err
}

// RunError says that tshark ended in another way than well. Rows that it printed
// before have been delivered.
type RunError struct {
	Code int    // the exit code; -1 when a signal ended it: a crash
	How  string // "exit status 2", "signal: segmentation fault"
	Said string // in its own words, the last ones of its error output; may be ""
}

func (e *RunError) Error() string {
	switch {
	case e.Code < 0 && e.Said != "":
		return fmt.Sprintf("tshark was ended by a crash (%s): %s", e.How, e.Said)
	case e.Code < 0:
		return fmt.Sprintf("tshark was ended by a crash (%s)", e.How)
	case e.Said != "":
		return "tshark: " + e.Said
	}
	return "tshark failed: " + e.How
}

// maxListed is how many lines of a list in tshark's error output are passed on: it
// may list every protocol.
const maxListed = 5

// lastWords takes from tshark's error output what it said of its own accord, with
// the list that may follow, or else the last line.
func lastWords(stderr string) string {
	var said []string
	listed := 0
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\r\n")
		text, own := strings.CutPrefix(line, "tshark: ")
		item, isItem := strings.CutPrefix(line, "\t")
		switch {
		case own:
			said, listed = append(said, text), 0
		case isItem && len(said) > 0 && strings.HasSuffix(said[len(said)-1], ":") && listed == 0:
			said[len(said)-1] += " " + item
			listed++
		case isItem && listed > 0 && listed < maxListed:
			said[len(said)-1] += ", " + item
			listed++
		default:
			listed = 0
		}
	}
	if len(said) == 0 {
		return lastLine(stderr)
	}
	return strings.Join(said, "; ")
}

// tshark runs tshark on the capture under the Dissector's configuration and has
// fn read its output. An error of fn, the end of ctx and Close end it.
func (d *Dissector) tshark(ctx context.Context, args []string, fn func(io.Reader) error) error {
	if !d.addWork() {
		return ErrClosed
	}
	defer d.work.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	run := tsharkRun{tools: d.tools, cfg: d.cfg, in: d.in, tempDir: d.opts.TempDir, shortName: d.tools.shortName(ctx)}
	_, err := run.read(ctx, args, fn)
	if d.ctx.Err() != nil {
		return ErrClosed
	}
	return err
}
