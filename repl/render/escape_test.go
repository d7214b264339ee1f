package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"clean", "GET / HTTP/1.1", "GET / HTTP/1.1"},
		{"clean beyond ASCII", "51234 → 80 · é 日本 ☺️", "51234 → 80 · é 日本 ☺️"},
		{"terminal title", "\x1b]0;owned\x07", `\x1b]0;owned\x07`},
		{"line breaks", "a\r\nb\tc", `a\r\nb\tc`},
		{"NUL and DEL", "\x00\x7f", `\x00\x7f`},
		{"C1 control sequence introducer", "\u009b31m", `\u009b31m`},
		{"C1 as a bare byte", "\x9b31m", `\x9b31m`},
		{"truncated UTF-8", "caf\xc3", `caf\xc3`},
		{"surrogate in UTF-8", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"replacement character stays", "\ufffd", "\ufffd"},
		{"bidi override", "a\u202eb", `a\u202eb`},
		{"bidi isolates", "\u2066\u2067\u2068\u2069", `\u2066\u2067\u2068\u2069`},
		{"marks of direction", "\u200e\u200f\u061c", `\u200e\u200f\u061c`},
		{"zero width", "\u200b\u200c\u200d\u2060\ufeff", `\u200b\u200c\u200d\u2060\ufeff`},
		{"separators", "\u2028\u2029\u0085", `\u2028\u2029\u0085`},
		{"tags", "\U000e0041\U000e007f", `\U000e0041\U000e007f`},
		{"variation selectors", "\ufe00\U000e0100", `\ufe00\U000e0100`},
		{"fillers", "\u3164\u115f\u034f\u00ad", `\u3164\u115f\u034f\u00ad`},
		{"private use", "\ue0b0", `\ue0b0`},
		{"backslash stays", `a\nb`, `a\nb`},
	}
	for _, tt := range tests {
		got := Escape(tt.in)
		if got != tt.want {
			t.Errorf("%s: Escape(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
		if again := Escape(got); again != got {
			t.Errorf("%s: escaping %q again gives %q", tt.name, got, again)
		}
	}
}

func TestEscapeText(t *testing.T) {
	if got, want := EscapeText("a\n\tb\r\x1b[0m"), "a\n\tb"+`\r\x1b[0m`; got != want {
		t.Errorf("EscapeText = %q, want %q", got, want)
	}
}

func TestEscapeCleanDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"Standard query 0x1a2b A example.org", "51234 → 80 [SYN]"} {
		if n := testing.AllocsPerRun(100, func() { Escape(s) }); n != 0 {
			t.Errorf("Escape(%q) allocates %v times, want 0", s, n)
		}
	}
}

// unsafeText returns the first thing in s that must not reach a terminal.
func unsafeText(s, allowed string) (string, bool) {
	if !utf8.ValidString(s) {
		return "invalid UTF-8", true
	}
	for _, r := range s {
		control := r < 0x20 || r >= 0x7f && r < 0xa0
		hidden := r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
			r == 0xfeff || r >= 0xe0000 && r <= 0xe0fff
		if (control || hidden) && !strings.ContainsRune(allowed, r) {
			return string(r), true
		}
	}
	return "", false
}
