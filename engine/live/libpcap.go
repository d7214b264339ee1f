//go:build libpcap

package live

// This file captures in this process with libpcap: packets are in the spool sooner
// than dumpcap's, and pktsh needs the privileges itself.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/gopacket/pcap"
	"golang.org/x/sys/unix"

	"pktsh/engine/capfile"
)

const (
	pcapSnapLen = 262144 // libpcap's own maximum
	// pcapPatience is how long the kernel collects packets at most, and how long a read
	// waits before it looks whether it shall end. Not at all (immediate mode) would
	// be sooner, but then each packet takes the largest one's room in the buffer: on
	// the loopback 32 MiB are full after 512 packets.
	pcapPatience = 10 * time.Millisecond
	// pcapDigits are those of the times: gopacket asks libpcap for nanoseconds, and
	// tells it the wrong way round whether it got them.
	pcapDigits = 9
	// pcapQueue is how many packets may wait to be written: while a disk is slow.
	pcapQueue = 8192
	// pcapBuffer is how many bytes are written at once at most.
	pcapBuffer = 256 << 10
)

// HasLibpcap says whether pktsh was built to capture by itself.
func HasLibpcap() bool { return true }

// libpcap is a capture by this process.
type libpcap struct {
	options Options
	spool   *os.File
	out     *bufio.Writer
	blocks  *capfile.BlockWriter
	handles []*pcap.Handle
	packets chan caught
	halted  atomic.Pointer[time.Time] // when it shall end, nil for never
	done    chan struct{}

	captured atomic.Int64
	written  int64

	mu    sync.Mutex
	drops Drops
	err   error
}

// caught is a packet that waits to be written.
type caught struct {
	id       uint32
	time     time.Time
	data     []byte
	original int
}

// StartLibpcap captures into spool, which it closes at the end, and returns when it
// captures. What libpcap refuses is an *Error with the reason in its own words.
func StartLibpcap(_ context.Context, spool *os.File, o Options) (Source, error) {
	l := &libpcap{
		options: o, spool: spool, packets: make(chan caught, pcapQueue), done: make(chan struct{}),
	}
	l.out = bufio.NewWriterSize(spool, pcapBuffer)
	l.blocks = capfile.NewBlockWriter(l.out)
	if err := l.open(); err != nil {
		for _, h := range l.handles {
			h.Close()
		}
		return nil, errors.Join(err, spool.Close())
	}
	var reading sync.WaitGroup
	for i, h := range l.handles {
		reading.Go(func() { l.read(uint32(i), h) })
	}
	go func() {
		reading.Wait()
		close(l.packets)
	}()
	go l.write()
	return l, nil
}

// open opens the interfaces and writes the section's beginning.
func (l *libpcap) open() error {
	var comments []string
	if l.options.Comment != "" {
		comments = append(comments, l.options.Comment)
	}
	if err := l.blocks.Section("pktsh with "+pcap.Version(), comments...); err != nil {
		return err
	}
	for _, name := range l.options.Interfaces {
		h, err := l.openInterface(name)
		if err != nil {
			return err
		}
		l.handles = append(l.handles, h)
		_, err = l.blocks.Interface(capfile.Interface{
			Name: name, LinkType: linkType(int(h.LinkType())), SnapLen: uint32(h.SnapLen()), Digits: pcapDigits, Filter: l.options.Filter, FCS: -1,
		})
		if err != nil {
			return err
		}
	}
	return l.out.Flush()
}

// linkType is the LINKTYPE_ value in files for one of libpcap's on Linux
// (pcap-linktype(7)): nearly all are the same.
func linkType(dlt int) int {
	if t, differs := map[int]int{11: 100, 12: 101, 19: 106}[dlt]; differs {
		return t
	}
	return dlt
}

// openInterface opens an interface, without promiscuous mode where it has none.
func (l *libpcap) openInterface(name string) (*pcap.Handle, error) {
	h, err := l.activate(name, !l.options.NoPromiscuous)
	if err != nil && err.Error() == "Cannot set as promisc" {
		h, err = l.activate(name, false)
	}
	if err != nil {
		return nil, refusal(name, err)
	}
	if l.options.Filter != "" {
		if err := h.SetBPFFilter(l.options.Filter); err != nil {
			h.Close()
			return nil, filterError(l.options.Filter, err.Error())
		}
	}
	return h, nil
}

func (l *libpcap) activate(name string, promiscuous bool) (*pcap.Handle, error) {
	inactive, err := pcap.NewInactiveHandle(name)
	if err != nil {
		return nil, err
	}
	defer inactive.CleanUp()
	length := pcapSnapLen
	if l.options.SnapLen > 0 {
		length = l.options.SnapLen
	}
	for _, set := range []func() error{
		func() error { return inactive.SetSnapLen(length) },
		func() error { return inactive.SetPromisc(promiscuous) },
		func() error { return inactive.SetTimeout(pcapPatience) },
		func() error { return inactive.SetBufferSize(kernelBuffer << 20) },
		func() error {
			if !l.options.Monitor {
				return nil
			}
			return inactive.SetRFMon(true)
		},
	} {
		if err := set(); err != nil {
			return nil, err
		}
	}
	return inactive.Activate()
}

// refusal says why an interface cannot be captured on.
func refusal(name string, err error) error {
	program, pathErr := os.Executable()
	if pathErr != nil {
		program = "pktsh"
	}
	// gopacket exports the messages only.
	switch err.Error() {
	case "No Such Device":
		return &Error{Kind: NoInterface, Interface: name, Text: "no interface " + quoted(name)}
	case "Interface Not Up":
		return &Error{Kind: NoInterface, Interface: name, Text: "interface " + name + " is down", advice: "ip link set " + name + " up"}
	case "Permission Denied":
		return &Error{
			Kind: Forbidden, Interface: name, Text: "no permission to capture on " + name,
			advice: "to be allowed to: sudo setcap cap_net_raw,cap_net_admin=eip " + program + "; or capture with dumpcap",
		}
	}
	return &Error{Interface: name, Text: "interface " + name + ": " + err.Error()}
}

// read takes packets off an interface until it shall end or fails.
func (l *libpcap) read(id uint32, h *pcap.Handle) {
	for {
		data, info, err := h.ReadPacketData()
		// What passed before the end is in the kernel's buffer still.
		end, ending := l.ends()
		switch {
		case err == nil:
			if ending && info.Timestamp.After(end) {
				return
			}
			l.packets <- caught{id, info.Timestamp, data, info.Length}
		case errors.Is(err, pcap.NextErrorTimeoutExpired):
			if ending {
				return
			}
		default:
			if text := h.Error(); text != nil && text.Error() != "" {
				err = text
			}
			l.fail(&Error{Kind: NoInterface, Interface: l.options.Interfaces[id], advice: "what came before is kept",
				Text: fmt.Sprintf("interface %s: %v; the capture has stopped", l.options.Interfaces[id], err)})
			return
		}
	}
}

// write writes packets in the order in which they came, and what it has whenever none
// waits.
func (l *libpcap) write() {
	defer close(l.done)
	var timeout <-chan time.Time
	if l.options.Timeout > 0 {
		timer := time.NewTimer(l.options.Timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	enough := false
	for open := true; open; {
		select {
		case <-timeout:
			l.end()
		case p, more := <-l.packets:
			if open = more; !more || enough {
				break
			}
			if err := l.blocks.Packet(p.id, uint64(p.time.UnixNano()), p.data, uint32(p.original)); err != nil {
				l.failWriting(err)
				enough = true
				break
			}
			l.written += int64(len(p.data)) + 32
			n := l.captured.Add(1)
			if l.options.Count > 0 && n >= int64(l.options.Count) || l.options.Bytes > 0 && l.written >= l.options.Bytes {
				enough = true
				l.end()
			}
		}
		if len(l.packets) == 0 {
			if err := l.out.Flush(); err != nil {
				l.failWriting(err)
				enough = true
			}
		}
	}
	drops := l.count()
	for _, h := range l.handles {
		h.Close()
	}
	l.handles = nil
	err := l.spool.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drops = drops
	l.err = errors.Join(l.err, err)
}

// failWriting notes that the spool cannot be written to.
func (l *libpcap) failWriting(err error) {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = diskFull(l.spool)
	}
	l.fail(err)
}

// fail notes the first failure and ends the capture.
func (l *libpcap) fail(err error) {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	l.end()
}

// end ends the capture with the packets that have passed until now.
func (l *libpcap) end() {
	now := time.Now()
	l.halted.CompareAndSwap(nil, &now)
}

// ends is when the capture shall end.
func (l *libpcap) ends() (at time.Time, ending bool) {
	if end := l.halted.Load(); end != nil {
		return *end, true
	}
	return time.Time{}, false
}

// count asks the kernel for its counts. The handles must be open.
func (l *libpcap) count() Drops {
	var d Drops
	for _, h := range l.handles {
		if stats, err := h.Stats(); err == nil {
			d = d.Add(Drops{
				Received: uint64(stats.PacketsReceived), Kernel: uint64(stats.PacketsDropped), Interface: uint64(stats.PacketsIfDropped),
			})
		}
	}
	return d
}

func (l *libpcap) Stop() error {
	l.end()
	<-l.done
	return nil
}

func (l *libpcap) Done() <-chan struct{} { return l.done }

func (l *libpcap) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *libpcap) Captured() int { return int(l.captured.Load()) }

func (l *libpcap) Drops() Drops {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drops
}
