package script

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/dustin/go-humanize"
	"go.starlark.net/starlark"
)

// Capture is a capture seen through a filter as a Starlark value: cap[0],
// cap[-1], cap[10:20], len(cap), for p in cap.
type Capture struct {
	it          *Interp
	view        viewSource
	keepPackets bool
	onlySummary bool
	next        int     // what next() returns next, from 0
	last        *Packet // what was indexed last: cap[0].ip and then cap[0].dns is one dissection
	closed      bool
	constructor string   // "FileCapture", for repr
	feed        *feeder  // nil but for InMemCapture
	live        *sniffer // nil but for captures of an interface
}

var (
	_ starlark.HasAttrs  = (*Capture)(nil)
	_ starlark.Mapping   = (*Capture)(nil)
	_ starlark.Sliceable = (*Capture)(nil)
	_ starlark.Sequence  = (*Capture)(nil)
)

func (it *Interp) newCapture(v viewSource) *Capture {
	c := &Capture{it: it, view: v, keepPackets: true, constructor: "FileCapture"}
	if e, ok := v.(engineView); ok {
		if c.feed = it.feeders[e.Capture()]; c.feed != nil {
			c.constructor = "InMemCapture"
		}
		if c.live = it.snifferOf(e.Capture()); c.live != nil {
			c.constructor = c.live.constructor
		}
	}
	return c
}

// with returns the capture with another view: a filtered one, a slice.
func (c *Capture) with(v viewSource) *Capture {
	out := *c
	out.view, out.next, out.last = v, 0, nil
	return &out
}

func (c *Capture) open() error {
	if c.closed {
		return errors.New("the capture is closed; open it again with FileCapture(…)")
	}
	return nil
}

func (c *Capture) length(ctx context.Context) (int, error) {
	if err := c.open(); err != nil {
		return 0, err
	}
	return c.view.Len(ctx)
}

// String returns <FileCapture path (589 packets)>; of a filtered capture the
// packets that are let through.
func (c *Capture) String() string {
	name := c.constructor
	if c.feed == nil && c.live == nil {
		name += " " + c.view.Path()
	}
	if c.closed {
		return fmt.Sprintf("<%s (closed)>", name)
	}
	n, err := c.view.Len(c.it.context())
	if err != nil {
		c.it.fail(err)
		return fmt.Sprintf("<%s>", name)
	}
	return fmt.Sprintf("<%s (%d packets)>", name, n)
}

// Type returns "Capture".
func (c *Capture) Type() string { return "Capture" }

// Freeze does nothing.
func (c *Capture) Freeze() {}

// Truth says whether the capture has packets.
func (c *Capture) Truth() starlark.Bool { return c.Len() > 0 }

// Hash fails: captures make no keys.
func (c *Capture) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: Capture") }

// Len returns the number of packets; it runs the filter when that did not
// happen yet.
func (c *Capture) Len() int {
	n, err := c.length(c.it.context())
	if err != nil {
		c.it.fail(err)
		return 0
	}
	return n
}

// errNotKept is PyShark's rule, with the way out.
var errNotKept = errors.New("cannot index this capture: it was opened with keep_packets=False, so no packet is kept; " +
	"iterate (for p in cap), take one by its number (cap.frame(17)), or open it with keep_packets=True")

// Get returns cap[i]. It is here, beside Index, because it can fail.
func (c *Capture) Get(k starlark.Value) (starlark.Value, bool, error) {
	i, err := starlark.AsInt32(k)
	if err != nil {
		return nil, false, fmt.Errorf("a capture is indexed by a number, from 0, got %s; cap.filter('…') takes a display filter, cap.frame(n) a frame number", k.Type())
	}
	p, err := c.at(c.it.context(), i)
	if err != nil {
		return nil, false, err
	}
	return p, true, nil
}

// at returns the i-th packet, from 0; a negative i counts from the end.
func (c *Capture) at(ctx context.Context, i int) (*Packet, error) {
	if !c.keepPackets {
		return nil, errNotKept
	}
	n, err := c.length(ctx)
	if err != nil {
		return nil, err
	}
	if i < -n || i >= n {
		if n == 0 {
			return nil, fmt.Errorf("index %d out of range: the capture has no packets here", i)
		}
		return nil, fmt.Errorf("index %d out of range: the capture has %s packets here, 0 to %d", i, humanize.Comma(int64(n)), n-1)
	}
	if i < 0 {
		i += n
	}
	frame, err := c.view.Frame(ctx, i)
	if err != nil {
		return nil, err
	}
	return c.keep(frame)
}

// keep returns the packet of a frame number: the one it returned last if it is
// that.
func (c *Capture) keep(frame uint32) (*Packet, error) {
	if p := c.last; p != nil && p.src.Number() == frame {
		return p, nil
	}
	p, err := c.packet(frame)
	if err != nil {
		return nil, err
	}
	c.last = p
	return p, nil
}

// packet returns the packet of a frame number.
func (c *Capture) packet(frame uint32) (*Packet, error) {
	src, err := c.view.Packet(frame)
	if err != nil {
		return nil, err
	}
	return c.it.newPacket(src, c.onlySummary), nil
}

// Index returns the i-th packet; Starlark calls Get instead, and this only
// through builtins of its own.
func (c *Capture) Index(i int) starlark.Value {
	p, err := c.at(c.it.context(), i)
	if err != nil {
		c.it.fail(err)
		return starlark.None
	}
	return p
}

// Slice returns cap[start:end:step], a capture.
func (c *Capture) Slice(start, end, step int) starlark.Value {
	err := c.open()
	if err == nil && !c.keepPackets {
		err = errNotKept
	}
	if err == nil {
		var v viewSource
		if v, err = c.view.Slice(c.it.context(), start, end, step); err == nil {
			return c.with(v)
		}
	}
	c.it.fail(err)
	return starlark.None
}

// Iterate goes through the packets, one at a time.
func (c *Capture) Iterate() starlark.Iterator {
	ctx := c.it.context()
	if err := c.open(); err != nil {
		c.it.fail(err)
		return starlark.Tuple(nil).Iterate()
	}
	if c.unbegun() {
		return (&coming{c, -1}).Iterate()
	}
	next, stop := iter.Pull2(c.view.Frames(ctx))
	return c.iterator(ctx, next, stop, &rowWindow{view: c.view})
}

// iterator goes through frames. window is nil for those of which the next is not there
// yet.
func (c *Capture) iterator(ctx context.Context, next func() (uint32, error, bool), stop func(), window *rowWindow) *packetIterator {
	c.it.iterations++
	return &packetIterator{c: c, ctx: ctx, next: next, stop: stop, window: window, passed: newPassed(c.view), nth: c.it.iterations}
}

type packetIterator struct {
	c    *Capture
	ctx  context.Context
	next func() (uint32, error, bool)
	stop func()

	window *rowWindow
	place  int
	passed *passed

	nth     int    // how many iterations of captures began before it
	current uint32 // the frame number of the packet handed out last, 0 for none
}

// Next hands out the next packet. An error stops the running chunk.
func (i *packetIterator) Next(p *starlark.Value) bool {
	i.current = 0
	if err := i.ctx.Err(); err != nil {
		i.c.it.fail(err)
		return false
	}
	frame, err, ok := i.next()
	if !ok {
		return false
	}
	var packet *Packet
	if err == nil {
		packet, err = i.c.packet(frame)
	}
	if err != nil {
		i.c.it.fail(err)
		return false
	}
	packet.window, packet.place = i.window, i.place
	i.place++
	i.passed.at(frame)
	i.current = frame
	*p = packet
	return true
}

// Done ends the iteration.
func (i *packetIterator) Done() {
	if i.current != 0 && i.c.it.thread != nil {
		leftLoop(i.c.it.thread, i.nth, i.current)
	}
	i.stop()
}

// Attr returns an attribute or a method.
func (c *Capture) Attr(name string) (starlark.Value, error) {
	if m, ok := captureMembers[name]; ok && c.live == nil {
		return m.get(c.it.context(), c)
	}
	all := c.members()
	if m, ok := all[name]; ok {
		return m.get(c.it.context(), c)
	}
	return nil, fmt.Errorf("a capture has no attribute %q%s", name, suggestion(name, all.names()))
}

// AttrNames returns the attributes and methods.
func (c *Capture) AttrNames() []string { return c.members().names() }

func captureInterp(c *Capture) *Interp { return c.it }

func filterCapture(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var expr string
	if err := in.unpack("display_filter", &expr); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	v, err := c.view.Narrow(ctx, expr)
	if err != nil {
		return nil, err
	}
	return c.with(v), nil
}

func frameOfCapture(_ context.Context, c *Capture, in invocation) (starlark.Value, error) {
	if len(in.args) == 1 {
		in.args = starlark.Tuple{numberOf(in.args[0])} // cap.frame(pkt.http.request_in)
	}
	var number int
	if err := in.unpack("number", &number); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if number < 1 || int64(number) > 1<<32-1 {
		return nil, fmt.Errorf("frame numbers count from 1, got %d; cap[%d] indexes from 0", number, number)
	}
	return c.keep(uint32(number))
}

func nextPacket(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	if err := in.unpack(); err != nil {
		return nil, err
	}
	n, err := c.length(ctx)
	if err != nil {
		return nil, err
	}
	if c.next >= n {
		return nil, &exception{class: errNoMore.class, msg: fmt.Sprintf("no more packets: next() went through all %s; reset() starts again", humanize.Comma(int64(n)))}
	}
	frame, err := c.view.Frame(ctx, c.next)
	if err != nil {
		return nil, err
	}
	c.next++
	return c.packet(frame)
}

func resetCapture(_ context.Context, c *Capture, in invocation) (starlark.Value, error) {
	if err := in.unpack(); err != nil {
		return nil, err
	}
	c.next = 0
	return starlark.None, nil
}

// loadPackets makes sure that the filter has run. There is nothing to load:
// every packet of the capture is always there, whatever was asked to be loaded.
func loadPackets(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var count int
	var timeout starlark.Value = starlark.None
	if err := in.unpack("packet_count?", &count, "timeout?", &timeout); err != nil {
		return nil, err
	}
	if _, err := seconds(timeout); err != nil {
		return nil, fmt.Errorf("load_packets: %w", err)
	}
	_, err := c.length(ctx)
	return starlark.None, err
}

func closeCapture(_ context.Context, c *Capture, in invocation) (starlark.Value, error) {
	if err := in.unpack(); err != nil {
		return nil, err
	}
	if c.closed {
		return starlark.None, nil
	}
	c.closed, c.last = true, nil
	return starlark.None, c.view.Close()
}

// seconds reads a timeout: None for none.
func seconds(v starlark.Value) (time.Duration, error) {
	if v == starlark.None {
		return 0, nil
	}
	x, ok := starlark.AsFloat(v)
	if !ok || x < 0 {
		return 0, fmt.Errorf("timeout: got %s, want seconds", v)
	}
	return time.Duration(x * float64(time.Second)), nil
}

// captureMembers are PyShark's attributes of a capture and ours.
var captureMembers = members[*Capture]{
	"input_filepath": {detail: "the path as it was given", kind: kindString, get: func(_ context.Context, c *Capture) (starlark.Value, error) { return newString(c.view.Path()) }},
	"input_filename": {detail: "the path as it was given", kind: kindString, get: func(_ context.Context, c *Capture) (starlark.Value, error) { return newString(c.view.Path()) }},
	"display_filter": {detail: "the filter in force, or None", kind: kindString, get: func(_ context.Context, c *Capture) (starlark.Value, error) {
		if f := c.view.Filter(); f != "" {
			return newString(f)
		}
		return starlark.None, nil
	}},
	"keep_packets":   {detail: "whether packets can be indexed", get: func(_ context.Context, c *Capture) (starlark.Value, error) { return starlark.Bool(c.keepPackets), nil }},
	"only_summaries": {detail: "whether packets are not dissected unasked", get: func(_ context.Context, c *Capture) (starlark.Value, error) { return starlark.Bool(c.onlySummary), nil }},

	"filter":           method(captureInterp, "filter", "the packets a display filter lets through", kindCapture, filterCapture),
	"frame":            method(captureInterp, "frame", "a packet by its frame number, from 1", kindPacket, frameOfCapture),
	"next":             method(captureInterp, "next", "the next packet", kindPacket, nextPacket),
	"reset":            method(captureInterp, "reset", "next() starts again", kindUnknown, resetCapture),
	"clear":            method(captureInterp, "clear", "as reset; packets are always there", kindUnknown, resetCapture),
	"count_by":         method(captureInterp, "count_by", "how often each value of a field, or of several, occurs", kindUnknown, countBy),
	"values":           method(captureInterp, "values", "a field's values, in the packets' order", kindUnknown, valuesOf),
	"table":            method(captureInterp, "table", "a tuple of fields for each packet", kindUnknown, tableOf),
	"group":            method(captureInterp, "group", "packets by a field: .count() .sum(field) .min .max .mean .table", kindUnknown, groupBy),
	"sort_by":          method(captureInterp, "sort_by", "the packets in the order of a field", kindCapture, sortBy),
	"load_packets":     method(captureInterp, "load_packets", "run the filter now", kindUnknown, loadPackets),
	"apply_on_packets": method(captureInterp, "apply_on_packets", "call a function with every packet", kindUnknown, applyOnPackets),
	"close":            method(captureInterp, "close", "close the file", kindUnknown, closeCapture),
}
