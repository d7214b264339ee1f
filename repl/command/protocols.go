package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func protocolsCommand() *Command {
	return &Command{
		Name: "protocols", Group: GroupSettings, Rows: true,
		Args: []Arg{{Name: "PATTERN", Kinds: completion.ArgProtocol, Optional: true}},
		Options: []Option{
			{Name: "disable", Value: "PROTOCOL", Kinds: completion.ArgProtocol, Help: "do not dissect it; several with commas"},
			{Name: "enable", Value: "PROTOCOL", Kinds: completion.ArgProtocol, Help: "dissect it again, or although Wireshark's default is not to"},
		},
		Summary: "Wireshark's protocols: list, disable, enable",
		Help: `Lists the protocols that are disabled or enabled here; with a pattern, those of
Wireshark's with a name that matches it.` + settingsHelp,
		Examples: []Example{
			{"protocols dns", "protocols with such names"},
			{"protocols --disable http,dns", "show these as data"},
			{"protocols --enable http", "dissect it again"},
			{"protocols", "what is disabled or enabled"},
		},
		Run: runProtocols,
	}
}

func runProtocols(ctx context.Context, st *State, in Input) (result.Result, error) {
	disable, enable := in.Options["disable"], in.Options["enable"]
	cfg := st.dissection()
	if disable != "" || enable != "" {
		if len(in.Words) > 0 {
			return nil, fmt.Errorf("protocols: --disable and --enable take names with commas between them, not %s", in.Words[0])
		}
		return st.switchProtocols(ctx, splitList(disable), splitList(enable))
	}
	if len(in.Words) == 0 && len(cfg.DisabledProtocols)+len(cfg.EnabledProtocols) == 0 {
		return &result.Status{Line: "every protocol is as Wireshark has it by default; `protocols PATTERN` lists them"}, nil
	}
	all, err := st.Session.Protocols(ctx)
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	for _, p := range cfg.EnabledProtocols {
		state[p] = "enabled"
	}
	for _, p := range cfg.DisabledProtocols {
		state[p] = "disabled"
	}
	wanted := func(p engine.Protocol) bool { return state[p.Name] != "" }
	if len(in.Words) > 0 {
		matches, err := matcher(in.Words[0])
		if err != nil {
			return nil, fmt.Errorf("protocols: %w", err)
		}
		wanted = func(p engine.Protocol) bool { return matches(p.Name) || matches(p.Short) || matches(p.Long) }
	}
	var rows []result.Row
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
		if wanted(p) {
			rows = append(rows, result.Row{Cells: []string{p.Name, p.Short, state[p.Name], p.Long}})
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("protocols: none matches %s%s", in.Words[0], nearest(in.Words[0], names))
	}
	return listing([]result.Column{{Title: "Protocol", Role: result.RoleName}, {Title: "Short"}, {Title: "State", Role: result.RoleWarning}, {Title: "Name", Flexible: true}}, rows), nil
}

// switchProtocols disables and enables protocols.
func (st *State) switchProtocols(ctx context.Context, disable, enable []string) (result.Result, error) {
	var done []string
	if len(disable) > 0 {
		done = append(done, strings.Join(disable, ", ")+" disabled")
	}
	if len(enable) > 0 {
		done = append(done, strings.Join(enable, ", ")+" enabled")
	}
	return st.reconfigure(ctx, strings.Join(done, ", "), func(cfg *engine.Dissection) {
		for _, p := range disable {
			cfg.EnabledProtocols = without(cfg.EnabledProtocols, p)
			cfg.DisabledProtocols = append(without(cfg.DisabledProtocols, p), p)
		}
		for _, p := range enable {
			if slices.Contains(cfg.DisabledProtocols, p) {
				cfg.DisabledProtocols = without(cfg.DisabledProtocols, p)
				continue
			}
			cfg.EnabledProtocols = append(without(cfg.EnabledProtocols, p), p)
		}
	})
}

func without(list []string, word string) []string {
	return slices.DeleteFunc(list, func(w string) bool { return w == word })
}

// splitList splits words with commas between them.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
