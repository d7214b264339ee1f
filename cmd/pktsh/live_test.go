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

// command prepares this test's own program under another name.
func command(t *testing.T, prefix []string, name string, args ...string) (cmd *exec.Cmd, work string) {
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
	cmd, work := command(t, prefix, "pktsh", args...)
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
	p.is("('packet 5', 'packet 20', ['packet 2', 'packet 3'])", "def text(p): return ''.join([chr(int(h, 16)) for h in p.data.data.split(':')]) if ':' in p.data.data else str(bytes.fromhex(str(p.data.data)))",
		"(bytes(p) if False else text(cap[5]), text(cap[-1]), [text(p) for p in cap[2:4]])")
	p.is("3 of 21 packets", "filter data.len > 8 && frame.number > 18")
	p.is("21 packets", "filter")
	p.is("21 packets written to half.pcapng", "save half.pcapng")
	for i := range 9 {
		send(fmt.Sprintf("more %d", i))
	}
	p.is("30", "for p in cap.sniff_continuously(packet_count=9): pass", "print(len(cap))")
	p.is("lo stopped: 30 packets, none dropped", "stop")
	p.is("30", "print(len(cap))")
	p.is("30 packets written to all.pcapng", "save all.pcapng")
	p.is("30 21 stopped", "print(len(FileCapture('all.pcapng')), len(FileCapture('half.pcapng')), cap.state)")
	if code := p.leave(); code != 0 || p.err.String() != "" {
		t.Errorf("got exit code %d and %s", code, p.err)
	}
	p.nothingLeft()
}
