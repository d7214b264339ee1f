package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pktsh/repl/result"
)

// packetColumns are those of the command ls.
func packetColumns() []result.Column {
	return []result.Column{
		{Title: "No.", Align: result.Right, Role: result.RoleNumber, MinWidth: 3},
		{Title: "Time", Role: result.RoleDim, MinWidth: 8, Yields: 3},
		{Title: "Source", Role: result.RoleAddress, MinWidth: 9, Shrinks: true, Yields: 1},
		{Title: "Destination", Role: result.RoleAddress, MinWidth: 9, Shrinks: true, Yields: 2},
		{Title: "Protocol", Role: result.RoleName, MinWidth: 8, Shrinks: true},
		{Title: "Length", Align: result.Right, Role: result.RoleNumber, Yields: 4},
		{Title: "Info", Flexible: true},
	}
}

func rowsOf(rows ...result.Row) func(func(result.Row, error) bool) {
	return func(yield func(result.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func cells(c ...string) result.Row { return result.Row{Cells: c} }

func packetRows() []result.Row {
	rows := []result.Row{
		cells("1", "0.000000", "192.168.1.20", "192.168.1.1", "DNS", "71", "Standard query 0x1a2b A example.org"),
		cells("2", "0.013312", "192.168.1.1", "192.168.1.20", "DNS", "87", "Standard query response 0x1a2b A example.org A 93.184.216.34"),
		cells("3", "0.020001", "192.168.1.20", "93.184.216.34", "TCP", "74", "51234 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM"),
		cells("4", "8.300000", "fe80::a00:27ff:fe4e:66a1", "ff02::1:ff00:1", "ICMPv6", "86", "Neighbor Solicitation for fe80::1 from 08:00:27:4e:66:a1"),
	}
	rows[1].Current = true
	rows[3].Preview = true
	return rows
}

func packetTable() *result.Table {
	return &result.Table{
		Columns: packetColumns(), Rows: rowsOf(packetRows()...),
		Footer: func() []string { return []string{"4 of 1,204 packets"} },
	}
}

func TestTable(t *testing.T) {
	tests := []struct {
		name  string
		style Style
		want  string
	}{
		{"pipe", Style{}, `
  No.  Time      Source                    Destination     Protocol  Length  Info
    1  0.000000  192.168.1.20              192.168.1.1     DNS           71  Standard query 0x1a2b A example.org
    2  0.013312  192.168.1.1               192.168.1.20    DNS           87  Standard query response 0x1a2b A example.org A 93.184.216.34
    3  0.020001  192.168.1.20              93.184.216.34   TCP           74  51234 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM
 ~  4  8.300000  fe80::a00:27ff:fe4e:66a1  ff02::1:ff00:1  ICMPv6        86  Neighbor Solicitation for fe80::1 from 08:00:27:4e:66:a1
`},
		{"80 columns", Style{Width: 80, Interactive: true}, `
  No.  Time      Source             Destination     Protocol  Info
    1  0.000000  192.168.1.20       192.168.1.1     DNS       Standard query 0x…
>   2  0.013312  192.168.1.1        192.168.1.20    DNS       Standard query re…
    3  0.020001  192.168.1.20       93.184.216.34   TCP       51234 → 80 [SYN] …
 ~  4  8.300000  fe80::a0…e4e:66a1  ff02::1:ff00:1  ICMPv6    Neighbor Solicita…
no room for: Length
4 of 1,204 packets
`},
		{"40 columns", Style{Width: 40, Interactive: true}, `
  No.  Source     Protocol  Info
    1  192.…1.20  DNS       Standard qu…
>   2  192.….1.1  DNS       Standard qu…
    3  192.…1.20  TCP       51234 → 80 …
 ~  4  fe80…66a1  ICMPv6    Neighbor So…
no room for: Time, Destination, Length
4 of 1,204 packets
`},
		{"20 columns", Style{Width: 20}, `
  No.  Info
    1  Standard que…
    2  Standard que…
    3  51234 → 80 […
 ~  4  Neighbor Sol…
`},
		{"10 columns", Style{Width: 10}, `
  No.  In…
    1  St…
    2  St…
    3  51…
 ~  4  Ne…
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { compare(t, printed(t, tt.style, packetTable()), tt.want) })
	}
}

// Columns that yield nothing are squeezed first, titles before what is below.
func TestTableSqueezes(t *testing.T) {
	columns := packetColumns()
	for i := range columns {
		columns[i].MinWidth = 0
		if columns[i].Shrinks {
			columns[i].Yields = 0
		}
	}
	table := &result.Table{Columns: columns, Rows: rowsOf(packetRows()[:3]...)}
	compare(t, printed(t, Style{Width: 40}, table), `
  No.  Source   Destin…  Prot…  Info
    1  192….20  192…1.1  DNS    Standar…
    2  192…1.1  192….20  DNS    Standar…
    3  192….20  93.….34  TCP    51234 →…
`)
}

func TestTableWideCharacters(t *testing.T) {
	table := func() *result.Table {
		return &result.Table{
			Columns: []result.Column{{Title: "主机", Shrinks: true, Role: result.RoleAddress}, {Title: "n", Align: result.Right}, {Title: "Info", Flexible: true}},
			Rows: rowsOf(
				cells("日本語のホスト名です", "1", "GET /日本語/ページ HTTP/1.1"),
				cells("café", "22", "§ ambiguous is narrow"),
				cells("a\tb\x1b", "3", ""),
			),
		}
	}
	compare(t, printed(t, Style{}, table()), `
  主机                   n  Info
  日本語のホスト名です   1  GET /日本語/ページ HTTP/1.1
  café                  22  § ambiguous is narrow
  a\tb\x1b               3
`)
	compare(t, printed(t, Style{Width: 30}, table()), `
  主机         n  Info
  日本…です    1  GET /日本語…
  café        22  § ambiguous…
  a\tb\x1b     3
`)
}

func TestTableNeverWiderThanTheScreen(t *testing.T) {
	rows := packetRows()
	rows = append(rows, cells("123456789012", "日本語日本語", "日本語日本語日本語", "a", "SSL\x1b", "", "日本語日本語日本語日本語日本語日本語日本語日本語"))
	for width := 3; width < 160; width++ {
		table := &result.Table{Columns: packetColumns(), Rows: rowsOf(rows...)}
		for line := range strings.Lines(printed(t, Style{Width: width}, table)) {
			if got := widths().StringWidth(strings.TrimSuffix(line, "\n")); got > width {
				t.Errorf("a line for %d columns has %d: %q", width, got, line)
			}
		}
	}
}

func TestTableWithoutRows(t *testing.T) {
	columns := []result.Column{{Title: "A"}, {Title: "B"}}
	foot := func() []string { return []string{"none"} }
	compare(t, printed(t, Style{}, &result.Table{Columns: columns, Footer: foot}), "  A  B\n")
	compare(t, printed(t, Style{Interactive: true}, &result.Table{Columns: columns, Rows: rowsOf(), Footer: foot}), "  A  B\nnone\n")
}

func TestTableWithoutTitles(t *testing.T) {
	columns := []result.Column{{}, {Flexible: true}}
	table := &result.Table{Columns: columns, Rows: rowsOf(cells("engine", "auto"), cells("warning", "too long for 20 columns"), cells("", ""))}
	compare(t, printed(t, Style{Width: 20}, table), "  engine   auto\n  warning  too long for 20 columns\n\n")
}

func TestTableWithWrongNumberOfCells(t *testing.T) {
	table := &result.Table{Columns: []result.Column{{Title: "A"}, {Title: "B"}}, Rows: rowsOf(cells("1"), cells("1", "2", "3"), cells())}
	compare(t, printed(t, Style{}, table), "  A  B\n  1\n  1  2\n\n")
}

// Widths grow with later rows and never shrink; the flexible column pays.
func TestTableGrows(t *testing.T) {
	table := func() *result.Table {
		return &result.Table{
			Columns: []result.Column{{Title: "No.", Align: result.Right}, {Title: "Info", Flexible: true}},
			Rows: func(yield func(result.Row, error) bool) {
				reused := make([]string, 2) // as a producer in a hurry does
				for i := 1; i <= 2*firstBlock; i++ {
					reused[0], reused[1] = strconv.Itoa(i), "something long"
					if i == firstBlock+1 {
						reused[0] = "1234567"
					}
					if !yield(result.Row{Cells: reused}, nil) {
						return
					}
				}
			},
		}
	}
	for width, want := range map[int][]string{
		0:  {"    1  something long", "  200  something long", "  1234567  something long", "      202  something long"},
		18: {"    1  something …", "  200  something …", "  1234567  someth…", "      202  someth…"},
	} {
		lines := strings.Split(printed(t, Style{Width: width}, table()), "\n")
		for i, n := range []int{1, firstBlock, firstBlock + 1, firstBlock + 2} {
			if lines[n] != want[i] {
				t.Errorf("width %d: line %d is %q, want %q", width, n, lines[n], want[i])
			}
		}
	}
}

func TestTableColours(t *testing.T) {
	table := &result.Table{
		Columns: []result.Column{{Title: "P", Role: result.RoleName}, {Title: "I"}},
		Rows: rowsOf(cells("DNS", "a"), result.Row{Cells: []string{"TCP", "b"}, Role: result.RoleWarning},
			result.Row{Cells: []string{"ARP", "c"}, Preview: true}),
	}
	compare(t, printed(t, Style{Color: true}, table), ""+
		"  \x1b[1mP\x1b[22m    \x1b[1mI\x1b[22m\n"+
		"  \x1b[32mDNS\x1b[0m  a\n"+
		"  \x1b[35;1mTCP\x1b[0;22m  \x1b[35;1mb\x1b[0;22m\n"+
		" ~\x1b[2mARP\x1b[22m  \x1b[2mc\x1b[22m\n")
}

var errCut = errors.New("the capture was cut short")

func TestTableErrorInTheMiddle(t *testing.T) {
	for _, n := range []int{0, 2, firstBlock + 10} {
		table := &result.Table{
			Columns: []result.Column{{Title: "No."}},
			Rows: func(yield func(result.Row, error) bool) {
				for i := range n {
					if !yield(cells(strconv.Itoa(i)), nil) {
						return
					}
				}
				yield(result.Row{}, errCut)
			},
			Footer: func() []string { return []string{"all well"} },
		}
		var b bytes.Buffer
		err := New(&b, Style{Interactive: true}).Result(context.Background(), table)
		if !errors.Is(err, errCut) {
			t.Errorf("after %d rows: got the error %v, want %v", n, err, errCut)
		}
		want := n
		if n > 0 {
			want++ // the titles
		}
		if got := strings.Count(b.String(), "\n"); got != want {
			t.Errorf("after %d rows: got %d lines, want %d", n, got, want)
		}
	}
}

func TestTableCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	table := &result.Table{
		Columns: []result.Column{{Title: "No."}},
		Rows: func(yield func(result.Row, error) bool) {
			for i := 0; yield(cells(strconv.Itoa(i)), nil); i++ {
				if i == 2*firstBlock {
					cancel()
				}
			}
		},
	}
	var b bytes.Buffer
	err := New(&b, Style{}).Result(ctx, table)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
	if got, want := strings.Count(b.String(), "\n"), 1+2*firstBlock+1; got != want {
		t.Errorf("got %d lines, want %d: the rows before Ctrl-C", got, want)
	}
}

func TestTableStopsWhenNobodyReads(t *testing.T) {
	table := &result.Table{
		Columns: []result.Column{{Title: "No."}},
		Rows: func(yield func(result.Row, error) bool) {
			for yield(cells("endless"), nil) {
			}
		},
	}
	if err := New(&brokenPipe{left: 1}, Style{}).Result(context.Background(), table); !errors.Is(err, errBroken) {
		t.Errorf("got the error %v, want %v", err, errBroken)
	}
}

// waitingWriter says when text has come.
type waitingWriter struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *waitingWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *waitingWriter) waitFor(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		found := strings.Contains(w.text.String(), text)
		w.mu.Unlock()
		if found {
			return
		}
	}
	t.Errorf("%q was not written within 5 s", text)
}

// A row is seen while its producer works on the next one, in the first block
// and after it.
func TestTableRowsAreSeenAtOnce(t *testing.T) {
	w := new(waitingWriter)
	r := New(w, Style{})
	table := &result.Table{
		Columns: []result.Column{{Title: "Info"}},
		Rows: func(yield func(result.Row, error) bool) {
			if !yield(cells("first"), nil) {
				return
			}
			w.waitFor(t, "  Info\n  first\n")
			r.Notice("a notice in between")
			if yield(cells("second"), nil) {
				w.waitFor(t, "a notice in between\n  second\n")
			}
		},
	}
	if err := r.Result(context.Background(), table); err != nil {
		t.Error(err)
	}
}

// BenchmarkTable is a million rows and more of a packet list, into a pipe.
func BenchmarkTable(b *testing.B) {
	for _, style := range []Style{{}, {Width: 100, Color: true}} {
		b.Run(fmt.Sprintf("width=%d", style.Width), func(b *testing.B) {
			rows := packetRows()
			table := &result.Table{Columns: packetColumns(), Rows: func(yield func(result.Row, error) bool) {
				for i := range b.N {
					if !yield(rows[i&3], nil) {
						return
					}
				}
			}}
			b.ReportAllocs()
			if err := New(io.Discard, style).Result(context.Background(), table); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestLiveTable has each row on the screen before the next one comes, and takes the
// end of the context for the end of the rows.
func TestLiveTable(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	table := &result.Table{Live: true, Columns: packetColumns()}
	table.Rows = func(yield func(result.Row, error) bool) {
		for i, address := range []string{"10.0.0.1", "2001:db8::1234:5678"} {
			row := result.Row{Cells: []string{strconv.Itoa(i + 1), "0.0", address, "b", "UDP", "60", "info"}}
			if !yield(row, nil) {
				t.Error("the table wants no more rows")
			}
			if !strings.Contains(out.String(), address) {
				t.Errorf("row %d is not shown yet: %q", i+1, out.String())
			}
			cancel()
		}
	}
	table.Footer = func() []string { return []string{"two packets"} }
	r := New(&out, Style{Width: 80, Interactive: true})
	if err := r.Result(ctx, table); err != nil {
		t.Errorf("the end of the context: got the error %v", err)
	}
	if !strings.HasSuffix(out.String(), "two packets\n") {
		t.Errorf("no footer: %q", out.String())
	}
}

// TestFacts breaks a fact that is wider than the screen between words, below where it
// begins; a pipe gets it whole.
func TestFacts(t *testing.T) {
	facts := func() *result.Table {
		return &result.Table{Columns: []result.Column{{}, {}}, Rows: rowsOf(cells("because", "headers are not sure of 12 packets"), cells("sure", "none"))}
	}
	for width, want := range map[int]string{
		28: "  because  headers are not\n           sure of 12\n           packets\n  sure     none\n",
		0:  "  because  headers are not sure of 12 packets\n  sure     none\n",
	} {
		var b strings.Builder
		if err := New(&b, Style{Width: width}).Result(t.Context(), facts()); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", width, b.String(), want)
		}
	}
}
