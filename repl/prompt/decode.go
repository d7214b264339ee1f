package prompt

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// This file turns the terminal's bytes into keys. Bytes arrive split anywhere:
// an escape sequence over two reads, half a UTF-8 character, ten keys in one
// read. What is known is ECMA-48's grammar of control sequences, so that an
// unknown key is dropped whole and never typed as text.

// keyKind names a key or a thing done with several.
type keyKind uint8

const (
	keyUnknown keyKind = iota // dropped
	keyText                   // printable characters, as many as came together
	keyPaste                  // a bracketed paste, control characters removed but '\n'
	keyEnter
	keyTab
	keyBackTab
	keyUp
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyDelete
	keyBackspace
	keyWordLeft
	keyWordRight
	keyDeleteWord     // forward
	keyDeleteWordBack // back to a space
	keyKillNameBack   // back to a separator
	keyKillToEnd
	keyKillToStart
	keyYank
	keyUndo
	keyTranspose
	keyLastWord // of the line before
	keyNewline  // in the line: Enter would run it
	keyPrefix   // Ctrl-X: the next key says what
	keyClearScreen
	keySearch
	keyInterrupt
	keyEndOfInput
	keySuspend
	keyCancel // Escape alone, Ctrl-G
)

// keyPress is one key; text belongs to keyText and keyPaste.
type keyPress struct {
	kind keyKind
	text string
}

// maxPaste bounds one paste in bytes; what is beyond is dropped.
const maxPaste = 1 << 20

// A bracketed paste stands between these (xterm control sequences, "Bracketed
// Paste Mode").
const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// decoder holds the bytes that make no whole key yet. The zero value is ready.
type decoder struct {
	buf     []byte
	pasting bool
	paste   []byte
}

// write takes what one read returned. Ctrl-C alone ends a paste whose own end
// was lost (the kernel drops its queue at a Ctrl-C in cooked mode): as a part
// of a paste it would not come alone.
func (d *decoder) write(b []byte) {
	if d.pasting && len(b) == 1 && b[0] == ctrl('C') {
		d.pasting, d.paste, d.buf = false, nil, nil
	}
	d.buf = append(d.buf, b...)
}

// waiting says that bytes of an unfinished key are held, so that the next ones
// should be waited for with a time limit.
func (d *decoder) waiting() bool { return d.pasting || len(d.buf) > 0 }

// empty says that nothing is held.
func (d *decoder) empty() bool { return !d.waiting() }

// takeInterrupt drops what is held up to the last Ctrl-C, if there is one that is
// not part of a paste.
func (d *decoder) takeInterrupt() bool {
	i := bytes.LastIndexByte(d.buf, ctrl('C'))
	if i < 0 || d.pasting || bytes.Contains(d.buf[:i], []byte(pasteBegin)) {
		return false
	}
	d.buf = d.buf[i+1:]
	return true
}

// next returns the next whole key. With flush the wait for the rest is over: an
// unfinished sequence is dropped, a lone ESC is Escape, an unfinished paste is
// what came of it.
func (d *decoder) next(flush bool) (keyPress, bool) {
	for {
		if d.pasting {
			return d.nextPaste(flush)
		}
		if len(d.buf) == 0 {
			return keyPress{}, false
		}
		n, k := d.scan(flush)
		if n == 0 {
			return keyPress{}, false
		}
		d.buf = d.buf[n:]
		if len(d.buf) == 0 {
			d.buf = nil // lets go of a large array
		}
		if k.kind != keyUnknown {
			return k, true
		}
	}
}

// scan looks at the start of buf and returns how many bytes make a key, 0 when
// more are needed.
func (d *decoder) scan(flush bool) (int, keyPress) {
	c := d.buf[0]
	switch {
	case c == 0x1b:
		return d.scanEscape(flush)
	case c < 0x20 || c == 0x7f:
		return 1, keyPress{kind: controlKey(c)}
	}
	n := 0
	for n < len(d.buf) && d.buf[n] >= 0x20 && d.buf[n] != 0x7f {
		if !utf8.FullRune(d.buf[n:]) && !flush {
			break
		}
		_, size := utf8.DecodeRune(d.buf[n:])
		n += size
	}
	if n == 0 {
		return 0, keyPress{}
	}
	text := printable(strings.ToValidUTF8(string(d.buf[:n]), ""))
	if text == "" {
		return n, keyPress{}
	}
	return n, keyPress{kind: keyText, text: text}
}

// controlKey names the C0 controls, by Emacs's and readline's meaning. Line
// feed is Enter: typed ahead in cooked mode, CR has become LF.
func controlKey(c byte) keyKind {
	switch c {
	case '\r', '\n':
		return keyEnter
	case '\t':
		return keyTab
	case 0x7f, 0x08:
		return keyBackspace
	case ctrl('A'):
		return keyHome
	case ctrl('E'):
		return keyEnd
	case ctrl('B'):
		return keyLeft
	case ctrl('F'):
		return keyRight
	case ctrl('P'):
		return keyUp
	case ctrl('N'):
		return keyDown
	case ctrl('K'):
		return keyKillToEnd
	case ctrl('U'):
		return keyKillToStart
	case ctrl('W'):
		return keyDeleteWordBack
	case ctrl('Y'):
		return keyYank
	case ctrl('_'):
		return keyUndo
	case ctrl('T'):
		return keyTranspose
	case ctrl('X'):
		return keyPrefix
	case ctrl('L'):
		return keyClearScreen
	case ctrl('R'):
		return keySearch
	case ctrl('C'):
		return keyInterrupt
	case ctrl('D'):
		return keyEndOfInput
	case ctrl('Z'):
		return keySuspend
	case ctrl('G'):
		return keyCancel
	}
	return keyUnknown
}

func ctrl(letter byte) byte { return letter & 0x1f }

// scanEscape reads ESC and what follows: CSI (ECMA-48 5.4), SS3, a control
// string (ECMA-48 5.6, the terminal's answer to a question nobody waits for),
// or a character typed with Alt.
func (d *decoder) scanEscape(flush bool) (int, keyPress) {
	if len(d.buf) == 1 {
		if flush {
			return 1, keyPress{kind: keyCancel}
		}
		return 0, keyPress{}
	}
	switch c := d.buf[1]; c {
	case 0x1b:
		return 1, keyPress{kind: keyCancel}
	case '[':
		return d.scanCSI(flush)
	case 'O':
		if len(d.buf) < 3 {
			return d.unfinished(flush)
		}
		if d.buf[2] == 'M' { // the keypad's Enter
			return 3, keyPress{kind: keyEnter}
		}
		return 3, keyPress{kind: cursorKey(d.buf[2], "")}
	case ']', 'P', '_', '^', 'X':
		if i := bytes.IndexByte(d.buf, 0x07); i > 0 {
			return i + 1, keyPress{}
		}
		if i := bytes.Index(d.buf[2:], []byte("\x1b\\")); i >= 0 {
			return i + 4, keyPress{}
		}
		return d.unfinished(flush)
	case 'b':
		return 2, keyPress{kind: keyWordLeft}
	case 'f':
		return 2, keyPress{kind: keyWordRight}
	case 'd':
		return 2, keyPress{kind: keyDeleteWord}
	case '.':
		return 2, keyPress{kind: keyLastWord}
	case '\r', '\n':
		return 2, keyPress{kind: keyNewline}
	case 0x7f, 0x08:
		return 2, keyPress{kind: keyKillNameBack}
	default:
		if !utf8.FullRune(d.buf[1:]) {
			return d.unfinished(flush)
		}
		_, size := utf8.DecodeRune(d.buf[1:])
		return 1 + size, keyPress{}
	}
}

func (d *decoder) unfinished(flush bool) (int, keyPress) {
	if flush {
		return len(d.buf), keyPress{}
	}
	return 0, keyPress{}
}

func (d *decoder) scanCSI(flush bool) (int, keyPress) {
	i := 2
	// The Linux console's function keys are CSI [ and one letter.
	if len(d.buf) > i && d.buf[i] == '[' {
		if len(d.buf) < i+2 {
			return d.unfinished(flush)
		}
		return i + 2, keyPress{}
	}
	for i < len(d.buf) && d.buf[i] >= 0x20 && d.buf[i] <= 0x3f {
		i++
	}
	if i == len(d.buf) {
		return d.unfinished(flush)
	}
	final, parameters := d.buf[i], string(d.buf[2:i])
	if final < 0x40 || final > 0x7e {
		// Not a control sequence after all: what broke it stands for itself.
		return i, keyPress{}
	}
	if final == '~' && parameters == "200" {
		d.pasting = true
		return i + 1, keyPress{}
	}
	if final == '~' {
		return i + 1, keyPress{kind: editingKey(parameters)}
	}
	return i + 1, keyPress{kind: cursorKey(final, parameters)}
}

// cursorKey names CSI or SS3 sequences by final byte; parameters holds
// "1;modifier" (xterm: 2 Shift, 3 Alt, 5 Ctrl …).
func cursorKey(final byte, parameters string) keyKind {
	modified := strings.HasSuffix(parameters, ";3") || strings.HasSuffix(parameters, ";5") || parameters == "5"
	switch final {
	case 'A':
		return keyUp
	case 'B':
		return keyDown
	case 'C':
		if modified {
			return keyWordRight
		}
		return keyRight
	case 'D':
		if modified {
			return keyWordLeft
		}
		return keyLeft
	case 'H':
		return keyHome
	case 'F':
		return keyEnd
	case 'Z':
		return keyBackTab
	}
	return keyUnknown
}

// editingKey names CSI n ~ sequences.
func editingKey(parameters string) keyKind {
	n, modifier, _ := strings.Cut(parameters, ";")
	switch n {
	case "1", "7":
		return keyHome
	case "4", "8":
		return keyEnd
	case "3":
		if modifier == "3" || modifier == "5" {
			return keyDeleteWord
		}
		return keyDelete
	}
	return keyUnknown
}

func (d *decoder) nextPaste(flush bool) (keyPress, bool) {
	end := bytes.Index(d.buf, []byte(pasteEnd))
	switch {
	case end >= 0:
		d.take(end)
		d.buf = d.buf[len(pasteEnd):]
	case flush:
		d.take(len(d.buf))
	default:
		// The end may have come in part: keep as much.
		d.take(max(0, len(d.buf)-len(pasteEnd)+1))
		return keyPress{}, false
	}
	text := pasted(d.paste)
	d.pasting, d.paste = false, nil
	if text == "" {
		return d.next(flush)
	}
	return keyPress{kind: keyPaste, text: text}, true
}

func (d *decoder) take(n int) {
	room := maxPaste - len(d.paste)
	d.paste = append(d.paste, d.buf[:min(n, room)]...)
	d.buf = d.buf[n:]
}

// pasted makes pasted bytes a text: lines end in '\n', tabs are four spaces (a
// tab's width is unknown to the line editor), other controls are dropped, and
// the line ends at its end go, because Enter runs it.
func pasted(b []byte) string {
	s := strings.ToValidUTF8(string(b), "")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(s)
	return strings.TrimRight(printable(s), "\n")
}

// printable drops control characters but '\n': C0, DEL and C1.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, s)
}
