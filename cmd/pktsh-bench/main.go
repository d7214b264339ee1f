// Command pktsh-bench measures pktsh against Wireshark's own programs, in one
// run, as ratios. `make bench` builds its captures (data.go) and runs it.
//
// Figures are medians of whole processes, the compared ones in turn, with the
// capture in the page cache.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// once runs a probe and keeps its time.
func (p *probe) once() error {
	d, err := p.run()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	p.took = append(p.took, d)
	return nil
}

// comparison is one thing that pktsh and another program do.
type comparison struct{ ours, theirs *probe }

// measure prints two tables: opening a large capture at a prompt, and whole
// questions in a pipe.
func measure(out *os.File, program, big string, runs int) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if err := measureOpening(w, program, big, runs); err != nil {
		return err
	}
	if err := measureQuestions(w, program, mixOf(big), runs); err != nil {
		return err
	}
	return w.Flush()
}

// measureOpening times the way to the prompt and to the first page of ls.
func measureOpening(w io.Writer, program, big string, runs int) error {
	prompt := &probe{name: "pktsh: to the prompt"}
	page := &probe{name: "pktsh: first page of ls after it"}
	capinfos := command("capinfos -c", "capinfos", "-c", big)
	first := command("tshark -c 1", "tshark", "-n", "-r", big, "-c", "1")
	count := command("pktsh: print(len(cap)), whole process", program, big, "--eval", "print(len(cap))")
	for range runs {
		toPrompt, toPage, err := session(program, big)
		if err != nil {
			return err
		}
		prompt.took, page.took = append(prompt.took, toPrompt), append(page.took, toPage)
		for _, p := range []*probe{capinfos, first, count} {
			if err := p.once(); err != nil {
				return err
			}
		}
	}
	reference := capinfos.median() + first.median()
	fmt.Fprintf(w, "%s, %d runs, medians\tseconds\tto capinfos -c + tshark -c 1\n", filepath.Base(big), runs)
	for _, p := range []*probe{capinfos, first, count, prompt, page} {
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\n", p.name, p.median().Seconds(), p.median().Seconds()/reference.Seconds())
	}
	return nil
}

// measureQuestions times whole processes against the way other programs have.
func measureQuestions(w io.Writer, program, mix string, runs int) error {
	ask := func(name, code string, flags ...string) *probe {
		return command("pktsh: "+name, program, append(flags, mix, "--eval", code)...)
	}
	theirs := func(args ...string) *probe {
		return command("tshark "+strings.Join(args, " "), "tshark", append([]string{"-2", "-n", "-r", mix}, args...)...)
	}
	loop := "for p in cap[0:2000]: x = p.highest_layer"
	all := []comparison{
		{ask("ls of every packet", "ls --all"), theirs()},
		{ask("filter dns, count", "filter dns"), theirs("-Y", "dns")},
		{ask("filter ip.addr == 192.168.5.44, native", "filter ip.addr == 192.168.5.44", "--engine", "native"), theirs("-Y", "ip.addr == 192.168.5.44")},
		{ask("a loop over the layers of 2,000 packets", loop), theirs("-Y", "frame.number <= 2000", "-T", "pdml")},
		{ask("the same, native", loop, "--engine", "native"), theirs("-Y", "frame.number <= 2000", "-T", "pdml")},
	}
	fmt.Fprintf(w, "\n%s, %d runs, medians\tseconds\tseconds of the other\ttimes faster\tthe other\n", filepath.Base(mix), runs)
	for _, c := range all {
		for range runs {
			if err := errors.Join(c.ours.once(), c.theirs.once()); err != nil {
				return err
			}
		}
		ours, other := c.ours.median().Seconds(), c.theirs.median().Seconds()
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.1f\t%s\n", c.ours.name, ours, other, other/ours, c.theirs.name)
	}
	return nil
}

// command times a whole process.
func command(name, program string, args ...string) *probe {
	return &probe{name: name, run: func() (time.Duration, error) {
		began := time.Now()
		err := exec.Command(program, args...).Run()
		return time.Since(began), err
	}}
}
