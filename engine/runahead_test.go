package engine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pktsh/engine/column"
	"pktsh/engine/wireshark"
)

// This file is about what happens while columns are loaded ahead of a loop: the
// dissector dies, or the user interrupts.

const (
	aheadFrames = 20 * column.PageSize
	aheadField  = "frame.protocols"
)

// manyPackets opens a real capture of some sixty pages, and returns what tshark says of a field of
// its first packets.
func manyPackets(t *testing.T) (*Capture, []string) {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not on PATH")
	}
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "captures")
	}
	path := filepath.Join(dir, "aircrack", "wep_64_ptw.cap")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), tools.Tshark, "-n", "-c", strconv.Itoa(aheadFrames), "-r", path, "-T", "fields", "-e", aheadField).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	s := NewSession(Config{Tools: tools, TempDir: t.TempDir(), CacheDir: t.TempDir()})
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.WaitCatalogue(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := s.Open(t.Context(), OpenOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != aheadFrames || c.Len() < aheadFrames {
		t.Fatalf("tshark has %d of %d packets, the capture %d", len(want), aheadFrames, c.Len())
	}
	return c, want
}

// running says whether pages are being loaded.
func (a *ahead) running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.run != nil
}

// aheadLoop asks for the field in every packet: columns, and where they do not tell, trees. It
// calls at with each frame before it is asked about.
func aheadLoop(t *testing.T, c *Capture, want []string, at func(frame uint32)) (told int) {
	t.Helper()
	for i, text := range want {
		frame := uint32(i + 1)
		at(frame)
		state, got := c.columnAnswer(t.Context(), frame, aheadField)
		switch state {
		case column.Found:
			told++
		default:
			p, err := c.Packet(frame)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := p.Tree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = tree.Values(aheadField)[0].Show
		}
		if got != text {
			t.Fatalf("frame %d: got %q, want %q", frame, got, text)
		}
	}
	return told
}

// sharkds are the processes of this name that this one started.
func sharkds(t *testing.T) (out []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Skip("no /proc: the dissector's process cannot be found")
	}
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id, rest, _ := strings.Cut(string(data), " (")
		name, rest, _ := strings.Cut(rest, ") ")
		if parts := strings.Fields(rest); name == "sharkd" && len(parts) > 1 && parts[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(id)
			out = append(out, pid)
		}
	}
	return out
}

// TestDissectorDiesInARunAhead kills sharkd twice while it loads pages ahead of a loop:
// every answer is right all the same.
func TestDissectorDiesInARunAhead(t *testing.T) {
	c, want := manyPackets(t)
	kills := 0
	told := aheadLoop(t, c, want, func(frame uint32) {
		if due := uint32(kills+1) * 4 * column.PageSize; kills < 2 && frame > due && c.ahead.running() {
			for _, pid := range sharkds(t) {
				if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
					kills++
				}
			}
		}
	})
	if kills == 0 {
		t.Error("sharkd was not killed: nothing ran ahead")
	}
	if told < len(want)/2 {
		t.Errorf("columns told %d of %d packets, want most", told, len(want))
	}
}

// TestInterruptInARunAhead ends the context of a loop while pages are loaded ahead of it: the loop
// has its answer at once, and the next one is right.
func TestInterruptInARunAhead(t *testing.T) {
	c, want := manyPackets(t)
	deep := c.startDeep()
	if err := deep.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var since time.Time
	frame := uint32(1)
	for ; since.IsZero() && frame <= uint32(len(want)); frame++ {
		if c.ahead.running() {
			since = time.Now()
			cancel()
		}
		c.columnAnswer(ctx, frame, aheadField)
	}
	if since.IsZero() {
		t.Fatal("nothing ran ahead")
	}
	// Behind the pages that are there: it would have to wait for another.
	for last := uint32(len(want)); frame < last; frame += column.PageSize {
		if state, text := c.columnAnswer(ctx, frame, aheadField); state == column.Found && text != want[frame-1] {
			t.Errorf("frame %d: got %q, want %q", frame, text, want[frame-1])
		}
	}
	// A page takes some tens of milliseconds, all of them more than a second.
	if took := time.Since(since); took > 5*time.Second {
		t.Errorf("the interrupted loop took %v more", took)
	}
	if told := aheadLoop(t, c, want, func(uint32) {}); told < len(want)/2 {
		t.Errorf("after it: columns told %d of %d packets, want most", told, len(want))
	}
}
