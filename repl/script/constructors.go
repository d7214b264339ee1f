// This file is what PyShark's constructors have in common: their options.

package script

import (
	"context"
	"fmt"
	"io"
	"strings"

	"go.starlark.net/starlark"

	"pktsh/engine"
)

// OpenOptions is what a constructor asks to be opened. Fields hold what the
// matching flags of tshark take; they come on top of the session's settings.
type OpenOptions struct {
	Paths []string
	// Reader is read instead of Paths when it is set, Name what it is called.
	Reader io.Reader
	// Memory asks for a capture without packets under Name, instead of Paths.
	Memory bool
	Name   string
	// Live asks for a capture of an interface, that does not run yet.
	Live *engine.LiveOptions
	// Preferences are "name:value" (tshark -o).
	Preferences []string
	// DecodeAs are "layertype==selector,protocol" (tshark -d).
	DecodeAs []string
	// DisabledProtocols and EnabledProtocols are filter names (tshark
	// --disable-protocol, --enable-protocol).
	DisabledProtocols, EnabledProtocols []string
	// DecryptionKeys are records of Wireshark's 80211_keys table:
	// `"wpa-pwd","passphrase:ssid"`.
	DecryptionKeys []string
	// Names are the letters of tshark's -N, "" for none; nil leaves it to the session.
	Names *string
}

// commonOptions are the options that every constructor has, in PyShark's order
// but for the places of the constructors' own.
var commonOptions = []string{
	"display_filter", "only_summaries", "decryption_key", "encryption_type", "decode_as",
	"disable_protocol", "tshark_path", "override_prefs", "use_json", "use_ek",
}

// construction is a call of a constructor on its way to a capture.
type construction struct {
	it     *Interp
	name   string // the constructor's
	args   map[string]starlark.Value
	open   OpenOptions
	filter string
}

// construct reads the arguments of a constructor. params are all of its
// parameters in order, the first required of which must be given. Arguments that
// were not given, or are None, are absent.
func (it *Interp) construct(name string, params []string, required int, args starlark.Tuple, kwargs []starlark.Tuple) (*construction, error) {
	c := &construction{it: it, name: name, args: map[string]starlark.Value{}}
	values := make([]starlark.Value, len(params))
	var pairs []any
	for i, p := range params {
		if i >= required {
			p += "?"
		}
		pairs = append(pairs, p, &values[i])
	}
	plain := make([]starlark.Tuple, len(kwargs))
	for i, kv := range kwargs {
		plain[i] = starlark.Tuple{kv[0], plainValue(kv[1])}
	}
	if err := starlark.UnpackArgs(name, plainArgs(args), plain, pairs...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if v != nil && v != starlark.None {
			c.args[params[i]] = v
		}
	}
	return c, c.common()
}

// common reads the options that every constructor has.
func (c *construction) common() (err error) {
	if c.filter, err = c.text("display_filter"); err != nil {
		return err
	}
	for _, name := range []string{"use_json", "use_ek", "include_raw", "debug", "only_summaries", "keep_packets"} {
		if _, err := c.flag(name); err != nil {
			return err
		}
	}
	if c.given("use_json") || c.given("use_ek") {
		c.it.noticeOnce("use_json and use_ek change nothing here: pktsh has one packet, whatever Wireshark's output format")
	}
	if c.given("debug") {
		c.it.noticeOnce("debug changes nothing here: errors are always shown")
	}
	if c.given("eventloop") {
		c.it.noticeOnce("eventloop changes nothing here: pktsh has no event loop")
	}
	if c.given("tshark_path") {
		c.it.noticeOnce("tshark_path changes nothing here: pktsh uses the tshark and sharkd on PATH, for all captures the same")
	}
	for _, list := range []struct {
		option, separator string
		into              *[]string
	}{{"decode_as", ",", &c.open.DecodeAs}, {"override_prefs", ":", &c.open.Preferences}} {
		if *list.into, err = c.pairs(list.option, list.separator); err != nil {
			return err
		}
	}
	if c.given("disable_protocol") {
		if c.open.DisabledProtocols, err = c.texts("disable_protocol"); err != nil {
			return err
		}
	}
	if err := c.keys(); err != nil {
		return err
	}
	return c.custom()
}

// given says whether an option has a value that counts as true.
func (c *construction) given(name string) bool {
	v, ok := c.args[name]
	return ok && bool(v.Truth())
}

// flag reads a boolean; 0 and 1 are taken, as in Python.
func (c *construction) flag(name string) (bool, error) {
	switch v := c.args[name].(type) {
	case nil:
		return false, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		if n, ok := v.Int64(); ok && (n == 0 || n == 1) {
			return n == 1, nil
		}
		return false, c.wanted(name, v, "True or False")
	default:
		return false, c.wanted(name, v, "True or False")
	}
}

// text reads a string, "" where it was not given.
func (c *construction) text(name string) (string, error) {
	v, ok := c.args[name]
	if !ok {
		return "", nil
	}
	s, ok := starlark.AsString(v)
	if !ok {
		return "", c.wanted(name, v, "a string")
	}
	return s, nil
}

// texts reads a string or a list of strings.
func (c *construction) texts(name string) ([]string, error) {
	v := c.args[name]
	if s, ok := starlark.AsString(v); ok {
		return []string{s}, nil
	}
	list, ok := v.(starlark.Indexable)
	if !ok || list.Len() == 0 {
		return nil, c.wanted(name, v, "a string or a list of strings")
	}
	out := make([]string, list.Len())
	for i := range out {
		s, ok := starlark.AsString(list.Index(i))
		if !ok {
			return nil, c.wanted(fmt.Sprintf("%s[%d]", name, i), list.Index(i), "a string")
		}
		out[i] = s
	}
	return out, nil
}

// pairs reads a dictionary and joins each key with its value, as tshark's -d and
// -o take them.
func (c *construction) pairs(name, separator string) ([]string, error) {
	if !c.given(name) {
		return nil, nil
	}
	example := map[string]string{",": "{'tcp.port==8888': 'http'}", ":": "{'tcp.desegment_tcp_streams': 'FALSE'}"}[separator]
	d, ok := c.args[name].(*starlark.Dict)
	if !ok {
		return nil, c.wanted(name, c.args[name], "a dict like "+example)
	}
	var out []string
	for _, item := range d.Items() {
		key, ok := starlark.AsString(item[0])
		if !ok {
			return nil, c.wanted(name, item[0], "strings as keys, like "+example)
		}
		out = append(out, key+separator+preferenceText(item[1]))
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

// keys makes records of Wireshark's 80211_keys table of decryption_key, one key or
// a list of them, and encryption_type.
func (c *construction) keys() error {
	kind, err := c.text("encryption_type")
	if err != nil {
		return err
	}
	if kind != "" {
		if err := engine.CheckWLANKeyType(kind); err != nil {
			return fmt.Errorf("%s: encryption_type: %w", c.name, err)
		}
	}
	if !c.given("decryption_key") {
		return nil
	}
	keys, err := c.texts("decryption_key")
	if err != nil {
		return err
	}
	for _, key := range keys {
		record, err := engine.WLANKey(kind, key)
		if err != nil {
			return fmt.Errorf("%s: decryption_key: %w", c.name, err)
		}
		c.open.DecryptionKeys = append(c.open.DecryptionKeys, record)
	}
	return nil
}

// wanted is the error for a value of the wrong type.
func (c *construction) wanted(name string, got starlark.Value, want string) error {
	return fmt.Errorf("%s: %s: got %s, want %s", c.name, name, describeValue(got), want)
}

// describeValue names a value for an error: by its type, a number by itself.
func describeValue(v starlark.Value) string {
	switch v.(type) {
	case starlark.Int, starlark.Float, starlark.Bool:
		return v.String()
	}
	return v.Type()
}

// capture opens what the options say.
func (c *construction) capture(ctx context.Context) (*Capture, error) {
	if c.it.cfg.Open == nil {
		return nil, fmt.Errorf("%s: captures cannot be opened here", c.name)
	}
	opened, err := c.it.cfg.Open(ctx, c.open)
	if err != nil {
		return nil, err
	}
	out, err := c.narrowed(ctx, opened)
	if err != nil {
		_ = opened.Close() // the filter's error is the one to tell
	}
	return out, err
}

// narrowed is the capture through its filter, saved if it is to be.
func (c *construction) narrowed(ctx context.Context, opened *engine.Capture) (*Capture, error) {
	view := opened.All()
	if c.filter != "" {
		var err error
		if view, err = view.Narrow(ctx, c.filter); err != nil {
			return nil, err
		}
	}
	path, err := c.text("output_file")
	if err != nil {
		return nil, err
	}
	if path != "" {
		if _, err := view.Save(ctx, path, c.it.noticeLine); err != nil {
			return nil, fmt.Errorf("%s: output_file: %w", c.name, err)
		}
	}
	out := c.it.newCapture(engineView{view})
	out.constructor = c.name
	if _, ok := c.args["keep_packets"]; ok {
		out.keepPackets, _ = c.flag("keep_packets") // common has looked at it
	}
	out.onlySummary, _ = c.flag("only_summaries")
	return out, nil
}
