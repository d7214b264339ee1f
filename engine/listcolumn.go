package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"pktsh/engine/filter"
	"pktsh/engine/wireshark"
)

// This file names the columns that a packet list may have: Wireshark's own, and
// any field.

// ListColumn is a column of the packet list.
type ListColumn struct {
	// Name is how the column is asked for: "source", "tcp.len", "ip.proto:1:raw".
	Name string
	// Title stands above it.
	Title string
	// Meaning is a line about it.
	Meaning string
	// Numeric says that what is in it are decimal numbers, Address that they are addresses.
	Numeric, Address bool

	text wireshark.TextColumn
}

// Format is Wireshark's code of the column ("%s", tshark -G column-formats).
func (c ListColumn) Format() string { return c.text.Format }

// Field is the filter name, or several as "a||b", that a column of a field shows, ""
// for the others.
func (c ListColumn) Field() string { return c.text.Field }

// Code is the column as Wireshark's preference gui.column.format has it behind the
// title: "%s", "%Cus:tcp.len:0:R".
func (c ListColumn) Code() string {
	if c.text.Format != wireshark.CustomFormat {
		return c.text.Format
	}
	shown := "R"
	if c.text.Raw {
		shown = "U"
	}
	return fmt.Sprintf("%s:%s:%d:%s", c.text.Format, c.text.Field, c.text.Occurrence, shown)
}

// ListColumns returns Wireshark's built-in columns, the usual ones first.
func ListColumns() []ListColumn {
	var out []ListColumn
	for _, b := range builtInColumns() {
		out = append(out, b.column())
	}
	return out
}

// DefaultListColumns returns Wireshark's default columns.
func DefaultListColumns() []ListColumn { return ListColumns()[:7] }

// builtInColumn is one of Wireshark's columns. The titles of the first seven are
// those of Wireshark's defaults (epan/prefs.c), those of the others its
// suggestions (epan/column.c, get_column_title), where these are not words alone.
type builtInColumn struct {
	name, also, format, title, meaning string
	numeric                            bool
}

func (b builtInColumn) column() ListColumn {
	return ListColumn{
		Name: b.name, Title: b.title, Meaning: b.meaning, Numeric: b.numeric,
		text: wireshark.TextColumn{Format: b.format},
	}
}

// builtInColumns are all that tshark 4.0 -G column-formats lists, but %Cus.
func builtInColumns() []builtInColumn {
	return []builtInColumn{
		{"no", "number", "%m", "No.", "frame number", true},
		{"time", "", "%t", "Time", "time, in the format of set time", false},
		{"source", "src", "%s", "Source", "source address", false},
		{"destination", "dst", "%d", "Destination", "destination address", false},
		{"protocol", "proto", "%p", "Protocol", "highest protocol", false},
		{"length", "len", "%L", "Length", "length on the wire in bytes", true},
		{"info", "", "%i", "Info", "what the packet says", false},

		{"delta", "", "%Tt", "Delta", "seconds since the packet captured before", true},
		{"delta_displayed", "", "%Gt", "Delta displayed", "seconds since the packet listed before", true},
		{"time_r", "", "%Rt", "Relative", "seconds since the first packet", true},
		{"time_a", "", "%At", "Absolute", "local time of day", false},
		{"time_ad", "", "%Yt", "Date and time", "local date and time", false},
		{"time_adoy", "", "%YDOYt", "Day and time", "local day of the year and time", false},
		{"time_u", "", "%Aut", "UTC", "UTC time of day", false},
		{"time_ud", "", "%Yut", "UTC date and time", "UTC date and time", false},
		{"time_udoy", "", "%YDOYut", "UTC day and time", "UTC day of the year and time", false},
		{"sport", "", "%S", "Src port", "source port", true},
		{"dport", "", "%D", "Dst port", "destination port", true},
		{"cumulative", "", "%B", "Cumulative", "bytes of all packets up to this one", true},
		{"vlan_id", "", "%q", "VLAN", "802.1Q VLAN id", true},
		{"dscp_value", "", "%f", "DSCP", "IP's differentiated services code point", false},
		{"expert", "", "%a", "Expert", "worst severity of the expert items", false},
		{"rssi", "", "%e", "RSSI", "802.11 signal strength", false},
		{"rate", "", "%x", "TX rate", "802.11 transmission rate", false},
		{"frequency", "", "%F", "Freq/Chan", "radio frequency and channel", false},
		{"dcerpc_call", "", "%y", "DCE/RPC call", "DCE/RPC call (cn_call_id / dg_seqnum)", false},
		{"vsan_id", "", "%V", "VSAN", "Cisco VSAN", true},
		{"fw1_interface", "", "%I", "FW-1", "FW-1 monitor interface and direction", false},
		{"tei", "", "%E", "TEI", "terminal endpoint identifier", true},

		{"src_resolved", "", "%rs", "Src (resolved)", "source address, with its name where known", false},
		{"src_unresolved", "", "%us", "Src (unresolved)", "source address as it is", false},
		{"dst_resolved", "", "%rd", "Dst (resolved)", "destination address, with its name where known", false},
		{"dst_unresolved", "", "%ud", "Dst (unresolved)", "destination address as it is", false},
		{"net_src", "", "%ns", "Net src", "source address of the network layer", false},
		{"net_src_resolved", "", "%rns", "Net src (resolved)", "the same with its name where known", false},
		{"net_src_unresolved", "", "%uns", "Net src (unresolved)", "the same as it is", false},
		{"net_dst", "", "%nd", "Net dst", "destination address of the network layer", false},
		{"net_dst_resolved", "", "%rnd", "Net dst (resolved)", "the same with its name where known", false},
		{"net_dst_unresolved", "", "%und", "Net dst (unresolved)", "the same as it is", false},
		{"hw_src", "", "%hs", "Hw src", "hardware source address", false},
		{"hw_src_resolved", "", "%rhs", "Hw src (resolved)", "the same with its name where known", false},
		{"hw_src_unresolved", "", "%uhs", "Hw src (unresolved)", "the same as it is", false},
		{"hw_dst", "", "%hd", "Hw dst", "hardware destination address", false},
		{"hw_dst_resolved", "", "%rhd", "Hw dst (resolved)", "the same with its name where known", false},
		{"hw_dst_unresolved", "", "%uhd", "Hw dst (unresolved)", "the same as it is", false},
		{"sport_resolved", "", "%rS", "Src port (resolved)", "source port, with its name where known", true},
		{"sport_unresolved", "", "%uS", "Src port (unresolved)", "source port as a number", true},
		{"dport_resolved", "", "%rD", "Dst port (resolved)", "destination port, with its name where known", true},
		{"dport_unresolved", "", "%uD", "Dst port (unresolved)", "destination port as a number", true},
	}
}

// ListColumn returns the column that a word names: a built-in one by its name or by
// Wireshark's code ("%us"), or a field: FIELD[:OCCURRENCE][:raw], several joined by
// ||. Both may have a title: TITLE=NAME. The error of a name that nobody knows is a
// *NoColumnError.
func (s *Session) ListColumn(ctx context.Context, word string) (ListColumn, error) {
	if title, name, titled := strings.Cut(word, "="); titled {
		c, err := s.ListColumn(ctx, name)
		if title == "" {
			return c, fmt.Errorf("column %s: a title was wanted before the =", word)
		}
		c.Name, c.Title = word, title
		return c, err
	}
	for _, b := range builtInColumns() {
		if word == b.name || word == b.format || b.also != "" && word == b.also {
			return b.column(), nil
		}
	}
	return s.fieldColumn(ctx, word)
}

// fieldColumn reads FIELD[:OCCURRENCE][:raw].
func (s *Session) fieldColumn(ctx context.Context, word string) (ListColumn, error) {
	parts := strings.Split(word, ":")
	c := ListColumn{Name: word, Title: word, text: wireshark.TextColumn{Format: wireshark.CustomFormat}}
	for _, p := range parts[1:] {
		n, err := strconv.Atoi(p)
		switch {
		case p == "raw":
			c.text.Raw = true
		case err == nil:
			c.text.Occurrence = n
		default:
			return c, fmt.Errorf("column %s: got %q, want FIELD[:OCCURRENCE][:raw], as in ip.addr:2 or ip.proto:raw", word, p)
		}
	}
	var names []string
	catalogue, err := s.WaitCatalogue(ctx)
	if err != nil {
		return c, err
	}
	c.Numeric, c.Address = true, true
	for name := range strings.SplitSeq(parts[0], "||") {
		name = strings.TrimSpace(name)
		info, ok := catalogue.Lookup(name)
		if !ok {
			return c, s.noColumn(name)
		}
		c.Meaning = info.Label
		c.Numeric = c.Numeric && decimal(info.Base)
		c.Address = c.Address && (info.Type == "IPv4" || info.Type == "IPv6" || info.Type == "ETHER")
		names = append(names, name)
	}
	c.text.Field = strings.Join(names, "||")
	if len(names) > 1 {
		c.Meaning = "the fields' values"
	}
	return c, nil
}

// decimal says that a field of this display base is shown as a decimal number.
func decimal(base string) bool {
	return base == "BASE_DEC" || base == "BASE_PT_TCP" || base == "BASE_PT_UDP" || base == "BASE_PT_SCTP"
}

// NoColumnError says that a name is neither a column of Wireshark's nor a field.
type NoColumnError struct {
	Name string
	// Hint says what may be meant, or where the known ones are listed; it may be "".
	Hint string
}

func (e *NoColumnError) Error() string {
	text := fmt.Sprintf("column %q: neither a column of Wireshark's nor a field", e.Name)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// noColumn makes the error, with the fields that are near.
func (s *Session) noColumn(name string) error {
	e := &NoColumnError{Name: name}
	var fe *filter.Error
	if _, err := filter.Compile(name, s.Catalogue()); errors.As(err, &fe) && fe.Field == name {
		e.Hint = fe.Suggestion
	}
	if e.Hint == "" && !s.deepAllowed() {
		e.Hint = "without Wireshark the fields are those that pktsh dissects itself"
	}
	return e
}
