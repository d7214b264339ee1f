package repl

import (
	"context"
	"slices"

	"pktsh/engine"
	"pktsh/repl/command"
	"pktsh/repl/script"
)

// openForScript is the way of FileCapture and its like to the session.
func (s *Shell) openForScript(ctx context.Context, o script.OpenOptions) (*engine.Capture, error) {
	cfg := withOptions(s.cfg.Session.Dissection(), o)
	options := engine.OpenOptions{Reader: o.Reader, Name: o.Name, Dissection: &cfg}
	if o.Live != nil {
		live := *o.Live
		live.Dissection = &cfg
		return s.cfg.Session.OpenLive(ctx, live)
	}
	if o.Memory {
		return s.cfg.Session.OpenMemory(ctx, o.Name, options)
	}
	var err error
	if options.Paths, err = command.ExpandPaths(o.Paths); err != nil {
		return nil, err
	}
	c, err := s.cfg.Session.Open(ctx, options)
	if err == nil {
		s.warnings(c)
	}
	return c, err
}

// withOptions adds what a script asks for to a configuration.
func withOptions(cfg engine.Dissection, o script.OpenOptions) engine.Dissection {
	cfg.Preferences = slices.Concat(cfg.Preferences, o.Preferences)
	cfg.DecodeAs = slices.Concat(cfg.DecodeAs, o.DecodeAs)
	cfg.DisabledProtocols = slices.Concat(cfg.DisabledProtocols, o.DisabledProtocols)
	cfg.EnabledProtocols = slices.Concat(cfg.EnabledProtocols, o.EnabledProtocols)
	cfg.DecryptionKeys = slices.Concat(cfg.DecryptionKeys, o.DecryptionKeys)
	if o.Names != nil {
		cfg.Names = *o.Names
	}
	return cfg
}
