// This file reads custom_parameters: flags for PyShark's tshark.

package script

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// customFlag is a flag of tshark that has a meaning here.
type customFlag struct {
	value bool // it takes one
	apply func(c *construction, value string)
}

// customFlags returns the flags that are taken. Those that only say how tshark
// works or prints, and change no answer of pktsh's, do nothing.
func customFlags() map[string]customFlag {
	nothing := func(*construction, string) {}
	names := func(c *construction, letters string) { c.open.Names = &letters }
	return map[string]customFlag{
		"-o": {true, func(c *construction, v string) { c.open.Preferences = append(c.open.Preferences, v) }},
		"-d": {true, func(c *construction, v string) { c.open.DecodeAs = append(c.open.DecodeAs, v) }},
		"-N": {true, names},
		"-n": {false, func(c *construction, _ string) { names(c, "") }},
		"-Y": {true, func(c *construction, v string) {
			if c.filter != "" {
				v = "(" + c.filter + ") && (" + v + ")"
			}
			c.filter = v
		}},
		"--disable-protocol": {true, func(c *construction, v string) {
			c.open.DisabledProtocols = append(c.open.DisabledProtocols, v)
		}},
		"--enable-protocol": {true, func(c *construction, v string) {
			c.open.EnabledProtocols = append(c.open.EnabledProtocols, v)
		}},
		"-2": {false, nothing}, "-l": {false, nothing}, "-q": {false, nothing}, "-Q": {false, nothing},
	}
}

// otherFlags says, of flags that people do give, what to do instead.
var otherFlags = map[string]string{
	"-r": "input_file names the file",
	"-w": "output_file writes the packets",
	"-c": "take as many as you want: cap[:100]",
	"-R": "display_filter chooses packets",
	"-t": "pktsh -t sets the time format",
	"-u": "pktsh -t sets the time format",
	"-T": "a packet has every field",
	"-e": "a packet has every field",
	"-E": "a packet has every field",
	"-V": "a packet has every field",
	"-O": "a packet has every field",
	"-j": "a packet has every field",
	"-J": "a packet has every field",
	"-x": "pkt.get_raw_packet() has the bytes",
	"-P": "print(pkt) prints the summary",
	"-i": "LiveCapture(interface=…) captures",
	"-f": "LiveCapture(bpf_filter=…) chooses what is captured",
	"-I": "LiveCapture(monitor_mode=True) does it",
	"-s": "LiveCapture captures whole packets; sniff --snaplen BYTES does not",
	"-b": "LiveRingCapture(ring_file_size=…, num_ring_files=…) keeps the last packets",
	"-a": "cap.sniff(timeout=…, packet_count=…) ends by itself",
	"-K": "give its preferences: override_prefs={'kerberos.decrypt': True, 'kerberos.file': 'KEYTAB'}",
}

// custom reads custom_parameters: a list of flags and values, or a dictionary.
func (c *construction) custom() error {
	if !c.given("custom_parameters") {
		return nil
	}
	words, err := c.customWords(c.args["custom_parameters"])
	if err != nil {
		return err
	}
	known := customFlags()
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		name, value, inOne := word, "", false
		if strings.HasPrefix(word, "--") {
			name, value, inOne = strings.Cut(word, "=")
		} else if len(word) > 2 && word[0] == '-' {
			name, value, inOne = word[:2], word[2:], true // -Nm
		}
		flag, ok := known[name]
		switch {
		case !ok:
			return c.refuse(name)
		case inOne && !flag.value:
			return c.refuse(word)
		case flag.value && !inOne:
			if len(words) == 0 {
				return fmt.Errorf("%s: custom_parameters: %s wants a value behind it", c.name, name)
			}
			value, words = words[0], words[1:]
		}
		flag.apply(c, value)
	}
	return nil
}

// customWords flattens both forms into tshark's command line. The value of a flag
// without one is "" or None in a dictionary.
func (c *construction) customWords(v starlark.Value) ([]string, error) {
	const want = "a list like ['-o', 'tcp.desegment_tcp_streams:FALSE'] or a dict like {'-d': 'udp.port==5300,dns'}"
	switch v := v.(type) {
	case *starlark.Dict:
		var words []string
		for _, item := range v.Items() {
			key, ok := starlark.AsString(item[0])
			if !ok {
				return nil, c.wanted("custom_parameters", item[0], want)
			}
			words = append(words, key)
			if item[1] != starlark.None && item[1] != starlark.String("") {
				words = append(words, preferenceText(item[1]))
			}
		}
		return words, nil
	case starlark.String:
		return nil, c.wanted("custom_parameters", v, want)
	case starlark.Indexable:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = preferenceText(v.Index(i))
		}
		return words, nil
	}
	return nil, c.wanted("custom_parameters", v, want)
}

// refuse is the error for a flag that is not taken.
func (c *construction) refuse(flag string) error {
	advice, ok := otherFlags[flag]
	if !ok {
		var names []string
		for name := range customFlags() {
			names = append(names, name)
		}
		slices.Sort(names)
		advice = "those that are taken: " + strings.Join(names, ", ")
	}
	return fmt.Errorf("%s: custom_parameters: tshark's %s is not taken: %s", c.name, flag, advice)
}
