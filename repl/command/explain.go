package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/repl/result"
)

func explainCommands() []*Command {
	return []*Command{{
		Name: "explain", Group: GroupSession, Raw: true, Rows: true,
		Args:    []Arg{{Name: "FILTER", Kinds: completion.ArgFilter}},
		Summary: "how a filter is answered: by whom, why, and how long it takes",
		Help: `Asks the packets' headers as the filter would be asked, and says who answers:
pktsh's own code where that is surely what Wireshark says (native), Wireshark's
dissectors for the rest or for all (deep). Packets that headers do not tell of
are counted by the reason. Wireshark itself is not asked.`,
		Examples: []Example{
			{"explain ip.addr == 10.0.0.1 && tcp.port == 443", "headers tell"},
			{"explain http.host", "a field that only Wireshark's dissectors have"},
		},
		Run: runExplain,
	}}
}

func runExplain(ctx context.Context, st *State, in Input) (result.Result, error) {
	v, err := st.view()
	if err != nil {
		return nil, err
	}
	expr := strings.TrimSpace(in.Raw)
	if rest, ok := strings.CutPrefix(expr, "filter "); ok {
		expr = strings.TrimSpace(rest)
	}
	if expr == "" {
		return nil, fmt.Errorf("explain wants a filter after it: explain tcp.port == 443")
	}
	if expr, err = st.filterText(ctx, expr); err != nil {
		return nil, err
	}
	e, err := v.Capture().Explain(ctx, expr)
	if err != nil {
		return nil, err
	}
	return explanation(e, v.Capture()), nil
}

// explanation lays an explanation out.
func explanation(e *engine.Explanation, c *engine.Capture) result.Result {
	var rows [][2]string
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}
	count := func(n int) string { return humanize.Comma(int64(n)) }
	add("filter", "%s", e.Filter)
	if e.Known {
		add("answer", "known: asked before, kept")
		return pairs(rows)
	}
	if len(e.Steps) > 0 {
		add("answer", "part by part, each of the packets that those before leave open")
		for _, step := range e.Steps {
			add("  "+step.How.String(), "%s", step.Filter)
		}
		return pairs(rows)
	}
	add("answer", "%s", e.Plan.Way)
	add("because", "%s", e.Plan.Reason)
	if e.Asked {
		add("sure", "%s of %s (%s), found in %s", count(e.Sure), packets(e.Packets), percent(e.Sure, e.Packets), shortTime(e.Took))
		classes := slices.SortedFunc(maps.Keys(e.Unsure), func(a, b dissect.Class) int { return e.Unsure[b] - e.Unsure[a] })
		for _, class := range classes {
			name := class.String()
			if class == dissect.ClassSure {
				name = "payload above the headers"
			}
			add("  unsure", "%s (%s): %s", count(e.Unsure[class]), percent(e.Unsure[class], e.Packets), name)
		}
	}
	add("expected", "%s", shortTime(e.Plan.Expect))
	for _, o := range e.Plan.Others {
		add("  or", "%s: %s", shortTime(o.Expect), o.Way)
	}
	switch {
	case e.Caution != "":
		add("settings", "%s: headers are left to Wireshark", e.Caution)
	case e.Version != "" && !e.Verified:
		add("version", "not verified with Wireshark %s: run pktsh's make differential", e.Version)
	case e.Version != "":
		add("version", "verified with Wireshark %s", e.Version)
	case c.Session().Mode() == plan.Native:
		add("version", "--engine native: what pktsh's own dissectors say, not surely Wireshark's answer")
	}
	return pairs(rows)
}

// pairs is a table of names and values.
func pairs(rows [][2]string) result.Result {
	return &result.Table{
		Columns: []result.Column{{Title: "", Role: result.RoleName}, {Title: "", Flexible: true}},
		Rows: func(yield func(result.Row, error) bool) {
			for _, r := range rows {
				row := result.Row{Cells: r[:]}
				if r[0] == "warning" {
					row.Role = result.RoleWarning
				}
				if !yield(row, nil) {
					return
				}
			}
		},
	}
}

// percent never rounds up to a whole that is not one.
func percent(n, of int) string {
	p := 100 * float64(n) / float64(max(of, 1))
	switch {
	case n == of:
		return "100 %"
	case p > 99.9:
		return ">99.9 %"
	case n > 0 && p < 0.1:
		return "<0.1 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// shortTime rounds a duration to what matters.
func shortTime(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
