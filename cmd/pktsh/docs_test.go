package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsRun types what README.md and docs/getting-started.md show, block by
// block (those marked ```text show mistakes), and holds the answers they quote to
// what pktsh says.
func TestDocsRun(t *testing.T) {
	needWireshark(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "docs/getting-started.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		script, quoted := docScript(string(text))
		if len(script) < 3 {
			t.Fatalf("%s: got %d lines to type; is its form no longer known here?", name, len(script))
		}
		out := runScript(t, root, strings.Join(script, "\n")+"\n")
		for _, line := range quoted {
			if !strings.Contains(out, line+"\n") {
				t.Errorf("%s quotes %q, which pktsh does not say", name, line)
			}
		}
	}
}

// docScript returns what is typed in a document's blocks, and what it quotes as
// the answers.
func docScript(text string) (script, quoted []string) {
	prompt := regexp.MustCompile(`^pkt(?:\(.*?\))?> |^\.\.\. ?`)
	fenced, inside := false, false // inside a block, and one that is typed
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			inside = fenced && line == "```"
			continue
		}
		if !inside || strings.HasPrefix(line, "$ ") || strings.HasPrefix(line, "make ") {
			continue
		}
		if at := prompt.FindString(line); at != "" {
			script = append(script, line[len(at):])
		} else if !strings.Contains(line, "dissected by") { // the version is that of the machine
			quoted = append(quoted, line)
		}
	}
	return script, quoted
}

// runScript pipes a script to pktsh on the sample capture.
func runScript(t *testing.T, root, script string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	program := filepath.Join(work, "pktsh")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "testdata"), filepath.Join(work, "testdata")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "testdata/browse.pcapng")
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "HOME="+work, "XDG_CACHE_HOME="+filepath.Join(work, "cache"))
	cmd.Stdin = strings.NewReader(script)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("%v: %s\nthe script was:\n%s", err, errs.String(), script)
	}
	return string(out)
}
