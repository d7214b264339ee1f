package stream

import (
	"cmp"
	"slices"
)

// This file is what a table knows of messages that several TCP segments carry:
// which bytes of which frames they are, and which frame completes them. The
// bytes themselves stay in the capture.

// Application is a protocol over TCP whose messages are put together.
type Application uint8

// The applications.
const (
	NoApplication Application = iota
	HTTP
	TLS
)

// Data are the bytes that a segment carries.
type Data struct {
	// Src is who sends them, Seq the sequence number of the first.
	Src Endpoint
	Seq uint32
	// Bytes are all of the segment's data, Off is where in the frame they are.
	Bytes []byte
	Off   int
	// FIN says that nothing follows in this direction, Late that the segment should
	// have come before others: it can fill gaps but begins nothing.
	FIN, Late bool
	// Framing finds the application's messages; a Recorder needs it.
	Framing Framing
}

// Piece is a stretch of a frame's captured bytes.
type Piece struct {
	Frame    uint32
	Off, Len int
}

// Part says what a stretch of a frame's captured bytes is to a message that spans
// segments.
type Part struct {
	Off, Len int
	// In is the frame that completes the message, 0 if none does.
	In uint32
	// Pieces is the whole message in order, where this frame completes it.
	Pieces []Piece
}

// piece is a recorded stretch of a frame.
type piece struct {
	frame    uint32
	message  uint32 // index into Table.messages
	off, len uint32 // in the frame's captured bytes
	before   uint32 // index + 1 of the message's previous piece, 0 for none
}

// message is what is left of one: its pieces are linked from the last to the first.
type message struct {
	frame  uint32 // that completes it, 0 for none
	last   uint32 // index + 1 of its last piece
	undone bool   // given up: its frames are as if it had never been looked for
}

// Data answers for the data of a recorded frame: its parts that belong to messages
// that span segments, in order. What is between them stands alone; nil stands for
// a frame that is all like that.
func (t *Table) Data(frame uint32, _ Data) []Part {
	i, ok := slices.BinarySearchFunc(t.pieces, frame, func(p piece, frame uint32) int { return cmp.Compare(p.frame, frame) })
	if !ok {
		return nil
	}
	var out parts
	out.list(t, i)
	return out.parts
}

// parts is an answer and the memory behind it.
type parts struct {
	parts  []Part
	pieces []Piece
}

// list makes it the parts of the frame that a piece is of, which is its first.
func (o *parts) list(t *Table, first int) {
	o.parts, o.pieces = o.parts[:0], o.pieces[:0]
	frame := t.pieces[first].frame
	for i := first; i < len(t.pieces) && t.pieces[i].frame == frame; i++ {
		p := t.pieces[i]
		m := t.messages[p.message]
		if m.undone {
			continue
		}
		part := Part{Off: int(p.off), Len: int(p.len), In: m.frame}
		if m.frame == frame {
			part.Pieces = o.piecesOf(t, m)
		}
		o.parts = append(o.parts, part)
	}
}

// piecesOf lists a message's pieces in order.
func (o *parts) piecesOf(t *Table, m message) []Piece {
	start := len(o.pieces)
	for i := m.last; i != 0; i = t.pieces[i-1].before {
		p := t.pieces[i-1]
		o.pieces = append(o.pieces, Piece{Frame: p.frame, Off: int(p.off), Len: int(p.len)})
	}
	slices.Reverse(o.pieces[start:])
	return o.pieces[start:]
}

// Carries records which application a conversation turned out to carry.
func (r *Recorder) Carries(frame uint32, app Application) {
	if c, _, ok := r.table.lookup(frame); ok && c.application == NoApplication {
		c.application = app
	}
}

// Carries does nothing: a table knows it.
func (t *Table) Carries(uint32, Application) {}
