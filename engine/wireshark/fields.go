package wireshark

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pktsh/dissect"
)

// This file completes the tree of sharkd's reply to frame by the list of fields
// that a script of ours writes before it: with hidden fields, the names of fields
// that have no value and the places of those that have no bytes. The list is from
// the same dissection; together they hold what PDML does.

// fieldsScript is run by the sharkd that reads it out of its profile. Where
// Wireshark was built without Lua, or its administrator forbids scripts, there is
// no list, and a tree is what the reply says.
//
//go:embed fields.lua
var fieldsScript string

// fieldsHeader reads the line before a list of fields: "#fields BYTES".
func fieldsHeader(line []byte) (size int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("#fields "))
	if !ok {
		return 0, false
	}
	size, err := strconv.Atoi(strings.TrimSuffix(string(rest), "\n"))
	return size, err == nil && size >= 0 && size < maxReply
}

// listed is an entry of the list of fields.
type listed struct {
	name                   string
	pos, size              int
	protocol, none, hidden bool
	back                   int // to an entry of the same buffer, of one that may be unshown; 0 for none
	value, display         string
}

// parseFields reads the list of fields; nil when it is none.
func parseFields(list []byte) []listed {
	text := string(list)
	out := make([]listed, 0, strings.Count(text, "\x00")/6)
	for text != "" {
		var f listed
		var parts [6]string
		for i := range parts {
			var ok bool
			if parts[i], text, ok = strings.Cut(text, "\x00"); !ok {
				return nil
			}
		}
		f.name, f.value, f.display = parts[0], parts[4], parts[5]
		var err1, err2 error
		f.pos, err1 = strconv.Atoi(parts[1])
		f.size, err2 = strconv.Atoi(parts[2])
		if err1 != nil || err2 != nil {
			return nil
		}
		f.protocol = strings.Contains(parts[3], "p")
		f.none = strings.Contains(parts[3], "n")
		f.hidden = strings.Contains(parts[3], "h")
		if i := strings.IndexAny(parts[3], "0123456789"); i >= 0 {
			f.back, _ = strconv.Atoi(parts[3][i:])
		}
		if strings.HasPrefix(f.name, "_ws.lua") {
			continue // the script's own
		}
		out = append(out, f)
	}
	return out
}

// place is a node of the tree with the nodes above it.
type place struct {
	node  *dissect.Field
	above *place // nil for the tree itself
}

// completer goes through the list and the tree together.
type completer struct {
	tree  *dissect.Tree
	words *vocabulary
	shown []*place                    // the reply's nodes, in order
	added map[*place][]*dissect.Field // the nodes below a place, in order; nil for the tree
}

// complete adds to a tree what the list has more. It reports whether the two are of
// one tree, and changes nothing if not.
func complete(t *dissect.Tree, list []listed, words *vocabulary) bool {
	c := completer{tree: t, words: words, added: map[*place][]*dissect.Field{}}
	c.flatten(t.Nodes, nil)
	pairs := c.pair(list)
	if pairs == nil {
		return false
	}
	last := (*place)(nil)
	next := 0
	nodes := make([]*dissect.Field, len(list))
	for i, f := range list {
		if at := pairs[i]; at != nil {
			describe(at.node, f)
			nodes[i] = at.node
			c.added[at.above] = append(c.added[at.above], at.node)
			last = at
			next++
			continue
		}
		var coming *place
		if next < len(c.shown) {
			coming = c.shown[next]
		}
		above := c.parent(f, last, coming)
		n := c.unshown(f)
		if nodes[i] = n; f.back > 0 && f.back <= i {
			n.Source = nodes[i-f.back].Source
		}
		c.added[above] = append(c.added[above], n)
		if f.name == "_ws.expert.group" && above != nil && !f.hidden {
			nameExpert(above.node, c.added[above])
		}
		last = &place{n, above}
	}
	t.Nodes = c.added[nil]
	for at, nodes := range c.added {
		if at != nil {
			at.node.Children = nodes
		}
	}
	return true
}

func (c *completer) flatten(nodes []*dissect.Field, above *place) {
	for _, n := range nodes {
		at := &place{n, above}
		c.shown = append(c.shown, at)
		c.flatten(n.Children, at)
	}
}

// pair finds, for each entry of the list, the node that it is; nil for those that
// the reply leaves out: hidden ones and what is below them. What is below them ends with
// the next node that is shown; where an entry looks like that and is not, the rest does
// not fit, and it is tried again without.
func (c *completer) pair(list []listed) []*place {
	type choice struct{ entry, next int }
	var taken []choice
	refused := map[choice]bool{}
	pairs := make([]*place, len(list))
	next, hidden := 0, false
	for i := 0; ; i++ {
		fits := true
		switch {
		case i == len(list):
			if next == len(c.shown) {
				return pairs
			}
			fits = false
		case list[i].hidden:
			hidden = true
		case next < len(c.shown) && list[i].is(c.shown[next].node) && !refused[choice{i, next}]:
			if hidden {
				taken = append(taken, choice{i, next})
			}
			pairs[i], hidden = c.shown[next], false
			next++
		default:
			fits = hidden
		}
		if fits {
			continue
		}
		if len(taken) == 0 {
			return nil
		}
		last := taken[len(taken)-1]
		taken = taken[:len(taken)-1]
		refused[last] = true
		clear(pairs[last.entry:])
		i, next, hidden = last.entry-1, last.next, true
	}
}

// is says whether an entry can be of a node. The reply has the name of a field without
// values only where that has no bytes.
func (f listed) is(n *dissect.Field) bool {
	if n.Name != f.name && (n.Name != "" || !f.none) {
		return false
	}
	if f.pos < 0 || f.size <= 0 { // the reply leaves such places out
		return n.Size == 0
	}
	return n.Pos == f.pos && n.Size == f.size
}

// describe gives a node what its entry knows better.
func describe(n *dissect.Field, f listed) {
	n.Name, n.Pos, n.Size, n.Show = f.name, f.pos, f.size, f.value
	if f.name == textOnly {
		n.Name = ""
	}
	n.Protocol = f.protocol && f.name != expertItem
}

const (
	textOnly   = "text"       // Wireshark's pseudo field for a line of text
	expertItem = "_ws.expert" // a protocol to Wireshark, and a field to PDML
)

// nameExpert gives an expert item that is not shown its whole label, of which the list
// has the end: its level and group stand in the fields below it.
func nameExpert(item *dissect.Field, below []*dissect.Field) {
	part := func(name string) string {
		for _, n := range below {
			if n.Name == name {
				_, text, _ := strings.Cut(n.Label, ": ")
				return text
			}
		}
		return ""
	}
	if !strings.HasPrefix(item.Label, "Expert Info (") && !strings.HasPrefix(item.Label, "[Expert Info (") {
		item.Label = fmt.Sprintf("Expert Info (%s/%s): %s", part("_ws.expert.severity"), part("_ws.expert.group"), item.Label)
	}
}

// unshown makes the node of an entry that the reply leaves out.
func (c *completer) unshown(f listed) *dissect.Field {
	n := &dissect.Field{Hidden: f.hidden}
	describe(n, f)
	n.Label = f.display
	if !f.protocol && c.words != nil {
		n.Label = c.words.label(f)
	}
	return n
}

// parent finds where an entry that is not shown belongs: somewhere on the way up
// from the node before it to what is above the node after it. The list does not
// say how deep it is.
func (c *completer) parent(f listed, last *place, next *place) *place {
	var below *place
	if next != nil {
		below = next.above
	}
	if last == nil || last == below {
		return below
	}
	marked := marks(last)
	switch {
	case !f.hidden, f.marker():
		return underHidden(f, last, marked)
	case f.protocol:
		return below
	case last.node.Name == expertItem, last.node.Protocol && marked == nil && !ahead(f, last, next):
		return last
	}
	beside := last.above
	if marked != nil {
		if beside = marked; marked != below && !slices.ContainsFunc(c.added[marked], func(n *dissect.Field) bool { return !isMarker(n.Name) }) {
			beside = marked.above // a field that nothing but its marks are below of
		}
	}
	if below == nil && (beside == nil || ahead(f, beside, next)) {
		return nil
	}
	// It stands there, unless that is of another protocol, or below a node that begins
	// behind it.
	for at := beside; at != nil && at != below; at = at.above {
		foreign := at.node.Protocol && !strings.HasPrefix(f.name, at.node.Name+".") && owned(f.name, at.above)
		behind := f.pos < at.node.Pos && (f.pos > 0 || f.size > 0)
		if foreign || behind {
			beside = at.above
		}
	}
	return beside
}

// ahead says that a field is of the protocol that comes next, before which it stands,
// and not of those that it might be in.
func ahead(f listed, in, next *place) bool {
	return next != nil && next.node.Protocol && strings.HasPrefix(f.name, next.node.Name+".") && !owned(f.name, in)
}

// underHidden returns the parent of an entry that is not hidden itself, and yet not
// shown, since it is below a hidden node: the last one, or one that the last one is below
// of. An expert item is below what it marks, and its fields are below it.
func underHidden(f listed, last, marked *place) *place {
	switch {
	case marked != nil:
		return marked
	case last.above != nil && last.above.node.Name == expertItem:
		return last.above
	case f.protocol:
		return last
	}
	for at := last; at != nil; at = at.above {
		n := at.node
		inside := n.Pos <= f.pos && f.pos+f.size <= n.Pos+n.Size
		same := n.Pos == f.pos && n.Size == f.size
		if container := n.Protocol || n.Show == "" || at != last && !same; inside && (container || !same) || n.Hidden {
			return at
		}
	}
	return last
}

// isMarker says whether a name is of what epan/expert.c puts below a node: an expert
// item, and a hidden protocol such as _ws.malformed for filters.
func isMarker(name string) bool { return strings.HasPrefix(name, "_ws.") }

func (f listed) marker() bool { return f.protocol && isMarker(f.name) }

// marks returns the node that a place marks, when it is the end of what marks it: the
// last field of an expert item, or a hidden protocol.
func marks(p *place) *place {
	switch {
	case p.node.Name == "_ws.expert.group" && p.above != nil:
		return p.above.above
	case p.node.Protocol && p.node.Hidden && isMarker(p.node.Name):
		return p.above
	}
	return nil
}

// owned says whether a protocol at a place or above it has a field's name.
func owned(name string, at *place) bool {
	for ; at != nil; at = at.above {
		if at.node.Protocol && strings.HasPrefix(name, at.node.Name+".") {
			return true
		}
	}
	return false
}
