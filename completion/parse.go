// This file decides which of the languages the cursor is in: a command's line
// or Starlark, by the rule of the language's contract ("a line is a command or
// it is Starlark"), on the text alone.

package completion

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Grammar is what must be known to tell the places of an input apart. Both may be nil.
type Grammar struct {
	Commands  Commands
	Functions Functions
}

// Parse finds out what kind of place the cursor, a byte offset, is in. It takes
// any text, never fails, and needs time linear in the text's length. Only the
// text before the cursor counts.
func (g Grammar) Parse(text string, cursor int) Context {
	cursor = clampCursor(text, cursor)
	at := Context{Text: text, Cursor: cursor, Start: cursor}
	g.parse(&at, 0)
	at.Word = text[at.Start:cursor]
	return at
}

// clampCursor moves the cursor into text and back to the start of its rune.
func clampCursor(text string, cursor int) int {
	cursor = min(max(cursor, 0), len(text))
	for cursor > 0 && cursor < len(text) && !utf8.RuneStart(text[cursor]) {
		cursor--
	}
	return cursor
}

// parse goes through the lines as long as each is a command, blank or a
// comment: the next one is then a fresh input (a paste holds several). The
// first other one is Starlark to the end.
func (g Grammar) parse(at *Context, start int) {
	text := at.Text[:at.Cursor]
	for {
		end := strings.IndexByte(text[start:], '\n')
		last := end < 0
		if last {
			end = len(text)
		} else {
			end += start
		}
		line := text[start:end]
		trimmed := strings.TrimLeft(line, " \t")
		indent := len(line) - len(trimmed)
		switch {
		case trimmed == "" || trimmed[0] == '#':
			if last {
				g.parseFresh(at, start+indent)
				return
			}
		case last:
			g.parseFresh(at, start+indent)
			return
		default:
			if _, _, ok := g.commandLine(line); !ok && trimmed[0] != '?' && trimmed[0] != '!' {
				g.parseStarlark(at, start)
				return
			}
		}
		start = end + 1
	}
}

// parseFresh parses the line at a fresh prompt whose first byte that is not
// white space is at start; the line ends at the cursor.
func (g Grammar) parseFresh(at *Context, start int) {
	line := at.Text[start:at.Cursor]
	switch {
	case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "!"):
		return // a comment; a line for the system's shell
	case len(line) > 1 && strings.HasSuffix(line, "?") && isIdentifierPrefix(strings.TrimPrefix(line[:len(line)-1], ":")):
		return // "name?" asks for help and is complete
	case strings.HasPrefix(line, "?"):
		word := strings.TrimLeft(line[1:], " \t")
		if !isIdentifierPrefix(word) {
			return
		}
		at.Kind, at.Kinds = KindArgument, ArgCommand|ArgHelp
		at.setWord(at.Cursor-len(word), word)
		return
	case strings.HasPrefix(line, ":"):
		if word := line[1:]; isIdentifierPrefix(word) {
			at.Kind, at.CommandOnly = KindCommandName, true
			at.setWord(start+1, word)
			return
		}
	case isIdentifierPrefix(line):
		at.Kind, at.LineStart = KindCommandName, true
		at.setWord(start, line)
		return
	}
	if name, args, ok := g.commandLine(line); ok {
		at.Command = name
		at.parseArguments(start + args)
		return
	}
	if !strings.HasPrefix(line, ":") {
		g.parseStarlark(at, start)
	}
}

// commandLine applies the rule to a line and returns its command and the
// offset of its arguments. A name that is not a command's, with ":" or not, is none.
func (g Grammar) commandLine(line string) (Command, int, bool) {
	if g.Commands == nil {
		return Command{}, 0, false
	}
	name, args, ok := SplitCommand(line, func(name string) bool {
		_, ok := g.Commands.Lookup(name)
		return ok && !g.Commands.Rebound(name)
	})
	if !ok {
		return Command{}, 0, false
	}
	c, ok := g.Commands.Lookup(name)
	return c, args, ok
}

// SplitCommand decides whether a line at a fresh prompt is a command: it begins
// with ":" and a name, or with a name that isCommand knows (a registered
// command that the user has not rebound) followed by the end of the line or by
// white space that no assignment operator follows. It returns the name as it
// was typed and the byte offset of what follows it. Lines for help ("?name")
// and for the system's shell ("!…") are not its business.
func SplitCommand(line string, isCommand func(name string) bool) (name string, args int, ok bool) {
	rest := strings.TrimLeft(line, " \t")
	forced := strings.HasPrefix(rest, ":")
	if forced {
		rest = rest[1:]
	}
	name = rest[:identifierLen(rest)]
	if name == "" {
		return "", 0, false
	}
	rest = rest[len(name):]
	args = len(line) - len(rest)
	if forced {
		return name, args, true
	}
	after := strings.TrimLeft(rest, " \t\r\n")
	spaced := len(after) < len(rest)
	if after != "" && !spaced || spaced && isAssignment(after) || !isCommand(name) {
		return "", 0, false
	}
	return name, args, true
}

// isAssignment reports whether s begins with one of Starlark's assignment operators.
func isAssignment(s string) bool {
	if strings.HasPrefix(s, "==") {
		return false
	}
	for _, op := range [...]string{"=", "+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^=", "<<=", ">>="} {
		if strings.HasPrefix(s, op) {
			return true
		}
	}
	return false
}

// setWord sets the word, which ends at the cursor, and its meaning.
func (c *Context) setWord(start int, value string) {
	c.Start, c.Value = start, value
}

func isIdentifierStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isIdentifierPart(r rune) bool { return isIdentifierStart(r) || unicode.IsDigit(r) }

// identifierLen returns the length of the identifier that s begins with, 0 for none.
func identifierLen(s string) int {
	for i, r := range s {
		if i == 0 && !isIdentifierStart(r) || !isIdentifierPart(r) {
			return i
		}
	}
	return len(s)
}

// isIdentifierPrefix reports whether s is empty or an identifier.
func isIdentifierPrefix(s string) bool { return identifierLen(s) == len(s) }
