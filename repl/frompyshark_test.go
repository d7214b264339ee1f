package repl

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/wireshark"
	"pktsh/repl/render"
)

// pysharkLine is a line of docs/from-pyshark.md.
type pysharkLine struct {
	number int
	code   string // what is run: under pktsh, or for "the same" under PyShark
	gives  string
	// same says that PyShark is said to do just that: nothing is noted.
	same bool
}

// pysharkLines reads the tables of docs/from-pyshark.md.
func pysharkLines(t *testing.T) []pysharkLine {
	t.Helper()
	doc, err := os.ReadFile("../docs/from-pyshark.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []pysharkLine
	for i, line := range strings.Split(string(doc), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| PyShark |") {
			continue
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00"), " | ")
		if len(cells) != 4 {
			t.Fatalf("line %d has %d cells, want 4: %s", i+1, len(cells), line)
		}
		for j, cell := range cells {
			cells[j] = strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|")
		}
		l := pysharkLine{number: i + 1, code: codeOf(cells[1]), gives: codeOf(cells[2])}
		switch {
		case cells[1] == "the same":
			l.code, l.same = codeOf(cells[0]), cells[3] == ""
		case l.code == codeOf(cells[0]):
			t.Errorf("line %d: what is the same is called so", i+1)
		}
		if l.code == "" || cells[2] == "" {
			t.Fatalf("line %d has nothing to run, or says nothing of what it gives: %s", i+1, line)
		}
		out = append(out, l)
	}
	return out
}

// codeOf returns the lines of a cell's code, one code span a line; "" where there is
// other text.
func codeOf(cell string) string {
	var lines []string
	for span := range strings.SplitSeq(cell, "<br>") {
		code, ok := strings.CutPrefix(span, "`")
		code, closed := strings.CutSuffix(code, "`")
		if !ok || !closed {
			return ""
		}
		lines = append(lines, code)
	}
	return strings.Join(lines, "\n")
}

// TestFromPyShark runs every line of docs/from-pyshark.md.
func TestFromPyShark(t *testing.T) {
	lines := pysharkLines(t)
	if testing.Short() {
		t.Skip("opens many captures")
	}
	if len(lines) < 100 {
		t.Fatalf("got %d lines, want the whole of PyShark", len(lines))
	}
	var tools wireshark.Tools
	for name, path := range map[string]*string{"tshark": &tools.Tshark, "sharkd": &tools.Sharkd} {
		var err error
		if *path, err = exec.LookPath(name); err != nil {
			t.Skip(name + " is not installed")
		}
	}
	tools.Dumpcap, _ = exec.LookPath("dumpcap") // the lines that capture are skipped without
	forbidden := exec.Command("dumpcap", "-q", "-i", "lo", "-f", "udp port 9", "-a", "duration:0.1", "-w", os.DevNull).Run()
	if forbidden != nil {
		if os.Getenv("PKTSH_LIVE") == "required" {
			t.Fatal("dumpcap cannot capture on lo: ", forbidden)
		}
		t.Log("skipped: the lines about live captures, since dumpcap cannot capture on lo: ", forbidden)
	}
	sample, err := os.ReadFile(browse)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for name, content := range map[string][]byte{"browse.pcapng": sample, "lib.star": []byte("def helper(n):\n    return n + 1\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	session := engine.NewSession(engine.Config{Tools: tools, TempDir: t.TempDir(), CacheDir: t.TempDir()})
	t.Cleanup(func() { session.Close() })
	var out, errs bytes.Buffer
	shell := New(Config{Session: session, Out: &out, Err: &errs, KeepGoing: true, Style: func() render.Style { return render.Style{} }})
	run := func(code string) (printed, failed string) {
		out.Reset()
		errs.Reset()
		shell.Run(t.Context(), strings.NewReader(code+"\n"), "line")
		for line := range strings.SplitSeq(errs.String(), "\n") {
			if _, message, ok := strings.Cut(line, "pktsh: "); ok {
				failed = message
				break
			}
		}
		return strings.TrimSuffix(out.String(), "\n"), failed
	}
	if _, failed := run("sample = FileCapture('browse.pcapng')"); failed != "" {
		t.Fatal(failed)
	}
	for _, l := range lines {
		if live := strings.Contains(l.code, "Live") || strings.Contains(l.code, "RemoteCapture"); live && forbidden != nil {
			continue
		}
		if _, failed := run("sample = FileCapture('browse.pcapng') if repr(sample).endswith('(closed)>') else sample\ncap = sample\ncap.reset()\npkt = cap.frame(8)"); failed != "" {
			t.Fatal(failed)
		}
		printed, failed := run(l.code)
		want, wantError := strings.CutPrefix(l.gives, "error: ")
		switch {
		case wantError && !strings.Contains(failed, want):
			t.Errorf("line %d: %s\ngot  %s%s\nwant the error %s", l.number, l.code, printed, failed, want)
		case !wantError && (failed != "" || printed != l.gives):
			t.Errorf("line %d: %s\ngot  %s%s\nwant %s", l.number, l.code, printed, failed, l.gives)
		}
	}
}
