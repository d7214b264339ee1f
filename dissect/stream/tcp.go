package stream

// tcpState is a TCP conversation's state in both directions.
type tcpState struct {
	sides    [2]side
	synTime  int64
	firstRTT int64 // from the SYN to the first ACK after it, 0 unknown
}

// side is what one endpoint has sent.
type side struct {
	flow
	base     uint32 // initial sequence number
	based    bool
	scale    int
	sawScale bool
	second   bool // the other side closed first
	closed   bool
	open     []*assembly // messages that lack something, the newest last
}

func newTCPState() *tcpState {
	return &tcpState{sides: [2]side{{scale: ScaleUnknown}, {scale: ScaleUnknown}}}
}

// TCP records a segment. The rules for where relative numbers start, when a
// SYN opens a new conversation between old endpoints and when windows scale
// are those of Wireshark's two-pass dissection.
func (r *Recorder) TCP(frame uint32, s Segment) TCP {
	key := pairOf(s.Src, s.Dst)
	id, ok := r.tcp[key]
	if !ok {
		id = r.openTCP(frame, s, key)
	}
	if s.Quoted {
		r.join(frame, id)
		return r.table.TCP(frame, s)
	}
	c := &r.table.conversations[id]
	fwd := &c.tcp.sides[c.direction(s.Src)]
	reused := false
	if s.Flags&(FlagSYN|FlagACK) == FlagSYN && fwd.based && fwd.base != s.Seq {
		id = r.openTCP(frame, s, key) // the ports are used again
		reused = true
	}
	c = r.join(frame, id)
	d := c.direction(s.Src)
	fwd, rev := &c.tcp.sides[d], &c.tcp.sides[1-d]
	if s.Flags&(FlagSYN|FlagACK) == FlagSYN|FlagACK && fwd.based && fwd.base != s.Seq {
		fwd.base = s.Seq
	}
	c.tcp.start(fwd, rev, s)
	scaleWindows(fwd, rev, s)
	c.tcp.handshake(c.complete, s)
	c.advance(s, c.first == frame)
	a := c.tcp.analyse(frame, fwd, rev, s)
	a.Flags |= fwd.close(rev, s)
	if reused {
		a.Flags |= PortsReused
	}
	if a.Flags != 0 {
		r.table.annotate(frame, a)
	}
	return c.answer(s, r.table.previous[frame-1], a)
}

func (r *Recorder) openTCP(frame uint32, s Segment, key pair) uint32 {
	id := r.begin(frame, s.Src, &r.nTCP, newTCPState())
	r.tcp[key] = id
	return id
}

// start sets the numbers that relative ones are counted from. Without the
// handshake they are chosen so that the first segment seen has 1.
func (t *tcpState) start(fwd, rev *side, s Segment) {
	if !fwd.based {
		fwd.base = s.Seq
		if s.Flags&FlagSYN == 0 {
			fwd.base--
		}
		fwd.based = true
	}
	if !rev.based && s.Flags&FlagACK != 0 {
		rev.base = s.Ack - 1
		rev.based = true
	}
}

// scaleWindows follows RFC 7323 section 2.2: a scale counts only where both
// SYNs offered one.
func scaleWindows(fwd, rev *side, s Segment) {
	if s.Flags&FlagSYN == 0 {
		return
	}
	if s.Scale >= 0 {
		fwd.scale, fwd.sawScale = min(s.Scale, 14), true
	}
	if s.Flags&FlagACK == 0 {
		return
	}
	if !fwd.sawScale || !rev.sawScale {
		if s.Scale < 0 || !rev.sawScale {
			fwd.scale, rev.scale = ScaleUnused, ScaleUnused
		}
	}
}

// handshake times the round trip from the SYN to the client's first ACK.
func (t *tcpState) handshake(complete uint8, s Segment) {
	switch {
	case s.Flags&(FlagSYN|FlagACK) == FlagSYN:
		t.synTime = s.Time
	case s.Flags&(FlagSYN|FlagACK) == FlagACK && t.firstRTT == 0 && complete&(CompleteSYN|CompleteSYNACK|CompleteACK) == CompleteSYN|CompleteSYNACK:
		t.firstRTT = s.Time - t.synTime
	}
}

// close says which part a FIN has in ending the connection.
func (f *side) close(other *side, s Segment) AnalysisFlags {
	if s.Flags&FlagFIN == 0 {
		return 0
	}
	if !f.closed {
		f.closed, f.second = true, other.closed
	}
	if f.second {
		return FinPassive
	}
	return FinActive
}

// advance moves the conversation's completeness forward.
func (c *conversation) advance(s Segment, first bool) {
	if first && s.Flags&FlagSYN == 0 {
		return // Wireshark does not count a conversation's first packet unless it is a SYN
	}
	switch {
	case s.Flags&(FlagSYN|FlagACK) == FlagSYN:
		c.complete |= CompleteSYN
	case s.Flags&(FlagSYN|FlagACK) == FlagSYN|FlagACK:
		c.complete |= CompleteSYNACK
	case s.Flags&FlagACK != 0:
		c.complete |= CompleteACK
	}
	if s.Len > 0 {
		c.complete |= CompleteData
	}
	if s.Flags&FlagFIN != 0 {
		c.complete |= CompleteFIN
	}
	if s.Flags&FlagRST != 0 {
		c.complete |= CompleteRST
	}
}
