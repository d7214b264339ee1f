package repl

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/plan"
	"pktsh/repl/render"
)

const browse = "../testdata/browse.pcapng"

// bench is a Shell on the sample capture without Wireshark: text in, text out.
type bench struct {
	t        *testing.T
	shell    *Shell
	out, err bytes.Buffer
}

func newBench(t *testing.T, style render.Style) *bench {
	t.Helper()
	b := &bench{t: t}
	session := engine.NewSession(engine.Config{Mode: plan.Native, TempDir: t.TempDir()})
	t.Cleanup(func() { session.Close() })
	b.shell = New(Config{Session: session, Out: &b.out, Err: &b.err, Style: func() render.Style { return style }})
	if err := b.shell.Open(context.Background(), OpenOptions{OpenOptions: engine.OpenOptions{Paths: []string{browse}}}); err != nil {
		t.Fatalf("%v: %s", err, b.err.String())
	}
	return b
}

// do runs an input and returns what it printed, results and errors.
func (b *bench) do(text string) string {
	b.t.Helper()
	b.out.Reset()
	b.err.Reset()
	b.shell.Exec(context.Background(), text)
	return b.out.String() + b.err.String()
}

// TestState is how commands and variables see the same capture and packet.
func TestState(t *testing.T) {
	b := newBench(t, render.Style{})
	for _, step := range []struct{ in, want string }{
		{"pkt.number", "1\n"},
		{"goto 4", "Standard query response 0x1a2b"},
		{"pkt.number", "4\n"},
		{"pkt = cap[7]", ""},
		{"layers", "ETH IP TCP HTTP\n"},
		{"filter dns", "82 of 1,204 packets\n"},
		{"len(cap)", "82\n"},
		{"pkt.number", "3\n"}, // packet 8 does not pass
		{"next", "    4  "},
		{"filter --and ip.src == 192.168.1.1", "41 of 1,204 packets\n"},
		{"pkt.number", "4\n"}, // it passes, so it stays
		{"prev", "there is no packet before this"},
		{"goto 8", "GET / HTTP/1.1"}, // any frame may be looked at
		{"next", "   20  "},
		{"filter", "1,204 packets, no filter\n"},
		{"len(cap)", "1204\n"},
		{"c = FileCapture('../testdata/hostile.pcapng')", ""},
		{"caps", "c         "},
		{"use c", "hostile.pcapng  10 packets"},
		{"len(cap)", "10\n"},
		{"use 1", "browse.pcapng"},
		{"filter dns", "82 of"},
		{"goto 20", "   20  "},
		{"use c", "hostile.pcapng  10 packets"},
		{"use 1", "filter dns"}, // as it was left
		{"pkt.number", "20\n"},
		{"filter", "1,204"},
		{"\ufefflen(cap)", "1204\n"}, // a byte order mark
		{"cap = c", ""},              // a variable of that name is the capture in use
		{"ls -1", "\n   10  "},
		{"use nothing", "no open capture"},
		{"use 9", "2 captures are open"},
		{"close", "hostile.pcapng closed; using browse.pcapng"},
		{"c[0].eth.src", "is closed"},
		{"len(cap)", "1204\n"},
		{"for pkt in cap[0:3]: x = pkt.number", ""},
		{"layers", "ETH IP UDP DNS\n"},
		{"show(3, 'dns')", "Domain Name System (query)"},
		{"layers(pkt)", "ETH IP UDP DNS\n"},
		{"pkt.ip?", "src "},
		{"help(pkt)", "pkt is the current packet"},
		{"help(cap)", "cap is the capture in use"},
		{"ls --help", "ls [--all]"},
		{"filter --and", "--and wants a filter"},
		{"filter --to " + filepath.Join(t.TempDir(), "out") + " dns", ""},
		{"len(cap)", "82\n"},
		{"filter", "1,204 packets"},
		{"save 'x y.pcap' 5000", "packets 1 to 1204"},
		{"hex(255)", "'0xff'\n"},
		{":hex 1 arp.opcode", "^^ ^^"},
		{"hex 1 ip.src", "no field or layer"},
		{"ls 5-3", "ends before it begins"},
		{"ls 1,3,5-6", "\n    6  "},
		{"ls --head two", "a number of packets from 1 was wanted"},
		{"ls --hed 2", "no such option --hed"},
		{"open", "usage: open FILE…"},
		{"help", "Captures\n"},
		{"help lss", "did you mean ls?"},
		{"shwo 3", "did you mean show 3?"},
		{"follow tcp 1", `there is no command "follow"; help lists them`},
		{"if x ==", "got newline, want primary expression\n"},
		{"close", "browse.pcapng closed"},
		{"ls", "no capture is open; `open FILE` opens one"},
	} {
		if got := b.do(step.in); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q in it", step.in, got, step.want)
		}
	}
}

// TestPages is what a person at a terminal gets of ls: a page at a time.
func TestPages(t *testing.T) {
	b := newBench(t, render.Style{Width: 80, Height: 24, Interactive: true})
	for _, want := range []string{"1–19 of 1,204 packets; ls goes on", "20–38 of"} {
		if got := b.do("ls"); !strings.Contains(got, want) || strings.Count(got, "\n") > 23 {
			t.Errorf("got %q, want %q within a screen", got, want)
		}
	}
	b.do("filter dns")
	if got := b.do("ls"); !strings.Contains(got, "1–19 of 82 packets that pass the filter") {
		t.Errorf("a new filter starts at its first packet: got %q", got)
	}
	if got := strings.Count(b.do("ls --all"), "\n"); got < 83 {
		t.Errorf("ls --all: got %d lines, want 82 and the header", got)
	}
}

// TestPageFits is a page with everything that may stand below its rows, on screens of
// several sizes: longer than the screen it would end in the pager.
func TestPageFits(t *testing.T) {
	below := []string{
		"~ preview by pktsh; Wireshark's dissectors have loaded now: ls again",
		"10,001–10,020 of 1,204,000 packets that pass the filter; ls goes on",
	}
	for _, screen := range [][2]int{{80, 24}, {80, 12}, {100, 30}, {120, 24}, {60, 20}, {40, 12}, {40, 24}} {
		b := newBench(t, render.Style{Width: screen[0], Height: screen[1], Interactive: true})
		v := b.shell.page()
		b.do("set rows " + strconv.Itoa(v))
		text := b.do("ls")
		above, _, found := strings.Cut(text, "1–")
		if !found {
			t.Fatalf("%d × %d: got %q, want a page", screen[0], screen[1], text)
		}
		rows := render.Rows(above+strings.Join(below, "\n")+"\n", screen[0]) // and the prompt
		if least := screen[1] - 5; screen[0] >= 80 && v < least {
			t.Errorf("%d × %d: got %d rows, want %d at least", screen[0], screen[1], v, least)
		}
		if rows >= screen[1] {
			t.Errorf("%d × %d: a page of %d rows takes %d lines and the prompt", screen[0], screen[1], v, rows)
		}
	}
}

func TestNeedMore(t *testing.T) {
	b := newBench(t, render.Style{})
	for text, want := range map[string]bool{
		"pkt.ip.src":                         false,
		"ls 1-3":                             false,
		"filter (":                           false, // a command is one line
		"x = (1,":                            true,
		"x = (1,\n2)":                        false,
		"def f(p):":                          true,
		"def f(p):\n    return p":            true,
		"def f(p):\n    return p\n":          false, // the blank line
		"for p in cap: print(p)":             false,
		"s = '''a":                           true,
		"if x:\n    ls = 3\nelse:":           true,
		"ls\nfilter dns\ndef f():\n  pass":   true,
		"ls\nfilter dns\ndef f():\n  pass\n": false,
	} {
		if got := b.shell.NeedMore(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestComplete is what TAB offers first at each kind of place.
func TestComplete(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("goto 8")
	b.do("ttl = pkt.ip.ttl")
	for _, tt := range []struct {
		text string // the cursor stands at its end
		want []string
	}{
		{"sho", []string{"show"}},
		{"show 8 t", []string{"tcp"}},
		{"ls --t", []string{"--tail"}},
		{"help p", []string{"pkt", "prev"}},
		{"open ../testdata/bro", []string{"../testdata/browse.pcapng"}},
		{"filter dns.qry.na", []string{"dns.qry.name"}},
		{"pkt.", []string{"eth", "ip", "tcp"}},
		{"pkt.ip.sr", []string{"src"}},
		{"pkt[pkt.highest_layer].", []string{"host", "request_uri"}},
		{"cap[2].dns.qry_n", []string{"qry_name"}},
		{"pkt['t", []string{"tcp"}},
		{"for p in cap: print(p.hi", []string{"highest_layer"}},
		{"tt", []string{"ttl"}},
		{"FileCapture('x', disp", []string{"display_filter="}},
		{"cap.apply", []string{"apply_on_packets"}},
	} {
		b.shell.catalogue() // starts loading, which is quick without Wireshark
		for b.shell.catalogue() == nil {
		}
		found, _ := b.shell.Complete(context.Background(), tt.text, len(tt.text))
		var names []string
		for _, s := range found {
			names = append(names, s.Text)
		}
		for _, want := range tt.want {
			if !slices.Contains(names, want) {
				t.Errorf("%q: got %q, want %q among them", tt.text, names, want)
			}
		}
	}
}
