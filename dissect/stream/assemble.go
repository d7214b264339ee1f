package stream

import "slices"

// This file puts messages together that TCP segments cut, by the rules of
// Wireshark's desegment_tcp with tcp.reassemble_out_of_order off, as it is by
// default: a segment that is inside a message of known length belongs to it
// whenever it comes, any other begins a message where it begins.

const (
	// maxOpen is how many messages of one direction may wait for segments; the
	// oldest is given up for another.
	maxOpen = 8
	// endless is how far ahead Wireshark looks for the end of a message that the
	// connection's end ends.
	endless = 1 << 30
)

// assembly is a message that lacks something.
type assembly struct {
	id         uint32 // index into Table.messages
	start, end uint32 // sequence numbers; end is that of the first byte behind it
	next       uint32 // up to here there is no gap
	need       NeedKind
	framing    Framing
	order      *ordering // after the first gap
}

// length is the number of bytes that are there without a gap.
func (a *assembly) length() int { return int(a.next - a.start) }

// set notes what the message lacks; more than what is there.
func (a *assembly) set(need Need) {
	a.need = need.Kind
	switch need.Kind {
	case NeedBytes:
		a.end = a.next + uint32(need.Bytes)
	case NeedEnd:
		a.end = a.next + endless
	default:
		a.end = a.next + 1
	}
}

// Data records the data of a segment that brings something new. The parts that it
// returns are valid until the next call.
func (r *Recorder) Data(frame uint32, d Data) []Part {
	c, _, ok := r.table.lookup(frame)
	if !ok || c.tcp == nil || d.Framing == nil {
		return nil
	}
	s := &c.tcp.sides[c.direction(d.Src)]
	r.spare, r.dropped = append(r.spare, r.dropped...), r.dropped[:0]
	before := len(r.table.pieces)
	r.take(frame, s, d, r.headless(frame))
	if d.FIN {
		r.close(frame, s, d)
	}
	if len(r.table.pieces) == before {
		return nil
	}
	r.parts.list(r.table, before)
	return r.parts.parts
}

// take shares a segment's bytes out to messages.
func (r *Recorder) take(frame uint32, s *side, d Data, headless bool) {
	seq, off, bytes := d.Seq, uint32(d.Off), d.Bytes
	for len(bytes) > 0 {
		a, began := s.waiting(seq)
		switch {
		case began:
			return // sent again
		case a == nil && d.Late:
			return // Wireshark's tcp.no_subdissector_on_error, on by default
		case a == nil:
			d.Framing.Reset(headless)
			need := d.Framing.Feed(bytes)
			begin := d.Framing.Begin()
			if d.FIN && need.Kind == NeedEnd {
				return // this is the end
			}
			r.open(frame, s, d.Framing, need, seq+uint32(begin), off+uint32(begin), bytes[begin:])
			return
		}
		n := len(bytes)
		switch a.need {
		case NeedMore:
			n = r.more(frame, s, a, off, bytes)
		case NeedBytes:
			n = min(n, int(a.end-seq))
			r.add(frame, s, a, seq, off, bytes[:n])
		default:
			r.add(frame, s, a, seq, off, bytes)
		}
		seq, off, bytes = seq+uint32(n), off+uint32(n), bytes[n:]
	}
}

// waiting returns the message that a byte belongs to, nil if none waits for it;
// began says that one began with it.
func (s *side) waiting(seq uint32) (a *assembly, began bool) {
	for i := len(s.open) - 1; i >= 0; i-- {
		switch a := s.open[i]; {
		case seq == a.start:
			return a, true
		case before(seq, a.start):
		case before(seq, a.end):
			return a, false
		default:
			return nil, false
		}
	}
	return nil, false
}

// open begins a message with the bytes at a segment's end.
func (r *Recorder) open(frame uint32, s *side, f Framing, need Need, seq, off uint32, bytes []byte) {
	if need.Kind == NeedNothing || need.Kind == NeedTooMuch || len(bytes) == 0 {
		return
	}
	if len(s.open) == maxOpen {
		r.giveUp(s, s.open[0])
	}
	t := r.table
	a := new(assembly)
	if n := len(r.spare); n > 0 {
		a, r.spare = r.spare[n-1], r.spare[:n-1]
	}
	*a = assembly{id: uint32(len(t.messages)), start: seq, next: seq + uint32(len(bytes)), framing: f.Keep(a.framing)}
	a.set(need)
	t.messages = append(t.messages, message{})
	s.open = append(s.open, a)
	r.link(a.id, r.record(frame, a.id, off, len(bytes)))
}

// record notes that a stretch of a frame belongs to a message.
func (r *Recorder) record(frame, message, off uint32, n int) (index uint32) {
	t := r.table
	t.pieces = append(t.pieces, piece{frame: frame, message: message, off: off, len: uint32(n)})
	return uint32(len(t.pieces) - 1)
}

// link puts a piece at the end of a message.
func (r *Recorder) link(message, index uint32) {
	t := r.table
	t.pieces[index].before = t.messages[message].last
	t.messages[message].last = index + 1
}

// more gives a message what belongs to it of bytes that come next in it and may
// show its end, and returns how many they are.
func (r *Recorder) more(frame uint32, s *side, a *assembly, off uint32, bytes []byte) int {
	need, n := a.framing.Feed(bytes), len(bytes)
	end := a.framing.End()
	if end > 0 {
		n = end - a.length()
	}
	r.link(a.id, r.record(frame, a.id, off, n))
	a.next += uint32(n)
	switch {
	case end > 0:
		r.complete(frame, s, a)
	case need.Kind == NeedTooMuch || a.length() > MaxMessage:
		r.giveUp(s, a)
	default:
		a.set(need)
	}
	return n
}

// add gives a message bytes of a segment.
func (r *Recorder) add(frame uint32, s *side, a *assembly, seq, off uint32, bytes []byte) {
	index := r.record(frame, a.id, off, len(bytes))
	if seq == a.next && a.order == nil {
		r.link(a.id, index)
		r.extend(frame, s, a, bytes, index)
		return
	}
	if a.order == nil {
		a.order = r.orderer.begin(a, frame)
	}
	got, ok := r.orderer.add(a, frame, index, seq-a.start, bytes)
	if !ok {
		r.giveUp(s, a)
		return
	}
	for _, g := range got {
		if !r.deliver(a, g) {
			r.giveUp(s, a)
			return
		}
		if r.extend(frame, s, a, g.bytes, g.index); !slices.Contains(s.open, a) {
			return
		}
	}
	if a.order.whole(a) {
		r.orderer.end(a)
	}
}

// deliver links the piece that in-order bytes come from, which may be fewer than it
// had where other segments had some of them.
func (r *Recorder) deliver(a *assembly, g chunk) bool {
	t := r.table
	p, first := &t.pieces[g.index], t.messages[a.id].last != g.index+1
	switch {
	case first && p.before != 0:
		return false // another piece came between two parts of it
	case first:
		r.link(a.id, g.index)
		p.off, p.len = p.off+uint32(g.off), uint32(len(g.bytes))
	default:
		p.len += uint32(len(g.bytes))
	}
	return true
}

// extend follows the message through bytes that come next in it, which end with a
// piece of the frame, and ends it where it is whole.
func (r *Recorder) extend(frame uint32, s *side, a *assembly, bytes []byte, index uint32) {
	old := a.length()
	need := a.framing.Feed(bytes)
	a.next += uint32(len(bytes))
	begin := a.framing.Begin()
	switch {
	case need.Kind == NeedTooMuch || a.length() > MaxMessage:
		r.giveUp(s, a)
	case need.Kind == NeedNothing:
		r.complete(frame, s, a)
	case begin <= old: // the message itself goes on
		a.set(need)
	default: // what the segment ends with is the start of another
		tail := a.length() - begin
		p := &r.table.pieces[index]
		p.len -= uint32(tail)
		r.complete(frame, s, a)
		r.open(frame, s, a.framing, need, a.next-uint32(tail), p.off+p.len, bytes[len(bytes)-tail:])
	}
}

// complete ends a message in a frame.
func (r *Recorder) complete(frame uint32, s *side, a *assembly) {
	r.table.messages[a.id].frame = frame
	r.drop(s, a)
}

// giveUp ends a message that will not be put together.
func (r *Recorder) giveUp(s *side, a *assembly) {
	r.table.messages[a.id].undone = true
	r.drop(s, a)
}

// drop forgets a message that waited.
func (r *Recorder) drop(s *side, a *assembly) {
	if a.order != nil {
		r.orderer.end(a)
	}
	if i := slices.Index(s.open, a); i >= 0 {
		s.open = slices.Delete(s.open, i, i+1)
		r.dropped = append(r.dropped, a)
	}
}

// close ends the message that the end of the connection ends. A segment without
// data is then its last piece.
func (r *Recorder) close(frame uint32, s *side, d Data) {
	seq := d.Seq + uint32(len(d.Bytes))
	for _, a := range s.open {
		if a.need != NeedEnd || a.next != seq || a.order != nil {
			continue
		}
		if len(d.Bytes) == 0 {
			r.link(a.id, r.record(frame, a.id, uint32(d.Off), 0))
		}
		r.complete(frame, s, a)
		return
	}
}

// headless says that the conversation's next response answers a request for the
// head alone.
func (r *Recorder) headless(frame uint32) bool {
	log := r.table.http[r.table.conv[frame-1]&^noted]
	return len(log) > 0 && log[len(log)-1].response == 0 && log[len(log)-1].head
}
