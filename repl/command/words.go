package command

import (
	"fmt"
	"strings"
	"unicode"

	shellquote "github.com/kballard/go-shellquote"

	"pktsh/completion"
)

// splitWords splits arguments as a POSIX shell would, without expanding anything.
func splitWords(s string) ([]string, error) {
	words, err := shellquote.Split(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimSpace(s), err)
	}
	if i := endsCommand(s); i >= 0 {
		return nil, fmt.Errorf("%s: a command ends with its line, not with ;: write one a line, or quote ';'", strings.TrimSpace(s[:i+1]))
	}
	return words, nil
}

// endsCommand returns the place of a semicolon that would end a shell's command, at the
// end of a word and outside quotes, -1 when there is none.
func endsCommand(s string) int {
	quote, escaped := rune(0), false
	for i, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ';' && (i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\t'):
			return i
		}
	}
	return -1
}

// Redirect is where a command's output goes instead of the screen.
type Redirect struct {
	// Op is ">", ">>", "|", or "&" for a command that runs in the background.
	Op string
	// Target is the file or the shell command; "" for &.
	Target string
}

// SplitRedirect takes `> FILE`, `>> FILE`, `| SHELL COMMAND`, `&` or a `# comment`
// off the end of a command's arguments. The operator counts only outside quotes
// and with white space before it.
func SplitRedirect(rest string) (args string, to *Redirect, err error) {
	quote := rune(0)
	space, escaped := true, false
	for i, r := range rest {
		switch {
		case escaped:
			escaped, space = false, false
			continue
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case space && r == '#':
			return strings.TrimSpace(rest[:i]), nil, nil
		case space && r == '&' && strings.TrimSpace(rest[i+1:]) == "":
			return strings.TrimSpace(rest[:i]), &Redirect{Op: "&"}, nil
		case space && (r == '>' || r == '|'):
			op := string(r)
			if strings.HasPrefix(rest[i:], ">>") {
				op = ">>"
			}
			target := strings.TrimSpace(rest[i+len(op):])
			if target == "" {
				return "", nil, fmt.Errorf("%s wants %s after it", op, map[bool]string{true: "a shell command", false: "a file name"}[op == "|"])
			}
			if op != "|" {
				words, err := splitWords(target)
				if err != nil {
					return "", nil, err
				}
				if len(words) != 1 {
					return "", nil, fmt.Errorf("%s %s: one file name was wanted", op, target)
				}
				target = words[0]
			}
			return strings.TrimSpace(rest[:i]), &Redirect{Op: op, Target: target}, nil
		}
		space = unicode.IsSpace(r)
	}
	return strings.TrimSpace(rest), nil, nil
}

// Split decides whether a line is a command, by the rule of the language: on
// the text alone. rebound says whether the user gave a command's name another
// meaning. ok is false when the line is Starlark.
func (t *Table) Split(line string, rebound func(name string) bool) (c *Command, rest string, ok bool, err error) {
	line = strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(line, "!"):
		return t.byName["!"], strings.TrimSpace(line[1:]), true, nil
	case strings.HasPrefix(line, "?"):
		rest = strings.TrimSpace(line[1:])
		if rest != "" && !strings.HasSuffix(rest, "?") {
			rest += "?" // ?pkt is pkt?
		}
		return t.byName["help"], rest, true, nil
	}
	if asked := helpLine.FindStringSubmatch(line); asked != nil {
		return t.byName["help"], asked[1], true, nil
	}
	name, args, ok := completion.SplitCommand(line, func(name string) bool {
		_, known := t.byName[name]
		return known && !rebound(name)
	})
	if !ok {
		return nil, "", false, nil
	}
	if c, ok = t.byName[name]; !ok { // only ":name" gets here with an unknown name
		return nil, "", false, t.unknown(name, nil)
	}
	return c, strings.TrimSpace(line[args:]), true, nil
}
