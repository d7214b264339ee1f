package wireshark

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Preference is one of Wireshark's preferences, as `tshark -G currentprefs` tells
// of it.
type Preference struct {
	Name string // "tcp.desegment_tcp_streams"
	// Default is its value where nothing else is configured.
	Default string
	// Kind says what values it takes in Wireshark's words: "TRUE or FALSE", "One of",
	// "A decimal number", "A string", "A path to a file" ….
	Kind string
	// Choices are the values of the kind "One of".
	Choices []string
	// Description is what it does; its lines are Wireshark's.
	Description string
}

// The kinds of which values can be checked.
const (
	kindBoolean = "TRUE or FALSE"
	kindOneOf   = "One of"
)

// numberBase maps the kinds of numbers to their bases.
var numberBase = map[string]int{"A decimal number": 10, "An octal number": 8, "A hexadecimal number": 16}

// Preferences lists Wireshark's preferences by name, but for those that it no longer
// uses. It takes some 0.3 s.
func (t Tools) Preferences(ctx context.Context) ([]Preference, error) {
	if t.Tshark == "" {
		return nil, errNoTshark
	}
	// The user's own profile is not asked: its values are not those of a capture here.
	profile, err := os.MkdirTemp("", "pktsh-wireshark-*")
	if err != nil {
		return nil, fmt.Errorf("making a profile for Wireshark: %w", err)
	}
	defer os.RemoveAll(profile)
	cmd := command(ctx, t.Tshark, "-G", "currentprefs")
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+profile)
	out, err := outputOf(cmd)
	if err != nil {
		return nil, fmt.Errorf("%s -G currentprefs: %w", t.Tshark, err)
	}
	return parsePreferences(string(out)), nil
}

// parsePreferences reads, for each preference, a comment, whose end says what
// values it takes, and then "#name: value" when the value is the default.
func parsePreferences(out string) []Preference {
	var all []Preference
	var comment []string
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			comment = nil
			continue
		}
		if text, ok := strings.CutPrefix(line, "# "); ok {
			comment = append(comment, text)
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "#"), ":")
		if ok && !strings.ContainsAny(name, " \t\"") {
			p := Preference{Name: name, Default: strings.TrimSpace(value)}
			p.explain(comment)
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Preference) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// explain takes the kind of the values off the end of a comment; the rest is the
// description.
func (p *Preference) explain(comment []string) {
	if n := len(comment); n > 0 && comment[n-1] == "(case-insensitive)." { // behind the choices
		comment = comment[:n-1]
	}
	if n := len(comment); n > 0 {
		last := comment[n-1]
		choices, oneOf := strings.CutPrefix(last, kindOneOf+": ")
		switch {
		case oneOf:
			p.Kind, p.Choices, comment = kindOneOf, strings.Split(choices, ", "), comment[:n-1]
		case strings.HasPrefix(last, kindBoolean):
			p.Kind, comment = kindBoolean, comment[:n-1]
		case strings.HasPrefix(last, "A ") || strings.HasPrefix(last, "Password"):
			p.Kind, comment = last, comment[:n-1]
		}
	}
	p.Description = strings.TrimSpace(strings.Join(comment, "\n"))
}

// check says why a value is none of the preference.
func (p Preference) check(value string) error {
	switch p.Kind {
	case kindBoolean:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return fmt.Errorf("got %q, want TRUE or FALSE", value)
		}
	case kindOneOf:
		for _, choice := range p.Choices {
			if strings.EqualFold(value, choice) {
				return nil
			}
		}
		return fmt.Errorf("got %q, want one of %s%s", value, strings.Join(p.Choices, ", "), didYouMean(value, p.Choices))
	default:
		if base, ok := numberBase[p.Kind]; ok {
			digits := value
			if base == 16 {
				digits = strings.TrimPrefix(strings.ToLower(value), "0x")
			}
			if _, err := strconv.ParseUint(digits, base, 64); err != nil {
				return fmt.Errorf("got %q, want %s%s", value, strings.ToLower(p.Kind[:1]), p.Kind[1:])
			}
		}
	}
	return nil
}
