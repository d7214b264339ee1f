package wireshark

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxDecodeAsRange bounds the entries that one range rule is written as: the
// profile's file has one line a selector, and ports end at 65535.
const maxDecodeAsRange = 1 << 16

// decodeAsEntries turns tshark's "layertype==selector,protocol" (see tshark(1),
// -d) into lines of the profile's decode_as_entries file, which wants the
// protocol's short name. The selector may be a number, a range "lo-hi" or
// "lo:count", or a text.
func decodeAsEntries(rule string, shortName func(string) (string, error)) (string, error) {
	bad := func() error {
		return fmt.Errorf("decode-as: got %q, want \"layertype==selector,protocol\", such as \"udp.port==5300,dns\"", rule)
	}
	left, protocol, ok := cutLast(rule, ",")
	if !ok || strings.ContainsAny(rule, "\r\n") {
		return "", bad()
	}
	table, selector, _ := strings.Cut(left, "==")
	table, selector, protocol = strings.TrimSpace(table), strings.TrimSpace(selector), strings.TrimSpace(protocol)
	if table == "" || protocol == "" || strings.ContainsAny(table+selector, ",\"") {
		return "", bad()
	}
	name := "(none)" // Wireshark's word for "no dissector"
	if protocol != name {
		var err error
		if name, err = shortName(protocol); err != nil {
			return "", fmt.Errorf("decode-as %q: %w", rule, err)
		}
	}
	lo, hi, isRange, err := selectorRange(selector)
	if err != nil {
		return "", fmt.Errorf("decode-as %q: %w", rule, err)
	}
	var b strings.Builder
	if !isRange {
		fmt.Fprintf(&b, "decode_as_entry: %s,%s,(none),%s\n", table, selector, name)
		return b.String(), nil
	}
	for n := lo; n <= hi; n++ {
		fmt.Fprintf(&b, "decode_as_entry: %s,%d,(none),%s\n", table, n, name)
	}
	return b.String(), nil
}

// selectorRange reads "lo-hi" and "lo:count". Anything else, a UUID with dashes
// for one, is no range and is left to Wireshark.
func selectorRange(selector string) (lo, hi uint64, isRange bool, err error) {
	first, second, sep := "", "", byte(0)
	if i := strings.IndexAny(selector, "-:"); i > 0 {
		first, second, sep = selector[:i], selector[i+1:], selector[i]
	}
	lo, err1 := strconv.ParseUint(first, 0, 32)
	n, err2 := strconv.ParseUint(second, 0, 32)
	if sep == 0 || err1 != nil || err2 != nil {
		return 0, 0, false, nil
	}
	hi = n
	if sep == ':' {
		hi = lo + n - 1
	}
	if hi < lo || n == 0 {
		return 0, 0, false, fmt.Errorf("got the range %q, want its end not below its start", selector)
	}
	if hi-lo >= maxDecodeAsRange {
		return 0, 0, false, fmt.Errorf("got a range of %d selectors, want at most %d", hi-lo+1, maxDecodeAsRange)
	}
	return lo, hi, true, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Protocol is one of Wireshark's protocols.
type Protocol struct {
	// Name is the filter name, "dns"; Short and Long are as Wireshark shows them:
	// "DNS", "Domain Name System".
	Name, Short, Long string
}

// Protocols lists Wireshark's protocols by filter name. It takes some 0.3 s.
func (t Tools) Protocols(ctx context.Context) ([]Protocol, error) {
	if t.Tshark == "" {
		return nil, errNoTshark
	}
	out, err := outputOf(command(ctx, t.Tshark, "-G", "protocols"))
	if err != nil {
		return nil, fmt.Errorf("%s -G protocols: %w", t.Tshark, err)
	}
	var all []Protocol
	for line := range strings.Lines(string(out)) {
		// Long name, short name, filter name, and in later versions more.
		parts := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(parts) >= 3 {
			all = append(all, Protocol{Name: parts[2], Short: parts[1], Long: parts[0]})
		}
	}
	slices.SortFunc(all, func(a, b Protocol) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// protocolNames returns short names by filter name.
func (t Tools) protocolNames(ctx context.Context) (map[string]string, error) {
	all, err := t.Protocols(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(all))
	for _, p := range all {
		names[p.Name] = p.Short
	}
	return names, nil
}

// shortName returns a function for Config.files that asks tshark at the first
// call only.
func (t Tools) shortName(ctx context.Context) func(string) (string, error) {
	var names map[string]string
	return func(filter string) (string, error) {
		if names == nil {
			var err error
			if names, err = t.protocolNames(ctx); err != nil {
				return "", err
			}
		}
		if short, ok := names[filter]; ok {
			return short, nil
		}
		return "", fmt.Errorf("unknown protocol %q%s", filter, didYouMean(filter, keys(names)))
	}
}
