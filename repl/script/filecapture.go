// This file is the constructor FileCapture with PyShark's options.

package script

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"pktsh/engine"
)

// unsupported are PyShark's options that pktsh does not take, with what to do
// instead. Each is refused by name when it is given a value.
var unsupported = map[string]string{
	"output_file":       "save the packets with the command: save FILE",
	"tshark_path":       "pktsh uses the tshark on PATH",
	"custom_parameters": "use override_prefs, decode_as and disable_protocol",
	"eventloop":         "pktsh has no event loop",
}

// fileCapture is FileCapture(input_file, …).
func (it *Interp) fileCapture(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var (
		input                                       starlark.Value
		keep                                        = true
		only, useJSON, useEK, raw                   bool
		displayFilter, decryptionKey, disable       starlark.Value = starlark.None, starlark.None, starlark.None
		encryptionType                              starlark.Value = starlark.String("wpa-pwk")
		decodeAs, overridePrefs                     starlark.Value = starlark.None, starlark.None
		outputFile, tsharkPath, custom, loop, debug starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None, starlark.None
	)
	plain := make([]starlark.Tuple, len(kwargs))
	for i, kv := range kwargs {
		plain[i] = starlark.Tuple{kv[0], plainValue(kv[1])}
	}
	err := starlark.UnpackArgs("FileCapture", plainArgs(args), plain,
		"input_file", &input, "keep_packets?", &keep, "display_filter?", &displayFilter,
		"only_summaries?", &only, "decryption_key?", &decryptionKey, "encryption_type?", &encryptionType,
		"decode_as?", &decodeAs, "disable_protocol?", &disable, "tshark_path?", &tsharkPath,
		"override_prefs?", &overridePrefs, "use_json?", &useJSON, "use_ek?", &useEK,
		"output_file?", &outputFile, "include_raw?", &raw, "eventloop?", &loop,
		"custom_parameters?", &custom, "debug?", &debug)
	if err != nil {
		return nil, err
	}
	for name, v := range map[string]starlark.Value{
		"output_file": outputFile, "tshark_path": tsharkPath, "custom_parameters": custom, "eventloop": loop,
	} {
		if v.Truth() {
			return nil, fmt.Errorf("FileCapture: %s is not supported: %s", name, unsupported[name])
		}
	}
	if debug.Truth() {
		it.noticeOnce("debug changes nothing here: errors are always shown")
	}
	if useJSON || useEK {
		it.noticeOnce("use_json and use_ek change nothing here: pktsh has one packet, whatever Wireshark's output format")
	}
	var o OpenOptions
	if o.Paths, err = stringList("input_file", input); err != nil {
		return nil, err
	}
	if o.DecodeAs, err = pairList("decode_as", decodeAs, ","); err != nil {
		return nil, err
	}
	if o.Preferences, err = pairList("override_prefs", overridePrefs, ":"); err != nil {
		return nil, err
	}
	if disable.Truth() {
		if o.DisabledProtocols, err = stringList("disable_protocol", disable); err != nil {
			return nil, err
		}
	}
	if o.DecryptionKeys, err = wlanKeys(decryptionKey, encryptionType); err != nil {
		return nil, err
	}
	return it.openCapture(o, displayFilter, keep, only)
}

func (it *Interp) openCapture(o OpenOptions, displayFilter starlark.Value, keep, only bool) (starlark.Value, error) {
	if it.cfg.Open == nil {
		return nil, fmt.Errorf("FileCapture: captures cannot be opened here")
	}
	ctx := it.context()
	opened, err := it.cfg.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	c := it.newCapture(engineView{opened.All()})
	c.keepPackets, c.onlySummary = keep, only
	if displayFilter.Truth() {
		expr, ok := starlark.AsString(displayFilter)
		if !ok {
			err = fmt.Errorf("FileCapture: display_filter: got %s, want a string", displayFilter.Type())
		} else {
			c.view, err = c.view.Narrow(ctx, expr)
		}
		if err != nil {
			_ = opened.Close() // the filter's error is the one to tell
			return nil, err
		}
	}
	return c, nil
}

// stringList reads a string or a list of strings.
func stringList(name string, v starlark.Value) ([]string, error) {
	if s, ok := starlark.AsString(v); ok {
		return []string{s}, nil
	}
	list, ok := v.(starlark.Indexable)
	if !ok || list.Len() == 0 {
		return nil, fmt.Errorf("FileCapture: %s: got %s, want a string or a list of strings", name, v.Type())
	}
	out := make([]string, list.Len())
	for i := range out {
		s, ok := starlark.AsString(list.Index(i))
		if !ok {
			return nil, fmt.Errorf("FileCapture: %s[%d]: got %s, want a string", name, i, list.Index(i).Type())
		}
		out[i] = s
	}
	return out, nil
}

// pairList reads a dictionary and joins each key with its value, as tshark's
// -d and -o take them.
func pairList(name string, v starlark.Value, sep string) ([]string, error) {
	if !v.Truth() {
		return nil, nil
	}
	d, ok := v.(*starlark.Dict)
	if !ok {
		return nil, fmt.Errorf("FileCapture: %s: got %s, want a dict like {'tcp.port==8888': 'http'}", name, v.Type())
	}
	var out []string
	for _, item := range d.Items() {
		key, ok := starlark.AsString(item[0])
		if !ok {
			return nil, fmt.Errorf("FileCapture: %s: got the key %s, want a string", name, item[0])
		}
		out = append(out, key+sep+preferenceText(item[1]))
	}
	return out, nil
}

// preferenceText returns a value as tshark's -o takes it.
func preferenceText(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return string(v)
	case starlark.Bool:
		return strings.ToUpper(v.String())
	}
	return v.String()
}

// wlanKeys makes a record of Wireshark's 80211_keys table of PyShark's
// decryption_key and encryption_type.
func wlanKeys(key, encryption starlark.Value) ([]string, error) {
	if !key.Truth() {
		return nil, nil
	}
	k, ok := starlark.AsString(key)
	if !ok {
		return nil, fmt.Errorf("FileCapture: decryption_key: got %s, want a string", key.Type())
	}
	kind, _ := starlark.AsString(encryption)
	record, err := engine.WLANKey(kind, k)
	if err != nil {
		return nil, fmt.Errorf("FileCapture: decryption_key: %w", err)
	}
	return []string{record}, nil
}
