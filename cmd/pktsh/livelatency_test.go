package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLiveLatency measures how long after a packet was sent its row is printed by sniff:
// on request, with PKTSH_LIVE_LATENCY=1, because it is only worth something on a machine at
// rest. dumpcap reads the kernel's buffer four times a second; libpcap, where pktsh was
// built with it, at once.
func TestLiveLatency(t *testing.T) {
	if os.Getenv("PKTSH_LIVE_LATENCY") == "" {
		t.Skip("PKTSH_LIVE_LATENCY=1 measures")
	}
	needCapture(t)
	needWireshark(t)
	for with, goal := range map[string]time.Duration{"dumpcap": 300 * time.Millisecond, "libpcap": 50 * time.Millisecond} {
		t.Run(with, func(t *testing.T) {
			able, _ := ourselves(t, nil, "pktsh", "--eval", "sniff lo 'udp port 9' --timeout 0.1 --with "+with)
			if out, err := able.CombinedOutput(); err != nil {
				t.Skip(strings.TrimSpace(string(out)))
			}
			took := printed(t, with)
			slices.Sort(took)
			median, p95 := took[len(took)/2], took[len(took)*95/100]
			t.Logf("from a packet to its row: median %v, 95th percentile %v, longest %v", median, p95, took[len(took)-1])
			if p95 > goal {
				t.Errorf("95th percentile: got %v, want less than %v", p95, goal)
			}
		})
	}
}

// printed sends packets and returns how long each took to be printed.
func printed(t *testing.T, with string) []time.Duration {
	t.Helper()
	const warmUp, packets, apart = 20, 220, 61 * time.Millisecond // tshark starts meanwhile
	number, send := port(t)
	cmd, _ := ourselves(t, nil, "pktsh", "-n", "--eval", fmt.Sprintf("sniff lo 'udp dst port %d' --with %s --count %d", number, with, packets))
	errs := newTranscript()
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	errs.wait(t, 0, "capturing on")
	var mu sync.Mutex
	sent := make([]time.Time, 0, packets)
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(apart)
		defer tick.Stop()
		for range packets {
			<-tick.C
			mu.Lock()
			sent = append(sent, time.Now())
			mu.Unlock()
			send("hello")
		}
	})
	var took []time.Duration
	for rows := bufio.NewScanner(out); rows.Scan(); {
		now := time.Now()
		var n int
		if _, err := fmt.Sscan(rows.Text(), &n); err != nil || n <= warmUp || n > packets {
			continue // the titles
		}
		mu.Lock()
		took = append(took, now.Sub(sent[n-1]))
		mu.Unlock()
	}
	wait.Wait()
	if err := cmd.Wait(); err != nil || len(took) != packets-warmUp {
		t.Fatalf("got %d rows, want %d: %v %s", len(took), packets-warmUp, err, errs)
	}
	return took
}
