// This file is InMemCapture: a capture of packets that a script has as bytes.

package script

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"

	"pktsh/engine"
)

// feeder is what a capture is that packets are fed to.
type feeder struct {
	capture  *engine.Capture
	linkType int
}

// inMemCapture is InMemCapture(…).
func (it *Interp) inMemCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	params := slices.Concat([]string{"bpf_filter"}, commonOptions,
		[]string{"linktype", "include_raw", "eventloop", "custom_parameters", "debug"})
	c, err := it.construct("InMemCapture", params, 0, args, kwargs)
	if err != nil {
		return nil, err
	}
	if c.given("bpf_filter") {
		return nil, fmt.Errorf("InMemCapture: bpf_filter chooses what is captured, and packets that are fed are not: use display_filter")
	}
	linkType := linkTypes["ETHERNET"]
	if v, ok := c.args["linktype"]; ok {
		if linkType, err = linkTypeOf(v); err != nil {
			return nil, fmt.Errorf("InMemCapture: %w", err)
		}
	}
	c.open.Memory, c.open.Name = true, c.name
	out, err := c.capture(it.context())
	if err != nil {
		return nil, err
	}
	if v, ok := out.view.(engineView); ok {
		out.feed = &feeder{v.Capture(), linkType}
		maps.DeleteFunc(it.feeders, func(c *engine.Capture, _ *feeder) bool { return c.Closed() })
		it.feeders[v.Capture()] = out.feed
	}
	return out, nil
}

// feedMembers are the methods that InMemCapture has besides.
var feedMembers = members[*Capture]{
	"feed_packet":   method(captureInterp, "feed_packet", "add a packet, as bytes", kindPacket, feedPacket),
	"feed_packets":  method(captureInterp, "feed_packets", "add packets, a list of bytes", kindUnknown, feedPackets),
	"parse_packet":  method(captureInterp, "parse_packet", "as feed_packet", kindPacket, parsePacket),
	"parse_packets": method(captureInterp, "parse_packets", "as feed_packets", kindUnknown, parsePackets),
}

// members are the capture's attributes and methods.
func (c *Capture) members() members[*Capture] {
	if c.feed == nil && c.live == nil {
		return captureMembers
	}
	all := maps.Clone(captureMembers)
	if c.feed != nil {
		maps.Copy(all, feedMembers)
	}
	if c.live != nil {
		maps.Copy(all, liveMembers)
	}
	return all
}

func feedPacket(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var data starlark.Value
	var linkType, timeout, at starlark.Value = starlark.None, starlark.None, starlark.None
	if err := in.unpack("binary_packet", &data, "linktype?", &linkType, "timeout?", &timeout, "sniff_time?", &at); err != nil {
		return nil, err
	}
	return c.feedOne(ctx, data, linkType, at)
}

func parsePacket(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var data starlark.Value
	var timeout, at starlark.Value = starlark.None, starlark.None
	if err := in.unpack("binary_packet", &data, "sniff_time?", &at, "timeout?", &timeout); err != nil {
		return nil, err
	}
	return c.feedOne(ctx, data, starlark.None, at)
}

// feedOne adds a packet and returns it; None when the filter does not let it pass.
func (c *Capture) feedOne(ctx context.Context, data, linkType, at starlark.Value) (starlark.Value, error) {
	packets, err := c.feedAll(ctx, []starlark.Value{data}, linkType, []starlark.Value{at})
	if err != nil || len(packets) == 0 {
		return starlark.None, err
	}
	return packets[0], nil
}

func feedPackets(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var data starlark.Value
	var linkType, timeout, times starlark.Value = starlark.None, starlark.None, starlark.None
	if err := in.unpack("binary_packets", &data, "linktype?", &linkType, "timeout?", &timeout, "sniff_times?", &times); err != nil {
		return nil, err
	}
	return c.feedMany(ctx, data, linkType, times)
}

func parsePackets(ctx context.Context, c *Capture, in invocation) (starlark.Value, error) {
	var data starlark.Value
	var timeout, times starlark.Value = starlark.None, starlark.None
	if err := in.unpack("binary_packets", &data, "sniff_times?", &times, "timeout?", &timeout); err != nil {
		return nil, err
	}
	return c.feedMany(ctx, data, starlark.None, times)
}

func (c *Capture) feedMany(ctx context.Context, data, linkType, times starlark.Value) (starlark.Value, error) {
	list, ok := data.(starlark.Iterable)
	if !ok {
		return nil, fmt.Errorf("got %s, want a list of packets; feed_packet takes one", describeValue(data))
	}
	all := elements(list)
	if len(all) == 0 {
		return nil, fmt.Errorf("got no packets, want at least one")
	}
	at := make([]starlark.Value, len(all))
	if given, ok := times.(starlark.Iterable); ok {
		if at = elements(given); len(at) != len(all) {
			return nil, fmt.Errorf("got %d times for %d packets", len(at), len(all))
		}
	} else if times != starlark.None {
		return nil, fmt.Errorf("sniff_times: got %s, want a list of times", times.Type())
	}
	packets, err := c.feedAll(ctx, all, linkType, at)
	if err != nil {
		return nil, err
	}
	return starlark.NewList(packets), nil
}

func elements(v starlark.Iterable) (out []starlark.Value) {
	for x := range starlark.Elements(v) {
		out = append(out, x)
	}
	return out
}

// feedAll adds packets, all or none, and returns those that the filter lets pass.
func (c *Capture) feedAll(ctx context.Context, data []starlark.Value, linkType starlark.Value, times []starlark.Value) ([]starlark.Value, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	link := c.feed.linkType
	if linkType != starlark.None {
		var err error
		if link, err = linkTypeOf(linkType); err != nil {
			return nil, err
		}
	}
	fed := make([]engine.MemoryPacket, len(data))
	for i, v := range data {
		raw, err := packetBytes(plainValue(v))
		if err != nil {
			return nil, fmt.Errorf("packet %d of %d: %w", i+1, len(data), err)
		}
		at, err := packetTime(times[i])
		if err != nil {
			return nil, fmt.Errorf("packet %d of %d: %w", i+1, len(data), err)
		}
		fed[i] = engine.MemoryPacket{LinkType: link, Time: at, Data: raw}
	}
	before := c.feed.capture.Len()
	if err := c.feed.capture.Append(ctx, fed...); err != nil {
		return nil, err
	}
	c.last = nil
	c.it.Renew() // a packet may be answered by one that came after it
	return c.passing(ctx, before+1, before+len(fed))
}

// passing returns the packets of some frames, both ends included, that the
// filter lets pass.
func (c *Capture) passing(ctx context.Context, first, last int) ([]starlark.Value, error) {
	var out []starlark.Value
	for frame := first; frame <= last; frame++ {
		if v, ok := c.view.(engineView); ok && v.Filter() != "" {
			_, passes, err := v.Index(ctx, uint32(frame))
			if err != nil {
				return nil, err
			}
			if !passes {
				continue
			}
		}
		p, err := c.packet(uint32(frame))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// packetBytes reads a packet: bytes, a list of numbers from 0 to 255, or a string
// of hex digits, which may stand apart.
func packetBytes(v starlark.Value) ([]byte, error) {
	const want = "want bytes (b'…'), hex digits ('0800 45…') or a list of numbers from 0 to 255"
	switch v := v.(type) {
	case starlark.Bytes:
		return []byte(v), nil
	case starlark.String:
		raw, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "\n", "", "\t", "").Replace(string(v)))
		if err != nil {
			return nil, fmt.Errorf("got a string that is not hex digits (%w), %s", err, want)
		}
		return raw, nil
	case starlark.Indexable:
		raw := make([]byte, v.Len())
		for i := range raw {
			n, err := starlark.AsInt32(v.Index(i))
			if err != nil || n < 0 || n > math.MaxUint8 {
				return nil, fmt.Errorf("got %s at place %d, %s", v.Index(i), i, want)
			}
			raw[i] = byte(n)
		}
		return raw, nil
	}
	return nil, fmt.Errorf("got %s, %s", describeValue(v), want)
}

// packetTime reads a packet's time: seconds since 1970 or a time; None and nil mean
// now.
func packetTime(v starlark.Value) (time.Time, error) {
	switch v := v.(type) {
	case nil, starlark.NoneType:
		return time.Now(), nil
	case startime.Time:
		return time.Time(v), nil
	case starlark.Int:
		if n, ok := v.Int64(); ok {
			return time.Unix(n, 0), nil
		}
	case starlark.Float:
		// A float64 holds the seconds of today to a quarter of a microsecond: digits
		// beyond the microsecond are not the script's.
		if s := float64(v); s >= 0 && s < math.MaxInt64/1e9 {
			return time.UnixMicro(int64(math.Round(s * 1e6))), nil
		}
	}
	return time.Time{}, fmt.Errorf("sniff_time: got %s, want seconds since 1970 or a time", v)
}
