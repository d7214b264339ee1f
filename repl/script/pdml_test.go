package script

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"

	"pktsh/engine/plan"
)

// This file holds what a script sees of packets' layers and fields against
// `tshark -2 -n -T pdml`, on captures that none of us made. They are chosen by a
// fixed rule: of all, sorted by path, every n-th so that there are 300, and of each
// the first 50 packets. go test takes 12 of the 300; PKTSH_PDML=n takes n, and more than
// those 300 for a larger n; PKTSH_PDML_ONLY='a.pcap b.pcap' takes those named.

const (
	pdmlCaptures  = 300
	pdmlPackets   = 50
	pdmlNormally  = 12
	pdmlTolerated = 3 // differences of a capture that are printed
)

// acceptedInPDML are the differences from PDML that are accepted, by field and,
// unless all of it may differ, what of it; with the reason.
var acceptedInPDML = map[string]string{
	"tcp.completeness":                   "what of a conversation was seen so far; each dissection of a packet counts as seeing it, so asking twice changes the answer",
	"http.response_for.uri":              "the request that was dissected last in the conversation, which need not be the one before",
	"per.extension_bit showname":         perBits,
	"per.extension_present_bit showname": perBits,
	"per.optional_field_bit showname":    perBits,
	"per.small_number_bit showname":      perBits,
}

const perBits = "packet-per.c draws the bit at its place in the message, without \" = \"; sharkd leaves these hidden fields out, and Lua tells a label behind its first \": \" only"

// acceptedPart says whether a part of a field may differ.
func acceptedPart(field, part string) bool {
	return acceptedInPDML[field] != "" || acceptedInPDML[field+" "+part] != ""
}

// pdmlElement is a proto or field of PDML.
type pdmlElement struct {
	proto                             bool
	name, show, showname, value, hide string
	pos, size                         string
	below                             []*pdmlElement
}

// readPDML returns the elements of each packet. It is not encoding/xml since tshark
// lets line ends and bytes that are not UTF-8 through.
func readPDML(text string) (packets [][]*pdmlElement, err error) {
	var open []*pdmlElement
	for {
		_, rest, found := strings.Cut(text, "<")
		if !found {
			return packets, nil
		}
		quoted := false
		end := strings.IndexFunc(rest, func(r rune) bool {
			quoted = quoted != (r == '"')
			return r == '>' && !quoted
		})
		if end < 0 {
			return packets, errors.New("PDML: a tag without end")
		}
		var tag string
		tag, text = rest[:end], rest[end+1:]
		kind, attributes, _ := strings.Cut(strings.TrimSuffix(tag, "/"), " ")
		switch kind {
		case "packet":
			packets = append(packets, nil)
		case "/proto", "/field":
			open = open[:len(open)-1]
		case "proto", "field":
			e := &pdmlElement{proto: kind == "proto"}
			for attributes != "" {
				name, rest, ok := strings.Cut(attributes, `="`)
				if !ok {
					break
				}
				value, after, _ := strings.Cut(rest, `"`)
				attributes = after
				value = html.UnescapeString(value)
				if at := map[string]*string{"name": &e.name, "show": &e.show, "showname": &e.showname, "value": &e.value,
					"hide": &e.hide, "pos": &e.pos, "size": &e.size}[strings.TrimSpace(name)]; at != nil {
					*at = value
				}
			}
			last := len(packets) - 1
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.below = append(parent.below, e)
			} else {
				packets[last] = append(packets[last], e)
			}
			if !strings.HasSuffix(tag, "/") {
				open = append(open, e)
			}
		}
	}
}

// seenField is a field as a script, or PDML, has it.
type seenField struct {
	name, show, showname, raw, pos, size string
	hide                                 bool
}

// seenLayer is a layer with its fields, those of protocols inside it apart.
type seenLayer struct {
	name   string
	fields []seenField
}

// inPDML are the layers of a packet of PDML. Its wrappers are none: they stand
// round "data", which is a layer, and round fields beside the protocols, which
// belong to the first layer of their name. An expert item beside them is in none.
func inPDML(packet []*pdmlElement) []*seenLayer {
	var out []*seenLayer
	var walk func(l *seenLayer, elements []*pdmlElement)
	open := func(e *pdmlElement) {
		l := &seenLayer{name: e.name}
		out = append(out, l)
		walk(l, e.below)
	}
	walk = func(l *seenLayer, elements []*pdmlElement) {
		for _, e := range elements {
			switch {
			case e.proto && e.hide == "yes": // what Wireshark does not show is no layer
				continue
			case e.proto, e.name == "data":
				open(e)
				continue
			case e.name != "":
				l.fields = append(l.fields, seenField{e.name, e.show, e.showname, strings.ToLower(e.value), e.pos, e.size, e.hide == "yes"})
			}
			walk(l, e.below)
		}
	}
	var beside []*pdmlElement
	for _, e := range packet {
		switch {
		case e.name == "geninfo":
		case e.proto && e.hide == "yes":
		case e.name == "fake-field-wrapper" && len(e.below) == 1 && e.below[0].name == "data":
			open(e.below[0])
		case e.name == "fake-field-wrapper":
			beside = append(beside, e.below...)
		case e.proto:
			open(e)
		}
	}
	for _, e := range beside {
		owner, _, _ := strings.Cut(e.name, ".")
		if i := slices.IndexFunc(out, func(l *seenLayer) bool { return l.name == owner }); i >= 0 {
			walk(out[i], []*pdmlElement{e})
		}
	}
	return out
}

// inScript are the layers of a packet as a script goes through them.
func inScript(t *testing.T, p *Packet) []*seenLayer {
	t.Helper()
	var out []*seenLayer
	var walk func(l *Layer)
	walk = func(l *Layer) {
		seen := &seenLayer{name: l.name}
		out = append(out, seen)
		each(l, func(v starlark.Value) {
			f := v.(*Field)
			text := func(name string) string {
				got, err := f.Attr(name)
				if err != nil {
					t.Fatalf("frame %d: %s.%s: %v", p.src.Number(), f.filterName(), name, err)
				}
				if s, ok := starlark.AsString(got); ok {
					return s
				}
				if got == starlark.None { // PDML without the attribute
					return ""
				}
				return got.String()
			}
			seen.fields = append(seen.fields, seenField{text("name"), text("show"), text("showname"), strings.ToLower(text("raw_value")),
				text("pos"), text("size"), text("hide") == "True"})
		})
		inside, err := l.Attr("layers")
		if err != nil {
			t.Fatal(err)
		}
		each(inside.(starlark.Iterable), func(v starlark.Value) { walk(v.(*Layer)) })
	}
	frame, err := p.Attr("frame_info")
	if err != nil {
		t.Fatal(err)
	}
	walk(frame.(*Layer))
	each(p, func(v starlark.Value) { walk(v.(*Layer)) })
	return out
}

func each(values starlark.Iterable, fn func(starlark.Value)) {
	i := values.Iterate()
	defer i.Done()
	var v starlark.Value
	for i.Next(&v) {
		fn(v)
	}
}

// xmlText is a text as PDML can hold it (epan/print.c, print_escaped_xml).
func xmlText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; (c < 0x20 || c == 0x7f) && c != '\n' && c != '\r' && c != '\t' {
			fmt.Fprintf(&b, `\x%x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// differences are those between a packet's layers, by kind.
func differences(got, want []*seenLayer) (out []pdmlDifference) {
	names := func(layers []*seenLayer) string {
		var names []string
		for _, l := range layers {
			names = append(names, l.name)
		}
		return strings.Join(names, " ")
	}
	if g, w := names(got), names(want); g != w {
		return []pdmlDifference{{"layers", "", g, w}}
	}
	for i, w := range want {
		g := got[i]
		for k, f := range w.fields {
			if k >= len(g.fields) {
				out = append(out, pdmlDifference{"missing", f.name, "", fmt.Sprint(f)})
				break
			}
			is := g.fields[k]
			if is.name != f.name {
				out = append(out, pdmlDifference{"order", f.name, fmt.Sprint(is), fmt.Sprint(f)})
				break
			}
			for _, part := range []struct{ kind, got, want string }{
				{"show", xmlText(is.show), f.show}, {"showname", xmlText(is.showname), f.showname}, {"raw_value", is.raw, f.raw},
				{"pos", is.pos, f.pos}, {"size", is.size, f.size}, {"hide", strconv.FormatBool(is.hide), strconv.FormatBool(f.hide)},
			} {
				if part.got != part.want && !acceptedPart(f.name, part.kind) {
					out = append(out, pdmlDifference{part.kind, f.name, part.got, part.want})
				}
			}
		}
		if len(g.fields) > len(w.fields) {
			out = append(out, pdmlDifference{"too many", g.fields[len(w.fields)].name, fmt.Sprint(g.fields[len(w.fields)]), ""})
		}
	}
	return out
}

type pdmlDifference struct{ kind, field, got, want string }

func TestLayersEqualPDML(t *testing.T) {
	n := pdmlNormally
	if v, err := strconv.Atoi(os.Getenv("PKTSH_PDML")); err == nil && v > 0 {
		n = v
	}
	kinds := map[string]int{}
	examples := map[string]string{}
	fields, packets, captures := 0, 0, 0
	it, session := realInterp(t, io.Discard, plan.Wireshark)
	if _, err := session.WaitCatalogue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range pdmlSample(t, n) {
		_, name, _ := strings.Cut(path, "captures"+string(filepath.Separator))
		t.Run(name, func(t *testing.T) {
			want := pdmlOf(t, path)
			if len(want) == 0 {
				t.Skip("tshark prints none of its packets")
			}
			captures++
			if err := it.Exec(t.Context(), "c = FileCapture("+strconv.Quote(path)+")", "", 1); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = it.Exec(context.Background(), "c.close()", "", 1) }()
			c := it.main.env["c"].(*Capture)
			failed := 0
			for i, packet := range want {
				p, err := c.at(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				expected := inPDML(packet)
				packets++
				for _, l := range expected {
					fields += len(l.fields)
				}
				for _, d := range differences(inScript(t, p), expected) {
					kind := d.kind + " " + d.field
					kinds[kind]++
					if examples[kind] == "" {
						examples[kind] = fmt.Sprintf("%s %d: got %.300q, want %.300q", name, i+1, d.got, d.want)
					}
					if failed++; failed <= pdmlTolerated {
						t.Errorf("packet %d, %s of %s:\n got %q\nwant %q", i+1, d.kind, d.field, d.got, d.want)
					}
				}
			}
			if failed > pdmlTolerated {
				t.Errorf("and %d more", failed-pdmlTolerated)
			}
		})
	}
	t.Logf("%d fields of %d packets of %d captures", fields, packets, captures)
	for _, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return cmp.Compare(kinds[b], kinds[a]) }) {
		t.Logf("%6d %s: %s", kinds[kind], kind, examples[kind])
	}
}

// pdmlSample returns the n captures that are compared, or skips.
func pdmlSample(t *testing.T, n int) []string {
	t.Helper()
	dir := filepath.Dir(realCapture(t, "README.md"))
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Base(path) != "README.md" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	if len(all) < pdmlCaptures {
		t.Skipf("got %d captures, want %d", len(all), pdmlCaptures)
	}
	if name := os.Getenv("PKTSH_PDML_ONLY"); name != "" {
		return slices.DeleteFunc(all, func(path string) bool {
			return !slices.ContainsFunc(strings.Fields(name), func(part string) bool { return strings.HasSuffix(path, part) })
		})
	}
	of := min(max(n, pdmlCaptures), len(all))
	n = min(n, of)
	out := make([]string, n)
	for i := range out {
		out[i] = all[i*of/n*len(all)/of]
	}
	return out
}

// pdmlOf returns the elements of a capture's first packets. It ends tshark behind them:
// with a filter (-Y), or with fewer packets (-c), it would answer something else, since
// some dissectors note more in the first pass when somebody wants to see it.
func pdmlOf(t *testing.T, path string) [][]*pdmlElement {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tshark", "-2", "-n", "-r", path, "-T", "pdml")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+t.TempDir(), "TZ=UTC")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	in := bufio.NewReader(pipe)
	for seen := 0; seen < pdmlPackets && err == nil; {
		var line string
		line, err = in.ReadString('\n')
		out.WriteString(line)
		if line == "</packet>\n" {
			seen++
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was ended, or the capture is truncated: no error of this test
	packets, err := readPDML(strings.ToValidUTF8(out.String(), "�"))
	if err != nil {
		t.Fatal(err)
	}
	return packets
}
