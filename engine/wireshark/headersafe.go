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
	// Reason names the setting because of which one of these is false, Headers and
	// DNS before the others; "" when all are true.
	Reason string
}

// HeaderSafety judges a configuration.
func (c Config) HeaderSafety() HeaderSafety {
	s := HeaderSafety{Headers: true, Names: true, Sealed: true, DNS: true}
	unseal := func(setting string) {
		s.Sealed, s.DNS = false, false // DNS over TLS, HTTPS or QUIC comes to light
		s.because(setting)
	}
	everything := func(setting string) {
		s.Headers, s.DNS = false, false
		s.because(setting)
	}
	for _, rule := range c.DecodeAs {
		everything("decode-as " + rule)
	}
	for _, name := range c.DisabledProtocols {
		everything("disabled protocol " + name)
	}
	for _, name := range c.EnabledProtocols {
		everything("enabled protocol " + name)
	}
	if len(c.DecryptionKeys) > 0 {
		everything("802.11 keys")
	}
	for _, p := range c.Preferences {
		name, _, ok := splitPreference(p)
		if !ok {
			everything(fmt.Sprintf("preference %q", p))
			continue
		}
		switch preferenceEffect(name) {
		case affectsHeaders:
			everything("preference " + name)
		case affectsSealed:
			unseal("preference " + name)
		}
	}
	if c.KeyLog != "" {
		unseal("key log")
	}
	for _, p := range c.Preferences {
		if name, _, ok := splitPreference(p); ok && preferenceEffect(name) == affectsNames {
			s.Names = false
			s.because("preference " + name)
		}
	}
	if c.Names != "" {
		s.Names = false
		s.because("name resolution " + c.Names)
	}
	return s
}

// because keeps the first reason.
func (s *HeaderSafety) because(setting string) {
	if s.Reason == "" {
		s.Reason = setting
	}
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
