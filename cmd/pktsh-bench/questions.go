package main

import (
	"os"
	"path/filepath"
	"strings"
)

// This file is what is asked: the measurements' list.

const (
	ordinaryHost = "10.1.1.77"    // one of the office's clients
	hardHost     = "192.168.5.44" // one of the mix's
)

// fewFields and manyFields are the columns of -T fields.
func fewFields() []string { return []string{"frame.number", "ip.src", "tcp.dstport"} }

func manyFields() []string {
	return strings.Fields(`frame.number frame.time_epoch frame.len frame.cap_len
		eth.src eth.dst eth.type
		ip.src ip.dst ip.ttl ip.proto ip.id ip.len ip.hdr_len ip.dsfield ip.flags.df ip.checksum
		ipv6.src ipv6.dst ipv6.hlim ipv6.plen ipv6.nxt
		tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.hdr_len tcp.len tcp.flags tcp.flags.syn tcp.flags.fin
		tcp.window_size_value tcp.checksum
		udp.srcport udp.dstport udp.length udp.checksum
		icmp.type arp.opcode dns.id`)
}

// asker builds the probes of one capture.
type asker struct {
	*bench
	answers
	file string
}

func (b *bench) about(file string, read answers) asker { return asker{b, read, file} }

// filtered is a comparison of writing the packets that a filter lets through. With
// no BPF, tcpdump has no such filter.
func (a asker) filtered(filter, bpf string, goals ...goal) comparison {
	out := func(name string) string { return filepath.Join(a.scratch, name) }
	write := func(p *probe, name string) *probe {
		p.result, p.read = out(name), a.packets
		return p
	}
	c := comparison{question: "`-Y '" + filter + "' -w`", goals: goals,
		ours: write(a.pktsh("pktsh", "-r", a.file, "-Y", filter, "-w", out("ours")), "ours"),
		others: []*probe{
			write(a.theirs("tshark", "tshark", "-r", a.file, "-Y", filter, "-w", out("tshark")), "tshark"),
			nil,
			write(a.theirs("tshark -2", "tshark", "-2", "-r", a.file, "-Y", filter, "-w", out("tshark")), "tshark"),
		}}
	if bpf != "" {
		c.others[1] = write(a.theirs("tcpdump", append(append([]string{"tcpdump"}, stayRoot()...), "-r", a.file, "-w", out("tcpdump"), bpf)...), "tcpdump")
	}
	return c
}

// stayRoot keeps tcpdump from becoming a user who cannot write into our directory.
func stayRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"-Z", "root"}
	}
	return nil
}

// onePass leaves `tshark -2` out, which takes long.
func (c comparison) onePass() comparison {
	c.others[2] = nil
	return c
}

// printed is a comparison of -T fields.
func (a asker) printed(name string, fields []string, goals ...goal) comparison {
	var wanted []string
	for _, f := range fields {
		wanted = append(wanted, "-e", f)
	}
	print := func(p *probe) *probe {
		p.read = a.lines
		return p
	}
	return comparison{question: name, goals: goals,
		ours: print(a.pktsh("pktsh", append([]string{"-r", a.file, "-T", "fields"}, wanted...)...)),
		others: []*probe{
			print(a.theirs("tshark", append([]string{"tshark", "-r", a.file, "-T", "fields"}, wanted...)...)),
			nil,
			print(a.theirs("tshark -2", append([]string{"tshark", "-2", "-r", a.file, "-T", "fields"}, wanted...)...)),
		}}
}

// firstRow is a comparison of how soon -T fields shows something, and ends when
// nobody reads on.
func (a asker) firstRow() comparison {
	c := a.printed("`-T fields`, its first row (`head -1`)", fewFields()).onePass()
	for _, p := range []*probe{c.ours, c.others[0]} {
		p.command = append([]string{"sh", "-c", `"$@" | head -1`, "sh"}, p.command...)
	}
	return c
}

// counted is the number of packets of a filter, from --eval, against the same others.
func (a asker) counted(filter string, same comparison) comparison {
	ours := a.pktsh("pktsh", a.file, "--eval", "print(len(cap.filter('"+filter+"')))")
	ours.read = a.number
	return comparison{question: "`len(cap.filter('" + filter + "'))`, against the same `-w`", ours: ours, others: same.others}
}

var others = []string{"tshark", "tcpdump", "tshark -2"}

// ordinarySection asks the ordinary capture.
func (b *bench) ordinarySection(read answers) section {
	a := b.about(b.data.ordinary(), read)
	host := a.filtered("ip.addr == "+ordinaryHost, "ip host "+ordinaryHost, goal{0, 80}, goal{1, 1})
	return section{
		title:   "Ordinary traffic",
		intro:   describe(a.file) + ", generated: TCP with TLS and HTTP, DNS, ARP, ICMP, NTP, syslog, a tenth of it IPv6.",
		columns: others,
		rows: []comparison{
			host,
			a.filtered("tcp.port == 80", "tcp port 80", goal{0, 80}, goal{1, 1}).onePass(),
			a.filtered("tcp.port == 443 && frame.len > 1000", "tcp port 443 and greater 1001").onePass(),
			a.counted("ip.addr == "+ordinaryHost, host),
			a.printed("`-T fields`, `frame.number` `ip.src` `tcp.dstport`", fewFields(), goal{0, 60}).onePass(),
			a.printed("`-T fields`, 40 native fields", manyFields()).onePass(),
			a.firstRow(),
		},
	}
}

// hardSection asks the mix of everything, and its repetition.
func (b *bench) hardSection(read answers) section {
	big, mix := b.about(b.data.big(), read), b.about(b.data.mix(), read)
	named := func(c comparison, name string) comparison {
		c.question = name + ": " + c.question
		return c
	}
	return section{
		title: "The hard mix",
		intro: "Every Ethernet capture of a collection of protocol samples and fuzz files, merged (mix: " + describe(mix.file) +
			"), and that repeated (big: " + describe(big.file) + "). BPF sees no tunnels, so tcpdump may find less.",
		columns: others,
		rows: []comparison{
			named(big.filtered("ip.addr == "+hardHost, "ip host "+hardHost, goal{0, 8}).onePass(), "big"),
			named(big.printed("`-T fields`, `frame.number` `ip.src` `tcp.dstport`", fewFields(), goal{0, 8}).onePass(), "big"),
			named(mix.filtered("ip.addr == "+hardHost, "ip host "+hardHost), "mix"),
			named(mix.filtered("tcp.port == 443 && frame.len > 1000", "tcp port 443 and greater 1001"), "mix"),
			named(mix.printed("`-T fields`, `frame.number` `ip.src` `tcp.dstport`", fewFields()), "mix"),
			named(mix.printed("`-T fields`, 40 native fields", manyFields()), "mix"),
		},
	}
}

// deepSection asks what only Wireshark's dissectors know.
func (b *bench) deepSection() section {
	mix := b.data.mix()
	ask := func(name, code string, flags ...string) *probe {
		return b.pktsh(name, append(flags, mix, "--eval", code)...)
	}
	two := func(args ...string) []*probe {
		return []*probe{b.theirs("tshark -2", append([]string{"tshark", "-2", "-n", "-r", mix}, args...)...)}
	}
	loop := "for p in cap[0:2000]: x = p.highest_layer"
	return section{
		title:   "What needs Wireshark's dissectors",
		intro:   "On the mix: the first question loads the capture into sharkd, and costs about what tshark costs.",
		columns: []string{"tshark -2"},
		rows: []comparison{
			{question: "`ls --all`", ours: ask("pktsh", "ls --all"), others: two()},
			{question: "`filter http`", ours: ask("pktsh", "filter http"), others: two("-Y", "http")},
			{question: "the layers of 2,000 packets, against pdml", ours: ask("pktsh", loop), others: two("-Y", "frame.number <= 2000", "-T", "pdml")},
			{question: "the same, `--engine native`", ours: ask("pktsh", loop, "--engine", "native"), others: two("-Y", "frame.number <= 2000", "-T", "pdml")},
		},
	}
}

// pysharkSection asks what PyShark is used for.
func (b *bench) pysharkSection() section {
	file := b.data.sample()
	bulk := func(format string, args ...string) []*probe {
		return []*probe{b.theirs("tshark", append([]string{"tshark", "-l", "-n", "-T", format, "-r", file}, args...)...)}
	}
	ask := func(code string) *probe { return b.pktsh("pktsh", file, "--eval", code) }
	return section{
		title: "PyShark's bulk paths",
		intro: "The beginning of the ordinary capture, " + describe(file) + ": tshark as PyShark runs it (`-l -n -T pdml`, `psml` for only_summaries, `ek` for use_ek), " +
			"without PyShark's own parsing of what tshark prints, which comes on top.",
		columns: []string{"PyShark's tshark"},
		rows: []comparison{
			{question: "a loop over `p.ip.src`, against pdml", ours: ask("for p in cap: x = 'ip' in p and p.ip.src"), others: bulk("pdml")},
			{question: "the same, against ek", ours: ask("for p in cap: x = 'ip' in p and p.ip.src"), others: bulk("ek")},
			{question: "`cap.count_by('ip.src')`, against pdml", ours: ask("print(cap.count_by('ip.src'))"), others: bulk("pdml")},
			{question: "a loop over `p.highest_layer`, against pdml", ours: ask("for p in cap: x = p.highest_layer"), others: bulk("pdml")},
			{question: "a loop over summaries, against psml", ours: ask("for p in cap: x = p.info"), others: bulk("psml")},
			{question: "`display_filter='dns'`, `p.dns.qry_name`, against pdml", ours: ask("for p in cap.filter('dns'): x = p.dns.qry_name"), others: bulk("pdml", "-Y", "dns")},
		},
	}
}
