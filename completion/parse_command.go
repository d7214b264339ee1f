// This file parses the arguments of a command up to the cursor: words with
// shell-like quoting, options, redirections and the filter that is taken whole.

package completion

import "strings"

// shellWord is one word of a command's arguments.
type shellWord struct {
	// start is its offset, that of the opening quote if it has one.
	start int
	// end is where it ends.
	end int
	// value is the word without quotes and escapes.
	value string
	// quote is the quote that it leaves open, 0 for none.
	quote byte
}

// nextWord returns the first word of s at or after offset i. At the end of s it
// is empty. Quoting is the shell's (POSIX.1, Shell Command Language 2.2): '…' is
// literal, a backslash takes the next byte as it is, and within "…" does so
// before $, `, ", \ and a line's end.
func nextWord(s string, i int) shellWord {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	w := shellWord{start: i}
	var value strings.Builder
	for ; i < len(s); i++ {
		b := s[i]
		switch {
		case w.quote == 0 && isSpace(b):
			w.end, w.value = i, value.String()
			return w
		case w.quote == 0 && (b == '\'' || b == '"'):
			w.quote = b
		case b == w.quote && b != 0:
			w.quote = 0
		case b == '\\' && i+1 < len(s) && (w.quote == 0 || w.quote == '"' && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0):
			i++
			value.WriteByte(s[i])
		default:
			value.WriteByte(b)
		}
	}
	w.end, w.value = len(s), value.String()
	return w
}

// LastWord returns the last word of a line as it is written, its quotes included:
// what Alt-. puts into the next line. "" for a blank line.
func LastWord(line string) string {
	last := ""
	for i := 0; ; {
		w := nextWord(line, i)
		if w.start >= len(line) {
			return last
		}
		last, i = line[w.start:w.end], w.end
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// parseArguments parses the arguments of c.Command, which begin at offset i.
func (c *Context) parseArguments(i int) {
	text := c.Text[:c.Cursor]
	pending := Option{} // the option whose value is next
	plain := false
	for {
		arg, known := c.Command.arg(len(c.Args))
		if plain {
			arg.Kinds, arg.Choices = ArgText, nil
		}
		if pending.Name == "" && known && arg.Kinds&ArgFilter != 0 {
			w := nextWord(text, i)
			if !isOption(w.value) || len(c.Command.Options) == 0 {
				c.Kinds, c.Choices = arg.Kinds, arg.Choices
				c.parseFilter(w.start, 0)
				return
			}
		}
		w := nextWord(text, i)
		last := w.end == len(text)
		if !c.Command.takesFilter() && w.start < len(text) && c.redirection(text, w, last) {
			return
		}
		if last {
			c.argument(w, arg, known, pending)
			return
		}
		switch name, _, assigned := strings.Cut(w.value, "="); {
		case pending.Name != "":
			pending = Option{}
		case isOption(w.value):
			o, ok := c.Command.option(name)
			plain = plain || ok && o.Plain
			if ok && o.Value.Kinds != 0 && !assigned {
				pending = o
			}
		default:
			c.Args = append(c.Args, w.value)
		}
		i = w.end
	}
}

// redirection handles a word that begins with ">", ">>", "|" or "&", which end
// a command's own arguments; it reports whether it did.
func (c *Context) redirection(text string, w shellWord, last bool) bool {
	switch text[w.start] {
	case '|', '&':
		return true
	case '>':
		file := w.start + 1
		if file < len(text) && text[file] == '>' {
			file++
		}
		target := nextWord(text, file)
		if target.end == len(text) {
			c.argument(target, Arg{Kinds: ArgFile}, true, Option{})
		}
		return true
	}
	return false
}

// argument makes the place that of the word w, the last before the cursor.
func (c *Context) argument(w shellWord, arg Arg, known bool, pending Option) {
	c.Kind = KindArgument
	c.Quote = w.quote
	name, value, assigned := strings.Cut(w.value, "=")
	switch {
	case pending.Name != "":
		c.Kinds, c.Choices = pending.Value.Kinds, pending.Value.Choices
	case isOption(w.value) && assigned:
		o, _ := c.Command.option(name)
		c.Kinds, c.Choices = o.Value.Kinds, o.Value.Choices
		// What stands before "=" holds no quote, so the offsets are the same.
		c.setWord(w.start+len(name)+1, value)
		return
	case isOption(w.value):
		c.Kinds = ArgOption | arg.Kinds&ArgColumn // columns -length
	case known:
		c.Kinds, c.Choices = arg.Kinds|ArgOption, arg.Choices
	default:
		c.Kinds = ArgOption
	}
	c.setWord(w.start, w.value)
}

// isOption reports whether a word is an option: "-1" is a frame number counted
// from the end, and "-" alone is a file.
func isOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	return word[1] < '0' || word[1] > '9'
}
