package completion

import (
	"slices"
	"strings"
)

// Signatures is a [Functions] from a table. The key of a function is its name
// ("FileCapture"), that of a method its name after a dot (".filter"), whatever it
// is called on. It must not be changed while it is in use.
type Signatures map[string][]Parameter

// Parameters implements [Functions].
func (s Signatures) Parameters(callee string) []Parameter {
	if p, ok := s[callee]; ok {
		return p
	}
	if dot := strings.LastIndexByte(callee, '.'); dot >= 0 {
		return s[callee[dot:]]
	}
	return nil
}

// PySharkSignatures returns the parameters of those of PyShark's names that pktsh
// has. The map is the caller's, to add to.
func PySharkSignatures() Signatures {
	filter := Parameter{Name: "display_filter", Detail: "Wireshark display filter", Kinds: ArgFilter}
	// In the order in which all constructors have them.
	common := []Parameter{
		filter,
		{Name: "only_summaries", Detail: "True: summary lines only"},
		{Name: "decryption_key", Detail: "802.11 key or passphrase, or a list"},
		{Name: "encryption_type", Detail: "wep, wpa-pwd or wpa-psk"},
		{Name: "decode_as", Detail: "dict of selector to protocol"},
		{Name: "disable_protocol", Detail: "protocol not to dissect", Kinds: ArgProtocol},
		{Name: "tshark_path", Detail: "changes nothing"},
		{Name: "override_prefs", Detail: "dict of Wireshark preferences"},
		{Name: "use_json", Detail: "changes nothing"},
		{Name: "use_ek", Detail: "changes nothing"},
	}
	outputFile := Parameter{Name: "output_file", Detail: "write the packets that pass", Kinds: ArgFile}
	last := []Parameter{
		{Name: "include_raw", Detail: "raw bytes are always there"},
		{Name: "eventloop", Detail: "changes nothing"},
		{Name: "custom_parameters", Detail: "tshark's flags: a list or a dict"},
		{Name: "debug", Detail: "changes nothing"},
	}
	linkType := Parameter{Name: "linktype", Detail: "LinkTypes.ETHERNET, a name or a number"}
	timeout := Parameter{Name: "timeout", Detail: "changes nothing"}
	iface := Parameter{Name: "interface", Detail: "name, or a list; None: the first that is up", Kinds: ArgInterface}
	bpf := Parameter{Name: "bpf_filter", Detail: "capture filter (pcap-filter)"}
	captureFilter := Parameter{Name: "capture_filter", Detail: "as bpf_filter"}
	packetCount := Parameter{Name: "packet_count", Detail: "stop after so many"}
	member := Parameter{Name: "name", Detail: "field of this layer", Kinds: ArgMember}
	// Fields without a keyword, as many as one may type.
	field := Parameter{Kinds: ArgField}
	fields := slices.Repeat([]Parameter{field}, 16)
	where := Parameter{Name: "where", Detail: "display filter: only these packets", Kinds: ArgFilter}
	occurrence := Parameter{Name: "occurrence", Detail: "f, l or a: the first, the last, all"}
	return Signatures{
		"FileCapture": slices.Concat([]Parameter{
			{Name: "input_file", Detail: "path, pattern or list of paths", Kinds: ArgCaptureFile},
			{Name: "keep_packets", Detail: "False: constant memory"},
		}, common, []Parameter{outputFile}, last),
		"PipeCapture": slices.Concat([]Parameter{
			{Name: "pipe", Detail: "path of a FIFO, or a file descriptor", Kinds: ArgFile},
		}, common, last, []Parameter{outputFile, {Name: "keep_packets", Detail: "False: constant memory"}}),
		"InMemCapture": slices.Concat([]Parameter{
			{Name: "bpf_filter", Detail: "not taken: use display_filter"},
		}, common, []Parameter{linkType}, last),
		"LiveCapture": slices.Concat([]Parameter{iface, bpf}, common[:4], []Parameter{outputFile}, common[4:8],
			[]Parameter{captureFilter, {Name: "monitor_mode", Detail: "True: 802.11 monitor mode"}}, common[8:], last),
		"LiveRingCapture": slices.Concat([]Parameter{
			{Name: "ring_file_size", Detail: "kilobytes"}, {Name: "num_ring_files", Detail: "how many of them"},
			{Name: "ring_file_name", Detail: "keep the packets here", Kinds: ArgFile}, iface, bpf,
		}, common[:8], []Parameter{captureFilter}, common[8:], last),
		"RemoteCapture": slices.Concat([]Parameter{
			{Name: "remote_host", Detail: "where rpcapd runs"}, {Name: "remote_interface", Detail: "an interface there"},
			{Name: "remote_port", Detail: "2002"}, bpf,
		}, common[1:8], []Parameter{last[1], last[3], filter, outputFile, last[2], last[0]}),
		".sniff":                 {packetCount, {Name: "timeout", Detail: "seconds"}},
		".sniff_continuously":    {packetCount},
		".feed_packet":           {{Name: "binary_packet", Detail: "bytes, or hex digits"}, linkType, timeout, {Name: "sniff_time", Detail: "seconds since 1970"}},
		".feed_packets":          {{Name: "binary_packets", Detail: "list of bytes"}, linkType, timeout, {Name: "sniff_times", Detail: "list of times"}},
		".parse_packet":          {{Name: "binary_packet", Detail: "bytes, or hex digits"}, {Name: "sniff_time", Detail: "seconds since 1970"}, timeout},
		".parse_packets":         {{Name: "binary_packets", Detail: "list of bytes"}, {Name: "sniff_times", Detail: "list of times"}, timeout},
		".filter":                {filter},
		".count_by":              append(slices.Clip(fields), where),
		".group":                 append(slices.Clip(fields), where),
		".table":                 append(slices.Clip(fields), where, occurrence),
		".values":                {field, where, occurrence},
		".sort_by":               {{Name: "field", Detail: "filter name", Kinds: ArgField}, {Name: "reverse", Detail: "True: the greatest first"}},
		".sum":                   {field},
		".min":                   {field},
		".max":                   {field},
		".mean":                  {field},
		".frame":                 {{Name: "number", Detail: "Wireshark's frame number"}},
		".load_packets":          {{Name: "packet_count"}, {Name: "timeout", Detail: "seconds"}},
		".apply_on_packets":      {{Name: "fn", Detail: "function of a packet"}, {Name: "timeout", Detail: "seconds"}, {Name: "packet_count"}},
		".get_multiple_layers":   {{Name: "layer_name", Kinds: ArgLayer}},
		".get":                   {member, {Name: "default"}},
		".get_field":             {member},
		".has_field":             {member},
		".get_field_value":       {member, {Name: "raw", Detail: "True: hex of the bytes"}},
		".get_raw_value":         {member},
		".get_field_by_showname": {{Name: "showname", Detail: "label of a field"}},
	}
}
