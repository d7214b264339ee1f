package stream

import "sort"

// This file numbers the requests and responses of an HTTP conversation as
// Wireshark does: a request begins an exchange, a response ends the newest one
// or, where that has a response already, is one of its own.

// Message is an HTTP message.
type Message struct {
	Response bool
	// None asks only how much is known: it is no message.
	None bool
	// Head says that a request asks for the head of a response alone.
	Head bool
}

// Exchange is what is known of an HTTP message's surroundings: its number, from
// 1, and frames, 0 for none.
type Exchange struct {
	Number, Total             uint32
	Request, Response         uint32 // of this exchange
	PrevRequest, PrevResponse uint32
	NextRequest, NextResponse uint32
	Head                      bool // the request asks for the response's head alone
}

// exchange is a request and its response.
type exchange struct {
	request, response uint32
	head              bool
}

// HTTP records a message of the newest conversation that the frame belongs to.
func (r *Recorder) HTTP(frame uint32, m Message) Exchange {
	t := r.table
	if _, _, ok := t.lookup(frame); !ok || m.None {
		return t.HTTP(frame, m)
	}
	id := t.conv[frame-1] &^ noted
	log := t.http[id]
	last := len(log) - 1
	switch {
	case !m.Response:
		log = append(log, exchange{request: frame, head: m.Head})
	case last < 0 || log[last].response != 0:
		log = append(log, exchange{response: frame})
	default:
		log[last].response = frame
	}
	t.http[id] = log
	return t.HTTP(frame, m)
}

// HTTP answers for a message in a recorded frame.
func (t *Table) HTTP(frame uint32, m Message) Exchange {
	if _, _, ok := t.lookup(frame); !ok {
		return Exchange{}
	}
	log := t.http[t.conv[frame-1]&^noted]
	if m.None {
		return Exchange{Total: uint32(len(log))}
	}
	// Frames rise, and so does the first of each exchange.
	i := sort.Search(len(log), func(i int) bool { return max(log[i].request, log[i].response) >= frame })
	at := -1
	for ; i < len(log) && (log[i].request <= frame && log[i].request != 0 || log[i].response <= frame && log[i].response != 0); i++ {
		if !m.Response && log[i].request == frame || m.Response && log[i].response == frame {
			at = i
		}
	}
	if at < 0 {
		return Exchange{}
	}
	e := Exchange{Number: uint32(at) + 1, Total: uint32(len(log)), Request: log[at].request, Response: log[at].response, Head: log[at].head}
	if at > 0 {
		e.PrevRequest, e.PrevResponse = log[at-1].request, log[at-1].response
	}
	if at+1 < len(log) {
		e.NextRequest, e.NextResponse = log[at+1].request, log[at+1].response
	}
	return e
}
