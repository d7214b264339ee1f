package filter

import (
	"fmt"
	"strings"
)

// Dump returns the checked expression as an indented tree, one node a line,
// with the type of every operand: what `filter --ast` shows.
func (c *Checked) Dump() string {
	if c.root == nil {
		return "every packet\n"
	}
	var d dumper
	c.root.dump(&d)
	return d.String()
}

type dumper struct {
	strings.Builder
	depth int
}

// line writes one node and then, one level deeper, its children.
func (d *dumper) line(text string, children ...interface{ dump(*dumper) }) {
	fmt.Fprintf(d, "%s%s\n", strings.Repeat("  ", d.depth), text)
	d.depth++
	for _, c := range children {
		c.dump(d)
	}
	d.depth--
}

func quantifierName(all bool) string {
	if all {
		return "all "
	}
	return "any "
}

func (t *checkedLogical) dump(d *dumper) { d.line(t.op, t.left, t.right) }
func (t *checkedNot) dump(d *dumper)     { d.line("!", t.x) }
func (t *checkedExists) dump(d *dumper)  { d.line("exists", t.x) }

func (t *checkedComparison) dump(d *dumper) {
	if t.op == "matches" {
		d.line(fmt.Sprintf("%smatches %q", quantifierName(t.all), t.pattern), t.left)
		return
	}
	d.line(quantifierName(t.all)+t.op, t.left, t.right)
}

func (t *checkedMembership) dump(d *dumper) {
	children := []interface{ dump(*dumper) }{t.left}
	for _, item := range t.set {
		children = append(children, item)
	}
	d.line(quantifierName(t.all)+"in", children...)
}

func (i checkedItem) dump(d *dumper) {
	if i.high == nil {
		i.low.dump(d)
		return
	}
	d.line("range", i.low, i.high)
}

func (f *fieldOperand) dump(d *dumper) {
	layer := ""
	if f.layers != nil {
		layer = "#" + f.text
	}
	d.line(fmt.Sprintf("%s%s %s", f.info.Name, layer, f.name))
}

func (c *constant) dump(d *dumper) { d.line(fmt.Sprintf("constant %v %s", c.value, c.name)) }

func (s *sliceOperand) dump(d *dumper) {
	text := s.text
	if s.ranges == nil {
		text = "[:]"
	}
	d.line("slice "+text, s.x)
}

func (c *callOperand) dump(d *dumper) {
	children := make([]interface{ dump(*dumper) }, len(c.args))
	for i, a := range c.args {
		children[i] = a
	}
	d.line(c.name+"() "+c.fieldType.name, children...)
}

func (a *arithmeticOperand) dump(d *dumper) {
	if a.left == nil {
		d.line("unary "+a.op, a.right)
		return
	}
	d.line(a.op, a.left, a.right)
}
