package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pktsh/repl/command"
)

// This file types what `help examples` lists, on a terminal, and holds docs/tour.md
// to what the screen shows: go test ./cmd/pktsh -run TestTour -update writes it anew.

const tourPath = "../../docs/tour.md"

const tourHead = "# A tour\n\n" +
	"What `help examples` lists, typed at a terminal of 80 columns and 24 rows on\n" +
	"testdata/browse.pcapng, with Wireshark %s: the screen behind each line. A test types it\n" +
	"all anew; `make docs` writes this page.\n"

// TestTour fails when a screen is not what docs/tour.md shows.
func TestTour(t *testing.T) {
	needWireshark(t)
	t.Setenv("PAGER", "cat")
	out, err := exec.Command("tshark", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(string(out))
	stands, err := os.ReadFile(tourPath)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if head := fmt.Sprintf(tourHead, version); !*update && !strings.HasPrefix(string(stands), head) {
		t.Skipf("docs/tour.md was not made with Wireshark %s, whose words may be others", version)
	}
	file, err := filepath.Abs(browse)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(tourPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // a task writes files
	var page strings.Builder
	fmt.Fprintf(&page, tourHead, version)
	p := sit(t, 80, 24, file)
	p.see(`pkt> `)
	p.say("layers 8", `^ETH IP TCP HTTP`) // Wireshark's dissectors are there: nothing is a preview
	p.say("goto 1")
	for i, task := range command.Tasks() {
		fmt.Fprintf(&page, "\n## %d. %s\n", i+1, task.Want)
		for _, line := range task.Lines {
			fmt.Fprintf(&page, "\n```text\n%s\n```\n", p.screenBehind(line))
		}
		p.say("filter")
	}
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, got := strings.Split(string(stands), "\n"), strings.Split(page.String(), "\n")
	for i := range max(len(want), len(got)) {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			t.Fatalf("docs/tour.md, line %d: the screen shows\n%q, the page\n%q; make docs writes it anew", i+1, g, w)
		}
	}
}

// lastPrompt finds a prompt that waits on the screen's last line.
var lastPrompt = regexp.MustCompile(`(?:^|\n)pkt[^\n]*> ?\s*\z`)

// screenBehind types a line on a clean screen and returns what this shows when it is
// answered.
func (p *typist) screenBehind(line string) string {
	p.t.Helper()
	p.typed("\x0c")
	p.see(`\A\s*pkt.*>\s*\z`)
	p.typed(line)
	p.see(regexp.QuoteMeta(line)) // it has room on one line
	p.typed("\r")
	deadline := time.Now().Add(patience)
	for {
		screen := p.screen()
		if lastPrompt.MatchString(screen) && strings.Count(strings.TrimSpace(screen), "\n") > 0 {
			return trimScreen(screen)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s was never answered; the screen shows:\n%s", line, screen)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// trimScreen takes off what is blank, and the prompt that waits.
func trimScreen(screen string) string {
	var out []string
	for line := range strings.SplitSeq(screen, "\n") {
		out = append(out, strings.TrimRight(line, " "))
	}
	text := strings.TrimSpace(strings.Join(out, "\n"))
	if i := strings.LastIndexByte(text, '\n'); i >= 0 && strings.HasPrefix(text[i+1:], "pkt") {
		text = text[:i]
	}
	return text
}

// TestTasks pipes what help examples lists: nothing in it fails.
func TestTasks(t *testing.T) {
	needWireshark(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tasks := command.Tasks()
	if len(tasks) != 10 {
		t.Errorf("got %d tasks, want ten", len(tasks))
	}
	const mark = "-- answered --"
	var script []string
	var typed []string
	for _, task := range tasks {
		for _, line := range task.Lines {
			typed = append(typed, line)
			script = append(script, line, "print('"+mark+"')")
		}
		script = append(script, "filter")
	}
	for i, answer := range strings.Split(runScript(t, root, strings.Join(script, "\n")+"\n"), mark+"\n") {
		if i < len(typed) && strings.TrimSpace(strings.TrimPrefix(answer, "1,204 packets, no filter\n")) == "" && !strings.Contains(typed[i], ">") {
			t.Errorf("%s says nothing", typed[i])
		}
	}
}
