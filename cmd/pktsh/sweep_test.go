package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// This file runs pktsh over captures that none of us made, whole and damaged,
// in both tiers: each must open, list and show its first and last packet, or say
// why not where tshark fails too, and leave nothing behind. The captures are
// chosen by a fixed rule: of all, sorted by path, every n-th so that there are
// sweepSize. PKTSH_SAMPLE=n takes n captures instead, 0 all of them.

const (
	sweepSize = 40
	// damagedShare is how many times fewer captures are damaged than swept whole.
	damagedShare = 8
	// sweepDeadline is for one run: a minute without an end is a hang.
	sweepDeadline = time.Minute
	// flippedBytes is how many bytes of a damaged copy get another value.
	flippedBytes = 20
)

// sweepScript asks for what a person looks at first.
const sweepScript = `ls --head 3
ls --tail 1
show 1
show -1
layers -1
hex 1
print(cap[0].highest_layer)
cap[-1].summary_line
status
`

// sweepSample returns the captures to sweep, or skips.
func sweepSample(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "captures")
	}
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && entry.Name() != "README.md" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("no captures: %v (PKTSH_CAPTURES names their directory)", err)
	}
	slices.Sort(all)
	n := sweepSize
	if v, err := strconv.Atoi(os.Getenv("PKTSH_SAMPLE")); err == nil {
		n = v
	}
	return everyNth(all, n)
}

// everyNth takes n of the list, evenly spread; all of them when n is 0.
func everyNth(all []string, n int) []string {
	if n <= 0 || n >= len(all) {
		return all
	}
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*len(all)/n]
	}
	return out
}

// sweeper runs pktsh as a process.
type sweeper struct {
	program string
	home    string // caches are shared by the runs, as a person's are
}

func newSweeper(t *testing.T) *sweeper {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &sweeper{home: t.TempDir()}
	s.program = filepath.Join(s.home, "pktsh") // testscript.Main runs what the name says
	if err := os.Symlink(self, s.program); err != nil {
		t.Fatal(err)
	}
	return s
}

// swept is how one run ended.
type swept struct {
	code           int
	stdout, stderr string
}

// run runs pktsh with a script on standard input and checks what must hold of
// any run, however bad its input is.
func (s *sweeper) run(t *testing.T, script string, args ...string) swept {
	t.Helper()
	tmp := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), sweepDeadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+s.home, "TMPDIR="+tmp, "TZ=UTC",
		"XDG_CACHE_HOME="+filepath.Join(s.home, "cache"), "XDG_STATE_HOME="+filepath.Join(s.home, "state"))
	cmd.Stdin = strings.NewReader(script)
	cmd.WaitDelay = 2 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("it did not end within %v", sweepDeadline)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	out := swept{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if out.code != exitOK && out.code != exitError {
		t.Errorf("got exit code %d, want 0 or 1", out.code)
	}
	if trace := regexp.MustCompile(`(?i)panic|internal error|goroutine \d+ \[|fatal error:|SIG[A-Z]{3,}:`).FindString(out.stderr); trace != "" {
		t.Errorf("%q on standard error:\n%s", trace, out.stderr)
	}
	for name, text := range map[string]string{"output": out.stdout, "error": out.stderr} {
		if at := strings.IndexFunc(text, isControl); at >= 0 {
			t.Errorf("a control character on standard %s: %q", name, text[max(0, at-40):min(len(text), at+40)])
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left in TMPDIR: %v %v", left, err)
	}
	for _, pid := range withEnvironment(t, "TMPDIR="+tmp) {
		t.Errorf("process %d still runs", pid)
	}
	return out
}

// isControl says whether a terminal could take a character as an order: the
// controls of C0 and C1 besides line feed and tab, and the overrides of direction.
func isControl(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	}
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// withEnvironment returns the processes that were started with a variable in
// their environment: what pktsh started, in whatever process group it is now.
func withEnvironment(t *testing.T, variable string) []int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return nil
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(b, []byte(variable+"\x00")) {
			continue // gone, a zombie, or another user's
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// tsharkPackets is a line of protocols for each packet that tshark reads, and
// what it complains of. A cut file has packets and a complaint.
func tsharkPackets(t *testing.T, path string) (packets []string, complaint string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), sweepDeadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.protocols")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // its exit code is 2 for a cut file too
	if ctx.Err() != nil {
		t.Fatalf("tshark -r %s did not end", path)
	}
	return strings.Split(stdout.String(), "\n")[:strings.Count(stdout.String(), "\n")], stderr.String()
}

// accepted says why pktsh may fail on a file that tshark shows packets of, or "".
func accepted(packets []string, complaint, message string) string {
	switch {
	case len(packets) == 1 && strings.HasPrefix(packets[0], "mime_dlt"):
		return "a damaged capture that Wireshark shows as one packet, the file itself (its MIME_FILE format)"
	case strings.Contains(message, "leave out --engine native"):
		return "damaged into what Wireshark takes for a format that only editcap reads"
	case (strings.Contains(complaint, "cut short") || strings.Contains(complaint, "damaged or corrupt")) &&
		strings.Contains(message, "Wireshark read only the first"):
		return "a damaged pcap that Wireshark takes for another of pcap's variants: the message says how far it came"
	}
	return ""
}

// judge checks the answers of a run on a capture: all of them, or the reason.
func judge(t *testing.T, path string, got swept) {
	t.Helper()
	if got.code == exitOK {
		if !strings.Contains(got.stdout, "\n  engine ") {
			t.Errorf("exit code 0, but status did not answer:\n%s", got.stdout)
		}
		return
	}
	// Exit code 1: one clear message, and tshark has nothing to show either.
	last := got.stderr[strings.LastIndex(strings.TrimRight(got.stderr, "\n"), "\n")+1:]
	if !strings.HasPrefix(last, "pktsh: ") {
		t.Errorf("exit code 1 without a message of pktsh's:\n%s", got.stderr)
	}
	if !haveWireshark() {
		return
	}
	packets, complaint := tsharkPackets(t, path)
	why := accepted(packets, complaint, last)
	if len(packets) > 0 && why == "" {
		t.Errorf("tshark shows %d packets %q; pktsh says:\n%s", len(packets), complaint, got.stderr)
		return
	}
	t.Log(strings.TrimSpace(fmt.Sprintf("tshark: %d packets. %s%s", len(packets), last, why)))
}

// engines are the tiers to sweep with: what is installed.
func engines() []string {
	if !haveWireshark() {
		return []string{"native"}
	}
	return []string{"native", "auto"}
}

// TestSweep opens, lists and shows captures as they are.
func TestSweep(t *testing.T) {
	s := newSweeper(t)
	for _, engine := range engines() {
		for _, path := range sweepSample(t) {
			t.Run(engine+"/"+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				judge(t, path, s.run(t, sweepScript, "--engine", engine, path))
			})
		}
	}
}

// TestSweepDamaged does it with captures that were cut or overwritten, always in
// the same places.
func TestSweepDamaged(t *testing.T) {
	s := newSweeper(t)
	all := sweepSample(t)
	damages := map[string]func([]byte) []byte{
		"half": func(b []byte) []byte { return b[:len(b)/2] },
		"cut":  func(b []byte) []byte { return b[:max(0, len(b)-3)] },
		"flipped": func(b []byte) []byte {
			random := rand.New(rand.NewPCG(uint64(len(b)), 20))
			for range min(flippedBytes, len(b)) {
				b[random.IntN(len(b))] = byte(random.Uint32())
			}
			return b
		},
	}
	for _, path := range everyNth(all, max(1, len(all)/damagedShare)) {
		for name, damage := range damages {
			t.Run(fmt.Sprintf("%s/%s", name, filepath.Base(path)), func(t *testing.T) {
				t.Parallel()
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				damaged := filepath.Join(t.TempDir(), filepath.Base(path))
				if err := os.WriteFile(damaged, damage(b), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, engine := range engines() {
					judge(t, damaged, s.run(t, sweepScript, "--engine", engine, damaged))
				}
			})
		}
	}
}
