package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file runs processes and times them.

const (
	processLimit = 4 * time.Minute // what takes longer has no figure
	// One run of a slow process says as much of the machine's other work as of the
	// process: up to fewRuns are made, within bench.fewBudget.
	fewRuns  = 3
	sampling = 5 * time.Millisecond
)

// bench is what all measurements share.
type bench struct {
	program string // pktsh
	data    captures
	runs    int           // of each process
	budget  time.Duration // after which a process is not run again
	// fewBudget is the budget of processes that ran less than fewRuns times.
	fewBudget time.Duration
	scratch   string // outputs and caches, removed at the end
	seeded    string // a cache that knows Wireshark, but none of the captures
	log       io.Writer
}

// usage is what one run of a process took.
type usage struct {
	wall   time.Duration
	memory memory // where it was sampled
}

// memory is the most that a process had resident, in bytes.
type memory struct {
	own  int64 // anonymous pages (RssAnon)
	peak int64 // with the pages of mapped files (VmHWM)
}

// probe is a whole process that is timed.
type probe struct {
	name    string
	command []string
	input   string
	result  string                              // the file it writes; "" when that is its standard output
	read    func(path string) (answer, error)   // what the result says; nil when nobody compares it
	env     func() (env []string, clean func()) // of each run
	sampled bool                                // look at its memory while it runs

	took   []usage
	answer answer
	err    error // why there are no figures
}

// again says whether a probe is to be run once more.
func (p *probe) again(b *bench) bool {
	if p == nil || p.err != nil || len(p.took) >= b.runs {
		return false
	}
	var spent time.Duration
	for _, u := range p.took {
		spent += u.wall
	}
	return spent < b.budget || len(p.took) < min(fewRuns, b.runs) && spent < b.fewBudget
}

// measure runs probes in turn, so that what disturbs the machine disturbs all.
func (b *bench) measure(probes ...*probe) {
	for range b.runs {
		for _, p := range probes {
			if p.again(b) {
				b.once(p)
			}
		}
	}
	for _, p := range probes {
		if p != nil && p.err != nil {
			fmt.Fprintf(b.log, "  %s: n/a: %v\n", p.name, p.err)
		} else if p != nil {
			fmt.Fprintf(b.log, "  %s: %s s (%d runs)\n", p.name, seconds(p.median()), len(p.took))
		}
	}
}

// once runs a probe and keeps its figures, or why there are none.
func (b *bench) once(p *probe) {
	stdout := filepath.Join(b.scratch, "stdout")
	result := p.result
	if result == "" {
		result = stdout
	}
	defer func() { _ = errors.Join(os.Remove(stdout), removeIfThere(p.result)) }()
	u, err := b.process(p, stdout)
	if err != nil {
		p.err = err
		return
	}
	if p.took = append(p.took, u); len(p.took) == 1 && p.read != nil {
		p.answer, p.err = p.read(result)
	}
}

func removeIfThere(path string) error {
	if path == "" {
		return nil
	}
	return os.Remove(path)
}

// process runs a probe's command to its end.
func (b *bench) process(p *probe, stdout string) (u usage, err error) {
	out, err := os.Create(stdout)
	if err != nil {
		return u, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	defer cancel()
	var complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr = out, &complaints
	if p.input != "" {
		cmd.Stdin = strings.NewReader(p.input)
	}
	if p.env != nil {
		env, clean := p.env()
		defer clean()
		cmd.Env = append(os.Environ(), env...)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return u, err
	}
	most := func() memory { return memory{} }
	if p.sampled {
		most = sampleMemory(cmd.Process.Pid)
	}
	err = cmd.Wait()
	u.wall = time.Since(began)
	u.memory = most()
	switch {
	case ctx.Err() != nil:
		return u, fmt.Errorf("no answer within %v", processLimit)
	case err != nil:
		return u, fmt.Errorf("%w: %s", err, lastLine(complaints.String()))
	}
	return u, nil
}

// sampleMemory follows a process's memory until the returned function is called,
// which says the most that was seen. The kernel's ru_maxrss is of no use for small
// processes: it begins with what their parent had resident.
func sampleMemory(pid int) func() memory {
	quit, peak := make(chan struct{}), make(chan memory)
	go func() {
		var most memory
		for tick := time.NewTicker(sampling); ; {
			select {
			case <-quit:
				tick.Stop()
				peak <- most
				return
			case <-tick.C:
				m := memoryOf(pid)
				most.own, most.peak = max(most.own, m.own), max(most.peak, m.peak)
			}
		}
	}()
	return func() memory {
		close(quit)
		return <-peak
	}
}

// memoryOf reads proc_pid_status(5); nothing when the process is gone.
func memoryOf(pid int) (m memory) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line) // "RssAnon:", a number, "kB"
		if len(fields) != 3 {
			continue
		}
		kib, err := strconv.ParseInt(fields[1], 10, 64)
		switch {
		case err != nil:
		case fields[0] == "RssAnon:":
			m.own = kib << 10
		case fields[0] == "VmHWM:":
			m.peak = kib << 10
		}
	}
	return m
}

// lastLine is the last line of a program's complaints that says something.
func lastLine(s string) string {
	for _, line := range slices.Backward(strings.Split(s, "\n")) {
		if line != "" && !strings.HasPrefix(line, "Running as user ") && !strings.HasPrefix(line, "Try ") {
			return line
		}
	}
	return ""
}

// median is the median of the runs' times; 0 when there are none.
func (p *probe) median() time.Duration {
	return medianOf(p.took, func(u usage) time.Duration { return u.wall })
}

func medianOf[V ~int64](runs []usage, of func(usage) V) V {
	if len(runs) == 0 {
		return 0
	}
	values := make([]V, len(runs))
	for i, u := range runs {
		values[i] = of(u)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// pktsh runs pktsh under a cache that knows Wireshark's catalogue and none of the
// captures.
func (b *bench) pktsh(name string, args ...string) *probe {
	return &probe{name: name, command: append([]string{b.program}, args...), env: func() ([]string, func()) {
		dir := filepath.Join(b.scratch, "cache")
		if err := os.CopyFS(dir, os.DirFS(b.seeded)); err != nil {
			fmt.Fprintf(b.log, "  the cache cannot be copied, pktsh starts with none: %v\n", err)
		}
		return []string{"XDG_CACHE_HOME=" + dir}, func() { _ = os.RemoveAll(dir) }
	}}
}

// theirs runs another program under an empty profile of Wireshark's.
func (b *bench) theirs(name string, command ...string) *probe {
	return &probe{name: name, command: command, env: func() ([]string, func()) {
		return []string{"WIRESHARK_CONFIG_DIR=" + filepath.Join(b.scratch, "profile")}, func() {}
	}}
}

// seed fills a cache with what pktsh keeps about the installed Wireshark, by
// asking about a small capture what the measurements ask about large ones.
func (b *bench) seed() error {
	b.seeded = filepath.Join(b.scratch, "seeded")
	small := filepath.Join(b.scratch, "small.pcap")
	f, err := os.Create(small)
	if err != nil {
		return err
	}
	if err := errors.Join(writeOrdinary(f, 100, growthSnaplen), f.Close(), os.Mkdir(b.seeded, 0o755)); err != nil {
		return err
	}
	for _, args := range [][]string{
		{small, "--eval", `print(len(cap.filter("tcp.port == 80")))`},
		{small, "--eval", `for p in cap: x = "http" in p and "host" in p.http`}, // which waits for the catalogue
		{"-r", small, "-T", "fields", "-e", "ip.src"},
	} {
		cmd := exec.Command(b.program, args...)
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+b.seeded)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(b.log, "pktsh %q: %v: %s\n", args, err, lastLine(string(out)))
		}
	}
	if known, _ := filepath.Glob(filepath.Join(b.seeded, "pktsh", "catalogue-*")); len(known) == 0 {
		fmt.Fprintln(b.log, "the cache does not know Wireshark's fields: each run that needs them reads them anew")
	}
	return nil
}

// warm brings a file into the page cache.
func warm(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
	return errors.Join(err, f.Close())
}
