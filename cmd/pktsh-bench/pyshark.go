package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// This file measures PyShark itself, where a Python has it: its loops, some five
// milliseconds a packet, beside pktsh's over the same packets.

const (
	pysharkPackets = 5_000
	// pysharkVariable names the Python that imports PyShark; else it is python3.
	pysharkVariable = "PKTSH_PYSHARK"
)

// pysharkPython returns the Python that imports PyShark.
func pysharkPython() (python string, err error) {
	if python = os.Getenv(pysharkVariable); python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pyshark").Run(); err != nil {
		return "", errors.New("no Python here imports PyShark (" + pysharkVariable + " names one): " + python + ": " + err.Error())
	}
	return python, nil
}

// measurePyShark compares PyShark's loops with pktsh's and adds them to the report.
func (b *bench) measurePyShark(r *report, read answers) {
	const title = "PyShark itself"
	python, err := pysharkPython()
	if err != nil {
		p := part{title: title}
		p.note(err)
		r.parts = append(r.parts, p)
		return
	}
	file := filepath.Join(b.scratch, "pyshark.pcap")
	if err := b.data.generate(file, pysharkPackets, wholePacket, meanLength); err != nil {
		p := part{title: title}
		p.note(err)
		r.parts = append(r.parts, p)
		return
	}
	b.compare(r, b.pysharkItself(python, file, read))
	if err := os.Remove(file); err != nil {
		r.parts[len(r.parts)-1].note(err)
	}
}

// pysharkItself asks what PyShark is used for, in the same words.
func (b *bench) pysharkItself(python, file string, read answers) section {
	row := func(question, options, body string) comparison {
		loop := "n = 0\nfor p in cap:\n    " + body + "\nprint(n)\n"
		ours := b.pktsh("pktsh", "--script", "-")
		ours.input = "cap = FileCapture('" + file + "'" + options + ")\n" + loop
		theirs := b.theirs("PyShark", python, "-W", "ignore", "-c", "import pyshark\ncap = pyshark.FileCapture('"+file+"'"+options+")\n"+loop)
		ours.read, theirs.read = read.number, read.number
		return comparison{question: question, ours: ours, others: []*probe{theirs}}
	}
	return section{
		title:   "PyShark itself",
		intro:   "The first packets of the ordinary capture, " + describe(file) + ": the same script under PyShark, with Python's start and its own, and under pktsh, with its own. Each run of pktsh begins with a cache that does not know the capture.",
		columns: []string{"PyShark"},
		rows: []comparison{
			row("`p.length` of every packet", "", "n += int(p.length)"),
			row("`p.ip.ttl` of every packet", "", "n += int(p.ip.ttl) if 'ip' in p else 0"),
			row("`p.highest_layer` of every packet", "", "n += 1 if p.highest_layer == 'DNS' else 0"),
			row("the same, `use_ek=True`", ", use_ek=True", "n += 1 if p.highest_layer.upper() == 'DNS' else 0"),
			row("`p.tcp.analysis_ack_rtt`, where it is", "", "n += 1 if 'tcp' in p and hasattr(p.tcp, 'analysis_ack_rtt') else 0"),
			row("`p.dns.qry_name`, `display_filter='dns'`", ", display_filter='dns'", "n += len(p.dns.qry_name)"),
			row("`p.protocol`, `only_summaries=True`", ", only_summaries=True", "n += len(p.protocol)"),
		},
	}
}
