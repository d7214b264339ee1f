package engine

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestSoak captures in a ring for as long as PKTSH_SOAK says, and asks all the while:
// memory and disk stay what they were.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("PKTSH_SOAK"))
	if err != nil {
		t.Skip("PKTSH_SOAK says no duration: make soak")
	}
	s := liveSession(t)
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const kept = 100_000
	c := sniff(t, s, LiveOptions{Filter: fmt.Sprintf("udp port %d", listener.LocalAddr().(*net.UDPAddr).Port), Ring: Ring{Packets: kept}})
	stop, sent := make(chan struct{}), make(chan uint64)
	go func() {
		n, data := uint64(0), make([]byte, 200)
		conn, err := net.Dial("udp4", listener.LocalAddr().String())
		if err == nil {
			defer conn.Close()
		}
		for tick := time.NewTicker(10 * time.Millisecond); err == nil; {
			select {
			case <-stop:
				sent <- n
				return
			case <-tick.C:
			}
			for range 200 { // 20,000 a second
				binary.BigEndian.PutUint64(data, n)
				if _, err := conn.Write(data); err == nil {
					n++
				}
			}
		}
		<-stop
		sent <- 0
	}()
	type usage struct{ heap, resident, disk int64 }
	measure := func() (u usage) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		var rest int64
		if b, err := os.ReadFile("/proc/self/statm"); err == nil {
			fmt.Sscan(string(b), &rest, &u.resident)
		}
		u.heap, u.resident = int64(m.HeapAlloc), u.resident*int64(os.Getpagesize())
		var stat syscall.Stat_t
		if err := syscall.Stat(c.Live().Path(), &stat); err != nil {
			t.Fatal(err)
		}
		u.disk = stat.Blocks * 512
		return u
	}
	var first usage
	began, report := time.Now(), time.Now()
	for time.Since(began) < length {
		if err := c.WaitPackets(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Since(report) < length/20 {
			continue
		}
		report = time.Now()
		v, err := c.All().Narrow(t.Context(), "udp.length == 208 && frame.number > 10")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := v.Len(t.Context()); n != c.Len()-10 || err != nil {
			t.Errorf("%d of %d packets (%v)", n, c.Len(), err)
		}
		if _, err := v.CountBy(t.Context(), "udp.srcport"); err != nil {
			t.Error(err)
		}
		rows := 0
		for _, err := range c.All().Rows(t.Context(), c.Len()-20, c.Len(), RowOptions{PreviewAllowed: true}) {
			if err != nil {
				t.Fatal(err)
			}
			rows++
		}
		now := measure()
		t.Logf("%v: %d came, %d kept, heap %d KB, resident %d KB, disk %d KB", time.Since(began).Round(time.Second), c.Came(), c.Len(), now.heap>>10, now.resident>>10, now.disk>>10)
		if c.Len() > kept*5/4+50_000 {
			t.Errorf("%d packets are kept, want about %d", c.Len(), kept)
		}
		switch {
		case time.Since(began) < length/3:
		case first == usage{}:
			first = now
		case now.heap > first.heap*3/2+16<<20, now.resident > first.resident*3/2+64<<20, now.disk > 2*first.disk:
			t.Errorf("memory or disk grew: heap %d to %d, resident %d to %d, disk %d to %d", first.heap, now.heap, first.resident, now.resident, first.disk, now.disk)
		}
	}
	close(stop)
	n := <-sent
	if err := c.Live().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	drops := c.Live().Drops()
	t.Logf("%d were sent, %d came, %d lost, %d let go", n, c.Came(), drops.Lost(), drops.Ring)
	if c.Came()+drops.Lost() < n {
		t.Errorf("%d came and %d are lost, want %d", c.Came(), drops.Lost(), n)
	}
}
