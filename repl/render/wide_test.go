package render

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"pktsh/repl/result"
)

// wideTexts are texts whose columns are not their characters: CJK, emoji with and
// without style and skin, combining marks, half-width kana, Arabic, box drawing.
func wideTexts() []string {
	return []string{
		"plain", "日本語のホスト名", "emoji 🎉 ☺️ 👍🏽", "e\u0301tude na\u0308ive", "ｶﾀｶﾅ", "العربية", "─│┼", "한국어", "zero\u200bwidth", "flag 🇩🇪", "",
	}
}

// TestWideTextAligns measures where columns begin: in the same place on every line,
// and no line is wider than the screen.
func TestWideTextAligns(t *testing.T) {
	cond := widths()
	for _, width := range []int{0, 80, 40, 20} {
		table := &result.Table{
			Columns: []result.Column{{Title: "No.", Align: result.Right, MinWidth: 3}, {Title: "ホスト", Shrinks: true}, {Title: "Info", Flexible: true}},
			Rows: func(yield func(result.Row, error) bool) {
				for i, text := range wideTexts() {
					if !yield(result.Row{Cells: []string{strings.Repeat("1", i%3+1), text, "|" + text}}, nil) {
						return
					}
				}
			},
		}
		begin := -1
		for i, line := range strings.Split(strings.TrimSuffix(printed(t, Style{Width: width}, table), "\n"), "\n") {
			if w := runewidth.StringWidth(line); width > 0 && w > width {
				t.Errorf("%d columns: %q takes %d", width, line, w)
			}
			before, _, found := strings.Cut(line, "|")
			if i == 0 || !found {
				continue
			}
			at := cond.StringWidth(before)
			if begin < 0 {
				begin = at
			}
			if at != begin {
				t.Errorf("%d columns: Info of %q begins at column %d, want %d", width, line, at, begin)
			}
		}
		if begin < 0 && width != 20 {
			t.Errorf("%d columns: no Info was shown", width)
		}
	}
}

// TestWideRowsWithColor shows that a row's own colours reach to the screen's edge and
// not beyond, whatever is in it.
func TestWideRowsWithColor(t *testing.T) {
	for _, depth := range []Depth{Depth256, DepthTrue} {
		table := &result.Table{
			Columns: []result.Column{{Title: "Host", Role: result.RoleAddress}, {Title: "Info", Flexible: true}},
			Rows: func(yield func(result.Row, error) bool) {
				for _, text := range wideTexts() {
					c := &result.Color{Foreground: [3]uint8{0x12, 0x27, 0x2e}, Background: [3]uint8{0xda, 0xee, 0xff}}
					if !yield(result.Row{Cells: []string{text, text}, Color: c, Preview: text == "plain"}, nil) {
						return
					}
				}
			},
		}
		got := printed(t, Style{Width: 40, Color: true, Depth: depth}, table)
		on := map[Depth]string{Depth256: "\x1b[38;5;235;48;5;195m", DepthTrue: "\x1b[38;2;18;39;46;48;2;218;238;255m"}[depth]
		for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n")[1:] {
			marks, row, found := strings.Cut(line, on)
			row, rest, closed := strings.Cut(row, "\x1b[")
			if !found || !closed || rest == "" {
				t.Errorf("%q: want a row between %q and its end", line, on)
				continue
			}
			if w := widths().StringWidth(marks) + widths().StringWidth(row); w != 40 {
				t.Errorf("%q takes %d columns, want 40", line, w)
			}
			if !strings.HasSuffix(line, "m") {
				t.Errorf("%q: text after the colours' end", line)
			}
		}
	}
	// A terminal of 16 colours, and none at all.
	for _, s := range []Style{{Width: 40, Color: true, Depth: Depth16}, {Width: 40, Depth: DepthTrue}} {
		row := result.Row{Cells: []string{"x"}, Color: &result.Color{}}
		table := &result.Table{Columns: []result.Column{{Title: ""}}, Rows: func(yield func(result.Row, error) bool) { yield(row, nil) }}
		compare(t, printed(t, s, table), "  x\n")
	}
}

func TestDepthOf(t *testing.T) {
	tests := []struct {
		colorterm, term string
		want            Depth
	}{
		{"truecolor", "xterm-256color", DepthTrue}, {"24bit", "screen", DepthTrue}, {"", "xterm-direct", DepthTrue},
		{"", "xterm-256color", Depth256}, {"", "screen", Depth256}, {"yes", "tmux-256color", Depth256},
		{"", "linux", Depth16}, {"", "vt220", Depth16}, {"", "", Depth16},
	}
	for _, tt := range tests {
		if got := DepthOf(tt.colorterm, tt.term); got != tt.want {
			t.Errorf("DepthOf(%q, %q) = %d, want %d", tt.colorterm, tt.term, got, tt.want)
		}
	}
}

func TestNearest256(t *testing.T) {
	tests := map[[3]uint8]int{
		{0, 0, 0}: 16, {255, 255, 255}: 231, {95, 0, 0}: 52, {0x12, 0x27, 0x2e}: 235, {8, 8, 8}: 232, {238, 238, 238}: 255, {0xe4, 0xff, 0xc7}: 194,
	}
	for c, want := range tests {
		if got := nearest256(c); got != want {
			t.Errorf("nearest256(%v) = %d, want %d", c, got, want)
		}
	}
}

func TestRows(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  int
	}{
		{"", 10, 0}, {"a\n", 10, 1}, {"a\n\nb\n", 10, 3}, {strings.Repeat("x", 10) + "\n", 10, 1}, {strings.Repeat("x", 11) + "\n", 10, 2},
		{"\x1b[1m" + strings.Repeat("x", 10) + "\x1b[0m\n", 10, 1}, {strings.Repeat("日", 6) + "\n", 10, 2}, {strings.Repeat("x", 1000) + "\n", 0, 1},
	}
	for _, tt := range tests {
		if got := Rows(tt.text, tt.width); got != tt.want {
			t.Errorf("Rows(%q, %d) = %d, want %d", tt.text, tt.width, got, tt.want)
		}
	}
}
