package plan

import (
	"fmt"
	"slices"
	"time"
)

// This file chooses how a question to every packet of a capture is answered: which
// of the exact ways costs the least.

// Way is a way to the answer of a question to every packet.
type Way uint8

// The ways. All but Trees give Wireshark's answer.
const (
	// Headers: the packets' headers tell of every packet.
	Headers Way = iota
	// Side: headers tell of most; the rest goes to tshark -2 as a capture of its own.
	Side
	// Rows: headers tell of most; of the rest, sharkd gives the fields asked for.
	Rows
	// Whole: sharkd is asked about the whole capture.
	Whole
	// Trees: pktsh's own dissectors answer alone.
	Trees
)

// String returns the way as explain names it.
func (w Way) String() string {
	return [...]string{"native", "native + side capture", "native + columns of rows", "deep, whole capture", "native dissectors alone"}[w]
}

// What the ways cost, as measured with Wireshark 4.0 on one of two shared cores
// (docs/performance.md); they differ by so much that the machine hardly matters.
const (
	headersPacket = 200 * time.Nanosecond  // walk and judge a packet
	flowPacket    = 5 * time.Nanosecond    // judge a packet whose flow is known
	sideStart     = 400 * time.Millisecond // tshark's own start, twice the private profile
	sidePacket    = 30 * time.Microsecond  // write, dissect twice, read the reply
	sharkdLoad    = 12 * time.Microsecond  // a packet
	rowsRun       = 1400 * time.Microsecond
	rowsPacket    = 22 * time.Microsecond
	wholePacket   = 14 * time.Microsecond
)

// FilterFacts is what the choice depends on.
type FilterFacts struct {
	Mode Mode
	Deep DeepState
	// Loaded is how much of the capture the dissectors have loaded, 0 to 1.
	Loaded float64
	// Packets is the capture's size.
	Packets int
	// Native says that headers can be asked; WhyNot why not.
	Native bool
	WhyNot string
	// Flows says that the packets' flows are known.
	Flows bool
	// Unsure is how many packets headers do not tell of, Runs in how many stretches.
	Unsure, Runs int
	// SideAllowed and RowsAllowed say that the rest may be answered so: not every
	// question is the same in a side capture, nor is every field a column.
	SideAllowed, RowsAllowed bool
}

// Option is a way that would do, and the time it is expected to take.
type Option struct {
	Way    Way
	Expect time.Duration
}

// FilterPlan is the choice.
type FilterPlan struct {
	Option
	// Reason says why, in half a sentence.
	Reason string
	// Others are the ways that would do as well, from the cheapest on.
	Others []Option
	// Sure says that the answer is Wireshark's.
	Sure bool
}

// ChooseFilter says how a filter is answered.
func ChooseFilter(f FilterFacts) FilterPlan {
	scan := time.Duration(f.Packets) * headersPacket
	if f.Flows {
		scan = time.Duration(f.Packets) * flowPacket
	}
	if f.Mode == Native || f.Deep == Absent {
		return FilterPlan{Option: Option{Trees, scan}, Reason: "Wireshark is not asked"}
	}
	load := time.Duration(float64(f.Packets) * (1 - f.Loaded) * float64(sharkdLoad))
	whole := Option{Whole, load + time.Duration(f.Packets)*wholePacket}
	switch {
	case f.Mode == Wireshark:
		return FilterPlan{Option: whole, Reason: "--engine wireshark", Sure: true}
	case !f.Native:
		return FilterPlan{Option: whole, Reason: f.WhyNot, Sure: true}
	case f.Unsure == 0:
		return FilterPlan{Option: Option{Headers, scan}, Reason: "headers are sure of every packet", Sure: true}
	}
	options := []Option{whole}
	if f.SideAllowed {
		options = append(options, Option{Side, scan + sideStart + time.Duration(f.Unsure)*sidePacket})
	}
	if f.RowsAllowed && f.Deep != Failed {
		options = append(options, Option{Rows, scan + load + time.Duration(f.Runs)*rowsRun + time.Duration(f.Unsure)*rowsPacket})
	}
	slices.SortFunc(options, func(a, b Option) int { return int(a.Expect - b.Expect) })
	return FilterPlan{
		Option: options[0], Others: options[1:], Sure: true,
		Reason: fmt.Sprintf("headers are not sure of %d of %d packets", f.Unsure, f.Packets),
	}
}
