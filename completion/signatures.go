package completion

import "strings"

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
	dissection := []Parameter{
		{Name: "only_summaries", Detail: "True: summary lines only"},
		{Name: "decryption_key", Detail: "key or passphrase"},
		{Name: "encryption_type", Detail: "wep, wpa-pwd or wpa-psk"},
		{Name: "decode_as", Detail: "dict of selector to protocol"},
		{Name: "disable_protocol", Detail: "protocol not to dissect", Kinds: ArgProtocol},
		{Name: "override_prefs", Detail: "dict of Wireshark preferences"},
		{Name: "include_raw", Detail: "True: with raw bytes"},
	}
	member := Parameter{Name: "name", Detail: "field of this layer", Kinds: ArgMember}
	return Signatures{
		"FileCapture": append([]Parameter{
			{Name: "input_file", Detail: "path, pattern or list of paths", Kinds: ArgCaptureFile},
			{Name: "keep_packets", Detail: "False: constant memory"},
			filter,
		}, dissection...),
		".filter":                {filter},
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
