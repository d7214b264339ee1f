package main

import (
	"fmt"
	"strings"
	"time"
)

// This file compares pktsh's processes with those of other programs.

// comparison is one question, put to pktsh and to others.
type comparison struct {
	question string
	ours     *probe
	others   []*probe // in the order of the section's columns; nil where a program has no such thing
	goals    []goal
}

// goal is what is wanted of a comparison: pktsh at least so many times faster than
// a column's program.
type goal struct {
	column  int
	atLeast float64
}

// section is a table of comparisons.
type section struct {
	title, intro string
	columns      []string // the other programs
	rows         []comparison
}

// compare measures a section and adds it to the report.
func (b *bench) compare(r *report, s section) {
	fmt.Fprintf(b.log, "%s\n", s.title)
	head := []string{"question"}
	for _, c := range s.columns {
		head = append(head, "× "+c)
	}
	head = append(head, "pktsh, s")
	for _, c := range s.columns {
		head = append(head, c+", s")
	}
	t := table{head: append(head, "runs", "same answer")}
	p := part{title: s.title, intro: s.intro}
	for _, c := range s.rows {
		b.measure(append([]*probe{c.ours}, c.others...)...)
		t.add(c.cells()...)
		for _, probe := range append([]*probe{c.ours}, c.others...) {
			p.missing(c.question, probe)
		}
		for _, g := range c.goals {
			r.target(fmt.Sprintf("%s: %s, against %s", s.title, c.question, s.columns[g.column]),
				"at least "+ratioText(g.atLeast)+" ×", c.ours.median(), c.others[g.column].median(), g.atLeast)
		}
	}
	p.tables = []table{t}
	r.parts = append(r.parts, p)
}

// cells is a comparison's row: ratios, seconds, how often the slowest ran.
func (c *comparison) cells() []string {
	cells := []string{c.question}
	times := []string{c.ours.seconds()}
	runs := fmt.Sprint(len(c.ours.took))
	for _, p := range c.others {
		if p == nil {
			cells, times = append(cells, "–"), append(times, "–")
			continue
		}
		cells, times = append(cells, ratio(c.ours.median(), p.median())), append(times, p.seconds())
		runs += fmt.Sprintf("/%d", len(p.took))
	}
	return append(append(cells, times...), runs, c.agreement())
}

// agreement says whether everybody answered the same, and else who did not.
func (c *comparison) agreement() string {
	var apart []string
	same := "–"
	for _, p := range c.others {
		switch {
		case p == nil || p.answer == answer{} || c.ours.answer == answer{}:
		case c.ours.answer.agrees(p.answer):
			same = "yes"
		default:
			apart = append(apart, fmt.Sprintf("%s (%s, not %s)", p.name, thousands(p.answer.count), thousands(c.ours.answer.count)))
		}
	}
	if len(apart) > 0 {
		return "not " + strings.Join(apart, ", ")
	}
	return same
}

func (p *probe) seconds() string {
	if len(p.took) == 0 {
		return "n/a"
	}
	return seconds(p.median())
}

// target adds a line to the report's targets: ours at least so many times faster
// than the other.
func (r *report) target(what, want string, ours, other time.Duration, atLeast float64) {
	if ours <= 0 || other <= 0 {
		r.targets.add(what, want, "n/a", "not met")
		return
	}
	r.verdict(what, want, ratio(ours, other)+" ×", other.Seconds()/ours.Seconds() >= atLeast)
}

// verdict adds a line to the report's targets.
func (r *report) verdict(what, want, got string, met bool) {
	verdict := "**met**"
	if !met {
		verdict = "not met"
	}
	r.targets.add(what, want, got, verdict)
}
