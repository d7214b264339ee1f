package live

// This file runs dumpcap, Wireshark's own helper for capturing: it has the
// privileges, so that pktsh needs none. Its standard output is the spool itself, so
// that nothing is lost however slow we read; what it says comes on standard error.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"pktsh/engine/wireshark"
)

const (
	// startPatience is how long dumpcap may take to begin.
	startPatience = 20 * time.Second
	// stopPatience is how long it may take to end when it is told to.
	stopPatience = 5 * time.Second
	// maxComplaint is how much of what it says is kept.
	maxComplaint = 8 << 10
)

// dumpcap is a dumpcap, or the tshark that runs one for an extcap interface.
type dumpcap struct {
	program string
	options Options
	cmd     *exec.Cmd
	begun   chan struct{} // closed when packets are captured
	done    chan struct{} // closed when it is gone and reaped
	spool   *os.File      // to see it grow; nil where it is no file

	mu       sync.Mutex
	captured int
	drops    Drops
	said     strings.Builder // what is neither of these
	stopped  bool            // it was told to end
	err      error           // once done
}

// StartDumpcap has a dumpcap append packets to spool, a pcapng section, and returns
// when it captures. program is dumpcap, or tshark for interfaces that only extcap
// programs know. An interface, a filter or a permission that it refuses is an
// *Error with the reason in its own words.
func StartDumpcap(ctx context.Context, program string, spool *os.File, o Options) (Source, error) {
	if program == "" {
		return nil, errors.New("dumpcap is not on PATH: it is what captures; install Wireshark's command-line programs (Debian: apt-get install tshark), or capture with libpcap")
	}
	d := &dumpcap{program: program, options: o, begun: make(chan struct{}), done: make(chan struct{})}
	d.cmd = exec.Command(program, o.arguments(program)...)
	d.cmd.Stdout = spool
	d.cmd.SysProcAttr = attributes()
	stderr, childErr, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d.cmd.Stderr = childErr
	wait, err := wireshark.StartChild(d.cmd)
	_ = childErr.Close()
	if err != nil {
		_ = stderr.Close()
		if errors.Is(err, os.ErrPermission) {
			return nil, &Error{Kind: Forbidden, Text: "you may not run " + program, advice: permissionAdvice(program)}
		}
		return nil, fmt.Errorf("cannot start dumpcap: %w", err)
	}
	d.watch(spool)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		defer stderr.Close()
		d.listen(stderr)
	}()
	go func() {
		defer close(d.done)
		err := wait()
		select {
		case <-heard:
		case <-time.After(time.Second): // a grandchild has it
		}
		d.ended(err)
		if d.spool != nil {
			_ = d.spool.Close() // it was only looked at
		}
	}()
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	select {
	case <-d.begun:
		return d, nil
	case <-d.done:
		select {
		case <-d.begun: // and it is over already
			return d, nil
		default:
		}
		if err := d.Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("dumpcap ended before it captured, and did not say why")
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), d.kill())
	case <-patience.C:
		return nil, errors.Join(fmt.Errorf("dumpcap has not begun to capture within %v", startPatience), d.kill())
	}
}

// arguments are the command line's.
func (o Options) arguments(program string) []string {
	var args []string
	if o.Filter != "" { // before the interfaces: it is the default of each
		args = append(args, "-f", o.Filter)
	}
	if program := filepath.Base(program); program == "dumpcap" {
		args = append(args, "-B", strconv.Itoa(kernelBuffer))
	}
	if o.SnapLen > 0 {
		args = append(args, "-s", strconv.Itoa(o.SnapLen))
	}
	if o.NoPromiscuous {
		args = append(args, "-p")
	}
	for _, name := range o.Interfaces {
		args = append(args, "-i", name)
		if o.Monitor {
			args = append(args, "-I")
		}
	}
	if o.LinkType != "" {
		args = append(args, "-y", o.LinkType)
	}
	if o.Count > 0 {
		args = append(args, "-c", strconv.Itoa(o.Count))
	}
	if o.Timeout > 0 {
		args = append(args, "-a", "duration:"+strconv.FormatFloat(o.Timeout.Seconds(), 'f', -1, 64))
	}
	if o.Bytes > 0 {
		args = append(args, "-a", "filesize:"+strconv.FormatInt(max(o.Bytes/1000, 1), 10))
	}
	if o.Comment != "" {
		args = append(args, "--capture-comment", o.Comment)
	}
	return append(args, "-w", "-")
}

// listen reads what it says until the end.
func (d *dumpcap) listen(stderr io.Reader) {
	var line []byte
	buffer := make([]byte, 4096)
	for {
		n, err := stderr.Read(buffer)
		for _, b := range buffer[:n] {
			if b == '\n' || b == '\r' {
				d.hear(string(line))
				line = line[:0]
			} else if len(line) < maxComplaint {
				line = append(line, b)
			}
		}
		// A count comes without an end of line.
		if n > 0 && countLine.Match(line) {
			d.hear(string(line))
		}
		if err != nil {
			d.hear(string(line))
			return
		}
	}
}

var (
	countLine = regexp.MustCompile(`^Packets: (\d+) $`)
	statsLine = regexp.MustCompile(`^Packets received/dropped on interface '.*': (\d+)/\d+ \(pcap:(\d+)/dumpcap:(\d+)/flushed:\d+/ps_ifdrop:(\d+)\)`)
)

// hear takes in a line.
func (d *dumpcap) hear(line string) {
	line = strings.TrimRight(line, " ")
	d.mu.Lock()
	defer d.mu.Unlock()
	number := func(text string) uint64 {
		n, _ := strconv.ParseUint(text, 10, 64) // the pattern has only digits
		return n
	}
	switch {
	case strings.HasPrefix(line, "Packets: "):
		d.captured = int(number(strings.TrimPrefix(line, "Packets: ")))
	case strings.HasPrefix(line, "Packets captured: "):
		d.captured = int(number(strings.TrimPrefix(line, "Packets captured: ")))
	case strings.HasPrefix(line, "File: "), strings.Contains(line, "-- File: "):
		d.begin()
	case strings.HasPrefix(line, "Packets received/dropped"):
		if m := statsLine.FindStringSubmatch(line); m != nil {
			d.drops = d.drops.Add(Drops{Received: number(m[1]), Kernel: number(m[2]), Own: number(m[3]), Interface: number(m[4])})
		}
	case line == "", strings.HasPrefix(line, "Capturing on "), strings.HasPrefix(line, "Running as user "), strings.Contains(line, "-- Capture started"),
		strings.Contains(line, "cap_set_proc() fail"), strings.HasSuffix(line, "packets captured"), strings.HasSuffix(line, "packet captured"), line == "tshark:":
	case d.said.Len() < maxComplaint:
		d.said.WriteString(line + "\n")
	}
}

// begin tells that it captures.
func (d *dumpcap) begin() {
	select {
	case <-d.begun:
	default:
		close(d.begun)
	}
}

// ended notes how it ended.
func (d *dumpcap) ended(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	said := strings.TrimSpace(d.said.String())
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
		if signal := exit.Sys().(syscall.WaitStatus).Signal(); !d.stopped {
			d.err = fmt.Errorf("dumpcap was ended from outside (%v); what it had written is kept", signal)
		}
	case said != "":
		d.err = d.explain(said)
	case err != nil && !d.stopped:
		d.err = fmt.Errorf("dumpcap ended: %w", err)
	}
}

func (d *dumpcap) Done() <-chan struct{} { return d.done }

func (d *dumpcap) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *dumpcap) Captured() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.captured
}

func (d *dumpcap) Drops() Drops {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drops
}

// Stop tells it to end, and kills it when it does not within five seconds.
func (d *dumpcap) Stop() error {
	d.drain()
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, d.kill())
	}
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-d.done:
		return nil
	case <-patience.C:
		return d.kill()
	}
}

// kill ends it at once.
func (d *dumpcap) kill() error {
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	err := killGroup(d.cmd.Process)
	<-d.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
