package repl

import (
	"context"
	"fmt"
	"strings"

	"pktsh/completion"
	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/repl/command"
)

// framesOffered is how many frame numbers are offered from the current one on.
const framesOffered = 30

// frames are the current packet, those that follow it in view, and the last.
func (w sessionWords) frames(ctx context.Context) []completion.Suggestion {
	p, v := w.s.state.Packet, w.s.state.View
	if p == nil || v == nil {
		return nil
	}
	out := []completion.Suggestion{{Text: fmt.Sprint(p.Number()), Description: w.packet(p.Number(), "the current packet")}}
	ctx = engine.WithoutWaiting(ctx)
	// A filter that was not asked yet is not asked for this.
	if at, _, err := v.Index(ctx, p.Number()); err == nil && v.Capture() == p.Capture() {
		for i := at; i < at+framesOffered && ctx.Err() == nil; i++ {
			n, err := v.Frame(ctx, i)
			if err != nil {
				break
			}
			if n != p.Number() {
				out = append(out, completion.Suggestion{Text: fmt.Sprint(n), Description: w.packet(n, ""), Rank: 1 + i - at})
			}
		}
	}
	return append(out, completion.Suggestion{Text: "-1", Description: "the last packet", Rank: framesOffered + 1})
}

// packet describes a packet by its row, where that is at hand.
func (w sessionWords) packet(number uint32, otherwise string) string {
	row, ok := w.s.state.View.Capture().RowAtHand(number)
	if !ok {
		return otherwise
	}
	return strings.TrimSpace(row.Protocol + "  " + row.Info)
}

// streams are the numbers of the conversations of the kind that is the word before,
// those with the most packets first.
func (w sessionWords) streams(ctx context.Context, at completion.Context) []completion.Suggestion {
	kind := "tcp"
	if len(at.Args) > 0 {
		kind = at.Args[len(at.Args)-1]
	}
	return w.s.fieldValues(ctx, kind+".stream")
}

// columns are Wireshark's built-in ones; + and - before one add it and take it away.
func (w sessionWords) columns(at completion.Context) []completion.Suggestion {
	sign := ""
	if strings.HasPrefix(at.Value, "+") || strings.HasPrefix(at.Value, "-") {
		sign = at.Value[:1]
	}
	columns := engine.ListColumns()
	if sign == "-" {
		columns = w.s.state.Columns
		if columns == nil {
			columns = engine.DefaultListColumns()
		}
	}
	var out []completion.Suggestion
	for i, c := range columns {
		out = append(out, completion.Suggestion{Text: sign + c.Name, Description: c.Meaning, Rank: i / 10})
	}
	if sign == "+" {
		for _, s := range w.s.samples(context.Background()) {
			if info, ok := w.s.catalogueInfo(s.Field); ok {
				out = append(out, completion.Suggestion{Text: "+" + s.Field, Description: info.Label, Rank: len(out)})
			}
		}
	}
	return out
}

func (s *Shell) catalogueInfo(field string) (dissect.FieldInfo, bool) {
	if cat := s.catalogue(); cat != nil {
		return cat.Lookup(field)
	}
	return dissect.FieldInfo{}, false
}

// settings are those of set.
func (w sessionWords) settings() []completion.Suggestion {
	var out []completion.Suggestion
	for i, s := range command.SettingWords() {
		out = append(out, completion.Suggestion{Text: s[0], Description: s[1], Rank: i})
	}
	return out
}

// settingValues are those of what is the word before: of set's settings, or for
// prefs of a preference.
func (w sessionWords) settingValues(at completion.Context) []completion.Suggestion {
	if at.Command.Name != "set" {
		return w.preferenceValues(at)
	}
	if len(at.Args) != 1 {
		return nil
	}
	var out []completion.Suggestion
	for i, c := range command.SettingChoices(at.Args[0]) {
		out = append(out, completion.Suggestion{Text: c[0], Description: c[1], Rank: i})
	}
	return out
}
