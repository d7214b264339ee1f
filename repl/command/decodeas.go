package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/result"
)

func decodeAsCommand() *Command {
	return &Command{
		Name: "decode_as", Group: GroupSettings, Rows: true,
		Args: []Arg{{Name: "RULE", Kinds: completion.ArgText, Optional: true, Repeated: true}},
		Options: []Option{{Name: "unset", Value: "RULE", Kinds: completion.ArgText,
			Help: "take a rule back, named whole or up to its comma; * for all"}},
		Summary: "which dissector takes a port, a type …: list, set, unset",
		Help: `Lists the rules that are set; with a rule, sets it. A rule is as tshark's -d
takes it, LAYERTYPE==SELECTOR,PROTOCOL: the table of dissectors, the value or
the range of values in it, and the protocol's filter name.` + settingsHelp,
		Examples: []Example{
			{"decode_as udp.port==5300,dns", "UDP port 5300 is DNS"},
			{"decode_as tcp.port==8000-8010,http", "these ports are HTTP"},
			{"decode_as --unset udp.port==5300", "take it back"},
			{"decode_as", "the rules that are set"},
		},
		Run: runDecodeAs,
	}
}

// selectorOf is a rule up to its protocol: of two rules with the same the later one
// holds.
func selectorOf(rule string) string {
	if i := strings.LastIndex(rule, ","); i >= 0 {
		rule = rule[:i]
	}
	return strings.ReplaceAll(rule, " ", "")
}

func runDecodeAs(ctx context.Context, st *State, in Input) (result.Result, error) {
	set := st.dissection().DecodeAs
	if rule, ok := in.Options["unset"]; ok {
		if len(in.Words) > 0 {
			return nil, errors.New("decode_as: --unset RULE takes nothing else")
		}
		is := func(r string) bool {
			return rule == "*" || r == rule || selectorOf(r) == strings.ReplaceAll(rule, " ", "")
		}
		if !slices.ContainsFunc(set, is) {
			return nil, fmt.Errorf("decode_as: no rule %s is set%s", rule, nearest(rule, set))
		}
		return st.reconfigure(ctx, unsetText(rule), func(cfg *engine.Dissection) {
			cfg.DecodeAs = slices.DeleteFunc(cfg.DecodeAs, is)
		})
	}
	if len(in.Words) > 0 {
		rule := strings.Join(in.Words, "") // udp.port == 5300, dns
		return st.reconfigure(ctx, "decoded as "+rule, func(cfg *engine.Dissection) {
			cfg.DecodeAs = slices.DeleteFunc(cfg.DecodeAs, func(r string) bool { return selectorOf(r) == selectorOf(rule) })
			cfg.DecodeAs = append(cfg.DecodeAs, rule)
		})
	}
	var rows []result.Row
	for _, rule := range set {
		i := strings.LastIndex(rule, ",")
		rows = append(rows, result.Row{Cells: []string{rule[:i], rule[i+1:]}})
	}
	return listingOr("no decode-as rule is set; `decode_as udp.port==5300,dns` sets one", []result.Column{{Title: "Where", Role: result.RoleName}, {Title: "Decoded as"}}, rows), nil
}
