package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/column"
)

// fakePacket is a packet out of a tree; it counts what was asked of it.
type fakePacket struct {
	tree       *dissect.Tree
	length     int
	row        engine.Row
	treeErr    error
	dissection int
	rows       int
	// headers are the fields that headers surely tell of, nil for none; protocols
	// that none of them is of are surely absent. unsure are the protocols of which
	// headers tell nothing.
	headers map[string]string
	unsure  string
	without string // the protocols that a filter told to be absent
}

func (p *fakePacket) Header(_ context.Context, protocol string) (n int, sure bool) {
	if p.headers == nil || protocol == p.unsure {
		return 0, false
	}
	for name := range p.headers {
		if strings.HasPrefix(name, protocol+".") {
			return 1, true
		}
	}
	return 0, true
}

func (p *fakePacket) HeaderField(_ context.Context, name string) (text string, found, sure bool) {
	text, found = p.headers[name]
	return text, found, p.headers != nil
}

func (p *fakePacket) Expect(string, []string) {}

func (p *fakePacket) Absent(_ context.Context, protocol string) bool {
	return strings.Contains(p.without, protocol)
}

func (p *fakePacket) Transport(ctx context.Context) (protocol string, sure bool) {
	for _, protocol := range []string{"tcp", "udp"} {
		if n, _ := p.Header(ctx, protocol); n > 0 {
			return protocol, true
		}
	}
	return "", p.headers != nil
}

func (p *fakePacket) Number() uint32      { return p.tree.Frame }
func (p *fakePacket) Length() int         { return p.length }
func (p *fakePacket) CapturedLength() int { return p.length }
func (p *fakePacket) Time() (time.Time, bool) {
	return time.Unix(1234567890, 123456789).UTC(), true
}
func (p *fakePacket) Interface() (string, bool) { return "eth0", true }
func (p *fakePacket) Bytes() ([]byte, error)    { return p.tree.Sources[0].Bytes, nil }
func (p *fakePacket) Tree(context.Context) (*dissect.Tree, error) {
	p.dissection++
	return p.tree, p.treeErr
}
func (p *fakePacket) Layers(ctx context.Context) ([]string, error) {
	t, err := p.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range t.Layers() {
		names = append(names, l.Name)
	}
	return names, nil
}
func (p *fakePacket) Dissected() *dissect.Tree {
	if p.dissection > 0 {
		return p.tree
	}
	return nil
}
func (p *fakePacket) Row(context.Context) (engine.Row, error) {
	p.rows++
	return p.row, nil
}

// fakeView is a capture of fake packets. Its filter is a protocol's name.
type fakeView struct {
	packets []*fakePacket
	filter  string
	// endless makes the frames come again and again, for interrupts.
	endless bool
	// pages counts the calls of Rows.
	pages int
	// failAt makes Frames fail when it comes to that frame.
	failAt uint32
}

func (v *fakeView) Path() string                     { return "f.pcap" }
func (v *fakeView) Filter() string                   { return v.filter }
func (v *fakeView) Len(context.Context) (int, error) { return len(v.packets), nil }
func (v *fakeView) Close() error                     { return nil }
func (v *fakeView) Frame(_ context.Context, i int) (uint32, error) {
	return v.packets[i].tree.Frame, nil
}

func (v *fakeView) Frames(ctx context.Context) iter.Seq2[uint32, error] {
	return func(yield func(uint32, error) bool) {
		for {
			for _, p := range v.packets {
				if p.tree.Frame == v.failAt {
					yield(0, errors.New("the file shrank"))
					return
				}
				if !yield(p.tree.Frame, nil) {
					return
				}
			}
			if !v.endless {
				return
			}
		}
	}
}

func (v *fakeView) Rows(_ context.Context, lo, hi int, _ engine.RowOptions) iter.Seq2[engine.Row, error] {
	v.pages++
	return func(yield func(engine.Row, error) bool) {
		for i := lo; i < min(hi, len(v.packets)); i++ {
			if !yield(v.packets[i].row, nil) {
				return
			}
		}
	}
}

func (v *fakeView) Packet(frame uint32) (packetSource, error) {
	for _, p := range v.packets {
		if p.tree.Frame == frame {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no frame %d: f.pcap has frames 1 to %d", frame, len(v.packets))
}

func (v *fakeView) Narrow(_ context.Context, expr string) (viewSource, error) {
	if strings.Contains(expr, "&&&") {
		return nil, errors.New("bad filter")
	}
	out := &fakeView{filter: expr}
	for _, p := range v.packets {
		for _, n := range p.tree.Nodes {
			if n.Name == expr {
				out.packets = append(out.packets, p)
				break
			}
		}
	}
	return out, nil
}

func (v *fakeView) Slice(_ context.Context, start, end, step int) (viewSource, error) {
	out := &fakeView{filter: v.filter}
	for i := start; (step > 0 && i < end) || (step < 0 && i > end); i += step {
		out.packets = append(out.packets, v.packets[i])
	}
	return out, nil
}

func proto(name, label string, children ...*dissect.Field) *dissect.Field {
	return &dissect.Field{Name: name, Label: label, Protocol: true, Children: children}
}

func field(name, label, show string, pos, size int, children ...*dissect.Field) *dissect.Field {
	return &dissect.Field{Name: name, Label: label, Show: show, Pos: pos, Size: size, Children: children}
}

func hidden(f *dissect.Field) *dissect.Field { f.Hidden = true; return f }

// dnsBytes is an Ethernet frame whose offsets the fields of dnsPacket use.
var dnsBytes = []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x08\x00" + // eth
	"\x45\x00\x00\x48\x12\x34\x00\x00\x40\x11\x00\x00\xc0\xa8\x01\x14\xc0\xa8\x01\x01" + // ip
	"\xd4\x31\x00\x35\x00\x34\x00\x00" + // udp
	"\x1a\x2b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01")

// dnsPacket is a DNS query as Wireshark dissects one.
func dnsPacket(number uint32) *fakePacket {
	return &fakePacket{
		length: 71,
		row: engine.Row{Summary: dissect.Summary{Number: number, Source: "192.168.1.20", Destination: "192.168.1.1",
			Protocol: "DNS", Length: 71, Info: "Standard query 0x1a2b A example.org"}, Time: "0.000000", Delta: "0.000000"},
		tree: &dissect.Tree{Frame: number, Sources: []dissect.Source{{Name: "Frame", Bytes: dnsBytes}}, Nodes: []*dissect.Field{
			proto("frame", fmt.Sprintf("Frame %d", number),
				field("frame.number", fmt.Sprintf("Frame Number: %d", number), fmt.Sprint(number), 0, 0),
				field("frame.time_delta", "Time delta from previous captured frame: 0.000250000 seconds", "0.000250000", 0, 0)),
			proto("eth", "Ethernet II",
				field("eth.dst", "Destination: 00:01:02:03:04:05", "00:01:02:03:04:05", 0, 6),
				field("eth.type", "Type: IPv4 (0x0800)", "0x0800", 12, 2)),
			proto("ip", "Internet Protocol Version 4",
				field("ip.version", "0100 .... = Version: 4", "4", 14, 1),
				field("ip.len", "Total Length: 72", "72", 16, 2),
				field("ip.id", "Identification: 0x1234 (4660)", "0x1234", 18, 2),
				field("ip.ttl", "Time to Live: 64", "64", 22, 1),
				field("ip.src", "Source Address: 192.168.1.20", "192.168.1.20", 26, 4),
				hidden(field("ip.addr", "Source or Destination Address: 192.168.1.20", "192.168.1.20", 26, 4)),
				field("ip.dst", "Destination Address: 192.168.1.1", "192.168.1.1", 30, 4),
				hidden(field("ip.addr", "Source or Destination Address: 192.168.1.1", "192.168.1.1", 30, 4))),
			proto("udp", "User Datagram Protocol",
				field("udp.srcport", "Source Port: 54321", "54321", 34, 2),
				field("udp.dstport", "Destination Port: 53", "53", 36, 2),
				field("udp.stream", "Stream index: 0", "0", 0, 0)),
			proto("dns", "Domain Name System (query)",
				field("dns.id", "Transaction ID: 0x1a2b", "0x1a2b", 42, 2),
				field("dns.flags", "Flags: 0x0100 Standard query", "0x0100", 44, 2,
					field("dns.flags.response", "0... .... .... .... = Response: Message is a query", "0", 44, 2),
					field("dns.flags.opcode", ".000 0... .... .... = Opcode: Standard query (0)", "0", 44, 2)),
				field("dns.count.queries", "Questions: 1", "1", 46, 2),
				field("", "Queries", "", 54, 17,
					field("", "example.org: type A, class IN", "", 54, 17,
						field("dns.qry.name", "Name: example.org", "example.org", 54, 13),
						field("dns.qry.name.len", "[Name Length: 11]", "11", 54, 13)))),
		}},
	}
}

// qinqPacket has two vlan layers, undissected data and a malformed note.
func qinqPacket(number uint32) *fakePacket {
	p := &fakePacket{length: 60,
		row: engine.Row{Summary: dissect.Summary{Number: number, Source: "a", Destination: "b", Protocol: "0x1234", Length: 60, Info: "Ethernet II"}, Time: "1.000000", Delta: "1.000000"},
		tree: &dissect.Tree{Frame: number, Sources: []dissect.Source{{Bytes: dnsBytes}}, Nodes: []*dissect.Field{
			proto("frame", "Frame"),
			proto("eth", "Ethernet II", field("eth.type", "Type: 802.1Q", "0x8100", 12, 2)),
			proto("vlan", "802.1Q Virtual LAN, ID: 5", field("vlan.id", "ID: 5", "5", 14, 2)),
			proto("vlan", "802.1Q Virtual LAN, ID: 6", field("vlan.id", "ID: 6", "6", 18, 2)),
			{Name: "data", Label: "Data (2 bytes)", Protocol: true, Pos: 18, Size: 2, Children: []*dissect.Field{
				field("data.data", "Data: 1234", "12:34", 18, 2)}},
			proto("_ws.malformed", "[Malformed Packet]"),
		}}}
	return p
}

// icmpPacket has an IP header nested in its ICMP layer.
func icmpPacket(number uint32) *fakePacket {
	return &fakePacket{length: 70,
		row: engine.Row{Summary: dissect.Summary{Number: number, Source: "10.0.0.1", Destination: "10.0.0.2", Protocol: "ICMP", Length: 70, Info: "Destination unreachable"}, Time: "2.000000", Delta: "1.000000"},
		tree: &dissect.Tree{Frame: number, Sources: []dissect.Source{{Bytes: dnsBytes}}, Nodes: []*dissect.Field{
			proto("frame", "Frame"),
			proto("ip", "Internet Protocol Version 4", field("ip.src", "Source Address: 10.0.0.1", "10.0.0.1", 26, 4)),
			proto("icmp", "Internet Control Message Protocol",
				field("icmp.type", "Type: 3 (Destination unreachable)", "3", 34, 1),
				proto("ip", "Internet Protocol Version 4", field("ip.src", "Source Address: 10.0.0.9", "10.0.0.9", 26, 4))),
		}}}
}

// harness is an interpreter with `cap` and `pkt` over the fake packets.
type harness struct {
	*Interp
	out     bytes.Buffer
	view    *fakeView
	notices []string
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	h := &harness{view: &fakeView{packets: []*fakePacket{dnsPacket(1), qinqPacket(2), icmpPacket(3), dnsPacket(4)}}}
	h.Interp = New(Config{
		Out:    &h.out,
		Echo:   func(s string) { h.out.WriteString(s + "\n") },
		Notice: func(s string) { h.notices = append(h.notices, s) },
		Dir:    t.TempDir(),
	})
	h.main.env["cap"] = h.newCapture(h.view)
	h.main.env["pkt"] = h.newPacket(h.view.packets[0], false)
	return h
}

// exec runs source and returns what was printed and echoed.
func (h *harness) exec(src string) (string, error) {
	h.out.Reset()
	err := h.Exec(context.Background(), src, "test.star", 1)
	return h.out.String(), err
}

func (v *fakeView) CountBy(ctx context.Context, field string) ([]column.Count, error) {
	packets, err := v.Values(ctx, field)
	if err != nil {
		return nil, err
	}
	var out []column.Count
	for values := range packets {
		for _, value := range values {
			i := slices.IndexFunc(out, func(c column.Count) bool { return c.Value == value })
			if i < 0 {
				i = len(out)
				out = append(out, column.Count{Value: value})
			}
			out[i].N++
		}
	}
	return out, nil
}

func (v *fakeView) Values(_ context.Context, field string) (iter.Seq[[]string], error) {
	if !strings.Contains(field, ".") {
		return nil, fmt.Errorf("%s is neither a field nor a protocol", field)
	}
	return func(yield func([]string) bool) {
		for _, p := range v.packets {
			var values []string
			for _, f := range p.tree.Values(field) {
				values = append(values, f.Show)
			}
			if !yield(values) {
				return
			}
		}
	}, nil
}

func (v *fakeView) Table(ctx context.Context, fields []string) (iter.Seq[[][]string], error) {
	columns := make([][][]string, len(fields))
	for i, field := range fields {
		packets, err := v.Values(ctx, field)
		if err != nil {
			return nil, err
		}
		columns[i] = slices.Collect(packets)
	}
	return func(yield func([][]string) bool) {
		row := make([][]string, len(fields))
		for place := range v.packets {
			for i := range fields {
				row[i] = columns[i][place]
			}
			if !yield(row) {
				return
			}
		}
	}, nil
}

func (v *fakeView) FieldType(_ context.Context, name string) (dissect.Type, error) {
	info, _ := dissect.NativeCatalogue().Lookup(name)
	return info.Type, nil
}

// Sort orders by the text of the first occurrence.
func (v *fakeView) Sort(_ context.Context, field string, reverse bool) (viewSource, error) {
	text := func(p *fakePacket) string {
		for _, f := range p.tree.Values(field) {
			return f.Show
		}
		return ""
	}
	out := &fakeView{packets: slices.Clone(v.packets)}
	slices.SortStableFunc(out.packets, func(a, b *fakePacket) int {
		if reverse {
			a, b = b, a
		}
		return strings.Compare(text(a), text(b))
	})
	return out, nil
}
