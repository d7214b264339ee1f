package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file measures one session: the same and other questions again and again,
// timed inside it by Starlark's clock.

const (
	repeats     = 3    // of each question after the first time
	repeatLimit = 15.0 // how many times faster they are wanted
	filterLimit = 50.0 // filters, and those that join known ones
)

// query is what is typed in the session.
type query struct {
	code string
	// limit is how many times faster its repetition is wanted, 0 where nothing is.
	limit float64
	// known are the queries before it whose answers are all that it needs: then it
	// is to be filterLimit times faster than those were, at once.
	known []int
}

func sessionQueries() []query {
	host := "len(cap.filter('ip.addr == " + ordinaryHost + "'))"
	return []query{
		{code: "print(len(cap))"},
		{code: "print(" + host + ")", limit: filterLimit},
		{code: "print(len(cap.filter('ip.addr == 10.1.1.78')))"},
		{code: "print(len(cap.filter('tcp.port == 443 && frame.len > 1000')))", limit: filterLimit},
		{code: "print(len(cap.filter('ip.addr == " + ordinaryHost + " && !(tcp.port == 443 && frame.len > 1000)')))", known: []int{1, 3}},
		{code: "print(len(cap.filter('tcp.port == 80 && ip.addr == 10.1.1.78')))", limit: filterLimit},
		{code: "x = cap.count_by('ip.src')", limit: repeatLimit},
		{code: "x = cap.count_by('tcp.dstport')"},
		{code: "for p in cap[0:20000]: x = 'ip' in p and p.ip.src"},
		{code: "for p in cap.filter('udp.port == 53')[0:5000]: x = p.udp.srcport"},
		{code: "explain ip.addr == " + ordinaryHost},
	}
}

// timing is what a session's query took.
type timing struct {
	first time.Duration
	again []time.Duration
	said  string // the first time
	err   error
}

// sessionScript is the queries, each 1+repeats times, between marks that say what
// time it is; lines says which query a line of it belongs to.
func sessionScript(queries []query) (script string, lines []int) {
	var b strings.Builder
	mark := 0
	clock := func(q int) {
		fmt.Fprintf(&b, "print('@', %d, time.now().unix_nano)\n", mark)
		lines = append(lines, q)
		mark++
	}
	for i, q := range queries {
		for range 1 + repeats {
			clock(i)
			b.WriteString(q.code + "\n\n") // an empty line ends a loop's block
			lines = append(lines, i, i)
		}
	}
	clock(len(queries) - 1)
	return b.String(), lines
}

// sessionTimings reads what a session that ran sessionScript printed.
func sessionTimings(queries []query, lines []int, printed, complaints string) ([]timing, error) {
	said := regexp.MustCompile(`(?m)^@ (\d+) (\d+)$`)
	marks := said.FindAllStringSubmatchIndex(printed, -1)
	if want := len(queries)*(1+repeats) + 1; len(marks) != want {
		return nil, fmt.Errorf("the session showed %d marks, %d were wanted: %s", len(marks), want, lastLine(complaints))
	}
	at := make([]int64, len(marks))
	for i, m := range marks {
		n, err := strconv.ParseInt(printed[m[4]:m[5]], 10, 64)
		if err != nil {
			return nil, err
		}
		at[i] = n
	}
	out := make([]timing, len(queries))
	for i := range at[1:] {
		t, took := &out[i/(1+repeats)], time.Duration(at[i+1]-at[i])
		if i%(1+repeats) == 0 {
			t.first, t.said = took, strings.TrimSpace(printed[marks[i][1]:marks[i+1][0]])
		} else {
			t.again = append(t.again, took)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^pktsh: .*?:(\d+)(?::\d+)?: (.*)$`).FindAllStringSubmatch(complaints, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 1 && n <= len(lines) {
			out[lines[n-1]].err = errors.New(m[2])
		}
	}
	return out, nil
}

// measureSession runs the session and adds it to the report.
func (b *bench) measureSession(r *report) {
	fmt.Fprintln(b.log, "Session")
	p := part{title: "One session", intro: fmt.Sprintf("The ordinary capture, one process reading these lines; each the first time, and the median of %d times after it.", repeats)}
	queries := sessionQueries()
	script, lines := sessionScript(queries)
	kept := filepath.Join(b.scratch, "transcript")
	probe := b.pktsh("pktsh", "--keep-going", b.data.ordinary(), "--script", "-")
	probe.command = append([]string{"sh", "-c", `"$@" >"$0" 2>"$0.err"; true`, kept}, probe.command...)
	probe.input = script
	b.once(probe)
	printed, err := os.ReadFile(kept)
	complaints, err2 := os.ReadFile(kept + ".err")
	timings, err3 := sessionTimings(queries, lines, string(printed), string(complaints))
	if err := errors.Join(probe.err, err, err2, err3); err != nil {
		p.notes = append(p.notes, "n/a: "+err.Error())
		timings = make([]timing, len(queries))
	}
	t := table{head: []string{"typed", "× again", "first, ms", "again, ms"}}
	for i, q := range queries {
		timing := timings[i]
		if timing.err != nil {
			p.notes = append(p.notes, fmt.Sprintf("n/a, `%s`: %v", q.code, timing.err))
			timing.first, timing.again = 0, nil
		}
		var again time.Duration
		if slices.Sort(timing.again); len(timing.again) > 0 {
			again = timing.again[len(timing.again)/2]
			t.add("`"+q.code+"`", ratio(again, timing.first), milliseconds(timing.first), milliseconds(again))
		} else {
			t.add("`"+q.code+"`", "n/a", "n/a", "n/a")
		}
		if q.limit > 0 {
			r.target("Session: `"+q.code+"` again", "at least "+ratioText(q.limit)+" ×", again, timing.first, q.limit)
		}
		if len(q.known) > 0 {
			var parts time.Duration
			for _, part := range q.known {
				parts += timings[part].first
			}
			r.target("Session: `"+q.code+"`, whose parts are known, against those", "at least "+ratioText(filterLimit)+" ×", timing.first, parts, filterLimit)
		}
		if strings.HasPrefix(q.code, "explain") && timing.err == nil {
			p.quote = "pkt> " + q.code + "\n" + timing.said
		}
		fmt.Fprintf(b.log, "  %s: %s ms, again %s ms\n", q.code, milliseconds(timing.first), milliseconds(again))
	}
	p.tables = []table{t}
	r.parts = append(r.parts, p)
}

// ratioText prints a wanted ratio.
func ratioText(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
