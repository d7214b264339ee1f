package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// This file writes what was measured, as Markdown that is also read in a terminal.

// The marks in the document around what is generated.
const (
	markBegin = "<!-- make bench writes from here -->"
	markEnd   = "<!-- to here -->"
)

// report collects sections.
type report struct {
	about   []string // the machine and the versions
	targets table
	parts   []part
}

// part is a section of the report.
type part struct {
	title  string
	intro  string
	tables []table
	quote  string // printed as it is
	notes  []string
}

// table is a table; numbers stand right.
type table struct {
	head []string
	rows [][]string
}

// missing notes why a probe has no figures; the same reason once.
func (p *part) missing(question string, probe *probe) {
	if probe == nil || probe.err == nil {
		return
	}
	why := fmt.Sprintf("%s: %v", probe.name, probe.err)
	for _, note := range p.notes {
		if strings.HasSuffix(note, why) {
			return
		}
	}
	p.notes = append(p.notes, "n/a, "+question+", "+why)
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the report.
func (r *report) write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", strings.Join(r.about, "  \n"))
	b.WriteString("### Targets\n\n")
	r.targets.write(&b)
	for _, p := range r.parts {
		fmt.Fprintf(&b, "\n### %s\n\n", p.title)
		if p.intro != "" {
			fmt.Fprintf(&b, "%s\n\n", p.intro)
		}
		for i, t := range p.tables {
			if i > 0 {
				b.WriteByte('\n')
			}
			t.write(&b)
		}
		if p.quote != "" {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.TrimRight(p.quote, "\n"))
		}
		if len(p.notes) > 0 {
			fmt.Fprintf(&b, "\n- %s\n", strings.Join(p.notes, "\n- "))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// write prints a table whose columns are aligned; all but the first and the
// texts stand right.
func (t *table) write(b *bytes.Buffer) {
	widths := make([]int, len(t.head))
	rows := append([][]string{t.head}, t.rows...)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, row := range rows {
		for j, cell := range row {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			if j == 0 {
				fmt.Fprintf(b, "| %s%s ", cell, pad)
			} else {
				fmt.Fprintf(b, "| %s%s ", pad, cell)
			}
		}
		b.WriteString("|\n")
		if i > 0 {
			continue
		}
		for j, width := range widths {
			if j == 0 {
				fmt.Fprintf(b, "|%s", strings.Repeat("-", width+2))
			} else {
				fmt.Fprintf(b, "|%s:", strings.Repeat("-", width+1))
			}
		}
		b.WriteString("|\n")
	}
}

// writeInto replaces what stands between the marks of a document.
func (r *report) writeInto(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), markBegin)
	_, after, closed := strings.Cut(rest, markEnd)
	if !ok || !closed {
		return fmt.Errorf("%s has no %q followed by %q between which the figures go", path, markBegin, markEnd)
	}
	var b bytes.Buffer
	b.WriteString(before + markBegin + "\n\n")
	if err := r.write(&b); err != nil {
		return err
	}
	b.WriteString("\n" + markEnd + after)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// seconds prints a time in seconds, three digits of it, to the millisecond.
func seconds(d time.Duration) string {
	s := d.Seconds()
	return strconv.FormatFloat(s, 'f', decimals(s, 3), 64)
}

// milliseconds prints a time in milliseconds, three digits of it, to the
// microsecond.
func milliseconds(d time.Duration) string {
	ms := d.Seconds() * 1000
	return strconv.FormatFloat(ms, 'f', decimals(ms, 3), 64)
}

// ratio prints how many times as long other took.
func ratio(ours, other time.Duration) string {
	if ours <= 0 || other <= 0 {
		return "n/a"
	}
	x := other.Seconds() / ours.Seconds()
	if x >= 1000 {
		return thousands(int(x))
	}
	return strconv.FormatFloat(x, 'f', decimals(x, 2), 64)
}

// decimals is how many decimals show so many digits of x, at most three.
func decimals(x float64, digits int) int {
	if x <= 0 {
		return 0
	}
	return min(3, max(0, digits-1-int(math.Floor(math.Log10(x)))))
}

func thousands(n int) string { return humanize.Comma(int64(n)) }

// megabytes prints bytes in units of 10^6.
func megabytes(n int64) string {
	m := float64(n) / 1e6
	return strconv.FormatFloat(m, 'f', decimals(m, 2), 64)
}
