package filter_test

// This file runs the case table of testdata/cases.txt. Each expression is
// evaluated on the trees of testdata/mixed.pdml and must let through the frames,
// or be refused, as testdata/expected.txt says that Wireshark does. With -update
// and Wireshark installed everything recorded is made anew.

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pktsh/dissect"
	"pktsh/engine/filter"
)

var update = flag.Bool("update", false, "record the capture, its dissection and the expectations anew with tshark and sharkd")

// TestMain pins the local time zone: times without one are local.
func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

const invalid = "invalid"

// readCases returns the expressions of the table.
func readCases(t testing.TB) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(readFile(t, "cases.txt")) {
		line = strings.TrimRight(line, "\n")
		if line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, line)
		}
	}
	return out
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// readExpected returns what Wireshark answers, by expression: "invalid" or the
// numbers of the frames.
func readExpected(t *testing.T) map[string]string {
	t.Helper()
	return parseExpected(readFile(t, "expected.txt"))
}

func parseExpected(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if answer, expr, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t"); ok {
			out[expr] = answer
		}
	}
	return out
}

func TestAgainstWireshark(t *testing.T) {
	if *update {
		record(t)
	}
	expected := readExpected(t)
	fields := readCatalogue(readFile(t, "fields.txt"))
	trees := readPDML(t, []byte(readFile(t, "mixed.pdml")), filepath.Join("testdata", "mixed.pcap"), fields)
	compared := 0
	for _, expr := range readCases(t) {
		want, ok := expected[expr]
		if !ok {
			t.Errorf("%s: nothing recorded, run the test with -update", expr)
			continue
		}
		if d, ok := differences()[expr]; ok {
			want = d.want
		}
		compared++
		if got := answer(expr, fields, trees); got != want {
			t.Errorf("%s\n got %s\nwant %s", expr, got, want)
		}
	}
	if compared < 150 {
		t.Errorf("only %d cases were compared", compared)
	}
}

// TestDifferences holds every accepted difference to being one.
func TestDifferences(t *testing.T) {
	expected := readExpected(t)
	for expr, d := range differences() {
		if d.reason == "" {
			t.Errorf("%s: no reason", expr)
		}
		if recorded, ok := expected[expr]; !ok || recorded == d.want {
			t.Errorf("%s: no difference: Wireshark answers %q", expr, recorded)
		}
	}
}

// answer evaluates expr and writes the result as expected.txt does.
func answer(expr string, fields *dissect.Catalogue, trees []*dissect.Tree) string {
	p, err := filter.Compile(expr, fields)
	if err != nil {
		if e, ok := err.(*filter.Error); ok && e.NeedsWireshark {
			return "needs Wireshark"
		}
		return invalid
	}
	var numbers []string
	for _, tree := range trees {
		if p.Match(filter.FromTree(tree, fields)) {
			numbers = append(numbers, fmt.Sprint(tree.Frame))
		}
	}
	return strings.Join(numbers, " ")
}

// record writes everything in testdata but the cases.
func record(t *testing.T) {
	wiresharkVersion(t) // skips without Wireshark
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join("testdata", name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("mixed.pcap", makeCapture(t))
	pdml := runTshark(t, "-2", "-n", "-r", "testdata/mixed.pcap", "-T", "pdml")
	// The header has the time and the file's path in it.
	lines := slices.DeleteFunc(strings.SplitAfter(string(pdml), "\n"), func(s string) bool {
		return strings.HasPrefix(s, "<!--") || strings.HasPrefix(s, "<?xml-stylesheet") || strings.HasPrefix(s, "<pdml ")
	})
	pdml = []byte(strings.Replace(strings.Join(lines, ""), "?>\n", "?>\n<pdml>\n", 1))
	write("mixed.pdml", pdml)
	write("fields.txt", []byte(relevantFields(string(runTshark(t, "-G", "fields")), string(pdml), readCases(t))))
	write("expected.txt", []byte("# "+wiresharkVersion(t)+"\n"+askSharkd(t, "testdata/mixed.pcap", readCases(t))))
}

func runTshark(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("tshark", args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "XDG_CONFIG_HOME="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v", args, err)
	}
	return out
}

// wiresharkVersion returns what tshark calls itself: "TShark (Wireshark) 4.0.17".
func wiresharkVersion(t *testing.T) string {
	for _, program := range []string{"tshark", "sharkd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("this needs %s: %v", program, err)
		}
	}
	out, err := exec.Command("tshark", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`^\S+ \(Wireshark\) [0-9.]*[0-9]`).FindString(string(out))
}

// TestRecordedIsFresh asks the installed Wireshark again, when it is of the
// version that was recorded.
func TestRecordedIsFresh(t *testing.T) {
	version, recorded, _ := strings.Cut(readFile(t, "expected.txt"), "\n")
	if got := "# " + wiresharkVersion(t); got != version {
		t.Skipf("recorded with %s, installed is %s", version, got)
	}
	if askSharkd(t, "testdata/mixed.pcap", readCases(t)) != recorded {
		t.Error("Wireshark does not answer what is recorded in expected.txt: run with -update and look at the changes")
	}
}

// relevantFields returns "name type" of all fields that occur in the dissection
// or in a case, and of all protocols.
func relevantFields(all, pdml string, cases []string) string {
	wanted := map[string]bool{}
	for _, part := range strings.Split(pdml, ` name="`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		wanted[name] = true
	}
	for _, expr := range cases {
		for _, token := range filter.Tokens(expr) {
			wanted[strings.TrimPrefix(token.Text, ".")] = true
		}
	}
	types := map[string]string{}
	for line := range strings.Lines(all) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		switch {
		case len(f) > 2 && f[0] == "P" && wanted[f[2]]:
			types[f[2]] = string(dissect.TypeProtocol)
		case len(f) > 3 && f[0] == "F" && wanted[f[2]] && types[f[2]] == "":
			types[f[2]] = strings.TrimPrefix(f[3], "FT_")
		}
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&out, "%s\t%s\n", name, types[name])
	}
	return out.String()
}

// askSharkd returns "answer expression" for every case.
func askSharkd(t *testing.T, capture string, cases []string) string {
	cmd := exec.Command("sharkd", "-")
	cmd.Env = append(os.Environ(), "TZ=UTC", "XDG_CONFIG_HOME="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	replies := bufio.NewReader(stdout)
	call := func(method string, params map[string]any, result any) {
		request, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write(append(request, '\n')); err != nil {
			t.Fatal(err)
		}
		line, err := replies.ReadBytes('\n')
		if err != nil {
			t.Fatalf("%s %v: %v", method, params, err)
		}
		if err := json.Unmarshal(line, result); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	path, err := filepath.Abs(capture)
	if err != nil {
		t.Fatal(err)
	}
	var loaded struct{ Error any }
	if call("load", map[string]any{"file": path}, &loaded); loaded.Error != nil {
		t.Fatalf("load: %v", loaded.Error)
	}
	var out strings.Builder
	for _, expr := range cases {
		var reply struct {
			Error  any
			Result []struct{ Num int }
		}
		call("frames", map[string]any{"filter": expr}, &reply)
		words := []string{}
		for _, r := range reply.Result {
			words = append(words, fmt.Sprint(r.Num))
		}
		text := strings.Join(words, " ")
		if reply.Error != nil {
			text = invalid
		}
		fmt.Fprintf(&out, "%s\t%s\n", text, expr)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, replies); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
