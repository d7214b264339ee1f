package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestExplain has what dumpcap 4.0 says told in one sentence. The texts are its own,
// from runs that were made to fail.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		said string
		kind Kind
		want string
	}{
		{"dumpcap: There is no device named \"nope\".\n(No such device exists)", NoInterface, `no interface "nope"`},
		{"dumpcap: Invalid capture filter \"tcpp\" for interface 'lo'.\n\nThat string isn't a valid capture filter (can't parse filter expression: syntax error).\nSee the User's Guide for a description of the capture filter syntax.",
			BadFilter, `capture filter "tcpp": syntax error; see pcap-filter(7): as in tcp port 80`},
		{"dumpcap: Capturing in monitor mode is not supported on device \"lo\".\n(That device doesn't support monitor mode)", Other, "interface lo has no monitor mode"},
		{"dumpcap: Device \"va\" is not up.\n(That device is not up)", NoInterface, "interface va is down; ip link set va up"},
		{"dumpcap: The network adapter \"va\" is no longer attached; the capture has stopped.", NoInterface, "interface va is gone; the capture has stopped, what came before is kept"},
		{"dumpcap: You do not have permission to capture on device \"lo\".\n(socket: Operation not permitted)\nPlease check to make sure you have sufficient permissions.\n\nOn Debian and Debian derivatives such as Ubuntu, if you have installed Wireshark from a package, try running",
			Forbidden, "no permission to capture on lo; to be allowed to: "},
		{"dumpcap: something new.\nOn two lines.\n\nAnd advice.", Other, "dumpcap: something new. On two lines."},
	} {
		d := &dumpcap{program: "/usr/bin/dumpcap"}
		err := d.explain(c.said)
		var got *Error
		if !errors.As(err, &got) || got.Kind != c.kind || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %q, want %q", c.said, err, c.want)
		}
	}
	advice := permissionAdvice("/usr/bin/dumpcap")
	if !strings.Contains(advice, "setcap cap_net_raw,cap_net_admin=eip /usr/bin/dumpcap") {
		t.Errorf("advice %q has no setcap", advice)
	}
	if _, err := os.Stat("/etc/debian_version"); err == nil && !strings.Contains(advice, "dpkg-reconfigure wireshark-common") {
		t.Errorf("advice %q has no dpkg-reconfigure", advice)
	}
}

// TestHear reads what dumpcap counts.
func TestHear(t *testing.T) {
	d := &dumpcap{begun: make(chan struct{})}
	d.listen(strings.NewReader("Running as user \"root\" and group \"root\". This could be dangerous.\nCapturing on 'Loopback: lo' and 'eth0'\nFile: -\n" +
		"\rPackets: 3 \rPackets: 40 \rPackets captured: 41\n" +
		"Packets received/dropped on interface 'Loopback: lo': 48/7 (pcap:3/dumpcap:2/flushed:1/ps_ifdrop:1) (85.4%)\n" +
		"Packets received/dropped on interface 'eth0': 1/5 (pcap:5/dumpcap:0/flushed:0/ps_ifdrop:0) (16.7%)\n"))
	select {
	case <-d.begun:
	default:
		t.Error("it has not begun")
	}
	if want := (Drops{Received: 49, Kernel: 8, Own: 2, Interface: 1}); d.Captured() != 41 || d.Drops() != want {
		t.Errorf("%d captured, %+v, want 41, %+v", d.Captured(), d.Drops(), want)
	}
	if d.said.Len() > 0 {
		t.Errorf("%q is no complaint", d.said.String())
	}
	if got := d.Drops().String(); got != "11 dropped (kernel 8, interface 1, capturing program 2)" || (Drops{Received: 9}).String() != "" {
		t.Errorf("drops read %q", got)
	}
}

const orphanEnv = "PKTSH_TEST_ORPHAN"

// TestOrphan is what TestOrphanWithCapabilities kills; it is no test of its own.
func TestOrphan(t *testing.T) {
	program, path, _ := strings.Cut(os.Getenv(orphanEnv), "|")
	if program == "" {
		t.Skip("only for TestOrphanWithCapabilities")
	}
	spool, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	source, err := StartDumpcap(t.Context(), program, spool, Options{Interfaces: []string{"lo"}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("\nstarted", source.(*dumpcap).cmd.Process.Pid)
	time.Sleep(time.Hour)
}

// TestOrphanWithCapabilities kills the parent of a dumpcap that has its permission from
// file capabilities, for which the kernel forgets the parent-death signal: it ends all
// the same, when it next counts packets.
func TestOrphanWithCapabilities(t *testing.T) {
	original, err := exec.LookPath("dumpcap")
	if err != nil || os.Getuid() != 0 {
		t.Skip("live: wants root, and dumpcap on PATH")
	}
	dir, err := os.MkdirTemp("", "pktsh-orphan-*") // somebody else has to reach it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copied := func(from, name string) string {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.WriteFile(to, data, 0o755); err != nil {
			t.Fatal(err)
		}
		return to
	}
	program, test := copied(original, "dumpcap"), copied(os.Args[0], "test")
	if err := errors.Join(os.Chmod(dir, 0o777), os.Chmod(program, 0o755), os.Chmod(test, 0o755)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("setcap", "cap_net_raw,cap_net_admin=eip", program).CombinedOutput(); err != nil {
		t.Skipf("live: setcap: %v: %s", err, out)
	}
	spool := filepath.Join(dir, "spool")
	dying := exec.Command(test, "-test.run", "^TestOrphan$", "-test.v")
	dying.Dir = dir
	dying.Env = append(os.Environ(), orphanEnv+"="+program+"|"+spool)
	dying.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	said, err := dying.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := dying.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dying.Process.Kill() }()
	text, pid := "", 0
	for buffer := make([]byte, 4096); pid == 0; {
		n, err := said.Read(buffer)
		if text += string(buffer[:n]); err != nil {
			t.Fatalf("it did not capture: %s", text)
		}
		if _, line, found := strings.Cut(text, "\nstarted "); found && strings.Contains(line, "\n") {
			if _, err := fmt.Sscan(line, &pid); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := dying.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dying.Wait() // it was killed
	conn, err := net.Dial("udp4", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
			return // its new parent reaps it
		}
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("dumpcap goes on without its parent")
		}
		_, _ = conn.Write([]byte("a packet")) // nobody listens
	}
}
