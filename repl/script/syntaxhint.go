// This file words syntax errors for people who know Python, C or display
// filters: what to write instead of what Starlark does not have.

package script

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/syntax"
)

// pythonStatements maps statements that Python has and Starlark lacks to what
// to write.
var pythonStatements = map[string]string{
	"import":   "modules binascii, collections, datetime, json, math, sys and time are there already, and so is pyshark; load('file.star', 'name') loads a file",
	"from":     "load('file.star', 'name') loads names from a file",
	"except":   "it belongs to a try: with the same indentation",
	"finally":  "it belongs to a try: with the same indentation",
	"class":    "use functions and dictionaries",
	"del":      "an element is deleted by del d[key]; a name stays",
	"global":   "write it in a line of its own: global n",
	"nonlocal": "keep what a function within a function changes in a list or a dictionary, or in a global",
	"yield":    "fill a list and return that",
	"async":    "nothing here waits: write plain functions",
	"await":    "nothing here waits: write plain functions",
	"match":    "use if and elif",
}

// habit is source as another language has it, and what to write here. In the
// hint, $1 is what the pattern's first group matched.
type habit struct {
	pattern *regexp.Regexp
	hint    string
}

// habits are looked for, in order, in the line of a syntax error, its strings
// emptied.
var habits = []habit{
	{regexp.MustCompile(`^print\s+[^\s(=.]`), "print is a function: print(…)"},
	{regexp.MustCompile(`([A-Za-z_]\w*)\s*\+\+`), "there is no ++: write $1 += 1"},
	{regexp.MustCompile(`([A-Za-z_]\w*)\s*--\s*$`), "there is no --: write $1 -= 1"},
	{regexp.MustCompile(`:=`), "there is no :=; assign with = in a line of its own"},
	{regexp.MustCompile(`^([A-Za-z_]\w*)\s*:\s*[A-Za-z_][\w.\[\], ]*=`), "there are no type annotations: write $1 = …"},
	{regexp.MustCompile(`\bdef\b.*(->|\w\s*:\s*\w+\s*[,)=])`), "there are no type annotations: write the parameters' names alone"},
	{regexp.MustCompile(`&&`), "there is no &&: write and"},
	{regexp.MustCompile(`\|\|`), "there is no ||: write or"},
	{regexp.MustCompile(`(?:^|[\s(])!\s*\w`), "there is no !: write not"},
	{regexp.MustCompile(`\w\.\s*$`), "a name is wanted after the dot; at the prompt TAB lists those that there are"},
	{regexp.MustCompile(`<>`), "there is no <>: write !="},
	{regexp.MustCompile(`\*\*`), "there is no **: write pow(x, y)"},
	{regexp.MustCompile(`^@`), "there are no decorators"},
	{regexp.MustCompile(`\w\s*!==|===`), "there is one equality: write == or !="},
	{regexp.MustCompile(`''\s*''`), "strings side by side do not join: write + between them"},
	{regexp.MustCompile(`[<>]=?[^<>=()\[\]]*[<>]=?`), "comparisons do not chain: write a < b and b < c"},
	{regexp.MustCompile(`=.*\?.*:`), "there is no ?:, write a if condition else b"},
}

// textInQuotes is a string within a line.
var textInQuotes = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`)

// brokenFormat is an f-string that could not be read: dialect.go left it as it was.
var brokenFormat = regexp.MustCompile(`(?:^|\W)(?:[fF][rR]?|[rR][fF])["']`)

// addressAlone is a line that is nothing but an address.
var addressAlone = regexp.MustCompile(`^(?:(\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?)|((?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})|([0-9a-fA-F]*(?::[0-9a-fA-F]*){2,7}))$`)

// addressWithin is an IPv4 address without quotes.
var addressWithin = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)

// filterAlone is a line that reads as a display filter: a field, a relation
// and a value, or filters joined.
var filterAlone = regexp.MustCompile(`^[!(\s]*(?:not\s+)?[a-z_][\w-]*(?:\.[\w-]+)*\s*(?:==|!=|>=|<=|>|<|~|&&|\|\||\b(?:eq|ne|gt|lt|ge|le|contains|matches|in|and|or)\b)\s*\S`)

// filterOnly are operators that display filters have and Starlark has not.
var filterOnly = regexp.MustCompile(`&&|\|\||\s(?:eq|ne|gt|lt|ge|le|contains|matches)\s`)

// asFilter returns the command that a line was meant to be when it is an
// address or reads as a display filter.
func asFilter(line string) (command string, ok bool) {
	if m := addressAlone.FindStringSubmatch(line); m != nil {
		field := "ip.addr"
		switch {
		case m[2] != "":
			field = "eth.addr"
		case m[3] != "":
			field = "ipv6.addr"
		}
		return "filter " + field + " == " + line, true
	}
	if strings.HasSuffix(line, ":") || !filterAlone.MatchString(line) {
		return "", false
	}
	word, _, _ := strings.Cut(line, " ")
	return "filter " + line, strings.ContainsAny(word, ".!(") || filterOnly.MatchString(line)
}

// hintFilter words the error of a line that is a display filter.
func (it *Interp) hintFilter(src string, e *Error) {
	line := strings.TrimSpace(src)
	if strings.Contains(line, "\n") || e.Kind == ErrorRuntime {
		return
	}
	command, ok := asFilter(line)
	if !ok {
		return
	}
	name := firstWord(strings.TrimLeft(line, "!( "))
	if _, known := it.main.env[name]; known && name != "not" {
		if unquoted := addressWithin.FindString(line); e.Kind == ErrorSyntax && unquoted != "" {
			e.Msg += ": an address needs quotes: '" + unquoted + "'"
		}
		return
	}
	if c := it.catalogue(); c != nil && name != "not" && !addressAlone.MatchString(line) && len(c.Prefix(name+".")) == 0 {
		return // no protocol: no filter
	}
	what := "this is no Starlark"
	if e.Kind == ErrorUndefined {
		what = "undefined: " + name
	}
	e.Msg = what + " (a display filter? write: " + command + ")"
}

// explainSyntax adds to a syntax error what to write instead. First is the
// number of src's first line.
func explainSyntax(src string, first int, err error) error {
	var synErr syntax.Error
	if !errors.As(err, &synErr) {
		return err
	}
	synErr.Msg = strings.TrimPrefix(synErr.Msg, "syntax error: ")
	if strings.HasPrefix(synErr.Msg, "got indent,") {
		synErr.Msg = "this line is indented, and there is no block that it belongs to: a block ends with an empty line at the prompt, and with a line that is not indented in a script"
	}
	if hint := syntaxHint(src, int(synErr.Pos.Line)-first); hint != "" {
		synErr.Msg = hint
	}
	return synErr
}

// syntaxHint returns what to say of an error in the line at an index, or "".
func syntaxHint(src string, at int) string {
	lines := strings.Split(strings.TrimRight(src, "\n"), "\n")
	if at >= 0 && at < len(lines) {
		if hint := lineHint(lines[at]); hint != "" {
			return hint
		}
	}
	for _, line := range lines {
		if hint := statementHint(line); hint != "" {
			return hint
		}
	}
	return ""
}

// lineHint returns what to write instead of a line, or "".
func lineHint(line string) string {
	line = strings.TrimSpace(line)
	if hint := statementHint(line); hint != "" {
		return hint
	}
	if brokenFormat.MatchString(line) {
		return "the braces of this f-string do not match: write {expression}, and {{ for a brace"
	}
	line = textInQuotes.ReplaceAllString(line, "''")
	line, _, _ = strings.Cut(line, "#")
	for _, h := range habits {
		if m := h.pattern.FindStringSubmatch(line); m != nil {
			if len(m) > 1 {
				return strings.ReplaceAll(h.hint, "$1", m[1])
			}
			return h.hint
		}
	}
	return ""
}

// statementHint returns what to write instead of a statement that only Python
// has, or "".
func statementHint(line string) string {
	word := firstWord(line)
	hint, ok := pythonStatements[word]
	if !ok {
		return ""
	}
	rest := strings.TrimSpace(strings.TrimSpace(line)[len(word):])
	if rest == "" || isIdent(rest[0]) || strings.IndexByte(":*('\"", rest[0]) >= 0 && word != "match" {
		return fmt.Sprintf("Starlark has no %s: %s", word, hint)
	}
	return ""
}
