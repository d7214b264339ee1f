package repl

import (
	"context"
	"strings"
	"testing"
	"time"

	"pktsh/completion"
	"pktsh/repl/render"
)

// offers waits for the catalogue and completes a line.
func (b *bench) offers(text string) []completion.Suggestion {
	b.t.Helper()
	for b.shell.catalogue() == nil {
		time.Sleep(time.Millisecond)
	}
	found, _ := b.shell.Complete(context.Background(), text, len(text))
	return found
}

func first(found []completion.Suggestion, n int) string {
	var out []string
	for _, s := range found[:min(n, len(found))] {
		out = append(out, s.Text)
	}
	return strings.Join(out, " ")
}

// TestCompleteWhatIsHere has what packets hold come first, with a value of theirs.
func TestCompleteWhatIsHere(t *testing.T) {
	b := newBench(t, render.Style{Width: 80, Height: 24, Interactive: true})
	b.do("ls 1-40")
	b.do("show 8")
	b.do("goto 4")
	b.do("filter --save web tcp.port in {80, 443}")
	b.do("d = {'alpha': 1, 'beta': [2]}")
	b.do("def count_hosts(packets, limit=10): return limit")
	for _, x := range []struct{ text, want, description string }{
		{"filter dns.qry.", "dns.qry.class dns.qry.name dns.qry.name.len", ""},
		{"filter dns.qry.nam", "dns.qry.name", "example.org  Name (STRING)"},
		{"filter h", "http", "Hypertext Transfer Protocol (protocol)"}, // of a packet shown before
		{"filter ${", "${web}", "tcp.port in {80, 443}"},
		{"filter ip.src == ${ip.sr", "${ip.src}", "192.168.1.1"},
		{"show ", "4 dns eth ip udp 5 6", "DNS  Standard query response 0x1a2b A example.org A 198.51.100.10"},
		{"d['", "alpha beta", "1"},
		{"x = d['a", "alpha", "1"},
		{"pkt['d", "dns", ""},
		{"for p in cap: p['d", "dns", ""},
		{"count_hosts(", "limit= packets=", "default 10"},
		{"count_hosts(li", "limit=", "default 10"},
		{"find('GET', tex", "text=", ""},
		{"FileCapture('x', dis", "disable_protocol= display_filter=", ""},
		{"show(4, 'd", "dns", ""},
		{"set ti", "time", ""},
		{"set pager o", "on off", ""},
		{"columns le", "length", ""},
		{"columns -le", "-length", ""},
		{"columns +dns.qry.nam", "+dns.qry.name", "Name"},
	} {
		got := b.offers(x.text)
		n := strings.Count(x.want, " ") + 1
		if first(got, n) != x.want || x.description != "" && got[0].Description != x.description {
			t.Errorf("%s: got %+v, want %s (%s)", x.text, got[:min(n, len(got))], x.want, x.description)
		}
	}
	// What was counted tells how often.
	b.offers("filter ip.src == ")
	for range 500 {
		if got := b.offers("filter ip.sr"); len(got) > 0 && strings.Contains(got[0].Description, "(") && strings.HasPrefix(got[0].Description, "192.168.1.1 (") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("got %+v, want a count beside the address", b.offers("filter ip.sr"))
}

// TestReadFilters has filters judged as Enter will.
func TestReadFilters(t *testing.T) {
	b := newBench(t, render.Style{})
	b.offers("filter ")
	b.do("filter --save web tcp.port in {80, 443}")
	for text, want := range map[string]completion.Paint{
		"filter dns && ip.src == 192.168.1.1": completion.PaintValid,
		"filter ${web}":                       completion.PaintValid,
		"find tcp.flags.syn == 1":             completion.PaintValid,
		"explain ip.ttl < 5":                  completion.PaintValid,
		"cap.filter('dns')":                   completion.PaintValid,
		"filter ip.src == ":                   completion.PaintUnfinished,
		"filter ip.src = 1.2.3.4":             completion.PaintPlace,
		"filter ${wob} ":                      completion.PaintPlace,
		"find --text GET /":                   completion.PaintNone,
		"find --bytes 47 45":                  completion.PaintNone,
		"filter --save x ip.src == $1":        completion.PaintNone,
	} {
		got := completion.PaintNone
		for _, s := range b.shell.Read(context.Background(), text).Spans {
			if s.Paint >= completion.PaintValid {
				got = max(got, s.Paint)
			}
		}
		if got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}
