package batch

import (
	"fmt"
	"strings"
)

// layout is how a row of -T fields looks: tshark's -E options (tshark(1); what is
// not there is as tshark 4.0.17 does it).
type layout struct {
	bom, header bool
	separator   byte
	// occurrence is which values of a field are printed: 'f' the first, 'l' the
	// last, 'a' all, with aggregator between them.
	occurrence, aggregator byte
	// quote stands around the values of a field that has any; 0 for none.
	quote byte
}

// parseLayout reads -E options, "name=value". Of a value only the beginning
// counts, as in tshark: "header=yes" is "header=y".
func parseLayout(options []string) (layout, error) {
	l := layout{separator: '\t', occurrence: 'a', aggregator: ','}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		if value == "" || !l.set(name, value) {
			return l, fmt.Errorf("%q is not a valid field output option=value pair: want bom=y|n, header=y|n, separator=/t|/s|CHARACTER, occurrence=f|l|a, aggregator=,|/s|CHARACTER or quote=d|s|n", option)
		}
	}
	return l, nil
}

func (l *layout) set(name, value string) (ok bool) {
	switch name {
	case "bom":
		l.bom, ok = value[0] == 'y', value[0] == 'y' || value[0] == 'n'
	case "header":
		l.header, ok = value[0] == 'y', value[0] == 'y' || value[0] == 'n'
	case "separator":
		l.separator, ok = separatorOf(value), true
		if strings.HasPrefix(value, "/t") { // which the aggregator does not know
			l.separator = '\t'
		}
	case "aggregator":
		l.aggregator, ok = separatorOf(value), true
	case "occurrence":
		l.occurrence, ok = value[0], strings.IndexByte("fla", value[0]) >= 0
	case "quote":
		if i := strings.IndexByte("dsn", value[0]); i >= 0 {
			l.quote, ok = "\"'\x00"[i], true
		}
	}
	return ok
}

// separatorOf reads a character. One after a slash that means nothing makes it a
// backslash.
func separatorOf(value string) byte {
	switch {
	case value[0] != '/':
		return value[0]
	case strings.HasPrefix(value, "/s"):
		return ' '
	}
	return '\\'
}

// preamble is what comes before the first row.
func (l *layout) preamble(fields []string) []byte {
	var out []byte
	if l.bom {
		out = append(out, "\ufeff"...)
	}
	if l.header {
		out = append(append(out, strings.Join(fields, string([]byte{l.separator}))...), '\n')
	}
	return out
}

// begin and end stand round the values of a field that has any.
func (l *layout) begin(out []byte) []byte { return l.end(out) }

func (l *layout) end(out []byte) []byte {
	if l.quote != 0 {
		out = append(out, l.quote)
	}
	return out
}

// cell appends a field whose values are text, each as tshark escapes it.
func (l *layout) cell(out []byte, values []string) []byte {
	if len(values) == 0 {
		return out
	}
	switch l.occurrence {
	case 'f':
		values = values[:1]
	case 'l':
		values = values[len(values)-1:]
	}
	out = l.begin(out)
	for i, v := range values {
		if i > 0 {
			out = append(out, l.aggregator)
		}
		out = append(out, v...)
	}
	return l.end(out)
}
