package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// This file captures as a person at a terminal does.

// TestLiveTyped has a capture run in the foreground until Ctrl-C, and then another in
// the background, explored while it runs.
func TestLiveTyped(t *testing.T) {
	needCapture(t)
	needWireshark(t)
	number, send := port(t)
	p := sit(t, 100, 30)
	p.see(`pkt> `)
	p.typed(fmt.Sprintf("sniff lo 'udp dst port %d'\r", number))
	p.see(`^capturing on lo \(udp dst port \d+\); Ctrl-C ends it`)
	for i := range 3 {
		send("hello")
		p.see(fmt.Sprintf(`^ +%d  \d\.\d{9}  127\.0\.0\.1 +127\.0\.0\.1 +UDP`, i+1)) // while it runs
	}
	p.typed("\x03")
	p.see(`^3 packets; none dropped`, `pkt>\s*\z`)
	p.say("cap", `^<LiveCapture \(3 packets\)>`)
	p.say("pkt.number", `^1 *$`)
	p.say("ls", `^>~? +1  0\.0+ `, `^ ~? +3  \d`)

	p.say(fmt.Sprintf("sniff lo 'udp dst port %d' &", number), `^capturing on lo \(udp dst port \d+\); stop ends it`, `pkt\[lo 0\]> `)
	// What comes from the loop's beginning on is printed; the packets before are there too.
	send("before")
	p.typed("\x0cfor p in cap.sniff_continuously(packet_count=2): print('came', p.number)\r\r")
	p.meanwhile(send, `^came \d+\s+^came \d+`, `pkt\[lo \d+\]>\s*\z`)
	p.typed("\x0cfor p in cap.sniff_continuously(): print('still', p.number)\r\r")
	p.meanwhile(send, `^still \d+ *$`)
	p.typed("\x03")
	p.see(`interrupted`, `pkt\[lo \d+\]>\s*\z`)
	p.say("filter frame.number > 1", `^\d+ of \d+ packets`, `pkt\[lo \d+\]\(frame.number > 1\)>`)
	p.say("ls 1-2", `^>?~? +2 `)
	p.say("pause", `^lo paused: \d+ packets, none dropped`, `pkt\[lo \d+ paused\]`)
	p.say("resume", `^lo capturing again: \d+ packets, none dropped`, `pkt\[lo \d+\]`)
	p.say("status", `^ +live +running on lo \(udp dst port \d+\)`, `^ +lost +none dropped`)

	// A dumpcap that is killed is told of with the next input, not while one is typed.
	p.typed("\x0cprint('ty")
	if err := syscall.Kill(child(t, p.cmd.Process.Pid, "dumpcap"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.typed("ped')\r")
	p.see(`^typed`)
	p.see(`pkt.*>\s*\z`)
	p.say("print('again')", `^again`)
	p.mu.Lock()
	if said := p.raw.String(); !strings.Contains(said, "dumpcap was ended from outside") || !strings.Contains(said, "packets are kept") {
		t.Error("nobody said that dumpcap has ended")
	}
	p.mu.Unlock()
	p.say("print(len(cap), cap.state)", `^\d+ stopped`)

	p.typed("quit\r")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	p.nothingLeft()
}

// meanwhile waits for what the screen is to show while packets are sent.
func (p *typist) meanwhile(send func(string), patterns ...string) {
	p.t.Helper()
	shown, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range 1000 {
			select {
			case <-shown:
				return
			case <-tick.C:
				send("hello")
			}
		}
	}()
	defer func() {
		close(shown)
		<-over
	}()
	p.see(patterns...)
}

// child returns the process of a name that another one started.
func child(t *testing.T, parent int, name string) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		var pid, ppid int
		var state string
		before, after, _ := strings.Cut(string(stat), " ("+name+") ")
		if _, err := fmt.Sscan(before, &pid); err != nil {
			continue
		}
		if _, err := fmt.Sscan(after, &state, &ppid); err == nil && ppid == parent {
			return pid
		}
	}
	t.Fatalf("process %d has no child %s", parent, name)
	return 0
}

// TestLivePrompt is pktsh -i IFACE at a terminal: a capture in the background, and the
// prompt.
func TestLivePrompt(t *testing.T) {
	needCapture(t)
	number, send := port(t)
	p := sit(t, 80, 24, "-i", "lo", "-f", fmt.Sprintf("udp dst port %d", number))
	p.see(`^capturing on lo`, `pkt\[lo 0\]>\s*\z`)
	send("hello")
	p.typed("\x0cfor p in cap.sniff_continuously(packet_count=1): print(p.udp.dstport)\r\r")
	p.meanwhile(send, fmt.Sprintf(`^%d`, number), `pkt\[lo \d+\]>\s*\z`)
	p.typed("\x0csniff \t")
	p.see(`^ +lo +127\.0\.0\.1.*loopback`)
	p.typed("\x03\x0csniff eth9,l\t")
	p.see(`eth9,lo\b`)
	p.typed("\x03")
	p.see(`pkt.*>\s*\z`)
	p.typed("\x04")
	if code := p.leave(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	p.nothingLeft()
	if strings.Contains(p.raw.String(), "panic") {
		t.Error("it panicked")
	}
}
