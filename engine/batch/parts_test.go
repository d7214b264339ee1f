package batch

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMerger puts rows into their places, with the spool in memory and in a file.
func TestMerger(t *testing.T) {
	for _, limit := range []int64{0, 9, 1 << 20} {
		var out bytes.Buffer
		dir := t.TempDir()
		m := &merger{out: &out, spool: spool{tempDir: dir, limit: limit}}
		defer m.spool.close()
		blocks := []*result{
			{rows: []byte("1\n2\n")},
			{rows: []byte("3\n5\n"), holes: []hole{{frame: 4, at: 2}, {frame: 6, at: 4}, {frame: 7, at: 4}}},
			{},
			{rows: []byte("9\n"), holes: []hole{{frame: 8, at: 0}, {frame: 10, at: 2}}},
			{rows: []byte("11\n")},
		}
		for i, b := range blocks {
			if _, err := m.take(b); err != nil {
				t.Fatal(err)
			}
			if i == 0 && out.String() != "1\n2\n" {
				t.Errorf("before the first hole: got %q", out.String())
			}
		}
		if got := fmt.Sprint(m.frames()); got != "{4,6,7,8,10}" {
			t.Errorf("got frames %s", got)
		}
		err := m.fill(func(each func(uint32, []byte) error) error {
			for _, frame := range []uint32{4, 7, 8} { // 6 and 10 do not pass
				if err := each(frame, fmt.Appendf(nil, "%d\n", frame)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Fields(out.String()); strings.Join(got, " ") != "1 2 3 4 5 7 8 9 11" {
			t.Errorf("limit %d: got %q", limit, got)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

// TestMergerRefuses wants no rows that were not asked for.
func TestMergerRefuses(t *testing.T) {
	m := &merger{out: &bytes.Buffer{}, spool: spool{limit: 10}}
	if _, err := m.take(&result{rows: []byte("1\n"), holes: []hole{{frame: 2, at: 2}}}); err != nil {
		t.Fatal(err)
	}
	err := m.fill(func(each func(uint32, []byte) error) error { return each(3, []byte("3\n")) })
	if err == nil {
		t.Error("a row of another frame: got no error")
	}
}

func TestParseLayout(t *testing.T) {
	plain := layout{separator: '\t', occurrence: 'a', aggregator: ','}
	for options, want := range map[string]layout{
		"":                           plain,
		"header=y bom=yes":           {bom: true, header: true, separator: '\t', occurrence: 'a', aggregator: ','},
		"separator=/s quote=d":       {separator: ' ', occurrence: 'a', aggregator: ',', quote: '"'},
		"separator=/x quote=s":       {separator: '\\', occurrence: 'a', aggregator: ',', quote: '\''},
		"separator=/t aggregator=/t": {separator: '\t', occurrence: 'a', aggregator: '\\'},
		"occurrence=first":           {separator: '\t', occurrence: 'f', aggregator: ','},
		"quote=d quote=n":            plain,
	} {
		if got, err := parseLayout(strings.Fields(options)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", options, got, err, want)
		}
	}
	for _, option := range []string{"", "header", "header=", "header=x", "quote=x", "occurrence=b", "bom=1", "escape=y"} {
		if _, err := parseLayout([]string{option}); err == nil {
			t.Errorf("%q: got no error", option)
		}
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{"plain\\": "plain\\", "a\tb\nc": `a\tb\nc`, "\b\v\f\r": `\b` + "\v" + `\f\r`, "": ""} {
		if got := escape(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
