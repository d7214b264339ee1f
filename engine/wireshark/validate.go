package wireshark

import (
	"context"
	"errors"
	"fmt"
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
		name, _, ok := splitPreference(p)
		if !ok {
			return badPreference(p)
		}
		if name == "gui.column.format" {
			return errColumns
		}
	}
	known, err := c.checkValues(ctx, tools)
	if err != nil {
		return err
	}
	return c.askTshark(ctx, tools, known)
}

// errColumns refuses the one preference that the profile has for itself: values are
// read out of its columns.
var errColumns = errors.New("preference gui.column.format: pktsh reads fields by it; a field of every packet is cap.values('ip.ttl') or cap.table('ip.ttl', 'frame.len')")

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
func (c Config) askTshark(ctx context.Context, tools Tools, known map[string]Preference) error {
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
func (c Config) explain(stderr string, known map[string]Preference) error {
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

// checkValues checks the values of the preferences that tshark lists, since it
// takes some that mean nothing, such as "maybe" for a boolean, which it reads as
// FALSE. It returns that list; names that are not in it, old ones too, are left
// to tshark.
func (c Config) checkValues(ctx context.Context, tools Tools) (map[string]Preference, error) {
	if len(c.Preferences) == 0 {
		return nil, nil
	}
	list, err := tools.Preferences(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Preference, len(list))
	for _, p := range list {
		known[p.Name] = p
	}
	for _, p := range c.Preferences {
		name, value, _ := splitPreference(p)
		if err := known[name].check(value); err != nil {
			return nil, fmt.Errorf("preference %s: %w", name, err)
		}
	}
	return known, nil
}
