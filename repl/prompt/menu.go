package prompt

import (
	"strings"

	"pktsh/completion"

	goprompt "github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

const (
	// wordSeparators bound a word for Alt-b, Alt-f and Alt-d.
	wordSeparators = " .,:;()[]{}=+-*/%<>!&|^\"'" + newlineMark
	// maxSuggestions bounds the menu: go-prompt formats all of it at every redraw.
	maxSuggestions = 100
	// maxMenuRows is the menu's height where the screen has room.
	maxMenuRows = 10
	// minDescribed is the width in columns from which on descriptions are shown.
	minDescribed = 40
	// minMenuWidth is what go-prompt needs beside the prefix to format anything;
	// below it indexes an empty list.
	minMenuWidth = 8
)

// menu is go-prompt's completer, and remembers what go-prompt does not tell:
// the line, the cursor and which suggestion is selected. Its methods are called
// by go-prompt's loop or by the keyboard, which take turns.
type menu struct {
	suggester *suggester
	history   *History
	edits     *edits
	// set re-applies an option to the running prompt.
	set func(goprompt.Option)

	columns, rows int    // of the screen
	prefix        string // before the line
	block         string // the lines before this one, each with its '\n'
	folds         folds
	tall          tall
	height        int // of the line as it was drawn last, in rows

	before, after string                  // the line, around the cursor
	word          string                  // what a suggestion replaces, the end of before
	all           []completion.Suggestion // for TAB, also while no menu shows them
	shown         []goprompt.Suggest
	selected      int // index in shown, -1 for none: mirrors go-prompt's own

	idle      bool   // nothing was typed for a while
	typing    bool   // the last key was text or Backspace
	asked     bool   // TAB was pressed, for askedFor
	askedFor  string // before, when TAB was pressed and did what it does
	searching bool   // Ctrl-R: the suggestions are history entries
}

// reset is called when a line begins.
func (m *menu) reset(columns, rows int) {
	m.columns, m.rows = columns, rows
	m.tall, m.height = tall{}, 1
	m.before, m.after, m.word = "", "", ""
	m.all, m.shown, m.selected = nil, nil, -1
	m.edits.begin()
	m.close()
}

// close takes the menu away until the next letter or TAB. Nothing may be selected.
func (m *menu) close() {
	m.typing, m.asked, m.searching = false, false, false
}

// open is TAB: the menu is wanted for the line with before in front of the cursor.
func (m *menu) open(before string) { m.asked, m.askedFor = true, before }

// isOpen says whether the menu was asked for, here.
func (m *menu) isOpen() bool { return m.asked && m.before == m.askedFor }

// complete answers go-prompt, twice a key: once for an empty document to clear
// the list, then for the line. While a suggestion is selected the line is the
// same and so must the answer be, go-prompt indexes it unchecked.
func (m *menu) complete(d goprompt.Document) []goprompt.Suggest {
	m.before, m.after = d.TextBeforeCursor(), d.TextAfterCursor()
	m.word, m.all, m.shown = "", nil, nil
	separator, shared, ok := neverTyped, 0, true
	if m.searching {
		for _, entry := range m.history.search(m.before, maxSuggestions) {
			m.all = append(m.all, completion.Suggestion{Text: m.fold(entry)})
		}
		m.word = m.before
	} else {
		separator, shared, ok = m.ask()
	}
	// One row stays free below: a menu at the right edge ends in a line feed.
	height := min(m.rows-2-m.lineHeight(), maxMenuRows)
	if !ok || height < 1 || m.columns-runewidth.StringWidth(m.shownPrefix()) < minMenuWidth {
		return nil
	}
	m.fill(shared)
	if len(m.shown) == 0 {
		return nil
	}
	if m.selected < 0 {
		m.set(goprompt.OptionMaxSuggestion(uint16(height)))
		m.set(goprompt.OptionCompletionWordSeparator(separator))
	}
	return m.shown
}

// ask gets the suggestions for the place of the cursor in the whole input. ok
// says that they are to be shown: TAB asked for them, or a word is being typed
// or follows a dot. A menu that opens by itself at every other place would stand
// in the way of a line that is already complete.
func (m *menu) ask() (separator string, shared int, ok bool) {
	if strings.TrimSpace(m.before) == "" && !m.isOpen() {
		return "", 0, false
	}
	head := m.block + m.meaning(m.before)
	a := m.suggester.ask(head+m.meaning(m.after), len(head))
	if a == nil || len(a.suggestions) == 0 {
		return "", 0, false
	}
	word := head[a.start:]
	if !strings.HasSuffix(m.before, word) { // it spans lines
		return "", 0, false
	}
	if len(a.suggestions) == 1 && a.suggestions[0].Text == word {
		return "", 0, false // nothing left to say
	}
	m.word, m.all = word, a.suggestions
	if !m.isOpen() && (!m.typing || word == "" && !strings.HasSuffix(m.before, ".")) {
		return "", 0, false
	}
	return cut(m.before, word)
}

// fill makes the menu's entries; the first shared bytes of the word stay in the
// line and are not part of them.
func (m *menu) fill(shared int) {
	for _, s := range m.all {
		if len(m.shown) == maxSuggestions {
			return
		}
		text, ok := strings.CutPrefix(s.Text, m.word[:shared])
		if text = printable(text); !ok || text == "" {
			continue
		}
		entry := goprompt.Suggest{Text: oneLine(text)}
		if m.columns >= minDescribed {
			entry.Description = printable(s.Description)
		}
		m.shown = append(m.shown, entry)
	}
}

func (m *menu) shownPrefix() string {
	if m.searching {
		return searchPrefix
	}
	return m.prefix
}

// fold is what can be shown of a line on this screen, and meaning is what a
// shown line stands for, blocks with their line ends.
func (m *menu) fold(line string) string {
	return m.folds.fold(line, max(1, m.rows-2)*m.columns-runewidth.StringWidth(m.before+m.after)-runewidth.StringWidth(m.prefix))
}

func (m *menu) meaning(line string) string { return manyLines(m.folds.unfold(line)) }

// lineHeight is how many rows down from its first the line's last row is.
func (m *menu) lineHeight() int {
	return (runewidth.StringWidth(m.shownPrefix()) + runewidth.StringWidth(m.before) + runewidth.StringWidth(m.after)) / m.columns
}

func (m *menu) blank() bool { return strings.TrimSpace(m.before+m.after) == "" }

// rest is what all suggestions have in common beyond what is typed.
func (m *menu) rest() string {
	rest, ok := strings.CutPrefix(commonPrefix(m.all), m.word)
	if !ok || m.searching {
		return ""
	}
	return printable(rest)
}

// recall gives go-prompt the history that Up goes through: what begins with the
// line as it is typed, as IPython does.
func (m *menu) recall() {
	m.history.refresh()
	typed := m.meaning(m.before)
	if m.after != "" {
		typed = ""
	}
	var entries []string
	for _, e := range m.history.lines() {
		if strings.HasPrefix(manyLines(e), typed) && manyLines(e) != typed {
			entries = append(entries, m.fold(e))
		}
	}
	m.set(goprompt.OptionHistory(entries))
}

// indentHere is what a line that is begun at the cursor is indented by.
func (m *menu) indentHere() string {
	b := block{lines: strings.Split(m.block+m.meaning(m.before), "\n")}
	return b.indent()
}

// next, previous and leave mirror go-prompt's Next, Previous and Reset.
func (m *menu) next() {
	if m.selected++; m.selected >= len(m.shown) {
		m.selected = -1
	}
}

func (m *menu) previous() {
	if m.selected--; m.selected < -1 {
		m.selected = len(m.shown) - 1
	}
}

func (m *menu) leave() { m.selected = -1 }
