package wireshark

import (
	"fmt"
	"strings"
)

// HeaderSafety says which answers are the same under a Config as under
// Wireshark's defaults without name resolution, so that they need not be
// Wireshark's own. What is not known to be the same counts as different.
type HeaderSafety struct {
	// Headers: which link, network and transport headers a frame has, and the
	// values of their fields. The payload of TLS, DTLS and QUIC is excepted when
	// Sealed is false.
	Headers bool
	// Names: the texts of addresses and ports too, in columns and in fields such
	// as eth.src_resolved and ip.src_host.
	Names bool
	// Sealed: TLS, DTLS and QUIC are not decrypted. When they are, frames that
	// carry them may carry whole packets inside, as SSTP does.
	Sealed bool
	// DNS: the fields of DNS, mDNS and LLMNR.
	DNS bool
	// Reason names the setting because of which one of these is false, the first in
	// the order Headers, Sealed, Names; "" when all are true.
	Reason string
}

// HeaderSafety judges a configuration.
func (c Config) HeaderSafety() HeaderSafety {
	var settings [affectsNothing + 1][]string
	add := func(e effect, setting string) { settings[e] = append(settings[e], setting) }
	for _, rule := range c.DecodeAs {
		add(affectsHeaders, "decode-as "+rule)
	}
	for _, name := range c.DisabledProtocols {
		add(affectsHeaders, "disabled protocol "+name)
	}
	for _, name := range c.EnabledProtocols {
		add(affectsHeaders, "enabled protocol "+name)
	}
	if len(c.DecryptionKeys) > 0 {
		add(affectsHeaders, "802.11 keys")
	}
	for _, p := range c.Preferences {
		if name, _, ok := splitPreference(p); ok {
			add(preferenceEffect(name), "preference "+name)
		} else {
			add(affectsHeaders, fmt.Sprintf("preference %q", p))
		}
	}
	if c.KeyLog != "" {
		add(affectsSealed, "key log")
	}
	if c.Names != "" {
		add(affectsNames, "name resolution "+c.Names)
	}
	s := HeaderSafety{
		Headers: len(settings[affectsHeaders]) == 0,
		Names:   len(settings[affectsNames]) == 0,
		Sealed:  len(settings[affectsSealed]) == 0,
	}
	s.DNS = s.Headers && s.Sealed // DNS over TLS, HTTPS and QUIC may come to light
	for _, list := range settings[:affectsNothing] {
		if len(list) > 0 {
			s.Reason = list[0]
			break
		}
	}
	return s
}

// effect is what a preference can change at most.
type effect uint8

const (
	affectsHeaders effect = iota // anything
	affectsSealed                // whether TLS and its like are decrypted
	affectsNames                 // the texts of addresses and ports
	affectsNothing               // only how Wireshark looks, captures or counts
)

func preferenceEffect(name string) effect {
	module, rest, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case module == "gui" && strings.HasPrefix(rest, "max_tree"):
		return affectsHeaders // where dissection gives up
	case module == "gui" || module == "capture" || module == "extcap" || module == "statistics":
		return affectsNothing
	case module == "nameres":
		return affectsNames
	case module == "tls" && rest != "port" && !strings.HasSuffix(rest, ".port"):
		return affectsSealed
	}
	return affectsHeaders
}
