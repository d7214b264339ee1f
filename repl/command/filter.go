package command

import (
	"context"
	"fmt"
	"strings"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/repl/result"
)

func filterCommands() []*Command {
	return []*Command{{
		Name: "filter", Group: GroupPackets, Raw: true,
		Args: []Arg{{Name: "FILTER", Kinds: completion.ArgFilter, Optional: true}},
		Options: []Option{
			{Name: "and", Help: "narrow the filter in force instead of replacing it"},
			{Name: "ast", Help: "show how the filter is read, with the types of its operands, and do no more"},
			{Name: "plan", Help: "show how it would be answered, and do no more: explain"},
			{Name: "save", Value: "NAME", Help: "save FILTER under a name, to be used as ${NAME}"},
			{Name: "saved", Help: "list what is saved"},
			{Name: "forget", Value: "NAME", Help: "forget a saved filter"},
			{Name: "import", Value: "FILE", Kinds: completion.ArgFile, Help: "save those of Wireshark's dfilters or dmacros; wireshark stands for its own files"},
			{Name: "to", Value: "FILE", Kinds: completion.ArgFile, Help: "write what it says to a file"},
		},
		Summary: "let through only the packets that match a display filter",
		Help: `Takes any Wireshark display filter, to the end of the line. From then on ls,
next, save and the variable cap see only the packets that pass; frame numbers
stay Wireshark's. filter alone clears it. A filter that was asked before
costs nothing to ask again, nor do &&, || and ! of such filters.

${name} stands for a saved filter, as Wireshark's macros do: $1, $2 … in it are
the arguments of ${name:one;two}. ${ip.src} stands for what that field is in the
current packet.`,
		Examples: []Example{
			{"filter dns && ip.src == 192.168.1.1", "DNS from that address"},
			{`filter http.host contains "example"`, "a text in a field"},
			{"filter tcp.port in {80, 443}", "one of several values"},
			{"filter --and frame.len > 1000", "narrow what is there"},
			{"filter --save web tcp.port in {80, 443}", "then: filter ${web} && ip.src == 10.0.0.1"},
			{"filter tcp.stream == ${tcp.stream}", "the current packet's conversation"},
			{"filter --ast dns && !(ip.ttl < 5)", "how it is read"},
			{"filter", "clear it"},
		},
		Run: runFilter,
	}}
}

func runFilter(ctx context.Context, st *State, in Input) (result.Result, error) {
	if r, ok, err := st.runSaved(in); ok || err != nil {
		return r, err
	}
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	all := v.Capture().All()
	for _, option := range []string{"and", "ast", "plan"} {
		if in.Raw == "" && in.Has(option) {
			return nil, fmt.Errorf("filter: --%s wants a filter after it: filter --%s frame.len > 1000", option, option)
		}
	}
	if in.Raw, err = st.filterText(ctx, in.Raw); err != nil {
		return nil, err
	}
	switch {
	case in.Has("ast"):
		tree, err := v.Capture().ReadFilter(ctx, in.Raw)
		if err != nil {
			return nil, err
		}
		return &result.Text{Lines: strings.Split(strings.TrimSuffix(tree, "\n"), "\n")}, nil
	case in.Has("plan"):
		return runExplain(ctx, st, Input{Raw: in.Raw})
	case in.Raw == "":
		st.View, st.Listed = all, 0
		if st.Packet == nil {
			if err := st.Use(ctx, all); err != nil {
				return nil, err
			}
		}
		return &result.Status{Line: packets(v.Capture().Len()) + ", no filter"}, nil
	}
	base := all
	if in.Has("and") {
		base = v
	}
	narrowed, err := base.Narrow(ctx, in.Raw)
	if err != nil {
		return nil, err
	}
	n, err := narrowed.Len(ctx)
	if err != nil {
		return nil, err
	}
	current := st.Packet
	if err := st.Use(ctx, narrowed); err != nil {
		return nil, err
	}
	// A current packet that passes the filter stays the current one.
	if current != nil && current.Capture() == v.Capture() {
		if _, in, err := narrowed.Index(ctx, current.Number()); err == nil && (in || n == 0) {
			st.Packet = current
		}
	}
	return &result.Status{Line: fmt.Sprintf("%s of %s", humanize.Comma(int64(n)), packets(v.Capture().Len()))}, nil
}
