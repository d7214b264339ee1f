package command

import "fmt"

// Task is one of the things that people want to know of a capture, and how it is
// asked here.
type Task struct {
	// Want is what one wants to know.
	Want string
	// Lines are typed one after the other.
	Lines []string
}

// Tasks are ten things that one wants to know of a capture: help examples. They
// work on any capture with such protocols, and a test types each on the sample.
func Tasks() []Task {
	return []Task{
		{"Who talks most?", []string{"cap.count_by('ip.src', 'ip.dst')"}},
		{"Which names were asked for, and which did not exist?", []string{
			"cap.count_by('dns.qry.name')",
			"filter dns.flags.rcode != 0",
			"ls",
		}},
		{"Which web servers, and what was fetched there?", []string{
			"cap.count_by('http.host')",
			"cap.table('http.host', 'http.request.uri', where='http.request')",
		}},
		{"What is in a packet?", []string{
			"ls 8-12",
			"show 8 http",
			"hex 8 http.host",
		}},
		{"The whole conversation of a packet", []string{
			"goto 8",
			"filter tcp.stream == ${tcp.stream}",
			"ls",
		}},
		{"Was a connection broken off, and when was each begun?", []string{
			"filter tcp.flags.reset == 1",
			"filter tcp.flags == 0x002",
			"cap.table('frame.time_relative', 'ip.src', 'ip.dst')",
		}},
		{"What was slow to answer?", []string{
			"cap.table('dns.qry.name', 'dns.time', where='dns.time > 0.03')",
		}},
		{"Which protocols are there, and who sent how many bytes?", []string{
			"Counter([p.protocol for p in cap]).most_common()",
			"cap.group('ip.src').sum('frame.len')",
		}},
		{"Where does a word occur, in the bytes of any packet?", []string{
			"find --text \"GET /\"",
			"find",
		}},
		{"Keep what matters: as a capture, as text", []string{
			"filter dns",
			"save --force dns.pcapng",
			"ls --all > dns.txt",
		}},
	}
}

// tasksHelp is the topic of the tasks.
func tasksHelp() []string {
	var out []string
	for i, task := range Tasks() {
		if i > 0 {
			out = append(out, "")
		}
		out = append(out, fmt.Sprintf("%2d. %s", i+1, task.Want))
		for _, line := range task.Lines {
			out = append(out, "    "+line)
		}
	}
	return append(out, "",
		"filter alone clears the filter again. fields WORDS finds the name of what you look for; ls? explains a command, pkt? the current packet.")
}
