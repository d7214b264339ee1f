package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pktsh/engine/live"
	"pktsh/engine/wireshark"
)

// children are the processes of a program that this one started and that are not
// gone, dead ones that nobody has reaped included.
func children(t *testing.T, program string) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		open, end := strings.IndexByte(string(stat), '('), strings.LastIndexByte(string(stat), ')')
		fields := strings.Fields(string(stat[end+1:]))
		if string(stat[open+1:end]) == program && fields[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(strings.TrimSpace(string(stat[:open])))
			pids = append(pids, pid)
		}
	}
	return pids
}

// command runs a program as root and skips the test where that cannot be.
func rootCommand(t *testing.T, name string, args ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skipf("live: %s %s needs root", name, strings.Join(args, " "))
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Skipf("live: %s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// veth makes a pair of interfaces, both up, and returns their names.
func veth(t *testing.T) (a, b string) {
	t.Helper()
	a, b = fmt.Sprintf("pka%d", os.Getpid()), fmt.Sprintf("pkb%d", os.Getpid())
	rootCommand(t, "ip", "link", "add", a, "type", "veth", "peer", "name", b)
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", a).Run() }) // it may be gone
	for _, name := range []string{a, b} {
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0o644) // less noise
		rootCommand(t, "ip", "link", "set", name, "up")
	}
	return a, b
}

// ended waits for the end of a capture and takes in what came.
func ended(t *testing.T, c *Capture) {
	t.Helper()
	select {
	case <-c.Live().Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the capture did not end")
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestSniffRefused has wrong interfaces, filters and limits refused before anything is
// captured, in words that help; nothing is left of it.
func TestSniffRefused(t *testing.T) { eachSource(t, testSniffRefused) }

func testSniffRefused(t *testing.T, with string) {
	s := liveSession(t)
	for _, c := range []struct {
		o    LiveOptions
		kind live.Kind
		want []string
	}{
		{LiveOptions{Interfaces: []string{"nope0"}}, live.NoInterface, []string{`no interface "nope0"`, "there are ", "lo"}},
		{LiveOptions{Interfaces: []string{"lo"}, Filter: "tcpp"}, live.BadFilter, []string{`capture filter "tcpp": syntax error`, "pcap-filter(7)"}},
		{LiveOptions{Interfaces: []string{"lo"}, Filter: "ip.src == 1.2.3.4"}, live.BadFilter, []string{`capture filter "ip.src == 1.2.3.4": `, "not display filters"}},
		{LiveOptions{Interfaces: []string{"lo", "nope0"}}, live.NoInterface, []string{`no interface "nope0"`}},
		{LiveOptions{Count: -1}, live.Other, []string{"count: got -1"}},
	} {
		c.o.With = with
		_, err := s.Sniff(t.Context(), c.o)
		if err == nil {
			t.Errorf("%+v: captures, want an error", c.o)
			continue
		}
		var refused *LiveError
		if errors.As(err, &refused) && refused.Kind != c.kind {
			t.Errorf("%+v: kind %v, want %v", c.o, refused.Kind, c.kind)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got %q, want %q in it", c.o, err, want)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: got several lines: %q", c.o, err)
		}
	}
	if _, err := s.Sniff(t.Context(), LiveOptions{With: "tcpdump"}); err == nil || !strings.Contains(err.Error(), "want dumpcap or libpcap") {
		t.Errorf("with tcpdump: %v", err)
	}
	left, err := os.ReadDir(s.spoolDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if pids := children(t, "dumpcap"); len(pids) > 0 {
		t.Errorf("dumpcap is left behind: %v", pids)
	}
}

// TestSniffDown names an interface that is down.
func TestSniffDown(t *testing.T) {
	s := liveSession(t)
	a, _ := veth(t)
	rootCommand(t, "ip", "link", "set", a, "down")
	_, err := s.Sniff(t.Context(), LiveOptions{Interfaces: []string{a}})
	if err == nil || !strings.Contains(err.Error(), "interface "+a+" is down; ip link set "+a+" up") {
		t.Errorf("got %v", err)
	}
}

// TestDumpcapKilled ends dumpcap from outside: one message, the packets stay, and
// capturing can go on behind the last whole one.
func TestDumpcapKilled(t *testing.T) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter, With: WithDumpcap})
	d.send(20)
	arrive(t, c, 20)
	pids := children(t, "dumpcap")
	if len(pids) != 1 {
		t.Fatalf("dumpcaps: %v, want one", pids)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended(t, c)
	if err := c.Live().Err(); err == nil || !strings.Contains(err.Error(), "dumpcap was ended from outside (killed)") {
		t.Errorf("got %v, want that dumpcap was ended", err)
	}
	if pids := children(t, "dumpcap"); len(pids) > 0 {
		t.Errorf("a zombie is left: %v", pids)
	}
	// As if it had been killed while it wrote.
	w, err := c.live.spool.Writer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte{6, 0, 0, 0, 100, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := c.Live().Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.send(5)
	arrive(t, c, 25)
	numbered(t, c, 1, 25)
	if err := c.Live().Stop(t.Context()); err != nil || c.Live().Err() != nil {
		t.Errorf("stopping: %v, %v", err, c.Live().Err())
	}
}

// TestInterfaceRemoved takes the interface away.
func TestInterfaceRemoved(t *testing.T) { eachSource(t, testInterfaceRemoved) }

func testInterfaceRemoved(t *testing.T, with string) {
	s := liveSession(t)
	a, b := veth(t)
	c := sniff(t, s, LiveOptions{Interfaces: []string{a}, With: with})
	sendRaw(t, b, 7)
	arrive(t, c, 7)
	rootCommand(t, "ip", "link", "del", a)
	ended(t, c)
	if err := c.Live().Err(); err == nil || !strings.Contains(err.Error(), "interface "+a) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want that %s is gone", err, a)
	}
	if c.Len() != 7 {
		t.Errorf("%d packets are left, want 7", c.Len())
	}
}

// sendRaw sends frames of an experimental type out of an interface.
func sendRaw(t *testing.T, name string, n int) {
	t.Helper()
	index, err := os.ReadFile("/sys/class/net/" + name + "/ifindex")
	if err != nil {
		t.Fatal(err)
	}
	ifindex, err := strconv.Atoi(strings.TrimSpace(string(index)))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	for i := range n {
		frame := append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5}, fmt.Sprintf("frame %40d", i)...)
		if err := syscall.Sendto(fd, frame, 0, &syscall.SockaddrLinklayer{Ifindex: ifindex}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiskFull captures into a small file system: one message, whole packets stay.
func TestDiskFull(t *testing.T) { eachSource(t, testDiskFull) }

func testDiskFull(t *testing.T, with string) {
	small := t.TempDir()
	rootCommand(t, "mount", "-t", "tmpfs", "-o", "size=400k", "pktsh-test", small)
	t.Cleanup(func() {
		if err := exec.Command("umount", small).Run(); err != nil {
			t.Errorf("umount %s: %v", small, err)
		}
	})
	s := liveSession(t, func(cfg *Config) { cfg.StateDir = small })
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter, With: with})
	for range 20 {
		d.send(500)
	}
	ended(t, c)
	if err := c.Live().Err(); err == nil || !strings.Contains(err.Error(), "disk full: no room in "+small) {
		t.Errorf("got %v, want that the disk is full", err)
	}
	if c.Len() < 2000 {
		t.Errorf("%d packets are left, want some thousands", c.Len())
	}
	numbered(t, c, 1, c.Len())
	// There is no room here, but elsewhere there is.
	if n, err := c.All().Save(t.Context(), filepath.Join(t.TempDir(), "saved.pcapng"), nil); n != c.Len() || err != nil {
		t.Errorf("saved %d packets (%v), want %d", n, err, c.Len())
	}
	if p, err := c.Packet(uint32(c.Len())); err != nil {
		t.Error(err)
	} else if tree, err := p.Tree(t.Context()); err != nil || len(tree.Values("udp.stream")) != 1 {
		t.Errorf("the last packet's tree: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestSharkdKilled ends Wireshark's dissectors while packets come.
func TestSharkdKilled(t *testing.T) {
	s := liveSession(t)
	if s.cfg.Tools.Sharkd == "" {
		t.Skip("live: no sharkd on PATH")
	}
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter})
	for round := range 2 {
		d.send(5)
		arrive(t, c, 5*(round+1))
		p, err := c.Packet(uint32(c.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if tree, err := p.Tree(t.Context()); err != nil || len(tree.Values("frame.protocols")) != 1 {
			t.Fatalf("packet %d: %v", c.Len(), err)
		}
		for _, pid := range children(t, "sharkd") {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		if p, err = c.Packet(1); err != nil {
			t.Fatal(err)
		}
		if tree, err := p.Tree(t.Context()); err != nil || len(tree.Values("frame.protocols")) != 1 {
			t.Errorf("packet 1 after sharkd was killed: %v", err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if pids := slices.Concat(children(t, "sharkd"), children(t, "dumpcap")); len(pids) > 0 {
		t.Errorf("processes are left: %v", pids)
	}
}

// dyingEnv makes TestMain's process the one that is killed.
const dyingEnv = "PKTSH_TEST_DYING"

// TestDying is what TestKilledAndRecovered kills; it is no test of its own.
func TestDying(t *testing.T) {
	state, filter, _ := strings.Cut(os.Getenv(dyingEnv), "|")
	if state == "" {
		t.Skip("only for TestKilledAndRecovered")
	}
	s := NewSession(Config{Tools: wireshark.Find(os.Getenv("PATH")), StateDir: state})
	c, err := s.Sniff(t.Context(), LiveOptions{Interfaces: []string{"lo"}, Filter: filter, With: WithDumpcap})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("\ndumpcap", children(t, "dumpcap")[0], c.Live().Path())
	time.Sleep(time.Hour)
}

// TestKilledAndRecovered kills a pktsh that captures with signal 9: dumpcap ends by
// itself, and the next session finds what was captured.
func TestKilledAndRecovered(t *testing.T) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	dying := exec.Command(os.Args[0], "-test.run", "^TestDying$", "-test.v")
	dying.Env = append(os.Environ(), dyingEnv+"="+s.cfg.StateDir+"|"+filter)
	said, err := dying.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dying.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dying.Process.Kill() }()
	var pid int
	var path, text string
	for buffer := make([]byte, 4096); path == ""; {
		n, err := said.Read(buffer)
		if text += string(buffer[:n]); err != nil {
			t.Fatalf("it did not capture: %s", text)
		}
		if _, line, found := strings.Cut(text, "\ndumpcap "); found && strings.Contains(line, "\n") {
			if _, err := fmt.Sscan(line, &pid, &path); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.send(50)
	await(t, "packets in the spool", func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 50*60
	})
	if spools, err := s.Recoverable(); err != nil || len(spools) != 0 {
		t.Errorf("recoverable while it lives: %v (%v)", spools, err)
	}
	if err := dying.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dying.Wait() // it was killed
	await(t, "the end of dumpcap", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(stat), ") Z ") // its new parent reaps it
	})
	spools, err := s.Recoverable()
	if err != nil || len(spools) != 1 || spools[0].Path != path || !slices.Equal(spools[0].Interfaces, []string{"lo"}) || time.Since(spools[0].Began) > time.Minute {
		t.Fatalf("recoverable: %+v (%v), want %s of lo", spools, err, path)
	}
	c, err := s.Recover(t.Context(), spools[0])
	if err != nil {
		t.Fatal(err)
	}
	numbered(t, c, 1, 50)
	if again, err := s.Recoverable(); err != nil || len(again) != 0 {
		t.Errorf("recoverable while it is open: %v (%v)", again, err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Recoverable(); err != nil || len(again) != 1 {
		t.Errorf("recoverable after it was closed: %v (%v), want it still", again, err)
	}
	if err := s.Discard(spools[0]); err != nil {
		t.Error(err)
	}
	if again, err := s.Recoverable(); err != nil || len(again) != 0 {
		t.Errorf("recoverable after it was discarded: %v (%v)", again, err)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s in vain", what)
		}
	}
}
