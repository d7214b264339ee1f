package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// wire is two hosts joined by a wire: this network namespace and one of its own.
type wire struct {
	t     *testing.T
	local string // our interface's name
	far   *os.File
}

const (
	nearAddress = "10.99.7.1"
	farAddress  = "10.99.7.2"
)

// newWire makes a network namespace at the far end of a pair of interfaces. Both ends
// are in namespaces of their own, so that nothing else passes.
func newWire(t *testing.T) *wire {
	t.Helper()
	a, b := veth(t)
	name := fmt.Sprintf("pktsh-%d", os.Getpid())
	rootCommand(t, "ip", "netns", "add", name)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() }) // with what is in it
	rootCommand(t, "ip", "link", "set", b, "netns", name)
	rootCommand(t, "ip", "addr", "add", nearAddress+"/24", "dev", a)
	rootCommand(t, "ip", "-n", name, "addr", "add", farAddress+"/24", "dev", b)
	rootCommand(t, "ip", "netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/"+b+"/disable_ipv6 || true")
	rootCommand(t, "ip", "-n", name, "link", "set", b, "up")
	far, err := os.Open("/var/run/netns/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return &wire{t, a, far}
}

// atFarEnd runs fn, on its own goroutine, in the namespace of the far end: what it opens
// is there.
func (w *wire) atFarEnd(fn func() error) {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := unix.Setns(int(w.far.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- fn()
	}()
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
}

// tcpdump captures the same interface, to compare with.
type tcpdump struct {
	t    *testing.T
	cmd  *exec.Cmd
	path string
}

func startTcpdump(t *testing.T, name string) *tcpdump {
	t.Helper()
	program, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("live: no tcpdump to compare with")
	}
	d := &tcpdump{t: t, path: filepath.Join(t.TempDir(), "tcpdump.pcap")}
	d.cmd = exec.Command(program, "-i", name, "-w", d.path, "-U", "-B", "32768", "--time-stamp-precision", "nano", "-Z", "root")
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	if line, err := bufio.NewReader(stderr).ReadString('\n'); err != nil || !strings.Contains(line, "listening on") {
		t.Fatalf("tcpdump: %s%v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	return d
}

// packets ends it and returns what it has.
func (d *tcpdump) packets(s *Session) *Capture {
	d.t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		d.t.Fatal(err)
	}
	_ = d.cmd.Wait() // its file tells
	c, err := s.Open(d.t.Context(), OpenOptions{Paths: []string{d.path}})
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// TestLiveIsWhatTcpdumpSees has real programs talk over a wire, while somebody looks
// at what has come: every packet that tcpdump sees is in the capture, with the same
// bytes, in the same order.
func TestLiveIsWhatTcpdumpSees(t *testing.T) { eachSource(t, testLiveIsWhatTcpdumpSees) }

func testLiveIsWhatTcpdumpSees(t *testing.T, with string) {
	s := liveSession(t)
	w := newWire(t)
	dump := startTcpdump(t, w.local)
	c := sniff(t, s, LiveOptions{Interfaces: []string{w.local}, With: with})
	var server http.Server
	var names net.PacketConn
	w.atFarEnd(func() error {
		listener, err := net.Listen("tcp4", farAddress+":80")
		if err != nil {
			return err
		}
		server.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, strings.Repeat("page "+r.URL.Path+"\n", 500))
		})
		go func() { _ = server.Serve(listener) }()
		names, err = net.ListenPacket("udp4", farAddress+":53")
		return err
	})
	defer server.Close()
	defer names.Close()
	go answerNames(names)
	for i := range 20 {
		response, err := http.Get(fmt.Sprintf("http://%s/%d", farAddress, i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if err := askName(fmt.Sprintf("host%d.example.", i)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := askPort(9); !errors.Is(err, syscall.ECONNREFUSED) { // ICMP tells
		t.Errorf("a closed port: %v, want that it refuses", err)
	}
	flood(t, farAddress+":7", 20_000)
	http.DefaultClient.CloseIdleConnections()
	// Both have the last packet when they have one that comes after it.
	sendRaw(t, w.local, 1)
	last := -1
	await(t, "the last packet", func() bool {
		from := c.Len()
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for ; from < c.Len(); from++ {
			if data := c.File().Data(from); len(data) > 14 && data[12] == 0x88 && data[13] == 0xb5 {
				last = from
			}
		}
		return last >= 0
	})
	if err := c.Live().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // tcpdump's own buffering; what it lacks then fails the test
	want := dump.packets(s)
	drops := c.Live().Drops()
	if drops.Lost() > 0 {
		t.Logf("%v", drops)
	}
	// tcpdump began earlier.
	before := 0
	for before < want.Len() && string(want.File().Data(before)) != string(c.File().Data(0)) {
		before++
	}
	if drops.Lost() == 0 {
		for i := range last + 1 {
			if before+i >= want.Len() {
				t.Fatalf("tcpdump has %d packets after the first %d, want %d", want.Len()-before, before, last+1)
			}
			if string(c.File().Data(i)) != string(want.File().Data(before+i)) {
				t.Fatalf("packet %d: got %x, tcpdump has %x", i+1, c.File().Data(i), want.File().Data(before+i))
			}
		}
	}
	if c.Len() < 20_000 {
		t.Errorf("%d packets, want more than 20,000", c.Len())
	}
	for expr, least := range map[string]int{"http.request": 20, "dns.flags.response == 1": 20, "icmp.type == 3": 1, "arp": 2} {
		counts := [2]int{}
		for i, capture := range []*Capture{c, want} {
			v, err := capture.All().Narrow(t.Context(), expr)
			if err != nil {
				t.Fatal(err)
			}
			if counts[i], err = v.Len(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if counts[0] < least || counts[0] != counts[1] && drops.Lost() == 0 {
			t.Errorf("%s: %d packets, in tcpdump's capture %d", expr, counts[0], counts[1])
		}
	}
}

// answerNames is a name server that knows one address.
func answerNames(conn net.PacketConn) {
	for buffer := make([]byte, 1500); ; {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil {
			continue
		}
		m.Response = true
		for _, q := range m.Questions {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.AResource{A: [4]byte{10, 99, 7, 3}},
			})
		}
		if answer, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

func askName(name string) error {
	conn, err := net.Dial("udp4", farAddress+":53")
	if err != nil {
		return err
	}
	defer conn.Close()
	question, err := (&dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true}, Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
	}}}).Pack()
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write(question); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1500))
	return err
}

// askPort sends to a port and waits for an answer.
func askPort(port int) error {
	conn, err := net.Dial("udp4", net.JoinHostPort(farAddress, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("anybody?")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1500))
	return err
}

// flood sends numbered datagrams as fast as it can.
func flood(t *testing.T, address string, n int) {
	t.Helper()
	conn, err := net.Dial("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	data := make([]byte, 64)
	for i := range n {
		binary.BigEndian.PutUint64(data, uint64(i))
		for {
			if _, err = conn.Write(data); !errors.Is(err, syscall.ENOBUFS) {
				break
			}
		}
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
	}
}

// TestBurst floods the loopback with 200,000 datagrams: none is lost that nobody
// reported, and the shell is not needed for it. Refresh costs what is new.
func TestBurst(t *testing.T) { eachSource(t, testBurst) }

func testBurst(t *testing.T, with string) {
	s := liveSession(t)
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const packets = 200_000
	c := sniff(t, s, LiveOptions{Filter: fmt.Sprintf("udp port %d", listener.LocalAddr().(*net.UDPAddr).Port), With: with})
	began := time.Now()
	flood(t, listener.LocalAddr().String(), packets)
	took := time.Since(began)
	if err := c.Live().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	drops := c.Live().Drops()
	t.Logf("%d packets in %v, taken in within %v, %d lost", c.Len(), took, time.Since(began), drops.Lost())
	if c.Len()+int(drops.Lost()) < packets {
		t.Errorf("%d packets and %d reported as dropped, want %d", c.Len(), drops.Lost(), packets)
	}
	last := int64(-1)
	for i := range c.Len() {
		data := c.File().Data(i)
		n := int64(binary.BigEndian.Uint64(data[len(data)-64:]))
		if n <= last {
			t.Fatalf("datagram %d comes after %d", n, last)
		}
		last = n
	}
}

// TestLatency measures the time from a packet's leaving to its being in the capture.
func TestLatency(t *testing.T) {
	for with, most := range map[string]time.Duration{WithDumpcap: 400 * time.Millisecond, WithLibpcap: 150 * time.Millisecond} {
		t.Run(with, func(t *testing.T) {
			if with == WithLibpcap {
				eachSource(t, func(t *testing.T, with string) {
					if with == WithLibpcap {
						testLatency(t, with, most)
					}
				})
				return
			}
			testLatency(t, with, most)
		})
	}
}

func testLatency(t *testing.T, with string, most time.Duration) {
	s := liveSession(t)
	d, filter := newDatagrams(t)
	c := sniff(t, s, LiveOptions{Filter: filter, With: with})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var times []time.Duration
	for i := range 60 {
		time.Sleep(time.Duration(i%7) * 5 * time.Millisecond) // at any phase of the kernel's clock
		began := time.Now()
		d.send(1)
		if err := c.WaitPackets(ctx, 1); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Refresh(ctx); n != 1 || err != nil {
			t.Fatalf("%d packets (%v), want 1", n, err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	p95 := times[len(times)*95/100]
	t.Logf("median %v, 95th percentile %v, longest %v", times[len(times)/2], p95, times[len(times)-1])
	if p95 > most {
		t.Errorf("the 95th percentile is %v, want at most %v", p95, most)
	}
}
