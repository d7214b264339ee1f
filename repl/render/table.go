package render

import (
	"context"
	"strconv"
	"strings"

	humanize "github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"
	"github.com/mitchellh/go-wordwrap"

	"pktsh/repl/result"
)

// firstBlock is how many rows are looked at before the widths are decided. It
// is more than a screen has, so that what is seen together is aligned together.
const firstBlock = 200

// tablePrinter prints the rows of one table as they come. Its methods want the
// output's lock.
type tablePrinter struct {
	r    *Renderer
	out  *output
	cond *runewidth.Condition
	cols []column
	// block holds the rows that came before the widths were decided. Cells are
	// copied: whoever yields rows may use a slice again.
	block []result.Row
	cells []string
	// width is the screen's, titled whether any column has a title.
	width   int
	titled  bool
	settled bool
	ticks   int // how often tick has met an unsettled block
	met     int // how many rows the last tick met
	scratch []cell
	looks   map[result.Color]paint // of rows with colours of their own
}

func (r *Renderer) table(ctx context.Context, t *result.Table) error {
	p := newTablePrinter(r, t.Columns)
	if t.Live {
		return p.live(t)
	}
	stop := r.out.every(flushInterval, p.tick)
	err := p.rows(ctx, t)
	stop()

	r.out.mu.Lock()
	switch {
	case err == nil && len(p.block) == 0 && !p.settled && t.Empty != "":
		p.out.buf = append(append(p.out.buf, Escape(t.Empty)...), '\n')
		p.settled = true
	case err == nil:
		p.settle() // a table without rows has titles
	default:
		p.settleIfAny()
	}
	r.out.mu.Unlock()
	if err != nil || !r.style.Interactive {
		return err
	}
	p.footer(t)
	return nil
}

// live prints a table whose rows come one by one, for as long as there are any: the
// first decides the widths, which grow with the others.
func (p *tablePrinter) live(t *result.Table) error {
	for row, err := range t.Rows {
		if err == nil {
			p.out.mu.Lock()
			p.add(row)
			p.settle()
			p.out.write()
			err = p.out.err
			p.out.mu.Unlock()
		}
		if err != nil {
			return err
		}
	}
	if p.r.style.Interactive {
		p.lines(t)
	}
	return nil
}

func newTablePrinter(r *Renderer, columns []result.Column) *tablePrinter {
	p := &tablePrinter{
		r: r, out: r.out, cond: widths(),
		cols:    make([]column, len(columns)),
		scratch: make([]cell, len(columns)),
		looks:   map[result.Color]paint{},
	}
	for i, c := range columns {
		title := newCell(p.cond, c.Title)
		p.cols[i] = column{Column: c, title: title, natural: max(title.width, c.MinWidth)}
		p.titled = p.titled || title.width > 0
	}
	if p.titled {
		// Without titles it is a list of facts, each of which counts: what is too long
		// is not cut but broken between words (facts).
		p.width = r.style.Width
	}
	return p
}

// rows prints the table's rows up to its end or the first error.
func (p *tablePrinter) rows(ctx context.Context, t *result.Table) error {
	if t.Rows == nil {
		return ctx.Err()
	}
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.out.mu.Lock()
		p.add(row)
		err = p.out.spill()
		p.out.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// add takes one row: into the first block, or to the screen.
func (p *tablePrinter) add(row result.Row) {
	if p.settled {
		p.facts(row)
		return
	}
	n := len(p.cells)
	p.cells = append(p.cells, row.Cells[:min(len(row.Cells), len(p.cols))]...)
	row.Cells = p.cells[n:len(p.cells):len(p.cells)]
	p.block = append(p.block, row)
	if len(p.block) >= firstBlock {
		p.settle()
	}
}

// tick shows a first block that stays short: when no row came since the last
// tick, and after some ticks in any case. Rows that come evenly but slowly
// would otherwise be aligned by the first of them alone.
func (p *tablePrinter) tick() {
	const patience = 4
	if p.settled {
		return
	}
	p.ticks++
	if len(p.block) == p.met || p.ticks >= patience {
		p.settleIfAny()
	}
	p.met = len(p.block)
}

// settleIfAny is settle once there are rows to show.
func (p *tablePrinter) settleIfAny() {
	if len(p.block) > 0 {
		p.settle()
	}
}

// settle decides the widths from the first block, and prints the titles and
// the block.
func (p *tablePrinter) settle() {
	if p.settled {
		return
	}
	for _, row := range p.block {
		for i, text := range row.Cells {
			c := &p.cols[i]
			c.body = max(c.body, p.cell(i, text).width)
			c.natural = max(c.natural, c.body)
		}
	}
	fit(p.cols, p.width, false)
	p.settled = true
	if p.titled {
		p.titles()
	}
	for _, row := range p.block {
		p.facts(row)
	}
	p.block, p.cells = nil, nil
}

// cell is a cell of the i-th column as people see it.
func (p *tablePrinter) cell(i int, text string) cell {
	if p.cols[i].Grouped {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			text = humanize.Comma(n)
		}
	}
	return newCell(p.cond, text)
}

func (p *tablePrinter) titles() {
	for i := range p.cols {
		p.scratch[i] = p.cols[i].title
	}
	p.line(' ', ' ', result.RoleHeading, nil)
}

// facts prints a row; where it is one of a list of facts, on as many lines as the last
// cell needs.
func (p *tablePrinter) facts(row result.Row) {
	last := len(p.cols) - 1
	if p.titled || p.r.style.Width == 0 || len(row.Cells) <= last {
		p.print(row)
		return
	}
	room := p.r.style.Width - margin
	for i := range p.cols[:last] {
		room -= p.cols[i].width + gap
	}
	if room < narrowest/2 {
		p.print(row)
		return
	}
	cells := append([]string(nil), row.Cells...)
	for part := range strings.SplitSeq(wordwrap.WrapString(cells[last], uint(room)), "\n") {
		cells[last] = part
		row.Cells = cells
		p.print(row)
		clear(cells[:last])
	}
}

// print prints a row, and lets columns grow that are too narrow for it.
func (p *tablePrinter) print(row result.Row) {
	grown := false
	for i := range p.cols {
		if i >= len(row.Cells) {
			p.scratch[i] = cell{}
			continue
		}
		p.scratch[i] = p.cell(i, row.Cells[i])
		if c := &p.cols[i]; p.scratch[i].width > c.natural {
			c.natural = p.scratch[i].width
			grown = true
		}
	}
	if grown {
		fit(p.cols, p.width, true)
	}
	current, preview, role := byte(' '), byte(' '), row.Role
	if row.Current && p.r.style.Interactive {
		current = '>'
	}
	if row.Preview {
		preview = '~'
		if role == result.RolePlain {
			role = result.RoleDim
		}
	}
	p.line(current, preview, role, p.look(row.Color))
}

// look is how a row with colours of its own is painted; nil where it is not.
func (p *tablePrinter) look(c *result.Color) *paint {
	if c == nil || !p.r.style.Color || p.r.style.Depth == Depth16 {
		return nil
	}
	look, ok := p.looks[*c]
	if !ok {
		look = rowPaint(*c, p.r.style.Depth)
		p.looks[*c] = look
	}
	return &look
}

// line prints the cells in scratch. A role other than RolePlain goes before
// the columns' own; a look of the whole row goes before both, and reaches to the
// screen's edge.
func (p *tablePrinter) line(current, preview byte, role result.Role, whole *paint) {
	buf := p.out.buf
	// Padding is owed until more text comes, so that no line ends in it.
	owed, shown := margin, false
	switch {
	case preview != ' ':
		buf, owed = append(buf, current, preview), 0
	case current != ' ':
		buf, owed = append(buf, current), 1
	}
	start := 0
	if whole != nil { // the marks keep their own look
		buf = appendSpaces(buf, owed)
		owed = 0
		buf = append(buf, whole.on...)
		start = len(buf)
	}
	for i := range p.cols {
		c := &p.cols[i]
		if c.hidden {
			continue
		}
		if shown {
			owed += gap
		}
		shown = true
		text := p.scratch[i]
		if c.Align == result.Right {
			owed += max(c.width-text.width, 0)
		}
		if text.width == 0 && len(text.text) == 0 {
			if c.Align != result.Right {
				owed += c.width
			}
			continue
		}
		look := p.r.pal.of(role)
		switch {
		case whole != nil:
			look = paint{}
		case role == result.RolePlain:
			look = p.r.pal.of(c.Role)
		}
		buf = appendSpaces(buf, owed)
		buf = append(buf, look.on...)
		var took int
		if role == result.RoleHeading {
			buf, took = appendCut(buf, p.cond, text, c.width, role)
		} else {
			buf, took = appendCut(buf, p.cond, text, c.width, c.Role)
		}
		buf = append(buf, look.off...)
		owed = 0
		if c.Align == result.Left || text.width > c.width {
			owed = c.width - took // a cut wide character may leave a column over
		}
	}
	if whole != nil {
		if p.width > 0 {
			owed = p.width - margin - p.cond.StringWidth(string(buf[start:]))
			buf = appendSpaces(buf, owed)
		}
		buf = append(buf, whole.off...)
	}
	p.out.buf = append(buf, '\n')
}

// footer prints the table's footer, and which columns there was no room for.
func (p *tablePrinter) footer(t *result.Table) {
	look := p.r.pal.of(result.RoleDim)
	var missing []string
	for i := range p.cols {
		if p.cols[i].hidden {
			missing = append(missing, p.cols[i].title.text)
		}
	}
	if missing != nil {
		p.r.sentence("no room for: "+strings.Join(missing, ", "), look)
	}
	p.lines(t)
}

// lines prints the footer's lines.
func (p *tablePrinter) lines(t *result.Table) {
	if t.Footer == nil {
		return
	}
	look := p.r.pal.of(result.RoleDim)
	for _, line := range t.Footer() {
		p.r.sentence(Escape(line), look)
	}
}
