package stream

// Recorder fills a table. Its methods must be called with rising frame
// numbers, from one goroutine.
type Recorder struct {
	table    *Table
	tcp, udp map[pair]uint32 // the newest conversation between two endpoints
	nTCP     uint32
	nUDP     uint32
	echoes   map[Echo]uint32
	queries  map[Query]uint32
	orderer  orderer
	parts    parts       // what Data answered last
	dropped  []*assembly // by this call of Data
	spare    []*assembly // for messages to come
}

// pair is two endpoints in order, as plain bytes: it is hashed for every packet.
type pair struct {
	a, b         [16]byte
	aPort, bPort uint16
	families     [2]bool // IPv6
}

func pairOf(x, y Endpoint) pair {
	if y.less(x) {
		x, y = y, x
	}
	return pair{
		a: x.Addr.As16(), b: y.Addr.As16(), aPort: x.Port, bPort: y.Port,
		families: [2]bool{x.Addr.Is6(), y.Addr.Is6()},
	}
}

// NewRecorder returns a recorder that fills t, which must be empty.
func NewRecorder(t *Table) *Recorder {
	return &Recorder{table: t, tcp: map[pair]uint32{}, udp: map[pair]uint32{}, echoes: map[Echo]uint32{}, queries: map[Query]uint32{}}
}

// grow makes room for a frame.
func (r *Recorder) grow(frame uint32) {
	for len(r.table.conv) < int(frame) {
		r.table.conv = append(r.table.conv, 0)
		r.table.previous = append(r.table.previous, 0)
	}
}

// join notes that a frame belongs to a conversation.
func (r *Recorder) join(frame, id uint32) *conversation {
	c := &r.table.conversations[id]
	r.grow(frame)
	if r.table.conv[frame-1]&^noted != id+1 {
		r.table.conv[frame-1] = id + 1
		r.table.previous[frame-1] = c.last
		c.last = frame
	}
	return c
}

// Finish says that no frame follows. It lets go of what only recording needs;
// the recorder must not be used again.
func (r *Recorder) Finish() {
	for i := range r.table.conversations {
		if tcp := r.table.conversations[i].tcp; tcp != nil {
			tcp.sides[0].unacked, tcp.sides[1].unacked = nil, nil
			tcp.sides[0].open, tcp.sides[1].open = nil, nil
		}
	}
	*r = Recorder{}
}

// begin opens a conversation.
func (r *Recorder) begin(frame uint32, from Endpoint, number *uint32, tcp *tcpState) uint32 {
	id := uint32(len(r.table.conversations))
	r.table.conversations = append(r.table.conversations, conversation{number: *number, first: frame, last: frame, from: from, tcp: tcp})
	*number++
	return id
}

// UDP records a datagram.
func (r *Recorder) UDP(frame uint32, d Datagram) UDP {
	key := pairOf(d.Src, d.Dst)
	id, ok := r.udp[key]
	if !ok {
		id = r.begin(frame, d.Src, &r.nUDP, nil)
		r.udp[key] = id
	}
	r.join(frame, id)
	return r.table.UDP(frame, d)
}

// Echo records a ping: a reply answers the last request with its numbers.
func (r *Recorder) Echo(frame uint32, e Echo) Peer {
	key := e
	key.Reply = false
	if !e.Reply {
		r.echoes[key] = frame
		return Peer{}
	}
	if request, ok := r.echoes[key]; ok {
		r.pairUp(request, frame)
		delete(r.echoes, key)
	}
	return r.table.peers[frame]
}

// Query records half of an exchange: a response answers the last query with its
// identifier between the same endpoints. Only DNS knows of repeated queries.
func (r *Recorder) Query(frame uint32, q Query) Peer {
	key := q
	key.Response = false
	if !q.Response {
		if original, ok := r.queries[key]; ok && q.Kind == QueryDNS && r.table.peers[original].Frame == 0 {
			r.table.peers[frame] = Peer{Repeat: original}
			return r.table.peers[frame]
		}
		r.queries[key] = frame
		return Peer{}
	}
	if query, ok := r.queries[key]; ok {
		r.pairUp(query, frame)
	}
	return r.table.peers[frame]
}

// pairUp joins a request and its first reply.
func (r *Recorder) pairUp(request, reply uint32) {
	r.table.peers[reply] = Peer{Frame: request}
	if p := r.table.peers[request]; p.Frame == 0 {
		p.Frame = reply
		r.table.peers[request] = p
	}
}
