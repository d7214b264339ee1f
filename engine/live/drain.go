package live

// This file has a dumpcap read what has passed before it is told to end: that is in the
// kernel's buffer for a while, and would be lost without being counted.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// drainQuiet is how long nothing is written when it has all: the kernel gives it
	// packets four times a second.
	drainQuiet = 300 * time.Millisecond
	// drainPatience is how long it is given at most.
	drainPatience = 5 * time.Second
	drainStep     = 20 * time.Millisecond
)

// watch keeps the spool at hand, if it is a file.
func (d *dumpcap) watch(spool *os.File) {
	info, err := spool.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	reader, err := os.Open(spool.Name())
	if err != nil {
		return
	}
	if again, err := reader.Stat(); err != nil || !os.SameFile(info, again) {
		_ = reader.Close() // it is somebody else's
		return
	}
	d.spool = reader
}

// drain waits until all that passed before is written: when nothing has been written for
// a while and dumpcap waits for packets, or when a later packet is written.
func (d *dumpcap) drain() {
	if d.spool == nil {
		return
	}
	ticker := time.NewTicker(drainStep)
	defer ticker.Stop()
	began := time.Now()
	for size, since := int64(-1), began; time.Since(began) < drainPatience; {
		if info, err := d.spool.Stat(); err == nil && info.Size() != size {
			size, since = info.Size(), time.Now()
		}
		// Another interface's packets may be handed over a quarter of a second later.
		if newest, ok := newestPacket(d.spool, began); ok && newest.After(began.Add(drainQuiet)) {
			return
		}
		if time.Since(since) > drainQuiet && idle(d.cmd.Process.Pid) {
			return
		}
		select {
		case <-ticker.C:
		case <-d.done:
			return
		}
	}
}

// newestPacket is the time of the last packet in a pcapng file, if that ends with a
// packet: dumpcap writes blocks whole nearly always. now tells nanoseconds from
// microseconds.
func newestPacket(file *os.File, now time.Time) (time.Time, bool) {
	const enhancedPacket, header = 6, 28 // pcapng draft, section 4.3
	info, err := file.Stat()
	if err != nil || info.Size() < header {
		return time.Time{}, false
	}
	size := info.Size()
	b := make([]byte, 20)
	if _, err := file.ReadAt(b[:4], size-4); err != nil {
		return time.Time{}, false
	}
	length := int64(binary.LittleEndian.Uint32(b))
	if length < header || length > size {
		return time.Time{}, false
	}
	if _, err := file.ReadAt(b, size-length); err != nil || binary.LittleEndian.Uint32(b) != enhancedPacket || int64(binary.LittleEndian.Uint32(b[4:])) != length {
		return time.Time{}, false
	}
	ticks := int64(binary.LittleEndian.Uint32(b[12:]))<<32 | int64(binary.LittleEndian.Uint32(b[16:]))
	if ticks > now.UnixNano()/30 {
		return time.Unix(0, ticks), true
	}
	return time.UnixMicro(ticks), true
}

// idle says that no thread of a process runs or wants to (proc(5)); true where that
// cannot be told.
func idle(pid int) bool {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return true
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if end := bytes.LastIndexByte(stat, ')'); end >= 0 && end+2 < len(stat) && stat[end+2] == 'R' {
			return false
		}
	}
	return true
}
