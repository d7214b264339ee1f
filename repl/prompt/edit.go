package prompt

import (
	"strings"
	"unicode/utf8"

	"pktsh/completion"

	goprompt "github.com/c-bata/go-prompt"
)

// This file is the editing that go-prompt has not, or has wrong: killed text that
// can be yanked, undo, the last word of earlier lines. What they do to a line
// happens in functions bound to private codes, because there the line is what it is
// after a selected suggestion was taken.

// maxUndo bounds the states of a line that undo goes back to.
const maxUndo = 500

// edits is the state of editing. killed outlives the line, the rest does not.
type edits struct {
	killed string // what Ctrl-Y yanks
	// joins says that the last key killed, so that the next kill is added.
	joins bool

	past []lineState // what undo goes back to, the newest last
	now  lineState
	// back says that the line changes by undo, which is no change to undo.
	back bool

	// The last words of earlier lines (Alt-.): which one stands in the line.
	last struct {
		at    int // entries back from the newest, 0 for none
		runes int // that it takes in the line
	}
	insert string // what codeReplaceLast puts in its place
}

// lineState is a line and where its cursor was.
type lineState struct{ before, after string }

// begin is called when a line begins.
func (e *edits) begin() { *e = edits{killed: e.killed} }

// saw takes note of a line as it was drawn.
func (e *edits) saw(before, after string) {
	next := lineState{before, after}
	if next.before+next.after != e.now.before+e.now.after && !e.back {
		e.past = append(e.past, e.now)
		if len(e.past) > maxUndo {
			e.past = e.past[1:]
		}
	}
	e.now, e.back = next, false
}

// kill keeps text that was killed; ahead says that it stood after the cursor.
func (e *edits) kill(text string, ahead bool) {
	switch {
	case text == "":
	case !e.joins:
		e.killed = text
	case ahead:
		e.killed += text
	default:
		e.killed = text + e.killed
	}
	e.joins = true
}

// undo returns the state before the last change.
func (e *edits) undo() (lineState, bool) {
	if len(e.past) == 0 {
		return lineState{}, false
	}
	s := e.past[len(e.past)-1]
	e.past = e.past[:len(e.past)-1]
	e.back = true
	return s, true
}

// lastWord goes on to the last word of an earlier line of lines, and says whether
// there is one.
func (e *edits) lastWord(lines []string) bool {
	for at := e.last.at + 1; at <= len(lines); at++ {
		line := lines[len(lines)-at]
		if i := strings.LastIndex(line, newlineMark); i >= 0 {
			line = line[i+len(newlineMark):]
		}
		word := completion.LastWord(line)
		if word != "" && (e.last.at == 0 || word != e.insert) {
			e.last.at, e.insert = at, word
			return true
		}
	}
	return false
}

// These codes are bound to what follows; see the others in keyboard.go.
const (
	codeKillToEnd      = "\x1b\xffk"
	codeKillToStart    = "\x1b\xffu"
	codeDeleteWordBack = "\x1b\xffw"
	codeKillNameBack   = "\x1b\xffW"
	codeDeleteWord     = "\x1b\xffd"
	codeYank           = "\x1b\xffy"
	codeUndo           = "\x1b\xff_"
	codeReplaceLast    = "\x1b\xff."
	codeTranspose      = "\x1b\xfft"
)

// isKill says whether a key's text goes where Ctrl-Y finds it.
func isKill(k keyKind) bool {
	switch k {
	case keyKillToEnd, keyKillToStart, keyDeleteWordBack, keyKillNameBack, keyDeleteWord:
		return true
	}
	return false
}

// editBindings are the functions of the codes above.
func editBindings(e *edits) []goprompt.ASCIICodeBind {
	bind := func(code string, fn goprompt.KeyBindFunc) goprompt.ASCIICodeBind {
		return goprompt.ASCIICodeBind{ASCIICode: []byte(code), Fn: fn}
	}
	back := func(b *goprompt.Buffer, n int) { e.kill(b.DeleteBeforeCursor(n), false) }
	// Not Delete: it counts bytes as characters.
	ahead := func(b *goprompt.Buffer, n int) {
		b.CursorRight(n)
		e.kill(b.DeleteBeforeCursor(n), true)
	}
	return []goprompt.ASCIICodeBind{
		bind(codeKillToEnd, func(b *goprompt.Buffer) { ahead(b, utf8.RuneCountInString(b.Document().TextAfterCursor())) }),
		bind(codeKillToStart, func(b *goprompt.Buffer) { back(b, utf8.RuneCountInString(b.Document().TextBeforeCursor())) }),
		bind(codeDeleteWordBack, func(b *goprompt.Buffer) { back(b, spacedBack(b.Document().TextBeforeCursor())) }),
		bind(codeKillNameBack, func(b *goprompt.Buffer) { back(b, wordBack(b.Document().TextBeforeCursor())) }),
		bind(codeDeleteWord, func(b *goprompt.Buffer) { ahead(b, wordAhead(b.Document().TextAfterCursor())) }),
		bind(codeYank, func(b *goprompt.Buffer) { b.InsertText(e.killed, false, true) }),
		bind(codeUndo, func(b *goprompt.Buffer) {
			if s, ok := e.undo(); ok {
				setLine(b, s)
			}
		}),
		bind(codeReplaceLast, func(b *goprompt.Buffer) {
			b.DeleteBeforeCursor(e.last.runes)
			b.InsertText(e.insert, false, true)
			e.last.runes = utf8.RuneCountInString(e.insert)
		}),
		bind(codeTranspose, func(b *goprompt.Buffer) {
			before, after := []rune(b.Document().TextBeforeCursor()), []rune(b.Document().TextAfterCursor())
			if len(after) > 0 { // at the end of a line the last two change places
				before, after = append(before, after[0]), after[1:]
			}
			if n := len(before); n >= 2 {
				before[n-2], before[n-1] = before[n-1], before[n-2]
				setLine(b, lineState{string(before), string(after)})
			}
		}),
	}
}

// setLine makes a line what s says.
func setLine(b *goprompt.Buffer, s lineState) {
	toEnd(b)
	b.DeleteBeforeCursor(utf8.RuneCountInString(b.Text()))
	b.InsertText(s.before, false, true)
	b.InsertText(s.after, false, false)
}

// spacedBack is how many characters before the end of s its last word begins,
// where words end at spaces.
func spacedBack(s string) int {
	trimmed := strings.TrimRight(s, " ")
	return utf8.RuneCountInString(s[strings.LastIndexByte(trimmed, ' ')+1:])
}
