package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// This file measures how time and memory grow with the capture.

const (
	memoryLimit = 1 << 30 // bytes, for ten million packets
	linearLimit = 1.5     // how much more a packet may cost in the largest capture than in the one before
)

// measureGrowth asks three things of ever larger captures.
func (b *bench) measureGrowth(r *report) {
	fmt.Fprintln(b.log, "Growth")
	p := part{title: "Growth", intro: fmt.Sprintf("The ordinary traffic, %d bytes of each packet captured. Whole processes, nothing cached. "+
		"Own memory is the anonymous part (RssAnon), the peak also counts the pages of the mapped file (VmHWM); both looked at every %v.", growthSnaplen, sampling)}
	questions := []struct {
		name string
		args func(file string) []string
	}{
		{"`len(cap)`", func(file string) []string { return []string{file, "--eval", "print(len(cap))"} }},
		{"`-Y 'ip.addr == " + ordinaryHost + "' -w`", func(file string) []string {
			return []string{"-r", file, "-Y", "ip.addr == " + ordinaryHost, "-w", filepath.Join(b.scratch, "ours")}
		}},
		{"`len(cap.filter('tcp.port == 80'))`", func(file string) []string {
			return []string{file, "--eval", "print(len(cap.filter('tcp.port == 80')))"}
		}},
		{"`cap.count_by('ip.src')`", func(file string) []string { return []string{file, "--eval", "x = cap.count_by('ip.src')"} }},
	}
	for _, q := range questions {
		t := table{head: []string{q.name, "seconds", "ns a packet", "own memory, MB", "bytes a packet", "peak, MB"}}
		var costs []float64
		var last usage
		for _, n := range growthSizes() {
			probe := b.pktsh(thousands(n), q.args(b.data.growth(n))...)
			probe.sampled = true
			if q.args("")[0] == "-r" {
				probe.result = filepath.Join(b.scratch, "ours")
			}
			b.measure(probe)
			if len(probe.took) == 0 {
				t.add(thousands(n), "n/a", "n/a", "n/a", "n/a", "n/a")
				p.notes = append(p.notes, fmt.Sprintf("n/a, %s, %s packets: %v", q.name, thousands(n), probe.err))
				last = usage{}
				break
			}
			last = usage{
				wall: probe.median(),
				memory: memory{
					own:  medianOf(probe.took, func(u usage) int64 { return u.memory.own }),
					peak: medianOf(probe.took, func(u usage) int64 { return u.memory.peak }),
				},
			}
			cost := perPacket(last.wall, n)
			costs = append(costs, cost)
			t.add(thousands(n), seconds(last.wall), fmt.Sprintf("%.0f", cost), megabytes(last.memory.own), fmt.Sprintf("%.0f", float64(last.memory.own)/float64(n)), megabytes(last.memory.peak))
		}
		p.tables = append(p.tables, t)
		growthTargets(r, q.name, costs, last)
	}
	r.parts = append(r.parts, p)
}

// growthTargets judges the largest capture: memory, and the cost of a packet
// against the capture of a tenth of it.
func growthTargets(r *report, question string, costs []float64, last usage) {
	what := "10 million packets, " + question + ": own memory, and a packet's cost against 1 million"
	want := fmt.Sprintf("at most 1 GB, %.1f ×", linearLimit)
	if len(costs) < len(growthSizes()) {
		r.verdict(what, want, "n/a", false)
		return
	}
	more := costs[len(costs)-1] / costs[len(costs)-2]
	r.verdict(what, want, fmt.Sprintf("%s MB, %.2f ×", megabytes(last.memory.own), more), last.memory.own <= memoryLimit && more <= linearLimit)
}

// perPacket is a time divided among packets, in nanoseconds.
func perPacket(d time.Duration, packets int) float64 { return float64(d) / float64(packets) }
