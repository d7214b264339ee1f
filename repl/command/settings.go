package command

import (
	"context"
	"fmt"
	"path"
	"strings"

	"pktsh/engine"
	"pktsh/repl/result"
)

// This file is what the commands that set something of Wireshark's share: prefs,
// decode_as, protocols and keys.

// settingsHelp ends the help of each of them.
const settingsHelp = `

A change is for the capture in use and for those that are opened after it. Its
dissectors are started anew, and all that was asked before is asked anew.`

func settingsCommands() []*Command {
	return []*Command{prefsCommand(), decodeAsCommand(), protocolsCommand(), keysCommand()}
}

// dissection is the configuration of the capture in use, the session's when none is.
func (st *State) dissection() engine.Dissection {
	if st.View != nil {
		return st.View.Capture().Dissection()
	}
	return st.Session.Dissection()
}

// reconfigure changes the configuration of the capture in use and of those that
// are opened from now on. When Wireshark does not take it nothing has changed. It
// answers with what was done and what that costs.
func (st *State) reconfigure(ctx context.Context, done string, change func(*engine.Dissection)) (result.Result, error) {
	if err := st.Session.Configurable(); err != nil {
		return nil, err
	}
	session := st.Session.Dissection()
	change(&session)
	if st.View == nil {
		if err := st.Session.SetDissection(ctx, session); err != nil {
			return nil, err
		}
		return &result.Status{Line: done + ", for the captures that are opened from now on"}, nil
	}
	c := st.View.Capture()
	cfg := c.Dissection()
	before := cfg.Key()
	change(&cfg)
	if err := c.Reconfigure(ctx, cfg); err != nil {
		return nil, err
	}
	if err := st.Session.SetDissection(ctx, session); err != nil {
		return nil, err
	}
	if cfg.Key() == before {
		return &result.Status{Line: done + ", as it was"}, nil
	}
	if err := st.again(); err != nil {
		return nil, err
	}
	return &result.Status{Line: fmt.Sprintf("%s; %s is dissected anew: the next answer on all its %s takes about %s", done, c.Name(), packets(c.Len()), shortTime(c.Cost()))}, nil
}

// settingsLine says in a line what is set for a capture, "" for nothing.
func settingsLine(cfg engine.Dissection) string {
	var parts []string
	count := func(n int, one string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, one))
		}
	}
	count(len(cfg.Preferences), "preference")
	count(len(cfg.DecodeAs), "decode-as rule")
	count(len(cfg.DisabledProtocols), "disabled protocol")
	count(len(cfg.EnabledProtocols), "enabled protocol")
	count(len(cfg.DecryptionKeys), "802.11 key")
	if cfg.KeyLog != "" {
		parts = append(parts, "a TLS key log")
	}
	if cfg.Names != "" {
		parts = append(parts, "names -N "+cfg.Names)
	}
	return strings.Join(parts, ", ")
}

// again makes the view and the packet in use ones that have answered nothing, so
// that the variables cap and pkt begin anew as well.
func (st *State) again() error {
	st.View = st.View.Again()
	if st.Packet == nil {
		return nil
	}
	p, err := st.View.Capture().Packet(st.Packet.Number())
	st.Packet = p
	return err
}

// matcher returns what says whether a name matches a pattern: with * and ? the whole
// name, without them a part of it, in any case.
func matcher(pattern string) (func(name string) bool, error) {
	pattern = strings.ToLower(pattern)
	if !strings.ContainsAny(pattern, "*?[") {
		return func(name string) bool { return strings.Contains(strings.ToLower(name), pattern) }, nil
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	return func(name string) bool {
		ok, _ := path.Match(pattern, strings.ToLower(name))
		return ok
	}, nil
}

// unsetText says what was unset: one thing, or everything.
func unsetText(what string) string {
	if what == "*" {
		return "everything is unset"
	}
	return what + " is unset"
}

// listing is a table of rows that are known.
func listing(columns []result.Column, rows []result.Row) result.Result {
	return listingOr("", columns, rows)
}

// listingOr is listing with the line that stands for no rows.
func listingOr(empty string, columns []result.Column, rows []result.Row) result.Result {
	return &result.Table{Columns: columns, Empty: empty, Rows: func(yield func(result.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}
}
