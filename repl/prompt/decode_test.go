package prompt

import (
	"slices"
	"strings"
	"testing"
)

// keysOf decodes parts as they would arrive, with no wait long enough in between.
func keysOf(parts ...string) (keys []keyPress) {
	var d decoder
	for _, p := range parts {
		d.write([]byte(p))
		for k, ok := d.next(false); ok; k, ok = d.next(false) {
			keys = append(keys, k)
		}
	}
	for k, ok := d.next(true); ok; k, ok = d.next(true) {
		keys = append(keys, k)
	}
	return keys
}

func text(s string) keyPress { return keyPress{kind: keyText, text: s} }
func key(k keyKind) keyPress { return keyPress{kind: k} }
func paste(s string) keyPress {
	return keyPress{kind: keyPaste, text: s}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []string
		want  []keyPress
	}{
		{"text and Enter in one read", []string{"ls\rhex 5\n"}, []keyPress{text("ls"), key(keyEnter), text("hex 5"), key(keyEnter)}},
		{"a character in two reads", []string{"\xc3", "\xa9"}, []keyPress{text("é")}},
		{"half a character for ever", []string{"a\xc3"}, []keyPress{text("a")}},
		{"bytes of no character", []string{"a\xff\xfeb"}, []keyPress{text("ab")}},
		{"C1 controls", []string{"a\u009bb"}, []keyPress{text("ab")}},
		{"CSI in three reads", []string{"\x1b", "[", "A"}, []keyPress{key(keyUp)}},
		{"CSI with a modifier in two", []string{"\x1b[1;", "5C"}, []keyPress{key(keyWordRight)}},
		{"rxvt's Ctrl-Left", []string{"\x1b[5D"}, []keyPress{key(keyWordLeft)}},
		{"SS3", []string{"\x1bOA\x1bOH\x1bOM"}, []keyPress{key(keyUp), key(keyHome), key(keyEnter)}},
		{"Escape", []string{"\x1b"}, []keyPress{key(keyCancel)}},
		{"Escape twice, then an arrow", []string{"\x1b\x1b[A"}, []keyPress{key(keyCancel), key(keyUp)}},
		{"function keys are dropped", []string{"\x1bOP\x1b[15~\x1b[24;2~\x1b[[Ax"}, []keyPress{text("x")}},
		{"a report nobody asked for is dropped", []string{"\x1b[12;40R\x1b[?62;1cx"}, []keyPress{text("x")}},
		{"a control string is dropped", []string{"\x1b]11;rgb:0/0/0\x1b\\\x1bP1$r0m\x1b\\\x1b]0;t\ax"}, []keyPress{text("x")}},
		{"an unfinished control string is dropped", []string{"\x1b]0;tit"}, nil},
		{"an unfinished CSI is dropped", []string{"\x1b[1;"}, nil},
		{"a broken CSI leaves what broke it", []string{"\x1b[1\rx"}, []keyPress{key(keyEnter), text("x")}},
		{"Alt with an unknown letter is dropped", []string{"\x1bqx\x1béy"}, []keyPress{text("x"), text("y")}},
		{"a paste", []string{"a\x1b[200~b\rc\x1b[201~d"}, []keyPress{text("a"), paste("b\nc"), text("d")}},
		{"a paste in parts", []string{"\x1b[20", "0~b", "\r\nc\x1b[2", "01", "~"}, []keyPress{paste("b\nc")}},
		{"a paste of escape codes", []string{"\x1b[200~\x1b[31mred\x03\x1b[201~"}, []keyPress{paste("[31mred")}},
		{"a paste without an end", []string{"\x1b[200~abc"}, []keyPress{paste("abc")}},
		{"Ctrl-C after a paste that lost its end", []string{"\x1b[200~abc", "\x03", "x"}, []keyPress{key(keyInterrupt), text("x")}},
		{"an empty paste", []string{"\x1b[200~\x1b[201~x"}, []keyPress{text("x")}},
		{"line ends at a paste's end", []string{"\x1b[200~ls\n\n\x1b[201~"}, []keyPress{paste("ls")}},
		{"NUL and unused controls are dropped", []string{"a\x00\x0f\x13\x1cb"}, []keyPress{text("a"), text("b")}},
	} {
		if got := keysOf(c.parts...); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPasteIsBounded(t *testing.T) {
	got := keysOf("\x1b[200~"+strings.Repeat("x", maxPaste), strings.Repeat("y", 10), "\x1b[201~z")
	if len(got) != 2 || len(got[0].text) != maxPaste || got[1] != text("z") {
		t.Errorf("got %d keys, the first of %d bytes, want a paste of %d and z", len(got), len(got[0].text), maxPaste)
	}
}

// join makes texts that came apart one again: how they are split is all that
// may depend on the reads.
func join(keys []keyPress) (out []keyPress) {
	for _, k := range keys {
		if n := len(out); n > 0 && k.kind == keyText && out[n-1].kind == keyText {
			out[n-1].text += k.text
			continue
		}
		out = append(out, k)
	}
	return out
}

// However the bytes are split, the keys are the same, and no control character
// gets into a text.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"ls\r", "\x1b[A\x1bOB", "\x1b[200~a\r\nb\x1b[201~c", "日本\x1b", "\x1b]0;x\x07y", "\x1b[1;5D\x1b[3~", "\xc3\x1b[", "\x1b[200~\x1b[20"} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, s string, step uint8) {
		if len(s) > 4096 {
			t.Skip("longer than a read: nothing new, only slow")
		}
		// Alone in a read, Ctrl-C ends a paste: there the split does matter.
		s = strings.ReplaceAll(s, "\x03", "")
		whole := keysOf(s)
		for _, k := range whole {
			if k.text != printable(k.text) {
				t.Errorf("got control characters in %q", k.text)
			}
		}
		var parts []string
		for n := int(step)%7 + 1; len(s) > 0; {
			parts = append(parts, s[:min(n, len(s))])
			s = s[min(n, len(s)):]
		}
		if got, want := join(keysOf(parts...)), join(whole); !slices.Equal(got, want) {
			t.Errorf("got %v from %q, want %v as in one read", got, parts, want)
		}
	})
}
