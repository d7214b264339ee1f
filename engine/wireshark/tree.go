package wireshark

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"pktsh/dissect"
)

// Tree returns one frame's dissection as PDML has it: fields in order, hidden ones
// (ip.addr, tcp.port, eth.dst_resolved …) included and marked so. Labels are cut at
// 240 characters, as in Wireshark. Without Lua in Wireshark (see fields.lua) hidden
// fields and the names of fields without a value are missing.
//
// Where frames are asked for in a row, the next ones are read in the background.
func (d *Dissector) Tree(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	return d.trees.ask(ctx, d, frame, d.readTree)
}

// Outline returns the top level of a tree in less than half the time of Tree, as
// Wireshark shows it: without what is hidden, and without what is below.
func (d *Dissector) Outline(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	return d.outlines.ask(ctx, d, frame, d.readOutline)
}

func (d *Dissector) readTree(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	answer, err := d.askFrame(ctx, frame, "bytes")
	if err != nil {
		return nil, err
	}
	words, err := d.vocabulary(ctx)
	if err != nil {
		return nil, err
	}
	t, err := wholeTree(answer, words, func() {
		d.opts.Logf("wireshark: %s: frame %d: the list of fields is not of this tree", d.in.Path, frame)
	})
	return numbered(t, frame, err)
}

func (d *Dissector) readOutline(ctx context.Context, frame uint32) (*dissect.Tree, error) {
	answer, err := d.askFrame(ctx, frame, "columns")
	if err != nil {
		return nil, err
	}
	t, err := parseTree(answer.result, nil, true)
	return numbered(t, frame, err)
}

func numbered(t *dissect.Tree, frame uint32, err error) (*dissect.Tree, error) {
	if err != nil {
		return nil, fmt.Errorf("frame %d: %w", frame, err)
	}
	t.Frame = frame
	return t, nil
}

// askFrame asks for a frame's tree and one thing more.
func (d *Dissector) askFrame(ctx context.Context, frame uint32, more string) (reply, error) {
	if err := d.checkFrames(ctx, []uint32{frame}); err != nil {
		return reply{}, err
	}
	answer, err := d.ask(ctx, question{
		text: fmt.Sprintf("frame %d", frame),
		build: func(*process) *request {
			return newRequest("frame").num("frame", uint64(frame)).flag("proto").flag(more)
		},
		stall:  d.opts.Deadlines.Frame,
		strict: true,
	})
	if err == nil && answer.code != 0 {
		err = fmt.Errorf("frame %d: sharkd: %s", frame, answer.msg)
	}
	return answer, err
}

// wholeTree reads the reply to frame and the list of fields before it, if there is one;
// it calls mismatch where the two are not of one tree.
func wholeTree(answer reply, words *vocabulary, mismatch func()) (*dissect.Tree, error) {
	if list := parseFields(answer.fields); list != nil {
		t, err := parseTree(answer.result, nil, false) // the list has the values
		if err != nil || complete(t, list, words) {
			return t, err
		}
		mismatch()
	}
	return parseTree(answer.result, words, false)
}

// parseTree reads the reply to frame. Without words, values stay as sharkd
// writes them; a flat tree is its top level only.
func parseTree(result []byte, words *vocabulary, flat bool) (*dissect.Tree, error) {
	t := &dissect.Tree{Sources: make([]dissect.Source, 1)}
	p := treeParser{scanner: scanner{buf: result}, words: words, flat: flat}
	s := &p.scanner
	var more []dissect.Source
	s.object(func(key string) {
		switch key {
		case "tree":
			t.Nodes = p.nodes()
		case "bytes":
			t.Sources[0].Bytes = p.base64()
		case "ds":
			// The sources besides the frame.
			s.array(func() { more = append(more, p.source()) })
		default:
			s.skip()
		}
	})
	if s.err != nil {
		return nil, s.err
	}
	n := len(t.Sources[0].Bytes)
	t.Sources[0].Name = fmt.Sprintf("Frame (%d byte%s)", n, plural(n)) // as epan/packet.c does
	t.Sources = append(t.Sources, more...)
	return t, nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

type treeParser struct {
	scanner
	words *vocabulary
	flat  bool
}

func (p *treeParser) base64() []byte {
	text := p.text()
	out, err := base64.StdEncoding.DecodeString(text)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("a frame's bytes: %w", err)
	}
	return out
}

func (p *treeParser) source() dissect.Source {
	var src dissect.Source
	p.object(func(key string) {
		switch key {
		case "name":
			src.Name = p.text()
		case "bytes":
			src.Bytes = p.base64()
		default:
			p.skip()
		}
	})
	return src
}

// nodes reads an array of nodes.
func (p *treeParser) nodes() []*dissect.Field {
	var out []*dissect.Field
	p.array(func() { out = append(out, p.node()) })
	return out
}

// node reads one node: l label, f filter, fn name (newer versions), h [offset,
// length], ds data source, t type, g generated, s severity, n children.
func (p *treeParser) node() *dissect.Field {
	f := &dissect.Field{}
	var filter, name string
	p.object(func(key string) {
		switch key {
		case "l":
			f.Label = p.text()
		case "f":
			filter = p.text()
		case "fn":
			name = p.text()
		case "h":
			f.Pos, f.Size = p.pair()
		case "ds":
			f.Source = p.number()
		case "t":
			f.Protocol = p.text() == "proto"
		case "g":
			f.Generated = p.text() == "true"
		case "s":
			f.Severity = severities[p.text()]
		case "n":
			if p.flat {
				p.skip()
				break
			}
			f.Children = p.nodes()
		default:
			p.skip()
		}
	})
	if f.Generated {
		f.Label = "[" + f.Label + "]" // as the window and tshark -V show it
	}
	f.Name, f.Show = splitFilter(filter)
	if name != "" {
		f.Name = name
	}
	if f.Name == expertItem {
		// The nodes above carry the severity, the item itself does not.
		f.Severity = max(f.Severity, expertSeverity(f.Children))
		f.Protocol = false // as in PDML
	}
	if f.Protocol {
		f.Show = ""
	} else {
		f.Show = p.words.show(f.Name, f.Show, f.Label)
	}
	return f
}

func (p *treeParser) pair() (a, b int) {
	i := 0
	p.array(func() {
		switch n := p.number(); i {
		case 0:
			a = n
		case 1:
			b = n
		}
		i++
	})
	return a, b
}

var severities = map[string]dissect.Severity{
	"Comment": dissect.SeverityComment,
	"Chat":    dissect.SeverityChat,
	"Note":    dissect.SeverityNote,
	"Warn":    dissect.SeverityWarn, "Warning": dissect.SeverityWarn,
	"Error": dissect.SeverityError,
}

// expertSeverity reads the line "[Severity level: Chat]" below an expert item.
func expertSeverity(below []*dissect.Field) dissect.Severity {
	for _, f := range below {
		if f.Name == "_ws.expert.severity" {
			_, level, _ := strings.Cut(f.Label, ": ")
			return severities[strings.TrimSuffix(level, "]")]
		}
	}
	return dissect.SeverityNone
}

// splitFilter takes the field's name and value out of a node's filter string
// (proto_construct_match_selected_string in epan/proto.c):
//
//	ip.proto == 17            name and value
//	dns.qry.name == "a\"b"    a quoted value, unquoted here
//	tcp.analysis.flags        a field without a value, or a protocol
//	frame[60:6] == 00:01:02   a field without a value that has bytes: sharkd
//	                          names the frame, not the field, so the name is ""
func splitFilter(filter string) (name, show string) {
	name, value, ok := strings.Cut(filter, " == ")
	if strings.HasPrefix(name, "frame[") || name == textOnly {
		return "", "" // it is Wireshark's pseudo field for a line of text
	}
	if !ok {
		return name, ""
	}
	return name, unquote(value)
}

// unquote removes the quotes and escapes of a display filter string.
func unquote(v string) string {
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return v
	}
	v = v[1 : len(v)-1]
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] != '\\' || i+1 == len(v) {
			b.WriteByte(v[i])
			continue
		}
		i++
		switch v[i] {
		case 'a':
			b.WriteByte('\a')
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'v':
			b.WriteByte('\v')
		default:
			b.WriteByte(v[i])
		}
	}
	return b.String()
}
