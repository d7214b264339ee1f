package prompt

import (
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	goprompt "github.com/c-bata/go-prompt"
)

// These are what the keyboard tells go-prompt. Those of the first group are
// terminal sequences that go-prompt knows by itself.
const (
	codeEnter   = "\r"
	codeTab     = "\t"
	codeBackTab = "\x1b[Z"
	codeUp      = "\x1b[A"
	codeDown    = "\x1b[B"
	codeRight   = "\x1b[C"
	codeLeft    = "\x1b[D"
	codeHome    = "\x1b[H"
	codeEnd     = "\x1b[F"
	codeDelete  = "\x1b[3~"

	// codeLeave is F24, which no keyboard of ours sends: Input returns, with its
	// buffer intact. keyboard.reason says why.
	codeLeave = "\x1b[\x24;2~"

	// The rest is bound by their bytes and sent by nothing but the keyboard.
	codeNothing     = "\x1b\xffn" // redraw; accepts a selected suggestion
	codeBackspace   = "\x1b\xffh"
	codeClearScreen = "\x1b\xffl"
	codeWordLeft    = "\x1b\xffb"
	codeWordRight   = "\x1b\xfff"
)

// reason says why Input returned.
type reason uint8

const (
	reasonNone reason = iota
	reasonEnter
	reasonInterrupt
	reasonEndOfInput
	reasonSuspend
	reasonEdit   // the line is wanted in an editor
	reasonRedraw // the window changed: same line again
	reasonStop   // a signal or the context ends the session
	reasonHangup // the terminal is gone
	reasonFailed // see keyboard.err and keyboard.panicked
)

// A key's bytes come together: after three waits of 15 ms without the rest an
// ESC was the Escape key. A paste may be slower, up to 400 ms a piece.
const (
	escapeWait  = 15 * time.Millisecond
	escapeTries = 3
	pasteWait   = 400 * time.Millisecond
)

// errClosed is what Read says between lines, so that go-prompt's reading
// goroutine ends and the keys typed ahead stay here.
var errClosed = errors.New("prompt: the keyboard is closed until the next line")

// keyboard is go-prompt's ConsoleParser. Read and the screen's Flush take turns:
// Read waits until the last key was drawn, Flush until the next key is there.
// So no key is decided on before the one before it took effect, and go-prompt's
// loop, which would look for keys a hundred times a second, sleeps.
type keyboard struct {
	term  *terminal
	menu  *menu
	edits *edits
	dec   decoder

	open   bool // between Setup and the key that ends the line
	fresh  bool // since Setup no Read: the first drawing is over before there is a reader
	drawn  chan struct{}
	ready  chan struct{}
	reason reason
	queue  []func() string // what follows from the last key, each returns its code
	// prefixed says that Ctrl-X was typed, browsing that the last key was Up or Down.
	prefixed, browsing bool
	canEdit            bool // Ctrl-X Ctrl-E

	// Set by other goroutines, followed by terminal.wake.
	interrupted, resized, repaint, stopping atomic.Bool

	silent   int // times that the terminal did not answer askCursor
	err      error
	panicked any
}

var _ goprompt.ConsoleParser = (*keyboard)(nil)

func newKeyboard(t *terminal, m *menu) *keyboard {
	return &keyboard{term: t, menu: m, edits: m.edits, drawn: make(chan struct{}), ready: make(chan struct{})}
}

// Setup begins a line.
func (k *keyboard) Setup() error {
	k.open, k.fresh, k.reason, k.queue = true, true, reasonNone, nil
	k.prefixed, k.browsing = false, false
	k.resized.Store(false)
	columns, rows, _ := k.term.size()
	k.menu.reset(columns, rows)
	k.err = k.term.setRaw()
	return k.err
}

// TearDown ends a line. The terminal stays raw: the session decides, because
// the next line may follow at once and what is typed meanwhile must not be
// echoed by the kernel.
func (k *keyboard) TearDown() error { return nil }

// GetWinSize tells the columns and no limit to the rows: go-prompt erases the
// whole screen where it finds too few. The menu keeps within the real ones.
func (k *keyboard) GetWinSize() *goprompt.WinSize {
	columns, _, _ := k.term.size()
	return &goprompt.WinSize{Row: 0xffff, Col: uint16(columns)}
}

// yield is called when a line was drawn: it returns when a key is there.
func (k *keyboard) yield() {
	if !k.open || k.fresh {
		return
	}
	if k.menu.selected < 0 {
		k.edits.saw(k.menu.before, k.menu.after)
	}
	k.drawn <- struct{}{}
	<-k.ready
}

// Read returns the next key as go-prompt's code for it, or text to insert.
func (k *keyboard) Read() ([]byte, error) {
	if !k.open {
		return nil, errClosed
	}
	if k.fresh {
		k.fresh = false
		return []byte(codeNothing), nil
	}
	<-k.drawn
	code := k.safeNext()
	k.ready <- struct{}{}
	return []byte(code), nil
}

// safeNext brings a panic to the session's goroutine, which restores the
// terminal before it goes on.
func (k *keyboard) safeNext() (code string) {
	defer func() {
		if r := recover(); r != nil {
			k.panicked = describePanic(r, debug.Stack())
			code = k.leave(reasonFailed)
		}
	}()
	return k.next()
}

func (k *keyboard) next() string {
	tries := 0
	for {
		if len(k.queue) > 0 {
			step := k.queue[0]
			k.queue = k.queue[1:]
			return step()
		}
		if code := k.notified(); code != "" {
			return code
		}
		press, ok := k.dec.next(tries >= escapeTries || k.dec.pasting && tries > 0)
		if ok {
			tries = 0
			if code := k.translate(press); code != "" {
				return code
			}
			continue
		}
		wait := time.Duration(-1)
		hint := false
		switch _, waiting := k.menu.problem(); {
		case k.dec.pasting:
			wait = pasteWait
		case k.dec.waiting():
			wait = escapeWait
		case waiting:
			wait, hint = hintAfter, true
		}
		began := time.Now()
		readable, err := k.term.wait(wait)
		if err != nil {
			k.err = err
			return k.leave(reasonFailed)
		}
		if !readable {
			switch late := time.Since(began) >= wait; { // and not woken for something else
			case late && hint:
				k.menu.idle = true
				return codeNothing
			case late:
				tries++
			}
			continue
		}
		tries = 0
		var buf [4096]byte
		n, err := k.term.read(buf[:])
		if err != nil {
			return k.leave(reasonHangup)
		}
		k.dec.write(buf[:n])
	}
}

// notified looks at what happened beside the keys.
func (k *keyboard) notified() string {
	switch {
	case k.stopping.Load():
		return k.leave(reasonStop)
	case k.err != nil:
		return k.leave(reasonFailed)
	case k.interrupted.Swap(false):
		return k.leave(reasonInterrupt)
	case k.resized.Load():
		// Leaving accepts a selected suggestion, which nobody asked for.
		if code := k.deselect(); code != "" {
			return code
		}
		return k.leave(reasonRedraw)
	case k.menu.selected < 0 && k.repaint.Swap(false):
		return codeNothing
	}
	return ""
}

func (k *keyboard) leave(r reason) string {
	k.open, k.reason = false, r
	k.menu.leave()
	return codeLeave
}

// deselect moves the selection out of the menu, the shorter way; "" when there
// is none.
func (k *keyboard) deselect() string {
	switch {
	case k.menu.selected < 0:
		return ""
	case k.menu.selected < len(k.menu.shown)/2:
		k.menu.previous()
		return codeBackTab
	default:
		k.menu.next()
		return codeTab
	}
}

// plainCodes are the keys that mean the same whatever the menu shows, but that
// they accept a selected suggestion and end a search.
func plainCode(kind keyKind) string {
	switch kind {
	case keyLeft:
		return codeLeft
	case keyRight:
		return codeRight
	case keyHome:
		return codeHome
	case keyEnd:
		return codeEnd
	case keyDelete:
		return codeDelete
	case keyWordLeft:
		return codeWordLeft
	case keyWordRight:
		return codeWordRight
	case keyDeleteWord:
		return codeDeleteWord
	case keyDeleteWordBack:
		return codeDeleteWordBack
	case keyKillNameBack:
		return codeKillNameBack
	case keyYank:
		return codeYank
	case keyUndo:
		return codeUndo
	case keyTranspose:
		return codeTranspose
	case keyKillToEnd:
		return codeKillToEnd
	case keyKillToStart:
		return codeKillToStart
	case keyClearScreen:
		return codeClearScreen
	}
	return ""
}

// translate returns go-prompt's code for a key, "" for none.
func (k *keyboard) translate(p keyPress) string {
	m := k.menu
	browsing := k.browsing
	m.idle = false
	k.edits.joins = k.edits.joins && isKill(p.kind)
	k.browsing = p.kind == keyUp || p.kind == keyDown
	if p.kind != keyLastWord {
		k.edits.last.at, k.edits.last.runes = 0, 0
	}
	if k.prefixed {
		k.prefixed = false
		switch p.kind {
		case keyEnd: // Ctrl-X Ctrl-E
			if k.canEdit {
				return k.leave(reasonEdit)
			}
		case keyKillToStart: // Ctrl-X Ctrl-U
			p.kind = keyUndo
		}
	}
	switch p.kind {
	case keyPrefix:
		k.prefixed = true
		return ""
	case keyTab:
		return k.tab()
	case keyBackTab:
		m.previous()
		return codeBackTab
	case keyUp:
		if m.selected >= 0 {
			m.previous()
		} else {
			m.close() // the history
			if !browsing {
				m.recall()
			}
		}
		return codeUp
	case keyDown:
		if len(m.shown) > 0 {
			return k.selectNext()
		}
		m.close()
		return codeDown
	case keySearch:
		return k.search()
	case keyEnter:
		return k.enter()
	case keyCancel:
		return k.closeMenu()
	}
	m.asked = false
	m.typing = p.kind == keyText || p.kind == keyBackspace
	accepting := m.selected >= 0
	m.leave()
	switch p.kind {
	case keyText:
		return p.text
	case keyPaste:
		m.searching = false
		return m.fold(oneLine(p.text))
	case keyNewline:
		m.searching = false
		return newlineMark + m.indentHere()
	case keyLastWord:
		m.searching = false
		if !k.edits.lastWord(m.history.lines()) {
			return codeNothing
		}
		return codeReplaceLast
	case keyBackspace:
		return codeBackspace
	case keyInterrupt:
		return k.leave(reasonInterrupt)
	case keySuspend:
		return k.leave(reasonSuspend)
	case keyEndOfInput:
		if accepting || !m.blank() || m.block == "" && m.before+m.after != "" {
			return codeDelete
		}
		return k.leave(reasonEndOfInput)
	}
	m.searching = false
	return plainCode(p.kind)
}

// tab completes as far as all suggestions agree and opens the menu; where there
// is nothing to complete and the menu is open, it walks through it.
func (k *keyboard) tab() string {
	m := k.menu
	if m.selected >= 0 || m.searching {
		return k.selectNext()
	}
	if m.block != "" && strings.TrimSpace(m.before) == "" {
		return indentation
	}
	if rest := m.rest(); rest != "" {
		m.open(m.before + rest)
		return rest
	}
	if m.isOpen() {
		return k.selectNext()
	}
	m.open(m.before)
	if len(m.all) == 1 { // it spells the word otherwise: 'dns.Q' for dns.q
		k.queue = append(k.queue, k.selectNext, k.accept)
	}
	return codeNothing
}

// selectNext selects the next suggestion: it shows in the line as well.
func (k *keyboard) selectNext() string {
	k.menu.next()
	return codeTab
}

// accept takes the selected suggestion, if any, and closes the menu.
func (k *keyboard) accept() string {
	k.menu.leave()
	k.menu.close()
	return codeNothing
}

// search begins a history search with what is typed, or goes to the next hit.
func (k *keyboard) search() string {
	if k.menu.searching {
		return k.selectNext()
	}
	k.menu.leave()
	k.menu.close()
	k.menu.history.refresh()
	k.menu.searching = true
	return codeEnd
}

// enter runs the line; on a selected suggestion, or in a search, it only takes it.
func (k *keyboard) enter() string {
	m := k.menu
	switch {
	case m.selected < 0 && m.searching && len(m.shown) > 0:
		k.queue = append(k.queue, k.accept)
		return k.selectNext()
	case m.selected >= 0, m.searching:
		return k.accept()
	}
	m.close()
	k.open, k.reason = false, reasonEnter
	return codeEnter
}

// closeMenu closes the menu or the search and leaves the line as it is. go-prompt
// takes a selected suggestion at any other key, so it is deselected before.
func (k *keyboard) closeMenu() string {
	if code := k.deselect(); code != "" {
		k.queue = append(k.queue, k.closeMenu)
		return code
	}
	k.menu.close()
	return codeNothing
}

// pending says that more is typed already.
func (k *keyboard) pending() bool {
	if !k.dec.empty() {
		return true
	}
	readable, err := k.term.wait(0)
	return readable && err == nil
}

// takeInterrupt says whether Ctrl-C was typed after the Enter that ended the
// line, while the terminal still was raw: it is meant for what Enter started.
// Like the kernel's own, it drops what was typed before it.
func (k *keyboard) takeInterrupt() bool {
	if readable, err := k.term.wait(0); readable && err == nil {
		var buf [4096]byte
		if n, err := k.term.read(buf[:]); err == nil { // an error shows at the next line
			k.dec.write(buf[:n])
		}
	}
	return k.dec.takeInterrupt()
}

// bindings are the keys that go-prompt has no function for, or the wrong one.
func bindings(s *screen) []goprompt.ASCIICodeBind {
	bind := func(code string, fn goprompt.KeyBindFunc) goprompt.ASCIICodeBind {
		return goprompt.ASCIICodeBind{ASCIICode: []byte(code), Fn: fn}
	}
	return []goprompt.ASCIICodeBind{
		bind(codeNothing, func(*goprompt.Buffer) {}),
		bind(codeClearScreen, func(*goprompt.Buffer) {
			s.EraseScreen()
			s.CursorGoTo(0, 0)
		}),
		bind(codeBackspace, func(b *goprompt.Buffer) {
			before := b.Document().TextBeforeCursor()
			if before != "" && strings.Trim(before, " ") == "" {
				b.DeleteBeforeCursor((len(before)-1)%len(indentation) + 1)
				return
			}
			b.DeleteBeforeCursor(1)
		}),
		bind(codeWordLeft, func(b *goprompt.Buffer) { b.CursorLeft(wordBack(b.Document().TextBeforeCursor())) }),
		bind(codeWordRight, func(b *goprompt.Buffer) { b.CursorRight(wordAhead(b.Document().TextAfterCursor())) }),
	}
}

// toEnd moves the cursor to the line's end. CursorRight stops there only where
// all characters are one byte long.
func toEnd(b *goprompt.Buffer) {
	b.CursorRight(utf8.RuneCountInString(b.Document().TextAfterCursor()))
}

// wordBack is how many characters before the end of s its last word begins.
func wordBack(s string) int {
	trimmed := strings.TrimRight(s, wordSeparators)
	word := trimmed[strings.LastIndexAny(trimmed, wordSeparators)+1:]
	if i := strings.LastIndexAny(trimmed, wordSeparators); i >= 0 {
		_, size := utf8.DecodeRuneInString(trimmed[i:])
		word = trimmed[i+size:]
	}
	return utf8.RuneCountInString(word) + utf8.RuneCountInString(s[len(trimmed):])
}

// wordAhead is how many characters from the start of s its first word ends.
func wordAhead(s string) int {
	trimmed := strings.TrimLeft(s, wordSeparators)
	end := strings.IndexAny(trimmed, wordSeparators)
	if end < 0 {
		end = len(trimmed)
	}
	return utf8.RuneCountInString(s[:len(s)-len(trimmed)+end])
}
