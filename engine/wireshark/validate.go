package wireshark

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Validate checks a configuration before a capture is loaded under it, since
// sharkd takes nonsense without a word. The error names what is wrong, what
// Wireshark says and what may have been meant. It takes up to a second.
func (c Config) Validate(ctx context.Context, tools Tools) error {
	if tools.Tshark == "" {
		return errNoTshark
	}
	for _, letter := range []byte(c.Names) {
		if err := checkNameLetter(letter); err != nil {
			return err
		}
	}
	for _, path := range c.KeyLogs() {
		if _, err := ReadKeyLog(path); err != nil {
			return err
		}
	}
	if err := c.checkProtocols(ctx, tools); err != nil {
		return err
	}
	for _, rule := range c.DecodeAs {
		// Only the form: tshark judges the rest.
		if _, err := decodeAsEntries(rule, func(s string) (string, error) { return s, nil }); err != nil {
			return err
		}
	}
	for _, p := range c.Preferences {
		if _, _, ok := splitPreference(p); !ok {
			return badPreference(p)
		}
	}
	known, err := c.checkValues(ctx, tools)
	if err != nil {
		return err
	}
	return c.askTshark(ctx, tools, known)
}

func badPreference(p string) error {
	return fmt.Errorf("preference: got %q, want \"name:value\", such as \"tcp.desegment_tcp_streams:FALSE\"", p)
}

func checkNameLetter(letter byte) error {
	var letters []byte
	for _, n := range namePreferences {
		if n.letter == letter {
			return nil
		}
		letters = append(letters, n.letter)
	}
	return fmt.Errorf("name resolution: got %q, want letters of %q (m MAC, n network, N external resolvers, t transport ports, d captured DNS, v VLAN, s SS7)", letter, letters)
}

// checkProtocols looks up the protocols to disable and enable: tshark itself
// ignores unknown ones.
func (c Config) checkProtocols(ctx context.Context, tools Tools) error {
	if len(c.DisabledProtocols)+len(c.EnabledProtocols) == 0 {
		return nil
	}
	names, err := tools.protocolNames(ctx)
	if err != nil {
		return err
	}
	for _, list := range [][]string{c.DisabledProtocols, c.EnabledProtocols} {
		for _, p := range list {
			if _, ok := names[p]; !ok {
				return fmt.Errorf("unknown protocol %q%s", p, didYouMean(p, keys(names)))
			}
		}
	}
	return nil
}

// askTshark has tshark judge preferences, decode-as rules and keys, one flag
// each, all in one run.
func (c Config) askTshark(ctx context.Context, tools Tools, known map[string]preference) error {
	var args []string
	for _, p := range c.Preferences {
		args = append(args, "-o", p)
	}
	for _, key := range c.DecryptionKeys {
		args = append(args, "-o", "uat:80211_keys:"+key)
	}
	for _, rule := range c.DecodeAs {
		args = append(args, "-d", rule)
	}
	if len(args) == 0 {
		return nil
	}
	ok, stderr, err := tryTshark(ctx, tools, Config{}, args...)
	if err != nil || ok {
		return err
	}
	return c.explain(stderr, known)
}

// explain turns tshark's complaint into an error. A complaint about a decode-as
// rule is followed by everything that could have been written, a tab in front of
// each: that is for the suggestion, not for the message.
func (c Config) explain(stderr string, known map[string]preference) error {
	var said string
	var candidates []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\n")
		if text, ok := strings.CutPrefix(line, "tshark: "); ok && said == "" {
			said = text
		}
		if word, ok := strings.CutPrefix(line, "\t"); ok {
			word, _, _ = strings.Cut(word, " ")
			candidates = append(candidates, word)
		}
	}
	if said == "" {
		return fmt.Errorf("tshark does not take the configuration: %s", lastLine(stderr))
	}
	switch {
	case strings.Contains(said, "unknown preference"):
		for _, p := range c.Preferences {
			if strings.Contains(said, `"`+p+`"`) {
				name, _, _ := splitPreference(p)
				return fmt.Errorf("unknown preference %q%s", name, didYouMean(name, keys(known)))
			}
		}
	case strings.HasPrefix(said, "Unknown layer type -- "):
		got := strings.Trim(strings.TrimPrefix(said, "Unknown layer type -- "), `"`)
		return fmt.Errorf("decode-as: unknown layer type %q%s", got, didYouMean(got, candidates))
	case strings.HasPrefix(said, "Unknown protocol -- "):
		got := strings.Trim(strings.TrimPrefix(said, "Unknown protocol -- "), `"`)
		return fmt.Errorf("decode-as: unknown protocol %q for this layer type%s", got, didYouMean(got, candidates))
	}
	return fmt.Errorf("tshark does not take the configuration: %s", said)
}

// preference is what `tshark -G currentprefs` says of a preference's values.
type preference struct {
	kind    string   // the comment's first word or two: "TRUE", "One of", "A decimal number"
	choices []string // of "One of"
}

// numberBase maps the kinds of numbers to their bases.
var numberBase = map[string]int{"A decimal number": 10, "An octal number": 8, "A hexadecimal number": 16}

// preferences reads `tshark -G currentprefs`: for each preference a comment,
// whose end says what values it takes, and then "#name: value" when the value is
// the default.
func (t Tools) preferences(ctx context.Context) (map[string]preference, error) {
	out, err := outputOf(command(ctx, t.Tshark, "-G", "currentprefs"))
	if err != nil {
		return nil, fmt.Errorf("%s -G currentprefs: %w", t.Tshark, err)
	}
	return parsePreferences(string(out)), nil
}

func parsePreferences(out string) map[string]preference {
	known := map[string]preference{}
	var p preference
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		text, comment := strings.CutPrefix(line, "# ")
		switch {
		case line == "":
			p = preference{}
		case comment && strings.HasPrefix(text, "TRUE or FALSE"):
			p.kind = "TRUE"
		case comment && strings.HasPrefix(text, "One of: "):
			p.kind, p.choices = "One of", strings.Split(strings.TrimPrefix(text, "One of: "), ", ")
		case comment && numberBase[text] != 0:
			p.kind = text
		case !comment:
			if name, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), ":"); ok && !strings.ContainsAny(name, " \t\"") {
				known[name] = p
			}
		}
	}
	return known
}

// checkValues checks the values of the preferences that tshark lists, since it
// takes some that mean nothing, such as "maybe" for a boolean, which it reads as
// FALSE. It returns that list; names that are not in it, old ones too, are left
// to tshark.
func (c Config) checkValues(ctx context.Context, tools Tools) (map[string]preference, error) {
	if len(c.Preferences) == 0 {
		return nil, nil
	}
	known, err := tools.preferences(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range c.Preferences {
		name, value, _ := splitPreference(p)
		if err := known[name].check(value); err != nil {
			return nil, fmt.Errorf("preference %s: %w", name, err)
		}
	}
	return known, nil
}

func (p preference) check(value string) error {
	switch p.kind {
	case "TRUE":
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return fmt.Errorf("got %q, want TRUE or FALSE", value)
		}
	case "One of":
		for _, choice := range p.choices {
			if strings.EqualFold(value, choice) {
				return nil
			}
		}
		return fmt.Errorf("got %q, want one of %s%s", value, strings.Join(p.choices, ", "), didYouMean(value, p.choices))
	default:
		if base, ok := numberBase[p.kind]; ok {
			digits := value
			if base == 16 {
				digits = strings.TrimPrefix(strings.ToLower(value), "0x")
			}
			if _, err := strconv.ParseUint(digits, base, 64); err != nil {
				return fmt.Errorf("got %q, want %s%s", value, strings.ToLower(p.kind[:1]), p.kind[1:])
			}
		}
	}
	return nil
}
