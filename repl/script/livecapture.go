// This file is LiveCapture, LiveRingCapture and RemoteCapture: captures of packets
// that come while the script runs.

package script

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"pktsh/engine"
)

// liveOptions are the options of all constructors that capture, besides the common
// ones, but for the places of the constructors' own.
var liveOptions = []string{"capture_filter", "monitor_mode", "include_raw", "eventloop", "custom_parameters", "debug"}

// sniffer is what a live capture is besides a capture.
type sniffer struct {
	capture     *engine.Capture
	constructor string // for repr
	// output is where the packets that pass the display filter are written after each
	// run; "" where there is no such file.
	output string
	// began says that packets were captured, or are.
	began bool
	// unseen says that the packets that are there are new to the next loop over those
	// that come.
	unseen bool
}

// onInterfaces are the options of a capture on the interfaces that are named, none for
// the one that pktsh chooses.
func (c *construction) onInterfaces() (o *engine.LiveOptions, err error) {
	o = &engine.LiveOptions{}
	if c.given("interface") {
		o.Interfaces, err = c.texts("interface")
	}
	return o, err
}

// liveCapture is LiveCapture(interface=None, …).
func (it *Interp) liveCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"interface", "bpf_filter"}, commonOptions[:4], []string{"output_file"}, commonOptions[4:8],
		liveOptions[:2], commonOptions[8:], liveOptions[2:])
	c, err := it.construct("LiveCapture", params, 0, args, kwargs)
	if err != nil {
		return nil, err
	}
	o, err := c.onInterfaces()
	if err != nil {
		return nil, err
	}
	return c.sniffer(it.context(), o)
}

// liveRingCapture is LiveRingCapture(ring_file_size=1024, num_ring_files=1, …): of the
// packets those that came last are kept, as many as all of PyShark's files would hold.
func (it *Interp) liveRingCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"ring_file_size", "num_ring_files", "ring_file_name", "interface", "bpf_filter"}, commonOptions[:8],
		liveOptions[:1], commonOptions[8:], liveOptions[1:])
	c, err := it.construct("LiveRingCapture", params, 0, args, kwargs)
	if err != nil {
		return nil, err
	}
	o, err := c.onInterfaces()
	if err != nil {
		return nil, err
	}
	size, err := c.number("ring_file_size", 1024)
	if err != nil {
		return nil, err
	}
	files, err := c.number("num_ring_files", 1)
	if err != nil {
		return nil, err
	}
	o.Ring.Bytes = int64(size) * 1000 * int64(files) // dumpcap's kilobytes
	if o.Output, err = c.text("ring_file_name"); err != nil {
		return nil, err
	}
	return c.sniffer(it.context(), o)
}

// remoteCapture is RemoteCapture(remote_host, remote_interface, remote_port=2002, …):
// an interface of another machine, where rpcapd serves it.
func (it *Interp) remoteCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"remote_host", "remote_interface", "remote_port", "bpf_filter"}, commonOptions[1:8],
		[]string{"eventloop", "debug", "display_filter", "output_file", "custom_parameters", "include_raw"})
	c, err := it.construct("RemoteCapture", params, 2, args, kwargs)
	if err != nil {
		return nil, err
	}
	host, err := c.text("remote_host")
	if err != nil {
		return nil, err
	}
	name, err := c.text("remote_interface")
	if err != nil {
		return nil, err
	}
	if host == "" || name == "" {
		return nil, errors.New("RemoteCapture: remote_host and remote_interface: want the machine that rpcapd runs on and an interface there")
	}
	port, err := c.number("remote_port", 2002)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	return c.sniffer(it.context(), &engine.LiveOptions{Interfaces: []string{"rpcap://" + address + "/" + name}})
}

// number reads a number above 0.
func (c *construction) number(name string, otherwise int) (int, error) {
	v, ok := c.args[name]
	if !ok {
		return otherwise, nil
	}
	n, err := starlark.AsInt32(v)
	if err != nil || n < 1 {
		return 0, c.wanted(name, v, "a number from 1")
	}
	return n, nil
}

// sniffer makes the capture. It captures nothing yet, but what cannot be captured is
// an error now.
func (c *construction) sniffer(ctx context.Context, o *engine.LiveOptions) (starlark.Value, error) {
	var err error
	if o.Filter, err = c.text("bpf_filter"); err != nil {
		return nil, err
	}
	if o.Filter == "" { // PyShark's other name for it
		if o.Filter, err = c.text("capture_filter"); err != nil {
			return nil, err
		}
	}
	if o.Monitor, err = c.flag("monitor_mode"); err != nil {
		return nil, err
	}
	live := &sniffer{constructor: c.name}
	output, err := c.text("output_file")
	if err != nil {
		return nil, err
	}
	delete(c.args, "output_file") // there is nothing to write yet
	if c.filter != "" {
		live.output = output
	} else if output != "" {
		o.Output = output
	}
	c.open.Live = o
	out, err := c.capture(ctx)
	if err != nil {
		return nil, err
	}
	if v, ok := out.view.(engineView); ok {
		live.capture, out.live = v.Capture(), live
		maps.DeleteFunc(c.it.sniffers, func(c *engine.Capture, _ *sniffer) bool { return c.Closed() })
		c.it.sniffers[v.Capture()] = live
		if len(o.Interfaces) == 0 {
			c.it.noticeLine(c.name + ": no interface was named: it is " + strings.Join(live.capture.Live().Interfaces(), ", ") + ", the first that is up")
		}
	}
	return out, nil
}

// snifferOf returns what a capture is if it is live; nil for others.
func (it *Interp) snifferOf(c *engine.Capture) *sniffer {
	if s := it.sniffers[c]; s != nil {
		return s
	}
	if l := c.Live(); l == nil || len(l.Interfaces()) == 0 { // a file, or a stream
		return nil
	}
	s := &sniffer{capture: c, constructor: "LiveCapture", began: true} // the command sniff's
	it.sniffers[c] = s
	return s
}

// liveMembers are the methods that live captures have besides.
var liveMembers = members[*Capture]{
	"sniff":              method(captureInterp, "sniff", "capture packets, and keep them", kindUnknown, sniffCapture),
	"load_packets":       method(captureInterp, "load_packets", "as sniff", kindUnknown, sniffCapture),
	"sniff_continuously": method(captureInterp, "sniff_continuously", "packets as they come, for loops", kindUnknown, sniffContinuously),
	"stop":               method(captureInterp, "stop", "end the capture; its packets stay", kindUnknown, controlCapture((*engine.Live).Stop)),
	"pause":              method(captureInterp, "pause", "interrupt the capture", kindUnknown, controlCapture((*engine.Live).Pause)),
	"resume":             method(captureInterp, "resume", "go on with a paused capture", kindUnknown, controlCapture((*engine.Live).Resume)),
	"interfaces": {detail: "what is captured on: a list of names", get: func(_ context.Context, c *Capture) (starlark.Value, error) {
		var names []starlark.Value
		for _, name := range c.live.capture.Live().Interfaces() {
			names = append(names, starlark.String(name))
		}
		return starlark.NewList(names), nil
	}},
	"bpf_filter": {detail: "the capture filter, or None", kind: kindString, get: func(_ context.Context, c *Capture) (starlark.Value, error) {
		if f := c.live.capture.Live().Filter(); f != "" {
			return newString(f)
		}
		return starlark.None, nil
	}},
	"state": {detail: "'running', 'paused' or 'stopped'", kind: kindString, get: func(_ context.Context, c *Capture) (starlark.Value, error) {
		return newString(c.live.capture.Live().State().String())
	}},
	"dropped": {detail: "how many packets were lost", get: func(_ context.Context, c *Capture) (starlark.Value, error) {
		return starlark.MakeUint64(c.live.capture.Live().Drops().Lost()), nil
	}},
}

// controlCapture stops, pauses or resumes, and takes in what has come by then.
func controlCapture(do func(*engine.Live, context.Context) error) call[*Capture] {
	return func(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
		if err := in.unpack(); err != nil {
			return nil, err
		}
		if err := c.open(); err != nil {
			return nil, err
		}
		if err := do(c.live.capture.Live(), ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, err)
		}
		return starlark.None, c.refresh(ctx)
	}
}

// sniffCapture is cap.sniff(packet_count=0, timeout=None).
func sniffCapture(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var timeout, count starlark.Value = starlark.None, starlark.None
	if err := in.unpack("packet_count?", &count, "timeout?", &timeout); err != nil {
		return nil, err
	}
	limit, err := packetCount(count)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	wait, err := seconds(timeout)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	for _, err := range c.sniffing(ctx, limit, wait) {
		if err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

// sniffContinuously is cap.sniff_continuously(packet_count=None).
func sniffContinuously(_ context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var count starlark.Value = starlark.None
	if err := in.unpack("packet_count?", &count); err != nil {
		return nil, err
	}
	limit, err := packetCount(count)
	if err != nil {
		return nil, fmt.Errorf("sniff_continuously: %w", err)
	}
	return &coming{c, limit}, nil
}

// coming are the packets that come from the beginning of a loop over them on.
type coming struct {
	c     *Capture
	limit int // -1 for all
}

func (s *coming) String() string        { return "<packets of " + s.c.String() + " as they come>" }
func (s *coming) Type() string          { return "packets" }
func (s *coming) Freeze()               {}
func (s *coming) Truth() starlark.Bool  { return true }
func (s *coming) Hash() (uint32, error) { return 0, errors.New("unhashable: packets") }

// Iterate captures.
func (s *coming) Iterate() starlark.Iterator {
	ctx := s.c.it.context()
	if err := s.c.open(); err != nil {
		s.c.it.fail(err)
		return starlark.Tuple(nil).Iterate()
	}
	next, stop := iter.Pull2(s.c.sniffing(ctx, s.limit, 0))
	return s.c.iterator(ctx, next, stop, nil)
}

// sniffing captures, or goes on to where a capture is running, and yields the numbers
// of the packets that come and pass the filter: at most limit of them, unless it is
// below 0, and for as long as wait, unless that is 0. A capture that it began it stops,
// however it ends.
func (c *Capture) sniffing(ctx context.Context, limit int, wait time.Duration) iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		err := c.sniffAll(ctx, limit, wait, func(frame uint32) bool { return yield(frame, nil) })
		if err != nil {
			yield(0, err)
		}
	}
}

func (c *Capture) sniffAll(ctx context.Context, limit int, wait time.Duration, each func(frame uint32) bool) (err error) {
	capture := c.live.capture
	live := capture.Live()
	if err := c.refresh(ctx); err != nil {
		return err
	}
	place, err := c.view.Len(ctx)
	if err != nil {
		return err
	}
	if c.live.unseen {
		place, c.live.unseen = 0, false
	}
	until := ctx
	if wait > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	c.live.began = true
	switch live.State() {
	case engine.LiveStopped:
		o := engine.LiveOptions{Timeout: wait}
		if c.view.Filter() == "" && limit > 0 {
			o.Count = limit
		}
		if err := capture.SniffMore(ctx, o); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.endRun(ctx)) }()
	case engine.LivePaused:
		if err := live.Resume(ctx); err != nil {
			return err
		}
	}
	for n, seen := 0, capture.Came(); ; seen = capture.Came() {
		over := ended(live) || until.Err() != nil
		if err := c.refresh(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		// A ring may have let packets go: places move.
		if v, ok := c.view.(engineView); ok && live.Drops().Ring > 0 {
			if place, _, err = v.Index(context.WithoutCancel(until), capture.After(seen)); err != nil {
				return err
			}
		}
		more, err := c.view.Len(context.WithoutCancel(until))
		if err != nil {
			return err
		}
		for ; place < more; place++ {
			if limit >= 0 && n == limit {
				return nil
			}
			frame, err := c.view.Frame(ctx, place)
			if err != nil {
				return err
			}
			n++
			if !each(frame) {
				return nil
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case over || limit >= 0 && n >= limit:
			return live.Err()
		}
		if err := capture.WaitPackets(until, 1); err != nil && until.Err() == nil {
			return err
		}
	}
}

// endRun ends a run that a script began, in every case: ctx may have ended.
func (c *Capture) endRun(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	live := c.live.capture.Live()
	if live.State() != engine.LiveStopped {
		if err := live.Stop(ctx); err != nil {
			return err
		}
	}
	if err := c.refresh(ctx); err != nil {
		return err
	}
	if d := live.Drops(); d.Lost() > 0 {
		c.it.noticeLine(fmt.Sprintf("%s: %s", strings.Join(live.Interfaces(), ", "), d))
	}
	v, ok := c.view.(engineView)
	if c.live.output == "" || !ok {
		return nil
	}
	if _, err := v.Save(ctx, c.live.output, c.it.noticeLine); err != nil {
		return fmt.Errorf("output_file: %w", err)
	}
	return nil
}

// ended says that nothing is being captured.
func ended(l *engine.Live) bool {
	select {
	case <-l.Done():
		return true
	default:
		return false
	}
}

// refresh takes in what has come.
func (c *Capture) refresh(ctx context.Context) error {
	before := c.live.capture.Generation()
	if _, err := c.live.capture.Refresh(ctx); err != nil {
		return err
	}
	if c.live.capture.Generation() != before {
		c.it.Renew()
	}
	return nil
}

// unbegun says that a loop over the capture is a loop over what will come: nothing
// was captured yet, and PyShark's captures begin with the loop.
func (c *Capture) unbegun() bool {
	if c.live == nil || c.live.began {
		return false
	}
	c.it.noticeLine("capturing on " + strings.Join(c.live.capture.Live().Interfaces(), ", ") + " until Ctrl-C")
	return true
}
