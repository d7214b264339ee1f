package live

// This file says why a capture cannot be, and what to do about it.

import (
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
)

// Kind is what is wrong.
type Kind uint8

// The kinds of errors that somebody can do something about.
const (
	Other       Kind = iota
	Forbidden        // no permission to capture
	NoInterface      // no interface of that name, or it is down
	BadFilter        // libpcap refuses the capture filter
)

// Error is why a capture did not begin, or ended.
type Error struct {
	Kind Kind
	// Interface or Filter is what was refused.
	Interface, Filter string
	// Text is the reason, in the words of who refused it.
	Text   string
	advice string
}

func (e *Error) Error() string {
	if e.advice == "" {
		return e.Text
	}
	return e.Text + "; " + e.advice
}

// Advised says that the error says what to do.
func (e *Error) Advised() bool { return e.advice != "" }

// WithAdvice returns the error with what to do about it.
func (e *Error) WithAdvice(advice string) *Error {
	out := *e
	out.advice = advice
	return &out
}

var (
	badFilter   = regexp.MustCompile(`(?s)Invalid capture filter "(.*)" for interface '?"?(.*?)'?"?[.!].*?\((.*)\)\.?\s*(?:See|$)`)
	noDevice    = regexp.MustCompile(`There is no device named "(.*?)"`)
	deviceDown  = regexp.MustCompile(`Device "(.*?)" is not up`)
	noMonitor   = regexp.MustCompile(`Capturing in monitor mode is not supported on device "(.*?)"`)
	noLonger    = regexp.MustCompile(`The network adapter "(.*?)" is no longer attached`)
	forbidden   = regexp.MustCompile(`(?i)do(?:n't| not) have permission to capture (?:on (?:that )?device|packets)(?: "(.*?)")?|Operation not permitted`)
	programName = regexp.MustCompile(`^(?:dumpcap|tshark): `)
)

// explain makes an error of what dumpcap says.
func (d *dumpcap) explain(said string) error {
	said = programName.ReplaceAllString(said, "")
	switch m := []string(nil); {
	case match(badFilter, said, &m):
		return filterError(m[1], m[3])
	case match(noDevice, said, &m):
		return &Error{Kind: NoInterface, Interface: m[1], Text: "no interface " + quoted(m[1])}
	case match(deviceDown, said, &m):
		return &Error{Kind: NoInterface, Interface: m[1], Text: "interface " + m[1] + " is down", advice: "ip link set " + m[1] + " up"}
	case match(noMonitor, said, &m):
		return &Error{Interface: m[1], Text: "interface " + m[1] + " has no monitor mode"}
	case match(noLonger, said, &m):
		return &Error{Kind: NoInterface, Interface: m[1], Text: "interface " + m[1] + " is gone; the capture has stopped, what came before is kept"}
	case match(forbidden, said, &m):
		text := "no permission to capture"
		if m[1] != "" {
			text += " on " + m[1]
		}
		return &Error{Kind: Forbidden, Interface: m[1], Text: text, advice: permissionAdvice(d.program)}
	}
	// The first paragraph is the reason, the rest advice for Wireshark's window.
	text, _, _ := strings.Cut(said, "\n\n")
	return &Error{Text: filepath.Base(d.program) + ": " + strings.Join(strings.Fields(text), " ")}
}

func match(r *regexp.Regexp, s string, m *[]string) bool {
	*m = r.FindStringSubmatch(s)
	return *m != nil
}

func quoted(name string) string { return `"` + name + `"` }

// filterError is libpcap's refusal of a capture filter.
func filterError(filter, reason string) error {
	reason = strings.TrimPrefix(strings.Join(strings.Fields(reason), " "), "can't parse filter expression: ")
	e := &Error{Kind: BadFilter, Filter: filter, Text: "capture filter " + quoted(filter) + ": " + reason, advice: "see pcap-filter(7): as in tcp port 80"}
	if strings.ContainsAny(filter, ".=") || strings.Contains(filter, "&&") && strings.Contains(filter, "=") {
		e.advice = "capture filters are not display filters: see pcap-filter(7), as in tcp port 80"
	}
	return e
}

// permissionAdvice says which commands let the user capture.
func permissionAdvice(program string) string {
	name := "YOU"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	capabilities := "sudo setcap cap_net_raw,cap_net_admin=eip " + program
	if _, err := os.Stat("/etc/debian_version"); err == nil {
		return "to be allowed to: sudo dpkg-reconfigure wireshark-common, sudo usermod -aG wireshark " + name + " and log in again; or " + capabilities
	}
	return "to be allowed to: " + capabilities
}
