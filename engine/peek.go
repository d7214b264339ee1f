package engine

import (
	"context"
	"sync"
	"time"

	"pktsh/dissect"
	"pktsh/engine/column"
	"pktsh/engine/native"
	"pktsh/engine/plan"
)

// This file answers what a packet's headers surely say, without dissecting it:
// that is what loops over packets ask.

// lookAgain is how long the file is trusted not to have changed.
const lookAgain = 50 * time.Millisecond

// peek looks at one packet of a capture after the other. Questions to the packet
// that was asked last share one walk; a walk costs less than keeping it would.
type peek struct {
	mu     sync.Mutex
	closed bool
	cursor *native.Cursor // nil until first needed
	frame  uint32         // what the cursor is at; 0 for nothing
	looked time.Time      // when the file was last looked at

	access map[string]*dissect.Access // by name; nil for names that headers do not have
	found  []dissect.Occurrence
	text   []byte

	absent map[string]int // how often Absent was asked about a protocol without an answer
}

// Header says how often a protocol is a layer of the packet's tree, those that an
// ICMP error quotes apart: by the packet's headers or by a column. Where sure is
// false, only the tree tells.
func (p *Packet) Header(ctx context.Context, protocol string) (n int, sure bool) {
	if n, sure = p.header(ctx, protocol); sure {
		return n, true
	}
	switch state, _ := p.columnAnswer(ctx, protocol); state {
	case column.Missing:
		return 0, true
	case column.Found:
		return 1, true
	}
	return n, false
}

// Expect is [Capture.Expect] of the packet's capture.
func (p *Packet) Expect(protocol string, fields []string) { p.capture.Expect(protocol, fields) }

// header is Header by the packet's headers alone.
func (p *Packet) header(ctx context.Context, protocol string) (n int, sure bool) {
	k, c := &p.capture.peek, p.capture
	k.mu.Lock()
	defer k.mu.Unlock()
	a := k.accessTo(c, protocol)
	if a == nil || a.Type != dissect.TypeProtocol || !k.ready(ctx, c) || !k.load(c, p.at()) {
		return 0, false
	}
	n, _ = layersIn(&k.cursor.Headers, a.In)
	return n, !k.cursor.Headers.Unsure.Has(a.In)
}

// columnAnswer is what columns say of a protocol or field in the packet.
func (p *Packet) columnAnswer(ctx context.Context, name string) (column.State, string) {
	frame := p.at()
	if frame == 0 {
		return column.Unknown, "" // the tree will say why
	}
	return p.capture.columnAnswer(ctx, frame, name)
}

// HeaderField returns the first value of a field in the packet's one layer of
// the field's protocol, as the tree shows it: by the packet's headers or by a
// column. found is false where that layer lacks the field. Where the value is not
// surely the tree's, or the packet has several layers of the protocol, sure is false.
func (p *Packet) HeaderField(ctx context.Context, name string) (text string, found, sure bool) {
	if text, found, sure = p.headerField(ctx, name); sure {
		return text, found, true
	}
	switch state, text := p.columnAnswer(ctx, name); state {
	case column.Missing:
		return "", false, true
	case column.Found:
		return text, true, true
	}
	return "", false, false
}

// headerField is HeaderField by the packet's headers alone.
func (p *Packet) headerField(ctx context.Context, name string) (text string, found, sure bool) {
	k, c := &p.capture.peek, p.capture
	k.mu.Lock()
	defer k.mu.Unlock()
	a := k.accessTo(c, name)
	if a == nil || a.Type == dissect.TypeProtocol || !k.ready(ctx, c) || !k.load(c, p.at()) {
		return "", false, false
	}
	h := &k.cursor.Headers
	if h.Unsure.Has(a.In) || a.Type == "RELATIVE_TIME" && c.oddTimes(p.at()) {
		return "", false, false
	}
	if n, first := layersIn(h, a.In); n != 1 || !first {
		return "", false, n == 0
	}
	err := c.file.Guard(func() error {
		k.found = a.Read(h, k.found[:0])
		if found = len(k.found) > 0 && k.found[0].Layer == 1; found {
			k.text = a.AppendText(k.text[:0], k.found[0])
		}
		return nil
	})
	if err != nil {
		return "", false, false // the tree will say it
	}
	if found {
		text = string(k.text)
	}
	return text, found, true
}

// oddTimes says that Wireshark may read a time that a packet's is counted from in
// another way: the first packet's or that of the one before.
func (c *Capture) oddTimes(frame uint32) bool {
	return c.file.Record(0).OddTime || frame > 1 && c.file.Record(int(frame)-2).OddTime
}

// transports are the protocols that [Packet.Transport] may return. The others
// that have that place, as UDP-Lite, are not walked: what carries one of them is
// not sure of any lower layer.
func transports() []string { return []string{"tcp", "udp", "sctp", "icmp", "icmpv6"} }

// Transport returns the protocol of the packet's one transport header; ICMP counts,
// as what a ping has in that place. It is "" where there is none. sure is as for
// [Packet.Header]; a packet with several such headers is not sure.
func (p *Packet) Transport(ctx context.Context) (protocol string, sure bool) {
	k, c := &p.capture.peek, p.capture
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ready(ctx, c) || !k.load(c, p.at()) {
		return "", false
	}
	h := &k.cursor.Headers
	if h.Unsure.Has(dissect.LowerLayers) {
		return "", false
	}
	unwalked := false
	for _, name := range transports() {
		a := k.accessTo(c, name)
		if a == nil {
			unwalked = true
			continue
		}
		n, _ := layersIn(h, a.In)
		if n > 1 || n == 1 && protocol != "" {
			return "", false
		}
		if n == 1 {
			protocol = name
		}
	}
	// What IP carries here may be one that is dissected and not walked.
	return protocol, protocol != "" || !unwalked || !k.carriesIP(c)
}

// carriesIP says that the packet has an IP header.
func (k *peek) carriesIP(c *Capture) bool {
	for _, name := range []string{"ip", "ipv6"} {
		if a := k.accessTo(c, name); a == nil || k.cursor.Headers.Has(a.In) {
			return true
		}
	}
	return false
}

// A tree takes as long as filtering some hundred packets, so a protocol is filtered
// for once it was asked about in one of filterWorth packets, and in no fewer than
// filterLeast.
const (
	filterWorth = 128
	filterLeast = 16
)

// Absent says that a protocol, which Wireshark has under that name, is surely
// nowhere in the packet's tree. It knows so of packets that headers are not sure of
// after it was asked about many: then a filter tells all that have the protocol, for
// less than the trees that are asked for otherwise. pktsh's own dissectors make a
// tree as fast as they filter, and are not asked.
func (p *Packet) Absent(ctx context.Context, protocol string) bool {
	c := p.capture
	if p.at() == 0 {
		return false // the tree will say why
	}
	if state := c.ahead.known(p.at(), protocol); state != column.Unknown {
		return state == column.Missing
	}
	c.mu.Lock()
	set := c.sets[protocol]
	c.mu.Unlock()
	if set == nil {
		if hurried(ctx) || !c.session.deepAllowed() || !c.peek.worthFilter(protocol, c.size) {
			return false
		}
		var sure bool
		var err error
		if set, sure, err = c.set(ctx, protocol, nil); err != nil || !sure {
			if ctx.Err() != nil {
				c.peek.countAgain(protocol)
			}
			return false // the tree will say why
		}
	}
	return !set.Contains(p.at())
}

// countAgain forgets how often a protocol was asked about.
func (k *peek) countAgain(protocol string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.absent, protocol)
}

// worthFilter counts how often a protocol was asked about. It says so once.
func (k *peek) worthFilter(protocol string, packets int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.absent == nil {
		k.absent = map[string]int{}
	}
	k.absent[protocol]++
	return !k.closed && k.absent[protocol] == max(filterLeast, packets/filterWorth)
}

// layersIn counts the headers of some protocols that are the packet's own. first
// says that one of these comes before all that are quoted.
func layersIn(h *dissect.Headers, s dissect.Set) (n int, first bool) {
	quoted := false
	for i := range h.Layers() {
		l := &h.Layers()[i]
		switch {
		case s>>l.ID&1 == 0:
		case l.Quoted:
			quoted = true
		default:
			first = first || !quoted
			n++
		}
	}
	return n, first
}

// accessTo returns how a name is read out of headers; nil where it is not.
func (k *peek) accessTo(c *Capture, name string) *dissect.Access {
	a, known := k.access[name]
	if known {
		return a
	}
	if a, known = c.session.table.Access(name); !known || !a.Direct || a.Doubtful {
		a = nil
	}
	if k.access == nil {
		k.access = map[string]*dissect.Access{}
	}
	k.access[name] = a
	return a
}

// ready says whether headers can be asked. The first time it reads the rules that
// they are walked by.
func (k *peek) ready(ctx context.Context, c *Capture) bool {
	switch {
	case k.closed:
		return false
	case k.cursor != nil:
		return true
	case c.session.Mode() == plan.Wireshark, hurried(ctx):
		return false
	}
	r, err := c.rules(ctx)
	if err != nil {
		// Without rules every packet is dissected; Close of a session or a cancelled
		// question is no reason to stay at that.
		k.closed = ctx.Err() == nil
		return false
	}
	k.cursor = native.NewCursor(c.file, native.CursorConfig{Walker: r.walker, Timed: true})
	return true
}

// load walks through a packet; false means that the file is not what it was, or that
// the packet is gone.
func (k *peek) load(c *Capture, frame uint32) bool {
	if frame == 0 {
		return false
	}
	if k.frame == frame {
		return true
	}
	k.frame = 0
	if now := time.Now(); now.Sub(k.looked) > lookAgain {
		if c.file.Change() != "" {
			return false
		}
		k.looked = now
	}
	if c.file.Guard(func() error { k.cursor.Load(int(frame) - 1); return nil }) != nil {
		return false
	}
	if k.cursor.Headers.Detour { // from here on headers are not to be relied on
		k.closed = true
		return false
	}
	k.frame = frame
	return true
}

// close ends the looking, before the file goes.
func (k *peek) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed, k.cursor, k.frame = true, nil, 0
}

// reopen begins anew after close, with nothing known.
func (k *peek) reopen() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed, k.cursor, k.frame, k.absent = false, nil, 0, nil
}
