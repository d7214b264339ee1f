package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// latencyVariable names a capture to measure the prompt with; the measurement is made
// on request, because its figures are only worth something on a machine at rest.
const latencyVariable = "PKTSH_LATENCY"

// The goals of the prompt: from a key to what it changes on the screen.
const (
	medianGoal     = 20 * time.Millisecond
	percentileGoal = 60 * time.Millisecond
)

// typing is the time between two keys: a fast typist's is five times as long.
const typing = 20 * time.Millisecond

// styles are the sequences that only colour.
var styles = regexp.MustCompile("\x1b\\[[0-9;]*m")

// keys types one key after the other and takes the time from each to the end of the
// drawing that has it.
type keys struct {
	t    *testing.T
	pty  *os.File
	read chan []byte
	seen string // since the last key, without colours
}

// until waits until what was drawn since the last key has text, with the cursor back.
func (k *keys) until(text string) {
	k.t.Helper()
	limit := time.After(patience)
	for {
		if i := strings.Index(k.seen, text); i >= 0 && strings.Contains(k.seen[i:], "\x1b[?25h") {
			return
		}
		select {
		case b, ok := <-k.read:
			if !ok {
				k.t.Fatalf("pktsh ended; it drew %q", k.seen)
			}
			k.seen = styles.ReplaceAllString(k.seen+string(b), "")
		case <-limit:
			k.t.Fatalf("%q was never drawn, but %q", text, k.seen)
		}
	}
}

func (k *keys) press(key, text string) time.Duration {
	k.t.Helper()
	k.seen = ""
	began := time.Now()
	if _, err := k.pty.WriteString(key); err != nil {
		k.t.Fatal(err)
	}
	k.until(text)
	return time.Since(began)
}

// TestKeyLatency types filters and expressions over all of Wireshark's fields.
//
//	PKTSH_LATENCY=/path/of/a.pcap go test ./cmd/pktsh -run KeyLatency -v
func TestKeyLatency(t *testing.T) {
	capture := os.Getenv(latencyVariable)
	if capture == "" {
		t.Skipf("it measures time: %s names a capture to do it with", latencyVariable)
	}
	needWireshark(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	program := filepath.Join(work, "pktsh")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, capture)
	// The user's own cache, so that the catalogue and the index are there as on any day.
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+filepath.Join(work, "state"), "XDG_CONFIG_HOME="+filepath.Join(work, "config"))
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = f.Close()
	}()
	k := &keys{t: t, pty: f, read: make(chan []byte, 64)}
	go func() {
		defer close(k.read)
		for {
			buf := make([]byte, 64<<10)
			n, err := f.Read(buf)
			if err != nil {
				return
			}
			k.read <- buf[:n]
		}
	}()
	k.until("pkt> ")
	// The catalogue and the counts of ip.src are there once they are offered.
	for warm, offered := range map[string]string{"filter tls.handshake.extensions_server_n": "extensions_server_name", "filter ip.src == ": " here"} {
		k.press(warm, "pkt> "+warm)
		k.press("\t", offered)
		k.press("\x07\x15", "pkt> ")
	}
	var all, filters []time.Duration
	for _, line := range []string{
		`filter tls.handshake.extensions_server_name contains "example" && ip.src == 10.0.0.1`,
		"filter gsm_a.dtap.msg_mm_type == 5 and tcp.flags.syn == 1",
		"filter sctp.chunk_type in {1, 2} || dns.qry.nmae == 1",
		"filter handshake", "filter xyzzy",
		"show 5 tcp", "columns +http.host", "open /etc/ssl/",
		"for p in cap: print(p.tcp.srcport, pkt.ip.src)",
		"cap.filter('http.request.method == \"GET\" && frame.len > 100')",
		"sorted([p.length for p in cap[:100]])[0].",
	} {
		for i := range len(line) {
			time.Sleep(typing)
			// What is drawn may fill the row, where the cursor wraps.
			took := k.press(line[i:i+1], "pkt> "+line[:min(i+1, 74)])
			all = append(all, took)
			if took > percentileGoal {
				t.Logf("%v for %q", took.Round(time.Millisecond), line[:i+1])
			}
			if strings.HasPrefix(line, "filter ") && i >= len("filter ") {
				filters = append(filters, took)
			}
		}
		k.press("\x07\x15", "pkt> ")
	}
	report := func(what string, times []time.Duration) (median, p99 time.Duration) {
		slices.Sort(times)
		median, p99 = times[len(times)/2], times[len(times)*99/100]
		t.Logf("%s: %d keys: median %v, 90th percentile %v, 99th %v, worst %v", what, len(times),
			median.Round(10*time.Microsecond), times[len(times)*9/10].Round(10*time.Microsecond),
			p99.Round(10*time.Microsecond), times[len(times)-1].Round(10*time.Microsecond))
		return median, p99
	}
	report("in filters", filters)
	if median, p99 := report("all", all); median > medianGoal || p99 > percentileGoal {
		t.Errorf("got a median of %v and a 99th percentile of %v, want at most %v and %v", median, p99, medianGoal, percentileGoal)
	}
	before := cpuTime(t, cmd.Process.Pid)
	const window = 5 * time.Second
	time.Sleep(window)
	used := cpuTime(t, cmd.Process.Pid) - before
	t.Logf("idle: %v of processor time in %v: %.2f %%", used, window, 100*used.Seconds()/window.Seconds())
}

// cpuTime is the processor time that a process used (proc(5), fields 14 and 15 of
// stat, in ticks of 10 ms).
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Skipf("no /proc to look at: %v", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, i := range []int{11, 12} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
