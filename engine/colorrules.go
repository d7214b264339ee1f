package engine

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

// This file reads Wireshark's colouring rules (its file colorfilters).

// RGB is a colour, 8 bits each.
type RGB struct{ R, G, B uint8 }

// ColorRule colours the packets that a display filter lets through.
type ColorRule struct {
	Name, Filter           string
	Background, Foreground RGB
	Disabled               bool
}

// ParseColorRules reads rules as Wireshark's file colorfilters has them, a line each:
//
//	@name@filter@[red,green,blue][red,green,blue]
//
// the background first, 16 bits a colour, "!" before a rule that is switched off, "\@"
// for an @ in a name or filter, and comments that begin with "#" (Wireshark's
// epan/color_filters.c). The error names the line.
func ParseColorRules(r io.Reader) ([]ColorRule, error) {
	var out []ColorRule
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		rule, err := parseColorRule(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, rule)
	}
	return out, lines.Err()
}

func parseColorRule(line string) (ColorRule, error) {
	var rule ColorRule
	rest, off := strings.CutPrefix(line, "!")
	rule.Disabled = off
	rest, ok := strings.CutPrefix(rest, "@")
	if ok {
		rule.Name, rest, ok = cutAt(rest)
	}
	if ok {
		rule.Filter, rest, ok = cutAt(rest)
	}
	if !ok || rule.Name == "" || strings.TrimSpace(rule.Filter) == "" {
		return rule, fmt.Errorf("got %q, want @name@filter@[red,green,blue][red,green,blue]", line)
	}
	background, rest, ok1 := cutColor(rest)
	foreground, _, ok2 := cutColor(rest)
	if !ok1 || !ok2 {
		return rule, fmt.Errorf("rule %q: got the colours %q, want [red,green,blue][red,green,blue] from 0 to 65535", rule.Name, rest)
	}
	rule.Background, rule.Foreground = background, foreground
	return rule, nil
}

// cutAt cuts s at the first @ that has no backslash before it.
func cutAt(s string) (before, after string, found bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '@':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '@':
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// cutColor reads [red,green,blue] off the front of s.
func cutColor(s string) (c RGB, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "[")
	if !ok {
		return c, s, false
	}
	inside, rest, ok := strings.Cut(s, "]")
	parts := strings.Split(inside, ",")
	if !ok || len(parts) != 3 {
		return c, rest, false
	}
	for i, at := range []*uint8{&c.R, &c.G, &c.B} {
		n, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 10, 16)
		if err != nil {
			return c, rest, false
		}
		*at = uint8(n >> 8)
	}
	return c, rest, true
}

// ColorRules are rules of which the first that matches a packet colours it. They are
// safe for concurrent use.
type ColorRules struct {
	rules []ColorRule

	mu       sync.Mutex
	compiled map[filter.Fields][]colorProgram
}

// NewColorRules returns rules to list packets with.
func NewColorRules(rules []ColorRule) *ColorRules {
	return &ColorRules{rules: rules, compiled: map[filter.Fields][]colorProgram{}}
}

// Rules returns the rules in their order.
func (r *ColorRules) Rules() []ColorRule { return r.rules }

// ownNames are the fields that pktsh's own dissectors know. A name that they do not
// know stands for a protocol: it is in none of their trees.
type ownNames struct{ *dissect.Catalogue }

// Lookup implements [filter.Fields].
func (o ownNames) Lookup(name string) (dissect.FieldInfo, bool) {
	info, ok := o.Catalogue.Lookup(name)
	if !ok {
		info = dissect.FieldInfo{Name: name, Type: dissect.TypeProtocol, Protocol: name}
	}
	return info, true
}

// colorProgram is a rule that can be asked.
type colorProgram struct {
	rule     *ColorRule
	program  *filter.Program
	columnar bool // the fields' columns tell whether it matches
}

// programs are the rules that are on and can be compiled with these fields; problems
// says which cannot.
func (r *ColorRules) programs(fields filter.Fields) (programs []colorProgram, problems []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.compiled[fields]; ok {
		return known, nil
	}
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Disabled {
			continue
		}
		p, err := filter.Compile(rule.Filter, fields)
		if err != nil {
			problems = append(problems, fmt.Sprintf("colouring rule %q is left out: %v", rule.Name, err))
			continue
		}
		programs = append(programs, colorProgram{rule, p, p.Columnar()})
	}
	r.compiled[fields] = programs
	return programs, problems
}
