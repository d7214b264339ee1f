package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/repl/result"
)

// Packet is one packet as a Starlark value: pkt.dns.qry_name, pkt['dns'],
// pkt[2], 'dns' in pkt, for layer in pkt.
type Packet struct {
	it  *Interp
	src packetSource
	// summaryOnly is set for packets of a capture with only_summaries=True:
	// nothing but an attribute that needs it may start a dissection.
	summaryOnly bool

	epoch uint64      // the interpreter's that the next three are of
	index *treeIndex  // nil until dissected
	told  *Layer      // the first of which headers told
	row   *engine.Row // nil until asked for

	// A packet of a loop shares the loop's rows, and knows its place among them.
	window *rowWindow
	place  int
}

var (
	_ starlark.HasAttrs  = (*Packet)(nil)
	_ starlark.Mapping   = (*Packet)(nil)
	_ starlark.Container = (*Packet)(nil)
	_ starlark.Iterable  = (*Packet)(nil)
)

func (it *Interp) newPacket(src packetSource, summaryOnly bool) *Packet {
	return &Packet{it: it, src: src, summaryOnly: summaryOnly, epoch: it.epoch}
}

// tree returns the packet's index, dissecting it when that did not happen yet.
func (p *Packet) tree(ctx context.Context) (*treeIndex, error) {
	if p.index != nil {
		return p.index, nil
	}
	t, err := p.src.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if p.src.Dissected() != t { // a preview is not kept, to be asked again
		return p.it.newIndex(t, nil), nil
	}
	p.index = p.it.newIndex(t, p.told)
	return p.index, nil
}

// summary returns the packet's row in the packet list.
func (p *Packet) summary(ctx context.Context) (*engine.Row, error) {
	if p.row != nil {
		return p.row, nil
	}
	var r engine.Row
	var err error
	found := false
	if p.window != nil {
		if r, found, err = p.window.row(ctx, p.place); err != nil {
			return nil, err
		}
	}
	if !found || r.Number != p.src.Number() {
		if r, err = p.src.Row(ctx); err != nil {
			return nil, err
		}
	}
	if !r.Preview {
		p.row = &r
	}
	return &r, nil
}

// summaryLine joins the row as PyShark's summary_line does: number, time,
// delta, source, destination, protocol, length, info.
func (p *Packet) summaryLine(ctx context.Context) (string, error) {
	p.renew()
	r, err := p.summary(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s %s %s %s %s %d %s", r.Number, r.Time, r.Delta,
		r.Source, r.Destination, r.Protocol, r.Length, r.Info), nil
}

// String returns the summary line: what print and '%s' show.
func (p *Packet) String() string {
	s, err := p.summaryLine(p.it.context())
	if err != nil {
		p.it.fail(err)
		return fmt.Sprintf("<Packet %d>", p.src.Number())
	}
	return s
}

// repr returns what the prompt echoes: <TCP/HTTP Packet>. A packet of an
// only_summaries capture is <PacketSummary DNS: 1.2.3.4 to 5.6.7.8>.
func (p *Packet) repr(ctx context.Context) (string, error) {
	p.renew()
	if p.summaryOnly && p.index == nil {
		r, err := p.summary(ctx)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("<PacketSummary %s: %s to %s>", r.Protocol, r.Source, r.Destination), nil
	}
	x, err := p.tree(ctx)
	if err != nil {
		return "", err
	}
	name := "DATA"
	h, t := x.highest(), x.transport()
	if h != nil {
		name = strings.ToUpper(h.name)
	}
	if t != nil && t.name != h.name {
		name = strings.ToUpper(t.name) + "/" + name
	}
	return "<" + name + " Packet>", nil
}

// Type returns "Packet".
func (p *Packet) Type() string { return "Packet" }

// Freeze does nothing: a packet does not change.
func (p *Packet) Freeze() {}

// Truth is true.
func (p *Packet) Truth() starlark.Bool { return true }

// Hash is that of the frame number.
func (p *Packet) Hash() (uint32, error) { return p.src.Number(), nil }

// Attr returns an attribute, a method or a layer.
func (p *Packet) Attr(name string) (starlark.Value, error) { return p.attr(p.it.context(), name) }

func (p *Packet) attr(ctx context.Context, name string) (starlark.Value, error) {
	p.renew()
	if m, ok := packetMembers[name]; ok {
		return m.get(ctx, p)
	}
	l, err := p.layer(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case l != nil:
		return l, nil
	}
	return nil, p.noLayer(ctx, name, "layer or attribute")
}

// noLayer words the error of a layer that is not there.
func (p *Packet) noLayer(ctx context.Context, name, what string) error {
	x, err := p.tree(ctx)
	if err != nil {
		return err
	}
	have := x.layerNames()
	if in, quoted := x.holder(name); quoted != nil {
		return fmt.Errorf("packet %d has no %s layer of its own: its %s layer quotes a %s header (%s.%s), which filters find too; "+
			"test with '%s' in p, or filter %s && !%s", p.src.Number(), quoted.name, in.name, quoted.name,
			in.path(), quoted.path(), quoted.name, quoted.name, in.name)
	} else if in != nil {
		return fmt.Errorf("packet %d has no layer %q; %s.* fields are in its layer %s: .%s", p.src.Number(), name,
			strings.ToLower(name), in.name, in.path())
	}
	return fmt.Errorf("packet %d has no %s %q; its layers: %s%s", p.src.Number(), what, name,
		strings.Join(have, " "), suggestion(name, append(have, packetMembers.names()...)))
}

// AttrNames returns the attributes and the layers this packet holds.
func (p *Packet) AttrNames() []string {
	p.renew()
	names := packetMembers.names()
	if x, err := p.tree(p.it.context()); err == nil {
		for _, n := range x.layerNames() {
			if n = normalize(n); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	return names
}

// Get returns pkt['dns'] or pkt[2].
func (p *Packet) Get(k starlark.Value) (starlark.Value, bool, error) {
	p.renew()
	ctx := p.it.context()
	switch k := k.(type) {
	case starlark.String:
		l, err := p.layer(ctx, string(k))
		switch {
		case err != nil:
			return nil, false, err
		case l != nil:
			return l, true, nil
		}
		return nil, false, p.noLayer(ctx, string(k), "layer")
	case starlark.Int:
		x, err := p.tree(ctx)
		if err != nil {
			return nil, false, err
		}
		n, ok := k.Int64()
		i := int(n)
		if i < 0 {
			i += len(x.layers)
		}
		if !ok || i < 0 || i >= len(x.layers) {
			return nil, false, fmt.Errorf("layer index %s out of range: packet %d has %d layers: %s",
				k, p.src.Number(), len(x.layers), strings.Join(x.layerNames(), " "))
		}
		return x.layers[i], true, nil
	}
	return nil, false, fmt.Errorf("a packet is indexed by a layer's name or number, got %s", k.Type())
}

// Has is name in pkt. What is no name is not in a packet.
func (p *Packet) Has(k starlark.Value) (bool, error) {
	p.renew()
	name, ok := starlark.AsString(k)
	if !ok {
		return false, nil
	}
	return p.has(p.it.context(), name)
}

// Iterate goes through the layers.
func (p *Packet) Iterate() starlark.Iterator {
	p.renew()
	x, err := p.tree(p.it.context())
	if err != nil {
		p.it.fail(err)
		return starlark.Tuple(nil).Iterate()
	}
	return layerList(x.layers).Iterate()
}

func layerList(layers []*Layer) *starlark.List {
	out := make([]starlark.Value, len(layers))
	for i, l := range layers {
		out[i] = l
	}
	return starlark.NewList(out)
}

func (it *Interp) show(r result.Result) {
	if it.cfg.Show != nil {
		it.cfg.Show(r)
		return
	}
	if t, ok := r.(*result.Tree); ok {
		it.write(treeText(t.Nodes, 0))
	}
}

// treeText is a tree's labels, indented by tabs as PyShark prints them.
func treeText(nodes []*dissect.Field, depth int) string {
	var b strings.Builder
	dissect.Walk(nodes, func(f *dissect.Field, d int) bool {
		if !f.Hidden {
			b.WriteString(strings.Repeat("\t", depth+d))
			b.WriteString(f.Label)
			b.WriteByte('\n')
		}
		return true
	})
	return b.String()
}

func packetInterp(p *Packet) *Interp { return p.it }

// ofRow returns the getter of a column of the packet list.
func ofRow(get func(r *engine.Row) string) func(context.Context, *Packet) (starlark.Value, error) {
	return func(ctx context.Context, p *Packet) (starlark.Value, error) {
		r, err := p.summary(ctx)
		if err != nil {
			return nil, err
		}
		return starlark.String(get(r)), nil
	}
}

// ofField returns the getter of the first field there is among names, each
// "layer.field"; None when there is none.
func ofField(names ...string) func(context.Context, *Packet) (starlark.Value, error) {
	return func(ctx context.Context, p *Packet) (starlark.Value, error) {
		for _, n := range names {
			protocol, _, _ := strings.Cut(n, ".")
			l, err := p.layer(ctx, protocol)
			if err != nil {
				return nil, err
			}
			if l == nil {
				continue
			}
			f, err := l.field(ctx, n)
			switch {
			case err != nil:
				return nil, err
			case f != nil:
				return f, nil
			}
		}
		return starlark.None, nil
	}
}

func highestLayer(ctx context.Context, p *Packet) (starlark.Value, error) {
	var names []string
	if p.index != nil {
		names = p.index.names()
	} else {
		var err error
		if names, err = p.src.Layers(ctx); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Backward(names) {
		if !isPseudo(name) {
			return starlark.String(strings.ToUpper(name)), nil
		}
	}
	return starlark.String("DATA"), nil
}

func transportLayer(ctx context.Context, p *Packet) (starlark.Value, error) {
	name, sure := "", false
	if p.index == nil {
		name, sure = p.src.Transport(ctx)
	}
	if !sure {
		x, err := p.tree(ctx)
		if err != nil {
			return nil, err
		}
		if l := x.transport(); l != nil {
			name = l.name
		}
	}
	if name == "" {
		return starlark.None, nil
	}
	return starlark.String(strings.ToUpper(name)), nil
}

func showPacket(ctx context.Context, p *Packet, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	x, err := p.tree(ctx)
	if err != nil {
		return nil, err
	}
	p.it.show(&result.Tree{Tree: x.tree, Nodes: x.tree.Nodes})
	return starlark.None, nil
}

func sniffTime(_ context.Context, p *Packet) (starlark.Value, error) {
	t, ok := p.src.Time()
	if !ok {
		return starlark.None, nil
	}
	return newMoment(t), nil
}

func sniffTimestamp(_ context.Context, p *Packet) (starlark.Value, error) {
	t, ok := p.src.Time()
	if !ok {
		return starlark.None, nil
	}
	return newString(epoch(t))
}

func rawPacket(_ context.Context, p *Packet, c invocation) (starlark.Value, error) {
	if err := c.unpack(); err != nil {
		return nil, err
	}
	b, err := p.src.Bytes()
	if err != nil {
		return nil, err
	}
	return starlark.Bytes(b), nil
}

func multipleLayers(ctx context.Context, p *Packet, c invocation) (starlark.Value, error) {
	var name string
	if err := c.unpack("layer_name", &name); err != nil {
		return nil, err
	}
	x, err := p.tree(ctx)
	if err != nil {
		return nil, err
	}
	return layerList(x.byName[normalize(name)]), nil
}

// packetMembers are PyShark's attributes of a packet and ours.
var packetMembers = members[*Packet]{
	"number":          {detail: "frame number, from 1", get: func(_ context.Context, p *Packet) (starlark.Value, error) { return newInt(int(p.src.Number())) }},
	"length":          {detail: "length on the wire in bytes", get: func(_ context.Context, p *Packet) (starlark.Value, error) { return newInt(p.src.Length()) }},
	"captured_length": {detail: "bytes that were captured", get: func(_ context.Context, p *Packet) (starlark.Value, error) { return newInt(p.src.CapturedLength()) }},
	"sniff_time":      {detail: "when it was captured: a time", get: sniffTime},
	"sniff_timestamp": {detail: "seconds since 1970 as text, with nanoseconds", kind: kindString, get: sniffTimestamp},
	"interface_captured": {detail: "name of the interface, or None", kind: kindString, get: func(_ context.Context, p *Packet) (starlark.Value, error) {
		if name, ok := p.src.Interface(); ok {
			return newString(name)
		}
		return starlark.None, nil
	}},
	"layers": {detail: "list of its layers", kind: kindLayers, get: func(ctx context.Context, p *Packet) (starlark.Value, error) {
		x, err := p.tree(ctx)
		if err != nil {
			return nil, err
		}
		return layerList(x.layers), nil
	}},
	"frame_info": {detail: "the frame layer", kind: kindLayer, get: func(ctx context.Context, p *Packet) (starlark.Value, error) {
		l, err := p.layer(ctx, "frame")
		switch {
		case err != nil:
			return nil, err
		case l == nil:
			return nil, errors.New("this packet's dissection has no frame layer")
		}
		return l, nil
	}},
	"highest_layer":   {detail: "name of the last layer", kind: kindString, get: highestLayer},
	"transport_layer": {detail: "TCP, UDP, SCTP, DCCP, ICMP … or None", kind: kindString, get: transportLayer},
	"malformed": {detail: "whether Wireshark calls it malformed", get: func(ctx context.Context, p *Packet) (starlark.Value, error) {
		x, err := p.tree(ctx)
		if err != nil {
			return nil, err
		}
		return starlark.Bool(x.has("_ws.malformed")), nil
	}},
	"summary_line": {detail: "its row in the packet list as text", kind: kindString, get: func(ctx context.Context, p *Packet) (starlark.Value, error) {
		s, err := p.summaryLine(ctx)
		return starlark.String(s), err
	}},
	"no":          {detail: "summary: number as text", kind: kindString, get: ofRow(func(r *engine.Row) string { return fmt.Sprint(r.Number) })},
	"time":        {detail: "summary: time", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Time })},
	"delta":       {detail: "summary: seconds since the packet before", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Delta })},
	"source":      {detail: "summary: source address", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Source })},
	"destination": {detail: "summary: destination address", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Destination })},
	"protocol":    {detail: "summary: protocol", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Protocol })},
	"info":        {detail: "summary: info", kind: kindString, get: ofRow(func(r *engine.Row) string { return r.Info })},
	"stream":      {detail: "TCP or UDP stream number, or None", kind: kindField, get: ofField("tcp.stream", "udp.stream")},
	"window":      {detail: "TCP window, or None", kind: kindField, get: ofField("tcp.window_size_value", "tcp.window_size")},
	"ip_id":       {detail: "identification of the IPv4 header, or None", kind: kindField, get: ofField("ip.id")},
	"host":        {detail: "host that an HTTP request asks for, or None", kind: kindField, get: ofField("http.host", "http2.headers.authority")},

	"pretty_print":        method(packetInterp, "pretty_print", "show every layer and field", kindUnknown, showPacket),
	"show":                method(packetInterp, "show", "same as pretty_print", kindUnknown, showPacket),
	"get_raw_packet":      method(packetInterp, "get_raw_packet", "the captured bytes", kindUnknown, rawPacket),
	"get_multiple_layers": method(packetInterp, "get_multiple_layers", "every layer of a name", kindLayers, multipleLayers),
}
