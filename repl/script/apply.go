package script

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"go.starlark.net/starlark"
)

// stopCapture is StopCapture: returned from a function it ends
// apply_on_packets, called it does so at once.
type stopCapture struct{}

// errStopCapture is what calling StopCapture raises.
var errStopCapture = errors.New("StopCapture() ends cap.apply_on_packets(…); nothing runs here that it could end")

func (stopCapture) String() string        { return "StopCapture" }
func (stopCapture) Type() string          { return "StopCapture" }
func (stopCapture) Freeze()               {}
func (stopCapture) Truth() starlark.Bool  { return true }
func (stopCapture) Hash() (uint32, error) { return 0, nil }
func (stopCapture) Name() string          { return "StopCapture" }

// CallInternal raises errStopCapture.
func (stopCapture) CallInternal(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return nil, errStopCapture
}

// applyOnPackets is cap.apply_on_packets(fn, timeout=None, packet_count=None).
func applyOnPackets(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var fn starlark.Callable
	var timeout, count starlark.Value = starlark.None, starlark.None
	if err := in.unpack("callback", &fn, "timeout?", &timeout, "packet_count?", &count); err != nil {
		return nil, err
	}
	limit, err := packetCount(count)
	if err != nil {
		return nil, err
	}
	wait, err := seconds(timeout)
	if err != nil {
		return nil, fmt.Errorf("apply_on_packets: %w", err)
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	start, done := time.Now(), 0
	window, behind := &rowWindow{view: c.view}, newPassed(c.view)
	frames := c.view.Frames(ctx)
	if c.unbegun() {
		frames, window = c.sniffing(ctx, limit, wait), nil
	}
	for frame, err := range frames {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if limit >= 0 && done >= limit {
			break
		}
		if wait > 0 && time.Since(start) >= wait {
			c.it.noticeLine(fmt.Sprintf("apply_on_packets stopped after %s: %s packets", wait, humanize.Comma(int64(done))))
			break
		}
		p, err := c.packet(frame)
		if err != nil {
			return nil, err
		}
		p.window, p.place = window, done
		behind.at(frame)
		stop, err := c.it.applyTo(ctx, in.thread, fn, p)
		if err != nil {
			return nil, err
		}
		if stop {
			break
		}
		done++
	}
	return starlark.None, nil
}

// packetCount reads packet_count: None or 0 for all, as PyShark does.
func packetCount(v starlark.Value) (int, error) {
	if v == starlark.None {
		return -1, nil
	}
	n, err := starlark.AsInt32(v)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("packet_count: got %s, want a number of packets", v)
	}
	if n == 0 {
		return -1, nil
	}
	return n, nil
}

// applyTo calls fn with one packet. An error keeps its place in the function
// and names the packet.
func (it *Interp) applyTo(ctx context.Context, thread *starlark.Thread, fn starlark.Callable, p *Packet) (stop bool, err error) {
	v, err := starlark.Call(thread, fn, starlark.Tuple{p}, nil)
	switch {
	case errors.Is(err, errStopCapture):
		return true, nil
	case err != nil:
		if ctx.Err() != nil || it.pending != nil {
			return false, err
		}
		out := &Error{Msg: err.Error(), Err: err}
		var evalErr *starlark.EvalError
		if errors.As(err, &evalErr) {
			out = it.translateEval(evalErr)
		}
		named := *out
		named.Msg = inPacketText(p.src.Number(), out.Msg)
		return false, &named
	}
	_, stop = v.(stopCapture)
	return stop, nil
}
