package wireshark

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// This file runs one sharkd process: start, one request at a time, stall
// detection, end. What is asked, and what happens when the process is gone, is
// the Dissector's business.

const (
	// maxReply bounds one reply line. A tree is about 11 KB, a chunk of rows a
	// few MB; what is longer than this is a process gone mad.
	maxReply = 1 << 30
	// maxStderr is how much of the end of the error output is kept.
	maxStderr = 16 << 10
	// watchInterval is how often a waiting request looks for progress.
	watchInterval = time.Second
	// memoryInterval is how often its memory is looked at, when that has a limit:
	// loading takes about 100 MB a second.
	memoryInterval = 250 * time.Millisecond
)

// errDied and errStalled end a process; the question is then asked again.
var (
	errDied    = errors.New("the process ended")
	errStalled = errors.New("the process stopped making progress")
)

// process is a running sharkd. Only exchange, under the Dissector's turn, talks
// to it; kill may be called by anyone at any time.
type process struct {
	cmd     *exec.Cmd
	stdin   *os.File
	lines   chan output   // replies; closed at the end of output
	done    chan struct{} // closed when the process is gone and reaped
	stderr  *tail
	profile string // the private profile; removed once read and at the end
	capture os.FileInfo
	arrived atomic.Int64 // bytes of output so far
	id      uint32       // of the last request
	columns columnNumbers
	limit   int64 // of memory in bytes; 0 for none
}

// output is a reply's line with the list of fields that came before it, if one did.
type output struct{ line, fields []byte }

// startProcess starts sharkd on the profile directory. It takes ownership of
// the directory. inherit, which may be nil, becomes the child's descriptor 3.
func startProcess(sharkd, profile string, inherit *os.File, capture os.FileInfo) (*process, error) {
	p := &process{
		lines: make(chan output), done: make(chan struct{}),
		stderr: &tail{max: maxStderr}, profile: profile, capture: capture,
	}
	fail := func(err error) (*process, error) {
		_ = os.RemoveAll(profile)
		return nil, fmt.Errorf("%s: %w", sharkd, err)
	}
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return fail(err)
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		_, _ = childIn.Close(), stdin.Close()
		return fail(err)
	}
	p.stdin = stdin
	p.cmd = command(context.Background(), sharkd, "-")
	p.cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, p.stderr
	if inherit != nil {
		p.cmd.ExtraFiles = []*os.File{inherit}
	}
	wait, err := StartChild(p.cmd)
	_, _ = childIn.Close(), childOut.Close()
	if err != nil {
		_, _ = stdin.Close(), stdout.Close()
		return fail(err)
	}
	go func() {
		_ = wait() // how it ended is in the error output
		_ = os.RemoveAll(p.profile)
		close(p.done)
	}()
	go p.read(stdout)
	return p, nil
}

// read passes output on, line by line, until its end.
func (p *process) read(stdout *os.File) {
	defer close(p.lines)
	defer stdout.Close()
	r := bufio.NewReaderSize(stdout, 64<<10)
	var line, fields []byte
	for {
		part, err := r.ReadSlice('\n')
		p.arrived.Add(int64(len(part)))
		line = append(line, part...)
		if err == bufio.ErrBufferFull && len(line) < maxReply {
			continue
		}
		if err != nil {
			return // the end, or a line without end: both end the process
		}
		if size, ok := fieldsHeader(line); ok {
			fields = make([]byte, size)
			if _, err := io.ReadFull(r, fields); err != nil {
				return
			}
			p.arrived.Add(int64(size))
			line = nil
			continue
		}
		select {
		case p.lines <- output{line, fields}:
			line, fields = nil, nil
		case <-p.done:
			return
		}
	}
}

// kill ends the process and waits until it is reaped and its profile removed.
func (p *process) kill() {
	_ = killGroup(p.cmd.Process)
	_ = p.stdin.Close()
	go func() {
		for range p.lines { // let read reach the end
		}
	}()
	<-p.done
}

// send writes one request and returns its id.
func (p *process) send(req *request) (uint32, error) {
	if p.id++; p.id == 0 || p.id > 1<<31-1 {
		p.id = 1
	}
	line, err := req.line(p.id)
	if err != nil {
		return 0, err
	}
	if _, err := p.stdin.Write(line); err != nil {
		return 0, fmt.Errorf("%w (%v)", errDied, err)
	}
	return p.id, nil
}

// receive waits for the next reply. It gives up with errStalled when for as
// long as stall no byte arrived and the position in the capture did not move.
// Where that position is unknown, only a strict wait ends so: a pass over a large
// capture may rightly take hours without a byte.
func (p *process) receive(stall time.Duration, strict bool) (reply, error) {
	interval := min(watchInterval, max(stall/4, time.Millisecond))
	if p.limit > 0 {
		interval = min(interval, memoryInterval)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last, since := int64(-2), time.Now()
	for {
		select {
		case out, ok := <-p.lines:
			if !ok {
				return reply{}, errDied
			}
			r, err := parseReply(out.line)
			if err != nil {
				return reply{}, fmt.Errorf("%w: %w", errDied, err)
			}
			r.fields = out.fields
			return r, nil
		case <-ticker.C:
			if err := p.overLimit(); err != nil {
				return reply{}, err
			}
			_, pos := capturePosition(p.cmd.Process.Pid, p.capture)
			now := p.arrived.Load() + max(pos, 0)
			if now != last || pos < 0 && !strict {
				last, since = now, time.Now()
			} else if time.Since(since) >= stall {
				return reply{}, fmt.Errorf("%w for %v", errStalled, stall)
			}
		}
	}
}

// overLimit returns a *MemoryError when the process has more memory than it may.
func (p *process) overLimit() error {
	if p.limit <= 0 {
		return nil
	}
	if used := residentSize(p.cmd.Process.Pid); used > p.limit {
		return &MemoryError{Limit: p.limit, Used: used}
	}
	return nil
}

// exchange sends a request and returns its reply.
func (p *process) exchange(req *request, stall time.Duration, strict bool) (reply, error) {
	id, err := p.send(req)
	if err != nil {
		return reply{}, err
	}
	r, err := p.receive(stall, strict)
	if err == nil && r.id != id {
		err = fmt.Errorf("%w: got the reply to request %d, want %d", errDied, r.id, id)
	}
	return r, err
}

// tail is a writer that keeps the end of what it is given.
type tail struct {
	mu  sync.Mutex
	buf []byte
	max int
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// reason returns what sharkd or tshark said of its own accord: lines like
// "sharkd: The file … isn't a capture file", without the name in front. Log
// lines and greetings are left out.
func reason(stderr string) string {
	var out []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\r\n")
		for _, program := range []string{"sharkd: ", "tshark: "} {
			if text, ok := strings.CutPrefix(line, program); ok {
				out = append(out, text)
			}
		}
	}
	return strings.Join(out, "; ")
}

// waitReason is reason for a process that has just answered: what it wrote
// before may still be on its way.
func (p *process) waitReason() string {
	for range 20 {
		if text := reason(p.stderr.String()); text != "" {
			return text
		}
		select {
		case <-p.done:
			return reason(p.stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return ""
}
