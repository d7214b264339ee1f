// Command pktsh-bench measures pktsh against Wireshark's own programs and
// tcpdump, in one run, as ratios. `make bench` builds its captures (data.go,
// ordinary.go), runs it and writes docs/performance.md's figures.
//
// Figures are medians of whole processes, the compared ones in turn, with the
// capture in the page cache and no index of pktsh's on disk.
package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// exitInterrupted is the exit code after SIGINT or SIGTERM.
const exitInterrupted = 130

func main() {
	log.SetFlags(0)
	log.SetPrefix("pktsh-bench: ")
	var (
		program    = flag.String("pktsh", "bin/pktsh", "the program to measure")
		data       = flag.String("data", "", "where the captures are")
		collection = flag.String("captures", "", "captures to build the mix from; generated ones when absent")
		make       = flag.Bool("make", false, "only build the captures")
		runs       = flag.Int("runs", 9, "runs of each measurement")
		budget     = flag.Duration("budget", 6*time.Second, "after which a measurement is not run again")
		only       = flag.String("only", "", "regular expression of the parts to measure: "+partNames())
		document   = flag.String("write", "", "document to write the figures into")
	)
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal(err)
	}
	if *make {
		if err := captures(*data).build(*collection); err != nil {
			log.Fatal(err)
		}
		return
	}
	b := &bench{data: captures(*data), runs: *runs, budget: *budget, fewBudget: time.Minute, log: os.Stderr}
	r, err := b.run(*program, wanted)
	if err != nil {
		log.Fatal(err)
	}
	if err := r.write(os.Stdout); err != nil {
		log.Fatal(err)
	}
	if *document != "" {
		if err := r.writeInto(*document); err != nil {
			log.Fatal(err)
		}
	}
}

// measurement is a part of the run.
type measurement struct {
	name    string
	measure func(*bench, *report, answers)
}

func measurements() []measurement {
	return []measurement{
		{"ordinary", func(b *bench, r *report, read answers) { b.compare(r, b.ordinarySection(read)) }},
		{"hard", func(b *bench, r *report, read answers) { b.compare(r, b.hardSection(read)) }},
		{"index", func(b *bench, r *report, read answers) { b.measureIndex(r, read) }},
		{"session", func(b *bench, r *report, _ answers) { b.measureSession(r) }},
		{"loops", func(b *bench, r *report, _ answers) { b.measureLoops(r) }},
		{"pyshark", func(b *bench, r *report, read answers) {
			b.compare(r, b.pysharkSection())
			b.measurePyShark(r, read)
		}},
		{"deep", func(b *bench, r *report, _ answers) { b.compare(r, b.deepSection()) }},
		{"prompt", func(b *bench, r *report, _ answers) { b.measurePrompt(r) }},
		{"growth", func(b *bench, r *report, _ answers) { b.measureGrowth(r) }},
	}
}

func partNames() string {
	var names string
	for _, m := range measurements() {
		names += " " + m.name
	}
	return names[1:]
}

// run measures the wanted parts.
func (b *bench) run(program string, wanted *regexp.Regexp) (r *report, err error) {
	if b.program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	if b.scratch, err = os.MkdirTemp(string(b.data), "run-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = os.RemoveAll(b.scratch)
		os.Exit(exitInterrupted)
	}()
	if err := errors.Join(os.Mkdir(filepath.Join(b.scratch, "profile"), 0o755), b.seed()); err != nil {
		return nil, err
	}
	files := []string{b.data.mix(), b.data.big(), b.data.ordinary(), b.data.sample()}
	for _, n := range growthSizes() {
		files = append(files, b.data.growth(n))
	}
	for _, file := range files {
		if err := warm(file); err != nil {
			return nil, fmt.Errorf("%w (make bench-data builds it)", err)
		}
	}
	r = &report{about: b.machine(), targets: table{head: []string{"target", "wanted", "measured", ""}}}
	read := answers{maphash.MakeSeed()}
	for _, m := range measurements() {
		if wanted.MatchString(m.name) {
			m.measure(b, r, read)
		}
	}
	return r, nil
}
