package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"pktsh/engine/capfile"
)

// This file has programs talk over a network of their own, two namespaces joined by a
// virtual cable, and holds what pktsh captures there against tcpdump's file.

// network is two machines, as network namespaces.
type network struct {
	t           *testing.T
	here, there []string // run a program in one or the other
}

// The machines' addresses, on interfaces of the same name.
const (
	hereAddress  = "10.77.0.1"
	thereAddress = "10.77.0.2"
	cable        = "cable0"
)

// newNetwork makes the namespaces, which go with the test.
func newNetwork(t *testing.T) *network {
	t.Helper()
	needCapture(t)
	if os.Getuid() != 0 {
		t.Skip("live: network namespaces are root's to make")
	}
	name := func(which string) string { return fmt.Sprintf("pktsh-%d-%s", os.Getpid(), which) }
	here, there := name("here"), name("there")
	n := &network{t: t, here: []string{"ip", "netns", "exec", here}, there: []string{"ip", "netns", "exec", there}}
	run := func(args ...string) error {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	for i, ns := range []string{here, there} {
		if err := run("ip", "netns", "add", ns); err != nil {
			t.Skip("live: this machine makes no network namespaces: ", err)
		}
		t.Cleanup(func() { _ = run("ip", "netns", "delete", ns) })
		// Only the programs shall talk: no IPv6 neighbours, no address resolution.
		_ = run("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", "net.ipv6.conf.all.disable_ipv6=1")
		if i == 1 {
			if err := run("ip", "link", "add", cable, "netns", here, "address", "02:00:00:00:77:01", "type", "veth",
				"peer", "name", cable, "netns", there, "address", "02:00:00:00:77:02"); err != nil {
				t.Skip("live: this machine makes no virtual cables: ", err)
			}
		}
	}
	for _, args := range [][]string{
		append(n.here, "ip", "address", "add", hereAddress+"/24", "dev", cable),
		append(n.there, "ip", "address", "add", thereAddress+"/24", "dev", cable),
		append(n.here, "ip", "link", "set", cable, "up"),
		append(n.there, "ip", "link", "set", cable, "up"),
		append(n.here, "ip", "neighbour", "replace", thereAddress, "lladdr", "02:00:00:00:77:02", "dev", cable, "nud", "permanent"),
		append(n.there, "ip", "neighbour", "replace", hereAddress, "lladdr", "02:00:00:00:77:01", "dev", cable, "nud", "permanent"),
	} {
		if err := run(args...); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// background runs a program until the test ends, or end is called, and waits until it
// says that it is ready.
func (n *network) background(cmd *exec.Cmd, ready string) (end func()) {
	n.t.Helper()
	said := newTranscript()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(syscall.SIGINT)
			_ = cmd.Wait()
		}
	}
	n.t.Cleanup(end)
	said.wait(n.t, 0, ready)
	return end
}

// talk is the program pktsh-talk: a server, or the clients of it.
func talk(args []string) int {
	if len(args) == 1 && args[0] == "serve" {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	for _, client := range []func() error{fetch, resolve, ping, flood} {
		if err := client(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// serve answers HTTP and DNS, for a minute at most.
func serve() error {
	time.AfterFunc(time.Minute, func() { os.Exit(1) })
	dns, err := net.ListenPacket("udp4", thereAddress+":53")
	if err != nil {
		return err
	}
	go answer(dns)
	sink, err := net.ListenPacket("udp4", thereAddress+":7777")
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, packetReader{sink}) }()
	web, err := net.Listen("tcp4", thereAddress+":80")
	if err != nil {
		return err
	}
	fmt.Println("serving")
	return http.Serve(web, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s: %s\n", r.URL.Path, strings.Repeat("content ", 1000))
	}))
}

type packetReader struct{ net.PacketConn }

func (r packetReader) Read(b []byte) (int, error) {
	n, _, err := r.ReadFrom(b)
	return n, err
}

// answer says of every name that it has the server's address.
func answer(conn net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		m.Response = true
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 60},
			Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(thereAddress).To4())},
		}}
		if reply, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}

// fetch is an HTTP client: three requests over one connection.
func fetch() error {
	client := http.Client{Timeout: 10 * time.Second}
	for i := range 3 {
		r, err := client.Get(fmt.Sprintf("http://%s/page/%d", thereAddress, i))
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
		_ = r.Body.Close()
	}
	client.CloseIdleConnections()
	return nil
}

// resolve is a DNS client: four questions.
func resolve() error {
	conn, err := net.Dial("udp4", thereAddress+":53")
	if err != nil {
		return err
	}
	defer conn.Close()
	for i := range 4 {
		m := dnsmessage.Message{Header: dnsmessage.Header{ID: uint16(i + 1), RecursionDesired: true}, Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName("host" + strconv.Itoa(i) + ".example."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}}}
		query, err := m.Pack()
		if err != nil {
			return err
		}
		if _, err := conn.Write(query); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1500)); err != nil {
			return err
		}
	}
	return nil
}

// ping sends two echo requests (RFC 792) and waits for their replies.
func ping() error {
	conn, err := net.Dial("ip4:icmp", thereAddress)
	if err != nil {
		return err
	}
	defer conn.Close()
	for i := range 2 {
		echo := []byte{8, 0, 0, 0, 0x12, 0x34, 0, byte(i), 'h', 'e', 'l', 'l'}
		sum := uint32(0)
		for at := 0; at < len(echo); at += 2 {
			sum += uint32(binary.BigEndian.Uint16(echo[at:]))
		}
		binary.BigEndian.PutUint16(echo[2:], ^uint16(sum+sum>>16))
		if _, err := conn.Write(echo); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1500)); err != nil {
			return err
		}
	}
	return nil
}

// flood sends two thousand datagrams that nobody answers.
func flood() error {
	conn, err := net.Dial("udp4", thereAddress+":7777")
	if err != nil {
		return err
	}
	defer conn.Close()
	for i := range 2000 {
		if _, err := conn.Write(bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
			return err
		}
	}
	return nil
}

// TestLiveNetwork has a web server, a name server, a ping and a flood, captured by pktsh
// and by tcpdump: the same packets, in the same order.
func TestLiveNetwork(t *testing.T) {
	needWireshark(t)
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("live: tcpdump is not on PATH")
	}
	n := newNetwork(t)
	server, _ := ourselves(t, n.there, "pktsh-talk", "serve")
	n.background(server, "serving")
	p := pipe(t, n.here, "-n")
	reference := filepath.Join(p.work, "reference.pcap")
	end := n.background(exec.Command(n.here[0], append(n.here[1:], "tcpdump", "-i", cable, "-B", "16384", "-U", "-s", "0", "-Z", "root", "-w", reference)...), "listening on")
	if got := p.ask("sniff " + cable + " &"); !strings.HasPrefix(got, "capturing on "+cable) {
		t.Fatalf("%s %s", got, p.err)
	}
	client, _ := ourselves(t, n.here, "pktsh-talk", "ask")
	if out, err := client.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if got := p.ask("stop"); !strings.HasSuffix(got, "none dropped\n") {
		t.Errorf("stop: %s", got)
	}
	count, err := strconv.Atoi(strings.TrimSpace(p.ask("print(len(cap))")))
	if err != nil {
		t.Fatal(err)
	}
	hold(t, reference, count)
	end()
	p.is("3 3 8 4 2000", "def count(f): return len(cap.filter(f))", "",
		"print(count('http.request'), count('http.response'), count('dns'), count('icmp'), count('udp.dstport == 7777'))")
	p.is("['/page/0', '/page/1', '/page/2']", "print([str(p.http.request_uri) for p in cap.filter('http.request')])")
	p.is("{'host0.example': 2, 'host1.example': 2, 'host2.example': 2, 'host3.example': 2}", "print(dict(cap.count_by('dns.qry.name')))")
	p.ask("save all.pcapng")
	sameBytes(t, filepath.Join(p.work, "all.pcapng"), reference)
	if code := p.leave(); code != 0 || p.err.String() != "" {
		t.Errorf("got exit code %d and %s", code, p.err)
	}
	p.nothingLeft()
}

// hold waits until a capture that is being written has as many packets.
func hold(t *testing.T, path string, packets int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for n := 0; n < packets; time.Sleep(5 * time.Millisecond) {
		f, err := capfile.Open(t.Context(), path, capfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n = f.Len()
		_ = f.Close()
		if time.Now().After(deadline) {
			t.Fatalf("%s has %d packets, want %d", path, n, packets)
		}
	}
}
