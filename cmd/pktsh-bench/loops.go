package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

// This file measures Starlark loops over packets: a field that only Wireshark's
// dissectors know, the first time and again, and the interpreter's own pace.

// What is wanted of loops: times as parts of tshark's, rates as parts of a loop over
// numbers.
const (
	deepFirst  = 0.6
	deepAgain  = 0.02
	lengthRate = 0.4
	nativeRate = 0.15
)

// deepLoop reads one deep field of every packet.
const deepLoop = "for p in cap: x = 'http' in p and 'host' in p.http and p.http.host"

// loopMark is what a script prints around a loop: its name and the nanoseconds.
const loopMark = "print('@', '%s', time.now().unix_nano - began)\n"

// timedLoops are lines that time each loop.
func timedLoops(names, loops []string) string {
	script := ""
	for i, loop := range loops {
		script += "began = time.now().unix_nano\n" + loop + "\n\n" + fmt.Sprintf(loopMark, names[i])
	}
	return script
}

// readLoops reads what timedLoops printed to a file.
func readLoops(path string) (map[string]time.Duration, error) {
	printed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[string]time.Duration{}
	for _, m := range regexp.MustCompile(`(?m)^@ (\w+) (\d+)$`).FindAllStringSubmatch(string(printed), -1) {
		n, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return nil, err
		}
		out[m[1]] = time.Duration(n)
	}
	if len(out) == 0 {
		return nil, errors.New("no loop was timed")
	}
	return out, nil
}

// measureLoops compares the loops and adds them to the report.
func (b *bench) measureLoops(r *report) {
	fmt.Fprintln(b.log, "Loops")
	p := part{title: "Loops", intro: "`" + deepLoop + "` over " + describe(b.data.mix()) + ", whole process, against `tshark -2 -T fields -e http.host`; " +
		"the second time is that loop alone, in the same process. Then, of the ordinary capture's million packets, the pace of loops against one over as many numbers."}
	first := b.pktsh("pktsh", b.data.mix(), "--eval", deepLoop)
	theirs := b.theirs("tshark", "tshark", "-n", "-2", "-r", b.data.mix(), "-T", "fields", "-e", "http.host")
	b.measure(first, theirs)
	again, err := b.loops(b.data.mix(), []string{"first", "again"}, []string{deepLoop, deepLoop})
	p.note(err)
	t := table{head: []string{"loop", "seconds", "of tshark's"}}
	for _, row := range []struct {
		name  string
		took  time.Duration
		limit float64
	}{{"first time", first.median(), deepFirst}, {"second time", again["again"], deepAgain}} {
		part := quotient(row.took, theirs.median())
		t.add(row.name, seconds(row.took), fmt.Sprintf("%.3f", part))
		r.verdict("A deep field of every packet, "+row.name+", against `tshark -2 -T fields`",
			fmt.Sprintf("at most %g × as long", row.limit), fmt.Sprintf("%.3f ×", part), part > 0 && part <= row.limit)
	}
	p.missing("a deep field", first)
	p.missing("a deep field", theirs)
	pace, err := b.loops(b.data.ordinary(), []string{"numbers", "length", "native"}, []string{
		"n = 0\nfor i in range(len(cap)): n += i", "for p in cap: n += p.length", "for p in cap: x = 'ip' in p and p.ip.src == '10.1.1.78'"})
	p.note(err)
	rates := table{head: []string{"loop", "milliseconds", "rate of the loop over numbers"}}
	for _, row := range []struct {
		name, code string
		least      float64
	}{{"numbers", "for i in range(len(cap)): n += i", 0}, {"length", "for p in cap: n += p.length", lengthRate}, {"native", "for p in cap: x = 'ip' in p and p.ip.src == '…'", nativeRate}} {
		rate := quotient(pace["numbers"], pace[row.name])
		rates.add("`"+row.code+"`", milliseconds(pace[row.name]), fmt.Sprintf("%.2f", rate))
		if row.least > 0 {
			r.verdict("Pace of `"+row.code+"`", fmt.Sprintf("at least %g of a loop's over numbers", row.least), fmt.Sprintf("%.2f", rate), rate >= row.least)
		}
	}
	p.tables = []table{t, rates}
	r.parts = append(r.parts, p)
}

// note adds why there are no figures.
func (p *part) note(err error) {
	if err != nil {
		p.notes = append(p.notes, "n/a: "+err.Error())
	}
}

// quotient is a part of b, 0 when one is not known.
func quotient(a, b time.Duration) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return a.Seconds() / b.Seconds()
}

// loops runs loops in one process and returns the time of each.
func (b *bench) loops(file string, names, loops []string) (times map[string]time.Duration, err error) {
	probe := b.pktsh("pktsh", file, "--script", "-")
	probe.input = timedLoops(names, loops)
	probe.read = func(path string) (answer, error) {
		times, err = readLoops(path)
		return answer{}, err
	}
	b.once(probe)
	return times, errors.Join(probe.err, err)
}
