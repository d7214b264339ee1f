// Package live captures packets: it starts what captures them, dumpcap by default,
// and has it append to a spool, a pcapng file. It reads no packet: package capfile
// follows the spool.
//
//   - [StartDumpcap] and [StartLibpcap] begin a capture, a [Source].
//   - [List] tells which interfaces there are, and whether we may capture on them.
//   - [Spool] is the file, with its lock: what a session that died left behind is
//     found by [Recoverable].
package live

import (
	"fmt"
	"strings"
	"time"
)

// Options says what to capture.
type Options struct {
	// Interfaces are names or numbers as dumpcap takes them; at least one.
	Interfaces []string
	// Filter is a capture filter in libpcap's language (pcap-filter(7)).
	Filter string
	// Monitor asks for 802.11 monitor mode.
	Monitor bool
	// NoPromiscuous leaves the interface as it is.
	NoPromiscuous bool
	// SnapLen is how many bytes of a packet are kept, 0 for all.
	SnapLen int
	// LinkType is the link type to capture with, as dumpcap's -y names it; "" for the
	// interface's own.
	LinkType string
	// Count, Timeout and Bytes end the capture by themselves, 0 for never. Bytes is
	// the size of what is written.
	Count   int
	Timeout time.Duration
	Bytes   int64
	// Comment is kept in the file.
	Comment string
}

// kernelBuffer is how many MiB the kernel may keep for each interface: 2, the default,
// are full after some 20,000 small packets that come at once.
const kernelBuffer = 32

// Source is a capture that runs. Its methods may be called from several goroutines.
type Source interface {
	// Stop ends it and waits until all that was captured is written, a few seconds
	// at most.
	Stop() error
	// Done is closed when it has ended, by itself or by Stop.
	Done() <-chan struct{}
	// Err says what went wrong, in one sentence: after Done.
	Err() error
	// Captured is how many packets it says it wrote so far; it may be late.
	Captured() int
	// Drops are the packets that were not written. Some are known only after Done.
	Drops() Drops
}

// Drops counts packets that passed an interface and are not in the capture.
type Drops struct {
	// Received counts those that the filter let through, dropped ones included.
	Received uint64
	// Kernel counts those for which the kernel's buffer had no room, Interface those
	// that the interface or its driver lost, Own those that the capturing program did.
	Kernel, Interface, Own uint64
	// Ring counts those that were captured, and gave way to later ones.
	Ring uint64
}

// Lost is how many packets nobody has seen.
func (d Drops) Lost() uint64 { return d.Kernel + d.Interface + d.Own }

// Add returns the sum of two counts.
func (d Drops) Add(o Drops) Drops {
	return Drops{d.Received + o.Received, d.Kernel + o.Kernel, d.Interface + o.Interface, d.Own + o.Own, d.Ring + o.Ring}
}

// String tells what was dropped by whom: "12 dropped (kernel 10, interface 2)"; ""
// for nothing.
func (d Drops) String() string {
	var who []string
	for _, part := range []struct {
		name string
		n    uint64
	}{{"kernel", d.Kernel}, {"interface", d.Interface}, {"capturing program", d.Own}} {
		if part.n > 0 {
			who = append(who, fmt.Sprintf("%s %d", part.name, part.n))
		}
	}
	if len(who) == 0 {
		return ""
	}
	return fmt.Sprintf("%d dropped (%s)", d.Lost(), strings.Join(who, ", "))
}

// Ring bounds what a capture keeps: the last packets. Zero is no bound. The bounds
// are kept to within a quarter, and to what is read in one go.
type Ring struct {
	Packets int
	Bytes   int64
	Age     time.Duration
}

// Bounded says that there is a bound.
func (r Ring) Bounded() bool { return r != Ring{} }
