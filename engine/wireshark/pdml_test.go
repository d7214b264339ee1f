package wireshark

import (
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// This file reads PDML, which trees are held against.

// parsePDML reads tshark's PDML (doc/README.xml-output): a <packet> of <proto>
// and <field> elements. The first proto, geninfo, is not Wireshark's and is left
// out. encoding/xml does not do here: tshark lets control characters through.
func parsePDML(text string) ([]*dissect.Tree, error) {
	var trees []*dissect.Tree
	var open []*dissect.Field
	for {
		i := strings.IndexByte(text, '<')
		if i < 0 {
			return trees, nil
		}
		text = text[i+1:]
		tag, rest, ok := cutTag(text)
		if !ok {
			return nil, errors.New("PDML: a tag without end")
		}
		text = rest
		kind, attributes, _ := strings.Cut(strings.TrimSuffix(tag, "/"), " ")
		switch kind {
		case "packet":
			trees, open = append(trees, &dissect.Tree{}), nil
		case "/proto", "/field":
			if len(open) == 0 {
				return nil, fmt.Errorf("PDML: got <%s>, which nothing opened", kind)
			}
			open = open[:len(open)-1]
		case "proto", "field":
			if len(trees) == 0 {
				return nil, fmt.Errorf("PDML: got <%s> before <packet>", kind)
			}
			t := trees[len(trees)-1]
			f := pdmlField(attributes, kind == "proto")
			if f.Name == "frame.number" {
				if n, err := strconv.ParseUint(f.Show, 10, 32); err == nil && t.Frame == 0 {
					t.Frame = uint32(n)
				}
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.Children = append(parent.Children, f)
			case f.Name != "geninfo":
				t.Nodes = append(t.Nodes, f)
			}
			if !strings.HasSuffix(tag, "/") {
				open = append(open, f)
			}
		}
	}
}

// cutTag returns what stands before the '>' that is not inside quotes.
func cutTag(text string) (tag, rest string, ok bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			quoted = !quoted
		case '>':
			if !quoted {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

// pdmlField reads the attributes of an element.
func pdmlField(attributes string, protocol bool) *dissect.Field {
	f := &dissect.Field{Protocol: protocol}
	showname := false
	for {
		name, rest, ok := strings.Cut(attributes, `="`)
		if !ok {
			break
		}
		value, after, _ := strings.Cut(rest, `"`)
		attributes = after
		value = html.UnescapeString(value)
		switch strings.TrimSpace(name) {
		case "name":
			f.Name = value
		case "showname":
			f.Label, showname = value, true
		case "show":
			f.Show = value
		case "pos":
			f.Pos, _ = strconv.Atoi(value)
		case "size":
			f.Size, _ = strconv.Atoi(value)
		case "hide":
			f.Hidden = value == "yes"
		}
	}
	switch {
	case f.Name == "":
		if !showname {
			f.Label = f.Show // a line of text
		}
		f.Show = ""
	case protocol:
		f.Show = ""
	}
	return f
}
