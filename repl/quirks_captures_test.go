package repl

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pktsh/engine"
	"pktsh/engine/wireshark"
	"pktsh/repl/render"
)

// TestQuirkNothingIsLeftBehind opens and closes 500 captures in one session, some
// with a question to Wireshark: no process, zombie, file descriptor or temporary
// file is left (PyShark's issues 168, 238 and 711).
func TestQuirkNothingIsLeftBehind(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("what is left behind is counted in /proc")
	}
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" || tools.Sharkd == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	session := engine.NewSession(engine.Config{Tools: tools, TempDir: temporary, CacheDir: t.TempDir()})
	defer session.Close()
	var out, errs bytes.Buffer
	shell := New(Config{Session: session, Out: &out, Err: &errs, Style: func() render.Style { return render.Style{} }})
	run := func(script string) string {
		t.Helper()
		out.Reset()
		errs.Reset()
		shell.Exec(context.Background(), script)
		if errs.Len() > 0 {
			t.Fatalf("%s: %s", script, errs.String())
		}
		return out.String()
	}
	small := filepath.Join(temporary, "small.pcap")
	run(fmt.Sprintf("c = FileCapture('%s', display_filter='arp', output_file='%s')\nc.close()\n", browse, small))
	// What is started once for a session and kept is started now.
	run(fmt.Sprintf("c = FileCapture('%s')\nc[0].pretty_print()\nc[0].highest_layer\nc.close()\n", small))
	before := countLeft(t, temporary)
	const captures, asked = 500, 10
	run(fmt.Sprintf(`
def session(i):
    c = FileCapture('%[1]s', display_filter='arp')
    if i %% %[2]d == 0:
        n = len([p for p in c if p.arp.opcode.showname])
    elif i %% %[2]d == 1:
        m = InMemCapture()
        m.feed_packet(c[0].get_raw_packet())
        m.feed_packet(c[1].get_raw_packet())
        n = len(m)
        m.close()
    elif i %% %[2]d == 2:
        m = FileCapture(['%[1]s', '%[1]s'])
        n = len(m) // 2
        m.close()
    else:
        n = len([p for p in c if p.arp.opcode])
    c.close()
    return n

`, small, captures/asked))
	counts := run(fmt.Sprintf("print(sorted(set([session(i) for i in range(%d)])))", captures))
	if counts != "[2]\n" {
		t.Errorf("the captures had %s packets, want 2 in each", strings.TrimSpace(counts))
	}
	after := countLeft(t, temporary)
	for deadline := time.Now().Add(5 * time.Second); after != before && time.Now().Before(deadline); after = countLeft(t, temporary) {
		time.Sleep(20 * time.Millisecond) // a killed process takes a moment to be gone
	}
	if after != before {
		t.Errorf("after %d captures: %+v; before: %+v", captures, after, before)
	}
	if open := len(session.Captures()); open != 0 {
		t.Errorf("%d captures are open", open)
	}
}

// left is what a session could leave behind.
type left struct{ children, descriptors, mappings, files int }

func countLeft(t *testing.T, temporary string) (n left) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task) // a thread may be gone meanwhile
		if err == nil {
			n.children += len(strings.Fields(string(text)))
		}
	}
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	mappings, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	n.mappings = strings.Count(string(mappings), temporary)
	files, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	n.descriptors, n.files = len(descriptors), len(files)
	return n
}
