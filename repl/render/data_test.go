package render

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pktsh/repl/result"
)

// dataTable has what data formats get wrong: quotes, separators, control and hidden
// characters, bytes that are no UTF-8, numbers and what only looks like one.
func dataTable() *result.Table {
	rows := [][]string{
		{"1", "0.000100000", "plain, \"quoted\" | <b> & *x*", "", "1204"},
		{"2", "-1", "line\nbreak\x1b[2J \u202e \U000e0041 日本 é", "7", "x"},
		{"03", "1e5", "back\\slash caf\xc3", "10, 20", "0"},
	}
	return &result.Table{
		Columns: []result.Column{
			{Title: "No.", Key: "no", Number: true, Align: result.Right}, {Title: "Time", Number: true},
			{Title: "Info", Flexible: true}, {Title: "tcp.len", Key: "tcp.len", Number: true}, {Title: "Info", Number: true, Grouped: true},
		},
		Rows: func(yield func(result.Row, error) bool) {
			for _, cells := range rows {
				if !yield(result.Row{Cells: cells, Preview: true, Current: true}, nil) {
					return
				}
			}
		},
	}
}

func TestJSON(t *testing.T) {
	got := printed(t, Style{Width: 20, Color: true, Interactive: true}, &result.Data{Result: dataTable(), Format: "json"})
	compare(t, got, `
[
  {"no": 1, "time": 0.000100000, "info": "plain, \"quoted\" | <b> & *x*", "tcp.len": null, "info_2": 1204},
  {"no": 2, "time": -1, "info": "line\nbreak\u001b[2J \u202e \udb40\udc41 日本 é", "tcp.len": 7, "info_2": "x"},
  {"no": "03", "time": 1e5, "info": "back\\slash caf\ufffd", "tcp.len": "10, 20", "info_2": 0}
]
`)
	if bad, found := unsafeText(got, "\n"); found {
		t.Errorf("%q in the output", bad)
	}
	var back []struct{ Info string }
	if err := json.Unmarshal([]byte(got), &back); err != nil {
		t.Fatal(err)
	}
	if want := "line\nbreak\x1b[2J \u202e \U000e0041 日本 é"; back[1].Info != want {
		t.Errorf("read back: got %q, want %q", back[1].Info, want)
	}
	empty := &result.Data{Result: &result.Table{Columns: dataTable().Columns, Empty: "there is none"}, Format: "json"}
	compare(t, printed(t, Style{}, empty), "[]\n")
}

func TestCSV(t *testing.T) {
	got := printed(t, Style{}, &result.Data{Result: dataTable(), Format: "csv"})
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"no", "time", "info", "tcp.len", "info_2"},
		{"1", "0.000100000", "plain, \"quoted\" | <b> & *x*", "", "1204"},
		{"2", "-1", `line\nbreak\x1b[2J \u202e \U000e0041 日本 é`, "7", "x"},
		{"03", "1e5", `back\slash caf\xc3`, "10, 20", "0"},
	}
	for i, row := range want {
		if strings.Join(rows[i], "\x00") != strings.Join(row, "\x00") {
			t.Errorf("row %d: got %q, want %q", i, rows[i], row)
		}
	}
}

func TestMarkdown(t *testing.T) {
	compare(t, printed(t, Style{}, &result.Data{Result: dataTable(), Format: "markdown"}), `
| No. | Time | Info | tcp.len | Info |
| ---: | --- | --- | --- | --- |
| 1 | 0.000100000 | plain, "quoted" \| &lt;b> &amp; \*x\* |  | 1204 |
| 2 | -1 | line\\nbreak\\x1b\[2J \\u202e \\U000e0041 日本 é | 7 | x |
| 03 | 1e5 | back\\slash caf\\xc3 | 10, 20 | 0 |
`)
	facts := &result.Table{Columns: []result.Column{{}, {}}, Rows: func(yield func(result.Row, error) bool) {
		yield(result.Row{Cells: []string{"capture", "a.pcap"}}, nil)
	}}
	compare(t, printed(t, Style{}, &result.Data{Result: facts, Format: "markdown"}), "| name | value |\n| --- | --- |\n| capture | a.pcap |\n")
}

// TestDataThatBreaks shows that data which ends in an error is no whole document.
func TestDataThatBreaks(t *testing.T) {
	broken := &result.Table{Columns: []result.Column{{Title: "A"}}, Rows: func(yield func(result.Row, error) bool) {
		_ = yield(result.Row{Cells: []string{"1"}}, nil) && yield(result.Row{}, errors.New("lost"))
	}}
	var b strings.Builder
	err := New(&b, Style{}).Result(t.Context(), &result.Data{Result: broken, Format: "json"})
	if err == nil || err.Error() != "lost" || json.Valid([]byte(b.String())) {
		t.Errorf("got %q and the error %v, want what is no JSON and the error lost", b.String(), err)
	}
}

func TestEmptyAndGrouped(t *testing.T) {
	table := &result.Table{Columns: []result.Column{{Title: "Packets", Grouped: true, Align: result.Right}}, Empty: "no capture is open"}
	compare(t, printed(t, Style{Interactive: true}, table), "no capture is open\n")
	table.Rows = func(yield func(result.Row, error) bool) {
		_ = yield(result.Row{Cells: []string{"1234567"}}, nil) && yield(result.Row{Cells: []string{"-"}}, nil)
	}
	compare(t, printed(t, Style{}, table), "    Packets\n  1,234,567\n          -\n")
}
