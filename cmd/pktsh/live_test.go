package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pktsh/engine/capfile"
)

// This file has pktsh capture what real programs send each other, in network
// namespaces of its own or on the loopback, a bounded number of packets each time.

// needCapture skips a test where nobody may capture on the loopback, and says why. With
// PKTSH_LIVE=required that is a failure: .ci/run sets it where dumpcap can.
func needCapture(t *testing.T) {
	t.Helper()
	out, err := exec.Command("dumpcap", "-q", "-i", "lo", "-f", "udp port 9", "-a", "duration:0.1", "-w", os.DevNull).CombinedOutput()
	if err == nil {
		return
	}
	why := fmt.Sprintf("dumpcap cannot capture on lo: %v %s", err, out)
	if os.Getenv("PKTSH_LIVE") == "required" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// piped is a pktsh that gets its commands from a pipe, as they are written.
type piped struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *transcript
	err    *transcript
	ended  chan error
	work   string
	asked  int // how many questions were asked
	waited bool
}

// transcript is what a program has written so far.
type transcript struct {
	mu   sync.Mutex
	cond *sync.Cond
	text bytes.Buffer
}

func newTranscript() *transcript {
	s := &transcript{}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Broadcast()
	return s.text.Write(b)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// wait waits until the text from an offset on has what is wanted, and returns it and
// where what follows begins.
func (s *transcript) wait(t *testing.T, from int, wanted string) (before string, next int) {
	t.Helper()
	over := time.AfterFunc(patience, s.cond.Broadcast)
	defer over.Stop()
	deadline := time.Now().Add(patience)
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		text := s.text.String()[from:]
		if before, _, ok := strings.Cut(text, wanted); ok {
			return before, from + len(before) + len(wanted)
		}
		if !time.Now().Before(deadline) {
			t.Fatalf("%q never came; there is:\n%s", wanted, text)
		}
		s.cond.Wait()
	}
}

// ourselves prepares this test's own program under another name.
func ourselves(t *testing.T, prefix []string, name string, args ...string) (cmd *exec.Cmd, work string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	work = t.TempDir()
	program := filepath.Join(work, name)
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(work, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	args = append(append(append([]string{}, prefix...), program), args...)
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "TZ=UTC", "HOME="+work, "TMPDIR="+tmp,
		"XDG_CACHE_HOME="+filepath.Join(work, "cache"), "XDG_STATE_HOME="+filepath.Join(work, "state"), "XDG_CONFIG_HOME="+filepath.Join(work, "config"))
	return cmd, work
}

// pipe starts a pktsh; prefix runs it, as in ip netns exec NAME.
func pipe(t *testing.T, prefix []string, args ...string) *piped {
	t.Helper()
	cmd, work := ourselves(t, prefix, "pktsh", args...)
	p := &piped{t: t, cmd: cmd, out: newTranscript(), err: newTranscript(), ended: make(chan error, 1), work: work}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = p.out, p.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if !p.waited {
			_ = cmd.Process.Kill()
			<-p.ended
		}
	})
	return p
}

// ask writes lines and returns what they print.
func (p *piped) ask(lines ...string) string {
	p.t.Helper()
	p.asked++
	mark := fmt.Sprintf("answered %d\n", p.asked)
	from := len(p.out.String())
	for _, line := range append(lines, "print('answered', "+fmt.Sprint(p.asked)+")") {
		if _, err := io.WriteString(p.in, line+"\n"); err != nil {
			p.t.Fatalf("%v; pktsh said %s", err, p.err)
		}
	}
	answer, _ := p.out.wait(p.t, from, mark)
	return answer
}

// is asks and compares.
func (p *piped) is(want string, lines ...string) {
	p.t.Helper()
	if got := strings.TrimSuffix(p.ask(lines...), "\n"); got != want {
		p.t.Errorf("%s\ngot  %s\nwant %s\nerrors: %s", strings.Join(lines, "\n"), got, want, p.err)
	}
}

// leave ends it and returns its exit code.
func (p *piped) leave() int {
	p.t.Helper()
	_ = p.in.Close()
	select {
	case <-p.ended:
		p.waited = true
	case <-time.After(patience):
		p.t.Fatalf("pktsh does not end; it said %s", p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// nothingLeft fails when temporary files or spools are left behind.
func (p *piped) nothingLeft() {
	p.t.Helper()
	for _, dir := range []string{"tmp", "state/pktsh/live"} {
		left, err := os.ReadDir(filepath.Join(p.work, dir))
		if err != nil && !os.IsNotExist(err) {
			p.t.Fatal(err)
		}
		if len(left) > 0 {
			p.t.Errorf("left behind in %s: %v", dir, left)
		}
	}
}

// port returns a UDP port of the loopback that a listener drains until the test ends.
func port(t *testing.T) (number int, send func(text string)) {
	t.Helper()
	listener, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		buffer := make([]byte, 2048)
		for {
			if _, _, err := listener.ReadFrom(buffer); err != nil {
				return
			}
		}
	}()
	sender, err := net.Dial("udp4", listener.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	return listener.LocalAddr().(*net.UDPAddr).Port, func(text string) {
		t.Helper()
		if _, err := io.WriteString(sender, text); err != nil {
			t.Fatal(err)
		}
	}
}

// until sends what send sends, again and again, until done says so.
func until(t *testing.T, done <-chan struct{}, send func(i int)) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for i := range 3000 {
		select {
		case <-done:
			return
		case <-tick.C:
			send(i)
		}
	}
	t.Fatal("30 seconds of packets and it has not ended")
}

// sameBytes compares the packets of two captures.
func sameBytes(t *testing.T, gotFile, wantFile string) {
	t.Helper()
	open := func(path string) *capfile.File {
		f, err := capfile.Open(t.Context(), path, capfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	got, want := open(gotFile), open(wantFile)
	if got.Len() != want.Len() {
		t.Fatalf("got %d packets, want %d", got.Len(), want.Len())
	}
	for i := range want.Len() {
		g, w := got.Data(i), want.Data(i)
		if !bytes.Equal(g, w) {
			t.Fatalf("packet %d: got %x, want %x", i+1, g, w)
		}
	}
}

// TestLiveSession is what the blog's author could not do: packets are kept, and used as
// often as one likes, while the capture runs and after it.
func TestLiveSession(t *testing.T) {
	needCapture(t)
	needWireshark(t)
	number, send := port(t)
	p := pipe(t, nil, "-n")
	bpf := fmt.Sprintf("udp dst port %d", number)
	answer := p.ask("sniff lo '" + bpf + "' &")
	if want := "capturing on lo (" + bpf + "); stop ends it\n"; answer != want {
		t.Errorf("got %q, want %q", answer, want)
	}
	p.is("running", "print(cap.state)")
	for i := range 21 {
		send(fmt.Sprintf("packet %d", i))
	}
	p.is("21", "for p in cap.sniff_continuously(packet_count=21): pass", "print(len(cap))")
	p.is("<LiveCapture (21 packets)>", "cap")
	p.is("21 21 21", "a, b, c = [p.number for p in cap], [p.number for p in cap], [p.number for p in cap]", "print(len(a), len(b), len(c) if a == b and b == c else 'differ')")
	p.is(`("b'packet 5'", "b'packet 20'", ["b'packet 2'", "b'packet 3'"])`, "def text(p): return str(bytes.fromhex(p.data.data.replace(':', '')))",
		"", "(text(cap[5]), text(cap[-1]), [text(p) for p in cap[2:4]])")
	p.is("3 of 21 packets", "filter data.len > 8 && frame.number > 18")
	p.is("21 packets, no filter", "filter")
	p.is("21 packets written to half.pcapng", "save half.pcapng")
	for i := range 9 {
		send(fmt.Sprintf("more %d", i))
	}
	// A loop over what comes may begin after they have come.
	for deadline := time.Now().Add(30 * time.Second); p.ask("print(len(cap))") != "30\n" && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	p.is("lo stopped: 30 packets, none dropped", "stop")
	p.is("30", "print(len(cap))")
	p.is("30 packets written to all.pcapng", "save all.pcapng")
	p.is("30 21 stopped", "print(len(FileCapture('all.pcapng')), len(FileCapture('half.pcapng')), cap.state)")
	if code := p.leave(); code != 0 || p.err.String() != "" {
		t.Errorf("got exit code %d and %s", code, p.err)
	}
	p.nothingLeft()
}

// TestLiveCapture is PyShark's class, with each of its users' complaints: see
// docs/language.md.
func TestLiveCapture(t *testing.T) {
	needCapture(t)
	needWireshark(t)
	number, send := port(t)
	p := pipe(t, nil, "-n")
	// A capture that does not run yet; packets that came before sniff are not in it.
	p.is("<LiveCapture (0 packets)> stopped", fmt.Sprintf("c = LiveCapture('lo', bpf_filter='udp dst port %d')", number), "print(repr(c), c.state)")
	send("before")
	sending := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range 12000 { // a minute
			select {
			case <-sending:
				return
			case <-tick.C:
				send("again")
			}
		}
	})
	defer wait.Wait()
	defer close(sending)
	// sniff twice, iterate three times (a loop sniffs nothing), index, slice.
	p.is("5", "c.sniff(packet_count=5)", "print(len(c))")
	p.is("5 5 5", "print(len([p for p in c]), len([p for p in c]), len(list(c)))")
	p.is("8 stopped", "c.sniff(packet_count=3)", "print(len(c), c.state)")
	p.is("True", "c.sniff(timeout=0.5)", "print(len(c) > 8)")
	p.is("[1, 2, 3, 4, 5, 6, 7, 8]", "print([p.number for p in c[:8]])")
	p.is("8 <UDP/DATA Packet>", "print(c[7].number, repr(c[-1]))")
	// A filter on what is there; one that counts the packets that pass.
	p.is("True 0", "print(len(c.filter('udp')) == len(c), len(c.filter('tcp')))")
	p.is("True True", fmt.Sprintf("d = LiveCapture('lo', bpf_filter='udp port %d', display_filter='frame.number %% 3 == 0')", number), "d.sniff(packet_count=2)", "print(len(d) >= 2, [p.number for p in d][:2] == [3, 6])")
	// output_file with a display filter: what passes, no more and no less.
	p.is("True True", fmt.Sprintf("e = LiveCapture(['lo'], 'udp port %d', display_filter='frame.number > 1', output_file='passed.pcapng')", number),
		"e.sniff(packet_count=3)", "print(len(e) >= 3, len(FileCapture('passed.pcapng')) == len(e))")
	p.is("4", fmt.Sprintf("f = LiveCapture('lo', bpf_filter='udp port %d', output_file='kept.pcapng')", number), "f.sniff(packet_count=4)", "f.close()", "print(len(FileCapture('kept.pcapng')))")
	// Packets as they come, a function for each; PyShark's captures begin with the loop.
	p.is("[1, 2, 3]", "numbers = []", fmt.Sprintf("g = LiveCapture('lo', bpf_filter='udp port %d')", number), "for p in g.sniff_continuously(packet_count=3): numbers.append(p.number)", "", "print(numbers)")
	p.is("3 stopped", "print(len(g), g.state)")
	p.is("b'again' b'again'", fmt.Sprintf("h = LiveCapture('lo', bpf_filter='udp port %d')", number), "def show(p): print(str(bytes.fromhex(p.data.data.replace(':', ''))), end=' ' if p.number == 1 else '\\n')", "",
		"h.apply_on_packets(show, packet_count=2)")
	p.is("2", "seen = []", "for p in h: seen.append(p)", "", "print(len(seen))")
	p.is("<LiveRingCapture (2 packets)>", fmt.Sprintf("r = LiveRingCapture(ring_file_size=100, num_ring_files=2, interface='lo', bpf_filter='udp port %d')", number), "r.sniff(packet_count=2)", "r")
	// Stop, pause, resume.
	p.is("paused", "h.resume()", "h.pause()", "print(h.state)")
	p.is("running", "h.resume()", "print(h.state)")
	p.is("stopped 0 ['lo']", "h.stop()", "print(h.state, h.dropped, h.interfaces)")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d and %s", code, p.err)
	}
	p.nothingLeft()
}

// TestLiveRefused has what cannot be captured refused at once, with what to do instead.
func TestLiveRefused(t *testing.T) {
	needCapture(t)
	for code, want := range map[string]string{
		"sniff nowhere":                                   `no interface "nowhere"; there are `,
		"sniff lo 'tcp porrt 80'":                         "syntax error",
		"LiveCapture('nowhere')":                          `no interface "nowhere"; there are `,
		"LiveCapture('lo', bpf_filter='nonsense here')":   "syntax error",
		"LiveCapture('lo', display_filter='ip.scr == 1')": "ip.src",
		"sniff lo --filter 'ip.scr == 1'":                 "ip.src",
		"sniff lo --count many":                           "--count many: a number from 1 was wanted",
		"sniff lo --timeout soon":                         "seconds above 0 were wanted",
		"sniff lo --ring big":                             "a number of packets (10000), bytes (100MB) or a time (60s) was wanted",
		"sniff lo --with magic":                           "dumpcap",
		"RemoteCapture('127.0.0.1', 'eth0')":              "rpcap://127.0.0.1:2002/eth0",
		"LiveRingCapture(ring_file_size=0)":               "a number from 1",
		"stop":                                            "nothing is being captured",
		"show &":                                          "only sniff runs in the background",
		"recover 1":                                       "there is nothing to recover",
	} {
		cmd, _ := ourselves(t, nil, "pktsh", "--eval", code)
		began := time.Now()
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), want) {
			t.Errorf("%s: got exit code %d and %s\nwant %s", code, cmd.ProcessState.ExitCode(), out, want)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: it took %v", code, took)
		}
	}
}

// TestLiveBatch captures and prints, or writes, as tshark does.
func TestLiveBatch(t *testing.T) {
	needCapture(t)
	needWireshark(t)
	number, send := port(t)
	run := func(args ...string) (out, errs string, code int, work string) {
		t.Helper()
		cmd, work := ourselves(t, nil, "pktsh", append([]string{"-n", "-i", "lo", "-f", fmt.Sprintf("udp port %d", number)}, args...)...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = cmd.Wait()
		}()
		until(t, done, func(i int) { send("hello") })
		return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), work
	}
	out, errs, code, _ := run("-c", "3", "-T", "fields", "-e", "frame.number", "-e", "udp.dstport", "-e", "data.data")
	want := ""
	for i := range 3 {
		want += fmt.Sprintf("%d\t%d\t68656c6c6f\n", i+1, number)
	}
	if out != want || code != 0 || !strings.Contains(errs, "3 packets captured") {
		t.Errorf("-T fields: got exit code %d and %q, %s", code, out, errs)
	}
	out, errs, code, _ = run("-c", "2", "-T", "text", "-Y", "frame.number == 2")
	if lines := strings.Split(out, "\n"); len(lines) != 2 || !strings.Contains(out, "UDP 47") || code != 0 {
		t.Errorf("-T text: got exit code %d and %q, %s", code, out, errs)
	}
	for _, name := range []string{"all.pcapng", "all.pcap"} {
		_, errs, code, work := run("-w", name, "-a", "duration:0.5")
		f, err := capfile.Open(t.Context(), filepath.Join(work, name), capfile.Options{})
		if err != nil || code != 0 {
			t.Fatalf("-w %s: %v, exit code %d and %s", name, err, code, errs)
		}
		if f.Len() == 0 || !strings.HasPrefix(f.Format()+" ", strings.TrimPrefix(filepath.Ext(name), ".")+" ") {
			t.Errorf("-w %s: got %d packets of %s", name, f.Len(), f.Format())
		}
		_ = f.Close()
	}
	_, errs, code, work := run("-w", "some.pcapng", "-c", "4", "-Y", "frame.number > 1")
	f, err := capfile.Open(t.Context(), filepath.Join(work, "some.pcapng"), capfile.Options{})
	if err != nil || code != 0 || f.Len() != 3 {
		t.Fatalf("-w and -Y: %v, exit code %d and %s", err, code, errs)
	}
	_ = f.Close()
	out, errs, code, _ = run("-c", "3", "--eval", "print(len(cap), [p.udp.length for p in cap])")
	if want := "3 ['13', '13', '13']\n"; out != want || code != 0 {
		t.Errorf("--eval: got exit code %d and %q, want %q; %s", code, out, want, errs)
	}
	out, errs, code, _ = run("--eval", "for p in cap.sniff_continuously(packet_count=2): print(p.number)")
	if want := "1\n2\n"; out != want || code != 0 {
		t.Errorf("--eval: got exit code %d and %q, want %q; %s", code, out, want, errs)
	}
}

// TestLiveInterrupted ends a batch capture with SIGINT: what came is all printed, as
// tshark does.
func TestLiveInterrupted(t *testing.T) {
	needCapture(t)
	needWireshark(t)
	number, send := port(t)
	cmd, work := ourselves(t, nil, "pktsh", "-n", "-i", "lo", "-f", fmt.Sprintf("udp port %d", number), "-T", "fields", "-e", "data.data")
	out, errs := newTranscript(), newTranscript()
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	errs.wait(t, 0, "capturing on lo\n")
	send("a")
	out.wait(t, 0, "61\n") // it comes while the capture runs
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(errs.String(), "1 packets captured") {
		t.Errorf("got %v and %s", err, errs)
	}
	left, err := os.ReadDir(filepath.Join(work, "tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLiveRecovered kills a pktsh that captures, and has the next one find the packets.
func TestLiveRecovered(t *testing.T) {
	needCapture(t)
	number, send := port(t)
	p := pipe(t, nil, "-n", "--engine", "native", "-i", "lo", "-f", fmt.Sprintf("udp dst port %d", number))
	p.err.wait(t, 0, "capturing on lo")
	for range 7 {
		send("hello")
	}
	p.is("7", "for p in cap.sniff_continuously(packet_count=7): pass", "", "print(len(cap))")
	helper := child(t, p.cmd.Process.Pid, "dumpcap")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	p.waited = true
	for deadline := time.Now().Add(patience); syscall.Kill(helper, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("dumpcap goes on without pktsh")
		}
	}
	run := func(line string) string {
		t.Helper()
		cmd, _ := ourselves(t, nil, "pktsh", "--engine", "native", "--keep-going", "--eval", line)
		cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+filepath.Join(p.work, "state"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", line, err, out)
		}
		return string(out)
	}
	if out := run("recover"); !strings.Contains(out, ".pcapng") {
		t.Errorf("recover: got %s", out)
	}
	if out := run("recover 1"); !strings.Contains(out, "7 packets") {
		t.Errorf("recover 1: got %s", out)
	}
	if out := run("recover 1 --discard"); !strings.Contains(out, "deleted") {
		t.Errorf("recover 1 --discard: got %s", out)
	}
	if out := run("recover"); out != "there is nothing to recover\n" {
		t.Errorf("recover: got %s", out)
	}
}
