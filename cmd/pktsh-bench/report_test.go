package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// took is a probe that ran, each time so long.
func took(name string, times ...time.Duration) *probe {
	p := &probe{name: name}
	for _, d := range times {
		p.took = append(p.took, usage{wall: d})
	}
	return p
}

func TestReport(t *testing.T) {
	r := &report{about: []string{"a machine"}, targets: table{head: []string{"target", "wanted", "measured", ""}}}
	b := &bench{log: &bytes.Buffer{}} // no runs: the probes keep what they have
	broken := &probe{name: "pktsh", err: errors.New("exit status 2")}
	ours, tshark := took("pktsh", 3*time.Millisecond, 250*time.Millisecond, 200*time.Millisecond), took("tshark", 15*time.Second)
	ours.answer, tshark.answer = answer{count: 7}, answer{7, 99}
	tcpdump := took("tcpdump", 100*time.Millisecond)
	tcpdump.answer = answer{8, 98}
	b.compare(r, section{title: "Filters", intro: "On a capture.", columns: []string{"tshark", "tcpdump"}, rows: []comparison{
		{question: "one", ours: ours, others: []*probe{tshark, tcpdump}, goals: []goal{{0, 80}, {1, 1}}},
		{question: "two", ours: broken, others: []*probe{tshark, nil}, goals: []goal{{0, 80}}},
		{question: "three", ours: broken, others: []*probe{tshark, nil}},
	}})
	r.parts = append(r.parts, part{title: "Quoted", tables: []table{{head: []string{"a"}}}, quote: "said so\n"})

	doc := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(doc, []byte("before\n"+markBegin+"\nold\n"+markEnd+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time replaces the first
		if err := r.writeInto(doc); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	const want = "before\n" + markBegin + `

a machine

### Targets

| target                        |        wanted | measured |         |
|-------------------------------|--------------:|---------:|--------:|
| Filters: one, against tshark  | at least 80 × |     75 × | not met |
| Filters: one, against tcpdump |  at least 1 × |   0.50 × | not met |
| Filters: two, against tshark  | at least 80 × |      n/a | not met |

### Filters

On a capture.

| question | × tshark | × tcpdump | pktsh, s | tshark, s | tcpdump, s |  runs |            same answer |
|----------|---------:|----------:|---------:|----------:|-----------:|------:|-----------------------:|
| one      |       75 |      0.50 |    0.200 |      15.0 |      0.100 | 3/1/1 | not tcpdump (8, not 7) |
| two      |      n/a |         – |      n/a |      15.0 |          – |   0/1 |                      – |
| three    |      n/a |         – |      n/a |      15.0 |          – |   0/1 |                      – |

- n/a, two, pktsh: exit status 2

### Quoted

| a |
|---|

` + "```text\nsaid so\n```\n\n" + markEnd + "\nafter\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := os.WriteFile(doc, []byte("no marks"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.writeInto(doc); err == nil || !strings.Contains(err.Error(), markBegin) {
		t.Errorf("a document without marks: %v", err)
	}
}

// TestDocument holds the document that `make bench` writes into to its marks.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	begin, end := bytes.Index(text, []byte(markBegin)), bytes.Index(text, []byte(markEnd))
	if begin < 0 || end < begin {
		t.Errorf("docs/performance.md has no %q followed by %q", markBegin, markEnd)
	}
}

func TestFigures(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{seconds(1234 * time.Microsecond), "0.001"},
		{seconds(56789 * time.Microsecond), "0.057"},
		{seconds(36*time.Second + 44*time.Millisecond), "36.0"},
		{seconds(123456 * time.Millisecond), "123"},
		{seconds(0), "0"},
		{milliseconds(1234 * time.Microsecond), "1.23"},
		{milliseconds(80 * time.Nanosecond), "0.000"},
		{ratio(time.Second, 1499*time.Millisecond), "1.5"},
		{ratio(time.Second, 30*time.Millisecond), "0.030"},
		{ratio(time.Microsecond, 138783*time.Microsecond), "138,783"},
		{ratio(0, time.Second), "n/a"},
		{megabytes(446_851_784), "447"},
		{megabytes(977_057), "0.98"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	if n := len(manyFields()); n != 40 {
		t.Errorf("%d native fields are asked, 40 are announced", n)
	}
}

func TestGrowthTargets(t *testing.T) {
	r := &report{}
	growthTargets(r, "q", []float64{900, 100, 40, 50}, usage{memory: memory{own: 300e6}})
	growthTargets(r, "q", []float64{900, 100, 40, 61}, usage{memory: memory{own: 300e6}})
	growthTargets(r, "q", []float64{900, 100, 40, 40}, usage{memory: memory{own: memoryLimit + 1}})
	growthTargets(r, "q", []float64{900}, usage{})
	var got []string
	for _, row := range r.targets.rows {
		got = append(got, row[2]+" "+row[3])
	}
	want := "300 MB, 1.25 × **met**; 300 MB, 1.52 × not met; 1074 MB, 1.00 × not met; n/a not met"
	if strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSession(t *testing.T) {
	queries := []query{{code: "print(1)"}, {code: "explain it"}}
	script, lines := sessionScript(queries)
	if n := strings.Count(script, "\n"); n != len(lines) {
		t.Fatalf("%d lines of script, %d known", n, len(lines))
	}
	// The clock as a session would print it: 40 ms for a first time, 1, 2, 3 ms after.
	var printed strings.Builder
	now := int64(1_700_000_000_000_000_000)
	mark := 0
	for i := range queries {
		for _, ms := range []int64{40, 1, 3, 2} {
			printed.WriteString("@ " + strconv.Itoa(mark) + " " + strconv.Itoa(int(now)) + "\n")
			if i == 1 {
				printed.WriteString("native, 5 packets\n")
			}
			now += ms * 1e6
			mark++
		}
	}
	printed.WriteString("@ " + strconv.Itoa(mark) + " " + strconv.Itoa(int(now)) + "\n")
	at := strings.Count(script[:strings.Index(script, "explain")], "\n") + 1
	complaints := "pktsh: standard input:" + strconv.Itoa(at) + ": there is no command\n"
	got, err := sessionTimings(queries, lines, printed.String(), complaints)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].first != 40*time.Millisecond || len(got[0].again) != repeats || got[0].again[1] != 3*time.Millisecond || got[0].err != nil {
		t.Errorf("the first query: %+v", got[0])
	}
	if got[1].said != "native, 5 packets" || got[1].err == nil || got[1].err.Error() != "there is no command" {
		t.Errorf("the second query: %+v", got[1])
	}
	if _, err := sessionTimings(queries, lines, "@ 0 1\n", "pktsh: no such file"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a session that ended early: %v", err)
	}
}
