package command

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/commands.md")

// TestDocs fails when docs/commands.md is not what the records say.
func TestDocs(t *testing.T) {
	const path = "../../docs/commands.md"
	want := NewTable().Markdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/commands.md is stale; make docs writes it anew")
	}
}

// TestRecords holds every command to what help, completion and docs need of it.
func TestRecords(t *testing.T) {
	seen := map[string]string{}
	for _, c := range NewTable().All() {
		for _, name := range append([]string{c.Name}, c.Aliases...) {
			if other, ok := seen[name]; ok {
				t.Errorf("%s names both %s and %s", name, other, c.Name)
			}
			seen[name] = c.Name
		}
		if c.Summary == "" || c.Help == "" || len(c.Examples) == 0 || c.Group == "" || c.Run == nil {
			t.Errorf("%s lacks a summary, help, example, group or function", c.Name)
		}
		for _, line := range strings.Split(c.Help, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("%s: a line of help is longer than 80 columns: %s", c.Name, line)
			}
		}
		for _, e := range c.Examples {
			if !strings.HasPrefix(e.Line, c.Name) && !strings.HasSuffix(e.Line, "?") {
				t.Errorf("%s: the example %q is of another command", c.Name, e.Line)
			}
		}
		for i, a := range c.Args {
			if a.Repeated && i != len(c.Args)-1 {
				t.Errorf("%s: %s is repeated but not the last argument", c.Name, a.Name)
			}
		}
	}
}
