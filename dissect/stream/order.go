package stream

import (
	"encoding/binary"
	"sort"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/reassembly"
)

// This file brings segments of a message into order that come before others have,
// with gopacket's assembler. It sees only messages with a gap: each is a connection
// of its own to it, whose sequence numbers count from the message's first byte (so
// that they never wrap) and whose clock counts frames.

const (
	// maxPages and maxPagesEach bound what waits behind gaps, in all and of one
	// message, in gopacket's pages of 1900 bytes. Beyond them a message is given up.
	maxPages     = 8192
	maxPagesEach = 2048
	pageBytes    = 1900
	// maxAge is the number of frames after which a gap is not waited for, and sweep
	// how often those are looked for.
	maxAge = 1 << 18
	sweep  = 1 << 14
)

// chunk are bytes that come next in a message.
type chunk struct {
	index uint32 // of the piece that they are from
	off   int    // in it
	bytes []byte
}

// orderer orders the segments of all messages with a gap.
type orderer struct {
	assembler *reassembly.Assembler
	current   *ordering // whose connection is fed
	segment   layers.TCP
	swept     uint32
}

// ordering is one message's connection to the assembler.
type ordering struct {
	start uint32 // the first byte that is missing
	top   uint32 // behind the last byte that was given to the assembler
	got   []chunk
	fed   []fed
	lost  bool // the assembler skipped bytes
	ended bool
}

// fed is where a piece was when it was given to the assembler.
type fed struct {
	index uint32
	at    uint32
}

// origin is what the assembler keeps with bytes: where they are from.
type origin struct {
	frame uint32
	fed   int // index into ordering.fed
	cut   int // which of its pages
}

// GetCaptureInfo implements reassembly.AssemblerContext.
func (o *origin) GetCaptureInfo() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: frameTime(o.frame), InterfaceIndex: o.fed, Length: o.cut}
}

func frameTime(frame uint32) time.Time { return time.Unix(int64(frame), 0) }

// New implements reassembly.StreamFactory.
func (o *orderer) New(_, _ gopacket.Flow, _ *layers.TCP, _ reassembly.AssemblerContext) reassembly.Stream {
	return o.current
}

// begin returns the ordering of a message from its first gap on.
func (o *orderer) begin(a *assembly, frame uint32) *ordering {
	if o.assembler == nil {
		o.assembler = reassembly.NewAssembler(reassembly.NewStreamPool(o))
		o.assembler.MaxBufferedPagesTotal, o.assembler.MaxBufferedPagesPerConnection = maxPages, maxPagesEach
	}
	if frame-o.swept >= sweep {
		o.swept = frame
		if frame > maxAge {
			o.assembler.FlushCloseOlderThan(frameTime(frame - maxAge))
		}
	}
	order := &ordering{start: a.next - a.start}
	o.feed(a.id, order, order.start, nil, &origin{frame: frame}, false)
	return order
}

// feed gives the assembler bytes at a place of a message. A connection's first call
// says where it starts.
func (o *orderer) feed(id uint32, order *ordering, at uint32, bytes []byte, from *origin, end bool) {
	var key [4]byte
	binary.BigEndian.PutUint32(key[:], id)
	o.current = order
	o.segment = layers.TCP{Seq: at, RST: end}
	o.segment.Payload = bytes
	flow := gopacket.NewFlow(endpointMessage, key[:], nil)
	o.assembler.AssembleWithContext(flow, &o.segment, from)
}

// endpointMessage is the type of the assembler's keys: they are not addresses.
const endpointMessage gopacket.EndpointType = 1 << 20

// add gives a message the bytes of a piece that are at a place of it, and returns
// what then comes next in it, valid until the next call. ok is false when the
// message cannot be put together.
func (o *orderer) add(a *assembly, frame, index, at uint32, bytes []byte) (got []chunk, ok bool) {
	order := a.order
	order.got = order.got[:0]
	order.fed = append(order.fed, fed{index: index, at: at})
	order.top = max(order.top, at+uint32(len(bytes)))
	for cut := 0; len(bytes) > 0; cut++ {
		n := min(len(bytes), pageBytes) // only a packet's first page knows where it is from
		o.feed(a.id, order, at, bytes[:n], &origin{frame: frame, fed: len(order.fed) - 1, cut: cut}, false)
		at, bytes = at+uint32(n), bytes[n:]
	}
	return order.got, !order.lost && !order.ended
}

// whole says that nothing waits behind a gap.
func (s *ordering) whole(a *assembly) bool { return s.top <= uint32(a.length()) }

// end closes a message's connection. What waits in it behind a gap is let go of when
// it is old.
func (o *orderer) end(a *assembly) {
	order := a.order
	a.order = nil
	waits := order.lost || order.ended || !order.whole(a)
	order.ended = true
	if !waits {
		o.feed(a.id, order, uint32(a.length()), nil, &origin{}, true)
	}
}

// Accept implements reassembly.Stream.
func (s *ordering) Accept(_ *layers.TCP, _ gopacket.CaptureInfo, _ reassembly.TCPFlowDirection, next reassembly.Sequence, start *bool, _ reassembly.AssemblerContext) bool {
	if next < 0 {
		*start = true
	}
	return true
}

// ReassembledSG implements reassembly.Stream.
func (s *ordering) ReassembledSG(sg reassembly.ScatterGather, _ reassembly.AssemblerContext) {
	n, _ := sg.Lengths()
	if _, _, _, skip := sg.Info(); skip > 0 || s.lost || s.ended || n == 0 {
		s.lost = s.lost || skip > 0
		return
	}
	bytes := append([]byte(nil), sg.Fetch(n)...)
	for at := 0; at < n; {
		from := sg.CaptureInfo(at)
		size := sort.Search(min(pageBytes, n-at), func(i int) bool {
			next := sg.CaptureInfo(at + i)
			return next.InterfaceIndex != from.InterfaceIndex || next.Length != from.Length
		})
		f := s.fed[from.InterfaceIndex]
		s.got = append(s.got, chunk{index: f.index, off: int(s.start - f.at), bytes: bytes[at : at+size]})
		s.start += uint32(size)
		at += size
	}
}

// ReassemblyComplete implements reassembly.Stream.
func (s *ordering) ReassemblyComplete(reassembly.AssemblerContext) bool {
	s.ended = true
	return true
}
