package command

import (
	"strings"

	"pktsh/repl/result"
)

// topic is what help knows besides commands.
type topic struct{ name, summary, text string }

// Topics returns the names of the help topics that are not commands.
func Topics() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}

// topics are the topics in the order in which help lists them.
func topics() []topic {
	return []topic{
		{"examples", "ten things that one wants to know of a capture", strings.Join(tasksHelp(), "\n")},
		{"filters", "display filters: operators, values, what fields there are", filtersTopic},
		{"pkt", "the current packet: its layers, fields and summary", pktTopic},
		{"cap", "the capture: loops, counts, tables", capTopic},
		{"live", "capture, and explore while it runs", liveTopic},
		{"python", "the language: Starlark, and what it has of Python", pythonTopic},
		{"keyboard", "keys at the prompt", keyboardTopic},
		{"scripts", "pipes, --eval, script files, the rc file", scriptsTopic},
		{"output", "into a file, through a shell command, > and |", outputTopic},
	}
}

// topicNamed returns the topic of a name.
func topicNamed(name string) (topic, bool) {
	switch name {
	case "starlark":
		name = "python"
	case "keys?", "keybindings", "editing":
		name = "keyboard"
	case "filter syntax", "display filters":
		name = "filters"
	case "rc", "rc.star", "batch", "pipes":
		name = "scripts"
	}
	for _, t := range topics() {
		if t.name == name {
			return t, true
		}
	}
	return topic{}, false
}

func (t topic) result() result.Result {
	return &result.Text{Lines: strings.Split(t.text, "\n"), Prose: true}
}

const filtersTopic = `filter EXPRESSION takes Wireshark's display filters as they are:

  dns                               packets with that protocol or field
  ip.addr == 10.0.0.1               == != > < >= <=, or eq ne gt lt ge le
  http.host contains "example"      a text or bytes inside; any case:
  lower(http.host) == "example.org" upper, lower, len, count, string, max, min …
  http.user_agent matches "curl|wget"   a regular expression
  tcp.port in {80, 443, 8000..8100} one of several, or of a range
  ip.src == 192.168.1.0/24          a network
  eth.src[0:3] == 00:1b:21          bytes 0 to 2
  tcp.flags & 0x12                  bits
  dns && !(ip.src == 10.0.0.1)      && || ! and parentheses; and, or, not
  frame.time >= "2024-01-02 03:04"  a time
  ip.ttl != 64, any ip.ttl, all …   of several: != means that none is

filter alone clears it; filter --and … narrows it. TAB completes fields, values
of this capture and functions. A mistake is shown with its place.

${tcp.stream} is what that field is in the current packet, so
filter tcp.stream == ${tcp.stream} shows its conversation. filter --save NAME
saves a filter, ${NAME} uses it.

fields WORDS finds the fields there are. explain FILTER says who answers a
filter, and how fast.`

const pktTopic = `pkt is the current packet; next, prev and goto move it, and so does pkt = cap[3].
pkt? shows what this packet has, pkt.ip? a layer of it.

  pkt.ip.src              a field: layer, then field, as in Wireshark's filters
  pkt.dns.qry_name        dots inside a field's name may be underscores
  pkt['ip'], pkt[2]       a layer by name or by place
  'http' in pkt           does it have that layer?
  pkt.layers              all layers; pkt.highest_layer names the last
  pkt.transport_layer     TCP, UDP, …
  pkt.number, .length, .captured_length, .sniff_time, .interface_captured
  pkt.protocol, .source, .destination, .info, .summary_line
  pkt.pretty_print()      every layer and field
  pkt.get_raw_packet()    its bytes

A field prints and compares as its value; .showname is Wireshark's label,
.raw_value its bytes in hex, .int_value a number, .all_fields every occurrence.
TAB after a dot lists what this packet holds.`

const capTopic = `cap is the capture in use, seen through the filter in force. cap? lists what it has.

  len(cap), cap[0], cap[-1], cap[10:20]     packets by place, from 0
  cap.frame(17)                             a packet by its frame number, from 1
  for p in cap: print(p.highest_layer)
  cap.filter('dns')                         a view of it; costs no copy
  cap.apply_on_packets(fn)                  calls fn with each packet

Statistics, top talkers, conversations, the protocols that are there:

  cap.count_by('ip.src', 'tcp.dstport')     how often, at the engine's speed
  cap.group('ip.src').sum('frame.len')      also .count() .min .max .mean .table
  cap.table('frame.number', 'http.host', where='http')
  cap.sort_by('frame.len', reverse=True)    the packets in another order
  Counter([p.protocol for p in cap])        protocols, as the packet list has them

  c = FileCapture('other.pcap', display_filter='dns')
  use c                                     commands work on it from now on`

const liveTopic = `  sniff                      the first interface, until Ctrl-C; the packets stay
  sniff eth0 'tcp port 80'   an interface, and what is captured (pcap-filter(7))
  sniff eth0 &               in the background: the prompt is there at once
  pause, resume, stop        control it
  interfaces                 the interfaces there are
  watch 2s ls --tail 5       the last packets, again and again
  save live.pcapng           keep what came

ls, filter, show, loops and TAB work on what has come so far. In Starlark:

  c = LiveCapture('eth0', bpf_filter='port 53')
  c.sniff(timeout=5)
  for p in c.sniff_continuously(packet_count=10): print(p)

pktsh -i eth0 begins a session with it. recover brings back the packets of a
session that was killed. dumpcap captures: who may run it may capture.`

const pythonTopic = `A line that is no command is Starlark: Python's syntax for expressions, for,
while, if, def, lambda, lists, dictionaries, comprehensions.

  print is a function; f'{pkt.tcp.dstport:>5}' and '%5d' % n format as Python does.
  There are no classes; try, except, raise and with are there.
  A block ends with an empty line.
  binascii, collections (Counter, defaultdict), datetime, json, math, sys and time
  are there; load('file.star', 'name') loads names from a file.

The value of the last expression is _; _1, _2 … are those of the session, and
_? lists them. NAME? explains any function or variable.

A name that is both: ls is the command, ls = 3 makes it a variable, and :ls is
always the command. Commands are functions too: show(5, 'dns').`

const keyboardTopic = `  TAB             complete, or list what may stand here; again for the next
  Enter           run; on a chosen suggestion only take it
  Up, Down        lines typed before that begin with what is typed
  Ctrl-R          search what was typed before
  Alt-.           the last word of the line before
  Ctrl-A, Ctrl-E  the line's beginning, its end
  Ctrl-W, Alt-D   delete a word back, forward
  Ctrl-U, Ctrl-K  delete up to the beginning, to the end; Ctrl-Y brings it back
  Ctrl-X Ctrl-E   write the line in $VISUAL or $EDITOR; so does the command edit
  Ctrl-L          a clean screen
  Ctrl-C          leave the line; stop what runs, and the session lives on
  Ctrl-Z          to the shell; fg comes back
  Ctrl-D          on an empty line: leave pktsh

A block (def, for, if) is indented by itself and ends with an empty line. What is
pasted comes in whole and runs at Enter.`

const scriptsTopic = `The same lines work typed, piped and in files: commands and Starlark.

  printf 'filter dns\nls\n' | pktsh f.pcap     plain text, no colours
  pktsh f.pcap --eval "print(len(cap))"        one line; --eval may hold several
  pktsh f.pcap --script s.star A B             a file; argv is ['A', 'B']
  source s.star A B                            a file, in this session

The first error ends a script, is told with file and line, and the exit code is
1; --keep-going runs on. A wrong flag exits 2; quit N exits N.

The file rc.star in $XDG_CONFIG_HOME/pktsh (~/.config/pktsh) is run when a
session begins that somebody types at; scripts do not run it, to mean the same
everywhere, nor does --no-rc. A mistake in it is told and does not stop it.

  alias web = filter http || http2
  def hosts(): return cap.count_by('http.host')`

const outputTopic = `  ls --all > list.txt          into a file; >> adds to it
  ls --all | grep RST          through a shell command
  show 5 | less                a pager
  print(x), json.dumps(x)      a value: >, >> and | stand behind commands only
  filter --to count.txt dns    > may stand in a filter, so there it is --to FILE

White space goes before the sign. What comes out is plain text, whole, without
footers and colours. print(…) writes to the screen or the pipe that pktsh writes
to. save FILE writes packets.`
