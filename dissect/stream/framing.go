package stream

// Framing finds where the messages of an application end. It is fed the bytes of
// one direction, from the start of a message on, and remembers what it needs.
type Framing interface {
	// Reset begins anew. headless says that a response will have no body whatever
	// its head says: it answers a request for the head alone.
	Reset(headless bool)
	// Feed takes the bytes that follow those before, and says what the message that
	// they end in lacks.
	Feed(d []byte) Need
	// Begin is where that message began, counted from the first byte that was fed:
	// the number of them, if all messages are whole.
	Begin() int
	// End is where the first message ended, 0 if it has not.
	End() int
	// Keep returns a framing that has been fed only that last message. It may take the
	// memory of old, which is nil or no longer used.
	Keep(old Framing) Framing
}

// Need is what a message lacks. The zero value stands for nothing.
type Need struct {
	Kind  NeedKind
	Bytes int // for NeedBytes
}

// NeedKind says how well it is known what a message lacks.
type NeedKind uint8

// The kinds of need.
const (
	NeedNothing NeedKind = iota
	NeedBytes            // so many bytes
	NeedMore             // as much of what follows as ends it
	NeedSegment          // as many whole messages as the next segment has: Wireshark's DESEGMENT_ONE_MORE_SEGMENT
	NeedEnd              // all until the connection is closed
	NeedTooMuch          // more than is put together
)

// MaxMessage is the size of a message, in bytes, up to which it is put together.
const MaxMessage = 32 << 20
