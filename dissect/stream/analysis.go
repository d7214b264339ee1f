package stream

import (
	"fmt"
	"strings"
)

// This file finds what sequence numbers show: retransmissions, losses,
// duplicate acknowledgments, window events. The rules are those of Wireshark's
// tcp_analyze_sequence_number, in its order, so that the notes agree.

// Analysis is what a segment's sequence numbers show about it.
type Analysis struct {
	Flags AnalysisFlags
	// DupAckFrame and DupAckNumber say whose repetition a duplicate
	// acknowledgment is, and the how-manieth.
	DupAckFrame, DupAckNumber uint32
}

// AnalysisFlags is a set of Wireshark's tcp.analysis.* notes.
type AnalysisFlags uint32

// The notes, in the order in which Wireshark puts them before each other in Info.
const (
	PortsReused AnalysisFlags = 1 << iota
	Retransmission
	FastRetransmission
	SpuriousRetransmission
	OutOfOrder
	LostSegment
	AckLostSegment
	WindowUpdate
	WindowFull
	KeepAlive
	KeepAliveAck
	DuplicateAck
	ZeroWindowProbe
	ZeroWindow
	ZeroWindowProbeAck
	FinActive  // the connection's first FIN
	FinPassive // the other side's FIN after it
)

// AnyRetransmission is the set of notes that say the bytes were sent before.
const AnyRetransmission = Retransmission | FastRetransmission | SpuriousRetransmission

// Text is what Wireshark puts before the ports in Info, with a space after it:
// each note goes in front of the ones before.
func (a Analysis) Text() string {
	if a.Flags == 0 {
		return ""
	}
	text := ""
	for i, note := range [...]string{
		"Port numbers reused", "Retransmission", "Fast Retransmission", "Spurious Retransmission", "Out-Of-Order",
		"Previous segment not captured", "ACKed unseen segment", "Window Update", "Window Full", "Keep-Alive",
		"Keep-Alive ACK", "", "ZeroWindowProbe", "ZeroWindow", "ZeroWindowProbeAck",
	} {
		flag := AnalysisFlags(1) << i
		switch {
		case a.Flags&flag == 0:
		case flag == DuplicateAck:
			text = fmt.Sprintf("[TCP Dup ACK %d#%d] ", a.DupAckFrame, a.DupAckNumber) + text
		default:
			text = "[TCP " + note + "] " + text
		}
	}
	return strings.Clone(text)
}

// maxUnacked bounds the segments that are remembered until they are acknowledged.
const maxUnacked = 1000

// span is a segment that was sent and not yet acknowledged.
type span struct{ seq, next uint32 }

// flow is the part of a side that only the analysis needs.
type flow struct {
	next        uint32 // highest sequence number seen, 0 before the first
	nextTime    int64
	maxToAck    uint32 // end of what was seen without a hole
	window      uint16
	lastAck     uint32
	lastAckTime int64
	lastFlags   AnalysisFlags
	dupAcks     uint32
	lastNewAck  uint32 // frame
	unacked     []span
	seenAck     bool // the handshake's last packet or later came: windows scale
}

const plainOnly = FlagSYN | FlagFIN | FlagRST

func before(a, b uint32) bool { return int32(a-b) < 0 }

// analyse compares a segment with what both sides did before and then records it.
func (t *tcpState) analyse(frame uint32, fwd, rev *side, s Segment) (a Analysis) {
	a = t.forward(frame, fwd, rev, s)
	if s.Ack != fwd.lastAck {
		fwd.lastNewAck, fwd.dupAcks = frame, 0
	}
	if s.Flags&FlagACK != 0 && rev.maxToAck != 0 && before(rev.maxToAck, s.Ack) {
		a.Flags |= AckLostSegment
		rev.maxToAck = rev.next
	}
	if s.Len > 0 || s.Flags&(FlagSYN|FlagFIN) != 0 {
		a.Flags |= t.retransmission(fwd, rev, s, a.Flags)
	}
	t.remember(fwd, rev, s, a.Flags)
	return a
}

// forward finds the notes that follow from the sender's own last segments.
func (t *tcpState) forward(frame uint32, fwd, rev *side, s Segment) (a Analysis) {
	plain := s.Flags&plainOnly == 0
	if s.Len == 1 && s.Seq == fwd.next && rev.window == 0 {
		a.Flags = ZeroWindowProbe
		return a
	}
	if s.Window == 0 && plain {
		a.Flags |= ZeroWindow
	}
	if fwd.next != 0 && before(fwd.next, s.Seq) && s.Flags&FlagRST == 0 {
		a.Flags |= LostSegment
	}
	if s.Len <= 1 && s.Seq == fwd.next-1 && plain {
		a.Flags |= KeepAlive
	}
	same := s.Len == 0 && s.Seq == fwd.next && plain
	repeats := same && s.Ack == fwd.lastAck
	if repeats && s.Window != 0 && s.Window != fwd.window {
		a.Flags |= WindowUpdate
	}
	if s.Len > 0 && rev.scale != ScaleUnknown && plain && s.Seq+s.Len == rev.lastAck+rev.allowed() {
		a.Flags |= WindowFull
	}
	if !same || s.Window != fwd.window {
		return a
	}
	switch {
	case repeats && s.Window != 0 && rev.lastFlags&KeepAlive != 0:
		a.Flags |= KeepAliveAck
	case s.Window == 0 && (repeats || s.Ack == fwd.lastAck+1) && rev.lastFlags&ZeroWindowProbe != 0:
		a.Flags |= ZeroWindowProbeAck
	case repeats && s.Window != 0:
		fwd.dupAcks++
		a.Flags |= DuplicateAck
		a.DupAckFrame, a.DupAckNumber = fwd.lastNewAck, fwd.dupAcks
	}
	return a
}

// allowed is the window that a side last advertised, in bytes.
func (f *side) allowed() uint32 {
	if f.seenAck && f.scale > 0 {
		return uint32(f.window) << f.scale
	}
	return uint32(f.window)
}

// The times that tell a retransmission from reordering, in nanoseconds.
const (
	fastLimit       = 20e6
	defaultOrdering = 3e6
)

// retransmission says which kind of repetition a segment that does not advance is.
func (t *tcpState) retransmission(fwd, rev *side, s Segment, flags AnalysisFlags) AnalysisFlags {
	end := s.Seq + s.Len
	if fwd.next == 0 || !before(s.Seq, fwd.next) || flags&KeepAlive != 0 || s.Len > 1 && fwd.next-1 == s.Seq {
		return 0
	}
	if rev.dupAcks >= 2 && rev.lastAck == s.Seq && s.Time-rev.lastAckTime < fastLimit {
		return FastRetransmission
	}
	limit := t.firstRTT
	if limit == 0 {
		limit = defaultOrdering
	}
	whole := end
	if s.Flags&(FlagSYN|FlagFIN) != 0 {
		whole++
	}
	if s.Time-fwd.nextTime < limit && fwd.next != whole && !fwd.covers(s.Seq, end) {
		return OutOfOrder
	}
	if s.Len > 0 && rev.lastAck != 0 && !before(rev.lastAck, end) {
		return SpuriousRetransmission
	}
	return Retransmission
}

// covers reports whether an unacknowledged segment held all of these bytes.
func (f *side) covers(seq, end uint32) bool {
	for _, u := range f.unacked {
		if !before(seq, u.seq) && !before(u.next, end) {
			return true
		}
	}
	return false
}

// remember records the segment for the ones to come.
func (t *tcpState) remember(fwd, rev *side, s Segment, flags AnalysisFlags) {
	next := s.Seq + s.Len
	if s.Len > 0 || s.Flags&(FlagSYN|FlagFIN) != 0 {
		if s.Flags&(FlagSYN|FlagFIN) != 0 {
			next++
		}
		if len(fwd.unacked) < maxUnacked {
			fwd.unacked = append(fwd.unacked, span{s.Seq, next})
		}
	}
	if flags&ZeroWindowProbe == 0 {
		if fwd.next == 0 || before(fwd.next, next) {
			fwd.next, fwd.nextTime = next, s.Time
		}
		if fwd.maxToAck == 0 || s.Seq == fwd.maxToAck {
			fwd.maxToAck = fwd.next
		}
	}
	fwd.window, fwd.lastAck, fwd.lastAckTime, fwd.lastFlags = s.Window, s.Ack, s.Time, flags
	if s.Flags&(FlagSYN|FlagACK) == FlagACK {
		fwd.seenAck = true
	}
	kept := rev.unacked[:0]
	for _, u := range rev.unacked {
		if before(s.Ack, u.next) {
			if before(u.seq, s.Ack) {
				u.seq = s.Ack
			}
			kept = append(kept, u)
		}
	}
	rev.unacked = kept
}
