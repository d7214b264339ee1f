// Command pktsh-bench measures pktsh against Wireshark's own programs, in one
// run, as ratios. `make bench` builds its captures (data.go) and runs it.
//
// Figures are medians of whole processes, the compared ones in turn, with the
// capture in the page cache.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("pktsh-bench: ")
	var (
		program  = flag.String("pktsh", "bin/pktsh", "the program to measure")
		data     = flag.String("data", "", "where the captures are")
		captures = flag.String("captures", "", "captures to build them from; generated ones when absent")
		make     = flag.Bool("make", false, "only build the captures")
		runs     = flag.Int("runs", 5, "runs of each measurement")
	)
	flag.Parse()
	big := filepath.Join(*data, "big.pcap")
	if *make {
		if err := makeData(big, *captures); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := measure(os.Stdout, *program, big, *runs); err != nil {
		log.Fatal(err)
	}
}

// probe is one thing that is timed.
type probe struct {
	name string
	run  func() (time.Duration, error)
	took []time.Duration
}

func (p *probe) median() time.Duration {
	slices.Sort(p.took)
	return p.took[len(p.took)/2]
}

// measure times opening and the first page at a prompt, and simple questions in
// a pipe, against what Wireshark's programs need.
func measure(out *os.File, program, big string, runs int) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	prompt := &probe{name: "pktsh: to the prompt"}
	page := &probe{name: "pktsh: first page of ls after it"}
	capinfos := command("capinfos -c", "capinfos", "-c", big)
	first := command("tshark -c 1", "tshark", "-n", "-r", big, "-c", "1")
	count := command("pktsh: len(cap)", program, big, "--eval", "print(len(cap))")
	for range runs {
		toPrompt, toPage, err := session(program, big)
		if err != nil {
			return err
		}
		prompt.took, page.took = append(prompt.took, toPrompt), append(page.took, toPage)
		for _, p := range []*probe{capinfos, first, count} {
			d, err := p.run()
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			p.took = append(p.took, d)
		}
	}
	reference := capinfos.median() + first.median()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %d runs, medians\n", filepath.Base(big), runs)
	fmt.Fprintf(w, "measurement\tseconds\tto capinfos -c + tshark -c 1\n")
	for _, p := range []*probe{capinfos, first, count, prompt, page} {
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\n", p.name, p.median().Seconds(), p.median().Seconds()/reference.Seconds())
	}
	return w.Flush()
}

// command times a whole process.
func command(name, program string, args ...string) *probe {
	return &probe{name: name, run: func() (time.Duration, error) {
		began := time.Now()
		err := exec.Command(program, args...).Run()
		return time.Since(began), err
	}}
}
