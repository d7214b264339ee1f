package command

import (
	"fmt"
	"regexp"
	"strings"
)

// This file says what was meant by a filter's line that did not work: what other
// commands take at the end of their lines is part of the filter there.

var (
	lastOption   = regexp.MustCompile(`\s--([a-z]+)(\s|$)`)
	lastRedirect = regexp.MustCompile(`\s>>\s*\S|\s>\s*\S*(/\S*|\.(txt|csv|json|log|md|out|pcap|pcapng))$`)
	lastPipe     = regexp.MustCompile(`\s\|\s*[a-zA-Z!]`)
	lastComment  = regexp.MustCompile(`(^|\s)#(\s|$)`)
)

// Misplaced is what to do instead when raw, the line behind a command that takes a
// filter, did not work; "" where nothing in it looks like anything but a filter.
func (c *Command) Misplaced(raw string) string {
	if !c.Raw || len(c.Args) == 0 || c.Args[0].Name != "FILTER" && c.Args[0].Name != "WHAT" {
		return ""
	}
	_, writes := c.findOption("to")
	whole := "a " + strings.ToLower(c.Args[0].Name) + " goes to the end of the line"
	if c.Args[0].Name == "WHAT" {
		whole = "what is looked for goes to the end of the line"
	}
	if m := lastOption.FindStringSubmatch(raw); m != nil {
		if _, known := c.findOption(m[1]); known {
			return fmt.Sprintf("%s, options stand before it: %s --%s …", whole, c.Name, m[1])
		}
	}
	switch redirected := lastRedirect.MatchString(raw) || lastPipe.MatchString(raw); {
	case redirected && writes:
		return fmt.Sprintf("%s: %s --to FILE … writes to a file; then ls > FILE or ls | COMMAND", whole, c.Name)
	case redirected:
		return whole + ": ls > FILE or ls | COMMAND come after it"
	case lastComment.MatchString(raw):
		return whole + ": a comment stands on a line of its own"
	}
	return ""
}

func (c *Command) findOption(name string) (Option, bool) {
	for _, o := range c.Options {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}
