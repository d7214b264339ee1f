package filter

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// This file expands display-filter macros (Wireshark User's Guide, "Defining and
// saving filter macros"): ${name}, ${name:argument;argument} or ${name;argument},
// $1, $2 … in the macro's text being the arguments.

// Macros are filters by the name that they were saved under.
type Macros map[string]string

// maxExpansions bounds how many macros one filter may have, those in macros included.
const maxExpansions = 100

// Expand puts the texts of macros in their places, in parentheses where the text
// joins filters. ${…} of a name that is no macro but may be a field is left. The
// error is an *Error about the filter as it was written.
func (m Macros) Expand(expr string) (string, error) {
	return m.expand(expr, nil, new(int))
}

// expand is Expand within the macros of within.
func (m Macros) expand(expr string, within []string, count *int) (string, error) {
	var out strings.Builder
	for rest := expr; ; {
		at := dollarBrace(rest)
		if at < 0 {
			out.WriteString(rest)
			return out.String(), nil
		}
		whole := span{len(expr) - len(rest) + at, len(expr)}
		end := strings.IndexByte(rest[at:], '}')
		if end < 0 {
			return "", newError(expr, whole, "the expression ends where %q is wanted to close %q", "}", "${")
		}
		whole.end = whole.off + end + 1
		text, err := m.call(expr, whole, rest[at+2:at+end], within, count)
		if err != nil {
			return "", err
		}
		out.WriteString(rest[:at])
		out.WriteString(text)
		rest = rest[at+end+1:]
	}
}

// dollarBrace finds the next "${" outside of strings, -1 for none.
func dollarBrace(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			raw := i > 0 && (text[i-1] == 'r' || text[i-1] == 'R')
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && !raw {
					i++
				}
			}
		case '$':
			if strings.HasPrefix(text[i:], "${") {
				return i
			}
		}
	}
	return -1
}

// call expands one use of a macro.
func (m Macros) call(expr string, at span, inner string, within []string, count *int) (string, error) {
	name, arguments := inner, []string(nil)
	if i := strings.IndexAny(inner, ":;"); i >= 0 {
		name, arguments = inner[:i], strings.Split(inner[i+1:], ";")
	}
	name = strings.TrimSpace(name)
	text, known := m[name]
	switch {
	case !known && (strings.Contains(name, ".") || len(m) == 0 && arguments == nil):
		return expr[at.off:at.end], nil
	case !known:
		e := newError(expr, at, "no filter is saved as %q", name)
		if names := slices.Sorted(maps.Keys(m)); len(names) > 0 {
			e.suggest("saved are: %s", strings.Join(names, ", "))
		}
		return "", e
	case slices.Contains(within, name):
		return "", newError(expr, at, "the saved filter %q uses itself", name)
	}
	if *count++; *count > maxExpansions {
		return "", newError(expr, at, "more than %d saved filters within one", maxExpansions)
	}
	text, err := substitute(expr, at, name, text, arguments)
	if err != nil {
		return "", err
	}
	if text, err = m.expand(text, append(slices.Clip(within), name), count); err != nil {
		inner := err.(*Error)
		return "", newError(expr, at, "in the saved filter %q: %s", name, inner.Message)
	}
	if l := Split(text); l != nil && l.Op != "" {
		text = "(" + text + ")"
	}
	return text, nil
}

// substitute puts arguments in the places of $1, $2 … .
func substitute(expr string, at span, name, text string, arguments []string) (string, error) {
	var out strings.Builder
	most := 0
	for i := 0; i < len(text); i++ {
		digits := 0
		for text[i] == '$' && i+1+digits < len(text) && text[i+1+digits] >= '0' && text[i+1+digits] <= '9' {
			digits++
		}
		if digits == 0 {
			out.WriteByte(text[i])
			continue
		}
		n, err := strconv.Atoi(text[i+1 : i+1+digits])
		if err != nil || n < 1 || n > len(arguments) {
			return "", newError(expr, at, "got %d arguments, and the saved filter %q wants $%s", len(arguments), name, text[i+1:i+1+digits])
		}
		most = max(most, n)
		out.WriteString(strings.TrimSpace(arguments[n-1]))
		i += digits
	}
	if len(arguments) > most {
		return "", newError(expr, at, "got %d arguments, want %d for the saved filter %q", len(arguments), most, name)
	}
	return out.String(), nil
}

// Refer puts values in the places of references, ${field}: what the field is in a
// packet, as [Literal] writes it. A field with several values there is an error, since
// no one literal is all of them.
func Refer(expr string, values func(field string) ([]string, error)) (string, error) {
	var out strings.Builder
	for rest := expr; ; {
		at := dollarBrace(rest)
		end := -1
		if at >= 0 {
			end = strings.IndexByte(rest[at:], '}')
		}
		if end < 0 {
			out.WriteString(rest)
			return out.String(), nil
		}
		field := strings.TrimSpace(rest[at+2 : at+end])
		found, err := values(field)
		if err != nil {
			return "", err
		}
		if len(found) != 1 {
			where := span{len(expr) - len(rest) + at, len(expr) - len(rest) + at + end + 1}
			return "", newError(expr, where, "%s has %d values in the current packet: %s", field, len(found), strings.Join(found, ", ")).
				suggest("write the one that is meant, or all: {%s}", strings.Join(found, ", "))
		}
		out.WriteString(rest[:at])
		out.WriteString(found[0])
		rest = rest[at+end+1:]
	}
}
