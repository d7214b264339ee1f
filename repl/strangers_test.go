package repl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/repl/render"
)

// TestMisplaced is what people type who know other commands: each line does what it
// says, or says what does.
func TestMisplaced(t *testing.T) {
	b := newBench(t, render.Style{})
	for _, tt := range []struct{ in, want string }{
		{"filter dns --and ip", "a filter goes to the end of the line, options stand before it: filter --and …"},
		{"filter dns > out.txt", "a filter goes to the end of the line: filter --to FILE … writes to a file; then ls > FILE or ls | COMMAND"},
		{"filter dns >> out.txt", "filter --to FILE"},
		{"filter dns | wc -l", "filter --to FILE"},
		{"filter dns # queries", "a comment stands on a line of its own"},
		{"explain dns | less", "ls | COMMAND come after it"},
		{"find --text GET --back", "options stand before it: find --back …"},
		{"ls|grep -c HTTP", "a space is wanted before |: ls | grep -c HTTP"},
		{"ls>out.txt", "a space is wanted before >: ls > out.txt"},
		{"ls --head 2 --tail 1", "--head or --tail was wanted, not both"},
		{"mark --list --next", "one of --list, --clear, --next and --prev"},
		{"show 3; ls", "show: 3;: a command ends with its line, not with ;"},
	} {
		if got := b.do(tt.in); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q in it", tt.in, got, tt.want)
		}
	}
	for _, in := range []string{"filter ip.ttl > ip.src", "filter (dns", "filter ip.src > 3x", "show 9999"} {
		if got := b.do(in); strings.Contains(got, "goes to the end") || got == "" {
			t.Errorf("%s: got %q, an error without a hint was wanted", in, got)
		}
	}
}

// TestRangeEnds is ls of a range with --head or --tail: neither is left out.
func TestRangeEnds(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("columns no")
	for in, want := range map[string]string{
		"ls 5-9,20 --head 2": "5 6", "ls 5-9,20 --tail 2": "9 20", "ls --tail 3 5": "5", "ls 5-9 --tail 99": "5 6 7 8 9",
		"ls 7 9 11 --tail 2": "9 11", "ls --head 2": "1 2", "ls --tail 1": "1204",
	} {
		if got := strings.Join(strings.Fields(b.do(in))[1:], " "); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

// TestMarkedAsData is mark --list with --output, which is an option of mark, too.
func TestMarkedAsData(t *testing.T) {
	b := newBench(t, render.Style{})
	b.do("mark 1 3")
	if got := b.do("mark --list --output csv"); !strings.HasPrefix(got, "no,time,") || strings.Count(got, "\n") != 3 {
		t.Errorf("got %q, want two packets as CSV", got)
	}
	if got := b.do("filter --save=web tcp.port == 80"); strings.Contains(got, "no such option") {
		t.Errorf("an option with its value behind =: got %q", got)
	}
}

// TestNoPacket is what pkt says where there is none: of a capture without packets, and of
// no capture.
func TestNoPacket(t *testing.T) {
	b := newBench(t, render.Style{})
	empty := filepath.Join(t.TempDir(), "empty.pcap")
	header := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00"
	if err := os.WriteFile(empty, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do("open " + empty)
	for in, want := range map[string]string{"pkt.ip.src": "there is no current packet", "len(cap)": "0\n", "show": "there is no current packet"} {
		if got := b.do(in); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", in, got, want)
		}
	}
	b.do("close")
	b.do("close")
	if got := b.do("pkt.ip.src"); !strings.Contains(got, "no capture is open, so there is no pkt") {
		t.Errorf("without a capture: got %q", got)
	}
}
