package command

import "strings"

// Topics returns the names of the help topics that are not commands.
func Topics() []string { return []string{"cap", "pkt", "starlark"} }

// topic returns the text of a help topic.
func topic(name string) ([]string, bool) {
	text, ok := map[string]string{"pkt": pktTopic, "cap": capTopic, "starlark": starlarkTopic, "python": starlarkTopic}[name]
	return strings.Split(text, "\n"), ok
}

const pktTopic = `pkt is the current packet; next, prev and goto move it, and so does pkt = cap[3].

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

const capTopic = `cap is the capture in use, seen through the filter in force.

  len(cap), cap[0], cap[-1], cap[10:20]     packets by place, from 0
  cap.frame(17)                             a packet by its frame number, from 1
  for p in cap: print(p.highest_layer)
  cap.filter('dns')                         a view of it; costs no copy
  cap.apply_on_packets(fn)                  calls fn with each packet
  cap.count_by('ip.src', 'tcp.dstport')     how often, at the engine's speed
  cap.group('ip.src').sum('frame.len')      also .count() .min .max .mean .table
  cap.table('frame.number', 'http.host', where='http')
  cap.sort_by('frame.len', reverse=True)    the packets in another order

  c = FileCapture('other.pcap', display_filter='dns')
  use c                                     commands work on it from now on`

const starlarkTopic = `A line that is no command is Starlark: Python's syntax for expressions, for,
while, if, def, lambda, lists, dictionaries, comprehensions.

  print is a function; f'{pkt.tcp.dstport:>5}' and '%5d' % n format as Python does.
  There are no classes and no try: ask first, as in if 'http' in pkt.
  A block ends with an empty line. _ is the last value.
  collections (Counter, defaultdict), datetime, json, math and time are there;
  load('file.star', 'name') loads names from a file.

A name that is both: ls is the command, ls = 3 makes it a variable, and :ls is
always the command.`
