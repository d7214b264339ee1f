package command

import (
	"context"
	"fmt"

	"pktsh/completion"
	"pktsh/engine/plan"
	"pktsh/repl/result"
)

func engineCommand() *Command {
	return &Command{
		Name: "engine", Group: GroupSettings, Rows: true,
		Args:    []Arg{{Name: "MODE", Kinds: completion.ArgChoice, Choices: []string{"auto", "native", "wireshark"}, Optional: true}},
		Summary: "who answers: pktsh itself, Wireshark, or each where it is best",
		Help: `Without an argument it says who answers questions about the capture in use, and
why. With one it changes that for all open captures, as --engine does:
auto       pktsh where its answer is surely Wireshark's, else Wireshark
native     pktsh alone; what its dissectors do not know is shown as data
wireshark  Wireshark alone
What was asked before is asked anew. explain says it of a single filter.`,
		Examples: []Example{
			{"engine", "who answers now"},
			{"engine native", "pktsh alone"},
			{"engine auto", "both"},
		},
		Run: runEngine,
	}
}

func runEngine(ctx context.Context, st *State, in Input) (result.Result, error) {
	if len(in.Words) == 0 {
		return engineTable(ctx, st), nil
	}
	for _, m := range []plan.Mode{plan.Auto, plan.Native, plan.Wireshark} {
		if m.String() != in.Words[0] {
			continue
		}
		before := st.Session.Mode()
		if err := st.Session.SetMode(m); err != nil {
			return nil, err
		}
		if before == m {
			return &result.Status{Line: "engine is " + m.String() + ", as it was"}, nil
		}
		if st.View != nil {
			if err := st.again(); err != nil {
				return nil, err
			}
		}
		return engineTable(ctx, st), nil
	}
	return nil, fmt.Errorf("engine %s: auto, native or wireshark was wanted", in.Words[0])
}

// engineTable says who answers and why.
func engineTable(ctx context.Context, st *State) result.Result {
	mode := st.Session.Mode()
	why := map[plan.Mode]string{
		plan.Auto:      "pktsh where headers surely tell what Wireshark says, Wireshark's dissectors for everything else",
		plan.Native:    "pktsh's own dissectors alone; what they do not know is shown as data",
		plan.Wireshark: "Wireshark's dissectors alone",
	}[mode]
	rows := [][2]string{{"engine", mode.String() + ": " + why}}
	version := st.Session.WiresharkVersion(ctx)
	switch {
	case version != "":
		rows = append(rows, [2]string{"Wireshark", version + " (" + st.Session.Tools().Sharkd + ")"})
	case mode != plan.Native:
		rows = append(rows, [2]string{"Wireshark", "not installed (Debian: apt-get install tshark): pktsh answers what it can"})
	}
	if st.View != nil {
		rows = append(rows, [2]string{"dissection", deepSentence(ctx, st)})
		if version, verified := st.View.Capture().Verified(ctx); version != "" && mode == plan.Auto {
			how := "pktsh's own answers are verified with Wireshark " + version
			if !verified {
				how = "pktsh's own answers are not verified with Wireshark " + version
			}
			rows = append(rows, [2]string{"verified", how})
		}
	}
	return pairs(rows)
}
